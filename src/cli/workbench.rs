//! The workbench itself, and `circuitscope render`: the same without a terminal.

use super::args::{LiveArgs, RenderArgs, WorkbenchArgs};
use super::common;
use super::model_args::{ModelArgs, SaidArgs};
use crate::app::{Destination, ModelInfo, State, Steps, parse_script};
use crate::findings::session::Session;
use crate::findings::slots::{self, Slot, TakenUp};
use crate::findings::{files, places};
use crate::model::{SLIDES, Series, Slide};
use crate::runtime::bench;
use crate::runtime::headless::{Around, Headless, Shot};
use crate::runtime::live::{self, Options};
use crate::runtime::record::Recording;
use crate::runtime::{Models, Opened, Opener};
use crate::task::shown;
use crate::training::Spoken;
use crate::ui::colour::{detect, wants_ascii};
use crate::ui::look::Look;
use crate::ui::theme::Theme;
use anyhow::{Context, Result, ensure};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Whether a terminal of this kind can do no more than print lines.
pub(super) fn is_dumb(kind: &str) -> bool {
    kind.is_empty() || kind == "dumb"
}

/// Opens the workbench. Everything that can be wrong with the flags or the model is said before
/// the terminal is touched.
///
/// # Errors
/// When a flag, a session, the model or the terminal is wrong.
pub fn open(
    args: &WorkbenchArgs,
    live: &LiveArgs,
    shared: Option<Session>,
    begin: Option<Spoken>,
) -> Result<ExitCode> {
    let env = |name: &str| std::env::var(name).ok();
    if live.own_session {
        bench::own_session()?;
    }
    let look = look(args, env)?;
    let sessions = places::sessions(&env);
    let (mut slot, mut found) = (None, None);
    let session = match shared {
        Some(session) => Some(session),
        None => opened(args)?,
    };
    if live.resume {
        let folder = sessions.as_ref();
        let folder = folder.context("neither XDG_STATE_HOME nor HOME names a folder")?;
        let (place, session) = slots::resume(folder).context("cannot resume")?;
        (slot, found) = (Some(place), Some(session));
    }
    let (models, mut state) = match &mut found {
        Some(found) => start_again(args, found)?,
        None => start(args, session.as_ref())?,
    };
    ensure!(
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        "the workbench needs a terminal; `circuitscope render` draws without one, and `run`, \
         `patch` and `cache` print numbers (see --help)"
    );
    let kind = env("TERM").unwrap_or_default();
    ensure!(
        !is_dumb(&kind),
        "the workbench needs a terminal that can move its cursor, and TERM is '{}'; `circuitscope \
         render` draws without one (see --help)",
        shown(&kind)
    );
    if let (Some(slot), Some(found)) = (&slot, &found) {
        if found.crashed {
            found.put_aside()?;
            state.tell(format!("the session is taken up; {}", slots::WITHOUT));
        }
        slot.go_on(&state.session())?;
    }
    if let Some(folder) = sessions.as_deref().filter(|_| slot.is_none()) {
        if session.is_none() && slots::is_left_behind(folder) {
            state.tell("a session ended without being left: ctrl-r takes it up".to_owned());
        }
        match Slot::claim(folder) {
            Ok(place) => slot = Some(place),
            Err(error) => state.tell(format!("{error:#}")),
        }
    }
    let recording = match &live.record {
        Some(path) => Some(Recording::begin(path, crossterm::terminal::size()?)?),
        None => None,
    };
    let options = Options {
        look,
        open: opener(&args.which),
        recording,
        snapshots: args.snapshots.clone(),
        findings: args.findings.clone().or_else(|| places::findings(&env)),
        taken_up: found.is_some(),
        begin,
        slot,
        sessions,
        trainings: places::trainings(&env),
        mouse: !live.no_mouse,
        fault: live.fault,
    };
    live::run(models, state, options)
}

/// The session that a flag names.
fn opened(args: &WorkbenchArgs) -> Result<Option<Session>> {
    args.session.as_deref().map(Session::open).transpose()
}

/// Of so many inputs a picture shows what is counted by itself.
const COUNTED_UNASKED: u128 = 100_000;

/// Draws one frame after some keys.
///
/// # Errors
/// When a flag, a key, the model or the file is wrong; nothing is written then.
pub fn render(args: &RenderArgs, out: &mut dyn Write) -> Result<()> {
    let keys = parse_script(&args.keys)?;
    // a picture shows all colours unless told otherwise, whatever terminal asks for it
    let env = |name: &str| match name {
        "COLORTERM" => Some("truecolor".to_owned()),
        "LANG" => Some("C.UTF-8".to_owned()),
        _ => None,
    };
    let look = look(&args.workbench, env)?;
    let session = opened(&args.workbench)?;
    let (models, mut state) = start(&args.workbench, session.as_ref())?;
    // a picture is of the moment of the last key: millions of inputs are counted where that is asked for
    let few = state.task().input_space() <= COUNTED_UNASKED;
    state.space.truth &= few;
    let around = Around {
        other: models.other,
        sweeps: true,
        judges: few,
        snapshots: args.workbench.snapshots.clone(),
        findings: args.workbench.findings.clone(),
        open: Some(opener(&args.workbench.which)),
    };
    let mut headless = Headless::within(models.first, state, look, args.size, around);
    let ends_in = |what: &str| args.output.extension().is_some_and(|end| end == what);
    if args.animate {
        ensure!(ends_in("svg"), "an animation's file must end in .svg");
        let bytes = headless.animation(&keys, args.pause)?;
        return files::write_whole(&args.output, &bytes);
    }
    if ends_in("cast") {
        let cast = headless.cast(&keys, args.pause)?;
        return files::write_whole(&args.output, cast.as_bytes());
    }
    for key in keys {
        headless.key(key);
    }
    let shot = match (args.figure, args.pane) {
        (true, pane) => Shot::Figure { pane },
        (false, true) => Shot::Pane,
        (false, false) => Shot::Screen,
    };
    let bytes = headless.encode_as(&args.output, shot)?;
    if args.output.as_os_str() == "-" {
        out.write_all(&bytes)?;
        return Ok(());
    }
    files::write_whole(&args.output, &bytes)
}

fn look(args: &WorkbenchArgs, env: impl Fn(&str) -> Option<String>) -> Result<Look> {
    Ok(Look {
        theme: Theme::named(&args.theme)?.clone(),
        depth: detect(args.colours, &env),
        ascii: wants_ascii(args.ascii, &env),
    })
}

/// The model and the first state; a session says both, where no flag does.
fn start(args: &WorkbenchArgs, session: Option<&Session>) -> Result<(Models, State)> {
    let mut which = args.which.clone();
    if which.model.is_empty() && which.slide.is_none() {
        let path = session.and_then(|session| session.model.path.as_ref());
        which.model = path.map(PathBuf::from).into_iter().collect();
    }
    if let Some(session) = session {
        which.said.fill(session);
    }
    let found = common::open_newest(&which);
    let (model, picked, path) = match session {
        Some(session) => found.with_context(|| {
            let name = shown(&session.model.name);
            format!("the session is of the model {name}; --model says where it is now")
        })?,
        None => found?,
    };
    let task = model.transformer.task();
    let (path, steps) = steps_of(&which, path.as_deref())?;
    let info = ModelInfo::new(&model, path, picked.name);
    let info = with_said(info, &which);
    let mut state = match session {
        Some(session) => State::from_session(info, session).context("cannot open the session")?,
        None => {
            let prompt = args.prompt.as_deref().map(|text| {
                let parsed = task.parse_prompt(text);
                parsed.context("in --prompt")
            });
            let mut state = State::new(info, args.sample, prompt.transpose()?);
            state.unplaced = true;
            state
        }
    };
    let note = steps.as_ref().and_then(|steps| steps.series.note.clone());
    state.steps = steps.map(Box::new);
    state.themes = Theme::round_from(&args.theme);
    if let Some(session) = session.filter(|session| session.model.hash != model.hash) {
        let name = shown(&session.model.name);
        state.tell(format!(
            "made on another model, {name}; the numbers are this one's"
        ));
    }
    for note in (picked.note.into_iter())
        .chain(model.named_as())
        .chain(model.unread.clone())
        .chain(note)
    {
        state.tell(note);
    }
    let other = args.compare.as_deref();
    let other = other
        .map(|path| common::other_model(path, &model))
        .transpose()?;
    let first = model;
    Ok((Models { first, other }, state))
}

/// The same of a session that is taken up. One that cannot be opened as it is opens without what it
/// asks: what was typed into it must not be in the way of all else.
fn start_again(args: &WorkbenchArgs, found: &mut TakenUp) -> Result<(Models, State)> {
    match start(args, Some(&found.session)) {
        Err(_) if !found.crashed => {
            found.session = found.session.clone().asking_nothing();
            found.crashed = true;
            start(args, Some(&found.session))
        }
        started => started,
    }
}

/// Opens other models, on the same device, as the shell does; what the flags say of the first one, or of
/// another of its steps, goes on to hold for it.
fn opener(first: &ModelArgs) -> Opener {
    let (said, first) = (first.said.clone(), first.clone());
    Arc::new(move |to: &Destination| {
        let flags = match is_first(to, &first)? {
            true => said.clone(),
            false => SaidArgs {
                device: said.device,
                ..SaidArgs::default()
            },
        };
        let which = ModelArgs {
            model: to.path.iter().map(PathBuf::from).collect(),
            slide: None,
            said: SaidArgs {
                task: to.task.clone().or_else(|| flags.task.clone()),
                ..flags
            },
        };
        let (model, picked, path) = common::open_newest(&which)?;
        // the one that is opened unasked has no path
        let path = path.as_ref();
        let path = path.filter(|path| **path != SLIDES[0].path());
        let (path, steps) = steps_of(&first, path.map(PathBuf::as_path))?;
        let info = with_said(ModelInfo::new(&model, path, picked.name), &which);
        let of_series = steps.as_ref().and_then(|steps| steps.series.note.clone());
        Ok(Opened {
            note: model.unread.clone().or(of_series),
            model,
            info,
            steps,
        })
    })
}

/// Whether a path names the model that the program began with, at whatever step.
fn is_first(to: &Destination, first: &ModelArgs) -> Result<bool> {
    let of = first.path();
    if to.path == absolute(of.as_deref()) {
        return Ok(true);
    }
    let place = |path| -> Result<Option<PathBuf>> {
        Ok(steps_of(first, path)?
            .1
            .map(|steps| steps.series.place.clone()))
    };
    let asked = place(to.path.as_deref().map(Path::new))?;
    Ok(asked.is_some() && asked == place(of.as_deref())?)
}

/// A model's path as sessions keep it, and its steps where it is one of several, be it of the files that the
/// flags name: a session of a series is one of the step that it showed.
pub(super) fn steps_of(
    which: &ModelArgs,
    path: Option<&Path>,
) -> Result<(Option<String>, Option<Steps>)> {
    let Some(path) = absolute(path) else {
        return Ok((None, None));
    };
    if Slide::of_path(Path::new(&path)).is_some() {
        return Ok((Some(path), None));
    }
    if let Some(series) = which.several()? {
        let mut steps = series.steps.iter();
        let at = steps.position(|(_, one)| *one == Path::new(&path));
        if let Some(at) = at {
            return Ok((Some(path), Some(Steps::new(series, at))));
        }
    }
    Ok(match Series::around(Path::new(&path))? {
        None => (Some(path), None),
        Some((series, at)) => {
            let steps = Steps::new(series, at);
            (Some(steps.path(at)), Some(steps))
        }
    })
}

/// With the file that the task is read from, if one was named, and what was said of the model.
pub fn with_said(mut info: ModelInfo, which: &ModelArgs) -> ModelInfo {
    let named = which.said.task.as_deref().map(Path::new);
    info.task_file = absolute(named.filter(|file| file.is_file()));
    info.said = which.said.of_model();
    info
}

/// A model's path as it is found from any folder, or what names it in the binary.
pub fn absolute(path: Option<&Path>) -> Option<String> {
    let path = path?;
    if Slide::of_path(path).is_some() {
        return Some(path.to_string_lossy().into_owned());
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Some(absolute.to_string_lossy().into_owned())
}

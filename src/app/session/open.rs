//! A session that was read takes its place on the screen.

use crate::app::does::steps;
use crate::app::held::message::{Effect, Opening};
use crate::app::held::panes::Fold;
use crate::app::held::state::{ModelInfo, State, Tone};
use crate::findings::session::Session;
use crate::findings::slots::WITHOUT;
use crate::findings::tutorial;
use crate::model::{SLIDES, Slide};
use crate::task::shown_path;
use anyhow::{Result, ensure};
use std::path::Path;

/// Shows a session that was read, or says why not; then everything stays as it was.
pub(in crate::app) fn opened(
    state: &mut State,
    opening: &Opening,
    result: Result<Box<Session>, String>,
) -> Vec<Effect> {
    let mut step = None;
    let next = result.and_then(|session| {
        step = step_of(state, &session);
        let next = replaced(state, opening, &session);
        next.map_err(|error| format!("{error:#}"))
    });
    match next {
        Err(error) => {
            state.say(Tone::Bad, error);
            Vec::new()
        }
        Ok(next) => {
            *state = next;
            let mut effects = state.start();
            if let Some(at) = step {
                effects.extend(steps::want(state, at));
            }
            effects
        }
    }
}

/// The state that shows another model in this one's place: as its session says, or from the beginning,
/// with the same sample and theme.
///
/// # Errors
/// When the session cannot be shown.
pub fn switched(state: &State, info: ModelInfo, session: Option<&Session>) -> Result<State> {
    let name = info.name.clone();
    let mut next = match session {
        Some(session) => State::from_session(info, session)?,
        None => State::new(info, state.sample.source, None),
    };
    next.view.theme = state.view.theme;
    next.themes.clone_from(&state.themes);
    next.space.truth = state.space.truth;
    next.training.clone_from(&state.training);
    let (old, new) = (&state.model, &next.model);
    let words = match old.name == new.name && old.path == new.path {
        true => format!("{name} for {}: :task leads back to {}", new.task, old.task),
        false => format!(
            "{name}: :slide {} leads back to {}",
            place_of(old),
            old.name
        ),
    };
    next.say(Tone::Good, words);
    Ok(next)
}

/// Which step of the model that is looked at a session was made on, if on one.
fn step_of(state: &State, session: &Session) -> Option<usize> {
    let (steps, path) = (state.steps.as_ref()?, session.model.path.as_ref()?);
    (0..steps.series.steps.len()).find(|&at| steps.path(at) == *path)
}

/// What `:slide` calls a model: its name in the binary, else its file.
fn place_of(model: &ModelInfo) -> String {
    let path = model.path.as_deref().map(Path::new);
    match path.map(|path| (path, Slide::of_path(path))) {
        None => SLIDES[0].name.to_owned(),
        Some((_, Some(Ok(slide)))) => slide.name.to_owned(),
        Some((path, _)) => shown_path(path),
    }
}

/// The state that takes this one's place.
fn replaced(state: &State, opening: &Opening, session: &Session) -> Result<State> {
    let same_model = session.model.hash == state.model.hash;
    let mut next = State::from_session(state.model.clone(), session)?;
    next.steps.clone_from(&state.steps);
    next.themes.clone_from(&state.themes);
    next.training.clone_from(&state.training);
    // requests count on, so that answers to older ones are not taken for new
    next.generation = state.generation;
    next.asked = state.asked;
    next.knowing(state);
    match opening {
        Opening::TakenUp { crashed } => {
            ensure!(
                same_model,
                "the session is of the model {}; `circuitscope --resume` opens it",
                session.model.name
            );
            match crashed {
                true => next.say(Tone::Bad, WITHOUT),
                false => next.say(Tone::Good, "the session is taken up where it ended"),
            }
        }
        Opening::Finding { title, step } => {
            let lesson = step.as_deref().and_then(tutorial::lesson);
            next.lesson = lesson.map(Box::new);
            next.folded = Fold::default();
            let study = next.study().clone();
            next.history = state.history.clone();
            next.history.go(study);
            next.view.theme = state.view.theme;
            // claims that were stated are not lost to a look at a finding; its own are those that it keeps
            next.space.stated.clone_from(&state.space.stated);
            if same_model || step_of(state, session).is_some() {
                next.say(Tone::Good, format!("opened \"{title}\"; u undoes"));
            } else {
                let name = &session.model.name;
                next.say(
                    Tone::Bad,
                    format!("{title}: made on another model, {name}; the numbers are this one's"),
                );
            }
        }
    }
    Ok(next)
}

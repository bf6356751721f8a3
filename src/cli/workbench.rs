//! The workbench itself, and `circuitscope render`: the same without a terminal.

use super::args::{RenderArgs, WorkbenchArgs};
use super::common;
use crate::app::{ModelInfo, State, parse_script};
use crate::findings::files;
use crate::model::Model;
use crate::runtime::headless::Headless;
use crate::runtime::live::{self, Options};
use crate::ui::colour::{detect, wants_ascii};
use crate::ui::look::Look;
use crate::ui::theme::Theme;
use anyhow::{Context, Result, ensure};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// Opens the workbench. Everything that can be wrong with the flags or the model is said before
/// the terminal is touched.
///
/// # Errors
/// When a flag, the model or the terminal is wrong.
pub fn open(args: &WorkbenchArgs) -> Result<ExitCode> {
    let env = |name: &str| std::env::var(name).ok();
    let look = look(args, env)?;
    let (model, state) = start(args)?;
    ensure!(
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        "the workbench needs a terminal; `circuitscope render` draws without one, and `run`, \
         `patch` and `cache` print numbers (see --help)"
    );
    let options = Options {
        look,
        snapshots: args.snapshots.clone(),
        fault: args.fault,
    };
    live::run(model, state, options)
}

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
    let (model, state) = start(&args.workbench)?;
    let mut headless =
        Headless::new(model, state, look, args.size).saving_to(args.workbench.snapshots.clone());
    for key in keys {
        headless.key(key);
    }
    let bytes = headless.encode(&args.output)?;
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

fn start(args: &WorkbenchArgs) -> Result<(Model, State)> {
    let (model, picked) = common::open(&args.which)?;
    let task = model.transformer.task();
    let prompt = args.prompt.as_deref().map(|text| {
        let parsed = task.parse_prompt(text);
        parsed.context("in --prompt")
    });
    let info = ModelInfo {
        path: absolute(args.which.model.as_deref()),
        name: model.name.clone(),
        hash: model.hash.clone(),
        device: picked.name,
        config: model.transformer.config().clone(),
        task,
    };
    let mut state = State::new(info, args.sample, prompt.transpose()?);
    if let Some(note) = picked.note {
        state.tell(note);
    }
    Ok((model, state))
}

/// A model's path as it is found from any folder.
fn absolute(path: Option<&Path>) -> Option<String> {
    let path = path?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Some(absolute.to_string_lossy().into_owned())
}

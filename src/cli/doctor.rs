//! `circuitscope doctor`: what the workbench finds here, and what to do where it is not what one wants.

use super::args::Format;
use super::common::{self};
use super::model_args::ModelArgs;
use super::output::print_list;
use super::table::{self, Align};
use crate::findings::places;
use crate::model::device;
use crate::runtime::pool;
use crate::task::harmless;
use crate::ui::colour::{self, Depth};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// `circuitscope doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Which model, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
}

/// Something that was looked at.
#[derive(Serialize)]
struct Checked {
    /// What.
    name: &'static str,
    /// Whether it is as it should be.
    good: bool,
    /// How it is.
    found: String,
    /// What to do about it; nothing where it is good.
    remedy: String,
}

fn checked(name: &'static str, good: bool, found: impl Into<String>, remedy: &str) -> Checked {
    Checked {
        name,
        good,
        found: harmless(&found.into()),
        remedy: if good {
            String::new()
        } else {
            remedy.to_owned()
        },
    }
}

/// Runs the command.
///
/// # Errors
/// When nothing can be printed.
pub fn run(args: &DoctorArgs, out: &mut dyn Write) -> Result<()> {
    let env = |name: &str| std::env::var(name).ok();
    let mut all = vec![terminal(&env), size(), colours(&env), clipboard(&env)];
    let threads = pool::cores();
    all.push(checked(
        "threads",
        threads > 1,
        threads.to_string(),
        "with one core sweeps take as long as they take",
    ));
    all.push(devices());
    all.push(folder(
        "findings",
        places::findings(&env),
        "set XDG_DATA_HOME, or start with --findings DIR",
    ));
    all.push(folder(
        "sessions",
        places::sessions(&env),
        "set XDG_STATE_HOME: nothing is saved by itself without",
    ));
    all.push(model(args));
    match args.format {
        Format::Json | Format::Csv => print_list(args.format, out, "checks", &all),
        Format::Text => {
            let row = |one: Checked| {
                let mark = if one.good { "ok" } else { "!" };
                vec![mark.to_owned(), one.name.to_owned(), one.found, one.remedy]
            };
            let rows: Vec<_> = all.into_iter().map(row).collect();
            Ok(table::write(out, &[Align::Left; 4], &rows)?)
        }
    }
}

fn terminal(env: &dyn Fn(&str) -> Option<String>) -> Checked {
    let both = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let kind = env("TERM").unwrap_or_default();
    let good = both && !super::workbench::is_dumb(&kind);
    let found = match both {
        true => format!("TERM={kind}"),
        false => format!("not a terminal, TERM={kind}"),
    };
    checked(
        "terminal",
        good,
        found,
        "the workbench needs a terminal that moves its cursor; ssh -t asks for one",
    )
}

fn size() -> Checked {
    match crossterm::terminal::size() {
        Ok((width, height)) => checked(
            "size",
            width >= 80 && height >= 24,
            format!("{width}x{height}"),
            "from 80x24 on all panes are shown",
        ),
        Err(error) => checked(
            "size",
            false,
            error.to_string(),
            "from 80x24 on all panes are shown",
        ),
    }
}

fn colours(env: &dyn Fn(&str) -> Option<String>) -> Checked {
    let depth = colour::detect(None, env);
    let remedy = "COLORTERM=truecolor says that the terminal has them; --colours sets them";
    checked("colours", depth != Depth::None, depth.to_string(), remedy)
}

/// How y and Y reach the clipboard of the terminal's own machine.
fn clipboard(env: &dyn Fn(&str) -> Option<String>) -> Checked {
    let inside = ["TMUX", "STY"].into_iter().find(|name| env(name).is_some());
    match inside {
        Some("TMUX") => checked(
            "clipboard",
            false,
            "OSC 52 within tmux",
            "tmux: set -s set-clipboard on",
        ),
        Some(_) => checked(
            "clipboard",
            false,
            "OSC 52 within screen",
            "screen passes it on only in part; e writes files",
        ),
        None => checked("clipboard", true, "OSC 52, if the terminal takes it", ""),
    }
}

fn devices() -> Checked {
    let all = device::list();
    let found: Vec<String> = all
        .iter()
        .map(|(name, status)| format!("{name}: {status}"))
        .collect();
    checked("devices", !all.is_empty(), found.join("; "), "docs/gpu.md")
}

/// Whether files can be made there.
fn folder(name: &'static str, folder: Option<PathBuf>, remedy: &'static str) -> Checked {
    let Some(folder) = folder else {
        return checked(name, false, "no folder is known", remedy);
    };
    let exists = |path: &&Path| path.exists();
    let nearest = folder.ancestors().find(exists).unwrap_or(&folder);
    let writable = tempfile::tempfile_in(nearest);
    let shown = folder.display();
    match writable {
        Ok(_) => checked(name, true, shown.to_string(), remedy),
        Err(error) => checked(name, false, format!("{shown}: {error}"), remedy),
    }
}

fn model(args: &DoctorArgs) -> Checked {
    match common::open(&args.which) {
        Ok((model, _)) => {
            let config = model.transformer.config().words().join(", ");
            let task = model.transformer.task();
            checked(
                "model",
                true,
                format!("{} for {task}: {config}", model.name),
                "",
            )
        }
        Err(error) => checked(
            "model",
            false,
            format!("{error:#}"),
            "circuitscope inspect FILE says what is in it",
        ),
    }
}

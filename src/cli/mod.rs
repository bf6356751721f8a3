//! Headless commands: each parses, calls one library function, prints text or JSON.

mod ablations;
mod args;
mod ask;
mod asked;
mod bench;
mod cache;
mod cells;
mod circuit;
mod claim;
mod common;
mod compare;
mod completions;
mod convert;
mod curve;
mod devices;
mod doctor;
mod explain;
mod export;
mod findings;
mod groups;
mod help;
mod inspect;
mod leading;
mod model_args;
mod output;
mod patch;
mod progress;
mod replay;
mod run;
mod score;
mod slides;
mod space;
mod sweep;
mod table;
mod train;
mod workbench;

pub use args::Cli;

use crate::runtime::pool;
use crate::task::number::no_number;
use crate::task::text::{acts, harmless_lines};
use anyhow::Result;
use args::Command;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code of a run that could not do what was asked: wrong input, files or devices.
const BAD_INPUT: u8 = 2;

/// Parses the command line, does what it says, and turns every error into one message on stderr.
#[must_use]
pub fn main() -> ExitCode {
    // a limit on the size of files is an error of whoever writes, and not the end
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    // clap prints help to stdout and usage errors to stderr, with exit code 0 and 2
    let args = leading::behind(leading::each(std::env::args_os().collect()));
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let result = match cli.command {
        // the workbench's main thread must stay outside the pool that computes for it
        None => workbench::open(&cli.workbench, &cli.live, None, None),
        Some(Command::Open(args)) => findings::open(&args),
        Some(command) => pool::install(|| dispatch(command)),
    };
    match result {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // nobody is left to tell if stderr is gone too
            let said = harmless_lines(&no_number(&format!("{error:#}")));
            let _ = writeln!(std::io::stderr(), "circuitscope: {said}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Says what clap says of a command line: help, or what is wrong with it.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let acting = |word: &OsString| word.to_string_lossy().contains(acts);
    let said = if std::env::args_os().any(|word| acting(&word)) {
        // it says them again, and they would act on the terminal: without that, and without colours
        let said = harmless_lines(&no_number(&error.to_string()));
        std::io::stderr().write_all(said.as_bytes())
    } else if error.kind() == ErrorKind::ValueValidation {
        let said = error.render();
        let said = match std::io::stderr().is_terminal() {
            true => said.ansi().to_string(),
            false => said.to_string(),
        };
        std::io::stderr().write_all(no_number(&said).as_bytes())
    } else {
        error.print()
    };
    match said {
        Ok(()) => u8::try_from(error.exit_code()).unwrap_or(BAD_INPUT).into(),
        Err(lost) if lost.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => BAD_INPUT.into(),
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Run(args) => run::run(&args, &mut out)?,
        Command::Cache(args) => cache::run(&args, &mut out)?,
        Command::Patch(args) => patch::run(&args, &mut out)?,
        Command::Ask(args) => ask::run(&args, &mut out)?,
        Command::Attribute(args) => asked::attribute(&args, &mut out)?,
        Command::Attend(args) => asked::attend(&args, &mut out)?,
        Command::Attention(args) => asked::attention(&args, &mut out)?,
        Command::Circuit(args) => circuit::run(&args, &mut out)?,
        Command::Replay(args) => {
            let code = replay::run(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Report(args) => {
            let code = findings::report(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Share(args) => findings::share(&args, &mut out)?,
        Command::Open(args) => return findings::open(&args),
        Command::Score(args) => score::run(&args, &mut out)?,
        Command::Bench(args) => bench::run(&args, &mut out)?,
        Command::Sweep(args) => sweep::sweep(&args, &mut out)?,
        Command::Claim(args) => {
            let code = claim::claim(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Verify(args) => {
            let code = claim::verify(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Train(args) => {
            let code = train::run(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Ablations(args) => ablations::run_ablations(&args, &mut out)?,
        Command::Minimal(args) => ablations::run_minimal(&args, &mut out)?,
        Command::Export(args) => export::run(&args, &mut out)?,
        Command::Explain(args) => {
            let code = explain::run(&args, &mut out)?;
            out.flush()?;
            return Ok(code);
        }
        Command::Slides(args) => slides::run(&args, &mut out)?,
        Command::Inspect(args) => inspect::run(&args, &mut out)?,
        Command::Convert(args) => convert::run(&args, &mut out)?,
        Command::Curve(args) => curve::run(&args, &mut out)?,
        Command::Doctor(args) => doctor::run(&args, &mut out)?,
        Command::Devices(args) => devices::run(&args, &mut out)?,
        Command::Completions(args) => completions::run(&args, &mut out)?,
        Command::Keys => out.write_all(crate::app::markdown().as_bytes())?,
        Command::Render(args) => workbench::render(&args, &mut out)?,
        Command::Compare(args) => compare::run(&args, &mut out)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// `circuitscope run ... | head` is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

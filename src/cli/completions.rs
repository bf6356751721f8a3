//! `circuitscope completions`: a script that teaches a shell the commands and flags.

use super::args::Cli;
use anyhow::Result;
use clap::{Args, CommandFactory};
use std::io::Write;

/// `circuitscope completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Runs the command.
///
/// # Errors
/// When nothing can be printed.
pub fn run(args: &CompletionsArgs, out: &mut dyn Write) -> Result<()> {
    // clap_complete panics where it cannot write; memory can always be written to
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "circuitscope", &mut script);
    out.write_all(&script)?;
    Ok(())
}

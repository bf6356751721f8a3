//! `circuitscope report`, `share` and `open`: findings as a page, sessions as a line.

use super::args::{LiveArgs, WorkbenchArgs};
use super::replay::DIFFERENT;
use super::workbench;
use crate::findings::report::{Page, page};
use crate::findings::session::Session;
use crate::findings::{files, share, store};
use crate::runtime::items;
use crate::task::limits::MAX_SHARING_LINE;
use crate::task::{harmless, shown_path};
use anyhow::Result;
use clap::Args;
use std::io::{Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// `circuitscope report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A folder of findings
    pub folder: PathBuf,
    /// File to write: .html or .md
    #[arg(short, long)]
    pub output: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    pub force: bool,
}

/// `circuitscope share`
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// A session file or a finding's folder
    pub path: PathBuf,
}

/// `circuitscope open`
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The line; - reads it from the standard input
    pub line: String,
    /// How the workbench starts
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
    /// What only a workbench in a terminal understands
    #[command(flatten)]
    pub live: LiveArgs,
}

/// Writes all findings of a folder as one page. Exit code 1 says that some could not be read.
///
/// # Errors
/// When none can be read, or the page cannot be written.
pub fn report(args: &ReportArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let kind = Page::of(&args.output)?;
    let found = items(&args.folder)?;
    let text = page(&found.read, &found.broken, kind)?;
    files::write(&args.output, text.as_bytes(), args.force)?;
    let (count, file) = (found.read.len(), shown_path(&args.output));
    writeln!(out, "{count} findings in {file}")?;
    for (name, why) in &found.broken {
        let (name, why) = (harmless(name), harmless(why));
        writeln!(out, "{name}: left out: {why}")?;
    }
    let whole = found.broken.is_empty();
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENT)
    })
}

/// Prints a session, or the one of a finding, as a line.
///
/// # Errors
/// When it cannot be read.
pub fn share(args: &ShareArgs, out: &mut dyn Write) -> Result<()> {
    let session = if args.path.is_dir() {
        store::session(&args.path)?
    } else {
        Session::open(&args.path)?
    };
    writeln!(out, "{}", share::line(&session)?)?;
    Ok(())
}

/// Opens the workbench on a line.
///
/// # Errors
/// When the line is broken; otherwise as [`workbench::open`].
pub fn open(args: &OpenArgs) -> Result<ExitCode> {
    let line = if args.line == "-" {
        let mut text = String::new();
        // one more, so that a longer line is told and not cut
        let most = MAX_SHARING_LINE as u64 + 1;
        std::io::stdin().take(most).read_to_string(&mut text)?;
        text
    } else {
        args.line.clone()
    };
    let session = share::parse(&line)?;
    workbench::open(&args.workbench, &args.live, Some(session), None)
}

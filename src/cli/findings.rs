//! `circuitscope report`, `share` and `open`: findings as a page, sessions as a line.

use super::args::{OpenArgs, ReportArgs, ShareArgs};
use super::workbench;
use crate::findings::report::{Page, page};
use crate::findings::session::Session;
use crate::findings::{files, share, store};
use crate::runtime::items;
use anyhow::Result;
use std::io::{Read as _, Write};
use std::process::ExitCode;

/// A line of more bytes holds no session.
const MAX_LINE: u64 = 1 << 20;

/// Writes all findings of a folder as one page.
///
/// # Errors
/// When one cannot be read, or the page cannot be written.
pub fn report(args: &ReportArgs, out: &mut dyn Write) -> Result<()> {
    let kind = Page::of(&args.output)?;
    let items = items(&args.folder)?;
    let text = page(&items, kind)?;
    files::write(&args.output, text.as_bytes(), args.force)?;
    writeln!(out, "{} findings in {}", items.len(), args.output.display())?;
    Ok(())
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
        std::io::stdin().take(MAX_LINE).read_to_string(&mut text)?;
        text
    } else {
        args.line.clone()
    };
    let session = share::parse(&line)?;
    workbench::open(&args.workbench, &args.live, Some(session))
}

//! `circuitscope devices`: what can compute here.

use super::args::Format;
use super::output::print_list;
use super::table::{self, Align};
use crate::model::device;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Device {
    name: String,
    status: String,
}

/// `circuitscope devices`
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// When nothing can be printed.
pub fn run(args: &DevicesArgs, out: &mut dyn Write) -> Result<()> {
    let devices = device::list();
    match args.format {
        Format::Json | Format::Csv => {
            let devices = devices.into_iter();
            let devices = devices.map(|(name, status)| Device { name, status });
            print_list(args.format, out, "devices", &devices.collect::<Vec<_>>())
        }
        Format::Text => {
            let rows = devices.into_iter().map(|(name, status)| vec![name, status]);
            let rows: Vec<_> = rows.collect();
            Ok(table::write(out, &[Align::Left, Align::Left], &rows)?)
        }
    }
}

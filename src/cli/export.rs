//! `circuitscope export`: a finding as a script that others can run.

use super::model_args::ModelArgs;
use super::replay::{named, open};
use crate::findings::files::{check_writable, write_together};
use crate::runtime::python::script;
use crate::runtime::replay::{Looked, records};
use crate::sweep::make_means;
use crate::task::shown_path;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// `circuitscope export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A finding's folder, or its name
    pub path: PathBuf,
    /// As a script for TransformerLens 2, with the weights beside it as .safetensors
    #[arg(long, required = true)]
    pub python: bool,
    /// The script to write
    #[arg(short, long, value_name = "FILE.py")]
    pub output: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
    /// Which model instead of the finding's own, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
}

/// Runs the command.
///
/// # Errors
/// When the finding or its model cannot be read, or does what TransformerLens cannot.
pub fn run(args: &ExportArgs, out: &mut dyn Write) -> Result<()> {
    let name = shown_path(&args.output);
    ensure!(
        args.output.extension().is_some_and(|end| end == "py"),
        "{name}: a script has a name that ends in .py"
    );
    let weights = args.output.with_extension("safetensors");
    for file in [&args.output, &weights] {
        check_writable(file, args.force)?;
    }
    let found = records(&named(&args.path))?;
    let [record] = &found.read[..] else {
        let count = found.read.len() + found.broken.len();
        anyhow::bail!("{:?} has {count} findings; name one", args.path);
    };
    let Looked { model, info, .. } = open(&args.which, record)?;
    let lines = record.session.study.interventions.iter();
    let task = model.transformer.task();
    for one in lines {
        let parsed = crate::lens::Intervention::parse(&one.line, task, model.transformer.config());
        if let Ok(parsed) = parsed {
            make_means(&model.transformer, &[parsed], &mut |_| Ok(true))?;
        }
    }
    let beside = weights.file_name().context("the script has no name")?;
    let (text, bytes) = script(record, &model, &info, &beside.to_string_lossy())?;
    let both = [(&*args.output, text.as_bytes()), (&*weights, &bytes[..])];
    write_together(&both, args.force)?;
    writeln!(
        out,
        "{name}: run it with python, where transformer_lens and safetensors are"
    )?;
    Ok(())
}

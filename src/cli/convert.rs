//! `circuitscope convert`: a checkpoint of any dialect as TransformerLens has it.

use super::model_args::SaidArgs;
use crate::findings::files;
use crate::lens::slide;
use crate::model::config::Assumed;
use crate::task::shown_path;
use anyhow::{Result, ensure};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// `circuitscope convert`
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The checkpoint, in any dialect; of a series in one file, FILE#N
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Weights file to write; its config goes beside it, as .json
    #[arg(value_name = "OUT.safetensors")]
    pub output: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub said: SaidArgs,
}

/// Runs the command.
///
/// # Errors
/// When the checkpoint cannot be used, or a file is in the way; nothing is written then.
pub fn run(args: &ConvertArgs, out: &mut dyn Write) -> Result<()> {
    let path = &args.output;
    let name = shown_path(path);
    ensure!(
        path.extension().is_some_and(|end| end == "safetensors"),
        "{name}: weights are written as .safetensors; give it a name that ends so"
    );
    let beside = path.with_extension("json");
    for file in [path, &beside] {
        files::check_writable(file, args.force)?;
    }
    let wish = args.said.wish()?;
    let model = slide::open(&args.input, &wish, &args.said.device.open()?.device)?;
    let (weights, config) = model.transformer.to_files()?;
    let both = [(&**path, &weights[..]), (&*beside, config.as_bytes())];
    files::write_together(&both, args.force)?;
    let from = model.dialect.name();
    writeln!(out, "{name}: {} from the names of {from}", model.name)?;
    for line in model.told.iter().chain(&model.unread) {
        writeln!(out, "{line}")?;
    }
    let assumed = model.transformer.config().assumed_words();
    if !assumed.is_empty() {
        writeln!(out, "assumed, and written as said: {}", assumed.join(", "))?;
    }
    let config = model.transformer.config();
    if config.assumes(Assumed::Attention) && config.is_causal() {
        let ahead = slide::fitting_tasks(config).filter(|task| task.bidirectional == Some(true));
        let names: Vec<String> = ahead.map(|task| task.name.clone()).collect();
        if !names.is_empty() {
            writeln!(
                out,
                "its sizes fit {} too, where attention looks both ways: with --task that is tried, and written",
                names.join(", ")
            )?;
        }
    }
    Ok(())
}

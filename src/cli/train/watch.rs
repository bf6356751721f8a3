//! `circuitscope train --watch`: the workbench on a model as it was drawn, with its training begun.

use super::TrainArgs;
use crate::cli::args::{LiveArgs, WorkbenchArgs};
use crate::cli::model_args::{ModelArgs, SaidArgs};
use crate::cli::workbench;
use crate::training::{Saves, Spoken, Training};
use anyhow::{Context, Result};
use clap::Parser;
use std::process::ExitCode;

/// What a workbench is opened with.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Opened {
    #[command(flatten)]
    workbench: WorkbenchArgs,
    #[command(flatten)]
    live: LiveArgs,
}

pub fn run(args: &TrainArgs) -> Result<ExitCode> {
    let recipe = args.recipe.recipe()?;
    let saves = args.saves.saves().unwrap_or(Saves::Log(Spoken::A_DECADE));
    saves.check(recipe.steps)?;
    let picked = args.device.open()?;
    super::super::common::tell(&picked);
    // the first model that is written takes its place at once
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let drawn = Training::new(recipe.clone(), &picked.device)?.model()?;
    let (weights, config) = drawn.to_files()?;
    let path = folder
        .path()
        .join(format!("{}.safetensors", recipe.task.name));
    std::fs::write(&path, weights).context("cannot write the model as it was drawn")?;
    std::fs::write(path.with_extension("json"), config).context("cannot write its config")?;
    let Opened { workbench, live } =
        Opened::try_parse_from(std::iter::empty::<&str>()).context("the workbench's flags")?;
    let workbench = WorkbenchArgs {
        which: ModelArgs {
            model: vec![path],
            slide: None,
            said: SaidArgs {
                task: args.recipe.task.clone(),
                device: args.device,
                ..SaidArgs::default()
            },
        },
        ..workbench
    };
    let flags = Spoken::flags_of(std::env::args().skip(1));
    let begin = Spoken {
        recipe,
        saves,
        flags,
    };
    workbench::open(&workbench, &live, None, Some(begin))
}

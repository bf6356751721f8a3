//! `circuitscope train`: trains a task's model and writes weights, config and record.

mod seeds;
mod watch;

use super::args::Format;
use super::progress::stop_flag;
use crate::model::device::{DeviceChoice, Picked};
use crate::runtime::train::{Outputs, TrainedModel, TrainingRun};
use crate::task::number::significant;
use crate::task::shown_path;
use crate::task::text::as_command;
use crate::training::{Recipe, RecipeArgs, SavesArgs};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use seeds::Seeds;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// `circuitscope train`
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Weights file to write, config and record beside it; with --save-every, --save-at or --seeds a
    /// folder, `DIR/`
    #[arg(short, long, value_name = "FILE.safetensors|DIR/")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub saves: SavesArgs,
    /// Train N times, from seeds --seed, --seed + 1, .., or from these seeds, 1,2,5: each into a folder of its
    /// own in --output, DIR/seed-1; then `compare` them
    #[arg(long, value_name = "N|LIST", requires = "output")]
    pub seeds: Option<Seeds>,
    /// How to print the comparison of --seeds
    #[arg(short, long, value_enum, default_value_t, requires = "seeds")]
    pub format: Format,
    /// Go on with a training that was stopped: the same command again, to the same weights
    #[arg(long = "continue", conflicts_with = "force")]
    pub go_on: bool,
    /// The trained model is judged on all inputs where there are at most N, else on N random ones
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = super::args::whole(1, 4_000_000))]
    pub judge: u32,
    /// Watch it in the workbench: the newest model on screen, kept by :train keep FOLDER
    #[arg(long, conflicts_with_all = ["output", "seeds", "go_on", "force"])]
    pub watch: bool,
    /// Replace files that are there already
    #[arg(long, conflicts_with = "seeds")]
    pub force: bool,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

/// Runs the command.
///
/// # Errors
/// When a flag makes no sense or the files cannot be written; nothing is trained then.
pub fn run(args: &TrainArgs, out: &mut dyn Write) -> Result<ExitCode> {
    if args.watch {
        return watch::run(args);
    }
    train(args, out).map(|()| ExitCode::SUCCESS)
}

fn train(args: &TrainArgs, out: &mut dyn Write) -> Result<()> {
    let recipe = args.recipe.recipe()?;
    let saves = args.saves.saves();
    if let Some(saves) = &saves {
        saves.check(recipe.steps)?;
    }
    if let Some(seeds) = &args.seeds {
        return seeds::run(args, &recipe, seeds, out);
    }
    let usual = || format!("{}.safetensors", recipe.task.name).into();
    let path = args.output.clone().unwrap_or_else(usual);
    let outputs = Outputs::new(path, saves, args.force, args.go_on)?;
    let picked = opened(args, args.go_on, &recipe, &outputs)?;
    let mut run = TrainingRun::begin(recipe, outputs, args.go_on, &picked)?;
    let stopped = stop_flag()?;
    take_steps(&mut run, &stopped, "")?;
    let trained = run.end(args.judge, &command_line())?;
    if !trained.finished {
        let way = match trained.resumable {
            true => "; --continue goes on",
            false => "; the model is too large to go on with",
        };
        let (done, steps) = (run.steps(), run.training().recipe().steps);
        writeln!(out, "stopped after {done} of {steps} steps{way}")?;
    }
    let name = shown_path(&trained.weights);
    report(out, &name, &run, &trained)
}

/// Where it computes, once it is known that the files can be written.
fn opened(args: &TrainArgs, go_on: bool, recipe: &Recipe, outputs: &Outputs) -> Result<Picked> {
    if go_on {
        outputs.open_state(recipe)?;
    }
    outputs.check()?;
    let picked = args.device.open()?;
    super::common::tell(&picked);
    Ok(picked)
}

/// Takes the steps that are left, unless it is stopped; `what` stands before the bar.
fn take_steps(run: &mut TrainingRun, stopped: &AtomicBool, what: &str) -> Result<()> {
    let bar = progress_bar(run.training().recipe().steps, what)?;
    bar.set_position(run.steps() as u64);
    while !run.is_over() && !stopped.load(Ordering::Relaxed) {
        run.step()?;
        bar.set_position(run.steps() as u64);
        bar.set_message(run.journal().words());
    }
    bar.finish();
    Ok(())
}

fn progress_bar(steps: usize, what: &str) -> Result<ProgressBar> {
    let style = "{prefix}{bar:24} {pos}/{len} steps  {per_sec}  {eta} left  {msg}";
    let style = ProgressStyle::with_template(style).context("progress bar")?;
    Ok(ProgressBar::new(steps as u64)
        .with_style(style)
        .with_prefix(what.to_owned()))
}

/// The command as typed, with the program's name instead of its path.
fn command_line() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    as_command(std::iter::once("circuitscope".to_owned()).chain(words))
}

fn report(
    out: &mut dyn Write,
    name: &str,
    run: &TrainingRun,
    trained: &TrainedModel,
) -> Result<()> {
    let journal = run.journal();
    let loss = significant(journal.smooth(), 4);
    let (words, seconds) = (trained.overall.words(), journal.seconds);
    writeln!(out, "{name}: loss {loss}, {words}, {seconds:.0} s")?;
    if let Some(score) = &trained.held_out {
        let (right, n) = (score.right().words(), score.inputs);
        writeln!(out, "held out: {right} of {n} inputs (exact)")?;
    }
    Ok(())
}

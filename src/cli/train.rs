//! `circuitscope train`: trains the task's model and writes weights, config and record.

use super::progress::stop_flag;
use crate::findings::files;
use crate::lens::{Score, score};
use crate::model::HookedTransformer;
use crate::model::config::PositionalEmbedding;
use crate::model::device::DeviceChoice;
use crate::task::number::{fixed, significant};
use crate::task::{Sample, Task, shown};
use crate::training::{self, Progress, Recipe, Schedule};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Seeds the inputs on which a trained model is judged; far from any training seed.
const JUDGE_SEED: u32 = 0x5eed;
/// The bar shows the mean loss of about this many steps.
const SMOOTHING: f64 = 50.0;

/// `circuitscope train`
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Weights file to write; config and record go beside it
    #[arg(short, long, default_value = "array_update.safetensors")]
    pub output: PathBuf,
    /// Numbers in a list
    #[arg(long, default_value_t = 3)]
    pub list_len: usize,
    /// Values a number can have
    #[arg(long, default_value_t = 50)]
    pub max_num: u32,
    /// Attention blocks
    #[arg(long, default_value_t = 2)]
    pub layers: usize,
    /// Heads in a block
    #[arg(long, default_value_t = 1)]
    pub heads: usize,
    /// Width of the residual stream
    #[arg(long, default_value_t = 128)]
    pub d_model: usize,
    /// Width of a head
    #[arg(long, default_value_t = 128)]
    pub d_head: usize,
    /// Optimiser steps
    #[arg(long, default_value_t = 1000)]
    pub steps: usize,
    /// Sequences in a step
    #[arg(long, default_value_t = 256)]
    pub batch: usize,
    /// Learning rate
    #[arg(long, default_value_t = 1e-3)]
    pub lr: f64,
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    pub schedule: Schedule,
    /// AdamW's first beta
    #[arg(long, default_value_t = 0.9)]
    pub beta1: f64,
    /// AdamW's second beta
    #[arg(long, default_value_t = 0.98)]
    pub beta2: f64,
    /// AdamW's weight decay
    #[arg(long, default_value_t = 1e-2)]
    pub weight_decay: f64,
    /// Seed of the initial weights and the data
    #[arg(long, default_value_t = 0)]
    pub seed: u32,
    /// Draw one (idx, elt) for a whole batch, as the notebook does, instead of one for each row
    #[arg(long)]
    pub one_update_per_batch: bool,
    /// Random inputs on which the trained model is judged
    #[arg(long, default_value_t = 1_000_000, value_parser = super::args::whole(1, 4_000_000))]
    pub judge: u32,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

/// How a checkpoint was made: the JSON beside it, `<stem>.record.json`.
#[derive(Debug, Serialize)]
struct Record {
    format: &'static str,
    command: String,
    version: &'static str,
    recipe: Recipe,
    steps_taken: usize,
    final_loss: f64,
    mean_loss_of_last_steps: f64,
    seconds: f64,
    device: String,
    sequences_per_second: f64,
    judged_on: String,
    accuracy: f64,
    score: Score,
}

/// Runs the command.
///
/// # Errors
/// When a flag makes no sense or the files cannot be written; nothing is trained then.
pub fn run(args: &TrainArgs, out: &mut dyn Write) -> Result<()> {
    let recipe = recipe(args)?;
    recipe.config()?;
    let outputs = Outputs::beside(&args.output)?;
    outputs.check(args.force)?;
    let picked = args.device.open()?;
    super::common::tell(&picked);
    let stopped = stop_flag()?;
    let bar = progress_bar(recipe.steps)?;
    let started = Instant::now();
    let mut smooth = f64::NAN;
    let device = picked.for_rows(recipe.batch);
    let trained = training::train(&recipe, device, |Progress { step, loss }| {
        let weight = (1.0 / SMOOTHING).max(1.0 / step as f64);
        smooth = if smooth.is_nan() {
            loss
        } else {
            smooth + weight * (loss - smooth)
        };
        bar.set_position(step as u64);
        bar.set_message(format!(
            "loss {} mean {}",
            significant(loss, 3),
            significant(smooth, 3)
        ));
        if stopped.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    bar.finish();
    let seconds = started.elapsed().as_secs_f64();
    // before judging, which may take as long again
    outputs.save_model(&trained.model, args.force)?;
    let sample = Sample::Random {
        seed: JUDGE_SEED,
        len: args.judge as usize,
    };
    let score = score(&trained.model, &sample.prompts(recipe.task))?;
    let record = Record {
        format: "circuitscope-training-record-1",
        command: command_line(),
        version: env!("CARGO_PKG_VERSION"),
        steps_taken: trained.steps,
        final_loss: trained.loss,
        mean_loss_of_last_steps: smooth,
        seconds,
        device: picked.name,
        sequences_per_second: (trained.steps * recipe.batch) as f64 / seconds,
        judged_on: format!("{sample}, teacher-forced"),
        accuracy: score.accuracy(),
        score,
        recipe,
    };
    outputs.save_record(&record, args.force)?;
    report(out, args, &record, trained.steps)
}

fn recipe(args: &TrainArgs) -> Result<Recipe> {
    Ok(Recipe {
        task: Task::array_update(args.list_len, args.max_num)?,
        n_layers: args.layers,
        n_heads: args.heads,
        d_model: args.d_model,
        d_head: args.d_head,
        positions: PositionalEmbedding::Shortformer,
        steps: args.steps,
        batch: args.batch,
        lr: args.lr,
        schedule: args.schedule,
        beta1: args.beta1,
        beta2: args.beta2,
        weight_decay: args.weight_decay,
        seed: args.seed,
        one_update_per_batch: args.one_update_per_batch,
    })
}

/// The files that a run leaves.
struct Outputs {
    weights: PathBuf,
    config: PathBuf,
    record: PathBuf,
}

impl Outputs {
    fn beside(weights: &Path) -> Result<Self> {
        let is_safetensors = weights.extension().is_some_and(|e| e == "safetensors");
        anyhow::ensure!(
            is_safetensors,
            "--output {}: weights are written as .safetensors; give it a name that ends so",
            shown(&weights.to_string_lossy())
        );
        Ok(Self {
            weights: weights.to_owned(),
            config: weights.with_extension("json"),
            record: weights.with_extension("record.json"),
        })
    }

    /// A run of minutes must not end in a file that cannot be written.
    fn check(&self, force: bool) -> Result<()> {
        for path in [&self.weights, &self.config, &self.record] {
            files::check_writable(path, force)?;
        }
        Ok(())
    }

    fn save_model(&self, model: &HookedTransformer, force: bool) -> Result<()> {
        let (weights, config) = model.to_files()?;
        files::write(&self.weights, &weights, force)?;
        files::write(&self.config, config.as_bytes(), force)
    }

    fn save_record(&self, record: &Record, force: bool) -> Result<()> {
        let record = serde_json::to_string_pretty(record)? + "\n";
        files::write(&self.record, record.as_bytes(), force)
    }
}

fn progress_bar(steps: usize) -> Result<ProgressBar> {
    let style = "{bar:24} {pos}/{len} steps  {per_sec}  {eta} left  {msg}";
    let style = ProgressStyle::with_template(style).context("progress bar")?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

/// The command as typed, with the program's name instead of its path.
fn command_line() -> String {
    let words = std::env::args().skip(1);
    std::iter::once("circuitscope".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn report(out: &mut dyn Write, args: &TrainArgs, record: &Record, steps: usize) -> Result<()> {
    if steps < record.recipe.steps {
        writeln!(
            out,
            "stopped after {steps} of {} steps",
            record.recipe.steps
        )?;
    }
    let wrong = record.score.wrong_inputs;
    writeln!(
        out,
        "{}: loss {}, wrong on {wrong} of {} random inputs (accuracy {}), {:.0} s",
        shown(&args.output.to_string_lossy()),
        significant(record.mean_loss_of_last_steps, 4),
        record.score.inputs,
        fixed(record.accuracy, 6),
        record.seconds,
    )?;
    Ok(())
}

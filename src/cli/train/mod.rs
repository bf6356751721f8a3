//! `circuitscope train`: trains a task's model and writes weights, config and record.

mod args;
mod journal;
mod outputs;

pub use args::TrainArgs;

use super::progress::stop_flag;
use crate::lens::Score;
use crate::lens::slide::{Overall, overall};
use crate::model::device::Picked;
use crate::task::number::significant;
use crate::task::{Sample, shown};
use crate::training::{Recipe, Training};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use journal::{Journal, Point};
use outputs::Outputs;
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Seeds the inputs on which a trained model is judged; far from any training seed.
const JUDGE_SEED: u32 = 0x5eed;

/// How a checkpoint was made: the JSON beside it, `<stem>.record.json`.
#[derive(Debug, Serialize)]
struct Record<'a> {
    format: &'static str,
    command: String,
    version: &'static str,
    recipe: &'a Recipe,
    weights: usize,
    steps_taken: usize,
    inputs_a_step: usize,
    inputs_held_out: usize,
    final_loss: f64,
    mean_loss_of_last_steps: f64,
    seconds: f64,
    device: String,
    /// All inputs, or the sample.
    judged_on: String,
    /// Whether the score is exact: over all inputs.
    exact: bool,
    /// Of single predictions.
    accuracy: f64,
    /// Of the accuracy; 0 where it is exact.
    standard_error: f64,
    score: &'a Score,
    /// The score on the inputs that no step took.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<Score>,
    history: &'a [Point],
}

/// Runs the command.
///
/// # Errors
/// When a flag makes no sense or the files cannot be written; nothing is trained then.
pub fn run(args: &TrainArgs, out: &mut dyn Write) -> Result<()> {
    let recipe = args.recipe()?;
    let outputs = Outputs::new(args, &recipe)?;
    let begun = if args.go_on {
        Some(outputs.open_state(&recipe)?)
    } else {
        None
    };
    outputs.check()?;
    let picked = args.device.open()?;
    super::common::tell(&picked);
    let device = picked.for_rows(recipe.batch).clone();
    let (mut training, mut journal) = match begun {
        Some((state, steps, journal)) => {
            let training = Training::resumed(recipe, &device, &state, steps)?;
            (training, journal)
        }
        None => (Training::new(recipe, &device)?, Journal::default()),
    };
    let stopped = stop_flag()?;
    take_steps(&mut training, &mut journal, &outputs, &stopped)?;
    // before judging, which may take as long again
    let finished = training.steps() >= training.recipe().steps;
    let mut resumable = true;
    if finished && !outputs.keeps_state() {
        outputs.drop_state();
    } else {
        resumable = outputs.save_state(&training, &journal)?;
    }
    outputs.save_model(&training.model()?, training.steps())?;
    let overall = judged(&training, args.judge)?;
    let record = record(&training, &journal, &overall, picked)?;
    outputs.save_record(&record)?;
    if !finished {
        let way = match resumable {
            true => "; --continue goes on",
            false => "; the model is too large to go on with",
        };
        let steps = training.recipe().steps;
        writeln!(
            out,
            "stopped after {} of {steps} steps{way}",
            record.steps_taken
        )?;
    }
    let name = outputs.weights(training.steps());
    report(out, &shown(&name.to_string_lossy()), &record, &overall)
}

/// Takes the steps that are left, unless it is stopped.
fn take_steps(
    training: &mut Training,
    journal: &mut Journal,
    outputs: &Outputs,
    stopped: &AtomicBool,
) -> Result<()> {
    let steps = training.recipe().steps;
    let interval = Journal::interval(steps);
    let bar = progress_bar(steps)?;
    bar.set_position(training.steps() as u64);
    let (started, before) = (Instant::now(), journal.seconds);
    if training.steps() == 0 && outputs.is_due(0) {
        outputs.save_model(&training.model()?, 0)?;
    }
    while training.steps() < steps && !stopped.load(Ordering::Relaxed) {
        let loss = training.step()?;
        let step = training.steps();
        journal.step(step, loss);
        if step.is_multiple_of(interval) || step == steps {
            journal.point(step, training.held_out()?.as_ref());
        }
        journal.seconds = before + started.elapsed().as_secs_f64();
        if outputs.is_due(step) && step < steps {
            outputs.save_model(&training.model()?, step)?;
            outputs.save_state(training, journal)?;
        }
        bar.set_position(step as u64);
        bar.set_message(journal.words());
    }
    bar.finish();
    Ok(())
}

fn judged(training: &Training, judge: u32) -> Result<Overall> {
    let sample = Sample::Random {
        seed: JUDGE_SEED,
        len: judge as usize,
    };
    overall(&training.model()?, judge as usize, sample)
}

fn record<'a>(
    training: &'a Training,
    journal: &'a Journal,
    overall: &'a Overall,
    picked: Picked,
) -> Result<Record<'a>> {
    let accuracy = overall.predictions();
    let (inputs_a_step, inputs_held_out) = training.inputs();
    Ok(Record {
        format: "circuitscope-training-record-2",
        command: command_line(),
        version: env!("CARGO_PKG_VERSION"),
        recipe: training.recipe(),
        weights: training.recipe().model.weights(),
        steps_taken: training.steps(),
        inputs_a_step,
        inputs_held_out,
        final_loss: journal.loss.unwrap_or(f64::NAN),
        mean_loss_of_last_steps: journal.smooth(),
        seconds: journal.seconds,
        device: picked.name,
        judged_on: match overall.sample {
            Some(sample) => format!("{sample}, teacher-forced"),
            None => "all inputs, teacher-forced".to_owned(),
        },
        exact: overall.sample.is_none(),
        accuracy: accuracy.mean,
        standard_error: accuracy.standard_error,
        score: &overall.score,
        held_out: training.held_out()?,
        history: &journal.points,
    })
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

fn report(out: &mut dyn Write, name: &str, record: &Record, overall: &Overall) -> Result<()> {
    let loss = significant(record.mean_loss_of_last_steps, 4);
    let (words, seconds) = (overall.words(), record.seconds);
    writeln!(out, "{name}: loss {loss}, {words}, {seconds:.0} s")?;
    if let Some(score) = &record.held_out {
        let (right, n) = (score.right().words(), score.inputs);
        writeln!(out, "held out: {right} of {n} inputs (exact)")?;
    }
    Ok(())
}

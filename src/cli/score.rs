//! `circuitscope score`: accuracy and loss over a sample.

use super::args::{Format, ScoreArgs};
use super::common::{StandardError, cut_down, open_model};
use super::output::print_numbers;
use super::progress::Bar;
use super::run::heading;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{Right, Score, score};
use crate::model::HookedTransformer;
use crate::sweep::{Progress, undefined_words};
use crate::task::Prompt;
use crate::task::number::fixed;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    sample: String,
    /// Circuits that were cut down.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    low_rank: Vec<String>,
    /// The same as `predictions_accuracy`.
    accuracy: f64,
    #[serde(flatten)]
    right: Right,
    wrong_inputs: usize,
    wrong_by_position: Vec<usize>,
    loss: f64,
    /// Predictions that are not defined: wrong, and without a loss.
    undefined: usize,
    /// The inputs again, by the name that statistics have for them.
    n: usize,
    standard_error: StandardError,
}

/// Inputs between two looks at Ctrl-C: a fifth of a second.
const STEP: usize = 1 << 13;

/// The score, part by part, with a bar where there are many.
fn score_all(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Score> {
    let bar = Bar::new("inputs")?;
    let mut all: Option<Score> = None;
    for part in prompts.chunks(STEP) {
        let score = score(model, part)?;
        let so_far = match all {
            Some(all) => all.plus(&score),
            None => score,
        };
        let progress = Progress {
            done: so_far.inputs as u64,
            total: prompts.len() as u64,
        };
        let go_on = bar.tell(
            progress,
            &format!("accuracy {}", fixed(so_far.accuracy(), 6)),
        )?;
        ensure!(
            go_on,
            "stopped after {} of {} inputs",
            progress.done,
            progress.total
        );
        all = Some(so_far);
    }
    bar.done();
    all.context("the sample is empty")
}

/// Runs the command.
///
/// # Errors
/// When the model or the device will not do.
pub fn run(args: &ScoreArgs, out: &mut dyn Write) -> Result<()> {
    let model = open_model(&args.common)?;
    super::common::ensure_judged(&model)?;
    let task = model.transformer.task();
    let cut = cut_down(&args.low_rank, &model.transformer)?;
    let judged = cut.as_ref().unwrap_or(&model.transformer);
    let score = score_all(judged, &args.sample.prompts(task))?;
    match args.common.format {
        Format::Json | Format::Csv => print_numbers(
            args.common.format,
            out,
            &Answer {
                model: ModelNumbers::from(&model),
                sample: args.sample.to_string(),
                low_rank: args.low_rank.clone(),
                accuracy: score.accuracy(),
                n: score.inputs,
                standard_error: StandardError::of(
                    &score.accuracy_estimate(),
                    &score.loss_estimate(),
                ),
                right: score.right(),
                wrong_inputs: score.wrong_inputs,
                wrong_by_position: score.wrong_by_position,
                loss: score.loss,
                undefined: score.undefined,
            },
        ),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            if !args.low_rank.is_empty() {
                writeln!(out, "low rank: {}", args.low_rank.join(" "))?;
            }
            writeln!(
                out,
                "sample {}: wrong on {} of {} inputs; inputs right {}, predictions right {}, \
                 loss {} (n = {})",
                args.sample,
                score.wrong_inputs,
                score.inputs,
                score.inputs_estimate().share(6),
                score.accuracy_estimate().share(6),
                score.loss_estimate().significant(4),
                score.inputs
            )?;
            if score.undefined > 0 {
                let all = score.right().predictions;
                writeln!(out, "{}", undefined_words(score.undefined as u64, all))?;
            }
            for (i, wrong) in score.wrong_by_position.iter().enumerate() {
                writeln!(out, "{}: {wrong} wrong", task.prediction(i))?;
            }
            Ok(())
        }
    }
}

//! How a checkpoint was made: the JSON beside it.

use crate::lens::Score;
use crate::lens::slide::Overall;
use crate::model::series::Recorded;
use crate::training::{Journal, Recipe, Training};
use anyhow::Result;
use serde::Serialize;

/// The record, `<stem>.record.json`; of a series `record.json` in its folder.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    format: &'static str,
    command: &'a str,
    version: &'static str,
    recipe: &'a Recipe,
    weights: usize,
    steps_taken: usize,
    inputs_a_step: usize,
    inputs_held_out: usize,
    final_loss: f64,
    mean_loss_of_last_steps: f64,
    seconds: f64,
    device: &'a str,
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
    held_out: Option<&'a Score>,
    history: &'a [Recorded],
}

impl<'a> Record<'a> {
    pub fn new(
        training: &'a Training,
        journal: &'a Journal,
        (overall, held_out): (&'a Overall, Option<&'a Score>),
        (command, device): (&'a str, &'a str),
    ) -> Result<Self> {
        let accuracy = overall.predictions();
        let (inputs_a_step, inputs_held_out) = training.inputs();
        Ok(Self {
            format: "circuitscope-training-record-2",
            command,
            version: env!("CARGO_PKG_VERSION"),
            recipe: training.recipe(),
            weights: training.recipe().model.weights(),
            steps_taken: training.steps(),
            inputs_a_step,
            inputs_held_out,
            final_loss: journal.loss.unwrap_or(f64::NAN),
            mean_loss_of_last_steps: journal.smooth(),
            seconds: journal.seconds,
            device,
            judged_on: match overall.sample {
                Some(sample) => format!("{sample}, teacher-forced"),
                None => "all inputs, teacher-forced".to_owned(),
            },
            exact: overall.sample.is_none(),
            accuracy: accuracy.mean,
            standard_error: accuracy.standard_error,
            score: &overall.score,
            held_out,
            history: &journal.points,
        })
    }
}

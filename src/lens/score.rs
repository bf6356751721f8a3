//! How often a model is right, and how sure.

use super::logits::Judged;
use crate::model::{HookedTransformer, Hooks, NoHooks, map_chunks};
use crate::task::{ArrayUpdate, Estimate, Prompt, fraction};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// How many inputs and how many single predictions are right. An input is right where all its
/// predictions are; a tie and what is not defined are not right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Right {
    /// Inputs tried.
    pub inputs: u64,
    /// Those of which every prediction is right.
    pub inputs_right: u64,
    /// As a fraction.
    pub inputs_accuracy: f64,
    /// Predictions of all inputs.
    pub predictions: u64,
    /// Those that are right.
    pub predictions_right: u64,
    /// As a fraction.
    pub predictions_accuracy: f64,
}

impl Right {
    /// From what is wrong; `each` is how many predictions an input has.
    #[must_use]
    pub fn new(inputs: u64, wrong_inputs: u64, wrong_predictions: u64, each: usize) -> Self {
        let predictions = inputs * each as u64;
        let fraction = |wrong: u64, all: u64| 1.0 - wrong as f64 / all.max(1) as f64;
        Self {
            inputs,
            inputs_right: inputs - wrong_inputs,
            inputs_accuracy: fraction(wrong_inputs, inputs),
            predictions,
            predictions_right: predictions - wrong_predictions,
            predictions_accuracy: fraction(wrong_predictions, predictions),
        }
    }

    /// Both fractions, named.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "inputs right {}, predictions right {}",
            fraction(self.inputs_accuracy),
            fraction(self.predictions_accuracy)
        )
    }
}

/// Right answers and loss over a set of inputs, teacher-forced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Inputs tried.
    pub inputs: usize,
    /// Inputs with at least one wrong prediction.
    pub wrong_inputs: usize,
    /// Wrong predictions of `b_0, b_1, ...`.
    pub wrong_by_position: Vec<usize>,
    /// Mean cross entropy, in nats per prediction that is defined.
    pub loss: f64,
    /// Predictions that are not defined: wrong, and without a loss.
    #[serde(default)]
    pub undefined: usize,
    /// Sums of squares over the inputs: of wrong predictions, of the mean loss.
    #[serde(skip)]
    squares: [f64; 2],
}

impl Score {
    /// How many inputs and predictions are right.
    #[must_use]
    pub fn right(&self) -> Right {
        let each = self.wrong_by_position.len();
        let wrong: usize = self.wrong_by_position.iter().sum();
        let [inputs, wrong_inputs, wrong] =
            [self.inputs, self.wrong_inputs, wrong].map(|n| n as u64);
        Right::new(inputs, wrong_inputs, wrong, each)
    }

    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.right().predictions_accuracy
    }

    /// Predictions that are defined.
    fn defined(&self) -> usize {
        self.inputs * self.wrong_by_position.len() - self.undefined
    }

    /// The same as an estimate from a sample: an input's predictions stand or fall together, so
    /// that inputs are what is counted.
    #[must_use]
    pub fn accuracy_estimate(&self) -> Estimate {
        let each = self.wrong_by_position.len().max(1) as f64;
        let wrong: usize = self.wrong_by_position.iter().sum();
        let sum = wrong as f64 / each;
        let wrong = Estimate::of(self.inputs as u64, sum, self.squares[0] / (each * each));
        Estimate {
            mean: self.accuracy(),
            ..wrong
        }
    }

    /// The fraction of inputs that are right, likewise.
    #[must_use]
    pub fn inputs_estimate(&self) -> Estimate {
        let wrong = self.wrong_inputs as f64;
        Estimate {
            mean: self.right().inputs_accuracy,
            ..Estimate::of(self.inputs as u64, wrong, wrong)
        }
    }

    /// The loss as an estimate from a sample.
    #[must_use]
    pub fn loss_estimate(&self) -> Estimate {
        let sum = self.loss * self.inputs as f64;
        Estimate::of(self.inputs as u64, sum, self.squares[1])
    }

    /// The score over these inputs and others together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let sum_of = |one: &Self| match one.defined() {
            0 => 0.0,
            n => one.loss * n as f64,
        };
        let sum = sum_of(&self) + sum_of(other);
        let defined = self.defined() + other.defined();
        let by_position = self.wrong_by_position.iter().zip(&other.wrong_by_position);
        Self {
            inputs: self.inputs + other.inputs,
            wrong_inputs: self.wrong_inputs + other.wrong_inputs,
            wrong_by_position: by_position.map(|(a, b)| a + b).collect(),
            loss: sum / defined as f64,
            undefined: self.undefined + other.undefined,
            squares: [0, 1].map(|i| self.squares[i] + other.squares[i]),
        }
    }
}

/// Scores the model on the prompts: on all threads, or where it computes what is large.
///
/// # Errors
/// When the device fails.
pub fn score(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Score> {
    let model = model.for_rows(prompts.len());
    let judged = map_chunks(model.device(), prompts, |chunk| {
        judge(model, chunk, &mut NoHooks)
    })?;
    Ok(total(model.task(), &judged.concat()))
}

/// The score that judged inputs come to.
pub(super) fn total(task: ArrayUpdate, rows: &[Vec<Judged>]) -> Score {
    let list_len = task.list_len;
    let losses = rows.iter().flatten().map(|one| -f64::from(one.log_prob));
    let undefined = losses.clone().filter(|loss| loss.is_nan()).count();
    let loss: f64 = losses.filter(|loss| !loss.is_nan()).sum();
    let squares =
        |of: &dyn Fn(&[Judged]) -> f64| rows.iter().map(|row| of(row).powi(2)).sum::<f64>();
    Score {
        inputs: rows.len(),
        wrong_inputs: rows
            .iter()
            .filter(|row| row.iter().any(|one| !one.is_right()))
            .count(),
        wrong_by_position: (0..list_len)
            .map(|i| rows.iter().filter(|row| !row[i].is_right()).count())
            .collect(),
        loss: loss / (rows.len() * list_len - undefined) as f64,
        undefined,
        squares: [
            squares(&|row| row.iter().filter(|one| !one.is_right()).count() as f64),
            squares(&|row| {
                let losses = row.iter().map(|one| -f64::from(one.log_prob));
                losses.sum::<f64>() / list_len as f64
            }),
        ],
    }
}

/// For each prompt, its predictions under the hooks.
pub(super) fn judge(
    model: &HookedTransformer,
    prompts: &[Prompt],
    hooks: &mut dyn Hooks,
) -> Result<Vec<Vec<Judged>>> {
    let task = model.task();
    let rows: Vec<_> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let logits = model.forward(&model.tokens(&rows)?, hooks)?;
    let predictions = logits.narrow(1, task.predicts_at(0), task.list_len)?;
    let logits: Vec<Vec<Vec<f32>>> = predictions.to_vec3()?;
    let one = |(logits, target): (&Vec<f32>, u32)| Judged::new(logits, target);
    Ok(logits
        .iter()
        .zip(prompts)
        .map(|(row, prompt)| row.iter().zip(prompt.update.truth()).map(one).collect())
        .collect())
}

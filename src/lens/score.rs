//! How often a model is right, and how sure.

use super::observe::log_softmax;
use crate::model::{HookedTransformer, Hooks, NoHooks, map_chunks};
use crate::task::{ArrayUpdate, Estimate, Prompt};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// Right answers and loss over a set of inputs, teacher-forced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Inputs tried.
    pub inputs: usize,
    /// Inputs with at least one wrong prediction.
    pub wrong_inputs: usize,
    /// Wrong predictions of `b_0, b_1, ...`.
    pub wrong_by_position: Vec<usize>,
    /// Mean cross entropy, in nats per prediction.
    pub loss: f64,
    /// Sums of squares over the inputs: of wrong predictions, of the mean loss.
    #[serde(skip)]
    squares: [f64; 2],
}

impl Score {
    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let predictions = self.inputs * self.wrong_by_position.len();
        let wrong: usize = self.wrong_by_position.iter().sum();
        1.0 - wrong as f64 / predictions.max(1) as f64
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

    /// The loss as an estimate from a sample.
    #[must_use]
    pub fn loss_estimate(&self) -> Estimate {
        let sum = self.loss * self.inputs as f64;
        Estimate::of(self.inputs as u64, sum, self.squares[1])
    }

    /// The score over these inputs and others together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let inputs = self.inputs + other.inputs;
        let sum = self.loss * self.inputs as f64 + other.loss * other.inputs as f64;
        let by_position = self.wrong_by_position.iter().zip(&other.wrong_by_position);
        Self {
            inputs,
            wrong_inputs: self.wrong_inputs + other.wrong_inputs,
            wrong_by_position: by_position.map(|(a, b)| a + b).collect(),
            loss: sum / inputs.max(1) as f64,
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
    let loss: f64 = rows.iter().flatten().map(|one| one.loss).sum();
    let squares =
        |of: &dyn Fn(&[Judged]) -> f64| rows.iter().map(|row| of(row).powi(2)).sum::<f64>();
    Score {
        inputs: rows.len(),
        wrong_inputs: rows
            .iter()
            .filter(|row| row.iter().any(|one| one.wrong))
            .count(),
        wrong_by_position: (0..list_len)
            .map(|i| rows.iter().filter(|row| row[i].wrong).count())
            .collect(),
        loss: loss / (rows.len() * list_len).max(1) as f64,
        squares: [
            squares(&|row| row.iter().filter(|one| one.wrong).count() as f64),
            squares(&|row| row.iter().map(|one| one.loss).sum::<f64>() / list_len as f64),
        ],
    }
}

/// One prediction, judged.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    wrong: bool,
    loss: f64,
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
    let one = |(logits, target): (&Vec<f32>, u32)| Judged {
        // a tie is wrong, and so is what is no number
        wrong: !logits
            .iter()
            .enumerate()
            .all(|(token, &logit)| token as u32 == target || logit < logits[target as usize]),
        loss: -f64::from(log_softmax(logits)[target as usize]),
    };
    Ok(logits
        .iter()
        .zip(prompts)
        .map(|(row, prompt)| row.iter().zip(prompt.update.truth()).map(one).collect())
        .collect())
}

//! How often a model is right, and how sure.

use super::observe::log_softmax;
use crate::model::{HookedTransformer, Hooks, NoHooks, map_chunks};
use crate::task::{ArrayUpdate, Prompt};
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
}

impl Score {
    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let predictions = self.inputs * self.wrong_by_position.len();
        let wrong: usize = self.wrong_by_position.iter().sum();
        1.0 - wrong as f64 / predictions.max(1) as f64
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

//! How often a model is right.

use crate::model::{HookedTransformer, NoHooks};
use crate::task::Prompt;
use anyhow::Result;
use candle_core::D;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Right answers over a set of inputs, teacher-forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Inputs tried.
    pub inputs: usize,
    /// Inputs with at least one wrong prediction.
    pub wrong_inputs: usize,
    /// Wrong predictions of `b_0, b_1, ...`.
    pub wrong_by_position: Vec<usize>,
}

impl Accuracy {
    /// The fraction of inputs whose predictions are all right.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        1.0 - self.wrong_inputs as f64 / self.inputs.max(1) as f64
    }
}

/// Counts right answers over the prompts, on all threads.
///
/// # Errors
/// When the device fails.
pub fn accuracy(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Accuracy> {
    let wrong: Vec<Vec<bool>> = prompts
        .par_chunks(super::CHUNK)
        .map(|chunk| wrong_predictions(model, chunk))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let list_len = model.task().list_len;
    Ok(Accuracy {
        inputs: prompts.len(),
        wrong_inputs: wrong.iter().filter(|row| row.contains(&true)).count(),
        wrong_by_position: (0..list_len)
            .map(|i| wrong.iter().filter(|row| row[i]).count())
            .collect(),
    })
}

/// For each prompt, which of its predictions are wrong.
fn wrong_predictions(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Vec<Vec<bool>>> {
    let task = model.task();
    let rows: Vec<_> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let logits = model.forward(&model.tokens(&rows)?, &mut NoHooks)?;
    let predictions = logits.narrow(1, task.predicts_at(0), task.list_len)?;
    let argmax: Vec<Vec<u32>> = predictions.argmax(D::Minus1)?.to_vec2()?;
    let truths = prompts.iter().map(|prompt| prompt.update.truth());
    Ok(argmax
        .iter()
        .zip(truths)
        .map(|(row, truth)| row.iter().zip(truth).map(|(got, want)| *got != want).collect())
        .collect())
}

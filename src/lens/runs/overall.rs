//! How right a model is over all inputs of its task, or over a sample of them.

use super::score::{Score, score};
use crate::model::HookedTransformer;
use crate::task::{Estimate, Sample, grouped};
use anyhow::{Context, Result};

/// Inputs that are held at once while all are counted.
const BLOCK: usize = 1 << 16;

/// How right a model is: over every input of its task, or over a sample where these are too many.
#[derive(Clone, Debug)]
pub struct Overall {
    /// What was counted.
    pub score: Score,
    /// Whether it was counted over all inputs; else the sample.
    pub sample: Option<Sample>,
}

/// The score over all inputs where there are at most so many, else over the sample.
///
/// # Errors
/// When the task's own function or the device fails.
pub fn overall(model: &HookedTransformer, most: usize, sample: Sample) -> Result<Overall> {
    let task = model.task();
    if task.input_space() > most as u128 {
        return Ok(Overall {
            score: score(model, &sample.prompts(task))?,
            sample: Some(sample),
        });
    }
    let mut all: Option<Score> = None;
    let space = task.input_space();
    for first in (0..space).step_by(BLOCK) {
        let block = first..space.min(first + BLOCK as u128);
        let inputs = task.that_exist(block.map(|i| task.values_at(i)).collect())?;
        let score = score(model, &task.teacher_forced(&inputs)?)?;
        all = Some(match all {
            Some(all) => all.plus(&score),
            None => score,
        });
    }
    Ok(Overall {
        score: all.context("the task has no inputs")?,
        sample: None,
    })
}

impl Overall {
    /// The fraction of inputs that are right; its standard error is 0 where all were counted.
    #[must_use]
    pub fn inputs(&self) -> Estimate {
        self.exact_or(self.score.inputs_estimate())
    }

    /// The fraction of single predictions that are right, likewise.
    #[must_use]
    pub fn predictions(&self) -> Estimate {
        self.exact_or(self.score.accuracy_estimate())
    }

    fn exact_or(&self, estimate: Estimate) -> Estimate {
        match self.sample {
            Some(_) => estimate,
            None => Estimate {
                standard_error: 0.0,
                ..estimate
            },
        }
    }

    /// In words: `inputs right 0.9964, predictions right 0.9988 of all 125,000 inputs (exact)`.
    #[must_use]
    pub fn words(&self) -> String {
        let right = self.score.right();
        let n = grouped(self.score.inputs as u128);
        match self.sample {
            None => format!("{} of all {n} inputs (exact)", right.words()),
            Some(sample) => format!(
                "inputs right {}, predictions right {} (sample {sample}, n = {n})",
                self.inputs().share(4),
                self.predictions().share(4)
            ),
        }
    }
}

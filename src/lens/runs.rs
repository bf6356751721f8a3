//! Many untouched runs, on all threads, their results put together in a fixed order.

use super::array::Array;
use super::observe::RunView;
use crate::model::{CHUNK, HookedTransformer, NoHooks, Recorder, map_chunks};
use crate::task::Prompt;
use anyhow::Result;
use serde::Serialize;

/// Chunks whose results are kept until they are put together.
const BLOCK: usize = 64;

/// What a number was made from: one run, or the mean over so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A single run.
    Single,
    /// The mean over that many runs.
    Mean(usize),
}

impl std::fmt::Display for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Single => f.write_str("single"),
            Self::Mean(n) => write!(f, "mean of {n}"),
        }
    }
}

impl Serialize for Of {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The runs of some prompts, as one batch.
pub(super) fn run_batch(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Vec<RunView>> {
    let task = model.task();
    let rows: Vec<_> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing);
    let logits = model.forward(&model.tokens(&rows)?, &mut recorder)?;
    let cache = recorder.into_cache();
    let runs = prompts.iter().cloned().enumerate();
    runs.map(|(row, prompt)| RunView::of_row(model, prompt, &logits, &cache, row))
        .collect()
}

/// Runs the prompts in chunks, turns each chunk into a part, and merges the parts in the order of
/// the prompts: the same sums whatever the number of threads.
pub(super) fn fold_runs<A: Send>(
    model: &HookedTransformer,
    prompts: &[Prompt],
    part: impl Fn(&[RunView]) -> Result<A> + Sync,
    mut merge: impl FnMut(A),
) -> Result<()> {
    let model = model.for_rows(prompts.len());
    for block in prompts.chunks(CHUNK * BLOCK) {
        let runs = |chunk: &[Prompt]| part(&run_batch(model, chunk)?);
        let parts = map_chunks(model.device(), block, runs)?;
        parts.into_iter().for_each(&mut merge);
    }
    Ok(())
}

/// A sum of arrays of one shape, in f64.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Sum {
    pub fn zeros(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            values: vec![0.0; shape.iter().product()],
        }
    }

    pub fn add(&mut self, index: &[usize], value: f64) {
        let at = index.iter().zip(&self.shape);
        self.values[at.fold(0, |at, (i, len)| at * len + i)] += value;
    }

    pub fn merge(&mut self, other: &Self) {
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum += value;
        }
    }

    /// The mean over `n` summands, as an array.
    pub fn mean(&self, n: usize) -> Array {
        let n = n.max(1) as f64;
        let values = self.values.iter().map(|sum| (sum / n) as f32).collect();
        Array::from_values(self.shape.clone(), values)
    }
}

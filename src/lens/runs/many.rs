//! Many runs, on all threads, their results put together in a fixed order.

use super::derive::Derived;
use super::edit::{Editor, Sources};
use crate::lens::exact::changes::Changes;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::setup::Experiment;
use crate::lens::numbers::array::Array;
use crate::model::{
    ActivationCache, CHUNK, HookName, HookedTransformer, Hooks, NoHooks, Recorder, map_chunks,
};
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

/// The examples of a sample, as they are run.
#[derive(Clone, Copy)]
pub(crate) enum Examples<'a> {
    /// As they are.
    Untouched(&'a [Prompt]),
    /// The clean prompts of these pairs, under the interventions of an experiment.
    Under(&'a Experiment, &'a [Experiment]),
}

impl Examples<'_> {
    pub fn len(self) -> usize {
        match self {
            Self::Untouched(prompts) => prompts.len(),
            Self::Under(_, pairs) => pairs.len(),
        }
    }
}

/// The runs of some prompts under interventions, as one batch.
fn run_batch(
    model: &HookedTransformer,
    prompts: &[Prompt],
    edited: Option<Edited<'_>>,
) -> Result<Vec<RunView>> {
    let task = model.task();
    let rows: Vec<_> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let mut hooks: Box<dyn Hooks> = match edited {
        None => Box::new(NoHooks),
        Some((list, sources)) => Box::new(Editor::new(list, sources)?),
    };
    let mut recorder = Recorder::new(&mut *hooks);
    let logits = model.forward(&model.tokens(&rows)?, &mut recorder)?;
    let cache = recorder.into_cache();
    let runs = prompts.iter().cloned().enumerate();
    runs.map(|(row, prompt)| {
        let mut run = RunView::of_row(model, prompt, &logits, &cache, row)?;
        if let Some((list, sources)) = edited {
            run.changes = Changes::new(list, sources, row)?;
        }
        Ok(run)
    })
    .collect()
}

/// Runs the examples in chunks, turns each chunk into a part, and merges the parts in the order of
/// the examples: the same sums whatever the number of threads.
pub(crate) fn fold_runs<A: Send>(
    model: &HookedTransformer,
    examples: Examples<'_>,
    part: impl Fn(&[RunView]) -> Result<A> + Sync,
    merge: impl FnMut(A),
) -> Result<()> {
    let model = model.for_rows(examples.len());
    match examples {
        Examples::Untouched(prompts) => {
            let runs = |chunk: &[Prompt]| part(&run_batch(model, chunk, None)?);
            fold(model, prompts, runs, merge)
        }
        Examples::Under(experiment, pairs) => {
            let under = Under::new(model, experiment, pairs)?;
            let runs = |chunk: &[Experiment]| {
                let runs = under.edit(chunk, |prompts, edited| run_batch(model, prompts, edited));
                part(&runs?)
            };
            fold(model, pairs, runs, merge)
        }
    }
}

fn fold<T: Sync, A: Send>(
    model: &HookedTransformer,
    examples: &[T],
    part: impl Fn(&[T]) -> Result<A> + Sync,
    mut merge: impl FnMut(A),
) -> Result<()> {
    for block in examples.chunks(CHUNK * BLOCK) {
        let parts = map_chunks(model, block, &part)?;
        parts.into_iter().for_each(&mut merge);
    }
    Ok(())
}

/// Interventions, and what they take activations from.
pub(crate) type Edited<'a> = (&'a [Intervention], Sources<'a>);

/// Batches of clean prompts under an experiment's interventions, each with what is derived for it.
pub(crate) struct Under<'a> {
    model: &'a HookedTransformer,
    experiment: &'a Experiment,
    /// What does not depend on the prompt is derived once.
    shared: Derived,
}

impl<'a> Under<'a> {
    /// # Errors
    /// When an intervention finds no activation to take.
    pub fn new(
        model: &'a HookedTransformer,
        experiment: &'a Experiment,
        pairs: &[Experiment],
    ) -> Result<Self> {
        let first = pairs.first().unwrap_or(experiment);
        Ok(Self {
            shared: Derived::new(model, experiment, &first.clean.prompt())?,
            model,
            experiment,
        })
    }

    /// Hands on the clean prompts of a batch of pairs with what is done to them, if anything.
    ///
    /// # Errors
    /// When an intervention finds no activation to take, or the device fails.
    pub fn edit<T>(
        &self,
        pairs: &[Experiment],
        work: impl FnOnce(&[Prompt], Option<Edited<'_>>) -> Result<T>,
    ) -> Result<T> {
        let (model, list) = (self.model, &self.experiment.interventions);
        let prompts = pairs.iter();
        let prompts = prompts.map(|one| (one.clean.prompt(), one.corrupted.prompt()));
        let (clean, corrupted): (Vec<Prompt>, Vec<Prompt>) = prompts.unzip();
        if list.is_empty() {
            return work(&clean, None);
        }
        let wanted: Vec<HookName> = list.iter().flat_map(Intervention::hooks).collect();
        let sources = Sources {
            clean: &record(model, &clean, &wanted)?,
            corrupted: &record(model, &corrupted, &wanted)?,
            derived: &self.shared.for_each(model, self.experiment, &clean)?,
        };
        work(&clean, Some((list, sources)))
    }
}

/// What untouched runs held, as one batch.
fn record(
    model: &HookedTransformer,
    prompts: &[Prompt],
    wanted: &[HookName],
) -> Result<ActivationCache> {
    let rows: Vec<_> = prompts.iter().map(|p| model.task().tokens(p)).collect();
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).wanting(wanted.iter().copied());
    model.forward(&model.tokens(&rows)?, &mut recorder)?;
    Ok(recorder.into_cache())
}

/// A sum of arrays of one shape, in f64.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
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

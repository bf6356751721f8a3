//! The three runs of an experiment, with their activations.

use super::derive::Derived;
use super::edit::{Editor, Sources};
use super::one::{resolve, run_prompt};
use crate::lens::exact::changes::Changes;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::metric::{Measure, MetricValues};
use crate::lens::experiment::setup::{Experiment, Source};
use crate::lens::names::run::RunName;
use crate::model::{ActivationCache, HookName, HookedTransformer, NoHooks};
use crate::task::Task;
use anyhow::Result;

/// A run and its activations.
pub(crate) type Recorded = (RunView, ActivationCache);

/// The three runs of an experiment.
pub(crate) struct PairRuns {
    pub clean: Recorded,
    pub corrupted: Recorded,
    pub patched: Recorded,
    derived: Derived,
    /// For each intervention, whether it changed any number.
    pub changed: Vec<bool>,
}

impl PairRuns {
    /// `more` are hook points to record that a pass computes on demand only; `None` once
    /// cancelled.
    pub fn new(
        model: &HookedTransformer,
        experiment: &Experiment,
        more: &[HookName],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        let hooks = experiment.interventions.iter();
        let wanted = hooks.flat_map(Intervention::hooks);
        let wanted: Vec<HookName> = wanted.chain(more.iter().copied()).collect();
        let run = |source: &Source| {
            let prompt = resolve(model, source)?;
            run_prompt(model, prompt, &mut NoHooks, &wanted)
        };
        let (clean, corrupted) = (run(&experiment.clean)?, run(&experiment.corrupted)?);
        if cancelled() {
            return Ok(None);
        }
        let base = match experiment.direction.base() {
            RunName::Clean => clean.clone(),
            _ => corrupted.clone(),
        };
        let mut runs = Self {
            derived: Derived::new(model, experiment, &base.0.prompt)?,
            changed: Vec::new(),
            patched: base,
            clean,
            corrupted,
        };
        if !experiment.interventions.is_empty() {
            let editor = Editor::new(&experiment.interventions, runs.sources())?;
            let mut editor = editor.noticing();
            let prompt = runs.patched.0.prompt.clone();
            runs.patched = run_prompt(model, prompt, &mut editor, &wanted)?;
            let changes = Changes::new(&experiment.interventions, runs.sources(), 0)?;
            runs.patched.0.changes = changes;
            runs.changed = editor.changed();
        }
        Ok(Some(runs))
    }

    /// One of the runs.
    pub fn get(&self, name: RunName) -> &RunView {
        match name {
            RunName::Clean => &self.clean.0,
            RunName::Corrupted => &self.corrupted.0,
            RunName::Patched => &self.patched.0,
        }
    }

    /// A measure in the three runs; `None` when the pair suggests no metric and none was chosen.
    pub fn values(
        &self,
        task: Task,
        experiment: &Experiment,
        measure: Measure,
    ) -> Option<MetricValues> {
        let metric = experiment.metric_in_force(task)?;
        let at = |name| self.get(name).logits.slice(&[metric.position]);
        let source = at(experiment.direction.source());
        let value = |name| metric.value(measure, at(name), source);
        Some(MetricValues {
            metric,
            measure,
            clean: value(RunName::Clean),
            corrupted: value(RunName::Corrupted),
            patched: value(RunName::Patched),
        })
    }

    /// The metric in the three runs, by the experiment's measure.
    pub fn metric(&self, task: Task, experiment: &Experiment) -> Option<MetricValues> {
        self.values(task, experiment, experiment.measure)
    }

    pub fn sources(&self) -> Sources<'_> {
        Sources {
            clean: &self.clean.1,
            corrupted: &self.corrupted.1,
            derived: &self.derived,
        }
    }
}

//! One observation: the three runs of a pair, the metric, and all patching grids.

use super::base::Base;
use super::one::{resolve, run_prompt};
use super::pair::PairRuns;
use super::undefined::undefined;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::grid::{Cell, Grid, GridName};
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::metric::{MetricValues, Reading};
use crate::lens::experiment::setup::{Experiment, Source};
use crate::lens::names::run::RunName;
use crate::model::{ActivationCache, HookName, HookedTransformer, NoHooks, Site};
use anyhow::{Context, Result};

/// Everything that an experiment shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What was asked.
    pub experiment: Experiment,
    /// The clean run, untouched.
    pub clean: RunView,
    /// The corrupted run, untouched.
    pub corrupted: RunView,
    /// The base run under the interventions.
    pub patched: RunView,
    /// The metric in the three runs; `None` when the pair suggests none and none was chosen.
    pub metric: Option<MetricValues>,
    /// Where the patched run stops being defined, in words.
    pub undefined: Option<String>,
    /// For each intervention, whether it changed any number.
    pub changed: Vec<bool>,
    /// All grids of [`GridName::all`] but those that are [too large](GridName::too_large); empty without a
    /// metric.
    pub grids: Vec<Grid>,
}

impl Observation {
    /// One of the runs.
    #[must_use]
    pub fn run(&self, name: RunName) -> &RunView {
        match name {
            RunName::Clean => &self.clean,
            RunName::Corrupted => &self.corrupted,
            RunName::Patched => &self.patched,
        }
    }

    /// The run that is patched, as it is without interventions.
    #[must_use]
    pub fn base(&self) -> &RunView {
        self.run(self.experiment.direction.base())
    }

    /// Whether an intervention of the run changed no number of it.
    #[must_use]
    pub fn is_idle(&self, intervention: &Intervention) -> bool {
        let active = &self.experiment.interventions;
        let at = active.iter().position(|one| one == intervention);
        at.is_some_and(|at| self.changed.get(at) == Some(&false))
    }

    /// One of the grids.
    #[must_use]
    pub fn grid(&self, name: GridName) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.name == name)
    }

    /// A grid's number, told that way; `None` where there is none.
    #[must_use]
    pub fn told(&self, reading: Reading, grid: GridName, cell: Cell) -> Option<f32> {
        let share = self.grid(grid)?.values.get(&grid.index(cell))?;
        Some(self.metric.as_ref()?.read(reading, share))
    }
}

/// Observes an experiment. `cancelled` is asked between steps; when it says yes, nothing comes
/// back.
///
/// # Errors
/// When an intervention names an activation the runs do not hold, or the device fails.
pub fn observe(
    model: &HookedTransformer,
    experiment: &Experiment,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Observation>> {
    let Some(runs) = PairRuns::new(model, experiment, &[], cancelled)? else {
        return Ok(None);
    };
    let metric = runs.metric(model.task(), experiment);
    let grids = match &metric {
        None => Vec::new(),
        Some(metric) => {
            let base = Base::new(model, experiment, &runs, metric)?;
            let (config, len) = (model.config(), model.task().seq_len());
            let mut names = GridName::all(config);
            names.retain(|name| name.too_large(config, len).is_none());
            let Some(grids) = base.grids(&names, cancelled)? else {
                return Ok(None);
            };
            grids
        }
    };
    Ok(Some(Observation {
        experiment: experiment.clone(),
        undefined: undefined(model.task(), &runs.patched.0),
        changed: runs.changed,
        clean: runs.clean.0,
        corrupted: runs.corrupted.0,
        patched: runs.patched.0,
        metric,
        grids,
    }))
}

/// Some of an experiment's patching grids, without anything else of it.
///
/// # Errors
/// As [`observe`]; when there is no metric.
pub fn patching_grids(
    model: &HookedTransformer,
    experiment: &Experiment,
    names: &[GridName],
) -> Result<Vec<Grid>> {
    let runs = PairRuns::new(model, experiment, &[], &|| false)?.context("the run broke off")?;
    let metric = runs.metric(model.task(), experiment);
    let metric = metric.context("clean and corrupted suggest no metric; name one")?;
    let base = Base::new(model, experiment, &runs, &metric)?;
    let grids = base.grids(names, &|| false)?;
    grids.context("the grids broke off")
}

/// One of an experiment's runs, without grids.
///
/// # Errors
/// As [`observe`].
pub fn observe_one(
    model: &HookedTransformer,
    experiment: &Experiment,
    name: RunName,
) -> Result<RunView> {
    match name {
        RunName::Clean => observe_run(model, &experiment.clean),
        RunName::Corrupted => observe_run(model, &experiment.corrupted),
        RunName::Patched => Ok(PairRuns::new(model, experiment, &[], &|| false)?
            .context("the run broke off")?
            .patched
            .0),
    }
}

/// One untouched run.
///
/// # Errors
/// When the device fails.
pub fn observe_run(model: &HookedTransformer, source: &Source) -> Result<RunView> {
    let prompt = resolve(model, source)?;
    Ok(run_prompt(model, prompt, &mut NoHooks, &[])?.0)
}

/// One untouched run with every activation, `hook_result` included.
///
/// # Errors
/// When the device fails.
pub fn observe_cache(
    model: &HookedTransformer,
    source: &Source,
) -> Result<(RunView, ActivationCache)> {
    let results = (0..model.config().n_layers).map(|layer| HookName::Block(layer, Site::Result));
    observe_hooks(model, source, &results.collect::<Vec<_>>())
}

/// One untouched run with its activations, those at `wanted` included where a pass computes them
/// on demand only.
///
/// # Errors
/// When the device fails.
pub fn observe_hooks(
    model: &HookedTransformer,
    source: &Source,
    wanted: &[HookName],
) -> Result<(RunView, ActivationCache)> {
    run_prompt(model, resolve(model, source)?, &mut NoHooks, wanted)
}

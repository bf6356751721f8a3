//! One observation: the three runs of a pair, the metric, and all patching grids.

use super::gridding::{begin, begin_with};
use super::one::{resolve, run_prompt};
use super::pair::PairRuns;
use super::seen::Observation;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::grid::{Grid, GridName};
use crate::lens::experiment::setup::{Experiment, Source};
use crate::lens::names::run::RunName;
use crate::model::{ActivationCache, HookName, HookedTransformer, NoHooks, Site};
use anyhow::{Context, Result};

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
    let Some((mut seen, mut gridding)) = begin(model, experiment, cancelled)? else {
        return Ok(None);
    };
    Ok(gridding
        .rest(model, None, &mut seen, cancelled)?
        .then_some(seen))
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
    let begun = begin_with(model, experiment, (names, names), &|| false)?;
    let (mut seen, mut gridding) = begun.context("the run broke off")?;
    seen.metric
        .context("clean and corrupted suggest no metric; name one")?;
    gridding.rest(model, None, &mut seen, &|| false)?;
    Ok(seen.grids)
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

//! An observation whose grids come block by block: what is looked at first, and first of all the runs.

use super::base::Base;
use super::pair::PairRuns;
use super::seen::Observation;
use super::undefined::undefined;
use crate::lens::experiment::blocks::{Block, Blocks, Filled, Gridded, InView};
use crate::lens::experiment::grid::GridName;
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::metric::MetricValues;
use crate::lens::experiment::setup::Experiment;
use crate::model::HookedTransformer;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// So many multiplications are one step: some tens of milliseconds of a core. Grids that take no more come with
/// the runs.
const STEP: usize = 1 << 30;

/// The grids of an observation that are still to be computed.
pub struct Gridding {
    runs: PairRuns,
    experiment: Experiment,
    /// Without it there are no grids.
    metric: Option<MetricValues>,
    shapes: BTreeMap<GridName, Vec<usize>>,
    /// Those that come by themselves.
    todo: Vec<Block>,
    done: BTreeSet<Block>,
}

/// The runs of an experiment, without grids; `None` once cancelled.
///
/// # Errors
/// As [`observe`](super::observe::observe).
pub fn begin(
    model: &HookedTransformer,
    experiment: &Experiment,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(Observation, Gridding)>> {
    let (config, len) = (model.config(), model.task().seq_len());
    let all = GridName::all(config);
    let mut whole = all.clone();
    whole.retain(|name| name.too_large(config, len).is_none());
    begin_with(model, experiment, (&all, &whole), cancelled)
}

/// The same with the grids of which there may be blocks, and those of them that come by themselves.
pub(super) fn begin_with(
    model: &HookedTransformer,
    experiment: &Experiment,
    (names, whole): (&[GridName], &[GridName]),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(Observation, Gridding)>> {
    let Some(runs) = PairRuns::new(model, experiment, &[], cancelled)? else {
        return Ok(None);
    };
    let metric = runs.metric(model.task(), experiment);
    let (config, len) = (model.config(), model.task().seq_len());
    let mut gridding = Gridding {
        experiment: experiment.clone(),
        shapes: BTreeMap::new(),
        todo: Vec::new(),
        done: BTreeSet::new(),
        metric,
        runs,
    };
    if metric.is_some() {
        let shaped = names.iter().map(|&name| (name, name.shape(config, len)));
        gridding.shapes = shaped.collect();
        let whole = whole.iter();
        gridding.todo = whole
            .flat_map(|name| Block::all(*name, &gridding.shapes[name]))
            .collect();
    }
    let runs = &gridding.runs;
    let seen = Observation {
        experiment: experiment.clone(),
        undefined: undefined(model.task(), &runs.patched.0),
        changed: runs.changed.clone(),
        clean: runs.clean.0.clone(),
        corrupted: runs.corrupted.0.clone(),
        patched: runs.patched.0.clone(),
        metric,
        grids: Vec::new(),
        blocks: Blocks::new(gridding.shapes.clone(), gridding.todo.len()),
    };
    Ok(Some((seen, gridding)))
}

impl Gridding {
    /// Whether all that comes by itself is one step.
    #[must_use]
    pub fn is_short(&self, model: &HookedTransformer) -> bool {
        let work = self.todo.iter().map(|&block| self.work(model, block));
        work.fold(0, usize::saturating_add) <= STEP
    }

    /// Whether nothing comes by itself any more, nor because it is looked at.
    #[must_use]
    pub fn is_done(&self, view: Option<InView>) -> bool {
        self.todo.is_empty() && self.looked_at(view).next().is_none()
    }

    /// The multiplications of a block, about.
    fn work(&self, model: &HookedTransformer, block: Block) -> usize {
        let run = model.config().run_work(model.task().seq_len());
        run.saturating_mul(block.len(&self.shapes[&block.grid]))
    }

    /// The blocks of what is looked at that are still to come.
    fn looked_at(&self, view: Option<InView>) -> impl Iterator<Item = Block> {
        let all = view.into_iter().flat_map(|view| {
            let shapes = self.shapes.iter();
            shapes.map(move |(&grid, shape)| Block::in_view(grid, shape, view))
        });
        all.filter(|block| !self.done.contains(block))
    }

    /// The next blocks: those that are looked at, then those that come by themselves. `None` once cancelled.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        model: &HookedTransformer,
        view: Option<InView>,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Gridded>> {
        let mut next: Vec<Block> = Vec::new();
        let mut work = 0usize;
        let wanted = self.looked_at(view).collect::<Vec<_>>();
        for block in wanted.into_iter().chain(self.todo.iter().copied()) {
            work = work.saturating_add(self.work(model, block));
            if !next.is_empty() && work > STEP {
                break;
            }
            if !next.contains(&block) {
                next.push(block);
            }
        }
        let Some(blocks) = self.values(model, &next, cancelled)? else {
            return Ok(None);
        };
        self.done.extend(next);
        self.todo.retain(|block| !self.done.contains(block));
        Ok(Some(Gridded {
            blocks,
            left: self.todo.len(),
        }))
    }

    /// Everything that comes by itself, into its observation. Whether it was not cancelled.
    ///
    /// # Errors
    /// When the device fails.
    pub fn rest(
        &mut self,
        model: &HookedTransformer,
        view: Option<InView>,
        seen: &mut Observation,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool> {
        while !self.is_done(view) {
            match self.step(model, view, cancelled)? {
                Some(more) => seen.take(more),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn values(
        &self,
        model: &HookedTransformer,
        blocks: &[Block],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Filled>>> {
        let Some(metric) = self.metric.as_ref().filter(|_| !blocks.is_empty()) else {
            return Ok(Some(Vec::new()));
        };
        let base = Base::new(model, &self.experiment, &self.runs, metric)?;
        let of = |block: &Block| {
            let cells = block.cells(&self.shapes[&block.grid]).into_iter();
            let one = |cell| block.grid.intervention(cell, base.from, model.config());
            cells.map(one).collect::<Vec<Intervention>>()
        };
        let patches: Vec<Intervention> = blocks.iter().flat_map(of).collect();
        let Some(shares) = base.shares_unless(&patches, cancelled)? else {
            return Ok(None);
        };
        let mut shares = shares.into_iter();
        let parts = blocks.iter().map(|&block| {
            let len = block.len(&self.shapes[&block.grid]);
            (block, shares.by_ref().take(len).collect())
        });
        Ok(Some(parts.collect()))
    }
}

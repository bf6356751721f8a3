//! What is seen of an experiment.

use crate::lens::exact::view::RunView;
use crate::lens::experiment::blocks::{Blocks, Gridded};
use crate::lens::experiment::grid::{Cell, Grid, GridName};
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::metric::{MetricValues, Reading};
use crate::lens::experiment::setup::Experiment;
use crate::lens::names::run::RunName;

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
    /// All grids of [`GridName::all`] but those that are [too large](GridName::too_large), as far as they are
    /// whole; empty without a metric.
    pub grids: Vec<Grid>,
    /// What there is of the others.
    pub blocks: Blocks,
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

    /// A grid's number, told that way; `None` where there is none yet.
    #[must_use]
    pub fn told(&self, reading: Reading, grid: GridName, cell: Cell) -> Option<f32> {
        let share = match self.grid(grid) {
            Some(whole) => whole.values.get(&grid.index(cell)),
            None => self.blocks.get(grid, cell),
        };
        Some(self.metric.as_ref()?.read(reading, share?))
    }

    /// Takes blocks of its grids.
    pub fn take(&mut self, more: Gridded) {
        for (block, values) in more.blocks {
            if let Some(grid) = self.blocks.take(block, values) {
                let at = self.grids.partition_point(|one| one.name < grid.name);
                self.grids.insert(at, grid);
            }
        }
        self.blocks.left = more.left;
    }

    /// Whether numbers of grids are still to come by themselves.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.blocks.left == 0
    }
}

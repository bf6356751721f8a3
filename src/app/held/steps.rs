//! A model at several steps: which one is looked at, and which one is wanted.

use crate::model::Series;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The steps of the model that is looked at.
#[derive(Clone, Debug)]
pub struct Steps {
    /// All of them.
    pub series: Arc<Series>,
    /// Which one is looked at.
    pub at: usize,
    /// Which one is wanted in its place, until it is there.
    pub wanted: Option<usize>,
    /// Those that cannot be opened, and why not.
    pub broken: BTreeMap<usize, String>,
}

impl Steps {
    /// The steps of a series, of which one is looked at.
    #[must_use]
    pub fn new(series: Series, at: usize) -> Self {
        Self {
            series: Arc::new(series),
            at,
            wanted: None,
            broken: BTreeMap::new(),
        }
    }

    /// The number of a step.
    #[must_use]
    pub fn number(&self, at: usize) -> u64 {
        self.series.steps.get(at).map_or(0, |(step, _)| *step)
    }

    /// The path that opens a step.
    #[must_use]
    pub fn path(&self, at: usize) -> String {
        let path = self.series.steps.get(at).map(|(_, path)| path);
        path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    }

    /// Which step the keys are at: the one that is wanted, else the one that is looked at.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.wanted.unwrap_or(self.at)
    }

    /// The next step in a direction that can be opened, as far as is known.
    #[must_use]
    pub fn beyond(&self, back: bool) -> Option<usize> {
        let from = self.ahead();
        let opens = |at: &usize| !self.broken.contains_key(at);
        match back {
            true => (0..from).rev().find(opens),
            false => (from + 1..self.series.steps.len()).find(opens),
        }
    }
}

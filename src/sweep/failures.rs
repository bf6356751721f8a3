//! Wrong predictions in groups: by index, by which prediction it is, by what is said instead.

use super::case::{Case, Instead, Worst, worse};
use crate::task::ArrayUpdate;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Inputs kept of each index, prediction and kind of failure.
const KEPT: usize = 50;

/// Every way to be wrong.
const WAYS: [Instead; 5] = [
    Instead::OldValue,
    Instead::OtherValue,
    Instead::Element,
    Instead::Elsewhere,
    Instead::Undefined,
];

/// How wrong predictions are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the prompt's index.
    Idx,
    /// By the prediction that is wrong.
    Position,
    /// By what is said instead.
    Instead,
}

/// What the wrong predictions of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Common {
    /// The prompt's index.
    Idx(usize),
    /// Which prediction it is.
    Position(usize),
    /// What is said.
    Instead(Instead),
}

impl Common {
    /// Its name on screen.
    #[must_use]
    pub fn words(self, task: ArrayUpdate) -> String {
        match self {
            Self::Idx(idx) => format!("idx {idx}"),
            Self::Position(j) => task.prediction(j),
            Self::Instead(what) => what.name().to_owned(),
        }
    }
}

/// A group of wrong predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<'a> {
    /// What they have in common.
    pub common: Common,
    /// How many there are.
    pub count: u64,
    /// The worst inputs among them, by the margin of the prediction; each input once.
    pub cases: Vec<&'a Case>,
}

/// How many predictions are wrong in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The prompt's index.
    pub idx: usize,
    /// Which prediction it is.
    pub position: usize,
    /// What is said.
    pub instead: Instead,
    /// How many.
    pub count: u64,
}

/// Wrong predictions, counted by all three, with the worst of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Failures {
    predictions: usize,
    /// `[idx][position][way]`
    cells: Vec<(u64, Worst)>,
}

impl Failures {
    pub(super) fn new(predictions: usize) -> Self {
        let cell = |i: usize| (0, Worst::new(Some(i / WAYS.len() % predictions), KEPT));
        Self {
            predictions,
            cells: (0..predictions * predictions * WAYS.len())
                .map(cell)
                .collect(),
        }
    }

    /// One for inputs that come later.
    pub(super) fn empty(&self) -> Self {
        Self {
            predictions: self.predictions,
            cells: self
                .cells
                .iter()
                .map(|(_, worst)| (0, worst.empty()))
                .collect(),
        }
    }

    /// Counts a wrong prediction; the case is made only where it is kept.
    pub(super) fn see(
        &mut self,
        (idx, position, instead): (usize, usize, Instead),
        margin: f64,
        case: impl FnOnce() -> Case,
    ) {
        // a tie says the right answer, or nothing says anything: it is wrong all the same
        let way = WAYS.iter().position(|&way| way == instead);
        let way = way.unwrap_or(WAYS.len() - 1);
        let (count, worst) =
            &mut self.cells[(idx * self.predictions + position) * WAYS.len() + way];
        *count += 1;
        if worst.is_among(margin) {
            worst.keep(case());
        }
    }

    pub(super) fn join(&mut self, later: Self) {
        for ((count, worst), (more, others)) in self.cells.iter_mut().zip(later.cells) {
            *count += more;
            worst.join(others);
        }
    }

    /// Every way, with the worst of it.
    fn cells(&self) -> impl Iterator<Item = (Way, &Worst)> {
        self.cells.iter().enumerate().map(|(i, (count, worst))| {
            let row = i / WAYS.len();
            let way = Way {
                idx: row / self.predictions,
                position: row % self.predictions,
                instead: WAYS[i % WAYS.len()],
                count: *count,
            };
            (way, worst)
        })
    }

    /// The ways in which at least one prediction is wrong.
    pub fn ways(&self) -> impl Iterator<Item = Way> {
        self.cells().map(|(way, _)| way).filter(|way| way.count > 0)
    }

    /// Wrong predictions, `[idx][position]`.
    #[must_use]
    pub fn by_idx_and_position(&self) -> Vec<Vec<u64>> {
        let mut wrong = vec![vec![0; self.predictions]; self.predictions];
        for way in self.ways() {
            wrong[way.idx][way.position] += way.count;
        }
        wrong
    }

    /// The groups that have any, the largest first.
    #[must_use]
    pub fn groups(&self, by: By) -> Vec<Group<'_>> {
        let mut groups = BTreeMap::<Common, (u64, Vec<(&Case, usize)>)>::new();
        for (way, worst) in self.cells().filter(|(way, _)| way.count > 0) {
            let common = match by {
                By::Idx => Common::Idx(way.idx),
                By::Position => Common::Position(way.position),
                By::Instead => Common::Instead(way.instead),
            };
            let (count, cases) = groups.entry(common).or_default();
            *count += way.count;
            cases.extend(worst.cases.iter().map(|case| (case, way.position)));
        }
        let groups = groups.into_iter().map(|(common, (count, mut cases))| {
            cases.sort_by(|&(a, i), &(b, j)| worse((a, Some(i)), (b, Some(j))));
            cases.truncate(KEPT);
            let mut seen = HashSet::new();
            let cases = cases.into_iter().map(|(case, _)| case);
            Group {
                common,
                count,
                cases: cases.filter(|case| seen.insert(&case.update)).collect(),
            }
        });
        let mut groups: Vec<Group<'_>> = groups.collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

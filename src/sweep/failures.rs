//! Wrong predictions in groups: by index, by which prediction it is, by what is said instead.

use super::case::{Case, Instead, Worst, worse};
use crate::task::Task;
use std::collections::{BTreeMap, HashSet};

/// Inputs kept of each index, prediction and kind of failure.
const KEPT: usize = 50;

/// How wrong predictions are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the value of the field that chooses: the last but one, the index.
    Field,
    /// By the prediction that is wrong.
    Position,
    /// By what is said instead.
    Instead,
}

/// What the wrong predictions of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Common {
    /// The value of that field, by its place among all.
    Field(usize),
    /// Which prediction it is.
    Position(usize),
    /// What is said.
    Instead(Instead),
}

impl Common {
    /// Its name on screen.
    #[must_use]
    pub fn words(self, task: Task) -> String {
        match self {
            Self::Field(place) => match task.axes() {
                Some([field, _]) => format!("{field} {}", task.token_name(field.values()[place])),
                None => String::new(),
            },
            Self::Position(j) => task.prediction(j),
            Self::Instead(what) => what.name(task),
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

/// A way to be wrong, and how often it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The place, among its values, of what the field that chooses holds.
    pub chosen: usize,
    /// Which prediction it is.
    pub position: usize,
    /// What is said.
    pub instead: Instead,
    /// How many predictions.
    pub count: u64,
}

/// All wrong predictions, counted, and the worst inputs of each way.
#[derive(Clone, Debug, PartialEq)]
pub struct Failures {
    predictions: usize,
    chosen: usize,
    cells: BTreeMap<(usize, usize, Instead), (u64, Worst)>,
}

impl Failures {
    pub(super) fn new(task: Task) -> Self {
        Self {
            predictions: task.answers.len(),
            chosen: task.axes().map_or(0, |[field, _]| field.size()),
            cells: BTreeMap::new(),
        }
    }

    /// The same, with nothing counted. The bound of what is worth keeping stays.
    pub(super) fn empty(&self) -> Self {
        let cells = self.cells.iter();
        Self {
            cells: cells
                .map(|(way, (_, worst))| (*way, (0, worst.empty())))
                .collect(),
            ..*self
        }
    }

    pub(super) fn see(
        &mut self,
        way: (usize, usize, Instead),
        margin: f64,
        case: impl FnOnce() -> Case,
    ) {
        let new = || (0, Worst::new(Some(way.1), KEPT));
        let (count, worst) = self.cells.entry(way).or_insert_with(new);
        *count += 1;
        if worst.is_among(margin) {
            worst.keep(case());
        }
    }

    pub(super) fn join(&mut self, later: Self) {
        for (way, (more, others)) in later.cells {
            let new = || (0, Worst::new(Some(way.1), KEPT));
            let (count, worst) = self.cells.entry(way).or_insert_with(new);
            *count += more;
            worst.join(others);
        }
    }

    fn cells(&self) -> impl Iterator<Item = (Way, &Worst)> {
        let cells = self.cells.iter();
        cells.map(|(&(chosen, position, instead), (count, worst))| {
            let way = Way {
                chosen,
                position,
                instead,
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
    pub fn by_field_and_position(&self) -> Vec<Vec<u64>> {
        let mut wrong = vec![vec![0; self.predictions]; self.chosen];
        for way in self.ways() {
            wrong[way.chosen][way.position] += way.count;
        }
        wrong
    }

    /// The groups that have any, the largest first.
    #[must_use]
    pub fn groups(&self, by: By) -> Vec<Group<'_>> {
        let mut groups = BTreeMap::<Common, (u64, Vec<(&Case, usize)>)>::new();
        for (way, worst) in self.cells().filter(|(way, _)| way.count > 0) {
            let common = match by {
                By::Field => Common::Field(way.chosen),
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
                cases: cases.filter(|case| seen.insert(case.number)).collect(),
            }
        });
        let mut groups: Vec<Group<'_>> = groups.collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

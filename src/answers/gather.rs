//! Answers that many pairs give together, gathered a few pairs at a time.

use super::moments::Moments;
use super::plan::{Plan, Sheet};
use super::table::{Layer, STANDARD_ERROR, Table};
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::metric::{Measure, Reading};
use crate::lens::experiment::setup::Experiment;
use crate::lens::numbers::array::Array;
use crate::lens::runs::base::Base;
use crate::lens::runs::pair::PairRuns;
use crate::model::{HookName, HookedTransformer};
use crate::task::Task;
use anyhow::{Context, Result};

/// Pairs between two looks at whether something newer was asked.
const STEP: usize = 2;
/// An estimate farther off than this, in shares of clean - corrupted, is flagged.
const FAR_OFF: f32 = 0.1;

/// What is put beside the exact values of a grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// Nothing.
    #[default]
    Exact,
    /// The gradient's estimate and how far it is off.
    Attribution,
    /// The same patches the other way round.
    Both,
}

impl Compare {
    /// All of them, with their words.
    pub const ALL: [(&str, Self); 3] = [
        ("exact", Self::Exact),
        ("attribution", Self::Attribution),
        ("both", Self::Both),
    ];

    /// Its word in a question.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, one)| *one == self);
        found.map_or("", |(name, _)| name)
    }
}

/// What is asked of each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A grid's cells.
    Grid(Sheet, Compare, Reading),
    /// Every measure, in the three runs and normalised.
    Metrics,
}

impl Asked {
    fn layers(self, experiment: &Experiment) -> Vec<&'static str> {
        match self {
            Self::Grid(_, Compare::Exact, _) => vec!["exact"],
            Self::Grid(_, Compare::Attribution, _) => vec!["exact", "attribution", "|error|"],
            Self::Grid(_, Compare::Both, _) => {
                let direction = experiment.direction;
                vec![direction.name(), direction.flipped().name()]
            }
            Self::Metrics => vec!["value"],
        }
    }

    fn plan(self, model: &HookedTransformer, experiment: &Experiment) -> Plan {
        match self {
            Self::Grid(sheet, ..) => {
                Plan::new(sheet, model.config(), model.task(), experiment.direction)
            }
            Self::Metrics => {
                let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
                Plan {
                    rows: Measure::ALL.map(|one| one.name().to_owned()).to_vec(),
                    cols: names(&["clean", "corrupted", "patched", "normalised"]),
                    cells: vec![None; Measure::ALL.len() * 4],
                }
            }
        }
    }

    /// The layers' values for one pair; `None` when it has no metric.
    fn values(
        self,
        model: &HookedTransformer,
        experiment: &Experiment,
    ) -> Result<Option<Vec<Vec<f32>>>> {
        match self {
            Self::Metrics => metrics(model, experiment),
            Self::Grid(sheet, compare, reading) => {
                let plan = Plan::new(sheet, model.config(), model.task(), experiment.direction);
                let model = model.for_rows(plan.cells.len());
                let estimated = compare == Compare::Attribution;
                let Some(mut layers) = grid(model, experiment, &plan, (reading, estimated))? else {
                    return Ok(None);
                };
                if compare == Compare::Both {
                    let mut other = experiment.clone();
                    other.direction = experiment.direction.flipped();
                    let plan = Plan::new(sheet, model.config(), model.task(), other.direction);
                    layers
                        .extend(grid(model, &other, &plan, (reading, false))?.unwrap_or_default());
                }
                Ok(Some(layers))
            }
        }
    }
}

fn metrics(model: &HookedTransformer, experiment: &Experiment) -> Result<Option<Vec<Vec<f32>>>> {
    let runs = PairRuns::new(model, experiment, &[], &|| false)?.context("the run broke off")?;
    let mut values = Vec::new();
    for measure in Measure::ALL {
        let Some(one) = runs.values(model.task(), experiment, measure) else {
            return Ok(None);
        };
        let share = one.normalised(one.patched).unwrap_or(f32::NAN);
        values.extend([one.clean, one.corrupted, one.patched, share]);
    }
    Ok(Some(vec![values]))
}

/// The runs of a pair, by which each measure is told.
const RUNS: usize = 3;

/// Means that stand beside each other are of the same pairs: one that is not defined in one of its runs is in none of
/// them.
fn of_the_same_pairs(values: &mut [f32]) {
    for row in values.chunks_mut(RUNS + 1) {
        if row.iter().take(RUNS).any(|value| value.is_nan()) {
            row.fill(f32::NAN);
        }
    }
}

/// The exact values of a plan's cells, and where wanted the estimated ones and the errors: these
/// always in shares, so that one limit holds for all pairs.
fn grid(
    model: &HookedTransformer,
    experiment: &Experiment,
    plan: &Plan,
    (reading, estimated): (Reading, bool),
) -> Result<Option<Vec<Vec<f32>>>> {
    let cells: Vec<Intervention> = plan.cells.iter().flatten().cloned().collect();
    let hooks: Vec<HookName> = cells.iter().flat_map(Intervention::hooks).collect();
    let runs = PairRuns::new(model, experiment, &hooks, &|| false)?.context("the run broke off")?;
    let metric = runs.metric(model.task(), experiment);
    // a pair whose two ends agree has no scale
    let Some(metric) = metric.filter(|metric| metric.normalised(metric.clean).is_some()) else {
        return Ok(None);
    };
    let base = Base::new(model, experiment, &runs, &metric)?;
    let exact = base.shares(&cells)?;
    let told = |shares: &[f32]| -> Vec<f32> {
        let shares = shares.iter();
        shares.map(|&share| metric.read(reading, share)).collect()
    };
    let mut layers = vec![told(&exact)];
    if estimated {
        let estimates = base.estimates(&runs.patched.0.tokens, &cells)?;
        let pairs = estimates.iter().zip(&exact);
        let errors = pairs.map(|(estimate, exact)| (estimate - exact).abs());
        let errors = errors.collect();
        layers.extend([told(&estimates), errors]);
    }
    let spread = |values: Vec<f32>| {
        let mut values = values.into_iter();
        let value = |cell: &Option<Intervention>| match cell {
            Some(_) => values.next().unwrap_or(f32::NAN),
            None => f32::NAN,
        };
        plan.cells.iter().map(value).collect()
    };
    Ok(Some(layers.into_iter().map(spread).collect()))
}

/// What of the moments is told.
type Spread = fn(&Moments) -> f64;

/// An answer over pairs, in the making.
pub(super) struct OverPairs {
    asked: Asked,
    plan: Plan,
    layers: Vec<&'static str>,
    pairs: Vec<Experiment>,
    /// Whether it is about the pair on screen alone.
    single: bool,
    task: Task,
    done: usize,
    without: usize,
    /// For each layer and cell.
    moments: Vec<Vec<Moments>>,
}

impl OverPairs {
    /// About the experiment's own pair, or about so many of the sample's.
    pub fn new(
        model: &HookedTransformer,
        experiment: &Experiment,
        asked: Asked,
        pairs: Option<usize>,
    ) -> Self {
        let plan = asked.plan(model, experiment);
        let layers = asked.layers(experiment);
        Self {
            moments: vec![vec![Moments::default(); plan.cells.len()]; layers.len()],
            pairs: match pairs {
                None => vec![experiment.clone()],
                Some(n) => experiment.over_sample(model.task(), n),
            },
            single: pairs.is_none(),
            task: model.task(),
            asked,
            plan,
            layers,
            done: 0,
            without: 0,
        }
    }

    /// Takes a few pairs more; whether all are done.
    pub fn step(&mut self, model: &HookedTransformer) -> Result<bool> {
        let end = (self.done + STEP).min(self.pairs.len());
        for experiment in &self.pairs[self.done..end] {
            let Some(mut values) = self.asked.values(model, experiment)? else {
                self.without += 1;
                continue;
            };
            if self.asked == Asked::Metrics && !self.single {
                values
                    .iter_mut()
                    .for_each(|values| of_the_same_pairs(values));
            }
            for (moments, values) in self.moments.iter_mut().zip(&values) {
                for (moments, &value) in moments.iter_mut().zip(values) {
                    moments.add(f64::from(value));
                }
            }
        }
        self.done = end;
        Ok(end == self.pairs.len())
    }

    /// The answer so far.
    pub fn table(&self) -> Table {
        let shape = vec![self.plan.rows.len(), self.plan.cols.len()];
        let is_grid = matches!(self.asked, Asked::Grid(..));
        let array = |layer: &[Moments], of: Spread| {
            let cells = layer.iter().zip(&self.plan.cells);
            let value = |(moments, cell): (&Moments, &Option<Intervention>)| match cell {
                // there is no such edge or cell
                None if is_grid => f32::NEG_INFINITY,
                _ => of(moments) as f32,
            };
            Array::from_values(shape.clone(), cells.map(value).collect())
        };
        let mut layers: Vec<Layer> = Vec::new();
        for (name, moments) in self.layers.iter().zip(&self.moments) {
            layers.push(Layer {
                name: (*name).to_owned(),
                values: array(moments, Moments::mean),
            });
        }
        if !self.single {
            // of estimates and errors the means say enough
            let exact = match self.asked {
                Asked::Grid(_, Compare::Attribution, _) => 1,
                _ => self.layers.len(),
            };
            let spreads: [(&str, Spread); 2] = [
                (STANDARD_ERROR, Moments::standard_error),
                ("std", Moments::std),
            ];
            for (what, of) in spreads {
                for (name, moments) in self.layers.iter().zip(&self.moments).take(exact) {
                    layers.push(Layer {
                        name: format!("{what} of {name}"),
                        values: array(moments, of),
                    });
                }
            }
        }
        let flagged = self.flagged(&layers);
        let mut notes = vec![("of".to_owned(), self.of())];
        notes.extend(self.defined().map(|text| ("defined".to_owned(), text)));
        if let (Asked::Grid(_, _, reading), Some(pair)) = (self.asked, self.pairs.first()) {
            let (direction, measure) = (pair.direction.name(), pair.measure.name());
            let what = format!("{direction}, {measure}, {}", reading.words());
            notes.push(("values".to_owned(), what));
        }
        if let Some(pair) = self.pairs.first() {
            let metric = match (self.single, pair.metric) {
                (false, None) => Some("each pair's own".to_owned()),
                _ => Some(match pair.metric_in_force(self.task) {
                    None => "none: both prompts have the same answer".to_owned(),
                    Some(metric) => {
                        let at = self.task.read_at(metric.position);
                        format!("{} at {at}", metric.words(self.task, pair.measure))
                    }
                }),
            };
            notes.extend(metric.map(|metric| ("metric".to_owned(), metric)));
        }
        if matches!(self.asked, Asked::Grid(_, Compare::Attribution, _)) {
            let cells = self.plan.cells.iter().flatten().count();
            let text = format!("{} of {cells} cells (marked !)", flagged.len());
            notes.push((
                format!("off by more than {FAR_OFF} of clean - corrupted"),
                text,
            ));
        }
        let mut layers = layers.into_iter();
        let first = layers.next();
        Table {
            rows: self.plan.rows.clone(),
            cols: self.plan.cols.clone(),
            values: first
                .as_ref()
                .map_or_else(Array::default, |layer| layer.values.clone()),
            name: first.map_or_else(String::new, |layer| layer.name),
            beside: layers.collect(),
            flagged,
            cells: self.plan.cells.clone(),
            signed: true,
            notes,
            ..Table::default()
        }
    }

    /// What it is made from, so that a mean is never taken for a single pair.
    fn of(&self) -> String {
        if self.single {
            return "this pair".into();
        }
        let (done, total) = (self.done, self.pairs.len());
        let of = if done < total {
            format!("mean of {done} pairs so far, of {total}")
        } else {
            format!("mean of {total} pairs")
        };
        let of = format!("{of} (n = {})", done - self.without);
        match self.without {
            0 => of,
            n => format!("{of}, {n} of them left out: their answers agree or are undefined"),
        }
    }

    /// How many of the pairs have a number in every cell, where that is not all of them.
    fn defined(&self) -> Option<String> {
        let pairs = self.done - self.without;
        let counts = self
            .moments
            .iter()
            .flatten()
            .zip(self.plan.cells.iter().cycle());
        let is_grid = matches!(self.asked, Asked::Grid(..));
        let counts = counts.filter(|(_, cell)| !is_grid || cell.is_some());
        let least = counts.map(|(moments, _)| moments.n as usize).min()?;
        (least < pairs).then(|| format!("{least} of {pairs} at the least; the rest is left out"))
    }

    /// Rows and columns whose estimate is far off.
    fn flagged(&self, layers: &[Layer]) -> Vec<[usize; 2]> {
        if !matches!(self.asked, Asked::Grid(_, Compare::Attribution, _)) {
            return Vec::new();
        }
        let width = self.plan.cols.len().max(1);
        let errors = layers.get(2).map_or(&[][..], |layer| layer.values.values());
        let far = errors.iter().enumerate().filter(|(_, e)| **e > FAR_OFF);
        far.map(|(i, _)| [i / width, i % width]).collect()
    }
}

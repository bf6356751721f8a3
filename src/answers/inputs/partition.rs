//! The classes of a field's values that a node tells apart: the coarsest partition that its effect respects.
//!
//! Two values are in one class where the node may be computed as if the input had the other one, both ways, and
//! the predictions stay what they are.

use super::map::{Axes, Cells};
use super::places::{defined, so_far, told, unfinished};
use super::{Extent, INPUTS, Stepwise};
use crate::answers::answering::Inquest;
use crate::answers::table::Table;
use crate::lens::{Array, Intervention};
use crate::sweep::{Gathering, Over, Progress, Quantity, Sweep, gather};
use crate::task::number::fixed;
use crate::task::{Sample, Task};
use anyhow::{Context, Result, ensure};
use std::sync::Arc;

/// Values of a field, each of which is a sweep of its own.
const MOST: usize = 256;
/// Inputs that stand for all of them where these are more.
const IN_PLACE: Sample = Sample::Random { seed: 0, len: 1024 };
/// What is kept in a class at least, where nothing is said.
pub(super) const KEEP: f64 = 0.99;

/// The line of the intervention that computes a node as if a field had one of its values.
fn supposed(node: &str, task: Task, slot: usize, value: usize) -> String {
    let field = &task.slots[slot];
    let name = task.token_name(field.values[value]);
    // what is no number is a word of the language
    let literal = match name.parse::<i64>() {
        Ok(_) => name,
        Err(_) => format!("{name:?}"),
    };
    format!("rule {node} = as_if({}={literal})", field.name)
}

/// The interventions that a partition asks about, one for each value of the field.
///
/// # Errors
/// Points at the word that is wrong, as the lines of interventions do.
pub(super) fn supposing(
    node: &str,
    task: Task,
    config: &crate::model::Config,
    slot: usize,
) -> Result<Vec<Intervention>> {
    let values = task.slots[slot].values.len();
    ensure!(
        values <= MOST,
        "{} has {values} values; {MOST} are the most that are gone through",
        task.slots[slot].name
    );
    let lines = (0..values).map(|value| supposed(node, task, slot, value));
    let read = lines.map(|line| Ok(Intervention::parse(&line, task, config)?));
    read.collect()
}

/// One value after the other.
struct Partition {
    sweeps: Vec<Arc<Sweep>>,
    quantities: Vec<Quantity>,
    over: Over,
    axes: Axes,
    keep: f64,
    /// By value that was supposed, as far as they were begun.
    columns: Vec<Gathering<Cells>>,
    progress: Option<Progress>,
}

pub(super) fn begin(
    inquest: Inquest<'_>,
    (node, slot): (&str, usize),
    keep: f64,
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    let (model, task) = (inquest.model, inquest.model.task());
    let lines = supposing(node, task, model.config(), slot)?;
    let sweeps = lines.into_iter().map(|one| {
        let mut experiment = inquest.experiment.clone();
        experiment.interventions = vec![one];
        Ok(Arc::new(Sweep::new(model, None, &experiment)?))
    });
    let sweeps: Vec<Arc<Sweep>> = sweeps.collect::<Result<_>>()?;
    let first = sweeps.first().context("the field has no values")?;
    let most = IN_PLACE.examples() as u128;
    let over = over.over(task, inquest.experiment.sample, (most, IN_PLACE));
    let quantities = task.answers.iter().map(|answer| {
        let at = task.label(answer.read_at);
        let kept = format!("pred[{at}].patched == pred[{at}].clean");
        Ok(Quantity::parse(&kept, task, model.config())?)
    });
    let quantities: Vec<Quantity> = quantities.collect::<Result<_>>()?;
    ensure!(!quantities.is_empty(), "this task predicts nothing");
    Ok(Box::new(Partition {
        over: first.walked(over),
        axes: Axes::new(task, &[slot]),
        columns: Vec::new(),
        progress: None,
        sweeps,
        quantities,
        keep,
    }))
}

impl Partition {
    /// `[value, supposed]`: the share of predictions that stay what they are.
    fn kept(&self) -> Array {
        let (size, width) = (self.axes.cells(), self.quantities.len());
        Array::from_fn([size, size], |value, supposed| {
            let Some(column) = self.columns.get(supposed) else {
                return f32::NAN;
            };
            let stats = &column.gathered().stats[value * width..(value + 1) * width];
            let sum: f64 = stats.iter().map(super::stat::Stat::mean).sum();
            (sum / width as f64) as f32
        })
    }

    /// Of a sample: how few inputs a pair of values is told by at the least, and how many pairs are no more than two standard
    /// errors away from being told otherwise.
    fn doubt(&self, kept: &Array) -> Option<(u64, usize)> {
        if self.over == Over::Space {
            return None;
        }
        let (size, width) = (self.axes.cells(), self.quantities.len());
        let pairs = (0..size).flat_map(|a| (0..size).map(move |b| [a, b]));
        let told = pairs.filter(|[a, b]| a != b).filter_map(|at| {
            let n = self.columns.get(at[1])?.gathered().stats[at[0] * width].n();
            let share = f64::from(kept.get(&at)?);
            (n > 0).then(|| {
                let error = (self.keep * (1.0 - self.keep) / n as f64).sqrt();
                (n, (share - self.keep).abs() < 2.0 * error)
            })
        });
        let told: Vec<(u64, bool)> = told.collect();
        let least = told.iter().map(|(n, _)| *n).min()?;
        Some((least, told.iter().filter(|(_, near)| *near).count()))
    }

    fn is_done(&self) -> bool {
        self.columns.len() == self.sweeps.len() && self.progress.is_none()
    }
}

/// Classes of what may stand for each other, and how many pairs of unlike classes may as well. A value that
/// no input had is in none.
fn classes(kept: &Array, least: f64) -> (Vec<Vec<usize>>, usize) {
    let known = |&value: &usize| kept.get(&[value, value]).is_some_and(f32::is_finite);
    let stands = |a: usize, b: usize| {
        let at = |a, b| kept.get(&[a, b]).map_or(f64::NAN, f64::from);
        at(a, b) >= least && at(b, a) >= least
    };
    let mut found: Vec<Vec<usize>> = Vec::new();
    for value in (0..kept.shape()[0]).filter(known) {
        let fits = |class: &&mut Vec<usize>| class.iter().all(|&other| stands(value, other));
        match found.iter_mut().find(fits) {
            Some(class) => class.push(value),
            None => found.push(vec![value]),
        }
    }
    let apart = found.iter().enumerate().flat_map(|(i, class)| {
        let others = found[i + 1..].iter().flatten();
        class
            .iter()
            .flat_map(move |&a| others.clone().map(move |&b| (a, b)))
    });
    let across = apart.filter(|&(a, b)| stands(a, b)).count();
    (found, across)
}

/// `{0-2 5} {3 4}`: neighbours in a row as their ends.
fn listed(classes: &[Vec<usize>], names: &[String]) -> String {
    let told = |class: &Vec<usize>| {
        let runs = class.chunk_by(|a, b| a + 1 == *b);
        let runs = runs.map(|run| match run {
            [first, .., last] if run.len() > 2 => format!("{}-{}", names[*first], names[*last]),
            few => few
                .iter()
                .map(|&i| names[i].clone())
                .collect::<Vec<_>>()
                .join(" "),
        });
        format!("{{{}}}", runs.collect::<Vec<_>>().join(" "))
    };
    classes.iter().map(told).collect::<Vec<_>>().join(" ")
}

impl Stepwise for Partition {
    fn step(&mut self) -> Result<bool> {
        if self.progress.is_none() {
            let Some(sweep) = self.sweeps.get(self.columns.len()) else {
                return Ok(true);
            };
            let cells = Cells::new(self.axes.clone(), self.quantities.len());
            let mut begun = gather(sweep, self.over, &self.quantities, cells)?;
            // a column is there once it has begun: what is broken off before begins anew
            let progress = begun.step()?;
            self.columns.push(begun);
            self.progress = unfinished(progress);
            return Ok(self.is_done());
        }
        let Some(column) = self.columns.last_mut() else {
            return Ok(true);
        };
        self.progress = unfinished(column.step()?);
        Ok(self.is_done())
    }

    fn table(&self) -> Table {
        let names = self.axes.names(0).unwrap_or_default();
        let kept = self.kept();
        let mut notes = Vec::new();
        if self.is_done() {
            let (found, across) = classes(&kept, self.keep);
            let words = match found.len() {
                1 => "1: no value is told from another".to_owned(),
                n if n == names.len() => format!("{n}: every value is told from all others"),
                n => format!("{n}: {}", listed(&found, &names)),
            };
            notes.push(("classes".to_owned(), words));
            let seen: usize = found.iter().map(Vec::len).sum();
            if seen < names.len() {
                let words = format!(
                    "{} of {} values: no input that was drawn has one of the others",
                    seen,
                    names.len()
                );
                notes.push(("seen".to_owned(), words));
            }
            if let Some((least, near)) = self.doubt(&kept) {
                let words = format!(
                    "sampled: a pair of values is told by {least} inputs at the least; {near} shares lie within two \
                     standard errors of {}, and may be on its other side (`over space` has no doubt)",
                    fixed(self.keep, 3)
                );
                notes.push(("in doubt".to_owned(), words));
            }
            if across > 0 {
                let words = format!(
                    "{across} pairs of unlike classes may stand for each other as well: no partition is the coarsest"
                );
                notes.push(("apart".to_owned(), words));
            }
        } else {
            let done = format!("{} of {} values", self.columns.len(), names.len());
            notes.push(("supposed so far".to_owned(), done));
            notes.extend(so_far(self.progress));
        }
        let stats = self.columns.first().map(|column| &column.gathered().stats);
        let width = self.quantities.len();
        let all = stats.map_or((0, 0), |stats| {
            let own = stats.iter().step_by(width);
            own.fold((0, 0), |(n, none), stat| {
                (n + stat.n(), none + stat.undefined)
            })
        });
        notes.push((
            INPUTS.to_owned(),
            told(self.over, all.0 + all.1, self.progress),
        ));
        notes.extend(defined(all.0, all.1));
        let words = format!(
            "share of predictions that stay when the node is computed as if the field had the column's value; \
             {} or more both ways is one class",
            fixed(self.keep, 3)
        );
        notes.push(("kept".to_owned(), words));
        let field = self.axes.fields()[0];
        Table {
            axes: vec![field.to_owned(), format!("as if {field}")],
            rows: names.clone(),
            cols: names,
            values: kept,
            notes,
            ..Table::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(rows: &[&[f32]]) -> Array {
        Array::from_fn([rows.len(), rows.len()], |i, j| rows[i][j])
    }

    #[test]
    fn values_that_stand_for_each_other_are_one_class() {
        let table = kept(&[
            &[1.0, 0.2, 1.0, 0.1],
            &[0.3, 1.0, 0.2, 0.995],
            &[0.99, 0.2, 1.0, 0.1],
            // one way is not enough
            &[0.1, 0.98, 0.1, 1.0],
        ]);
        let (found, across) = classes(&table, 0.99);
        assert_eq!(found, [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(across, 0);
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(listed(&found, &names), "{a c} {b} {d}");
        assert_eq!(listed(&[vec![0, 1, 2, 3]], &names), "{a-d}");
    }

    #[test]
    fn what_is_no_equivalence_is_told() {
        let table = kept(&[&[1.0, 1.0, 0.5], &[1.0, 1.0, 1.0], &[0.5, 1.0, 1.0]]);
        assert_eq!(classes(&table, 0.99), (vec![vec![0, 1], vec![2]], 1));
    }

    #[test]
    fn what_is_not_known_is_no_reason_to_be_alike() {
        let table = kept(&[&[1.0, f32::NAN], &[1.0, 1.0]]);
        assert_eq!(classes(&table, 0.99).0.len(), 2);
        // a value that no input had is not told from anything
        let unseen = kept(&[&[f32::NAN, f32::NAN], &[1.0, 1.0]]);
        assert_eq!(classes(&unseen, 0.99).0, [vec![1]]);
    }
}

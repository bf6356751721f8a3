//! A number in groups of inputs: those that agree in an expression.

use super::keyed::{Fold, Key, Keyed, Keys};
use super::places::{Asked, defined, so_far, told, unfinished};
use super::stat::Stat;
use super::{Extent, INPUTS, Stepwise};
use crate::answers::answering::Inquest;
use crate::answers::table::{STANDARD_ERROR, Table};
use crate::lens::{Array, RunName};
use crate::sweep::{Gathering, Over, Progress, gather};
use crate::task::{Given, Task};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::collections::BTreeMap;

/// A table of more rows is no table of groups.
const MOST_GROUPS: usize = 4096;

/// The groups so far, in the order of what they are told by.
#[derive(Default)]
struct Groups(BTreeMap<Given, Stat>);

impl Groups {
    fn check(&self) -> Result<()> {
        ensure!(
            self.0.len() <= MOST_GROUPS,
            "that makes more than {MOST_GROUPS} groups; group by something coarser, such as a // 10"
        );
        Ok(())
    }
}

impl Fold for Groups {
    fn empty(&self) -> Self {
        Self::default()
    }

    fn add(&mut self, value: f64, keys: &Keys<'_>, number: &dyn Fn() -> u64) -> Result<()> {
        let Some(key) = keys.all().next() else {
            return Ok(());
        };
        if let Some(stat) = self.0.get_mut(key) {
            stat.add(value, number);
            return Ok(());
        }
        self.0.entry(key.clone()).or_default().add(value, number);
        self.check()
    }

    fn join(&mut self, later: Self) -> Result<()> {
        for (key, stat) in later.0 {
            self.0.entry(key).or_default().join(&stat);
        }
        self.check()
    }
}

struct Grouped {
    gathering: Gathering<Keyed<Groups>>,
    task: Task,
    by: String,
    over: Over,
    progress: Option<Progress>,
}

/// A quantity gathered in groups, and over which inputs.
fn gathering(
    asked: &Asked,
    quantity: &str,
    by: &str,
    extent: Extent,
) -> Result<(Gathering<Keyed<Groups>>, Over)> {
    let key = Key::parse(by, asked.task, &asked.config)?;
    let keyed = Keyed::new(vec![key], Groups::default());
    let quantities = keyed.quantities(asked.quantity(quantity)?);
    let over = asked.over(extent);
    Ok((gather(&asked.sweep, over, &quantities, keyed)?, over))
}

pub(super) fn begin(
    asked: &Asked,
    quantity: &str,
    by: &str,
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    let (gathering, over) = gathering(asked, quantity, by, over)?;
    Ok(Box::new(Grouped {
        gathering,
        task: asked.task,
        by: by.to_owned(),
        over,
        progress: None,
    }))
}

impl Stepwise for Grouped {
    fn step(&mut self) -> Result<bool> {
        let progress = self.gathering.step()?;
        self.gathering.gathered().check()?;
        self.progress = unfinished(progress);
        Ok(self.progress.is_none())
    }

    fn table(&self) -> Table {
        let groups = &self.gathering.gathered().fold.0;
        let is_sample = self.over != Over::Space;
        let mut cols: Vec<String> = ["n", "mean", "spread", "min", "max"]
            .map(str::to_owned)
            .to_vec();
        cols.extend(is_sample.then(|| STANDARD_ERROR.to_owned()));
        let mut values = Vec::new();
        let mut inputs = Vec::new();
        let mut all = Stat::default();
        for stat in groups.values() {
            all.join(stat);
            let [min, max] = stat.ends();
            values.extend([stat.n() as f64, stat.mean(), stat.spread(), min, max]);
            values.extend(is_sample.then(|| stat.error()));
            let reach = |number: u64| (stat.n() > 0).then(|| self.task.values_at(number.into()));
            let most = cols.iter().map(|name| match name.as_str() {
                "max" => reach(stat.max.1),
                _ => reach(stat.min.1),
            });
            inputs.extend(most);
        }
        let mut notes = vec![(
            INPUTS.into(),
            told(self.over, all.n() + all.undefined, self.progress),
        )];
        notes.extend(so_far(self.progress));
        notes.extend(defined(all.n(), all.undefined));
        for (name, stat) in groups.iter().take(if groups.len() <= 12 { 12 } else { 0 }) {
            if stat.n() > 0 && stat.min.0 < stat.max.0 {
                let [least, most] =
                    [stat.min.1, stat.max.1].map(|number| self.task.values_at(number.into()));
                let words = format!("min at {least}, max at {most}");
                notes.push((format!("{} = {name}", self.by), words));
            }
        }
        Table {
            rows: groups.keys().map(ToString::to_string).collect(),
            values: Array::from_values(
                vec![groups.len(), cols.len()],
                values.into_iter().map(|x: f64| x as f32).collect(),
            ),
            cols,
            signed: true,
            axes: vec![self.by.clone()],
            inputs,
            notes,
            ..Table::default()
        }
    }
}

/// A group of inputs, and in how many of them a condition is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What its inputs agree in.
    pub group: String,
    /// Inputs of it where the condition has a meaning.
    pub n: u64,
    /// Those where it is met.
    pub holds: u64,
    /// Those where it has none.
    pub undefined: u64,
    /// One where it is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<String>,
}

/// All groups, and the inputs that they are made of.
#[derive(Clone, Debug)]
pub struct Shares {
    /// In the order of what they agree in.
    pub groups: Vec<Share>,
    /// Which inputs.
    pub over: Over,
}

/// Counts in how many inputs of each group a condition is met; `None` where it was told to stop.
///
/// # Errors
/// When the words cannot be asked here, the condition is a number, or there are too many groups.
pub fn shares(
    inquest: Inquest<'_>,
    (condition, by): (&str, &str),
    extent: Extent,
    tell: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<Shares>> {
    let asked = Asked::new(inquest, RunName::Patched)?;
    let (mut gathering, over) = gathering(&asked, condition, by, extent)?;
    while let Some(progress) = unfinished(gathering.step()?) {
        if !tell(progress)? {
            return Ok(None);
        }
    }
    let groups = &gathering.gathered().fold.0;
    let share = |(key, stat): (&Given, &Stat)| {
        let [min, max] = stat.ends();
        let is_truth = |value: f64| value == 0.0 || value == 1.0;
        ensure!(
            stat.n() == 0 || is_truth(min) && is_truth(max),
            "'{condition}' is a number; --by takes a condition, such as {condition} > 0"
        );
        let holds = (stat.mean() * stat.n() as f64).round() as u64;
        Ok(Share {
            group: key.to_string(),
            n: stat.n(),
            holds,
            undefined: stat.undefined,
            counterexample: (holds < stat.n())
                .then(|| asked.task.values_at(stat.min.1.into()).to_string()),
        })
    };
    Ok(Some(Shares {
        groups: groups.iter().map(share).collect::<Result<_>>()?,
        over,
    }))
}

//! From step to step: each is opened, measured and let go of.

use super::Curves;
use super::quantity::{Condition, Tracked, counted};
use crate::answers::table::Table;
use crate::answers::tools::Tools;
use crate::lens::numbers::array::Array;
use crate::lens::slide::open_step;
use crate::lens::{Experiment, Matrices};
use crate::model::series::Recorded;
use crate::model::{HookedTransformer, Series};
use crate::sweep::{Over, Sweep, Tally, averaging, make_means};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::sync::Arc;

/// A model at a step, and what is made of it once.
pub(super) struct AtStep<'a> {
    pub(super) model: HookedTransformer,
    pub(super) experiment: &'a Experiment,
    pub(super) over: Over,
    /// What the record says of it.
    pub(super) recorded: Option<Recorded>,
    weights: Option<Matrices>,
    tools: Option<Tools>,
    tally: Option<Tally>,
}

impl AtStep<'_> {
    pub(super) fn sweep(&self) -> Result<Sweep> {
        Sweep::new(&self.model, self.weights.as_ref(), self.experiment)
    }

    /// What answers are made with, made once.
    pub(super) fn make_tools(&mut self) -> Result<()> {
        if self.tools.is_none() {
            self.tools = Some(Tools::new(&self.model)?);
        }
        Ok(())
    }

    pub(super) fn tools(&self) -> Result<&Tools> {
        self.tools.as_ref().context("no tools were made")
    }

    /// All predictions, counted once.
    pub(super) fn tally(&mut self, go_on: &dyn Fn() -> bool) -> Result<Option<&Tally>> {
        if self.tally.is_none() {
            self.tally = counted(self, go_on)?;
        }
        Ok(self.tally.as_ref())
    }
}

/// A number of a step, and of what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Inputs that it is of; nothing where it is no mean of inputs, or says itself of how many.
    pub n: Option<u64>,
    /// Those of which it is not defined; of a loss or an accuracy, predictions.
    pub undefined: u64,
    /// What it was taken from: `exact` where that is all inputs, a sample, the prompt, the weights.
    pub over: String,
}

/// Which inputs these are; `exact` where they are all.
pub(super) fn over_words(over: Over) -> String {
    match over {
        Over::Space => "exact".to_owned(),
        Over::Sample(sample) => sample.to_string(),
    }
}

/// What a step comes to.
#[derive(Clone, Debug)]
pub struct StepLine {
    /// Which step.
    pub step: u64,
    /// Its numbers, the condition's last; or why there are none.
    pub result: Result<Vec<Measured>, String>,
}

/// Curves in the making.
pub struct AlongSteps {
    curves: Curves,
    tracked: Vec<Tracked>,
    until: Option<Condition>,
    series: Arc<Series>,
    like: HookedTransformer,
    experiment: Experiment,
    over: Over,
    lines: Vec<StepLine>,
}

impl AlongSteps {
    /// Begins at the first step; all are computed with as `like` is.
    ///
    /// # Errors
    /// When a quantity is none.
    pub fn new(
        curves: &Curves,
        series: Arc<Series>,
        like: &HookedTransformer,
        experiment: &Experiment,
    ) -> Result<Self> {
        let task = like.task();
        let (tracked, until) = curves.read(task, like.config())?;
        let over = curves.over.map_or_else(|| Over::usual(task), Over::Sample);
        let asked = tracked.iter().chain(until.iter().map(|one| &one.of));
        if let Some(sample) = curves.over
            && !asked.clone().any(Tracked::is_over_inputs)
        {
            bail!(
                "'over {sample}' says nothing here: no number that is asked is of several inputs"
            );
        }
        let experiment = match curves.over {
            Some(_) => averaging(experiment, over),
            None => experiment.clone(),
        };
        Ok(Self {
            curves: curves.clone(),
            tracked,
            until,
            series,
            like: like.clone(),
            experiment,
            over,
            lines: Vec::new(),
        })
    }

    /// Goes on with the same series that has more steps at its end; whether it is that. What was measured
    /// stands.
    pub fn grow(&mut self, series: Arc<Series>) -> bool {
        let own = &self.series;
        let grown = series.place == own.place && series.steps.starts_with(&own.steps);
        if grown {
            self.series = series;
        }
        grown
    }

    /// Steps measured, and steps in all.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.lines.len(), self.series.steps.len())
    }

    /// Measures the next step; whether all are. One that cannot be opened is told and gone past.
    /// `go_on` is asked within it; where it says no, nothing is added.
    ///
    /// # Errors
    /// When a number cannot be told of any step, as of the first one.
    pub fn step(&mut self, go_on: &dyn Fn() -> bool) -> Result<bool> {
        let at = self.lines.len();
        let Some((number, path)) = self.series.steps.get(at) else {
            return Ok(true);
        };
        let result = match open_step(path, &self.like) {
            Err(error) => Err(format!("{error:#}")),
            Ok(model) => {
                let measured = self.measured(*number, model.transformer, go_on);
                match measured.with_context(|| format!("at step {number}"))? {
                    Some(measured) => Ok(measured),
                    None => return Ok(false),
                }
            }
        };
        self.lines.push(StepLine {
            step: *number,
            result,
        });
        Ok(self.lines.len() == self.series.steps.len())
    }

    fn measured(
        &self,
        step: u64,
        model: HookedTransformer,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Measured>>> {
        let means = &self.experiment.interventions;
        if !make_means(&model, means, &mut |_| Ok(go_on()))? {
            return Ok(None);
        }
        let mut at = AtStep {
            weights: Matrices::where_folded(&model)?,
            model,
            experiment: &self.experiment,
            over: self.over,
            recorded: self.series.recorded_at(step),
            tools: None,
            tally: None,
        };
        let until = self.until.iter().map(|condition| &condition.of);
        let all = self.tracked.iter().chain(until);
        all.map(|tracked| tracked.at(&mut at, go_on)).collect()
    }

    /// What was measured so far.
    #[must_use]
    pub fn lines(&self) -> &[StepLine] {
        &self.lines
    }

    /// What the numbers were taken from: `exact` where all are of all inputs; several things one after the
    /// other.
    #[must_use]
    pub fn over(&self) -> String {
        let first = self.lines.iter().find_map(|line| line.result.as_ref().ok());
        let of = first.map_or(&[][..], |all| &all[..self.tracked.len()]);
        let mut words: Vec<&str> = of.iter().map(|one| one.over.as_str()).collect();
        words.dedup();
        match words.is_empty() {
            true => over_words(self.over),
            false => words.join("; "),
        }
    }

    /// The first step of which the condition holds, and the first from which on it holds of all that
    /// were measured.
    #[must_use]
    pub fn begins(&self) -> Option<(u64, Option<u64>)> {
        let condition = self.until.as_ref()?;
        begins(self.lines.iter().filter_map(|line| {
            let measured = line.result.as_ref().ok()?.last()?;
            Some((line.step, condition.holds(measured.value)))
        }))
    }

    /// What opens the step at which the condition begins to hold.
    #[must_use]
    pub fn begins_at(&self) -> Option<&Path> {
        let (first, _) = self.begins()?;
        let mut steps = self.series.steps.iter();
        steps
            .find(|(step, _)| *step == first)
            .map(|(_, path)| path.as_path())
    }

    /// When the condition begins to hold, in words; nothing without one.
    #[must_use]
    pub fn begins_words(&self) -> Option<String> {
        let condition = self.until.as_ref()?;
        let (done, all) = self.progress();
        let far = if done < all { " so far" } else { "" };
        Some(match self.begins() {
            None => format!("{} holds at no step{far}", condition.text),
            Some((first, Some(good))) if first == good => {
                format!("{} holds from step {first} on", condition.text)
            }
            Some((first, Some(good))) => format!(
                "{} holds first at step {first}, and from step {good} on",
                condition.text
            ),
            Some((first, None)) => {
                format!(
                    "{} holds first at step {first}, not at the last",
                    condition.text
                )
            }
        })
    }

    /// The cells of the step at which the condition begins to hold.
    fn flagged(&self) -> Vec<[usize; 2]> {
        let first = self.begins().map(|(first, _)| first);
        let row = self.lines.iter().position(|line| Some(line.step) == first);
        let width = self.tracked.len();
        row.map_or_else(Vec::new, |row| {
            (0..width).map(|column| [row, column]).collect()
        })
    }

    /// The curves as a table, a row a step; a step that cannot be opened has no number.
    #[must_use]
    pub fn table(&self) -> Table {
        let width = self.tracked.len();
        let mut values = Vec::new();
        for line in &self.lines {
            match &line.result {
                Ok(measured) => values.extend(measured[..width].iter().map(|one| one.value as f32)),
                Err(_) => values.extend(std::iter::repeat_n(f32::NAN, width)),
            }
        }
        let (done, all) = self.progress();
        let mut notes = vec![("over".to_owned(), self.over())];
        if done < all {
            notes.insert(0, ("steps".to_owned(), format!("{done} of {all}")));
        }
        notes.extend(self.begins_words().map(|words| ("until".to_owned(), words)));
        for line in &self.lines {
            if let Err(error) = &line.result {
                notes.push((format!("step {}", line.step), error.clone()));
            }
        }
        Table {
            title: self.curves.line(),
            rows: self
                .lines
                .iter()
                .map(|line| line.step.to_string())
                .collect(),
            cols: self.tracked.iter().map(|one| one.text.clone()).collect(),
            values: Array::from_values(vec![self.lines.len(), width], values),
            signed: true,
            flagged: self.flagged(),
            axes: vec!["step".to_owned()],
            notes,
            ..Table::default()
        }
    }
}

/// The first step at which something holds, and the one from which on it holds to the end.
fn begins(mut told: impl Iterator<Item = (u64, bool)> + Clone) -> Option<(u64, Option<u64>)> {
    let first = told.clone().find(|(_, holds)| *holds)?.0;
    let mut for_good = None;
    told.by_ref().for_each(|(step, holds)| match holds {
        true => for_good = for_good.or(Some(step)),
        false => for_good = None,
    });
    Some((first, for_good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_and_ends_again_begins_for_good_later() {
        for (holds, begun) in [
            (&[false, false][..], None),
            (&[false, true, true], Some((10, Some(10)))),
            (&[true, false, true, true], Some((0, Some(20)))),
            (&[true, false, false, true], Some((0, Some(30)))),
            (&[false, true, false], Some((10, None))),
        ] {
            let told = (0..).step_by(10).zip(holds.iter().copied());
            assert_eq!(begins(told), begun, "{holds:?}");
        }
    }
}

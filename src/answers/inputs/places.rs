//! Which inputs a question is about, and the sweep that runs them.

use super::Extent;
use crate::answers::answering::Inquest;
use crate::lens::{Experiment, Matrices, RunName, Source};
use crate::model::HookedTransformer;
use crate::sweep::{Over, Progress, Quantity, Sweep};
use crate::task::number::significant;
use crate::task::{Change, Field, Sample, Task, Token, Values, grouped};
use anyhow::{Context, Result, ensure};
use std::sync::{Arc, Mutex};

/// Digits of what is told in words.
pub(super) const DIGITS: usize = 6;

/// Inputs that are walked without being asked for where the model folds into tables: seconds.
const MOMENT: u128 = 30_000_000;
/// The same where tables have inputs one by one.
const LONGER_MOMENT: u128 = 500_000;
/// The same where each is a forward pass.
const SLOW_MOMENT: u128 = 100_000;
/// Stands for all inputs where these are more.
const IN_PLACE: Sample = Sample::Random { seed: 0, len: 4096 };
/// A picture of more cells would be of no use and take its memory.
const MOST_CELLS: usize = 1 << 20;

/// The last sweep that was made, and of what: the next keystroke often asks for the same.
#[derive(Default)]
pub(in crate::answers) struct Sweeps(Mutex<Option<(Experiment, Arc<Sweep>)>>);

impl Sweeps {
    /// The sweep of a model under an experiment's interventions.
    ///
    /// # Errors
    /// When the interventions cannot be carried out.
    fn of(
        &self,
        model: &HookedTransformer,
        weights: &Matrices,
        of: &Experiment,
    ) -> Result<Arc<Sweep>> {
        let mut last = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((experiment, sweep)) = &*last
            && same(experiment, of)
        {
            return Ok(sweep.clone());
        }
        let folds = model.config().why_not_folded().is_none();
        let sweep = Sweep::new(model, folds.then_some(weights), of)?;
        let sweep = Arc::new(sweep);
        *last = Some((of.clone(), sweep.clone()));
        Ok(sweep)
    }
}

/// Whether two experiments do the same to every input.
fn same(a: &Experiment, b: &Experiment) -> bool {
    let nothing = a.interventions.is_empty() && b.interventions.is_empty();
    let pair = (&a.clean, &a.corrupted, a.sample) == (&b.clean, &b.corrupted, b.sample);
    nothing || pair && a.interventions == b.interventions
}

/// What questions about many inputs are answered from.
pub(super) struct Asked {
    pub task: Task,
    pub config: crate::model::Config,
    pub sweep: Arc<Sweep>,
    /// The prompt whose fields stand still.
    pub prompt: Values,
    /// What is done to every input.
    pub experiment: Experiment,
}

impl Asked {
    pub fn new(inquest: Inquest<'_>, run: RunName) -> Result<Self> {
        let Inquest {
            model,
            tools,
            experiment,
            ..
        } = inquest;
        let mut experiment = experiment.clone();
        if run != RunName::Patched {
            experiment.interventions.clear();
        }
        let side = match run {
            RunName::Patched => experiment.direction.base(),
            other => other,
        };
        let prompt: &Source = match side {
            RunName::Clean => &experiment.clean,
            _ => &experiment.corrupted,
        };
        Ok(Self {
            task: model.task(),
            config: model.config().clone(),
            sweep: tools.sweeps.of(model, &tools.weights, &experiment)?,
            prompt: prompt.values.clone(),
            experiment,
        })
    }

    /// A quantity from its line, which has been read before.
    ///
    /// # Errors
    /// When it is of another model.
    pub fn quantity(&self, line: &str) -> Result<Quantity> {
        Ok(Quantity::parse(line, self.task, &self.config)?)
    }

    /// The inputs that are walked, and how many they are in words.
    ///
    /// # Errors
    /// When there are too many.
    pub fn over(&self, extent: Extent) -> Over {
        let most = match (self.sweep.reason(), self.sweep.is_in_turn()) {
            (None, false) => MOMENT,
            (None, true) => LONGER_MOMENT,
            (Some(_), _) => SLOW_MOMENT,
        };
        let over = extent.over(self.task, self.experiment.sample, (most, IN_PLACE));
        self.sweep.walked(over)
    }

    /// The inputs with every value of these fields and all else as in the prompt; where no value may come twice,
    /// the field that has the new one takes the old one. Those that there are.
    ///
    /// # Errors
    /// When they are too many.
    pub fn around(&self, by: &[usize]) -> Result<Vec<Values>> {
        cells(self.task, by)?;
        let (task, mut all) = (self.task, vec![(self.prompt.clone(), Vec::new())]);
        for &slot in by {
            let field = Field::new(task, slot);
            let with = |(input, wanted): &(Values, Vec<Token>), value: Token| {
                let wanted = [&wanted[..], &[value]].concat();
                (input.with(Change { field, value }), wanted)
            };
            all = all
                .iter()
                .flat_map(|one| {
                    task.slots[slot]
                        .values
                        .iter()
                        .map(|&value| with(one, value))
                })
                .collect();
        }
        // two fields of one list may have taken each other's value
        let holds = |(input, wanted): &(Values, Vec<Token>)| {
            by.iter()
                .zip(wanted)
                .all(|(&slot, value)| input.tokens()[slot] == *value)
        };
        all.retain(holds);
        task.that_exist(all.into_iter().map(|(input, _)| input).collect())
    }
}

/// How many cells a map by these fields has.
pub(super) fn cells(task: Task, by: &[usize]) -> Result<usize> {
    let sizes = by.iter().map(|&slot| task.slots[slot].values.len());
    let cells = sizes.clone().try_fold(1usize, usize::checked_mul);
    let cells = cells.filter(|&cells| cells <= MOST_CELLS);
    cells.with_context(|| {
        let sizes: Vec<String> = sizes.map(|n| grouped(n as u128)).collect();
        format!(
            "{} cells are too many for a map; {} are the most",
            sizes.join(" x "),
            grouped(MOST_CELLS as u128)
        )
    })
}

/// `exact, 18,750,000 inputs`, or which sample they are of and how many.
pub(super) fn told(over: Over, n: u64, unfinished: Option<Progress>) -> String {
    let inputs = grouped(n.into());
    match over {
        Over::Space if unfinished.is_some() => format!("the first {inputs} of all inputs"),
        Over::Space => format!("exact, over all {inputs} inputs"),
        Over::Sample(sample) => format!("{sample}, n = {inputs}"),
    }
}

/// Refuses a field that has no values to go through.
///
/// # Errors
/// Names the field.
pub(super) fn check(task: Task, by: &[usize]) -> Result<()> {
    for &slot in by {
        let field = &task.slots[slot];
        ensure!(!field.values.is_empty(), "{} has no values", field.name);
    }
    Ok(())
}

/// How far a walk is, as long as it is not at its end.
pub(super) fn unfinished(progress: Option<Progress>) -> Option<Progress> {
    progress.filter(|progress| progress.done < progress.total)
}

/// Numbers with the inputs that have them, in one line.
pub(super) fn at_inputs(task: Task, all: &[(f64, u64)]) -> String {
    let one = |(value, number): &(f64, u64)| {
        let input = task.values_at((*number).into());
        format!("{} at {input}", significant(*value, DIGITS))
    };
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What there is to say of a walk that goes on.
pub(super) fn so_far(progress: Option<Progress>) -> Option<(String, String)> {
    let Progress { done, total } = progress?;
    Some(("so far".to_owned(), format!("{done} of {total} inputs")))
}

/// What there is to say where some inputs have no number.
pub(super) fn defined(n: u64, undefined: u64) -> Option<(String, String)> {
    let told = || ("defined".to_owned(), format!("{n} of {}", n + undefined));
    (undefined > 0).then(told)
}

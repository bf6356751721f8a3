//! The neurons of a layer over many inputs.

use super::places::{Asked, DIGITS, so_far, told, unfinished};
use super::stat::Stat;
use super::{Extent, INPUTS, Stepwise};
use crate::answers::answering::Inquest;
use crate::answers::table::Table;
use crate::answers::variants::score_under;
use crate::lens::{Action, Array, Experiment, Intervention, Score, Target};
use crate::model::{Config, HookName, HookedTransformer, Site};
use crate::sweep::{Gather, Gathering, Over, Progress, Quantity, Seen, gather};
use crate::task::number::significant;
use crate::task::{Sample, Task};
use anyhow::{Result, ensure};

/// More neurons than this are no table.
const MOST: usize = 8192;
/// Sums by field, value and neuron are kept up to so many.
const MOST_SUMS: usize = 4 << 20;
/// Forward passes that cutting all neurons one by one may take.
const PASSES: usize = 150_000;

/// Where a layer's neurons are after their activation.
pub(super) fn hook(layer: usize, config: &Config) -> HookName {
    match config.is_bare() {
        true => HookName::Post,
        false => HookName::Block(layer, Site::MlpPost),
    }
}

/// The position that is asked about: where the last answer is read, unless another was named.
pub(super) fn position(task: Task, at: Option<usize>) -> usize {
    let last = task.answers.len().checked_sub(1);
    at.unwrap_or_else(|| last.map_or(task.seq_len() - 1, |j| task.predicts_at(j)))
}

/// What neurons held, each by all and by the values of every field.
struct Held {
    task: Task,
    stats: Vec<Stat>,
    on: Vec<u64>,
    /// By slot, token and neuron: sums and counts; empty where they would be too many.
    by_value: Vec<Vec<f64>>,
    counts: Vec<Vec<u64>>,
}

impl Held {
    fn new(task: Task, neurons: usize) -> Self {
        let tokens = task.d_vocab();
        let slots = match task.slots.len() * tokens * neurons <= MOST_SUMS {
            true => task.slots.len(),
            false => 0,
        };
        Self {
            task,
            stats: vec![Stat::default(); neurons],
            on: vec![0; neurons],
            by_value: vec![vec![0.0; tokens * neurons]; slots],
            counts: vec![vec![0; tokens]; slots],
        }
    }

    /// The share of a neuron's variance that is between the values of a field.
    fn explained(&self, slot: usize, neuron: usize) -> f64 {
        let (sums, counts) = (&self.by_value[slot], &self.counts[slot]);
        let (stat, neurons) = (&self.stats[neuron], self.stats.len());
        let between = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        let between = between.map(|(token, &n)| {
            let mean = sums[token * neurons + neuron] / n as f64;
            n as f64 * (mean - stat.mean()).powi(2)
        });
        between.sum::<f64>() / (stat.spread().powi(2) * stat.n() as f64)
    }
}

impl Gather for Held {
    fn empty(&self) -> Self {
        Self::new(self.task, self.stats.len())
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let neurons = self.stats.len();
        for (i, &value) in seen.numbers.iter().enumerate() {
            self.stats[i].see(value, seen);
            self.on[i] += u64::from(value > 0.0);
        }
        for slot in 0..self.by_value.len() {
            let token = seen.token(slot);
            self.counts[slot][token] += 1;
            let sums = &mut self.by_value[slot][token * neurons..(token + 1) * neurons];
            for (sum, value) in sums.iter_mut().zip(seen.numbers) {
                *sum += value;
            }
        }
    }

    fn join(&mut self, later: Self) {
        for (own, later) in self.stats.iter_mut().zip(&later.stats) {
            own.join(later);
        }
        for (own, later) in self.on.iter_mut().zip(&later.on) {
            *own += later;
        }
        for (own, later) in self.by_value.iter_mut().zip(&later.by_value) {
            own.iter_mut().zip(later).for_each(|(a, b)| *a += b);
        }
        for (own, later) in self.counts.iter_mut().zip(&later.counts) {
            own.iter_mut().zip(later).for_each(|(a, b)| *a += b);
        }
    }
}

/// All neurons of a layer, in the making: what they hold, then each cut in turn.
struct Neurons {
    model: HookedTransformer,
    layer: usize,
    pos: usize,
    gathering: Gathering<Held>,
    over: Over,
    experiment: Experiment,
    examples: Vec<Experiment>,
    all_examples: bool,
    base: Option<Score>,
    cut: Vec<Score>,
    progress: Option<Progress>,
}

pub(super) fn begin(
    asked: &Asked,
    inquest: Inquest<'_>,
    layer: usize,
    at: Option<usize>,
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    let task = asked.task;
    let d_mlp = asked.config.mlp.map_or(0, |mlp| mlp.d_mlp);
    ensure!(d_mlp > 0, "this model has no neurons");
    ensure!(
        d_mlp <= MOST,
        "{d_mlp} neurons are more than a table of {MOST}; ask for one, as in neuron {layer}.0"
    );
    let pos = position(task, at);
    let label = task.label(pos);
    let quantity = |i: usize| asked.quantity(&format!("neuron[{layer}.{i},{label}]"));
    let quantities = (0..d_mlp)
        .map(quantity)
        .collect::<Result<Vec<Quantity>>>()?;
    let over = asked.over(over);
    let all = task.input_space();
    let all_examples = all.saturating_mul(d_mlp as u128) <= PASSES as u128;
    let sample = match all_examples {
        true => Sample::Random { seed: 0, len: 1 },
        false => Sample::Random {
            seed: 0,
            len: (PASSES / d_mlp).clamp(32, 1024),
        },
    };
    let mut experiment = asked.experiment.clone();
    experiment.sample = sample;
    let examples = match all_examples {
        true => {
            let inputs = (0..all).map(|number| task.values_at(number));
            let inputs: Vec<_> = inputs.collect();
            let exist = task.existing(&inputs)?;
            let inputs = inputs.into_iter().zip(exist).filter(|(_, exists)| *exists);
            let with = |(values, _): (crate::task::Values, bool)| Experiment {
                clean: crate::lens::Source::new(values),
                ..experiment.clone()
            };
            inputs.map(with).collect()
        }
        false => experiment.over_sample(task, sample.examples()),
    };
    let judges = !task.answers.is_empty();
    Ok(Box::new(Neurons {
        model: inquest.model.clone(),
        layer,
        pos,
        gathering: gather(&asked.sweep, over, &quantities, Held::new(task, d_mlp))?,
        over,
        experiment,
        examples: if judges { examples } else { Vec::new() },
        all_examples,
        base: None,
        cut: Vec::new(),
        progress: None,
    }))
}

impl Neurons {
    fn cutting(&self, neuron: usize) -> Intervention {
        Intervention {
            action: Action::Zero,
            hook: hook(self.layer, self.model.config()),
            target: Target::Positions(None),
            head: Some(neuron),
        }
    }

    fn score(&self, cut: Option<usize>) -> Result<Score> {
        let mut experiment = self.experiment.clone();
        experiment
            .interventions
            .extend(cut.map(|neuron| self.cutting(neuron)));
        score_under(&self.model, &experiment, &self.examples)
    }

    fn left(&self) -> usize {
        match self.examples.is_empty() {
            true => 0,
            false => self.gathering.gathered().stats.len() - self.cut.len(),
        }
    }
}

impl Stepwise for Neurons {
    fn step(&mut self) -> Result<bool> {
        if let Some(progress) = self.gathering.step()? {
            self.progress = unfinished(Some(progress));
            if self.progress.is_some() {
                return Ok(false);
            }
        }
        if self.left() == 0 {
            return Ok(true);
        }
        if self.base.is_none() {
            self.base = Some(self.score(None)?);
        }
        let next = self.cut.len();
        self.cut.push(self.score(Some(next))?);
        Ok(self.left() == 0)
    }

    fn table(&self) -> Table {
        let held = self.gathering.gathered();
        let (task, neurons) = (self.model.task(), held.stats.len());
        let mut cols = ["mean", "on", "spread", "max"].map(str::to_owned).to_vec();
        let slots = 0..held.by_value.len();
        cols.extend(
            slots
                .clone()
                .map(|slot| format!("by {}", task.slots[slot].name)),
        );
        let judged = !self.examples.is_empty();
        if judged {
            cols.extend(["accuracy without", "loss without"].map(str::to_owned));
        }
        let mut values = Vec::with_capacity(neurons * cols.len());
        for (i, stat) in held.stats.iter().enumerate() {
            let on = held.on[i] as f64 / stat.n() as f64;
            values.extend([stat.mean(), on, stat.spread(), stat.ends()[1]]);
            values.extend(slots.clone().map(|slot| held.explained(slot, i)));
            let cut = self.cut.get(i);
            if judged {
                let right = cut.map_or(f64::NAN, |cut| cut.right().inputs_accuracy);
                values.extend([right, cut.map_or(f64::NAN, |cut| cut.loss)]);
            }
        }
        let n = held
            .stats
            .first()
            .map_or(0, |stat| stat.n() + stat.undefined);
        let mut notes = vec![
            ("at".to_owned(), task.label(self.pos)),
            (INPUTS.to_owned(), told(self.over, n, self.progress)),
            (
                "by ..".to_owned(),
                "share of the variance that is between the field's values".to_owned(),
            ),
        ];
        notes.extend(so_far(self.progress));
        if judged {
            let all = self.examples.len();
            let of = match self.all_examples {
                true => format!("exact, over all {all} inputs"),
                false => format!("{}, n = {all}", self.experiment.sample),
            };
            let base = self.base.as_ref().map_or_else(String::new, |base| {
                format!(
                    "; as it stands accuracy {}, loss {}",
                    significant(base.right().inputs_accuracy, DIGITS),
                    significant(base.loss, DIGITS)
                )
            });
            notes.push(("without".into(), format!("each set to 0; {of}{base}")));
            if self.left() > 0 {
                notes.push((
                    "so far cut".into(),
                    format!("{} of {neurons}", self.cut.len()),
                ));
            }
        }
        Table {
            rows: (0..neurons).map(|i| i.to_string()).collect(),
            values: Array::from_values(
                vec![neurons, cols.len()],
                values.into_iter().map(|x| x as f32).collect(),
            ),
            // what a model is without a neuron is that intervention; all else opens the neuron
            cells: (0..neurons)
                .flat_map(|i| {
                    let without = cols.iter().map(|name| name.ends_with(" without"));
                    without.map(move |is| is.then(|| self.cutting(i)))
                })
                .collect(),
            cols,
            signed: true,
            axes: vec!["neuron".to_owned()],
            notes,
            ..Table::default()
        }
    }
}

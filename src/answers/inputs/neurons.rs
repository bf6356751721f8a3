//! The neurons of a layer over many inputs, and one of them: what it holds, reads and writes.

use super::places::{Asked, told};
use super::stat::Stat;
use super::{Extent, Stepwise};
use crate::answers::answering::Inquest;
use crate::answers::table::Table;
use crate::answers::variants::score_under;
use crate::lens::{
    Action, Array, Experiment, HeadName, Intervention, Matrices, Matrix, Score, Target,
};
use crate::model::{Config, HookName, HookedTransformer, Site};
use crate::sweep::{Gather, Gathering, Over, Progress, Quantity, Seen, gather};
use crate::task::number::significant;
use crate::task::{Sample, Task};
use anyhow::{Context, Result, ensure};
use std::sync::Arc;

/// More neurons than this are no table.
const MOST: usize = 8192;
/// Sums by field, value and neuron are kept up to so many.
const MOST_SUMS: usize = 4 << 20;
/// Forward passes that cutting all neurons one by one may take.
const PASSES: usize = 150_000;
/// Strongest inputs that are named.
const STRONGEST: usize = 5;
/// Digits of what is told in words.
const DIGITS: usize = 6;

/// Where a layer's neurons are after their activation.
pub(super) fn hook(layer: usize, config: &Config) -> HookName {
    match config.is_bare() {
        true => HookName::Post,
        false => HookName::Block(layer, Site::MlpPost),
    }
}

/// The position that is asked about: where the last answer is read, unless another was named.
fn position(task: Task, at: Option<usize>) -> usize {
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
        between.sum::<f64>() / (stat.spread().powi(2) * stat.n as f64)
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
            self.progress = Some(progress).filter(|one| one.done < one.total);
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
        let mut inputs = Vec::with_capacity(neurons * cols.len());
        for (i, stat) in held.stats.iter().enumerate() {
            let on = held.on[i] as f64 / stat.n as f64;
            values.extend([stat.mean(), on, stat.spread(), stat.ends()[1]]);
            values.extend(slots.clone().map(|slot| held.explained(slot, i)));
            let cut = self.cut.get(i);
            if judged {
                let right = cut.map_or(f64::NAN, |cut| cut.right().inputs_accuracy);
                values.extend([right, cut.map_or(f64::NAN, |cut| cut.loss)]);
            }
            let input = (stat.n > 0).then(|| task.values_at(stat.max.1.into()));
            inputs.extend(std::iter::repeat_n(input, cols.len()));
        }
        let n = held.stats.first().map_or(0, |stat| stat.n + stat.undefined);
        let mut notes = vec![
            ("at".to_owned(), task.label(self.pos)),
            ("inputs".to_owned(), told(self.over, n)),
            (
                "by FIELD".to_owned(),
                "share of the variance that is between its values".to_owned(),
            ),
        ];
        if let Some(Progress { done, total }) = self.progress {
            notes.push(("so far".into(), format!("{done} of {total} inputs")));
        }
        if judged {
            let all = self.examples.len();
            let of = match self.all_examples {
                true => format!("exact, over all {all} inputs"),
                false => format!("{}, n = {all}", self.experiment.sample),
            };
            let base = self.base.as_ref().map_or_else(String::new, |base| {
                format!(
                    "; as it stands {} and {}",
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
            cells: (0..neurons)
                .flat_map(|i| vec![Some(self.cutting(i)); cols.len()])
                .collect(),
            cols,
            signed: true,
            axes: vec!["neuron".to_owned()],
            notes,
            ..Table::default()
        }
    }
}

/// One neuron's numbers, with the inputs in which it holds most.
struct One {
    stat: Stat,
    on: u64,
    strongest: Vec<(f64, u64)>,
}

impl One {
    fn keep(&mut self, one: (f64, u64)) {
        let at = self.strongest.partition_point(|other| other.0 >= one.0);
        if at < STRONGEST {
            self.strongest.insert(at, one);
            self.strongest.truncate(STRONGEST);
        }
    }
}

impl Gather for One {
    fn empty(&self) -> Self {
        Self {
            stat: Stat::default(),
            on: 0,
            strongest: Vec::new(),
        }
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let value = seen.numbers[0];
        self.stat.see(value, seen);
        self.on += u64::from(value > 0.0);
        let least = self.strongest.last().map_or(f64::NEG_INFINITY, |one| one.0);
        if value > least || self.strongest.len() < STRONGEST && !value.is_nan() {
            self.keep((value, seen.number()));
        }
    }

    fn join(&mut self, later: Self) {
        self.stat.join(&later.stat);
        self.on += later.on;
        later.strongest.into_iter().for_each(|one| self.keep(one));
    }
}

struct Neuron {
    gathering: Gathering<One>,
    circuit: Arc<Table>,
    task: Task,
    over: Over,
    pos: usize,
    progress: Option<Progress>,
}

pub(super) fn begin_one(
    asked: &Asked,
    inquest: Inquest<'_>,
    (layer, neuron): (usize, usize),
    at: Option<usize>,
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    let task = asked.task;
    let pos = position(task, at);
    let line = format!("neuron[{layer}.{neuron},{}]", task.label(pos));
    let over = asked.over(over);
    let one = One {
        stat: Stat::default(),
        on: 0,
        strongest: Vec::new(),
    };
    let quantities = [asked.quantity(&line)?];
    Ok(Box::new(Neuron {
        gathering: gather(&asked.sweep, over, &quantities, one)?,
        circuit: Arc::new(circuit(&inquest.tools.weights, layer, neuron)?),
        task,
        over,
        pos,
        progress: None,
    }))
}

impl Stepwise for Neuron {
    fn step(&mut self) -> Result<bool> {
        let progress = self.gathering.step()?;
        self.progress = progress.filter(|progress| progress.done < progress.total);
        Ok(self.progress.is_none())
    }

    fn table(&self) -> Table {
        let One {
            stat,
            on,
            strongest,
        } = self.gathering.gathered();
        let mut table = Table::clone(&self.circuit);
        let n = stat.n + stat.undefined;
        let mut notes = vec![
            ("at".to_owned(), self.task.label(self.pos)),
            ("inputs".to_owned(), told(self.over, n)),
        ];
        if let Some(Progress { done, total }) = self.progress {
            notes.push(("so far".into(), format!("{done} of {total} inputs")));
        }
        if stat.n > 0 {
            let words = format!(
                "mean {}, spread {}, on in {} of {}",
                significant(stat.mean(), DIGITS),
                significant(stat.spread(), DIGITS),
                on,
                stat.n
            );
            notes.push(("holds".into(), words));
            for (value, number) in strongest {
                let input = self.task.values_at((*number).into());
                notes.push((
                    "strongest".into(),
                    format!("{} at {input}", significant(*value, DIGITS)),
                ));
            }
        }
        notes.append(&mut table.notes);
        table.notes = notes;
        table
    }
}

/// What a neuron reads of each token, directly and moved by the heads of its layer and those before, and what it
/// writes to each token's logit; norms folded in but for their scales.
fn circuit(weights: &Matrices, layer: usize, neuron: usize) -> Result<Table> {
    let (config, task) = (weights.config(), weights.task());
    let mlp = weights.mlps.get(layer).context("there is no such MLP")?;
    ensure!(
        neuron < mlp.w_in.ncols(),
        "no neuron {neuron}; they are 0 to {}",
        mlp.w_in.ncols() - 1
    );
    let column = |m: &Matrix| Matrix::from_fn(m.nrows(), 1, |i, _| m[(i, neuron)]);
    let before = |reader: Matrix| match &mlp.norm {
        Some(norm) => norm.before(&reader),
        None => reader,
    };
    let mut readers = vec![("reads".to_owned(), before(column(&mlp.w_in)))];
    if let Some(gate) = &mlp.w_gate {
        readers.push(("gate reads".into(), before(column(gate))));
    }
    let names: Vec<String> = (0..config.d_vocab)
        .map(|token| task.token_name(token as u32))
        .collect();
    let mut cols = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut add = |name: String, values: Matrix| {
        cols.push(name);
        columns.push((0..values.nrows()).map(|i| values[(i, 0)]).collect());
    };
    for (name, reader) in &readers {
        add(name.clone(), weights.w_e() * reader);
        for head in HeadName::all(config).filter(|head| head.layer <= layer) {
            let through = weights.head(head);
            let reader = &through.w_v * &(&through.w_o * reader);
            let reader = match weights.norm_of(head.layer) {
                Some(norm) => norm.before(&reader),
                None => reader,
            };
            add(format!("{name} by {head}"), weights.w_e() * &reader);
        }
    }
    let w_u = match &weights.norm {
        Some(norm) => norm.before(weights.w_u()),
        None => weights.w_u().clone(),
    };
    let writes = match &mlp.w_out {
        Some(w_out) => (w_out.row(neuron) * &w_u).iter().copied().collect(),
        None => (0..w_u.ncols())
            .map(|j| w_u[(neuron, j)])
            .collect::<Vec<f64>>(),
    };
    // classes that are tokens stand in these tokens' rows
    let kin = task.kin();
    let mut rows = names.clone();
    let mut written = vec![f64::NAN; rows.len()];
    for (class, &value) in writes.iter().enumerate() {
        match kin.token_of_class.get(class).copied().flatten() {
            Some(token) => written[token as usize] = value,
            None => {
                rows.push(task.class_name(class as u32));
                written.push(value);
            }
        }
    }
    cols.push("writes".into());
    columns.push(written);
    let mut notes = vec![(
        "bias".to_owned(),
        significant(mlp.b_in[(0, neuron)], DIGITS),
    )];
    if mlp.norm.is_some() || weights.norm.is_some() {
        let words = "folded in but for their scales, which differ from input to input";
        notes.push(("norms".to_owned(), words.to_owned()));
    }
    let value = |i: usize, j: usize| columns[j].get(i).copied().unwrap_or(f64::NAN) as f32;
    Ok(Table {
        values: Array::from_fn([rows.len(), cols.len()], value),
        rows,
        cols,
        signed: true,
        axes: vec!["token".to_owned()],
        notes,
        ..Table::default()
    })
}

//! One neuron: what it holds over many inputs, what it reads of each token and what it writes.

use super::neurons::position;
use super::places::{Asked, DIGITS, at_inputs, so_far, told, unfinished};
use super::stat::Stat;
use super::{Extent, INPUTS, Stepwise};
use crate::answers::answering::Inquest;
use crate::answers::table::Table;
use crate::lens::{Array, HeadName, Matrices, Matrix};
use crate::sweep::{Gather, Gathering, Over, Progress, Seen, gather};
use crate::task::Task;
use crate::task::number::significant;
use anyhow::{Context, Result, ensure};
use std::sync::Arc;

/// Strongest inputs that are named.
const STRONGEST: usize = 5;

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

pub(super) fn begin(
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
        self.progress = unfinished(progress);
        Ok(self.progress.is_none())
    }

    fn table(&self) -> Table {
        let One {
            stat,
            on,
            strongest,
        } = self.gathering.gathered();
        let mut table = Table::clone(&self.circuit);
        let n = stat.n() + stat.undefined;
        let mut notes = vec![
            ("at".to_owned(), self.task.label(self.pos)),
            (INPUTS.to_owned(), told(self.over, n, self.progress)),
        ];
        notes.extend(so_far(self.progress));
        if stat.n() > 0 {
            let words = format!(
                "mean {}, spread {}, on in {} of {}",
                significant(stat.mean(), DIGITS),
                significant(stat.spread(), DIGITS),
                on,
                stat.n()
            );
            notes.push(("activation".into(), words));
            notes.push(("strongest".into(), at_inputs(self.task, strongest)));
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

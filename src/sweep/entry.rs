//! From the weights to the inputs: how much one entry of a circuit does in an input.
//!
//! An entry of a QK circuit adds to a score wherever its row stands in the query and its column in
//! the key, in whatever amount earlier heads brought them there. What it does there is the
//! attention with it less the attention without it. An entry of an OV circuit, or of the direct
//! path, adds to a logit; what it does is what it adds. Of an input the place counts at which it
//! does most.

use super::block::{Block, Wanted};
use super::prepared::Prepared;
use super::program::{Program, Select, Sum};
use super::tables::{Basis, Elements};
use crate::lens::{CircuitName, HeadName, Side};
use crate::model::Config;
use crate::task::Task;
use std::ops::Range;

/// An entry of a circuit, by the numbers of its row and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub circuit: CircuitName,
    pub row: usize,
    pub col: usize,
}

impl Entry {
    /// The rows of attention that it is looked for in: heads counted through all layers, and
    /// queries. In the last layer only those that predict do anything.
    pub fn rows(&self, config: &Config, task: Task) -> Vec<(usize, usize)> {
        let CircuitName::Qk { head, .. } = &self.circuit else {
            return Vec::new();
        };
        let number = head.layer * config.n_heads + head.head;
        let in_last_layer = head.layer + 1 == config.n_layers;
        let dests = dests(in_last_layer, task.predicts_at(0), task.read_len());
        dests.map(|dest| (number, dest)).collect()
    }
}

/// The queries of a head that do anything: in the last layer from the first that predicts on.
fn dests(in_last_layer: bool, first_read: usize, positions: usize) -> Range<usize> {
    if in_last_layer {
        first_read..positions
    } else {
        0..positions
    }
}

/// The same, of a program.
fn walked(in_last_layer: bool, program: &Program) -> Range<usize> {
    let first = program.predicts.iter().position(Option::is_some);
    dests(in_last_layer, first.unwrap_or(0), program.predicts.len())
}

/// Where token embeddings stand among a program's families.
const TOKENS: usize = 0;
/// Likewise positional embeddings.
const POSITIONS: usize = 1;

/// What a row or a column stands for: one vector, and the path that carries it.
#[derive(Clone, Copy)]
struct Part {
    family: usize,
    path: Option<usize>,
    vector: usize,
}

impl Part {
    /// A token that heads carry; `None` where nothing goes that way.
    fn through(program: &Program, heads: &[HeadName], token: usize) -> Option<Self> {
        let step = |path, &head| Some(Some(program.onward(head, path)?));
        Some(Self {
            family: TOKENS,
            path: heads.iter().try_fold(None, step)?,
            vector: token,
        })
    }

    fn of(program: &Program, side: Side, vector: usize) -> Option<Self> {
        match side {
            Side::Tok => Self::through(program, &[], vector),
            Side::Via(head) => Self::through(program, &[head], vector),
            Side::Pos => Some(Self {
                family: POSITIONS,
                path: None,
                vector,
            }),
            // not a part of its own: claims are refused before
            Side::All => None,
        }
    }

    /// Its row among those of a table.
    fn row(self, program: &Program, elements: &Elements, basis: &Basis) -> Option<usize> {
        let is_here = |&element: &usize| {
            let (slot, path) = elements.all[element];
            (program.slots[slot].family, path) == (self.family, self.path)
        };
        let place = basis.elements.iter().position(is_here)?;
        Some(basis.first_row[place] + self.vector)
    }
}

/// An amount of a part in a sum, in inputs that pick its vector: so much, or so much of a
/// coefficient of what heads carried to the position.
struct Amount {
    select: Select,
    by: f64,
    carried: Option<usize>,
}

/// A part in the sums of all positions, by index.
struct Reads {
    vector: usize,
    amounts: Vec<Vec<Vec<Amount>>>,
}

impl Reads {
    fn new(program: &Program, elements: &Elements, sums: &[Sum], part: Option<Part>) -> Self {
        let of_sum =
            |idx, sum| part.map_or_else(Vec::new, |part| held(program, elements, part, idx, sum));
        let of_idx = |idx| sums.iter().map(|sum| of_sum(idx, sum)).collect();
        Self {
            vector: part.map_or(0, |part| part.vector),
            amounts: (0..program.form.switches()).map(of_idx).collect(),
        }
    }

    /// How much of the part an input holds at a position.
    fn at(&self, position: usize, fields: &[usize], carried: impl Fn(usize) -> f64) -> f64 {
        let amounts = self.amounts[fields[fields.len() - 2]][position].iter();
        let here = amounts.filter(|one| one.select.row(fields) == self.vector);
        here.map(|one| one.by * one.carried.map_or(1.0, &carried))
            .sum()
    }
}

/// The amounts of a part in a sum.
fn held(program: &Program, elements: &Elements, part: Part, idx: usize, sum: &Sum) -> Vec<Amount> {
    let of_slot = |slot: usize, by, carried| {
        let slot = &program.slots[slot];
        (slot.family == part.family).then(|| Amount {
            select: slot.select.clone(),
            by,
            carried,
        })
    };
    match part.path {
        None => {
            let fixed = elements.fixed(program, sum, idx).into_iter();
            fixed
                .filter_map(|(slot, by)| of_slot(slot, by, None))
                .collect()
        }
        Some(path) => {
            let by = sum.paths.get(&path).copied().unwrap_or(0.0);
            let all = elements.of_path(program, path).filter(|_| by != 0.0);
            let of = |element: usize| {
                of_slot(elements.all[element].0, by, Some(element - elements.slots))
            };
            all.filter_map(of).collect()
        }
    }
}

/// An entry, ready to be looked for in the inputs of a program.
pub(super) struct Sought {
    /// Of the table itself; for scores after `1/sqrt(d_head)`.
    value: f64,
    /// The head in whose scores it stands; logits without one.
    head: Option<usize>,
    row: Reads,
    col: Reads,
    dests: Range<usize>,
}

impl Sought {
    pub fn new<T: Copy + Into<f64>>(entry: &Entry, prepared: &Prepared<T>) -> Self {
        let (program, elements) = (&*prepared.program, &*prepared.elements);
        let reads = |sums: &[Sum], part| Reads::new(program, elements, sums, part);
        let (chain, head) = match &entry.circuit {
            CircuitName::Ov(chain) => (Some(&chain[..]), None),
            CircuitName::Direct => (Some(&[][..]), None),
            CircuitName::Qk { head, query, key } => (None, Some((*head, *query, *key))),
            // claims about these are refused before
            CircuitName::From(..) | CircuitName::MlpIn { .. } | CircuitName::MlpOut(_) => {
                (None, None)
            }
        };
        let Some((head, query, key)) = head else {
            let part = chain.and_then(|chain| Part::through(program, chain, entry.row));
            let out = &prepared.tables.out;
            let row = part.and_then(|part| part.row(program, elements, &out.basis));
            return Self {
                value: row.map_or(0.0, |row| out.out[row * out.d_vocab_out + entry.col].into()),
                head: None,
                row: reads(&program.out, part),
                col: reads(&[], None),
                dests: walked(true, program),
            };
        };
        let number = program.number(head);
        let (of_head, tables) = (&program.heads[number], &prepared.tables.heads[number]);
        let [row, col] = [(query, entry.row), (key, entry.col)]
            .map(|(side, vector)| Part::of(program, side, vector));
        let at = |part: Option<Part>| part?.row(program, elements, &tables.basis);
        let cell = at(row).zip(at(col));
        Self {
            value: cell.map_or(0.0, |(i, j)| tables.qk[i * tables.stride + j].into()),
            head: Some(number),
            row: reads(&of_head.q, row),
            col: reads(&of_head.k, col),
            dests: walked(head.layer + 1 == program.layers, program),
        }
    }

    /// What it does in an input whose numbers a block holds: to a logit, or to a probability of
    /// attention.
    pub fn does<T: Copy + Into<f64>>(
        &self,
        prepared: &Prepared<T>,
        fields: &[usize],
        wanted: &Wanted,
        block: &Block<T>,
    ) -> f64 {
        let elt = fields[fields.len() - 1];
        let number = |rows: &[T], row: usize| -> f64 { rows[row * block.pad + elt].into() };
        let width = prepared.elements.carried();
        let held = |reads: &Reads, position: usize| {
            reads.at(position, fields, |at| {
                number(&block.carried, position * width + at)
            })
        };
        let mut most = 0f64;
        for dest in self.dests.clone() {
            let row = self.value * held(&self.row, dest);
            if row == 0.0 {
                continue;
            }
            let Some(head) = self.head else {
                most = most.max(row.abs());
                continue;
            };
            let first = wanted.row(head, dest).unwrap_or_default();
            let score = |src: usize| number(&block.scores, first + src);
            let program = &prepared.program.heads[head];
            for src in (0..=dest).filter(|&src| !program.pattern.contains_key(&(dest, src))) {
                let scale = program
                    .scores
                    .get(&(dest, src))
                    .map_or(1.0, |cell| cell.scale);
                let part = row * scale * held(&self.col, src);
                if part != 0.0 {
                    most = most.max(moved(dest, src, part, score));
                }
            }
        }
        most
    }
}

/// By how much a part of a score moves the attention to its cell, all other scores left alone.
fn moved(dest: usize, src: usize, part: f64, score: impl Fn(usize) -> f64) -> f64 {
    let own = score(src);
    if own == f64::NEG_INFINITY {
        return 0.0;
    }
    let others = (0..=dest).filter(|&other| other != src);
    let others: f64 = others.map(|other| (score(other) - own).exp()).sum();
    let with = 1.0 / (1.0 + others);
    let without = match others {
        0.0 => 1.0,
        _ => 1.0 / (1.0 + others * part.exp()),
    };
    (with - without).abs()
}

//! What is left of a forward pass when everything but attention has been folded into sums.
//!
//! Given attention the model is linear, so each thing that a head or the logits read at a position
//! is a [`Sum`]: constant amounts of vectors that enter there (a token's embedding, a position's, a
//! bias, an activation put there by an intervention), and whatever earlier heads carried to it.
//! What a chain of heads (a [`Path`]) carried is kept as one coefficient for each vector that can
//! enter it, so that nothing wider than a handful of numbers is left for an input to compute.

use crate::lens::{HeadName, Matrix};
use crate::task::{Form, Place};
use std::collections::BTreeMap;

/// Where a family of vectors comes into the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enter {
    /// Into the residual stream, `d_model` wide.
    Stream,
    /// Into a head's queries, `d_head` wide; likewise its keys and values.
    Query(HeadName),
    /// Into its keys.
    Key(HeadName),
    /// Into its values.
    Value(HeadName),
}

/// Vectors of which an input picks one.
pub(super) struct Family {
    pub enter: Enter,
    /// One vector a row.
    pub rows: Matrix,
}

/// How an input picks a row: a base, plus so much for each of its fields `a_0 .. idx elt`. The
/// stride of `elt` is 0 or 1, so that neighbouring elements are neighbours in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Select {
    pub base: usize,
    pub strides: Vec<usize>,
}

impl Select {
    /// Always the same row.
    pub fn fixed(base: usize, form: &Form) -> Self {
        Self {
            base,
            strides: vec![0; form.sizes.len()],
        }
    }

    /// The row that has the value of these fields, the last one changing fastest.
    pub fn by_fields(base: usize, fields: &[usize], form: &Form) -> Self {
        let mut select = Self::fixed(base, form);
        let mut stride = 1;
        for &field in fields.iter().rev() {
            select.strides[field] = stride;
            stride *= form.sizes[field];
        }
        select
    }

    /// The row for the fields of an input.
    #[inline(always)]
    pub fn row(&self, fields: &[usize]) -> usize {
        let terms = self.strides.iter().zip(fields);
        self.base + terms.map(|(stride, value)| stride * value).sum::<usize>()
    }

    /// Whether inputs that differ only in `elt` pick different rows.
    pub fn by_elt(&self) -> bool {
        self.strides.last().is_some_and(|&stride| stride != 0)
    }
}

/// A vector that depends on the input: a family and how the input picks one of it.
pub(super) struct Slot {
    pub family: usize,
    pub select: Select,
}

/// A number that depends on the input.
pub(super) struct Number {
    pub values: Vec<f64>,
    pub select: Select,
}

impl Number {
    /// Whether it is none.
    pub fn is_undefined(&self) -> bool {
        self.values.iter().any(|value| value.is_nan())
    }

    /// Whether it cuts a score off.
    pub fn is_cut(&self) -> bool {
        self.values.contains(&f64::NEG_INFINITY)
    }
}

/// What can stand in a sum with a constant factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// The embedding of the token that stands at this position.
    Token(usize),
    /// A slot.
    Slot(usize),
}

/// A sum of vectors; paths by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub fixed: BTreeMap<Piece, f64>,
    pub paths: BTreeMap<usize, f64>,
}

impl Sum {
    pub fn of(piece: Piece) -> Self {
        Self {
            fixed: BTreeMap::from([(piece, 1.0)]),
            paths: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, other: &Self, factor: f64) {
        for (&piece, &by) in &other.fixed {
            *self.fixed.entry(piece).or_default() += by * factor;
        }
        for (&path, &by) in &other.paths {
            *self.paths.entry(path).or_default() += by * factor;
        }
        self.fixed.retain(|_, by| *by != 0.0);
        self.paths.retain(|_, by| *by != 0.0);
    }

    pub fn scale(&mut self, factor: f64) {
        let old = std::mem::take(self);
        self.add(&old, factor);
    }
}

/// A chain of heads of increasing layers, and the slots that can enter it.
pub(super) struct Path {
    /// The chain without its last head.
    pub parent: Option<usize>,
    pub head: HeadName,
    pub slots: Vec<usize>,
}

/// A change to one attention score or probability: `x * scale + plus`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub scale: f64,
    /// Numbers by their place in [`Program::numbers`], with a factor.
    pub plus: Vec<(usize, f64)>,
}

impl Cell {
    /// A number in its place.
    pub fn put(number: usize) -> Self {
        Self {
            scale: 0.0,
            plus: vec![(number, 1.0)],
        }
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            scale: 1.0,
            plus: Vec::new(),
        }
    }
}

/// Cells that are changed, by `(dest, src)`.
pub(super) type Cells = BTreeMap<(usize, usize), Cell>;

/// One head: what it reads, position by position, and what is done to its attention.
pub(super) struct HeadProgram {
    pub name: HeadName,
    pub q: Vec<Sum>,
    pub k: Vec<Sum>,
    pub v: Vec<Sum>,
    /// `W_Q`, with whatever cuts interventions made; likewise `W_V`.
    pub w_q: Matrix,
    pub w_v: Matrix,
    pub scores: Cells,
    pub pattern: Cells,
}

/// A model under interventions, folded.
pub(super) struct Program {
    pub form: &'static Form,
    /// By position: which answer is read there, if any.
    pub predicts: Vec<Option<usize>>,
    /// How many answers there are.
    pub predictions: usize,
    pub layers: usize,
    /// Positions that have a say, from the first on.
    pub positions: usize,
    pub families: Vec<Family>,
    pub slots: Vec<Slot>,
    pub numbers: Vec<Number>,
    pub paths: Vec<Path>,
    /// Layer by layer.
    pub heads: Vec<HeadProgram>,
    /// What the logits read at each position.
    pub out: Vec<Sum>,
}

impl Program {
    /// The slots of the tokens: those that are fixed, then the fields, in this order.
    pub fn token_slots(form: &Form) -> Vec<Slot> {
        let token = |select| Slot { family: 0, select };
        let fixed = form.fixed.iter();
        let fixed = fixed.map(|&token| Select::fixed(token as usize, form));
        let fields = (0..form.sizes.len()).map(|field| Select::by_fields(0, &[field], form));
        fixed.chain(fields).map(token).collect()
    }

    /// The slot whose token stands at a position of a teacher-forced prompt with this switch.
    pub fn token_at(form: &Form, position: usize, switch: usize) -> usize {
        match form.at(position, switch) {
            Place::Fixed(token) => form.fixed.iter().position(|&one| one == token).unwrap_or(0),
            Place::Slot(slot) | Place::Answer(slot) => form.fixed.len() + slot,
        }
    }

    /// A head's place among all.
    pub fn number(&self, name: HeadName) -> usize {
        name.layer * (self.heads.len() / self.layers) + name.head
    }

    /// The path that goes on through this head.
    pub fn onward(&self, head: HeadName, path: Option<usize>) -> Option<usize> {
        let mut paths = self.paths.iter();
        paths.position(|one| one.head == head && one.parent == path)
    }

    /// A piece as a slot, in prompts with this index.
    pub fn slot_of(&self, piece: Piece, idx: usize) -> usize {
        match piece {
            Piece::Token(position) => Self::token_at(self.form, position, idx),
            Piece::Slot(slot) => slot,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::task::{Prompt, Task};

    #[test]
    fn token_slots_are_the_tokens_of_the_prompt() {
        for (list_len, max_num) in [(1, 3), (2, 7), (3, 50)] {
            let task = Task::array_update(list_len, max_num).unwrap();
            let form = task.form().unwrap();
            let slots = Program::token_slots(form);
            for number in (0..task.input_space()).step_by(37) {
                let input = task.values_at(number);
                let fields: Vec<usize> = input.tokens().iter().map(|&t| t as usize).collect();
                let switch = fields[form.switch()];
                let tokens = task.tokens(&Prompt::teacher_forced(input));
                for (position, &token) in tokens.iter().enumerate() {
                    let slot = &slots[Program::token_at(form, position, switch)];
                    assert_eq!(slot.select.row(&fields), token as usize);
                }
            }
        }
    }
}

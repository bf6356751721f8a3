//! What a walk finds out about a block of inputs: all that share a list and an index.

use super::claim::Word;
use super::entry::Entry;
use super::held::Held;
use super::input::Of;
use super::judging::{Told, judge, judge_element};
use super::lanes::{Lanes, SLACK};
use crate::lens::{Judged, PathName, Precision};
use crate::task::Target;

/// What to keep of a block besides its predictions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Rows of attention: heads counted through all layers, and queries.
    pub rows: Vec<(usize, usize)>,
    /// How many cells a row has at least: where attention looks both ways, all positions.
    pub ahead: usize,
    /// Whether losses are wanted: a margin needs no exponentials.
    pub losses: bool,
    /// Whether it is enough to know who is right: a margin is then only so large as it is at least.
    pub signs: bool,
    /// Whether all logits of the predictions are wanted.
    pub logits: bool,
    /// What a path brings to a prediction's logits.
    pub paths: Vec<(PathName, usize)>,
    /// Whether paths are told apart that the tables have as one.
    pub apart: bool,
    /// Whether the coefficients of what heads carried are wanted, at all positions.
    pub carried: bool,
    /// Entries of circuits, and what they do.
    pub entries: Vec<Entry>,
    /// Numbers read off activations, which only forward passes know.
    pub held: Vec<Held>,
    /// Numbers of the untouched model,
    pub beside: Vec<Word>,
    /// and what these need of it.
    pub of_untouched: Option<Box<Self>>,
}

impl Wanted {
    /// Where the cells of a row begin among all cells that are kept.
    #[inline(always)]
    pub fn row(&self, head: usize, dest: usize) -> Option<usize> {
        let mut first = 0;
        for &(one, query) in &self.rows {
            if (one, query) == (head, dest) {
                return Some(first);
            }
            first += self.width(query);
        }
        None
    }

    /// How many cells a query's row has.
    #[inline(always)]
    pub fn width(&self, query: usize) -> usize {
        self.ahead.max(query + 1)
    }

    /// The wanted paths to a prediction, with their places.
    #[inline(always)]
    pub fn paths_to(&self, prediction: usize) -> impl Iterator<Item = (usize, &(PathName, usize))> {
        let paths = self.paths.iter().enumerate();
        paths.filter(move |(_, (_, j))| *j == prediction)
    }

    /// Whether something is wanted that only tables know.
    pub fn is_of_tables(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether something is wanted that only forward passes know, here or of the untouched model.
    pub fn is_of_passes(&self) -> bool {
        self.apart
            || !self.held.is_empty()
            || self.of_untouched.as_deref().is_some_and(Self::is_of_passes)
    }

    /// Cells of all rows.
    fn cells(&self) -> usize {
        self.rows.iter().map(|&(_, query)| self.width(query)).sum()
    }
}

/// The numbers of a block, by element. Rows are `pad` apart; what stands behind the last element
/// means nothing.
pub(super) struct Block<T> {
    pub pad: usize,
    elements: usize,
    pub d_vocab_out: usize,
    /// By prediction: the right answer's logit less the best of the others.
    pub margins: Vec<T>,
    /// By prediction: the best of the others; only where the margin is not above 0.
    pub others: Vec<T>,
    /// By prediction: cross entropy, in nats, where wanted.
    pub losses: Vec<T>,
    wants_losses: bool,
    /// Nothing where an element stands, and more than anything behind the last one.
    beyond: Vec<T>,
    /// By cell of [`Wanted::rows`].
    pub scores: Vec<T>,
    /// By cell of [`Wanted::rows`].
    pub pattern: Vec<T>,
    /// By prediction and token, where wanted.
    pub logits: Vec<T>,
    /// By path of [`Wanted::paths`] and token.
    pub shares: Vec<T>,
    /// By position and coefficient, where wanted.
    pub carried: Vec<T>,
    /// By entry of [`Wanted::entries`].
    pub done: Vec<f64>,
    /// By [`Wanted::held`].
    pub held: Vec<T>,
    /// Whether all logits are tied, exactly.
    pub level: bool,
    /// Whether what is not defined is so in double precision too: interventions leave no number there.
    pub undefined: bool,
    /// By element, what is right; empty where the form of the task says it.
    pub targets: Vec<Vec<Target>>,
}

/// How much there is of what a block can hold.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub elements: usize,
    /// At least as many.
    pub pad: usize,
    pub predictions: usize,
    pub d_vocab_out: usize,
    /// Coefficients of all positions.
    pub carried: usize,
}

impl<T: Copy + From<f32>> Block<T> {
    pub fn new(zero: T, size: Size, wanted: &Wanted) -> Self {
        let Size {
            elements,
            pad,
            predictions,
            d_vocab_out,
            carried,
        } = size;
        let rows = |n: usize| vec![zero; n * pad];
        let logits = if wanted.logits {
            predictions * d_vocab_out
        } else {
            0
        };
        Self {
            pad,
            elements,
            d_vocab_out,
            margins: rows(predictions),
            others: rows(predictions),
            losses: rows(predictions),
            wants_losses: wanted.losses,
            beyond: (0..pad + SLACK)
                .map(|i| {
                    if i < elements {
                        f32::NEG_INFINITY
                    } else {
                        f32::INFINITY
                    }
                })
                .map(T::from)
                .collect(),
            scores: rows(wanted.cells()),
            pattern: rows(wanted.cells()),
            logits: rows(logits),
            shares: rows(wanted.paths.len() * d_vocab_out),
            carried: rows(if wanted.carried { carried } else { 0 }),
            done: vec![0.0; wanted.entries.len() * pad],
            held: rows(wanted.held.len()),
            level: false,
            undefined: false,
            targets: Vec::new(),
        }
    }
}

impl<T: Precision> Block<T> {
    /// How many elements there are.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// One number of one element.
    #[inline(always)]
    pub fn get(&self, of: Of, elt: usize) -> T {
        self.row(of)[elt]
    }

    /// One number of all elements.
    #[inline(always)]
    pub fn row(&self, of: Of) -> &[T] {
        let (rows, row) = match of {
            Of::Margin(j) => (&self.margins, j),
            Of::Other(j) => (&self.others, j),
            Of::Loss(j) => (&self.losses, j),
            Of::Score(cell) => (&self.scores, cell),
            Of::Pattern(cell) => (&self.pattern, cell),
            Of::Logit(j, token) => (&self.logits, j * self.d_vocab_out + token),
            Of::Share(path, token) => (&self.shares, path * self.d_vocab_out + token),
            Of::Carried(row) => (&self.carried, row),
            Of::Held(row) => (&self.held, row),
        };
        &rows[row * self.pad..(row + 1) * self.pad]
    }

    /// Keeps what a path brings to all tokens' logits.
    #[inline(always)]
    pub fn keep_share<L: Lanes<T = T>>(
        &mut self,
        lanes: L,
        e0: usize,
        path: usize,
        share: &[L::V],
    ) {
        let first = path * self.d_vocab_out;
        keep_tokens(lanes, &mut self.shares, self.pad, first, e0, share);
    }

    /// Keeps an attention cell; of a position that all inputs share there is one number, and no
    /// element `e0`.
    #[inline(always)]
    pub fn keep_cell<L: Lanes<T = T>>(
        &mut self,
        lanes: L,
        cell: usize,
        e0: Option<usize>,
        (score, pattern): (L::V, L::V),
    ) {
        keep_row(lanes, &mut self.scores, self.pad, cell, e0, score);
        keep_row(lanes, &mut self.pattern, self.pad, cell, e0, pattern);
    }

    /// Likewise the coefficients of a position, which begin at `first`.
    #[inline(always)]
    pub fn keep_carried<L: Lanes<T = T>>(
        &mut self,
        lanes: L,
        first: usize,
        e0: Option<usize>,
        coefficients: &[L::V],
    ) {
        for (row, &value) in (first..).zip(coefficients) {
            keep_row(lanes, &mut self.carried, self.pad, row, e0, value);
        }
    }

    /// Keeps that a prediction is right, if it is in all inputs: their margins are at least this.
    #[inline(always)]
    pub fn keep_lead<L: Lanes<T = T>>(
        &mut self,
        lanes: L,
        lead: Option<(L::V, T)>,
        e0: usize,
        j: usize,
    ) -> bool {
        let Some((lead, sure)) = lead else {
            return false;
        };
        let with_none = lanes.max(lead, lanes.load(&self.beyond[e0..]));
        let is_sure = lanes.all_above(with_none, sure);
        if is_sure {
            let at = j * self.pad + e0;
            lanes.store(lead, &mut self.margins[at..]);
            lanes.store(lanes.zero(), &mut self.others[at..]);
        }
        is_sure
    }

    /// Keeps what the logits say about prediction `j`, the right answer to which is a copy of the field
    /// `copied`; the last field is another one for each element.
    #[inline(always)]
    pub fn keep_prediction<L: Lanes<T = T>>(
        &mut self,
        lanes: L,
        (fields, copied): (&[usize], usize),
        e0: usize,
        j: usize,
        logits: &mut [L::V],
    ) {
        if !self.logits.is_empty() {
            let first = j * self.d_vocab_out;
            keep_tokens(lanes, &mut self.logits, self.pad, first, e0, logits);
        }
        if !self.targets.is_empty() {
            return self.keep_told(lanes, e0, j, logits);
        }
        let told = Told {
            losses: self.wants_losses,
            beyond: lanes.load(&self.beyond[e0..]),
        };
        let judged = if copied + 1 == fields.len() {
            judge_element(lanes, logits, e0, told)
        } else {
            judge(lanes, logits, fields[copied], told)
        };
        let at = j * self.pad + e0;
        lanes.store(judged.margin, &mut self.margins[at..]);
        lanes.store(judged.other, &mut self.others[at..]);
        lanes.store(judged.loss, &mut self.losses[at..]);
    }

    /// Keeps what the logits say about prediction `j` where what is right is told element by element.
    fn keep_told<L: Lanes<T = T>>(&mut self, lanes: L, e0: usize, j: usize, logits: &[L::V]) {
        let mut side_by_side = vec![L::number(0.0); L::WIDTH];
        for elt in e0..(e0 + L::WIDTH).min(self.targets.len()) {
            let row = logits.iter().map(|&logit| {
                lanes.store(logit, &mut side_by_side);
                side_by_side[elt - e0]
            });
            let row: Vec<T> = row.collect();
            self.keep_judged(elt, j, &Judged::of(&row, &self.targets[elt][j]));
        }
    }

    /// Keeps how prediction `j` of one input is judged.
    fn keep_judged(&mut self, at: usize, j: usize, judged: &Judged<T>) {
        let row = j * self.pad + at;
        self.margins[row] = judged.margin;
        self.others[row] = T::nearest(judged.said.map_or(f64::NAN, f64::from));
        self.losses[row] = T::nearest(-judged.log_prob.into());
    }
}

/// One row's numbers; the same in all of it without a first element.
#[inline(always)]
fn keep_row<L: Lanes>(
    lanes: L,
    rows: &mut [L::T],
    pad: usize,
    row: usize,
    e0: Option<usize>,
    value: L::V,
) {
    let row = &mut rows[row * pad..(row + 1) * pad];
    lanes.store(value, &mut row[e0.unwrap_or(0)..]);
    if e0.is_none() {
        let one = row[0];
        row.fill(one);
    }
}

/// A number for each token, from row `first` on; rows are `pad` apart.
#[inline(always)]
fn keep_tokens<L: Lanes>(
    lanes: L,
    rows: &mut [L::T],
    pad: usize,
    first: usize,
    e0: usize,
    values: &[L::V],
) {
    for (token, &value) in values.iter().enumerate() {
        lanes.store(value, &mut rows[(first + token) * pad + e0..]);
    }
}

impl Block<f32> {
    /// Keeps what a forward pass says about prediction `j` of one input.
    pub fn keep_row(&mut self, at: usize, j: usize, logits: &[f32]) {
        self.keep_judged(at, j, &Judged::of(logits, &self.targets[at][j]));
        if !self.logits.is_empty() {
            for (token, &logit) in logits.iter().enumerate() {
                self.logits[(j * self.d_vocab_out + token) * self.pad + at] = logit;
            }
        }
    }

    /// Takes one input's numbers from a walk in double precision.
    pub fn replace(&mut self, elt: usize, exact: &Block<f64>) {
        let pad = self.pad;
        let pairs = [
            (&mut self.margins, &exact.margins),
            (&mut self.others, &exact.others),
            (&mut self.losses, &exact.losses),
            (&mut self.scores, &exact.scores),
            (&mut self.pattern, &exact.pattern),
            (&mut self.logits, &exact.logits),
            (&mut self.shares, &exact.shares),
            (&mut self.carried, &exact.carried),
        ];
        for (to, from) in pairs {
            for at in (elt..to.len()).step_by(pad) {
                to[at] = from[at] as f32;
            }
        }
        for at in (elt..self.done.len()).step_by(pad) {
            self.done[at] = exact.done[at];
        }
    }
}

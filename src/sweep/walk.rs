//! One block of inputs: all that share a list and an index, every element of it side by side.
//!
//! A walk goes through the positions of the prompt. Those before the element are the same for the
//! whole block and are done once, with single numbers; from the element on each register holds as
//! many inputs as fit. What a position keeps is one coefficient for each element that heads carry.

use super::block::{Block, Wanted};
use super::lanes::Lanes;
use super::local::{Coefficients, LocalHead, LocalOut, Rows};
use super::plan::{HeadPlan, Plan, Read, Run};
use super::prepared::Prepared;
use crate::lens::HeadName;

/// Memory that a walk needs, kept between blocks.
pub(super) struct Work<L: Lanes> {
    /// Coefficients of positions that all inputs share, `[pos, carried]`.
    shared: Vec<L::T>,
    /// Coefficients of the other positions, `[pos, carried]`.
    wide: Vec<L::V>,
    /// What is read, with its coefficients.
    read: Coefficients<L::V>,
    /// A query against every key that there can be.
    u: Vec<L::V>,
    scores: Vec<L::V>,
    pattern: Vec<L::V>,
    carried: Vec<L::V>,
    logits: Vec<L::V>,
}

/// Where a walk is: which inputs, and what is known of them.
#[derive(Clone, Copy)]
pub(super) struct At<'a, T> {
    pub prepared: &'a Prepared<T>,
    pub heads: &'a [LocalHead<T>],
    pub out: &'a LocalOut,
    pub fields: &'a [usize],
    /// The first element of the register.
    pub e0: usize,
}

impl<T: Copy> At<'_, T> {
    fn plan(&self) -> &Plan<T> {
        let idx = self.fields[self.fields.len() - 2];
        &self.prepared.plans[idx]
    }
}

impl<L: Lanes> Work<L> {
    pub fn new(lanes: L, prepared: &Prepared<L::T>) -> Self {
        let (positions, carried) = (prepared.program.positions(), prepared.elements.carried());
        let widest = prepared.tables.heads.iter().map(|head| head.basis.len());
        let zero = lanes.zero();
        Self {
            shared: vec![L::number(0.0); positions * carried],
            wide: vec![zero; positions * carried],
            read: Coefficients::new(),
            u: vec![zero; widest.max().unwrap_or(0)],
            scores: vec![zero; positions],
            pattern: vec![zero; positions],
            carried: vec![zero; carried],
            logits: vec![zero; prepared.tables.out.d_vocab_out],
        }
    }

    /// Takes over what another walk found for the positions that all inputs share.
    pub fn share<O: Lanes<T = L::T>>(&mut self, other: &Work<O>) {
        self.shared.copy_from_slice(&other.shared);
    }

    /// All layers at one position. What it attends to must have been walked before.
    #[inline(always)]
    pub fn step(
        &mut self,
        lanes: L,
        at: At<'_, L::T>,
        position: usize,
        wanted: &Wanted,
        block: &mut Block<L::T>,
    ) {
        let program = &at.prepared.program;
        let last = program.layers - 1;
        let predicts = program.task.predicted_at(position);
        for (number, head) in at.plan().heads.iter().enumerate() {
            let row = wanted.row(number, position);
            if at.prepared.layer_of(number) == last && predicts.is_none() && row.is_none() {
                continue;
            }
            self.attend(lanes, at, number, head, position);
            if let Some(row) = row {
                let shared = position < at.prepared.first_wide;
                for src in 0..=position {
                    let cell = (self.scores[src], self.pattern[src]);
                    block.keep_cell(lanes, row + src, at.e0, shared, cell);
                }
            }
            self.carry(lanes, at, number, head, position);
        }
        if let Some(prediction) = predicts {
            for (number, (path, _)) in wanted.paths_to(prediction) {
                self.unembed(lanes, at, position, Some(path));
                block.keep_share(lanes, at.e0, number, &self.logits);
            }
            self.unembed(lanes, at, position, None);
            block.keep_prediction(lanes, at.fields, at.e0, prediction, &mut self.logits);
        }
    }

    /// The attention of one query.
    #[inline(always)]
    fn attend(
        &mut self,
        lanes: L,
        at: At<'_, L::T>,
        number: usize,
        head: &HeadPlan<L::T>,
        position: usize,
    ) {
        let local = &at.heads[number];
        self.gather(lanes, at, &head.q[position], position, &local.rows, None);
        local.against_keys(lanes, &self.read, at.e0, &mut self.u);
        let mut most = lanes.splat(L::number(f64::NEG_INFINITY));
        for src in 0..=position {
            let score = self.score(lanes, at, &head.k[src], src);
            self.scores[src] = score;
        }
        for (src, scale, plus) in &head.scores[position] {
            self.scores[*src] = changed(lanes, at, self.scores[*src], *scale, plus);
        }
        for &score in &self.scores[..=position] {
            most = lanes.max(most, score);
        }
        let mut sum = lanes.zero();
        for src in 0..=position {
            let exp = lanes.exp(lanes.sub(self.scores[src], most));
            self.pattern[src] = exp;
            sum = lanes.add(sum, exp);
        }
        let scale = lanes.div(lanes.splat(L::number(1.0)), sum);
        for pattern in &mut self.pattern[..=position] {
            *pattern = lanes.mul(*pattern, scale);
        }
        for (src, scale, plus) in &head.pattern[position] {
            self.pattern[*src] = changed(lanes, at, self.pattern[*src], *scale, plus);
        }
    }

    /// What is read at a position, into `self.read`; of one path alone, where one is named.
    #[inline(always)]
    fn gather(
        &mut self,
        lanes: L,
        at: At<'_, L::T>,
        read: &Read<L::T>,
        position: usize,
        rows: &Rows,
        only: Option<&[HeadName]>,
    ) {
        let n = at.prepared.elements.carried();
        self.read.clear();
        if only.is_none_or(<[HeadName]>::is_empty) {
            for &(place, by) in &read.fixed {
                self.read.push(rows, place, lanes.splat(by));
            }
        }
        for run in &read.carried {
            if only.is_some_and(|path| !at.prepared.is_path(run.from, path)) {
                continue;
            }
            for i in 0..run.len {
                let x = if position < at.prepared.first_wide {
                    lanes.splat(self.shared[position * n + run.from + i])
                } else {
                    self.wide[position * n + run.from + i]
                };
                let x = times(lanes, x, run);
                self.read.push(rows, run.to + i, x);
            }
        }
    }

    /// The score of the query in `self.u` with one key.
    #[inline(always)]
    fn score(&self, lanes: L, at: At<'_, L::T>, read: &Read<L::T>, src: usize) -> L::V {
        let n = at.prepared.elements.carried();
        let mut sum = lanes.zero();
        for &(place, by) in &read.fixed {
            sum = lanes.fma(self.u[place], lanes.splat(by), sum);
        }
        for run in &read.carried {
            let u = &self.u[run.to..][..run.len];
            if src < at.prepared.first_wide {
                let own = &self.shared[src * n + run.from..][..run.len];
                for (&u, &x) in u.iter().zip(own) {
                    if x != L::number(0.0) {
                        let x = times(lanes, lanes.splat(x), run);
                        sum = lanes.fma(u, x, sum);
                    }
                }
            } else {
                let own = &self.wide[src * n + run.from..][..run.len];
                for (&u, &x) in u.iter().zip(own) {
                    sum = lanes.fma(u, times(lanes, x, run), sum);
                }
            }
        }
        sum
    }

    /// What the head carries to the position: attention times what it reads at each source.
    #[inline(always)]
    fn carry(
        &mut self,
        lanes: L,
        at: At<'_, L::T>,
        number: usize,
        head: &HeadPlan<L::T>,
        position: usize,
    ) {
        let n = at.prepared.elements.carried();
        let range = at.prepared.carried_by[number].clone();
        self.carried[range.clone()].fill(lanes.zero());
        for src in 0..=position {
            let attention = self.pattern[src];
            for &(to, by) in &head.v[src].fixed {
                self.carried[to] = lanes.fma(attention, lanes.splat(by), self.carried[to]);
            }
            for run in &head.v[src].carried {
                let to = &mut self.carried[run.to..][..run.len];
                if src < at.prepared.first_wide {
                    let own = &self.shared[src * n + run.from..][..run.len];
                    for (to, &x) in to.iter_mut().zip(own) {
                        if x != L::number(0.0) {
                            let x = times(lanes, lanes.splat(x), run);
                            *to = lanes.fma(attention, x, *to);
                        }
                    }
                } else {
                    let own = &self.wide[src * n + run.from..][..run.len];
                    for (to, &x) in to.iter_mut().zip(own) {
                        *to = lanes.fma(attention, times(lanes, x, run), *to);
                    }
                }
            }
        }
        for to in range {
            if position < at.prepared.first_wide {
                // here a register holds one number
                lanes.store(self.carried[to], &mut self.shared[position * n + to..][..1]);
            } else {
                self.wide[position * n + to] = self.carried[to];
            }
        }
    }

    /// The logits at a position, into `self.logits`; or what one path alone brings to them, where
    /// one is named.
    #[inline(always)]
    fn unembed(&mut self, lanes: L, at: At<'_, L::T>, position: usize, only: Option<&[HeadName]>) {
        let read = &at.plan().out[position];
        self.gather(lanes, at, read, position, &at.out.rows, only);
        let tables = &at.prepared.tables.out;
        for (logit, &bias) in self.logits.iter_mut().zip(&tables.bias) {
            // the unembedding's bias is in no path
            *logit = match only {
                None => lanes.splat(bias),
                Some(_) => lanes.zero(),
            };
        }
        at.out
            .add(lanes, tables, &self.read, at.e0, &mut self.logits);
    }
}

/// A coefficient times its factor, which is nearly always 1.
#[inline(always)]
fn times<L: Lanes>(lanes: L, x: L::V, run: &Run<L::T>) -> L::V {
    if run.by == L::number(1.0) {
        x
    } else {
        lanes.mul(x, lanes.splat(run.by))
    }
}

/// A cell after its change.
#[inline(always)]
fn changed<L: Lanes>(
    lanes: L,
    at: At<'_, L::T>,
    value: L::V,
    scale: L::T,
    plus: &[(usize, L::T)],
) -> L::V {
    let mut sum = lanes.mul(value, lanes.splat(scale));
    for &(number, by) in plus {
        let (select, values) = &at.prepared.numbers[number];
        let row = select.row(at.fields);
        let number = if select.by_elt() {
            lanes.load(&values[row + at.e0..])
        } else {
            lanes.splat(values[row])
        };
        sum = lanes.fma(number, lanes.splat(by), sum);
    }
    sum
}

//! One block of inputs: all that share a list and an index, every element of it side by side.
//!
//! A walk goes through the positions of the prompt. Those before the element are the same for the
//! whole block and are done once, with single numbers; from the element on each register holds as
//! many inputs as fit. What a position keeps is one coefficient for each element that heads carry.

use super::block::{Block, Wanted};
use super::lanes::Lanes;
use super::local::{Coefficients, LocalHead, LocalOut, Rows};
use super::plan::{Extra, HeadPlan, Plan, Term};
use super::prepared::Prepared;
use crate::lens::PathName;

/// Memory that a walk needs, kept between blocks.
pub(super) struct Work<L: Lanes> {
    /// Coefficients and constants: see [`Extra`].
    rows: Vec<L::V>,
    /// What is read, with its coefficients.
    read: Coefficients<L::V>,
    /// A query against every key that there can be.
    u: Vec<L::V>,
    scores: Vec<L::V>,
    pattern: Vec<L::V>,
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
        &self.prepared.plans.of[idx]
    }
}

impl<L: Lanes> Work<L> {
    pub fn new(lanes: L, prepared: &Prepared<L::T>) -> Self {
        let zero = lanes.zero();
        let mut rows = vec![zero; prepared.plans.coefficients];
        rows.extend(prepared.plans.extra.iter().map(|extra| match extra {
            Extra::Constant(x) => lanes.splat(*x),
            Extra::Scaled(..) => zero,
        }));
        let positions = prepared.program.positions;
        let widest = prepared.tables.heads.iter().map(|head| head.basis.len());
        Self {
            read: Coefficients::new(zero, prepared.plans.rows()),
            rows,
            u: vec![zero; widest.max().unwrap_or(0)],
            scores: vec![zero; positions],
            pattern: vec![zero; positions],
            logits: vec![zero; prepared.tables.out.d_vocab_out],
        }
    }

    /// Takes over what a walk of one input found for the positions that all inputs share.
    pub fn share<O: Lanes<T = L::T>>(
        &mut self,
        lanes: L,
        one: O,
        other: &Work<O>,
        prepared: &Prepared<L::T>,
    ) {
        for &row in &prepared.shared {
            let mut number = [L::number(0.0)];
            one.store(other.rows[row], &mut number);
            self.rows[row] = lanes.splat(number[0]);
        }
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
        let predicts = program.predicts[position];
        let e0 = (position >= at.prepared.first_wide).then_some(at.e0);
        for (number, head) in at.plan().heads.iter().enumerate() {
            let row = wanted.row(number, position);
            if at.prepared.layer_of(number) == last && predicts.is_none() && row.is_none() {
                continue;
            }
            self.attend(lanes, at, number, head, position);
            if let Some(row) = row {
                for src in 0..=position {
                    let cell = (self.scores[src], self.pattern[src]);
                    block.keep_cell(lanes, row + src, e0, cell);
                }
            }
            self.carry(lanes, at, number, head, position);
        }
        if wanted.carried {
            let width = at.prepared.elements.carried();
            let first = position * width;
            block.keep_carried(lanes, first, e0, &self.rows[first..first + width]);
        }
        if let Some(prediction) = predicts {
            for (number, (path, _)) in wanted.paths_to(prediction) {
                self.unembed(lanes, at, position, Some(path));
                block.keep_share(lanes, at.e0, number, &self.logits);
            }
            let fields = at.fields;
            let switch = fields[fields.len() - 2];
            let copied = program.form.picks[switch][prediction];
            if wanted.signs {
                let lead = self.lead(lanes, at, position, copied);
                if block.keep_lead(lanes, lead, at.e0, prediction) {
                    return;
                }
            }
            self.unembed(lanes, at, position, None);
            block.keep_prediction(lanes, (fields, copied), at.e0, prediction, &mut self.logits);
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
        let query = &head.q[position];
        self.gather(&local.rows, query.iter());
        local.against_keys(
            lanes,
            (query, &head.keys[position]),
            &self.read,
            at.e0,
            &mut self.u,
        );
        let mut most = lanes.splat(L::number(f64::NEG_INFINITY));
        for src in 0..=position {
            self.scores[src] = self.score(lanes, &head.k[src]);
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

    /// What is read, into `self.read`.
    #[inline(always)]
    fn gather<'a>(&mut self, rows: &Rows, terms: impl Iterator<Item = &'a Term>) {
        self.read.fill(rows, terms, &self.rows);
    }

    /// The score of the query in `self.u` with one key.
    #[inline(always)]
    fn score(&self, lanes: L, key: &[Term]) -> L::V {
        let mut sum = lanes.zero();
        for term in key {
            sum = lanes.fma(self.u[term.to], self.rows[term.row], sum);
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
        let first = position * at.prepared.elements.carried();
        let carried = at.prepared.carried_by[number].clone();
        let own = first + carried.start..first + carried.end;
        self.rows[own.clone()].fill(lanes.zero());
        for (terms, &attention) in head.v[..=position].iter().zip(&self.pattern) {
            for term in terms {
                let to = first + term.to;
                self.rows[to] = lanes.fma(attention, self.rows[term.row], self.rows[to]);
            }
        }
        let plans = &at.prepared.plans;
        for (to, extra) in (plans.coefficients..).zip(&plans.extra) {
            match extra {
                Extra::Scaled(from, by) if own.contains(from) => {
                    self.rows[to] = lanes.mul(self.rows[*from], lanes.splat(*by));
                }
                _ => {}
            }
        }
    }

    /// At least by how much the right answer, a copy of a field, leads in each input; where that is known,
    /// and by how much it has to.
    #[inline(always)]
    fn lead(
        &mut self,
        lanes: L,
        at: At<'_, L::T>,
        position: usize,
        copied: usize,
    ) -> Option<(L::V, L::T)> {
        let leads = at.prepared.leads.as_ref()?;
        self.gather(&at.out.rows, at.plan().out[position].iter());
        let lead = if copied + 1 == at.fields.len() {
            leads.of_element(lanes, &self.read, at.e0)
        } else {
            leads.of_token(lanes, &self.read, at.e0, at.fields[copied])
        };
        Some((lead, leads.sure))
    }

    /// The logits at a position, into `self.logits`; or what one path alone brings to them, where
    /// one is named.
    #[inline(always)]
    fn unembed(&mut self, lanes: L, at: At<'_, L::T>, position: usize, only: Option<&PathName>) {
        let (read, rows) = (at.plan().out[position].iter(), &at.out.rows);
        match only {
            None => self.gather(rows, read),
            Some(path) => {
                let own = |term: &&Term| at.prepared.is_path(term.row, path);
                self.gather(rows, read.filter(own));
            }
        }
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

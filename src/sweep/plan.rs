//! A program in numbers, ready to be walked: for each index (it decides which `b` is the new
//! element) and position, what is read and what is carried on.

use super::lanes::Lanes;
use super::program::{Cells, Program, Sum};
use super::tables::{Basis, Elements};
use crate::lens::HeadName;
use std::collections::BTreeSet;

/// So much of one thing (a place of a basis, or a coefficient of the position that carries it on);
/// how much stands in a row of a walk.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub to: usize,
    pub row: usize,
}

/// What is read at a position: first the terms whose vector the element does not decide.
pub(super) type Read = Vec<Term>;

/// What the rows of a walk hold: first the coefficients, `pos * carried + element`, then these.
pub(super) enum Extra<T> {
    /// The same for every input.
    Constant(T),
    /// A coefficient's row, and a factor.
    Scaled(usize, T),
}

/// A head's part, by position.
pub(super) struct HeadPlan<T> {
    pub q: Vec<Read>,
    pub k: Vec<Read>,
    /// What keys up to a position read, as far as the element does not decide it: with what a query has to
    /// be compared there.
    pub keys: Vec<Vec<usize>>,
    /// To coefficients.
    pub v: Vec<Read>,
    pub scores: CellPlan<T>,
    pub pattern: CellPlan<T>,
}

/// Changed cells by `dest`: `(src, scale, [(number, factor)])`.
pub(super) type CellPlan<T> = Vec<Vec<(usize, T, Vec<(usize, T)>)>>;

/// All heads' parts and the logits', for one index.
pub(super) struct Plan<T> {
    pub heads: Vec<HeadPlan<T>>,
    pub out: Vec<Read>,
}

/// The plans of all indices, and the rows that they share.
pub(super) struct Plans<T> {
    /// By index.
    pub of: Vec<Plan<T>>,
    /// How many rows hold coefficients.
    pub coefficients: usize,
    pub extra: Vec<Extra<T>>,
}

impl<T: Copy + PartialEq> Plans<T> {
    /// The plans of a program.
    pub fn new<L: Lanes<T = T>>(
        program: &Program,
        elements: &Elements,
        bases: &[&Basis],
        out: &Basis,
    ) -> Self {
        let coefficients = program.positions * elements.carried();
        let mut extra = Vec::new();
        let mut plan = |idx| {
            let mut maker = Maker {
                program,
                elements,
                idx,
                present: vec![false; coefficients],
                extra: &mut extra,
            };
            maker.plan::<L>(bases, out)
        };
        Self {
            of: (0..program.form.switches()).map(&mut plan).collect(),
            coefficients,
            extra,
        }
    }
}

impl<T> Plans<T> {
    /// The rows of a walk.
    pub fn rows(&self) -> usize {
        self.coefficients + self.extra.len()
    }

    /// The coefficient that a row holds, in whatever amount.
    pub fn coefficient(&self, row: usize) -> Option<usize> {
        match row.checked_sub(self.coefficients) {
            None => Some(row),
            Some(at) => match self.extra[at] {
                Extra::Constant(_) => None,
                Extra::Scaled(of, _) => Some(of),
            },
        }
    }
}

/// Makes a plan, head by head.
struct Maker<'a, T> {
    program: &'a Program,
    elements: &'a Elements,
    idx: usize,
    /// Coefficients that may be other than zero, of the heads so far.
    present: Vec<bool>,
    extra: &'a mut Vec<Extra<T>>,
}

impl<T: Copy + PartialEq> Maker<'_, T> {
    fn plan<L: Lanes<T = T>>(&mut self, bases: &[&Basis], out: &Basis) -> Plan<T> {
        let (program, mut heads) = (self.program, Vec::new());
        for (head, basis) in program.heads.iter().zip(bases) {
            let (q, k) = (
                self.reads::<L>(basis, &head.q),
                self.reads::<L>(basis, &head.k),
            );
            heads.push(HeadPlan {
                keys: self.keys(basis, &k),
                q,
                k,
                v: self.carries::<L>(head.name, &head.v),
                scores: cells::<L>(&head.scores, program.positions),
                pattern: cells::<L>(&head.pattern, program.positions),
            });
        }
        Plan {
            heads,
            out: self.reads::<L>(out, &program.out),
        }
    }

    /// The row of an amount that is not a coefficient itself.
    fn extra(&mut self, wanted: Extra<T>) -> usize {
        let same = |one: &Extra<T>| match (one, &wanted) {
            (Extra::Constant(a), Extra::Constant(b)) => a == b,
            (Extra::Scaled(a, by), Extra::Scaled(b, other)) => (a, by) == (b, other),
            _ => false,
        };
        let at = self.extra.iter().position(same).unwrap_or_else(|| {
            self.extra.push(wanted);
            self.extra.len() - 1
        });
        self.present.len() + at
    }

    /// The constant amounts of a sum: slots and rows.
    fn fixed<L: Lanes<T = T>>(&mut self, sum: &Sum) -> Vec<Term> {
        let fixed = self.elements.fixed(self.program, sum, self.idx).into_iter();
        let term = |(slot, by)| Term {
            to: slot,
            row: self.extra(Extra::Constant(L::number(by))),
        };
        fixed.map(term).collect()
    }

    /// What the heads so far have carried to a position along a path, as places in it.
    fn carried<L: Lanes<T = T>>(&mut self, path: usize, by: f64, position: usize) -> Vec<Term> {
        let first = self.elements.of_path(self.program, path).start - self.elements.slots;
        let mut terms = Vec::new();
        for to in 0..self.program.paths[path].slots.len() {
            let at = position * self.elements.carried() + first + to;
            if self.present[at] {
                let row = if by == 1.0 {
                    at
                } else {
                    self.extra(Extra::Scaled(at, L::number(by)))
                };
                terms.push(Term { to, row });
            }
        }
        terms
    }

    /// By position: the places that keys up to there read, each once, but for those whose vector the element
    /// decides.
    fn keys(&self, basis: &Basis, reads: &[Read]) -> Vec<Vec<usize>> {
        let is_wide = |place: usize| {
            let slot = self.elements.all[basis.elements[place]].0;
            self.program.slots[slot].select.by_elt()
        };
        let mut so_far = BTreeSet::new();
        let of_position = |read: &Read| {
            let places = read.iter().map(|term| term.to);
            so_far.extend(places.filter(|&place| !is_wide(place)));
            so_far.iter().copied().collect()
        };
        reads.iter().map(of_position).collect()
    }

    fn reads<L: Lanes<T = T>>(&mut self, basis: &Basis, sums: &[Sum]) -> Vec<Read> {
        let sums = sums.iter().enumerate();
        sums.map(|(position, sum)| self.read::<L>(basis, position, sum))
            .collect()
    }

    fn read<L: Lanes<T = T>>(&mut self, basis: &Basis, position: usize, sum: &Sum) -> Read {
        let mut terms = self.fixed::<L>(sum);
        for (&path, &by) in &sum.paths {
            let first = self.elements.of_path(self.program, path).start;
            let carried = self.carried::<L>(path, by, position).into_iter();
            terms.extend(carried.map(|term| Term {
                to: first + term.to,
                ..term
            }));
        }
        terms.sort_by_key(|term| {
            let slot = self.elements.all[term.to].0;
            self.program.slots[slot].select.by_elt()
        });
        for term in &mut terms {
            term.to = basis.place[term.to];
        }
        terms
    }

    /// What a head carries on from each position; notes which coefficients that can fill.
    fn carries<L: Lanes<T = T>>(&mut self, head: HeadName, sums: &[Sum]) -> Vec<Read> {
        let (program, elements) = (self.program, self.elements);
        let mut all = Vec::new();
        for (position, sum) in sums.iter().enumerate() {
            let mut terms = Vec::new();
            if let Some(path) = program.onward(head, None) {
                let fixed = self.fixed::<L>(sum).into_iter();
                terms.extend(fixed.filter_map(|term| {
                    let to = elements.on_path(program, path, term.to)? - elements.slots;
                    Some(Term { to, ..term })
                }));
            }
            for (&path, &by) in &sum.paths {
                let Some(to) = program.onward(head, Some(path)) else {
                    continue;
                };
                // a path's slots are those of the path without its last head, in the same order
                let first = elements.of_path(program, to).start - elements.slots;
                let carried = self.carried::<L>(path, by, position).into_iter();
                terms.extend(carried.map(|term| Term {
                    to: first + term.to,
                    ..term
                }));
            }
            all.push(terms);
        }
        for (source, terms) in all.iter().enumerate() {
            for dest in source..program.positions {
                for term in terms {
                    self.present[dest * elements.carried() + term.to] = true;
                }
            }
        }
        all
    }
}

fn cells<L: Lanes>(cells: &Cells, positions: usize) -> CellPlan<L::T> {
    let of_row = |dest| {
        let row = cells.range((dest, 0)..(dest + 1, 0));
        let cell = |(&(_, src), cell): (&(usize, usize), &super::program::Cell)| {
            let plus = cell.plus.iter();
            let plus = plus.map(|&(number, by)| (number, L::number(by))).collect();
            (src, L::number(cell.scale), plus)
        };
        row.map(cell).collect()
    };
    (0..positions).map(of_row).collect()
}

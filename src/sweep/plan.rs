//! A program in numbers, ready to be walked: for each index (it decides which `b` is the new
//! element) and position, what is read and what is carried on.

use super::lanes::Lanes;
use super::program::{Cells, Program, Sum};
use super::tables::{Basis, Elements};
use crate::lens::HeadName;

/// A run of coefficients, one for each slot that can enter a path.
#[derive(Clone, Copy)]
pub(super) struct Run<T> {
    /// The first coefficient, counted from the first carried element.
    pub from: usize,
    /// Where the first goes: a place of a basis, or a coefficient.
    pub to: usize,
    pub len: usize,
    pub by: T,
}

/// What is read at a position, in places of a basis.
pub(super) struct Read<T> {
    /// `(place, factor)`
    pub fixed: Vec<(usize, T)>,
    pub carried: Vec<Run<T>>,
}

/// What a head carries on from a source position.
pub(super) struct Carry<T> {
    /// `(to, factor)`, coefficients.
    pub fixed: Vec<(usize, T)>,
    pub carried: Vec<Run<T>>,
}

/// A head's part, by position.
pub(super) struct HeadPlan<T> {
    pub q: Vec<Read<T>>,
    pub k: Vec<Read<T>>,
    pub v: Vec<Carry<T>>,
    pub scores: CellPlan<T>,
    pub pattern: CellPlan<T>,
}

/// Changed cells by `dest`: `(src, scale, [(number, factor)])`.
pub(super) type CellPlan<T> = Vec<Vec<(usize, T, Vec<(usize, T)>)>>;

/// All heads' parts and the logits', for one index.
pub(super) struct Plan<T> {
    pub heads: Vec<HeadPlan<T>>,
    pub out: Vec<Read<T>>,
}

impl<T> Read<T> {
    fn new<L: Lanes<T = T>>(
        program: &Program,
        elements: &Elements,
        basis: &Basis,
        sum: &Sum,
        idx: usize,
    ) -> Self {
        let fixed = elements.fixed(program, sum, idx).into_iter();
        let carried = sum.paths.iter().map(|(&path, &by)| {
            let range = elements.of_path(program, path);
            Run {
                from: range.start - elements.slots,
                to: basis.place[range.start],
                len: range.len(),
                by: L::number(by),
            }
        });
        Self {
            fixed: fixed
                .map(|(slot, by)| (basis.place[slot], L::number(by)))
                .collect(),
            carried: carried.collect(),
        }
    }
}

impl<T> Carry<T> {
    fn new<L: Lanes<T = T>>(
        program: &Program,
        elements: &Elements,
        head: HeadName,
        sum: &Sum,
        idx: usize,
    ) -> Self {
        let fixed = elements.fixed(program, sum, idx).into_iter();
        let fixed = fixed.filter_map(|(slot, by)| {
            let to = elements.on_path(program, next(program, head, None)?, slot)?;
            Some((to - elements.slots, L::number(by)))
        });
        let carried = sum.paths.iter().filter_map(|(&path, &by)| {
            let from = elements.of_path(program, path);
            // a path's slots are those of the path without its last head, in the same order
            let to = elements.of_path(program, next(program, head, Some(path))?);
            Some(Run {
                from: from.start - elements.slots,
                to: to.start - elements.slots,
                len: from.len(),
                by: L::number(by),
            })
        });
        Self {
            fixed: fixed.collect(),
            carried: carried.collect(),
        }
    }
}

impl<T> Plan<T> {
    /// The plan for prompts of this index.
    pub fn new<L: Lanes<T = T>>(
        program: &Program,
        elements: &Elements,
        bases: &[&Basis],
        out: &Basis,
        idx: usize,
    ) -> Self {
        let heads = program.heads.iter().zip(bases).map(|(head, basis)| {
            let read = |sum| Read::new::<L>(program, elements, basis, sum, idx);
            let carry = |sum| Carry::new::<L>(program, elements, head.name, sum, idx);
            HeadPlan {
                q: head.q.iter().map(read).collect(),
                k: head.k.iter().map(read).collect(),
                v: head.v.iter().map(carry).collect(),
                scores: cells::<L>(&head.scores, program.positions()),
                pattern: cells::<L>(&head.pattern, program.positions()),
            }
        });
        let read = |sum| Read::new::<L>(program, elements, out, sum, idx);
        Self {
            heads: heads.collect(),
            out: program.out.iter().map(read).collect(),
        }
    }
}

/// The path that goes on through this head.
fn next(program: &Program, head: HeadName, path: Option<usize>) -> Option<usize> {
    let mut paths = program.paths.iter();
    paths.position(|one| one.head == head && one.parent == path)
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

//! A folded model with its tables and plans, ready to be walked in one precision.

use super::lanes::Lanes;
use super::plan::Plan;
use super::program::{Program, Select};
use super::tables::{Basis, Elements, Tables};
use crate::lens::{HeadName, Matrices};
use anyhow::Result;
use std::ops::Range;
use std::sync::Arc;

/// Inputs that the widest registers hold, two of them at once.
pub(super) const WIDEST: usize = 32;

/// Everything that a walk reads.
pub(super) struct Prepared<T> {
    pub program: Arc<Program>,
    pub elements: Arc<Elements>,
    pub tables: Tables<T>,
    /// By index.
    pub plans: Vec<Plan<T>>,
    /// By head: the coefficients of what it carries.
    pub carried_by: Vec<Range<usize>>,
    /// The first position at which inputs that differ only in the element differ.
    pub first_wide: usize,
    /// The numbers that interventions put into cells.
    pub numbers: Vec<(Select, Vec<T>)>,
}

impl<T: Copy> Prepared<T> {
    /// Makes the tables.
    ///
    /// # Errors
    /// When they would be too large.
    pub fn new<L: Lanes<T = T>>(
        weights: &Matrices,
        program: &Arc<Program>,
        elements: &Arc<Elements>,
    ) -> Result<Self> {
        let tables = Tables::new::<L>(weights, program, elements)?;
        let bases: Vec<&Basis> = tables.heads.iter().map(|head| &head.basis).collect();
        let plans = (0..program.task.list_len)
            .map(|idx| Plan::new::<L>(program, elements, &bases, &tables.out.basis, idx))
            .collect();
        let numbers = program.numbers.iter().map(|number| {
            let mut values: Vec<T> = number.values.iter().map(|&x| L::number(x)).collect();
            values.extend([L::number(0.0); WIDEST]);
            (number.select.clone(), values)
        });
        Ok(Self {
            numbers: numbers.collect(),
            carried_by: carried_by(program, elements),
            first_wide: first_wide(program),
            program: Arc::clone(program),
            elements: Arc::clone(elements),
            tables,
            plans,
        })
    }

    /// The layer of a head by its place among all heads.
    pub fn layer_of(&self, head: usize) -> usize {
        self.program.heads[head].name.layer
    }

    /// Whether coefficients from this one on belong to the path through these heads.
    pub fn is_path(&self, first: usize, heads: &[HeadName]) -> bool {
        let (_, mut path) = self.elements.all[self.elements.slots + first];
        for &head in heads.iter().rev() {
            match path {
                Some(number) if self.program.paths[number].head == head => {
                    path = self.program.paths[number].parent;
                }
                _ => return false,
            }
        }
        path.is_none()
    }

    /// The elements of a row, up to the next full register.
    pub fn pad(&self) -> usize {
        (self.program.task.max_num as usize).next_multiple_of(WIDEST)
    }
}

fn carried_by(program: &Program, elements: &Elements) -> Vec<Range<usize>> {
    let of_head = |head: &super::program::HeadProgram| {
        let paths = program.paths.iter().enumerate();
        let own = paths.filter(|(_, path)| path.head == head.name);
        let ranges: Vec<_> = own.map(|(n, _)| elements.of_path(program, n)).collect();
        let first = ranges.first().map_or(elements.slots, |range| range.start);
        let end = ranges.last().map_or(first, |range| range.end);
        first - elements.slots..end - elements.slots
    };
    program.heads.iter().map(of_head).collect()
}

fn first_wide(program: &Program) -> usize {
    let by_elt = |sum: &super::program::Sum| {
        let mut pieces = sum.fixed.keys();
        pieces.any(|&piece| {
            (0..program.task.list_len)
                .any(|idx| program.slots[program.slot_of(piece, idx)].select.by_elt())
        })
    };
    let cells = |cells: &super::program::Cells, dest: usize| {
        let mut row = cells.range((dest, 0)..(dest + 1, 0));
        row.any(|(_, cell)| {
            let mut plus = cell.plus.iter();
            plus.any(|&(number, _)| program.numbers[number].select.by_elt())
        })
    };
    let wide = |&position: &usize| {
        by_elt(&program.out[position])
            || program.heads.iter().any(|head| {
                [&head.q, &head.k, &head.v]
                    .iter()
                    .any(|sums| by_elt(&sums[position]))
                    || cells(&head.scores, position)
                    || cells(&head.pattern, position)
            })
    };
    let positions = program.positions();
    // the element stands there; its token may have been taken away, what follows is wide anyway
    let element = program.task.list_len + 3;
    (0..positions).find(wide).unwrap_or(element).min(element)
}

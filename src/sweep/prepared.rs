//! A folded model with its tables and plans, ready to be walked in one precision.

use super::block::{Block, Size, Wanted};
use super::lanes::{Lanes, SLACK, padded};
use super::leads::Leads;
use super::plan::Plans;
use super::program::{Number, Program, Select};
use super::tables::{Basis, Elements, Tables};
use crate::lens::{Matrices, PathName, Step};
use anyhow::Result;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Everything that a walk reads.
pub(super) struct Prepared<T> {
    pub program: Arc<Program>,
    pub elements: Arc<Elements>,
    pub tables: Tables<T>,
    pub plans: Plans<T>,
    /// By head: the coefficients of what it carries.
    pub carried_by: Vec<Range<usize>>,
    /// The first position at which inputs that differ only in the element differ.
    pub first_wide: usize,
    /// By slot: likewise in it, at the latest `first_wide`.
    pub first_by: Vec<usize>,
    /// The rows of earlier positions than `first_wide` that later ones read.
    pub shared: Vec<usize>,
    /// Who is right without logits, where that can be known.
    pub leads: Option<Leads<T>>,
    /// Whether all logits are tied in every input, exactly.
    pub level: bool,
    /// Whether interventions leave no number somewhere, whatever the input.
    pub undefined: bool,
    /// The numbers that interventions put into cells.
    pub numbers: Vec<(Select, Vec<T>)>,
}

impl<T: Copy + PartialOrd + Into<f64>> Prepared<T> {
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
        let plans = Plans::new::<L>(program, elements, &bases, &tables.out.basis);
        let slots = 0..program.form.sizes.len();
        let first_by: Vec<usize> = slots.map(|slot| first_by(program, slot)).collect();
        let first_wide = first_by[program.form.lane()];
        let numbers = program.numbers.iter().map(|number| {
            let mut values: Vec<T> = number.values.iter().map(|&x| L::number(x)).collect();
            values.extend([L::number(0.0); SLACK]);
            (number.select.clone(), values)
        });
        Ok(Self {
            leads: None,
            level: false,
            undefined: program.numbers.iter().any(Number::is_undefined),
            numbers: numbers.collect(),
            carried_by: carried_by(program, elements),
            first_wide,
            first_by,
            shared: shared(&plans, first_wide * elements.carried()),
            program: Arc::clone(program),
            elements: Arc::clone(elements),
            tables,
            plans,
        })
    }

    /// The same, where rows of the logits' table say who is right.
    pub fn with_leads<L: Lanes<T = T>>(mut self) -> Self {
        self.leads = Leads::new::<L>(&self);
        self
    }
}

impl<T> Prepared<T> {
    /// The layer of a head by its place among all heads.
    pub fn layer_of(&self, head: usize) -> usize {
        self.program.heads[head].name.layer
    }

    /// The first position at which an input differs from another one that has the same switch.
    pub fn first_change(&self, before: &[usize], fields: &[usize]) -> usize {
        let pairs = before.iter().zip(fields).zip(&self.first_by);
        let changed = pairs.filter(|((before, now), _)| before != now);
        let first = changed.map(|(_, &first)| first).min();
        first.unwrap_or(self.program.positions)
    }

    /// Whether the amount in a row of a walk came along a path through heads.
    pub fn is_path(&self, row: usize, through: &PathName) -> bool {
        let elements = &self.elements;
        let mut path = self.plans.coefficient(row).and_then(|at| {
            let (_, path) = elements.all[elements.slots + at % elements.carried()];
            path
        });
        for &step in through.steps.iter().rev() {
            match path {
                Some(number) if Step::Head(self.program.paths[number].head) == step => {
                    path = self.program.paths[number].parent;
                }
                _ => return false,
            }
        }
        path.is_none()
    }

    /// Memory for the numbers of one block.
    pub fn block(&self, zero: T, wanted: &Wanted) -> Block<T>
    where
        T: Copy + From<f32>,
    {
        let size = Size {
            elements: self.program.form.lanes(),
            pad: self.pad(),
            predictions: self.program.predictions,
            d_vocab_out: self.tables.out.d_vocab_out,
            carried: self.plans.coefficients,
        };
        let mut block = Block::new(zero, size, wanted);
        block.level = self.level;
        block.undefined = self.undefined;
        block
    }

    /// The elements of a row, and what registers hold behind the last.
    pub fn pad(&self) -> usize {
        padded(self.program.form.lanes())
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

/// The coefficients before `end` that something reads, and what is made of them.
fn shared<T>(plans: &Plans<T>, end: usize) -> Vec<usize> {
    let heads = plans.of.iter().flat_map(|plan| &plan.heads);
    let reads = heads.flat_map(|head| [&head.q, &head.k, &head.v]);
    let reads = reads.chain(plans.of.iter().map(|plan| &plan.out)).flatten();
    let rows = reads.flatten().map(|term| term.row);
    let shared = rows.filter(|&row| plans.coefficient(row).is_some_and(|at| at < end));
    shared.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The first position at which inputs that differ only in a field differ; at the latest that of the
/// element.
fn first_by(program: &Program, field: usize) -> usize {
    let decides = |select: &Select| select.strides[field] != 0;
    let in_sum = |sum: &super::program::Sum| {
        let mut pieces = sum.fixed.keys();
        pieces.any(|&piece| {
            (0..program.form.switches())
                .any(|idx| decides(&program.slots[program.slot_of(piece, idx)].select))
        })
    };
    let in_cells = |cells: &super::program::Cells, dest: usize| {
        let mut row = cells.range((dest, 0)..(dest + 1, 0));
        row.any(|(_, cell)| {
            let mut plus = cell.plus.iter();
            plus.any(|&(number, _)| decides(&program.numbers[number].select))
        })
    };
    let differs = |&position: &usize| {
        in_sum(&program.out[position])
            || program.heads.iter().any(|head| {
                [&head.q, &head.k, &head.v]
                    .iter()
                    .any(|sums| in_sum(&sums[position]))
                    || in_cells(&head.scores, position)
                    || in_cells(&head.pattern, position)
            })
    };
    let positions = program.positions;
    // the element stands there; its token may have been taken away, what follows is wide anyway
    let element = program.form.lane_position();
    let first = (0..positions).find(differs).unwrap_or(element);
    first.min(element).min(positions)
}

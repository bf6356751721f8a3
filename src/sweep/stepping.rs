//! A walk over inputs: piece by piece on all threads, put together in the space's order.

use super::beside::Beside;
use super::block::{Block, Wanted};
use super::exact::Exact;
use super::input::{Input, Numbers, Pieces, Units};
use super::run::{BLOCK, How, Progress, Sum, Sweep};
use crate::task::Values;
use anyhow::Result;
use rayon::prelude::*;

/// Pieces of work between two reports, with tables.
const PIECES: usize = 64;
/// The same where inputs are walked one by one.
const FEWER_PIECES: usize = 8;
/// The same where each input is a forward pass.
const SLOW_PIECES: usize = 2;

/// A walk over inputs, some pieces at a time.
pub(super) struct Walk<S> {
    pieces: Pieces,
    draws: usize,
    next: usize,
    progress: Progress,
    wanted: Wanted,
    /// What there is so far.
    pub sum: S,
}

impl<S: Sum> Walk<S> {
    pub fn new(pieces: Pieces, draws: usize, total: u64, sum: S) -> Self {
        Self {
            pieces,
            draws,
            next: 0,
            progress: Progress { done: 0, total },
            wanted: sum.wanted(),
            sum,
        }
    }
}

impl<S: Sum + Sync> Walk<S> {
    /// Goes on for some milliseconds; how far it is, or that it had come to its end before.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(&mut self, sweep: &Sweep) -> Result<Option<Progress>> {
        let at_once = match &sweep.how {
            How::Tables(tables) if tables.is_of_each() => FEWER_PIECES,
            How::Tables(_) => PIECES,
            How::Candle(_) => SLOW_PIECES,
        };
        let each = self.pieces.count;
        let count = each * self.draws;
        if self.next >= count {
            return Ok(None);
        }
        let end = (self.next + at_once).min(count);
        let (pieces, wanted, empty) = (&self.pieces, &self.wanted, self.sum.empty());
        let one = |i: usize| {
            let mut part = sweep.piece(pieces, (i / each, i % each), wanted, &empty)?;
            part.close()?;
            Ok(part)
        };
        let parts: Vec<Result<S>> = (self.next..end).into_par_iter().map(one).collect();
        // all of them or none: a walk that was broken off goes on where it was
        let parts = parts.into_iter().collect::<Result<Vec<S>>>()?;
        for (i, part) in (self.next..end).zip(parts) {
            self.sum.join(part);
            self.progress.done += self.pieces.inputs(i % each);
        }
        self.next = end;
        Ok(Some(self.progress))
    }
}

impl Sweep {
    /// The sum of one piece, beginning with nothing.
    pub(super) fn piece<S: Sum + Sync>(
        &self,
        pieces: &Pieces,
        (draw, piece): (usize, usize),
        wanted: &Wanted,
        empty: &S,
    ) -> Result<S> {
        let mut part = empty.empty();
        let concerns = |fields: &[usize]| empty.concerns(fields);
        let range = pieces.range(piece);
        let beside = self.beside(pieces, piece, wanted, &concerns)?;
        let mut seen = 0;
        if let (How::Tables(tables), Units::Lists(_)) = (&self.how, &pieces.units) {
            tables.blocks(range, wanted, &concerns, &mut |fields, block, exact| {
                self.see_block(fields, block, exact, (&beside, &mut seen), &mut part);
            });
            return Ok(part);
        }
        let inputs: Vec<Values> = match &pieces.units {
            Units::Sample(sample) => sample[range].to_vec(),
            _ => range
                .map(|number| self.space.task.values_at(number as u128))
                .collect(),
        };
        let exist = self.space.task.existing(&inputs)?;
        let inputs = inputs.iter().zip(exist).filter(|(_, exists)| *exists);
        let inputs = inputs.map(|(input, _)| self.space.fields_of(input));
        let inputs: Vec<Vec<usize>> = inputs.filter(|fields| concerns(fields)).collect();
        let at_once = match self.how {
            How::Tables(_) => inputs.len().max(1),
            How::Candle(_) => BLOCK,
        };
        for some in inputs.chunks(at_once) {
            self.some(some, draw, wanted, (&beside, seen), &mut part)?;
            seen += some.len();
        }
        Ok(part)
    }

    fn see_block<S: Sum>(
        &self,
        fields: &[usize],
        block: &Block<f32>,
        exact: &mut Exact<'_>,
        (beside, seen): (&Beside<'_>, &mut usize),
        part: &mut S,
    ) {
        if part.see_all(fields, block) {
            return;
        }
        let mut fields = fields.to_vec();
        let last = fields.len() - 1;
        for elt in 0..block.elements() {
            fields[last] = elt;
            let input = Input {
                space: self.space,
                fields: &fields,
                at: elt,
                numbers: Numbers::Single(block),
                untouched: beside.row(*seen),
            };
            *seen += 1;
            see_settled(&input, &fields, exact, beside, part);
        }
    }

    /// Some inputs; where tables serve in double precision, or as far as it is needed.
    fn some<S: Sum>(
        &self,
        inputs: &[Vec<usize>],
        draw: usize,
        wanted: &Wanted,
        (beside, seen): (&Beside<'_>, usize),
        part: &mut S,
    ) -> Result<()> {
        let space = self.space;
        match &self.how {
            How::Tables(tables) if tables.is_of_each() => {
                let laid = tables.laid(inputs)?;
                tables.in_turn(&laid, wanted, &mut |number, block, exact| {
                    let input = Input {
                        space,
                        fields: &inputs[number],
                        at: laid[number].at(),
                        numbers: Numbers::Single(block),
                        untouched: beside.row(seen + number),
                    };
                    see_settled(&input, &laid[number].slots, exact, beside, part);
                });
            }
            How::Tables(tables) => {
                let laid = tables.laid(inputs)?;
                // what inputs have in common is fetched once
                let mut exact = Exact::new(tables, wanted);
                for (number, (fields, laid)) in inputs.iter().zip(&laid).enumerate() {
                    exact.judge_by(&laid.told());
                    part.see(&Input {
                        space,
                        fields,
                        at: laid.at(),
                        numbers: Numbers::Double(exact.input(&laid.slots)),
                        untouched: beside.row(seen + number),
                    });
                }
            }
            How::Candle(runs) => {
                let block = runs[draw].block(inputs, wanted)?;
                for (at, fields) in inputs.iter().enumerate() {
                    let input = Input {
                        space,
                        fields,
                        at,
                        numbers: Numbers::Single(&block),
                        untouched: beside.row(seen + at),
                    };
                    part.see_by_pass(&input);
                }
            }
        }
        Ok(())
    }
}

/// Adds an input of tables, in double precision where single precision leaves it open; its slots are what
/// the tables know it by.
fn see_settled<S: Sum>(
    input: &Input<'_>,
    slots: &[usize],
    exact: &mut Exact<'_>,
    beside: &Beside<'_>,
    part: &mut S,
) {
    if !part.is_open(input) {
        return part.see(input);
    }
    let untouched = beside.again(input.fields);
    let double = Input {
        numbers: Numbers::Double(exact.input(slots)),
        untouched: &untouched,
        ..*input
    };
    part.see_open(input, &double);
}

//! A sweep: every input of the space, or of a sample, once.

use super::block::{Block, Wanted};
use super::by_candle::ByCandle;
use super::engine::TokenBasis;
use super::exact::Exact;
use super::input::{Input, Numbers, Pieces, Units};
use super::means::make_means;
use super::space::Space;
use crate::lens::{Experiment, Intervention, Matrices};
use crate::model::HookedTransformer;
use crate::task::{Agreement, Sample, Task, Values, grouped};
use anyhow::Result;
use rayon::prelude::*;
use std::fmt;

/// Lists that one piece of work has, if nothing else is said.
const LISTS: usize = 16;
/// Pieces of work between two reports, with tables.
const PIECES: usize = 64;
/// The same where each input is a forward pass.
/// Inputs in one batch of forward passes.
pub(super) const BLOCK: usize = 64;
const SLOW_PIECES: usize = 2;
/// The most pairs of an input and a donor that are gone through one by one.
const MOST_PAIRS: u128 = 200_000;
/// The inputs that stand for all where there are more.
const IN_PLACE_OF_ALL: Sample = Sample::Random {
    seed: 0,
    len: 65_536,
};

/// Which inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All there are.
    Space,
    /// Those of a sample.
    Sample(Sample),
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Space => f.write_str("space"),
            Self::Sample(sample) => sample.fmt(f),
        }
    }
}

/// A model under an experiment's interventions, ready to be swept.
pub struct Sweep {
    how: How,
    space: Space,
    /// Why tables do not serve, where they do not.
    reason: Option<String>,
    /// Of an input's donors, where interventions resample.
    draws: Option<Draws>,
}

#[derive(Clone, Copy, PartialEq)]
enum Draws {
    /// One for each input.
    One,
    /// Each that it has.
    All,
}

enum How {
    Tables(Box<TokenBasis>),
    /// Once for each donor that an input has.
    Candle(Vec<ByCandle>),
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Inputs done.
    pub done: u64,
    /// Inputs in all.
    pub total: u64,
}

/// Something that a sweep adds up, piece by piece; pieces come in the space's order, so that sums
/// do not depend on the number of threads.
pub(super) trait Sum: Send {
    /// What must be kept of each block.
    fn wanted(&self) -> Wanted;
    /// Lists that one piece of work has: about a thousandth of a second with tables.
    fn lists(&self) -> usize {
        LISTS
    }
    /// One empty of inputs, for some that come later.
    fn empty(&self) -> Self;
    /// Whether some input with these fields may count, whatever the last of them, the element, is;
    /// what does not is not walked.
    fn concerns(&self, _fields: &[usize]) -> bool {
        true
    }
    /// Whether an input is too close a call for single precision.
    fn is_open(&self, _input: &Input<'_>) -> bool {
        false
    }
    /// Adds all inputs of a block at once, where it can; `fields` are those of the first.
    fn see_all(&mut self, _fields: &[usize], _block: &Block<f32>) -> bool {
        false
    }
    /// Adds an input.
    fn see(&mut self, input: &Input<'_>);
    /// Adds an input that is too close a call for single precision.
    fn see_open(&mut self, _single: &Input<'_>, double: &Input<'_>) {
        self.see(double);
    }
    /// Adds an input of a forward pass, which knows no other precision.
    fn see_by_pass(&mut self, input: &Input<'_>) {
        self.see(input);
    }
    /// Adds another, of inputs that come later.
    fn join(&mut self, later: Self);
}

impl Sweep {
    /// Folds the model and the experiment's interventions into tables, or says why not: without weights
    /// there are none. Means over
    /// all inputs that it needs are made first.
    ///
    /// # Errors
    /// When the interventions cannot be carried out at all.
    pub fn new<'a>(
        model: &HookedTransformer,
        weights: impl Into<Option<&'a Matrices>>,
        experiment: &Experiment,
    ) -> Result<Self> {
        make_means(model, &experiment.interventions, &mut |_| Ok(true))?;
        let space = Space::new(model.task());
        let tables = match weights.into() {
            Some(weights) => TokenBasis::new(model, weights, experiment),
            None => Err(anyhow::anyhow!(
                model.config().why_not_folded().unwrap_or_default()
            )),
        };
        let (how, reason) = match tables {
            Ok(tables) => (How::Tables(Box::new(tables)), None),
            Err(reason) => {
                let first = ByCandle::new(model, experiment)?;
                (How::Candle(vec![first]), Some(format!("{reason:#}")))
            }
        };
        let mut sweep = Self {
            how,
            space,
            reason,
            draws: None,
        };
        sweep.draw_donors(&experiment.interventions)?;
        Ok(sweep)
    }

    /// Each input is run with every donor it has, where those can be gone through.
    fn draw_donors(&mut self, interventions: &[Intervention]) -> Result<()> {
        let task = self.space.task;
        let kept: Vec<&Agreement> = (interventions.iter())
            .filter_map(Intervention::resamples)
            .collect();
        let How::Candle(runs) = &mut self.how else {
            return Ok(());
        };
        let [first, others @ ..] = &kept[..] else {
            return Ok(());
        };
        let donors = first.donors(task);
        let all = others.is_empty() && task.input_space().saturating_mul(donors) <= MOST_PAIRS;
        for further in 1..if all { donors as u32 } else { 1 } {
            runs.push(runs[0].with_donors(further)?);
        }
        self.draws = Some(if all { Draws::All } else { Draws::One });
        Ok(())
    }

    /// How these inputs are gone through, where tables do not serve.
    #[must_use]
    pub fn how(&self, over: Over) -> Option<String> {
        let reason = self.reason.as_deref()?;
        Some(match (self.walked(over), self.all_donors(over)) {
            (walked, _) if walked != over => {
                let some = grouped(IN_PLACE_OF_ALL.examples() as u128);
                format!("{reason}; {some} random inputs stand for all, with one donor each")
            }
            (_, Some(n)) => format!("{reason}; exact: every input with each of its {n} donors"),
            _ => reason.to_owned(),
        })
    }

    /// The inputs that are walked for these: a sample where all are too many to be resampled.
    #[must_use]
    pub fn walked(&self, over: Over) -> Over {
        let all = self.space.task.input_space();
        let many = all > IN_PLACE_OF_ALL.examples() as u128;
        match (over, self.draws) {
            (Over::Space, Some(Draws::One)) if many => Over::Sample(IN_PLACE_OF_ALL),
            _ => over,
        }
    }

    /// Whether the inputs that are walked for these are a sample, or each has one donor of many.
    #[must_use]
    pub fn is_sampled(&self, over: Over) -> bool {
        matches!(self.walked(over), Over::Sample(_)) || self.draws == Some(Draws::One)
    }

    /// How many donors each input has, where all of them are gone through.
    pub(super) fn all_donors(&self, over: Over) -> Option<u32> {
        match (over, self.draws) {
            (Over::Space, Some(Draws::All)) => Some(self.draws(over) as u32),
            _ => None,
        }
    }

    /// The sweep of what has been folded already.
    pub(super) fn of_tables(tables: TokenBasis, task: Task) -> Self {
        Self {
            how: How::Tables(Box::new(tables)),
            space: Space::new(task),
            reason: None,
            draws: None,
        }
    }

    /// Why forward passes are run one after the other, where the tables do not serve.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Products and sums for one input, in the mean, exponentials left out; `None` where each input
    /// is a forward pass.
    #[must_use]
    pub fn multiply_adds(&self) -> Option<f64> {
        match &self.how {
            How::Tables(tables) => Some(tables.multiply_adds()),
            How::Candle(_) => None,
        }
    }

    /// The inputs it has.
    #[must_use]
    pub fn space(&self) -> Space {
        self.space
    }

    /// Adds up all inputs. `report` is told what there is so far and says whether to go on; when
    /// it says no, nothing comes back.
    ///
    /// # Errors
    /// When there are too many inputs, or the device fails.
    pub(super) fn run<S: Sum + Sync>(
        &self,
        over: Over,
        mut sum: S,
        report: &mut dyn FnMut(&mut S, Progress) -> Result<bool>,
    ) -> Result<Option<S>> {
        let over = self.walked(over);
        let form = match self.how {
            How::Tables(_) => self.space.task.form(),
            How::Candle(_) => None,
        };
        let pieces = Pieces::new(self.space, over, form, sum.lists())?;
        if let (How::Candle(runs), Over::Space) = (&self.how, over) {
            // an intervention that cannot be derived fails here, before hours of work
            let first = self.space.fields_of(&self.space.task.values_at(0));
            runs[0].block(&[first], &Wanted::default())?;
        }
        let (draws, total) = (self.draws(over), self.total(over)?);
        let mut done = 0;
        let wanted = sum.wanted();
        let at_once = match self.how {
            How::Tables(_) => PIECES,
            How::Candle(_) => SLOW_PIECES,
        };
        let mut next = 0;
        let count = pieces.count * draws;
        while next < count {
            let end = (next + at_once).min(count);
            let empty = sum.empty();
            let one = |i: usize| {
                let (draw, piece) = (i / pieces.count, i % pieces.count);
                self.piece(&pieces, (draw, piece), &wanted, &empty)
            };
            let parts: Vec<Result<S>> = (next..end).into_par_iter().map(one).collect();
            for (i, part) in (next..end).zip(parts) {
                sum.join(part?);
                done += pieces.inputs(i % pieces.count);
            }
            next = end;
            if !report(&mut sum, Progress { done, total })? {
                return Ok(None);
            }
        }
        Ok(Some(sum))
    }

    /// How often each input is run.
    fn draws(&self, over: Over) -> usize {
        match (&self.how, over) {
            (How::Candle(runs), Over::Space) => runs.len(),
            _ => 1,
        }
    }

    /// Inputs in all, each as often as it has donors where those are gone through.
    pub(super) fn total(&self, over: Over) -> Result<u64> {
        let over = self.walked(over);
        Ok(match over {
            Over::Space => self.space.count()? * self.draws(over) as u64,
            Over::Sample(sample) => sample.examples() as u64,
        })
    }

    /// The sum of one piece, beginning with nothing.
    pub(super) fn piece<S: Sum>(
        &self,
        pieces: &Pieces,
        (draw, piece): (usize, usize),
        wanted: &Wanted,
        empty: &S,
    ) -> Result<S> {
        let mut part = empty.empty();
        let concerns = |fields: &[usize]| empty.concerns(fields);
        let range = pieces.range(piece);
        if let (How::Tables(tables), Units::Lists(_)) = (&self.how, &pieces.units) {
            tables.blocks(range, wanted, &concerns, &mut |fields, block, exact| {
                self.see_block(fields, block, exact, &mut part);
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
        for some in inputs.chunks(BLOCK) {
            self.some(some, draw, wanted, &mut part)?;
        }
        Ok(part)
    }

    fn see_block<S: Sum>(
        &self,
        fields: &[usize],
        block: &Block<f32>,
        exact: &mut Exact<'_>,
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
            };
            if part.is_open(&input) {
                let double = Input {
                    numbers: Numbers::Double(exact.input(&fields)),
                    ..input
                };
                part.see_open(&input, &double);
            } else {
                part.see(&input);
            }
        }
    }

    /// Some inputs, in double precision where tables serve.
    fn some<S: Sum>(
        &self,
        inputs: &[Vec<usize>],
        draw: usize,
        wanted: &Wanted,
        part: &mut S,
    ) -> Result<()> {
        let space = self.space;
        match &self.how {
            How::Tables(tables) => {
                for fields in inputs {
                    let block = tables.exactly(fields, wanted);
                    part.see(&Input {
                        space,
                        fields,
                        at: fields[fields.len() - 1],
                        numbers: Numbers::Double(&block),
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
                    };
                    part.see_by_pass(&input);
                }
            }
        }
        Ok(())
    }
}

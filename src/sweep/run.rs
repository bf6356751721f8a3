//! A sweep: every input of the space, or of a sample, once.

use super::block::{Block, Wanted};
use super::by_candle::ByCandle;
use super::engine::TokenBasis;
use super::input::{Input, Pieces};
use super::means::make_means;
use super::space::Space;
use super::stepping::Walk;
use crate::lens::{Experiment, Intervention, Matrices};
use crate::model::HookedTransformer;
use crate::task::{Agreement, Sample, Task, Values, grouped};
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::sync::OnceLock;

/// Lists that one piece of work has, if nothing else is said.
const LISTS: usize = 16;
/// Inputs in one batch of forward passes.
pub(super) const BLOCK: usize = 64;
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

/// Spaces of more inputs are sampled where nothing else is said.
const ALL: u128 = 100_000;
/// What stands for them then.
const SOME: Sample = Sample::Random { seed: 0, len: 4096 };

impl Over {
    /// All inputs of a task where these are few, else a sample.
    #[must_use]
    pub fn usual(task: Task) -> Self {
        match task.input_space() <= ALL {
            true => Self::Space,
            false => Self::Sample(SOME),
        }
    }
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
    pub(super) how: How,
    pub(super) space: Space,
    /// Why tables do not serve, where they do not.
    reason: Option<String>,
    /// Of an input's donors, where interventions resample.
    draws: Option<Draws>,
    /// Of what, for numbers that only forward passes know.
    pub(super) source: Option<(HookedTransformer, Experiment)>,
    /// The same without interventions, once it was asked for.
    pub(super) alone: [OnceLock<Box<Sweep>>; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Draws {
    /// One for each input.
    One,
    /// Each that it has.
    All,
}

pub(super) enum How {
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
    /// A piece of work is over: what was put off is done now, on its thread.
    ///
    /// # Errors
    /// When that fails.
    fn close(&mut self) -> Result<()> {
        Ok(())
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
            source: Some((model.clone(), experiment.clone())),
            alone: Default::default(),
        };
        sweep.draw_donors(&experiment.interventions)?;
        Ok(sweep)
    }

    /// The same by forward passes, which know every activation.
    pub(super) fn by_passes(&self) -> Result<Self> {
        let (model, experiment) = self.source.as_ref().context("these are tables alone")?;
        Ok(Self {
            how: How::Candle(vec![ByCandle::new(model, experiment)?]),
            space: self.space,
            reason: Some("activations are read off forward passes".to_owned()),
            draws: None,
            source: self.source.clone(),
            alone: Default::default(),
        })
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
            source: None,
            alone: Default::default(),
        }
    }

    /// Why forward passes are run one after the other, where the tables do not serve.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether inputs are walked one by one: tens of thousands a second, not millions.
    #[must_use]
    pub fn is_in_turn(&self) -> bool {
        match &self.how {
            How::Tables(tables) => tables.is_of_each(),
            How::Candle(_) => true,
        }
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
        sum: S,
        report: &mut dyn FnMut(&mut S, Progress) -> Result<bool>,
    ) -> Result<Option<S>> {
        let other = self.for_wanted(&sum.wanted())?;
        let sweep = other.as_ref().unwrap_or(self);
        let mut walk = sweep.walk(over, sum)?;
        while let Some(progress) = walk.step(sweep)? {
            if !report(&mut walk.sum, progress)? {
                return Ok(None);
            }
        }
        Ok(Some(walk.sum))
    }

    /// The walk over these inputs.
    ///
    /// # Errors
    /// When there are too many inputs, or what is wanted cannot be had here.
    pub(super) fn walk<S: Sum>(&self, over: Over, sum: S) -> Result<Walk<S>> {
        let over = self.walked(over);
        let form = match self.how {
            How::Tables(_) => self.space.task.form(),
            How::Candle(_) => None,
        };
        let pieces = Pieces::new(self.space, over, form, sum.lists())?;
        self.check_wanted(&sum)?;
        if let (How::Candle(runs), Over::Space) = (&self.how, over) {
            runs[0].try_one()?;
        }
        Ok(Walk::new(pieces, self.draws(over), self.total(over)?, sum))
    }

    /// The walk over listed inputs, those of them that exist.
    ///
    /// # Errors
    /// When what is wanted cannot be had here.
    pub(super) fn walk_listed<S: Sum>(&self, inputs: Vec<Values>, sum: S) -> Result<Walk<S>> {
        self.check_wanted(&sum)?;
        let total = inputs.len() as u64;
        Ok(Walk::new(Pieces::listed(inputs, BLOCK), 1, total, sum))
    }

    /// Whether all that is wanted can be had here.
    fn check_wanted<S: Sum>(&self, sum: &S) -> Result<()> {
        let wanted = sum.wanted();
        self.check_beside(&wanted)?;
        let has_tables = matches!(self.how, How::Tables(_));
        ensure!(
            has_tables || !wanted.is_of_tables(),
            "what an entry of a circuit does is read off tables, and here are forward passes: {}",
            self.reason.as_deref().unwrap_or_default()
        );
        Ok(())
    }

    /// Where these numbers can be had: here, or of forward passes, which know every activation.
    ///
    /// # Errors
    /// When the device fails.
    pub(super) fn for_wanted(&self, wanted: &Wanted) -> Result<Option<Self>> {
        let more = matches!(self.how, How::Tables(_)) && wanted.is_of_passes();
        more.then(|| self.by_passes()).transpose()
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
}

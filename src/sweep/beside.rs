//! The untouched model beside the one that is walked: numbers of the very same inputs without the
//! interventions.

use super::block::Wanted;
use super::claim::Word;
use super::input::{Input, Numbers, Pieces};
use super::run::{How, Sum, Sweep};
use crate::lens::{Experiment, Matrices};
use anyhow::{Context, Result, ensure};

/// A number of an input in the untouched model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untouched {
    pub value: f64,
    /// Whether rounding may make another number of it.
    pub is_open: bool,
}

/// What is said where there are no two runs.
const NOTHING_DONE: &str = "nothing is done to the model, so that .clean and .patched are the same: add an \
     intervention, or leave .clean out";

/// The untouched model's numbers of one piece of work, input by input.
pub(super) struct Beside<'a> {
    /// None where nothing is asked of it.
    of: Option<(&'a Sweep, Wanted)>,
    words: &'a [Word],
    numbers: Vec<Untouched>,
}

impl Beside<'_> {
    /// The numbers of the n-th input that was walked.
    pub fn row(&self, n: usize) -> &[Untouched] {
        let width = self.words.len();
        &self.numbers[n * width..(n + 1) * width]
    }

    /// The same of an input that is too close a call, in double precision.
    pub fn again(&self, fields: &[usize]) -> Vec<Untouched> {
        let Some((sweep, wanted)) = &self.of else {
            return Vec::new();
        };
        let How::Tables(tables) = &sweep.how else {
            return Vec::new();
        };
        let exact = |value| Untouched {
            value,
            is_open: false,
        };
        // the task's function has done its work for this input before
        let laid = tables.laid(&[fields.to_vec()]).unwrap_or_default();
        let Some(laid) = laid.first() else {
            return self.words.iter().map(|_| exact(f64::NAN)).collect();
        };
        let block = tables.exactly(laid, wanted);
        let input = Input {
            space: sweep.space,
            fields,
            at: laid.at(),
            numbers: Numbers::Double(&block),
            untouched: &[],
        };
        let words = self.words.iter();
        words.map(|word| exact(word.value(&input))).collect()
    }
}

/// The words' numbers, input after input.
struct Record<'a> {
    words: &'a [Word],
    wanted: &'a Wanted,
    concerns: &'a (dyn Fn(&[usize]) -> bool + Sync),
    numbers: Vec<Untouched>,
}

impl Sum for Record<'_> {
    fn wanted(&self) -> Wanted {
        self.wanted.clone()
    }

    fn empty(&self) -> Self {
        Self {
            numbers: Vec::new(),
            ..*self
        }
    }

    fn concerns(&self, fields: &[usize]) -> bool {
        (self.concerns)(fields)
    }

    fn see(&mut self, input: &Input<'_>) {
        let is_exact = matches!(input.numbers, Numbers::Double(_));
        self.numbers.extend(self.words.iter().map(|word| Untouched {
            value: word.value(input),
            is_open: !is_exact && word.is_open(input),
        }));
    }

    fn see_by_pass(&mut self, input: &Input<'_>) {
        self.numbers.extend(self.words.iter().map(|word| Untouched {
            value: word.value(input),
            is_open: word.may_be_another(input),
        }));
    }

    fn join(&mut self, later: Self) {
        self.numbers.extend(later.numbers);
    }
}

impl Sweep {
    /// Whether there is an untouched model besides this one, where that is asked for.
    ///
    /// # Errors
    /// When nothing is done to the model, or the device fails.
    pub(super) fn check_beside(&self, wanted: &Wanted) -> Result<()> {
        if wanted.beside.is_empty() {
            return Ok(());
        }
        let source = self.source.as_ref();
        let (_, experiment) = source.context("these are tables alone")?;
        ensure!(!experiment.interventions.is_empty(), NOTHING_DONE);
        let own = wanted.of_untouched.as_deref();
        let sweep = self.untouched(own.is_some_and(Wanted::is_of_passes))?;
        let by_passes = own.filter(|_| matches!(sweep.how, How::Candle(_)));
        ensure!(
            !by_passes.is_some_and(Wanted::is_of_tables),
            "what an entry does in the untouched model is read off tables, and here are forward passes: {}",
            sweep.reason().unwrap_or_default()
        );
        Ok(())
    }

    /// The same without interventions, made when it is first asked for; by forward passes where that is
    /// needed.
    fn untouched(&self, by_passes: bool) -> Result<&Self> {
        let place = &self.alone[usize::from(by_passes)];
        if let Some(made) = place.get() {
            return Ok(made);
        }
        let source = self.source.as_ref();
        let (model, experiment) = source.context("these are tables alone")?;
        let alone = Experiment {
            interventions: Vec::new(),
            ..experiment.clone()
        };
        let made = Self::new(model, Matrices::where_folded(model)?.as_ref(), &alone)?;
        let made = match made.how {
            How::Tables(_) if by_passes => made.by_passes()?,
            _ => made,
        };
        Ok(place.get_or_init(|| Box::new(made)))
    }

    /// What is asked of the untouched model, of one piece of work.
    pub(super) fn beside<'a>(
        &'a self,
        pieces: &Pieces,
        piece: usize,
        wanted: &'a Wanted,
        concerns: &(dyn Fn(&[usize]) -> bool + Sync),
    ) -> Result<Beside<'a>> {
        let words = &wanted.beside[..];
        if words.is_empty() {
            return Ok(Beside {
                of: None,
                words,
                numbers: Vec::new(),
            });
        }
        let own = wanted.of_untouched.as_deref().cloned().unwrap_or_default();
        let sweep = self.untouched(own.is_of_passes())?;
        let wanted = Wanted {
            losses: words.iter().any(Word::is_of_losses),
            logits: words.iter().any(Word::is_of_logits),
            signs: words.iter().all(Word::is_of_predictions),
            ..own
        };
        let record = Record {
            words,
            wanted: &wanted,
            concerns,
            numbers: Vec::new(),
        };
        let numbers = sweep.piece(pieces, (0, piece), &wanted, &record)?.numbers;
        Ok(Beside {
            of: Some((sweep, wanted)),
            words,
            numbers,
        })
    }
}

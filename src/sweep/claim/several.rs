//! Several claims, and the predictions, in one walk over the inputs.

use super::grammar::{Body, Line, Number, Truth};
use super::meaning::{Claim, Word};
use super::verdict::{Count, Verdict};
use crate::sweep::block::Wanted;
use crate::sweep::run::{Input, Over, Progress, Sum, Sweep};
use crate::sweep::tally::Tally;
use anyhow::{Result, ensure};

/// Is told how to see what there is so far and how far the walk is; says whether to go on.
pub type Report<'a, T> = dyn FnMut(&dyn Fn() -> T, Progress) -> Result<bool> + 'a;

/// What there is to say of the inputs seen so far.
#[derive(Clone, Debug)]
pub struct Answers {
    /// How many are right, where that was asked.
    pub tally: Option<Tally>,
    /// Of each claim, in their order.
    pub verdicts: Vec<Verdict>,
}

/// All that is asked, and the inputs seen so far.
struct Asked<'a> {
    tally: Option<Tally>,
    counts: Vec<Count<'a>>,
    wanted: &'a Wanted,
}

impl Asked<'_> {
    fn answers(&self) -> Answers {
        Answers {
            tally: self.tally.clone(),
            verdicts: self.counts.iter().map(Count::verdict).collect(),
        }
    }
}

impl Sum for Asked<'_> {
    fn wanted(&self) -> Wanted {
        self.wanted.clone()
    }

    fn empty(&self) -> Self {
        Self {
            tally: self.tally.as_ref().map(Tally::empty),
            counts: self.counts.iter().map(Count::empty).collect(),
            wanted: self.wanted,
        }
    }

    fn is_open(&self, input: &Input<'_>) -> bool {
        self.tally
            .as_ref()
            .is_some_and(|tally| tally.is_open(input))
            || self.counts.iter().any(|count| count.is_open(input))
    }

    fn see(&mut self, input: &Input<'_>) {
        if let Some(tally) = &mut self.tally {
            tally.see(input);
        }
        for count in &mut self.counts {
            count.see(input);
        }
    }

    fn join(&mut self, later: Self) {
        if let (Some(tally), Some(later)) = (&mut self.tally, later.tally) {
            tally.join(later);
        }
        for (count, later) in self.counts.iter_mut().zip(later.counts) {
            count.join(later);
        }
    }
}

impl Claim {
    /// The claim in the rows and paths of all claims, which its own join.
    fn among(&self, all: &mut Wanted) -> Self {
        let own = &self.wanted;
        all.logits |= own.logits;
        for row in &own.rows {
            if !all.rows.contains(row) {
                all.rows.push(*row);
            }
        }
        for path in &own.paths {
            if !all.paths.contains(path) {
                all.paths.push(path.clone());
            }
        }
        let row = |first: usize| {
            let mut rows = own.rows.iter();
            let row = rows.find(|row| own.row(row.0, row.1) == Some(first));
            row.and_then(|row| all.row(row.0, row.1)).unwrap_or(first)
        };
        let path = |path: usize| {
            let mut paths = all.paths.iter();
            let place = paths.position(|one| Some(one) == own.paths.get(path));
            place.unwrap_or(path)
        };
        let mut claim = self.clone();
        claim.read.each_word(&mut |word| match word {
            Word::Pattern(cell, first, _) | Word::Score(cell, first, _) => {
                let to = row(*first);
                (*cell, *first) = (*cell - *first + to, to);
            }
            Word::Share(of, ..) => *of = path(*of),
            _ => {}
        });
        claim
    }
}

/// Sees every word of an expression, to change it.
type Change<'a> = &'a mut dyn FnMut(&mut Word);

impl Line<Word> {
    fn each_word(&mut self, change: Change<'_>) {
        match &mut self.body {
            Body::Each(truth) => truth.each_word(change),
            // a bound is a constant
            Body::All(_, number, _) => number.each_word(change),
        }
        if let Some(when) = &mut self.when {
            when.each_word(change);
        }
    }
}

impl Truth<Word> {
    fn each_word(&mut self, change: Change<'_>) {
        match self {
            Self::Compare(a, _, b) => {
                a.each_word(change);
                b.each_word(change);
            }
            Self::In(a, list) => {
                a.each_word(change);
                list.iter_mut().for_each(|b| b.each_word(change));
            }
            Self::Argmax(word) => change(word),
            Self::Not(a) => a.each_word(change),
            Self::And(a, b) | Self::Or(a, b) => {
                a.each_word(change);
                b.each_word(change);
            }
        }
    }
}

impl Number<Word> {
    fn each_word(&mut self, change: Change<'_>) {
        match self {
            Self::Constant(_) => {}
            Self::Word(word) => change(word),
            Self::Negative(a) | Self::Abs(a) => a.each_word(change),
            Self::Pair(a, _, b) => {
                a.each_word(change);
                b.each_word(change);
            }
        }
    }
}

impl Sweep {
    /// Whether a claim can be checked here.
    ///
    /// # Errors
    /// When it asks for what only the tables know and there are none.
    pub fn can_check(&self, claim: &Claim) -> Result<()> {
        if let Some(reason) = self.reason() {
            ensure!(
                !claim.needs_tables(),
                "what a path brings is only known where the model folds into tables: {reason}"
            );
        }
        Ok(())
    }

    /// The answers to all claims over these inputs, and how many are right where a `tally` is
    /// given, in one walk. Verdicts and counts are what they are when asked alone; means, least and
    /// largest are within single precision of it, for where one claim is too close a call all are
    /// computed in double precision.
    ///
    /// # Errors
    /// When there are too many inputs, [`Sweep::can_check`] refuses a claim, or the device fails.
    pub fn ask(
        &self,
        over: Over,
        tally: Option<Tally>,
        claims: &[Claim],
        report: &mut Report<'_, Answers>,
    ) -> Result<Option<Answers>> {
        claims.iter().try_for_each(|claim| self.can_check(claim))?;
        let mut wanted = tally.as_ref().map(Sum::wanted).unwrap_or_default();
        let claims = claims.iter().map(|claim| claim.among(&mut wanted));
        let claims: Vec<Claim> = claims.collect();
        let asked = Asked {
            tally,
            counts: claims.iter().map(Count::new).collect(),
            wanted: &wanted,
        };
        if asked.tally.is_none() && asked.counts.is_empty() {
            return Ok(Some(asked.answers()));
        }
        let mut tell = |asked: &mut Asked<'_>, progress| report(&|| asked.answers(), progress);
        let asked = self.run(over, asked, &mut tell)?;
        Ok(asked.map(|asked| asked.answers()))
    }

    /// The answer to one claim.
    ///
    /// # Errors
    /// As [`Sweep::ask`].
    pub fn check(
        &self,
        over: Over,
        claim: &Claim,
        report: &mut dyn FnMut(&Verdict, Progress) -> Result<bool>,
    ) -> Result<Option<Verdict>> {
        let mut tell = |answers: &dyn Fn() -> Answers, progress| {
            let answers = answers();
            report(&answers.verdicts[0], progress)
        };
        let claims = std::slice::from_ref(claim);
        let found = self.ask(over, None, claims, &mut tell)?;
        Ok(found.and_then(|found| found.verdicts.into_iter().next()))
    }
}

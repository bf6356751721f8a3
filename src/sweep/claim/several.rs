//! Several claims, and the predictions, in one walk over the inputs; each as if it were alone.

use super::conclusion::Evidence;
use super::meaning::Claim;
use super::verdict::{Count, Verdict};
use crate::sweep::block::{Block, Wanted};
use crate::sweep::input::Input;
use crate::sweep::run::{Over, Progress, Sum, Sweep};
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
    /// `inputs` says how many there are in all, `evidence` how they are gone through.
    fn answers(&self, inputs: u64, evidence: Evidence) -> Answers {
        let verdicts = self.counts.iter().map(|count| {
            let found = count.verdict();
            let evidence = Evidence {
                sampled: evidence.sampled,
                settled: evidence.settled,
                ..found.evidence
            };
            Verdict {
                inputs: match count.all_exist() {
                    true => inputs,
                    false => found.inputs,
                },
                evidence,
                ..found
            }
        });
        Answers {
            tally: self.tally.clone(),
            verdicts: verdicts.collect(),
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

    fn concerns(&self, fields: &[usize]) -> bool {
        self.tally.is_some() || self.counts.iter().any(|count| count.concerns(fields))
    }

    fn is_open(&self, input: &Input<'_>) -> bool {
        self.tally
            .as_ref()
            .is_some_and(|tally| tally.is_open(input))
            || self.counts.iter().any(|count| count.is_open(input))
    }

    fn see_all(&mut self, fields: &[usize], block: &Block<f32>) -> bool {
        match &mut self.tally {
            Some(tally) if self.counts.is_empty() => tally.see_all(fields, block),
            _ => false,
        }
    }

    fn see(&mut self, input: &Input<'_>) {
        self.see_open(input, input);
    }

    /// In double precision only what itself is too close a call: its numbers must not depend on
    /// what else is asked.
    fn see_open(&mut self, single: &Input<'_>, double: &Input<'_>) {
        let of = |open: bool| if open { double } else { single };
        if let Some(tally) = &mut self.tally {
            tally.see(of(tally.is_open(single)));
        }
        for count in &mut self.counts {
            match count.is_open(single) {
                true => count.see_close(double),
                false => count.see(single),
            }
        }
    }

    fn see_by_pass(&mut self, input: &Input<'_>) {
        if let Some(tally) = &mut self.tally {
            tally.see(input);
        }
        for count in &mut self.counts {
            match count.is_unsettled(input) {
                true => count.see_close(input),
                false => count.see(input),
            }
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

impl Sweep {
    /// Whether a claim can be checked here.
    ///
    /// # Errors
    /// When it asks for what only the tables know and there are none, or for the untouched run where
    /// nothing is done to the model.
    pub fn can_check(&self, claim: &Claim) -> Result<()> {
        self.check_beside(&claim.wanted)?;
        if let Some(reason) = self.reason() {
            ensure!(
                !claim.needs_tables(),
                "what an entry of a circuit does is only known where the model folds into tables: {reason}"
            );
        }
        Ok(())
    }

    /// The answers to all claims over these inputs, and how many are right where a `tally` is
    /// given, in one walk; each is what it is when asked alone.
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
        let sampled = self.is_sampled(over);
        let tally = tally.map(|mut tally| {
            tally.sampled = sampled;
            tally
        });
        let mut wanted = tally.as_ref().map(Sum::wanted).unwrap_or_default();
        let claims = claims.iter().map(|claim| claim.among(&mut wanted));
        let claims: Vec<Claim> = claims.collect::<Result<_, _>>()?;
        wanted.signs = tally.is_none() && claims.iter().all(Claim::is_of_predictions);
        let asked = Asked {
            tally,
            counts: claims.iter().map(Count::new).collect(),
            wanted: &wanted,
        };
        if asked.tally.is_none() && asked.counts.is_empty() {
            return Ok(Some(asked.answers(0, Evidence::default())));
        }
        let inputs = self.total(over)?;
        let evidence = Evidence {
            sampled: self.is_sampled(over),
            settled: self.reason().is_none(),
            ..Evidence::default()
        };
        // as often as all inputs are gone through
        let rounds = 1 + claims
            .iter()
            .filter(|claim| !claim.control.is_empty())
            .count() as u64;
        let of_all = |progress: Progress, round| Progress {
            done: progress.done + round * progress.total,
            total: rounds * progress.total,
        };
        let mut tell = |asked: &mut Asked<'_>, progress| {
            report(&|| asked.answers(inputs, evidence), of_all(progress, 0))
        };
        let Some(asked) = self.run(over, asked, &mut tell)? else {
            return Ok(None);
        };
        let mut answers = asked.answers(inputs, evidence);
        let mut round = 0;
        for (i, claim) in claims.iter().enumerate() {
            if claim.control.is_empty() {
                continue;
            }
            round += 1;
            let so_far = answers.clone();
            let mut tell = |progress| report(&|| so_far.clone(), of_all(progress, round));
            match self.control(over, claim, &mut tell)? {
                Some(found) => answers.verdicts[i].control = Some(Box::new(found)),
                None => return Ok(None),
            }
        }
        Ok(Some(answers))
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

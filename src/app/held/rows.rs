//! The rows of the screen of all inputs: the claims that were stated or are kept and what surveys
//! found, then the inputs worth a look.

use super::space::{CaseOrder, Said};
use super::state::State;
use crate::answers::CellVerdict;
use crate::sweep::{Case, Choice, Common, Counterexample, Surveyed, Verdict};
use crate::task::Values;

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum SpaceRow<'a> {
    /// A claim or a survey.
    Claim(ClaimRow<'a>),
    /// One of the inputs that come next after the one that decides a claim, below it.
    Further(&'a Counterexample),
    /// One of those that a survey found, below it.
    Choice(&'a Choice),
    /// What the wrong inputs below have in common, and how many predictions are wrong so.
    Group(Common, u64),
    /// An input, among the worst of the sweep.
    Case(&'a Case),
}

/// A claim on the list.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRow<'a> {
    /// Its line.
    pub line: &'a str,
    /// Whether it is kept with the study and its findings.
    pub kept: bool,
    /// What is known of it.
    pub says: Says<'a>,
}

/// What is known of a claim.
#[derive(Clone, Copy, Debug)]
pub enum Says<'a> {
    /// Nothing under these interventions.
    Nothing,
    /// What the inputs seen so far say.
    SoFar(&'a Verdict),
    /// What all inputs say.
    All(&'a Verdict),
    /// What a survey found.
    Choices(&'a Surveyed),
    /// What a cell of an answer says.
    Cell(&'a CellVerdict),
    /// Why it cannot be checked.
    Refused(&'a str),
}

impl SpaceRow<'_> {
    /// The input that it opens: of a claim the one that decides it, where there is one.
    #[must_use]
    pub fn update(&self) -> Option<&Values> {
        match self {
            Self::Case(case) => Some(&case.values),
            Self::Further(one) => Some(&one.values),
            Self::Choice(_) | Self::Group(..) => None,
            Self::Claim(claim) => match claim.says {
                Says::All(verdict) => verdict.counterexample.as_ref().map(|one| &one.values),
                _ => None,
            },
        }
    }
}

impl State {
    /// The rows, from above.
    #[must_use]
    pub fn space_rows(&self) -> Vec<SpaceRow<'_>> {
        let so_far = self.space_so_far();
        let so_far = |line: &str| {
            let mut answers = so_far?.answers.iter();
            answers.find(|answer| answer.claim == line)
        };
        let says = |line: &str| match (self.space_answer(line), so_far(line)) {
            (Some(answer), _) => told(&answer.result, Says::All),
            (None, Some(answer)) => told(&answer.result, Says::SoFar),
            (None, None) => Says::Nothing,
        };
        let claims = self.listed_claims().into_iter().flat_map(|line| {
            let claim = SpaceRow::Claim(ClaimRow {
                line,
                kept: self.study().claims.iter().any(|kept| kept == line),
                says: says(line),
            });
            let choices = self.choices(line).iter().map(SpaceRow::Choice);
            let further = self.further(line).iter().map(SpaceRow::Further);
            std::iter::once(claim).chain(choices).chain(further)
        });
        claims.chain(self.case_rows()).collect()
    }

    /// The inputs worth a look, in groups or not.
    pub(in crate::app) fn case_rows(&self) -> Vec<SpaceRow<'_>> {
        let Some(tally) = self.space_tally() else {
            return Vec::new();
        };
        let plain = || tally.worst().iter().map(SpaceRow::Case);
        match self.space.order {
            CaseOrder::Margin => plain().collect(),
            CaseOrder::Loss => {
                let mut worst: Vec<&Case> = tally.worst().iter().collect();
                worst.sort_by(|a, b| b.loss.total_cmp(&a.loss));
                worst.into_iter().map(SpaceRow::Case).collect()
            }
            CaseOrder::Group(by) => {
                let groups = tally.failures.groups(by).into_iter();
                let rows = groups.flat_map(|group| {
                    let head = SpaceRow::Group(group.common, group.count);
                    let cases = group.cases.into_iter().map(SpaceRow::Case);
                    std::iter::once(head).chain(cases)
                });
                rows.collect()
            }
        }
    }

    /// The last row, counted from 0.
    pub(in crate::app) fn last_space_row(&self) -> usize {
        self.space_rows().len().saturating_sub(1)
    }

    /// The inputs after the one that decides a claim.
    fn further(&self, line: &str) -> &[Counterexample] {
        match self.space_answer(line).map(|answer| &answer.result) {
            // a list of claims stays short: who asks for the least or largest wants more, and who opened the first
            // input that refutes one
            Some(Ok(Said::Verdict(found)))
                if asks_for_inputs(line) || self.space.unfolded.as_deref() == Some(line) =>
            {
                &found.further
            }
            _ => &[],
        }
    }

    /// What a survey found.
    fn choices(&self, line: &str) -> &[Choice] {
        match self.space_answer(line).map(|answer| &answer.result) {
            Some(Ok(Said::Choices(found))) => &found.choices,
            _ => &[],
        }
    }

    /// The selected row, counted from 0.
    #[must_use]
    pub fn space_cursor(&self) -> usize {
        self.space.cursor.min(self.last_space_row())
    }

    /// The claim under the cursor, or that which found what is under it.
    #[must_use]
    pub fn pointed_claim(&self) -> Option<String> {
        let rows = self.space_rows();
        let mut upwards = rows.get(..=self.space_cursor())?.iter().rev();
        let found = |row: &SpaceRow<'_>| matches!(row, SpaceRow::Choice(_) | SpaceRow::Further(_));
        match upwards.find(|row| !found(row))? {
            SpaceRow::Claim(claim) => Some(claim.line.to_owned()),
            _ => None,
        }
    }
}

/// Whether a claim is about the inputs with the least or largest values.
fn asks_for_inputs(line: &str) -> bool {
    matches!(line.split_whitespace().next(), Some("min" | "max"))
}

fn told<'a>(result: &'a Result<Said, String>, verdict: fn(&'a Verdict) -> Says<'a>) -> Says<'a> {
    match result {
        Ok(Said::Verdict(found)) => verdict(found),
        Ok(Said::Choices(found)) => Says::Choices(found),
        Ok(Said::Cell(found, _)) => Says::Cell(found),
        Err(why) => Says::Refused(why),
    }
}

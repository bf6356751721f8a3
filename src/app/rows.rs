//! The rows of the screen of all inputs: the claims that were stated or are kept, then the inputs
//! worth a look.

use super::message::Effect;
use super::space;
use super::state::{Pane, State, Tone};
use crate::sweep::{Case, Verdict};
use crate::task::Update;

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum SpaceRow<'a> {
    /// A claim.
    Claim(ClaimRow<'a>),
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
    /// Why it cannot be checked.
    Refused(&'a str),
}

impl SpaceRow<'_> {
    /// The input that it opens: of a claim the one that decides it, where there is one.
    #[must_use]
    pub fn update(&self) -> Option<&Update> {
        match self {
            Self::Case(case) => Some(&case.update),
            Self::Claim(claim) => match claim.says {
                Says::All(verdict) => verdict.counterexample.as_ref().map(|one| &one.update),
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
            (Some(answer), _) => match &answer.result {
                Ok(verdict) => Says::All(verdict),
                Err(why) => Says::Refused(why),
            },
            (None, Some(answer)) => match &answer.result {
                Ok(verdict) => Says::SoFar(verdict),
                Err(why) => Says::Refused(why),
            },
            (None, None) => Says::Nothing,
        };
        let claims = self.listed_claims().into_iter().map(|line| {
            SpaceRow::Claim(ClaimRow {
                line,
                kept: self.study().claims.iter().any(|kept| kept == line),
                says: says(line),
            })
        });
        let worst = self.space_tally().map_or(&[][..], |tally| &tally.worst[..]);
        let mut worst: Vec<&Case> = worst.iter().collect();
        if self.space.by_loss {
            worst.sort_by(|a, b| b.loss.total_cmp(&a.loss));
        }
        claims
            .chain(worst.into_iter().map(SpaceRow::Case))
            .collect()
    }

    /// The last row, counted from 0.
    fn last_space_row(&self) -> usize {
        let worst = self.space_tally().map_or(0, |tally| tally.worst.len());
        (self.listed_claims().len() + worst).saturating_sub(1)
    }

    /// The selected row, counted from 0.
    #[must_use]
    pub fn space_cursor(&self) -> usize {
        self.space.cursor.min(self.last_space_row())
    }

    /// The claim under the cursor.
    fn pointed_claim(&self) -> Option<String> {
        match self.space_rows().get(self.space_cursor()) {
            Some(SpaceRow::Claim(claim)) => Some(claim.line.to_owned()),
            _ => None,
        }
    }
}

/// Keeps the selected claim with the study and its findings, or lets it go again.
pub(super) fn keep_claim(state: &mut State) {
    let Some(claim) = state.pointed_claim() else {
        state.say(Tone::Plain, "no claim is selected: / states one");
        return;
    };
    let mut study = state.study().clone();
    match study.claims.iter().position(|kept| *kept == claim) {
        Some(at) => {
            study.claims.remove(at);
            // it stays on the list, where space keeps it again
            if !state.space.stated.contains(&claim) {
                state.space.stated.insert(0, claim.clone());
            }
            state.say(Tone::Plain, format!("let go: {claim}"));
        }
        None => {
            state.say(Tone::Good, format!("kept for findings: {claim}"));
            study.claims.push(claim.clone());
        }
    }
    // no number depends on it, so that nothing is asked anew
    state.history.go(study);
    let at = state.listed_claims().iter().position(|one| *one == claim);
    state.space.cursor = at.unwrap_or(state.space.cursor);
}

/// Takes the selected claim off the list, unless it is kept.
pub(super) fn drop_claim(state: &mut State) {
    let Some(claim) = state.pointed_claim() else {
        return;
    };
    if state.study().claims.contains(&claim) {
        state.say(Tone::Plain, "this claim is kept: space lets it go first");
        return;
    }
    state.space.stated.retain(|one| *one != claim);
    state.say(Tone::Plain, format!("off the list: {claim}"));
}

/// Moves the cursor through the rows.
pub(super) fn move_cursor(state: &mut State, by: isize) {
    let at = state.space_cursor().saturating_add_signed(by);
    state.space.cursor = at.min(state.last_space_row());
}

/// The selected row's input becomes the clean prompt, and every pane follows; a claim that is not
/// checked is.
pub(super) fn open_row(state: &mut State) -> Vec<Effect> {
    let at = state.space_cursor();
    let rows = state.space_rows();
    let Some(row) = rows.get(at) else {
        state.say(Tone::Plain, "nothing to open yet: S counts all inputs");
        return Vec::new();
    };
    let update = row.update().cloned();
    match (row, update) {
        (_, Some(update)) => {
            let before = rows[..at].iter().filter(|row| row.update().is_some());
            let count = rows.iter().filter(|row| row.update().is_some()).count();
            let place = format!("input {} of {count}", before.count() + 1);
            open_input(state, update, place)
        }
        (SpaceRow::Claim(claim), None) => {
            match claim.says {
                Says::All(_) => state.say(Tone::Plain, "no single input decides this claim"),
                Says::Refused(_) => state.say(Tone::Plain, "this claim cannot be checked here"),
                Says::Nothing | Says::SoFar(_) => space::check(state),
            }
            Vec::new()
        }
        (SpaceRow::Case(_), None) => Vec::new(),
    }
}

fn open_input(state: &mut State, update: Update, place: String) -> Vec<Effect> {
    let task = state.task();
    if state.view.focus == Pane::Space {
        state.view.focus = Pane::Logits;
    }
    state.sample.index = None;
    let effects = super::act::change(state, |study| study.set_clean(task, update));
    state.say(Tone::Plain, place);
    effects
}

/// The next or previous row that has an input, from wherever one is.
pub(super) fn step_case(state: &mut State, forward: bool) -> Vec<Effect> {
    let at = state.space_cursor();
    let rows = state.space_rows();
    let with_input = |&row: &usize| rows[row].update().is_some();
    let next = match forward {
        true => (at + 1..rows.len()).find(with_input),
        false => (0..at).rev().find(with_input),
    };
    // at either end it stays where it is
    let next = next.or_else(|| Some(at).filter(|at| *at < rows.len() && with_input(at)));
    let Some(next) = next else {
        state.say(Tone::Plain, "count all inputs first: S");
        return Vec::new();
    };
    state.space.cursor = next;
    open_row(state)
}

//! The rows of the screen of all inputs: the claims that were stated or are kept and what surveys
//! found, then the inputs worth a look.

use super::message::Effect;
use super::space::{self, CaseOrder, Said};
use super::state::{Pane, State, Tone};
use super::study::Listed;
use crate::lens::{Direction, Intervention, RunName, Shown};
use crate::sweep::{Case, Choice, Common, Counterexample, Survey, Surveyed, Verdict};
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
    fn case_rows(&self) -> Vec<SpaceRow<'_>> {
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
    fn last_space_row(&self) -> usize {
        self.space_rows().len().saturating_sub(1)
    }

    /// The inputs after the one that decides a claim.
    fn further(&self, line: &str) -> &[Counterexample] {
        match self.space_answer(line).map(|answer| &answer.result) {
            // a list of claims stays short: only who asks for the least or largest wants more
            Some(Ok(Said::Verdict(found))) if asks_for_inputs(line) => &found.further,
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
        Err(why) => Says::Refused(why),
    }
}

/// The inputs in another order; the cursor goes to the first of them.
pub(super) fn sort(state: &mut State) {
    state.space.order = state.space.order.next();
    let rows = state.space_rows();
    let claims = rows.len() - state.case_rows().len();
    if rows.len() > claims {
        state.space.cursor = claims;
    }
    let nothing = state.space_tally().is_some() && state.case_rows().is_empty();
    let name = state.space.order.name();
    if nothing {
        state.say(Tone::Plain, format!("{name}: no prediction is wrong"));
    } else {
        state.say(Tone::Plain, format!("inputs {name}"));
    }
}

/// Keeps the selected claim with the study and its findings, or lets it go again.
pub(super) fn keep_claim(state: &mut State) {
    let Some(claim) = state.pointed_claim() else {
        state.say(Tone::Plain, "no claim is selected: / states one");
        return;
    };
    if Survey::is(&claim) {
        state.say(
            Tone::Plain,
            "claims are kept; what a survey finds is added by enter",
        );
        return;
    }
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
    let is_it = |row: &SpaceRow<'_>| matches!(row, SpaceRow::Claim(one) if one.line == claim);
    let at = state.space_rows().iter().position(is_it);
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
        state.say(Tone::Plain, nothing_there(state));
        return Vec::new();
    };
    let update = row.update().cloned();
    match (row, update) {
        (SpaceRow::Choice(choice), _) => {
            let lines = choice.interventions.clone();
            add_all(state, &lines)
        }
        (_, Some(update)) => {
            let before = rows[..at].iter().filter(|row| row.update().is_some());
            let count = rows.iter().filter(|row| row.update().is_some()).count();
            let place = format!("input {} of {count}", before.count() + 1);
            open_input(state, update, place)
        }
        (SpaceRow::Claim(claim), None) => {
            match claim.says {
                Says::All(_) => state.say(Tone::Plain, "no single input decides this claim"),
                Says::Choices(_) => state.say(Tone::Plain, "enter on a row below adds what it did"),
                Says::Refused(_) => state.say(Tone::Plain, "this claim cannot be checked here"),
                Says::Nothing | Says::SoFar(_) => space::check(state),
            }
            Vec::new()
        }
        (SpaceRow::Group(..), None) => {
            state.say(Tone::Plain, "enter on an input below opens it");
            Vec::new()
        }
        (SpaceRow::Case(_) | SpaceRow::Further(_), None) => Vec::new(),
    }
}

/// Why there is no input to open.
fn nothing_there(state: &State) -> &'static str {
    match state.space_tally() {
        Some(_) => "no prediction is wrong, there are no groups: a sorts by margin",
        None => "count all inputs first: S",
    }
}

/// What a choice did becomes interventions, beside those that stand.
fn add_all(state: &mut State, lines: &[String]) -> Vec<Effect> {
    let task = state.task();
    let config = state.model.config.clone();
    let read = lines
        .iter()
        .map(|line| Intervention::parse(line, task, &config));
    let Ok(mut read) = read.collect::<Result<Vec<_>, _>>() else {
        state.say(Tone::Bad, "this model has no such intervention");
        return Vec::new();
    };
    let stands = |one: &Intervention| {
        let mut listed = state.study().interventions.iter();
        listed.any(|listed| listed.on && listed.intervention == *one)
    };
    read.retain(|one| !stands(one));
    if read.is_empty() && !lines.is_empty() {
        state.say(Tone::Plain, "that is done to the model already");
        return Vec::new();
    }
    if read.is_empty() {
        state.say(
            Tone::Plain,
            "nothing was done here: this is the model as it is",
        );
        return Vec::new();
    }
    let count = read.len();
    let effects = super::act::change(state, |study| {
        let listed = read.into_iter();
        let listed = listed.map(|intervention| Listed {
            intervention,
            on: true,
        });
        study.interventions.extend(listed);
    });
    let what = if count == 1 {
        "1 intervention".to_owned()
    } else {
        format!("{count} interventions")
    };
    state.say(Tone::Good, format!("added {what}; u takes back"));
    effects
}

fn open_input(state: &mut State, update: Values, place: String) -> Vec<Effect> {
    let task = state.task();
    if state.view.focus == Pane::Space {
        state.view.focus = Pane::Logits;
    }
    state.sample.index = None;
    // what was found of the input was found under the interventions: its run is shown under them
    let edited = !state.study().experiment().interventions.is_empty();
    state.view.shown = match edited {
        true => Shown::Run(RunName::Patched),
        false => Shown::Run(RunName::Clean),
    };
    let effects = super::act::change(state, |study| {
        if edited {
            study.direction = Direction::Noise;
        }
        study.set_clean(task, update);
    });
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
        state.say(Tone::Plain, nothing_there(state));
        return Vec::new();
    };
    state.space.cursor = next;
    open_row(state)
}

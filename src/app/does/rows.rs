//! What is done on the screen of all inputs.

use super::go::change;
use super::{inquire, space};
use crate::answers::CellClaim;
use crate::app::held::message::Effect;
use crate::app::held::rows::{Says, SpaceRow};
use crate::app::held::space::CaseOrder;
use crate::app::held::state::{State, Tone};
use crate::app::held::study::Listed;
use crate::app::keys::pane::Pane;
use crate::lens::{Direction, From, Intervention, RunName, Shown};
use crate::sweep::Survey;
use crate::task::Values;

/// The inputs in another order; the cursor goes to the first of them.
pub(in crate::app) fn sort(state: &mut State) {
    let wrong = state
        .space_tally()
        .is_none_or(|tally| tally.wrong_inputs > 0);
    state.space.order = state.space.order.next();
    // where no prediction is wrong there is nothing to put in groups
    while !wrong && matches!(state.space.order, CaseOrder::Group(_)) {
        state.space.order = state.space.order.next();
    }
    let rows = state.space_rows();
    let claims = rows.len() - state.case_rows().len();
    if rows.len() > claims {
        state.space.cursor = claims;
    }
    let nothing = state.space_tally().is_some() && state.case_rows().is_empty();
    let name = state.space.order.name(state.task());
    if nothing {
        state.say(Tone::Plain, format!("{name}: no prediction is wrong"));
    } else {
        state.say(Tone::Plain, format!("inputs {name}"));
    }
}

/// Keeps the selected claim with the study and its findings, or lets it go again.
pub(in crate::app) fn keep_claim(state: &mut State) {
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
pub(in crate::app) fn drop_claim(state: &mut State) {
    let Some(claim) = state.pointed_claim() else {
        state.say(Tone::Plain, "no claim is selected");
        return;
    };
    if state.study().claims.contains(&claim) {
        state.say(Tone::Plain, "this claim is kept: + lets it go first");
        return;
    }
    state.space.stated.retain(|one| *one != claim);
    state.say(Tone::Plain, format!("off the list: {claim}"));
}

/// Moves the cursor through the rows.
pub(in crate::app) fn move_cursor(state: &mut State, by: isize) {
    let at = state.space_cursor().saturating_add_signed(by);
    state.space.cursor = at.min(state.last_space_row());
}

/// The selected row's input becomes the clean prompt, and every pane follows; a claim that is not
/// checked is.
pub(in crate::app) fn open_row(state: &mut State) -> Vec<Effect> {
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
        (row, Some(update)) => {
            // who opens what refutes a claim goes on with the others that do
            let unfolded = match row {
                SpaceRow::Claim(claim) => Some(claim.line.to_owned()),
                _ => state.space.unfolded.clone(),
            };
            let before = rows[..at].iter().filter(|row| row.update().is_some());
            let count = rows.iter().filter(|row| row.update().is_some()).count();
            let place = format!("input {} of {count}", before.count() + 1);
            state.space.unfolded = unfolded;
            open_input(state, update, place)
        }
        (SpaceRow::Claim(claim), None) if matches!(claim.says, Says::Cell(_)) => {
            let line = claim.line;
            let read = CellClaim::parse(line, state.task(), &state.model.config);
            let question = read.map(|claim| claim.question().clone());
            question.map_or_else(|_| Vec::new(), |question| inquire::open(state, question))
        }
        (SpaceRow::Claim(claim), None) => {
            match claim.says {
                Says::All(_) => state.say(Tone::Plain, "no single input decides this claim"),
                Says::Choices(_) => state.say(Tone::Plain, "enter on a row below adds what it did"),
                Says::Refused(_) => state.say(Tone::Plain, "this claim cannot be checked here"),
                Says::Nothing | Says::SoFar(_) | Says::Cell(_) => space::check(state),
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
    let effects = change(state, |study| {
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

pub(in crate::app) fn open_input(state: &mut State, update: Values, place: String) -> Vec<Effect> {
    let task = state.task();
    if state.view.focus == Pane::Space {
        state.view.focus = Pane::Logits;
    }
    state.sample.index = None;
    // what was found of the input was found under the interventions: its run is shown under them
    let interventions = state.study().experiment().interventions;
    let edited = !interventions.is_empty();
    state.view.shown = match edited {
        true => Shown::Run(RunName::Patched),
        false => Shown::Run(RunName::Clean),
    };
    let [of_clean, of_corrupted] =
        [RunName::Clean, RunName::Corrupted].map(|run| takes_from(&interventions, run));
    if of_clean || of_corrupted {
        state.view.judge = Some(if of_clean {
            RunName::Corrupted
        } else {
            RunName::Clean
        });
    }
    let effects = change(state, |study| match (of_clean, of_corrupted) {
        // it was found with these activations put into its run: their prompt stays, and it is the other one
        (true, _) => study.set_base(Direction::Denoise, update),
        (false, true) => study.set_base(Direction::Noise, update),
        (false, false) => {
            if edited {
                study.direction = Direction::Noise;
            }
            study.set_clean(task, update);
        }
    });
    match of_clean && of_corrupted {
        true => state.say(
            Tone::Bad,
            format!("{place}; not as it was found: both prompts were patched from, and it takes the place of one"),
        ),
        false => state.say(Tone::Plain, place),
    }
    effects
}

/// Whether any of these takes activations from a run of the pair.
fn takes_from(interventions: &[Intervention], run: RunName) -> bool {
    let mut taken = interventions.iter().filter_map(Intervention::taken_from);
    taken.any(|(from, _)| matches!(from, From::Run(one) if *one == run))
}

/// The next or previous row that has an input, from wherever one is.
pub(in crate::app) fn step_case(state: &mut State, forward: bool) -> Vec<Effect> {
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

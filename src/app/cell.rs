//! Attention as an object to edit: the cell under the cursor knocked out, set, nudged, restored.

use super::act::change;
use super::message::Effect;
use super::patch;
use super::state::{Pane, Purpose, State, Tone};
use super::study::Listed;
use super::typing::open_line;
use crate::lens::{Action, Intervention, RunName, Shown, Target};
use crate::model::{HookName, Site};
use crate::task::shown;

/// One nudge of a probability, and of a score.
const NUDGE: (f64, f64) = (0.05, 0.5);

/// The intervention that does `action` to the cell under the cursor.
fn at_cursor(state: &State, action: Action) -> Intervention {
    let at = state.view.attention;
    let site = if at.scores {
        Site::AttnScores
    } else {
        Site::Pattern
    };
    Intervention {
        action,
        hook: HookName::Block(at.layer, site),
        target: Target::Cell {
            dest: Some(at.dest),
            src: Some(at.src),
        },
        head: Some(at.head),
    }
}

/// Where on the list the cell under the cursor is set to a number, if it is.
fn set_at(state: &State) -> Option<(usize, f64)> {
    let here = at_cursor(state, Action::Knock);
    let mut list = state.study().interventions.iter().enumerate();
    list.find_map(|(i, listed)| {
        let one = &listed.intervention;
        let same = (one.hook, &one.target, one.head) == (here.hook, &here.target, here.head);
        match one.action {
            Action::Set(value) if same && listed.on => Some((i, value)),
            _ => None,
        }
    })
}

/// Whether the cell under the attention pane's cursor is set by hand.
pub(super) fn is_set(state: &State) -> bool {
    state.view.focus == Pane::Attention && set_at(state).is_some()
}

/// Lets the cell be what the model makes it.
pub(super) fn restore(state: &mut State) -> Vec<Effect> {
    let Some((index, _)) = set_at(state) else {
        return Vec::new();
    };
    let effects = change(state, |study| {
        study.interventions.remove(index);
    });
    state.say(Tone::Plain, "cell restored");
    effects
}

/// Whether the cell can be changed; if not, says why.
fn editable(state: &mut State) -> bool {
    let at = state.view.attention;
    if at.src > at.dest {
        let text = "this cell is masked: attention looks only backwards";
        state.say(Tone::Plain, text);
    }
    at.src <= at.dest
}

/// Cuts the cell off.
pub(super) fn knock(state: &mut State) -> Vec<Effect> {
    if !editable(state) {
        return Vec::new();
    }
    let intervention = at_cursor(state, Action::Knock);
    add_here(state, intervention)
}

/// Adds an intervention. Where another run was on screen than the one that interventions act on,
/// says which that is: its numbers take the place of those that were pointed at.
fn add_here(state: &mut State, intervention: Intervention) -> Vec<Effect> {
    let direction = state.study().direction;
    let other = state.view.shown == Shown::Run(direction.source());
    let effects = patch::add(state, intervention);
    if other {
        let base = direction.base().name();
        let text = format!("interventions act on the {base} run: it is shown now, patched");
        state.say(Tone::Good, text);
    }
    effects
}

/// Opens a line for the cell's value.
pub(super) fn open(state: &mut State, text: String) {
    if editable(state) {
        open_line(state, Purpose::Cell, text);
    }
}

/// Takes a typed value.
///
/// # Errors
/// When it is no number in range.
pub(super) fn take(state: &mut State, text: &str) -> Result<Vec<Effect>, String> {
    let number = text.trim().parse::<f64>().ok();
    let limit = if state.view.attention.scores {
        1e3
    } else {
        10.0
    };
    match number.filter(|value| value.abs() <= limit) {
        Some(value) => Ok(set(state, value)),
        None => Err(format!(
            "'{}' is not a number from -{limit} to {limit}",
            shown(text)
        )),
    }
}

/// Adds a step to the cell, beginning with the number on screen.
pub(super) fn nudge(state: &mut State, sign: f64) -> Vec<Effect> {
    if !editable(state) {
        return Vec::new();
    }
    let at = state.view.attention;
    let index = [at.layer, at.head, at.dest, at.src];
    let shown = state.view.shown.run();
    let seen = state.observation.as_ref().map(|seen| seen.run(shown));
    let seen = seen.and_then(|run| {
        let values = if at.scores { &run.scores } else { &run.pattern };
        values.get(&index)
    });
    // a number typed is more exact than what a run makes of it
    let typed = set_at(state).filter(|_| shown == RunName::Patched);
    let now = typed.map(|(_, value)| value).or(seen.map(f64::from));
    let Some(now) = now.filter(|now| now.is_finite()) else {
        return Vec::new();
    };
    let step = if at.scores { NUDGE.1 } else { NUDGE.0 };
    // a tidy number: what is nudged up and down again is what it was
    let value = ((now + sign * step) * 1e4).round() / 1e4;
    set(
        state,
        if at.scores {
            value
        } else {
            value.clamp(0.0, 1.0)
        },
    )
}

/// Sets the cell, in place of an earlier value.
fn set(state: &mut State, value: f64) -> Vec<Effect> {
    let intervention = at_cursor(state, Action::Set(value));
    let Some((index, _)) = set_at(state) else {
        return add_here(state, intervention);
    };
    state.view.shown = Shown::Run(RunName::Patched);
    change(state, |study| {
        study.interventions[index] = Listed {
            intervention,
            on: true,
        };
    })
}

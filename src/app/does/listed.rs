//! What the keys of the list of interventions do.

use super::go::change;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};

/// Whether there is one at all; says so where there is none.
fn is_any(state: &mut State) -> bool {
    let any = !state.study().interventions.is_empty();
    if !any {
        state.say(Tone::Plain, "there are no interventions; : types one");
    }
    any
}

/// Switches the selected one off or on.
pub(in crate::app) fn toggle(state: &mut State) -> Vec<Effect> {
    if !is_any(state) {
        return Vec::new();
    }
    let selected = state.view.intervention;
    change(state, |study| {
        if let Some(listed) = study.interventions.get_mut(selected) {
            listed.on = !listed.on;
        }
    })
}

/// Takes the selected one off the list.
pub(in crate::app) fn remove(state: &mut State) -> Vec<Effect> {
    if !is_any(state) {
        return Vec::new();
    }
    let selected = state.view.intervention;
    change(state, |study| {
        if selected < study.interventions.len() {
            study.interventions.remove(selected);
        }
    })
}

/// Selects one so many further down.
pub(in crate::app) fn step(state: &mut State, rows: isize) {
    if is_any(state) {
        let last = state.study().interventions.len().saturating_sub(1);
        let at = state.view.intervention.saturating_add_signed(rows);
        state.view.intervention = at.min(last);
    }
}

//! Two answers side by side: one is pinned and stays, the other one comes and goes.

use crate::app::held::inquiry::Inquiry;
use crate::app::held::state::{State, Tone};

/// Before an answer takes the place of an open one: that stays beside it where it is pinned. The side of the dock
/// that is left for the new one.
pub(in crate::app) fn make_room(state: &mut State, old: Option<&Inquiry>) -> u8 {
    if let Some(old) = old.filter(|old| old.pinned) {
        state.pinned = Some(old.clone());
    }
    let pinned = state.pinned.as_ref();
    pinned.map_or(0, |pinned| 1 - pinned.slot.min(1))
}

/// Pins the open answer or lets it go; where two stand side by side, goes over to the other one and pins this one
/// in its stead.
pub(in crate::app) fn pin(state: &mut State) {
    let both = state.pinned.is_some();
    let Some(open) = &mut state.inquiry else {
        return;
    };
    if let Some(pinned) = &mut state.pinned {
        (open.pinned, pinned.pinned) = (true, false);
        std::mem::swap(open, pinned);
    } else {
        open.pinned = !open.pinned;
    }
    let text = match (both, open.pinned) {
        (true, _) => "the other one is pinned now",
        (false, true) => "pinned: the next answer stands beside it; # lets it go",
        (false, false) => "pinned no longer",
    };
    state.say(Tone::Plain, text);
}

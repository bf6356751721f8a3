//! Back and forth among the answers that were looked at.

use super::inquire::put;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};

/// The answer that was looked at before this one, or after it.
pub(in crate::app) fn step(state: &mut State, back: bool) -> Vec<Effect> {
    let old = state.inquiry.take();
    match state.trail.step(old.as_ref(), back) {
        Some((question, cursor)) => put(state, question, cursor, old.as_ref()),
        None => {
            state.inquiry = old;
            let which = if back { "earlier" } else { "later" };
            state.say(Tone::Plain, format!("no {which} answer"));
            Vec::new()
        }
    }
}

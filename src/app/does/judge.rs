//! The patched run by another answer.

use crate::app::held::state::{State, Tone};
use crate::lens::{RunName, Shown};

/// The patched run by the other answer.
pub(in crate::app) fn switch(state: &mut State) {
    if let Shown::Run(RunName::Clean | RunName::Corrupted) = state.view.shown {
        let why = "this run is judged by its own answer; v shows the patched run";
        state.say(Tone::Plain, why);
        return;
    }
    state.view.judge = Some(match state.judge() {
        RunName::Clean => RunName::Corrupted,
        _ => RunName::Clean,
    });
    let text = format!("judged by the {} answer", state.judge().name());
    state.say(Tone::Plain, text);
}

//! Whose answer a patched run is judged by: it has two, that of the prompt it was run on and that
//! of the run which its patches come from.

use super::state::{State, Tone};
use crate::lens::{RunName, Shown};

impl State {
    /// The run whose right answer judges the predictions on screen.
    #[must_use]
    pub fn judge(&self) -> RunName {
        match self.view.shown {
            Shown::Run(run @ (RunName::Clean | RunName::Corrupted)) => run,
            Shown::Run(RunName::Patched) | Shown::Difference => self
                .view
                .judge
                .unwrap_or_else(|| self.study().experiment().judge()),
        }
    }
}

/// The patched run by the other answer.
pub(super) fn switch(state: &mut State) {
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

//! Whose answer a patched run is judged by: it has two, that of the prompt it was run on and that
//! of the run which its patches come from.

use super::state::State;
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

//! The prediction at hand: the one under the logits' cursor. It goes with the metric as long as it stands where
//! that is measured, and the answers that are of one prediction go with it.

use super::asked::ask;
use crate::answers::Question;
use crate::app::held::message::Effect;
use crate::app::held::state::State;

/// Where it stood, and where the metric was measured.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct AtHand {
    position: usize,
    measured: Option<usize>,
}

impl AtHand {
    pub(in crate::app) fn of(state: &State) -> Self {
        Self {
            position: state.view.position,
            measured: state.study().measured(state.task()),
        }
    }

    /// What follows of what has changed since.
    pub(in crate::app) fn follow(self, state: &mut State) -> Vec<Effect> {
        let now = state.study().measured(state.task());
        let first = state.task().predicts_at(0);
        let stood_there = state.view.position == self.measured.unwrap_or(first);
        if let Some(now) = now.filter(|_| now != self.measured && stood_there) {
            state.view.position = now;
        }
        match state.view.position == self.position {
            true => Vec::new(),
            false => turn_to(state, self.position),
        }
    }
}

impl State {
    /// The number of the prediction under the logits' cursor; the first where nothing is predicted there.
    #[must_use]
    pub fn prediction_at_hand(&self) -> usize {
        self.task().predicted_at(self.view.position).unwrap_or(0)
    }
}

/// The open answer follows, where it was of the prediction that was at hand before.
fn turn_to(state: &mut State, before: usize) -> Vec<Effect> {
    let task = state.task();
    let both = [before, state.view.position].map(|position| task.predicted_at(position));
    let ([Some(old), Some(new)], Some(inquiry)) = (both, &mut state.inquiry) else {
        return Vec::new();
    };
    match &mut inquiry.question {
        Question::Paths { i, .. } | Question::Sources { i, .. } if *i == old => {
            *i = new;
            ask(state)
        }
        Question::Attribution { .. } if inquiry.cursor.1 == old => {
            inquiry.put_cursor((inquiry.cursor.0, new));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

//! The open questions, asked about the study as it is, and their answers.

use super::curves;
use crate::answers::{Question, Table};
use crate::app::held::inquiry::Inquiry;
use crate::app::held::message::{Ask, Effect};
use crate::app::held::space::SpaceKey;
use crate::app::held::state::State;
use crate::app::keys::pane::Pane;
use crate::lens::Experiment;
use std::sync::Arc;

impl State {
    /// The question whose answer has the focus.
    #[must_use]
    pub fn focused_question(&self) -> Option<&Question> {
        let asked = self.inquiry.as_ref();
        let asked = asked.filter(|_| self.view.focus == Pane::Answer);
        asked.map(|inquiry| &inquiry.question)
    }
}

/// Asks the open question about the study as it is.
pub(in crate::app) fn ask(state: &mut State) -> Vec<Effect> {
    let (about, experiment) = (state.view.shown, state.study().experiment());
    let Some(inquiry) = &mut state.inquiry else {
        return Vec::new();
    };
    // counted over all questions: an answer to an earlier one is older than this
    state.asked += 1;
    inquiry.asked = state.asked;
    vec![Effect::Ask(Box::new(Ask {
        generation: inquiry.asked,
        slot: inquiry.slot,
        question: inquiry.question.clone(),
        about,
        experiment,
    }))]
}

/// Asks those of the open and the pinned question again that a change matters to.
fn ask_where(state: &mut State, matters: impl Fn(&Inquiry) -> bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    // the one that is looked at first
    for _ in 0..2 {
        if state.inquiry.as_ref().is_some_and(&matters) {
            effects.extend(ask(state));
        }
        if state.pinned.is_none() {
            break;
        }
        std::mem::swap(&mut state.inquiry, &mut state.pinned);
    }
    effects
}

/// Asks again after a change of the study, unless the question is about the weights alone.
pub(in crate::app) fn ask_again(state: &mut State) -> Vec<Effect> {
    ask_where(state, |inquiry| {
        !curves::is_over_steps(inquiry) && !inquiry.question.is_about_weights()
    })
}

/// Asks again after a change of the study that leaves the interventions as they are.
pub(in crate::app) fn ask_of_others(state: &mut State, before: &Experiment) -> Vec<Effect> {
    let now = state.study().experiment();
    let as_before = Experiment {
        clean: before.clean.clone(),
        corrupted: before.corrupted.clone(),
        ..now.clone()
    };
    // of other prompts alone, and nothing is taken from their runs
    let prompts = as_before == *before && SpaceKey::new(&now) == SpaceKey::new(before);
    ask_where(state, |inquiry| {
        let stays = prompts && inquiry.question.is_of_no_prompt();
        !stays && !curves::is_over_steps(inquiry) && !inquiry.question.is_about_weights()
    })
}

/// Asks again after a change of the interventions.
pub(in crate::app) fn ask_under_others(state: &mut State) -> Vec<Effect> {
    ask_where(state, |inquiry| !inquiry.question.is_about_weights())
}

/// Asks what another step of the model says; a curve says it of all.
pub(in crate::app) fn ask_of_step(state: &mut State) -> Vec<Effect> {
    ask_where(state, |inquiry| {
        !matches!(inquiry.question, Question::Curves(_))
    })
}

/// Asks for the curves that are open, which have grown.
pub(in crate::app) fn ask_for_curves(state: &mut State) -> Vec<Effect> {
    ask_where(state, |inquiry| {
        matches!(inquiry.question, Question::Curves(_))
    })
}

/// Asks everything that is open.
pub(in crate::app) fn ask_all(state: &mut State) -> Vec<Effect> {
    ask_where(state, |_| true)
}

/// Takes an answer, unless it is to an older question.
pub(in crate::app) fn answered(
    state: &mut State,
    generation: u64,
    result: Result<Box<Table>, String>,
) {
    let open = [&mut state.inquiry, &mut state.pinned];
    let mut open = open.into_iter().flatten();
    let Some(inquiry) = open.find(|inquiry| inquiry.asked == generation) else {
        return;
    };
    inquiry.answered = generation;
    let result = result.map(|table| Arc::new(*table));
    if let Ok(table) = &result {
        let (row, column) = inquiry.cursor;
        let last = |len: usize| len.saturating_sub(1);
        inquiry.cursor = (
            row.min(last(table.rows.len())),
            column.min(last(table.cols.len())),
        );
    }
    inquiry.answer = Some(result);
    inquiry.seek_as_asked();
    curves::point_at_beginning(inquiry);
}

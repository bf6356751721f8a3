//! What is particular to an answer that goes through all steps of the model.

use super::steps;
use crate::answers::Question;
use crate::app::held::inquiry::Inquiry;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};

/// Whether the answer is one of all steps, whatever the prompt.
pub(in crate::app) fn is_over_steps(inquiry: &Inquiry) -> bool {
    matches!(&inquiry.question, Question::Curves(curves) if !curves.is_about_run())
}

/// Whether the answer says at which step something begins to hold.
pub(in crate::app) fn has_condition(inquiry: &Inquiry) -> bool {
    matches!(&inquiry.question, Question::Curves(curves) if curves.until.is_some())
}

/// Opens the step at which the condition of a curve that was just asked for begins to hold, once all steps are
/// measured; who has moved the cursor is left where he is.
pub(in crate::app) fn open_beginning(state: &mut State) -> Vec<Effect> {
    let (Some(inquiry), Some(steps)) = (&mut state.inquiry, &state.steps) else {
        return Vec::new();
    };
    let Some(Ok(table)) = inquiry.answer.as_ref().filter(|_| inquiry.goes) else {
        return Vec::new();
    };
    if inquiry.answered < inquiry.asked || table.rows.len() < steps.series.steps.len() {
        return Vec::new();
    }
    inquiry.goes = false;
    let row = table.flagged.first().map(|[row, _]| *row);
    match row.filter(|row| *row == inquiry.cursor.0) {
        Some(row) => {
            let number = steps.number(row);
            state.say(
                Tone::Good,
                format!("opened step {number}, where it begins to hold"),
            );
            steps::want(state, row)
        }
        None => Vec::new(),
    }
}

/// The cursor goes to where the condition of a curve begins to hold, unless it was moved.
pub(in crate::app) fn point_at_beginning(inquiry: &mut Inquiry) {
    let Some(Ok(table)) = &inquiry.answer else {
        return;
    };
    if let (Question::Curves(_), (0, _), Some([row, _])) =
        (&inquiry.question, inquiry.cursor, table.flagged.first())
    {
        inquiry.cursor.0 = *row;
    }
}

/// The step that the answer's row under the cursor is of.
pub(in crate::app) fn step_at(state: &State) -> Option<u64> {
    let inquiry = state.inquiry.as_ref()?;
    let (Question::Curves(_), Some(Ok(table))) = (&inquiry.question, &inquiry.answer) else {
        return None;
    };
    table.rows.get(inquiry.cursor.0)?.parse().ok()
}

//! What is particular to an answer that goes through all steps of the model.

use crate::answers::Question;
use crate::app::held::inquiry::Inquiry;
use crate::app::held::state::State;

/// Whether the answer is one of all steps, whatever the prompt.
pub(in crate::app) fn is_over_steps(inquiry: &Inquiry) -> bool {
    matches!(&inquiry.question, Question::Curves(curves) if !curves.is_about_run())
}

/// Whether a question asks at which step something begins to hold: what the one before it did not, or what is asked
/// once more.
pub(in crate::app) fn asks_when(question: &Question, before: Option<&Question>) -> bool {
    let until = |question: &Question| match question {
        Question::Curves(curves) => curves.until.clone(),
        _ => None,
    };
    let again = before == Some(question);
    until(question).is_some() && (again || before.and_then(until) != until(question))
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

//! The cursor of an answer goes to what stands out in it.

use crate::app::held::state::{State, Tone};

/// Moves the cursor to the value that stands out most among those like the one under it.
pub(in crate::app) fn hottest(state: &mut State) {
    if let Some(inquiry) = &mut state.inquiry
        && let Some(Ok(table)) = &inquiry.answer
        && let Some(cursor) = table.hottest(inquiry.question.alike(), inquiry.cursor)
    {
        inquiry.cursor = cursor;
    }
}

/// Moves the cursor to the next cell with a mark: a row of a circuit that fails, an estimate that
/// is far off.
pub(in crate::app) fn next_flagged(state: &mut State) {
    let Some(inquiry) = &mut state.inquiry else {
        return;
    };
    let Some(Ok(table)) = &inquiry.answer else {
        return;
    };
    match table.next_flagged(inquiry.cursor) {
        Some(cursor) => inquiry.cursor = cursor,
        None => state.say(Tone::Plain, "no cell of this answer is marked with !"),
    }
}

//! Moving about in an answer.

use crate::app::held::state::{State, Tone};

/// Moves the cursor; stops at the table's edges.
pub(in crate::app) fn move_cursor(state: &mut State, rows: isize, columns: isize) {
    let Some(inquiry) = &mut state.inquiry else {
        return;
    };
    if let Some(Ok(table)) = &inquiry.answer {
        let moved = |at: usize, by: isize, len: usize| {
            at.saturating_add_signed(by).min(len.saturating_sub(1))
        };
        let (row, column) = inquiry.cursor;
        inquiry.cursor = (
            moved(row, rows, table.rows.len()),
            moved(column, columns, table.cols.len()),
        );
    }
}

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

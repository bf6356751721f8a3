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

/// Whether the answer has this cell, by row and column.
pub(in crate::app) fn has(state: &State, (row, column): (usize, usize)) -> bool {
    let answer = state.inquiry.as_ref().and_then(|one| one.answer.as_ref());
    let table = answer.and_then(|answer| answer.as_ref().ok());
    table.is_some_and(|table| row < table.rows.len() && column < table.cols.len())
}

/// Moves the cursor to a cell.
pub(in crate::app) fn go_to(state: &mut State, cell: (usize, usize)) {
    if let Some(inquiry) = &mut state.inquiry {
        inquiry.put_cursor(cell);
    }
}

/// Moves the cursor to the value that stands out most among those like the one under it.
pub(in crate::app) fn hottest(state: &mut State) {
    if let Some(inquiry) = &mut state.inquiry {
        inquiry.seek_hottest();
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

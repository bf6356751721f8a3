//! Moving about in an answer, and to what stands out in a pane.

use crate::app::held::panes::{CellsView, StripColumn, StripsView, strip_cell, strip_rows};
use crate::app::held::state::{State, Tone};
use crate::app::keys::pane::Pane;
use crate::lens::{GridName, Observation, Reading};

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

/// Moves the cursor to what stands out most: in an answer among the values like the one under it, in a grid of
/// patches the cell that does most, in a head the key that the query attends to most.
pub(in crate::app) fn hottest(state: &mut State) {
    let of_run = match state.view.focus {
        Pane::Strips => hottest_strip,
        Pane::Cells => hottest_cell,
        Pane::Attention => hottest_key,
        _ => {
            if let Some(inquiry) = &mut state.inquiry {
                inquiry.seek_hottest();
            }
            return;
        }
    };
    if let Some(seen) = state.observation.clone() {
        of_run(state, &seen);
    }
}

/// Puts the grids' cursors on what does most, where nobody has put them anywhere.
pub(in crate::app) fn place(state: &mut State) {
    let whole = state.observation.clone().filter(|seen| seen.is_whole());
    let Some(seen) = whole.filter(|seen| state.unplaced && seen.metric.is_some()) else {
        return;
    };
    state.unplaced = false;
    hottest_strip(state, &seen);
    hottest_cell(state, &seen);
}

/// The first of those that do most; `None` where none has a number.
fn most<T>(cells: impl Iterator<Item = (T, f32)>) -> Option<T> {
    let numbers = cells.filter(|(_, value)| !value.is_nan());
    let found = numbers.reduce(|best, one| match one.1.abs() > best.1.abs() {
        true => one,
        false => best,
    });
    found.map(|(cell, _)| cell)
}

fn hottest_strip(state: &mut State, seen: &Observation) {
    let config = &state.model.config;
    let columns = (0..state.task().seq_len()).map(StripColumn::Pos);
    let columns: Vec<StripColumn> = columns.chain([StripColumn::All]).collect();
    let rows = strip_rows(config).into_iter().enumerate();
    let cells = rows.flat_map(|(row, (grid, head))| {
        let columns = &columns;
        (0..config.n_layers).flat_map(move |layer| {
            columns.iter().filter_map(move |&column| {
                let (grid, cell) = strip_cell(grid, head, layer, column)?;
                let share = seen.told(Reading::Clean, grid, cell)?;
                let view = StripsView { row, layer, column };
                Some((view, share))
            })
        })
    });
    if let Some(view) = most(cells) {
        state.view.strips = view;
    }
}

fn hottest_cell(state: &mut State, seen: &Observation) {
    let (view, len) = (state.view.cells, state.task().seq_len());
    let all = (0..len).flat_map(|dest| (0..len).map(move |src| CellsView { dest, src, ..view }));
    let cells = all.filter_map(|view| {
        let share = seen.told(Reading::Clean, GridName::PatternDestSrc, view.cell())?;
        Some((view, share))
    });
    if let Some(view) = most(cells) {
        state.view.cells = view;
    }
}

fn hottest_key(state: &mut State, seen: &Observation) {
    let view = state.view.attention;
    let run = seen.run(state.view.shown.run());
    let keys = (0..state.task().seq_len()).filter_map(|src| {
        let p = run.pattern.get(&[view.layer, view.head, view.dest, src])?;
        Some((src, p))
    });
    if let Some(src) = most(keys) {
        state.view.attention.src = src;
    }
}

/// Takes the picture of an answer closer, or further away.
pub(in crate::app) fn closer(state: &mut State, closer: bool) {
    let Some(inquiry) = &mut state.inquiry else {
        return;
    };
    let axes = match &inquiry.answer {
        Some(Ok(table)) => table.axes.len(),
        _ => 0,
    };
    let is_picture = axes == 2 || inquiry.question.is_matrix();
    if is_picture && inquiry.take_closer(closer) {
        return;
    }
    let text = match (closer, &inquiry.answer) {
        (_, Some(Ok(_))) if !is_picture => "this answer is no picture",
        (_, None | Some(Err(_))) => "there is no picture yet",
        (true, _) => "closer than this it does not go",
        (false, _) => "this is all of it",
    };
    state.say(Tone::Plain, text);
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

//! The answer to a question: a table to move through, and the numbers that belong to the whole.
//!
//! ```text
//! answer  circuit ov.1                       top-1 on the diagonal 1.000   copying score 0.997
//!          0    1    2    3  ...
//!   0   5.21 -.33 ...
//! ```

use super::attention::draw_legend;
use super::canvas::{Canvas, scroll_to};
use super::figure::{cell as cell_of, scale};
use super::heatmap::Heatmap;
use super::theme::Role;
use crate::app::{Inquiry, Pane};
use crate::lens::Table;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the rows' names, at most.
const MAX_LABEL: u16 = 18;
/// Cells are at least and at most this wide.
const CELL: (u16, u16) = (6, 8);

pub(super) fn answer(canvas: &mut Canvas<'_>, area: Rect) {
    let Some(inquiry) = canvas.state.inquiry.clone() else {
        canvas.frame(Pane::Answer, area, Vec::new(), None);
        return;
    };
    let state = canvas.state;
    let question = inquiry.question.line(state.task(), &state.model.config);
    let mut title = vec![canvas.span(Role::Text, question)];
    if !inquiry.question.is_about_weights() {
        let run = state.view.shown.name(state.study().direction);
        title.push(canvas.span(Role::Muted, format!("  {run}")));
    }
    match &inquiry.answer {
        None => {
            title.push(canvas.span(Role::Muted, "  ..."));
            canvas.frame(Pane::Answer, area, title, None);
        }
        Some(Err(error)) => {
            let inner = canvas.frame(Pane::Answer, area, title, None);
            let width = usize::from(inner.width);
            for (row, text) in super::prompt::wrapped(error, width).into_iter().enumerate() {
                let line = Line::from(canvas.span(Role::Bad, text));
                canvas.line(inner, row as u16, &line);
            }
        }
        Some(Ok(table)) => {
            let below = cursor_line(canvas, &inquiry, table);
            let inner = canvas.frame(Pane::Answer, area, title, Some(below));
            let rest = notes(canvas, inner, table);
            draw(canvas, rest, &inquiry, table);
            draw_legend(canvas, area, scale(table));
        }
    }
}

/// Whether the answer belongs to an older study or question.
fn is_stale(canvas: &Canvas<'_>, inquiry: &Inquiry) -> bool {
    let about_weights = inquiry.question.is_about_weights();
    inquiry.answered < inquiry.asked || !about_weights && canvas.state.field_error.is_some()
}

/// The notes, wrapped; what is left of the area.
fn notes(canvas: &mut Canvas<'_>, area: Rect, table: &Table) -> Rect {
    let words = table
        .notes
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let text = words.collect::<Vec<_>>().join("   ");
    let mut used = 0;
    if !text.is_empty() {
        for part in super::prompt::wrapped(&text, usize::from(area.width)) {
            let line = Line::from(canvas.span(Role::Muted, part));
            canvas.line(area, used, &line);
            used += 1;
        }
    }
    let used = used.min(area.height);
    Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    }
}

fn draw(canvas: &mut Canvas<'_>, area: Rect, inquiry: &Inquiry, table: &Table) {
    let longest = table.rows.iter().map(|row| row.chars().count()).max();
    let label = (longest.unwrap_or(0) as u16 + 1)
        .min(MAX_LABEL)
        .min(area.width);
    let columns = table.cols.len() as u16;
    let room = area.width.saturating_sub(label);
    let cell = (room / columns.max(1)).clamp(CELL.0, CELL.1);
    let shown_columns = usize::from(room / cell);
    let shown_rows = usize::from(area.height.saturating_sub(1));
    let (row, column) = inquiry.cursor;
    let middle = |at: usize, shown: usize| at.saturating_sub(shown / 2);
    let first_row = scroll_to(row, shown_rows, table.rows.len(), middle(row, shown_rows));
    let first_column = scroll_to(
        column,
        shown_columns,
        table.cols.len(),
        middle(column, shown_columns),
    );
    let visible = table
        .cols
        .iter()
        .enumerate()
        .skip(first_column)
        .take(shown_columns);
    for (i, name) in visible {
        let role = if i == column {
            Role::Accent
        } else {
            Role::Muted
        };
        let x = area.x + label + (i - first_column) as u16 * cell;
        let style = canvas.look.style(role);
        let name = super::attention::column_label(name, cell);
        canvas.text(x, area.y, area, &name, style);
    }
    for (i, name) in table
        .rows
        .iter()
        .enumerate()
        .skip(first_row)
        .take(shown_rows)
    {
        let role = if i == row { Role::Accent } else { Role::Muted };
        let place = Rect {
            width: label.saturating_sub(1),
            ..area
        };
        let style = canvas.look.style(role);
        canvas.text(
            area.x,
            area.y + 1 + (i - first_row) as u16,
            place,
            name,
            style,
        );
    }
    let value = |row: usize, column: usize| cell_of(table, row, column);
    Heatmap {
        look: canvas.look,
        rows: table.rows.len(),
        columns: table.cols.len(),
        cell_width: cell,
        cell_height: 1,
        scale: scale(table),
        cursor: Some(inquiry.cursor),
        stale: is_stale(canvas, inquiry),
        value: &value,
    }
    .render(
        Rect {
            x: area.x + label,
            y: area.y + 1,
            width: room,
            height: area.height.saturating_sub(1),
        }
        .intersection(area),
        canvas.buf,
        first_row,
        first_column,
    );
}

/// The exact value under the cursor.
fn cursor_line(canvas: &Canvas<'_>, inquiry: &Inquiry, table: &Table) -> Line<'static> {
    let (row, column) = inquiry.cursor;
    let name = |names: &[String], i: usize| names.get(i).cloned().unwrap_or_default();
    let value = table.values.get(&[row, column]).unwrap_or(f32::NAN);
    let text = if value == f32::NEG_INFINITY {
        "masked".to_owned()
    } else {
        format!("{value:+.5}")
    };
    let role = if is_stale(canvas, inquiry) {
        Role::Stale
    } else {
        Role::Text
    };
    Line::from(vec![
        canvas.span(Role::Accent, name(&table.rows, row)),
        Span::raw("  "),
        canvas.span(Role::Accent, name(&table.cols, column)),
        canvas.span(role, format!("  {text}")),
    ])
}

//! A scatter plot: rows of a table as points, two of its columns as axes.

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::Inquiry;
use crate::lens::Table;
use ratatui::layout::Rect;

/// Columns and rows that a plot needs at least.
const LEAST: (u16, u16) = (24, 8);

/// Draws the plot right of the table where there is room; what is left for the table.
///
/// The first column is the horizontal axis; the vertical one is the column under the cursor, or
/// the second. Every point is its row's name, or a dot where names would cover each other.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
) -> Rect {
    let width = area.width * 2 / 3;
    if width < LEAST.0 || area.height < LEAST.1 || table.cols.len() < 2 {
        return area;
    }
    let plot = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    let (row, column) = inquiry.cursor;
    plot_points(canvas, plot, table, row, column.max(1));
    Rect {
        width: area.width - width - 1,
        ..area
    }
}

/// Lowest and highest value of a column, a little apart.
fn span(table: &Table, column: usize) -> (f32, f32) {
    let values = (0..table.rows.len()).filter_map(|row| table.values.get(&[row, column]));
    let (low, high) = values.fold((0.0f32, 0.0f32), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if high > low {
        (low, high)
    } else {
        (low, low + 1.0)
    }
}

fn plot_points(canvas: &mut Canvas<'_>, area: Rect, table: &Table, cursor: usize, vertical: usize) {
    let (horizontal, vertical_span) = (span(table, 0), span(table, vertical));
    let name = |column: usize| table.cols.get(column).cloned().unwrap_or_default();
    let title = format!("{} across, {} up", name(0), name(vertical));
    let style = canvas.look.style(Role::Muted);
    canvas.text(area.x, area.y, area, &title, style);
    let field = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let place = |value: f32, (low, high): (f32, f32), room: u16| {
        ((value - low) / (high - low) * f32::from(room)).round() as u16
    };
    let at = |x: f32, y: f32| {
        let column = place(x, horizontal, field.width - 4);
        let up = place(y, vertical_span, field.height - 1);
        (field.x + column, field.bottom() - 1 - up)
    };
    axes(canvas, field, at(0.0, 0.0));
    let mut taken: Vec<(u16, u16, u16)> = Vec::new();
    // the row under the cursor is drawn first, so that nothing hides its name
    let order = std::iter::once(cursor).chain((0..table.rows.len()).filter(|&row| row != cursor));
    for row in order {
        let values = [0, vertical].map(|column| table.values.get(&[row, column]));
        let ([Some(x), Some(y)], Some(label)) = (values, table.rows.get(row)) else {
            continue;
        };
        let (x, y) = at(x, y);
        let role = if row == cursor {
            Role::Accent
        } else {
            Role::Text
        };
        let long = label.chars().count() as u16;
        let free = |from: u16, long: u16| {
            let mut others = taken.iter();
            !others.any(|&(line, a, b)| line == y && from < b && a < from + long)
        };
        let (text, long) = if free(x, long) {
            (label.clone(), long)
        } else {
            (canvas.look.pick("·", ".").to_owned(), 1)
        };
        if free(x, long) {
            let style = canvas.look.style(role);
            canvas.text(x, y, field, &text, style);
            taken.push((y, x, x + long));
        }
    }
}

/// Two lines through the mean.
fn axes(canvas: &mut Canvas<'_>, field: Rect, (x, y): (u16, u16)) {
    let style = canvas.look.style(Role::Border);
    for column in field.left()..field.right() {
        let mark = canvas.look.pick("─", "-");
        canvas.text(column, y, field, mark, style);
    }
    for line in field.top()..field.bottom() {
        let mark = canvas.look.pick("│", "|");
        canvas.text(x, line, field, mark, style);
    }
}

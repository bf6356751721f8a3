//! The column at hand as bars, in what room a table leaves.

use super::canvas::Canvas;
use super::theme::Role;
use crate::answers::Table;
use crate::app::Inquiry;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns that bars need at least, and at most.
const WIDTH: (u16, u16) = (24, 72);
/// Columns between the table and its bars: marks of what is off screen stand there.
const GAP: u16 = 3;

/// The room beside a table.
pub(super) struct Free {
    /// The room.
    pub area: Rect,
    /// The screen's row of the headings.
    pub heading: u16,
    /// The table's rows that are on screen, and the screen's rows that they stand in.
    pub rows: Vec<(usize, u16)>,
}

/// Draws the column at hand as bars from a common zero, if there is room.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    free: Option<Free>,
    inquiry: &Inquiry,
    table: &Table,
    stale: bool,
) {
    let Some(free) = free else { return };
    let width = free.area.width.saturating_sub(GAP).min(WIDTH.1);
    // one column of a table of many says little
    let is_listed = table.cols.len() <= 16 && table.rows.len() >= 2;
    let column = inquiry.cursor.1;
    let Some(name) = table.cols.get(column).filter(|_| is_listed) else {
        return;
    };
    if width < WIDTH.0 {
        return;
    }
    let area = Rect {
        x: free.area.x + GAP,
        width,
        ..free.area
    };
    let value = |row: usize| table.values.get(&[row, column]).filter(|v| v.is_finite());
    if !free
        .rows
        .iter()
        .any(|&(row, _)| value(row).is_some_and(|v| v != 0.0))
    {
        return;
    }
    let style = canvas.look.style(Role::Accent);
    canvas.text(area.x, free.heading, area, name, style);
    // the zero is where the largest and the smallest of them leave it
    let all = free.rows.iter().filter_map(|&(row, _)| value(row));
    let (low, high) = all.fold((0.0f32, 0.0f32), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let left = (f32::from(width) * -low / (high - low)).round() as u16;
    for &(row, y) in &free.rows {
        let Some(value) = value(row).filter(|_| y < area.bottom()) else {
            continue;
        };
        let length = f32::from(width) * value.abs() / (high - low);
        let length = (length.round() as u16).min(width);
        let role = match (stale, value < 0.0) {
            (true, _) => Role::Stale,
            (_, true) => Role::Corrupted,
            (_, false) => Role::Clean,
        };
        let style = Style::new().fg(canvas.look.theme.paint(role).fg.into());
        let style = if canvas.look.has_colours() {
            style
        } else {
            canvas.look.style(Role::Text)
        };
        // a little lower than a row, so that they stand apart
        let bar = canvas.look.pick("▆", "=").repeat(length.into());
        let from = if value < 0.0 {
            left.saturating_sub(length)
        } else {
            left
        };
        canvas.text(area.x + from, y, area, &bar, style);
    }
}

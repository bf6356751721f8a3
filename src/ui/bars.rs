//! Columns as bars, in what room a table leaves.

use super::canvas::Canvas;
use super::theme::Role;
use crate::answers::Table;
use crate::app::Inquiry;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns that bars need at least, and at most.
const WIDTH: (u16, u16) = (24, 72);
/// Where all columns have bars, each has so many.
const EACH: u16 = 20;
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

/// Draws columns as bars from a common zero: all of them where there is room, else the one at hand.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    free: Option<Free>,
    inquiry: &Inquiry,
    table: &Table,
    stale: bool,
) {
    let Some(free) = free else { return };
    let width = free.area.width.saturating_sub(GAP);
    // one column of a table of many says little
    let is_listed = table.cols.len() <= 16 && table.rows.len() >= 2;
    if !is_listed || width < WIDTH.0 {
        return;
    }
    let value = |row: usize, column: usize| table.values.get(&[row, column]);
    let cells = (free.rows.iter())
        .flat_map(|&(row, _)| (0..table.cols.len()).filter_map(move |column| value(row, column)));
    let has_bar = cells.filter(|v| v.is_finite()).any(|v| v != 0.0);
    if !has_bar {
        return;
    }
    let count = table.cols.len() as u16;
    let columns = match count {
        2.. if width / count >= EACH => 0..table.cols.len(),
        _ => inquiry.cursor.1..inquiry.cursor.1 + 1,
    };
    let each = (width / columns.len().max(1) as u16).min(WIDTH.1);
    let ends = ends(&free, table, columns.clone());
    for (place, column) in columns.enumerate() {
        let area = Rect {
            x: free.area.x + GAP + place as u16 * each,
            width: each.saturating_sub(if count > 1 { 2 } else { 0 }),
            ..free.area
        };
        let role = match column == inquiry.cursor.1 {
            true => Role::Accent,
            false => Role::Muted,
        };
        if let Some(name) = table.cols.get(column) {
            canvas.text(area.x, free.heading, area, name, canvas.look.style(role));
        }
        bars(canvas, &free, area, ends, stale, |row| {
            value(row, column).filter(|v| v.is_finite())
        });
    }
}

/// The smallest and the largest number of these columns, 0 among them: where bars begin and end.
fn ends(free: &Free, table: &Table, columns: std::ops::Range<usize>) -> (f32, f32) {
    let rows = free.rows.iter();
    let cells = rows.flat_map(|&(row, _)| {
        let columns = columns.clone();
        columns.filter_map(move |column| table.values.get(&[row, column]))
    });
    let finite = cells.filter(|value| value.is_finite());
    finite.fold((0.0f32, 0.0f32), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

fn bars(
    canvas: &mut Canvas<'_>,
    free: &Free,
    area: Rect,
    (low, high): (f32, f32),
    stale: bool,
    value: impl Fn(usize) -> Option<f32>,
) {
    let width = area.width;
    // the zero is where the largest and the smallest of them leave it
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

//! A column of a table as bars over its rows: of what is counted by whole numbers or has names there is nothing in
//! between.

use super::canvas::Canvas;
use super::charted::Charted;
use super::gauge::Gauge;
use super::picture;
use super::places::Step;
use super::plane;
use super::theme::Role;
use crate::answers::Table;
use crate::app::Spot;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// A bar is so wide at most, with the blank behind it.
const WIDEST: usize = 5;
/// Heights of a bar that a row of the terminal tells apart.
const EIGHTHS: f64 = 8.0;

/// How high bars are: rows below the zero and above it, and how much a row is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Heights {
    below: u16,
    above: u16,
    unit: f64,
}

impl Heights {
    /// Bars from `low`, which is not above 0, to `high`, which is not below; the zero lies between two rows.
    fn new((low, high): (f64, f64), rows: u16) -> Self {
        let exact = f64::from(rows) * -low / (high - low);
        let least = u16::from(low < 0.0);
        let most = rows - u16::from(high > 0.0);
        let below = (exact.round() as u16).clamp(least.min(most), most);
        let above = rows - below;
        let part = |size: f64, rows: u16| size / f64::from(rows.max(1));
        Self {
            below,
            above,
            unit: part(-low, below).max(part(high, above)),
        }
    }

    fn gauge(self) -> Gauge {
        let end = |rows: u16| f64::from(rows) * self.unit;
        Gauge {
            ends: (-end(self.below), end(self.above)),
            log: false,
            whole: false,
        }
    }

    /// How many eighths of a row a value fills, from the zero.
    fn eighths(self, value: f64) -> u16 {
        (value.abs() / self.unit * EIGHTHS).round() as u16
    }
}

/// Draws the column at the cursor; the one furthest from the median of those that share a place.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    table: &Table,
    (row, column): (usize, usize),
    drawn: Charted<'_>,
) {
    let value = |row: usize| {
        let value = table.values.get(&[row, column]).map(f64::from);
        value.filter(|value| value.is_finite())
    };
    let all = (0..table.rows.len()).filter_map(value);
    let ends = all.fold((0.0f64, 0.0f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if ends.0 >= ends.1 {
        return;
    }
    let name = table.cols.get(column).cloned().unwrap_or_default();
    // a value that shares its place is told by the cursor alone
    let room = usize::from(area.width.saturating_sub(8));
    let step = Step::new(table.rows.len(), room, WIDEST);
    let shared = step.shared();
    let mut title = plane::title(canvas, &name, drawn.along);
    if shared > 1 {
        let shared = step.shared_words();
        title += &format!("   each bar: the most extreme of {shared}");
    }
    let muted = canvas.look.style(Role::Muted);
    canvas.text(area.x, area.y, area, &title, muted);
    let area = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    // only where some share a place
    let own = (0..table.rows.len()).filter(|_| shared > 1);
    let own: Vec<f32> = own
        .filter_map(|row| table.values.get(&[row, column]))
        .collect();
    let median = f64::from(picture::median(&own));
    let heights = Heights::new(ends, area.height.saturating_sub(2).max(2));
    let Some(field) = plane::frame(canvas, area, &heights.gauge()) else {
        return;
    };
    let step = Step::new(table.rows.len(), field.width.into(), WIDEST);
    let wide = (step.wide - usize::from(step.wide > 1)) as u16;
    let place = |row: usize| field.x + step.place(row) as u16;
    for at in (0..step.places()).step_by(step.wide) {
        let rows = step.values(at);
        let values = rows.clone().filter_map(|row| Some((row, value(row)?)));
        let off = |value: f64| (value - median).abs();
        let most = values.max_by(|(_, a), (_, b)| off(*a).total_cmp(&off(*b)));
        let Some((most, value)) = most else { continue };
        let role = match rows.contains(&row) {
            true => Role::Warn,
            false => Role::Accent,
        };
        let style = drawn.style(canvas, role);
        let x = field.x + at as u16;
        let room = Rect::new(x, field.y, wide, field.height);
        bar(canvas, room, heights, value, style);
        canvas.spot(room, Spot::Answer(most, column));
    }
    let middle = |row: usize| place(row) + (wide - 1) / 2;
    let names = plane::some_names(&table.rows, middle, row);
    plane::below(canvas, area, field, names);
}

/// One bar in its columns.
fn bar(canvas: &mut Canvas<'_>, room: Rect, heights: Heights, value: f64, style: Style) {
    let eighths = heights.eighths(value);
    let zero = room.y + heights.above;
    let whole = eighths / 8;
    let part = usize::from(eighths % 8);
    let put = |canvas: &mut Canvas<'_>, y: u16, text: &str, style: Style| {
        let text = text.repeat(room.width.into());
        canvas.text(room.x, y, room, &text, style);
    };
    let full = canvas.look.pick("█", "#");
    let lower = canvas.look.heights();
    if value >= 0.0 {
        for y in zero.saturating_sub(whole)..zero {
            put(canvas, y, full, style);
        }
        if let (Some(y), 1..) = (zero.checked_sub(whole + 1), part) {
            put(canvas, y, lower[part - 1], style);
        }
        return;
    }
    for y in zero..zero + whole {
        put(canvas, y, full, style);
    }
    // the upper part of a row is its lower part with the colours swapped
    match (part, canvas.look.ascii) {
        (0, _) => {}
        (_, true) => put(canvas, zero + whole, lower[part - 1], style),
        (_, false) => {
            let style = style.add_modifier(Modifier::REVERSED);
            put(canvas, zero + whole, lower[7 - part], style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_at_zero() {
        let up = Heights::new((0.0, 34.0), 10);
        assert_eq!((up.below, up.above), (0, 10));
        assert_eq!(up.gauge().ends, (0.0, 34.0));
        assert_eq!((up.eighths(34.0), up.eighths(17.0)), (80, 40));
        let both = Heights::new((-1.0, 3.0), 8);
        assert_eq!((both.below, both.above, both.unit), (2, 6, 0.5));
        let down = Heights::new((-5.0, 0.0), 8);
        assert_eq!((down.below, down.above), (8, 0));
        // a little on the other side has a row as well, and all of it fits
        let little = Heights::new((-0.01, 9.0), 8);
        assert_eq!(little.below, 1);
        assert!(little.eighths(9.0) <= little.above * 8);
    }
}

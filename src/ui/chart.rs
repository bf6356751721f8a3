//! A table of one axis as a line: the rows along, the first column up, with axes and ticks.

use super::canvas::Canvas;
use super::number::exact;
use super::theme::Role;
use crate::answers::Table;
use crate::app::Inquiry;
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Span;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

/// Columns and rows that a chart needs at least.
const LEAST: (u16, u16) = (40, 7);
/// Columns that the numbers beside it keep.
const NUMBERS: u16 = 34;

/// Draws the chart right of the table where there is room; what is left for the table.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    stale: bool,
) -> Rect {
    let is_line = table.axes.len() == 1 && table.cols.len() <= 3 && table.rows.len() >= 3;
    let Some((place, rest)) = beside_numbers(area).filter(|_| is_line) else {
        return area;
    };
    let column = inquiry.cursor.1.min(table.cols.len().saturating_sub(1));
    draw(canvas, place, table, (inquiry.cursor.0, column), stale);
    rest
}

/// Where a chart stands beside its numbers, and what these keep, if there is room.
pub(super) fn beside_numbers(area: Rect) -> Option<(Rect, Rect)> {
    let width = area.width.saturating_sub(NUMBERS + 1);
    let chart = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    let numbers = Rect {
        width: area.width - width.min(area.width) - u16::from(width < area.width),
        ..area
    };
    (width >= LEAST.0 && area.height >= LEAST.1).then_some((chart, numbers))
}

/// What lies along the rows: their numbers where all have one, else their places.
fn along(table: &Table) -> Vec<f64> {
    let numbers: Option<Vec<f64>> = table.rows.iter().map(|name| name.parse().ok()).collect();
    let increasing = |all: &Vec<f64>| all.windows(2).all(|two| two[0] < two[1]);
    numbers
        .filter(increasing)
        .unwrap_or_else(|| (0..table.rows.len()).map(|i| i as f64).collect())
}

fn draw(canvas: &mut Canvas<'_>, area: Rect, table: &Table, cursor: (usize, usize), stale: bool) {
    let xs = along(table);
    let line = |values: &crate::lens::Array| -> Vec<(f64, f64)> {
        let values = (0..table.rows.len()).filter_map(|i| {
            let y = values.get(&[i, cursor.1]).filter(|y| y.is_finite())?;
            Some((xs[i], f64::from(y)))
        });
        values.collect()
    };
    let main = line(&table.values);
    let bounds: Vec<(String, Vec<(f64, f64)>)> = table
        .beside
        .iter()
        .filter(|layer| matches!(layer.name.as_str(), "min" | "max"))
        .map(|layer| (layer.name.clone(), line(&layer.values)))
        .collect();
    let all = main.iter().chain(bounds.iter().flat_map(|(_, line)| line));
    let ends = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, y)| {
        (low.min(*y), high.max(*y))
    });
    let (low, high) = match ends {
        (low, high) if low < high => (low, high),
        (low, _) if low.is_finite() => (low - 0.5, low + 0.5),
        _ => return,
    };
    let here: Vec<(f64, f64)> = table
        .values
        .get(&[cursor.0, cursor.1])
        .filter(|y| y.is_finite())
        .map(|y| vec![(xs[cursor.0], f64::from(y))])
        .unwrap_or_default();
    let marker = if canvas.look.ascii {
        Marker::Dot
    } else {
        Marker::Braille
    };
    let main_style = canvas
        .look
        .style(if stale { Role::Stale } else { Role::Accent });
    let muted = canvas.look.style(Role::Muted);
    let set = |data, style| {
        Dataset::default()
            .marker(marker)
            .graph_type(GraphType::Line)
            .style(style)
            .data(data)
    };
    let mut sets: Vec<Dataset<'_>> = bounds.iter().map(|(_, line)| set(line, muted)).collect();
    sets.push(set(&main, main_style));
    let point = if canvas.look.ascii {
        Marker::Dot
    } else {
        Marker::Block
    };
    sets.push(
        Dataset::default()
            .marker(point)
            .graph_type(GraphType::Scatter)
            .style(canvas.look.style(Role::Warn))
            .data(&here),
    );
    let number = |y: f64| Span::styled(exact(y as f32, false).trim().to_owned(), muted);
    let name = |i: usize| Span::styled(table.rows[i].clone(), muted);
    let last = table.rows.len() - 1;
    let axis = table.axes.first().cloned().unwrap_or_default();
    let x_axis = Axis::default()
        .title(Span::styled(axis, muted))
        .style(muted)
        .bounds([xs[0], xs[last]])
        .labels([name(0), name(last / 2), name(last)]);
    let mut title = table.cols.get(cursor.1).cloned().unwrap_or_default();
    if !bounds.is_empty() {
        title += ": mean, least and largest";
    }
    let y_axis = Axis::default()
        .title(Span::styled(title, muted))
        .style(muted)
        .bounds([low, high])
        .labels([number(low), number(f64::midpoint(low, high)), number(high)]);
    Chart::new(sets)
        .x_axis(x_axis)
        .y_axis(y_axis)
        .legend_position(None)
        .render(area.intersection(canvas.buf.area), canvas.buf);
}

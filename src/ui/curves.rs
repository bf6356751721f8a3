//! Numbers of every step as lines beside their table: that of the column at the cursor on the axis, the others
//! each from its least to its largest.

use super::canvas::Canvas;
use super::chart::beside_numbers;
use super::theme::Role;
use crate::answers::{LogAxes, Table};
use crate::app::Inquiry;
use crate::task::number::significant;
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Span;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

/// The colours of the lines that the axis is not of.
const OTHERS: [Role; 4] = [Role::Clean, Role::Corrupted, Role::Patched, Role::Muted];

/// Draws the lines right of the table where there is room; what is left for the table.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    (log, stale): (LogAxes, bool),
) -> Rect {
    let Some((place, rest)) = beside_numbers(area).filter(|_| table.rows.len() >= 2) else {
        return area;
    };
    let column = inquiry.cursor.1.min(table.cols.len().saturating_sub(1));
    draw(
        canvas,
        place,
        table,
        (inquiry.cursor.0, column),
        (log, stale),
    );
    rest
}

/// A column's points as they are drawn; what has no place on a logarithmic axis is left out.
fn points(table: &Table, column: usize, log: LogAxes) -> Vec<(usize, f64, f64)> {
    let place = |value: f64, log: bool| {
        let place = if log { value.log10() } else { value };
        place.is_finite().then_some(place)
    };
    (0..table.rows.len())
        .filter_map(|row| {
            let x = place(table.rows[row].parse().ok()?, log.x)?;
            let y = table.values.get(&[row, column])?;
            Some((row, x, place(f64::from(y), log.y)?))
        })
        .collect()
}

fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    match low < high {
        true => Some((low, high)),
        false => low.is_finite().then_some((low - 0.5, low + 0.5)),
    }
}

fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    table: &Table,
    (row, column): (usize, usize),
    (log, stale): (LogAxes, bool),
) {
    let all: Vec<_> = (0..table.cols.len())
        .map(|column| points(table, column, log))
        .collect();
    let main = &all[column];
    let along = all.iter().flatten().map(|(_, x, _)| *x);
    let (Some(x), Some(y)) = (ends(along), ends(main.iter().map(|(_, _, y)| *y))) else {
        return;
    };
    let style = |role| canvas.look.style(if stale { Role::Stale } else { role });
    let marker = match canvas.look.ascii {
        true => Marker::Dot,
        false => Marker::Braille,
    };
    // each as high as the axis
    let fitted = |points: &[(usize, f64, f64)]| -> Vec<(f64, f64)> {
        let own = ends(points.iter().map(|(_, _, y)| *y)).unwrap_or(y);
        let part = |value: f64| (value - own.0) / (own.1 - own.0);
        let points = points.iter();
        points
            .map(|(_, x, value)| (*x, y.0 + part(*value) * (y.1 - y.0)))
            .collect()
    };
    let lines: Vec<Vec<(f64, f64)>> = all.iter().map(|points| fitted(points)).collect();
    let here = main.iter().filter(|(at, ..)| *at == row);
    let here: Vec<(f64, f64)> = here.map(|(_, x, y)| (*x, *y)).collect();
    let mut colours = OTHERS.into_iter().cycle();
    let mut sets = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let role = match i == column {
            true => Role::Accent,
            false => colours.next().unwrap_or(Role::Muted),
        };
        let set = Dataset::default()
            .marker(marker)
            .graph_type(GraphType::Line);
        sets.push(
            set.name(table.cols[i].clone())
                .style(style(role))
                .data(line),
        );
    }
    // what the axis is of lies on top
    sets.swap(column, lines.len() - 1);
    let point = match canvas.look.ascii {
        true => Marker::Dot,
        false => Marker::Block,
    };
    let cursor = Dataset::default()
        .marker(point)
        .graph_type(GraphType::Scatter);
    sets.push(cursor.style(canvas.look.style(Role::Warn)).data(&here));
    let muted = canvas.look.style(Role::Muted);
    let label = |(low, high): (f64, f64), log: bool| {
        let value = |at: f64| if log { 10_f64.powf(at) } else { at };
        [low, f64::midpoint(low, high), high]
            .map(|at| Span::styled(significant(value(at), 3), muted))
    };
    let title = |text: &str, log: bool| {
        let scale = if log { ", log" } else { "" };
        Span::styled(format!("{text}{scale}"), muted)
    };
    let others = if lines.len() > 1 {
        " (others: own scales)"
    } else {
        ""
    };
    let x_axis = Axis::default()
        .title(title("step", log.x))
        .style(muted)
        .bounds([x.0, x.1])
        .labels(label(x, log.x));
    let y_axis = Axis::default()
        .title(title(&format!("{}{others}", table.cols[column]), log.y))
        .style(muted)
        .bounds([y.0, y.1])
        .labels(label(y, log.y));
    let legend = (lines.len() > 1).then_some(ratatui::widgets::LegendPosition::Right);
    Chart::new(sets)
        .x_axis(x_axis)
        .y_axis(y_axis)
        .legend_position(legend)
        .hidden_legend_constraints((
            ratatui::layout::Constraint::Percentage(60),
            ratatui::layout::Constraint::Percentage(60),
        ))
        .render(area.intersection(canvas.buf.area), canvas.buf);
}

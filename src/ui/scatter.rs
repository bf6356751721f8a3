//! A scatter plot: rows of a table as points, two of its columns as axes.

use super::canvas::Canvas;
use super::chart::{axis, ends, number};
use super::fit::shortened;
use super::number::signed;
use super::theme::Role;
use crate::answers::Table;
use crate::app::{Inquiry, Spot};
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::widgets::{Chart, Dataset, GraphType, Widget as _};

/// Columns and rows that a plot needs at least.
const LEAST: (u16, u16) = (30, 9);

/// Draws the plot right of the table where there is room; what is left for the table.
///
/// The first column is the horizontal axis; the vertical one is the column under the cursor, or
/// the second. Every point is its row's name, or a dot where it would touch another name.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    stale: bool,
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
    match table.inputs.is_empty() {
        true => plot_points(canvas, plot, table, row, column.max(1)),
        false => plot_inputs(canvas, plot, table, row, stale),
    }
    Rect {
        width: area.width - width - 1,
        ..area
    }
}

/// Inputs as points, too many for names: the first two columns as axes, the row under the cursor in another colour.
fn plot_inputs(canvas: &mut Canvas<'_>, area: Rect, table: &Table, cursor: usize, stale: bool) {
    let value = |row: usize, column: usize| {
        let value = table.values.get(&[row, column]);
        value.map_or(f64::NAN, f64::from)
    };
    let all = (0..table.rows.len()).map(|row| (value(row, 0), value(row, 1)));
    let all: Vec<(f64, f64)> = all.collect();
    let here: Vec<(f64, f64)> = all.get(cursor).copied().into_iter().collect();
    let across = ends(all.iter().map(|point| point.0));
    let (Some(across), Some(up)) = (across, ends(all.iter().map(|point| point.1))) else {
        return;
    };
    let (points, point) = match canvas.look.ascii {
        true => (Marker::Dot, Marker::Block),
        false => (Marker::Braille, Marker::Dot),
    };
    let role = if stale { Role::Stale } else { Role::Accent };
    let sets = [(points, role, &all), (point, Role::Warn, &here)].map(|(marker, role, points)| {
        let set = Dataset::default().marker(marker);
        let set = set.graph_type(GraphType::Scatter);
        set.style(canvas.look.style(role)).data(points)
    });
    let muted = canvas.look.style(Role::Muted);
    let labelled = |column: usize, (low, high): (f64, f64)| {
        let labels = [low, f64::midpoint(low, high), high].map(|at| number(at, false));
        let name = table.cols.get(column).cloned().unwrap_or_default();
        axis(name, (low, high), labels, muted)
    };
    Chart::new(sets.to_vec())
        .x_axis(labelled(0, across))
        .y_axis(labelled(1, up))
        .legend_position(None)
        .render(area.intersection(canvas.buf.area), canvas.buf);
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

/// Room for a number at the end of an axis.
const NUMBER: u16 = 6;

fn plot_points(canvas: &mut Canvas<'_>, area: Rect, table: &Table, cursor: usize, vertical: usize) {
    let (horizontal, vertical_span) = (span(table, 0), span(table, vertical));
    let name = |column: usize| table.cols.get(column).cloned().unwrap_or_default();
    let title = format!("{} across, {} up", name(0), name(vertical));
    let style = canvas.look.style(Role::Muted);
    canvas.text(area.x, area.y, area, &title, style);
    let field = Rect {
        x: area.x + NUMBER + 1,
        y: area.y + 1,
        width: area.width - NUMBER - 1,
        height: area.height - 2,
    };
    at_ends(canvas, field, horizontal, vertical_span);
    let longest = table.rows.iter().map(|row| row.chars().count()).max();
    let longest = (longest.unwrap_or(1) as u16).min(field.width / 2);
    let place = |value: f32, (low, high): (f32, f32), room: u16| {
        ((value - low) / (high - low) * f32::from(room)).round() as u16
    };
    let at = |x: f32, y: f32| {
        let column = place(x, horizontal, field.width - longest);
        let up = place(y, vertical_span, field.height - 1);
        (field.x + column, field.bottom() - 1 - up)
    };
    axes(canvas, field, at(0.0, 0.0));
    let points = (0..table.rows.len()).filter_map(|row| {
        let [x, y] = [0, vertical].map(|column| table.values.get(&[row, column]));
        let (x, y) = at(x?, y?);
        Some((row, x, y))
    });
    // the row under the cursor comes first, so that nothing takes its place
    let (here, others): (Vec<_>, Vec<_>) = points.partition(|(row, ..)| *row == cursor);
    let mut taken = Taken::default();
    let mut dots = Vec::new();
    for (row, x, y) in here.into_iter().chain(others) {
        let label = shortened(canvas.look, &table.rows[row], longest.into());
        if !taken.take(x, y, label.chars().count() as u16) {
            dots.push((x, y));
            continue;
        }
        let role = if row == cursor {
            Role::Accent
        } else {
            Role::Text
        };
        let style = canvas.look.style(role);
        canvas.text(x, y, field, &label, style);
        let place = Rect::new(x, y, label.chars().count() as u16, 1);
        canvas.spot(place.intersection(field), Spot::Answer(row, vertical));
    }
    let style = canvas.look.style(Role::Text);
    for (x, y) in dots {
        if taken.is_free(x, y, 1) {
            canvas.text(x, y, field, canvas.look.pick("·", "."), style);
        }
    }
}

/// Where labels stand: row, first column, the column after the last.
#[derive(Default)]
struct Taken(Vec<(u16, u16, u16)>);

impl Taken {
    /// Whether a text here has a blank between itself and every label.
    fn is_free(&self, x: u16, y: u16, long: u16) -> bool {
        let mut others = self.0.iter();
        !others.any(|&(line, from, to)| line == y && x <= to && from <= x + long)
    }

    /// Takes the place for a label if it is free.
    fn take(&mut self, x: u16, y: u16, long: u16) -> bool {
        let free = self.is_free(x, y, long);
        if free {
            self.0.push((y, x, x + long));
        }
        free
    }
}

/// What the ends of the axes stand for: left of the field and below it.
fn at_ends(canvas: &mut Canvas<'_>, field: Rect, horizontal: (f32, f32), vertical: (f32, f32)) {
    let style = canvas.look.style(Role::Muted);
    let mut put = |value: f32, x: u16, y: u16| {
        canvas.buf.set_string(x, y, signed(value, NUMBER), style);
    };
    put(vertical.1, field.x - NUMBER - 1, field.y);
    put(vertical.0, field.x - NUMBER - 1, field.bottom() - 1);
    put(horizontal.0, field.x, field.bottom());
    put(horizontal.1, field.right() - NUMBER, field.bottom());
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

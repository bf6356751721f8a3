//! A scatter plot: rows of a table as points, two of its columns as axes.

use super::canvas::Canvas;
use super::chart::ends;
use super::columns::Columns;
use super::fit::shortened;
use super::gauge::Gauge;
use super::marks;
use super::plane::{self, Dots, Plane};
use super::theme::Role;
use crate::answers::{Geometry, Question, Table};
use crate::app::{Inquiry, Spot};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// How far an axis goes on beyond the outermost points, so that none of them lies on an edge.
const MARGIN: f64 = 0.03;

/// Draws the plot where there is room; what is left for the table.
///
/// The first column is the horizontal axis; the vertical one is the column under the cursor, or the second. Inputs,
/// which are many, are dots; all else is its row's name, or a dot where it would touch another name.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    stale: bool,
) -> Rect {
    // a third is enough for numbers that go on
    let needed = Columns::needed(table);
    let numbers = match table.inputs.is_empty() {
        true => needed.min((area.width / 3).max(26)),
        false => needed,
    };
    let shared = plane::shared(area, numbers).filter(|_| table.cols.len() > 1);
    let Some((place, rest)) = shared else {
        return area;
    };
    let (row, column) = inquiry.cursor;
    let is_plane = matches!(inquiry.question, Question::Weights(Geometry::Fan(_)));
    let vertical = match is_plane || !table.inputs.is_empty() {
        // the other columns are no coordinates
        true => 1,
        false => column.max(1),
    };
    let title = plane::title(canvas, &table.cols[vertical], &table.cols[0]);
    let style = canvas.look.style(Role::Muted);
    canvas.text(place.x, place.y, place, &title, style);
    let place = Rect {
        y: place.y + 1,
        height: place.height - 1,
        ..place
    };
    let points = points(table, vertical);
    match table.inputs.is_empty() {
        true => named(canvas, place, &points, (row, vertical), table),
        false => inputs(canvas, place, &points, row, stale),
    }
    rest
}

/// Rows with where they are.
fn points(table: &Table, vertical: usize) -> Vec<(usize, f64, f64)> {
    let value = |row: usize, column: usize| {
        let value = table.values.get(&[row, column]).map(f64::from);
        value.filter(|value| value.is_finite())
    };
    let rows = 0..table.rows.len();
    rows.filter_map(|row| Some((row, value(row, 0)?, value(row, vertical)?)))
        .collect()
}

/// Both axes; with the origin on them where it is `central`.
fn axes(
    canvas: &mut Canvas<'_>,
    area: Rect,
    points: &[(usize, f64, f64)],
    central: bool,
) -> Option<Plane> {
    let origin = central.then_some(0.0);
    let across = ends(points.iter().map(|(_, x, _)| *x).chain(origin))?;
    let up = ends(points.iter().map(|(.., y)| *y).chain(origin))?;
    let [across, up] = [across, up].map(|ends| {
        let gauge = Gauge {
            ends,
            log: false,
            whole: false,
        };
        gauge.padded(MARGIN)
    });
    Plane::new(canvas, area, across, up)
}

/// Inputs as dots, the one under the cursor marked.
fn inputs(
    canvas: &mut Canvas<'_>,
    area: Rect,
    points: &[(usize, f64, f64)],
    cursor: usize,
    stale: bool,
) {
    let Some(plane) = axes(canvas, area, points, false) else {
        return;
    };
    let role = if stale { Role::Stale } else { Role::Accent };
    let style = canvas.look.style(role);
    let style = match canvas.look.has_colours() {
        true => style,
        // an underlined dot is two
        false => style.remove_modifier(Modifier::UNDERLINED),
    };
    let mut dots = Dots::new(&plane);
    for &(_, x, y) in points {
        dots.add((x, y), style);
    }
    dots.draw(canvas, "*");
    for &(row, x, y) in points {
        if let Some((x, y)) = plane.cell(x, y) {
            canvas.spot(Rect::new(x, y, 1, 1), Spot::Answer(row, 1));
        }
    }
    if let Some(&(_, x, y)) = points.iter().find(|(row, ..)| *row == cursor) {
        let style = canvas.look.style(Role::Cursor);
        plane.mark(canvas, (x, y), marks::cursor(canvas.look), style);
    }
}

/// Names at their places around the origin, the cursor's first, so that nothing takes its place.
fn named(
    canvas: &mut Canvas<'_>,
    area: Rect,
    points: &[(usize, f64, f64)],
    (cursor, vertical): (usize, usize),
    table: &Table,
) {
    // a name to the right of the outermost point has room as well
    let longest = table.rows.iter().map(|row| row.chars().count()).max();
    let longest = (longest.unwrap_or(1) as u16).min(area.width / 4);
    let narrow = Rect {
        width: area.width - (longest - longest.min(1)),
        ..area
    };
    let Some(plane) = axes(canvas, narrow, points, true) else {
        return;
    };
    let field = Rect {
        width: area.right() - plane.field.x,
        ..plane.field
    };
    let mut taken = Taken::default();
    origin(canvas, &plane, &mut taken);
    let (here, others): (Vec<_>, Vec<_>) = points.iter().partition(|(row, ..)| *row == cursor);
    let mut dots = Vec::new();
    for &(row, x, y) in here.into_iter().chain(others) {
        let Some((x, y)) = plane.cell(x, y) else {
            continue;
        };
        let label = shortened(canvas.look, &table.rows[row], longest.into());
        let long = label.chars().count() as u16;
        if !taken.take(x, y, long) {
            dots.push((x, y));
            continue;
        }
        let role = match row == cursor {
            true => Role::Cursor,
            false => Role::Text,
        };
        let style = canvas.look.style(role);
        canvas.text(x, y, field, &label, style);
        let place = Rect::new(x, y, long, 1);
        canvas.spot(place.intersection(field), Spot::Answer(row, vertical));
    }
    let style = canvas.look.style(Role::Text);
    for &(x, y) in &dots {
        if taken.is_free(x, y, 1) {
            canvas.text(x, y, field, canvas.look.pick("·", "."), style);
        }
    }
    if !dots.is_empty() {
        let text = format!("{} names have no room", dots.len());
        let x = field.right().saturating_sub(text.len() as u16);
        if taken.is_free(x, field.y, text.len() as u16) {
            canvas.text(x, field.y, field, &text, canvas.look.style(Role::Muted));
        }
    }
}

/// Where both are 0.
fn origin(canvas: &mut Canvas<'_>, plane: &Plane, taken: &mut Taken) {
    let style: Style = canvas.look.style(Role::Muted);
    let mark = canvas.look.pick("┼", "+");
    if let Some(place) = plane.mark(canvas, (0.0, 0.0), mark, style) {
        taken.take(place.x, place.y, 1);
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

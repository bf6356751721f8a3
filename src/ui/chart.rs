//! Columns of a table as lines over its rows, beside the numbers: with axes, ticks, and what lies around a mean.
//!
//! The column at the cursor has the axis, and lines of its kind (`margin[b_0]`, `margin[b_1]`) share it; each other
//! goes from its least to its largest.

use super::canvas::Canvas;
use super::theme::Role;
use crate::answers::{Many, Question, Table};
use crate::app::Inquiry;
use crate::lens::Array;
use crate::task::number::significant;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

/// Columns and rows that a chart needs at least.
const LEAST: (u16, u16) = (40, 7);
/// Columns that the numbers beside it keep.
const NUMBERS: u16 = 34;
/// Colours of the lines that the cursor is not on.
const OTHERS: [Role; 5] = [
    Role::Corrupted,
    Role::Good,
    Role::Patched,
    Role::Bad,
    Role::Muted,
];

/// How a table is drawn as lines.
#[derive(Clone, Copy)]
pub(super) struct Charted<'a> {
    /// What lies along the rows.
    pub along: &'a str,
    /// Whether all columns are drawn, or that at the cursor alone.
    pub all: bool,
    pub stale: bool,
}

/// A table of more columns is no bundle of lines.
const MOST_LINES: usize = 8;

impl<'a> Charted<'a> {
    /// How an answer is drawn, where it is lines; whether its numbers are `alike`.
    pub fn of(question: &Question, table: &'a Table, alike: bool, stale: bool) -> Option<Self> {
        let all = match question {
            Question::Curves(_) => {
                let (along, all) = ("step", true);
                return Some(Self { along, all, stale });
            }
            Question::Many(Many::Map { .. }) => true,
            _ => false,
        };
        let is_few = table.cols.len() <= MOST_LINES && table.rows.len() >= 3;
        let [along] = &table.axes[..] else {
            return None;
        };
        (is_few && (alike || all)).then_some(Self { along, all, stale })
    }
}

/// Row, place along, place up.
type Point = (usize, f64, f64);

/// How a line looks, its name, and its points on the axes.
type Placed = (Style, Option<String>, Vec<(f64, f64)>);

/// Draws the chart right of the table where there is room; what is left for the table.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    drawn: Charted<'_>,
) -> Rect {
    let Some((place, rest)) = beside_numbers(area).filter(|_| table.rows.len() >= 2) else {
        return area;
    };
    let column = inquiry.cursor.1.min(table.cols.len().saturating_sub(1));
    let columns = match drawn.all {
        true => (0..table.cols.len()).collect(),
        false => vec![column],
    };
    let lines = Bundle::new(table, columns, column);
    lines.draw(canvas, place, inquiry.cursor.0, drawn);
    rest
}

/// Where a chart stands beside its numbers, and what these keep, if there is room.
fn beside_numbers(area: Rect) -> Option<(Rect, Rect)> {
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

struct Bundle<'a> {
    table: &'a Table,
    /// Which columns are drawn.
    columns: Vec<usize>,
    /// Which of them the cursor is on.
    main: usize,
    /// What lies along the rows: their numbers where all have one, else their places.
    xs: Vec<f64>,
    /// Whether these are the rows' numbers.
    numbered: bool,
}

impl<'a> Bundle<'a> {
    fn new(table: &'a Table, columns: Vec<usize>, cursor: usize) -> Self {
        let numbers = table.row_numbers();
        Self {
            main: columns.iter().position(|&one| one == cursor).unwrap_or(0),
            table,
            columns,
            numbered: numbers.is_some(),
            xs: numbers.unwrap_or_else(|| (0..table.rows.len()).map(|i| i as f64).collect()),
        }
    }

    /// A column's points as they are drawn; what has no place on a logarithmic axis is left out.
    fn points(&self, values: &Array, column: usize) -> Vec<Point> {
        let place = |value: f64, log: bool| {
            let place = if log { value.log10() } else { value };
            place.is_finite().then_some(place)
        };
        let log = self.table.log;
        let points = (0..self.table.rows.len()).filter_map(|row| {
            let x = place(self.xs[row], log.x && self.numbered)?;
            let y = values.get(&[row, column])?;
            Some((row, x, place(f64::from(y), log.y)?))
        });
        points.collect()
    }

    /// Of each line whether it is of the same kind as the one at the cursor, and so shares its axis.
    fn alike(&self) -> Vec<bool> {
        let kind = |column: usize| self.table.cols[column].split('[').next();
        let main = kind(self.columns[self.main]);
        self.columns
            .iter()
            .map(|&column| kind(column) == main)
            .collect()
    }

    /// The least and the largest that a cell's mean was made of, where one line stands alone.
    fn bounds(&self) -> Vec<Vec<Point>> {
        let layers = self.table.beside.iter();
        let layers = layers.filter(|layer| matches!(layer.name.as_str(), "min" | "max"));
        match self.columns[..] {
            [column] => layers
                .map(|layer| self.points(&layer.values, column))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, row: usize, drawn: Charted<'_>) {
        let columns = self.columns.iter();
        let all = columns.map(|&column| self.points(&self.table.values, column));
        let all: Vec<Vec<Point>> = all.collect();
        let (bounds, alike) = (self.bounds(), self.alike());
        let main = &all[self.main];
        let sharing = all.iter().zip(&alike).filter(|(_, alike)| **alike);
        let sharing = sharing.map(|(points, _)| points);
        let on_axis: Vec<&Point> = sharing.chain(&bounds).flatten().collect();
        let along = all.iter().flatten().map(|(_, x, _)| *x);
        let up = on_axis.iter().map(|(_, _, y)| *y);
        let (Some(x), Some(y)) = (ends(along), ends(up)) else {
            return;
        };
        let style = |role| {
            let role = if drawn.stale { Role::Stale } else { role };
            canvas.look.style(role)
        };
        let marker = match canvas.look.ascii {
            true => Marker::Dot,
            false => Marker::Braille,
        };
        let mut placed: Vec<Placed> = Vec::new();
        for bound in &bounds {
            placed.push((canvas.look.style(Role::Muted), None, flat(bound)));
        }
        let mut colours = OTHERS.into_iter().cycle();
        let named = |at: usize| Some(self.table.cols[self.columns[at]].clone());
        for (i, points) in all.iter().enumerate().filter(|(i, _)| *i != self.main) {
            let role = colours.next().unwrap_or(Role::Muted);
            let line = if alike[i] {
                flat(points)
            } else {
                fitted(points, y)
            };
            placed.push((style(role), named(i), line));
        }
        // the one at the cursor lies on top
        placed.push((style(Role::Accent), named(self.main), flat(main)));
        let here = main.iter().filter(|(at, ..)| *at == row);
        let here: Vec<(f64, f64)> = here.map(|(_, x, y)| (*x, *y)).collect();
        let several = all.len() > 1;
        let area = match several {
            true => legend(canvas, area, &placed),
            false => area,
        };
        let mut sets: Vec<Dataset<'_>> = Vec::new();
        for (style, _, line) in &placed {
            let set = Dataset::default()
                .marker(marker)
                .graph_type(GraphType::Line);
            sets.push(set.style(*style).data(line));
        }
        let point = match canvas.look.ascii {
            true => Marker::Dot,
            false => Marker::Block,
        };
        let cursor = Dataset::default()
            .marker(point)
            .graph_type(GraphType::Scatter);
        sets.push(cursor.style(canvas.look.style(Role::Warn)).data(&here));
        let muted = canvas.look.style(Role::Muted);
        Chart::new(sets)
            .x_axis(self.x_axis(x, drawn.along, muted))
            .y_axis(self.y_axis(y, alike.iter().all(|one| *one), muted))
            .legend_position(None)
            .render(area.intersection(canvas.buf.area), canvas.buf);
    }

    fn x_axis(&self, (low, high): (f64, f64), along: &str, muted: Style) -> Axis<'static> {
        let (rows, log) = (&self.table.rows, self.table.log.x && self.numbered);
        let labels = match self.numbered {
            true => [low, f64::midpoint(low, high), high].map(|at| number(at, log)),
            false => [0, rows.len() / 2, rows.len() - 1].map(|row| rows[row].clone()),
        };
        axis(titled(along, log), (low, high), labels, muted)
    }

    fn y_axis(&self, (low, high): (f64, f64), alike: bool, muted: Style) -> Axis<'static> {
        let log = self.table.log.y;
        let main = &self.table.cols[self.columns[self.main]];
        let title = match self.columns[..] {
            [_] if self.bounds().is_empty() => titled(main, log),
            [_] => titled(&format!("{main}: mean, least and largest"), log),
            _ if alike => titled(main.split('[').next().unwrap_or(main), log),
            _ => titled(&format!("{main} (others: own scales)"), log),
        };
        let labels = [low, f64::midpoint(low, high), high].map(|at| number(at, log));
        axis(title, (low, high), labels, muted)
    }
}

/// The lines' names in their colours, in a row above them; what is left below.
fn legend(canvas: &mut Canvas<'_>, area: Rect, lines: &[Placed]) -> Rect {
    let mark = canvas.look.pick("━━ ", "-- ");
    let named = lines
        .iter()
        .rev()
        .filter_map(|(style, name, _)| Some((style, name.as_ref()?)));
    let spans = named.map(|(style, name)| Span::styled(format!("{mark}{name}   "), *style));
    let line = Line::from_iter(spans);
    canvas.line(area, 0, &line);
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// An axis with numbers at its ends and in the middle.
pub(super) fn axis(
    title: String,
    (low, high): (f64, f64),
    labels: [String; 3],
    muted: Style,
) -> Axis<'static> {
    Axis::default()
        .title(Span::styled(title, muted))
        .style(muted)
        .bounds([low, high])
        .labels(labels.map(|text| Span::styled(text, muted)))
}

/// The number at a place of an axis.
pub(super) fn number(at: f64, log: bool) -> String {
    significant(if log { 10_f64.powf(at) } else { at }, 3)
}

fn titled(text: &str, log: bool) -> String {
    format!("{text}{}", if log { ", log" } else { "" })
}

fn flat(points: &[Point]) -> Vec<(f64, f64)> {
    points.iter().map(|(_, x, y)| (*x, *y)).collect()
}

/// As high as the axis.
fn fitted(points: &[Point], (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    let own = ends(points.iter().map(|(_, _, y)| *y)).unwrap_or((low, high));
    let part = |value: f64| (value - own.0) / (own.1 - own.0);
    let points = points.iter();
    points
        .map(|(_, x, y)| (*x, low + part(*y) * (high - low)))
        .collect()
}

/// The ends of an axis that has all of these.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    match low < high {
        true => Some((low, high)),
        false => low.is_finite().then_some((low - 0.5, low + 0.5)),
    }
}

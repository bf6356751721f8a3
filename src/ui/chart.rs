//! Columns of a table as lines over its rows, with the numbers beside them: with axes, round numbers, and what lies
//! around a mean.
//!
//! The column at the cursor has the axis, and lines of its kind (`margin[b_0]`, `margin[b_1]`) share it; each other
//! goes from its least to its largest. Values of a field are points, joined faintly where they are numbers; nothing
//! is drawn as if there were something between names. What is counted is drawn as bars (`stems.rs`).

use super::canvas::Canvas;
use super::charted::{Charted, Manner};
use super::columns::Columns;
use super::gauge::Gauge;
use super::plane::{self, Dots, Plane};
use super::theme::Role;
use super::{marks, stems};
use crate::answers::Table;
use crate::app::{Inquiry, Spot};
use crate::lens::Array;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// Columns that the numbers beside it have.
const NUMBERS: u16 = 34;
/// Columns of a chart from which on the numbers have as many as they need.
const ROOMY: u16 = 60;
/// Colours of the lines, in the order of the columns.
const COLOURS: [Role; 6] = [
    Role::Accent,
    Role::Corrupted,
    Role::Good,
    Role::Patched,
    Role::Bad,
    Role::Muted,
];

/// Row, place along, place up.
type Point = (usize, f64, f64);

/// A line as it is drawn.
struct Strand {
    style: Style,
    mark: &'static str,
    points: Vec<Point>,
}

/// Draws the chart where there is room; what is left for the table.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    drawn: Charted<'_>,
) -> Rect {
    let most = NUMBERS.max(area.width.saturating_sub(ROOMY + 1));
    let numbers = Columns::needed(table).min(most);
    let shared = plane::shared(area, numbers).filter(|_| table.rows.len() >= 2);
    let Some((place, rest)) = shared else {
        return area;
    };
    let (row, column) = inquiry.cursor;
    let column = column.min(table.cols.len().saturating_sub(1));
    if drawn.manner == Manner::Stems {
        stems::draw(canvas, place, table, (row, column), drawn);
        return rest;
    }
    Bundle::new(table, column).draw(canvas, place, row, drawn);
    rest
}

struct Bundle<'a> {
    table: &'a Table,
    /// Which column the cursor is on.
    main: usize,
    /// What lies along the rows: their numbers where all have one, else their places.
    xs: Vec<f64>,
    /// Whether these are the rows' numbers.
    numbered: bool,
}

impl<'a> Bundle<'a> {
    fn new(table: &'a Table, main: usize) -> Self {
        let numbers = table.row_numbers();
        Self {
            main,
            table,
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
        let kind = |name: &'a String| name.split('[').next();
        let main = self.table.cols.get(self.main).map(kind);
        let all = self.table.cols.iter();
        all.map(|name| Some(kind(name)) == main).collect()
    }

    /// Whether all lines are of one kind.
    fn is_one_kind(&self) -> bool {
        self.alike().into_iter().all(|one| one)
    }

    /// The least and the largest that a cell's mean was made of, where one line stands alone.
    fn bounds(&self) -> Vec<Vec<Point>> {
        let layers = self.table.beside.iter();
        let layers = layers.filter(|layer| matches!(layer.name.as_str(), "min" | "max"));
        match self.table.cols.len() {
            1 => layers.map(|layer| self.points(&layer.values, 0)).collect(),
            _ => Vec::new(),
        }
    }

    /// The lines in the order of the columns, those that are of another kind as high as the axis.
    fn pens(
        &self,
        canvas: &Canvas<'_>,
        all: Vec<Vec<Point>>,
        up: (f64, f64),
        drawn: Charted<'_>,
    ) -> Vec<Strand> {
        let is_apart = self.is_apart(canvas);
        let alike = self.alike();
        let lines = all.into_iter().zip(alike).enumerate();
        let lines = lines.map(|(i, (points, alike))| Strand {
            style: drawn.style(canvas, COLOURS[i % COLOURS.len()]),
            mark: marks::of_line(canvas.look, if is_apart { i } else { 0 }),
            points: if alike { points } else { fitted(points, up) },
        });
        lines.collect()
    }

    /// Whether lines need marks of their own to be told apart.
    fn is_apart(&self, canvas: &Canvas<'_>) -> bool {
        self.table.cols.len() > 1 && (canvas.look.ascii || !canvas.look.has_colours())
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, row: usize, drawn: Charted<'_>) {
        let values = &self.table.values;
        let all = (0..self.table.cols.len()).map(|column| self.points(values, column));
        let all: Vec<Vec<Point>> = all.collect();
        let (bounds, alike) = (self.bounds(), self.alike());
        let sharing = all.iter().zip(&alike).filter(|(_, alike)| **alike);
        let on_axis = sharing.map(|(points, _)| points).chain(&bounds).flatten();
        let along = ends(all.iter().flatten().map(|(_, x, _)| *x));
        let (Some(along), Some(up)) = (along, ends(on_axis.map(|(_, _, y)| *y))) else {
            return;
        };
        let pens = self.pens(canvas, all, up, drawn);
        let own = match drawn.manner {
            Manner::Points => marks::own_place(canvas, drawn.along, &self.table.rows),
            _ => None,
        };
        let area = self.head(canvas, area, &pens, own.map(|own| own == row), drawn);
        let log = self.table.log;
        let up = Gauge {
            ends: up,
            log: log.y,
            whole: false,
        };
        let Some(plane) = self.axes(canvas, area, (along, row), up) else {
            return;
        };
        let muted = canvas.look.style(Role::Muted);
        let mut dots = Dots::new(&plane);
        for bound in &bounds {
            join(&mut dots, bound, muted);
        }
        dots.draw(canvas, ".");
        self.lines(canvas, &plane, &pens, drawn);
        self.places(canvas, &plane, &pens, [own, Some(row)]);
    }

    /// The axes, and what stands below: numbers, or the names of some rows.
    fn axes(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        (ends, row): ((f64, f64), usize),
        up: Gauge,
    ) -> Option<Plane> {
        let across = Gauge {
            ends,
            log: self.table.log.x && self.numbered,
            whole: self.xs.iter().all(|x| x.fract() == 0.0),
        };
        if self.numbered {
            return Plane::new(canvas, area, across, up);
        }
        let plane = Plane::over_names(canvas, area, across, up)?;
        let column = |row: usize| {
            let cell = plane.cell(row as f64, up.ends.0);
            cell.map_or(plane.field.x, |(x, _)| x)
        };
        let names = plane::some_names(&self.table.rows, column, row);
        plane::below(canvas, area, plane.field, names);
        Some(plane)
    }

    /// The lines, the one at the cursor on top: their points, and what joins them where it can be told apart.
    fn lines(&self, canvas: &mut Canvas<'_>, plane: &Plane, pens: &[Strand], drawn: Charted<'_>) {
        let is_apart = self.is_apart(canvas);
        let crowded = self.table.rows.len() > usize::from(plane.field.width);
        let is_way = drawn.manner == Manner::Lines || crowded;
        let has_points = canvas.look.ascii || is_apart || !is_way;
        let is_joined = !is_apart && (self.numbered || is_way);
        let others = (0..pens.len()).rev().filter(|i| *i != self.main);
        let order: Vec<&Strand> = others
            .chain([self.main])
            .filter_map(|i| pens.get(i))
            .collect();
        let mut dots = Dots::new(plane);
        for pen in order.iter().filter(|_| is_joined) {
            let style = if has_points {
                faint(canvas, pen.style)
            } else {
                pen.style
            };
            join(&mut dots, &pen.points, style);
        }
        dots.draw(canvas, ".");
        for pen in order.iter().filter(|_| has_points) {
            for &(_, x, y) in &pen.points {
                plane.mark(canvas, (x, y), pen.mark, pen.style);
            }
        }
        for (column, pen) in pens.iter().enumerate() {
            for &(row, x, y) in &pen.points {
                if let Some((x, y)) = plane.cell(x, y) {
                    canvas.spot(Rect::new(x, y, 1, 1), Spot::Answer(row, column));
                }
            }
        }
    }

    /// The prompt's own points, and the one at the cursor on top.
    fn places(
        &self,
        canvas: &mut Canvas<'_>,
        plane: &Plane,
        pens: &[Strand],
        [own, cursor]: [Option<usize>; 2],
    ) {
        let at = |pen: &Strand, row: Option<usize>| {
            let mut points = pen.points.iter();
            let found = points.find(|(at, ..)| Some(*at) == row);
            found.map(|(_, x, y)| (*x, *y))
        };
        let style = canvas.look.style(Role::Text).add_modifier(Modifier::BOLD);
        for place in pens.iter().filter_map(|pen| at(pen, own)) {
            plane.mark(canvas, place, marks::own(canvas.look), style);
        }
        if let Some(place) = pens.get(self.main).and_then(|pen| at(pen, cursor)) {
            let style = canvas.look.style(Role::Cursor);
            plane.mark(canvas, place, marks::cursor(canvas.look), style);
        }
    }

    /// What lies up and across, and the names of several lines; what is left below.
    fn head(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        pens: &[Strand],
        own_at_cursor: Option<bool>,
        drawn: Charted<'_>,
    ) -> Rect {
        let log = self.table.log;
        let along = titled(drawn.along, log.x && self.numbered);
        let mut title = plane::title(canvas, &self.above(), &along);
        if let Some(at_cursor) = own_at_cursor {
            title += &format!("   {}", marks::own_words(canvas.look, at_cursor));
        }
        let muted = canvas.look.style(Role::Muted);
        let title = Span::styled(canvas.look.plain(title), muted);
        let names: Vec<Span<'static>> = match pens {
            [_] => Vec::new(),
            _ => self.legend(canvas, pens),
        };
        let long: usize = names.iter().map(Span::width).sum();
        let apart = !names.is_empty() && title.width() + 3 + long > usize::from(area.width);
        let apart = apart && area.height > plane::LEAST.1;
        let used = 1 + u16::from(apart);
        match apart {
            true => {
                canvas.line(area, 0, &Line::from(title));
                canvas.line(area, 1, &Line::from(names));
            }
            false => {
                let spans = [title, Span::raw("   ")].into_iter().chain(names);
                canvas.line(area, 0, &Line::from_iter(spans));
            }
        }
        Rect {
            y: area.y + used,
            height: area.height.saturating_sub(used),
            ..area
        }
    }

    /// The lines' names in the order of the columns, each behind what it is drawn with.
    fn legend(&self, canvas: &Canvas<'_>, pens: &[Strand]) -> Vec<Span<'static>> {
        let is_apart = self.is_apart(canvas);
        let named = pens.iter().zip(&self.table.cols).enumerate();
        let spans = named.map(|(i, (pen, name))| {
            let mark = if is_apart {
                pen.mark
            } else {
                canvas.look.pick("━━", "--")
            };
            let style = match i == self.main {
                true => pen.style.add_modifier(Modifier::BOLD),
                false => pen.style,
            };
            // what all share stands beside the axis
            let own = name.split_once('[').filter(|_| self.is_one_kind());
            let own = own
                .and_then(|(_, own)| own.strip_suffix(']'))
                .unwrap_or(name);
            let gap = if i == 0 { "" } else { "   " };
            Span::styled(canvas.look.plain(format!("{gap}{mark} {own}")), style)
        });
        spans.collect()
    }

    /// What lies up.
    fn above(&self) -> String {
        let log = self.table.log.y;
        let Some(main) = self.table.cols.get(self.main) else {
            return String::new();
        };
        match self.table.cols.len() {
            1 if self.bounds().is_empty() => titled(main, log),
            1 => titled(&format!("{main}: mean, least and largest"), log),
            _ if self.is_one_kind() => titled(main.split('[').next().unwrap_or(main), log),
            _ => titled(&format!("{main} (others: own scales)"), log),
        }
    }
}

/// Dots from point to point.
fn join(dots: &mut Dots<'_>, points: &[Point], style: Style) {
    for two in points.windows(2) {
        let [from, to] = [two[0], two[1]].map(|(_, x, y)| (x, y));
        dots.line(from, to, style);
    }
}

/// What joins points and is itself nothing that was seen.
fn faint(canvas: &Canvas<'_>, style: Style) -> Style {
    use super::rgb::Rgb;
    use ratatui::style::Color;
    match style.fg {
        Some(Color::Rgb(red, green, blue)) => {
            let colour = Rgb(red, green, blue);
            style.fg(colour.blend(canvas.look.theme.ground.bg, 0.5).into())
        }
        _ => Style::new().add_modifier(Modifier::DIM),
    }
}

fn titled(text: &str, log: bool) -> String {
    format!("{text}{}", if log { ", log" } else { "" })
}

/// As high as the axis.
fn fitted(points: Vec<Point>, (low, high): (f64, f64)) -> Vec<Point> {
    let own = ends(points.iter().map(|(_, _, y)| *y)).unwrap_or((low, high));
    let part = |value: f64| (value - own.0) / (own.1 - own.0);
    let points = points.into_iter();
    points
        .map(|(row, x, y)| (row, x, low + part(y) * (high - low)))
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

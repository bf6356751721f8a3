//! A whole table as a picture: a cell of the terminal has two values, one above the other.
//!
//! ```text
//!  a 0 ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌    down a, across b
//!      ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌
//!   48 ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌    the strips beside it are the means of rows and columns
//!      0        9        18
//! ```
//!
//! Where it does not fit, neighbours share a place, and the one furthest from the median of all is what is shown: one
//! wrong input among right ones is not lost, nor is one head that attends among those that do not.

use super::canvas::Canvas;
use super::marks;
use super::notes::most_above;
use super::places::{Step, part};
use super::rgb::Rgb;
use super::scale::{Scale, shade};
use super::theme::Role;
use crate::answers::Table;
use crate::app::{Inquiry, Spot};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::ops::Range;

/// Fewer rows and columns are better told in numbers: of a map, and of any other table.
const LEAST: [(usize, usize); 2] = [(3, 12), (8, 20)];
/// Room that a picture needs, in columns and rows of the terminal.
const ROOM: (u16, u16) = (24, 5);
/// Columns that numbers beside a picture need.
const NUMBERS: u16 = 44;
/// Rows that numbers below a picture need.
const ROWS: u16 = 6;
/// A value takes so many columns at most.
const WIDEST: usize = 4;
/// Columns of the rows' names, at most.
pub(super) const LABEL: usize = 8;
/// What the strips are called: one as if it were a row, one as if it were a column.
pub(super) const MEAN: &str = "mean";
/// Columns right of the field: a blank, the strip, and the end of its name.
const STRIP: u16 = 3;
/// Columns around the field, at most.
const MARGIN: u16 = LABEL as u16 + STRIP + 2;

/// The picture and where it stands.
pub(super) struct Picture<'a> {
    pub table: &'a Table,
    pub scale: Scale,
    /// The median of all values, where some share a place.
    median: f32,
    pub stale: bool,
    /// The field of colours.
    pub field: Rect,
    /// By half rows.
    pub down: Step,
    pub across: Step,
    /// The rows and columns that are shown.
    pub shown: [Range<usize>; 2],
    pub cursor: (usize, usize),
    /// The cell of the prompt itself, where the axes are fields.
    pub own: Option<(usize, usize)>,
}

/// The cell of a map that the clean prompt is in.
fn own_cell(canvas: &Canvas<'_>, table: &Table) -> Option<(usize, usize)> {
    let [down, across] = &table.axes[..] else {
        return None;
    };
    let row = marks::own_place(canvas, down, &table.rows)?;
    Some((row, marks::own_place(canvas, across, &table.cols)?))
}

/// Whether there is a picture in an area: the table does not fit in numbers.
pub(super) fn is_wanted(area: Rect, inquiry: &Inquiry, table: &Table) -> bool {
    let (rows, cols) = (table.rows.len(), table.cols.len());
    if table.axes.len() < 2 && !inquiry.question.is_matrix() {
        return false;
    }
    let least = LEAST[usize::from(table.axes.len() < 2)];
    let is_large = rows >= least.0 && cols >= least.1;
    let fits = cols * 7 + LABEL <= usize::from(area.width) && rows < usize::from(area.height);
    let has_room = area.width >= ROOM.0 + NUMBERS || area.height >= ROOM.1 + ROWS;
    is_large && !fits && has_room
}

/// Draws the picture where the table does not fit in numbers; what is left for these.
pub(super) fn beside(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    scale: Scale,
    stale: bool,
) -> Rect {
    if !is_wanted(area, inquiry, table) {
        return area;
    }
    let (rows, cols) = (table.rows.len(), table.cols.len());
    let shown = [(rows, inquiry.cursor.0), (cols, inquiry.cursor.1)]
        .map(|(size, cursor)| part(size, cursor, inquiry.closer));
    let sizes = [shown[0].len(), shown[1].len()];
    let usual = parted(area, sizes[0], cols);
    let (place, rest) = match is_alone(canvas) {
        true => roomiest(area, usual, sizes, halves(canvas)),
        false => usual,
    };
    let label = table.rows.iter().map(|name| name.chars().count()).max();
    // the strip of the columns' means has a name as rows have
    let label = label.unwrap_or(0).clamp(MEAN.len(), LABEL) as u16 + 1;
    // beside the field a strip of means and its name, a row above and two below
    let field = Rect {
        x: place.x + label,
        y: place.y + 1,
        width: place.width.saturating_sub(label + STRIP),
        height: place.height.saturating_sub(AROUND),
    };
    let halves = halves(canvas);
    let down = bands(shown[0].len(), field.height.into(), halves);
    let across = Step::new(shown[1].len(), field.width.into(), WIDEST);
    let picture = Picture {
        field: Rect {
            width: across.places() as u16,
            height: down.places().div_ceil(halves) as u16,
            ..field
        },
        shown,
        table,
        scale,
        median: match down.shared() * across.shared() {
            1 => 0.0,
            _ => median(table.values.values()),
        },
        stale,
        down,
        across,
        cursor: inquiry.cursor,
        own: own_cell(canvas, table),
    };
    picture.colours(canvas, halves);
    picture.means(canvas, halves);
    picture.names(canvas, halves, label, place);
    rest
}

/// Rows as high as the room allows; one that has a row of the terminal has all of it.
fn bands(rows: usize, height: usize, halves: usize) -> Step {
    Step::new(rows, height * halves, height * halves).in_multiples_of(halves)
}

/// Whether a cell can have two colours.
fn has_halves(canvas: &Canvas<'_>) -> bool {
    canvas.look.has_colours() && !canvas.look.ascii
}

/// Values that stand one above the other in a row of the terminal.
fn halves(canvas: &Canvas<'_>) -> usize {
    if has_halves(canvas) { 2 } else { 1 }
}

/// Whether a picture has all of the screen, enlarged for its own sake.
fn is_alone(canvas: &Canvas<'_>) -> bool {
    canvas.state.view.zoomed && !canvas.abreast
}

/// Lines above a picture: where it stands alone they leave each of its rows a place, if they can.
pub(super) fn lines_above(canvas: &Canvas<'_>, height: u16, table: &Table) -> usize {
    let most = most_above(height);
    if !is_alone(canvas) {
        return most;
    }
    let needed = table.rows.len().div_ceil(halves(canvas)) + usize::from(AROUND);
    // what a circuit is like is told in two
    usize::from(height)
        .saturating_sub(needed)
        .clamp(most.min(2), most)
}

/// Rows above and below the field.
const AROUND: u16 = 3;

/// Of the usual place, one with numbers below, and one without numbers the first where most values have a place of their
/// own.
fn roomiest(area: Rect, usual: (Rect, Rect), sizes: [usize; 2], halves: usize) -> (Rect, Rect) {
    let below = above_numbers(area, area.height.saturating_sub(ROWS).max(ROOM.1));
    let alone = above_numbers(area, area.height);
    let [rows, cols] = sizes;
    let told = |(place, _): &(Rect, Rect)| {
        let high = usize::from(place.height.saturating_sub(AROUND)) * halves;
        let wide = usize::from(place.width.saturating_sub(MARGIN));
        rows.min(high) * cols.min(wide)
    };
    let all = [usual, below, alone];
    // the last of equals is the one to be had first
    let most = all.into_iter().rev().max_by_key(told);
    most.unwrap_or(usual)
}

/// The place of the picture, and what is left: beside it where that is wide enough, else below.
fn parted(area: Rect, rows: usize, cols: usize) -> (Rect, Rect) {
    let beside = area.width.saturating_sub(NUMBERS + 1);
    let across = Step::new(cols, beside.saturating_sub(MARGIN).into(), WIDEST);
    let all = cols <= usize::from(beside.saturating_sub(MARGIN));
    if beside >= ROOM.0 && (all || area.height < ROOM.1 + ROWS || area.width >= 100) {
        let width = (across.places() as u16 + MARGIN).min(beside);
        let rest = Rect {
            x: area.x + width + 1,
            width: area.width - width - 1,
            ..area
        };
        return (Rect { width, ..area }, rest);
    }
    let most = (rows.div_ceil(2) + 3) as u16;
    above_numbers(area, most.min(area.height - ROWS).max(ROOM.1))
}

/// A picture of so many rows, and what is left below it.
fn above_numbers(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let rest = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (Rect { height, ..area }, rest)
}

/// The median of those that are numbers; 0 where there are none.
pub(super) fn median(values: &[f32]) -> f32 {
    let mut finite: Vec<f32> = values.iter().copied().filter(|x| x.is_finite()).collect();
    let middle = finite.len() / 2;
    match finite.is_empty() {
        true => 0.0,
        false => *finite.select_nth_unstable_by(middle, f32::total_cmp).1,
    }
}

impl Picture<'_> {
    /// The rows or columns in a place.
    fn values(&self, step: Step, axis: usize, place: usize) -> Range<usize> {
        let shown = &self.shown[axis];
        let within = step.values(place);
        shown.start + within.start..shown.start + within.end
    }

    /// The value furthest from the median among those that share a place; `None` where there is none.
    fn value(&self, place: (usize, usize)) -> Option<f32> {
        self.table.values.get(&self.shown(place)?)
    }

    /// The row and column of that value.
    fn shown(&self, place: (usize, usize)) -> Option<[usize; 2]> {
        let [rows, cols] = [
            self.values(self.down, 0, place.0),
            self.values(self.across, 1, place.1),
        ];
        let cells = rows.flat_map(|row| cols.clone().map(move |col| [row, col]));
        let values = cells.filter_map(|cell| Some((cell, self.table.values.get(&cell)?)));
        let off = |value: f32| {
            let fraction = self.scale.fraction(value) - self.scale.fraction(self.median);
            // of those beyond the colours the furthest
            (fraction.abs(), f64::from(value - self.median).abs())
        };
        let finite = values.filter(|(_, value)| value.is_finite());
        let most = finite.max_by(|(_, a), (_, b)| {
            let (a, b) = (off(*a), off(*b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        most.map(|(cell, _)| cell)
    }

    fn own_colour(&self, canvas: &Canvas<'_>, value: Option<f32>) -> Rgb {
        let ground = canvas.look.theme.ground.bg;
        let Some(value) = value else {
            return ground;
        };
        let colour = self.scale.colour(canvas.look, self.scale.fraction(value));
        match self.stale {
            true => colour.blend(ground, 0.5),
            false => colour,
        }
    }

    fn colour(&self, canvas: &Canvas<'_>, value: Option<f32>) -> Color {
        self.own_colour(canvas, value).into()
    }

    fn put(&self, canvas: &mut Canvas<'_>, (x, y): (u16, u16), values: [Option<f32>; 2]) {
        if !has_halves(canvas) {
            let fraction = values[0].map(|value| self.scale.fraction(value));
            let (text, style) = match (fraction, canvas.look.has_colours()) {
                (None, _) => (canvas.look.pick("·", "'"), Style::new()),
                (Some(fraction), false) => (shade(canvas.look, fraction), Style::new()),
                (Some(_), true) => (" ", Style::new().bg(self.colour(canvas, values[0]))),
            };
            canvas.buf.set_string(x, y, text, style);
            return;
        }
        let [upper, lower] = values.map(|value| self.colour(canvas, value));
        canvas
            .buf
            .set_string(x, y, "▀", Style::new().fg(upper).bg(lower));
    }

    fn colours(&self, canvas: &mut Canvas<'_>, halves: usize) {
        let field = self.field.intersection(canvas.buf.area);
        for y in 0..usize::from(field.height) {
            for x in 0..usize::from(field.width) {
                let both = [0, 1].map(|half| self.value((y * halves + half.min(halves - 1), x)));
                let at = (field.x + x as u16, field.y + y as u16);
                self.put(canvas, at, both);
                if let Some([row, col]) = self.shown((y * halves, x)) {
                    let place = Rect::new(at.0, at.1, 1, 1);
                    canvas.spot(place, Spot::Answer(row, col));
                }
            }
        }
        let is_shown =
            |own: &(usize, usize)| self.shown[0].contains(&own.0) && self.shown[1].contains(&own.1);
        let own = self.own.filter(|own| *own != self.cursor);
        if let Some(own) = own.filter(is_shown) {
            let first = Rect {
                width: 1,
                height: 1,
                ..self.place(own, halves)
            };
            self.mark(canvas, own, first, (marks::own(canvas.look), false));
        }
        let (cursor, symbol) = (self.cursor, marks::cursor(canvas.look));
        self.mark(canvas, cursor, self.place(cursor, halves), (symbol, true));
    }

    /// Where a cell stands.
    fn place(&self, (row, col): (usize, usize), halves: usize) -> Rect {
        let (row, col) = (row - self.shown[0].start, col - self.shown[1].start);
        Rect {
            x: self.field.x + self.across.place(col) as u16,
            y: self.field.y + (self.down.place(row) / halves) as u16,
            width: self.across.wide as u16,
            height: (self.down.wide / halves).max(1) as u16,
        }
    }

    /// Marks a place of the picture as a cell's. The cursor has a colour of its own around that of its value, any other
    /// mark stands on the value's colour.
    fn mark(
        &self,
        canvas: &mut Canvas<'_>,
        cell: (usize, usize),
        place: Rect,
        (symbol, is_cursor): (&str, bool),
    ) {
        let at = place.intersection(self.field).intersection(canvas.buf.area);
        let style = canvas.look.style(Role::Cursor);
        let own = self.own_colour(canvas, self.table.values.get(&[cell.0, cell.1]));
        let style = match (canvas.look.has_colours(), is_cursor) {
            (true, true) => style.fg(own.into()),
            (true, false) => Style::new().fg(own.ink().into()).bg(own.into()),
            (false, true) => style,
            (false, false) => Style::new().add_modifier(Modifier::BOLD),
        };
        for y in at.top()..at.bottom() {
            for x in at.left()..at.right() {
                canvas.buf.set_string(x, y, symbol, style);
            }
        }
    }

    /// Strips with the means of rows and of columns.
    fn means(&self, canvas: &mut Canvas<'_>, halves: usize) {
        let (rows, cols) = (self.table.rows.len(), self.table.cols.len());
        let mean = |cells: &mut dyn Iterator<Item = [usize; 2]>| {
            let values = cells.filter_map(|cell| self.table.values.get(&cell));
            let values = values.filter(|value| value.is_finite());
            let (sum, n) = values.fold((0.0f64, 0u32), |(sum, n), value| {
                (sum + f64::from(value), n + 1)
            });
            (n > 0).then(|| (sum / f64::from(n)) as f32)
        };
        let field = self.field.intersection(canvas.buf.area);
        for y in 0..usize::from(field.height) {
            let both = [0, 1].map(|half| {
                let rows = self.values(self.down, 0, y * halves + half.min(halves - 1));
                mean(&mut rows.flat_map(|row| (0..cols).map(move |col| [row, col])))
            });
            let x = field.right() + 1;
            if x < canvas.buf.area.right() {
                self.put(canvas, (x, field.y + y as u16), both);
            }
        }
        for x in 0..usize::from(field.width) {
            let cols = self.values(self.across, 1, x);
            let one = mean(&mut cols.flat_map(|col| (0..rows).map(move |row| [row, col])));
            if field.bottom() < canvas.buf.area.bottom() {
                self.put(canvas, (field.x + x as u16, field.bottom()), [one; 2]);
            }
        }
    }
}

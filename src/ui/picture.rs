//! A whole table as a picture: a cell of the terminal has two values, one above the other.
//!
//! ```text
//!  a 0 ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌    down a, across b
//!      ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌
//!   48 ▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀▄▄▄▀▀▀ ▌    the strips beside it are the means of rows and columns
//!      0        9        18
//! ```
//!
//! Where it does not fit, neighbours share a place, and the one furthest from the middle of the scale is what
//! is shown: no extreme is lost.

use super::canvas::Canvas;
use super::fit::shortened;
use super::places::{Step, part};
use super::scale::{Scale, shade};
use super::theme::Role;
use crate::answers::Table;
use crate::app::{Inquiry, Spot};
use ratatui::layout::Rect;
use ratatui::style::Style;
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
const LABEL: usize = 8;

/// The picture and where it stands.
struct Picture<'a> {
    table: &'a Table,
    scale: Scale,
    stale: bool,
    /// The field of colours.
    field: Rect,
    /// By half rows.
    down: Step,
    across: Step,
    /// The rows and columns that are shown.
    shown: [Range<usize>; 2],
    cursor: (usize, usize),
    /// The cell of the prompt itself, where the axes are fields.
    own: Option<(usize, usize)>,
}

/// The cell of a map that the clean prompt is in.
fn own_cell(canvas: &Canvas<'_>, table: &Table) -> Option<(usize, usize)> {
    let [down, across] = &table.axes[..] else {
        return None;
    };
    let (task, values) = (canvas.state.task(), &canvas.state.study().clean.values);
    let place = |axis: &String, names: &[String]| {
        let field = task.field(axis)?;
        let name = task.token_name(values.get(field));
        names.iter().position(|one| *one == name)
    };
    Some((place(down, &table.rows)?, place(across, &table.cols)?))
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
    let (rows, cols) = (table.rows.len(), table.cols.len());
    if table.axes.len() < 2 && !inquiry.question.is_matrix() {
        return area;
    }
    let least = LEAST[usize::from(table.axes.len() < 2)];
    let is_large = rows >= least.0 && cols >= least.1;
    let fits = cols * 7 + LABEL <= usize::from(area.width) && rows < usize::from(area.height);
    let has_room = area.width >= ROOM.0 + NUMBERS || area.height >= ROOM.1 + ROWS;
    if !is_large || fits || !has_room {
        return area;
    }
    let shown = [(rows, inquiry.cursor.0), (cols, inquiry.cursor.1)]
        .map(|(size, cursor)| part(size, cursor, inquiry.closer));
    let (place, rest) = parted(area, shown[0].len(), cols);
    let label = table.rows.iter().map(|name| name.chars().count()).max();
    let label = label.unwrap_or(0).min(LABEL) as u16 + 1;
    // two columns for the strip of means, a row above and two below
    let field = Rect {
        x: place.x + label,
        y: place.y + 1,
        width: place.width.saturating_sub(label + 3),
        height: place.height.saturating_sub(3),
    };
    let halves = if has_halves(canvas) { 2 } else { 1 };
    let down = Step::new(
        shown[0].len(),
        usize::from(field.height) * halves,
        WIDEST / 2 * halves,
    );
    let across = Step::new(shown[1].len(), field.width.into(), WIDEST);
    let picture = Picture {
        field: Rect {
            width: across.places(shown[1].len()) as u16,
            height: down.places(shown[0].len()).div_ceil(halves) as u16,
            ..field
        },
        shown,
        table,
        scale,
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

/// Whether a cell can have two colours.
fn has_halves(canvas: &Canvas<'_>) -> bool {
    canvas.look.has_colours() && !canvas.look.ascii
}

/// The place of the picture, and what is left: beside it where that is wide enough, else below.
fn parted(area: Rect, rows: usize, cols: usize) -> (Rect, Rect) {
    let margin = LABEL as u16 + 5;
    let beside = area.width.saturating_sub(NUMBERS + 1);
    let across = Step::new(cols, beside.saturating_sub(margin).into(), WIDEST);
    let all = cols <= usize::from(beside.saturating_sub(margin));
    if beside >= ROOM.0 && (all || area.height < ROOM.1 + ROWS || area.width >= 100) {
        let width = (across.places(cols) as u16 + margin).min(beside);
        let rest = Rect {
            x: area.x + width + 1,
            width: area.width - width - 1,
            ..area
        };
        return (Rect { width, ..area }, rest);
    }
    let most = (rows.div_ceil(2) + 3) as u16;
    let height = most.min(area.height - ROWS).max(ROOM.1);
    let rest = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (Rect { height, ..area }, rest)
}

impl Picture<'_> {
    /// The rows or columns in a place.
    fn values(&self, step: Step, axis: usize, place: usize) -> Range<usize> {
        let shown = &self.shown[axis];
        let within = step.values(place, shown.len());
        shown.start + within.start..shown.start + within.end
    }

    /// The value furthest from the middle of the scale among those that share a place; `None` where there is
    /// none.
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
        let off = |value: f32| self.scale.fraction(value).abs();
        let finite = values.filter(|(_, value)| value.is_finite());
        let most = finite.max_by(|(_, a), (_, b)| off(*a).total_cmp(&off(*b)));
        most.map(|(cell, _)| cell)
    }

    fn colour(&self, canvas: &Canvas<'_>, value: Option<f32>) -> ratatui::style::Color {
        let ground = canvas.look.theme.ground.bg;
        let Some(value) = value else {
            return ground.into();
        };
        let colour = self.scale.colour(canvas.look, self.scale.fraction(value));
        match self.stale {
            true => colour.blend(ground, 0.5).into(),
            false => colour.into(),
        }
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
            self.mark(canvas, own, first, canvas.look.pick("○", "o"));
        }
        let (cursor, symbol) = (self.cursor, canvas.look.pick("◆", "X"));
        self.mark(canvas, cursor, self.place(cursor, halves), symbol);
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

    /// Marks a place of the picture as a cell's, which keeps the colour of its value within.
    fn mark(&self, canvas: &mut Canvas<'_>, cell: (usize, usize), place: Rect, symbol: &str) {
        let at = place.intersection(self.field).intersection(canvas.buf.area);
        let style = canvas.look.style(Role::Cursor);
        let own = self.colour(canvas, self.table.values.get(&[cell.0, cell.1]));
        let style = if canvas.look.has_colours() {
            style.fg(own)
        } else {
            style
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

    /// The axes' names, and the names of some rows and columns, those of the cursor among them.
    fn names(&self, canvas: &mut Canvas<'_>, halves: usize, label: u16, place: Rect) {
        let muted = canvas.look.style(Role::Muted);
        let (down, across) = (
            canvas.look.pick("↓", "down"),
            canvas.look.pick("→", "across"),
        );
        let axis = |i: usize, default: &str| {
            let name = self.table.axes.get(i);
            let name = name.cloned().unwrap_or_else(|| default.to_owned());
            let names = [&self.table.rows, &self.table.cols][i];
            let shown = &self.shown[i];
            match shown.len() == names.len() {
                true => name,
                false => format!("{name} {} to {}", names[shown.start], names[shown.end - 1]),
            }
        };
        let own = match self.own {
            Some(_) => format!("  {} this prompt", canvas.look.pick("○", "o")),
            None => String::new(),
        };
        let shared = match self.down.shared * self.across.shared {
            1 => String::new(),
            n => format!("  each place: the most extreme of {n}"),
        };
        let own = own + &shared + "  + closer";
        let title = format!(
            "{down} {}  {across} {}{own}",
            axis(0, "rows"),
            axis(1, "columns")
        );
        let title = shortened(canvas.look, &title, place.width.into());
        canvas.text(place.x, place.y, place, &title, muted);
        // the strips meet in the corner
        let corner = Rect {
            x: self.field.right(),
            y: self.field.bottom(),
            width: 4,
            height: 1,
        };
        canvas.text(corner.x, corner.y, corner, "mean", muted);
        let room = usize::from(label.saturating_sub(1));
        let (row, col) = self.cursor;
        let shown = &self.shown;
        let line = |row: usize| (self.down.place(row - shown[0].start) / halves) as u16;
        let each = (8 / self.down.wide.max(1)).max(1) * self.down.shared;
        for i in shown[0].clone().step_by(each) {
            if line(i).abs_diff(line(row)) > 0 {
                self.name(
                    canvas,
                    (place.x, self.field.y + line(i)),
                    room,
                    &self.table.rows[i],
                    muted,
                );
            }
        }
        let accent = canvas.look.style(Role::Accent);
        if let Some(name) = self.table.rows.get(row) {
            self.name(
                canvas,
                (place.x, self.field.y + line(row)),
                room,
                name,
                accent,
            );
        }
        let y = self.field.bottom() + 1;
        if y >= place.bottom() {
            return;
        }
        let widest = self
            .table
            .cols
            .iter()
            .map(|name| name.chars().count())
            .max();
        let widest = widest.unwrap_or(1).min(LABEL) + 1;
        let here = self.across.place(col - shown[1].start);
        let mut next = 0;
        for i in shown[1].clone() {
            let (name, x) = (&self.table.cols[i], self.across.place(i - shown[1].start));
            let apart = x + widest <= here || x >= here + widest;
            if x >= next && apart && x + widest <= usize::from(self.field.width) + 2 {
                let name = shortened(canvas.look, name, widest - 1);
                canvas.text(self.field.x + x as u16, y, place, &name, muted);
                next = x + widest.max(10);
            }
        }
        if let Some(name) = self.table.cols.get(col) {
            let x = self.field.x + here as u16;
            canvas.text(x, y, place, &shortened(canvas.look, name, LABEL), accent);
        }
    }

    fn name(
        &self,
        canvas: &mut Canvas<'_>,
        (x, y): (u16, u16),
        room: usize,
        name: &str,
        style: Style,
    ) {
        let text = format!("{:>room$}", shortened(canvas.look, name, room));
        if y < self.field.bottom() {
            canvas.text(x, y, canvas.buf.area, &text, style);
        }
    }
}

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
use super::scale::{Scale, shade};
use super::theme::Role;
use crate::answers::Table;
use crate::app::{Inquiry, Spot};
use ratatui::layout::Rect;
use ratatui::style::Style;

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

/// How many of a table's rows or columns share a place, or how many places one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    /// Neighbours in a place.
    shared: usize,
    /// Places that one value takes.
    wide: usize,
}

impl Step {
    fn new(values: usize, places: usize, widest: usize) -> Self {
        let shared = values.div_ceil(places.max(1)).max(1);
        let wide = match shared {
            1 => (places / values.max(1)).clamp(1, widest),
            _ => 1,
        };
        Self { shared, wide }
    }

    /// Places that so many values take.
    fn places(self, values: usize) -> usize {
        values.div_ceil(self.shared) * self.wide
    }

    /// The values that a place shows.
    fn values(self, place: usize, values: usize) -> std::ops::Range<usize> {
        let first = place / self.wide * self.shared;
        first.min(values)..(first + self.shared).min(values)
    }

    /// The first place of a value.
    fn place(self, value: usize) -> usize {
        value / self.shared * self.wide
    }
}

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
    let (place, rest) = parted(area, rows, cols);
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
        rows,
        usize::from(field.height) * halves,
        WIDEST / 2 * halves,
    );
    let across = Step::new(cols, field.width.into(), WIDEST);
    let picture = Picture {
        field: Rect {
            width: across.places(cols) as u16,
            height: down.places(rows).div_ceil(halves) as u16,
            ..field
        },
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
    /// The value furthest from the middle of the scale among those that share a place; `None` where there is
    /// none.
    fn value(&self, place: (usize, usize)) -> Option<f32> {
        self.table.values.get(&self.shown(place)?)
    }

    /// The row and column of that value.
    fn shown(&self, place: (usize, usize)) -> Option<[usize; 2]> {
        let rows = self.down.values(place.0, self.table.rows.len());
        let cols = self.across.values(place.1, self.table.cols.len());
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
        if let Some(own) = self.own.filter(|own| *own != self.cursor) {
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
                let rows = self.down.values(y * halves + half.min(halves - 1), rows);
                mean(&mut rows.flat_map(|row| (0..cols).map(move |col| [row, col])))
            });
            let x = field.right() + 1;
            if x < canvas.buf.area.right() {
                self.put(canvas, (x, field.y + y as u16), both);
            }
        }
        for x in 0..usize::from(field.width) {
            let cols = self.across.values(x, cols);
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
            name.cloned().unwrap_or_else(|| default.to_owned())
        };
        let own = match self.own {
            Some(_) => format!("  {} this prompt", canvas.look.pick("○", "o")),
            None => String::new(),
        };
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
        let line = |row: usize| (self.down.place(row) / halves) as u16;
        let each = (8 / self.down.wide.max(1)).max(1) * self.down.shared;
        for i in (0..self.table.rows.len()).step_by(each) {
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
        let here = self.across.place(col);
        let mut next = 0;
        for (i, name) in self.table.cols.iter().enumerate() {
            let x = self.across.place(i);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_place_and_every_place_a_value() {
        for (values, places, widest) in [
            (50, 50, 4),
            (200, 116, 4),
            (3, 40, 4),
            (113, 60, 2),
            (1, 1, 1),
        ] {
            let step = Step::new(values, places, widest);
            assert!(step.places(values) <= places, "{values} {places}");
            let mut seen = vec![false; values];
            for place in 0..step.places(values) {
                let shown = step.values(place, values);
                assert!(!shown.is_empty(), "{values} {places} {place}");
                shown.for_each(|value| seen[value] = true);
            }
            assert!(seen.into_iter().all(|seen| seen));
            for value in 0..values {
                assert!(step.values(step.place(value), values).contains(&value));
            }
        }
    }
}

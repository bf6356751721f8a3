//! Figures for a page: a table with title, axis labels, colour bar and caption, as large as its
//! numbers need, or a screen with title and caption.

use super::fit::shortened;
use super::fit::wrapped;
use super::heatmap::{HeatCell, Heatmap, Scale, legend};
use super::look::Look;
use super::theme::Role;
use crate::answers::{Alike, Question, Table};
use crate::lens::Array;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr as _;

/// Columns of a number: at least, and at most for the sake of its column's name.
const CELL: (u16, u16) = (7, 12);
/// Columns of the rows' names, at most.
const MAX_LABEL: u16 = 30;
/// Columns of the colour bar.
const BAR: u16 = 32;
/// No figure is narrower: captions need room.
const LEAST: u16 = 60;
/// Blank columns and rows around everything.
const MARGIN: u16 = 2;

/// A table as it is to be shown.
pub struct Figure<'a> {
    /// The numbers; their title is the figure's.
    pub table: &'a Table,
    /// The question that they answer, if they do.
    pub question: Option<&'a Question>,
    /// What rows and columns are; empty says nothing.
    pub axes: (&'a str, &'a str),
    /// Lines below, each wrapped.
    pub caption: &'a [String],
}

/// What the colours of a table mean.
pub(super) fn scale(table: &Table) -> Scale {
    if table.log.y && table.axes.len() == 2 {
        return decades(table);
    }
    // a map's numbers may all lie far from 0, and are to be told apart
    let is_map = !table.axes.is_empty() && !table.inputs.is_empty();
    if is_map && table.signed {
        let values = table.layers().flat_map(|(_, values)| values.values());
        let finite = values.copied().filter(|value| value.is_finite());
        let ends = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if ends.0 < ends.1 && (ends.0 > 0.0 || ends.1 < 0.0) {
            return Scale::Between {
                low: ends.0,
                high: ends.1,
            };
        }
    }
    let max = reach(table).max(1e-6);
    match table.signed {
        true => Scale::Diverging { max },
        // lengths and shares of weights are what they are to each other; probabilities are parts of 1
        false if !table.axes.is_empty() && table.inputs.is_empty() => {
            // a peak among nothing is what such a table is about
            let max = table.reach().max(1e-6);
            Scale::Sequential { max }
        }
        false => Scale::Sequential {
            max: parts_of_one(max),
        },
    }
}

/// Up to here a number has no two digits beside those that go up to 1.
const SMALL: f32 = 0.01;

/// The strongest colour's value of numbers that are parts of 1: 1, unless all are so small that nothing of them would be
/// seen.
pub(super) fn parts_of_one(max: f32) -> f32 {
    if max < SMALL {
        max.max(f32::MIN_POSITIVE)
    } else {
        max.max(1.0)
    }
}

/// Powers of ten that a scale has at most: what is less is as good as 0.
const MOST_DECADES: f32 = 1e-8;

/// A scale by powers of ten, from the least number there is to the largest.
fn decades(table: &Table) -> Scale {
    let values = || table.layers().flat_map(|(_, values)| values.values());
    let sizes = values().map(|value| value.abs());
    let sizes = sizes.filter(|size| size.is_finite() && *size > 0.0);
    let max = table.reach().max(f32::MIN_POSITIVE);
    let least = sizes.fold(max, f32::min);
    Scale::Decades {
        // two numbers of one size have a scale as well
        floor: least.max(max * MOST_DECADES).min(max / 10.0),
        max,
        signed: values().any(|value| *value < 0.0),
    }
}

/// Numbers that an outlier is judged against are at least so many.
const CROWD: usize = 20;
/// So many times what nearly all numbers stay below makes an outlier.
const FAR: f32 = 5.0;

/// The value that has the strongest colour: a few that are far from all others must not leave these without
/// colours.
fn reach(table: &Table) -> f32 {
    let values = table.layers().flat_map(|(_, values)| values.values());
    let mut sizes: Vec<f32> = values
        .map(|value| value.abs())
        .filter(|v| v.is_finite())
        .collect();
    let whole = table.reach();
    if sizes.len() < CROWD {
        return whole;
    }
    // nearly all: but for one in fifty
    let at = sizes.len() - 1 - (sizes.len() / 50).max(1);
    let (_, usual, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
    match *usual {
        usual if usual <= 0.0 || whole < FAR * usual => whole,
        usual => usual,
    }
}

/// What a cell of a table's values shows.
pub(super) fn cell(values: &Array, row: usize, column: usize) -> HeatCell {
    match values.get(&[row, column]) {
        Some(value) if value == f32::NEG_INFINITY => HeatCell::Masked,
        Some(value) if value.is_finite() => HeatCell::Value(value),
        _ => HeatCell::NotAvailable,
    }
}

/// The figure of a table.
#[must_use]
pub fn figure(figure: &Figure<'_>, look: &Look) -> Buffer {
    let table = figure.table;
    let widest = table.rows.iter().map(|row| row.width()).max().unwrap_or(0) as u16;
    let label = (widest + 1).min(MAX_LABEL);
    let widest = table.cols.iter().map(|name| name.width()).max();
    let cell = (widest.unwrap_or(0) as u16 + 1).clamp(CELL.0, CELL.1);
    let numbers = (table.cols.len() as u16).saturating_mul(cell);
    let inner = (label + numbers).max(LEAST);
    let notes = table
        .notes
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let caption = lines(notes.chain(figure.caption.iter().cloned()), inner);
    let rows = table.rows.len() as u16;
    // title, blank, column axis, column names, rows, blank, bar, blank, caption
    let height = rows + 7 + caption.len() as u16;
    let mut buf = ground(look, inner, height);
    let (x, mut y) = (MARGIN * 2, MARGIN);
    let muted = look.style(Role::Muted);
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    buf.set_stringn(x, y, &table.title, inner.into(), bold);
    y += 2;
    let (row_axis, column_axis) = figure.axes;
    let (down, right) = (look.pick("↓", "down"), look.pick("→", "right"));
    let axes = match (row_axis, column_axis) {
        ("", "") => String::new(),
        (rows, columns) => format!("{down} {rows}   {right} {columns}"),
    };
    buf.set_stringn(x, y, axes, inner.into(), muted);
    for (i, name) in table.cols.iter().enumerate() {
        let at = x + label + i as u16 * cell;
        let room = usize::from(cell - 1);
        let name = format!(" {:>room$}", shortened(look, name, room));
        buf.set_stringn(at, y + 1, name, cell.into(), muted);
    }
    y += 2;
    for (i, name) in table.rows.iter().enumerate() {
        let name = shortened(look, name, usize::from(label - 1));
        buf.set_stringn(x, y + i as u16, name, usize::from(label - 1), muted);
    }
    let kinds = figure.question.map_or(Alike::All, Question::alike);
    let common = kinds.common_scale(table);
    for (part, column) in kinds.pieces(&(0..table.rows.len()), 0..table.cols.len()) {
        let (left, above) = (column as u16 * cell, part.start as u16);
        let place = Rect::new(x + label + left, y + above, cell, part.len() as u16);
        Heatmap {
            look,
            rows: part.end,
            columns: column + 1,
            cell_width: cell,
            cell_height: 1,
            scale: common.unwrap_or_else(|| kinds.scale(table, &table.name, part.start, column)),
            cursor: None,
            stale: false,
            value: &|row, column| self::cell(&table.values, row, column),
        }
        .render(place, &mut buf, part.start, column);
    }
    y += rows + 1;
    if let Some(scale) = common {
        let beyond = scale.beyond(table.values.values().iter().copied());
        buf.set_line(x, y, &legend(look, scale, beyond, BAR), BAR);
    }
    write(&mut buf, look, y + 2, inner, &caption);
    buf
}

/// A screen between a title and a caption.
#[must_use]
pub fn framed(screen: &Buffer, title: &str, caption: &[String], look: &Look) -> Buffer {
    let inner = screen.area.width.max(LEAST);
    let caption = lines(caption.iter().cloned(), inner);
    let height = screen.area.height + 3 + caption.len() as u16;
    let mut buf = ground(look, inner, height);
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    let x = MARGIN * 2;
    buf.set_stringn(x, MARGIN, title, inner.into(), bold);
    paste(&mut buf, screen, (x, MARGIN + 2));
    let below = MARGIN + 3 + screen.area.height;
    write(&mut buf, look, below, inner, &caption);
    buf
}

/// Part of a screen as a picture of its own.
#[must_use]
pub fn cut(screen: &Buffer, part: Rect) -> Buffer {
    let part = part.intersection(screen.area);
    let mut buf = Buffer::empty(Rect::new(0, 0, part.width, part.height));
    for y in 0..part.height {
        for x in 0..part.width {
            buf[(x, y)] = screen[(part.x + x, part.y + y)].clone();
        }
    }
    buf
}

fn paste(buf: &mut Buffer, screen: &Buffer, (left, top): (u16, u16)) {
    for y in 0..screen.area.height {
        for x in 0..screen.area.width {
            let cell: Cell = screen[(x, y)].clone();
            buf[(left + x, top + y)] = cell;
        }
    }
}

/// An empty page with room for this much.
fn ground(look: &Look, inner: u16, height: u16) -> Buffer {
    let (width, height) = (inner + MARGIN * 4, height + MARGIN * 2);
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    buf.set_style(buf.area, look.base());
    buf
}

fn lines(texts: impl Iterator<Item = String>, width: u16) -> Vec<String> {
    texts
        .flat_map(|text| wrapped(&text, width.into()))
        .collect()
}

fn write(buf: &mut Buffer, look: &Look, from: u16, width: u16, lines: &[String]) {
    let style: Style = look.style(Role::Muted);
    for (i, line) in lines.iter().enumerate() {
        buf.set_stringn(MARGIN * 2, from + i as u16, line, width.into(), style);
    }
}

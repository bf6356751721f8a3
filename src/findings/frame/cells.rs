//! What a reader sees in each cell: clean characters and the columns they cover.

use std::borrow::Cow;

use crate::task::text::acts;
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use unicode_width::UnicodeWidthChar as _;

/// What stands where a character must not leave the program.
const REPLACEMENT: char = '\u{fffd}';

/// One visible cell of a row. Cells hidden under a wide glyph are never among them.
pub(super) struct Shown<'a> {
    /// Column of its left edge, counted from the left edge of the buffer.
    pub column: usize,
    /// How many columns it covers, at least 1.
    pub columns: usize,
    /// Its characters: exactly `columns` wide, without control characters.
    pub text: Cow<'a, str>,
    /// The cell itself, for colours and attributes.
    pub cell: &'a Cell,
}

impl Shown<'_> {
    /// Whether there is no ink in it but, perhaps, an underline.
    pub fn is_blank(&self) -> bool {
        self.text.bytes().all(|byte| byte == b' ')
    }

    /// The character, where there is just one.
    pub fn single(&self) -> Option<char> {
        let mut chars = self.text.chars();
        chars.next().filter(|_| chars.next().is_none())
    }
}

/// The visible cells of each row, from the top.
pub(super) fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<Shown<'_>>> {
    let (width, height) = super::size(buffer);
    buffer
        .content
        .chunks_exact(width.max(1))
        .take(height)
        .map(row)
}

fn row(cells: &[Cell]) -> Vec<Shown<'_>> {
    let mut shown = Vec::with_capacity(cells.len());
    let mut column = 0;
    while let Some(cell) = cells.get(column) {
        let next = show(cell, column, cells.len() - column);
        column += next.columns;
        shown.push(next);
    }
    shown
}

/// `room` is the number of columns up to the end of the row.
fn show(cell: &Cell, column: usize, room: usize) -> Shown<'_> {
    let mut text = clean(cell.symbol());
    let mut columns = usize::from(text.cell_width());
    if columns == 0 {
        // Nothing, or only combining marks: these must not climb onto the cell before.
        text = Cow::Owned(format!(" {text}"));
        columns = 1;
    }
    if text.starts_with(clings) {
        // A mark before its letter would climb there as well.
        text = Cow::Owned(text.trim_start_matches(clings).to_owned());
        columns = usize::from(text.cell_width());
    }
    let natural = columns;
    if let CellDiffOption::ForcedWidth(forced) = cell.diff_option {
        columns = usize::from(forced.get());
    }
    columns = columns.min(room);
    if columns != natural {
        text = Cow::Owned(fit(&text, columns));
    }
    Shown {
        column,
        columns,
        text,
        cell,
    }
}

/// Whether a character has no column of its own.
fn clings(c: char) -> bool {
    c.width() == Some(0)
}

/// `symbol` without anything that could act on a terminal, a parser or the reading order.
///
/// The width stays: what covers a column becomes the replacement character, what covers none
/// (turns of writing direction, say) is left out.
pub(crate) fn clean(symbol: &str) -> Cow<'_, str> {
    let harmless = |c| match c {
        _ if !acts(c) => Some(c),
        _ if clings(c) => None,
        _ => Some(REPLACEMENT),
    };
    if symbol.chars().any(acts) {
        Cow::Owned(symbol.chars().filter_map(harmless).collect())
    } else {
        Cow::Borrowed(symbol)
    }
}

/// As much of `text` as fits into `columns`, filled up with spaces.
///
/// A glyph too wide for the place that is left becomes the replacement character, so that one
/// sees that something is missing.
fn fit(text: &str, columns: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        let before = kept.len();
        kept.push(c);
        if usize::from(kept.cell_width()) > columns {
            kept.truncate(before);
            break;
        }
    }
    let mut width = usize::from(kept.cell_width());
    if width == 0 && columns > 0 {
        kept.push(REPLACEMENT);
        width = 1;
    }
    kept.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    kept
}

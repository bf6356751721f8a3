//! A frame as text: characters only, or with terminal codes.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::cells::{self, Shown};
use super::colours::named_code;

/// The code that switches each attribute on.
const ATTRIBUTES: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// Characters only; every row ends with a line feed.
pub(super) fn plain(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in cells::rows(buffer) {
        let line: String = row.iter().map(|shown| shown.text.as_ref()).collect();
        out.push_str(line.trim_end_matches(' '));
        out.push('\n');
    }
    out
}

/// Characters and terminal codes. Each line starts and ends in the terminal's own colours, so
/// that it can be cut out and shown alone.
pub(super) fn with_codes(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in cells::rows(buffer) {
        let mut pen = Pen::PLAIN;
        for shown in visible(&row) {
            let next = Pen::of(shown.cell);
            pen.change(next, &mut out);
            out.push_str(&shown.text);
            pen = next;
        }
        pen.change(Pen::PLAIN, &mut out);
        out.push('\n');
    }
    out
}

/// The row without the blank cells at its end that show nothing but the terminal's own ground:
/// a narrower terminal would wrap them.
fn visible<'r, 'a>(row: &'r [Shown<'a>]) -> &'r [Shown<'a>] {
    let is_empty = |shown: &Shown| shown.is_blank() && Pen::of(shown.cell) == Pen::PLAIN;
    let end = row.iter().rposition(|shown| !is_empty(shown));
    &row[..end.map_or(0, |last| last + 1)]
}

/// The state of the terminal that codes change.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    underline: Color,
    modifier: Modifier,
}

impl Pen {
    const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        underline: Color::Reset,
        modifier: Modifier::empty(),
    };

    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            underline: cell.underline_color,
            modifier: cell.modifier,
        }
    }

    /// Writes the codes that lead from this pen to `next`.
    ///
    /// Each code is a sequence of its own: some readers of such files mix up the numbers of
    /// several colours in one sequence.
    fn change(mut self, next: Self, out: &mut String) {
        if self == next {
            return;
        }
        // An attribute is switched off by starting anew: its own "off" code would, for bold and
        // dim, switch off the other too.
        if next == Self::PLAIN || !next.modifier.contains(self.modifier) {
            out.push_str("\x1b[0m");
            self = Self::PLAIN;
        }
        for (attribute, code) in ATTRIBUTES {
            if next.modifier.contains(attribute) && !self.modifier.contains(attribute) {
                sgr(out, code);
            }
        }
        if next.fg != self.fg {
            colour(out, next.fg, 30);
        }
        if next.bg != self.bg {
            colour(out, next.bg, 40);
        }
        if next.underline != self.underline {
            underline_colour(out, next.underline);
        }
    }
}

fn sgr(out: &mut String, code: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\x1b[{code}m");
}

/// `base` is 30 for the foreground, 40 for the background.
fn colour(out: &mut String, colour: Color, base: u8) {
    match colour {
        Color::Reset => sgr(out, base + 9),
        Color::Rgb(r, g, b) => sgr(out, format_args!("{};2;{r};{g};{b}", base + 8)),
        Color::Indexed(index) => sgr(out, format_args!("{};5;{index}", base + 8)),
        named => match named_code(named) {
            Some(code @ 0..8) => sgr(out, base + code),
            Some(bright) => sgr(out, base + 60 + bright - 8),
            None => {}
        },
    }
}

/// Colons, not semicolons: a terminal that does not know this code would take the numbers after
/// a semicolon for codes of their own (5, for one, blinks).
fn underline_colour(out: &mut String, colour: Color) {
    match colour {
        Color::Reset => sgr(out, 59),
        Color::Rgb(r, g, b) => sgr(out, format_args!("58:2::{r}:{g}:{b}")),
        Color::Indexed(index) => sgr(out, format_args!("58:5:{index}")),
        named => {
            if let Some(code) = named_code(named) {
                sgr(out, format_args!("58:5:{code}"));
            }
        }
    }
}

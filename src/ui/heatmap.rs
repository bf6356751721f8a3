//! The heatmap: one cell per number, readable at every width and with any number of colours.
//!
//! What a cell shows, by its width in columns:
//!
//! | width | with colours | without |
//! |---|---|---|
//! | 3 and more | the number on its colour, a blank before it | the number |
//! | 2 | its colour | a share of 1 in tenths, cut off, not rounded: `.4`, `1.`; else sign and shade: `+▓`, `-░` |
//! | 1 | its colour | a shade, from ` ░▒▓█`, or from ` -~=≡` where negative |
//!
//! A masked cell is a dot on the empty ground, a value that does not exist is `n/a` or `?`. So
//! neither can be taken for a zero, whose colour is near the ground but never has a dot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::look::Look;
use super::number::{self, CellFormat};
use super::rgb::Rgb;
use super::scale::shade;
use super::theme::Role;

pub use super::number::number;
pub use super::scale::{Beyond, Scale, legend};

/// The widest cell: wider ones would be more colour than number.
pub const MAX_CELL: u16 = 16;

/// How far a colour moves to the ground when its value is stale.
const STALE: f64 = 0.5;
/// Cells from here on stand as columns of a table.
const WIDE: u16 = 7;

/// How far a number moves to the colour behind it when it is stale.
const STALE_INK: f64 = 0.35;

/// The least contrast of a number with its cell, as guidelines for readable text have it (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// How far a number moves to the colour behind it when all its digits are 0: so that an empty
/// heatmap is calm.
const ZERO_INK: f64 = 0.62;

/// The same for a value just above 0. It fades out up to [`SMALL`], so that large values stand
/// out in their numbers too.
const SMALL_INK: f64 = 0.42;

/// The part of the scale up to which a value counts as small.
const SMALL: f64 = 0.15;

/// What there is to show in one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeatCell {
    /// A number. NaN is drawn as [`HeatCell::NotAvailable`].
    Value(f32),
    /// Nothing can be here: a source position after its destination, say.
    Masked,
    /// There is no number, though there could be: a ratio over zero, say.
    NotAvailable,
    /// The number is still to come.
    Coming,
}

/// A grid of numbers as colours and digits.
pub struct Heatmap<'a> {
    /// Colours and characters to draw with.
    pub look: &'a Look,
    /// Rows of the whole grid, shown or not.
    pub rows: usize,
    /// Columns of the whole grid, shown or not.
    pub columns: usize,
    /// Terminal columns of one cell, 1 to [`MAX_CELL`].
    pub cell_width: u16,
    /// Terminal rows of one cell; the number stands in that of [`middle`].
    pub cell_height: u16,
    /// What the colours mean.
    pub scale: Scale,
    /// Row and column of the cell under the cursor.
    pub cursor: Option<(usize, usize)>,
    /// Whether the values belong to an input that is no longer on screen.
    pub stale: bool,
    /// The content of a cell, by row and column of the grid.
    pub value: &'a dyn Fn(usize, usize) -> HeatCell,
}

/// The row of a cell so high in which its number stands, and its name beside it: of two the upper.
pub fn middle(height: u16) -> u16 {
    height.saturating_sub(1) / 2
}

impl Heatmap<'_> {
    /// Draws as many whole cells as fit into `area`, from `first_row` and `first_column` on.
    ///
    /// What is left of the area stays as it was.
    pub fn render(&self, area: Rect, buf: &mut Buffer, first_row: usize, first_column: usize) {
        let area = area.intersection(buf.area);
        for (place, (row, column)) in self.places(area, (first_row, first_column)) {
            let (text, style) = self.cell(row, column);
            let (x, y, width) = (place.x, place.y, usize::from(place.width));
            let marked = self.is_marked(&text, (row, column));
            for line in y..place.bottom() {
                buf.set_stringn(x, line, " ".repeat(width), width, style);
            }
            buf.set_stringn(x, y + middle(place.height), text, width, style);
            for line in (y..place.bottom()).filter(|_| marked) {
                let mark = self.look.style(Role::Cursor);
                let symbol = self.look.pick("▌", ">");
                let mark = mark.bg.map_or(mark, |colour| style.fg(colour));
                buf.set_stringn(x, line, symbol, 1, mark);
            }
        }
    }

    /// Where the whole cells stand that fit into `area`, from `first` on, and which they are.
    pub fn places(
        &self,
        area: Rect,
        first: (usize, usize),
    ) -> impl Iterator<Item = (Rect, (usize, usize))> {
        let (width, height) = (self.width(), self.cell_height.max(1));
        let visible =
            |first: usize, all: usize, room: u16| all.saturating_sub(first).min(usize::from(room));
        let rows = visible(first.0, self.rows, area.height / height);
        let columns = visible(first.1, self.columns, area.width / width);
        (0..rows).flat_map(move |row| {
            (0..columns).map(move |column| {
                // both are less than the size of the area
                let place = Rect {
                    x: area.x + column as u16 * width,
                    y: area.y + row as u16 * height,
                    width,
                    height,
                };
                (place, (first.0 + row, first.1 + column))
            })
        })
    }

    /// Whether a cell is the cursor's and has a blank before its number for the mark: then it keeps its colour.
    fn is_marked(&self, text: &str, at: (usize, usize)) -> bool {
        let room = self.width() >= 3 && text.starts_with(' ');
        self.look.has_colours() && self.cursor == Some(at) && room
    }

    fn numbers(&self) -> CellFormat {
        let format = CellFormat::new(self.scale.max(), self.width(), self.scale.is_signed());
        match self.scale {
            Scale::Decades { .. } => format.by_powers(),
            _ => format,
        }
    }

    fn width(&self) -> u16 {
        self.cell_width.clamp(1, MAX_CELL)
    }

    /// The characters of a cell, as many as it has columns, and their style.
    fn cell(&self, row: usize, column: usize) -> (String, Style) {
        let content = match (self.value)(row, column) {
            HeatCell::Value(value) if value.is_nan() => HeatCell::NotAvailable,
            content => content,
        };
        let is_cursor = self.cursor == Some((row, column));
        match (self.look.has_colours(), is_cursor) {
            (true, false) => self.coloured(content),
            (true, true) => self.coloured_cursor(content),
            (false, false) => self.plain(content),
            (false, true) => self.plain_cursor(content),
        }
    }

    fn coloured(&self, content: HeatCell) -> (String, Style) {
        let bg = self.background(content);
        let text = self.text(content);
        let fg = match content {
            HeatCell::Value(value) => self.ink(bg, value, &text),
            HeatCell::Masked => self.muted().blend(bg, 0.5),
            HeatCell::NotAvailable | HeatCell::Coming => self.muted(),
        };
        (text, Style::new().fg(fg.into()).bg(bg.into()))
    }

    /// The colour of a cell: of its value, or of the ground where it has none.
    fn background(&self, content: HeatCell) -> Rgb {
        let ground = self.look.theme.ground.bg;
        match content {
            HeatCell::Value(value) => {
                let colour = self.scale.colour(self.look, self.scale.fraction(value));
                if self.stale {
                    colour.blend(ground, STALE)
                } else {
                    colour
                }
            }
            HeatCell::Masked | HeatCell::NotAvailable | HeatCell::Coming => ground,
        }
    }

    /// The colour of the number `text` on `bg`.
    fn ink(&self, bg: Rgb, value: f32, text: &str) -> Rgb {
        let amount = self.scale.fraction(value).abs();
        // a zero stands back, unless it is far from what is neutral here
        let nothing = number::is_zero(text) && amount < 0.05;
        let share = match (nothing, self.stale) {
            (true, _) => ZERO_INK,
            (false, true) => STALE_INK,
            (false, false) => SMALL_INK * (1.0 - amount / SMALL).max(0.0),
        };
        let stands_back = bg.ink().blend(bg, share);
        if self.stale || stands_back.contrast(bg) >= READABLE {
            return stands_back;
        }
        // as far back as can still be read
        let steps = (1..=8).map(|step| bg.ink().blend(bg, share * f64::from(8 - step) / 8.0));
        let mut read = steps.filter(|ink| ink.contrast(bg) >= READABLE);
        read.next().unwrap_or_else(|| bg.ink())
    }

    fn muted(&self) -> Rgb {
        let role = if self.stale { Role::Stale } else { Role::Muted };
        self.look.theme.paint(role).fg
    }

    /// The characters of a cell whose value its colour shows too.
    fn text(&self, content: HeatCell) -> String {
        let width = self.width();
        let columns = usize::from(width);
        match content {
            HeatCell::Value(_) if width < 3 => " ".repeat(columns),
            HeatCell::Value(value) => self.numbers().write(value),
            HeatCell::Masked => centred(self.look.pick("·", "."), columns),
            HeatCell::Coming => centred(self.look.pick("…", "."), columns),
            HeatCell::NotAvailable if width < 4 => centred("?", columns),
            // under numbers of a table it ends where they do
            HeatCell::NotAvailable if width >= WIDE => format!("{:>columns$}", "n/a"),
            HeatCell::NotAvailable => centred("n/a", columns),
        }
    }

    /// The cursor has a colour that no value has. A narrow cell keeps its own inside it.
    fn coloured_cursor(&self, content: HeatCell) -> (String, Style) {
        let style = self.look.style(Role::Cursor);
        let mark = match self.width() {
            1 => self.look.pick("◆", "#"),
            2 => self.look.pick("▐▌", "[]"),
            _ if self.text(content).starts_with(' ') => {
                let (text, own) = self.coloured(content);
                return (
                    text,
                    own.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                );
            }
            _ => return (self.text(content), style),
        };
        let is_drawn = !self.look.ascii;
        let own = self.background(content);
        let style = if is_drawn {
            style.fg(own.into())
        } else {
            style
        };
        (mark.to_owned(), style)
    }

    /// The characters of a cell without colours, which say all there is to say.
    fn plain(&self, content: HeatCell) -> (String, Style) {
        let text = match (content, self.width()) {
            (HeatCell::Value(value), 1) => shade(self.look, self.scale.fraction(value)).to_owned(),
            (HeatCell::Value(value), 2) => self.two_columns(value),
            // A full stop is a shade of its own there.
            (HeatCell::Masked, 1) => self.look.pick("·", "'").to_owned(),
            _ => self.text(content),
        };
        let is_quiet = match content {
            // A shade is no number, and its characters are no digits.
            HeatCell::Value(_) => self.width() > 1 && number::is_zero(&text),
            HeatCell::Masked | HeatCell::NotAvailable | HeatCell::Coming => true,
        };
        let is_dim = self.stale || is_quiet;
        let dim = if is_dim {
            Modifier::DIM
        } else {
            Modifier::empty()
        };
        (text, Style::new().add_modifier(dim))
    }

    fn plain_cursor(&self, content: HeatCell) -> (String, Style) {
        let style = self.look.style(Role::Cursor);
        if self.width() == 1 {
            // A shade in reverse is but another shade.
            return (self.look.pick("◆", "X").to_owned(), style);
        }
        (self.plain(content).0, style)
    }

    /// Tenths where the scale ends at 1, as they are written; what could be read as another number is a shade.
    fn two_columns(&self, value: f32) -> String {
        let fraction = self.scale.fraction(value);
        if !self.scale.is_signed() && (self.scale.max() - 1.0).abs() < 1e-6 {
            // 0.3 of 1.0 in single precision is a little less in double precision.
            return match ((fraction + 1e-6) * 10.0).floor() {
                tenths if tenths >= 10.0 => "1.".to_owned(),
                tenths => format!(".{:.0}", tenths.max(0.0)),
            };
        }
        let shade = shade(self.look, fraction.abs());
        let sign = match (shade.trim().is_empty(), fraction < 0.0) {
            (true, _) => " ",
            (false, true) => "-",
            (false, false) => "+",
        };
        format!("{sign}{shade}")
    }
}

/// `text` in the middle of a cell, or right of it: numbers stand on the right too.
fn centred(text: &str, columns: usize) -> String {
    let right = columns.saturating_sub(text.chars().count()) / 2;
    format!("{:>columns$}", format!("{text}{}", " ".repeat(right)))
}

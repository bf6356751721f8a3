//! From a cell's colours to red, green and blue: one table for SVG and PNG.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::{Ground, Rgb};

/// The sixteen named colours as xterm shows them, in the order of their codes.
const NAMED: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The levels of the 6 by 6 by 6 colour cube, indices 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colours a cell is drawn with, attributes already applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Inks {
    /// Colour of the characters.
    pub fg: Rgb,
    /// Colour behind them.
    pub bg: Rgb,
    /// Colour of the underline.
    pub underline: Rgb,
}

/// The inks of `cell`: reversed first, then dimmed, then hidden.
///
/// Reversing comes first so that dimming always weakens the characters, never the ground.
pub(super) fn inks(cell: &Cell, ground: Ground) -> Inks {
    let mut fg = rgb(cell.fg, ground.fg);
    let mut bg = rgb(cell.bg, ground.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut fg, &mut bg);
    }
    if cell.modifier.contains(Modifier::DIM) {
        fg = blend(fg, bg, 2);
    }
    let mut underline = rgb(cell.underline_color, fg);
    if cell.modifier.contains(Modifier::HIDDEN) {
        (fg, underline) = (bg, bg);
    }
    Inks { fg, bg, underline }
}

/// `over` laid on `under` with an opacity of `quarters` / 4.
pub(super) fn blend(over: Rgb, under: Rgb, quarters: u16) -> Rgb {
    let mix = |over: u8, under: u8| {
        let sum = u16::from(over) * quarters + u16::from(under) * 4_u16.saturating_sub(quarters);
        u8::try_from(sum / 4).unwrap_or(u8::MAX)
    };
    (
        mix(over.0, under.0),
        mix(over.1, under.1),
        mix(over.2, under.2),
    )
}

/// The code, 0 to 15, of a colour that has a name.
pub(super) const fn named_code(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

/// The usual look of `colour`; `reset` is that of the terminal's own.
pub(crate) fn rgb(colour: Color, reset: Rgb) -> Rgb {
    match colour {
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Indexed(index) => indexed(index),
        named => named_code(named).map_or(reset, indexed),
    }
}

/// The colour of an index of the 256-colour palette: 16 named, the cube, 24 greys.
fn indexed(index: u8) -> Rgb {
    if let Some(&colour) = NAMED.get(usize::from(index)) {
        return colour;
    }
    if index >= 232 {
        let level = 8 + 10 * (index - 232);
        return (level, level, level);
    }
    let level = |step: u8| CUBE.get(usize::from(step % 6)).copied().unwrap_or(0);
    let place = index - 16;
    (level(place / 36), level(place / 6), level(place))
}

//! How many colours the terminal shows, and the one place where colours are brought down to that.
//!
//! Everything else in [`crate::ui`] speaks of 24-bit colours only; [`quantise`] is the last pass
//! over a frame before it is written.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use anyhow::bail;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

use super::rgb::{Lab, Rgb};
use crate::findings::frame;

/// How many colours there are to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// 24 bits: any red, green and blue.
    True,
    /// The 256 indexed colours of xterm.
    Indexed,
    /// The 16 named colours, whose looks the terminal's user decides.
    Ansi,
    /// No colours; bold, reversed and the like only.
    None,
}

impl Depth {
    /// Every depth, the richest first.
    pub const ALL: [Self; 4] = [Self::True, Self::Indexed, Self::Ansi, Self::None];

    /// The word for this depth on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::True => "24bit",
            Self::Indexed => "256",
            Self::Ansi => "16",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Depth {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::ALL.into_iter().find(|depth| depth.name() == text) {
            Some(depth) => Ok(depth),
            None => bail!("{text:?} is no colour depth; it is one of 24bit, 256, 16, none"),
        }
    }
}

/// The colour depth to draw with: what the `flag` says, else what the environment suggests.
///
/// `env` looks up an environment variable. `NO_COLOR` counts when it is set to anything but
/// nothing, then `COLORTERM`, then `TERM`.
pub fn detect(flag: Option<Depth>, env: impl Fn(&str) -> Option<String>) -> Depth {
    if let Some(depth) = flag {
        return depth;
    }
    if env("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Depth::None;
    }
    if env("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit")) {
        return Depth::True;
    }
    match env("TERM").as_deref() {
        None | Some("" | "dumb") => Depth::None,
        Some(term) if term.ends_with("-direct") => Depth::True,
        Some(term) if term.contains("256color") => Depth::Indexed,
        Some(_) => Depth::Ansi,
    }
}

/// Whether to keep to ASCII characters: when the `flag` says so, or the locale is not UTF-8.
///
/// The locale is the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set. When none is, as in
/// most containers, the terminal is taken for one of today's, which read UTF-8.
pub fn wants_ascii(flag: bool, env: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env(name).filter(|value| !value.is_empty()));
    flag || locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !(locale.contains("utf-8") || locale.contains("utf8"))
    })
}

/// Brings every colour of `buffer` down to `depth`.
///
/// Text stays readable: where it would take on the colour behind it, it turns black or white.
/// Block characters do not, since they are areas of colour and not text.
pub fn quantise(buffer: &mut Buffer, depth: Depth) {
    if depth == Depth::True {
        return;
    }
    let mut palette = Palette {
        depth,
        known: HashMap::new(),
    };
    for cell in &mut buffer.content {
        cell.fg = palette.nearest(cell.fg);
        cell.bg = palette.nearest(cell.bg);
        cell.underline_color = palette.nearest(cell.underline_color);
        palette.rescue(cell);
    }
}

/// The least contrast of text where colours are few: as large text has it (WCAG 2.2, 1.4.3).
const LEGIBLE: f64 = 3.0;

/// The colours of one depth, with the answers already found: a frame has few different colours.
struct Palette {
    depth: Depth,
    known: HashMap<Rgb, Color>,
}

impl Palette {
    fn nearest(&mut self, colour: Color) -> Color {
        let rgb = match (self.depth, colour) {
            (Depth::None, _) => return Color::Reset,
            (_, Color::Rgb(red, green, blue)) => Rgb(red, green, blue),
            (Depth::Ansi, Color::Indexed(16..)) => shown(colour),
            _ => return colour,
        };
        let depth = self.depth;
        *self.known.entry(rgb).or_insert_with(|| match depth {
            Depth::Ansi => named(rgb.lab()),
            _ => Color::Indexed(indexed(rgb.lab())),
        })
    }

    /// Turns text that is about to vanish black or white.
    fn rescue(&self, cell: &mut Cell) {
        // Of the terminal's own colours nothing is known.
        if cell.fg == Color::Reset || cell.bg == Color::Reset || is_area(cell.symbol()) {
            return;
        }
        // The 16 colours are so far apart that an unlucky pair can be all but equal, such as
        // yellow on white.
        let is_faint =
            self.depth == Depth::Ansi && shown(cell.fg).contrast(shown(cell.bg)) < LEGIBLE;
        if cell.fg == cell.bg || is_faint {
            cell.fg = self.legible(cell.fg, shown(cell.bg));
        }
    }

    /// A colour for text that cannot have the colour `fg` on `bg`: dark grey for what was grey
    /// before, since it was meant to stand back, else black or white.
    fn legible(&self, fg: Color, bg: Rgb) -> Color {
        let is_grey = matches!(fg, Color::DarkGray | Color::Gray);
        match (self.depth, bg.ink() == Rgb::WHITE) {
            (Depth::Ansi, _) if is_grey && shown(Color::DarkGray).contrast(bg) >= LEGIBLE => {
                Color::DarkGray
            }
            (Depth::Ansi, true) => Color::White,
            (Depth::Ansi, false) => Color::Black,
            (_, true) => Color::Indexed(231),
            (_, false) => Color::Indexed(16),
        }
    }
}

/// Whether a character fills (part of) its cell with colour: a block element or a blank.
fn is_area(symbol: &str) -> bool {
    let is_block = |c| matches!(c, ' ' | '\u{2580}'..='\u{259f}');
    symbol.chars().all(is_block)
}

/// The usual look of a colour that a terminal may show a little differently.
fn shown(colour: Color) -> Rgb {
    let (red, green, blue) = frame::rgb(colour, (0, 0, 0));
    Rgb(red, green, blue)
}

/// The index of the nearest of the 256 colours. The first 16 are left out: users change them.
///
/// Hue and saturation count more than lightness: the palette has many greys and few dark or pale
/// colours, so that plain distance would take the sign from a small value.
fn indexed(colour: Lab) -> u8 {
    static FIXED: LazyLock<Vec<(u8, Lab)>> = LazyLock::new(|| {
        (16..=255)
            .map(|i| (i, shown(Color::Indexed(i)).lab()))
            .collect()
    });
    let distance = |to: &Lab| {
        let hue = (to.a - colour.a).powi(2) + (to.b - colour.b).powi(2);
        (to.l - colour.l).powi(2) + 2.0 * hue
    };
    let nearest = FIXED
        .iter()
        .min_by(|(_, one), (_, two)| distance(one).total_cmp(&distance(two)));
    nearest.map_or(16, |&(index, _)| index)
}

/// The one of the 16 colours which carries the same message: hue first, lightness second.
///
/// Plain distance would turn most colours of a theme grey, since the named colours are gaudy.
fn named(colour: Lab) -> Color {
    if colour.l < 0.27 {
        return Color::Black;
    }
    if colour.chroma() < 0.062 {
        return match colour.l {
            l if l < 0.37 => Color::Black,
            l if l < 0.72 => Color::DarkGray,
            l if l < 0.94 => Color::Gray,
            _ => Color::White,
        };
    }
    // The bounds of hue put orange with yellow, which many terminals show as brown; those of
    // lightness lie between the two shades of each hue.
    let (usual, bright, bound) = match colour.hue() {
        h if h < 42.0 => (Color::Red, Color::LightRed, 0.62),
        h if h < 122.0 => (Color::Yellow, Color::LightYellow, 0.86),
        h if h < 168.0 => (Color::Green, Color::LightGreen, 0.80),
        h if h < 228.0 => (Color::Cyan, Color::LightCyan, 0.80),
        h if h < 298.0 => (Color::Blue, Color::LightBlue, 0.55),
        h if h < 357.0 => (Color::Magenta, Color::LightMagenta, 0.66),
        _ => (Color::Red, Color::LightRed, 0.62),
    };
    if colour.l < bound { usual } else { bright }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Theme;

    /// Sign and order of numbers are seen in 256 colours too: each step is lighter than the one before, or in
    /// a light theme darker, and no mild minus looks like a mild plus.
    #[test]
    fn ramps_keep_sign_and_order() {
        let light = |index: &u8| shown(Color::Indexed(*index)).lab().l;
        for theme in Theme::shipped() {
            let ramps = &theme.indexed;
            for ramp in [&ramps.sequential, &ramps.negative, &ramps.positive] {
                let all: Vec<f64> = ramp.iter().map(light).collect();
                let grows = all.windows(2).all(|two| two[1] > two[0] - 0.02);
                let falls = all.windows(2).all(|two| two[1] < two[0] + 0.02);
                assert!(grows || falls, "{}: {all:?}", theme.name);
            }
            assert_eq!(ramps.negative[0], ramps.positive[0]);
            let mut both = ramps.negative[1..].iter().chain(&ramps.positive[1..]);
            let chroma = |index: &u8| shown(Color::Indexed(*index)).lab().chroma();
            assert!(both.all(|index| chroma(index) > 0.03), "{}", theme.name);
            for (minus, plus) in ramps.negative[1..].iter().zip(&ramps.positive[1..]) {
                let [minus, plus] = [minus, plus].map(|one| shown(Color::Indexed(*one)).lab());
                let apart = (minus.a - plus.a).hypot(minus.b - plus.b);
                assert!(apart > 0.08, "{}: {minus:?} {plus:?}", theme.name);
            }
        }
    }
}

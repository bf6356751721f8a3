//! Bitmaps of characters, and which characters are shapes rather than letters.

use unicode_width::UnicodeWidthChar;

use super::{CELL_HEIGHT, CELL_WIDTH};

/// A picture of a character, one word per row of pixels; its top bit is the leftmost pixel.
pub(super) type Bitmap = [u16; CELL_HEIGHT];

/// What marks a character without a glyph: a hollow box, for one and for two columns.
const MISSING: [(u16, u16); 2] = [(0x7e00, 0x4200), (0x7ffe, 0x4002)];

/// A rectangle of ink inside a cell, in pixels from the cell's top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// Left edge.
    pub x: usize,
    /// Top edge.
    pub y: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
}

/// Whether `c` is a shape that must meet its neighbours without a seam: box drawing, block
/// elements, braille.
pub(super) const fn is_shape(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
}

/// The opacity of a shade character in quarters.
pub(super) const fn shade_quarters(c: char) -> Option<u16> {
    match c {
        '░' => Some(1),
        '▒' => Some(2),
        '▓' => Some(3),
        _ => None,
    }
}

/// All characters of one cell, laid over each other, in a field of `columns` (1 or 2) cells.
pub(super) fn bitmap(text: &str, columns: usize) -> Bitmap {
    let mut field = [0; CELL_HEIGHT];
    let mut has_base = false;
    for c in text.chars().filter(|&c| !is_unseen(c)) {
        let is_mark = c.width().unwrap_or(0) == 0;
        // Of an emoji sequence such as a family only the first picture is drawn.
        if has_base && !is_mark {
            break;
        }
        has_base = true;
        for (row, ink) in field.iter_mut().zip(glyph(c, columns)) {
            *row |= ink;
        }
    }
    field
}

/// Joiners, variation selectors and the like, for which the font has labelled boxes.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn glyph(c: char, columns: usize) -> Bitmap {
    if let Some(dots) = braille_dots(c) {
        return braille(dots);
    }
    match unifont::get_glyph(c) {
        Some(unifont::Glyph::Halfwidth(rows)) => {
            // A narrow glyph in a wide place (an emoji presentation, say) stands in its middle.
            let shift = if columns > 1 { CELL_WIDTH / 2 } else { 0 };
            rows.map(|row| (u16::from(row) << 8) >> shift)
        }
        Some(unifont::Glyph::Fullwidth(rows)) if columns > 1 => *rows,
        Some(unifont::Glyph::Fullwidth(rows)) => rows.map(squeeze),
        None => missing(columns),
    }
}

/// Two pixels side by side become one: the font draws some narrow characters wide.
fn squeeze(row: u16) -> u16 {
    (0..8).fold(0, |narrow, pixel| {
        let pair = row & (0xc000 >> (2 * pixel));
        narrow | if pair == 0 { 0 } else { 0x8000 >> pixel }
    })
}

fn missing(columns: usize) -> Bitmap {
    let (edge, side) = MISSING[usize::from(columns > 1)];
    std::array::from_fn(|y| match y {
        2 | 13 => edge,
        3..=12 => side,
        _ => 0,
    })
}

/// The eight dots of a braille pattern, one bit each, or nothing for another character.
fn braille_dots(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(0x2800)?).ok()
}

/// Braille as plots need it: the dots of neighbouring cells lie on one even grid, 4 pixels apart.
/// (The font's own dots stand closer together inside a cell than across its edge.)
fn braille(dots: u8) -> Bitmap {
    /// The bits of the left and the right dot of each of the four rows.
    const BITS: [(u8, u8); 4] = [(0, 3), (1, 4), (2, 5), (6, 7)];
    std::array::from_fn(|y| {
        let (left, right) = BITS[y / 4];
        let ink = |bit: u8, pixels: u16| if dots >> bit & 1 == 1 { pixels } else { 0 };
        match y % 4 {
            1 | 2 => ink(left, 0x6000) | ink(right, 0x0600),
            _ => 0,
        }
    })
}

/// The ink of a bitmap as rectangles that do not overlap, from the top.
pub(super) fn patches(bitmap: &Bitmap) -> Vec<Patch> {
    let mut done: Vec<Patch> = Vec::new();
    for (y, &row) in bitmap.iter().enumerate() {
        for (x, width) in runs(row) {
            let above = done
                .iter_mut()
                .find(|p| p.x == x && p.width == width && p.y + p.height == y);
            match above {
                Some(patch) => patch.height += 1,
                None => done.push(Patch {
                    x,
                    y,
                    width,
                    height: 1,
                }),
            }
        }
    }
    done
}

/// Start and length of each run of ink in a row.
fn runs(row: u16) -> impl Iterator<Item = (usize, usize)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        let rest = row.checked_shl(x).filter(|&rest| rest != 0)?;
        let start = x + rest.leading_zeros();
        let length = (row << start).leading_ones();
        x = start + length;
        Some((usize::try_from(start).ok()?, usize::try_from(length).ok()?))
    })
}

/// Pixels of `row` that are ink, from the left.
pub(super) fn pixels(row: u16) -> impl Iterator<Item = usize> {
    (0..2 * CELL_WIDTH).filter(move |x| row << x & 0x8000 != 0)
}

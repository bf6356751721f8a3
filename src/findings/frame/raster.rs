//! A frame as pixels: GNU Unifont glyphs in a PNG file.

use anyhow::{Context as _, Result};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::cells::{self, Shown};
use super::colours::{Inks, inks};
use super::glyphs::{self, Bitmap};
use super::{CELL_HEIGHT, CELL_WIDTH, Ground, Rgb};

/// Row of pixels, from the top of a cell, of an underline and of a crossing-out line.
pub(super) const UNDERLINE_ROW: usize = 15;
/// See [`UNDERLINE_ROW`].
pub(super) const CROSSED_ROW: usize = 8;

/// The PNG file that shows `buffer`.
pub(super) fn draw(buffer: &Buffer, ground: Ground) -> Result<Vec<u8>> {
    let (columns, rows) = super::size(buffer);
    let mut canvas = Canvas::new(columns * CELL_WIDTH, rows * CELL_HEIGHT);
    for (row, cells) in cells::rows(buffer).enumerate() {
        for shown in &cells {
            canvas.cell(shown, row * CELL_HEIGHT, inks(shown.cell, ground));
        }
    }
    canvas.into_png().context("cannot encode the frame as PNG")
}

/// Pixels in rows from the top left, three bytes each.
struct Canvas {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bytes: vec![0; width * height * 3],
        }
    }

    fn cell(&mut self, shown: &Shown, top: usize, inks: Inks) {
        let left = shown.column * CELL_WIDTH;
        let width = shown.columns * CELL_WIDTH;
        let modifier = shown.cell.modifier;
        for y in 0..CELL_HEIGHT {
            self.line(left, top + y, width, inks.bg);
        }
        for (x, columns, text) in pieces(shown) {
            let bitmap = styled(text, columns, modifier);
            self.glyph(left + x, top, &bitmap, inks.fg);
        }
        if modifier.contains(Modifier::UNDERLINED) {
            self.line(left, top + UNDERLINE_ROW, width, inks.underline);
        }
        if modifier.contains(Modifier::CROSSED_OUT) {
            self.line(left, top + CROSSED_ROW, width, inks.fg);
        }
    }

    fn glyph(&mut self, left: usize, top: usize, bitmap: &Bitmap, ink: Rgb) {
        for (y, &row) in bitmap.iter().enumerate() {
            for x in glyphs::pixels(row) {
                self.line(left + x, top + y, 1, ink);
            }
        }
    }

    /// `width` pixels from `(x, y)` to the right; what lies outside is left out.
    fn line(&mut self, x: usize, y: usize, width: usize, (r, g, b): Rgb) {
        let start = (y * self.width + x.min(self.width)) * 3;
        let end = (y * self.width + (x + width).min(self.width)) * 3;
        for pixel in self
            .bytes
            .get_mut(start..end)
            .unwrap_or_default()
            .chunks_exact_mut(3)
        {
            pixel.copy_from_slice(&[r, g, b]);
        }
    }

    fn into_png(self) -> Result<Vec<u8>> {
        png(self.width, self.height, &self.bytes)
    }
}

/// A PNG file of pixels in rows from the top left, three bytes each.
pub(super) fn png(width: usize, height: usize, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(file)
}

/// The parts of a cell's text that are drawn side by side: offset in pixels, columns, text.
///
/// A cell of one or two columns is one part. A wider one (several characters put into one cell)
/// is drawn character by character.
fn pieces<'a>(shown: &'a Shown) -> Vec<(usize, usize, &'a str)> {
    if shown.columns <= 2 {
        return vec![(0, shown.columns, shown.text.as_ref())];
    }
    let mut parts = Vec::new();
    let mut x = 0;
    for (start, c) in shown.text.char_indices() {
        let text = &shown.text[start..start + c.len_utf8()];
        let columns = unicode_width::UnicodeWidthChar::width(c).unwrap_or(1);
        parts.push((x, columns.clamp(1, 2), text));
        x += columns * CELL_WIDTH;
    }
    parts
}

/// The bitmap with bold and italic applied, kept inside the cell. Shapes stay as they are: a
/// thicker line would no longer meet its neighbours.
fn styled(text: &str, columns: usize, modifier: Modifier) -> Bitmap {
    let mut bitmap = glyphs::bitmap(text, columns);
    if text.chars().next().is_some_and(glyphs::is_shape) {
        return bitmap;
    }
    let inside = if columns > 1 { 0xffff } else { 0xff00 };
    if modifier.contains(Modifier::ITALIC) {
        for (y, row) in bitmap.iter_mut().enumerate() {
            *row = slant(*row, y) & inside;
        }
    }
    if modifier.contains(Modifier::BOLD) {
        for row in &mut bitmap {
            *row = (*row | *row >> 1) & inside;
        }
    }
    bitmap
}

/// Leans a row of pixels over: the upper third to the right, the lower third to the left.
const fn slant(row: u16, y: usize) -> u16 {
    match y {
        0..6 => row >> 1,
        6..11 => row,
        _ => row << 1,
    }
}

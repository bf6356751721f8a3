//! Pictures of a frame: from a [`Buffer`] to the bytes of a file.
//!
//! One frame can leave the program in five ways:
//!
//! | format | what it keeps | what it is for |
//! |---|---|---|
//! | [`FrameFormat::Txt`] | characters | notes, diffs, mails |
//! | [`FrameFormat::Ans`] | characters, colours, attributes | `cat` in a terminal |
//! | [`FrameFormat::Svg`] | the look, with text one can select | web pages, papers |
//! | [`FrameFormat::Html`] | the drawing in a page | browsers |
//! | [`FrameFormat::Png`] | the look, the same pixels on every machine | everywhere else |
//!
//! The same frame always gives the same bytes. Whatever a cell holds, no control character
//! reaches a file: `cells` replaces them before any writer sees them.

mod cells;
mod colours;
mod glyphs;
mod plot;
mod raster;
mod svg;
mod text;

pub use plot::{Cells, Drawn, Plot};

pub(crate) use cells::clean;
pub(crate) use colours::rgb;

use anyhow::{Result, ensure};
use ratatui::buffer::Buffer;

/// Width of one terminal cell in pixels (PNG) or user units (SVG).
const CELL_WIDTH: usize = 8;

/// Height of one terminal cell in pixels (PNG) or user units (SVG).
const CELL_HEIGHT: usize = 16;

/// A colour as red, green and blue, each 0 (none) to 255 (full).
type Rgb = (u8, u8, u8);

/// The kind of file a frame becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameFormat {
    /// Characters only, UTF-8, one line per row, spaces at line ends trimmed.
    Txt,
    /// Characters with terminal codes for colours and attributes (SGR), UTF-8.
    Ans,
    /// A drawing: geometry for blocks, lines and braille, text for the rest.
    Svg,
    /// Pixels: 8 by 16 for each cell, GNU Unifont glyphs, 8-bit RGB.
    Png,
    /// A page with the drawing in it, as wide as the window.
    Html,
}

impl FrameFormat {
    /// Every format, in the order in which they are offered to a reader.
    pub const ALL: [Self; 5] = [Self::Txt, Self::Ans, Self::Svg, Self::Png, Self::Html];

    /// The format which a file name extension (without its dot, in any case) stands for.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| extension.eq_ignore_ascii_case(format.extension()))
    }

    /// The file name extension of this format, without its dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Txt => "txt",
            Self::Ans => "ans",
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Html => "html",
        }
    }
}

/// What `Color::Reset`, the terminal's own colour, means in a picture.
///
/// A program cannot see which colours a terminal has chosen for itself, so SVG and PNG need to be
/// told. `Txt` and `Ans` do not use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Red, green and blue of text without a colour of its own.
    pub fg: (u8, u8, u8),
    /// Red, green and blue of cells without a background of their own.
    pub bg: (u8, u8, u8),
}

/// The bytes of a file that shows `buffer` as `format`.
///
/// # Errors
///
/// When the buffer has no cells, or is not as large as its area says.
pub fn encode(buffer: &Buffer, format: FrameFormat, ground: Ground) -> Result<Vec<u8>> {
    let (width, height) = size(buffer);
    ensure!(
        width > 0 && height > 0,
        "the frame has no cells to picture ({width} by {height}); enlarge the terminal window"
    );
    ensure!(
        buffer.content.len() >= width * height,
        "the frame has {} cells where its size, {width} by {height}, needs {}",
        buffer.content.len(),
        width * height
    );
    match format {
        FrameFormat::Txt => Ok(text::plain(buffer).into_bytes()),
        FrameFormat::Ans => Ok(text::with_codes(buffer).into_bytes()),
        FrameFormat::Svg => Ok(svg::draw(buffer, ground).into_bytes()),
        FrameFormat::Png => raster::draw(buffer, ground),
        FrameFormat::Html => Ok(html(&svg::draw(buffer, ground), ground).into_bytes()),
    }
}

/// The bytes of an SVG file that shows buffers of one size in turn, each for so many seconds; equal
/// neighbours are shown once.
///
/// # Errors
///
/// When there are fewer than two different ones.
pub fn animate(mut buffers: Vec<Buffer>, seconds: f64, ground: Ground) -> Result<Vec<u8>> {
    buffers.dedup();
    ensure!(
        buffers.len() > 1,
        "the keys change nothing on the screen, so there is nothing to animate"
    );
    Ok(svg::animate(&buffers, seconds, ground).into_bytes())
}

/// A page around a drawing. Inside of it the text can be searched and copied.
fn html(svg: &str, ground: Ground) -> String {
    let (r, g, b) = ground.bg;
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>circuitscope</title>\n\
         <style>body{{margin:0;background:#{r:02x}{g:02x}{b:02x}}}\
         svg{{display:block;max-width:100%;height:auto;margin:auto}}</style>\n{svg}</html>\n"
    )
}

/// Columns and rows of the buffer.
fn size(buffer: &Buffer) -> (usize, usize) {
    let area = buffer.area();
    (usize::from(area.width), usize::from(area.height))
}

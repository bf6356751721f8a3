//! Pictures of a frame: each format says what the screen says, and nothing that acts.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod codes;
mod drawing;
mod pixels;
mod plain;

use circuitscope::findings::frame::{FrameFormat, Ground, encode};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

const GROUND: Ground = Ground {
    fg: (200, 210, 220),
    bg: (10, 20, 30),
};
const RED: Color = Color::Rgb(250, 1, 2);
const GREEN: Color = Color::Rgb(3, 240, 4);

fn text(buffer: &Buffer, format: FrameFormat) -> String {
    String::from_utf8(encode(buffer, format, GROUND).unwrap()).unwrap()
}

fn blank(width: u16, height: u16) -> Buffer {
    Buffer::empty(Rect::new(0, 0, width, height))
}

/// A buffer of one row with one symbol in each cell, however odd.
fn symbols(symbols: &[&str]) -> Buffer {
    let mut buffer = blank(u16::try_from(symbols.len()).unwrap(), 1);
    for (cell, symbol) in buffer.content.iter_mut().zip(symbols) {
        cell.set_symbol(symbol);
    }
    buffer
}

/// A bit of everything: colours of each kind, attributes, wide glyphs, marks, shapes.
fn sampler() -> Buffer {
    let mut buffer = blank(24, 6);
    buffer.set_string(0, 0, "┌─ titel ─┐ ╔═╗ ┏━┓ ╭─╮", Style::new());
    buffer.set_string(
        0,
        1,
        "漢字 e\u{301}x ⣿⡇ █▌▀░▒▓",
        Style::new().fg(Color::LightBlue),
    );
    let colours = [
        Color::Reset,
        Color::Black,
        Color::Red,
        Color::Gray,
        Color::DarkGray,
        Color::White,
        Color::Indexed(0),
        Color::Indexed(208),
        Color::Indexed(255),
        RED,
    ];
    for (x, colour) in (0..).zip(colours) {
        buffer.set_string(x, 2, "c", Style::new().fg(colour));
        buffer.set_string(x, 3, "c", Style::new().bg(colour));
        buffer.set_string(x + 12, 3, "c", Style::new().fg(colour).bg(GREEN));
    }
    let attributes = [
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::ITALIC,
        Modifier::UNDERLINED,
        Modifier::REVERSED,
        Modifier::CROSSED_OUT,
        Modifier::BOLD | Modifier::UNDERLINED,
        Modifier::empty(),
        Modifier::ITALIC | Modifier::REVERSED,
    ];
    for (x, attribute) in (0..).zip(attributes) {
        let style = Style::new().fg(RED).add_modifier(attribute);
        buffer.set_string(2 * x, 4, "m ", style);
    }
    buffer.set_string(20, 5, "<&>\"", Style::new());
    buffer
}

/// Every tag is closed in order, every attribute quoted, every `&` a known escape.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in svg.split('<').skip(1) {
        let (tag, content) = part.split_once('>').unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for after in content.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
            assert!(
                known.iter().any(|escape| after.starts_with(escape)),
                "&{after}"
            );
        }
        assert!(!content.contains('>'), "{content}");
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
}

/// A decoded PNG.
struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn of(buffer: &Buffer) -> Self {
        let file = encode(buffer, FrameFormat::Png, GROUND).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        assert_eq!(info.bit_depth, png::BitDepth::Eight);
        let size = |n: u32| usize::try_from(n).unwrap();
        let (width, height) = (size(info.width), size(info.height));
        Self {
            width,
            height,
            bytes,
        }
    }

    fn at(&self, x: usize, y: usize) -> (u8, u8, u8) {
        let start = (y * self.width + x) * 3;
        (
            self.bytes[start],
            self.bytes[start + 1],
            self.bytes[start + 2],
        )
    }

    /// How many of the pixels of a rectangle have this colour.
    fn count(&self, xs: std::ops::Range<usize>, colour: (u8, u8, u8)) -> usize {
        let places = (0..self.height).flat_map(|y| xs.clone().map(move |x| (x, y)));
        places.filter(|&(x, y)| self.at(x, y) == colour).count()
    }
}

#[test]
fn every_format_works_for_the_smallest_and_for_a_large_frame() {
    let mut large = blank(500, 200);
    for (n, cell) in (0_u32..).zip(&mut large.content) {
        let [_, r, g, b] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        cell.set_symbol(["▀", "a", "│"][usize::from(r % 3)]);
        cell.set_fg(Color::Rgb(r, g, b)).set_bg(Color::Indexed(g));
    }
    for buffer in [symbols(&["漢"]), symbols(&["█"]), large] {
        for format in FrameFormat::ALL {
            let bytes = encode(&buffer, format, GROUND).unwrap();
            assert!(!bytes.is_empty());
            assert_eq!(
                bytes,
                encode(&buffer, format, GROUND).unwrap(),
                "{format:?} twice"
            );
        }
        well_formed(&text(&buffer, FrameFormat::Svg));
        let pixels = Pixels::of(&buffer);
        assert_eq!(pixels.width, 8 * usize::from(buffer.area().width));
        assert_eq!(pixels.height, 16 * usize::from(buffer.area().height));
    }
}

#[test]
fn a_frame_without_cells_is_an_error_that_says_so() {
    for format in FrameFormat::ALL {
        let error = encode(&blank(0, 3), format, GROUND).unwrap_err();
        assert!(error.to_string().contains("no cells"), "{error}");
    }
    let mut short = blank(3, 3);
    short.content.pop();
    assert!(encode(&short, FrameFormat::Txt, GROUND).is_err());
}

#[test]
fn extensions_lead_to_formats_and_back() {
    for format in FrameFormat::ALL {
        let extension = format.extension();
        assert_eq!(FrameFormat::from_extension(extension), Some(format));
        assert_eq!(
            FrameFormat::from_extension(&extension.to_uppercase()),
            Some(format)
        );
    }
    for unknown in ["", "gif", ".png", "png "] {
        assert_eq!(FrameFormat::from_extension(unknown), None);
    }
}

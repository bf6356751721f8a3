//! A frame as a drawing: grounds and shapes as geometry, the rest as text.
//!
//! One cell is 8 by 16 user units, as in the PNG. Box drawing, blocks and braille come from the
//! same bitmaps, turned into rectangles, so no font can leave a seam between them. Only what is
//! not made of upright rectangles (round corners, diagonals) is a stroke.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::cells::{self, Shown};
use super::colours::{Inks, blend, inks};
use super::glyphs::{self, Patch};
use super::raster::{CROSSED_ROW, UNDERLINE_ROW};
use super::{CELL_HEIGHT, CELL_WIDTH, Ground, Rgb};

/// The letters of the usual monospace fonts are 0.6 of this wide: 8 units.
const FONT_SIZE: &str = "13.3";

/// From the top of a cell to the line the letters stand on.
const BASELINE: usize = 12;

/// The SVG file that shows `buffer`.
pub(super) fn draw(buffer: &Buffer, ground: Ground) -> String {
    let mut drawing = Drawing::default();
    for (row, cells) in cells::rows(buffer).enumerate() {
        drawing.row(&cells, row * CELL_HEIGHT, ground);
    }
    let (columns, rows) = super::size(buffer);
    drawing.finish(columns * CELL_WIDTH, rows * CELL_HEIGHT, ground)
}

/// The SVG file that shows buffers of one size in turn, each for so many seconds, for ever. What
/// cannot play it shows the first.
pub(super) fn animate(buffers: &[Buffer], seconds: f64, ground: Ground) -> String {
    let count = buffers.len();
    let mut out = String::new();
    for (i, buffer) in buffers.iter().enumerate() {
        let drawing = draw(buffer, ground);
        let (head, body) = drawing.split_once('\n').unwrap_or_default();
        if i == 0 {
            let _ = writeln!(out, "{head}");
        }
        let part = |n: usize| format!("{:.4}", n as f64 / count as f64);
        let first = if i == 0 { "visible" } else { "hidden" };
        let (values, times) = match i {
            0 => ("visible;hidden".to_owned(), format!("0;{}", part(1))),
            _ if i + 1 == count => ("hidden;visible".to_owned(), format!("0;{}", part(i))),
            _ => (
                "hidden;visible;hidden".to_owned(),
                format!("0;{};{}", part(i), part(i + 1)),
            ),
        };
        let _ = writeln!(
            out,
            "<g visibility=\"{first}\"><animate attributeName=\"visibility\" calcMode=\"discrete\" \
             dur=\"{}s\" repeatCount=\"indefinite\" values=\"{values}\" keyTimes=\"{times}\"/>",
            seconds * count as f64
        );
        out.push_str(body.strip_suffix("</svg>\n").unwrap_or(body));
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// A rectangle in user units and its colour.
#[derive(Clone, Copy)]
struct Field {
    patch: Patch,
    ink: Rgb,
}

/// What has been drawn so far, by layer from the ground up.
#[derive(Default)]
struct Drawing {
    /// Grounds that differ from the picture's own.
    grounds: Vec<Field>,
    /// Where in `grounds` the lowest one of each left edge, width and colour is.
    columns: BTreeMap<(usize, usize, Rgb), usize>,
    /// Path data of filled shapes, by colour.
    fills: BTreeMap<Rgb, String>,
    /// Path data of strokes, by colour.
    strokes: BTreeMap<Rgb, String>,
    /// Finished text elements.
    text: String,
}

impl Drawing {
    fn row(&mut self, cells: &[Shown], top: usize, ground: Ground) {
        let mut row = Row::default();
        for shown in cells {
            let inks = inks(shown.cell, ground);
            let patch = Patch {
                x: shown.column * CELL_WIDTH,
                y: top,
                width: shown.columns * CELL_WIDTH,
                height: CELL_HEIGHT,
            };
            if inks.bg != ground.bg {
                join_right(
                    &mut row.grounds,
                    Field {
                        patch,
                        ink: inks.bg,
                    },
                );
            }
            row.decorate(shown.cell.modifier, patch, inks);
            match shown.single().filter(|&c| glyphs::is_shape(c)) {
                Some(c) => self.shape(c, patch, inks, &mut row),
                None if inks.fg != inks.bg => self.letter(shown, patch, inks.fg, &mut row.run),
                None => {}
            }
        }
        self.end_run(&mut row.run, top);
        self.lay_grounds(row.grounds);
        for field in row.patches {
            rectangle(self.fills.entry(field.ink).or_default(), field.patch);
        }
    }

    /// Adds a row's grounds, each joined to the one above where they have the same edges.
    fn lay_grounds(&mut self, row: Vec<Field>) {
        for Field { patch, ink } in row {
            let next = self.grounds.len();
            let newest = self
                .columns
                .entry((patch.x, patch.width, ink))
                .or_insert(next);
            match self.grounds.get_mut(*newest) {
                Some(above) if above.patch.y + above.patch.height == patch.y => {
                    above.patch.height += patch.height;
                }
                _ => {
                    *newest = next;
                    self.grounds.push(Field { patch, ink });
                }
            }
        }
    }

    fn shape(&mut self, c: char, cell: Patch, inks: Inks, row: &mut Row) {
        if let Some(data) = stroke(c, cell.x, cell.y) {
            self.strokes.entry(inks.fg).or_default().push_str(&data);
        } else if let Some(quarters) = glyphs::shade_quarters(c) {
            let ink = blend(inks.fg, inks.bg, quarters);
            join_right(&mut row.patches, Field { patch: cell, ink });
        } else {
            let mut text = [0; 4];
            for patch in glyphs::patches(&glyphs::bitmap(c.encode_utf8(&mut text), 1)) {
                let patch = Patch {
                    x: cell.x + patch.x,
                    y: cell.y + patch.y,
                    ..patch
                };
                join_right(
                    &mut row.patches,
                    Field {
                        patch,
                        ink: inks.fg,
                    },
                );
            }
        }
    }

    fn letter(&mut self, shown: &Shown, cell: Patch, ink: Rgb, run: &mut Run) {
        if shown.is_blank() {
            run.gap += shown.columns;
            return;
        }
        let face = Face {
            ink,
            bold: shown.cell.modifier.contains(Modifier::BOLD),
            italic: shown.cell.modifier.contains(Modifier::ITALIC),
        };
        let sturdy = shown.single().is_some_and(is_sturdy);
        let end = run.x + (run.columns + run.gap) * CELL_WIDTH;
        if run.face != Some(face) || run.gap > 1 || !run.sturdy || !sturdy || end != cell.x {
            self.end_run(run, cell.y);
            run.x = cell.x;
        }
        run.face = Some(face);
        run.sturdy = sturdy;
        run.text.extend(std::iter::repeat_n(' ', run.gap));
        run.text.push_str(&shown.text);
        run.columns += run.gap + shown.columns;
        run.gap = 0;
    }

    /// Writes the run as a text element and empties it.
    fn end_run(&mut self, run: &mut Run, top: usize) {
        let run = std::mem::take(run);
        let Some(face) = run.face else { return };
        let out = &mut self.text;
        let (y, length) = (top + BASELINE, run.columns * CELL_WIDTH);
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{y}\" textLength=\"{length}\"",
            run.x
        );
        if !run.sturdy {
            // Perhaps from another font, of another width: it has to fit its cell.
            out.push_str(" lengthAdjust=\"spacingAndGlyphs\"");
        }
        if face.bold {
            out.push_str(" font-weight=\"bold\"");
        }
        if face.italic {
            out.push_str(" font-style=\"italic\"");
        }
        let _ = write!(out, " fill=\"{}\">", hex(face.ink));
        escape(&run.text, out);
        out.push_str("</text>\n");
    }

    fn finish(self, width: usize, height: usize, ground: Ground) -> String {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<g shape-rendering=\"crispEdges\">\n"
        );
        let whole = Patch {
            x: 0,
            y: 0,
            width,
            height,
        };
        let ink = ground.bg;
        ground_rect(&mut out, Field { patch: whole, ink });
        for field in self.grounds {
            ground_rect(&mut out, field);
        }
        for (ink, data) in self.fills {
            let _ = writeln!(out, "<path fill=\"{}\" d=\"{data}\"/>", hex(ink));
        }
        out.push_str("</g>\n<g fill=\"none\">\n");
        for (ink, data) in self.strokes {
            let _ = writeln!(out, "<path stroke=\"{}\" d=\"{data}\"/>", hex(ink));
        }
        let _ = writeln!(
            out,
            "</g>\n<g font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
             font-size=\"{FONT_SIZE}\" xml:space=\"preserve\" style=\"white-space:pre\">"
        );
        out.push_str(&self.text);
        out.push_str("</g>\n</svg>\n");
        out
    }
}

/// What one row of cells has collected.
#[derive(Default)]
struct Row {
    grounds: Vec<Field>,
    patches: Vec<Field>,
    run: Run,
}

impl Row {
    /// Underlines and crossing-out lines are geometry too: a renderer's own would stop at blanks.
    fn decorate(&mut self, modifier: Modifier, cell: Patch, inks: Inks) {
        let mut line = |y: usize, ink: Rgb| {
            let patch = Patch {
                y: cell.y + y,
                height: 1,
                ..cell
            };
            join_right(&mut self.patches, Field { patch, ink });
        };
        if modifier.contains(Modifier::UNDERLINED) {
            line(UNDERLINE_ROW, inks.underline);
        }
        if modifier.contains(Modifier::CROSSED_OUT) {
            line(CROSSED_ROW, inks.fg);
        }
    }
}

/// How the letters of a run look.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Face {
    ink: Rgb,
    bold: bool,
    italic: bool,
}

/// Neighbouring letters that look alike, written as one element.
#[derive(Default)]
struct Run {
    x: usize,
    columns: usize,
    /// Blank columns since the last letter; they count only if another letter follows.
    gap: usize,
    text: String,
    face: Option<Face>,
    sturdy: bool,
}

/// Whether every monospace font has this letter, at the font's own width.
const fn is_sturdy(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{a1}'..='\u{24f}')
}

/// Adds a rectangle, joined to a recent one that it continues to the right.
fn join_right(fields: &mut Vec<Field>, field: Field) {
    // A shape has few rectangles, so its left neighbour's are among the last.
    let left = fields.iter_mut().rev().take(24).find(|left| {
        left.ink == field.ink
            && left.patch.y == field.patch.y
            && left.patch.height == field.patch.height
            && left.patch.x + left.patch.width == field.patch.x
    });
    match left {
        Some(left) => left.patch.width += field.patch.width,
        None => fields.push(field),
    }
}

/// Path data of the shapes that are strokes, for a cell with its top left at `(x, y)`.
///
/// The ends lie on the middle of the lines of the neighbouring cells.
fn stroke(c: char, x: usize, y: usize) -> Option<String> {
    let (right, bottom) = (x + CELL_WIDTH, y + CELL_HEIGHT);
    let rising = format!("M{x} {bottom}L{right} {y}");
    let falling = format!("M{x} {y}L{right} {bottom}");
    Some(match c {
        '╭' => format!(
            "M{x}.5 {bottom}V{}a3.5 3.5 0 0 1 3.5 -3.5",
            y + 11,
            x = x + 4
        ),
        '╮' => format!(
            "M{}.5 {bottom}V{}a3.5 3.5 0 0 0 -3.5 -3.5H{x}",
            x + 4,
            y + 11
        ),
        '╯' => format!("M{}.5 {y}v4a3.5 3.5 0 0 1 -3.5 3.5H{x}", x + 4),
        '╰' => format!("M{}.5 {y}v4a3.5 3.5 0 0 0 3.5 3.5", x + 4),
        '╱' => rising,
        '╲' => falling,
        '╳' => rising + &falling,
        _ => return None,
    })
}

fn rectangle(path: &mut String, patch: Patch) {
    let Patch {
        x,
        y,
        width,
        height,
    } = patch;
    let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
}

fn ground_rect(out: &mut String, field: Field) {
    let Patch {
        x,
        y,
        width,
        height,
    } = field.patch;
    let ink = hex(field.ink);
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{ink}\"/>"
    );
}

pub(super) fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(c),
        }
    }
}

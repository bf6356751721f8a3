//! Lines and words of a plot as pixels.

use super::super::{CELL_HEIGHT, CELL_WIDTH, Rgb, glyphs};
use super::strokes::Anchor;
use super::{DASH, INK, PIXELS, SIZE, width};

/// The picture as pixels, three bytes each, from the top left.
pub(super) struct Pixels {
    pub width: usize,
    pub height: usize,
    pub bytes: Vec<u8>,
}

impl Pixels {
    pub fn new() -> Self {
        let (width, height) = (SIZE.0 as usize * PIXELS, SIZE.1 as usize * PIXELS);
        Self {
            width,
            height,
            bytes: vec![0xff; width * height * 3],
        }
    }

    /// Lays ink over a pixel, so much of it as is covered.
    fn blend(&mut self, x: usize, y: usize, (r, g, b): Rgb, covered: f64) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        for (byte, ink) in self.bytes[at..at + 3].iter_mut().zip([r, g, b]) {
            let mixed = f64::from(*byte) * (1.0 - covered) + f64::from(ink) * covered;
            *byte = mixed.round() as u8;
        }
    }

    /// A line of a width, its edge as smooth as its distance to each pixel says. Where two pieces meet, a
    /// pixel takes the ink of the nearer one alone.
    pub fn line(&mut self, points: &[(f64, f64)], ink: Rgb, width: f64, dashed: bool) {
        let scale = PIXELS as f64;
        let half = width * scale / 2.0;
        let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x * scale, y * scale)).collect();
        let mut covered: std::collections::BTreeMap<(usize, usize), f64> = Default::default();
        let mut gone = 0.0;
        for two in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (two[0], two[1]);
            let length = (x1 - x0).hypot(y1 - y0);
            let reach = |a: f64, b: f64| {
                let low = (a.min(b) - half - 1.0).max(0.0) as usize;
                low..(a.max(b) + half + 2.0).max(0.0) as usize
            };
            for y in reach(y0, y1) {
                for x in reach(x0, x1) {
                    let (px, py) = (x as f64 + 0.5 - x0, y as f64 + 0.5 - y0);
                    let along = (px * (x1 - x0) + py * (y1 - y0)) / length.max(1e-9);
                    let near = along.clamp(0.0, length);
                    if dashed && ((gone + near) / (DASH * scale)) as usize % 2 == 1 {
                        continue;
                    }
                    let part = near / length.max(1e-9);
                    let far = (px - part * (x1 - x0)).hypot(py - part * (y1 - y0));
                    let cover = (half + 0.5 - far).clamp(0.0, 1.0);
                    if cover > 0.0 {
                        let most = covered.entry((x, y)).or_default();
                        *most = most.max(cover);
                    }
                }
            }
            gone += length;
        }
        for ((x, y), cover) in covered {
            self.blend(x, y, ink, cover);
        }
    }

    /// A field of colour, its edges as sharp as pixels are.
    pub fn field(&mut self, (left, top): (f64, f64), (wide, high): (f64, f64), ink: Rgb) {
        let at = |units: f64| (units * PIXELS as f64).round().max(0.0) as usize;
        for y in at(top)..at(top + high) {
            for x in at(left)..at(left + wide) {
                self.blend(x, y, ink, 1.0);
            }
        }
    }

    /// The pixels of a text that are ink, in units from its top left.
    fn ink(text: &str) -> Vec<(usize, usize)> {
        let letters = text.chars().enumerate();
        letters
            .flat_map(|(i, c)| {
                let bitmap = glyphs::bitmap(&c.to_string(), 1);
                let rows = bitmap.into_iter().enumerate();
                rows.flat_map(move |(y, row)| {
                    let left = i * CELL_WIDTH;
                    glyphs::pixels(row).map(move |x| (left + x, y))
                })
                .collect::<Vec<_>>()
            })
            .collect()
    }

    fn dot(&mut self, x: f64, y: f64) {
        let (x, y) = (x * PIXELS as f64, y * PIXELS as f64);
        if x < 0.0 || y < 0.0 {
            return;
        }
        for dy in 0..PIXELS {
            for dx in 0..PIXELS {
                self.blend(x as usize + dx, y as usize + dy, INK, 1.0);
            }
        }
    }

    /// A text whose letters stand on this height.
    pub fn words(&mut self, x: f64, y: f64, text: &str, anchor: Anchor) {
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width(text) / 2.0,
            Anchor::End => x - width(text),
        };
        let top = y - CELL_HEIGHT as f64 + 3.0;
        for (dx, dy) in Self::ink(text) {
            self.dot(left + dx as f64, top + dy as f64);
        }
    }

    pub fn upward(&mut self, x: f64, y: f64, text: &str) {
        let (left, below) = (x - CELL_HEIGHT as f64 + 3.0, y + width(text) / 2.0);
        for (dx, dy) in Self::ink(text) {
            self.dot(left + dy as f64, below - dx as f64);
        }
    }
}

//! Lines over two axes, for a page: with ticks, a legend and a mark, as SVG or as pixels. Both are drawn from
//! the same strokes and words.

use super::{CELL_HEIGHT, CELL_WIDTH, Rgb, glyphs, raster, svg};
use crate::task::number::significant;
use anyhow::{Result, ensure};
use std::fmt::Write as _;

/// Width and height, in user units of the SVG.
const SIZE: (f64, f64) = (720.0, 432.0);
/// What is left free around the axes: left, top, right, bottom.
const MARGIN: [f64; 4] = [76.0, 54.0, 20.0, 52.0];
/// Pixels of the PNG for one unit.
const PIXELS: usize = 2;
const INK: Rgb = (0x22, 0x22, 0x22);
const PALE: Rgb = (0xdd, 0xdd, 0xdd);
const PAPER: Rgb = (0xff, 0xff, 0xff);
/// Colours that people who do not tell red from green tell apart (Okabe and Ito).
const COLOURS: [Rgb; 7] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xe6, 0x9f, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x00, 0x00, 0x00),
];
/// Lengths of dash and gap of lines after the first round of colours.
const DASH: f64 = 6.0;

/// Lines over two axes.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Above it.
    pub title: String,
    /// What lies along, and whether on a logarithmic axis.
    pub x: (String, bool),
    /// What lies up, likewise.
    pub y: (String, bool),
    /// Their names and points; a line is broken where a number is not finite.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
    /// A place along, and what is there.
    pub mark: Option<(f64, String)>,
}

/// How a text stands at its place.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Something drawn.
enum Stroke {
    Line(Vec<(f64, f64)>, Rgb, f64, bool),
    Words(f64, f64, String, Anchor),
    /// From below to above, its middle here.
    Upward(f64, f64, String),
}

/// An axis: from value to place.
struct Ruler {
    log: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    ticks: Vec<f64>,
}

impl Ruler {
    fn new(values: impl Iterator<Item = f64>, log: bool, (from, to): (f64, f64)) -> Result<Self> {
        let fits = |value: &f64| value.is_finite() && (!log || *value > 0.0);
        let (low, high) = values
            .filter(fits)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        ensure!(
            low.is_finite(),
            "there is nothing to draw: no number{}",
            if log {
                " above zero for a logarithmic axis"
            } else {
                ""
            }
        );
        let (low, high) = match (low < high, log) {
            (true, _) => (low, high),
            (false, true) => (low / 2.0, high * 2.0),
            (false, false) => (low - 0.5, high + 0.5),
        };
        let mut ruler = Self {
            log,
            low,
            high,
            from,
            to,
            ticks: Vec::new(),
        };
        ruler.ticks = if log { ruler.decades() } else { ruler.round() };
        Ok(ruler)
    }

    /// Round numbers in equal steps, about five.
    fn round(&mut self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|one| one * power);
        let step = steps
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(power);
        let first = (self.low / step).floor() as i64;
        let last = (self.high / step - 1e-9).ceil() as i64;
        (self.low, self.high) = (first as f64 * step, last as f64 * step);
        (first..=last).map(|i| i as f64 * step).collect()
    }

    /// Powers of ten; where these are few, twice and five times them too.
    fn decades(&self) -> Vec<f64> {
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let decades = last - first;
        let within: &[f64] = if decades <= 3 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = (decades / 8).max(0) + 1;
        let all = (first..=last).filter(|power| (power - first) % every == 0);
        let all = all.flat_map(|power| within.iter().map(move |one| one * 10_f64.powi(power)));
        all.filter(|tick| (self.low..=self.high).contains(tick))
            .collect()
    }

    fn place(&self, value: f64) -> Option<f64> {
        let part = match self.log {
            true if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            true => return None,
            false => (value - self.low) / (self.high - self.low),
        };
        let place = self.from + part * (self.to - self.from);
        place.is_finite().then_some(place)
    }
}

impl Plot {
    /// As a vector graphic.
    ///
    /// # Errors
    /// When there is no number to draw.
    pub fn svg(&self) -> Result<String> {
        let (width, height) = SIZE;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\" \
             font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
            svg::hex(PAPER)
        );
        for stroke in self.strokes()? {
            match stroke {
                Stroke::Line(points, ink, width, dashed) => {
                    let points = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}"));
                    let points: Vec<String> = points.collect();
                    let dash = if dashed {
                        format!(" stroke-dasharray=\"{DASH}\"")
                    } else {
                        String::new()
                    };
                    let _ = writeln!(
                        out,
                        "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" \
                         stroke-linejoin=\"round\"{dash} points=\"{}\"/>",
                        svg::hex(ink),
                        points.join(" ")
                    );
                }
                Stroke::Words(x, y, text, anchor) => {
                    let anchor = match anchor {
                        Anchor::Start => "start",
                        Anchor::Middle => "middle",
                        Anchor::End => "end",
                    };
                    words(
                        &mut out,
                        &format!("x=\"{x:.1}\" y=\"{y:.1}\""),
                        anchor,
                        &text,
                    );
                }
                Stroke::Upward(x, y, text) => {
                    let place = format!("transform=\"translate({x:.1} {y:.1}) rotate(-90)\"");
                    words(&mut out, &place, "middle", &text);
                }
            }
        }
        out.push_str("</svg>\n");
        Ok(out)
    }

    /// As pixels.
    ///
    /// # Errors
    /// When there is no number to draw.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut pixels = Pixels::new();
        for stroke in self.strokes()? {
            match stroke {
                Stroke::Line(points, ink, width, dashed) => {
                    pixels.line(&points, ink, width, dashed);
                }
                Stroke::Words(x, y, text, anchor) => pixels.words(x, y, &text, anchor),
                Stroke::Upward(x, y, text) => pixels.upward(x, y, &text),
            }
        }
        raster::png(pixels.width, pixels.height, &pixels.bytes)
    }

    /// Everything to be drawn, the lowest first.
    fn strokes(&self) -> Result<Vec<Stroke>> {
        let [left, top, right, bottom] = MARGIN;
        let (right, bottom) = (SIZE.0 - right, SIZE.1 - bottom);
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let x = Ruler::new(points().map(|point| point.0), self.x.1, (left, right))?;
        let y = Ruler::new(points().map(|point| point.1), self.y.1, (bottom, top))?;
        let mut all = Vec::new();
        for tick in &x.ticks {
            let Some(at) = x.place(*tick) else { continue };
            all.push(Stroke::Line(
                vec![(at, top), (at, bottom)],
                PALE,
                1.0,
                false,
            ));
            let text = tick_name(*tick);
            all.push(Stroke::Words(at, bottom + 18.0, text, Anchor::Middle));
        }
        for tick in &y.ticks {
            let Some(at) = y.place(*tick) else { continue };
            all.push(Stroke::Line(
                vec![(left, at), (right, at)],
                PALE,
                1.0,
                false,
            ));
            let text = tick_name(*tick);
            all.push(Stroke::Words(left - 8.0, at + 4.5, text, Anchor::End));
        }
        let frame = vec![(left, top), (left, bottom), (right, bottom)];
        all.push(Stroke::Line(frame, INK, 1.2, false));
        self.draw_lines(&mut all, &x, &y);
        if let Some((value, words)) = &self.mark
            && let Some(at) = x.place(*value)
        {
            all.push(Stroke::Line(vec![(at, top), (at, bottom)], INK, 1.0, true));
            let (place, anchor) = match at < f64::midpoint(left, right) {
                true => (at + 6.0, Anchor::Start),
                false => (at - 6.0, Anchor::End),
            };
            all.push(Stroke::Words(place, top + 14.0, words.clone(), anchor));
        }
        self.legend(&mut all, left);
        let middle = f64::midpoint(left, right);
        all.push(Stroke::Words(
            middle,
            bottom + 40.0,
            self.x.0.clone(),
            Anchor::Middle,
        ));
        all.push(Stroke::Upward(
            18.0,
            f64::midpoint(top, bottom),
            self.y.0.clone(),
        ));
        all.push(Stroke::Words(left, 20.0, self.title.clone(), Anchor::Start));
        Ok(all)
    }

    fn draw_lines(&self, all: &mut Vec<Stroke>, x: &Ruler, y: &Ruler) {
        for (i, (_, points)) in self.lines.iter().enumerate() {
            let (ink, dashed) = look(i);
            let placed: Vec<Option<(f64, f64)>> = points
                .iter()
                .map(|(along, up)| Some((x.place(*along)?, y.place(*up)?)))
                .collect();
            for run in placed.split(Option::is_none) {
                let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
                if let [(x, y)] = run[..] {
                    let cross = [(x - 2.0, y), (x + 2.0, y)];
                    all.push(Stroke::Line(cross.to_vec(), ink, 4.0, false));
                } else if !run.is_empty() {
                    all.push(Stroke::Line(run, ink, 2.0, dashed));
                }
            }
        }
    }

    /// The lines' names in a row below the title, where there is more than one.
    fn legend(&self, all: &mut Vec<Stroke>, left: f64) {
        if self.lines.len() < 2 {
            return;
        }
        let mut at = left;
        for (i, (name, _)) in self.lines.iter().enumerate() {
            let (ink, dashed) = look(i);
            all.push(Stroke::Line(
                vec![(at, 37.0), (at + 22.0, 37.0)],
                ink,
                2.5,
                dashed,
            ));
            all.push(Stroke::Words(at + 28.0, 41.5, name.clone(), Anchor::Start));
            at += 28.0 + width(name) + 18.0;
        }
    }
}

/// A round number without zeros that say nothing: `200`, `0.1`, `1e-4`.
fn tick_name(tick: f64) -> String {
    let text = significant(tick, 4);
    let (digits, power) = match text.split_once('e') {
        Some((digits, power)) => (digits, format!("e{power}")),
        None => (text.as_str(), String::new()),
    };
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    format!("{digits}{power}")
}

/// The colour of a line, and whether it is dashed.
fn look(i: usize) -> (Rgb, bool) {
    (COLOURS[i % COLOURS.len()], i >= COLOURS.len())
}

fn words(out: &mut String, place: &str, anchor: &str, text: &str) {
    let _ = write!(
        out,
        "<text {place} text-anchor=\"{anchor}\" fill=\"{}\">",
        svg::hex(INK)
    );
    svg::escape(text, out);
    out.push_str("</text>\n");
}

/// How wide a text is, at most, in units.
fn width(text: &str) -> f64 {
    (text.chars().count() * CELL_WIDTH) as f64
}

/// The picture as pixels, three bytes each, from the top left.
struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn new() -> Self {
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
    fn line(&mut self, points: &[(f64, f64)], ink: Rgb, width: f64, dashed: bool) {
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
    fn words(&mut self, x: f64, y: f64, text: &str, anchor: Anchor) {
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

    fn upward(&mut self, x: f64, y: f64, text: &str) {
        let (left, below) = (x - CELL_HEIGHT as f64 + 3.0, y + width(text) / 2.0);
        for (dx, dy) in Self::ink(text) {
            self.dot(left + dy as f64, below - dx as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(log: bool) -> Plot {
        Plot {
            title: "loss & accuracy".to_owned(),
            x: ("step".to_owned(), log),
            y: ("value".to_owned(), log),
            lines: vec![
                (
                    "loss".to_owned(),
                    vec![(1.0, 3.0), (10.0, f64::NAN), (100.0, 0.01)],
                ),
                (
                    "a < b".to_owned(),
                    vec![(1.0, 0.1), (10.0, 0.5), (100.0, 1.0)],
                ),
            ],
            mark: Some((10.0, "here".to_owned())),
        }
    }

    #[test]
    fn axes_ticks_and_names_are_there_on_both_scales() {
        for log in [false, true] {
            let svg = plot(log).svg().unwrap_or_default();
            for text in [
                "loss &amp; accuracy",
                "a &lt; b",
                ">step<",
                ">value<",
                ">here<",
            ] {
                assert!(svg.contains(text), "{log}: no {text} in {svg}");
            }
            let ticks: &[&str] = if log { &["100", "0.01"] } else { &["100", "3"] };
            for tick in ticks {
                assert!(
                    svg.contains(&format!(">{tick}<")),
                    "{log}: no {tick} in {svg}"
                );
            }
            let png = plot(log).png().unwrap_or_default();
            assert!(png.starts_with(b"\x89PNG") && png.len() > 4000);
        }
    }

    #[test]
    fn what_has_no_number_is_an_error() {
        let mut empty = plot(true);
        for (_, points) in &mut empty.lines {
            points.iter_mut().for_each(|point| point.1 = -1.0);
        }
        assert!(empty.svg().is_err());
        empty.y.1 = false;
        assert!(empty.svg().is_ok());
    }
}

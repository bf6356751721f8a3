//! Lines over two axes, for a page: with ticks, a legend and a mark, as SVG or as pixels. Both are drawn from
//! the same strokes and words.

mod pixels;
mod ruler;

use super::{CELL_WIDTH, Rgb, raster, svg};
use crate::task::number::significant;
use anyhow::Result;
use pixels::Pixels;
use ruler::Ruler;
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

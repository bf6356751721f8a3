//! Lines, bars, points and fields of colour over two axes, for a page: with ticks, a legend and a mark, as SVG or
//! as pixels. Both are drawn from the same strokes and words.

mod pixels;
mod ruler;
mod strokes;

use super::{CELL_WIDTH, Rgb, raster, svg};
use crate::task::number::significant;
use anyhow::Result;
use pixels::Pixels;
use std::fmt::Write as _;
use strokes::{Anchor, Stroke, strokes};

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

/// What is drawn between two axes.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// Lines by name, with their points; a line is broken where a number is not finite.
    Lines(Vec<(String, Vec<(f64, f64)>)>),
    /// Named bars from 0.
    Bars(Vec<(String, f64)>),
    /// Named points; whether one unit is as long along as up.
    Points(Vec<(String, f64, f64)>, bool),
    /// A table as fields of colour.
    Cells(Cells),
}

/// A table as fields of colour.
#[derive(Clone, Debug)]
pub struct Cells {
    /// The rows' names.
    pub rows: Vec<String>,
    /// The columns' names.
    pub cols: Vec<String>,
    /// Row by row; nothing where there is no number.
    pub colours: Vec<Option<(u8, u8, u8)>>,
    /// The colours from the lower end of their scale to the upper one.
    pub bar: Vec<(u8, u8, u8)>,
    /// What these ends stand for.
    pub ends: (String, String),
}

/// A figure over two axes.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Above it.
    pub title: String,
    /// Below that, smaller things: what is held fixed; nothing where there is nothing to say.
    pub subtitle: String,
    /// What lies along, and whether on a logarithmic axis.
    pub x: (String, bool),
    /// What lies up, likewise.
    pub y: (String, bool),
    /// What stands between them.
    pub drawn: Drawn,
    /// A place along lines, and what is there.
    pub mark: Option<(f64, String)>,
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
        for stroke in strokes(self)? {
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
                Stroke::Field((x, y), (wide, high), ink) => {
                    let _ = writeln!(
                        out,
                        "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{wide:.2}\" height=\"{high:.2}\" \
                         fill=\"{}\" shape-rendering=\"crispEdges\"/>",
                        svg::hex(ink)
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
        for stroke in strokes(self)? {
            match stroke {
                Stroke::Line(points, ink, width, dashed) => {
                    pixels.line(&points, ink, width, dashed);
                }
                Stroke::Field(place, size, ink) => pixels.field(place, size, ink),
                Stroke::Words(x, y, text, anchor) => pixels.words(x, y, &text, anchor),
                Stroke::Upward(x, y, text) => pixels.upward(x, y, &text),
            }
        }
        raster::png(pixels.width, pixels.height, &pixels.bytes)
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
            subtitle: String::new(),
            x: ("step".to_owned(), log),
            y: ("value".to_owned(), log),
            drawn: Drawn::Lines(vec![
                (
                    "loss".to_owned(),
                    vec![(1.0, 3.0), (10.0, f64::NAN), (100.0, 0.01)],
                ),
                (
                    "a < b".to_owned(),
                    vec![(1.0, 0.1), (10.0, 0.5), (100.0, 1.0)],
                ),
            ]),
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
    fn what_is_held_fixed_stands_below_the_title() {
        let of = |subtitle: &str| {
            let plot = Plot {
                subtitle: subtitle.to_owned(),
                ..plot(false)
            };
            plot.svg().unwrap_or_default()
        };
        let svg = of("all else: as in the prompt: a_0=14 a_1=26");
        assert!(
            svg.contains(">all else: as in the prompt: a_0=14 a_1=26<"),
            "{svg}"
        );
        // of what is too long the beginning, in two lines
        let long = of(&"field=12 ".repeat(40));
        assert_eq!(long.matches(">field=12 ").count(), 2, "{long}");
        assert!(long.contains(" ...<"), "{long}");
    }

    #[test]
    fn what_has_no_number_is_an_error() {
        let none = vec![("loss".to_owned(), vec![(1.0, -1.0), (2.0, -2.0)])];
        let mut empty = Plot {
            drawn: Drawn::Lines(none),
            ..plot(true)
        };
        assert!(empty.svg().is_err());
        empty.y.1 = false;
        assert!(empty.svg().is_ok());
        for drawn in [
            Drawn::Bars(Vec::new()),
            Drawn::Points(Vec::new(), false),
            Drawn::Cells(Cells {
                rows: Vec::new(),
                cols: Vec::new(),
                colours: Vec::new(),
                bar: Vec::new(),
                ends: (String::new(), String::new()),
            }),
        ] {
            let empty = Plot {
                drawn,
                ..plot(false)
            };
            assert!(empty.png().is_err());
        }
    }

    /// Left, top, width and height of every field of a colour.
    fn fields(svg: &str, colour: &str) -> Vec<[f64; 4]> {
        let of_colour = svg
            .lines()
            .filter(|line| line.starts_with("<rect x=") && line.contains(colour));
        let number = |line: &str, name: &str| {
            let from = line.split(&format!(" {name}=\"")).nth(1);
            let text = from.and_then(|from| from.split('"').next());
            text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
        };
        let names = ["x", "y", "width", "height"];
        of_colour
            .map(|line| names.map(|name| number(line, name)))
            .collect()
    }

    /// The three that there have to be in the first colour.
    fn three(svg: &str) -> [[f64; 4]; 3] {
        let found = fields(svg, "#0072b2");
        assert_eq!(found.len(), 3, "{found:?}");
        [found[0], found[1], found[2]]
    }

    #[test]
    fn bars_are_as_high_as_their_numbers_and_go_both_ways() {
        let bars = [("a", 2.0), ("b", -1.0), ("c", f64::NAN), ("d", 4.0)];
        let bars = bars.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let svg = Plot {
            drawn: Drawn::Bars(bars),
            ..plot(false)
        };
        let svg = svg.svg().unwrap_or_default();
        let [a, b, d] = three(&svg);
        assert!((a[3] * 2.0 - d[3]).abs() < 0.02 && (b[3] * 4.0 - d[3]).abs() < 0.05);
        // what is negative hangs where the others stand
        assert!((a[1] + a[3] - b[1]).abs() < 0.02 && (d[1] + d[3] - b[1]).abs() < 0.02);
        assert!(
            ["a", "b", "c", "d"]
                .iter()
                .all(|name| svg.contains(&format!(">{name}<")))
        );
    }

    #[test]
    fn points_of_one_scale_keep_their_angles() {
        let corners = [("o", 0.0, 0.0), ("x", 1.0, 0.0), ("y", 0.0, 1.0)];
        let points = corners.map(|(name, x, y)| (name.to_owned(), x, y)).to_vec();
        let plot = Plot {
            drawn: Drawn::Points(points, true),
            ..plot(false)
        };
        let svg = plot.svg().unwrap_or_default();
        let [o, x, y] = three(&svg);
        let (along, up) = (x[0] - o[0], o[1] - y[1]);
        assert!(along > 50.0 && (along - up).abs() < 0.05, "{along} {up}");
    }

    #[test]
    fn every_cell_has_its_field_and_its_colour() {
        let colour = |i: u8| Some((i, 100, 200));
        let cells = Cells {
            rows: vec!["r0".into(), "r1".into()],
            cols: vec!["c0".into(), "c1".into(), "c2".into()],
            colours: vec![colour(1), colour(2), colour(3), colour(4), None, colour(6)],
            bar: vec![(0, 0, 0), (9, 9, 9)],
            ends: ("-1".into(), "1".into()),
        };
        let plot = Plot {
            drawn: Drawn::Cells(cells),
            ..plot(false)
        };
        let svg = plot.svg().unwrap_or_default();
        let place = |hex: &str| fields(&svg, hex)[0];
        let (first, last) = (place("#0164c8"), place("#0664c8"));
        assert!((first[0] + 2.0 * first[2] - last[0]).abs() < 0.02);
        assert!((first[1] + first[3] - last[1]).abs() < 0.02);
        assert!(fields(&svg, "#0564c8").is_empty());
        assert!(plot.png().is_ok_and(|png| png.len() > 2000));
    }
}

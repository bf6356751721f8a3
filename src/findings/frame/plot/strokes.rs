//! What a plot is drawn of: strokes, words and fields of colour, on axes.

use super::ruler::{Ruler, written};
use super::{COLOURS, Cells, Drawn, INK, MARGIN, PALE, Plot, SIZE, tick_name, width};
use crate::findings::frame::Rgb;
use anyhow::{Result, ensure};

/// How a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Something drawn.
pub(super) enum Stroke {
    Line(Vec<(f64, f64)>, Rgb, f64, bool),
    /// From its left and top, so wide and high.
    Field((f64, f64), (f64, f64), Rgb),
    Words(f64, f64, String, Anchor),
    /// From below to above, its middle here.
    Upward(f64, f64, String),
}

/// The corners that axes leave for what is drawn: left, top, right, bottom.
const INSIDE: [f64; 4] = [MARGIN[0], MARGIN[1], SIZE.0 - MARGIN[2], SIZE.1 - MARGIN[3]];
/// Room of the bar of colours, with its numbers.
const BAR: f64 = 84.0;
/// Names of values below an axis are so far apart at least.
const APART: f64 = 10.0;
/// What a name beside an axis takes of its height.
const ROW: f64 = 15.0;
/// From line to line below the title.
const LINE: f64 = 14.0;
/// Lines below the title at most.
const LINES: usize = 2;

impl Plot {
    /// What stands below the title, as far as there is room.
    fn below_title(&self) -> Vec<String> {
        let room = ((INSIDE[2] - INSIDE[0]) / width("0")) as usize;
        let mut lines = vec![String::new()];
        for word in self.subtitle.split_whitespace() {
            let line = lines.last().map_or(0, |line| line.chars().count());
            let more = word.chars().count();
            match lines.last_mut() {
                Some(last) if line == 0 => *last = word.to_owned(),
                Some(last) if line + 1 + more <= room => *last += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        if lines.len() > LINES {
            lines.truncate(LINES);
            let kept = lines[LINES - 1].chars().take(room - 4).collect::<String>();
            lines[LINES - 1] = kept + " ...";
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Where the title stands, and the names of lines: higher and lower where there is more between them.
    fn heights(&self) -> (f64, f64) {
        match self.below_title().len() as f64 {
            0.0 => (20.0, 41.5),
            lines => (LINE, (LINE * (lines + 2.0)).min(INSIDE[1] - 3.0)),
        }
    }
}

/// Everything to be drawn, the lowest first.
pub(super) fn strokes(plot: &Plot) -> Result<Vec<Stroke>> {
    let [left, top, right, bottom] = INSIDE;
    let mut all = Vec::new();
    let right = match &plot.drawn {
        Drawn::Cells(_) => right - BAR,
        _ => right,
    };
    match &plot.drawn {
        Drawn::Lines(lines) => {
            let points = || lines.iter().flat_map(|(_, points)| points);
            let x = Ruler::new(points().map(|point| point.0), plot.x.1, (left, right))?;
            let y = Ruler::new(points().map(|point| point.1), plot.y.1, (bottom, top))?;
            upright(&mut all, &x);
            across(&mut all, &y);
            curves(&mut all, lines, (&x, &y));
            mark(&mut all, plot.mark.as_ref(), &x);
            let names = lines.iter().map(|(name, _)| name.as_str());
            legend(&mut all, names.collect(), (left, plot.heights().1));
        }
        Drawn::Points(points, same) => {
            let (mut x, mut y) = (
                Ruler::new(points.iter().map(|point| point.1), plot.x.1, (left, right))?,
                Ruler::new(points.iter().map(|point| point.2), plot.y.1, (bottom, top))?,
            );
            if *same {
                Ruler::as_one(&mut x, &mut y);
            }
            upright(&mut all, &x);
            across(&mut all, &y);
            scattered(&mut all, points, (&x, &y));
        }
        Drawn::Bars(bars) => {
            ensure!(!bars.is_empty(), "there is nothing to draw: no number");
            let values = bars.iter().map(|bar| bar.1);
            let zero = (!plot.y.1).then_some(0.0);
            let y = Ruler::new(values.chain(zero), plot.y.1, (bottom, top))?;
            across(&mut all, &y);
            towers(&mut all, bars, &y);
        }
        Drawn::Cells(cells) => mosaic(&mut all, cells, right)?,
    }
    let frame = vec![(left, top), (left, bottom), (right, bottom)];
    all.push(Stroke::Line(frame, INK, 1.2, false));
    let along = Stroke::Words(
        f64::midpoint(left, right),
        bottom + 40.0,
        plot.x.0.clone(),
        Anchor::Middle,
    );
    all.push(along);
    let middle = f64::midpoint(top, bottom);
    all.push(Stroke::Upward(18.0, middle, plot.y.0.clone()));
    let (title, _) = plot.heights();
    all.push(Stroke::Words(
        left,
        title,
        plot.title.clone(),
        Anchor::Start,
    ));
    for (i, text) in plot.below_title().into_iter().enumerate() {
        let at = title + LINE * (i + 1) as f64;
        all.push(Stroke::Words(left, at, text, Anchor::Start));
    }
    Ok(all)
}

/// A line up from each tick.
fn upright(all: &mut Vec<Stroke>, x: &Ruler) {
    let [_, top, _, bottom] = INSIDE;
    for tick in &x.ticks {
        let Some(at) = x.place(*tick) else { continue };
        let line = vec![(at, top), (at, bottom)];
        all.push(Stroke::Line(line, PALE, 1.0, false));
        let text = tick_name(*tick);
        all.push(Stroke::Words(at, bottom + 18.0, text, Anchor::Middle));
    }
}

/// A line across from each tick.
fn across(all: &mut Vec<Stroke>, y: &Ruler) {
    let [left, _, right, _] = INSIDE;
    for tick in &y.ticks {
        let Some(at) = y.place(*tick) else { continue };
        let line = vec![(left, at), (right, at)];
        all.push(Stroke::Line(line, PALE, 1.0, false));
        let text = tick_name(*tick);
        all.push(Stroke::Words(left - 8.0, at + 4.5, text, Anchor::End));
    }
}

fn curves(all: &mut Vec<Stroke>, lines: &[(String, Vec<(f64, f64)>)], (x, y): (&Ruler, &Ruler)) {
    for (i, (_, points)) in lines.iter().enumerate() {
        let (ink, dashed) = look(i);
        let placed = points.iter();
        let placed = placed.map(|(along, up)| Some((x.place(*along)?, y.place(*up)?)));
        let placed: Vec<Option<(f64, f64)>> = placed.collect();
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

fn mark(all: &mut Vec<Stroke>, mark: Option<&(f64, String)>, x: &Ruler) {
    let [left, top, right, bottom] = INSIDE;
    let Some((value, words)) = mark else { return };
    let Some(at) = x.place(*value) else { return };
    let line = vec![(at, top), (at, bottom)];
    all.push(Stroke::Line(line, INK, 1.0, true));
    let (place, anchor) = match at < f64::midpoint(left, right) {
        true => (at + 6.0, Anchor::Start),
        false => (at - 6.0, Anchor::End),
    };
    all.push(Stroke::Words(place, top + 14.0, words.clone(), anchor));
}

/// The lines' names in a row below the title, where there is more than one.
fn legend(all: &mut Vec<Stroke>, names: Vec<&str>, (left, at_height): (f64, f64)) {
    if names.len() < 2 {
        return;
    }
    let mut at = left;
    for (i, name) in names.into_iter().enumerate() {
        let (ink, dashed) = look(i);
        let line = vec![(at, at_height - 4.5), (at + 22.0, at_height - 4.5)];
        all.push(Stroke::Line(line, ink, 2.5, dashed));
        let text = name.to_owned();
        all.push(Stroke::Words(at + 28.0, at_height, text, Anchor::Start));
        at += 28.0 + width(name) + 18.0;
    }
}

/// Points with their names, where one does not lie on another.
fn scattered(all: &mut Vec<Stroke>, points: &[(String, f64, f64)], (x, y): (&Ruler, &Ruler)) {
    let places = points
        .iter()
        .filter_map(|(_, along, up)| Some((x.place(*along)?, y.place(*up)?)));
    let mut taken: Vec<(f64, f64, f64)> = places.map(|(x, y)| (x - 1.0, x + 1.0, y)).collect();
    for (name, along, up) in points {
        let (Some(px), Some(py)) = (x.place(*along), y.place(*up)) else {
            continue;
        };
        all.push(Stroke::Field((px - 2.5, py - 2.5), (5.0, 5.0), COLOURS[0]));
        let (from, to) = (px + 5.0, px + 5.0 + width(name));
        let meets = |(left, right, base): &(f64, f64, f64)| {
            from < *right + 2.0 && to > *left - 2.0 && (py - base).abs() < 13.0
        };
        if !taken.iter().any(meets) {
            all.push(Stroke::Words(from, py + 4.5, name.clone(), Anchor::Start));
            taken.push((from, to, py));
        }
    }
}

/// Bars from 0, or from the lower end of a logarithmic axis.
fn towers(all: &mut Vec<Stroke>, bars: &[(String, f64)], y: &Ruler) {
    let [left, _, right, bottom] = INSIDE;
    let zero = y.place(0.0).unwrap_or(bottom);
    let slot = (right - left) / bars.len() as f64;
    for (i, (_, value)) in bars.iter().enumerate() {
        let Some(at) = y.place(*value) else { continue };
        let from = left + slot * (i as f64 + 0.1);
        let (top, high) = (at.min(zero), (at - zero).abs());
        all.push(Stroke::Field((from, top), (slot * 0.8, high), COLOURS[0]));
    }
    all.push(Stroke::Line(
        vec![(left, zero), (right, zero)],
        INK,
        1.0,
        false,
    ));
    let names = bars.iter().map(|bar| bar.0.as_str());
    below(all, &names.collect::<Vec<_>>(), (left, right));
}

/// Names below the slots that they belong to, round ones of whole numbers and as many as there is room for.
fn below(all: &mut Vec<Stroke>, names: &[&str], (left, right): (f64, f64)) {
    let bottom = INSIDE[3];
    let slot = (right - left) / names.len() as f64;
    // the first name may reach a little under those beside the other axis
    let mut free = left - MARGIN[2];
    for i in written(names, slot, |name| width(name) + APART) {
        let name = names[i];
        let (at, half) = (left + slot * (i as f64 + 0.5), width(name) / 2.0);
        if at - half >= free && at + half <= right + MARGIN[2] {
            let text = name.to_owned();
            all.push(Stroke::Words(at, bottom + 18.0, text, Anchor::Middle));
            free = at + half + APART;
        }
    }
}

/// A table as fields of colour, the names beside and below it, the bar of its colours at the right.
fn mosaic(all: &mut Vec<Stroke>, cells: &Cells, right: f64) -> Result<()> {
    let [left, top, _, bottom] = INSIDE;
    let (rows, cols) = (cells.rows.len(), cells.cols.len());
    ensure!(
        rows * cols > 0 && cells.colours.len() == rows * cols,
        "there is nothing to draw: no number"
    );
    let (wide, high) = ((right - left) / cols as f64, (bottom - top) / rows as f64);
    for (i, colour) in cells.colours.iter().enumerate() {
        let Some(colour) = colour else { continue };
        let place = (
            left + wide * (i % cols) as f64,
            top + high * (i / cols) as f64,
        );
        all.push(Stroke::Field(place, (wide, high), *colour));
    }
    let names: Vec<&str> = cells.cols.iter().map(String::as_str).collect();
    below(all, &names, (left, right));
    let mut free = top - APART;
    let rows: Vec<&str> = cells.rows.iter().map(String::as_str).collect();
    for i in written(&rows, high, |_| ROW) {
        let at = top + high * (i as f64 + 0.5);
        if at - 7.0 >= free {
            let text = cells.rows[i].clone();
            all.push(Stroke::Words(left - 8.0, at + 4.5, text, Anchor::End));
            free = at + 8.0;
        }
    }
    let steps = cells.bar.len() as f64;
    for (i, colour) in cells.bar.iter().rev().enumerate() {
        let place = (right + 18.0, top + (bottom - top) * i as f64 / steps);
        let size = (14.0, (bottom - top) / steps);
        all.push(Stroke::Field(place, size, *colour));
    }
    let ends = [(bottom, &cells.ends.0), (top + 10.0, &cells.ends.1)];
    for (at, text) in ends {
        all.push(Stroke::Words(right + 36.0, at, text.clone(), Anchor::Start));
    }
    Ok(())
}

/// The colour of a line, and whether it is dashed.
fn look(i: usize) -> (Rgb, bool) {
    (COLOURS[i % COLOURS.len()], i >= COLOURS.len())
}

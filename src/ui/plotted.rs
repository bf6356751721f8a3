//! Which figure over two axes an answer is, for a page: lines, bars, points or fields of colour.

use super::figure;
use super::look::Look;
use super::rgb::Rgb;
use crate::answers::{ALL_ELSE, Alike, Geometry, Many, NOTHING_ELSE, Question, Table};
use crate::findings::frame::{Cells, Drawn, Plot};
use crate::task::number::significant;

/// Colours of the bar beside fields.
const BAR: usize = 64;
/// Rows that a table of one axis has at least to be a line.
const LEAST: usize = 3;

/// The figure of an answer; `None` where it is a table and no figure.
#[must_use]
pub fn plotted(question: &Question, table: &Table, column: usize, look: &Look) -> Option<Plot> {
    let axis = |i: usize| table.axes.get(i).cloned().unwrap_or_default();
    let column = column.min(table.cols.len().saturating_sub(1));
    let named = table.cols.get(column).cloned().unwrap_or_default();
    let (x, y, drawn) = match question {
        Question::Curves(_) => ("step".to_owned(), one(&table.cols), lines(table)?),
        Question::Weights(Geometry::Pca(_)) => (
            table.cols.first().cloned().unwrap_or_default(),
            table.cols.get(column.max(1)).cloned().unwrap_or_default(),
            points(table, column.max(1), true),
        ),
        Question::Many(Many::Scatter { quantities, .. }) => {
            let [across, up] = quantities.clone();
            // two numbers of their own units, of inputs that have no names here
            (across, up, points(table, 1, false))
        }
        Question::Weights(Geometry::Fan(_)) => ("x".into(), "y".into(), points(table, 1, true)),
        Question::Many(Many::Map { by, .. }) if by.len() == 1 => {
            let drawn = lines(table).unwrap_or_else(|| bars(table, column));
            (axis(0), one(&table.cols), drawn)
        }
        Question::Many(Many::Groups { .. }) => {
            let mean = table.cols.iter().position(|name| name == "mean");
            let column = mean.unwrap_or(column);
            (axis(0), table.cols[column].clone(), bars(table, column))
        }
        Question::Attribution { .. } | Question::Variants(_) => {
            (String::new(), named, bars(table, column))
        }
        _ if table.axes.len() == 1 && table.rows.len() >= LEAST => {
            (axis(0), named, bars(table, column))
        }
        _ if question.alike() == Alike::All && table.cols.len() >= LEAST => {
            (axis(1), axis(0), Drawn::Cells(cells(table, look)))
        }
        _ => return None,
    };
    Some(Plot {
        title: table.title.clone(),
        subtitle: fixed(table),
        x: (x, table.log.x),
        y: (y, table.log.y && !matches!(drawn, Drawn::Cells(_))),
        drawn,
        mark: None,
    })
}

/// What all else is, where the answer says that.
fn fixed(table: &Table) -> String {
    let mut notes = table.notes.iter();
    let note = notes.find(|(name, words)| name == ALL_ELSE && words != NOTHING_ELSE);
    note.map_or_else(String::new, |(name, words)| format!("{name}: {words}"))
}

/// The one name there is.
fn one(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        _ => String::new(),
    }
}

fn value(table: &Table, row: usize, column: usize) -> f64 {
    f64::from(table.values.get(&[row, column]).unwrap_or(f32::NAN))
}

/// All columns over the numbers that the rows are named by.
fn lines(table: &Table) -> Option<Drawn> {
    let xs = table.row_numbers()?;
    let line = |(column, name): (usize, &String)| {
        let points = xs.iter().enumerate();
        let points = points.map(|(row, &x)| (x, value(table, row, column)));
        (name.clone(), points.collect())
    };
    Some(Drawn::Lines(
        table.cols.iter().enumerate().map(line).collect(),
    ))
}

fn bars(table: &Table, column: usize) -> Drawn {
    let rows = table.rows.iter().enumerate();
    Drawn::Bars(
        rows.map(|(row, name)| (name.clone(), value(table, row, column)))
            .collect(),
    )
}

/// The first column across, another one up; with names and one unit as long either way where the two are directions of one
/// space.
fn points(table: &Table, up: usize, of_one_space: bool) -> Drawn {
    let rows = table.rows.iter().enumerate();
    let points = rows.map(|(row, name)| {
        let name = if of_one_space { name.as_str() } else { "" };
        (name.to_owned(), value(table, row, 0), value(table, row, up))
    });
    Drawn::Points(points.collect(), of_one_space)
}

fn cells(table: &Table, look: &Look) -> Cells {
    let scale = figure::scale(table);
    let colour = |fraction: f64| {
        let Rgb(red, green, blue) = scale.colour(look, fraction);
        (red, green, blue)
    };
    let colours = table.values.values().iter().map(|&value| {
        let known = value.is_finite();
        known.then(|| colour(scale.fraction(value)))
    });
    let (low, high, first) = scale.ends();
    let step = |i: usize| colour(first + (1.0 - first) * i as f64 / (BAR - 1) as f64);
    Cells {
        rows: table.rows.clone(),
        cols: table.cols.clone(),
        colours: colours.collect(),
        bar: (0..BAR).map(step).collect(),
        ends: (significant(low, 3), significant(high, 3)),
    }
}

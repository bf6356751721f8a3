//! What interventions change in an answer: the patched run's table minus the base run's.

use super::table::{Layer, STANDARD_ERROR, Table};
use crate::lens::numbers::array::Array;

/// Stands behind the name of a row that an intervention takes away.
pub(super) const OFF: &str = " (off)";

/// One axis of two tables: the names of both, and where each has them.
struct Axis {
    names: Vec<String>,
    own: Vec<Option<usize>>,
    base: Vec<Option<usize>>,
}

impl Axis {
    fn new(own: &[String], base: &[String]) -> Self {
        let same = |a: &String, b: &String| a.trim_end_matches(OFF) == b.trim_end_matches(OFF);
        let more = base.iter();
        let more = more.filter(|name| !own.iter().any(|one| same(one, name)));
        let names: Vec<String> = own.iter().chain(more).cloned().collect();
        let places = |of: &[String]| {
            let place = |name: &String| of.iter().position(|one| same(one, name));
            names.iter().map(place).collect()
        };
        Self {
            own: places(own),
            base: places(base),
            names,
        }
    }
}

/// A cell's difference; what is masked in both stays masked.
fn cell(a: f32, b: f32) -> f32 {
    if a == b && a.is_infinite() { a } else { a - b }
}

impl Table {
    /// This minus the base's answer to the same question, cell by cell. A row or column that only
    /// one of them has is nothing in the other.
    #[must_use]
    pub fn minus(&self, base: &Self) -> Self {
        let rows = Axis::new(&self.rows, &base.rows);
        let cols = Axis::new(&self.cols, &base.cols);
        let value = |values: &Array, row: Option<usize>, col: Option<usize>| {
            let place = row.zip(col);
            place.map_or(0.0, |(i, j)| values.get(&[i, j]).unwrap_or(0.0))
        };
        let minus = |own: &Array, base: &Array| {
            Array::from_fn([rows.names.len(), cols.names.len()], |i, j| {
                let own = value(own, rows.own[i], cols.own[j]);
                cell(own, value(base, rows.base[i], cols.base[j]))
            })
        };
        // how far the difference may be off does not follow from how far its two ends may
        let beside = self.beside.iter().zip(&base.beside);
        let beside = beside.filter(|(layer, _)| layer.name != STANDARD_ERROR);
        let beside = beside.map(|(layer, base)| Layer {
            name: layer.name.clone(),
            values: minus(&layer.values, &base.values),
        });
        let own = rows.own.iter();
        let places = own.flat_map(|row| cols.own.iter().map(move |col| row.zip(*col)));
        let pointed = places.map(|place| {
            let (row, col) = place?;
            self.intervention(row, col).cloned()
        });
        Self {
            sections: self.sections.clone(),
            log: self.log,
            title: self.title.clone(),
            values: minus(&self.values, &base.values),
            signed: true,
            name: self.name.clone(),
            beside: beside.collect(),
            flagged: Vec::new(),
            cells: pointed.collect(),
            notes: notes(&self.notes, &base.notes),
            axes: self.axes.clone(),
            inputs: if self.rows == base.rows && self.cols == base.cols {
                self.inputs.clone()
            } else {
                Vec::new()
            },
            rows: rows.names,
            cols: cols.names,
        }
    }
}

/// The notes, with the base's beside them where they say something else.
fn notes(own: &[(String, String)], base: &[(String, String)]) -> Vec<(String, String)> {
    let told = |(name, value): &(String, String)| {
        let other = base.iter().find(|(other, _)| other == name);
        let told = match other {
            Some((_, base)) if base != value => format!("{value}, base {base}"),
            // else a number would stand beside a table of zeros as if it were their sum
            Some(_) if value.parse::<f64>().is_ok() => format!("{value} in both"),
            _ => value.clone(),
        };
        (name.clone(), told)
    };
    own.iter().map(told).collect()
}

//! How far the mean over another sample may be from that over this one: what each run answers by
//! itself, and how much these answers differ.

use super::answer::{self, Asked};
use super::question::Question;
use super::table::{Layer, STANDARD_ERROR, Table};
use crate::lens::exact::view::RunView;
use crate::lens::numbers::array::Array;
use crate::lens::runs::many::fold_runs;
use crate::task::Estimate;
use anyhow::{Context, Result};

/// For each cell of a table, sum and sum of squares over runs; and how many runs.
struct Sums {
    runs: u64,
    cells: Vec<(f64, f64)>,
}

impl Sums {
    fn zeros(cells: usize) -> Self {
        Self {
            runs: 0,
            cells: vec![(0.0, 0.0); cells],
        }
    }

    /// Adds a run's answer. A row that it has not is nothing in it, one that only it has is in no
    /// mean of ours.
    fn add(&mut self, rows: &[String], one: &Table) {
        self.runs += 1;
        let width = one.cols.len();
        for (i, name) in one.rows.iter().enumerate() {
            let same = rows.get(i) == Some(name);
            let at = same.then_some(i);
            let Some(row) = at.or_else(|| rows.iter().position(|row| row == name)) else {
                continue;
            };
            for (col, &value) in one.values.slice(&[i]).iter().enumerate() {
                let (sum, squares) = &mut self.cells[row * width + col];
                *sum += f64::from(value);
                *squares += f64::from(value).powi(2);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        for (to, from) in self.cells.iter_mut().zip(&other.cells) {
            to.0 += from.0;
            to.1 += from.1;
        }
    }

    fn error(&self, cell: usize) -> f32 {
        let (sum, squares) = self.cells[cell];
        Estimate::of(self.runs, sum, squares).standard_error as f32
    }
}

/// A mean over the sample with the standard error of each of its cells beside it.
pub(super) fn with_errors(
    asked: Asked<'_>,
    question: &Question,
    mut table: Table,
) -> Result<Table> {
    let single = question.of_one_run();
    let (rows, cells) = (&table.rows, table.values.values().len());
    let mut all = Sums::zeros(cells);
    asked.over_sample(|examples| {
        let part = |runs: &[RunView]| {
            let mut sums = Sums::zeros(cells);
            for run in runs {
                let one = answer::table(Asked { run, ..asked }, &single)?;
                sums.add(rows, &one.context("a mean takes one step")?);
            }
            Ok(sums)
        };
        fold_runs(asked.model, examples, part, |sums| all.merge(&sums))
    })?;
    let own = table.values.values().iter().enumerate();
    let errors = own.map(|(i, &value)| {
        if value.is_finite() {
            all.error(i)
        } else {
            value
        }
    });
    let errors = Array::from_values(table.values.shape().to_vec(), errors.collect());
    if table.name.is_empty() {
        table.name = "mean".to_owned();
    }
    table.beside.push(Layer {
        name: STANDARD_ERROR.to_owned(),
        values: errors,
    });
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run may have its rows in another order, and some of its own.
    #[test]
    fn a_row_is_known_by_its_name() {
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let one = |rows: &[&str], values: &[f32]| Table {
            rows: names(rows),
            cols: names(&["x"]),
            values: Array::from_values(vec![rows.len(), 1], values.to_vec()),
            ..Table::default()
        };
        let rows = names(&["a", "b", "c"]);
        let mut sums = Sums::zeros(3);
        sums.add(&rows, &one(&["a", "b", "c"], &[1.0, 10.0, 100.0]));
        sums.add(&rows, &one(&["b", "other", "a"], &[12.0, 7.0, 3.0]));
        assert_eq!(sums.cells, [(4.0, 10.0), (22.0, 244.0), (100.0, 10_000.0)]);
        // two values 2 apart: their standard error is 1
        assert_eq!((sums.error(0), sums.error(1)), (1.0, 1.0));
    }
}

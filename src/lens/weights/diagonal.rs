//! Whether a circuit copies: the diagonal of its table against what stands beside it.

use super::circuit::Circuit;
use crate::task::number::{fixed, significant};
use serde::Serialize;

/// Mean and ends of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let nothing = (0u32, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        let (n, sum, min, max) = values.fold(nothing, |(n, sum, min, max), value| {
            (n + 1, sum + value, value.min(min), value.max(max))
        });
        let mean = sum / f64::from(n);
        Self { mean, min, max }
    }
}

/// A row whose largest value does not stand in its own column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// Its name.
    pub row: String,
    /// The column where its largest other value stands.
    pub largest: String,
    /// Their numbers.
    #[serde(skip)]
    pub cell: [usize; 2],
}

/// The diagonal of a table whose rows and columns run over the same; of tokens the numbers count,
/// not BOS and newline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagonal {
    /// How many cells it has.
    pub rows: usize,
    /// Its values.
    pub on: Spread,
    /// The values beside it in its rows, in all columns.
    pub off: Spread,
    /// The fraction of rows whose largest value stands on it.
    pub top1: f64,
    /// How much it exceeds the largest other value of its row, where that is least.
    pub smallest_margin: f64,
    /// That row.
    pub smallest_margin_row: String,
    /// The rows in which it does not exceed all others.
    pub failing: Vec<Failing>,
}

impl Circuit {
    /// The diagonal; `None` where rows and columns are different things.
    #[must_use]
    pub fn diagonal(&self) -> Option<Diagonal> {
        let common = self.common()?;
        let value =
            |row: usize, col: usize| f64::from(self.values.get(&[row, col]).unwrap_or(f32::NAN));
        // a query's later keys are looked at by nothing
        let beside = |row: usize| {
            let all = (0..self.cols.len()).filter(move |&col| col != row);
            all.filter(move |&col| !self.looks_back || col <= row)
        };
        let off = (0..common).flat_map(|row| beside(row).map(move |col| (row, col)));
        let best_other = |row: usize| {
            let others = beside(row);
            others.max_by(|&a, &b| value(row, a).total_cmp(&value(row, b)))
        };
        let rows = (0..common).filter_map(|row| Some((row, best_other(row)?)));
        let margin = |(row, other): (usize, usize)| value(row, row) - value(row, other);
        let least = rows
            .clone()
            .min_by(|&a, &b| margin(a).total_cmp(&margin(b)))?;
        let failing = rows.filter(|&cell| margin(cell) <= 0.0 || margin(cell).is_nan());
        let failing: Vec<Failing> = failing
            .map(|(row, other)| Failing {
                row: self.rows[row].clone(),
                largest: self.cols[other].clone(),
                cell: [row, other],
            })
            .collect();
        Some(Diagonal {
            rows: common,
            on: Spread::of((0..common).map(|row| value(row, row))),
            off: Spread::of(off.map(|(row, col)| value(row, col))),
            top1: (common - failing.len()) as f64 / common as f64,
            smallest_margin: margin(least),
            smallest_margin_row: self.rows[least.0].clone(),
            failing,
        })
    }
}

impl Diagonal {
    /// What counts most of it, in a few words.
    #[must_use]
    pub fn in_short(&self) -> String {
        let right = self.rows - self.failing.len().min(self.rows);
        let margin = significant(self.smallest_margin, 3);
        format!("top-1 {right}/{}, smallest margin {margin}", self.rows)
    }

    /// What it tells, in names and words; so many failing rows are named.
    #[must_use]
    pub fn words(&self, most: usize) -> Vec<(&'static str, String)> {
        let spread = |of: &Spread| {
            let [mean, min, max] = [of.mean, of.min, of.max].map(|x| fixed(x, 4));
            format!("mean {mean} ({min} to {max})")
        };
        let margin = fixed(self.smallest_margin, 4);
        vec![
            ("diagonal", spread(&self.on)),
            ("off the diagonal", spread(&self.off)),
            (
                "smallest margin",
                format!("{margin} at {}", self.smallest_margin_row),
            ),
            ("failing rows", self.failing_words(most)),
        ]
    }

    fn failing_words(&self, most: usize) -> String {
        let told = self.failing.iter().take(most);
        let told = told.map(|one| format!("{} ({} is larger)", one.row, one.largest));
        let told: Vec<String> = told.collect();
        match self.failing.len() {
            0 => format!("none of {}", self.rows),
            n if n > most => format!("{n} of {}: {}, ...", self.rows, told.join(", ")),
            n => format!("{n} of {}: {}", self.rows, told.join(", ")),
        }
    }
}

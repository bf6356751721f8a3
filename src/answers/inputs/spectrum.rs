//! The frequencies of a map: along one field, or along two at once.

use super::map::Map;
use super::places::Asked;
use super::{Extent, Stepwise};
use crate::answers::spectrum::{along_rows, constant, largest, without_frequencies};
use crate::answers::table::Table;
use crate::lens::{Array, Matrix, fourier};
use anyhow::{Result, ensure};

/// Longer axes take too many products.
const LONGEST: usize = 1024;

struct Spectrum(Map);

pub(super) fn begin(
    asked: &Asked,
    quantity: &str,
    by: &[usize],
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    for &slot in by {
        let field = &asked.task.slots[slot];
        ensure!(
            field.values.len() <= LONGEST,
            "{} has more than {LONGEST} values",
            field.name
        );
    }
    let quantities = [quantity.to_owned()];
    Ok(Box::new(Spectrum(Map::new(asked, &quantities, by, over)?)))
}

impl Stepwise for Spectrum {
    fn step(&mut self) -> Result<bool> {
        self.0.step()
    }

    fn table(&self) -> Table {
        let [rows, cols] = self.0.axes.shape();
        let values = self.0.values(super::stat::Stat::mean);
        let values = Matrix::from_fn(rows, cols, |i, j| {
            f64::from(values.get(&[i, j]).unwrap_or(f32::NAN))
        });
        let mut notes = self.0.notes();
        notes.retain(|(name, _)| !matches!(name.as_str(), "mean" | "least" | "largest" | "at"));
        let fields = self.0.axes.fields();
        let missing = without_frequencies(&values).map(|why| ("frequencies".to_owned(), why));
        if cols == 1 {
            let mut table = along_rows(&values, fields[0]);
            table.notes.splice(0..0, missing);
            table.notes.extend(notes);
            return table;
        }
        let power = both_ways(&values);
        let total: f64 = power.iter().skip(1).sum();
        let [height, width] = [rows, cols].map(fourier::frequencies);
        let share = |i: usize, j: usize| {
            let constant = i == 0 && j == 0;
            if constant {
                f64::NAN
            } else {
                power[i * width + j] / total
            }
        };
        let names: Vec<String> = (0..height * width)
            .map(|at| format!("{} {}, {} {}", fields[0], at / width, fields[1], at % width))
            .collect();
        let shares: Vec<f64> = (0..height * width)
            .map(|at| share(at / width, at % width))
            .collect();
        let first = [
            ("largest".into(), largest(&names, &shares)),
            ("constant".into(), constant(power[0])),
        ];
        notes.splice(0..0, missing.into_iter().chain(first));
        notes.push((
            "shares".into(),
            "of the sum of squares around the mean".into(),
        ));
        Table {
            rows: (0..height).map(|k| k.to_string()).collect(),
            cols: (0..width).map(|k| k.to_string()).collect(),
            values: Array::from_fn([height, width], |i, j| share(i, j) as f32),
            axes: fields
                .iter()
                .map(|field| format!("frequency of {field}"))
                .collect(),
            // shares of very many are small: the largest has the strongest colour
            signed: false,
            notes,
            ..Table::default()
        }
    }
}

/// The power of each pair of frequencies, rows first, `[along rows, along columns]`.
fn both_ways(values: &Matrix) -> Vec<f64> {
    let [height, width] = [values.nrows(), values.ncols()].map(fourier::frequencies);
    let mut all = Vec::with_capacity(height * width);
    for k in 0..height {
        // the coefficients along the rows are two rows to go along again
        let [cos, sin] = fourier::coefficients(values, k);
        let both = Matrix::from_fn(cos.len(), 2, |j, which| [&cos, &sin][which][j]);
        all.extend(fourier::powers(&both));
    }
    all
}

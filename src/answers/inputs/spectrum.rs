//! The frequencies of a map: along one field, or along two at once.

use super::map::Map;
use super::places::Asked;
use super::{Extent, Stepwise};
use crate::answers::spectrum::{along_rows, by_size, constant, largest, without_frequencies};
use crate::answers::table::Table;
use crate::lens::{Array, Matrix, fourier};
use crate::task::number::{fixed, significant};
use anyhow::{Result, ensure};

/// Longer axes take too many products.
const LONGEST: usize = 1024;

/// Pairs of frequencies that are looked at for waves, and as many waves are told; the least share of one.
const PAIRS: usize = 4;
const LEAST: f64 = 0.001;

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
            (
                "waves".into(),
                waves(&values, [fields[0], fields[1]], &shares),
            ),
            ("largest".into(), largest(&names, &shares)),
            ("constant".into(), constant(power[0])),
        ];
        notes.splice(0..0, missing.into_iter().chain(first));
        notes.extend([
            (
                "shares".into(),
                "of the sum of squares around the mean".into(),
            ),
            (
                "wave".into(),
                "cos(44 a - 1.5) is cos(2 pi 44 a / n - 1.5), its phase in radians".into(),
            ),
        ]);
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

/// The few largest pairs of frequencies as what they are made of: waves along the sum and along the difference,
/// with their phases and shares.
fn waves(values: &Matrix, fields: [&str; 2], shares: &[f64]) -> String {
    let width = fourier::frequencies(values.ncols());
    let pairs = by_size(shares).into_iter().filter(|&at| shares[at] > 0.0);
    let pairs = pairs.take(PAIRS);
    let mut waves: Vec<(f64, String)> = Vec::new();
    for at in pairs {
        let (k, l) = (at / width, at % width);
        let [cos, sin] = fourier::coefficients(&along_first(values, k), l);
        // how much there is of cos cos, sin cos, cos sin and sin sin
        let ([cc, sc], [cs, ss]) = ([cos[0], cos[1]], [sin[0], sin[1]]);
        let along = match (k, l) {
            (0, _) => vec![(format!("{l} {}", fields[1]), [cc, cs])],
            (_, 0) => vec![(format!("{k} {}", fields[0]), [cc, sc])],
            _ => [("+", [cc - ss, sc + cs]), ("-", [cc + ss, sc - cs])]
                .map(|(sign, parts)| {
                    let angle = format!("{k} {} {sign} {l} {}", fields[0], fields[1]);
                    (angle, parts)
                })
                .into(),
        };
        let square = |[x, y]: [f64; 2]| x * x + y * y;
        let total: f64 = along.iter().map(|(_, parts)| square(*parts)).sum();
        for (angle, parts) in along {
            let share = shares[at] * square(parts) / total;
            let phase = parts[1].atan2(parts[0]);
            let sign = if phase < 0.0 { '+' } else { '-' };
            let phase = fixed(phase.abs(), 3);
            let share_words = significant(share, 3);
            waves.push((share, format!("cos({angle} {sign} {phase}): {share_words}")));
        }
    }
    waves.retain(|(share, _)| *share >= LEAST);
    waves.sort_by(|a, b| b.0.total_cmp(&a.0));
    waves.truncate(PAIRS);
    let told: Vec<String> = waves.into_iter().map(|(_, words)| words).collect();
    told.join("; ")
}

/// The power of each pair of frequencies, rows first, `[along rows, along columns]`.
fn both_ways(values: &Matrix) -> Vec<f64> {
    let [height, width] = [values.nrows(), values.ncols()].map(fourier::frequencies);
    let mut all = Vec::with_capacity(height * width);
    for k in 0..height {
        all.extend(fourier::powers(&along_first(values, k)));
    }
    all
}

/// The coefficients of a frequency along the rows: two columns, to go along again.
fn along_first(values: &Matrix, k: usize) -> Matrix {
    let [cos, sin] = fourier::coefficients(values, k);
    Matrix::from_fn(cos.len(), 2, |j, which| [&cos, &sin][which][j])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// What is put together from waves is told as these waves.
    #[test]
    fn a_map_is_the_waves_that_it_was_made_of() {
        let n = 11;
        let turn = |k: usize, x: usize| TAU * (k * x) as f64 / n as f64;
        let values = Matrix::from_fn(n, n, |a, b| {
            4.0 + 3.0 * (turn(3, a) + turn(5, b) - 0.7).cos()
                + 2.0 * (turn(3, a) - turn(5, b) + 1.25).cos()
                + (turn(2, b) - 2.0).cos()
        });
        let power = both_ways(&values);
        let total: f64 = power.iter().skip(1).sum();
        let mut shares: Vec<f64> = power.iter().map(|power| power / total).collect();
        shares[0] = f64::NAN;
        assert_eq!(
            waves(&values, ["a", "b"], &shares),
            "cos(3 a + 5 b - 0.700): 0.643; cos(3 a - 5 b + 1.250): 0.286; cos(2 b - 2.000): 0.0714"
        );
    }
}

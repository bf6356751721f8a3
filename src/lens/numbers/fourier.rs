//! The discrete Fourier transform along the rows of a table: what a sum of waves it is.
//!
//! The basis is real and orthonormal: a constant, and for each frequency `k` up to half the length a cosine
//! and a sine of `k` turns. So the powers of all frequencies add up to the sum of squares.

use super::algebra::Matrix;
use std::f64::consts::TAU;

/// The frequencies that a table of so many rows has, the constant's 0 among them.
#[must_use]
pub fn frequencies(rows: usize) -> usize {
    rows / 2 + 1
}

/// The orthonormal cosine and sine of a frequency, `[2, rows]`; the sine is 0 for the constant and, where the
/// length is even, for the last.
#[must_use]
pub fn waves(rows: usize, k: usize) -> [Vec<f64>; 2] {
    let n = rows as f64;
    let alone = k == 0 || 2 * k == rows;
    let size = (if alone { 1.0 } else { 2.0 } / n).sqrt();
    // whole turns are taken off first: angles of thousands of turns lose digits
    let angle = |i: usize| TAU * ((i * k) % rows.max(1)) as f64 / n;
    let cos = (0..rows).map(|i| size * angle(i).cos()).collect();
    let sin = (0..rows).map(|i| if alone { 0.0 } else { size * angle(i).sin() });
    [cos, sin.collect()]
}

/// A table's coefficients at a frequency, `[2, columns]`: along the cosine and along the sine.
#[must_use]
pub fn coefficients(table: &Matrix, k: usize) -> [Vec<f64>; 2] {
    waves(table.nrows(), k).map(|wave| {
        let along = |j: usize| (0..table.nrows()).map(|i| wave[i] * table[(i, j)]).sum();
        (0..table.ncols()).map(along).collect()
    })
}

/// The power of each frequency: the sum of squares of a table's coefficients.
#[must_use]
pub fn powers(table: &Matrix) -> Vec<f64> {
    let power = |k| {
        let both = coefficients(table, k);
        both.iter().flatten().map(|x| x * x).sum()
    };
    (0..frequencies(table.nrows())).map(power).collect()
}

/// The part of a table that is made of some frequencies.
#[must_use]
pub fn kept(table: &Matrix, frequencies: &[usize]) -> Matrix {
    let mut part = Matrix::zeros(table.nrows(), table.ncols());
    for &k in frequencies {
        let waves = waves(table.nrows(), k);
        for (wave, along) in waves.iter().zip(coefficients(table, k)) {
            for (j, along) in along.iter().enumerate() {
                for (i, wave) in wave.iter().enumerate() {
                    part[(i, j)] += wave * along;
                }
            }
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize) -> Matrix {
        Matrix::from_fn(rows, 3, |i, j| {
            ((i * 7 + j * 3) % 11) as f64 - 4.0 + (i as f64 * 0.3).sin()
        })
    }

    #[test]
    fn the_powers_add_up_to_the_sum_of_squares() {
        for rows in [1, 2, 7, 12, 113] {
            let table = table(rows);
            let all: f64 = (0..rows)
                .flat_map(|i| (0..3).map(move |j| (i, j)))
                .map(|at| table[at] * table[at])
                .sum();
            let sum: f64 = powers(&table).iter().sum();
            assert!((all - sum).abs() < 1e-9 * all.max(1.0), "{rows}");
        }
    }

    #[test]
    fn all_frequencies_together_are_the_table_and_one_wave_is_one() {
        for rows in [7, 12] {
            let table = table(rows);
            let all: Vec<usize> = (0..frequencies(rows)).collect();
            let back = kept(&table, &all);
            for i in 0..rows {
                for j in 0..3 {
                    assert!((table[(i, j)] - back[(i, j)]).abs() < 1e-9);
                }
            }
        }
        let wave = Matrix::from_fn(12, 1, |i, _| (TAU * 3.0 * i as f64 / 12.0 + 0.4).cos());
        let powers = powers(&wave);
        let total: f64 = powers.iter().sum();
        assert!(powers[3] / total > 1.0 - 1e-12);
    }
}

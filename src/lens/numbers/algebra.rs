//! Dense linear algebra in f64: conversions, singular values, eigenvalues, and what is read off
//! them. Products run on one thread, so results do not depend on the number of threads.

use super::array::Array;
use anyhow::{Result, anyhow};
use faer::{Mat, MatRef};

/// A matrix of doubles: sums of f32 weights keep their digits in it.
pub type Matrix = Mat<f64>;

/// The left half of a singular value decomposition.
pub(crate) struct LeftSvd {
    /// Singular vectors, `[rows, k]`.
    pub u: Matrix,
    /// Singular values, `k` of them, largest first.
    pub s: Vec<f64>,
}

/// Row-major f32 values as a matrix; missing ones are 0.
pub(crate) fn matrix(rows: usize, cols: usize, values: &[f32]) -> Matrix {
    let at = |i: usize, j: usize| values.get(i * cols + j).copied().unwrap_or(0.0);
    Matrix::from_fn(rows, cols, |i, j| f64::from(at(i, j)))
}

/// A matrix as an array `[rows, cols]` of f32.
pub(crate) fn array(m: &Matrix) -> Array {
    Array::from_fn([m.nrows(), m.ncols()], |i, j| m[(i, j)] as f32)
}

/// Whether every value is 0.
pub(crate) fn is_zero(m: &Matrix) -> bool {
    (0..m.ncols()).all(|j| (0..m.nrows()).all(|i| m[(i, j)] == 0.0))
}

/// The chosen rows, one after another.
pub(crate) fn rows_of(m: &Matrix, rows: impl ExactSizeIterator<Item = usize>) -> Matrix {
    let rows: Vec<usize> = rows.collect();
    Matrix::from_fn(rows.len(), m.ncols(), |i, j| m[(rows[i], j)])
}

fn failed(what: &str) -> anyhow::Error {
    anyhow!("the {what} did not converge")
}

/// An orthonormal basis of the columns and the coordinates in it, where that is smaller.
fn narrowed(m: MatRef<'_, f64>) -> (Option<Matrix>, Matrix) {
    if m.nrows() <= m.ncols() {
        return (None, m.to_owned());
    }
    let qr = m.qr();
    (Some(qr.compute_thin_Q()), qr.thin_R().to_owned())
}

/// Singular vectors and values of `left * right`, as many as its smallest factor has sides.
///
/// # Errors
/// When they do not converge.
pub(crate) fn product_svd(left: &Matrix, right: &Matrix) -> Result<LeftSvd> {
    let (basis, left) = narrowed(left.as_ref());
    let core = left * narrowed(right.transpose()).1.transpose();
    let svd = core.thin_svd().map_err(|_| failed("singular values"))?;
    let s = svd.S().column_vector();
    Ok(LeftSvd {
        s: (0..s.nrows()).map(|i| s[i]).collect(),
        u: match basis {
            Some(basis) => basis * svd.U(),
            None => svd.U().to_owned(),
        },
    })
}

/// The singular values of `left * right`, largest first.
///
/// # Errors
/// When they do not converge.
pub(crate) fn product_singular_values(left: &Matrix, right: &Matrix) -> Result<Vec<f64>> {
    let core = narrowed(left.as_ref()).1 * narrowed(right.transpose()).1.transpose();
    core.singular_values()
        .map_err(|_| failed("singular values"))
}

/// The eigenvalues (real and imaginary part) of the square `left * right`; zeros that follow from
/// the rank alone may be missing.
///
/// # Errors
/// When they do not converge.
pub(crate) fn product_eigenvalues(left: &Matrix, right: &Matrix) -> Result<Vec<(f64, f64)>> {
    let small = if left.ncols() < left.nrows() {
        right * left
    } else {
        left * right
    };
    let found = small.eigenvalues().map_err(|_| failed("eigenvalues"))?;
    Ok(found.into_iter().map(|z| (z.re, z.im)).collect())
}

/// `exp` of the entropy of the singular values divided by their sum: how many directions carry
/// the matrix (Roy and Vetterli 2007). 0 for a matrix of zeros.
#[must_use]
pub fn effective_rank(singular_values: &[f64]) -> f64 {
    let sum: f64 = singular_values.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let shares = singular_values.iter().map(|s| s / sum).filter(|p| *p > 0.0);
    (-shares.map(|p| p * p.ln()).sum::<f64>()).exp()
}

/// The sum of the eigenvalues over the sum of their moduli (Elhage et al. 2021): 1 when every
/// direction is mapped onto itself with a positive factor. `None` for a matrix of zeros.
#[must_use]
pub fn copying_score(eigenvalues: &[(f64, f64)]) -> Option<f64> {
    let moduli: f64 = eigenvalues.iter().map(|(re, im)| re.hypot(*im)).sum();
    let sum: f64 = eigenvalues.iter().map(|(re, _)| re).sum();
    (moduli > 0.0).then(|| sum / moduli)
}

/// The Frobenius norm of `a * middle * b`, by way of matrices of the inner sizes alone.
pub(crate) fn product_norm(a: &Matrix, middle: &Matrix, b: &Matrix) -> f64 {
    let left = (a.transpose() * a) * middle;
    let right = middle * (b * b.transpose());
    let cells = (0..left.nrows()).flat_map(|i| (0..left.ncols()).map(move |j| (i, j)));
    let sum: f64 = cells.map(|at| left[at] * right[at]).sum();
    sum.max(0.0).sqrt()
}

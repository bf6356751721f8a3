//! Tensors turned and taken apart.

use crate::model::weights::RawTensor;
use anyhow::{Result, bail, ensure};

fn matrix(tensor: &RawTensor) -> Result<[usize; 2]> {
    match tensor.shape[..] {
        [rows, columns] => Ok([rows, columns]),
        ref shape => bail!("shape {shape:?}; two dimensions are needed"),
    }
}

/// `[a, b] -> [b, a]`
pub(super) fn turned(tensor: &RawTensor) -> Result<RawTensor> {
    let [rows, columns] = matrix(tensor)?;
    let mut data = Vec::with_capacity(tensor.data.len());
    for column in 0..columns {
        data.extend((0..rows).map(|row| tensor.data[row * columns + column]));
    }
    Ok(RawTensor {
        shape: vec![columns, rows],
        data,
    })
}

/// Rows in as many parts as there are heads, `[heads * e, d] -> [heads, e, d]`; `side` columns in
/// parts instead where it is 1, `[d, heads * e] -> [heads, d, e]`.
pub(super) fn heads_in(tensor: &RawTensor, heads: usize, side: usize) -> Result<RawTensor> {
    let [rows, columns] = matrix(tensor)?;
    let joined = tensor.shape[side];
    ensure!(
        heads > 0 && joined.is_multiple_of(heads),
        "shape {:?} cannot be divided among {heads} heads",
        tensor.shape
    );
    let each = joined / heads;
    if side == 0 {
        return Ok(RawTensor {
            shape: vec![heads, each, columns],
            data: tensor.data.clone(),
        });
    }
    let mut data = Vec::with_capacity(tensor.data.len());
    for head in 0..heads {
        for row in 0..rows {
            let from = row * columns + head * each;
            data.extend_from_slice(&tensor.data[from..from + each]);
        }
    }
    Ok(RawTensor {
        shape: vec![heads, rows, each],
        data,
    })
}

/// A vector in parts, `[heads * e] -> [heads, e]`.
pub(super) fn vector_in(tensor: &RawTensor, heads: usize) -> Result<RawTensor> {
    let n = tensor.data.len();
    ensure!(
        heads > 0 && tensor.shape.len() == 1 && n.is_multiple_of(heads),
        "shape {:?} cannot be divided among {heads} heads",
        tensor.shape
    );
    Ok(RawTensor {
        shape: vec![heads, n / heads],
        data: tensor.data.clone(),
    })
}

/// Some rows of a tensor.
pub(super) fn rows(tensor: &RawTensor, from: usize, count: usize) -> RawTensor {
    let width: usize = tensor.shape.iter().skip(1).product();
    let mut shape = tensor.shape.clone();
    if let Some(first) = shape.first_mut() {
        *first = count;
    }
    RawTensor {
        shape,
        data: tensor.data[from * width..(from + count) * width].to_vec(),
    }
}

/// Tensors of one shape below each other.
pub(super) fn stacked(parts: &[RawTensor]) -> Result<RawTensor> {
    let mut shape = parts
        .first()
        .map(|part| part.shape.clone())
        .unwrap_or_default();
    let other = parts.iter().find(|part| part.shape != shape);
    if let Some(other) = other {
        bail!(
            "the heads have different shapes, {shape:?} and {:?}",
            other.shape
        );
    }
    ensure!(!shape.is_empty(), "a head of no dimensions");
    shape[0] *= parts.len();
    let data = parts.iter().flat_map(|part| part.data.iter().copied());
    Ok(RawTensor {
        shape,
        data: data.collect(),
    })
}

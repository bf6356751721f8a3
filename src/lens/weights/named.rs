//! Tensors by their names, as matrices.

use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::model::weights::{RawTensor, StateDict};
use anyhow::{Context, Result};

/// Named tensors as matrices.
pub(crate) struct Named<'a>(pub &'a StateDict);

impl Named<'_> {
    /// One tensor.
    pub fn get(&self, name: &str) -> Result<&RawTensor> {
        let found = self.0.get(name);
        found.with_context(|| format!("tensor {name} is missing"))
    }

    /// One tensor as a matrix, a bias as one of one row.
    pub fn whole(&self, name: &str) -> Result<Matrix> {
        let RawTensor { shape, data } = self.get(name)?;
        let cols = shape.last().copied().unwrap_or(0);
        Ok(matrix(data.len() / cols.max(1), cols, data))
    }

    /// The same, where the model has it.
    pub fn find(&self, name: &str) -> Result<Option<Matrix>> {
        let there = self.0.contains_key(name);
        there.then(|| self.whole(name)).transpose()
    }
}

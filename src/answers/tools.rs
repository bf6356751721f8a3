//! What is made of a model once.

use super::inputs::Sweeps;
use crate::lens::exact::paths::PathTables;
use crate::lens::weights::matrices::Matrices;
use crate::model::HookedTransformer;
use anyhow::Result;

/// What questions are answered from: a model's weights in f64, made once a model.
pub struct Tools {
    pub(super) weights: Matrices,
    /// The sweep that was asked last.
    pub(super) sweeps: Sweeps,
    /// `None` where a model has too many paths to list.
    pub(super) paths: Option<PathTables>,
}

impl Tools {
    /// The tools for a model.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(model: &HookedTransformer) -> Result<Self> {
        let weights = Matrices::new(model)?;
        let paths = PathTables::new(&weights).ok();
        Ok(Self {
            weights,
            paths,
            sweeps: Sweeps::default(),
        })
    }

    /// The weights.
    #[must_use]
    pub fn weights(&self) -> &Matrices {
        &self.weights
    }
}

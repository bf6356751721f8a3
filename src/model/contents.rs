//! What is in a checkpoint, whatever it is for.

use super::load::{numbered, read_sidecar};
use super::{series, weights};
use crate::task::shown_path;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// A tensor as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name in the file.
    pub name: String,
    /// What its numbers are stored as: `f32`, `bf16`.
    pub dtype: &'static str,
    /// The dimensions, outermost first.
    pub shape: Vec<usize>,
}

/// What is in a checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Contents {
    /// `PyTorch` or `safetensors`.
    pub format: &'static str,
    /// The file's size.
    pub bytes: u64,
    /// Which of how many sets of weights was looked at, where the file holds a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<(usize, usize)>,
    /// Its tensors, by name.
    pub tensors: Vec<Entry>,
    /// Where a config was found: the name of a file beside it, or that it is in the file itself.
    pub config_from: Option<String>,
}

impl Contents {
    /// Reads a file without asking what its tensors are for.
    ///
    /// # Errors
    /// When it is no checkpoint: names the file, and what to do.
    pub fn read(path: &Path) -> Result<Self> {
        let (file, step) = numbered(&series::resolved(path)?);
        let read = weights::read_checkpoint(&file, step.into())?;
        let entry = |(name, tensor): (&String, &weights::RawTensor)| Entry {
            name: name.clone(),
            dtype: read.dtypes.get(name).copied().unwrap_or("f32"),
            shape: tensor.shape.clone(),
        };
        let named = |path: &Path| shown_path(Path::new(path.file_name().unwrap_or_default()));
        let beside = read_sidecar(&file)?.map(|(path, _)| named(&path));
        let inside = (!read.config.is_empty()).then(|| "the file itself".to_owned());
        Ok(Self {
            format: read.format,
            bytes: std::fs::metadata(&file)?.len(),
            series: read.series,
            tensors: read.weights.iter().map(entry).collect(),
            config_from: beside.or(inside),
        })
    }
}

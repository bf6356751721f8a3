//! A run told again as linear algebra: given its attention, everything else is a sum.

use super::algebra::{Matrix, matrix, rows_of};
use super::matrices::{HeadName, Matrices};
use super::observe::RunView;
use crate::task::Token;
use anyhow::{Result, ensure};

/// The residual stream and the heads' outputs of a run, recomputed in f64 from its tokens and its
/// attention patterns. An intervention on anything but attention is not in it.
pub(super) struct Replay<'a> {
    pub weights: &'a Matrices,
    pub tokens: &'a [Token],
    /// By head: `[dest_pos, src_pos]`.
    patterns: Vec<Matrix>,
    /// By head: what a source position hands over where it gets all attention, `[pos, d_model]`.
    given: Vec<Matrix>,
}

/// The attention patterns of a run, head by head, `[dest_pos, src_pos]`.
pub(super) fn patterns(weights: &Matrices, run: &RunView) -> Result<Vec<Matrix>> {
    let config = weights.config();
    let len = run.tokens.len();
    let shape = [config.n_layers, config.n_heads, len, len];
    ensure!(
        run.pattern.shape() == shape,
        "the attention has shape {:?}; {shape:?} is needed",
        run.pattern.shape()
    );
    let unknown = run.tokens.iter().find(|&&t| t as usize >= config.d_vocab);
    ensure!(
        len <= config.n_ctx && unknown.is_none(),
        "the run is not one of this model"
    );
    Ok(HeadName::all(config)
        .map(|HeadName { layer, head }| matrix(len, len, run.pattern.slice(&[layer, head])))
        .collect())
}

impl<'a> Replay<'a> {
    /// # Errors
    /// When the run is not one of this model.
    pub fn new(weights: &'a Matrices, run: &'a RunView) -> Result<Self> {
        let config = weights.config();
        let patterns = patterns(weights, run)?;
        let len = run.tokens.len();
        let mut resid = rows_of(&weights.w_e, run.tokens.iter().map(|&t| t as usize));
        if weights.is_standard() {
            resid += rows_of(&weights.w_pos, 0..len);
        }
        let mut given = Vec::with_capacity(patterns.len());
        for layer in 0..config.n_layers {
            let mut after = &resid + spread(&weights.b_o[layer], len);
            for head in 0..config.n_heads {
                let part = weights.head(HeadName { layer, head });
                let values = &resid * &part.w_v + spread(&part.b_v, len);
                let handed = values * &part.w_o;
                after += &patterns[given.len()] * &handed;
                given.push(handed);
            }
            resid = after;
        }
        Ok(Self {
            weights,
            tokens: &run.tokens,
            patterns,
            given,
        })
    }

    fn place(&self, name: HeadName) -> usize {
        name.layer * self.weights.config().n_heads + name.head
    }

    /// `[dest_pos, src_pos]`
    pub fn pattern(&self, name: HeadName) -> &Matrix {
        &self.patterns[self.place(name)]
    }

    /// What a source position hands over where it gets all of the head's attention,
    /// `(x W_V + b_V) W_O`, `[pos, d_model]`.
    pub fn given(&self, name: HeadName) -> &Matrix {
        &self.given[self.place(name)]
    }
}

/// A row, `len` times.
pub(super) fn spread(row: &Matrix, len: usize) -> Matrix {
    Matrix::from_fn(len, row.ncols(), |_, j| row[(0, j)])
}

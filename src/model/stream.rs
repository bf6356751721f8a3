//! What goes from block to block.

use anyhow::Result;
use candle_core::Tensor;

/// The state of a pass between two blocks.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The residual stream, `[batch, pos, d_model]`.
    pub resid: Tensor,
    /// The positional embedding, `[batch or 1, pos, d_model]`, where there is one.
    pub pos: Option<Tensor>,
    /// How its positions are read.
    pub reading: Reading,
    /// By layer what attention finds at the positions before these; empty where there are none.
    pub past: Vec<Past>,
}

/// How a pass reads its positions.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What is added to scores so that no padding is looked at, `[batch or 1, 1, 1, key]` with all
    /// keys from position 0 on; `None` in a model without padding.
    pub padding: Option<Tensor>,
    /// Which position each is to the model, `[batch or 1, pos]`, whole numbers, from position 0 on; `None` where they
    /// stand in order. Where a list has ended early what is left free comes last.
    pub order: Option<Tensor>,
}

/// A block's keys and values, `[1, pos, head, d_head]`; keys as scores take them, turned already
/// where positions turn them.
#[derive(Clone, Debug)]
pub struct Past {
    /// Keys.
    pub k: Tensor,
    /// Values.
    pub v: Tensor,
}

/// The last `n` positions, `[batch, pos, ..]`.
pub(super) fn last(x: &Tensor, n: usize) -> Result<Tensor> {
    Ok(x.narrow(1, x.dim(1)? - n, n)?)
}

impl Stream {
    /// The last `n` positions.
    pub(super) fn last(&self, n: usize) -> Result<Self> {
        Ok(Self {
            resid: last(&self.resid, n)?,
            pos: self.pos.as_ref().map(|pos| last(pos, n)).transpose()?,
            reading: self.reading.clone(),
            past: self.past.clone(),
        })
    }
}

impl Past {
    /// How many positions there are.
    pub(super) fn len(&self) -> Result<usize> {
        Ok(self.k.dim(1)?)
    }

    /// These keys and values, and then those of the positions after them, `[batch, pos, ..]`.
    pub(super) fn before(&self, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((behind(&self.k, k)?, behind(&self.v, v)?))
    }
}

/// Positions `[1, before, ..]` and those after them, `[batch, pos, ..]`.
fn behind(before: &Tensor, after: &Tensor) -> Result<Tensor> {
    let mut shape = before.dims().to_vec();
    shape[0] = after.dim(0)?;
    let before = before.broadcast_as(shape)?;
    Ok(Tensor::cat(
        &[before.contiguous()?, after.contiguous()?],
        1,
    )?)
}

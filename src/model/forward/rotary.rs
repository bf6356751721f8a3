//! Rotary positions: queries and keys turned by angles that grow with the position.

use crate::model::config::Rotary;
use anyhow::Result;
use candle_core::{D, Device, Tensor};

/// The angles of every position.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    how: Rotary,
    /// `[n_ctx, dim]`
    cos: Tensor,
    sin: Tensor,
}

impl Turn {
    /// # Errors
    /// When the device fails.
    pub fn new(how: Rotary, n_ctx: usize, device: &Device) -> Result<Self> {
        let angle = |i: usize| how.angle(i / how.dim, i % how.dim);
        let all = 0..n_ctx * how.dim;
        let table = |f: &dyn Fn(f64) -> f64| -> Result<Tensor> {
            let values: Vec<f32> = all.clone().map(|i| f(angle(i)) as f32).collect();
            Ok(Tensor::from_vec(values, (n_ctx, how.dim), device)?)
        };
        Ok(Self {
            how,
            cos: table(&f64::cos)?,
            sin: table(&f64::sin)?,
        })
    }

    /// Queries or keys `[batch, pos, head, d_head]`, the first of which stands at `from`, turned; `order` says which
    /// position each is where that is another, `[batch or 1, pos]` from position 0 on.
    pub fn apply(&self, x: &Tensor, from: usize, order: Option<&Tensor>) -> Result<Tensor> {
        let (len, width) = (x.dim(1)?, x.dim(3)?);
        let rows = |table: &Tensor| -> Result<Tensor> {
            let rows = match order {
                None => table.narrow(0, from, len)?.unsqueeze(0)?,
                Some(order) => {
                    let order = order.narrow(1, from, len)?;
                    let rows = table.index_select(&order.flatten_all()?, 0)?;
                    rows.reshape((order.dim(0)?, len, self.how.dim))?
                }
            };
            Ok(rows.unsqueeze(2)?)
        };
        let turned = x.narrow(D::Minus1, 0, self.how.dim)?;
        let across = self.across(&turned)?;
        let turned = (turned.broadcast_mul(&rows(&self.cos)?)?
            + across.broadcast_mul(&rows(&self.sin)?)?)?;
        let rest = width - self.how.dim;
        if rest == 0 {
            return Ok(turned);
        }
        let kept = x.narrow(D::Minus1, self.how.dim, rest)?;
        Ok(Tensor::cat(&[turned, kept], D::Minus1)?)
    }

    /// A quarter turn of each pair: `(x, y)` becomes `(-y, x)`.
    fn across(&self, x: &Tensor) -> Result<Tensor> {
        let half = self.how.dim / 2;
        if !self.how.adjacent_pairs {
            let first = x.narrow(D::Minus1, 0, half)?;
            let second = x.narrow(D::Minus1, half, half)?;
            return Ok(Tensor::cat(&[second.neg()?, first], D::Minus1)?);
        }
        let mut pairs = x.dims().to_vec();
        pairs.pop();
        pairs.extend([half, 2]);
        let pairs = x.contiguous()?.reshape(pairs)?;
        let first = pairs.narrow(D::Minus1, 0, 1)?;
        let second = pairs.narrow(D::Minus1, 1, 1)?;
        Ok(Tensor::cat(&[second.neg()?, first], D::Minus1)?.reshape(x.shape())?)
    }
}

//! Norms: what is done to the stream before it is read.

use super::Hooks;
use crate::model::config::Normalization;
use crate::model::hooks::HookName;
use anyhow::Result;
use candle_core::{D, Tensor};

/// One norm.
#[derive(Clone, Debug)]
pub(in crate::model) struct Norm {
    pub(super) kind: Normalization,
    pub(super) eps: f64,
    /// `[width]`, where it has weights.
    pub(in crate::model) w: Option<Tensor>,
    /// `[width]`, where it has a bias.
    pub(in crate::model) b: Option<Tensor>,
}

impl Norm {
    /// What it makes of `x` `[batch, pos, width]`. `scale` and `normalized` are its hook points.
    pub(super) fn apply(
        &self,
        x: &Tensor,
        [scale, normalized]: [HookName; 2],
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let x = if self.kind.centres() {
            x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?
        } else {
            x.clone()
        };
        let variance = x.sqr()?.mean_keepdim(D::Minus1)?;
        let divisor = hooks.at(scale, (variance + self.eps)?.sqrt()?)?;
        let x = x.broadcast_div(&divisor)?;
        if !self.kind.centres() {
            // here the hook comes before the weight
            let x = hooks.at(normalized, x)?;
            return match &self.w {
                Some(w) => Ok(x.broadcast_mul(w)?),
                None => Ok(x),
            };
        }
        let x = match &self.w {
            Some(w) => x.broadcast_mul(w)?,
            None => x,
        };
        let x = match &self.b {
            Some(b) => x.broadcast_add(b)?,
            None => x,
        };
        hooks.at(normalized, x)
    }

    /// The same of what each head reads, `[batch, pos, head, width]`: the hooks see one head at a
    /// time, as they would see the stream.
    pub(super) fn by_head(
        &self,
        x: &Tensor,
        names: [HookName; 2],
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let heads = (0..x.dim(2)?).map(|head| {
            let one = x.narrow(2, head, 1)?.squeeze(2)?;
            self.apply(&one, names, hooks)
        });
        let heads = heads.collect::<Result<Vec<_>>>()?;
        // hooks may have made rows of one, and not in every head
        let rows = heads.iter().map(|one| one.dim(0));
        let rows = rows.collect::<candle_core::Result<Vec<_>>>()?;
        let rows = rows.into_iter().max().unwrap_or(1);
        let whole = heads.iter().map(|one| {
            let (_, pos, width) = one.dims3()?;
            one.broadcast_as((rows, pos, width))?.contiguous()
        });
        let whole = whole.collect::<candle_core::Result<Vec<_>>>()?;
        Ok(Tensor::stack(&whole, 2)?)
    }
}

//! The MLP.

use super::norm::Norm;
use super::ops::{affine, softmax};
use super::{HookedTransformer, Hooks};
use crate::model::config::Activation;
use crate::model::hooks::{HookName, Site};
use anyhow::Result;
use candle_core::Tensor;

/// An MLP's weights; the bare model has the first alone.
#[derive(Clone, Debug)]
pub(in crate::model) struct Neurons {
    pub(super) act: Activation,
    /// `[d_model, d_mlp]`
    pub(in crate::model) w_in: Tensor,
    /// `[d_model, d_mlp]`, where it is gated.
    pub(in crate::model) w_gate: Option<Tensor>,
    /// `[d_mlp]`
    pub(in crate::model) b_in: Tensor,
    /// `[d_mlp, d_model]`
    pub(in crate::model) w_out: Tensor,
    /// `[d_model]`
    pub(in crate::model) b_out: Tensor,
    /// The norm before it.
    pub(in crate::model) norm: Option<Norm>,
    /// The neurons' own layernorm.
    pub(in crate::model) inner: Option<Norm>,
}

/// What an activation makes of neurons `[.., d_mlp]`.
pub(super) fn activate(act: Activation, x: &Tensor) -> Result<Tensor> {
    Ok(match act {
        // candle's own makes 0 of what is no number, and a run that is not defined would look defined
        Activation::Relu => x.le(0f32)?.where_cond(&x.zeros_like()?, x)?,
        Activation::Gelu => x.gelu_erf()?,
        Activation::GeluNew => x.gelu()?,
        Activation::Silu => x.silu()?,
        Activation::Solu | Activation::SoluLn => (x * softmax(x)?)?,
    })
}

impl HookedTransformer {
    /// What a block's MLP writes, `[batch, pos, d_model]`, of the stream that it reads.
    pub(super) fn mlp(
        &self,
        layer: usize,
        mlp: &Neurons,
        resid: &Tensor,
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let at = |site| HookName::Block(layer, site);
        let mut read = resid.clone();
        if hooks.wants(at(Site::MlpIn)) {
            read = hooks.at(at(Site::MlpIn), read)?;
        }
        if let Some(norm) = &mlp.norm {
            let names = [at(Site::Ln2Scale), at(Site::Ln2Normalized)];
            read = norm.apply(&read, names, hooks)?;
        }
        let post = match &mlp.w_gate {
            Some(w_gate) => {
                let pre = hooks.at(at(Site::MlpPre), affine(&read, w_gate, None)?)?;
                let linear = affine(&read, &mlp.w_in, None)?;
                let linear = hooks.at(at(Site::MlpPreLinear), linear)?;
                let gated = activate(mlp.act, &pre)?.broadcast_mul(&linear)?;
                gated.broadcast_add(&mlp.b_in)?
            }
            None => {
                let pre = affine(&read, &mlp.w_in, Some(&mlp.b_in))?;
                let pre = hooks.at(at(Site::MlpPre), pre)?;
                let post = activate(mlp.act, &pre)?;
                match &mlp.inner {
                    Some(norm) => {
                        let mid = hooks.at(at(Site::MlpMid), post)?;
                        let names = [at(Site::MlpLnScale), at(Site::MlpLnNormalized)];
                        norm.apply(&mid, names, hooks)?
                    }
                    None => post,
                }
            }
        };
        let post = hooks.at(at(Site::MlpPost), post)?;
        let out = affine(&post, &mlp.w_out, Some(&mlp.b_out))?;
        hooks.at(at(Site::MlpOut), out)
    }
}

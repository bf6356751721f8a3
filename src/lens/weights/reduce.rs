//! Fewer directions: models whose circuits keep their top singular ones, and principal components.

use super::circuit::{Weight, weight_factors};
use super::directions::{Directions, centred};
use super::matrices::Matrices;
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{Matrix, product_svd};
use crate::lens::numbers::array::Array;
use crate::model::{HookName, HookedTransformer, Site};
use crate::task::shown;
use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use serde::Serialize;
use std::collections::BTreeMap;

/// A singular value this much smaller than the largest is a rounding error.
const NO_DIRECTION: f64 = 1e-7;

/// A head's QK or OV cut down to its top singular directions: written `ov.0.0:5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LowRank {
    /// Which of the two.
    pub weight: Weight,
    /// Whose.
    #[serde(skip)]
    pub head: HeadName,
    /// Directions kept; 0 leaves nothing of the circuit, `d_head` or more changes nothing.
    pub rank: usize,
}

impl LowRank {
    /// A cut from `ov.HEAD:RANK` or `qk.HEAD:RANK`.
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub fn parse(text: &str, config: &crate::model::Config) -> Result<Self> {
        let form = || {
            format!(
                "'{}' is no low rank; the form is ov.0.0:5 or qk.1.0:3",
                shown(text)
            )
        };
        let (name, rank) = text.trim().split_once(':').with_context(form)?;
        let (weight, head) = name.split_once('.').with_context(form)?;
        let weight = match weight {
            "ov" => Weight::Ov,
            "qk" => Weight::Qk,
            _ => anyhow::bail!(form()),
        };
        let head = HeadName::parse(head, config)?;
        let rank = rank.parse().ok().with_context(form)?;
        ensure!(
            rank <= config.d_head,
            "rank {rank} is not from 0 to {}, the head's dimensions",
            config.d_head
        );
        Ok(Self { weight, head, rank })
    }
}

/// The model with these circuits cut down. Biases stay as they are. The cut is made on the query
/// or value side (`U U^T W`, `U` the top left singular vectors), which is the same product.
///
/// # Errors
/// When a head does not exist, singular values do not converge, or the device fails.
pub fn low_rank(model: &HookedTransformer, cuts: &[LowRank]) -> Result<HookedTransformer> {
    let config = model.config();
    let weights = Matrices::new(model)?;
    let mut state = model.state_dict()?;
    for LowRank { weight, head, rank } in cuts {
        ensure!(
            head.layer < config.n_layers && head.head < config.n_heads,
            "no head {head} in a model of {} layers of {} heads",
            config.n_layers,
            config.n_heads
        );
        let shared = config.n_key_value_heads < config.n_heads && *weight == Weight::Ov;
        ensure!(
            !shared,
            "head {head} shares its values with others, and has no OV to be cut alone"
        );
        let (left, right) = weight_factors(&weights, *head, *weight);
        let kept = kept_directions(&left, &right, *rank)?;
        let cut: Matrix = &kept * (kept.transpose() * &left);
        let side = match weight {
            Weight::Qk => "W_Q",
            Weight::Ov => "W_V",
        };
        let name = format!("blocks.{}.attn.{side}", head.layer);
        let tensor = state
            .get_mut(&name)
            .with_context(|| format!("tensor {name} is missing"))?;
        let cells = cut.nrows() * cut.ncols();
        let part = tensor.data.iter_mut().skip(head.head * cells).take(cells);
        for (i, value) in part.enumerate() {
            *value = cut[(i / cut.ncols(), i % cut.ncols())] as f32;
        }
    }
    let tensor = |(name, raw): (String, crate::model::weights::RawTensor)| {
        Ok((name, Tensor::from_vec(raw.data, raw.shape, model.device())?))
    };
    let tensors: BTreeMap<String, Tensor> = state.into_iter().map(tensor).collect::<Result<_>>()?;
    HookedTransformer::from_tensors(config.clone(), model.task(), model.device(), &tensors)
}

/// Where a circuit's cut is made in a forward pass.
pub(crate) fn rank_site(weight: Weight) -> Site {
    match weight {
        Weight::Qk => Site::Q,
        Weight::Ov => Site::V,
    }
}

/// Each head's map `[head, d_head + 1, d_head]` that cuts QK at `hook_q` or OV at `hook_v` down to
/// so many singular directions: `x W + b` becomes `(x W) P + b`, where `W P = U U^T W`. The last
/// row is `b - b P`.
///
/// # Errors
/// When singular values do not converge.
pub(crate) fn projection(model: &HookedTransformer, hook: HookName, rank: usize) -> Result<Tensor> {
    let HookName::Block(layer, site) = hook else {
        anyhow::bail!("{hook} belongs to no circuit");
    };
    let weights = Matrices::new(model)?;
    let config = model.config();
    let mut values: Vec<f32> = Vec::new();
    for head in 0..config.n_heads {
        let name = HeadName { layer, head };
        let weight = if site == Site::Q {
            Weight::Qk
        } else {
            Weight::Ov
        };
        let (left, right) = weight_factors(&weights, name, weight);
        let svd = product_svd(&left, &right)?;
        let first = svd.s.first().copied().unwrap_or(0.0);
        let real = svd.s.iter().take_while(|&&s| s > first * NO_DIRECTION);
        let kept = svd.u.subcols(0, real.count().min(rank)).to_owned();
        // with S the singular values, left right right^T left^T = U S^2 U^T, so that
        // left (right right^T left^T U S^-2 U^T left) = U U^T left
        let inverse = Matrix::from_fn(kept.ncols(), left.nrows(), |k, j| {
            kept[(j, k)] / (svd.s[k] * svd.s[k])
        });
        let through = (&right * right.transpose()) * (left.transpose() * &kept);
        let map = through * (inverse * &left);
        let bias = match weight {
            Weight::Qk => &weights.head(name).b_q,
            Weight::Ov => &weights.head(name).b_v,
        };
        let offset = bias - bias * &map;
        for row in 0..map.nrows() {
            values.extend((0..map.ncols()).map(|col| map[(row, col)] as f32));
        }
        values.extend((0..offset.ncols()).map(|col| offset[(0, col)] as f32));
    }
    let shape = (config.n_heads, config.d_head + 1, config.d_head);
    Ok(Tensor::from_vec(values, shape, model.device())?)
}

/// The top left singular vectors of `left * right`, as columns.
fn kept_directions(left: &Matrix, right: &Matrix, rank: usize) -> Result<Matrix> {
    let basis = product_svd(left, right)?.u;
    Ok(basis.subcols(0, basis.ncols().min(rank)).to_owned())
}

/// Principal components of named directions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pca {
    /// The rows' names.
    pub labels: Vec<String>,
    /// `[row, component]`, in units of the residual stream; the mean row is the origin.
    pub coordinates: Array,
    /// The fraction of the variance that each component explains.
    pub explained: Vec<f64>,
}

/// The first principal components of named directions, of tokens or positions say. A component's sign is chosen
/// so that its largest coordinate is positive.
///
/// # Errors
/// When there are none of them, or the singular values do not converge.
pub fn pca(weights: &Matrices, of: Directions, components: usize) -> Result<Pca> {
    let table = of.rows(weights)?;
    let rows = table.nrows();
    let centred = centred(&table);
    let one = Matrix::identity(table.ncols(), table.ncols());
    let svd = product_svd(&centred, &one)?;
    let total: f64 = svd.s.iter().map(|s| s * s).sum();
    let count = components.min(svd.s.len());
    let sign = |k: usize| {
        let column = (0..rows).map(|i| svd.u[(i, k)]);
        let largest = column.fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 { -1.0 } else { 1.0 }
    };
    let signs: Vec<f64> = (0..count).map(sign).collect();
    Ok(Pca {
        labels: of.labels(weights.config(), weights.task()),
        coordinates: Array::from_fn([rows, count], |i, k| {
            (signs[k] * svd.u[(i, k)] * svd.s[k]) as f32
        }),
        explained: svd.s[..count]
            .iter()
            .map(|s| if total > 0.0 { s * s / total } else { 0.0 })
            .collect(),
    })
}

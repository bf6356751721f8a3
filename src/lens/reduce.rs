//! Fewer directions: models whose circuits keep their top singular ones, and principal components.

use super::algebra::{Matrix, product_svd};
use super::array::Array;
use super::circuit::{Weight, weight_factors};
use super::matrices::{HeadName, Matrices};
use crate::model::HookedTransformer;
use crate::task::{Token, shown};
use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use serde::Serialize;
use std::collections::BTreeMap;

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
            "rank {rank} is not in 0..={}, the head's dimensions",
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
        let (left, right) = weight_factors(&weights, *head, *weight);
        let basis = product_svd(&left, &right)?.u;
        let kept = basis.subcols(0, basis.ncols().min(*rank));
        let cut: Matrix = kept * (kept.transpose() * &left);
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

/// Which embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedding {
    /// `W_E`
    Token,
    /// `W_pos`
    Position,
}

/// Principal components of an embedding's rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pca {
    /// The rows' names: tokens or positions.
    pub labels: Vec<String>,
    /// `[row, component]`, in units of the residual stream; the mean row is the origin.
    pub coordinates: Array,
    /// The fraction of the variance that each component explains.
    pub explained: Vec<f64>,
}

/// The first principal components of `W_E` or `W_pos`. A component's sign is chosen so that its
/// largest coordinate is positive.
///
/// # Errors
/// When the singular values do not converge.
pub fn pca(weights: &Matrices, embedding: Embedding, components: usize) -> Result<Pca> {
    let task = weights.task();
    let (table, rows) = match embedding {
        Embedding::Token => (&weights.w_e, weights.config().d_vocab),
        // positions past the task's are never trained
        Embedding::Position => (&weights.w_pos, task.seq_len()),
    };
    let mean = |j: usize| (0..rows).map(|i| table[(i, j)]).sum::<f64>() / rows as f64;
    let means: Vec<f64> = (0..table.ncols()).map(mean).collect();
    let centred = Matrix::from_fn(rows, table.ncols(), |i, j| table[(i, j)] - means[j]);
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
        labels: match embedding {
            Embedding::Token => (0..rows).map(|i| task.token_name(i as Token)).collect(),
            Embedding::Position => task.labels(),
        },
        coordinates: Array::from_fn([rows, count], |i, k| {
            (signs[k] * svd.u[(i, k)] * svd.s[k]) as f32
        }),
        explained: svd.s[..count]
            .iter()
            .map(|s| if total > 0.0 { s * s / total } else { 0.0 })
            .collect(),
    })
}

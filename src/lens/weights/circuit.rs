//! Circuits: tables of products of weights, with what their rows and columns mean.
//!
//! `ov` tables say what a token that is attended to does to each logit, `[d_vocab, d_vocab_out]`.
//! `qk` tables say how much a query side wants a key side; they are unscaled unless asked for
//! (scaled is after `1/sqrt(d_head)`), know no causal mask, and leave the biases out.

use super::matrices::Matrices;
use crate::lens::names::circuit::{CircuitName, Side};
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{
    Matrix, array, copying_score, effective_rank, product_eigenvalues, product_norm,
    product_singular_values, rows_of,
};
use crate::lens::numbers::array::Array;
use crate::model::Config;
use crate::task::{Task, Token};
use anyhow::{Result, ensure};
use rand_mt::Mt;
use serde::Serialize;

/// What an axis runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// All tokens that can be read.
    Tokens,
    /// The tokens that can be predicted.
    Logits,
    /// Positions.
    Positions,
}

/// A table of a model's weights.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// Its name as it is typed.
    pub name: String,
    /// What the rows and the columns run over.
    pub axes: [Axis; 2],
    /// The rows' names.
    pub rows: Vec<String>,
    /// The columns' names.
    pub cols: Vec<String>,
    /// `[row, col]`
    pub values: Array,
    /// Whether the values are divided by `sqrt(d_head)`.
    pub scaled: bool,
    /// `left * right` are the values; their common side is a head's or the stream's.
    left: Matrix,
    right: Matrix,
    task: Task,
}

impl Circuit {
    /// A circuit of a model.
    ///
    /// # Errors
    /// When `scaled` is asked of a circuit that is no QK circuit: nothing scales the others.
    pub fn new(weights: &Matrices, name: &CircuitName, scaled: bool) -> Result<Self> {
        let config = weights.config();
        let text = name.text(config);
        let (axes, left, mut right) = factors(weights, name);
        if scaled {
            ensure!(
                matches!(name, CircuitName::Qk { .. }),
                "only QK circuits are scaled (by 1/sqrt(d_head)), and {text} is none"
            );
            right *= faer::Scale(1.0 / (config.d_head as f64).sqrt());
        }
        let [rows, cols] = axes.map(|axis| axis.labels(config, weights.task()));
        Ok(Self {
            name: text,
            axes,
            rows,
            cols,
            values: array(&(&left * &right)),
            scaled,
            left,
            right,
            task: weights.task(),
        })
    }

    /// The tokens' or positions' number that both axes have in common; `None` where they do not
    /// run over the same.
    pub(in crate::lens) fn common(&self) -> Option<usize> {
        match self.axes {
            [Axis::Tokens, Axis::Logits | Axis::Tokens] => Some(self.task.shared_ids()),
            [Axis::Positions, Axis::Positions] => Some(self.rows.len()),
            _ => None,
        }
    }

    /// The fraction of rows whose largest value stands in their own column. Of tokens, the numbers
    /// count, not BOS and newline. `None` where rows and columns are different things.
    #[must_use]
    pub fn top1_on_diagonal(&self) -> Option<f64> {
        self.diagonal().map(|diagonal| diagonal.top1)
    }

    /// The singular values of the table, largest first: as many as its shorter side has cells, or
    /// as its head has dimensions where these are fewer (the others are 0).
    ///
    /// # Errors
    /// When they do not converge.
    pub fn singular_values(&self) -> Result<Vec<f64>> {
        product_singular_values(&self.left, &self.right)
    }

    /// The effective rank of the table.
    ///
    /// # Errors
    /// When the singular values do not converge.
    pub fn effective_rank(&self) -> Result<f64> {
        Ok(effective_rank(&self.singular_values()?))
    }

    /// The eigenvalue copying score of the table's square part (numbers by numbers, or positions
    /// by positions). `None` where there is no such part.
    ///
    /// # Errors
    /// When the eigenvalues do not converge.
    pub fn copying_score(&self) -> Result<Option<f64>> {
        let Some(common) = self.common() else {
            return Ok(None);
        };
        let left = rows_of(&self.left, 0..common);
        let right = self.right.subcols(0, common).to_owned();
        Ok(copying_score(&product_eigenvalues(&left, &right)?))
    }
}

/// The axes of a circuit and two factors of its table.
impl CircuitName {
    /// What its rows and columns run over.
    #[must_use]
    pub fn axes(&self) -> [Axis; 2] {
        let of = |side: &Side| match side {
            Side::Pos => Axis::Positions,
            Side::Tok | Side::Via(_) => Axis::Tokens,
        };
        match self {
            Self::Direct | Self::Ov(_) => [Axis::Tokens, Axis::Logits],
            Self::Qk { query, key, .. } => [of(query), of(key)],
        }
    }
}

fn factors(weights: &Matrices, name: &CircuitName) -> ([Axis; 2], Matrix, Matrix) {
    match name {
        CircuitName::Direct => {
            let axes = [Axis::Tokens, Axis::Logits];
            (axes, weights.w_e.clone(), weights.w_u.clone())
        }
        CircuitName::Ov(chain) => {
            let mut left = weights.w_e.clone();
            let mut right = weights.w_u.clone();
            for (i, &name) in chain.iter().enumerate().rev() {
                let head = weights.head(name);
                right = &head.w_o * &right;
                if i > 0 {
                    right = &head.w_v * &right;
                } else {
                    left = &left * &head.w_v;
                }
            }
            ([Axis::Tokens, Axis::Logits], left, right)
        }
        CircuitName::Qk { head, query, key } => {
            let head = weights.head(*head);
            let (rows, query) = entering(weights, *query);
            let (cols, key) = entering(weights, *key);
            let right = (key * &head.w_k).transpose().to_owned();
            ([rows, cols], query * &head.w_q, right)
        }
    }
}

/// What a side brings into a query or key, `[token or position, d_model]`.
fn entering(weights: &Matrices, side: Side) -> (Axis, Matrix) {
    match side {
        Side::Tok => (Axis::Tokens, weights.w_e.clone()),
        Side::Pos => (Axis::Positions, weights.w_pos.clone()),
        Side::Via(name) => {
            let head = weights.head(name);
            (Axis::Tokens, (&weights.w_e * &head.w_v) * &head.w_o)
        }
    }
}

impl Axis {
    /// The names of what it runs over.
    #[must_use]
    pub fn labels(self, config: &Config, task: Task) -> Vec<String> {
        let token = |i: usize| task.token_name(i as Token);
        match self {
            Self::Tokens => (0..config.d_vocab).map(token).collect(),
            Self::Logits => (0..config.d_vocab_out).map(token).collect(),
            // a model may have more positions than its task
            Self::Positions => (0..config.n_ctx)
                .map(|p| {
                    if p < task.seq_len() {
                        task.label(p)
                    } else {
                        p.to_string()
                    }
                })
                .collect(),
        }
    }
}

/// One of a head's two matrices in the residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Weight {
    /// `W_Q W_K^T`
    Qk,
    /// `W_V W_O`
    Ov,
}

/// The singular values of a head's `W_Q W_K^T` or `W_V W_O`, largest first, at most
/// `min(d_model, d_head)`; the others are 0.
///
/// # Errors
/// When they do not converge.
pub fn weight_singular_values(
    weights: &Matrices,
    head: HeadName,
    weight: Weight,
) -> Result<Vec<f64>> {
    let (left, right) = weight_factors(weights, head, weight);
    product_singular_values(&left, &right)
}

/// `[d_model, d_head]` and `[d_head, d_model]`
pub(in crate::lens) fn weight_factors(
    weights: &Matrices,
    head: HeadName,
    weight: Weight,
) -> (Matrix, Matrix) {
    let head = weights.head(head);
    match weight {
        Weight::Qk => (head.w_q.clone(), head.w_k.transpose().to_owned()),
        Weight::Ov => (head.w_v.clone(), head.w_o.clone()),
    }
}

/// Composition scores of two heads, `|A B| / (|A| |B|)` in Frobenius norms (Elhage et al. 2021).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Composition {
    /// The earlier head's output as the later head's query.
    #[serde(rename = "Q")]
    pub q: f64,
    /// As its key.
    #[serde(rename = "K")]
    pub k: f64,
    /// As its value.
    #[serde(rename = "V")]
    pub v: f64,
}

/// How much random weights compose: draws of two heads with standard normal entries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// Seeds the draws.
    pub seed: u32,
    /// How many.
    pub draws: usize,
    /// The mean score over the draws.
    pub mean: f64,
    /// Their standard deviation.
    pub std: f64,
}

/// `|a b c d| / (|a b| |c d|)` for factors of the inner size.
fn composed([a, b, c, d]: [&Matrix; 4]) -> f64 {
    let one = Matrix::identity(b.nrows(), b.nrows());
    product_norm(a, &(b * c), d) / (product_norm(a, &one, b) * product_norm(c, &one, d))
}

/// The composition scores of an earlier and a later head.
///
/// # Errors
/// When the heads are not of increasing layers.
pub fn composition(weights: &Matrices, earlier: HeadName, later: HeadName) -> Result<Composition> {
    ensure!(
        earlier.layer < later.layer,
        "head {earlier} is not in a layer before {later}"
    );
    let (v, o) = weight_factors(weights, earlier, Weight::Ov);
    let (query, key) = weight_factors(weights, later, Weight::Qk);
    let (value, output) = weight_factors(weights, later, Weight::Ov);
    let (key_t, query_t) = (key.transpose().to_owned(), query.transpose().to_owned());
    Ok(Composition {
        q: composed([&v, &o, &query, &key]),
        k: composed([&v, &o, &key_t, &query_t]),
        v: composed([&v, &o, &value, &output]),
    })
}

/// The composition score of random heads of the model's shape: what no composition looks like.
#[must_use]
pub fn composition_baseline(weights: &Matrices, seed: u32, draws: usize) -> Baseline {
    let (d, e) = (weights.config().d_model, weights.config().d_head);
    let mut rng = Mt::new(seed);
    let mut normal = |rows, cols| Matrix::from_fn(rows, cols, |_, _| standard_normal(&mut rng));
    let scores: Vec<f64> = (0..draws.max(1))
        .map(|_| {
            let [a, b, c, d] = [normal(d, e), normal(e, d), normal(d, e), normal(e, d)];
            composed([&a, &b, &c, &d])
        })
        .collect();
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    Baseline {
        seed,
        draws: scores.len(),
        mean,
        std: variance.sqrt(),
    }
}

/// One standard normal number (Box and Muller 1958).
fn standard_normal(rng: &mut Mt) -> f64 {
    let mut uniform = || (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0;
    let (radius, angle) = (uniform(), uniform());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

//! Circuits: tables of products of weights, with what their rows and columns mean.
//!
//! `ov` tables say what a token that is attended to does to each logit, `[d_vocab, d_vocab_out]`.
//! `qk` tables say how much a query side wants a key side; they are unscaled unless asked for
//! (scaled is after `1/attn_scale`), know no causal mask, and leave the biases out. `mlp` tables say
//! what neurons read of tokens and positions, and what they do to each logit. Norms are left out, or
//! where that is asked their centring and weights are folded in: all but the number that a run divides
//! by.

use super::layers::Norm;
use super::matrices::Matrices;
use crate::lens::names::circuit::{CircuitName, Side};
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{
    Matrix, array, copying_score, effective_rank, product_eigenvalues, product_singular_values,
    rows_of,
};
use crate::lens::numbers::array::Array;
use crate::model::Config;
use crate::model::config::{Normalization, PositionalEmbedding};
use crate::task::{Task, Token, grouped};
use anyhow::{Result, ensure};
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
    /// Tokens, and positions below them.
    Both,
    /// The neurons of an MLP.
    Neurons,
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
    /// Whether the values are divided by what scores are divided by.
    pub scaled: bool,
    /// What is to be said of it besides, by name: of norms, of positions that turn.
    pub notes: Vec<(&'static str, String)>,
    /// Whether its rows are queries that look at no later column.
    pub(super) looks_back: bool,
    /// `left * right` are the values; their common side is a head's or the stream's.
    left: Matrix,
    right: Matrix,
    task: Task,
}

/// A table of more numbers is not made: 128 MB in double precision.
const MOST_CELLS: usize = 1 << 24;

/// # Errors
/// When a table of so many rows and columns has too many numbers, with the figure.
pub(crate) fn check_table(what: &str, [rows, cols]: [usize; 2]) -> Result<()> {
    ensure!(
        rows.saturating_mul(cols) <= MOST_CELLS,
        "{what} would have {} numbers; at most {} are computed",
        grouped(rows as u128 * cols as u128),
        grouped(MOST_CELLS as u128)
    );
    Ok(())
}

impl Circuit {
    /// A circuit of a model, its norms left out.
    ///
    /// # Errors
    /// When `scaled` is asked of a circuit that is no QK circuit: nothing scales the others.
    pub fn new(weights: &Matrices, name: &CircuitName, scaled: bool) -> Result<Self> {
        Self::made(weights, name, scaled, false)
    }

    /// The same with its norms folded in: their centring and weights, not the numbers that they
    /// divide by, which a run decides.
    ///
    /// # Errors
    /// As [`Circuit::new`]; in a model without norms.
    pub fn folded(weights: &Matrices, name: &CircuitName, scaled: bool) -> Result<Self> {
        let normed = weights.config().normalization != Normalization::None;
        ensure!(normed, "this model has no norms to fold in");
        Self::made(weights, name, scaled, true)
    }

    fn made(weights: &Matrices, name: &CircuitName, scaled: bool, folded: bool) -> Result<Self> {
        let config = weights.config();
        let text = name.text(config);
        let axes = name.axes();
        let [rows, cols] = axes.map(|axis| axis.labels(config, weights.task()));
        check_table(&text, [rows.len(), cols.len()])?;
        let (left, mut right) = Folding { weights, folded }.factors(name);
        if scaled {
            ensure!(
                matches!(name, CircuitName::Qk { .. }),
                "only QK circuits are scaled (by 1/sqrt(d_head)), and {text} is none"
            );
            right *= faer::Scale(1.0 / config.attn_scale);
        }
        Ok(Self {
            name: text,
            axes,
            rows,
            cols,
            values: array(&(&left * &right)),
            scaled,
            notes: notes(name, config, folded),
            looks_back: config.is_causal()
                && matches!(name, CircuitName::Qk { .. })
                && axes == [Axis::Positions; 2],
            left,
            right,
            task: weights.task(),
        })
    }

    /// The tokens' or positions' number that both axes have in common; `None` where they do not
    /// run over the same.
    pub(crate) fn common(&self) -> Option<usize> {
        match self.axes {
            [Axis::Positions, Axis::Positions] | [Axis::Both, Axis::Both] => Some(self.rows.len()),
            [
                Axis::Tokens | Axis::Both,
                Axis::Logits | Axis::Tokens | Axis::Both,
            ] => Some(self.task.shared_ids()),
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

impl CircuitName {
    /// What its rows and columns run over.
    #[must_use]
    pub fn axes(&self) -> [Axis; 2] {
        let of = |side: &Side| match side {
            Side::Pos => Axis::Positions,
            Side::All => Axis::Both,
            Side::Tok | Side::Via(_) => Axis::Tokens,
        };
        match self {
            Self::Direct | Self::Ov(_) => [Axis::Tokens, Axis::Logits],
            Self::From(side, _) => [of(side), Axis::Logits],
            Self::Qk { query, key, .. } => [of(query), of(key)],
            Self::MlpIn { side, .. } => [of(side), Axis::Neurons],
            Self::MlpOut(_) => [Axis::Neurons, Axis::Logits],
        }
    }
}

/// What is to be said of a circuit's table besides its numbers.
fn notes(name: &CircuitName, config: &Config, folded: bool) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if config.normalization != Normalization::None {
        let kind = config.normalization.name();
        notes.push(match folded {
            true => (
                "norms",
                format!("{kind} folded in, up to the scale of a run"),
            ),
            false => ("norms", format!("{kind} left out; folded puts them in")),
        });
    }
    let turned = config.positional_embedding == PositionalEmbedding::Rotary;
    if turned && matches!(name, CircuitName::Qk { .. }) {
        let words = "as at distance 0: rotary positions turn the query against the key";
        notes.push(("positions", words.to_owned()));
    }
    notes
}

/// How a circuit's table is made: two factors, whose common side is a head's, an MLP's or the
/// stream's.
struct Folding<'a> {
    weights: &'a Matrices,
    folded: bool,
}

impl Folding<'_> {
    /// Rows of the stream as they are read behind a norm.
    fn read(&self, norm: Option<&Norm>, rows: Matrix) -> Matrix {
        match norm.filter(|_| self.folded) {
            Some(norm) => norm.folded(&rows),
            None => rows,
        }
    }

    /// What is read behind a norm, as it reads the stream before it.
    fn before(&self, norm: Option<&Norm>, reader: Matrix) -> Matrix {
        match norm.filter(|_| self.folded) {
            Some(norm) => norm.before(&reader),
            None => reader,
        }
    }

    fn factors(&self, name: &CircuitName) -> (Matrix, Matrix) {
        let weights = self.weights;
        match name {
            CircuitName::Direct => self.onto_logits(weights.w_e.clone(), &[]),
            CircuitName::Ov(chain) => self.onto_logits(weights.w_e.clone(), chain),
            CircuitName::From(side, chain) => self.onto_logits(self.side(*side), chain),
            CircuitName::Qk { head, query, key } => {
                let part = weights.head(*head);
                let [query, key] = [query, key].map(|side| self.asking(*side, head.layer));
                let right = (key * &part.w_k).transpose().to_owned();
                (query * &part.w_q, right)
            }
            CircuitName::MlpIn { layer, gate, side } => {
                let mlp = &weights.mlps[*layer];
                let w_in = mlp.w_gate.as_ref().filter(|_| *gate).unwrap_or(&mlp.w_in);
                (self.read(mlp.norm.as_ref(), self.side(*side)), w_in.clone())
            }
            CircuitName::MlpOut(layer) => {
                let read = self.before(weights.norm.as_ref(), weights.w_u.clone());
                match &weights.mlps[*layer].w_out {
                    Some(w_out) => (w_out.clone(), read),
                    None => (Matrix::identity(read.nrows(), read.nrows()), read),
                }
            }
        }
    }

    /// What enters, and what heads of increasing layers and the unembedding make of it.
    fn onto_logits(&self, mut left: Matrix, chain: &[HeadName]) -> (Matrix, Matrix) {
        let weights = self.weights;
        let mut right = self.before(weights.norm.as_ref(), weights.w_u.clone());
        for (i, &name) in chain.iter().enumerate().rev() {
            let (head, norm) = (weights.head(name), weights.norm_of(name.layer));
            right = &head.w_o * &right;
            if i > 0 {
                right = self.before(norm, &head.w_v * &right);
            } else {
                left = self.read(norm, left) * &head.w_v;
            }
        }
        (left, right)
    }

    /// What a side brings into the stream, `[token or position, d_model]`.
    fn side(&self, side: Side) -> Matrix {
        let weights = self.weights;
        match side {
            Side::Tok => weights.w_e.clone(),
            Side::Pos => weights.w_pos.clone(),
            Side::All => concat(&weights.w_e, &weights.w_pos),
            Side::Via(name) => {
                let head = weights.head(name);
                let read = self.read(weights.norm_of(name.layer), weights.w_e.clone());
                (read * &head.w_v) * &head.w_o
            }
        }
    }

    /// What a side brings into the queries or keys of a layer: under shortformer positions come in
    /// behind the norm.
    fn asking(&self, side: Side, layer: usize) -> Matrix {
        let (weights, norm) = (self.weights, self.weights.norm_of(layer));
        let behind = weights.config().positional_embedding == PositionalEmbedding::Shortformer;
        match side {
            Side::Pos if behind => weights.w_pos.clone(),
            Side::All if behind => concat(&self.read(norm, weights.w_e.clone()), &weights.w_pos),
            side => self.read(norm, self.side(side)),
        }
    }
}

/// One matrix above another.
fn concat(above: &Matrix, below: &Matrix) -> Matrix {
    let rows = above.nrows();
    Matrix::from_fn(rows + below.nrows(), above.ncols(), |i, j| {
        if i < rows {
            above[(i, j)]
        } else {
            below[(i - rows, j)]
        }
    })
}

impl Axis {
    /// The names of what it runs over.
    #[must_use]
    pub fn labels(self, config: &Config, task: Task) -> Vec<String> {
        let tokens = |n: usize| (0..n).map(|i| task.token_name(i as Token));
        // a model may have more positions than its task
        let positions = (0..config.n_ctx).map(|p| {
            if p < task.seq_len() {
                task.label(p)
            } else {
                p.to_string()
            }
        });
        match self {
            Self::Tokens => tokens(config.d_vocab).collect(),
            Self::Logits => (0..config.d_vocab_out)
                .map(|class| task.class_name(class as Token))
                .collect(),
            Self::Positions => positions.collect(),
            Self::Both => tokens(config.d_vocab).chain(positions).collect(),
            Self::Neurons => {
                let neurons = config.mlp.map_or(0, |mlp| mlp.d_mlp);
                (0..neurons).map(|n| format!("n{n}")).collect()
            }
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
pub(crate) fn weight_factors(
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

//! A model's weights as matrices of doubles, head by head.

use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::model::config::PositionalEmbedding;
use crate::model::weights::RawTensor;
use crate::model::{Config, HookedTransformer};
use crate::task::Task;
use anyhow::{Context, Result};

/// One head's weights; a bias is a matrix of one row.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// `[d_model, d_head]`
    pub w_q: Matrix,
    pub w_k: Matrix,
    pub w_v: Matrix,
    /// `[d_head, d_model]`
    pub w_o: Matrix,
    /// `[1, d_head]`
    pub b_q: Matrix,
    pub b_k: Matrix,
    pub b_v: Matrix,
}

/// A model's weights in f64: what every exact decomposition is computed from. Made once a model.
#[derive(Clone, Debug)]
pub struct Matrices {
    config: Config,
    task: Task,
    /// `[d_vocab, d_model]`
    pub(in crate::lens) w_e: Matrix,
    /// `[n_ctx, d_model]`
    pub(in crate::lens) w_pos: Matrix,
    /// `[d_model, d_vocab_out]`
    pub(in crate::lens) w_u: Matrix,
    /// `[1, d_vocab_out]`
    pub(in crate::lens) b_u: Matrix,
    /// `[1, d_model]` for each layer
    pub(in crate::lens) b_o: Vec<Matrix>,
    heads: Vec<Head>,
}

impl Matrices {
    /// The weights of a model whose sums the exact algebra knows; `None` of another, where
    /// [`Config::why_not_exact`] says why.
    ///
    /// # Errors
    /// When the device fails.
    pub fn where_exact(model: &HookedTransformer) -> Result<Option<Self>> {
        let exact = model.config().why_not_exact().is_none();
        exact.then(|| Self::new(model)).transpose()
    }

    /// The weights of a model.
    ///
    /// # Errors
    /// When the device fails, or the exact algebra does not know such a model.
    pub fn new(model: &HookedTransformer) -> Result<Self> {
        let config = model.config().clone();
        config.ensure_exact()?;
        let weights = model.state_dict()?;
        let get = |name: String| -> Result<&RawTensor> {
            let found = weights.get(&name);
            found.with_context(|| format!("tensor {name} is missing"))
        };
        let (d, e) = (config.d_model, config.d_head);
        let whole = |name: &str, rows: usize, cols: usize| -> Result<Matrix> {
            Ok(matrix(rows, cols, &get(name.to_owned())?.data))
        };
        let heads = HeadName::all(&config).map(|HeadName { layer, head }| {
            let part = |name: &str, rows: usize, cols: usize| -> Result<Matrix> {
                let data = &get(format!("blocks.{layer}.attn.{name}"))?.data;
                let from = head * rows * cols;
                Ok(matrix(rows, cols, data.get(from..).unwrap_or_default()))
            };
            Ok(Head {
                w_q: part("W_Q", d, e)?,
                w_k: part("W_K", d, e)?,
                w_v: part("W_V", d, e)?,
                w_o: part("W_O", e, d)?,
                b_q: part("b_Q", 1, e)?,
                b_k: part("b_K", 1, e)?,
                b_v: part("b_V", 1, e)?,
            })
        });
        Ok(Self {
            heads: heads.collect::<Result<_>>()?,
            b_o: (0..config.n_layers)
                .map(|layer| whole(&format!("blocks.{layer}.attn.b_O"), 1, d))
                .collect::<Result<_>>()?,
            w_e: whole("embed.W_E", config.d_vocab, d)?,
            w_pos: whole("pos_embed.W_pos", config.n_ctx, d)?,
            w_u: whole("unembed.W_U", d, config.d_vocab_out)?,
            b_u: whole("unembed.b_U", 1, config.d_vocab_out)?,
            task: model.task(),
            config,
        })
    }

    /// The model's shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The task the model was made for.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// Token embeddings, `[d_vocab, d_model]`.
    #[must_use]
    pub fn w_e(&self) -> &Matrix {
        &self.w_e
    }

    /// Positional embeddings, `[n_ctx, d_model]`.
    #[must_use]
    pub fn w_pos(&self) -> &Matrix {
        &self.w_pos
    }

    /// The unembedding, `[d_model, d_vocab_out]`.
    #[must_use]
    pub fn w_u(&self) -> &Matrix {
        &self.w_u
    }

    /// The unembedding's bias, `[1, d_vocab_out]`.
    #[must_use]
    pub fn b_u(&self) -> &Matrix {
        &self.b_u
    }

    /// A block's output bias, `[1, d_model]`.
    #[must_use]
    pub fn b_o(&self, layer: usize) -> &Matrix {
        &self.b_o[layer]
    }

    pub(crate) fn head(&self, name: HeadName) -> &Head {
        &self.heads[name.layer * self.config.n_heads + name.head]
    }

    /// Whether positions are part of the residual stream.
    pub(crate) fn is_standard(&self) -> bool {
        self.config.positional_embedding == PositionalEmbedding::Standard
    }
}

//! A model's weights as matrices of doubles, head by head.

use super::layers::{Mlp, Norm};
use super::named::Named;
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::model::config::PositionalEmbedding;
use crate::model::{Config, HookedTransformer};
use crate::task::Task;
use anyhow::Result;

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
    pub(crate) w_e: Matrix,
    /// `[n_ctx, d_model]`; no rows where there are none
    pub(crate) w_pos: Matrix,
    /// `[d_model, d_vocab_out]`; of the bare model `[d_mlp, d_vocab_out]`
    pub(crate) w_u: Matrix,
    /// `[1, d_vocab_out]`
    pub(crate) b_u: Matrix,
    /// `[1, d_model]` for each layer
    pub(crate) b_o: Vec<Matrix>,
    heads: Vec<Head>,
    /// The norm before each block's attention; empty where there are none.
    norms: Vec<Norm>,
    /// The MLP of each block, or of the bare model; empty where there are none.
    pub(crate) mlps: Vec<Mlp>,
    /// The last norm.
    pub(crate) norm: Option<Norm>,
}

/// One head's weights.
fn head_of(named: &Named<'_>, HeadName { layer, head }: HeadName, config: &Config) -> Result<Head> {
    let (d, e) = (config.d_model, config.d_head);
    let each = config.n_heads / config.n_key_value_heads;
    let part = |name: &str, rows: usize, cols: usize| -> Result<Matrix> {
        // heads that share a key and a value have them under another name
        let shared = each > 1 && name.ends_with(['K', 'V']);
        let (mark, number) = if shared {
            ("_", head / each)
        } else {
            ("", head)
        };
        let data = &named
            .get(&format!("blocks.{layer}.attn.{mark}{name}"))?
            .data;
        let from = number * rows * cols;
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
}

impl Matrices {
    /// The weights of a model that folds into tables; `None` of another, where
    /// [`Config::why_not_folded`] says why.
    ///
    /// # Errors
    /// When the device fails.
    pub fn where_folded(model: &HookedTransformer) -> Result<Option<Self>> {
        let folds = model.config().why_not_folded().is_none();
        folds.then(|| Self::new(model)).transpose()
    }

    /// The weights of a model.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(model: &HookedTransformer) -> Result<Self> {
        let config = model.config().clone();
        let state = model.state_dict()?;
        let named = Named(&state);
        let layers = 0..config.n_layers;
        let norms = layers.clone().map(|layer| {
            let kind = config.normalization;
            Norm::new(&named, &format!("blocks.{layer}.ln1"), kind, &config)
        });
        let norms = norms.collect::<Result<Vec<_>>>()?;
        let (embed, unembed) = match config.is_bare() {
            true => ("W_E", "W_U"),
            false => ("embed.W_E", "unembed.W_U"),
        };
        let b_u = named.find("unembed.b_U")?;
        let w_pos = named.find("pos_embed.W_pos")?;
        let heads = HeadName::all(&config).map(|name| head_of(&named, name, &config));
        Ok(Self {
            heads: heads.collect::<Result<_>>()?,
            b_o: layers
                .map(|layer| named.whole(&format!("blocks.{layer}.attn.b_O")))
                .collect::<Result<_>>()?,
            norms: norms.into_iter().flatten().collect(),
            mlps: Mlp::all(&named, &config)?,
            norm: Norm::new(&named, "ln_final", config.final_norm(), &config)?,
            w_e: named.whole(embed)?,
            w_pos: w_pos.unwrap_or_else(|| Matrix::zeros(0, config.d_model)),
            w_u: named.whole(unembed)?,
            b_u: b_u.unwrap_or_else(|| Matrix::zeros(1, config.d_vocab_out)),
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

    /// Positional embeddings, `[n_ctx, d_model]`; no rows where there are none.
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

    /// The norm before a block's attention, if there is one.
    pub(crate) fn norm_of(&self, layer: usize) -> Option<&Norm> {
        self.norms.get(layer)
    }

    /// Whether positions are part of the residual stream.
    pub(crate) fn is_standard(&self) -> bool {
        self.config.positional_embedding == PositionalEmbedding::Standard
    }
}

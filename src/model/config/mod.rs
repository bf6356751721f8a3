//! The shape of a model and everything else that decides what it computes.
//!
//! | file | what it does |
//! |---|---|
//! | `sidecar.rs`, `keys.rs`, `strict.rs` | the one place where an option is read: a JSON beside the weights, a dict among them |
//! | `describing.rs` | and where it is written again |
//! | `infer.rs` | what the tensors say, what was said, and what is assumed |
//! | `overrides.rs` | what the user says |
//! | `words.rs` | the one place where an option is told |

mod describing;
mod infer;
mod keys;
mod masks;
mod options;
mod overrides;
mod parameters;
mod sidecar;
mod strict;
mod words;

pub use keys::over;
pub(super) use masks::{ignores, look_at};
pub use options::{Activation, AttentionDir, Normalization, PositionalEmbedding};
pub use overrides::Overrides;
pub use parameters::is_bias;
pub use sidecar::Sidecar;

use super::hooks::{HookName, Site};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;

/// The most numbers that all parameters together may be.
const MAX_PARAMETERS: usize = super::weights::MAX_ELEMENTS;

/// An MLP, the same in every block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mlp {
    /// Neurons.
    pub d_mlp: usize,
    /// What comes between the two matrices.
    pub act_fn: Activation,
    /// Whether what is activated multiplies a second, linear reading of the stream.
    pub gated: bool,
    /// Whether it reads what the block's attention reads, and not what attention has written.
    pub parallel: bool,
}

/// How rotary positions turn queries and keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    /// How many of a head's numbers are turned, from the first on.
    pub dim: usize,
    /// Of the wavelengths.
    pub base: f64,
    /// Whether neighbours make a pair, and not the first and the second half.
    pub adjacent_pairs: bool,
}

/// A choice that neither the tensors nor a config beside them made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumed {
    /// Where positions enter.
    Positions,
    /// Which positions attention looks at.
    Attention,
    /// The activation of the MLP.
    Act,
    /// The number that keeps a norm from dividing by zero.
    Eps,
}

/// A small transformer; names as in `HookedTransformerConfig`. Its grouped keys and values count as
/// many as its queries: each head has its own copy, as with `ungroup_grouped_query_attention`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Attention blocks; 0 in the bare model, which is `W_E`, `W_in`, an activation and `W_U`.
    pub n_layers: usize,
    /// Heads in a block.
    pub n_heads: usize,
    /// Keys and values in a block; fewer than heads where several heads share one.
    pub n_key_value_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Positions that the model knows.
    pub n_ctx: usize,
    /// Tokens that can be read.
    pub d_vocab: usize,
    /// Tokens that can be predicted.
    pub d_vocab_out: usize,
    /// The MLP of each block; of the bare model all there is.
    pub mlp: Option<Mlp>,
    /// What is done to the stream before it is read.
    pub normalization: Normalization,
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// Whether the last norm does not centre, whatever the others do.
    pub final_rms: bool,
    /// Whether the stream is unembedded as it is, whatever norms the blocks have.
    pub no_final_norm: bool,
    /// Where positions enter.
    pub positional_embedding: PositionalEmbedding,
    /// How rotary positions turn; of no account with others.
    pub rotary: Rotary,
    /// Which positions attention looks at.
    pub attention_dir: AttentionDir,
    /// The token that no attention looks at.
    pub pad_token: Option<u32>,
    /// What scores are divided by.
    pub attn_scale: f64,
    /// What of this is assumed.
    pub assumed: BTreeSet<Assumed>,
    /// What nobody says, but the task is right under no other choice.
    pub judged: BTreeSet<Assumed>,
}

impl Default for Config {
    /// One head and no size: whoever makes a config says its sizes.
    fn default() -> Self {
        Self {
            n_layers: 0,
            n_heads: 1,
            n_key_value_heads: 1,
            d_model: 0,
            d_head: 0,
            n_ctx: 0,
            d_vocab: 0,
            d_vocab_out: 0,
            mlp: None,
            normalization: Normalization::None,
            eps: 1e-5,
            final_rms: false,
            no_final_norm: false,
            positional_embedding: PositionalEmbedding::Standard,
            rotary: Rotary::of(0),
            attention_dir: AttentionDir::Causal,
            pad_token: None,
            attn_scale: 1.0,
            assumed: BTreeSet::new(),
            judged: BTreeSet::new(),
        }
    }
}

impl Rotary {
    /// As TransformerLens has it where nothing is said, for heads of that width.
    #[must_use]
    pub fn of(d_head: usize) -> Self {
        Self {
            dim: d_head,
            base: 10_000.0,
            adjacent_pairs: false,
        }
    }
}

impl Rotary {
    /// By how much a position turns one of a head's numbers, in radians.
    pub(crate) fn angle(&self, position: usize, column: usize) -> f64 {
        let half = self.dim / 2;
        let pair = if self.adjacent_pairs {
            column / 2
        } else {
            column % half.max(1)
        };
        // in single precision where TransformerLens has it so
        let frequency = (self.base as f32).powf(pair as f32 / half as f32);
        f64::from(position as f32 / frequency)
    }

    /// The other number of its pair, and the sign with which that one comes in: `(x, y)` becomes
    /// `(x cos - y sin, y cos + x sin)`.
    pub(crate) fn partner(&self, column: usize) -> (usize, f64) {
        let half = self.dim / 2;
        let (first, step) = match self.adjacent_pairs {
            true => (column.is_multiple_of(2), 1),
            false => (column < half, half),
        };
        match first {
            true => (column + step, -1.0),
            false => (column - step, 1.0),
        }
    }
}

impl Config {
    /// An attention-only model without norms: as many keys as heads, scores divided by the root of
    /// the head's width. Vocabularies are those that are read and predicted.
    #[must_use]
    pub fn attention_only(
        [n_layers, n_heads]: [usize; 2],
        [d_model, d_head]: [usize; 2],
        n_ctx: usize,
        [d_vocab, d_vocab_out]: [usize; 2],
        positional_embedding: PositionalEmbedding,
    ) -> Self {
        Self {
            n_layers,
            n_heads,
            n_key_value_heads: n_heads,
            d_model,
            d_head,
            n_ctx,
            d_vocab,
            d_vocab_out,
            positional_embedding,
            rotary: Rotary::of(d_head),
            attn_scale: (d_head as f64).sqrt(),
            ..Self::default()
        }
    }

    /// Whether this is the bare model: no attention, one output for all tokens together.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.n_layers == 0 && self.mlp.is_some()
    }

    /// Whether a position depends on itself and those before it alone.
    #[must_use]
    pub fn is_causal(&self) -> bool {
        self.attention_dir == AttentionDir::Causal && !self.is_bare()
    }

    /// Whether there is a `W_pos`.
    #[must_use]
    pub fn has_w_pos(&self) -> bool {
        use PositionalEmbedding::{Shortformer, Standard};
        matches!(self.positional_embedding, Shortformer | Standard) && !self.is_bare()
    }

    /// What the last norm is.
    #[must_use]
    pub fn final_norm(&self) -> Normalization {
        match (self.no_final_norm, self.final_rms) {
            (true, _) => Normalization::None,
            (false, true) => self.normalization.uncentred(),
            (false, false) => self.normalization,
        }
    }

    /// How many positions have logits, of a prompt of so many tokens.
    #[must_use]
    pub fn outputs(&self, tokens: usize) -> usize {
        if self.is_bare() { 1 } else { tokens }
    }

    /// The hook point of a block's neurons; those of the bare model are in no block.
    #[must_use]
    pub fn post(&self, layer: usize) -> HookName {
        match self.is_bare() {
            true => HookName::Post,
            false => HookName::Block(layer, Site::MlpPost),
        }
    }

    /// Whether the model passes this hook point at all.
    #[must_use]
    pub fn has(&self, hook: HookName) -> bool {
        match hook {
            HookName::Embed => true,
            HookName::PosEmbed => self.has_w_pos(),
            HookName::Block(layer, site) => layer < self.n_layers && self.has_site(site),
            HookName::FinalScale | HookName::FinalNormalized => {
                self.final_norm() != Normalization::None && !self.is_bare()
            }
            HookName::Pre | HookName::Post => self.is_bare(),
            HookName::Logits => true,
        }
    }

    /// Whether its blocks pass this hook point.
    #[must_use]
    pub fn has_site(&self, site: Site) -> bool {
        let normed = self.normalization != Normalization::None;
        let mlp = self.mlp.as_ref();
        let layernormed = mlp.is_some_and(|mlp| mlp.act_fn == Activation::SoluLn);
        match site {
            Site::RotQ | Site::RotK => self.positional_embedding == PositionalEmbedding::Rotary,
            Site::Ln1Scale | Site::Ln1Normalized => normed,
            Site::ResidMid => mlp.is_some_and(|mlp| !mlp.parallel),
            Site::Ln2Scale | Site::Ln2Normalized => normed && mlp.is_some(),
            Site::MlpIn | Site::MlpPre | Site::MlpPost | Site::MlpOut => mlp.is_some(),
            Site::MlpPreLinear => mlp.is_some_and(|mlp| mlp.gated),
            Site::MlpMid | Site::MlpLnScale | Site::MlpLnNormalized => layernormed,
            _ => true,
        }
    }

    /// How wide a value is at a hook point; of attention's scores and probabilities, which have no
    /// width of their own, that of the context.
    #[must_use]
    pub fn width(&self, hook: HookName) -> usize {
        let d_mlp = self.mlp.map_or(0, |mlp| mlp.d_mlp);
        match hook {
            HookName::FinalScale => 1,
            HookName::Pre | HookName::Post => d_mlp,
            HookName::Logits => self.d_vocab_out,
            HookName::Embed | HookName::PosEmbed | HookName::FinalNormalized => self.d_model,
            HookName::Block(_, site) => match site {
                Site::Ln1Scale | Site::Ln2Scale | Site::MlpLnScale => 1,
                Site::Q | Site::K | Site::V | Site::RotQ | Site::RotK | Site::Z => self.d_head,
                Site::AttnScores | Site::Pattern => self.n_ctx,
                Site::MlpPre | Site::MlpPreLinear | Site::MlpMid => d_mlp,
                Site::MlpLnNormalized | Site::MlpPost => d_mlp,
                _ => self.d_model,
            },
        }
    }

    /// Why the model does not fold into tables over tokens and positions, from which a sweep reads all
    /// inputs; `None` where it does. What is exact given a run is so in every model.
    #[must_use]
    pub fn why_not_folded(&self) -> Option<String> {
        let unknown = self.beyond_linear();
        (!unknown.is_empty()).then(|| {
            format!(
                "tables are there for attention-only models without norms, and this one has {}; \
                 its inputs go through batched forward passes",
                unknown.join(", ")
            )
        })
    }

    /// # Errors
    /// Where [`Self::why_not_folded`] says so.
    pub fn ensure_folds(&self) -> Result<()> {
        match self.why_not_folded() {
            Some(why) => anyhow::bail!(why),
            None => Ok(()),
        }
    }

    /// Whether an MLP is a matrix once its gates are given: ReLU, and nothing else between its two
    /// matrices.
    #[must_use]
    pub fn has_gates(&self) -> bool {
        self.mlp
            .is_some_and(|mlp| mlp.act_fn == Activation::Relu && !mlp.gated)
    }

    /// Whether what is taken out of the stream also moves a norm's scale or a neuron's gate.
    #[must_use]
    pub fn moves_when_cut(&self) -> bool {
        self.normalization != Normalization::None || self.mlp.is_some()
    }

    /// # Errors
    /// When a size is zero or so large that no small transformer has it, or sizes do not fit each
    /// other.
    pub(crate) fn check_sizes(&self) -> Result<()> {
        let d_mlp = self.mlp.map_or(1, |mlp| mlp.d_mlp);
        let blocks = if self.is_bare() { 1 } else { self.n_layers };
        let d_head = if self.is_bare() { 1 } else { self.d_head };
        for (name, size, most) in [
            ("n_layers", blocks, 64),
            ("n_heads", self.n_heads, 64),
            ("n_key_value_heads", self.n_key_value_heads, 64),
            ("d_model", self.d_model, 8192),
            ("d_head", d_head, 8192),
            ("d_mlp", d_mlp, 32768),
            ("n_ctx", self.n_ctx, 1024),
            ("d_vocab", self.d_vocab, 65536),
            ("d_vocab_out", self.d_vocab_out, 65536),
        ] {
            ensure!(
                (1..=most).contains(&size),
                "{name} is {size}; 1 to {most} is supported"
            );
        }
        ensure!(
            self.n_heads.is_multiple_of(self.n_key_value_heads),
            "n_heads is {}, not a multiple of n_key_value_heads, {}",
            self.n_heads,
            self.n_key_value_heads
        );
        if self.positional_embedding == PositionalEmbedding::Rotary {
            let dim = self.rotary.dim;
            ensure!(
                dim.is_multiple_of(2) && (2..=self.d_head).contains(&dim),
                "rotary_dim is {dim}; an even number up to d_head, {}, is needed",
                self.d_head
            );
        }
        if let Some(pad) = self.pad_token {
            ensure!(
                (pad as usize) < self.d_vocab,
                "pad_token is {pad}, and there are {} tokens",
                self.d_vocab
            );
        }
        self.check_parameters()
    }

    fn check_parameters(&self) -> Result<()> {
        let mlp = self.mlp.unwrap_or(Mlp {
            d_mlp: 0,
            act_fn: Activation::Relu,
            gated: false,
            parallel: false,
        });
        ensure!(
            !(mlp.gated && mlp.act_fn == Activation::SoluLn),
            "a gated MLP with solu_ln is not supported"
        );
        // before the list of parameters is made: sizes alone, so that nothing is taken for them
        let block = self.d_model * (4 * self.n_heads * self.d_head + 3 * mlp.d_mlp);
        let total = self.n_layers * block + self.d_model * (self.d_vocab + self.d_vocab_out);
        ensure!(
            total <= MAX_PARAMETERS,
            "the model would have {total} parameters; {MAX_PARAMETERS} are supported"
        );
        Ok(())
    }
}

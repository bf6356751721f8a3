//! Hook names: TransformerLens's own, spelled in this one place.

use super::config::Config;
use crate::task::text::edit_distance;
use anyhow::Result;
use std::fmt;

/// A hook point inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// Residual stream before the block, `[batch, pos, d_model]`.
    ResidPre,
    /// What each head's query reads, `[batch, pos, head, d_model]`; before the norm, and without
    /// `W_pos`, which is added after it. Only there for a hook that wants it, as the two below.
    QInput,
    /// What each head's key reads, `[batch, pos, head, d_model]`.
    KInput,
    /// What each head's value reads, `[batch, pos, head, d_model]`.
    VInput,
    /// What the norm before attention divides by, `[batch, pos, 1]`.
    Ln1Scale,
    /// What that norm makes of the stream, `[batch, pos, d_model]`: after weight and bias in a
    /// layernorm, before the weight in an RMS norm, as in TransformerLens.
    Ln1Normalized,
    /// Queries, `[batch, pos, head, d_head]`.
    Q,
    /// Keys, `[batch, pos, head, d_head]`.
    K,
    /// Values, `[batch, pos, head, d_head]`.
    V,
    /// Queries, turned by their position, `[batch, pos, head, d_head]`.
    RotQ,
    /// Keys, turned by their position, `[batch, pos, head, d_head]`.
    RotK,
    /// Scores after their scale and the masks, `[batch, head, dest_pos, src_pos]`.
    AttnScores,
    /// Attention probabilities, `[batch, head, dest_pos, src_pos]`.
    Pattern,
    /// Attention-weighted values, `[batch, pos, head, d_head]`.
    Z,
    /// Each head's own output, `[batch, pos, head, d_model]`.
    Result,
    /// What attention writes, `[batch, pos, d_model]`.
    AttnOut,
    /// Residual stream between attention and MLP, `[batch, pos, d_model]`.
    ResidMid,
    /// What the MLP reads, before its norm, `[batch, pos, d_model]`; only there for a hook that wants
    /// it.
    MlpIn,
    /// What the norm before the MLP divides by, `[batch, pos, 1]`.
    Ln2Scale,
    /// What that norm makes of the stream, `[batch, pos, d_model]`.
    Ln2Normalized,
    /// Neurons before their activation, `[batch, pos, d_mlp]`.
    MlpPre,
    /// What a gated MLP multiplies its activations by, `[batch, pos, d_mlp]`.
    MlpPreLinear,
    /// Neurons before a layernorm of their own, `[batch, pos, d_mlp]`.
    MlpMid,
    /// What that layernorm divides by, `[batch, pos, 1]`.
    MlpLnScale,
    /// What it makes of the neurons, `[batch, pos, d_mlp]`.
    MlpLnNormalized,
    /// Neurons after their activation, `[batch, pos, d_mlp]`.
    MlpPost,
    /// What the MLP writes, `[batch, pos, d_model]`.
    MlpOut,
    /// Residual stream after the block, `[batch, pos, d_model]`.
    ResidPost,
}

/// How a hook's value is laid out behind its batch dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// `[pos, d_model]`, or another width: `d_mlp` for neurons, 1 for what a norm divides by
    Pos,
    /// `[pos, head, d_head]` (or `d_model` for `hook_result` and what heads read)
    PosHead,
    /// `[head, dest_pos, src_pos]`
    HeadDestSrc,
}

impl Site {
    /// All sites in the order in which a forward pass reaches them; a model has some of them:
    /// [`Config::has_site`].
    pub const ALL: [Self; 28] = [
        Self::ResidPre,
        Self::QInput,
        Self::KInput,
        Self::VInput,
        Self::Ln1Scale,
        Self::Ln1Normalized,
        Self::Q,
        Self::K,
        Self::V,
        Self::RotQ,
        Self::RotK,
        Self::AttnScores,
        Self::Pattern,
        Self::Z,
        Self::Result,
        Self::AttnOut,
        Self::ResidMid,
        Self::MlpIn,
        Self::Ln2Scale,
        Self::Ln2Normalized,
        Self::MlpPre,
        Self::MlpPreLinear,
        Self::MlpMid,
        Self::MlpLnScale,
        Self::MlpLnNormalized,
        Self::MlpPost,
        Self::MlpOut,
        Self::ResidPost,
    ];

    /// The name inside a block: `attn.hook_k`, `hook_resid_pre`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidPre => "hook_resid_pre",
            Self::QInput => "hook_q_input",
            Self::KInput => "hook_k_input",
            Self::VInput => "hook_v_input",
            Self::Ln1Scale => "ln1.hook_scale",
            Self::Ln1Normalized => "ln1.hook_normalized",
            Self::Q => "attn.hook_q",
            Self::K => "attn.hook_k",
            Self::V => "attn.hook_v",
            Self::RotQ => "attn.hook_rot_q",
            Self::RotK => "attn.hook_rot_k",
            Self::AttnScores => "attn.hook_attn_scores",
            Self::Pattern => "attn.hook_pattern",
            Self::Z => "attn.hook_z",
            Self::Result => "attn.hook_result",
            Self::AttnOut => "hook_attn_out",
            Self::ResidMid => "hook_resid_mid",
            Self::MlpIn => "hook_mlp_in",
            Self::Ln2Scale => "ln2.hook_scale",
            Self::Ln2Normalized => "ln2.hook_normalized",
            Self::MlpPre => "mlp.hook_pre",
            Self::MlpPreLinear => "mlp.hook_pre_linear",
            Self::MlpMid => "mlp.hook_mid",
            Self::MlpLnScale => "mlp.ln.hook_scale",
            Self::MlpLnNormalized => "mlp.ln.hook_normalized",
            Self::MlpPost => "mlp.hook_post",
            Self::MlpOut => "hook_mlp_out",
            Self::ResidPost => "hook_resid_post",
        }
    }

    /// Whether a pass computes it only for a hook that wants it: nothing else needs it.
    #[must_use]
    pub fn on_demand(self) -> bool {
        matches!(
            self,
            Self::QInput | Self::KInput | Self::VInput | Self::Result | Self::MlpIn
        )
    }

    /// Whether a block passes it at every position, where of the last block only the last queries
    /// are computed: what keys and values are made of.
    #[must_use]
    pub fn of_keys(self) -> bool {
        matches!(
            self,
            Self::ResidPre
                | Self::KInput
                | Self::VInput
                | Self::Ln1Scale
                | Self::Ln1Normalized
                | Self::K
                | Self::V
                | Self::RotK
        )
    }

    /// Whether what is there is `d_model` wide and added to the stream, or is the stream.
    #[must_use]
    pub fn is_stream(self) -> bool {
        matches!(
            self,
            Self::ResidPre
                | Self::Result
                | Self::AttnOut
                | Self::ResidMid
                | Self::MlpIn
                | Self::MlpOut
                | Self::ResidPost
        )
    }

    /// The layout of its value.
    #[must_use]
    pub fn axes(self) -> Axes {
        match self {
            Self::QInput | Self::KInput | Self::VInput => Axes::PosHead,
            Self::Q | Self::K | Self::V | Self::Z | Self::Result => Axes::PosHead,
            Self::RotQ | Self::RotK => Axes::PosHead,
            Self::AttnScores | Self::Pattern => Axes::HeadDestSrc,
            _ => Axes::Pos,
        }
    }
}

/// A hook point of the model; ordered as a forward pass reaches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookName {
    /// `hook_embed`, `[batch, pos, d_model]`.
    Embed,
    /// `hook_pos_embed`, `[batch, pos, d_model]`.
    PosEmbed,
    /// `blocks.{layer}.{site}`.
    Block(usize, Site),
    /// `ln_final.hook_scale`, `[batch, pos, 1]`.
    FinalScale,
    /// `ln_final.hook_normalized`, `[batch, pos, d_model]`.
    FinalNormalized,
    /// `hook_pre` of the bare model, `[batch, 1, d_mlp]`.
    Pre,
    /// `hook_post` of the bare model, `[batch, 1, d_mlp]`.
    Post,
    /// `logits`: what the model says, `[batch, pos, d_vocab_out]`. No hook point of TransformerLens, where
    /// logits are what a run returns; only there for a hook that wants it.
    Logits,
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => f.write_str("hook_embed"),
            Self::PosEmbed => f.write_str("hook_pos_embed"),
            Self::Block(layer, site) => write!(f, "blocks.{layer}.{}", site.name()),
            Self::FinalScale => f.write_str("ln_final.hook_scale"),
            Self::FinalNormalized => f.write_str("ln_final.hook_normalized"),
            Self::Pre => f.write_str("hook_pre"),
            Self::Post => f.write_str("hook_post"),
            Self::Logits => f.write_str("logits"),
        }
    }
}

impl HookName {
    /// Every hook point of a model by TransformerLens's names, and its logits, in forward order: all that an
    /// intervention can be at.
    pub fn known(config: &Config) -> impl Iterator<Item = Self> + '_ {
        Self::all(config).chain([Self::Logits])
    }

    /// Every hook point of a model, in forward order.
    pub fn all(config: &Config) -> impl Iterator<Item = Self> + '_ {
        let blocks =
            (0..config.n_layers).flat_map(|layer| Site::ALL.map(|site| Self::Block(layer, site)));
        let last = [
            Self::FinalScale,
            Self::FinalNormalized,
            Self::Pre,
            Self::Post,
        ];
        let all = [Self::Embed, Self::PosEmbed].into_iter();
        all.chain(blocks)
            .chain(last)
            .filter(|&hook| config.has(hook))
    }

    /// Whether what is there is `d_model` wide and added to the stream, or is the stream.
    #[must_use]
    pub fn is_stream(self) -> bool {
        match self {
            Self::Embed | Self::PosEmbed => true,
            Self::Block(_, site) => site.is_stream(),
            _ => false,
        }
    }

    /// Whether what is there are an MLP's neurons, each a number of its own.
    #[must_use]
    pub fn has_neurons(self) -> bool {
        match self {
            Self::Block(_, site) => matches!(
                site,
                Site::MlpPre | Site::MlpPreLinear | Site::MlpMid | Site::MlpPost
            ),
            Self::Pre | Self::Post => true,
            _ => false,
        }
    }

    /// The layout of its value.
    #[must_use]
    pub fn axes(self) -> Axes {
        match self {
            Self::Block(_, site) => site.axes(),
            _ => Axes::Pos,
        }
    }

    /// Where its positions are among the axes of an activation `[batch, ..]`.
    #[must_use]
    pub fn position_axes(self) -> &'static [usize] {
        match self.axes() {
            Axes::Pos | Axes::PosHead => &[1],
            Axes::HeadDestSrc => &[2, 3],
        }
    }

    /// The hook point that a TransformerLens name names.
    ///
    /// # Errors
    /// An unknown name is an error that suggests the nearest one.
    pub fn parse(name: &str, config: &Config) -> Result<Self> {
        if let Some(found) = Self::known(config).find(|hook| hook.to_string() == name) {
            return Ok(found);
        }
        let nearest = Self::known(config)
            .map(|hook| hook.to_string())
            .min_by_key(|known| edit_distance(known, name))
            .unwrap_or_default();
        anyhow::bail!(
            "no hook '{}' in a model of {} layers; did you mean {nearest}?",
            crate::task::shown(name),
            config.n_layers
        )
    }
}

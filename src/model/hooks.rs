//! Hook names: TransformerLens's own, spelled in this one place.

use anyhow::Result;
use std::fmt;

/// A hook point inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// Residual stream before the block, `[batch, pos, d_model]`.
    ResidPre,
    /// What each head's query reads, `[batch, pos, head, d_model]`; without `W_pos`, which is
    /// added after it. Only there for a hook that wants it, as the two below.
    QInput,
    /// What each head's key reads, `[batch, pos, head, d_model]`.
    KInput,
    /// What each head's value reads, `[batch, pos, head, d_model]`.
    VInput,
    /// Queries, `[batch, pos, head, d_head]`.
    Q,
    /// Keys, `[batch, pos, head, d_head]`.
    K,
    /// Values, `[batch, pos, head, d_head]`.
    V,
    /// Scores after `1/sqrt(d_head)` and the causal mask, `[batch, head, dest_pos, src_pos]`.
    AttnScores,
    /// Attention probabilities, `[batch, head, dest_pos, src_pos]`.
    Pattern,
    /// Attention-weighted values, `[batch, pos, head, d_head]`.
    Z,
    /// Each head's own output, `[batch, pos, head, d_model]`.
    Result,
    /// What the block writes, `[batch, pos, d_model]`.
    AttnOut,
    /// Residual stream after the block, `[batch, pos, d_model]`.
    ResidPost,
}

/// How a hook's value is laid out behind its batch dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// `[pos, d_model]`
    Pos,
    /// `[pos, head, d_head]` (or `d_model` for `hook_result`)
    PosHead,
    /// `[head, dest_pos, src_pos]`
    HeadDestSrc,
}

impl Site {
    /// All sites in the order in which a forward pass reaches them.
    pub const ALL: [Self; 13] = [
        Self::ResidPre,
        Self::QInput,
        Self::KInput,
        Self::VInput,
        Self::Q,
        Self::K,
        Self::V,
        Self::AttnScores,
        Self::Pattern,
        Self::Z,
        Self::Result,
        Self::AttnOut,
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
            Self::Q => "attn.hook_q",
            Self::K => "attn.hook_k",
            Self::V => "attn.hook_v",
            Self::AttnScores => "attn.hook_attn_scores",
            Self::Pattern => "attn.hook_pattern",
            Self::Z => "attn.hook_z",
            Self::Result => "attn.hook_result",
            Self::AttnOut => "hook_attn_out",
            Self::ResidPost => "hook_resid_post",
        }
    }

    /// Whether a pass computes it only for a hook that wants it: nothing else needs it.
    #[must_use]
    pub fn on_demand(self) -> bool {
        matches!(
            self,
            Self::QInput | Self::KInput | Self::VInput | Self::Result
        )
    }

    /// The layout of its value.
    #[must_use]
    pub fn axes(self) -> Axes {
        match self {
            Self::QInput | Self::KInput | Self::VInput => Axes::PosHead,
            Self::Q | Self::K | Self::V | Self::Z | Self::Result => Axes::PosHead,
            Self::AttnScores | Self::Pattern => Axes::HeadDestSrc,
            Self::ResidPre | Self::AttnOut | Self::ResidPost => Axes::Pos,
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
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => f.write_str("hook_embed"),
            Self::PosEmbed => f.write_str("hook_pos_embed"),
            Self::Block(layer, site) => write!(f, "blocks.{layer}.{}", site.name()),
        }
    }
}

impl HookName {
    /// Every hook point of a model with that many layers, in forward order.
    pub fn all(n_layers: usize) -> impl Iterator<Item = Self> {
        let blocks = (0..n_layers).flat_map(|layer| Site::ALL.map(|site| Self::Block(layer, site)));
        [Self::Embed, Self::PosEmbed].into_iter().chain(blocks)
    }

    /// The layout of its value.
    #[must_use]
    pub fn axes(self) -> Axes {
        match self {
            Self::Embed | Self::PosEmbed => Axes::Pos,
            Self::Block(_, site) => site.axes(),
        }
    }

    /// The hook point that a TransformerLens name names.
    ///
    /// # Errors
    /// An unknown name is an error that suggests the nearest one.
    pub fn parse(name: &str, n_layers: usize) -> Result<Self> {
        if let Some(found) = Self::all(n_layers).find(|hook| hook.to_string() == name) {
            return Ok(found);
        }
        let nearest = Self::all(n_layers)
            .map(|hook| hook.to_string())
            .min_by_key(|known| edit_distance(known, name))
            .unwrap_or_default();
        anyhow::bail!(
            "no hook '{}' in a model of {n_layers} layers; did you mean {nearest}?",
            crate::task::shown(name)
        )
    }
}

/// Single-character insertions, deletions and substitutions between two words.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    // a pasted page needs no distance, only a suggestion
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

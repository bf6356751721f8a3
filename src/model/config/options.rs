//! What of a config is a choice among words.

use crate::task::shown;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// A choice: its words in files and on the command line, the first of each being its name.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$each:meta])* $one:ident = $first:literal $(| $other:literal)*),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $first)] $one),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$one),+];

            /// Its name in files and on screen.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$one => $first),+
                }
            }

            /// The one that a word names.
            ///
            /// # Errors
            /// Names the words that there are.
            pub fn parse(text: &str) -> Result<Self> {
                let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
                $(if is(&[$first $(, $other)*]) {
                    return Ok(Self::$one);
                })+
                bail!("no {} '{}'; {}", $what, shown(text), Self::choice())
            }

            /// The words, as a message needs them.
            pub(crate) fn choice() -> String {
                let names: Vec<&str> = Self::ALL.iter().map(|one| one.name()).collect();
                match names.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                    _ => names.concat(),
                }
            }
        }
    };
}

words! {
    /// Where positions enter.
    PositionalEmbedding, "kind of positions",
    /// `W_pos` is added to the inputs of Q and K in every layer, never to V nor to the residual
    /// stream (TransformerLens `transformer_block.py`).
    Shortformer = "shortformer",
    /// `W_pos` is added to the residual stream once.
    Standard = "standard",
    /// Queries and keys are turned by angles that grow with the position.
    Rotary = "rotary",
    /// Nowhere: there is no `W_pos`.
    None = "none",
}

words! {
    /// What comes between an MLP's two matrices.
    Activation, "activation",
    /// `max(x, 0)`
    Relu = "relu",
    /// `x` times the normal distribution up to `x`.
    Gelu = "gelu",
    /// The same by way of a hyperbolic tangent.
    GeluNew = "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh",
    /// `x` times the logistic function of `x`.
    Silu = "silu" | "swish",
    /// `x` times its softmax over the neurons.
    Solu = "solu",
    /// The same, and a layernorm after it.
    SoluLn = "solu_ln",
}

words! {
    /// What is done to the stream before it is read.
    Normalization, "normalization",
    /// Nothing.
    None = "none",
    /// Layernorm with weight and bias.
    Ln = "LN",
    /// Layernorm without parameters: they were folded into the weights that read it.
    LnPre = "LNPre",
    /// Division by the root of the mean square, with weights.
    Rms = "RMS",
    /// The same without weights.
    RmsPre = "RMSPre",
}

words! {
    /// Which positions attention looks at.
    AttentionDir, "direction of attention",
    /// This one and those before it.
    Causal = "causal",
    /// All.
    Bidirectional = "bidirectional",
}

impl Normalization {
    /// Whether the mean is taken away first.
    #[must_use]
    pub fn centres(self) -> bool {
        matches!(self, Self::Ln | Self::LnPre)
    }

    /// Whether it has weights of its own.
    #[must_use]
    pub fn has_weights(self) -> bool {
        matches!(self, Self::Ln | Self::Rms)
    }

    /// The one without centring, with weights or without as this one.
    #[must_use]
    pub(crate) fn uncentred(self) -> Self {
        match self {
            Self::Ln => Self::Rms,
            Self::LnPre => Self::RmsPre,
            other => other,
        }
    }
}

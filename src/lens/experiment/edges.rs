//! Edges: what writes into the stream, and what reads it in time.

use super::intervention::Sender;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::Step;
use crate::model::{Config, HookName, Site};

impl Sender {
    /// What writes into the stream of a model, in its order; a layer's only head has no name of its
    /// own.
    pub(in crate::lens) fn all(config: &Config) -> Vec<Self> {
        let mut all = vec![Self::Embed];
        for layer in 0..config.n_layers {
            match config.n_heads {
                1 => all.push(Self::Layer(layer)),
                heads => all.extend((0..heads).map(|head| Self::Head(layer, head))),
            }
            all.extend(config.mlp.map(|_| Self::Mlp(layer)));
        }
        all
    }

    /// Whether what it writes is in what is read at a hook point, which for the logits is the last
    /// `hook_resid_post`.
    pub(in crate::lens) fn reaches(self, hook: HookName, config: &Config) -> bool {
        let head = |layer| Step::Head(HeadName { layer, head: 0 });
        let reader = match hook {
            HookName::Block(layer, Site::MlpIn) => Step::Mlp(layer),
            HookName::Block(layer, Site::QInput | Site::KInput | Site::VInput) => head(layer),
            _ => return true,
        };
        match self {
            Self::Embed => true,
            Self::Layer(layer) | Self::Head(layer, _) => reader.follows(head(layer), config),
            Self::Mlp(layer) => reader.follows(Step::Mlp(layer), config),
        }
    }
}

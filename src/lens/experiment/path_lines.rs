//! The lines that take a path away.

use super::intervention::{Action, Intervention, Sender, Target};
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::model::config::PositionalEmbedding;
use crate::model::{Config, HookName, Site};

impl PathName {
    /// The line that takes it out of what the logits read; `None` where it is no part of that, or
    /// where what it carries is no product of weights: [`Config::moves_when_cut`].
    #[must_use]
    pub(crate) fn off(&self, config: &Config) -> Option<Intervention> {
        let in_stream = match self.start {
            Start::Unembed | Start::Put(_) => false,
            Start::Pos => config.positional_embedding == PositionalEmbedding::Standard,
            _ => true,
        };
        (in_stream && !config.moves_when_cut()).then(|| Intervention {
            action: Action::Path(self.clone()),
            hook: HookName::Block(config.n_layers.saturating_sub(1), Site::ResidPost),
            target: Target::Positions(None),
            head: None,
        })
    }

    /// An edge that carries this path and no other, if there is one: taken away it takes the path
    /// out of the logits and leaves all attention as it is. In a model of two layers every path
    /// from an embedding has one; in a deeper one most edges carry several paths. What a head
    /// makes of a token, of its position and of its own bias leaves together. None in a model with
    /// norms or MLPs: there an edge moves a scale or a gate.
    #[must_use]
    pub fn own_edge(&self, config: &Config) -> Option<Intervention> {
        if config.moves_when_cut() {
            return None;
        }
        let last = config.n_layers.saturating_sub(1);
        let mut heads: Vec<HeadName> = self.heads().collect();
        match self.start {
            Start::Embed => {}
            // what the last layer reads is cut off before its bias is added
            Start::HeadBias(head) if head.layer < last => {
                heads.insert(0, head);
            }
            // a position's embedding goes into a head beside the token's
            Start::Pos if heads.first().is_some_and(|head| head.layer < last) => {}
            _ => return None,
        }
        let sends = |head: &HeadName| Sender::Head(head.layer, head.head);
        let to_head = |sender: Sender, head: &HeadName| (sender, Some(*head));
        let (first, second) = (heads.first(), heads.get(1));
        let (sender, receiver) = match (first, second) {
            (None, _) => (Sender::Embed, None),
            (Some(head), None) if head.layer == last => to_head(Sender::Embed, head),
            (Some(head), None) if head.layer == 0 => (sends(head), None),
            (Some(head), Some(next)) if head.layer == 0 && next.layer == last => {
                to_head(sends(head), next)
            }
            _ => return None,
        };
        let hook = receiver.map_or(HookName::Block(last, Site::ResidPost), |head| {
            HookName::Block(head.layer, Site::VInput)
        });
        Some(Intervention {
            action: Action::Edge(sender, None),
            hook,
            target: Target::Positions(None),
            head: receiver.map(|head| head.head),
        })
    }
}

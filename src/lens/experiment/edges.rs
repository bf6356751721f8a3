//! Edges: what writes into the stream, and what reads it in time.

use super::intervention::{Action, From, Intervention, Sender, Target};
use crate::lens::names::head::HeadName;
use crate::lens::names::path::Step;
use crate::lens::names::run::RunName;
use crate::model::{Config, HookName, Site};
use crate::task::grouped;
use anyhow::{Result, ensure};

impl Sender {
    /// What writes into the stream of a model, in its order; a layer's only head has no name of its
    /// own.
    pub(crate) fn all(config: &Config) -> Vec<Self> {
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
    pub(crate) fn reaches(self, hook: HookName, config: &Config) -> bool {
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

/// What reads the stream: a head's query, key or value, an MLP, or the logits.
pub(crate) struct Receiver {
    /// `K1`, `M0`, `logits`.
    pub name: String,
    /// Where it reads.
    pub hook: HookName,
    /// Which of the layer's heads, where there are several.
    pub head: Option<usize>,
}

/// All that read the stream, in the model's order.
pub(crate) fn receivers(config: &Config) -> Vec<Receiver> {
    let mut all = Vec::new();
    let heads: Vec<HeadName> = HeadName::all(config).collect();
    for of_layer in heads.chunks(config.n_heads) {
        for name in of_layer {
            // the only head of a layer needs no name
            let head = (config.n_heads > 1).then_some(name.head);
            let dot = head.map_or_else(String::new, |head| format!(".{head}"));
            let sites = [
                ("Q", Site::QInput),
                ("K", Site::KInput),
                ("V", Site::VInput),
            ];
            all.extend(sites.map(|(letter, site)| Receiver {
                name: format!("{letter}{}{dot}", name.layer),
                hook: HookName::Block(name.layer, site),
                head,
            }));
        }
        let layer = of_layer.first().map_or(0, |name| name.layer);
        all.extend(config.mlp.map(|_| Receiver {
            name: format!("M{layer}"),
            hook: HookName::Block(layer, Site::MlpIn),
            head: None,
        }));
    }
    all.push(Receiver {
        name: "logits".into(),
        hook: HookName::Block(config.n_layers.saturating_sub(1), Site::ResidPost),
        head: None,
    });
    all
}

/// Every sender with every receiver that reads after it writes.
pub(crate) fn every_edge(config: &Config) -> Vec<(Sender, Receiver)> {
    let mut all = Vec::new();
    for receiver in receivers(config) {
        for sender in Sender::all(config) {
            if sender.reaches(receiver.hook, config) {
                all.push((
                    sender,
                    Receiver {
                        name: receiver.name.clone(),
                        ..receiver
                    },
                ));
            }
        }
    }
    all
}

/// The most edges that are listed one by one.
const MAX_EDGES: usize = 1 << 16;

/// How many edges a model has.
pub(crate) fn count_edges(config: &Config) -> usize {
    let senders = Sender::all(config);
    let before = |receiver: Receiver| {
        let reaching = senders
            .iter()
            .filter(|one| one.reaches(receiver.hook, config));
        reaching.count()
    };
    receivers(config).into_iter().map(before).sum()
}

/// Whether a model's edges can be listed one by one.
///
/// # Errors
/// When there are too many, with the figure.
pub fn check_edges(config: &Config) -> Result<()> {
    ensure!(
        !config.is_bare(),
        "a model of W_E, W_in and W_U alone has no edges: there is one way through it"
    );
    let edges = count_edges(config);
    ensure!(
        edges <= MAX_EDGES,
        "a model of {} layers of {} heads has {} edges; at most {} are gone through",
        config.n_layers,
        config.n_heads,
        grouped(edges as u128),
        grouped(MAX_EDGES as u128)
    );
    Ok(())
}

/// Every edge of a model taken away, with its name; ask [`check_edges`] before.
#[must_use]
pub fn edges_off(config: &Config) -> Vec<(String, Intervention)> {
    let off = |(sender, receiver): (Sender, Receiver)| {
        let name = format!("{sender}->{}", receiver.name);
        (name, edge(sender, &receiver, None, None))
    };
    every_edge(config).into_iter().map(off).collect()
}

/// What one hands to the other taken away, or given from another run.
pub(crate) fn edge(
    sender: Sender,
    receiver: &Receiver,
    pos: Option<usize>,
    from: Option<RunName>,
) -> Intervention {
    Intervention {
        action: Action::Edge(sender, from.map(From::Run)),
        hook: receiver.hook,
        target: Target::Positions(pos.map(|pos| vec![pos])),
        head: receiver.head,
    }
}

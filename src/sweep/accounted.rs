//! How much of a model an explanation accounts for: heads, edges, MLPs and neurons, at every position that can reach
//! a prediction.

use super::explanation::Explanation;
use crate::lens::{Action, HeadName, Intervention, Receiver, Sender, Target, every_edge};
use crate::model::{Config, HookName, Site};
use crate::task::Task;
use serde::Serialize;

/// How much of a part of the model an explanation accounts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accounted {
    /// `attention of 0.0`, `edges into K1`, `MLP 0`, `neurons of MLP 0`.
    pub part: String,
    /// What of it is under a rule, removed or set: positions; of edges and neurons each at each position.
    pub explained: usize,
    /// How many there are, up to the last position that is read.
    pub of: usize,
}

/// What the lines of an explanation put in place of what the model computes.
struct Replaced<'a> {
    lines: &'a [Intervention],
    config: &'a Config,
    /// Positions that can reach a prediction.
    read: usize,
}

impl Explanation {
    /// How much of each head's attention and output, of the edges into each reader, and of each MLP and its neurons
    /// it accounts for, at the positions up to the last that is read. An edge is accounted for where a line is
    /// about it, where what is sent is replaced, and where nothing of what reads it is left.
    #[must_use]
    pub fn accounted(&self, task: Task, config: &Config) -> Vec<Accounted> {
        let replaced = Replaced {
            lines: &self.lines,
            config,
            read: task.read_len(),
        };
        let heads = HeadName::all(config).map(|head| {
            let explained = |at| replaced.attention(head, at) || replaced.output(head, at);
            replaced.count(format!("attention of {head}"), &explained)
        });
        let mut all: Vec<Accounted> = heads.collect();
        for layer in (0..config.n_layers).filter(|_| config.mlp.is_some()) {
            all.push(replaced.count(format!("MLP {layer}"), &|at| replaced.mlp(layer, at)));
        }
        all.extend(replaced.edges());
        all.extend(replaced.neurons());
        all
    }
}

impl Replaced<'_> {
    fn any(&self, is: impl Fn(&Intervention) -> bool) -> bool {
        self.lines.iter().any(is)
    }

    fn count(&self, part: String, explained: &dyn Fn(usize) -> bool) -> Accounted {
        Accounted {
            part,
            explained: (0..self.read).filter(|&at| explained(at)).count(),
            of: self.read,
        }
    }

    /// Whether a query's whole row of a head's attention is.
    fn attention(&self, head: HeadName, at: usize) -> bool {
        self.any(|one| {
            let here = matches!(one.hook, HookName::Block(l, Site::Pattern | Site::AttnScores) if l == head.layer);
            let row = matches!(one.target, Target::Cell { src: None, dest } if dest.is_none_or(|dest| dest == at));
            here && row && one.head.is_none_or(|only| only == head.head) && replaces(one)
        })
    }

    /// Whether what a head writes is.
    fn output(&self, head: HeadName, at: usize) -> bool {
        self.any(|one| {
            let here = matches!(one.hook, HookName::Block(l, Site::Z | Site::Result | Site::AttnOut) if l == head.layer);
            here && replaces(one) && one.selects(head.head, at, 0)
        })
    }

    /// Whether what an MLP writes is.
    fn mlp(&self, layer: usize, at: usize) -> bool {
        self.any(|one| {
            let here =
                matches!(one.hook, HookName::Block(l, Site::MlpPost | Site::MlpOut) if l == layer);
            here && one.head.is_none() && replaces(one) && one.selects(0, at, 0)
        })
    }

    /// Whether what is sent is, at its source.
    fn sent(&self, sender: Sender, at: usize) -> bool {
        let head = |layer, head| self.output(HeadName { layer, head }, at);
        match sender {
            Sender::Embed => self
                .any(|one| one.hook == HookName::Embed && replaces(one) && one.selects(0, at, 0)),
            Sender::Layer(layer) => (0..self.config.n_heads).all(|one| head(layer, one)),
            Sender::Head(layer, one) => head(layer, one),
            Sender::Mlp(layer) => self.mlp(layer, at),
        }
    }

    /// Whether nothing that a reader makes of a position is left.
    fn unread(&self, receiver: &Receiver, at: usize) -> bool {
        let HookName::Block(layer, site) = receiver.hook else {
            return false;
        };
        let heads: Vec<HeadName> = match receiver.head {
            Some(head) => vec![HeadName { layer, head }],
            None => (0..self.config.n_heads)
                .map(|head| HeadName { layer, head })
                .collect(),
        };
        // a position is read as key and as value by the queries from there on, or by all
        let from = if self.config.is_causal() { at } else { 0 };
        let every = |is: &dyn Fn(HeadName, usize) -> bool| {
            heads
                .iter()
                .all(|&head| (from..self.read).all(|query| is(head, query)))
        };
        let gone = |head, query| self.output(head, query);
        match site {
            Site::QInput => heads
                .iter()
                .all(|&head| self.attention(head, at) || gone(head, at)),
            Site::KInput => every(&|head, query| self.attention(head, query) || gone(head, query)),
            Site::VInput => every(&gone),
            Site::MlpIn => self.mlp(layer, at),
            _ => false,
        }
    }

    /// The edges into each reader.
    fn edges(&self) -> Vec<Accounted> {
        let mut all: Vec<Accounted> = Vec::new();
        for (sender, receiver) in every_edge(self.config) {
            let explained = |at: usize| {
                let own = |one: &Intervention| {
                    let same = matches!(one.action, Action::Edge(of, _) if covers(of, sender));
                    let reads = one.head.is_none() || one.head == receiver.head;
                    same && one.hook == receiver.hook && reads && at_position(one, at)
                };
                self.any(own) || self.sent(sender, at) || self.unread(&receiver, at)
            };
            let edge = self.count(format!("edges into {}", receiver.name), &explained);
            match all.iter_mut().find(|one| one.part == edge.part) {
                Some(one) => {
                    one.explained += edge.explained;
                    one.of += edge.of;
                }
                None => all.push(edge),
            }
        }
        all
    }

    /// The neurons of each MLP.
    fn neurons(&self) -> Vec<Accounted> {
        let Some(mlp) = &self.config.mlp else {
            return Vec::new();
        };
        let of_layer = |layer: usize| {
            let explained = |at: usize| {
                if self.mlp(layer, at) {
                    return mlp.d_mlp;
                }
                let own = self.lines.iter().filter(|one| {
                    let here = matches!(one.hook, HookName::Block(l, Site::MlpPre | Site::MlpPost) if l == layer);
                    here && replaces(one) && at_position(one, at)
                });
                let mut neurons: Vec<usize> = own.filter_map(|one| one.head).collect();
                neurons.sort_unstable();
                neurons.dedup();
                neurons.len()
            };
            Accounted {
                part: format!("neurons of MLP {layer}"),
                explained: (0..self.read).map(explained).sum(),
                of: self.read * mlp.d_mlp,
            }
        };
        (0..self.config.n_layers).map(of_layer).collect()
    }
}

/// Whether a line is about a position, whichever head or neuron of it.
fn at_position(one: &Intervention, at: usize) -> bool {
    match &one.target {
        Target::Positions(positions) => positions.as_ref().is_none_or(|list| list.contains(&at)),
        Target::Cell { .. } => false,
    }
}

/// Whether something else stands there now.
fn replaces(one: &Intervention) -> bool {
    matches!(one.action, Action::Patch(_) | Action::Zero | Action::Set(_))
}

/// Whether what one sender writes is in what another one does: a head's is in its layer's.
fn covers(one: Sender, sender: Sender) -> bool {
    let of_layer =
        matches!((one, sender), (Sender::Layer(l), Sender::Head(layer, _)) if l == layer);
    one == sender || of_layer
}

//! What an attribution adds up, run by run.

use crate::lens::names::path::PathName;
use crate::lens::runs::many::Sum;
use crate::lens::weights::matrices::Matrices;
use crate::model::HookName;
use crate::model::config::PositionalEmbedding;
use std::collections::BTreeMap;

/// Sums over runs.
pub(crate) struct Tally {
    pub runs: usize,
    /// `[prediction]`
    pub logits: Sum,
    /// `[layer and the last, prediction]`
    pub streams: Sum,
    /// `[prediction]`
    pub put: BTreeMap<HookName, Sum>,
    pub unembed_bias: Sum,
    /// `[1 or 2, prediction]`: token and position embedding
    pub embed: Sum,
    /// `[layer, prediction]`
    pub out_bias: Sum,
    /// `[layer, prediction]`: what its MLP writes, its bias included
    pub mlp: Sum,
    /// `[prediction]`: the last norm's bias
    pub norm_bias: Sum,
    /// `[head, prediction, pos]` and `[head, prediction, d_vocab]`
    pub by_source: Sum,
    pub by_token: Sum,
    /// `[path, prediction, pos]`
    pub paths: Sum,
    /// Those of what interventions put in, `[prediction, pos]`
    pub put_paths: BTreeMap<PathName, Sum>,
    /// The largest of a run's, of parts and of paths.
    pub remainder: f64,
    pub paths_remainder: f64,
}

impl Tally {
    /// Nothing yet, for a model and so many paths.
    pub fn new(weights: &Matrices, paths: usize) -> Self {
        let config = weights.config();
        let task = weights.task();
        let (n, len) = (task.answers.len(), task.seq_len());
        let heads = config.n_layers * config.n_heads;
        let streams = if config.is_bare() {
            0
        } else {
            config.n_layers + 1
        };
        let standard = config.positional_embedding == PositionalEmbedding::Standard;
        Self {
            runs: 0,
            logits: Sum::zeros(&[n]),
            streams: Sum::zeros(&[streams, n]),
            put: BTreeMap::new(),
            unembed_bias: Sum::zeros(&[n]),
            embed: Sum::zeros(&[1 + usize::from(standard), n]),
            out_bias: Sum::zeros(&[config.n_layers, n]),
            mlp: Sum::zeros(&[weights.mlps.len(), n]),
            norm_bias: Sum::zeros(&[n]),
            by_source: Sum::zeros(&[heads, n, len]),
            by_token: Sum::zeros(&[heads, n, config.d_vocab]),
            paths: Sum::zeros(&[paths, n, len]),
            put_paths: BTreeMap::new(),
            remainder: 0.0,
            paths_remainder: 0.0,
        }
    }

    /// Adds what another one has.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.logits.merge(&other.logits);
        self.unembed_bias.merge(&other.unembed_bias);
        self.embed.merge(&other.embed);
        self.out_bias.merge(&other.out_bias);
        self.mlp.merge(&other.mlp);
        self.norm_bias.merge(&other.norm_bias);
        self.by_source.merge(&other.by_source);
        self.by_token.merge(&other.by_token);
        self.paths.merge(&other.paths);
        self.streams.merge(&other.streams);
        merge_all(&mut self.put, &other.put);
        merge_all(&mut self.put_paths, &other.put_paths);
        self.remainder = self.remainder.max(other.remainder);
        self.paths_remainder = self.paths_remainder.max(other.paths_remainder);
    }
}

fn merge_all<K: Ord + Clone>(sums: &mut BTreeMap<K, Sum>, others: &BTreeMap<K, Sum>) {
    for (key, other) in others {
        match sums.get_mut(key) {
            Some(sum) => sum.merge(other),
            None => {
                sums.insert(key.clone(), other.clone());
            }
        }
    }
}

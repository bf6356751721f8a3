//! Paths: given attention, norm scales and the gates of neurons, the logits are exactly a sum over
//! all ways through the model.
//!
//! A path starts where something enters the residual stream (a token's embedding, a position's
//! embedding where positions are part of the stream, a bias), goes through heads and MLPs of
//! increasing layers, and ends in the logits. With `A` the heads' attention and `OV` their `W_V W_O`,
//! a path's share of the logits at `dest` is the sum over source positions `src` of
//! `(A_k .. A_1)[dest, src] * (x[src] OV_1 .. OV_k W_U)`: a weight of this run times a row of a
//! table of the model's. Source: Elhage et al. 2021, "path expansion". A norm multiplies the weight by
//! one over its scale, and the row by its own weights. The gates of ReLU neurons are zeros and ones by
//! position, so that behind an MLP each pair of positions has a row of its own. Another activation
//! has no gates, and there are more paths through neurons than fit in some models: what an MLP writes
//! starts a path then.

use crate::lens::experiment::intervention::Intervention;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Place, Start, Step};
use crate::lens::numbers::algebra::{Matrix, is_zero};
use crate::lens::weights::layers::Norm;
use crate::lens::weights::matrices::Matrices;
use crate::model::Config;
use crate::model::config::PositionalEmbedding;
use crate::task::text::listed;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// The most numbers that all tables of a model, or all paths of a run, may hold (128 MB).
const MAX_NUMBERS: usize = 16 << 20;

/// What a path's name takes, in numbers.
const OF_A_NAME: usize = 64;

/// A path, and in a model without norms and MLPs its table: what each start hands to the logits,
/// `[start, d_vocab_out]`.
pub(crate) struct Route {
    pub name: PathName,
    pub table: Option<Matrix>,
}

/// All paths of a model with their tables. Made once a model; a run adds the weights.
pub struct PathTables {
    routes: Vec<Route>,
    numbers: BTreeMap<PathName, usize>,
    starts: BTreeSet<Start>,
    neurons: bool,
    left: usize,
}

/// Where something enters that is not nothing, in the order of a forward pass.
fn starts(weights: &Matrices, neurons: bool) -> Vec<Start> {
    let config = weights.config();
    let mut all = vec![Start::Embed];
    if config.positional_embedding == PositionalEmbedding::Standard && !config.is_bare() {
        all.push(Start::Pos);
    }
    let mut bias = |start: Start, value: Option<&Matrix>| {
        if value.is_some_and(|value| !is_zero(value)) {
            all.push(start);
        }
    };
    let of_norm = |norm: Option<&Norm>| norm.and_then(|norm| norm.b.clone());
    for layer in 0..config.n_layers.max(weights.mlps.len()) {
        let place = Place::Attention(layer);
        let of_layer = HeadName::all(config).filter(|name| name.layer == layer);
        bias(
            Start::NormBias(place),
            of_norm(weights.norm_of(layer)).as_ref(),
        );
        for name in of_layer {
            let head = weights.head(name);
            bias(Start::HeadBias(name), Some(&(&head.b_v * &head.w_o)));
        }
        bias(Start::OutBias(layer), weights.b_o.get(layer));
        let Some(mlp) = weights.mlps.get(layer) else {
            continue;
        };
        if neurons {
            let norm = of_norm(mlp.norm.as_ref());
            bias(Start::NormBias(Place::Mlp(layer)), norm.as_ref());
            bias(Start::InBias(layer), Some(&mlp.b_in));
        } else {
            bias(Start::Mlp(layer), Some(&mlp.w_in));
        }
        bias(Start::MlpBias(layer), Some(&mlp.b_out));
    }
    let last = of_norm(weights.norm.as_ref());
    bias(Start::NormBias(Place::Unembed), last.as_ref());
    bias(Start::Unembed, Some(&weights.b_u));
    all
}

/// What enters at a start of a model without norms and MLPs, one row for each token, position, or
/// alone: `[start, d_model]`.
fn entering(weights: &Matrices, start: Start) -> Matrix {
    match start {
        Start::Embed => weights.w_e.clone(),
        Start::Pos => weights.w_pos.clone(),
        Start::HeadBias(name) => {
            let head = weights.head(name);
            &head.b_v * &head.w_o
        }
        Start::OutBias(layer) => weights.b_o[layer].clone(),
        _ => Matrix::zeros(0, weights.config().d_model),
    }
}

impl PathTables {
    /// The tables of a model. A bias that is zero has no paths.
    ///
    /// # Errors
    /// When there are more paths than fit: without MLPs their number is `(heads + 1) ^ layers`.
    pub fn new(weights: &Matrices) -> Result<Self> {
        let gates = weights.config().has_gates();
        match Self::build(weights, gates) {
            Err(_) if gates => Self::build(weights, false),
            found => found,
        }
    }

    fn build(weights: &Matrices, neurons: bool) -> Result<Self> {
        let all = starts(weights, neurons);
        let mut tables = Self {
            routes: Vec::new(),
            numbers: BTreeMap::new(),
            starts: all.iter().copied().collect(),
            neurons,
            left: MAX_NUMBERS,
        };
        for start in all {
            tables.extend(weights, start)?;
        }
        let names = tables.routes.iter().map(|route| route.name.clone());
        tables.numbers = names.zip(0..).collect();
        Ok(tables)
    }

    /// Adds all paths from one start, shorter ones first.
    fn extend(&mut self, weights: &Matrices, start: Start) -> Result<()> {
        let config = weights.config();
        let tabled = !config.moves_when_cut();
        let steps = Step::all(config, self.neurons);
        let value = tabled.then(|| entering(weights, start));
        self.take(weights, &PathName::of(start), value.as_ref())?;
        let mut ways = vec![(PathName::of(start), value)];
        let mut done = 0;
        while let Some((name, value)) = ways.get(done).cloned() {
            for &step in &steps {
                let leads = match name.steps.last() {
                    None => start.leads_to(step, config),
                    Some(&before) => step.follows(before, config),
                };
                if leads {
                    let value = value.as_ref().map(|value| through(weights, step, value));
                    let longer = name.then(step);
                    // before it is kept: from one way thousands may go on
                    self.take(weights, &longer, value.as_ref())?;
                    ways.push((longer, value));
                }
            }
            // the bare model unembeds its neurons and nothing else
            let unread = config.is_bare() && start == Start::Embed;
            if !name.steps.is_empty() || start.is_path() && !unread {
                let table = |value: Matrix| match start {
                    Start::Unembed => weights.b_u.clone(),
                    _ => value * &weights.w_u,
                };
                self.routes.push(Route {
                    table: value.map(table),
                    name,
                });
            }
            done += 1;
        }
        Ok(())
    }

    /// Takes a path's numbers off those that are left.
    fn take(&mut self, weights: &Matrices, name: &PathName, value: Option<&Matrix>) -> Result<()> {
        let (config, len) = (weights.config(), weights.task().seq_len());
        let width = config.d_vocab_out + config.d_model;
        let rows = match value {
            Some(value) => value.nrows(),
            // behind neurons that read what a head carried each pair of positions has its own
            None if name.mixes() => len * len,
            None => len,
        };
        let (layers, heads) = (config.n_layers, config.n_heads);
        let left = self.left.checked_sub(rows * width + OF_A_NAME);
        self.left = left.with_context(|| {
            format!("a model of {layers} layers of {heads} heads has too many paths to list")
        })?;
        Ok(())
    }

    /// The paths in their order: by start, then by length.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &PathName> {
        self.routes.iter().map(|route| &route.name)
    }

    /// A path of this model from its name.
    ///
    /// # Errors
    /// When the model has no such path; the message lists those it has.
    pub fn parse(&self, text: &str, config: &Config) -> Result<PathName> {
        let all = || {
            let names: Vec<_> = self.names().map(ToString::to_string).collect();
            format!("this model's paths are {}", listed(&names, " "))
        };
        if let Some(name) = self.names().find(|name| name.to_string() == text.trim()) {
            return Ok(name.clone());
        }
        let name = PathName::parse(text, config).with_context(all)?;
        let found = self.number(&name).is_some();
        ensure!(found, "no path '{name}'; {}", all());
        Ok(name)
    }

    /// What takes a path away and leaves the others: an edge where one carries that path alone, and
    /// the path's own line. Neither where it is no part of the stream.
    pub(crate) fn away(
        &self,
        path: &PathName,
        config: &Config,
    ) -> impl Iterator<Item = Intervention> + use<> {
        let alone = |edge: &Intervention| {
            let edges = self.names().filter_map(|other| other.own_edge(config));
            edges.filter(|other| other == edge).count() == 1
        };
        let edge = path.own_edge(config).filter(alone);
        edge.into_iter().chain(path.off(config))
    }

    /// A path's place among the names.
    pub(crate) fn number(&self, name: &PathName) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Whether anything enters there.
    pub(crate) fn enters(&self, start: Start) -> bool {
        self.starts.contains(&start)
    }

    /// Whether paths go through the gates of neurons; else what an MLP writes starts a path.
    pub(crate) fn through_neurons(&self) -> bool {
        self.neurons
    }

    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }
}

/// What a head makes of rows `[start, d_model]`.
fn through(weights: &Matrices, step: Step, value: &Matrix) -> Matrix {
    match step {
        Step::Head(name) => {
            let head = weights.head(name);
            (value * &head.w_v) * &head.w_o
        }
        Step::Mlp(_) => value.clone(),
    }
}

//! Paths: given attention, the logits are exactly a sum over all ways through the model.
//!
//! A path starts where something enters the residual stream (a token's embedding, a position's
//! embedding where positions are part of the stream, a bias), goes through heads of increasing
//! layers, and ends in the logits. With `A` the heads' attention and `OV` their `W_V W_O`, a path's
//! share of the logits at `dest` is the sum over source positions `src` of
//! `(A_k .. A_1)[dest, src] * (x[src] OV_1 .. OV_k W_U)`: a weight of this run times a row of a
//! table of the model's. Source: Elhage et al. 2021, "path expansion".

use crate::lens::experiment::intervention::Intervention;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, is_zero};
use crate::lens::weights::matrices::Matrices;
use crate::model::Config;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// The most numbers that all tables of a model may hold (128 MB).
const MAX_NUMBERS: usize = 16 << 20;

/// A path with its table: what each start hands to the logits, `[start, d_vocab_out]`.
pub(in crate::lens) struct Route {
    pub name: PathName,
    pub table: Matrix,
}

/// All paths of a model with their tables. Made once a model; a run adds the weights.
pub struct PathTables {
    routes: Vec<Route>,
    numbers: BTreeMap<PathName, usize>,
}

/// What enters at a start, one row for each token, position, or alone: `[start, d_model]`.
fn entering(weights: &Matrices) -> Vec<(Start, Matrix)> {
    let mut all = vec![(Start::Embed, weights.w_e.clone())];
    if weights.is_standard() {
        all.push((Start::Pos, weights.w_pos.clone()));
    }
    for (layer, b_o) in weights.b_o.iter().enumerate() {
        for name in HeadName::all(weights.config()).filter(|name| name.layer == layer) {
            let head = weights.head(name);
            all.push((Start::HeadBias(name), &head.b_v * &head.w_o));
        }
        all.push((Start::OutBias(layer), b_o.clone()));
    }
    all.retain(|(start, value)| matches!(start, Start::Embed | Start::Pos) || !is_zero(value));
    all
}

impl PathTables {
    /// The tables of a model. A bias that is zero has no paths.
    ///
    /// # Errors
    /// When there are more paths than fit: their number is `(heads + 1) ^ layers`.
    pub fn new(weights: &Matrices) -> Result<Self> {
        let config = weights.config();
        let starts = entering(weights);
        let (width, heads) = (config.d_vocab_out + config.d_model, config.n_heads);
        let numbers = starts.iter().map(|(start, value)| {
            let layers = config.n_layers.saturating_sub(start.next_layer());
            let paths = (heads + 1).saturating_pow(layers as u32);
            paths.saturating_mul(value.nrows() * width)
        });
        ensure!(
            numbers.fold(0, usize::saturating_add) <= MAX_NUMBERS,
            "a model of {} layers of {heads} heads has too many paths to list",
            config.n_layers
        );
        let mut routes = Vec::new();
        for (start, value) in starts {
            extend(weights, &mut routes, start, value);
        }
        if !is_zero(&weights.b_u) {
            routes.push(Route {
                name: PathName::of(Start::Unembed),
                table: weights.b_u.clone(),
            });
        }
        let names = routes.iter().map(|route| route.name.clone());
        let numbers = names.zip(0..).collect();
        Ok(Self { routes, numbers })
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
        let listed = || {
            let names: Vec<_> = self.names().map(ToString::to_string).collect();
            format!("this model's paths are {}", names.join(" "))
        };
        let name = PathName::parse(text, config).with_context(listed)?;
        let found = self.number(&name).is_some();
        ensure!(found, "no path '{name}'; {}", listed());
        Ok(name)
    }

    /// What takes a path away and leaves the others: an edge where one carries that path alone, and
    /// the path's own line. Neither where it is no part of the stream.
    pub(in crate::lens) fn away(
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
    pub(in crate::lens) fn number(&self, name: &PathName) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(in crate::lens) fn routes(&self) -> &[Route] {
        &self.routes
    }
}

/// Adds all paths from one start, shorter ones first.
fn extend(weights: &Matrices, routes: &mut Vec<Route>, start: Start, value: Matrix) {
    let mut push = |heads: Vec<HeadName>, value: &Matrix| {
        routes.push(Route {
            name: PathName { start, heads },
            table: value * &weights.w_u,
        });
    };
    push(Vec::new(), &value);
    let mut values = vec![(Vec::new(), value)];
    let mut done = 0;
    while done < values.len() {
        let (heads, value): (Vec<HeadName>, Matrix) = values[done].clone();
        let first = heads
            .last()
            .map_or(start.next_layer(), |last| last.layer + 1);
        for name in HeadName::all(weights.config()).filter(|name| name.layer >= first) {
            let head = weights.head(name);
            let next = [&heads[..], &[name]].concat();
            let value = (&value * &head.w_v) * &head.w_o;
            push(next.clone(), &value);
            values.push((next, value));
        }
        done += 1;
    }
}

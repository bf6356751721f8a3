//! Paths: given attention, the logits are exactly a sum over all ways through the model.
//!
//! A path starts where something enters the residual stream (a token's embedding, a position's
//! embedding where positions are part of the stream, a bias), goes through heads of increasing
//! layers, and ends in the logits. With `A` the heads' attention and `OV` their `W_V W_O`, a path's
//! share of the logits at `dest` is the sum over source positions `src` of
//! `(A_k .. A_1)[dest, src] * (x[src] OV_1 .. OV_k W_U)`: a weight of this run times a row of a
//! table of the model's. Source: Elhage et al. 2021, "path expansion".

use super::algebra::{Matrix, is_zero};
use super::array::Array;
use super::intervention::{Action, Intervention, Sender, Target};
use super::matrices::{HeadName, Matrices};
use super::observe::RunView;
use super::replay::patterns;
use crate::model::{Config, HookName, Site};
use crate::task::{Token, shown};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fmt;

/// The most numbers that all tables of a model may hold (128 MB).
const MAX_NUMBERS: usize = 16 << 20;

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// A token's embedding; not written in the name.
    Embed,
    /// A position's embedding, where positions are part of the residual stream: `pos`.
    Pos,
    /// A head's value bias, carried by its attention: `b_V.0.0`.
    HeadBias(HeadName),
    /// A layer's output bias: `b_O.0`.
    OutBias(usize),
    /// The unembedding's bias: `b_U`.
    Unembed,
}

/// A path's name: `direct`, `0.0`, `0.0>1.0`, `pos`, `pos>0.0`, `b_O.0`, `b_V.0.0>1.0`, `b_U`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathName {
    /// Where it starts.
    pub start: Start,
    /// The heads it goes through, layers increasing.
    pub heads: Vec<HeadName>,
}

impl fmt::Display for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = match self.start {
            Start::Embed if self.heads.is_empty() => Some("direct".to_owned()),
            Start::Embed => None,
            Start::Pos => Some("pos".to_owned()),
            Start::HeadBias(head) => Some(format!("b_V.{head}")),
            Start::OutBias(layer) => Some(format!("b_O.{layer}")),
            Start::Unembed => Some("b_U".to_owned()),
        };
        let heads = self.heads.iter().map(ToString::to_string);
        let words: Vec<String> = first.into_iter().chain(heads).collect();
        f.write_str(&words.join(">"))
    }
}

impl PathName {
    /// An edge that carries this path and no other, if there is one: taken away it takes the path
    /// out of the logits and leaves all attention as it is. In a model of two layers every path
    /// from an embedding has one; in a deeper one most edges carry several paths. What a head
    /// makes of a token, of its position and of its own bias leaves together.
    #[must_use]
    pub fn own_edge(&self, config: &Config) -> Option<Intervention> {
        let last = config.n_layers - 1;
        let mut heads = self.heads.clone();
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

    /// A path from its name.
    ///
    /// # Errors
    /// When the name is none of a path, a head does not exist, or layers do not increase.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        Self::read(text.trim(), config).with_context(|| {
            let problem = format!("no path '{}'", shown(text));
            format!("{problem}; paths are written direct, 0.0, 0.0>1.0, pos, b_V.0.0, b_O.0 or b_U")
        })
    }

    fn read(text: &str, config: &Config) -> Result<Self> {
        let (first, rest) = text
            .split_once('>')
            .map_or((text, None), |(a, b)| (a, Some(b)));
        let bias = |tail: &str| HeadName::parse(tail, config);
        let start = match first {
            "direct" if rest.is_none() => Some(Start::Embed),
            "pos" => Some(Start::Pos),
            "b_U" if rest.is_none() => Some(Start::Unembed),
            _ => match (first.strip_prefix("b_V."), first.strip_prefix("b_O.")) {
                (Some(head), _) => Some(Start::HeadBias(bias(head)?)),
                (_, Some(layer)) => Some(Start::OutBias(bias(&format!("{layer}.0"))?.layer)),
                _ => None,
            },
        };
        let chain = match start {
            Some(_) => rest,
            None => Some(text),
        };
        let words = chain.into_iter().flat_map(|chain| chain.split('>'));
        let heads = words.map(|word| HeadName::parse(word, config));
        let path = Self {
            heads: heads.collect::<Result<_>>()?,
            start: start.unwrap_or(Start::Embed),
        };
        let first = path.start.next_layer();
        let increasing = path.heads.windows(2).all(|two| two[0].layer < two[1].layer);
        ensure!(
            increasing && path.heads.first().is_none_or(|head| head.layer >= first),
            "a path goes through heads of increasing layers"
        );
        Ok(path)
    }
}

impl Start {
    /// The first layer that reads what enters here.
    fn next_layer(self) -> usize {
        match self {
            Self::Embed | Self::Pos => 0,
            Self::HeadBias(HeadName { layer, .. }) | Self::OutBias(layer) => layer + 1,
            Self::Unembed => usize::MAX,
        }
    }
}

/// A path with its table: what each start hands to the logits, `[start, d_vocab_out]`.
struct Route {
    name: PathName,
    /// The path without its last head.
    parent: Option<usize>,
    table: Matrix,
}

/// All paths of a model with their tables. Made once a model; a run adds the weights.
pub struct PathTables {
    routes: Vec<Route>,
    heads: usize,
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
                name: PathName {
                    start: Start::Unembed,
                    heads: Vec::new(),
                },
                parent: None,
                table: weights.b_u.clone(),
            });
        }
        Ok(Self { routes, heads })
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
        let found = self.names().any(|known| *known == name);
        ensure!(found, "no path '{name}'; {}", listed());
        Ok(name)
    }

    /// The logits of a run, path by path, given its attention.
    ///
    /// # Errors
    /// When the run is not one of this model.
    pub fn split<'a>(&'a self, weights: &Matrices, run: &'a RunView) -> Result<PathSplit<'a>> {
        let patterns = patterns(weights, run)?;
        let pattern = |name: &HeadName| &patterns[name.layer * self.heads + name.head];
        let len = run.tokens.len();
        let mut split: Vec<Matrix> = Vec::with_capacity(self.routes.len());
        for route in &self.routes {
            let weight = match (route.parent, route.name.heads.last(), route.name.start) {
                (Some(parent), Some(last), _) => pattern(last) * &split[parent],
                (_, _, Start::HeadBias(head)) => pattern(&head).clone(),
                _ => Matrix::identity(len, len),
            };
            split.push(weight);
        }
        Ok(PathSplit {
            tables: self,
            tokens: &run.tokens,
            weights: split,
        })
    }
}

/// Adds all paths from one start, shorter ones first.
fn extend(weights: &Matrices, routes: &mut Vec<Route>, start: Start, value: Matrix) {
    let begin = routes.len();
    let mut push = |heads: Vec<HeadName>, parent: Option<usize>, value: &Matrix| {
        routes.push(Route {
            name: PathName { start, heads },
            parent,
            table: value * &weights.w_u,
        });
    };
    push(Vec::new(), None, &value);
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
            push(next.clone(), Some(begin + done), &value);
            values.push((next, value));
        }
        done += 1;
    }
}

/// A run's logits, path by path and source position by source position.
pub struct PathSplit<'a> {
    tables: &'a PathTables,
    tokens: &'a [Token],
    /// By path: `[dest_pos, src_pos]`, the attention along it.
    weights: Vec<Matrix>,
}

impl PathSplit<'_> {
    /// The paths, in the order of the numbers that name them here.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &PathName> {
        self.tables.names()
    }

    fn row(&self, path: usize, src: usize) -> usize {
        match self.tables.routes[path].name.start {
            Start::Embed => self.tokens[src] as usize,
            Start::Pos => src,
            _ => 0,
        }
    }

    /// What a path brings from a source position to one logit at `dest`. `path` counts as
    /// [`PathSplit::names`] does.
    #[must_use]
    pub fn value(&self, path: usize, dest: usize, src: usize, token: usize) -> f64 {
        let table = &self.tables.routes[path].table;
        self.weights[path][(dest, src)] * table[(self.row(path, src), token)]
    }

    /// The attention along a path, `[dest_pos, src_pos]`.
    #[must_use]
    pub fn attention(&self, path: usize) -> Array {
        super::algebra::array(&self.weights[path])
    }

    /// The sum of all paths but those that are off: logits `[pos, d_vocab_out]`. Attention stays
    /// as it was in the run.
    #[must_use]
    pub fn logits_without(&self, off: &BTreeSet<PathName>) -> Array {
        let len = self.tokens.len();
        let out = self
            .tables
            .routes
            .first()
            .map_or(0, |route| route.table.ncols());
        let mut sum = Matrix::zeros(len, out);
        for (path, route) in self.tables.routes.iter().enumerate() {
            if !off.contains(&route.name) {
                let rows = (0..len).map(|src| self.row(path, src));
                sum += &self.weights[path] * super::algebra::rows_of(&route.table, rows);
            }
        }
        super::algebra::array(&sum)
    }

    /// The largest difference between these logits and the sum of all paths. More than rounding
    /// means that the run had an intervention on something else than attention.
    #[must_use]
    pub fn remainder(&self, logits: &Array) -> f64 {
        let sum = self.logits_without(&BTreeSet::new());
        let pairs = sum.values().iter().zip(logits.values());
        pairs
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
            .fold(0.0, f64::max)
    }
}

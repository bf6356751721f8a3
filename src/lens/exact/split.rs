//! A run's logits, path by path.

use super::paths::PathTables;
use super::trace::{Label, Trace};
use super::view::RunView;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, array, is_zero, rows_of};
use crate::lens::numbers::array::Array;
use crate::lens::weights::matrices::Matrices;
use crate::task::Token;
use anyhow::Result;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A run's logits, path by path and source position by source position.
pub struct PathSplit<'a> {
    tokens: &'a [Token],
    /// Those of the tables in their order, then those of what interventions put in.
    paths: Vec<Path<'a>>,
}

/// A path and what it carried: more than one thing where positions were treated differently.
struct Path<'a> {
    name: Cow<'a, PathName>,
    carried: Vec<Carried<'a>>,
}

struct Carried<'a> {
    /// How much of what started where got where, `[dest_pos, src_pos]`.
    weights: Matrix,
    /// What it hands to the logits: `[start, d_vocab_out]` of the tables, or `[src_pos, ..]`.
    table: Cow<'a, Matrix>,
}

impl PathTables {
    /// The logits of a run, path by path, given its attention and what was done to it.
    ///
    /// # Errors
    /// When the run is not one of this model.
    pub fn split<'a>(&'a self, weights: &'a Matrices, run: &'a RunView) -> Result<PathSplit<'a>> {
        PathSplit::new(self, weights, run)
    }
}

impl<'a> PathSplit<'a> {
    fn new(tables: &'a PathTables, weights: &'a Matrices, run: &'a RunView) -> Result<Self> {
        let trace = Trace::new(weights, run, Some(tables))?;
        let named = tables.routes().iter().map(|route| Path {
            name: Cow::Borrowed(&route.name),
            carried: Vec::new(),
        });
        let mut paths: Vec<Path<'a>> = named.collect();
        let mut put: BTreeMap<PathName, Vec<Carried<'a>>> = BTreeMap::new();
        for (family, share) in trace.last().iter() {
            let Label::Path(name) = trace.label(family) else {
                continue;
            };
            let table = match trace.route(family) {
                Some(route) => Cow::Borrowed(&tables.routes()[route].table),
                None => Cow::Owned(&*trace.rows(family) * &weights.w_u),
            };
            let carried = Carried {
                weights: share.clone(),
                table,
            };
            match tables.number(name) {
                Some(number) => paths[number].carried.push(carried),
                // a put of zeros, or one that nothing carries on, is none
                None if is_zero(&carried.weights) || is_zero(&carried.table) => {}
                None => put.entry(name.clone()).or_default().push(carried),
            }
        }
        if let Some(number) = tables.number(&PathName::of(Start::Unembed)) {
            let len = run.tokens.len();
            paths[number].carried.push(Carried {
                weights: Matrix::identity(len, len),
                table: Cow::Borrowed(&tables.routes()[number].table),
            });
        }
        paths.extend(put.into_iter().map(|(name, carried)| Path {
            name: Cow::Owned(name),
            carried,
        }));
        Ok(Self {
            tokens: &run.tokens,
            paths,
        })
    }

    /// The paths, in the order of the numbers that name them here.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &PathName> {
        self.paths.iter().map(|path| &*path.name)
    }

    /// What a path brings from a source position to one logit at `dest`. `path` counts as
    /// [`PathSplit::names`] does.
    #[must_use]
    pub fn value(&self, path: usize, dest: usize, src: usize, token: usize) -> f64 {
        let path = &self.paths[path];
        let carried = path.carried.iter();
        let value = |one: &Carried<'_>| {
            one.weights[(dest, src)] * one.table[(one.row(path, src, self.tokens), token)]
        };
        carried.map(value).fold(0.0, |sum, one| sum + one)
    }

    /// The attention along a path, `[dest_pos, src_pos]`, with what interventions made of it.
    #[must_use]
    pub fn attention(&self, path: usize) -> Array {
        let len = self.tokens.len();
        let carried = self.paths[path].carried.iter();
        let none = Matrix::zeros(len, len);
        array(&carried.fold(none, |sum, one| sum + &one.weights))
    }

    /// The sum of all paths but those that are off: logits `[pos, d_vocab_out]`. Attention stays
    /// as it was in the run.
    #[must_use]
    pub fn logits_without(&self, off: &BTreeSet<PathName>) -> Array {
        let len = self.tokens.len();
        let mut carried = self.paths.iter().flat_map(|path| &path.carried);
        let out = carried.next().map_or(0, |one| one.table.ncols());
        let mut sum = Matrix::zeros(len, out);
        for path in self.paths.iter().filter(|path| !off.contains(&*path.name)) {
            for one in &path.carried {
                let rows = (0..len).map(|src| one.row(path, src, self.tokens));
                sum += &one.weights * rows_of(&one.table, rows);
            }
        }
        array(&sum)
    }

    /// The largest difference between these logits and the sum of all paths: rounding.
    #[must_use]
    pub fn remainder(&self, logits: &Array) -> f64 {
        let sum = self.logits_without(&BTreeSet::new());
        let pairs = sum.values().iter().zip(logits.values());
        pairs
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
            .fold(0.0, f64::max)
    }
}

impl Carried<'_> {
    /// The row of the table that belongs to a source position.
    fn row(&self, path: &Path<'_>, src: usize, tokens: &[Token]) -> usize {
        match (&self.table, path.name.start) {
            (Cow::Owned(_), _) | (_, Start::Pos) => src,
            (_, Start::Embed) => tokens[src] as usize,
            _ => 0,
        }
    }
}

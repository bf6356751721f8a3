//! A run's logits, path by path.

use super::paths::PathTables;
use super::rows::{Label, Vectors};
use super::trace::Trace;
use super::view::RunView;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, array, is_zero, rows_of};
use crate::lens::numbers::array::Array;
use crate::lens::weights::matrices::Matrices;
use crate::task::{Spec, Token};
use anyhow::Result;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A run's logits, path by path and source position by source position.
pub struct PathSplit<'a> {
    tokens: &'a [Token],
    /// Logits of a position.
    width: usize,
    /// Which position each is that the model reads, where that is another.
    order: Option<Vec<usize>>,
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
    handed: Handed<'a>,
}

/// What is handed to the logits, `d_vocab_out` wide.
enum Handed<'a> {
    /// By start, of the tables.
    Table(&'a Matrix),
    /// By the position where it came in.
    Own(Vectors<'static>),
}

impl PathTables {
    /// The logits of a run, path by path, given its attention, norm scales and gates, and what was done to it.
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
        for (family, share) in trace.last()?.iter() {
            let Label::Path(name) = trace.label(family) else {
                continue;
            };
            let table = trace.route(family);
            let table = table.and_then(|route| tables.routes()[route].table.as_ref());
            let carried = Carried {
                weights: share.clone(),
                handed: match table {
                    Some(table) => Handed::Table(table),
                    None => Handed::Own(trace.rows(family).times(&weights.w_u)),
                },
            };
            match tables.number(name) {
                Some(number) => paths[number].carried.push(carried),
                // a put of zeros, or one that nothing carries on, is none
                None if is_zero(&carried.weights) || is_zero(carried.handed.all()) => {}
                None => put.entry(name.clone()).or_default().push(carried),
            }
        }
        if let Some(number) = tables.number(&PathName::of(Start::Unembed)) {
            let len = trace.outputs();
            paths[number].carried.push(Carried {
                weights: Matrix::identity(len, len),
                handed: Handed::Table(&weights.b_u),
            });
        }
        paths.extend(put.into_iter().map(|(name, carried)| Path {
            name: Cow::Owned(name),
            carried,
        }));
        Ok(Self {
            tokens: &run.tokens,
            width: weights.w_u.ncols(),
            order: weights.task().order(&run.tokens),
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
        let value = |one: &Carried<'_>| {
            let weight = one.weights[(dest, src)];
            weight * one.handed.all()[(self.row(path, one, [dest, src]), token)]
        };
        let carried = path.carried.iter().filter(|one| src < one.weights.ncols());
        carried.map(value).fold(0.0, |sum, one| sum + one)
    }

    /// What a path brings to each logit at `dest`, from all positions together.
    #[must_use]
    pub fn brought(&self, name: &PathName, dest: usize) -> Vec<f64> {
        let path = self.paths.iter().find(|path| *path.name == *name);
        let mut sum = vec![0.0; self.width];
        for (path, one) in path
            .iter()
            .flat_map(|path| path.carried.iter().map(move |one| (path, one)))
        {
            let handed = one.handed.all();
            for src in 0..one.weights.ncols() {
                let weight = one.weights[(dest, src)];
                if weight != 0.0 {
                    let row = self.row(path, one, [dest, src]);
                    for (token, sum) in sum.iter_mut().enumerate() {
                        *sum += weight * handed[(row, token)];
                    }
                }
            }
        }
        sum
    }

    /// The attention along a path, `[dest_pos, src_pos]`, with what interventions made of it.
    #[must_use]
    pub fn attention(&self, path: usize) -> Array {
        let mut carried = self.paths[path].carried.iter().map(|one| &one.weights);
        let len = self.tokens.len();
        let first = carried.next().cloned();
        let first = first.unwrap_or_else(|| Matrix::zeros(len, len));
        array(&carried.fold(first, |sum, one| sum + one))
    }

    /// The sum of all paths but those that are off: logits `[pos, d_vocab_out]`. Attention, scales
    /// and gates stay as they were in the run.
    #[must_use]
    pub fn logits_without(&self, off: &BTreeSet<PathName>) -> Array {
        let mut carried = self.paths.iter().flat_map(|path| &path.carried);
        let size = carried.next().map_or([0, 0], |one| {
            [one.weights.nrows(), one.handed.all().ncols()]
        });
        let mut sum = Matrix::zeros(size[0], size[1]);
        for path in self.paths.iter().filter(|path| !off.contains(&*path.name)) {
            for one in &path.carried {
                sum += self.sum(path, one);
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

impl Handed<'_> {
    fn all(&self) -> &Matrix {
        match self {
            Self::Table(table) => table,
            Self::Own(vectors) => vectors.all(),
        }
    }
}

impl PathSplit<'_> {
    /// The row of what is handed over that goes from `src` to `dest`.
    fn row(&self, path: &Path<'_>, one: &Carried<'_>, [dest, src]: [usize; 2]) -> usize {
        match (&one.handed, path.name.start) {
            (Handed::Own(vectors), _) => vectors.row([dest, src], one.weights.ncols()),
            (Handed::Table(_), Start::Pos) => Spec::placed(self.order.as_deref(), src),
            (Handed::Table(_), Start::Embed) => self.tokens[src] as usize,
            (Handed::Table(_), _) => 0,
        }
    }

    /// All that it brings, `[dest_pos, d_vocab_out]`.
    fn sum(&self, path: &Path<'_>, one: &Carried<'_>) -> Matrix {
        match &one.handed {
            Handed::Own(vectors) => vectors.sum(&one.weights),
            Handed::Table(table) => {
                let rows = (0..one.weights.ncols()).map(|src| self.row(path, one, [0, src]));
                &one.weights * rows_of(table, rows)
            }
        }
    }
}

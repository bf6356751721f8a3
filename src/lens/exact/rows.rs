//! The vectors that a trace's terms are so much of.

use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, rows_of};
use crate::lens::weights::matrices::Matrices;
use crate::task::{Spec, Token};
use std::borrow::Cow;

/// What a term is.
#[derive(Clone, Debug)]
pub(crate) enum Label {
    /// What came in at a start and went through these heads and MLPs.
    Path(PathName),
    /// What a head wrote, by the position that it attended to.
    Head(HeadName),
    /// What the neurons of a layer wrote.
    Mlp(usize),
    /// The bias of a query or key itself.
    Bias,
}

/// Vectors of one label, one for each position where they came in or were attended to.
pub(crate) struct Family {
    pub label: Label,
    pub rows: Rows,
}

/// A family's vectors.
pub(crate) enum Rows {
    /// `[pos, d_model]`; inside a head `[pos, d_head]`, among neurons `[pos, d_mlp]`.
    Own(Matrix),
    /// Those of a route of the tables, by its number: they need not be computed.
    Route(usize),
    /// Where a vector depends on the position that it has come to, `[dest * src, ..]`.
    Pairs(Matrix),
}

/// A family's vectors, to be read.
pub(crate) struct Vectors<'t> {
    pub rows: Cow<'t, Matrix>,
    pub by_pair: bool,
}

impl Vectors<'_> {
    /// The row of the vector that came from `src` to `dest`, among so many sources.
    pub fn row(&self, [dest, src]: [usize; 2], sources: usize) -> usize {
        if self.by_pair {
            dest * sources + src
        } else {
            src
        }
    }

    /// The vectors, by their rows.
    pub fn all(&self) -> &Matrix {
        &self.rows
    }

    /// Each vector times a matrix.
    pub fn times(&self, matrix: &Matrix) -> Vectors<'static> {
        Vectors {
            rows: Cow::Owned(&*self.rows * matrix),
            by_pair: self.by_pair,
        }
    }

    /// What so much of each, `[dest, src]`, comes to, `[dest, ..]`.
    pub fn sum(&self, weights: &Matrix) -> Matrix {
        if !self.by_pair {
            return weighed(weights, &self.rows);
        }
        let (dests, sources) = (weights.nrows(), weights.ncols());
        let mut sum = Matrix::zeros(dests, self.rows.ncols());
        for dest in 0..dests {
            let mine = self.rows.subrows(dest * sources, sources).to_owned();
            let came = weighed(&weights.subrows(dest, 1).to_owned(), &mine);
            sum.subrows_mut(dest, 1).copy_from(&came);
        }
        sum
    }
}

impl Rows {
    /// A vector for each pair of positions.
    pub fn by_pair(&self, weights: &Matrix) -> Cow<'_, Matrix> {
        match self {
            Self::Pairs(rows) => Cow::Borrowed(rows),
            Self::Own(rows) => {
                let (dests, sources) = (weights.nrows(), weights.ncols());
                let again = (0..dests * sources).map(|row| row % sources);
                let again: Vec<usize> = again.collect();
                Cow::Owned(rows_of(rows, again.into_iter()))
            }
            Self::Route(_) => Cow::Owned(Matrix::zeros(0, 0)),
        }
    }

    /// Times factors of the position that they have come to, `[dest, ..]`.
    pub fn times(&self, weights: &Matrix, factors: &Matrix) -> Self {
        let sources = weights.ncols();
        let stays = weights.nrows() == sources && is_diagonal(weights);
        match self {
            Self::Own(rows) if stays => {
                Self::Own(Matrix::from_fn(sources, rows.ncols(), |i, j| {
                    rows[(i, j)] * factors[(i, j)]
                }))
            }
            rows => {
                let pairs = rows.by_pair(weights);
                let cell = |row: usize, j: usize| pairs[(row, j)] * factors[(row / sources, j)];
                Self::Pairs(Matrix::from_fn(pairs.nrows(), pairs.ncols(), cell))
            }
        }
    }

    /// Pairs of positions of which there is so much, carried on by attention; how much of each comes
    /// out is in the vectors then.
    pub fn carried(rows: &Matrix, weights: &Matrix, pattern: &Matrix) -> (Self, Matrix) {
        let (len, sources) = (weights.nrows(), weights.ncols());
        let mut out = Matrix::zeros(pattern.nrows() * sources, rows.ncols());
        for src in 0..sources {
            let from: Vec<usize> = (0..len).map(|mid| mid * sources + src).collect();
            let through = Matrix::from_fn(pattern.nrows(), len, |dest, mid| {
                pattern[(dest, mid)] * weights[(mid, src)]
            });
            let came = through * rows_of(rows, from.into_iter());
            for dest in 0..pattern.nrows() {
                let row = came.subrows(dest, 1);
                out.subrows_mut(dest * sources + src, 1).copy_from(row);
            }
        }
        let all = Matrix::from_fn(pattern.nrows(), sources, |_, _| 1.0);
        (Self::Pairs(out), all)
    }
}

/// So much of each row, `[dest, ..]`; a row of which there is nothing is not asked whether it is a
/// number.
fn weighed(weights: &Matrix, rows: &Matrix) -> Matrix {
    let sum = weights * rows;
    if sum.norm_l2().is_finite() {
        return sum;
    }
    let there = |dest: usize| (0..rows.nrows()).filter(move |&src| weights[(dest, src)] != 0.0);
    Matrix::from_fn(sum.nrows(), sum.ncols(), |dest, j| {
        let parts = there(dest).map(|src| weights[(dest, src)] * rows[(src, j)]);
        parts.fold(0.0, |sum, one| sum + one)
    })
}

fn is_diagonal(weights: &Matrix) -> bool {
    let cells = (0..weights.nrows()).flat_map(|i| (0..weights.ncols()).map(move |j| (i, j)));
    cells.filter(|(i, j)| i != j).all(|at| weights[at] == 0.0)
}

/// What a path hands over from each position where it gets all attention, `[pos, d_model]`; of a
/// model without norms and MLPs.
pub(crate) fn handed(weights: &Matrices, tokens: &[Token], path: &PathName) -> Matrix {
    let mut rows = match path.start {
        Start::HeadBias(head) => {
            let head = weights.head(head);
            spread(&head.b_v, tokens.len()) * &head.w_o
        }
        Start::OutBias(layer) => spread(&weights.b_o[layer], tokens.len()),
        start => entering(weights, tokens, start),
    };
    for head in path.heads() {
        let head = weights.head(head);
        rows = rows * &head.w_v * &head.w_o;
    }
    rows
}

/// The embeddings that come in, by position: `[pos, d_model]`.
pub(crate) fn entering(weights: &Matrices, tokens: &[Token], start: Start) -> Matrix {
    let len = tokens.len();
    match start {
        Start::Embed => rows_of(&weights.w_e, tokens.iter().map(|&token| token as usize)),
        Start::Pos => {
            let order = weights.task().order(tokens);
            let number = |position| Spec::placed(order.as_deref(), position);
            rows_of(&weights.w_pos, (0..len).map(number))
        }
        _ => Matrix::zeros(len, weights.config().d_model),
    }
}

/// A row, `len` times.
pub(crate) fn spread(row: &Matrix, len: usize) -> Matrix {
    Matrix::from_fn(len, row.ncols(), |_, j| row[(0, j)])
}

//! The vectors of a trace: where they come in, what they are multiplied by, what they come to.

use super::rows::{Family, Label, Rows, Vectors, entering, handed, spread};
use super::terms::Terms;
use super::trace::Trace;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::Matrix;
use std::borrow::Cow;

impl Trace<'_> {
    pub(crate) fn family(&mut self, label: Label, rows: Rows) -> usize {
        self.families.push(Family { label, rows });
        self.families.len() - 1
    }

    /// Each vector at its own position.
    pub(crate) fn everywhere(&mut self, label: Label, rows: Matrix) -> Terms {
        let len = self.outputs();
        let family = self.family(label, Rows::Own(rows));
        Terms::of(family, Matrix::identity(len, len))
    }

    /// What comes in at a start; nothing where the tables have no such path.
    pub(crate) fn enter(&mut self, start: Start) -> Terms {
        let name = PathName::of(start);
        let route = self.tables.map(|tables| {
            let number = tables.number(&name);
            let tabled = number.filter(|&number| tables.routes()[number].table.is_some());
            (tables.enters(start), tabled)
        });
        let rows = match route {
            Some((false, _)) => return Terms::default(),
            Some((true, Some(number))) => Rows::Route(number),
            None | Some((true, None)) => {
                let bias = self.bias(start);
                Rows::Own(bias.unwrap_or_else(|| entering(self.weights, &self.run.tokens, start)))
            }
        };
        let (len, outputs) = (self.len(), self.outputs());
        let family = self.family(Label::Path(name), rows);
        // the bare model reads all its tokens at once
        let weights = match len == outputs {
            true => Matrix::identity(len, len),
            false => Matrix::from_fn(outputs, len, |_, _| 1.0),
        };
        Terms::of(family, weights)
    }

    /// All that a path carries to the logits, by the attention alone.
    pub(crate) fn led(&mut self, path: &PathName) -> Terms {
        let len = self.len();
        let mut weights = Matrix::identity(len, len);
        let heads: Vec<HeadName> = path.attention().collect();
        let Some((&last, before)) = heads.split_last() else {
            return self.enter(path.start);
        };
        for &head in before {
            weights = self.pattern(head) * weights;
        }
        if let Some(tables) = self.tables {
            let weights = self.pattern(last) * weights;
            let Some(number) = tables.number(path) else {
                return Terms::default();
            };
            let family = self.family(Label::Path(path.clone()), Rows::Route(number));
            return Terms::of(family, weights);
        }
        let rows = weights * handed(self.weights, &self.run.tokens, path);
        let family = self.family(Label::Head(last), Rows::Own(rows));
        Terms::of(family, self.pattern(last).clone())
    }

    /// Every vector times a matrix; those of the tables are so already.
    pub(crate) fn through(&mut self, terms: &Terms, matrix: &Matrix) -> Terms {
        self.mapped(terms, |rows| rows * matrix)
    }

    /// What a linear map makes of every vector.
    pub(crate) fn mapped(&mut self, terms: &Terms, map: impl Fn(&Matrix) -> Matrix) -> Terms {
        let mut out = Terms::default();
        for (family, weights) in terms.iter() {
            let Family { label, rows } = &self.families[family];
            let rows = match rows {
                Rows::Route(_) => None,
                Rows::Own(rows) => Some(Rows::Own(map(rows))),
                Rows::Pairs(rows) => Some(Rows::Pairs(map(rows))),
            };
            let label = label.clone();
            let family = rows.map_or(family, |rows| self.family(label, rows));
            out.push(family, weights.clone());
        }
        out
    }

    /// A family's vectors in the stream, `d_model` wide; of one that is inside a head, or among
    /// neurons, there.
    pub fn rows(&self, family: usize) -> Vectors<'_> {
        let Family { label, rows } = &self.families[family];
        let by_pair = matches!(rows, Rows::Pairs(_));
        let rows = match (rows, label) {
            (Rows::Own(rows) | Rows::Pairs(rows), _) => Cow::Borrowed(rows),
            (Rows::Route(_), Label::Path(path)) => {
                Cow::Owned(handed(self.weights, &self.run.tokens, path))
            }
            (Rows::Route(_), _) => Cow::Owned(Matrix::zeros(0, 0)),
        };
        Vectors { rows, by_pair }
    }

    /// A family's vectors among a head's values, `d_head` wide, times a matrix.
    pub(crate) fn in_head(&self, name: HeadName, family: usize, map: &Matrix) -> Rows {
        let Family { label, rows } = &self.families[family];
        let map = |rows: &Matrix| rows * map;
        match (rows, label) {
            (Rows::Own(rows), _) => Rows::Own(map(rows)),
            (Rows::Pairs(rows), _) => Rows::Pairs(map(rows)),
            (Rows::Route(_), Label::Path(path)) if *path == PathName::of(Start::HeadBias(name)) => {
                Rows::Own(map(&spread(&self.weights.head(name).b_v, self.len())))
            }
            _ => Rows::Own(map(
                &(self.rows(family).all() * &self.weights.head(name).w_v)
            )),
        }
    }

    /// What terms come to, `[pos, ..]`.
    pub fn sum(&self, terms: &Terms) -> Matrix {
        let mut parts = terms.iter();
        let part = |(family, weights): (usize, &Matrix)| self.rows(family).sum(weights);
        let first = parts.next().map(part);
        let first = first.unwrap_or_else(|| Matrix::zeros(self.outputs(), 0));
        parts.fold(first, |sum, one| sum + part(one))
    }

    /// What a family is.
    pub fn label(&self, family: usize) -> &Label {
        &self.families[family].label
    }

    /// The number of a family's route in the tables, if its vectors are that route's.
    pub fn route(&self, family: usize) -> Option<usize> {
        match self.families[family].rows {
            Rows::Route(route) => Some(route),
            Rows::Own(_) | Rows::Pairs(_) => None,
        }
    }
}

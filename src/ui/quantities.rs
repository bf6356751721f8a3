//! What the numbers of an answer are together: all of one kind, or each column, row or layer of its
//! own. Each kind has its own scale, so that a large one does not hide the digits of a small one.

use super::figure;
use super::scale::Scale;
use crate::lens::{Array, Question, Table};
use std::ops::Range;

/// Which numbers of a table are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantities {
    /// All of them.
    One,
    /// Those of a column: a metric, probabilities, a loss.
    Columns,
    /// Those of a row, and those of the last column: measures, and how they are normalised.
    Rows,
    /// Those of a layer, as far as it is a difference.
    Layers,
}

impl Quantities {
    pub fn of(question: &Question) -> Self {
        match question {
            Question::Variants(_) | Question::ModelNecessity => Self::Columns,
            Question::Metrics { .. } => Self::Rows,
            Question::ModelLogits | Question::ModelAttention(_) => Self::Layers,
            _ => Self::One,
        }
    }

    /// Cells in pieces of one scale: whole columns, or single cells where rows differ.
    pub fn pieces(self, rows: &Range<usize>, columns: Range<usize>) -> Vec<(Range<usize>, usize)> {
        let cut = |column: usize| match self {
            Self::Rows => rows.clone().map(|row| (row..row + 1, column)).collect(),
            _ => vec![(rows.clone(), column)],
        };
        columns.flat_map(cut).collect()
    }

    /// Whether a cell's number is told with its sign.
    pub fn is_signed(self, table: &Table, layer: &str, row: usize, column: usize) -> bool {
        match self {
            Self::One => table.signed,
            _ => self.scale(table, layer, row, column).is_signed(),
        }
    }

    /// The scale of all cells, where they have one; it takes a walk through the whole table.
    pub fn common_scale(self, table: &Table) -> Option<Scale> {
        (self == Self::One).then(|| figure::scale(table))
    }

    /// The scale of a cell of a layer.
    pub fn scale(self, table: &Table, layer: &str, row: usize, column: usize) -> Scale {
        let last = column + 1 == table.cols.len();
        let layers = || table.layers().map(|(_, values)| values);
        let rows = 0..table.rows.len();
        match self {
            Self::One => figure::scale(table),
            Self::Rows if !last => around(layers().flat_map(|values| {
                let row = values.slice(&[row]).iter();
                row.take(table.cols.len() - 1).copied()
            })),
            Self::Columns | Self::Rows => around(rows.flat_map(|row| {
                layers().filter_map(move |values: &Array| values.get(&[row, column]))
            })),
            Self::Layers => {
                let same = |name: &str| (name == DIFFERENCE) == (layer == DIFFERENCE);
                let alike = table.layers().filter(|(name, _)| same(name));
                around(alike.flat_map(|(_, values)| values.values().iter().copied()))
            }
        }
    }
}

/// The layer that is smaller than those it is taken from.
const DIFFERENCE: &str = "difference";

/// The scale of some values: with signs where one of them is negative.
fn around(values: impl Iterator<Item = f32>) -> Scale {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((0.0f32, 0.0f32), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low < 0.0 {
        let max = high.max(-low);
        Scale::Diverging { max }
    } else {
        let max = high.max(1.0);
        Scale::Sequential { max }
    }
}

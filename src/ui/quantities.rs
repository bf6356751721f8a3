//! What the numbers of an answer are together: all of one kind, or each column, row or layer of its
//! own. Each kind has its own scale, so that a large one does not hide the digits of a small one.

use super::figure;
use super::scale::Scale;
use crate::answers::{Alike, DIFFERENCE, Table};
use crate::lens::Array;
use std::ops::Range;

impl Alike {
    /// Cells in pieces of one scale: whole columns, or single cells where rows differ.
    pub(super) fn pieces(
        self,
        rows: &Range<usize>,
        columns: Range<usize>,
    ) -> Vec<(Range<usize>, usize)> {
        let cut = |column: usize| match self {
            Self::Rows | Self::Cells => rows.clone().map(|row| (row..row + 1, column)).collect(),
            _ => vec![(rows.clone(), column)],
        };
        columns.flat_map(cut).collect()
    }

    /// Whether a cell's number is told with its sign.
    pub(super) fn is_signed(self, table: &Table, layer: &str, row: usize, column: usize) -> bool {
        match self {
            Self::All => table.signed,
            // the change is in the colour
            Self::Columns => false,
            _ => self.scale(table, layer, row, column).is_signed(),
        }
    }

    /// The scale of all cells, where they have one; it takes a walk through the whole table.
    pub(super) fn common_scale(self, table: &Table) -> Option<Scale> {
        (self == Self::All).then(|| figure::scale(table))
    }

    /// The scale of a cell of a layer.
    pub(super) fn scale(self, table: &Table, layer: &str, row: usize, column: usize) -> Scale {
        let last = column + 1 == table.cols.len();
        let layers = || table.layers().map(|(_, values)| values);
        let rows = 0..table.rows.len();
        match self {
            Self::All => figure::scale(table),
            Self::Rows if !last => around(layers().flat_map(|values| {
                let row = values.slice(&[row]).iter();
                row.take(table.cols.len() - 1).copied()
            })),
            Self::Columns if layer != DIFFERENCE => changed(table, layer, column),
            // how many there are of a kind is neither much nor little of anything
            Self::Kinds if table.cols.get(column).is_some_and(|name| name == "n") => {
                let max = column_of(table, layer, column).fold(1.0, f32::max);
                Scale::Between {
                    low: max,
                    high: 2.0 * max,
                }
            }
            // a column of nothing but small numbers has digits and colours as well
            Self::Kinds => match around(column_of(table, layer, column)) {
                Scale::Sequential { .. } => {
                    let max = column_of(table, layer, column);
                    let max = max.filter(|value| value.is_finite()).fold(0.0, f32::max);
                    Scale::Sequential {
                        max: figure::parts_of_one(max),
                    }
                }
                signed => signed,
            },
            Self::Cells => Scale::Diverging {
                max: (table.values.get(&[row, column]))
                    .map_or(1.0, f32::abs)
                    .max(f32::MIN_POSITIVE),
            },
            Self::Columns => around(column_of(table, layer, column)),
            Self::Rows => around(rows.flat_map(|row| {
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

/// A column's values in a layer.
fn column_of<'a>(
    table: &'a Table,
    layer: &'a str,
    column: usize,
) -> impl Iterator<Item = f32> + use<'a> {
    let rows = 0..table.rows.len();
    let layers = table.layers().filter(move |(name, _)| *name == layer);
    layers.flat_map(move |(_, values)| {
        let cells = rows.clone().map(move |row| values.get(&[row, column]));
        cells.map(|value| value.unwrap_or(f32::NAN))
    })
}

/// What a column's values change from its first one, the model as it stands: what is unchanged is
/// neutral, and what is worse has the same colour in every column, in that of the loss too.
fn changed(table: &Table, layer: &str, column: usize) -> Scale {
    let mut values = column_of(table, layer, column);
    let base = values.next().filter(|base| base.is_finite()).unwrap_or(0.0);
    let changes = values.map(|value| (value - base).abs());
    let reach = changes
        .filter(|change| change.is_finite())
        .fold(1.0, f32::max);
    let grows_worse = table.cols.get(column).is_some_and(|name| name == "loss");
    Scale::From {
        base,
        reach: if grows_worse { -reach } else { reach },
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_small_numbers_has_digits() {
        let table = Table {
            rows: vec!["0".to_owned(), "1".to_owned()],
            cols: ["A1[b_0,elt]", "prob"].map(str::to_owned).to_vec(),
            values: Array::from_values(vec![2, 2], vec![4e-5, 0.02, 4e-4, 0.3]),
            ..Table::default()
        };
        let scale = |column: usize| Alike::Kinds.scale(&table, "", 0, column);
        assert_eq!(scale(0), Scale::Sequential { max: 4e-4 });
        assert_eq!(scale(1), Scale::Sequential { max: 1.0 });
    }

    #[test]
    fn what_is_unchanged_is_neutral_and_what_is_destroyed_is_not() {
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let table = Table {
            rows: names(["as it stands", "L0->K1 off"]),
            cols: names(["acc", "loss"]),
            values: Array::from_values(vec![2, 2], vec![1.0, 0.01, 0.0, 5.0]),
            ..Table::default()
        };
        for column in [0, 1] {
            let scale = Alike::Columns.scale(&table, "", 1, column);
            let at = |row: usize| scale.fraction(table.values.slice(&[row])[column]);
            assert_eq!(at(0), 0.0, "column {column} as it stands");
            // less accuracy and more loss are equally bad
            assert_eq!(at(1), -1.0, "column {column} destroyed");
        }
    }
}

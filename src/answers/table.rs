//! A labelled table: what every analysis comes to, and what is drawn, moved through and written.

use super::curves::LogAxes;
use crate::lens::experiment::intervention::Intervention;
use crate::lens::numbers::array::Array;
use crate::task::Values;
use crate::task::text::csv_cell;
use serde::Serialize;

/// What the layer of the differences of two models is called.
pub const DIFFERENCE: &str = "difference";

/// The note of a map that says what all other fields are.
pub const ALL_ELSE: &str = "all else";
/// And what it says where there are none.
pub const NOTHING_ELSE: &str = "there is nothing else";

/// What the layer is called that says how far means over other samples may be from these.
pub(super) const STANDARD_ERROR: &str = "standard error";

/// More numbers for the same rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// What they are.
    pub name: String,
    /// `[row, column]`
    pub values: Array,
}

/// Which numbers of a table are of one kind, and so can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alike {
    /// All of them.
    All,
    /// Those of a column: a metric, probabilities, a loss; the first row is what the others are a
    /// change of.
    Columns,
    /// Those of a row, and those of the last column: measures, and how they are normalised.
    Rows,
    /// Those of a layer, as far as it is a difference.
    Layers,
    /// Those of a column: each is a number of its own kind.
    Kinds,
    /// None: each cell is a number of its own kind.
    Cells,
}

/// Whether a row or column adds up others, or is what they leave.
fn is_total(name: &str) -> bool {
    matches!(name, "sum" | "total" | "remainder" | "logit")
        || name.starts_with("resid ")
        || name.starts_with("resid_")
}

/// Numbers with named rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// What it shows, in a few words.
    pub title: String,
    /// The rows' names.
    pub rows: Vec<String>,
    /// The columns' names.
    pub cols: Vec<String>,
    /// `[row, column]`; minus infinity where a cell is masked, no number where there is none.
    pub values: Array,
    /// Whether values have a sign; without one they lie between 0 and 1.
    pub signed: bool,
    /// What the values are, where others stand beside them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Other values of the same rows and columns, drawn beside the first on one scale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Layer>,
    /// Rows and columns of cells to be careful with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flagged: Vec<[usize; 2]>,
    /// What enter on a cell adds to the interventions, row-major; empty when nothing.
    #[serde(skip)]
    pub cells: Vec<Option<Intervention>>,
    /// Headings above rows, where the rows are several tables one below the other: each adds up by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<(usize, String)>,
    /// Which axes are logarithmic where it is drawn: that along the rows, that of the numbers.
    #[serde(skip)]
    pub log: LogAxes,
    /// What rows and columns are, where that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<String>,
    /// The input that a cell stands for, row-major; empty where cells stand for none.
    #[serde(skip)]
    pub inputs: Vec<Option<Values>>,
    /// Numbers that belong to the whole: their names and values.
    pub notes: Vec<(String, String)>,
}

impl Table {
    /// The numbers that the rows are named by; `None` where one is named otherwise, or they do not ascend.
    #[must_use]
    pub fn row_numbers(&self) -> Option<Vec<f64>> {
        let numbers: Option<Vec<f64>> = self.rows.iter().map(|name| name.parse().ok()).collect();
        numbers.filter(|all| all.windows(2).all(|two| two[0] < two[1]))
    }

    /// What the rows are, where that is known and columns are nothing of the kind.
    #[must_use]
    pub fn row_axis(&self) -> Option<&String> {
        match &self.axes[..] {
            [rows] => Some(rows),
            _ => None,
        }
    }

    /// The cell that stands out most among those that can be compared with the one at `from`: the
    /// largest absolute value, or the largest change from the first row. No total is meant.
    #[must_use]
    pub fn hottest(&self, alike: Alike, from: (usize, usize)) -> Option<(usize, usize)> {
        let width = self.cols.len().max(1);
        // how many there are of a group is no measure of it
        let counts = |col: usize| self.cols.get(col).is_some_and(|name| name == "n");
        let from = match alike {
            Alike::Kinds if counts(from.1) && width > 1 => (from.0, from.1 + 1),
            _ => from,
        };
        let value = |row: usize, col: usize| self.values.get(&[row, col]).unwrap_or(f32::NAN);
        let is_part = |(row, col): (usize, usize)| {
            let [row, col] = [(&self.rows, row), (&self.cols, col)].map(|(names, i)| names.get(i));
            ![row, col].into_iter().flatten().any(|name| is_total(name))
        };
        // what all things are to themselves tells nothing
        let own = |i: usize| (value(i, i) - 1.0).abs() < 1e-6;
        let with_itself = self.rows.len() > 1 && self.rows == self.cols && (0..width).all(own);
        let compares = |(row, col): (usize, usize)| match alike {
            _ if with_itself && row == col => false,
            Alike::All | Alike::Layers | Alike::Cells => true,
            Alike::Columns => col == from.1 && row > 0,
            Alike::Kinds => col == from.1,
            Alike::Rows => row == from.0 && col + 1 < width,
        };
        let size = |(row, col): (usize, usize)| match alike {
            Alike::Columns => (value(row, col) - value(0, col)).abs(),
            _ => value(row, col).abs(),
        };
        let cells = (0..self.rows.len() * width).map(|i| (i / width, i % width));
        cells
            .filter(|&cell| compares(cell) && is_part(cell) && size(cell).is_finite())
            .max_by(|&a, &b| size(a).total_cmp(&size(b)))
    }

    /// The next cell to be careful with after one, row by row, counted round.
    #[must_use]
    pub fn next_flagged(&self, (row, col): (usize, usize)) -> Option<(usize, usize)> {
        let mut all = self.flagged.clone();
        all.sort_unstable();
        let next = all.iter().find(|&&cell| cell > [row, col]);
        next.or(all.first()).map(|&[row, col]| (row, col))
    }

    /// Whether a layer says how far the numbers of another one are spread.
    #[must_use]
    pub fn is_spread(layer: &str) -> bool {
        layer.starts_with(STANDARD_ERROR) || layer.starts_with("std of ")
    }

    /// Whether a layer says how far means over other samples may be from another one's.
    #[must_use]
    pub fn is_standard_error(layer: &str) -> bool {
        layer.starts_with(STANDARD_ERROR)
    }

    /// The intervention that a cell stands for.
    #[must_use]
    pub fn intervention(&self, row: usize, column: usize) -> Option<&Intervention> {
        let at = row * self.cols.len() + column;
        self.cells.get(at)?.as_ref()
    }

    /// The input that a cell stands for.
    #[must_use]
    pub fn input(&self, row: usize, column: usize) -> Option<&Values> {
        let at = row * self.cols.len() + column;
        self.inputs.get(at)?.as_ref()
    }

    /// All layers of values, the first one first, with their names.
    pub fn layers(&self) -> impl Iterator<Item = (&str, &Array)> {
        let beside = self.beside.iter();
        let beside = beside.map(|layer| (layer.name.as_str(), &layer.values));
        std::iter::once((self.name.as_str(), &self.values)).chain(beside)
    }

    /// Whether two models' numbers stand here and are the same.
    #[must_use]
    pub fn is_of_equals(&self) -> bool {
        let differences = self.beside.iter().find(|layer| layer.name == DIFFERENCE);
        let differences = differences.map_or(&[][..], |layer| layer.values.values());
        // what neither of them has differs in nothing
        let mut told = differences
            .iter()
            .filter(|value| value.is_finite())
            .peekable();
        told.peek().is_some() && told.all(|&value| value == 0.0)
    }

    /// The numbers of both, once, where two models' are the same: as much again and a wall of zeros say no more.
    #[must_use]
    pub fn of_both(&self) -> Option<Self> {
        self.is_of_equals().then(|| Self {
            name: "both models".to_owned(),
            beside: Vec::new(),
            ..self.clone()
        })
    }

    /// The largest absolute value of all layers.
    #[must_use]
    pub fn reach(&self) -> f32 {
        let all = self.layers().flat_map(|(_, values)| values.values());
        let finite = all.filter(|value| value.is_finite());
        finite.fold(0.0, |most, value| most.max(value.abs()))
    }

    /// The table as CSV (RFC 4180), a first column for the rows' names; what is no number is left
    /// empty. `about` becomes comment lines before it.
    #[must_use]
    pub fn csv(&self, about: &[(String, String)]) -> String {
        let mut out = String::new();
        for (name, value) in about.iter().chain(&self.notes) {
            let value = value.replace(['\n', '\r'], " ");
            out.push_str(&format!("# {name}: {value}\n"));
        }
        // values that stand beside each other follow each other along a row
        let named = |layer: &str, column: &str| match layer {
            "" => column.to_owned(),
            _ => format!("{layer} {column}"),
        };
        let columns = self.layers().flat_map(|(layer, _)| {
            self.cols
                .iter()
                .map(move |c| csv_cell(&named(layer, c)).into_owned())
        });
        let header = std::iter::once(String::new()).chain(columns);
        out.push_str(&(header.collect::<Vec<_>>().join(",") + "\n"));
        for (i, name) in self.rows.iter().enumerate() {
            let values = self.layers().flat_map(|(_, values)| values.slice(&[i]));
            let numbers = values.map(|value| {
                if value.is_finite() {
                    value.to_string()
                } else {
                    String::new()
                }
            });
            let row = std::iter::once(csv_cell(name).into_owned()).chain(numbers);
            out.push_str(&(row.collect::<Vec<_>>().join(",") + "\n"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&str], cols: &[&str], values: &[f32]) -> Table {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Table {
            rows: names(rows),
            cols: names(cols),
            values: Array::from_values(vec![rows.len(), cols.len()], values.to_vec()),
            ..Table::default()
        }
    }

    #[test]
    fn the_hottest_cell_is_no_total() {
        let rows = ["resid 1_pre", "head 0.0", "sum", "remainder", "logit"];
        let found = table(
            &rows,
            &["a_0", "sum"],
            &[90.0, 1.0, -3.0, 50.0, 9.0, 9.0, 8.0, 8.0, 99.0, 9.0],
        );
        assert_eq!(found.hottest(Alike::All, (0, 0)), Some((1, 0)));
    }

    #[test]
    fn what_two_models_have_alike_is_told_once() {
        let with = |difference: [f32; 2]| {
            let layer = |name: &str, values: &[f32]| Layer {
                name: name.to_owned(),
                values: Array::from_values(vec![1, 2], values.to_vec()),
            };
            Table {
                beside: vec![layer(DIFFERENCE, &difference), layer("other", &[1.0, 2.0])],
                ..table(&["a"], &["x", "y"], &[1.0, 2.0])
            }
        };
        let both = with([0.0, f32::NAN]).of_both();
        let values = both.as_ref().map(|both| both.values.values());
        assert_eq!(values, Some(&[1.0, 2.0][..]));
        assert!(both.is_some_and(|both| both.layers().count() == 1));
        assert_eq!(with([0.0, 0.5]).of_both(), None);
        // where nothing is defined nothing is alike
        assert_eq!(with([f32::NAN; 2]).of_both(), None);
        assert_eq!(table(&["a"], &["x"], &[0.0]).of_both(), None);
    }

    #[test]
    fn how_many_there_are_is_no_measure() {
        let found = table(&["a", "b"], &["n", "mean"], &[1.0, -5.0, 9.0, 2.0]);
        assert_eq!(found.hottest(Alike::Kinds, (0, 0)), Some((0, 1)));
        let alone = table(&["a", "b"], &["n"], &[1.0, 9.0]);
        assert_eq!(alone.hottest(Alike::Kinds, (0, 0)), Some((1, 0)));
    }

    #[test]
    fn unlike_measures_are_not_compared() {
        let rows = ["as it stands", "L0->K1 off", "embed->Q0 off"];
        let found = table(&rows, &["acc", "loss"], &[1.0, 0.1, 0.6, 5.0, 0.9, 0.0]);
        // the largest change of the cursor's own column, not the largest number
        assert_eq!(found.hottest(Alike::Columns, (2, 0)), Some((1, 0)));
        assert_eq!(found.hottest(Alike::Columns, (0, 1)), Some((1, 1)));
        let found = table(
            &["prob", "rank"],
            &["clean", "patched", "normalised"],
            &[0.2, 0.9, 7.0, 1.0, 14.0, 0.0],
        );
        assert_eq!(found.hottest(Alike::Rows, (0, 0)), Some((0, 1)));
    }

    #[test]
    fn marked_cells_are_gone_through_round() {
        let mut found = table(&["0", "1", "2"], &["0", "1", "2"], &[0.0; 9]);
        assert_eq!(found.next_flagged((0, 0)), None);
        found.flagged = vec![[2, 0], [1, 2]];
        assert_eq!(found.next_flagged((0, 0)), Some((1, 2)));
        assert_eq!(found.next_flagged((1, 2)), Some((2, 0)));
        assert_eq!(found.next_flagged((2, 0)), Some((1, 2)));
    }
}

//! A labelled table: what every analysis comes to, and what is drawn, moved through and written.

use super::array::Array;
use serde::Serialize;

/// Numbers with named rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// Numbers that belong to the whole: their names and values.
    pub notes: Vec<(String, String)>,
}

impl Table {
    /// The cell of the largest absolute value.
    #[must_use]
    pub fn hottest(&self) -> Option<(usize, usize)> {
        let width = self.cols.len().max(1);
        let cells = self.values.values().iter().enumerate();
        cells
            .filter(|(_, value)| value.is_finite())
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .map(|(i, _)| (i / width, i % width))
    }

    /// The largest absolute value.
    #[must_use]
    pub fn reach(&self) -> f32 {
        let finite = self
            .values
            .values()
            .iter()
            .filter(|value| value.is_finite());
        finite.fold(0.0, |most, value| most.max(value.abs()))
    }

    /// The table as CSV (RFC 4180), a first column for the rows' names; what is no number is left
    /// empty. `about` becomes comment lines before it.
    #[must_use]
    pub fn csv(&self, about: &[(String, String)]) -> String {
        let quoted = |text: &str| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let mut out = String::new();
        for (name, value) in about.iter().chain(&self.notes) {
            let value = value.replace(['\n', '\r'], " ");
            out.push_str(&format!("# {name}: {value}\n"));
        }
        let header = std::iter::once(String::new()).chain(self.cols.iter().map(|c| quoted(c)));
        out.push_str(&(header.collect::<Vec<_>>().join(",") + "\n"));
        for (i, name) in self.rows.iter().enumerate() {
            let numbers = self.values.slice(&[i]).iter().map(|value| {
                if value.is_finite() {
                    value.to_string()
                } else {
                    String::new()
                }
            });
            let row = std::iter::once(quoted(name)).chain(numbers);
            out.push_str(&(row.collect::<Vec<_>>().join(",") + "\n"));
        }
        out
    }
}

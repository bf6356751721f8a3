//! Precision and recall of what was found, against what is true.

use std::collections::BTreeSet;
use std::fmt;

/// What matters, and what a method says that matters, by name.
#[derive(Debug, Default)]
pub struct Score {
    pub truth: BTreeSet<String>,
    pub found: BTreeSet<String>,
}

impl Score {
    pub fn new(
        truth: impl IntoIterator<Item = impl ToString>,
        found: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            truth: truth.into_iter().map(|one| one.to_string()).collect(),
            found: found.into_iter().collect(),
        }
    }

    /// The same of several questions together; names of different questions are told apart by `of`.
    pub fn add(&mut self, of: &str, more: Self) {
        let named = |one: String| format!("{of}: {one}");
        self.truth.extend(more.truth.into_iter().map(named));
        self.found.extend(more.found.into_iter().map(named));
    }

    fn both(&self) -> usize {
        self.truth.intersection(&self.found).count()
    }

    /// Of what was found, the share that is true.
    pub fn precision(&self) -> f64 {
        self.both() as f64 / self.found.len() as f64
    }

    /// Of what is true, the share that was found.
    pub fn recall(&self) -> f64 {
        self.both() as f64 / self.truth.len() as f64
    }

    /// What is missing and what is too much.
    pub fn difference(&self) -> String {
        let missed: Vec<&String> = self.truth.difference(&self.found).collect();
        let wrong: Vec<&String> = self.found.difference(&self.truth).collect();
        format!("missed {missed:?}, wrongly named {wrong:?}")
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (precision, recall) = (self.precision(), self.recall());
        write!(f, "{precision:.2}, {recall:.2} of {}", self.truth.len())
    }
}

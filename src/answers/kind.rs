//! What of a head's attention a question asks for.

use crate::lens::experiment::toward::Toward;
use crate::task::{Task, shown};
use anyhow::{Context, Result};

/// What of the attention is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Probabilities.
    Pattern,
    /// Before the softmax.
    Scores,
    /// Probability times the norm of what is handed over.
    Norm,
    /// Probability times what is handed over toward a logit.
    Toward(Toward),
    /// How often a cell is its row's largest.
    Argmax,
}

impl Kind {
    pub(super) const ALL: [(&str, Self); 5] = [
        ("pattern", Self::Pattern),
        ("scores", Self::Scores),
        ("norm", Self::Norm),
        ("target", Self::Toward(Toward::TARGET)),
        ("argmax", Self::Argmax),
    ];

    pub(super) fn parse(task: Task, word: &str) -> Result<Self> {
        match Self::ALL.iter().find(|(name, _)| *name == word) {
            Some((_, kind)) => Ok(*kind),
            None => Toward::parse(task, word)
                .map(Self::Toward)
                .with_context(|| {
                    let names = Self::ALL.map(|(name, _)| name).join(", ");
                    format!("'{}' is not {names} or a logit", shown(word))
                }),
        }
    }

    pub(super) fn line(self, task: Task) -> String {
        match (self, Self::ALL.iter().find(|(_, kind)| *kind == self)) {
            (Self::Toward(toward), _) => toward.line(task),
            (_, found) => found.map_or_else(String::new, |(name, _)| (*name).to_owned()),
        }
    }
}

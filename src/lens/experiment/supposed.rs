//! What a rule puts in place of a part of an activation.

use crate::task::{AsIf, Expression};

/// What stands there instead, by input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supposed {
    /// What an expression says: a row of attention, a number, or a vector.
    Said(Expression),
    /// The untouched model's own activation in the input with some fields changed.
    AsIf(AsIf),
}

impl Supposed {
    /// Its text behind the sign of equality.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Said(expression) => expression.text(),
            Self::AsIf(as_if) => as_if.text(),
        }
    }
}

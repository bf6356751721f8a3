//! What each part of the model adds: to a logit, to an attention score.

pub mod attention;
pub mod attribution;
pub mod neurons;
pub mod scores;
pub mod tally;

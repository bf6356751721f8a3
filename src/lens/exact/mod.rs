//! A run told again as exact sums: terms, traces, paths.

pub mod changes;
pub mod edits;
pub mod paths;
pub mod split;
pub mod terms;
pub mod trace;
pub mod view;

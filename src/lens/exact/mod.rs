//! A run told again as exact sums: terms, traces, paths.

pub mod changes;
pub mod edits;
pub mod families;
pub mod layers;
pub mod paths;
pub mod rows;
pub mod split;
pub mod terms;
pub mod trace;
pub mod view;

//! What is asked of a run: a pair, a metric, interventions with their lines, patching grids.

pub mod blocks;
pub mod complete;
pub mod edges;
pub mod grid;
pub mod intervention;
pub mod measured;
pub mod metric;
pub mod parse;
pub mod path_lines;
pub mod rule;
pub mod setup;
pub mod supposed;
pub mod toward;
pub mod words;

//! Names: of runs, heads, paths and circuits.

pub mod circuit;
pub mod head;
pub mod path;
pub mod run;

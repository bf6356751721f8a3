//! The weights in f64 and what is made of them alone: circuits, fewer directions.

pub mod circuit;
pub mod diagonal;
pub mod matrices;
pub mod reduce;

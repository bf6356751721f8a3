//! The weights in f64 and what is made of them alone: circuits, fewer directions.

pub mod chosen;
pub mod circuit;
pub mod composition;
pub mod diagonal;
pub mod directions;
pub mod layers;
pub mod matrices;
pub mod named;
pub mod reduce;
pub mod subspace;

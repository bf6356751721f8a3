//! Numbers: arrays in f32, dense algebra in f64, what a row of logits says.

pub mod algebra;
pub mod array;
pub mod fourier;
pub mod logits;

//! The model: weights, config, hook names, the forward pass and its cache.

pub mod weights;

//! Models from state dicts and files: what is taken, what is refused and how it is said, and that they
//! compute what TransformerLens does.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod activations;
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "every test crate uses its own part")]
mod common;
mod configs;
mod dialects;
mod files;
mod options;
mod zoo;

//! Slides: any checkpoint, any task, from the shell. The zoo of public checkpoints is not part of the
//! project; where it is not beside it these tests say so, and the others run everywhere.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/program.rs"]
mod program;

mod anywhere;
mod bad;
mod brought;
mod embedded;
mod figures;
mod files;
mod geometry;
mod judged;
mod looked;
mod mapped;
mod maps;
mod named;
mod neurons;
mod partitions;
mod points;
mod unseen;
mod varied;
mod zoo;

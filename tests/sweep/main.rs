//! The whole space against plain forward passes: every input of small spaces, every kind of
//! number and claim, under random interventions.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/program.rs"]
mod program;

mod both;
mod certificates;
mod claims;
mod commands;
mod defined;
mod explanations;
mod in_turn;
mod limits;
mod matters;
mod means;
mod plain;
mod predictions;
mod stated;
mod surveys;

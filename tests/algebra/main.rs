//! The exact linear algebra: against TransformerLens's numbers, and against the forward pass.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/program.rs"]
mod program;

mod commands;
mod edited;
mod given;
mod golden;
mod names;
mod random;
mod reference;
#[path = "../common/zoo.rs"]
mod zoo;

use circuitscope::lens::Array;

/// Every value within `tolerance` of what is wanted.
fn assert_close(name: &str, got: &[f32], want: &[f32], tolerance: f32) {
    assert_eq!(got.len(), want.len(), "{name}: another number of values");
    for (i, (a, b)) in got.iter().zip(want).enumerate() {
        assert!(
            a == b || (a - b).abs() <= tolerance,
            "{name}[{i}]: {a} instead of {b}"
        );
    }
}

/// The sum of all values, in f64.
fn total(values: &Array) -> f64 {
    values.values().iter().map(|&x| f64::from(x)).sum()
}

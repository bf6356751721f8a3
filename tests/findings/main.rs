//! Findings: made whole, listed, renamed, thrown away, replayed, reported, shared.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/program.rs"]
mod program;
#[path = "../fuzz/targets.rs"]
mod targets;
#[path = "../workbench/mod.rs"]
mod workbench;

mod bad;
mod compared;
mod foreign;
mod fuzzed;
mod html;
mod killed;
mod numbers;
mod pictures;
mod published;
mod replayed;
mod scripts;
mod shared;
mod slots;
mod store;
mod view;

use std::path::Path;

/// Every entry of a folder, sorted.
fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Keeps a finding of the embedded model with `render`, in `folder/findings`.
fn keep(folder: &Path, keys: &str) {
    let snapshots = folder.to_str().unwrap();
    let picture = folder.join("screen.txt");
    let output = picture.to_str().unwrap();
    program::output(&[
        "render",
        "--snapshots",
        snapshots,
        "--keys",
        keys,
        "-o",
        output,
    ]);
    let shown = std::fs::read_to_string(&picture).unwrap();
    assert!(shown.contains("kept as"), "{shown}");
}

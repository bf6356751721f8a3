//! Task files: what they say, what the built-in ones are, and what bad ones are told.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod agreements;
mod built_in;
mod copies;
mod data;
mod errors;
mod expressions;
mod hostile;
mod meaning;
mod reference;
#[path = "../common/zoo.rs"]
mod zoo;

use circuitscope::task::{Sizes, Spec, Target, Task, Values};
use std::path::PathBuf;

/// The sizes of a checkpoint.
pub fn sizes(n_ctx: usize, d_vocab: usize, d_vocab_out: usize) -> Sizes {
    Sizes {
        n_ctx: Some(n_ctx),
        d_vocab: Some(d_vocab),
        d_vocab_out: Some(d_vocab_out),
    }
}

/// A built-in task of its own sizes.
#[track_caller]
pub fn built_in(name: &str) -> Task {
    Task::built_in(name, &[], &Sizes::default()).unwrap_or_else(|error| panic_with(&error))
}

/// A task from a file's text.
#[track_caller]
pub fn file(text: &str) -> Task {
    Task::from_file("mine.star", text, &[], &Sizes::default())
        .unwrap_or_else(|error| panic_with(&error))
}

#[track_caller]
#[expect(clippy::panic, reason = "a test stops at the first surprise")]
fn panic_with(error: &dyn std::fmt::Display) -> Task {
    panic!("{error}")
}

/// What is right for a typed prompt, in words.
#[track_caller]
pub fn right(task: Task, typed: &str) -> String {
    let prompt = task.parse_prompt(typed).unwrap();
    let targets = task.targets(&[prompt.values]).unwrap();
    let names: Vec<String> = targets[0].iter().map(|one| task.target_name(one)).collect();
    names.join(" ")
}

/// What is right for an input.
pub fn targets(task: Task, input: &Values) -> Vec<Target> {
    task.targets(std::slice::from_ref(input)).unwrap().remove(0)
}

/// The folder beside the project that holds checkpoints of others; a test says loudly that it is
/// not there.
pub fn shared() -> Option<PathBuf> {
    use std::io::Write as _;
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("CIRCUITSCOPE_SHARED").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let text = b"SKIPPED LOUDLY: ../shared is absent, tasks are not compared with checkpoints\n";
    std::io::stderr().write_all(text).unwrap();
    None
}

/// Everything that two tasks may differ in.
#[track_caller]
pub fn same(a: &Spec, b: &Spec) {
    assert_eq!(a.name, b.name);
    assert_eq!(a.options, b.options);
    assert_eq!(a.vocabulary, b.vocabulary);
    assert_eq!(a.classes, b.classes);
    assert_eq!(a.places, b.places);
    assert_eq!(a.slots, b.slots);
    assert_eq!(a.groups, b.groups);
    assert_eq!(a.answers, b.answers);
    assert_eq!((a.pad, a.bidirectional), (b.pad, b.bidirectional));
    assert_eq!(a.once_a_batch, b.once_a_batch);
    assert_eq!(
        (a.exists.is_some(), a.draw.is_some()),
        (b.exists.is_some(), b.draw.is_some())
    );
    assert_eq!(a.labels, b.labels);
}

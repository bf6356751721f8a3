//! What is fuzzed, one function a kind of input. `cargo fuzz` runs them for as long as it is let (`README`
//! beside this file); `tests/findings/fuzzed.rs` runs them on a bounded number of inputs with every test run.
//!
//! None may panic, hang or take memory without bound; what is read and written again is the same.

use circuitscope::answers::Question;
use circuitscope::app::parse_script;
use circuitscope::findings::session::Session;
use circuitscope::findings::share;
use circuitscope::lens::{Intervention, Metric};
use circuitscope::model::config::{Config, PositionalEmbedding, Sidecar};
use circuitscope::model::weights::{RawTensor, parse_pt, parse_safetensors};
use circuitscope::sweep::Claim;
use circuitscope::task::{Sizes, Task};

/// A checkpoint, in either format.
pub fn weights(bytes: &[u8]) {
    let whole = |one: &RawTensor| one.data.len() == one.shape.iter().product::<usize>();
    for dict in [parse_safetensors(bytes), parse_pt(bytes)].iter().flatten() {
        assert!(
            dict.values().all(whole),
            "a tensor is not as large as its shape"
        );
    }
}

/// A config beside a checkpoint.
pub fn config(text: &str) {
    let Ok(mut read) = Sidecar::parse(text) else {
        return;
    };
    let written = serde_json::to_string(&read).unwrap_or_default();
    // what is not read is not written
    read.unread.clear();
    assert_eq!(Sidecar::parse(&written).ok(), Some(read), "{written}");
}

/// A task file.
pub fn task(text: &str) {
    let _ = Task::from_file("fuzzed.star", text, &[], &Sizes::default());
}

/// A line of any grammar.
pub fn line(text: &str) {
    let task = Task::default();
    let vocabularies = [task.d_vocab(), task.classes.len()];
    let shortformer = PositionalEmbedding::Shortformer;
    let config = Config::attention_only([2, 2], [4, 2], task.seq_len(), vocabularies, shortformer);
    let _ = Claim::parse(text, task, &config);
    let _ = Metric::parse(task, text);
    let _ = task.parse_prompt(text);
    if let Ok(one) = Intervention::parse(text, task, &config) {
        let again = Intervention::parse(&one.line(task), task, &config);
        assert_eq!(again.ok(), Some(one), "{text}");
    }
    if let Ok(one) = Question::parse(text, task, &config) {
        let again = Question::parse(&one.line(task, &config), task, &config);
        assert_eq!(again.ok(), Some(one), "{text}");
    }
}

/// A session file, or one as a line.
pub fn session(text: &str) {
    let _ = share::parse(text);
    let Ok(read) = Session::parse(text) else {
        return;
    };
    let written = read.to_json().unwrap_or_default();
    let again = String::from_utf8_lossy(&written);
    assert_eq!(Session::parse(&again).ok(), Some(read));
}

/// A script of keys.
pub fn keys(text: &str) {
    if let Ok(all) = parse_script(text) {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(parse_script(&names.join(" ")).ok(), Some(all), "{text}");
    }
}

//! Prompts of several lengths, and combinations of values that are no inputs.

use super::common::random_of;
use super::maps::{answer, close, note, values};
use super::program::output;
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding::Standard;
use circuitscope::task::Task;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A random model of these sizes and a task file, in a folder.
fn beside(folder: &Path, len: usize, d_vocab: [usize; 2], task: &str) -> [String; 2] {
    let config = Config::attention_only([1, 2], [8, 4], len, d_vocab, Standard);
    let of = Task::raw(len, d_vocab[0], d_vocab[1]);
    let (weights, _) = random_of(config, of, 3).to_files().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_string_lossy().into_owned()
    };
    let model = write("m.safetensors", &weights);
    [model, write("t.star", task.as_bytes())]
}

/// The one claim of an answer.
fn claim(args: &[&str]) -> Value {
    let output = output(&[&["claim"], args, &["--format", "json"]].concat());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = told["claims"][0].clone();
    if found.is_null() { told } else { found }
}

const LISTS: &str = "\
tokens = numbers(6) + [\"b\", \"p\", \"e\"]
classes = [\"no\", \"yes\"]
layout = \"b s[4] e\"
fields = {\"s\": lengths(below(6), [2, 3, 4])}
pad = \"p\"
bidirectional = True
answers = {\"kind\": \"b\"}

def kind(s):
    return \"yes\" if s[0] > s[1] else \"no\"
";

/// Where a list has ended there is no value: no token that fills the prompt up is taken for one.
#[test]
fn a_list_that_has_ended_has_no_value_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let [model, task] = beside(folder.path(), 6, [9, 2], LISTS);
    let of = ["--model", &model, "--task", &task];
    let most = claim(&[&["s_3 <= 5"], &of[..]].concat());
    // 36 lists of two and 216 of three have no fourth
    assert_eq!(most["undefined"], 252, "{most}");
    assert_eq!(most["max"], 5.0, "{most}");
    let mean = claim(&[&["mean s_3"], &of[..]].concat());
    close("mean", mean["mean"].as_f64().unwrap(), 2.5, 1e-9);
    let where_it_is = claim(&[&["s_3 <= 5 when s_3 >= 0"], &of[..]].concat());
    assert_eq!(where_it_is["total"], 1296, "{where_it_is}");
}

/// A position is that of what stands there: what follows a shorter list has moved forward with it.
#[test]
fn attention_is_to_what_is_named_whatever_the_length() {
    let slide = ["--slide", "brackets"];
    let line = "scatter A1.0[start,end], A1.0[s_1,start] over random:1:12";
    let points = answer(&[&[line], &slide[..]].concat());
    let rows = points["rows"].as_array().unwrap();
    let mut lengths = std::collections::BTreeSet::new();
    for (row, point) in rows.iter().zip(values(&points)) {
        let prompt = row.as_str().unwrap();
        let len = prompt.split_whitespace().count();
        lengths.insert(len);
        let clean = ["--clean", prompt];
        let one = answer(&[&["attention pattern 1.0"], &clean[..], &slide[..]].concat());
        let pattern = values(&one);
        let cols = one["cols"].as_array().unwrap();
        let end = cols.iter().position(|col| col == "end").unwrap();
        close(prompt, point[0], pattern[0][end], 1e-5);
        close(prompt, point[1], pattern[2][0], 1e-5);
    }
    assert!(lengths.len() > 1, "{lengths:?}");
    // a list of two has no third bracket to be looked at
    let short = answer(&[&["table A1.0[start,s_11] by len(s)"], &slide[..]].concat());
    let defined = note(&short, "defined");
    assert!(defined.starts_with("4096 of 8190"), "{defined}");
}

const MARKED: &str = "\
tokens = letters(\"abcd\") + [\"#\", \"?\"]
layout = \"w_0 w_1 w_2 ? out\"
fields = {\"w\": letters(\"abcd#\")}

def exists(w):
    return w.count(\"#\") == 1 and w[2] != \"#\"

def out(w):
    return w[w.index(\"#\") + 1]

def draw(random):
    w = [random.choice([\"a\", \"b\", \"c\", \"d\"]) for _ in range(3)]
    w[random.below(2)] = \"#\"
    return {\"w\": w}
";

/// The task's function is asked of nothing that is no input.
#[test]
fn all_inputs_are_those_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let [model, task] = beside(folder.path(), 5, [6, 6], MARKED);
    let of = ["--model", &model, "--task", &task];
    // it tells on stderr how it goes through them
    let swept = output(&[&["sweep", "--format", "json"], &of[..]].concat());
    let swept: Value = serde_json::from_slice(&swept.stdout).unwrap();
    assert_eq!(swept["inputs"], 32, "{swept}");
    let table = answer(&[&["table loss by w_0 over space"], &of[..]].concat());
    assert!(note(&table, "inputs").contains("all 32 inputs"), "{table}");
    let held = claim(&[&["loss > 0"], &of[..]].concat());
    assert_eq!((&held["total"], &held["count"]), (&32.into(), &32.into()));
    // and the screen says what the shell says
    let frame = folder.path().join("frame.txt");
    let path = frame.to_str().unwrap();
    let drawn = output(
        &[
            &["render", "--keys", "S", "--size", "110x30", "-o", path],
            &of[..],
        ]
        .concat(),
    );
    assert!(drawn.status.success(), "{drawn:?}");
    let frame = std::fs::read_to_string(&frame).unwrap();
    assert!(
        frame.contains("32 inputs") && frame.contains("exact"),
        "{frame}"
    );
    assert!(!frame.contains("sampled"), "{frame}");
}

/// Where there is one prediction its words need not say which.
#[test]
fn the_only_prediction_needs_no_name() {
    let slide = ["--slide", "min_of_two", "--over", "random:0:64"];
    for [bare, named] in [
        ["pred < truth + 1", "pred[=] < truth[=] + 1"],
        ["rank == 1", "rank[=] == 1"],
        ["prob > 0.5", "prob[=] > 0.5"],
    ] {
        let [bare, named] = [bare, named].map(|line| claim(&[&[line], &slide[..]].concat()));
        for field in ["count", "total", "mean", "verdict"] {
            assert_eq!(bare[field], named[field], "{bare} {named}");
        }
        assert!(!bare["total"].is_null());
    }
    let both = ["--intervene", "zero blocks.0.hook_attn_out @="];
    let line = "pred.patched == pred.clean";
    let found = claim(&[&[line], &slide[..], &both[..]].concat());
    assert_eq!(found["total"], 64, "{found}");
    // of three predictions it has to be said
    let refused = output(&["claim", "pred > 3"]);
    assert_eq!(refused.status.code(), Some(2));
}

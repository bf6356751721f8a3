//! The zoo under its tasks: accuracies, token ids, patches.

use super::common::{self, Tensors, device};
use super::program::{command, json, stdout};
use serde_json::Value;
use std::path::PathBuf;

/// Checkpoint, task, the share of whole prompts that is right on the author's inputs.
pub const ZOO: [(&str, &str, f64); 15] = [
    ("ck_min_int", "min_of_two", 0.9998),
    ("ck_majority", "majority", 1.0),
    ("ck_sort", "sort", 0.9683),
    ("ck_permute", "permute", 1.0),
    ("ck_array_indexing", "array_update", 1.0),
    ("ck_rederive_position", "previous_token", 0.9368),
    ("ck_modular_subtraction", "modular_subtraction", 1.0),
    ("ck_modular_addition_mlp", "modular_addition", 1.0),
    ("arena_palindrome_july", "palindrome", 0.9983),
    ("arena_unique_char", "first_unique", 0.9399),
    ("arena_sorted_list", "sorted_list", 0.9893),
    ("arena_cumsum", "cumulative_sign", 1.0),
    ("arena_palindrome_eagx", "palindrome", 0.9988),
    ("arena_brackets", "brackets", 1.0),
    ("rakaar_max_list_s42", "max_of_list", 1.0),
];

pub fn path(name: &str) -> Option<String> {
    let path = common::shared()?.join(format!("zoo/models/{name}.pt"));
    Some(path.to_string_lossy().into_owned())
}

fn reference(name: &str) -> Tensors {
    let file: PathBuf = common::shared().unwrap();
    let file = file.join(format!("zoo/reference/{name}.safetensors"));
    candle_core::safetensors::load(file, device())
        .unwrap()
        .into_iter()
        .collect()
}

#[test]
fn every_checkpoint_is_as_often_right_as_its_author_says() {
    for (name, task, right) in ZOO {
        let Some(path) = path(name) else { return };
        let sample = "random:1:2048";
        let answer = json(&["score", "--model", &path, "--task", task, "--over", sample]);
        let found = answer["inputs_accuracy"].as_f64().unwrap();
        // three standard errors of a share of 2,048, and what the four digits leave open
        let error = 3.0 * (right * (1.0 - right) / 2048.0).sqrt() + 1.5e-3;
        assert!(
            (found - right).abs() <= error,
            "{name}: {found}, not {right}"
        );
        assert_eq!(answer["inputs"], 2048, "{name}");
    }
}

#[test]
fn a_small_space_is_counted_whole() {
    let Some(path) = path("ck_min_int") else {
        return;
    };
    let output = command(&[
        "sweep",
        "--model",
        &path,
        "--task",
        "min_of_two",
        "--worst",
        "14",
        "--format",
        "json",
    ])
    .output()
    .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["inputs"], &answer["wrong_inputs"]),
        (&40_000.into(), &14.into())
    );
    // the model author's own examples: 19,20 -> 5; 47,48 -> 57
    let said: Vec<(Value, Value)> = answer["worst"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| (case["update"].clone(), case["predicted"][0].clone()))
        .collect();
    for (a, b, answer) in [(19, 20, 5), (47, 48, 57), (144, 145, 56)] {
        let input = serde_json::json!({"a": a, "b": b});
        assert!(said.contains(&(input, answer.into())), "{a} {b}: {said:?}");
    }
}

/// The numbers of an array, however deep.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

fn ids(tensors: &Tensors, name: &str) -> String {
    let tensor = tensors[name].to_dtype(candle_core::DType::U32).unwrap();
    let ids: Vec<u32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn numbers(tensors: &Tensors, name: &str) -> Vec<f32> {
    tensors[name].flatten_all().unwrap().to_vec1().unwrap()
}

fn agree(what: &str, got: &[f64], want: &[f32], scale: f32) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        let off = (got - f64::from(*want)).abs();
        assert!(
            off <= 1e-5 * f64::from(scale.max(1.0)),
            "{what}: {got}, not {want}"
        );
    }
}

#[test]
fn token_ids_give_the_references_logits_with_the_task_and_without() {
    for (name, task, _) in ZOO {
        let Some(path) = path(name) else { return };
        let tensors = reference(name);
        let ids = ids(&tensors, "prompt.0.tokens");
        let want = numbers(&tensors, "prompt.0.logits");
        let scale = want.iter().fold(0f32, |most, x| most.max(x.abs()));
        let with = ["run", "--model", &path, "--task", task, "--tokens", &ids];
        agree(name, &flat(&json(&with)["logits"]), &want, scale);
        // attention both ways and padding are the task's to say
        if name == "arena_brackets" || name == "ck_array_indexing" {
            continue;
        }
        let without = ["run", "--model", &path, "--tokens", &ids];
        agree(name, &flat(&json(&without)["logits"]), &want, scale);
    }
}

/// The author's pair and metric, of which the array update's own rule would choose others.
#[test]
fn a_pair_of_token_ids_is_patched() {
    let Some(path) = path("ck_array_indexing") else {
        return;
    };
    let (clean, corrupted) = (
        "50 14 26 35 51 1 48 51 14 48 35",
        "50 14 26 35 51 2 48 51 14 23 26",
    );
    let answer = json(&[
        "patch",
        "--model",
        &path,
        "--clean-tokens",
        clean,
        "--corrupted-tokens",
        corrupted,
        "--metric",
        "8:26:23",
    ]);
    let metric = &answer["metric"];
    for (run, want) in [("clean", 0.2416), ("corrupted", 14.0944)] {
        let found = metric[run].as_f64().unwrap();
        assert!((found - want).abs() < 1e-3, "{run}: {found}, not {want}");
    }
    let grid = flat(&answer["grids"]["resid_pre"]["values"]);
    assert_eq!(grid.len(), 2 * 11);
}

#[test]
fn what_is_not_said_is_decided_by_the_task() {
    let Some(path) = path("arena_brackets") else {
        return;
    };
    let text = stdout(&["run", "--model", &path, "--task", "brackets", "(())"]);
    assert!(text.contains("balanced"), "{text}");
    let Some(reference) = self::path("ck_array_indexing") else {
        return;
    };
    let told = json(&["run", "--model", &reference, "14 26 35 1 48"])["model"].clone();
    assert_eq!(told["positions"], "shortformer (by accuracy)");
    assert_eq!(told["told"].as_array().unwrap().len(), 2, "{told}");
}

//! The commands, driven as a user drives them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/program.rs"]
mod program;

mod bench;
mod curves;
mod patch;
mod run;
mod scrubbing;
mod seeds;
mod series;
mod shell;
mod train;

use program::{command, json, output, refused, stdout};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn shape(value: &Value) -> Vec<usize> {
    let mut shape = Vec::new();
    let mut value = value;
    while let Some(list) = value.as_array() {
        shape.push(list.len());
        value = &list[0];
    }
    shape
}

fn argmaxes(run: &Value) -> Vec<u64> {
    let predictions = run["predictions"].as_array().unwrap();
    predictions
        .iter()
        .map(|p| p["argmax"].as_u64().unwrap())
        .collect()
}

fn check_run(run: &Value) {
    let labels = "BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2";
    let found: Vec<_> = run["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l.as_str().unwrap())
        .collect();
    assert_eq!(found.join(" "), labels);
    assert_eq!(shape(&run["tokens"]), [11]);
    assert_eq!(shape(&run["logits"]), [11, 50]);
    assert!(run["loss"].as_f64().unwrap() >= 0.0);
    for (i, prediction) in run["predictions"].as_array().unwrap().iter().enumerate() {
        let expected = [
            "argmax", "correct", "log_prob", "name", "position", "predicts", "target", "tied",
        ];
        assert_eq!(keys(prediction), expected);
        assert_eq!(prediction["position"], 7 + i);
        assert_eq!(prediction["predicts"], format!("b_{i}"));
    }
}

#[test]
fn score_counts() {
    let answer = json(&["score", "--sample", "notebook:42"]);
    let expected = [
        "accuracy",
        "inputs",
        "inputs_accuracy",
        "inputs_right",
        "loss",
        "model",
        "n",
        "predictions",
        "predictions_accuracy",
        "predictions_right",
        "sample",
        "standard_error",
        "undefined",
        "wrong_by_position",
        "wrong_inputs",
    ];
    assert_eq!(keys(&answer), expected);
    assert_eq!(
        (&answer["inputs_right"], &answer["predictions_right"]),
        (&256.into(), &768.into())
    );
    assert_eq!(
        (&answer["inputs"], &answer["sample"]),
        (&256.into(), &"notebook:42".into())
    );
    assert_eq!(answer["accuracy"], 1.0);
    assert_eq!(shape(&answer["wrong_by_position"]), [3]);
    let text = stdout(&["score", "--sample", "random:1:64"]);
    assert!(
        text.contains(
            "wrong on 0 of 64 inputs; inputs right 1.000000 (95 %: ≥ 0.954270), predictions right 1.000000"
        ),
        "{text}"
    );
    refused(&["score", "--sample", "all"], "no sample 'all'");
    refused(
        &["score", "--sample", "random:0:0"],
        "length '0' is not from 1 to 1000000",
    );
}

#[test]
fn devices_and_completions() {
    let devices = json(&["devices"]);
    assert_eq!(devices["devices"][0]["name"], "cpu");
    assert!(
        devices["devices"][0]["status"]
            .as_str()
            .unwrap()
            .starts_with("available")
    );
    assert!(stdout(&["devices"]).starts_with("cpu "));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            stdout(&["completions", shell]).contains("counterfactual"),
            "{shell}"
        );
    }
    refused(&["completions", "cmd"], "cmd");
}

#[test]
fn the_reference_checkpoint() {
    let Some(shared) = common::shared() else {
        return;
    };
    let model = shared.join("models/array_indexing_model.pt");
    let model = model.to_str().unwrap();
    let run = json(&["run", "14", "26", "35", "1", "48", "--model", model]);
    assert_eq!(argmaxes(&run), [14, 48, 35]);
    assert_eq!(run["model"]["name"], "array_indexing_model.pt");
    let score = json(&["score", "--sample", "notebook:42", "--model", model]);
    assert_eq!(score["accuracy"], 1.0);
    let loss = score["loss"].as_f64().unwrap();
    assert!((loss - 3.714_726_5e-5).abs() < 1e-7, "{loss}");
}

//! `attribute`, `attend`, `attention`, `circuit` and `score --low-rank`, driven as a user does.

use crate::program::{json, refused, stdout};
use serde_json::Value;

const PROMPT: [&str; 5] = ["14", "26", "35", "1", "48"];

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
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

fn words(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap();
    list.iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn attribute_answers() {
    let prompt = [&["attribute", "--prompt"][..], &PROMPT].concat();
    let one = json(&prompt);
    assert_eq!(
        keys(&one),
        [
            "accumulated_resid",
            "b_U",
            "decompose_resid",
            "heads",
            "heads_by_source",
            "heads_by_token",
            "logits",
            "model",
            "of",
            "paths",
            "positions",
            "predictions",
            "prompt",
            "remainder",
            "sample",
            "tables",
            "toward",
        ]
    );
    // the same numbers as those of the question itself
    let ask = json(&[&["ask", "attribution", "--clean"][..], &PROMPT].concat());
    for field in ["title", "rows", "cols", "values", "notes"] {
        assert_eq!(one["tables"][0][field], ask[field], "{field}");
    }
    let logits = ask["values"].as_array().unwrap().last().unwrap();
    assert_eq!(&one["logits"], logits);
    assert_eq!(
        words(&one["accumulated_resid"]["labels"]),
        ["0_pre", "1_pre", "final_post"]
    );
    let parts = ["embed", "0_attn_out", "1_attn_out"];
    assert_eq!(words(&one["decompose_resid"]["labels"]), parts);
    assert_eq!(shape(&one["decompose_resid"]["values"]), [3, 3]);
    assert_eq!(
        words(&one["paths"]["labels"]),
        ["direct", "0.0", "1.0", "0.0>1.0"]
    );
    assert_eq!(shape(&one["paths"]["values"]), [4, 3]);
    assert_eq!(shape(&one["paths"]["by_source"]), [4, 3, 11]);
    assert!(one["paths"]["remainder"].as_f64().unwrap() < 1e-4);
    assert_eq!(shape(&one["heads_by_source"]), [2, 3, 11]);
    assert_eq!(shape(&one["heads_by_token"]), [2, 3, 52]);
    assert_eq!(
        (&one["of"], &one["toward"]),
        (&"single".into(), &"target".into())
    );
    assert_eq!(one["sample"], Value::Null);
    assert_eq!(one["prompt"], r"BOS 14 26 35 \n 1 48 \n 14 48 35");

    let mean = json(&[
        "attribute",
        "--sample",
        "notebook:42",
        "--toward",
        "target-elt",
    ]);
    assert_eq!(
        (&mean["of"], &mean["sample"]),
        (&"mean of 256".into(), &"notebook:42".into())
    );
    assert_eq!(mean["toward"], "target-elt");
    // over a sample each number has its standard error
    assert_eq!(mean["tables"][0]["beside"][0]["name"], "standard error");
    let text = stdout(&prompt);
    assert!(
        text.contains("of: this prompt") && text.contains("remainder"),
        "{text}"
    );
}

#[test]
fn forms_know_interventions_and_every_way_to_give_a_prompt() {
    let words = [&["attribute"][..], &PROMPT].concat();
    let flag = [&["attribute", "--prompt"][..], &PROMPT].concat();
    assert_eq!(stdout(&words), stdout(&flag));
    let off = ["--intervene", "zero blocks.1.attn.hook_z @*"];
    let under = json(&[&words[..], &off].concat());
    let ask = json(&[&["ask", "attribution"][..], &PROMPT, &off].concat());
    assert_eq!(under["tables"][0]["values"], ask["values"]);
    assert_eq!(
        under["heads"]["values"][1],
        serde_json::json!([0.0, 0.0, 0.0])
    );
    // and as CSV, which is the table
    let csv = stdout(&[&words[..], &["--format", "csv"]].concat());
    assert!(
        csv.lines().any(|line| line.starts_with("head 1.0,")),
        "{csv}"
    );
    let difference = json(&[&words[..], &off, &["--run", "difference"]].concat());
    assert_eq!(difference.get("heads"), None);
}

#[test]
fn attribute_refuses() {
    refused(&["attribute"], "--prompt");
    refused(&["attribute", "--sample", "all"], "no sample 'all'");
    refused(&["attribute", "--prompt", "1 2 3 9 4"], "idx: 9 is not");
    let toward = ["attribute", "--sample", "random:0:8", "--toward", "nl_0"];
    refused(
        &toward,
        "no logit 'nl_0'; target, a whole number from 0 to 49",
    );
}

#[test]
fn attend_answers() {
    let cell = [
        "--layer", "1", "--head", "0", "--dest", "b_0", "--src", "elt",
    ];
    let ask = [&["attend"][..], &PROMPT, &cell].concat();
    let whole = json(&ask);
    assert_eq!(
        keys(&whole),
        [
            "dest", "grouped", "head", "key", "minus", "model", "prompt", "query", "sample",
            "score", "src", "tables", "total", "values",
        ]
    );
    assert_eq!(shape(&whole["values"]), [13, 13]);
    assert_eq!(
        words(&whole["grouped"]["query"]),
        ["token", "position", "0.0"]
    );
    assert_eq!(words(&whole["key"])[3], "0.0 from a_0");
    let number = |value: &Value| value.as_f64().unwrap();
    assert!((number(&whole["score"]) - number(&whole["total"])).abs() < 1e-4);
    let minus = [&ask[..], &["--minus", "a_1"]].concat();
    let difference = json(&minus);
    let other = [&ask[..ask.len() - 1], &["a_1"]].concat();
    let want = number(&whole["score"]) - number(&json(&other)["score"]);
    assert!((number(&difference["score"]) - want).abs() < 1e-5);
    assert!((number(&difference["total"]) - want).abs() < 1e-4);
    assert!(stdout(&minus).contains("minus a_1"));

    let with = |layer: &'static str, dest: &'static str, src: &'static str| {
        let cell = ["--layer", layer, "--dest", dest, "--src", src];
        [&["attend"][..], &PROMPT, &cell].concat()
    };
    refused(
        &with("2", "b_0", "elt"),
        "no head '2.0'; the heads are 0.0 1.0",
    );
    refused(&with("1", "b_3", "elt"), "the positions are BOS a_0");
    refused(
        &with("1", "a_0", "elt"),
        "a_0 cannot attend to elt, which comes after it",
    );
}

#[test]
fn attention_answers() {
    let sample = ["attention", "--sample", "random:3:40"];
    for (kind, name, heads) in [
        ("pattern", "pattern", 2),
        ("scores", "scores", 2),
        ("weighted", "weighted by norm", 2),
        ("virtual", "virtual", 1),
        ("argmax", "argmax", 2),
    ] {
        let answer = json(&[&sample[..], &["--kind", kind]].concat());
        let expected = [
            "heads", "kind", "labels", "model", "of", "prompt", "sample", "tables", "toward",
            "values",
        ];
        assert_eq!(keys(&answer), expected);
        assert_eq!(
            (&answer["kind"], &answer["of"]),
            (&name.into(), &"mean of 40".into())
        );
        assert_eq!(shape(&answer["values"]), [heads, 11, 11]);
        let masked = &answer["values"][0][0][10];
        let want = if kind == "scores" {
            Value::Null
        } else {
            0.0.into()
        };
        assert_eq!(masked, &want, "{kind}");
    }
    let prompt = [&["attention", "--prompt"][..], &PROMPT].concat();
    let toward = ["--kind", "weighted", "--toward", "target", "--layer", "1"];
    let answer = json(&[&prompt[..], &toward].concat());
    assert_eq!(words(&answer["heads"]), ["1.0"]);
    assert_eq!(answer["values"][0][0][0], Value::Null);
    assert!(answer["values"][0][7][0].is_number());
    assert!(stdout(&prompt).contains("attention pattern 1.0"));
    refused(&["attention"], "--prompt");
    refused(&[&sample[..], &["--kind", "mean"]].concat(), "argmax");
    refused(
        &[&sample[..], &["--layer", "7"]].concat(),
        "there are 0.0 1.0",
    );
    refused(
        &[&sample[..], &["--toward", "3"]].concat(),
        "--kind weighted",
    );
}

#[test]
fn circuit_answers() {
    let names = stdout(&["circuit"]);
    for name in names.lines() {
        let answer = json(&["circuit", name]);
        assert_eq!(answer["name"], name);
        let values = shape(&answer["values"]);
        assert_eq!(words(&answer["rows"]).len(), values[0], "{name}");
        assert_eq!(words(&answer["cols"]).len(), values[1], "{name}");
        if name.starts_with("pca.") {
            assert_eq!(shape(&answer["explained_variance"]), [3]);
        } else {
            assert!(answer["singular_values"][0].as_f64().unwrap() > 0.0);
            for key in ["top1_on_diagonal", "copying_score", "effective_rank"] {
                assert!(answer.get(key).is_some(), "{name}: {key}");
            }
        }
        assert!(stdout(&["circuit", name]).starts_with("array_update (embedded) #"));
    }
    assert_eq!(names.lines().count(), 4 + 10 + 5 + 2, "{names}");
    assert_eq!(words(&json(&["circuit"])["names"]).join("\n") + "\n", names);
    let composed = json(&["circuit", "ov.virtual"]);
    assert_eq!(keys(&composed["composition"]), ["K", "Q", "V"]);
    assert_eq!(composed["random_composition"]["draws"], 16);
    assert_eq!(
        shape(&json(&["circuit", "ov.1"])["weight_singular_values"]),
        [128]
    );
    refused(&["circuit", "ov.3"], "no circuit 'ov.3'; did you mean");
    refused(
        &["circuit", "ov.1", "--scaled"],
        "only QK circuits are scaled",
    );
}

#[test]
fn circuit_writes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k.safetensors");
    let file = file.to_str().unwrap();
    let write = ["circuit", "qk.1.k_comp", "--scaled", "-o", file];
    let answer = json(&write);
    assert_eq!(answer["scaled"], true);
    let tensors = candle_core::safetensors::load(file, &candle_core::Device::Cpu).unwrap();
    assert_eq!(tensors["circuit.qk.1.k_comp"].dims(), [11, 52]);
    assert_eq!(tensors["svd.qk.1.k_comp"].dims(), [11]);
    refused(&write, "already");
    stdout(&[&write[..], &["--force"]].concat());
    refused(&["circuit", "-o", file], "NAME");
}

#[test]
fn score_of_a_low_rank_model() {
    let sample = ["score", "--sample", "random:1:64"];
    let cut = |rank: &'static str| json(&[&sample[..], &["--low-rank", rank]].concat());
    assert_eq!(cut("ov.1:128")["wrong_inputs"], 0);
    let broken = cut("ov.1.0:0");
    assert!(broken["wrong_inputs"].as_u64().unwrap() > 32, "{broken}");
    assert_eq!(words(&broken["low_rank"]), ["ov.1.0:0"]);
    let wrong = [&sample[..], &["--low-rank", "ov.1"]].concat();
    refused(&wrong, "the form is ov.0.0:5");
}

/// The heading says whether scores are divided by the scale, and the numbers are.
#[test]
fn a_circuit_says_how_it_is_scaled() {
    let name = "qk.1.tok_tok";
    for (more, words, by) in [
        (&[][..], "unscaled", 1.0),
        (&["--scaled"], "after 1/sqrt(d_head)", 128f64.sqrt()),
    ] {
        let text = stdout(&[&["circuit", name], more].concat());
        let heading = text.lines().nth(1).unwrap();
        assert!(heading.ends_with(&format!(", {words}")), "{heading}");
        let found = json(&[&["circuit", name], more].concat());
        let plain = json(&["circuit", name]);
        let first = |of: &Value| of["values"][3][7].as_f64().unwrap();
        assert!((first(&found) * by - first(&plain)).abs() < 1e-4, "{words}");
    }
}

//! What is in a file, and the same model in TransformerLens's form.

use super::common;
use super::program::{command, json, output, refused, stdout};
use circuitscope::model::weights::{RawTensor, StateDict, read_state_dict, to_safetensors};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn golden(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dialects");
    text(&folder.join(file))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The logits of some tokens, as JSON has them: to the last bit.
fn logits(model: &str, tokens: &str, more: &[&str]) -> Value {
    let args = ["run", "--model", model, "--tokens", tokens];
    json(&[&args[..], more].concat())["logits"].clone()
}

#[test]
fn what_is_converted_computes_the_same_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let files = std::fs::read_dir(golden("")).unwrap();
    let files = files.map(|file| text(Path::new(&file.unwrap().file_name())));
    let files: Vec<String> = files.filter(|name| name.ends_with(".pt")).collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let file = file.replace("series.pt", "series.pt#1");
        let name = file.split('.').next().unwrap();
        let out = text(&folder.path().join(format!("{name}.safetensors")));
        let said = stdout(&["convert", &golden(&file), &out]);
        assert!(said.starts_with(&format!("{out}: {file}")), "{said}");
        let tokens = "3 1 6 0 2";
        assert_eq!(
            logits(&out, tokens, &[]),
            logits(&golden(&file), tokens, &[]),
            "{file}"
        );
        let found = json(&["inspect", &out]);
        assert_eq!(
            (&found["dialect"], &found["assumed"]),
            (&"TransformerLens".into(), &Value::Array(Vec::new())),
            "{file}"
        );
    }
}

#[test]
fn the_zoo_converts_to_itself() {
    let Some(shared) = common::shared() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, task, _) in super::zoo::ZOO {
        let from = text(&shared.join(format!("zoo/models/{name}.pt")));
        let out = text(&folder.path().join(format!("{name}.safetensors")));
        stdout(&["convert", &from, &out, "--task", task]);
        let tokens = "0 1 2 1 0";
        let tokens = match name {
            "ck_min_int" | "ck_modular_subtraction" => "0 1 2",
            "ck_modular_addition_mlp" => "0 1",
            _ => tokens,
        };
        // without a task there is nothing that decides of the original what nobody says
        let said: &[&str] = match name {
            "arena_brackets" => &["--attention", "bidirectional", "--pad", "1"],
            "ck_array_indexing" => &["--positions", "shortformer"],
            _ => &[],
        };
        assert_eq!(
            logits(&out, tokens, &[]),
            logits(&from, tokens, said),
            "{name}"
        );
        // the config names the task: nothing needs to be said any more
        let over = ["--over", "random:5:64"];
        let [then, now] = [
            [&["score", "--model", &from, "--task", task][..], &over].concat(),
            [&["score", "--model", &out][..], &over].concat(),
        ]
        .map(|args| json(&args));
        assert_eq!(then["loss"], now["loss"], "{name}");
        assert_eq!(
            then["predictions_right"], now["predictions_right"],
            "{name}"
        );
    }
}

#[test]
fn nothing_is_replaced_unasked_and_nothing_is_left_half() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("m.safetensors");
    let beside = folder.path().join("m.json");
    let args = ["convert", &golden("older.pt"), &text(&out)];
    std::fs::write(&beside, "mine").unwrap();
    refused(&args, "it already exists");
    assert!(!out.exists());
    assert_eq!(std::fs::read(&beside).unwrap(), b"mine");
    assert!(output(&[&args[..], &["--force"]].concat()).status.success());
    assert!(out.is_file());
    refused(&args, "it already exists");
    let named = [
        "convert",
        &golden("older.pt"),
        &text(&folder.path().join("m.pt")),
    ];
    refused(&named, "weights are written as .safetensors");
    refused(
        &["convert", &golden("logits.json"), &text(&out), "--force"],
        "logits.json",
    );
}

#[test]
fn inspect_says_what_is_there_and_what_is_assumed() {
    let older = stdout(&["inspect", &golden("older.pt")]);
    for part in [
        "PyTorch",
        "names: TransformerLens before 1.0",
        "blocks.0.attn.W_K",
        "config: none was read",
        "assumed: positions standard (--positions), attention causal (--attention)",
    ] {
        assert!(older.contains(part), "{part}: {older}");
    }
    let joined = json(&["inspect", &golden("joined.pt")]);
    assert_eq!(
        (&joined["config_from"], &joined["config_read"]["n_heads"]),
        (&"the file itself".into(), &2.into())
    );
    let half = json(&["inspect", &golden("half.pt")]);
    let dtypes: Vec<&Value> = half["tensors"].as_array().unwrap().iter().collect();
    assert!(dtypes.iter().any(|one| one["dtype"] != "f32"), "{half}");
    let series = json(&["inspect", &golden("series.pt#2")]);
    assert_eq!(series["series"], serde_json::json!([2, 3]));
    // of a list the last one, which says how many there are
    let last = json(&["inspect", &golden("series.pt")]);
    assert_eq!(last["series"], serde_json::json!([2, 3]));
    assert_eq!(last["tensors"], series["tensors"]);
    let text = stdout(&["inspect", &golden("series.pt")]);
    assert!(
        text.contains("#2 of a series of 3 (#0 to #2 behind the path choose)"),
        "{text}"
    );
    refused(
        &["inspect", &golden("logits.json")],
        "neither a PyTorch zip",
    );
    refused(
        &["inspect", &golden("older.pt"), "--task", "nonsense"],
        "nonsense",
    );
}

#[test]
fn tensors_that_make_no_model_are_listed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conv.safetensors");
    let raw = RawTensor {
        shape: vec![2, 3],
        data: vec![0.5; 6],
    };
    let dict = StateDict::from([("conv1.weight".to_owned(), raw)]);
    std::fs::write(&path, to_safetensors(&dict, &BTreeMap::new()).unwrap()).unwrap();
    no_model(&text(&path), &[], "tensor conv1.weight is none that");
    // and where all is there, but a number of it is none
    let mut weights = read_state_dict(Path::new(&golden("older.pt"))).unwrap();
    let keys = weights.iter_mut().find(|(name, _)| name.ends_with("W_K"));
    keys.unwrap().1.data[0] = f32::NAN;
    std::fs::write(&path, to_safetensors(&weights, &BTreeMap::new()).unwrap()).unwrap();
    no_model(&text(&path), &[], "holds NaN");
    // what a flag says against the tensors is told with both
    let heads = ["--heads", "5"];
    let joined = "with --heads 5: 8 rows of queries cannot be divided among 5 heads";
    no_model(&golden("joined.pt"), &heads, joined);
    let apart = "with --heads 5: config field n_heads is 5, but the tensors have 2";
    no_model(&golden("apart.pt"), &heads, apart);
}

/// What is in the file is told, and why it makes no model: on stderr and in the JSON, with exit code 2.
fn no_model(path: &str, flags: &[&str], why: &str) {
    for format in ["json", "text"] {
        let found = output(&[&["inspect", path, "--format", format], flags].concat());
        let said = String::from_utf8(found.stderr).unwrap();
        assert_eq!(found.status.code(), Some(2), "{said}");
        let name = Path::new(path).file_name().unwrap().to_string_lossy();
        for part in [why, &name, "; mend the file, or"] {
            assert!(said.contains(part), "no {part}: {said}");
        }
        assert_eq!(said.lines().count(), 1, "{said}");
        let told = String::from_utf8(found.stdout).unwrap();
        if format == "json" {
            let told: Value = serde_json::from_str(&told).unwrap();
            assert!(!told["tensors"].as_array().unwrap().is_empty());
            assert!(told["no_model"].as_str().unwrap().contains(why));
            assert!(told.get("config").is_none());
        }
    }
}

#[test]
fn tasks_that_fit_are_tried_and_decide_what_nobody_says() {
    let Some(shared) = common::shared() else {
        return;
    };
    let file = |name: &str| text(&shared.join(format!("zoo/models/{name}.pt")));
    let found = json(&["inspect", &file("ck_min_int")]);
    let best = &found["tasks"][0];
    assert_eq!(
        (&best["name"], &best["inputs"], &best["exact"]),
        (&"min_of_two".into(), &40_000.into(), &true.into())
    );
    let right = best["inputs_accuracy"].as_f64().unwrap() * 40_000.0;
    assert_eq!(right.round() as u64, 39_986);
    // its sizes are those of a majority of 51 numbers too, which could not all be said
    let found = json(&["inspect", &file("ck_permute")]);
    let names = |key: &str| found[key].to_string();
    assert!(names("tasks").contains("\"permute\""), "{found}");
    assert!(!names("tasks").contains("\"majority\""), "{found}");
    let unfit = names("unfit");
    assert!(unfit.contains("which is no class"), "{unfit}");
    let found = json(&["inspect", &file("arena_brackets")]);
    let best = &found["tasks"][0];
    assert_eq!(
        (&best["name"], &best["exact"]),
        (&"brackets".into(), &false.into())
    );
    assert!(best["sample"].as_str().unwrap().starts_with("random:1:"));
    assert!(best["inputs_accuracy"].as_f64().unwrap() > 0.99, "{best}");
    assert!(best["standard_error"].as_f64().unwrap() > 0.0, "{best}");
    let decided = best["decided"].to_string();
    assert!(
        decided.contains("positions standard: right on 99.6 % of 256"),
        "{decided}"
    );
    // the task says that attention looks both ways
    let assumed = [&found["assumed"], &best["assumed"]].map(ToString::to_string);
    assert!(
        assumed[0].contains("attention causal (--attention)"),
        "{}",
        assumed[0]
    );
    assert!(!assumed[1].contains("attention"), "{}", assumed[1]);
    let all = command(&["inspect", &file("ck_sort")]).output().unwrap();
    let all = String::from_utf8(all.stdout).unwrap();
    let first = all.lines().find(|line| line.starts_with("task ")).unwrap();
    assert!(first.starts_with("task sort "), "{all}");
    assert!(first.contains(", n = "), "{first}");
}

/// What stands beside a file comes before what stands in it, and leaves the rest of that as it is.
#[test]
fn a_config_beside_a_file_comes_before_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("m.pt");
    std::fs::copy(golden("joined.pt"), &copy).unwrap();
    for (beside, heads, act) in [
        (None, 2, "gelu"),
        (Some(r#"{"n_heads": 4}"#), 4, "gelu"),
        (Some(r#"{"n_heads": 4, "act_fn": "relu"}"#), 4, "relu"),
    ] {
        if let Some(beside) = beside {
            std::fs::write(folder.path().join("m.json"), beside).unwrap();
        }
        let found = json(&["inspect", &text(&copy)]);
        let read = &found["config_read"];
        assert_eq!(
            (&read["n_heads"], &read["act_fn"]),
            (&heads.into(), &act.into())
        );
        let words = found["config"].to_string();
        assert!(
            words.contains(&format!("{heads} heads")) && words.contains(act),
            "{words}"
        );
    }
}

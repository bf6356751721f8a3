//! Several trainings side by side: does every seed find the same circuit?

use crate::{json, output, refused, stdout};
use serde_json::Value;
use std::path::Path;

const RECIPE: &str = "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --heads 2 --d-mlp 16 \
                      --steps 60 --lr 0.01 --device cpu";

fn train<'a>(more: &[&'a str], folder: &'a str) -> Vec<&'a str> {
    let recipe: Vec<&str> = RECIPE.split_whitespace().collect();
    [&recipe[..], more, &["-o", folder]].concat()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn runs(answer: &Value) -> Vec<&str> {
    let runs = answer["runs"].as_array().unwrap();
    runs.iter()
        .map(|run| run["run"].as_str().unwrap())
        .collect()
}

#[test]
fn each_seed_has_a_folder_and_the_table_is_that_of_compare() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let place = folder.to_str().unwrap();
    let words = train(&["--seed", "4", "--seeds", "2", "--save-at", "1,5"], place);
    let table = json(&words);
    assert_eq!(runs(&table), ["seed-4", "seed-5"]);
    assert_eq!(names(&folder), ["seed-4", "seed-5"]);
    let files = names(&folder.join("seed-4"));
    let steps = [0, 1, 5, 60]
        .map(|step| ["json", "safetensors"].map(|end| format!("step-{step:08}.{end}")));
    let beside = ["record.json", "state.safetensors"].map(str::to_owned);
    assert_eq!(files, [beside.to_vec(), steps.concat()].concat());
    // each is what the seed alone makes
    let alone = home.path().join("alone.safetensors");
    let words = train(&["--seed", "5"], alone.to_str().unwrap());
    assert!(output(&words).status.success());
    let same = std::fs::read(folder.join("seed-5/step-00000060.safetensors")).unwrap();
    assert!(std::fs::read(&alone).unwrap() == same);
    // what stands there is compared in the same way
    let mut again = json(&["compare", place]);
    for run in again["runs"].as_array_mut().unwrap() {
        run.as_object_mut().unwrap().remove("model");
    }
    assert_eq!(again, table);
    // and is not trained over
    refused(&train(&["--seeds", "4,5"], place), "is not empty");
    // one more is added to what there is
    let words = train(
        &["--seeds", "4,5,9", "--save-at", "1,5", "--continue"],
        place,
    );
    assert_eq!(runs(&json(&words)), ["seed-4", "seed-5", "seed-9"]);
}

#[test]
fn the_numbers_of_a_run_are_those_of_the_commands() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let place = folder.to_str().unwrap();
    let table = json(&train(&["--seeds", "1,"], place));
    let run = &table["runs"][0];
    let file = folder.join("seed-1/step-00000060.safetensors");
    let file = file.to_str().unwrap();
    let swept = |more: &[&str]| -> Value {
        let words = ["sweep", "--model", file, "--format", "json"];
        serde_json::from_slice(&output(&[&words[..], more].concat()).stdout).unwrap()
    };
    let whole = swept(&[]);
    assert_eq!((&run["n"], &run["exact"]), (&36.into(), &true.into()));
    assert_eq!(run["inputs_accuracy"], whole["inputs_accuracy"]);
    let parts = run["parts"].as_array().unwrap();
    let names: Vec<&str> = parts
        .iter()
        .map(|part| part["part"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["L0.0", "L0.1", "M0"]);
    for (part, line) in parts.iter().zip([
        "zero blocks.0.attn.hook_z @* head 0",
        "zero blocks.0.attn.hook_z @* head 1",
        "zero blocks.0.hook_mlp_out @*",
    ]) {
        let left = swept(&["--intervene", line]);
        assert_eq!(part["accuracy_without"], left["accuracy"], "{line}");
        let lost = run["accuracy"].as_f64().unwrap() - left["accuracy"].as_f64().unwrap();
        assert_eq!(part["needed"], lost > 0.01, "{line}");
    }
    let threshold = (run["accuracy"].as_f64().unwrap() - 0.01).to_string();
    let words = [
        "minimal",
        "--whole",
        "--model",
        file,
        "--threshold",
        &threshold,
    ];
    let minimal = json(&words);
    let sets: Vec<&Value> = minimal["sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| &set["on"])
        .collect();
    assert_eq!(
        run["sets"].as_array().unwrap().iter().collect::<Vec<_>>(),
        sets
    );
    // the frequencies are those of the embedding
    let shares = run["frequencies"].as_array().unwrap();
    let words = ["ask", "frequencies W_E", "--model", file];
    let told = stdout(&words);
    let largest = told
        .lines()
        .find_map(|line| line.strip_prefix("largest: "))
        .unwrap();
    assert!(
        largest.starts_with(&format!("{}: ", shares[0]["frequency"])),
        "{largest} {shares:?}"
    );
}

#[test]
fn models_are_the_same_or_they_are_not_and_other_tasks_are_refused() {
    let text = stdout(&[
        "compare",
        "models/min_of_two.safetensors",
        "models/min_of_two.safetensors",
    ]);
    assert!(text.contains("all 4,096 inputs (exact)"), "{text}");
    assert!(
        text.contains("all 2 have the same circuit; compared by which parts"),
        "{text}"
    );
    assert!(
        text.contains("up to renaming heads within a layer"),
        "{text}"
    );
    let sampled = json(&[
        "compare",
        "models/array_update.safetensors",
        "--over",
        "random:3:64",
    ]);
    assert_eq!(
        (&sampled["runs"][0]["n"], &sampled["same"]),
        (&64.into(), &Value::Null)
    );
    assert_eq!(
        sampled["circuits"][0]["needed"],
        serde_json::json!(["L0", "L1"])
    );
    refused(
        &[
            "compare",
            "models/min_of_two.safetensors",
            "models/sort.safetensors",
        ],
        "models of one task are compared",
    );
    refused(&["compare", "no/such/file.safetensors"], "no/such/file");
    let empty = tempfile::tempdir().unwrap();
    refused(
        &["compare", empty.path().to_str().unwrap()],
        "has no checkpoints",
    );
}

#[test]
fn what_names_no_seeds_trains_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let place = folder.to_str().unwrap();
    for (seeds, problem) in [
        ("0", "0 seeds"),
        ("x", "no number of seeds"),
        ("1,x", "no number of seeds"),
        ("3,3", "seed 3 comes twice"),
        ("257", "1 to 256"),
        (",", "0 seeds"),
    ] {
        refused(&train(&["--seeds", seeds], place), problem);
        assert!(!folder.exists(), "{seeds}");
    }
    let last = ["--seed", "4294967295", "--seeds", "2"];
    refused(&train(&last, place), "no 2 seeds follow 4294967295");
    refused(
        &train(&["--seeds", "2"], "m.safetensors"),
        "must be a folder",
    );
    refused(
        &train(&["--save-at", "1,99"], place),
        "--save-at has step 99, and --steps is 60",
    );
    refused(&train(&["--save-at", "log:0"], place), "models in a decade");
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_there_is_and_compares_what_is_done() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let place = folder.to_str().unwrap();
    let words = train(&["--seeds", "1,2"], place);
    let words: Vec<&str> = words
        .iter()
        .map(|&word| if word == "60" { "4000" } else { word })
        .collect();
    let child = crate::command(&words)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // the first is done once the second has a folder
    let second = folder.join("seed-2");
    for _ in 0..6000 {
        if second.is_dir() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = child.id().to_string();
    let stopped = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(stopped.unwrap().success());
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("seed-2: stopped after "), "{said}");
    assert!(said.contains("1 of 2 seeds are compared"), "{said}");
    assert!(
        said.lines().any(|line| line.starts_with("seed-1 ")),
        "{said}"
    );
    for seed in [1, 2] {
        let place = folder.join(format!("seed-{seed}"));
        assert!(place.join("state.safetensors").is_file(), "{seed}");
        assert!(place.join("record.json").is_file(), "{seed}");
    }
}

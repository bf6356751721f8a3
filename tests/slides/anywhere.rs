//! A model of our own, a task file written from nothing.

use super::common::random_of;
use super::program::{json, output, refused, stdout};
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding::Standard;
use circuitscope::task::Task;
use std::path::Path;

pub const FILE: &str = r#"
tokens = numbers(5) + ["="]
classes = numbers(5)
layout = "x y ="
fields = {"x": below(5), "y": below(5)}

def larger(x, y):
    if x == y:
        return None
    return x if x > y else y
"#;

/// A folder with a model whose sizes are the file's.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::attention_only([1, 2], [8, 4], 3, [6, 5], Standard);
    let model = random_of(config, Task::raw(3, 6, 5), 3);
    let (weights, _) = model.to_files().unwrap();
    let path = folder.path().join("m.safetensors");
    std::fs::write(&path, weights).unwrap();
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn without_a_task_nothing_is_right_or_wrong() {
    let (_folder, model) = folder();
    let answer = json(&["run", "--model", &model, "--tokens", "1,2 5"]);
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 0);
    assert_eq!(answer["logits"].as_array().unwrap().len(), 3);
    assert!(answer["model"].get("task").is_none());
    // a shorter prompt is one too
    let answer = json(&["run", "--model", &model, "--tokens", "4"]);
    assert_eq!(answer["logits"].as_array().unwrap().len(), 1);
    let text = stdout(&["run", "--model", &model, "--tokens", "1 2 5"]);
    assert!(
        text.contains("no task: nothing is right or wrong"),
        "{text}"
    );
    for (ids, problem) in [
        ("1 2 3 4", "4 tokens, but the model has 3 positions"),
        ("1 6", "token 6 is not in 0..6"),
        ("1 x", "'x' is no token id"),
        (" ,", "no token ids"),
    ] {
        refused(&["run", "--model", &model, "--tokens", ids], problem);
    }
    let pair = [
        "patch",
        "--model",
        &model,
        "--clean-tokens",
        "1 2 5",
        "--corrupted-tokens",
    ];
    refused(&[&pair[..], &["1 2"]].concat(), "both prompts need as many");
    let grids = json(&[&pair[..], &["1 3 5", "--metric", "t_2:1:0"]].concat());
    assert_eq!(
        grids["grids"]["z"]["values"][0].as_array().unwrap().len(),
        3
    );
}

/// Whatever is asked where nothing is predicted has an answer or says why there is none.
#[test]
fn every_question_is_survived_without_a_task() {
    let (folder, model) = folder();
    let file = folder.path().join("frame.txt");
    let file = file.to_str().unwrap();
    let keys =
        "L . esc P . , esc o . esc G esc N esc i . esc K esc w esc D esc S esc t m esc J h l";
    let args = ["render", "--model", &model, "--keys", keys, "-o", file];
    let drawn = output(&args);
    assert!(drawn.status.success(), "{drawn:?}");
}

#[test]
fn a_file_beside_the_checkpoint_is_its_task() {
    let (folder, model) = folder();
    write(folder.path(), "m.star", FILE);
    let answer = json(&["run", "--model", &model, "3 1"]);
    let prediction = &answer["predictions"][0];
    assert_eq!(
        (&prediction["name"], &prediction["target"]),
        (&"=→larger".into(), &3.into())
    );
    let tie = json(&["run", "--model", &model, "2 2"]);
    let prediction = &tie["predictions"][0];
    assert!(
        prediction["target"].is_null() && prediction["correct"].is_null(),
        "{prediction}"
    );
    // what has no right answer is in no count
    let swept = output(&["sweep", "--model", &model, "--format", "json"]);
    let swept: serde_json::Value = serde_json::from_slice(&swept.stdout).unwrap();
    assert_eq!(
        (&swept["inputs"], &swept["predictions"]),
        (&20.into(), &20.into())
    );
    assert_eq!(swept["wrong_by_x_and_y"].as_array().unwrap().len(), 5);
    let wrong = swept["wrong_inputs"].as_u64().unwrap();
    let claim = [
        "claim",
        "--model",
        &model,
        "--format",
        "json",
        "pred == truth when x != y",
    ];
    let claim = output(&claim);
    let claim: serde_json::Value = serde_json::from_slice(&claim.stdout).unwrap();
    assert_eq!(claim["count"].as_u64().unwrap() + wrong, 20, "{claim}");
}

#[test]
fn a_task_that_does_not_fit_says_which_sizes_disagree() {
    let (folder, model) = folder();
    refused(
        &[
            "run",
            "--model",
            &model,
            "--task",
            "sort:list_len=2,max_num=9",
            "1 2",
        ],
        "d_vocab is 6",
    );
    refused(
        &["run", "--model", &model, "--task", "sortt", "1 2"],
        "no built-in task of this name",
    );
    let wrong = write(folder.path(), "w.star", &FILE.replace("x > y", "x > z"));
    refused(
        &["run", "--model", &model, "--task", &wrong, "1 2"],
        "w.star:10:",
    );
    // it is nothing of the model's
    let told = output(&["run", "--model", &model, "--task", &wrong, "1 2"]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.contains("cannot use the model"), "{told}");
    refused(
        &["run", "--model", &model, "--task", "none.star", "1 2"],
        "circuitscope: cannot read the task none.star",
    );
    // a path is none of a built-in task
    refused(
        &["run", "--model", &model, "--task", "no/such", "1 2"],
        "circuitscope: cannot read the task no/such",
    );
}

#[test]
fn rows_of_a_table_are_a_task() {
    let (folder, model) = folder();
    let rows = "t_0,t_1,t_2,target_0\n1,2,5,2\n4,0,5,4\n3,3,5,-1\n";
    let rows = write(folder.path(), "rows.csv", rows);
    let sample = [
        "score",
        "--model",
        &model,
        "--task",
        &rows,
        "--over",
        "random:0:64",
    ];
    let answer = json(&sample);
    // ties are drawn and not judged
    assert!(answer["inputs"].as_u64().unwrap() < 64, "{answer}");
    let run = json(&[
        "run", "--model", &model, "--task", &rows, "--tokens", "4 0 5",
    ]);
    assert_eq!(run["predictions"][0]["target"], 4);
}

#[test]
fn flags_say_what_the_file_does_not() {
    let (_folder, model) = folder();
    let run = ["run", "--model", &model, "--tokens", "1 2 5"];
    let logits = |more: &[&str]| json(&[&run[..], more].concat())["logits"].clone();
    let plain = logits(&[]);
    assert_eq!(
        plain,
        logits(&["--positions", "standard", "--attention", "causal"])
    );
    for other in [
        &["--positions", "shortformer"],
        &["--attention", "bidirectional"],
    ] {
        assert_ne!(plain, logits(other), "{other:?}");
    }
    refused(
        &[&run[..], &["--positions", "sideways"]].concat(),
        "in --positions",
    );
    refused(
        &["run", "--positions", "standard", "1 2 3 1 4"],
        "say all of themselves",
    );
}

/// A finding says where its task's file is, so that it opens again by itself.
#[test]
fn a_finding_under_a_task_file_opens_again() {
    let draw = |args: &[&str]| {
        let drawn = output(args);
        assert!(drawn.status.success(), "{drawn:?}");
    };
    let (folder, model) = folder();
    let task = write(folder.path(), "larger.star", FILE);
    let findings = folder.path().join("kept");
    let kept = findings.to_str().unwrap();
    let screen = folder.path().join("screen.txt");
    let screen = screen.to_str().unwrap();
    let keys = "b 'first' ctrl-s";
    draw(&[
        "render",
        "--model",
        &model,
        "--task",
        &task,
        "--findings",
        kept,
        "--keys",
        keys,
        "-o",
        screen,
    ]);
    let session = findings.join("first/session.json");
    let session = session.to_str().unwrap();
    let again = folder.path().join("again.txt");
    let again = again.to_str().unwrap();
    draw(&["render", "--session", session, "-o", again]);
    let replayed = serde_json::from_str::<serde_json::Value>(&stdout(&[
        "replay",
        findings.join("first").to_str().unwrap(),
        "--json",
    ]))
    .unwrap();
    assert_eq!(replayed["holds"], true, "{replayed}");
    // where the file is gone, it is named
    std::fs::remove_file(&task).unwrap();
    refused(
        &["render", "--session", session, "-o", screen],
        "larger.star",
    );
}

/// What the user says of a model is part of what a finding is about.
#[test]
fn a_finding_keeps_what_was_said_of_its_model() {
    let (folder, model) = folder();
    let kept = folder.path().join("kept");
    let screen = folder.path().join("screen.txt");
    let said = ["--positions", "shortformer"];
    let render = ["render", "--model", &model, "--keys", "b 'first' ctrl-s"];
    let to = [
        "--findings",
        kept.to_str().unwrap(),
        "-o",
        screen.to_str().unwrap(),
    ];
    let drawn = output(&[&render[..], &said, &to].concat());
    assert!(drawn.status.success(), "{drawn:?}");
    let first = kept.join("first");
    let text = std::fs::read_to_string(first.join("session.json")).unwrap();
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(session["model"]["said"]["positions"], "shortformer");
    let replayed: serde_json::Value =
        serde_json::from_str(&stdout(&["replay", first.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!(replayed["holds"], true, "{replayed}");
}

/// The same model for another task, and back; what does not fit changes nothing.
#[test]
fn a_line_puts_another_task_to_the_model() {
    let (folder, model) = folder();
    let frame = |keys: &str| {
        let file = folder.path().join("frame.txt");
        let file = file.to_str().unwrap();
        let drawn = output(&["render", "--model", &model, "--keys", keys, "-o", file]);
        assert!(drawn.status.success(), "{drawn:?}");
        std::fs::read_to_string(file).unwrap()
    };
    let task = write(folder.path(), "larger.star", FILE);
    let larger = format!(": 'task {task}' enter");
    let shown = frame(&larger);
    assert!(shown.contains(":task leads back to"), "{shown}");
    let wrong = frame(": 'task nonsense' enter");
    assert!(wrong.contains("no task 'nonsense'"), "{wrong}");
    let misfit = frame(": 'task brackets' enter");
    assert!(misfit.contains("cannot use the model"), "{misfit}");
    let first = |frame: &str| frame.lines().next().unwrap().to_owned();
    assert_eq!(first(&misfit), first(&frame("")));
}

/// Another model of the same task is opened beside the one at hand, and one that does not fit is told so.
#[test]
fn another_model_is_compared_without_leaving() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.safetensors");
    let other = other.to_string_lossy();
    let train = "train --steps 2 --batch 8 --layers 2 --seed 3 -o";
    let args: Vec<&str> = train.split(' ').chain([&*other]).collect();
    stdout(&args);
    let frame = |keys: &str| {
        let file = folder.path().join("frame.txt");
        let file = file.to_str().unwrap();
        let args = ["render", "--keys", keys, "--size", "120x40", "-o", file];
        assert!(output(&args).status.success());
        std::fs::read_to_string(file).unwrap()
    };
    let keys = format!(": 'compare {other}' enter");
    let shown = frame(&keys);
    for words in [
        "both models' logits",
        "other.safetensors",
        "compared with",
        "difference",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let misfit = frame(": 'compare min_of_two' enter");
    assert!(
        misfit.contains("does not fit") && !misfit.contains("both models"),
        "{misfit}"
    );
    let without = frame("D");
    assert!(without.contains("compare FILE"), "{without}");
}

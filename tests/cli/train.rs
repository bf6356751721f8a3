//! `train`: what it writes, and when it writes nothing.

use super::{check_run, command, json, output, refused, shape};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SMALL: [&str; 13] = [
    "train",
    "--d-model",
    "16",
    "--d-head",
    "8",
    "--batch",
    "8",
    "--judge",
    "50",
    "--seed",
    "1",
    "--device",
    "cpu",
];

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn train<'a>(more: &[&'a str], path: &'a str) -> Vec<&'a str> {
    [&SMALL[..], more, &["-o", path]].concat()
}

#[test]
fn train_writes_a_model_that_runs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let path = path.to_str().unwrap();
    let args = train(
        &[
            "--steps",
            "3",
            "--layers",
            "1",
            "--heads",
            "2",
            "--list-len",
            "2",
            "--max-num",
            "9",
        ],
        path,
    );
    assert!(output(&args).status.success());
    assert_eq!(
        files_in(folder.path()),
        ["m.json", "m.record.json", "m.safetensors"]
    );
    let run = json(&["run", "3 4 1 8", "--model", path]);
    assert_eq!(shape(&run["logits"]), [9, 9]);
    let record = std::fs::read_to_string(folder.path().join("m.record.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["steps_taken"], 3);
    refused(&args, "it already exists");
    assert!(output(&[&args[..], &["--force"]].concat()).status.success());
}

#[test]
fn wrong_training_flags_write_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let path = path.to_str().unwrap();
    for (more, problem) in [
        (&["--list-len", "0"][..], "list length 0"),
        (&["--max-num", "1"], "max num 1"),
        (&["--lr=-1"], "lr -1 is not in 0..10"),
        (&["--lr", "NaN"], "lr NaN"),
        (&["--beta1", "1"], "beta1 1"),
        (&["--batch", "0"], "batch 0"),
        (&["--layers", "0"], "n_layers is 0"),
        (&["--heads", "65"], "n_heads is 65"),
        (&["--judge", "0"], "judge"),
        (
            &[
                "--layers",
                "9",
                "--d-model",
                "1024",
                "--d-head",
                "1024",
                "--heads",
                "4",
            ],
            "are supported",
        ),
        (&["--device", "tpu"], "no device 'tpu'"),
    ] {
        refused(
            &[&["train", "--steps", "1"], more, &["-o", path]].concat(),
            problem,
        );
        assert!(files_in(folder.path()).is_empty(), "{more:?}");
    }
    let json = folder.path().join("m.json");
    refused(
        &train(&[], json.to_str().unwrap()),
        "written as .safetensors",
    );
    refused(
        &train(&[], "no/such/folder/m.safetensors"),
        "there is no folder",
    );
    assert!(files_in(folder.path()).is_empty());
    std::fs::write(&json, "mine").unwrap();
    refused(&train(&[], path), "it already exists");
    assert_eq!(files_in(folder.path()), ["m.json"]);
    assert_eq!(std::fs::read(&json).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_keeps_what_there_is() {
    for signal in ["-INT", "-TERM"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("m.safetensors");
        let args = train(&["--steps", "100000000"], path.to_str().unwrap());
        let child = command(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // time for the handler to stand and some steps to be taken
        std::thread::sleep(std::time::Duration::from_secs(2));
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let said = String::from_utf8(stdout).unwrap();
        assert!(said.starts_with("stopped after "), "{said}");
        assert_eq!(
            files_in(folder.path()),
            ["m.json", "m.record.json", "m.safetensors"]
        );
        let run = json(&["run", "14 26 35 1 48", "--model", path.to_str().unwrap()]);
        check_run(&run);
    }
}

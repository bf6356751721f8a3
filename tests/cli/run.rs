//! `run` and `cache`, and what every command answers to bad input.

use super::{argmaxes, check_run, command, json, keys, refused, stdout};
use std::io::Read;
use std::process::Stdio;
use tempfile::TempDir;

const PROMPT: [&str; 5] = ["14", "26", "35", "1", "48"];

#[test]
fn run_answers_in_json() {
    let words = json(&[&["run"][..], &PROMPT].concat());
    assert_eq!(
        keys(&words),
        ["labels", "logits", "loss", "model", "predictions", "tokens"]
    );
    check_run(&words);
    assert_eq!(words["model"]["name"], "array_update (embedded)");
    assert_eq!(words["model"]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(argmaxes(&words), [14, 48, 35]);
    for prompt in [r"BOS 14 26 35 \n 1 48 \n 14 48 35", "a=[14,26,35]; a[1]=48"] {
        assert_eq!(json(&["run", prompt]), words);
    }
}

#[test]
fn predictions_are_about_the_truth() {
    let typed = json(&["run", "a=[14,26,35]; a[1]=48 -> [14,23,26]"]);
    assert_eq!(typed["tokens"][9], 23);
    assert_eq!(typed["predictions"][1]["target"], 48);
    let forced = [
        "run",
        "a=[14,26,35]; a[1]=48 -> [14,23,26]",
        "--continuation",
        "truth",
    ];
    assert_eq!(json(&forced), json(&["run", "14 26 35 1 48"]));
    let own = [
        "run",
        "a=[14,26,35]; a[1]=48 -> [14,23,26]",
        "--continuation",
        "model",
    ];
    assert_eq!(json(&own)["tokens"][9], 48);
}

#[test]
fn run_answers_in_text() {
    let text = stdout(&[&["run"][..], &PROMPT].concat());
    assert!(text.starts_with("array_update (embedded) #"), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.ends_with(" ok")).count(),
        3,
        "{text}"
    );
    assert!(text.lines().last().unwrap().starts_with("loss "), "{text}");
}

#[test]
fn bad_prompts_say_which_part() {
    refused(
        &["run", "14", "26", "35", "3", "48"],
        "idx: 3 is not a whole number from 0 to 2",
    );
    refused(
        &["run", "14", "26", "35", "-1", "48"],
        "idx: '-1' is not a whole number from 0 to 2",
    );
    refused(
        &["run", "14", "26"],
        "5 numbers needed (a_0 a_1 a_2 idx elt)",
    );
    refused(&["run", "a=[1,2,3]; a[1]=99"], "elt: 99 is not");
    refused(&["run"], "PROMPT");
    refused(&["run", "\u{1b}2J", "1", "2", "1", "3"], "\\u{1b}2J");
    refused(&["run", "1 2 3 0 4", "--format", "xml"], "xml");
    refused(&["nonsense"], "nonsense");
}

#[test]
fn bad_models_and_devices() {
    let run = |flag, value| ["run", "14 26 35 1 48", flag, value];
    refused(&run("--model", "no/such/model.pt"), "no/such/model.pt");
    refused(&run("--model", "Cargo.toml"), "Cargo.toml");
    refused(&run("--model", "tests"), "tests");
    refused(
        &run("--device", "tpu"),
        "no device 'tpu'; auto, cpu, cuda or cuda:N",
    );
    if !cfg!(feature = "cuda") {
        refused(&run("--device", "cuda:1"), "this build has no CUDA");
    }
    stdout(&run("--device", "cpu"));
    // a flag of the workbench does nothing for a command: said, not ignored
    refused(&["--theme", "dark", "run", "14 26 35 1 48"], "--theme");
}

#[test]
fn a_closed_pipe_is_no_error() {
    for args in [
        &["run", "14 26 35 1 48", "--format", "json"][..],
        &[
            "patch",
            "--clean",
            "14 26 35 1 48",
            "--counterfactual",
            "idx",
        ],
        &["completions", "bash"],
        &["devices"],
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{args:?}: {said}");
        assert_eq!(said, "", "{args:?}");
    }
}

#[test]
fn cache_writes_every_hook_and_never_over_a_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("c.safetensors");
    let path = file.to_str().unwrap();
    let args = ["cache", "14 26 35 1 48", "-o", path];
    let answer = json(&args);
    assert_eq!(
        keys(&answer),
        ["bytes", "file", "model", "prompt", "tensors"]
    );
    assert_eq!(answer["prompt"], r"BOS 14 26 35 \n 1 48 \n 14 48 35");
    let tensors = candle_core::safetensors::load(&file, &candle_core::Device::Cpu).unwrap();
    // with what queries, keys and values read, which a pass has only when it is asked for
    assert_eq!(tensors.len(), 2 + (10 + 3) * 2 + 2);
    assert_eq!(tensors["blocks.1.attn.hook_result"].dims(), [1, 11, 1, 128]);
    assert_eq!(
        tensors["blocks.0.attn.hook_attn_scores"].dims(),
        [1, 1, 11, 11]
    );
    assert_eq!(tensors["hook_pos_embed"].dims(), [1, 11, 128]);
    assert_eq!(tensors["logits"].dims(), [1, 11, 50]);
    let tokens = tensors["tokens"]
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert_eq!(
        tokens,
        [50., 14., 26., 35., 51., 1., 48., 51., 14., 48., 35.]
    );
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(answer["bytes"], bytes.len());
    let header = String::from_utf8_lossy(&bytes[..4000]).into_owned();
    let hash = answer["model"]["hash"].as_str().unwrap();
    for said in [
        "__metadata__",
        "circuitscope-cache-1",
        hash,
        env!("CARGO_PKG_VERSION"),
    ] {
        assert!(header.contains(said), "{said}");
    }

    std::fs::write(&file, "mine").unwrap();
    refused(&args, "it already exists");
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    stdout(&[&args[..], &["--force"]].concat());
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    refused(
        &[
            "cache",
            "14 26 35 1 48",
            "-o",
            "no/such/folder/c.safetensors",
        ],
        "there is no folder",
    );
    refused(&["cache", "14 26 35 9 48", "-o", path, "--force"], "idx: 9");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

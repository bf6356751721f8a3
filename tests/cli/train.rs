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
        (
            &["--heads", "5", "--d-model", "24"],
            "--heads 5 does not divide --d-model 24; --d-head",
        ),
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
        (&["--task", "nonsense"], "nonsense"),
        (
            &["--task", "sort", "--list-len", "3"],
            "cannot be used with",
        ),
        (&["--act", "gelu"], "--d-mlp"),
        (&["--norm", "BN"], "no normalization 'BN'; none, LN"),
        (
            &["--positions", "rotary", "--d-head", "3"],
            "rotary_dim is 3",
        ),
        (&["--heads", "3", "--kv-heads", "2"], "not a multiple"),
        (
            &["--layers", "0", "--d-mlp", "8"],
            "reads two tokens for one answer",
        ),
        (
            &["--full-batch", "1"],
            "18,750,000 inputs, and a full batch holds at most 65536",
        ),
        (
            &["--task", "min_of_two:max_num=4", "--full-batch", "1.5"],
            "full-batch 1.5",
        ),
        (&["--save-every", "1"], "must be a folder"),
        (&["--continue"], "nothing to go on with"),
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
        // thousands of steps keep nothing of one another
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = peak.unwrap().trim().trim_end_matches(" kB").parse::<u64>();
            assert!(kilobytes.unwrap() < 200_000, "{status}");
        }
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
            [
                "m.json",
                "m.record.json",
                "m.safetensors",
                "m.state.safetensors"
            ]
        );
        let run = json(&["run", "14 26 35 1 48", "--model", path.to_str().unwrap()]);
        check_run(&run);
    }
}

/// What a folder of a series is told apart by: the files and their bytes, without the record, which
/// says how long it took.
fn series(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let names = files_in(folder).into_iter();
    let names = names.filter(|name| name.starts_with("step-"));
    names
        .map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap()))
        .collect()
}

#[test]
fn a_training_goes_on_to_the_same_weights() {
    for data in [&["--batch", "40"][..], &["--full-batch", "0.5"]] {
        let folder = TempDir::new().unwrap();
        let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
        let train = |folder: &Path, more: &[&str]| {
            let recipe = [
                "train",
                "--task",
                "min_of_two:max_num=9",
                "--d-model",
                "8",
                "--layers",
                "1",
            ];
            let rest = ["--save-every", "4", "--seed", "5", "--device", "cpu", "-o"];
            let args = [&recipe[..], data, &rest, &[folder.to_str().unwrap()], more].concat();
            output(&args)
        };
        assert!(train(&whole, &["--steps", "12"]).status.success());
        assert!(train(&broken, &["--steps", "6"]).status.success());
        // what stands there is not trained over
        assert_eq!(train(&broken, &["--steps", "12"]).status.code(), Some(2));
        let refused = train(&broken, &["--steps", "12", "--continue", "--lr", "0.1"]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("lr was 0.001 and is 0.1"), "{said}");
        assert!(
            train(&broken, &["--steps", "12", "--continue"])
                .status
                .success()
        );
        let (want, got) = (series(&whole), series(&broken));
        let names: Vec<&str> = want.iter().map(|(name, _)| name.as_str()).collect();
        let both = [0, 4, 8, 12]
            .map(|step| ["json", "safetensors"].map(|end| format!("step-{step:08}.{end}")));
        assert_eq!(names, both.concat());
        assert!(want.iter().all(|one| got.contains(one)), "{data:?}");
        let record = std::fs::read_to_string(broken.join("record.json")).unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["steps_taken"], 12);
        assert_eq!(record["history"].as_array().unwrap().len(), 12);
    }
}

#[test]
fn any_task_and_any_architecture_is_learnt() {
    let folder = TempDir::new().unwrap();
    let star = folder.path().join("parity.star");
    let task = "tokens = numbers(10)\nclasses = [\"even\", \"odd\"]\nlayout = \"x[3]\"\n\
                fields = {\"x\": below(10)}\ndef parity(x):\n    return classes[sum(x) % 2]\n";
    std::fs::write(&star, task).unwrap();
    let star = star.to_str().unwrap();
    for (i, (task, model, hook)) in [
        (
            "sort:list_len=2,max_num=5",
            "--d-mlp 8 --act gelu --norm LN --biases",
            "2 layers",
        ),
        (
            "permute:max_num=5",
            "--positions rotary --heads 2 --kv-heads 1",
            "that share 1 key",
        ),
        (
            "brackets:longest=4",
            "--norm RMS --layers 1",
            "bidirectional, not at padding",
        ),
        (
            "modular_addition:p=5,equals=False",
            "--layers 0 --d-mlp 16",
            "no attention",
        ),
        (
            "max_of_list:list_len=2",
            "--d-mlp 8 --gated --act silu --parallel",
            "beside attention",
        ),
        (
            star,
            "--positions none --norm LNPre --attention bidirectional",
            "LNPre",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("m{i}.safetensors"));
        let path = path.to_str().unwrap();
        let words: Vec<&str> = model.split(' ').collect();
        let recipe = [
            "train",
            "--task",
            task,
            "--d-model",
            "8",
            "--steps",
            "30",
            "--lr",
            "0.01",
        ];
        let rest = [
            "--batch", "40", "--device", "cpu", "--judge", "1000", "-o", path,
        ];
        let trained = output(&[&recipe[..], &words, &rest].concat());
        let said = String::from_utf8_lossy(&trained.stderr);
        assert!(trained.status.success(), "{task}: {said}");
        let record = std::fs::read_to_string(path.replace("safetensors", "record.json")).unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        let history = record["history"].as_array().unwrap();
        let [first, last] =
            [&history[0], &history[29]].map(|point| point["loss"].as_f64().unwrap());
        assert!(last < first, "{task}: {first} {last}");
        // and it opens as what it was trained as, with nothing assumed
        let task = if task == star {
            ["--task", star]
        } else {
            ["--format", "text"]
        };
        let score = output(
            &[
                &["score", "--model", path, "--over", "random:0:8"][..],
                &task,
            ]
            .concat(),
        );
        let score = String::from_utf8(score.stdout).unwrap();
        assert!(
            score.contains(hook) && !score.contains("(assumed)"),
            "{score}"
        );
    }
}

#[test]
fn what_is_held_out_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let path = path.to_str().unwrap();
    let recipe = [
        "train",
        "--task",
        "modular_addition:p=7",
        "--full-batch",
        "0.4",
        "--steps",
        "20",
    ];
    let said =
        super::stdout(&[&recipe[..], &["--d-model", "8", "--d-mlp", "8", "-o", path]].concat());
    // 49 inputs: 20 are learnt
    assert!(said.contains("of all 49 inputs (exact)"), "{said}");
    assert!(said.contains("of 29 inputs (exact)"), "{said}");
    let record = std::fs::read_to_string(path.replace("safetensors", "record.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        (&record["inputs_a_step"], &record["inputs_held_out"]),
        (&20.into(), &29.into())
    );
    assert_eq!(
        (&record["exact"], &record["standard_error"]),
        (&true.into(), &0.0.into())
    );
    let [all, held_out] =
        [&record["score"], &record["held_out"]].map(|score| score["inputs"].clone());
    assert_eq!((all, held_out), (49.into(), 29.into()));
    assert!(record["history"][19]["held_out"]["accuracy"].is_number());
}

/// What the recipe of this seed came to when the array update was all that could be trained.
#[test]
fn the_array_update_trains_as_it_always_did() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("m.safetensors");
    let path = path.to_str().unwrap();
    let words = "train --steps 30 --seed 3 --layers 1 --heads 2 --d-model 16 --d-head 8 --batch 70 \
                 --list-len 2 --max-num 9 --schedule cosine --one-update-per-batch --judge 100 \
                 --device cpu -o";
    let words: Vec<&str> = words.split_whitespace().collect();
    assert!(output(&[&words[..], &[path]].concat()).status.success());
    let record = std::fs::read_to_string(path.replace("safetensors", "record.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    for (name, then) in [
        ("final_loss", 2.162_794_962_525_367_7),
        ("mean_loss_of_last_steps", 2.183_099_774_022_897_2),
    ] {
        let now = record[name].as_f64().unwrap();
        assert!((now - then).abs() < 1e-5, "{name}: {now}, not {then}");
    }
    assert_eq!(
        record["score"]["wrong_by_position"],
        serde_json::json!([90, 92])
    );
}

//! Tasks and files of kinds that no slide has: what is right nowhere, what may not stand twice, what letters and
//! classes are called, what stands beside weights.

use super::anywhere::FILE;
use super::common::random_of;
use super::maps::{answer, close, note, values};
use super::program::{json, output, stdout};
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding::Standard;
use circuitscope::model::weights::{RawTensor, parse_safetensors, to_safetensors};
use circuitscope::task::Task;
use std::collections::BTreeMap;
use std::path::Path;

/// A random model of these sizes and a task file, in a folder.
struct Bench {
    folder: tempfile::TempDir,
    model: String,
    task: String,
}

impl Bench {
    fn new(len: usize, d_vocab: [usize; 2], seed: u32, task: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::attention_only([1, 2], [8, 4], len, d_vocab, Standard);
        let of = Task::raw(len, d_vocab[0], d_vocab[1]);
        let (weights, _) = random_of(config, of, seed).to_files().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_string_lossy().into_owned()
        };
        Self {
            model: write("m.safetensors", &weights),
            task: write("t.star", task.as_bytes()),
            folder,
        }
    }

    fn with<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [words, &["--model", &self.model, "--task", &self.task]].concat()
    }

    /// What is right for a prompt, at the first prediction.
    fn target(&self, prompt: [usize; 4]) -> serde_json::Value {
        let prompt = prompt.map(|value| value.to_string());
        let words: Vec<&str> = prompt.iter().map(String::as_str).collect();
        let run = json(&self.with(&[&["run"], &words[..]].concat()));
        run["predictions"][0]["target"].clone()
    }
}

#[test]
fn what_has_no_right_answer_is_in_no_count() {
    let bench = Bench::new(3, [6, 5], 3, FILE);
    // it tells on stderr how it goes through them
    let told = |words: &[&str]| {
        let told = output(&[&bench.with(words)[..], &["--format", "json"]].concat());
        serde_json::from_slice::<serde_json::Value>(&told.stdout).unwrap()
    };
    let swept = told(&["sweep"]);
    let right = swept["predictions_right"].as_u64().unwrap();
    assert_eq!(swept["predictions"], 20);
    for line in ["pred == truth", "accuracy > 0.5", "margin > 0"] {
        let told = told(&["claim", line]);
        let found = &told["claims"][0];
        let found = if found.is_null() { &told } else { found };
        let number = |name: &str| found[name].as_u64().unwrap();
        assert_eq!((number("count"), number("total")), (right, 20), "{line}");
        assert_eq!(number("unasked"), 5, "{line}");
    }
    let text = output(&bench.with(&["claim", "loss < 100"]));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("PROVED") && text.contains("without a right answer 5"),
        "{text}"
    );
    // nor is it a margin without end
    let map = answer(&bench.with(&["map margin by x, y"]));
    for (i, row) in values(&map).iter().enumerate() {
        for (j, margin) in row.iter().enumerate() {
            assert_eq!(margin.is_nan(), i == j, "{i} {j}: {margin}");
            assert!(i == j || margin.is_finite());
        }
    }
    assert_eq!(note(&map, "defined"), "20 of 25");
    // where nothing at all is right there is nothing to count
    let nothing = Bench::new(3, [6, 5], 3, &FILE.replace("if x == y", "if True"));
    let none = json(&nothing.with(&["score", "--over", "random:0:16"]));
    assert!(
        none["predictions_accuracy"].is_null() && none["predictions"] == 0,
        "{none}"
    );
    let raw = output(&["sweep", "--model", &nothing.model]);
    let said = String::from_utf8(raw.stderr).unwrap();
    assert!(
        raw.status.code() == Some(2) && said.contains("--task"),
        "{said}"
    );
}

#[test]
fn a_map_goes_through_the_inputs_that_there_are() {
    let clean = ["--slide", "permute", "--clean", "5 6 7 0 1 2"];
    let map = answer(&[&["map margin[END] by idx_0, idx_1"], &clean[..]].concat());
    let cells = values(&map);
    let margin = |prompt: &str, right: usize| {
        let run = json(
            &[
                &["run", "--slide", "permute"],
                &prompt.split(' ').collect::<Vec<_>>()[..],
            ]
            .concat(),
        );
        let prediction = &run["predictions"][0];
        assert_eq!(prediction["target"], right, "{prompt}");
        let at = prediction["position"].as_u64().unwrap() as usize;
        let logits = run["logits"][at].as_array().unwrap().iter();
        let logits: Vec<f64> = logits.map(|logit| logit.as_f64().unwrap()).collect();
        let others = (0..logits.len())
            .filter(|&one| one != right)
            .map(|one| logits[one]);
        logits[right] - others.fold(f64::NEG_INFINITY, f64::max)
    };
    for (i, row) in cells.iter().enumerate() {
        for (j, cell) in row.iter().enumerate() {
            if i == j {
                assert!(cell.is_nan(), "no index stands twice");
                continue;
            }
            let prompt = format!("5 6 7 {i} {j} {}", 3 - i - j);
            close(&prompt, *cell, margin(&prompt, 5 + i), 1e-3);
        }
    }
    let alone = answer(&[&["map margin[END] by idx_0"], &clean[..]].concat());
    assert!(values(&alone).iter().all(|row| row[0].is_finite()));
    assert!(note(&alone, "all else").contains("changes places"));
}

#[test]
fn assumptions_are_decided_by_a_clear_winner_alone() {
    // what a random model happens to get right says nothing of how it attends
    const TASK: &str = r#"
tokens = numbers(6) + ["?"]
classes = numbers(6)
layout = "x[4] ?"
fields = {"x": below(6)}

def f(x):
    return x.index(max(x))
"#;
    for seed in 0..6 {
        let bench = Bench::new(5, [7, 6], seed, TASK);
        let bare = std::fs::read(&bench.model).unwrap();
        // without its metadata the file says nothing of positions and attention
        let weights = parse_safetensors(&bare).unwrap();
        std::fs::write(
            &bench.model,
            to_safetensors(&weights, &BTreeMap::new()).unwrap(),
        )
        .unwrap();
        let told = stdout(&bench.with(&["run", "0", "1", "2", "3"]));
        assert!(
            !told.contains("by accuracy") && !told.contains("right on"),
            "{seed}: {told}"
        );
    }
}

const LETTERS: &str = r#"
tokens = letters("abc") + ["?"]
classes = ["less", "more"]
layout = "w_0 w_1 ?"
fields = {"w_0": letters("abc"), "w_1": letters("abc")}

def order(w_0, w_1):
    return "more" if w_0 > w_1 else "less"
"#;

#[test]
fn letters_and_classes_are_called_by_their_names() {
    let bench = Bench::new(3, [4, 2], 5, LETTERS);
    let count = |line: &str| {
        let told = output(&[&bench.with(&["claim", line])[..], &["--format", "json"]].concat());
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        let found = &told["claims"][0];
        let found = if found.is_null() {
            told.clone()
        } else {
            found.clone()
        };
        [
            found["count"].as_u64().unwrap(),
            found["total"].as_u64().unwrap(),
        ]
    };
    assert_eq!(count("w_0 == a"), [3, 9]);
    assert_eq!(count("truth[?] == more when w_0 = c"), [2, 3]);
    assert_eq!(count("w_0 in {a, b} when w_1 != a"), [4, 6]);
    let [more, all] = count("pred[?] == more");
    let [less, _] = count("pred[?] == less");
    assert_eq!(more + less, all);
    // a metric knows classes by their numbers too
    let of = |metric: &str| {
        let words = [
            "patch",
            "--prompt",
            "a",
            "c",
            "--metric",
            metric,
            "--corrupted",
            "c",
            "a",
        ];
        let text = stdout(&bench.with(&words));
        text.lines()
            .filter(|line| line.contains("metric"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(of("?:0:1"), of("?:less:more"));
}

#[test]
fn a_pair_says_two_things_where_no_one_field_decides() {
    let folder = tempfile::tempdir().unwrap();
    let frame = folder.path().join("frame.txt");
    let args = [
        "render",
        "--slide",
        "brackets",
        "--size",
        "120x40",
        "-o",
        frame.to_str().unwrap(),
    ];
    assert!(output(&args).status.success());
    let text = std::fs::read_to_string(frame).unwrap();
    assert!(text.contains("another example of the sample"), "{text}");
    assert!(
        !text.contains("no metric") && !text.contains("fields differ"),
        "{text}"
    );
    let pair = json(&["patch", "--slide", "brackets"]);
    let values = pair["metric"].clone();
    assert_ne!(values["clean"], values["corrupted"], "{values}");
}

#[test]
fn what_tells_of_a_training_is_passed_over() {
    let bench = Bench::new(3, [6, 5], 3, FILE);
    let logits =
        |path: &str| json(&["run", "--model", path, "--tokens", "1 2 5"])["logits"].clone();
    let before = logits(&bench.model);
    let mut weights = parse_safetensors(&std::fs::read(&bench.model).unwrap()).unwrap();
    for name in ["train_losses", "test_acc", "step"] {
        let beside = RawTensor {
            shape: vec![7],
            data: vec![0.5; 7],
        };
        weights.insert(name.into(), beside);
    }
    let path = bench.folder.path().join("beside.safetensors");
    std::fs::write(&path, to_safetensors(&weights, &BTreeMap::new()).unwrap()).unwrap();
    assert_eq!(logits(path.to_str().unwrap()), before);
}
/// Loops, powers and texts with values in them are read as they are pasted.
#[test]
fn loops_and_powers_are_what_they_are_in_python() {
    const PASTED: &str = r#"
tokens = numbers(6) + ["?"]
classes = numbers(6)
layout = "x[4] ?"
fields = {"x": below(6)}

def f(x):
    n, turns = (x[0] + 1) ** 2 * 100, 0
    while n > 1:
        n //= 2
        turns += 1
        if turns > 40: break
    names = {f"n{v}": v for v in range(6)}
    while turns >= 6: turns -= 6
    return names[f"n{(turns + x[1]) % 6}"]
"#;
    let bench = Bench::new(5, [7, 6], 1, PASTED);
    for x in [[0, 1, 2, 3], [3, 4, 5, 1], [1, 4, 0, 4], [5, 0, 2, 0]] {
        let turns = ((x[0] + 1) * (x[0] + 1) * 100usize).ilog2() as usize;
        assert_eq!(bench.target(x), (turns + x[1]) % 6, "{x:?}");
    }
}

#[test]
fn a_function_is_read_as_it_was_pasted() {
    const PASTED: &str = r#"
tokens = numbers(6) + ["?"]
classes = numbers(6)
layout = "x[4] ?"
fields = {"x": below(6)}

def f(x):
    if x is None:
        return 0
    rest = x.copy()
    rest.append(5)
    seen = sum(v > 2 for v in x) + (x[0] > 1) - rest.count(5) + 1
    return seen % 6 if any(v == 3 for v in x) else max(v for v in rest) % 6
"#;
    let right = |x: [usize; 4]| {
        let fives = x.iter().filter(|&&v| v == 5).count() + 1;
        let seen = x.iter().filter(|&&v| v > 2).count() + usize::from(x[0] > 1) + 1;
        match x.contains(&3) {
            true => (seen + 6 - fives) % 6,
            false => 5,
        }
    };
    let bench = Bench::new(5, [7, 6], 1, PASTED);
    for x in [[0, 1, 2, 3], [3, 5, 5, 1], [4, 4, 4, 4], [5, 3, 2, 0]] {
        assert_eq!(bench.target(x), right(x), "{x:?}");
    }
    // an error behind such a place is told where it was written
    let wrong = PASTED.replace("max(v for v in rest) % 6", "max(v for v in rest) % oops");
    let wrong_at = wrong
        .lines()
        .position(|line| line.contains("oops"))
        .unwrap()
        + 1;
    let column = wrong
        .lines()
        .nth(wrong_at - 1)
        .unwrap()
        .find("oops")
        .unwrap()
        + 1;
    std::fs::write(Path::new(&bench.task), wrong).unwrap();
    let refused = output(&bench.with(&["run", "0", "1", "2", "3"]));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains(&format!("t.star:{wrong_at}:{column}: ")),
        "{said}"
    );
    let typo = PASTED.replace("def f", "bidirectionl = True\ndef f");
    std::fs::write(Path::new(&bench.task), typo).unwrap();
    let refused = output(&bench.with(&["run", "0", "1", "2", "3"]));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("did you mean bidirectional?"), "{said}");
}

#[test]
fn lists_are_sorted_in_place_and_comparisons_chained_as_in_python() {
    const PASTED: &str = r#"
tokens = numbers(6) + ["?"]
classes = numbers(6)
layout = "x[4] ?"
fields = {"x": below(6)}

def f(x):
    b = list(x)
    same = b
    b.sort(reverse=True)
    c = [v for v in x]
    c.reverse()
    tens, ones = divmod(10 * same[0] + c[0], 10)
    if not 1 <= x[0] < 4 == x[1]:
        return round(tens / 2)
    return ones
"#;
    let right = |x: [usize; 4]| {
        let most = x.iter().copied().max().unwrap();
        match (1..4).contains(&x[0]) && x[1] == 4 {
            true => x[3],
            // of two whole numbers that are as near the even one
            false => [0, 0, 1, 2, 2, 2][most],
        }
    };
    let bench = Bench::new(5, [7, 6], 1, PASTED);
    for x in [
        [0, 1, 2, 3],
        [3, 4, 5, 1],
        [1, 4, 0, 4],
        [5, 4, 2, 0],
        [2, 0, 0, 1],
    ] {
        assert_eq!(bench.target(x), right(x), "{x:?}");
    }
    let wrong = PASTED.replace("b.sort(reverse=True)", "b.sort(upwards=True)");
    std::fs::write(Path::new(&bench.task), wrong).unwrap();
    let refused = output(&bench.with(&["run", "0", "1", "2", "3"]));
    assert_eq!(refused.status.code(), Some(2));
}

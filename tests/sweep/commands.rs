//! The commands, as a shell runs them.

use super::program::{json, output, refused, stdout};

const FEW: [&str; 2] = ["--over", "random:0:50"];

fn with<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [words, &FEW].concat()
}

#[test]
fn sweep_tells_what_is_wrong_and_where() {
    let line = "zero blocks.1.attn.hook_z @*";
    let args = ["sweep", "--intervene", line, "--worst", "3"];
    let answer = json(&with(&args));
    assert_eq!(answer["inputs"], 50);
    assert_eq!(answer["interventions"][0], line);
    assert_eq!(answer["engine"], "tables");
    assert!(answer["wrong_inputs"].as_u64().unwrap() > 0);
    assert_eq!(answer["worst"].as_array().unwrap().len(), 3);
    for key in ["accuracy", "mean_loss", "seconds", "inputs_per_second"] {
        assert!(answer[key].is_f64(), "{key}");
    }
    assert_eq!(answer["wrong_by_position"].as_array().unwrap().len(), 3);
    assert_eq!(
        answer["wrong_by_idx_and_position"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let ways = answer["wrong_by_way"].as_array().unwrap().iter();
    let ways: u64 = ways.map(|way| way["count"].as_u64().unwrap()).sum();
    let wrong = answer["wrong_by_position"].as_array().unwrap().iter();
    assert_eq!(
        ways,
        wrong.map(|count| count.as_u64().unwrap()).sum::<u64>()
    );
    let text = stdout(&with(&["sweep"]));
    assert!(
        text.contains("50 inputs of random:0:50: wrong on 0"),
        "{text}"
    );
}

#[test]
fn failures_are_written_as_csv() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("failures.csv");
    let file = file.to_str().unwrap();
    let line = "zero blocks.1.attn.hook_z @*";
    let args = ["sweep", "--intervene", line, "--failures", file];
    let answer = json(&with(&args));
    let text = std::fs::read_to_string(file).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[0].starts_with("a_0,a_1,a_2,idx,elt,predicted_b_0"));
    assert_eq!(
        rows.len() as u64 - 1,
        answer["wrong_inputs"].as_u64().unwrap()
    );
    // what stands there is not replaced unasked
    let again = ["sweep", "--failures", file];
    refused(&with(&again), "--force to replace it");
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    stdout(&with(&[&again[..], &["--force"]].concat()));
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 1);
    let missing = folder.path().join("none").join("f.csv");
    let missing = missing.to_str().unwrap();
    refused(
        &with(&["sweep", "--failures", missing]),
        "there is no folder",
    );
}

#[test]
fn a_claim_about_no_input_says_so() {
    let found = output(&with(&["claim", "margin > 0 when idx = 7"]));
    assert_eq!(found.status.code(), Some(2));
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains("UNDECIDED"), "{text}");
    assert!(text.contains("no input meets the condition"), "{text}");
    assert!(!text.contains("inf"), "{text}");
}

#[test]
fn a_claim_that_fails_exits_with_1() {
    let holds = output(&with(&["claim", "pred == truth"]));
    assert_eq!(holds.status.code(), Some(0));
    let fails = output(&with(&["claim", "A1[b_0,elt] > 0.5", "-f", "json"]));
    assert_eq!(fails.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&fails.stdout).unwrap();
    assert_eq!(answer["holds"], false);
    assert_eq!(answer["total"], 50);
    assert!(answer["counterexample"]["update"]["a"].is_array());
    let told = output(&with(&["claim", "mean A1[b_0,elt]"]));
    assert_eq!(told.status.code(), Some(0));
    refused(&with(&["claim", "A9[b_0,elt] > 1"]), "no head '9'");
}

#[test]
fn ablations_try_every_kind() {
    let answer = json(&with(&["ablations", "blocks.0.attn.hook_z @elt"]));
    let rows = answer["rows"].as_array().unwrap();
    // as it is, zero, three means, every set of five fields
    assert_eq!(rows.len(), 1 + 1 + 3 + 32);
    assert_eq!(rows[0]["accuracy"], 1.0);
    let numbers = rows.iter().filter(|row| row["accuracy"].is_f64());
    assert!(numbers.count() >= 35);
    // the input itself is what all fields together name
    let all = rows.iter().find(|row| {
        let line = row["ablation"].as_str().unwrap_or_default();
        line.contains("keep a_0,a_1,a_2,idx,elt")
    });
    assert_eq!(all.unwrap()["accuracy"], 1.0);
    refused(
        &with(&["ablations", "blocks.0.attn.hook_zz @elt"]),
        "hook_z",
    );
}

#[test]
fn minimal_sets_of_edges_are_enough() {
    let answer = json(&["minimal", "--sample", "random:0:30", "--threshold", "0.9"]);
    assert_eq!(answer["edges"], 8);
    let sets = answer["sets"].as_array().unwrap();
    assert!(!sets.is_empty());
    for set in sets {
        assert!(set["accuracy"].as_f64().unwrap() >= 0.9);
        let (on, off) = (&set["on"], &set["interventions"]);
        assert_eq!(
            on.as_array().unwrap().len() + off.as_array().unwrap().len(),
            8
        );
    }
    // the best of them comes first
    let several = json(&["minimal", "--sample", "random:0:20", "--threshold", "0.3"]);
    let several = several["sets"].as_array().unwrap().iter();
    let accuracies: Vec<f64> = several
        .map(|set| set["accuracy"].as_f64().unwrap())
        .collect();
    assert!(accuracies.is_sorted_by(|a, b| a >= b), "{accuracies:?}");
    assert_ne!(accuracies.first(), accuracies.last());
    let none = stdout(&["minimal", "--sample", "random:0:30", "--threshold", "1"]);
    assert!(none.contains("edges"), "{none}");
    refused(
        &["minimal", "--threshold", "2"],
        "--threshold 2 is not from 0 to 1",
    );
}

/// All sets are tried, and how many of them are enough is told.
#[test]
fn minimal_tells_how_many_sets_are_enough() {
    let Some(shared) = crate::common::shared() else {
        return;
    };
    let model = shared.join("models/array_indexing_model.pt");
    let ask = [
        "minimal",
        "--threshold",
        "0.99",
        "--model",
        model.to_str().unwrap(),
    ];
    let answer = json(&ask);
    assert_eq!(
        (&answer["tried"], &answer["sufficient"]),
        (&256.into(), &64.into())
    );
    let set = &answer["sets"][0];
    assert_eq!(set["n"], 256);
    assert!(set["standard_error"].as_f64().unwrap() > 0.0);
    let text = stdout(&ask);
    assert!(text.contains("64 of 256 sets tried are enough"), "{text}");
}

/// What was sampled has n and standard error; what was counted in full has none.
#[test]
fn samples_have_standard_errors() {
    let edit = ["--intervene", "zero blocks.0.attn.hook_z @idx"];
    let sweep = json(&[&["sweep", "--over", "random:0:64"][..], &edit].concat());
    let (error, n) = (&sweep["standard_error"], &sweep["n"]);
    assert_eq!(n, 64);
    assert!(error["accuracy"].is_f64() && error["loss"].as_f64().unwrap() >= 0.0);
    let text = stdout(&[&["sweep", "--over", "random:0:64"][..], &edit].concat());
    assert!(text.contains(" ± ") && text.contains("(n = 64)"), "{text}");
    let score = json(&["score", "--sample", "random:0:64"]);
    assert_eq!((&score["n"], &score["inputs"]), (&64.into(), &64.into()));
    assert!(score["standard_error"]["loss"].as_f64().unwrap() > 0.0);
    let text = stdout(&["score", "--sample", "random:0:64"]);
    assert!(text.contains(" ± ") && text.contains("(n = 64)"), "{text}");
}

/// A condition in every group for itself: what groups count is what claims about each count.
#[test]
fn a_claim_is_counted_in_every_group() {
    let slide = |words: &[&str]| {
        let words = [words, &["--slide", "min_of_two", "-f", "json"]].concat();
        let told = output(&words);
        let found: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        (told.status.code(), found)
    };
    let condition = "margin > 20";
    let by = ["claim", condition, "--by", "a // 40"];
    let (_, found) = slide(&by);
    let groups = found["groups"].as_array().unwrap().clone();
    assert_eq!(groups.len(), 2);
    let fractions = groups
        .iter()
        .map(|group| group["fraction"].as_f64().unwrap());
    let least = fractions.fold(1.0, f64::min);
    for (group, when) in groups.iter().zip(["a < 40", "a >= 40"]) {
        let (_, one) = slide(&["claim", &format!("{condition} when {when}")]);
        assert_eq!(
            (&group["n"], &group["holds"]),
            (&one["total"], &one["count"]),
            "{one}"
        );
    }
    assert!(least > 0.0 && least < 1.0, "{least}");
    for (part, code, verdict) in [(least, 0, "PROVED"), (least + 1e-9, 1, "REFUTED")] {
        let part = part.to_string();
        let (exit, found) = slide(&[&by[..], &["--at-least", &part]].concat());
        assert_eq!((exit, &found["verdict"]), (Some(code), &verdict.into()));
    }
    // what it comes to can be checked again, and what was changed in it is found
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.json");
    let file = file.to_str().unwrap();
    let written = [&by[..], &["--at-least", "0.1", "--certificate", file]].concat();
    assert_eq!(slide(&written).0, Some(0));
    let text = std::fs::read_to_string(file).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    let counts = |all: &[serde_json::Value]| -> Vec<serde_json::Value> {
        all.iter().map(|one| one["holds"].clone()).collect()
    };
    assert_eq!(
        counts(written["groups"].as_array().unwrap()),
        counts(&groups)
    );
    assert_eq!(written["verdict"], "PROVED");
    assert!(output(&["verify", file]).status.success());
    let holds = format!("\"holds\": {}", groups[1]["holds"]);
    assert!(text.contains(&holds), "{text}");
    std::fs::write(file, text.replacen(&holds, "\"holds\": 7", 1)).unwrap();
    let found = output(&["verify", file]);
    assert_eq!(found.status.code(), Some(1));
    // a part of a sample decides nothing of a part of all, unless it is all of each group
    let sampled = ["claim", "A1[b_0,elt] > 0.5", "--by", "idx"];
    let part = output(&with(&[&sampled[..], &["--at-least", "0.9"]].concat()));
    assert_eq!(part.status.code(), Some(2));
    assert_eq!(output(&with(&sampled)).status.code(), Some(1));
    // what a sample says of all has a bound: none of few is no sign that few of all are
    let many = [
        "claim",
        "margin[b_0] > -1000",
        "--by",
        "idx",
        "--over",
        "random:0:64",
    ];
    for (part, code) in [("0.5", 0), ("0.99", 2)] {
        let told = output(&[&many[..], &["--at-least", part, "--format", "json"]].concat());
        assert_eq!(told.status.code(), Some(code), "{part}");
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        for group in told["groups"].as_array().unwrap() {
            let n = group["n"].as_f64().unwrap();
            let bound = group["bound_95"].as_f64().unwrap();
            assert!((bound - 0.05f64.powf(1.0 / n)).abs() < 1e-9, "{group}");
        }
    }
    refused(
        &with(&["claim", "margin > 0 when a_0 == 1", "--by", "idx"]),
        "would leave some out",
    );
    refused(
        &with(&["claim", "margin", "--by", "idx"]),
        "takes a condition",
    );
    refused(
        &with(&["claim", condition, "--by", "idx", "--at-least", "7"]),
        "at most 1",
    );
}

/// A sweep of a sample and a score of it are the same figures, those of another sample's distance too.
#[test]
fn a_swept_sample_is_scored_as_by_forward_passes() {
    for more in [
        &[][..],
        &["--low-rank", "ov.0:2"],
        &["--low-rank", "ov.1:1"],
    ] {
        let swept = json(&[&["sweep", "--over", "random:3:300"], more].concat());
        let scored = json(&[&["score", "--sample", "random:3:300"], more].concat());
        for name in [
            "accuracy",
            "inputs_right",
            "predictions_right",
            "wrong_inputs",
            "n",
        ] {
            assert_eq!(swept[name], scored[name], "{name} {more:?}");
        }
        for name in ["accuracy", "loss"] {
            let of = |answer: &serde_json::Value| answer["standard_error"][name].as_f64().unwrap();
            let (a, b) = (of(&swept), of(&scored));
            assert!(
                (a - b).abs() <= 1e-4 * a.max(b),
                "{name} {more:?}: {a} and {b}"
            );
        }
    }
}

/// What is read off an answer says of which inputs that answer is, and of a sample no more than a sample can.
#[test]
fn a_cell_of_an_answer_of_a_sample_proves_nothing() {
    for (line, verdict, over) in [
        (
            "cell table margin[b_0] by idx over random:0:64: [1, mean] > -1000",
            "SUPPORTED",
            "random:0:64, n = 64",
        ),
        (
            "cell attribution target over sample: [embed, sum] > -1000",
            "",
            "",
        ),
        (
            "cell metrics over 8 pairs: [logit_diff, clean] > -1000",
            "SUPPORTED",
            "n = 8",
        ),
        (
            "cell metrics: [logit_diff, clean] > -1000",
            "PROVED",
            "prompt, clean run",
        ),
        ("cell circuit ov.1: top1 >= 0", "PROVED", "weights"),
        (
            "cell table margin[b_0] by idx over space: [1, mean] > -1000",
            "PROVED",
            "exact",
        ),
    ] {
        let told = output(&["claim", line, "--format", "json"]);
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        if verdict.is_empty() {
            assert_ne!(told["verdict"], "PROVED", "{told}");
            continue;
        }
        assert_eq!(told["verdict"], verdict, "{line}: {told}");
        assert!(told["over"].as_str().unwrap().contains(over), "{told}");
        assert!(told["because"].as_str().unwrap().contains(over), "{told}");
    }
    // of a mean over a sample its standard error is told, as of any other
    let mean = output(&[
        "claim",
        "mean margin[b_0]",
        "--over",
        "random:0:64",
        "--format",
        "json",
    ]);
    let mean: serde_json::Value = serde_json::from_slice(&mean.stdout).unwrap();
    assert!(mean["standard_error"].as_f64().unwrap() > 0.0, "{mean}");
}

//! Figures that the authors of the zoo print of their models, by the commands that give them.

use super::program::output;
use super::zoo::path;
use serde_json::Value;

/// What a command answers; a sweep tells its progress on stderr.
fn json(args: &[&str]) -> Value {
    let output = output(&[args, &["--format", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(2), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

#[track_caller]
fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{what}: {got}, not {want}");
}

/// The share of rows whose top logit is their own token.
#[test]
fn circuits_copy_as_often_as_is_printed() {
    for (name, task, circuit, share) in [
        ("ck_min_int", "min_of_two", "ov.0.0", 0.995),
        ("ck_sort", "sort", "ov.0.0", 1.0),
        ("ck_permute", "permute", "ov.0.0>1.0", 1.0),
        ("ck_array_indexing", "array_update", "ov.1.0", 1.0),
        ("ck_array_indexing", "array_update", "ov.0.0>1.0", 0.98),
        ("ck_rederive_position", "previous_token", "ov.1.0", 1.0),
    ] {
        let Some(path) = path(name) else { return };
        let answer = json(&["circuit", circuit, "--model", &path, "--task", task]);
        let found = answer["top1_on_diagonal"].as_f64().unwrap();
        close(&format!("{name} {circuit}"), found, share, 1e-9);
    }
}

/// Of the sorting head's numbers 0.62 want the next number most.
#[test]
fn a_number_looks_for_the_next_one() {
    let Some(path) = path("ck_sort") else { return };
    let circuit = "qk.0.0.tok_tok";
    let answer = json(&["circuit", circuit, "--model", &path, "--task", "sort"]);
    let rows = matrix(&answer["values"]);
    let best = |row: &[f64]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let next = (0..50).filter(|&token| best(&rows[token]) == Some(token + 1));
    close("share of token + 1", next.count() as f64 / 50.0, 0.62, 1e-9);
}

#[test]
fn mean_attention_is_as_drawn() {
    let of = |path: &str, task: &str| {
        let sample = "random:1:2000";
        let answer = json(&[
            "attention",
            "--model",
            path,
            "--task",
            task,
            "--sample",
            sample,
        ]);
        let rows = matrix(&answer["values"][0]);
        rows.last().unwrap().clone()
    };
    let Some(min) = path("ck_min_int") else {
        return;
    };
    let row = of(&min, "min_of_two");
    for (at, want, tolerance) in [(0, 0.5, 0.02), (1, 0.5, 0.02), (2, 1e-5, 1e-3)] {
        close("min of two", row[at], want, tolerance);
    }
    let Some(majority) = path("ck_majority") else {
        return;
    };
    let row = of(&majority, "majority");
    close("BOS", row[0], 0.0005, 5e-4);
    for x in &row[1..11] {
        close("x", *x, 0.099, 1.5e-3);
    }
    close("END", row[11], 0.011, 5e-4);
}

/// Mean logit differences without each head, of weights that are not folded; the author's sample is
/// another one of 2,500.
#[test]
fn heads_of_the_palindrome_model_matter_as_printed() {
    let Some(path) = path("arena_palindrome_july") else {
        return;
    };
    let margin = |line: Option<&str>| {
        let mut args = vec![
            "claim",
            "pred == truth",
            "--model",
            &path,
            "--task",
            "palindrome",
        ];
        args.extend(["--over", "random:1:2500", "--sample", "random:2:2500"]);
        args.extend(line.into_iter().flat_map(|line| ["--intervene", line]));
        json(&args)["mean"].as_f64().unwrap()
    };
    close("base", margin(None), 7.489, 0.3);
    for (layer, head, mean, zero) in [
        (0, 0, 0.614, 1.459),
        (0, 1, 6.642, 2.762),
        (1, 0, 0.299, 2.968),
        (1, 1, 6.815, 7.066),
    ] {
        let place = format!("blocks.{layer}.attn.hook_z @* head {head}");
        let zeroed = margin(Some(&format!("zero {place}")));
        close(&format!("zero {place}"), zeroed, zero, 0.3);
        let averaged = margin(Some(&format!("mean {place} over sample")));
        close(&format!("mean {place}"), averaged, mean, 0.3);
    }
}

/// Mean losses without neurons or heads.
#[test]
fn losses_without_parts_are_as_printed() {
    let loss = |path: &str, task: &str, line: Option<&str>| {
        let mut args = vec!["sweep", "--model", path, "--task", task];
        args.extend(["--over", "random:1:1000", "--sample", "random:2:1000"]);
        args.extend(line.into_iter().flat_map(|line| ["--intervene", line]));
        json(&args)["mean_loss"].as_f64().unwrap()
    };
    let Some(sums) = path("arena_cumsum") else {
        return;
    };
    let base = loss(&sums, "cumulative_sign", None);
    close("running sums", base, 0.073, 3e-3);
    let post = "zero blocks.0.mlp.hook_post @*";
    close(
        "no neurons",
        loss(&sums, "cumulative_sign", Some(post)),
        0.522,
        0.02,
    );
    let single = [
        0.0157, 0.0138, 0.0982, 0.0170, 0.0271, 0.0002, 0.0000, 0.0491,
    ];
    for (neuron, want) in single.into_iter().enumerate() {
        let line = format!("{post} neuron {neuron}");
        let more = loss(&sums, "cumulative_sign", Some(&line)) - base;
        close(&line, more, want, 2e-3 + 0.1 * want);
    }
    let Some(sorted) = path("arena_sorted_list") else {
        return;
    };
    close(
        "sorted list",
        loss(&sorted, "sorted_list", None),
        0.039,
        8e-3,
    );
    for (head, want) in [(0, 0.920), (1, 4.963)] {
        let line = format!("mean blocks.0.attn.hook_z @* head {head} over sample");
        close(
            &line,
            loss(&sorted, "sorted_list", Some(&line)),
            want,
            0.06 * want,
        );
    }
}

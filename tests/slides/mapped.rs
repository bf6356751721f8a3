//! What the authors of the zoo print of their models, as maps, groups, neurons and frequencies.

use super::maps::{answer, close, column, note, values};
use super::program::output;
use super::zoo::path;
use serde_json::Value;

#[test]
fn the_frequencies_of_the_grokked_subtraction() {
    let Some(path) = path("ck_modular_subtraction") else {
        return;
    };
    let model = ["--model", &path, "--task", "modular_subtraction"];
    let found = answer(&[&["frequencies W_E"], &model[..]].concat());
    let share = column(&found, "share");
    for (k, want) in [(44, 0.315), (17, 0.237), (37, 0.232), (11, 0.213)] {
        close(&format!("frequency {k}"), share[k], want, 5e-4);
    }
    let mut rest: Vec<f64> = (1..share.len())
        .filter(|k| ![44, 17, 37, 11].contains(k))
        .map(|k| share[k])
        .collect();
    rest.sort_by(f64::total_cmp);
    close("the next", rest[rest.len() - 1], 0.0002, 5e-5);
    for (head, at) in [("0.0", "a"), ("0.1", "b")] {
        let line = format!("table A{head}[=,{at}] by True");
        let found = answer(&[&[line.as_str()], &model[..]].concat());
        close(head, column(&found, "mean")[0], 0.990, 5e-4);
    }
}

#[test]
fn attention_of_the_minimum_as_two_maps() {
    let Some(path) = path("ck_min_int") else {
        return;
    };
    let model = ["--model", &path, "--task", "min_of_two"];
    let [a, b] = ["a", "b"].map(|at| {
        let line = format!("map A0[=,{at}] by a, b");
        values(&answer(&[&[line.as_str()], &model[..]].concat()))
    });
    assert_eq!((a.len(), a[0].len()), (200, 200));
    let mean = |map: &[Vec<f64>]| map.iter().flatten().sum::<f64>() / 40_000.0;
    close("a", mean(&a), 0.50, 0.01);
    close("b", mean(&b), 0.50, 0.01);
    // the smaller number is looked at: nearly all below the diagonal, nearly none above it
    assert!(
        a[20][150] > 0.99 && a[150][20] < 0.01,
        "{} {}",
        a[20][150],
        a[150][20]
    );
    let wrong = answer(&[&["table accuracy by abs(a - b) == 1"], &model[..]].concat());
    let (n, right) = (column(&wrong, "n"), column(&wrong, "mean"));
    // the 14 errors are neighbours
    close("neighbours", n[1] * (1.0 - right[1]), 14.0, 0.01);
    assert_eq!(right[0], 1.0);
}

#[test]
fn the_loss_without_each_neuron_of_the_running_sum() {
    let Some(path) = path("arena_cumsum") else {
        return;
    };
    let model = ["--model", &path, "--task", "cumulative_sign"];
    let found = answer(&[&["neurons 0"], &model[..]].concat());
    let base: f64 = note(&found, "without")
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let printed = [
        0.0157, 0.0138, 0.0982, 0.0170, 0.0271, 0.0002, 0.0000, 0.0491,
    ];
    for (i, (loss, want)) in column(&found, "loss without")
        .iter()
        .zip(printed)
        .enumerate()
    {
        close(&format!("neuron {i}"), loss - base, want, 0.01);
    }
}

#[test]
fn sorting_fails_with_repeats() {
    let Some(path) = path("ck_sort") else { return };
    let line = "table accuracy by 10 - distinct(x) over random:3:20000";
    let found = answer(&[line, "--model", &path, "--task", "sort"]);
    let right = column(&found, "mean");
    for (repeats, want) in [0.998, 0.974, 0.892, 0.772].into_iter().enumerate() {
        let tolerance = if repeats < 3 { 0.015 } else { 0.04 };
        close(
            &format!("{repeats} repeats"),
            right[repeats],
            want,
            tolerance,
        );
    }
}

fn sweep(args: &[&str]) -> Value {
    let output = output(&[&["sweep"], args, &["--format", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The subtraction is made of four frequencies: with them alone nothing is lost, without them everything.
#[test]
fn frequencies_that_are_kept_are_enough_and_those_removed_are_missed() {
    let Some(path) = path("ck_modular_subtraction") else {
        return;
    };
    let model = ["--model", &path, "--task", "modular_subtraction"];
    let right = |verb: &str| {
        let line = format!("{verb} hook_embed @a,b frequencies W_E 44 17 37 11");
        let found = sweep(&[&model[..], &["--intervene", &line]].concat());
        found["inputs_accuracy"].as_f64().unwrap()
    };
    assert_eq!(right("keep"), 1.0);
    close("removed", right("remove"), 1.0 / 113.0, 0.005);
}

/// What the unembedding's and the output's components are enough for.
#[test]
fn three_components_are_all_that_the_maximum_needs() {
    let Some(path) = path("rakaar_max_list_s42") else {
        return;
    };
    let wrong = |what: &str| {
        let line = format!("keep blocks.0.hook_resid_post @* pca {what}");
        let args = [
            "--model",
            &path,
            "--task",
            "max_of_list",
            "--intervene",
            &line,
        ];
        let found = sweep(&args);
        found["wrong_by_position"][0].as_f64().unwrap() / 1e5
    };
    close("W_U 1", 1.0 - wrong("W_U 1"), 0.40952, 1e-6);
    assert_eq!((wrong("W_U 3"), wrong("W_O.0 3")), (0.0, 0.0));
    assert!(wrong("W_U 2") > 0.1 && wrong("W_O.0 2") > 0.1);
}

#[test]
fn frequencies_without_every_value_say_what_is_missing_and_the_constant_stands_beside_them() {
    let slide = ["--slide", "min_of_two"];
    let whole = answer(&[&["frequencies [map margin by b]"], &slide[..]].concat());
    assert!(note(&whole, "constant").starts_with("power "), "{whole}");
    // the constant has no row of its own numbers, every frequency has
    assert!(
        whole["values"][0]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_null)
    );
    assert!(
        values(&whole)[1..]
            .iter()
            .flatten()
            .all(|value| value.is_finite())
    );
    for (map, all) in [
        ("map 1 / b by b", "1 of 64"),
        ("map a / b by a, b", "64 of 4,096"),
    ] {
        let line = format!("frequencies [{map}]");
        let found = answer(&[&[line.as_str()], &slide[..]].concat());
        let why = note(&found, "frequencies");
        assert!(why.contains(all) && why.contains("not defined"), "{why}");
    }
}

//! Maps, groups, fits and neurons: against single runs and against sweeps.

use super::program::output;
use serde_json::Value;

pub fn answer(args: &[&str]) -> Value {
    let output = output(&[&["ask"], args, &["--format", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn values(answer: &Value) -> Vec<Vec<f64>> {
    let rows = answer["values"].as_array().unwrap().iter();
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    rows.map(|row| row.as_array().unwrap().iter().map(number).collect())
        .collect()
}

pub fn note<'a>(answer: &'a Value, name: &str) -> &'a str {
    let notes = answer["notes"].as_array().unwrap();
    let found = notes.iter().find(|note| note[0] == name);
    assert!(found.is_some(), "no note {name}: {notes:?}");
    found.unwrap()[1].as_str().unwrap()
}

pub fn column(answer: &Value, name: &str) -> Vec<f64> {
    let cols = answer["cols"].as_array().unwrap();
    let at = cols.iter().position(|col| col == name).unwrap();
    values(answer).into_iter().map(|row| row[at]).collect()
}

#[track_caller]
pub fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{what}: {got}, not {want}");
}

/// The right answer's logit less the best of the others, by a run of its own.
pub fn margin_of_run(prompt: &str, position: usize, right: usize) -> f64 {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let output = output(&[&["run"], &words[..], &["--format", "json"]].concat());
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let logits = run["logits"][position].as_array().unwrap().iter();
    let logits: Vec<f64> = logits.map(|logit| logit.as_f64().unwrap()).collect();
    let others = (0..logits.len()).filter(|&token| token != right);
    logits[right]
        - others
            .map(|token| logits[token])
            .fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn a_map_has_the_numbers_of_single_runs() {
    let clean = ["--clean", "14 26 35 1 48"];
    let map = answer(&[&["map margin[b_0] by idx, elt"], &clean[..]].concat());
    assert_eq!(map["rows"].as_array().unwrap().len(), 3);
    assert_eq!(map["cols"].as_array().unwrap().len(), 50);
    assert_eq!(map["axes"], serde_json::json!(["idx", "elt"]));
    let cells = values(&map);
    for (idx, elt, right) in [(0, 7, 26), (1, 48, 48), (2, 31, 26), (1, 0, 0)] {
        let run = margin_of_run(&format!("14 26 35 {idx} {elt}"), 8, right);
        close(&format!("idx {idx} elt {elt}"), cells[idx][elt], run, 2e-4);
    }
    // one field is a column; the same cells
    let line = answer(&[&["map margin[b_0] by elt"], &clean[..]].concat());
    let line = values(&line);
    for elt in 0..50 {
        close("by elt", line[elt][0], cells[1][elt], 1e-6);
    }
    // arithmetic over quantities, and truth as 1 or 0
    let twice = answer(&[&["map 2 * margin[b_0] - elt by idx, elt"], &clean[..]].concat());
    close(
        "twice",
        values(&twice)[2][31],
        2.0 * cells[2][31] - 31.0,
        1e-3,
    );
    let truth = answer(&[&["map elt > 20 and idx = 1 by idx, elt"], &clean[..]].concat());
    assert_eq!(
        (
            values(&truth)[1][21],
            values(&truth)[1][20],
            values(&truth)[0][21]
        ),
        (1.0, 0.0, 0.0)
    );
}

#[test]
fn a_map_over_all_inputs_is_the_mean_of_its_slices() {
    let slide = ["--slide", "permute"];
    let all = answer(&[&["map logp by a_0 over space"], &slide[..]].concat());
    let whole = answer(&[&["table logp by 1"], &slide[..]].concat());
    let rows = values(&all);
    let mean = rows.iter().map(|row| row[0]).sum::<f64>() / rows.len() as f64;
    close("mean of the rows", mean, column(&whole, "mean")[0], 1e-6);
    // the least and the largest stand beside the mean
    let names: Vec<&str> = (all["beside"].as_array().unwrap().iter())
        .map(|layer| layer["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["min", "max"]);
    let least = all["beside"][0]["values"].as_array().unwrap().iter();
    let least = least
        .map(|row| row[0].as_f64().unwrap())
        .fold(f64::INFINITY, f64::min);
    close("least", least, column(&whole, "min")[0], 1e-6);
    assert!(note(&all, "all else").contains("exact"), "{all}");
}

#[test]
fn groups_are_what_a_sweep_counts() {
    let slide = ["--slide", "min_of_two"];
    let sweep = output(&["sweep", "--slide", "min_of_two", "--format", "json"]);
    let sweep: Value = serde_json::from_slice(&sweep.stdout).unwrap();
    let groups = answer(&[&["table accuracy by a < b"], &slide[..]].concat());
    let (n, right) = (column(&groups, "n"), column(&groups, "mean"));
    assert_eq!(n.iter().sum::<f64>(), sweep["inputs"].as_f64().unwrap());
    let all: f64 = n.iter().zip(&right).map(|(n, right)| n * right).sum();
    close("right", all, sweep["inputs_right"].as_f64().unwrap(), 1e-3);
    assert_eq!(groups["rows"], serde_json::json!(["False", "True"]));
    // a field by itself, what was said, and numbers of the model
    for by in [
        "a",
        "said",
        "truth",
        "max(a, b) % 3",
        "a == b",
        "margin > 5",
    ] {
        let groups = answer(&[&[format!("table loss by {by}").as_str()], &slide[..]].concat());
        let sum: f64 = column(&groups, "n").iter().sum();
        assert_eq!(sum, sweep["inputs"].as_f64().unwrap(), "{by}");
    }
    // a sample says how far its means may be off
    let some = answer(&[&["table loss by a < b over random:1:200"], &slide[..]].concat());
    assert!(column(&some, "standard error")[0] > 0.0);
    assert!(note(&some, "inputs").contains("n = 200"));
}

#[test]
fn a_fit_finds_what_a_number_is_made_of() {
    let slide = ["--slide", "min_of_two"];
    let fit = answer(&[&["fit 2*a - 0.5*b + 7 ~ a, b"], &slide[..]].concat());
    let found = column(&fit, "coefficient");
    for (got, want) in found.iter().zip([7.0, 2.0, -0.5]) {
        close("coefficient", *got, want, 1e-5);
    }
    assert_eq!(note(&fit, "R²"), "1.00000");
    // expressions of the task's language, products, and a rest that nothing explains
    let fit = answer(&[&["fit a*b ~ a // 10, b % 10, a*b"], &slide[..]].concat());
    for (got, want) in column(&fit, "coefficient").iter().zip([0.0, 0.0, 0.0, 1.0]) {
        close("coefficient", *got, want, 1e-4);
    }
    for (line, why) in [
        ("fit margin ~ a, a", "sum of the others"),
        ("fit margin ~ 3", "the same for all inputs"),
        ("fit margin ~ [a]", "no number"),
    ] {
        let output = output(&[&["ask", line], &slide[..]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(said.contains(why), "{line}: {said}");
    }
}

#[test]
fn lines_that_cannot_be_are_refused_with_a_reason() {
    for (line, why) in [
        ("map", "by FIELD"),
        ("map margin[b_0]", "by FIELD"),
        ("map by idx", "by FIELD"),
        ("map margin[b_0] by", "by FIELD"),
        ("map margin[b_0] by nonsense", "a_0 a_1 a_2 idx elt"),
        ("map margin[b_0] by a", "a_0 a_1 a_2"),
        ("map margin[b_0] by idx, idx", "the same"),
        ("map margin[b_0] by idx, elt, a_0", "two"),
        ("map margn[b_0] by idx", "margn"),
        ("map margin[b_0] by idx over nothing", "random:0:4096"),
        ("map neuron[0.1,b_0] by idx", "no neurons"),
        (
            "map norm[blocks.9.hook_resid_post,b_0] by idx",
            "did you mean",
        ),
        ("map act[blocks.0.attn.hook_z,b_0,128] by idx", "0 to"),
        (
            "map dot[blocks.0.hook_resid_post,b_0][W_X,3] by idx",
            "no direction",
        ),
        ("map adds[9.9][b_0,48] by idx", "writes nothing"),
        (
            "map matters[ov.1][3,3] + norm[blocks.0.hook_resid_post,b_0] by idx",
            "read off tables, and here are forward passes: activations are",
        ),
        ("table accuracy", "by EXPRESSION"),
        ("table accuracy by import", "expression"),
        ("table accuracy by a_0 * 100 + a_1 * 7 + elt", "groups"),
        ("table accuracy by a_0 //", "expression"),
        ("fit margin[b_0]", "~"),
        ("frequencies", "W_E"),
        ("frequencies W_X", "W_E"),
        ("frequencies W_pos", "numbers"),
        ("frequencies [map margin[b_0] by idx", "]"),
        ("cosines", "W_E"),
        ("cosines W_E W_U W_pos", "W_E"),
        ("neurons 0", "no MLP"),
        ("neuron 0.1", "no neurons"),
    ] {
        let output = output(&["ask", line, "--clean", "14 26 35 1 48"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(why), "{line}: {said}");
        assert!(said.lines().count() == 1, "{line}: {said}");
    }
}

/// What a part writes along a logit, and the lengths and products of activations, by a run of its own.
#[test]
fn claims_speak_of_activations() {
    let clean = ["--clean", "14 26 35 1 48"];
    let one = |quantity: &str, slide: &str, clean: &[&str]| {
        let line = format!(
            "map {quantity} by {}",
            if slide == "array_update" { "idx" } else { "a" }
        );
        let found = answer(&[&[line.as_str(), "--slide", slide], clean].concat());
        values(&found)[1][0]
    };
    // the heads, the embedding and nothing else are the logit
    let parts = "adds[embed][b_0,48] + adds[0.0][b_0,48] + adds[1.0][b_0,48]";
    let sum = one(parts, "array_update", &clean);
    close(
        "parts",
        sum,
        one("logit[b_0,48]", "array_update", &clean),
        1e-3,
    );
    // the same as the exact path tables
    let direct = one("path[direct][b_0,48]", "array_update", &clean);
    close(
        "embed",
        one("adds[embed][b_0,48]", "array_update", &clean),
        direct,
        1e-4,
    );
    // a layer is its heads; a product with W_U is what it adds where there is no norm
    let layer = one("adds[L1][b_0,48]", "array_update", &clean);
    close(
        "layer",
        layer,
        one("adds[1.0][b_0,48]", "array_update", &clean),
        1e-4,
    );
    let dot = one(
        "dot[blocks.1.hook_attn_out,b_0][W_U,48]",
        "array_update",
        &clean,
    );
    close("dot", dot, layer, 1e-4);
    let norm = one("norm[blocks.0.attn.hook_z,b_0]", "array_update", &clean);
    assert!(norm > 0.0);
    // truth as the token
    let truth = one("adds[1.0][b_0,truth]", "array_update", &clean);
    close(
        "truth",
        truth,
        one("adds[1.0][b_0,48]", "array_update", &clean),
        1e-6,
    );
    // neurons: an MLP is the sum of its neurons and its bias
    let clean = ["--clean", "3 5"];
    let at = |quantity: &str| one(quantity, "modular_addition", &clean);
    let all = answer(&["neurons 0", "--slide", "modular_addition", "--clean", "3 5"]);
    let neurons = all["rows"].as_array().unwrap().len();
    let said = answer(&[
        "map pred[=] by a",
        "--slide",
        "modular_addition",
        "--clean",
        "3 5",
    ]);
    let said = values(&said)[1][0];
    let sum: f64 = (0..neurons)
        .map(|i| at(&format!("adds[N0.{i}][=,{said}]")))
        .sum();
    let mlp = at(&format!("adds[M0][=,{said}]"));
    let bias = at(&format!("adds[M0][=,{said}] - adds[M0][=,{said}]"));
    close("neurons", sum + bias, mlp, 0.05 * mlp.abs().max(1.0));
}

#[test]
fn enter_on_a_cell_opens_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("screen.txt");
    let screen = |keys: &str| {
        let _ = std::fs::remove_file(&file);
        let drawn = output(&[
            "render",
            "--prompt",
            "14 26 35 1 48",
            "--keys",
            keys,
            "--size",
            "120x40",
            "-o",
            file.to_str().unwrap(),
        ]);
        assert!(
            drawn.status.success(),
            "{}",
            String::from_utf8_lossy(&drawn.stderr)
        );
        std::fs::read_to_string(&file).unwrap()
    };
    let opened = screen(
        "/ 'map margin[b_0] by idx, elt' enter pageup pageup pageup home down down right right right enter",
    );
    assert!(opened.contains("idx 2"), "{opened}");
    assert!(opened.contains("elt 3"), "{opened}");
    let back = screen(
        "/ 'map margin[b_0] by idx, elt' enter pageup pageup pageup home down down right right right enter u",
    );
    assert!(back.contains("elt 48"), "{back}");
}

/// Behind a colon stands a prompt of whatever task it is.
#[test]
fn a_prompt_of_any_task_is_typed_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (i, (slide, line)) in [
        ("brackets", "(())()"),
        ("min_of_two", "7 5"),
        ("sort", "4 3 2 1"),
    ]
    .into_iter()
    .enumerate()
    {
        let (typed, given) = (
            folder.path().join(format!("{i}.txt")),
            folder.path().join(format!("{i}g.txt")),
        );
        let draw = |file: &std::path::Path, more: &[&str]| {
            let base = [
                "render",
                "--slide",
                slide,
                "--size",
                "120x40",
                "-o",
                file.to_str().unwrap(),
            ];
            let drawn = output(&[&base, more].concat());
            assert!(
                drawn.status.success(),
                "{}",
                String::from_utf8_lossy(&drawn.stderr)
            );
            std::fs::read_to_string(file).unwrap()
        };
        let keys = format!(": '{line}' enter");
        let typed = draw(&typed, &["--keys", &keys]);
        let given = draw(&given, &["--prompt", line]);
        let clean = |frame: &str| {
            let row = frame
                .lines()
                .find(|row| row.contains("clean "))
                .unwrap()
                .to_owned();
            row.chars().take(34).collect::<String>()
        };
        assert!(!typed.contains("no verb"), "{typed}");
        assert_eq!(clean(&typed), clean(&given), "{slide} {line}");
    }
}

/// Ordinary least squares by hand, of `a * b` on `a` over a sample: what is left over n - 2 is the noise.
#[test]
fn a_fit_over_a_sample_has_the_errors_of_least_squares() {
    use circuitscope::task::{Sample, Sizes, Task};
    let line = "fit a*b ~ a over random:3:40";
    let fit = answer(&[line, "--slide", "min_of_two"]);
    let (name, options) = Task::choice("min_of_two:max_num=64").unwrap();
    let task = Task::built_in(name, &options, &Sizes::default()).unwrap();
    let sample: Sample = "random:3:40".parse().unwrap();
    let points: Vec<[f64; 2]> = (sample.prompts(task).iter())
        .map(|prompt| {
            let tokens = prompt.values.tokens();
            let [a, b] = [0, 1].map(|i| f64::from(tokens[i]));
            [a, a * b]
        })
        .collect();
    let n = points.len() as f64;
    let [x, y] = [0, 1].map(|i| points.iter().map(|point| point[i]).sum::<f64>() / n);
    let sum = |of: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(of).sum::<f64>();
    let wide = sum(&|p| (p[0] - x).powi(2));
    let slope = sum(&|p| (p[0] - x) * (p[1] - y)) / wide;
    let base = y - slope * x;
    let noise = sum(&|p| (p[1] - base - slope * p[0]).powi(2)) / (n - 2.0);
    let errors = [
        (noise * (1.0 / n + x * x / wide)).sqrt(),
        (noise / wide).sqrt(),
    ];
    let (found, off) = (column(&fit, "coefficient"), column(&fit, "standard error"));
    for (i, want) in [base, slope].into_iter().enumerate() {
        close("coefficient", found[i], want, 1e-4 * want.abs());
        close("standard error", off[i], errors[i], 1e-4 * errors[i]);
    }
}

#[test]
fn several_numbers_over_one_field_are_columns_of_one_map() {
    let clean = ["--clean", "14 26 35 1 48"];
    let both = answer(&[&["map margin[b_0], margin[b_1] by elt"], &clean[..]].concat());
    assert_eq!(
        both["cols"],
        serde_json::json!(["margin[b_0]", "margin[b_1]"])
    );
    for name in ["margin[b_0]", "margin[b_1]"] {
        let line = format!("map {name} by elt");
        let alone = answer(&[&[line.as_str()], &clean[..]].concat());
        assert_eq!(column(&both, name), column(&alone, name));
        let mean = format!("mean of {name}");
        assert_eq!(note(&both, &mean), note(&alone, "mean"));
    }
    let two = output(&["ask", "map margin[b_0], loss by elt, idx"]);
    let said = String::from_utf8_lossy(&two.stderr).into_owned();
    assert!(
        two.status.code() == Some(2) && said.contains("over one field"),
        "{said}"
    );
}

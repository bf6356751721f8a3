//! What paths bring as a number of each input, of models that fold into no tables; and a curve kept as a finding.

use super::maps::{answer, close, values};
use super::program::{output, refused};
use circuitscope::model::weights::{RawTensor, StateDict, to_safetensors};
use serde_json::Value;
use std::collections::BTreeMap;

/// The last column of a row: what a path brings from all positions.
fn sum_of(answer: &Value, row: &str) -> f64 {
    let rows = answer["rows"].as_array().unwrap();
    let at = rows.iter().position(|one| one == row);
    let at = at.unwrap_or_else(|| unreachable!("no {row}: {rows:?}"));
    *values(answer)[at].last().unwrap()
}

#[test]
fn a_path_brings_as_a_quantity_what_it_brings_as_an_answer() {
    for (slide, at, answered, class, paths) in [
        (
            "min_of_two",
            "=",
            "least",
            "1",
            &["direct", "0.0", "pos>0.0"][..],
        ),
        (
            "modular_addition",
            "=",
            "total",
            "1",
            &["0.1", "mlp.0", "0.1>mlp.0"],
        ),
        (
            "permute",
            "END",
            "ans_0",
            "1",
            &["0.0>1.0", "pos>1.0", "1.0"],
        ),
        (
            "palindrome",
            "END",
            "kind",
            "palindrome",
            &["0.0>1.1", "direct", "pos>0.1"],
        ),
    ] {
        let of = ["--slide", slide];
        let words: Vec<String> = paths
            .iter()
            .map(|path| format!("path[{path}][{at},{class}]"))
            .collect();
        let lines = words
            .windows(2)
            .map(|pair| format!("{}, {}", pair[0], pair[1]));
        for (i, line) in lines.enumerate() {
            let line = format!("scatter {line} over random:1:4");
            let points = answer(&[&[&*line], &of[..]].concat());
            let rows = points["rows"].as_array().unwrap();
            assert_eq!(rows.len(), 4);
            for (prompt, point) in rows.iter().zip(values(&points)) {
                let prompt = prompt.as_str().unwrap();
                let asked = format!("paths {answered} {class}");
                let told = answer(&[&[&*asked, "--clean", prompt], &of[..]].concat());
                for (path, value) in paths[i..i + 2].iter().zip(point) {
                    close(
                        &format!("{slide} {path} {prompt}"),
                        value,
                        sum_of(&told, path),
                        2e-4,
                    );
                }
            }
        }
    }
}

/// Where tables are made they say the same as forward passes do of every input.
#[test]
fn tables_and_passes_bring_the_same() {
    let ask = |path: &str, more: &[&str]| -> Vec<Vec<f64>> {
        let line = format!("scatter path[{path}][b_0,7], logit[b_0,7] over random:2:6");
        values(&answer(&[&[&*line], more].concat()))
    };
    for path in ["direct", "1.0", "0.0>1.0"] {
        let tables = ask(path, &[]);
        // numbers of activations are read off passes, and everything beside them
        let line = format!(
            "scatter path[{path}][b_0,7], norm[blocks.0.hook_resid_pre,b_0] over random:2:6"
        );
        let passes = values(&answer(&[&line]));
        for (a, b) in tables.iter().zip(&passes) {
            close(path, a[0], b[0], 1e-4);
        }
    }
}

#[test]
fn what_is_chosen_among_nothing_has_no_difference() {
    refused(
        &["ask", "map logit_diff[=] by a, b", "--slide", "min_of_two"],
        "answers are not chosen so",
    );
}

#[test]
fn a_curve_that_was_kept_is_computed_again_and_the_record_is_told() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let done = output(args);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{args:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    };
    let [series, findings] = ["run", "found"].map(|name| {
        let path = home.path().join(name);
        path.to_str().unwrap().to_owned()
    });
    let recipe = "train --task modular_addition:p=5 --d-model 16 --layers 1 --heads 1 --d-mlp 16 --steps 20 --save-every 10 \
                  --full-batch 0.6 --seed 1 -o";
    let recipe: Vec<&str> = recipe.split_whitespace().chain([&*series]).collect();
    run(&recipe);
    let frame = home.path().join("x.txt");
    let keys = "/ 'curve loss, held_out.loss' enter b 'kept' ctrl-s";
    run(&[
        "render",
        "--model",
        &series,
        "--keys",
        keys,
        "--findings",
        &findings,
        "-o",
        frame.to_str().unwrap(),
    ]);
    let kept = std::fs::read_dir(&findings)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let replayed = run(&["replay", kept.path().to_str().unwrap()]);
    assert!(
        replayed.contains("as recorded") || replayed.contains("as they were"),
        "{replayed}"
    );
    // what the record says of each step
    let record =
        std::fs::read_to_string(std::path::Path::new(&series).join("record.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let lines = "held_out.loss,train.loss,held_out.accuracy";
    let told = run(&[
        &["curve"],
        &lines.split(',').collect::<Vec<_>>()[..],
        &["--model", &series, "--format", "json"],
    ]
    .concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    let history = record["history"].as_array().unwrap();
    for (curve, of) in [
        (0, "/held_out/loss"),
        (1, "/loss"),
        (2, "/held_out/accuracy"),
    ] {
        let points = told["curves"][curve]["points"].as_array().unwrap();
        for point in points {
            let step = point["step"].as_u64().unwrap();
            let at = history
                .iter()
                .find(|one| one["step"].as_u64().unwrap() >= step)
                .unwrap();
            let [got, want] = [&point["value"], at.pointer(of).unwrap()];
            let [got, want] = [got, want].map(|one| one.as_f64().unwrap());
            close(&point.to_string(), got, want, 1e-12);
            assert!(
                point["over"].as_str().unwrap().contains("record"),
                "{point}"
            );
        }
    }
}

/// A model without blocks has no grids by layer, and says what there is.
#[test]
fn a_model_without_blocks_shows_what_it_has() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let model = path("bare.safetensors");
    let mut tensors = StateDict::new();
    for (name, shape) in [("W_E", [5, 8]), ("W_in", [8, 12]), ("W_U", [12, 5])] {
        let data = (0..shape[0] * shape[1]).map(|i| ((i * 37 % 17) as f32 - 8.0) / 9.0);
        tensors.insert(
            name.to_owned(),
            RawTensor {
                shape: shape.to_vec(),
                data: data.collect(),
            },
        );
    }
    let bytes = to_safetensors(&tensors, &BTreeMap::new()).unwrap();
    std::fs::write(&model, bytes).unwrap();
    for size in ["80x24", "120x40", "200x60"] {
        let frame = format!("{model}.txt");
        for keys in ["tab tab", "tab tab tab tab"] {
            let args = [
                "render",
                "--model",
                &model,
                "--task",
                "modular_addition:p=5",
                "--size",
                size,
                "--keys",
                keys,
            ];
            let done = output(&[&args[..], &["-o", &frame]].concat());
            assert!(done.status.success(), "{done:?}");
            let text = std::fs::read_to_string(&frame).unwrap();
            assert!(
                text.contains("interventions") && text.contains("no blocks"),
                "{text}"
            );
            for word in [
                "pattern cells",
                "resid_mid",
                "attention 0.0",
                "being computed",
            ] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
    }
}

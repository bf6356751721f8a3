//! A folder of checkpoints as one model at several steps.

use crate::{json, output, refused, stdout};

#[test]
fn a_series_is_opened_by_its_steps_and_drawn_as_a_curve() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let folder = folder.to_str().unwrap();
    let recipe = "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --steps 40 --save-every 20 --seed 1 -o";
    let recipe: Vec<&str> = recipe.split(' ').collect();
    let trained = output(&[&recipe[..], &[folder]].concat());
    assert!(trained.status.success(), "{trained:?}");
    let run = |model: &str| json(&["run", "1 5", "--model", model])["logits"].clone();
    let step = |n: usize| format!("{folder}#{n}");
    let file = |n: usize| format!("{folder}/step-{n:08}.safetensors");
    for n in [0, 20, 40] {
        assert_eq!(run(&step(n)), run(&file(n)));
    }
    // the folder alone is the newest
    assert_eq!(run(folder), run(&step(40)));
    refused(
        &["run", "1 5", "--model", &step(7)],
        "no step '7': 3 steps from 0 to 40",
    );
    refused(
        &["run", "1 5", "--model", &step(0).replace("#0", "#x")],
        "no step 'x'",
    );

    // every command finds the file
    let tensors = |file: &str| json(&["inspect", file])["tensors"].clone();
    assert_eq!(tensors(&step(20)), tensors(&file(20)));

    let csv = stdout(&[
        "curve",
        "pred == truth",
        "--model",
        folder,
        "--format",
        "csv",
    ]);
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        rows[0],
        ["step", "quantity", "value", "n", "undefined", "over"]
    );
    assert_eq!(rows.len(), 4);
    for (row, n) in rows[1..].iter().zip([0, 20, 40]) {
        assert_eq!(
            (row[0].parse::<usize>().unwrap(), row[3], row[5]),
            (n, "36", "exact")
        );
        // a sweep says on stderr that it goes by forward passes
        let swept = output(&["sweep", "--model", &step(n), "--format", "json"]).stdout;
        let swept: serde_json::Value = serde_json::from_slice(&swept).unwrap();
        let right = swept["inputs_accuracy"].as_f64().unwrap();
        assert!(
            (row[2].parse::<f64>().unwrap() - right).abs() < 1e-12,
            "{row:?} {right}"
        );
    }
    let loss = json(&["curve", "loss", "--model", folder]);
    let values: Vec<f64> = loss["curves"][0]["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["value"].as_f64().unwrap())
        .collect();
    assert!(values[2] < values[0], "{values:?}");
    let sampled = json(&["curve", "loss", "--model", folder, "--over", "random:3:50"]);
    assert_eq!(sampled["curves"][0]["points"][0]["over"], "random:3:50");
    assert_eq!(sampled["curves"][0]["points"][0]["n"], 50);
    // a file that is there stays, unless it is to be replaced
    let drawn = home.path().join("c.csv");
    let drawn = drawn.to_str().unwrap();
    let curve = ["curve", "loss", "--model", folder, "-o", drawn];
    assert!(output(&curve).status.success());
    refused(&curve, "already exists");
    assert!(
        output(&[&curve[..], &["--force"]].concat())
            .status
            .success()
    );
    refused(
        &["curve", "lss", "--model", folder],
        "in the quantity 'lss'",
    );
    refused(
        &["curve", "loss", "--model", home.path().to_str().unwrap()],
        "has no checkpoints",
    );
}

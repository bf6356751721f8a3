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

/// Files of one model at several steps, given one by one or as a shell fills them in, are the series that a folder
/// of them is.
#[test]
fn several_files_are_one_model_at_several_steps() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let folder = folder.to_str().unwrap();
    let recipe = "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --steps 40 --save-every 20 --seed 1 -o";
    let recipe: Vec<&str> = recipe.split(' ').collect();
    assert!(output(&[&recipe[..], &[folder]].concat()).status.success());
    let file = |n: usize| format!("{folder}/step-{n:08}.safetensors");
    let files = [file(40), file(0), file(20)];
    let [a, b, c] = files.each_ref().map(String::as_str);
    let points = |args: &[&str]| json(&[&["curve", "loss"], args].concat())["curves"].clone();
    let whole = points(&["--model", folder]);
    // in the order of their steps, whatever the order of the words
    assert_eq!(points(&["--model", a, b, c]), whole);
    assert_eq!(points(&["-m", a, "--model", b, "-m", c]), whole);
    let record = ["curve", "train.loss", "--model"];
    assert_eq!(
        json(&[&record[..], &[a, b, c]].concat())["curves"],
        json(&[&record[..], &[folder]].concat())["curves"]
    );
    // the prompt behind them stays a prompt, and the last step is the model
    let run = |args: &[&str]| json(&[&["run"], args, &["1 5"]].concat())["logits"].clone();
    assert_eq!(run(&["--model", b, a, c]), run(&["--model", folder]));
    // without numbers they are counted as they are given
    let named =
        ["late", "early"].map(|name| format!("{}/{name}.safetensors", home.path().display()));
    for (name, from) in named.iter().zip([a, b]) {
        std::fs::copy(from, name).unwrap();
        std::fs::copy(
            from.replace("safetensors", "json"),
            name.replace("safetensors", "json"),
        )
        .unwrap();
    }
    let counted = points(&["--model", &named[1], &named[0]]);
    for (i, of) in [(0, 0), (1, 2)] {
        assert_eq!(counted[0]["points"][i]["step"], i);
        assert_eq!(
            counted[0]["points"][i]["value"],
            whole[0]["points"][of]["value"]
        );
    }
    refused(
        &["run", "1 5", "-m", a, "-m", folder],
        "is a folder; a series is one folder, or several files",
    );
    refused(
        &["run", "1 5", "-m", a, "-m", "/nowhere.pt"],
        "/nowhere.pt is not there",
    );
}

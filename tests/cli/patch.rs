//! `patch`: grids, metric, interventions.

use super::{check_run, json, keys, refused, shape, stdout};

#[test]
fn patch_answers_in_json() {
    let pair = [
        "patch",
        "--clean",
        "14",
        "26",
        "35",
        "1",
        "48",
        "--corrupted",
        "14",
        "26",
        "35",
        "2",
        "48",
    ];
    let plain = json(&pair);
    let expected = [
        "clean",
        "corrupted",
        "direction",
        "grids",
        "interventions",
        "metric",
        "model",
        "patched",
        "warnings",
    ];
    assert_eq!(keys(&plain), expected);
    assert_eq!(plain["direction"], "denoise");
    assert_eq!(plain["patched"], plain["corrupted"]);
    for run in ["clean", "corrupted", "patched"] {
        check_run(&plain[run]);
    }
    let metric = &plain["metric"];
    assert_eq!(
        keys(metric),
        [
            "answer",
            "clean",
            "corrupted",
            "measure",
            "normalised",
            "other",
            "patched",
            "position"
        ]
    );
    assert_eq!(
        (&metric["position"], &metric["answer"], &metric["other"]),
        (&8.into(), &48.into(), &26.into())
    );
    for (name, axes, lengths) in [
        ("resid_pre", "layer pos", &[2, 11][..]),
        ("attn_out", "layer pos", &[2, 11]),
        ("z", "layer pos head", &[2, 11, 1]),
        ("q", "layer pos head", &[2, 11, 1]),
        ("k", "layer pos head", &[2, 11, 1]),
        ("v", "layer pos head", &[2, 11, 1]),
        ("pattern", "layer head dest_pos", &[2, 1, 11]),
        (
            "pattern_dest_src",
            "layer head dest_pos src_pos",
            &[2, 1, 11, 11],
        ),
        ("z_all_pos", "layer head", &[2, 1]),
        ("q_all_pos", "layer head", &[2, 1]),
        ("k_all_pos", "layer head", &[2, 1]),
        ("v_all_pos", "layer head", &[2, 1]),
        ("pattern_all_pos", "layer head", &[2, 1]),
    ] {
        let grid = &plain["grids"][name];
        let found: Vec<_> = grid["axes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a.as_str().unwrap())
            .collect();
        assert_eq!(found.join(" "), axes, "{name}");
        assert_eq!(shape(&grid["values"]), lengths, "{name}");
    }
    assert_eq!(plain["grids"].as_object().unwrap().len(), 13);
    let text = stdout(&[&pair[..], &["--format", "json"]].concat());
    let order = [
        "resid_pre",
        "attn_out",
        "\"z\"",
        "pattern_dest_src",
        "z_all_pos",
        "pattern_all_pos",
    ];
    let places: Vec<_> = order.iter().map(|name| text.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    let counterfactual = [
        "patch",
        "--clean",
        "14 26 35 1 48",
        "--counterfactual",
        "idx=2",
    ];
    assert_eq!(json(&counterfactual), plain);
}

#[test]
fn patch_carries_out_interventions() {
    let whole = "patch blocks.0.hook_resid_pre @* from corrupted";
    let nothing = "scale blocks.0.attn.hook_z @elt by 1";
    let args = [
        "patch",
        "--clean",
        "14 26 35 1 48",
        "--counterfactual",
        "elt=7",
        "--noise",
        "--intervene",
        nothing,
        "--intervene",
        whole,
        "--metric",
        "b_0:48:7",
    ];
    let seen = json(&args);
    assert_eq!(seen["direction"], "noise");
    assert_eq!(seen["interventions"][0]["line"], nothing);
    assert_eq!(seen["interventions"][0]["changed"], false);
    assert_eq!(seen["interventions"][1]["changed"], true);
    // the truth that predictions are about stays that of the base run
    assert_eq!(seen["patched"]["logits"], seen["corrupted"]["logits"]);
    assert_eq!(seen["metric"]["patched"], seen["metric"]["corrupted"]);
    let text = stdout(&args);
    assert!(
        text.contains(&format!("intervention: {nothing}  (changes nothing)")),
        "{text}"
    );
    assert!(text.contains("normalised 0.000"), "{text}");
    assert!(
        text.lines()
            .any(|line| line.starts_with("resid_pre") && line.contains(" nl_1 ")),
        "{text}"
    );
}

#[test]
fn what_is_no_number_is_null() {
    let seen = json(&[
        "patch",
        "--clean",
        "14 26 35 1 48",
        "--counterfactual",
        "idx",
        "--intervene",
        "knock blocks.0.attn.hook_attn_scores [*,*]",
    ]);
    assert!(seen["metric"]["patched"].is_null());
    assert!(seen["grids"]["q"]["values"][1][8][0].is_null());
    let same = json(&[
        "patch",
        "--clean",
        "14 26 35 1 48",
        "--counterfactual",
        "a_1=3",
    ]);
    assert!(same["metric"].is_null());
    assert_eq!(same["grids"].as_object().unwrap().len(), 0);
    assert_eq!(same["warnings"][0], "both prompts have the same answer");
    let text = stdout(&[
        "patch",
        "--clean",
        "14 26 35 1 48",
        "--counterfactual",
        "a_1=3",
    ]);
    assert!(
        text.contains("warning: both prompts have the same answer"),
        "{text}"
    );
}

#[test]
fn bad_pairs_metrics_and_lines() {
    let with = |more: &[&'static str], problem: &str| {
        let base = ["patch", "--clean", "14 26 35 1 48"];
        refused(&[&base[..], more].concat(), problem);
    };
    let idx = ["--counterfactual", "idx"];
    with(
        &["--corrupted", "14 26 35 1 48", "--counterfactual", "idx"],
        "cannot be used with",
    );
    with(
        &["--corrupted", "14 26 35 5 48"],
        "in the corrupted prompt: idx: 5 is not",
    );
    with(&["--counterfactual", "a_1"], "changes no answer");
    with(
        &["--counterfactual", "b"],
        "no field 'b'; the fields are a_0 a_1 a_2 idx elt",
    );
    with(
        &[&idx[..], &["--metric", "b_0:48"]].concat(),
        "the form is POS:ANSWER:OTHER",
    );
    with(
        &[&idx[..], &["--metric", "b_9:48:1"]].concat(),
        "no position 'b_9'",
    );
    with(
        &[&idx[..], &["--intervene", "zap it"]].concat(),
        "no verb 'zap'",
    );
    with(
        &[&idx[..], &["--intervene", "zero blocks.9.attn.hook_z @*"]].concat(),
        "no layer 9 in a model of 2 layers; the layers are 0 to 1",
    );
    with(
        &[&idx[..], &["--intervene", "zero blocks.0.attn.hook_zz @*"]].concat(),
        "did you mean blocks.0.attn.hook_z?",
    );
}

#[test]
fn patch_averages_over_pairs() {
    let answer = json(&[
        "patch",
        "--clean",
        "14",
        "26",
        "35",
        "1",
        "48",
        "--counterfactual",
        "idx",
        "--pairs",
        "6",
        "--sample",
        "random:1:6",
        "--measure",
        "prob",
    ]);
    assert_eq!(answer["measure"], "prob");
    let tables = answer["tables"].as_array().unwrap();
    let titles: Vec<&str> = tables
        .iter()
        .map(|t| t["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles[..3],
        [
            "metrics over 6 pairs",
            "grid strips over 6 pairs",
            "grid edges over 6 pairs"
        ]
    );
    for table in tables {
        assert_eq!(table["notes"][0][1], "mean of 6 pairs (n = 6)");
        let error = table["beside"][0]["name"].as_str().unwrap();
        assert!(error.starts_with("standard error of "), "{error}");
        let layers = table["beside"].as_array().unwrap().iter();
        let mut layers = layers.map(|layer| layer["name"].as_str().unwrap());
        assert!(layers.any(|name| name.starts_with("std of ")));
    }
}

#[test]
fn any_question_is_answered_in_the_shell() {
    fn ask<'a>(more: &[&'a str]) -> Vec<&'a str> {
        let pair = ["--clean", "14 26 35 1 48", "--counterfactual", "idx"];
        [&["ask"], more, &pair].concat()
    }
    let answer = json(&ask(&["-q", "grid edges attribution"]));
    assert_eq!(answer["rows"], serde_json::json!(["embed", "L0", "L1"]));
    assert_eq!(answer["beside"][1]["name"], "|error|");
    assert_eq!(answer["about"]["measure"][0], "logit_diff");
    // an edge that there is not has no value
    assert!(answer["values"][2][0].is_null());

    let text = stdout(&ask(&["-q", "necessity", "--sample", "random:0:8"]));
    assert!(text.contains("embed->K1 off"), "{text}");
    let csv = stdout(&ask(&["-q", "metrics", "--csv"]));
    assert!(csv.contains("\nkl,"), "{csv}");

    let weights = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/array_update.safetensors"
    );
    let same = json(&ask(&["-q", "models logits", "--compare", weights]));
    let difference = same["beside"][0]["values"].as_array().unwrap();
    let all = difference.iter().flat_map(|row| row.as_array().unwrap());
    assert!(all.into_iter().all(|x| x.as_f64() == Some(0.0)));

    refused(&ask(&["-q", "grid edgy"]), "edges_by_pos");
    refused(&ask(&["-q", "models logits"]), "--compare");
    refused(&ask(&["-q", "metrics over 0 pairs"]), "1 to 4096");
}

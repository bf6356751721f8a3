//! What is known of a claim, and its certificate: written, checked again, and refused where it is not
//! so.

use super::program::{output, refused};
use serde_json::{Value, json};
use std::path::Path;

const FEW: [&str; 2] = ["--over", "random:0:50"];
const ROW: &str = "rule blocks.1.attn.hook_pattern [b_0,*] = one(elt) if idx == 0 else one(a_0)";

/// The exit code and the answer.
fn asked(args: &[&str]) -> (i32, Value) {
    let found = output(&[args, &["--format", "json"]].concat());
    let text = String::from_utf8(found.stdout).unwrap();
    let error = String::from_utf8_lossy(&found.stderr);
    let answer = serde_json::from_str(&text);
    let answer = answer.unwrap_or_else(|_| json!({"error": error}));
    (found.status.code().unwrap(), answer)
}

#[test]
fn a_claim_is_proved_refuted_supported_or_undecided() {
    let certain = |args: &[&str], code: i32, verdict: Value| {
        let (found, answer) = asked(&[&["claim"], args].concat());
        assert_eq!(
            (found, &answer["verdict"]),
            (code, &verdict),
            "{args:?} {answer}"
        );
        answer
    };
    let proved = certain(&["idx < 3 and elt < 50"], 0, "PROVED".into());
    assert_eq!(
        (&proved["n"], &proved["count"]),
        (&18_750_000.into(), &18_750_000.into())
    );
    assert!(
        proved["method"]
            .as_str()
            .unwrap()
            .starts_with("enumeration")
    );
    assert!(proved.get("bound_95").is_none());
    let refuted = certain(&["elt < 49"], 1, "REFUTED".into());
    assert_eq!(refuted["counterexample"]["update"]["elt"], 49);
    let few = |claim| [claim, FEW[0], FEW[1]];
    let supported = certain(&few("pred == truth"), 0, "SUPPORTED".into());
    // none of 50 fails: 1 - 0.05^(1/50)
    let bound = supported["bound_95"].as_f64().unwrap();
    assert!(
        (bound - (1.0 - 0.05f64.powf(1.0 / 50.0))).abs() < 1e-12,
        "{bound}"
    );
    certain(&few("elt < 25"), 1, "REFUTED".into());
    // a sample's mean refutes nothing, and what no input meets is known of nothing
    let mean = certain(&few("mean elt > 49"), 2, "UNDECIDED".into());
    assert!(
        mean["why"].as_str().unwrap().contains("over a sample"),
        "{mean}"
    );
    // nor does it support anything: all inputs may have another one
    let mean = certain(&few("mean elt > 3"), 2, "UNDECIDED".into());
    assert!(mean["why"].as_str().unwrap().contains("a mean"), "{mean}");
    certain(&few("min elt >= 5"), 1, "REFUTED".into());
    certain(&few("min elt < 0"), 2, "UNDECIDED".into());
    certain(&["margin > 0 when idx = 7"], 2, "UNDECIDED".into());
    certain(&few("mean elt"), 0, Value::Null);
    // text says it too
    let text = output(&["claim", "pred == truth", FEW[0], FEW[1]]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("SUPPORTED: pred == truth") && text.contains("95 % sure"),
        "{text}"
    );
    assert!(!text.contains("HOLDS"), "{text}");
}

fn written(folder: &Path, args: &[&str]) -> String {
    let file = folder
        .join("certificate.json")
        .to_string_lossy()
        .into_owned();
    let args = [&["claim"], args, &["--certificate", &file, "--force"]].concat();
    let (code, answer) = asked(&args);
    assert!(code < 2, "{answer}");
    file
}

#[test]
fn a_certificate_is_checked_again_and_any_difference_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder
        .path()
        .join("other.json")
        .to_string_lossy()
        .into_owned();
    for args in [
        &["pred == truth", "--intervene", ROW, FEW[0], FEW[1]][..],
        &["elt < 49"],
        &[
            "min A0[elt,idx] >= 0",
            "--clean",
            "1 2 3 0 4",
            FEW[0],
            FEW[1],
        ],
    ] {
        let file = written(folder.path(), args);
        let (code, answer) = asked(&["verify", &file]);
        assert_eq!((code, &answer["verified"]), (0, &true.into()), "{answer}");
        let text = std::fs::read_to_string(&file).unwrap();
        let then: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(then["format"], "circuitscope-certificate-1");
        for (name, value) in [
            ("verdict", json!("UNDECIDED")),
            ("n", json!(then["n"].as_u64().unwrap() + 1)),
            ("count", json!(then["count"].as_u64().unwrap() - 1)),
            ("mean", json!(then["mean"].as_f64().unwrap() + 0.01)),
            ("method", json!("by thinking")),
            ("task", json!("array_update list_len=4 max_num=50")),
            ("counterexample", json!({"number": 3})),
        ] {
            let mut forged = then.clone();
            forged[name] = value;
            std::fs::write(&other, forged.to_string()).unwrap();
            let (code, answer) = asked(&["verify", &other]);
            assert_eq!(
                (code, &answer["verified"]),
                (1, &false.into()),
                "{name} {answer}"
            );
            let what = answer["differences"][0]["what"].as_str().unwrap();
            assert!(what.starts_with(name), "{name}: {what}");
        }
        let mut forged = then.clone();
        forged["model"]["hash"] = json!("0123");
        forged["seconds"] = json!(0.001);
        std::fs::write(&other, forged.to_string()).unwrap();
        let (code, answer) = asked(&["verify", &other]);
        assert_eq!(
            (code, &answer["differences"][0]["what"]),
            (1, &"model.hash".into())
        );
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &["elt < 50", FEW[0], FEW[1]]);
    let then: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let wrong = |change: &dyn Fn(&mut Value), says: &str| {
        let mut forged = then.clone();
        change(&mut forged);
        std::fs::write(&file, forged.to_string()).unwrap();
        refused(&["verify", &file], says);
    };
    wrong(
        &|one| one["format"] = json!("circuitscope-certificate-9"),
        "a newer circuitscope",
    );
    wrong(&|one| one["extra"] = json!(1), "unknown field");
    wrong(&|one| one["n"] = json!("many"), "field 'n'");
    wrong(&|one| one["over"] = json!("everything"), "over");
    wrong(
        &|one| one["claim"] = json!("pred =="),
        "cannot be checked again",
    );
    wrong(
        &|one| one["interventions"] = json!(["zero all"]),
        "cannot be checked again",
    );
    wrong(
        &|one| one["said"] = json!({"device": "cuda"}),
        "no flag --device",
    );
    wrong(
        &|one| one["model"]["path"] = json!("/nowhere/model.pt"),
        "/nowhere/model.pt",
    );
    refused(
        &["verify", "/nowhere/certificate.json"],
        "/nowhere/certificate.json",
    );
    // one that is there is not overwritten unasked
    refused(
        &["claim", "elt < 50", FEW[0], FEW[1], "--certificate", &file],
        "certificate.json",
    );
}

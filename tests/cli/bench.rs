//! `bench`: every number is there. How large it is depends on the machine and is no matter of tests.

use super::{command, refused};
use serde_json::Value;

/// The numbers of the terminal, of which none may be missing.
const TERMINAL: [&str; 9] = [
    "start_to_first_frame_ms",
    "start_to_numbers_ms",
    "key_to_frame_ms.p50",
    "key_to_frame_ms.p95",
    "key_to_frame_ms.p99",
    "key_to_frame_ms.max",
    "bytes_per_key.p50",
    "bytes_per_key.p95",
    "peak_rss_mb",
];
/// Those of the model.
const COMPUTE: [&str; 13] = [
    "forward_1_us",
    "forward_cache_us",
    "grids_132_ms",
    "grids_406_ms",
    "sweep_inputs_per_s",
    "sweep_multiply_adds",
    "sweep_share_of_peak",
    "forward_inputs_per_s",
    "sweep_times_forward",
    "train_steps_per_s",
    "matmul_gflops",
    "peak_gflops",
    "threads",
];

/// What it prints; on stderr it says what it measures.
fn bench(flags: &[&str]) -> String {
    let args = [&["bench", "--quick"], flags].concat();
    let output = command(&args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("measuring the sweep\n"), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn at<'a>(answer: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(answer, |value, key| &value[key])
}

fn all_above_zero(answer: &Value, paths: &[&str]) {
    for path in paths {
        let number = at(answer, path).as_f64();
        let measured = number.is_some_and(|x| x.is_finite() && x > 0.0);
        assert!(measured, "{path} is {number:?} in {answer:#}");
    }
}

fn all_said(answer: &Value) {
    for key in ["device", "version", "system", "build"] {
        assert!(
            answer[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    assert_eq!(answer["patches"], serde_json::json!([132, 406]));
}

#[test]
fn numbers_without_a_terminal() {
    let answer: Value = serde_json::from_str(&bench(&["--numbers", "--format", "json"])).unwrap();
    all_above_zero(&answer, &COMPUTE);
    all_said(&answer);
    assert_eq!(answer["sweep_reason"], Value::Null);
    assert!(answer["sweep_share_of_peak"].as_f64().unwrap() < 1.0);
    assert!(answer.get("key_to_frame_ms").is_none());
}

#[test]
fn everything_in_terminals() {
    let answer: Value = serde_json::from_str(&bench(&["--format", "json"])).unwrap();
    all_above_zero(&answer, &COMPUTE);
    all_above_zero(&answer, &TERMINAL);
    all_said(&answer);
    assert_eq!(answer["idle_bytes_per_s"], 0.0);
    assert_eq!(
        (&answer["size"], &answer["colours"]),
        (&"120x40".into(), &"24bit".into())
    );
    let sweeping = &answer["while_sweeping"];
    all_above_zero(
        sweeping,
        &["key_to_frame_ms.p95", "times_alone_p95", "keys"],
    );
    let others = answer["other_terminals"].as_array().unwrap();
    let kinds = others
        .iter()
        .map(|other| format!("{} {}", other["size"], other["colours"]));
    let wanted = [
        r#""120x40" "256""#,
        r#""200x60" "24bit""#,
        r#""200x60" "256""#,
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), wanted);
    for other in others {
        all_above_zero(
            other,
            &["key_to_frame_ms.p50", "bytes_per_key.p95", "peak_rss_mb"],
        );
    }
}

#[test]
fn a_table_for_people_and_an_error_for_a_bad_size() {
    let text = bench(&["--numbers"]);
    for row in [
        "one forward pass",
        "132 patches",
        "406 patches",
        "of peak",
        "training, batches of 256",
    ] {
        assert!(text.contains(row), "no '{row}' in\n{text}");
    }
    refused(
        &["bench", "--size", "0x40"],
        "size 0x40 is not in 1x1..500x200",
    );
}

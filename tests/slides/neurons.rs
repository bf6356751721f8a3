//! Grids of a model that has neurons, and of one that has nothing else.

use super::common::random_of;
use super::maps::{answer, note};
use super::program::{json, output};
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding::Standard;
use circuitscope::model::weights::{RawTensor, to_safetensors};
use circuitscope::task::Task;
use serde_json::Value;
use std::collections::BTreeMap;

const PAIR: [&str; 6] = ["--clean", "5", "3", "--corrupted", "9", "3"];
const SLIDE: [&str; 2] = ["--slide", "modular_addition"];

fn names(answer: &Value) -> Vec<&str> {
    let grids = answer["grids"].as_object().unwrap();
    grids.keys().map(String::as_str).collect()
}

#[test]
fn a_neuron_everywhere_is_a_cell() {
    let answer = json(&[&["patch"], &SLIDE[..], &PAIR].concat());
    let found = names(&answer);
    for name in ["resid_mid", "mlp_out", "neurons"] {
        assert!(found.contains(&name), "{name}: {found:?}");
    }
    let grid = &answer["grids"]["neurons"];
    assert_eq!(grid["axes"], serde_json::json!(["layer", "neuron"]));
    let cells: Vec<f64> = serde_json::from_value(grid["values"][0].clone()).unwrap();
    assert_eq!(
        (grid["values"].as_array().unwrap().len(), cells.len()),
        (1, 96)
    );
    let largest = (0..96).max_by(|&a, &b| cells[a].abs().total_cmp(&cells[b].abs()));
    let largest = largest.unwrap();
    assert!(cells[largest].abs() > 0.01, "{}", cells[largest]);
    for neuron in [0, 50, largest] {
        let line = format!("patch blocks.0.mlp.hook_post @* neuron {neuron} from clean");
        let one = json(&[&["patch", "--intervene", &line], &SLIDE[..], &PAIR].concat());
        let want = one["metric"]["normalised"].as_f64().unwrap();
        assert!(
            (cells[neuron] - want).abs() < 1e-5,
            "{neuron}: {} {want}",
            cells[neuron]
        );
    }
}

#[test]
fn a_model_without_neurons_has_no_such_grid() {
    let pair = ["--clean", "5", "3", "--corrupted", "5", "1"];
    let answer = json(&[&["patch", "--slide", "min_of_two"], &pair[..]].concat());
    let found = names(&answer);
    assert!(
        found.contains(&"attn_out") && !found.contains(&"neurons"),
        "{found:?}"
    );
    assert!(!found.contains(&"mlp_out"), "{found:?}");
}

#[test]
fn too_many_neurons_are_left_out_and_told() {
    let mut config = Config::attention_only([1, 1], [4, 4], 3, [6, 5], Standard);
    config.mlp = Some(circuitscope::model::config::Mlp {
        d_mlp: 8193,
        act_fn: circuitscope::model::config::Activation::Relu,
        gated: false,
        parallel: false,
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.safetensors");
    let (weights, _) = random_of(config, Task::raw(3, 6, 5), 3).to_files().unwrap();
    std::fs::write(&path, weights).unwrap();
    let path = path.to_string_lossy();
    let ids = [
        "--clean-tokens",
        "1 2 3",
        "--corrupted-tokens",
        "1 4 3",
        "--metric",
        "2:0:1",
    ];
    let answer = json(&[&["patch", "--model", &path], &ids[..]].concat());
    assert!(!names(&answer).contains(&"neurons"));
    let told = answer["warnings"].to_string();
    assert!(
        told.contains("the grid of 8193 neurons is left out"),
        "{told}"
    );
}

/// `W_E`, `W_in` and `W_U`: no block, no stream, and neurons all the same.
#[test]
fn the_bare_model_has_a_grid_of_neurons_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare.safetensors");
    let raw = |shape: [usize; 2]| RawTensor {
        shape: shape.to_vec(),
        data: (0..shape[0] * shape[1])
            .map(|i| (i as f32 * 1.7 + shape[0] as f32).sin())
            .collect(),
    };
    let all = [("W_E", [11, 8]), ("W_in", [8, 20]), ("W_U", [20, 11])];
    let weights = all.map(|(name, shape)| (name.to_owned(), raw(shape)));
    std::fs::write(
        &path,
        to_safetensors(&weights.into(), &BTreeMap::new()).unwrap(),
    )
    .unwrap();
    let path = path.to_string_lossy();
    let model = ["--model", &path, "--task", "modular_addition"];
    let answer = json(&[&["patch"], &model[..], &PAIR].concat());
    assert_eq!(names(&answer), ["neurons"]);
    let cells = answer["grids"]["neurons"]["values"][0].clone();
    let cells: Vec<f64> = serde_json::from_value(cells).unwrap();
    assert_eq!(cells.len(), 20);
    let moves = cells.iter().position(|cell| cell.abs() > 1e-3).unwrap();
    let hook = format!("patch hook_post @* neuron {moves} from clean");
    let one = json(&[&["patch", "--intervene", &hook], &model[..], &PAIR].concat());
    let want = one["metric"]["normalised"].as_f64().unwrap();
    assert!(
        (cells[moves] - want).abs() < 1e-5,
        "{} {want}",
        cells[moves]
    );
    let table = json(&[&["ask", "-q", "grid neurons 0"], &model[..], &PAIR].concat());
    assert_eq!(table["cols"], serde_json::json!(["all"]));
    assert_eq!(table["rows"].as_array().unwrap().len(), 20);
    // there are no grids by layer to go to, and the screen says why
    let out = folder.path().join("frame.txt");
    let to = out.to_string_lossy();
    for keys in ["tab tab tab enter", "tab tab tab tab enter"] {
        let drawn = output(&[&["render", "--keys", keys, "-o", &to], &model[..]].concat());
        assert!(drawn.status.success(), "{drawn:?}");
        let frame = std::fs::read_to_string(&out).unwrap();
        assert!(
            frame.contains("no blocks") && !frame.contains("pattern cells"),
            "{frame}"
        );
    }
}

/// What is said to add up says by how much it does not.
#[test]
fn shares_print_what_is_left_over() {
    let pair = ["--clean", "(())", "--corrupted", "(((("];
    for question in [
        "neurons 1 target",
        "neurons 0 target over sample",
        "sources start→kind",
        "attribution",
    ] {
        let model = ["ask", "--slide", "brackets", "-q", question];
        let answer = json(&[&model[..], &pair].concat());
        let notes: Vec<(String, String)> = serde_json::from_value(answer["notes"].clone()).unwrap();
        let left = notes.iter().find(|(name, _)| name.ends_with("remainder"));
        assert!(left.is_some(), "{question}: {notes:?}");
        let (_, left) = left.unwrap();
        let left: f64 = left.parse().unwrap();
        assert!(left < 1e-3, "{question}: {left}");
    }
}

/// What is left over for rounding is that of the worst run of a sample, and never nothing.
#[test]
fn a_mean_over_runs_has_the_remainder_of_its_worst() {
    let remainder = |sample: &str| -> f64 {
        let line = "neurons 0 target over sample";
        let found = answer(&[&[line, "--sample", sample], &SLIDE[..]].concat());
        note(&found, "remainder").parse().unwrap()
    };
    let all = remainder("random:4:8");
    assert!(all > 0.0 && all < 1e-4, "{all}");
    assert!(all >= remainder("random:4:1"));
}

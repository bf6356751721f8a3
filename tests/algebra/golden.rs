//! Golden values: the reference checkpoint's where it is at hand, the embedded model's always.
//! Tolerances: 1e-3 on attribution and circuits, 1e-5 on mean attention, 1e-4 on scores; singular
//! values to 1e-5 of the largest.

use super::assert_close;
use super::common::{self, Tensors};
use candle_core::Tensor;
use circuitscope::lens::{
    Array, AttentionKind, Attribution, Circuit, CircuitName, HeadName, Labelled, Matrices,
    PathTables, Toward, Weight, attention_of_sample, attribute_sample, composition,
    composition_baseline, weight_singular_values,
};
use circuitscope::model::Model;
use circuitscope::task::Sample;
use serde_json::Value;

const TOLERANCE: f32 = 1e-3;

fn values(tensor: &Tensor) -> Vec<f32> {
    Array::from_tensor(tensor).unwrap().values().to_vec()
}

fn notebook(model: &Model) -> Vec<circuitscope::task::Prompt> {
    let sample = Sample::Notebook { seed: 42, len: 256 };
    sample.prompts(model.transformer.task())
}

fn attribution(model: &Model) -> Attribution {
    let weights = Matrices::new(&model.transformer).unwrap();
    let paths = PathTables::new(&weights).unwrap();
    let toward = Toward::default();
    let prompts = notebook(model);
    attribute_sample(&model.transformer, &weights, Some(&paths), &prompts, toward).unwrap()
}

/// Each golden row beside the row of the same name; `pos_embed` is no part of the stream.
fn labelled_agree(name: &str, got: &Labelled, golden: &Tensors, scalars: &Value) {
    let labels: Vec<String> =
        serde_json::from_value(scalars[format!("{name}.labels")].clone()).unwrap();
    let want = values(&golden[name]);
    let width = want.len() / labels.len();
    let mut compared = 0;
    for (label, want) in labels.iter().zip(want.chunks(width)) {
        if label == "pos_embed" {
            assert!(!got.labels.contains(label));
            continue;
        }
        let row = got.labels.iter().position(|found| found == label).unwrap();
        assert_close(
            &format!("{name} {label}"),
            got.values.slice(&[row]),
            want,
            TOLERANCE,
        );
        compared += 1;
    }
    assert_eq!(compared, got.labels.len(), "{name}: {:?}", got.labels);
}

fn attribution_agrees(model: &Model, golden: &Tensors, scalars: &Value) {
    let found = attribution(model);
    let name = "attribution.accumulated_resid";
    labelled_agree(name, &found.accumulated_resid, golden, scalars);
    let name = "attribution.decompose_resid";
    labelled_agree(name, &found.decompose_resid, golden, scalars);
    let paths = found.paths.unwrap();
    assert_eq!(paths.all.labels, ["direct", "0.0", "1.0", "0.0>1.0"]);
    let want = values(&golden["attribution.head1_paths"]);
    let got = [paths.all.values.slice(&[3]), paths.all.values.slice(&[2])].concat();
    assert_close("attribution.head1_paths", &got, &want, TOLERANCE);
    assert!(paths.remainder < 1e-4, "remainder {}", paths.remainder);
}

fn mean_patterns_agree(model: &Model, golden: &Tensors) {
    let weights = Matrices::new(&model.transformer).unwrap();
    let prompts = notebook(model);
    let mean = |kind| attention_of_sample(&model.transformer, &weights, &prompts, kind).unwrap();
    let single = mean(AttentionKind::Pattern);
    assert_eq!(single.of.to_string(), "mean of 256");
    assert_eq!(single.heads, ["0.0", "1.0"]);
    let through = mean(AttentionKind::Virtual);
    assert_eq!(through.heads, ["0.0>1.0"]);
    for (name, got) in [
        ("mean_pattern.0", single.values.slice(&[0])),
        ("mean_pattern.1", single.values.slice(&[1])),
        ("mean_pattern.virtual", through.values.slice(&[0])),
    ] {
        assert_close(name, got, &values(&golden[name]), 1e-5);
    }
}

fn circuits_agree(model: &Model, golden: &Tensors, scalars: &Value) {
    let weights = Matrices::new(&model.transformer).unwrap();
    let scalar = |name: &str| scalars[name].as_f64().unwrap();
    let mut compared = 0;
    for (key, want) in golden {
        let Some(name) = key.strip_prefix("circuit.") else {
            continue;
        };
        let circuit = CircuitName::parse(name, weights.config()).unwrap();
        let circuit = Circuit::new(&weights, &circuit, false).unwrap();
        assert_eq!(circuit.name, name);
        assert_eq!(circuit.values.shape(), want.dims(), "{name}");
        assert_eq!(
            [circuit.rows.len(), circuit.cols.len()],
            want.dims(),
            "{name}"
        );
        assert_close(name, circuit.values.values(), &values(want), TOLERANCE);
        if let Some(top1) = scalars[format!("{key}.top1_on_diagonal")].as_f64() {
            let got = circuit.top1_on_diagonal().unwrap();
            assert!((got - top1).abs() < 1e-6, "{name}: {got} instead of {top1}");
        }
        compared += 1;
    }
    assert_eq!(compared, 9, "circuits compared");
    for layer in 0..2 {
        let head = HeadName { layer, head: 0 };
        for (name, weight) in [("ov", Weight::Ov), ("qk", Weight::Qk)] {
            let got = weight_singular_values(&weights, head, weight).unwrap();
            let want = values(&golden[&format!("svd.{name}.{layer}")]);
            let got: Vec<f32> = got.iter().map(|&s| s as f32).collect();
            assert_close(name, &got, &want, 1e-5 * want[0].max(1.0));
        }
        let name = CircuitName::Ov(vec![head]);
        let circuit = Circuit::new(&weights, &name, false).unwrap();
        let got = circuit.copying_score().unwrap().unwrap();
        let want = scalar(&format!("eigen.ov.{layer}.copying_score"));
        assert!((got - want).abs() < 1e-4, "{got} instead of {want}");
    }
}

fn compositions_agree(model: &Model, scalars: &Value) {
    let weights = Matrices::new(&model.transformer).unwrap();
    let heads: Vec<_> = HeadName::all(weights.config()).collect();
    let got = composition(&weights, heads[0], heads[1]).unwrap();
    for (name, got) in [("Q", got.q), ("K", got.k), ("V", got.v)] {
        let want = scalars[format!("composition.{name}")].as_f64().unwrap();
        assert!((got - want).abs() < 1e-5, "{name}: {got} instead of {want}");
    }
    // |A B| / (|A| |B|) of random square factors is about 1 / sqrt(width)
    let baseline = composition_baseline(&weights, 0, 8);
    let expected = 1.0 / (weights.config().d_model as f64).sqrt();
    assert!((baseline.mean / expected - 1.0).abs() < 0.1, "{baseline:?}");
    assert_eq!(baseline, composition_baseline(&weights, 0, 8));
    assert!(composition(&weights, heads[1], heads[0]).is_err());
}

#[test]
fn reference_attribution() {
    if let Some((model, golden, scalars)) = common::reference() {
        attribution_agrees(&model, &golden, &scalars);
    }
}

#[test]
fn reference_mean_patterns() {
    if let Some((model, golden, _)) = common::reference() {
        mean_patterns_agree(&model, &golden);
    }
}

#[test]
fn reference_circuits() {
    if let Some((model, golden, scalars)) = common::reference() {
        circuits_agree(&model, &golden, &scalars);
        compositions_agree(&model, &scalars);
    }
}

#[test]
fn embedded_attribution() {
    let (model, golden, scalars) = common::embedded_golden();
    attribution_agrees(&model, &golden, &scalars);
}

#[test]
fn embedded_mean_patterns() {
    let (model, golden, _) = common::embedded_golden();
    mean_patterns_agree(&model, &golden);
}

#[test]
fn embedded_circuits() {
    let (model, golden, scalars) = common::embedded_golden();
    circuits_agree(&model, &golden, &scalars);
    compositions_agree(&model, &scalars);
}

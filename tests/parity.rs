//! Parity with TransformerLens, hook by hook: the reference checkpoint where it is at hand, the
//! embedded model always. Tolerances: 1e-4 absolute on activations and logits, 1e-3 on patching
//! metrics (normalised, so of the size of 1), argmax exactly.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
mod common;

use crate::common::Parts as _;
use candle_core::{DType, Tensor};
use circuitscope::lens::{
    Array, Direction, Experiment, GridName, Metric, RunName, Source, observe, observe_run,
};
use circuitscope::model::{HookName, HookedTransformer, Model, NoHooks, Recorder, Site};
use circuitscope::task::Prompt;
use common::Tensors;
use serde_json::Value;

const ACTIVATION_TOLERANCE: f32 = 1e-4;
const METRIC_TOLERANCE: f32 = 1e-3;

fn assert_close(name: &str, got: &[f32], want: &[f32], tolerance: f32) {
    assert_eq!(got.len(), want.len(), "{name}: another number of values");
    let worst = got
        .iter()
        .zip(want)
        .map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() })
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap();
    assert!(
        worst.1 <= tolerance,
        "{name}[{}]: {} instead of {}, off by {}",
        worst.0,
        got[worst.0],
        want[worst.0],
        worst.1
    );
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Array::from_tensor(tensor).unwrap().values().to_vec()
}

fn token_rows(tensor: &Tensor) -> Vec<Vec<u32>> {
    let tensor = tensor.to_dtype(DType::U32).unwrap();
    tensor.to_vec2().unwrap()
}

fn prompt_of(model: &HookedTransformer, tokens: &[u32]) -> Prompt {
    let l = model.task().answers.len();
    Prompt {
        values: common::update(model.task(), &tokens[1..=l], tokens[l + 2], tokens[l + 3]),
        continuation: tokens[l + 5..].to_vec(),
    }
}

fn forward_agrees(model: &Model, golden: &Tensors) {
    let model = &model.transformer;
    let rows = token_rows(&golden["forward.tokens"]);
    let logits = model
        .forward(&model.tokens(&rows).unwrap(), &mut NoHooks)
        .unwrap();
    assert_close(
        "forward.logits",
        &values(&logits),
        &values(&golden["forward.logits"]),
        ACTIVATION_TOLERANCE,
    );
    let argmax = token_rows(&logits.argmax(2).unwrap());
    assert_eq!(argmax, token_rows(&golden["forward.argmax"]));
    let losses = values(&golden["forward.loss_per_position"]);
    for (row, losses) in rows.iter().zip(losses.chunks(model.task().answers.len())) {
        // the golden loss is that of the continuation as typed, ours that of the truth
        let prompt = prompt_of(model, row);
        if prompt.continuation != prompt.values.answers() {
            continue;
        }
        let run = observe_run(model, &Source::from(prompt)).unwrap();
        let got: Vec<f32> = run
            .predictions(model.task())
            .iter()
            .map(|p| -p.log_prob)
            .collect();
        assert_close("loss_per_position", &got, losses, ACTIVATION_TOLERANCE);
    }
}

fn cache_agrees(model: &Model, golden: &Tensors) {
    let model = &model.transformer;
    let rows = token_rows(&golden["forward.tokens"]);
    let tokens = model.tokens(&rows[..4]).unwrap();
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).with_result();
    model.forward(&tokens, &mut recorder).unwrap();
    let cache = recorder.into_cache();
    let compared = golden
        .iter()
        .filter_map(|(name, want)| Some((name.strip_prefix("cache4.")?, want)))
        .map(|(name, want)| {
            let hook = HookName::parse(name, model.config()).unwrap();
            let got = cache.get(hook).unwrap();
            let got = got.broadcast_as(want.shape()).unwrap();
            let (mut got, mut want) = (values(&got), values(want));
            if matches!(hook, HookName::Block(_, Site::AttnScores)) {
                // masked scores are minus infinity here and a large negative number there
                let masked: Vec<bool> = want.iter().map(|&score| score < -9e4).collect();
                assert!(
                    masked
                        .iter()
                        .zip(&got)
                        .all(|(&m, g)| m == (*g == f32::NEG_INFINITY))
                );
                for values in [&mut got, &mut want] {
                    for (value, _) in values.iter_mut().zip(&masked).filter(|(_, m)| **m) {
                        *value = 0.0;
                    }
                }
            }
            assert_close(name, &got, &want, ACTIVATION_TOLERANCE);
        })
        .count();
    assert_eq!(
        compared,
        2 + 10 * model.config().n_layers,
        "hook points compared"
    );
}

fn patching_agrees(model: &Model, golden: &Tensors, scalars: &Value) {
    let task = model.transformer.task();
    for (k, pair) in scalars["patching.pairs"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let tokens =
            |side: &str| -> Vec<u32> { serde_json::from_value(pair[side].clone()).unwrap() };
        let number = |name: &str| pair[name].as_u64().unwrap() as u32;
        let source = |side: &str| Source::from(prompt_of(&model.transformer, &tokens(side)));
        let experiment = Experiment {
            clean: source("clean"),
            corrupted: source("corrupted"),
            direction: Direction::Denoise,
            metric: Some(Metric {
                position: number("metric_position") as usize,
                answer: number("answer"),
                other: number("other"),
            }),
            measure: circuitscope::lens::Measure::default(),
            interventions: Vec::new(),
            sample: circuitscope::task::Sample::default(),
        };
        let seen = observe(&model.transformer, &experiment, &|| false)
            .unwrap()
            .unwrap();
        let metric = seen.metric.unwrap();
        for (name, got) in [
            ("clean_logit_diff", metric.clean),
            ("corrupted_logit_diff", metric.corrupted),
        ] {
            let want = pair[name].as_f64().unwrap() as f32;
            assert_close(name, &[got], &[want], METRIC_TOLERANCE);
        }
        assert_eq!(seen.run(RunName::Clean).tokens, tokens("clean"));
        for name in GridName::all(model.transformer.config()) {
            let want = &golden[&format!("patching.{k}.{}", name.name())];
            let got = &seen.grid(name).unwrap().values;
            assert_eq!(got.shape(), want.dims(), "{}", name.name());
            let label = format!("pair {k} of {}: {}", task.seq_len(), name.name());
            assert_close(&label, got.values(), &values(want), METRIC_TOLERANCE);
        }
    }
}

#[test]
fn reference_forward() {
    if let Some((model, golden, _)) = common::reference() {
        forward_agrees(&model, &golden);
    }
}

#[test]
fn reference_cache() {
    if let Some((model, golden, _)) = common::reference() {
        cache_agrees(&model, &golden);
    }
}

#[test]
fn reference_patching() {
    if let Some((model, golden, scalars)) = common::reference() {
        patching_agrees(&model, &golden, &scalars);
    }
}

#[test]
fn embedded_forward() {
    let (model, golden, _) = common::embedded_golden();
    forward_agrees(&model, &golden);
}

#[test]
fn embedded_cache() {
    let (model, golden, _) = common::embedded_golden();
    cache_agrees(&model, &golden);
}

#[test]
fn embedded_patching() {
    let (model, golden, scalars) = common::embedded_golden();
    patching_agrees(&model, &golden, &scalars);
}

//! Models with norms, MLPs, other positions and directions: given a run's attention, scales and gates
//! everything is a sum, at every position of every model.

use super::common::{beyond, device, random_update, shared};
use super::{assert_close, total};
use crate::zoo::CHECKPOINTS;
use candle_core::{DType, Device};
use circuitscope::lens::slide::{Wish, open};
use circuitscope::lens::{
    AttentionCell, Circuit, CircuitName, Direction, Experiment, HeadName, Intervention, Matrices,
    Measure, PathTables, RunView, Source, Toward, attribute, neurons, observe, observe_cache,
    observe_run, split_score,
};
use circuitscope::model::HookName;
use circuitscope::model::config::{Normalization, PositionalEmbedding, Sidecar};
use circuitscope::model::weights::{RawTensor, StateDict};
use circuitscope::model::{HookedTransformer, Model, Opened};
use circuitscope::task::{Prompt, Sample, Task, Values};
use rand_mt::Mt;
use std::path::PathBuf;

/// The largest number of a run's logits, at least 1.
fn size(run: &RunView) -> f64 {
    let logits = run.logits.values().iter();
    f64::from(logits.fold(1.0f32, |most, x| most.max(x.abs())))
}

/// Everything that is told of a run adds up to what it computed.
fn check(name: &str, model: &HookedTransformer, run: &RunView) {
    let weights = Matrices::new(model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let found = attribute(&weights, Some(&tables), run, Toward::default()).unwrap();
    let paths = found.paths.as_ref().unwrap();
    // what TransformerLens itself computes is as far off in single precision
    let rounding = 2e-5 * size(run);
    assert!(found.remainder <= rounding, "{name}: {}", found.remainder);
    assert!(paths.remainder <= rounding, "{name}: {}", paths.remainder);
    for i in 0..found.predictions.len() {
        let sum = |labelled: &circuitscope::lens::Labelled| -> f64 {
            let rows = 0..labelled.labels.len();
            rows.map(|row| f64::from(labelled.values.slice(&[row])[i]))
                .sum()
        };
        let logit = f64::from(found.logits.values()[i]);
        let bias = f64::from(found.unembed_bias.values()[i]);
        let parts = sum(&found.decompose_resid) + bias;
        assert!(
            (parts - logit).abs() <= 3.0 * rounding,
            "{name}: {parts}, not {logit}"
        );
        let all = sum(&paths.all);
        assert!(
            (all - logit).abs() <= 3.0 * rounding,
            "{name}: {all}, not {logit}"
        );
    }
    for head in HeadName::all(model.config()) {
        for dest in 0..run.tokens.len() {
            for src in [0, dest / 2, run.tokens.len() - 1] {
                let masked = src > dest && model.config().is_causal();
                let cell = AttentionCell { dest, src };
                let split = split_score(&weights, run, head, cell, None);
                if masked || model.config().pad_token == Some(run.tokens[src]) {
                    assert!(split.is_err(), "{name}: {head} {cell:?}");
                    continue;
                }
                let split = split.unwrap();
                let score = f64::from(split.score);
                let near = 1e-4 * score.abs().max(1.0);
                assert!(
                    (split.total - score).abs() <= near,
                    "{name}: {head} {split:?}"
                );
                assert!(
                    (total(&split.values) - score).abs() <= near,
                    "{name}: {head}"
                );
            }
        }
    }
}

#[test]
fn every_option_of_a_config_adds_up() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let configs = std::fs::read_to_string(folder.join("options.json")).unwrap();
    let configs: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&configs).unwrap();
    let tensors = folder.join("options.safetensors");
    let tensors = candle_core::safetensors::load(tensors, &Device::Cpu).unwrap();
    assert!(configs.len() >= 27);
    for (name, config) in &configs {
        let start = format!("{name}/weights/");
        let weights = tensors.iter().filter_map(|(key, tensor)| {
            let data = tensor.flatten_all().unwrap().to_dtype(DType::F32).unwrap();
            let raw = RawTensor {
                shape: tensor.dims().to_vec(),
                data: data.to_vec1().unwrap(),
            };
            Some((key.strip_prefix(&start)?.to_owned(), raw))
        });
        let weights: StateDict = weights.collect();
        let said = Sidecar::from_fields(config.as_object().unwrap()).unwrap();
        let opened = Opened::of(weights, &said, name.clone()).unwrap();
        let config = opened.config.clone();
        let rows = tensors[&format!("{name}/tokens")]
            .to_dtype(DType::U32)
            .unwrap();
        let rows: Vec<Vec<u32>> = rows.to_vec2().unwrap();
        let task = Task::raw(rows[0].len(), config.d_vocab, config.d_vocab_out);
        let model = Model::of(&opened, config, task, device())
            .unwrap()
            .transformer;
        for tokens in rows {
            let prompt = Prompt::teacher_forced(Values::new(task, tokens));
            let run = observe_run(&model, &Source::from(prompt)).unwrap();
            check(name, &model, &run);
        }
    }
}

#[test]
fn random_models_add_up() {
    let task = Task::array_update(2, 5).unwrap();
    let mut rng = Mt::new(3);
    for (name, model) in beyond(task) {
        let run = observe_run(&model, &Source::new(random_update(task, &mut rng))).unwrap();
        check(name, &model, &run);
    }
}

#[test]
fn every_checkpoint_of_the_zoo_adds_up() {
    let Some(folder) = shared() else { return };
    for (name, task) in CHECKPOINTS {
        let wish = Wish {
            task: Some(task.to_owned()),
            ..Wish::default()
        };
        let path = folder.join(format!("zoo/models/{name}.pt"));
        let model = open(&path, &wish, device()).unwrap().transformer;
        let sample = Sample::Random { seed: 5, len: 3 };
        for prompt in &sample.prompts(model.task()) {
            let run = observe_run(&model, &Source::from(prompt.clone())).unwrap();
            check(name, &model, &run);
        }
    }
}

fn under(model: &HookedTransformer, values: &Values, lines: &[String]) -> RunView {
    let parse = |line: &String| Intervention::parse(line, model.task(), model.config()).unwrap();
    let experiment = Experiment {
        clean: Source::new(values.clone()),
        corrupted: Source::new(values.clone()),
        direction: Direction::Noise,
        metric: None,
        measure: Measure::default(),
        interventions: lines.iter().map(parse).collect(),
        sample: Sample::default(),
    };
    observe(model, &experiment, &|| false)
        .unwrap()
        .unwrap()
        .patched
}

/// A part is what the logits lose without it, by a forward pass in which the last scale and what
/// later MLPs write are held.
#[test]
fn a_part_is_what_a_pass_without_it_lacks() {
    let task = Task::array_update(2, 5).unwrap();
    let mut rng = Mt::new(9);
    for (name, model) in beyond(task) {
        let values = random_update(task, &mut rng);
        let (config, toward) = (model.config(), Toward::default());
        let weights = Matrices::new(&model).unwrap();
        let run = observe_run(&model, &Source::new(values.clone())).unwrap();
        let found = attribute(&weights, None, &run, toward).unwrap();
        let last = config.n_layers - 1;
        let mut held = Vec::new();
        if config.has(HookName::FinalScale) {
            held.push("patch ln_final.hook_scale @* from clean".to_owned());
        }
        let mlp_out = format!("blocks.{last}.hook_mlp_out @*");
        let mut parts: Vec<(String, Vec<f32>)> = Vec::new();
        for head in 0..config.n_heads {
            let row = last * config.n_heads + head;
            let away = format!("zero blocks.{last}.attn.hook_result @* head {head}");
            parts.push((away, found.heads.values.slice(&[row]).to_vec()));
        }
        if config.mlp.is_some() {
            held.push(format!("patch {mlp_out} from clean"));
            let row = found.decompose_resid.labels.iter();
            let row = row
                .clone()
                .position(|label| *label == format!("{last}_mlp_out"));
            let values = found.decompose_resid.values.slice(&[row.unwrap()]);
            parts.push((format!("zero {mlp_out}"), values.to_vec()));
        }
        if config.mlp.is_some() && config.normalization == Normalization::None {
            let row = found.decompose_resid.labels.iter();
            let row = row.clone().position(|label| label == "0_mlp_out").unwrap();
            let values = found.decompose_resid.values.slice(&[row]);
            parts.push(("edge M0->logits off".to_owned(), values.to_vec()));
        }
        for (away, share) in parts {
            let mut lines = held.clone();
            lines.push(away.clone());
            let without = under(&model, &values, &lines);
            let lost: Vec<f32> = (0..share.len())
                .map(|i| {
                    let dest = task.predicts_at(i);
                    let (token, _) = toward.tokens(task, &run.prompt, i);
                    let logit = |run: &RunView| run.logits.get(&[dest, token as usize]).unwrap();
                    logit(&run) - logit(&without)
                })
                .collect();
            assert_close(
                &format!("{name}: {away}"),
                &lost,
                &share,
                2e-5 * size(&run) as f32,
            );
        }
    }
}

/// Neurons and the bias are what the MLP adds; and a neuron is what the logits lose without it.
#[test]
fn neurons_add_up_to_the_mlp() {
    let task = Task::array_update(2, 5).unwrap();
    let mut rng = Mt::new(21);
    for (name, model) in beyond(task) {
        let weights = Matrices::new(&model).unwrap();
        let (config, toward) = (model.config(), Toward::default());
        let values = random_update(task, &mut rng);
        for lines in [
            Vec::new(),
            vec!["scale blocks.0.hook_resid_post @* by 0.5".to_owned()],
        ] {
            let run = under(&model, &values, &lines);
            if config.mlp.is_none() {
                assert!(neurons(&weights, &run, 0, toward).is_err(), "{name}");
                continue;
            }
            let found = attribute(&weights, None, &run, toward).unwrap();
            for layer in 0..config.n_layers {
                let each = neurons(&weights, &run, layer, toward).unwrap();
                let label = format!("{layer}_mlp_out");
                let row = found.decompose_resid.labels.iter();
                let row = row.clone().position(|one| *one == label).unwrap();
                let want = found.decompose_resid.values.slice(&[row]);
                let sums: Vec<f32> = (0..want.len())
                    .map(|i| {
                        let column = each.values.values().iter().skip(i).step_by(want.len());
                        column.sum::<f32>() + each.bias.values()[i]
                    })
                    .collect();
                assert_close(&format!("{name}: {label}"), &sums, want, 1e-4);
            }
        }
    }
}

/// A circuit's table with its norms folded in is what a pass shows, up to the scale of its run.
#[test]
fn folded_circuits_are_what_a_pass_shows() {
    let task = Task::array_update(2, 5).unwrap();
    let mut rng = Mt::new(23);
    for (name, model) in beyond(task) {
        let config = model.config();
        let weights = Matrices::new(&model).unwrap();
        let circuit = |text: &str| {
            let circuit = CircuitName::parse(text, config).unwrap();
            match config.normalization {
                Normalization::None => Circuit::new(&weights, &circuit, false).unwrap(),
                _ => Circuit::folded(&weights, &circuit, false).unwrap(),
            }
        };
        let source = Source::new(random_update(task, &mut rng));
        let (run, cache) = observe_cache(&model, &source).unwrap();
        let scale = |hook: &str, pos: usize| -> f32 {
            let hook = HookName::parse(hook, config);
            hook.map_or(1.0, |hook| {
                let row = cache.get(hook).unwrap().get(0).unwrap();
                row.get(pos).unwrap().to_vec1::<f32>().unwrap()[0]
            })
        };
        let held = |hook: &str, pos: usize| -> Vec<f32> {
            let value = cache.get(HookName::parse(hook, config).unwrap()).unwrap();
            let row = value.get(0).unwrap().get(pos).unwrap();
            row.flatten_all().unwrap().to_vec1().unwrap()
        };
        let pos = 3;
        let token = run.tokens[pos] as usize;
        // the first layer's neurons read the stream before attention where they stand beside it
        if config.mlp.is_some_and(|mlp| mlp.parallel) {
            let both = |what: &str| -> Vec<f32> {
                let tokens = circuit(&format!("mlp.0.{what}"));
                let mut sum = tokens.values.slice(&[token]).to_vec();
                if let Ok(from) = CircuitName::parse(&format!("mlp.0.{what}.pos"), config) {
                    let positions = circuit(&from.text(config));
                    let row = positions.values.slice(&[pos]);
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
                let scale = scale("blocks.0.ln2.hook_scale", pos);
                sum.iter().map(|x| x / scale).collect()
            };
            let gated = config.mlp.is_some_and(|mlp| mlp.gated);
            let bias = match gated {
                true => vec![0.0; 12],
                false => {
                    let state = model.state_dict().unwrap();
                    state["blocks.0.mlp.b_in"].data.clone()
                }
            };
            let read = both(if gated { "gate" } else { "in" });
            let pre: Vec<f32> = read.iter().zip(bias).map(|(x, b)| x + b).collect();
            assert_close(
                &format!("{name}: pre"),
                &pre,
                &held("blocks.0.mlp.hook_pre", pos),
                1e-4,
            );
            if gated {
                let linear = held("blocks.0.mlp.hook_pre_linear", pos);
                assert_close(&format!("{name}: linear"), &both("in"), &linear, 1e-4);
            }
        }
        // a block of the concatenated circuit is the circuit of its own
        for text in ["qk.0.1.all_all", "ov.0.0.all", "direct.all"] {
            let Ok(all) = CircuitName::parse(text, config) else {
                let standard = config.positional_embedding == PositionalEmbedding::Standard;
                let read = config.has_w_pos() && text.starts_with("qk");
                assert!(!standard && !read, "{name}: {text}");
                continue;
            };
            let all = circuit(&all.text(config));
            let own = circuit(&text.replace("all_all", "pos_tok").replace(".all", ".pos"));
            assert_eq!(
                all.rows.len(),
                config.d_vocab + config.n_ctx,
                "{name}: {text}"
            );
            for row in 0..config.n_ctx {
                let cells = &all.values.slice(&[config.d_vocab + row])[..own.cols.len()];
                assert_close(text, cells, own.values.slice(&[row]), 1e-5);
            }
        }
        let last = circuit(&format!("ov.{}.1", config.n_layers - 1));
        assert_eq!(last.rows.len(), config.d_vocab);
    }
}

//! Models from state dicts and files: what is taken, what is refused and how it is said.

use candle_core::Device;
use circuitscope::lens::{Source, observe_run};
use circuitscope::model::config::PositionalEmbedding::{Shortformer, Standard};
use circuitscope::model::config::Sidecar;
use circuitscope::model::weights::{RawTensor, StateDict, to_safetensors};
use circuitscope::model::{HookedTransformer, Model};
use circuitscope::task::Task;
use rand_mt::Mt;
use std::collections::BTreeMap;

pub fn small() -> HookedTransformer {
    let task = Task::array_update(3, 7).unwrap();
    super::common::random_model([2, 2], Shortformer, task, 1)
}

pub fn build(weights: &StateDict, sidecar: &Sidecar) -> anyhow::Result<Model> {
    Model::from_state_dict(weights, sidecar, "test".into(), &Device::Cpu)
}

pub fn raw(shape: &[usize]) -> RawTensor {
    RawTensor {
        shape: shape.to_vec(),
        data: vec![0.0; shape.iter().product()],
    }
}

/// The one line that a changed checkpoint is refused with.
fn refused(change: impl FnOnce(&mut StateDict)) -> String {
    let mut weights = small().state_dict().unwrap();
    change(&mut weights);
    let error = build(&weights, &Sidecar::default()).unwrap_err();
    let message = format!("{error:#}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
    message
}

fn logits(model: &HookedTransformer) -> Vec<f32> {
    let update = super::common::random_update(model.task(), &mut Mt::new(9));
    let run = observe_run(model, &Source::new(update)).unwrap();
    run.logits.values().to_vec()
}

#[test]
fn a_missing_tensor_is_named() {
    for name in [
        "embed.W_E",
        "pos_embed.W_pos",
        "unembed.W_U",
        "blocks.0.attn.W_Q",
        "blocks.1.attn.W_Q",
        "blocks.0.attn.W_K",
        "blocks.1.attn.W_V",
        "blocks.1.attn.W_O",
    ] {
        let message = refused(|weights| drop(weights.remove(name)));
        assert!(
            message.contains(name) && message.contains("missing"),
            "{message}"
        );
    }
    let message = format!(
        "{:#}",
        build(&StateDict::new(), &Sidecar::default()).unwrap_err()
    );
    assert!(
        message.contains("is this the state dict of a small transformer?"),
        "{message}"
    );
}

#[test]
fn an_extra_tensor_is_named_with_the_reason() {
    for (name, reason) in [
        (
            "blocks.0.mlp.W_out",
            "no tensor of this model's MLPs has this name",
        ),
        (
            "blocks.1.ln1.w",
            "no tensor of this model's norms has this name",
        ),
        ("ln_final.w", "no tensor of this model's norms"),
        ("embed.W_X", "no tensor of this model has this name"),
        ("blocks.0.attn.\u{1b}[2J", "no tensor of"),
    ] {
        let message = refused(|weights| drop(weights.insert(name.into(), raw(&[2]))));
        assert!(
            message.contains("is extra") && message.contains(reason),
            "{message}"
        );
    }
    // a tensor of a layer that is not there
    let message = refused(|weights| drop(weights.insert("blocks.7.attn.W_K".into(), raw(&[2]))));
    assert!(message.contains("blocks.2.attn.W_"), "{message}");
    let huge = format!("blocks.{}.attn.W_K", usize::MAX);
    let message = refused(|weights| drop(weights.insert(huge, raw(&[2]))));
    assert!(message.contains("n_layers is"), "{message}");
}

#[test]
fn buffers_are_no_weights() {
    let mut weights = small().state_dict().unwrap();
    let hash = build(&weights, &Sidecar::default()).unwrap().hash;
    let mut mask = raw(&[11, 11]);
    for (i, cell) in mask.data.iter_mut().enumerate() {
        *cell = f32::from(i % 11 <= i / 11);
    }
    weights.insert("blocks.0.attn.mask".into(), mask.clone());
    let mut ignore = raw(&[]);
    ignore.data[0] = f32::NEG_INFINITY;
    weights.insert("blocks.0.attn.IGNORE".into(), ignore);
    let causal = build(&weights, &Sidecar::default()).unwrap();
    assert_eq!(causal.hash, hash);
    assert!(causal.transformer.config().is_causal());
    // a mask that is another one is no mere buffer: TransformerLens computes with it
    let full = weights.get_mut("blocks.0.attn.mask").unwrap();
    full.data.fill(1.0);
    let full = build(&weights, &Sidecar::default()).unwrap();
    assert!(!full.transformer.config().is_causal());
    assert_ne!(full.hash, hash);
    mask.data[11] = 0.0;
    weights.insert("blocks.0.attn.mask".into(), mask);
    let refused = build(&weights, &Sidecar::default()).unwrap_err();
    let message = format!("{refused:#}");
    assert!(
        message.contains("blocks.0.attn.mask masks attention in a way"),
        "{message}"
    );
}

#[test]
fn a_misshapen_tensor_is_named_with_the_shape_it_needs() {
    for (name, shape, needed) in [
        ("embed.W_E", &[9][..], "two dimensions are needed"),
        (
            "blocks.0.attn.W_Q",
            &[16, 8],
            "[n_heads, d_model, d_head] is needed",
        ),
        ("blocks.1.attn.W_Q", &[1, 16, 8], "[2, 16, 8] is needed"),
        ("blocks.0.attn.W_O", &[2, 16, 8], "[2, 8, 16] is needed"),
        ("blocks.0.attn.b_Q", &[8], "[2, 8] is needed"),
        ("unembed.b_U", &[8], "[7] is needed"),
        ("pos_embed.W_pos", &[11, 15], "[11, 16] is needed"),
        (
            "pos_embed.W_pos",
            &[12, 16],
            "an array update has 2 * list_len + 5",
        ),
        ("unembed.W_U", &[16, 8], "this is no array-update model"),
        ("embed.W_E", &[0, 16], "d_vocab is 0"),
    ] {
        let message = refused(|weights| drop(weights.insert(name.into(), raw(shape))));
        assert!(message.contains(needed), "{name}: {message}");
    }
}

#[test]
fn every_weight_is_finite() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for name in ["embed.W_E", "blocks.1.attn.b_V", "unembed.b_U"] {
            let message = refused(|weights| weights.get_mut(name).unwrap().data[3] = bad);
            let expected = format!("tensor {name} holds {bad}; every weight must be finite");
            assert_eq!(message, expected);
        }
    }
}

#[test]
fn files_that_are_not_there() {
    let message = format!(
        "{:#}",
        Model::open("no/such.pt".as_ref(), &Device::Cpu).unwrap_err()
    );
    assert!(message.contains("no/such.pt"), "{message}");
}

#[test]
fn saving_and_loading_keeps_hash_and_logits() {
    let task = Task::array_update(3, 7).unwrap();
    for (size, positions) in [
        ([1, 1], Shortformer),
        ([2, 2], Standard),
        ([3, 1], Shortformer),
        ([2, 4], Shortformer),
    ] {
        let model = super::common::random_model(size, positions, task, 5);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (weights, config) = model.to_files().unwrap();
        std::fs::write(&path, &weights).unwrap();
        std::fs::write(path.with_extension("json"), config).unwrap();
        let read = Model::open(&path, &Device::Cpu).unwrap();
        assert_eq!(read.transformer.config(), model.config());
        assert_eq!(read.transformer.task(), task);
        assert_eq!(logits(&read.transformer), logits(&model));
        assert_eq!(read.transformer.to_files().unwrap().0, weights);
        assert_eq!(read.name, "model.safetensors");
        let again = build(
            &model.state_dict().unwrap(),
            &Sidecar::describing(model.config(), task),
        )
        .unwrap();
        assert_eq!(again.hash, read.hash);
        assert!(read.hash.starts_with(read.short_hash()) && read.short_hash().len() == 8);
    }
}

#[test]
fn absent_biases_are_zero_and_do_not_change_the_hash() {
    let mut weights = small().state_dict().unwrap();
    for (name, tensor) in &mut weights {
        if name.contains(".b_") {
            tensor.data.fill(0.0);
        }
    }
    let zeros = build(&weights, &Sidecar::default()).unwrap();
    weights.retain(|name, _| !name.contains(".b_"));
    let absent = build(&weights, &Sidecar::default()).unwrap();
    assert_eq!(absent.hash, zeros.hash);
    assert_eq!(logits(&absent.transformer), logits(&zeros.transformer));
    assert_ne!(
        absent.hash,
        build(&small().state_dict().unwrap(), &Sidecar::default())
            .unwrap()
            .hash
    );
}

#[test]
fn every_bias_is_used() {
    let untouched = logits(&small());
    for name in small()
        .state_dict()
        .unwrap()
        .keys()
        .filter(|name| name.contains(".b_"))
    {
        let mut weights = small().state_dict().unwrap();
        weights.get_mut(name).unwrap().data[0] += 1.0;
        let changed = logits(&build(&weights, &Sidecar::default()).unwrap().transformer);
        // a key's bias adds the same to a whole row of scores, which softmax takes away again
        let worst = changed
            .iter()
            .zip(&untouched)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert_eq!(worst > 1e-3, !name.ends_with("b_K"), "{name}: {worst}");
        if name == "unembed.b_U" {
            let shift = changed[0] - untouched[0];
            assert!((shift - 1.0).abs() < 1e-5 && changed[1] == untouched[1]);
        }
    }
}

/// One layer, one head, by hand: the sums of the definition, in f64.
#[test]
fn one_layer_by_hand() {
    let task = Task::array_update(1, 3).unwrap();
    for positions in [Shortformer, Standard] {
        let model = super::common::random_model([1, 1], positions, task, 8);
        let weights = model.state_dict().unwrap();
        let at = |name: &str, row: usize, column: usize| {
            let tensor = &weights[name];
            let columns = *tensor.shape.last().unwrap();
            f64::from(tensor.data[row * columns + column])
        };
        let tokens = [3usize, 1, 4, 0, 2, 4, 2];
        let (d, e, n) = (16, 8, tokens.len());
        let matrix = |f: &dyn Fn(usize, usize) -> f64, columns: usize| -> Vec<Vec<f64>> {
            (0..n)
                .map(|p| (0..columns).map(|c| f(p, c)).collect())
                .collect()
        };
        let embed = matrix(&|p, c| at("embed.W_E", tokens[p], c), d);
        let with_pos = matrix(&|p, c| embed[p][c] + at("pos_embed.W_pos", p, c), d);
        let resid = if positions == Standard {
            &with_pos
        } else {
            &embed
        };
        let project = |x: &Vec<Vec<f64>>, side: &str| {
            let w = format!("blocks.0.attn.W_{side}");
            let b = format!("blocks.0.attn.b_{side}");
            matrix(
                &|p, c| at(&b, 0, c) + (0..d).map(|i| x[p][i] * at(&w, i, c)).sum::<f64>(),
                e,
            )
        };
        let (q, k, v) = (
            project(&with_pos, "Q"),
            project(&with_pos, "K"),
            project(resid, "V"),
        );
        let z = matrix(
            &|p, c| {
                let score =
                    |s: usize| (0..e).map(|i| q[p][i] * k[s][i]).sum::<f64>() / (e as f64).sqrt();
                let weights: Vec<f64> = (0..=p).map(|s| score(s).exp()).collect();
                weights
                    .iter()
                    .enumerate()
                    .map(|(s, w)| w * v[s][c])
                    .sum::<f64>()
                    / weights.iter().sum::<f64>()
            },
            e,
        );
        let out = matrix(
            &|p, c| {
                let heads: f64 = (0..e)
                    .map(|i| z[p][i] * at("blocks.0.attn.W_O", i, c))
                    .sum();
                resid[p][c] + heads + at("blocks.0.attn.b_O", 0, c)
            },
            d,
        );
        let want = matrix(
            &|p, c| {
                at("unembed.b_U", 0, c)
                    + (0..d)
                        .map(|i| out[p][i] * at("unembed.W_U", i, c))
                        .sum::<f64>()
            },
            3,
        );
        let prompt = task.parse_prompt("3 1 4 0 2 4 2").unwrap();
        let run = observe_run(&model, &Source::from(prompt)).unwrap();
        for (got, want) in run.logits.values().iter().zip(want.iter().flatten()) {
            assert!((f64::from(*got) - want).abs() < 1e-5, "{got} {want}");
        }
    }
}

#[test]
fn the_embedded_model_is_sound() {
    let model = super::common::embedded();
    assert_eq!(model.name, "array_update (embedded)");
    assert_eq!(model.transformer.task(), Task::default());
    let weights = model.transformer.state_dict().unwrap();
    let bytes = to_safetensors(&weights, &BTreeMap::new()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.safetensors");
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(Model::open(&path, &Device::Cpu).unwrap().hash, model.hash);
}

/// A file of a few kilobytes whose every run would hold gigabytes.
#[test]
fn a_model_whose_runs_hold_too_much_is_refused_with_the_figure() {
    let (layers, heads, list_len) = (32, 64, 50);
    let task = Task::array_update(list_len, 50).unwrap();
    let mut weights = StateDict::new();
    let mut put = |name: String, shape: &[usize]| drop(weights.insert(name, raw(shape)));
    put("embed.W_E".into(), &[task.d_vocab(), 1]);
    put("pos_embed.W_pos".into(), &[task.seq_len(), 1]);
    put("unembed.W_U".into(), &[1, 50]);
    for layer in 0..layers {
        for side in ["W_Q", "W_K", "W_V", "W_O"] {
            put(format!("blocks.{layer}.attn.{side}"), &[heads, 1, 1]);
        }
    }
    let error = format!("{:#}", build(&weights, &Sidecar::default()).unwrap_err());
    for part in [
        "105 positions",
        "32 layers of 64 heads",
        "MB of activations",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

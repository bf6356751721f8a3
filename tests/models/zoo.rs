//! Public checkpoints of small transformers, where they are at hand, against TransformerLens: logits,
//! activations, patching grids.

use super::activations::{assert_alike, assert_close, everything, values};
use super::common::{Tensors, device, shared};
use candle_core::{DType, Device, Tensor};
use circuitscope::model::config::{Overrides, PositionalEmbedding};
use circuitscope::model::{HookName, HookedTransformer, Hooks, Model, Opened, Site};
use circuitscope::task::Task;
use std::path::Path;

/// The checkpoints, and what must be said of each for it to be what its author ran.
const ZOO: [(&str, &[(&str, &str)]); 15] = [
    ("ck_min_int", &[]),
    ("ck_majority", &[]),
    ("ck_sort", &[]),
    ("ck_permute", &[]),
    ("ck_array_indexing", &[("positions", "shortformer")]),
    ("ck_rederive_position", &[]),
    ("ck_modular_subtraction", &[]),
    ("ck_modular_addition_mlp", &[]),
    ("arena_palindrome_july", &[]),
    ("arena_unique_char", &[]),
    ("arena_sorted_list", &[]),
    ("arena_cumsum", &[]),
    ("arena_palindrome_eagx", &[]),
    (
        "arena_brackets",
        &[("attention", "bidirectional"), ("pad", "1")],
    ),
    ("rakaar_max_list_s42", &[]),
];

fn opened(zoo: &Path, name: &str, said: &[(&str, &str)]) -> HookedTransformer {
    let mut overrides = Overrides::default();
    for (option, word) in said {
        overrides.set(option, word).unwrap();
    }
    let path = zoo.join(format!("models/{name}.pt"));
    let opened = Opened::read(&path, &overrides).unwrap();
    let config = opened.config.clone();
    let model = Model::of(&opened, config, Task::default(), device()).unwrap();
    model.transformer
}

fn every(mut look: impl FnMut(&str, &HookedTransformer, &Tensors)) {
    let Some(shared) = shared() else {
        return;
    };
    let zoo = shared.join("zoo");
    for (name, said) in ZOO {
        let model = opened(&zoo, name, said);
        let reference = zoo.join(format!("reference/{name}.safetensors"));
        let reference = candle_core::safetensors::load(reference, &Device::Cpu).unwrap();
        look(name, &model, &reference);
    }
}

fn prompt(reference: &Tensors, number: usize) -> Option<Vec<u32>> {
    let tokens = reference.get(&format!("prompt.{number}.tokens"))?;
    Some(tokens.to_dtype(DType::U32).unwrap().to_vec1().unwrap())
}

#[test]
fn logits() {
    every(|name, model, reference| {
        let mut count = 0;
        while let Some(tokens) = prompt(reference, count) {
            let logits = everything(model, &[tokens]).0;
            let want = &reference[&format!("prompt.{count}.logits")];
            assert_alike(&format!("{name}: logits of prompt {count}"), &logits, want);
            count += 1;
        }
        assert!(count >= 3, "{name}: {count} prompts");
    });
}

#[test]
fn activations() {
    every(|name, model, reference| {
        for (number, run) in ["clean", "corrupt"].into_iter().enumerate() {
            let tokens = prompt(reference, number).unwrap();
            let cache = everything(model, &[tokens]).1;
            let mut count = 0;
            for (key, want) in reference {
                let Some(hook) = key.strip_prefix(&format!("{run}.")) else {
                    continue;
                };
                let found = HookName::parse(hook, model.config()).unwrap();
                let got = cache.get(found).unwrap();
                assert_alike(&format!("{name}: {run} {hook}"), got, want);
                count += 1;
            }
            if run == "clean" {
                assert!(count >= 3, "{name}: {count} hook points");
            }
        }
    });
}

/// Puts part of another run's activation in its place.
struct Patch<'a> {
    hook: HookName,
    from: &'a Tensor,
    /// Along which dimension, and where.
    chosen: Vec<(usize, usize)>,
}

impl Hooks for Patch<'_> {
    fn at(&mut self, name: HookName, value: Tensor) -> anyhow::Result<Tensor> {
        if name != self.hook {
            return Ok(value);
        }
        let mut mask = Tensor::ones(value.shape(), DType::F32, value.device())?;
        for &(dim, at) in &self.chosen {
            let one: Vec<f32> = (0..value.dim(dim)?).map(|i| f32::from(i == at)).collect();
            let mut shape = vec![1; value.rank()];
            shape[dim] = one.len();
            mask = mask.broadcast_mul(&Tensor::from_vec(one, shape, value.device())?)?;
        }
        Ok(mask
            .gt(0f32)?
            .where_cond(&self.from.contiguous()?, &value.contiguous()?)?)
    }
}

fn site(grid: &str) -> Site {
    match grid {
        "resid_pre" => Site::ResidPre,
        "attn_out" => Site::AttnOut,
        "mlp_out" => Site::MlpOut,
        "z" => Site::Z,
        "q" => Site::Q,
        "k" => Site::K,
        "v" => Site::V,
        _ => Site::Pattern,
    }
}

#[test]
fn patching_through_hooks() {
    every(|name, model, reference| {
        let Some(tokens) = prompt(reference, 1) else {
            return;
        };
        let clean = everything(model, &[prompt(reference, 0).unwrap()]).1;
        let tokens = model.tokens(&[tokens]).unwrap();
        let metric = metric(name);
        for (key, want) in reference {
            let Some(grid) = key.strip_prefix("grid.") else {
                continue;
            };
            let (dims, wanted) = (want.dims(), values(want));
            let mut got = Vec::new();
            for flat in 0..want.elem_count() {
                let heads = if dims.len() == 3 { dims[2] } else { 1 };
                let (layer, pos) = (flat / heads / dims[1], flat / heads % dims[1]);
                let head = flat % heads;
                let hook = HookName::Block(layer, site(grid));
                let chosen = match (site(grid), dims.len()) {
                    (Site::Pattern, _) => vec![(1, head), (2, pos)],
                    (_, 3) => vec![(1, pos), (2, head)],
                    _ => vec![(1, pos)],
                };
                let from = clean.get(hook).unwrap();
                let mut patch = Patch { hook, from, chosen };
                let logits = model.forward(&tokens, &mut patch).unwrap();
                let row = logits.get(0).unwrap().get(metric[0]).unwrap();
                let row: Vec<f32> = row.to_vec1().unwrap();
                got.push(row[metric[1]] - row[metric[2]]);
            }
            let got = Tensor::from_vec(got, dims, &Device::Cpu).unwrap();
            let want = Tensor::from_vec(wanted, dims, &Device::Cpu).unwrap();
            // a difference of logits is as exact as they are
            let scale = values(&reference["prompt.0.logits"]).into_iter();
            let scale = scale.fold(0.0f32, |a, b| a.max(b.abs()));
            assert_close(&format!("{name}: {key}"), &got, &want, scale);
        }
    });
}

/// Position, right and wrong token of a pair's metric.
fn metric(name: &str) -> [usize; 3] {
    let path = shared().unwrap().join(format!("zoo/reference/{name}.json"));
    let said: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let metric = &said["pair"]["metric"];
    ["position", "correct", "wrong"].map(|key| metric[key].as_u64().unwrap_or(0) as usize)
}

#[test]
fn what_is_not_said_is_assumed_and_marked() {
    every(|name, model, _| {
        let config = model.config();
        let words = config.words().join("; ");
        let positions = config.positional_embedding;
        match name {
            "ck_array_indexing" => {
                assert_eq!(positions, PositionalEmbedding::Shortformer);
                assert!(words.contains("positions shortformer;"), "{words}");
            }
            "ck_modular_addition_mlp" => assert!(words.contains("no attention"), "{words}"),
            "arena_brackets" => {
                assert!(words.contains("attention bidirectional, not at padding (token 1);"));
                assert!(words.contains("LN (eps 0.00001 (assumed))"), "{words}");
            }
            _ => {
                assert!(
                    words.contains("positions standard (assumed)"),
                    "{name}: {words}"
                );
                assert!(
                    words.contains("attention causal (assumed)"),
                    "{name}: {words}"
                );
            }
        }
    });
}

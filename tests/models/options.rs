//! Every option of a config, against what TransformerLens says about a small random model
//! (`tests/golden/make_options.py`).

use super::activations::{assert_alike, everything, values};
use super::common::{Tensors, device};
use candle_core::{DType, Device, Tensor};
use circuitscope::model::config::Sidecar;
use circuitscope::model::weights::{RawTensor, StateDict};
use circuitscope::model::{HookName, HookedTransformer, Model, Opened, Site};
use circuitscope::task::Task;
use serde_json::{Map, Value};
use std::path::PathBuf;

fn golden() -> (Map<String, Value>, Tensors) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let configs = std::fs::read_to_string(folder.join("options.json")).unwrap();
    let tensors = folder.join("options.safetensors");
    let tensors = candle_core::safetensors::load(tensors, &Device::Cpu).unwrap();
    (serde_json::from_str(&configs).unwrap(), tensors)
}

fn part<'a>(tensors: &'a Tensors, name: &str, kind: &str) -> Vec<(String, &'a Tensor)> {
    let start = format!("{name}/{kind}/");
    let part = tensors.iter();
    part.filter_map(|(key, tensor)| Some((key.strip_prefix(&start)?.to_owned(), tensor)))
        .collect()
}

fn weights(tensors: &Tensors, name: &str) -> StateDict {
    let raw = |(name, tensor): (String, &Tensor)| {
        let shape = tensor.dims().to_vec();
        let data = values(tensor);
        (name, RawTensor { shape, data })
    };
    part(tensors, name, "weights")
        .into_iter()
        .map(raw)
        .collect()
}

fn opened(weights: StateDict, said: &Sidecar, name: &str) -> HookedTransformer {
    let opened = Opened::of(weights, said, name.to_owned()).unwrap();
    let config = opened.config.clone();
    let model = Model::of(&opened, config, Task::default(), device()).unwrap();
    model.transformer
}

fn rows(tensors: &Tensors, name: &str) -> Vec<Vec<u32>> {
    let tokens = tensors[&format!("{name}/tokens")]
        .to_dtype(DType::U32)
        .unwrap();
    tokens.to_vec2().unwrap()
}

/// Each option's model, as its state dict and TransformerLens's own config make it.
fn every(mut look: impl FnMut(&str, &HookedTransformer, &Tensors)) {
    let (configs, tensors) = golden();
    assert!(configs.len() >= 27, "{}", configs.len());
    for (name, config) in &configs {
        let said = Sidecar::from_fields(config.as_object().unwrap()).unwrap();
        let model = opened(weights(&tensors, name), &said, name);
        assert!(
            model.config().assumed.is_empty(),
            "{name}: {:?}",
            model.config()
        );
        look(name, &model, &tensors);
    }
}

#[test]
fn every_option_computes_what_transformerlens_does() {
    every(|name, model, tensors| {
        let (logits, cache) = everything(model, &rows(tensors, name));
        assert_alike(name, &logits, &tensors[&format!("{name}/logits")]);
        let wanted = part(tensors, name, "cache");
        for (hook, want) in &wanted {
            let found = HookName::parse(hook, model.config()).unwrap();
            let got = cache.get(found).unwrap();
            // positions are the same for every prompt there
            let got = got.broadcast_as(want.shape()).unwrap();
            assert_alike(&format!("{name}: {hook}"), &got, want);
        }
        // and nothing is left out
        let split = [Site::QInput, Site::KInput, Site::VInput];
        let ours = HookName::all(model.config())
            .filter(|hook| !matches!(hook, HookName::Block(_, site) if split.contains(site)));
        assert_eq!(ours.count(), wanted.len(), "{name}");
    });
}

#[test]
fn a_model_written_down_is_the_same_model() {
    every(|name, model, tensors| {
        let (file, config) = model.to_files().unwrap();
        let weights = circuitscope::model::weights::parse_safetensors(&file).unwrap();
        let again = opened(weights, &Sidecar::parse(&config).unwrap(), name);
        assert_eq!(again.config(), model.config(), "{name}");
        assert_eq!(
            again.state_dict().unwrap(),
            model.state_dict().unwrap(),
            "{name}"
        );
        let rows = rows(tensors, name);
        let logits = |model| values(&everything(model, &rows).0);
        assert_eq!(logits(&again), logits(model), "{name}");
    });
}

//! What several tests share.
#![expect(dead_code, reason = "every test crate uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::Device;
use circuitscope::model::Model;
use std::collections::HashMap;
use std::path::PathBuf;

/// A set of tensors by name.
pub type Tensors = HashMap<String, candle_core::Tensor>;

/// The folder beside the project that holds the reference checkpoint and its golden values. Where
/// it is absent a test says so, loudly, and the embedded model's own golden values stand in; where
/// it is there, everything in it must be right.
pub fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED LOUDLY: ../shared is absent, the reference checkpoint is not tested");
    None
}

/// The embedded model.
pub fn embedded() -> Model {
    Model::embedded(&Device::Cpu).unwrap()
}

/// The reference checkpoint, its golden tensors and scalars.
pub fn reference() -> Option<(Model, Tensors, serde_json::Value)> {
    let shared = shared()?;
    let model = Model::open(&shared.join("models/array_indexing_model.pt"), &Device::Cpu).unwrap();
    let tensors = shared.join("reference/reference.safetensors");
    let tensors = candle_core::safetensors::load(tensors, &Device::Cpu).unwrap();
    let scalars = std::fs::read_to_string(shared.join("reference/reference.json")).unwrap();
    Some((model, tensors, serde_json::from_str(&scalars).unwrap()))
}

/// The embedded model's golden tensors and scalars, made once by `tests/golden/make_golden.py`.
pub fn embedded_golden() -> (Model, Tensors, serde_json::Value) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let tensors =
        candle_core::safetensors::load(folder.join("golden.safetensors"), &Device::Cpu).unwrap();
    let scalars = std::fs::read_to_string(folder.join("golden.json")).unwrap();
    (embedded(), tensors, serde_json::from_str(&scalars).unwrap())
}

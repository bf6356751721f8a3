//! A model from a file or from the binary itself, checked tensor by tensor; and back into files.

use super::config::{Config, PositionalEmbedding, Sidecar, is_bias};
use super::forward::HookedTransformer;
use super::weights::{self, RawTensor, StateDict};
use crate::task::shown;
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;
use std::path::Path;

/// The model this project trained itself (`models/` says how), and its config.
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../../models/array_update.safetensors");
const EMBEDDED_CONFIG: &str = include_str!("../../models/array_update.json");
/// How the embedded model is called on screen and in files.
const EMBEDDED_NAME: &str = "array_update (embedded)";
/// A config is a few lines; more is no config.
const MAX_SIDECAR_BYTES: u64 = 1 << 20;

/// A model with its identity.
#[derive(Clone, Debug)]
pub struct Model {
    /// The transformer.
    pub transformer: HookedTransformer,
    /// File name, or what the embedded model is called.
    pub name: String,
    /// SHA-256 over names, shapes and values of the weights and over what of the config changes what is
    /// computed with them, in hexadecimal: the same model hashes alike in every file format.
    pub hash: String,
}

impl Model {
    /// The first characters of the hash, enough to tell models apart.
    #[must_use]
    pub fn short_hash(&self) -> &str {
        self.hash.get(..8).unwrap_or(&self.hash)
    }

    /// The model in the binary.
    ///
    /// # Errors
    /// When the device fails.
    pub fn embedded(device: &Device) -> Result<Self> {
        let weights = weights::parse_safetensors(EMBEDDED_WEIGHTS)?;
        let sidecar = serde_json::from_str(EMBEDDED_CONFIG)?;
        Self::from_state_dict(&weights, &sidecar, EMBEDDED_NAME.into(), device)
    }

    /// The model in a `.pt` or `.safetensors` file, with the config in the `.json` beside it if
    /// there is one.
    ///
    /// # Errors
    /// One error that names the file, the tensor or field, and what would be right.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let weights = weights::read_state_dict(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = shown(&name.to_string_lossy());
        let sidecar = read_sidecar(&path.with_extension("json"))?;
        Self::from_state_dict(&weights, &sidecar, name, device)
            .with_context(|| format!("cannot use the model {}", shown(&path.to_string_lossy())))
    }

    /// The model of a state dict.
    ///
    /// # Errors
    /// Names the tensor that is wrong, missing, extra, misshapen or not finite.
    pub fn from_state_dict(
        weights: &StateDict,
        sidecar: &Sidecar,
        name: String,
        device: &Device,
    ) -> Result<Self> {
        let (config, task) = Config::infer(weights, sidecar)?;
        let tensors = checked_tensors(weights, &config, device)?;
        let transformer = HookedTransformer::from_tensors(config, task, device, &tensors)?;
        // over the parameters alone, absent biases as zeros: buffers of one file format and
        // defaults of another do not make two models of one
        let hash = weights::content_hash(&transformer.state_dict()?, &hashed(transformer.config()));
        Ok(Self {
            transformer,
            name,
            hash,
        })
    }
}

/// What of a config changes the computation and cannot be seen in the weights. The default is left
/// out, so that hashes that were kept before go on to be right.
fn hashed(config: &Config) -> Vec<(&'static str, &'static str)> {
    let positions = config.positional_embedding;
    let said = (positions != PositionalEmbedding::default())
        .then(|| ("positional_embedding_type", positions.name()));
    said.into_iter().collect()
}

fn read_sidecar(path: &Path) -> Result<Sidecar> {
    let shown_path = shown(&path.to_string_lossy());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Sidecar::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read the config {shown_path}")),
        Ok(data) => {
            ensure!(
                data.is_file() && data.len() <= MAX_SIDECAR_BYTES,
                "the config {shown_path} is no file of at most 1 MiB"
            );
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the config {shown_path}"))?;
            Sidecar::parse(&text).with_context(|| {
                format!("the config {shown_path} is not one of this tool or TransformerLens; mend or remove it")
            })
        }
    }
}

/// A tensor that TransformerLens stores but that holds nothing learned.
fn is_buffer(name: &str) -> bool {
    name.ends_with(".attn.mask") || name.ends_with(".attn.IGNORE")
}

fn why_extra(name: &str) -> &'static str {
    if name.contains(".mlp.") {
        "it belongs to an MLP, and only attention-only models are supported"
    } else if name.contains("ln") {
        "it belongs to a layernorm, and only models without one are supported"
    } else {
        "no tensor of an attention-only model has this name"
    }
}

/// The parameters as tensors on the device, absent biases as zeros.
fn checked_tensors(
    weights: &StateDict,
    config: &Config,
    device: &Device,
) -> Result<BTreeMap<String, Tensor>> {
    let parameters: BTreeMap<_, _> = config.parameters().into_iter().collect();
    for name in weights.keys().filter(|name| !is_buffer(name)) {
        let known = parameters.contains_key(name);
        ensure!(
            known,
            "tensor {} is extra: {}",
            shown(name),
            why_extra(name)
        );
    }
    let mut tensors = BTreeMap::new();
    for (name, shape) in parameters {
        let tensor = match weights.get(&name) {
            Some(raw) => {
                ensure!(
                    raw.shape == shape,
                    "tensor {name} has shape {:?}; {shape:?} is needed",
                    raw.shape
                );
                if let Some(bad) = raw.data.iter().find(|value| !value.is_finite()) {
                    anyhow::bail!("tensor {name} holds {bad}; every weight must be finite");
                }
                Tensor::from_slice(&raw.data, shape, device)?
            }
            None if is_bias(&name) => Tensor::zeros(shape, DType::F32, device)?,
            None => anyhow::bail!("tensor {name} of shape {shape:?} is missing"),
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

impl HookedTransformer {
    /// The weights under their TransformerLens names and shapes, biases included.
    ///
    /// # Errors
    /// When the device fails.
    pub fn state_dict(&self) -> Result<StateDict> {
        let (h, d, e) = (
            self.config().n_heads,
            self.config().d_model,
            self.config().d_head,
        );
        let mut all = BTreeMap::from([
            ("embed.W_E".to_owned(), self.w_e.clone()),
            ("pos_embed.W_pos".to_owned(), self.w_pos.clone()),
            ("unembed.W_U".to_owned(), self.w_u.clone()),
            ("unembed.b_U".to_owned(), self.b_u.clone()),
        ]);
        for (layer, block) in self.blocks.iter().enumerate() {
            let mut put = |name: &str, tensor: Tensor| {
                all.insert(format!("blocks.{layer}.attn.{name}"), tensor);
            };
            for (side, w, b) in [
                ("Q", &block.w_q, &block.b_q),
                ("K", &block.w_k, &block.b_k),
                ("V", &block.w_v, &block.b_v),
            ] {
                put(&format!("W_{side}"), w.reshape((d, h, e))?.transpose(0, 1)?);
                put(&format!("b_{side}"), b.reshape((h, e))?);
            }
            put("W_O", block.w_o.clone());
            put("b_O", block.b_o.clone());
        }
        let raw = |tensor: &Tensor| -> Result<RawTensor> {
            let data = tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
            let shape = tensor.dims().to_vec();
            Ok(RawTensor { shape, data })
        };
        all.into_iter()
            .map(|(name, tensor)| Ok((name, raw(&tensor)?)))
            .collect()
    }

    /// The files of this model: weights as safetensors, config as JSON.
    ///
    /// # Errors
    /// When the device fails.
    pub fn to_files(&self) -> Result<(Vec<u8>, String)> {
        let weights = weights::to_safetensors(&self.state_dict()?, &BTreeMap::new())?;
        let sidecar = Sidecar::describing(self.config(), self.task());
        Ok((weights, serde_json::to_string_pretty(&sidecar)? + "\n"))
    }
}

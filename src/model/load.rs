//! A model from a file or from the binary itself, checked tensor by tensor; and back into files.

use super::config::{Assumed, Config, Overrides, PositionalEmbedding, Sidecar, is_bias, over};
use super::dialect::{Canonical, Dialect, canonical};
use super::embedded::SLIDES;
use super::forward::HookedTransformer;
use super::series;
use super::weights::{self, StateDict};
use crate::task::plain::{self, Links};
use crate::task::{Task, shown, shown_path};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A config is a few lines; more is no config.
const MAX_SIDECAR_BYTES: u64 = 1 << 20;

/// The fields of a config.
type Fields = serde_json::Map<String, serde_json::Value>;

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
    /// Whose names the file had.
    pub dialect: Dialect,
    /// What was found out when it was opened: under which assumption it is how often right.
    pub told: Vec<String>,
    /// What of its config is not read, though it sounds as if it were of account.
    pub unread: Option<String>,
}

/// The beginning of what is wrong with a checkpoint, with what flags say of it.
#[must_use]
pub fn cannot_use(path: &Path, overrides: &Overrides) -> String {
    format!(
        "cannot use the model {}{}",
        shown_path(path),
        overrides.words()
    )
}

impl Model {
    /// Whose names its tensors had, where these were others than TransformerLens's own.
    #[must_use]
    pub fn named_as(&self) -> Option<String> {
        let own = matches!(self.dialect, Dialect::TransformerLens | Dialect::Bare);
        (!own).then(|| format!("tensors named as in {}", self.dialect.name()))
    }

    /// The first characters of the hash, enough to tell models apart.
    #[must_use]
    pub fn short_hash(&self) -> &str {
        self.hash.get(..8).unwrap_or(&self.hash)
    }

    /// The model that the program opens unasked.
    ///
    /// # Errors
    /// When the device fails.
    pub fn embedded(device: &Device) -> Result<Self> {
        Self::of_array_update(&SLIDES[0].opened()?, device)
    }

    /// The model in a `.pt` or `.safetensors` file, with the config in the `.json` beside it if
    /// there is one.
    ///
    /// # Errors
    /// One error that names the file, the tensor or field, and what would be right.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let opened = Opened::read(path, &Overrides::default())?;
        let model = || Self::of_array_update(&opened, device);
        model().with_context(|| cannot_use(path, &Overrides::default()))
    }

    /// The model of a state dict, in any dialect.
    ///
    /// # Errors
    /// Names the tensor that is wrong, missing, extra, misshapen or not finite.
    pub fn from_state_dict(
        weights: &StateDict,
        sidecar: &Sidecar,
        name: String,
        device: &Device,
    ) -> Result<Self> {
        let opened = Opened::of(weights.clone(), sidecar, name)?;
        Self::of_array_update(&opened, device)
    }

    fn of_array_update(opened: &Opened, device: &Device) -> Result<Self> {
        let task = opened.said.task(&opened.config)?;
        let config = usual_positions(opened.config.clone());
        Self::of(opened, config, task, device)
    }

    /// The model of what was read, for a task, under this config: its own, or one of its candidates.
    ///
    /// # Errors
    /// Names the tensor that is wrong, missing, extra, misshapen or not finite; when a run would hold too much.
    pub fn of(opened: &Opened, config: Config, task: Task, device: &Device) -> Result<Self> {
        config.check_run(task.seq_len())?;
        let tensors = checked_tensors(&opened.weights, &config, device)?;
        let transformer = HookedTransformer::from_tensors(config, task, device, &tensors)?;
        // over the parameters alone, absent biases as zeros: buffers of one file format and
        // defaults of another do not make two models of one
        let hash =
            weights::content_hash(&transformer.state_dict()?, &transformer.config().hashed());
        Ok(Self {
            transformer,
            name: opened.name.clone(),
            hash,
            dialect: opened.dialect,
            told: opened.noted.clone(),
            unread: opened.said.unread_words(),
        })
    }
}

/// The models of the array update that there were first had no config and were all shortformers.
fn usual_positions(config: Config) -> Config {
    if config.assumes(Assumed::Positions) && config.has_w_pos() {
        Config {
            positional_embedding: PositionalEmbedding::Shortformer,
            ..config
        }
    } else {
        config
    }
}

/// What a file holds, before it is known what it is for: tensors under TransformerLens's names, and
/// the config that they and what is said beside them make.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Under TransformerLens's names, buffers included.
    pub weights: StateDict,
    /// With what is assumed marked; [`Config::candidates`] lists the others.
    pub config: Config,
    /// What was said, of the model and of its task.
    pub said: Sidecar,
    /// Whose names the file had.
    pub dialect: Dialect,
    /// What was assumed to read it, which no option of the config says.
    pub noted: Vec<String>,
    /// File name.
    pub name: String,
    /// Where it was read, of a folder the checkpoint in it; nothing for a model in the binary.
    pub path: Option<PathBuf>,
}

impl Opened {
    /// A file, with the config in it or beside it.
    ///
    /// # Errors
    /// One error that names the file, the tensor or field, and what would be right.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Self> {
        let path = &series::resolved(path)?;
        let (file, step) = numbered(path);
        let read = weights::read_checkpoint(&file, step.into())?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = shown(&name.to_string_lossy());
        let (config, beside) = read_sidecar(&file)?.unzip();
        let of = || -> Result<Self> {
            // what stands beside a file was put there to say more of it
            let fields = over(&read.config, &beside.unwrap_or_default());
            let said = Sidecar::from_fields(&fields)
                .context("the config among the weights is not one of a small transformer")?;
            let opened = Self::of(read.weights, &overrides.over(&said), name)?;
            overrides.check(&opened.config)?;
            Ok(Self {
                path: Some(path.clone()),
                ..opened
            })
        };
        of().with_context(|| {
            let told = cannot_use(path, overrides);
            match &config {
                Some(config) => {
                    format!("{told} with the config {} beside it", shown_path(config))
                }
                None => told,
            }
        })
    }

    /// A state dict, in any dialect.
    ///
    /// # Errors
    /// Names the tensor or field that does not fit.
    pub fn of(weights: StateDict, said: &Sidecar, name: String) -> Result<Self> {
        let Canonical {
            weights: named,
            dialect,
            said,
            noted,
        } = canonical(&weights, said)?;
        let config = Config::infer(&named, &said)?;
        let changed = match named {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(changed),
        };
        Ok(Self {
            weights: changed.unwrap_or(weights),
            config,
            said,
            dialect,
            noted,
            name,
            path: None,
        })
    }
}

/// A path and what stands behind a `#` at its end, where there is no such file: `run.pt#12`.
pub(super) fn numbered(path: &Path) -> (PathBuf, Option<usize>) {
    let text = path.to_string_lossy();
    let split = text.rsplit_once('#');
    let step = split.and_then(|(file, step)| Some((file.into(), step.parse().ok()?)));
    match step {
        Some((file, step)) if !path.exists() => (file, Some(step)),
        _ => (path.to_owned(), None),
    }
}

/// The config beside a checkpoint: `NAME.json`, or `NAME.config.json`, or where the file is called as
/// the whole model, `config.json`.
///
/// # Errors
/// When it is there and is no config.
pub(super) fn read_sidecar(file: &Path) -> Result<Option<(PathBuf, Fields)>> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut beside = vec![
        file.with_extension("json"),
        file.with_extension("config.json"),
    ];
    if matches!(&*stem, "model" | "pytorch_model" | "checkpoint") {
        beside.push(file.with_file_name("config.json"));
    }
    for path in beside {
        if let Some(said) = read_config(&path)? {
            return Ok(Some((path, said)));
        }
    }
    Ok(None)
}

fn read_config(path: &Path) -> Result<Option<Fields>> {
    if !plain::stands(path)? {
        return Ok(None);
    }
    let name = shown_path(path);
    let text = plain::text(path, MAX_SIDECAR_BYTES, Links::Followed)
        .with_context(|| format!("cannot read the config {name}"))?;
    let fields = || -> Result<Fields> {
        let fields = Sidecar::fields_of(&text)?;
        Sidecar::from_fields(&fields)?;
        Ok(fields)
    };
    let fields = fields().with_context(|| {
        format!("the config {name} is not one of this tool or TransformerLens; mend or remove it")
    });
    fields.map(Some)
}

/// A tensor that TransformerLens stores but that holds nothing learned.
fn is_buffer(name: &str) -> bool {
    const BUFFERS: [&str; 4] = ["mask", "IGNORE", "rotary_sin", "rotary_cos"];
    let last = name.rsplit_once(".attn.").map(|(_, last)| last);
    last.is_some_and(|last| BUFFERS.contains(&last))
}

fn why_extra(name: &str, config: &Config) -> &'static str {
    if name.contains(".mlp.") {
        "no tensor of this model's MLPs has this name"
    } else if name.contains("ln") {
        "no tensor of this model's norms has this name"
    } else if name.contains("W_pos") && !config.has_w_pos() {
        "positions enter elsewhere in this model"
    } else {
        "no tensor of this model has this name"
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
            why_extra(name, config)
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

//! What is said of a model beside its tensors, in the words of TransformerLens, of this program or of
//! others: the one place where an option is read.

use super::strict::Strict;
use super::{Activation, AttentionDir, Normalization, PositionalEmbedding};
use crate::model::hooks::edit_distance;
use crate::task::shown;
use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

/// The JSON beside a checkpoint: every key optional, each one checked against the tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sidecar {
    /// Cannot be seen in the tensors.
    pub positional_embedding_type: Option<PositionalEmbedding>,
    /// Null in a file stands for none.
    pub normalization_type: Option<Normalization>,
    /// Whether there is no MLP.
    pub attn_only: Option<bool>,
    /// Numbers in a list; inferred from `n_ctx` when absent.
    pub list_len: Option<usize>,
    /// Values of a number; inferred from `d_vocab_out` when absent.
    pub max_num: Option<u32>,
    /// Attention blocks.
    pub n_layers: Option<usize>,
    /// Heads in a block.
    pub n_heads: Option<usize>,
    /// Keys and values in a block.
    pub n_key_value_heads: Option<usize>,
    /// Width of the residual stream.
    pub d_model: Option<usize>,
    /// Width of a head.
    pub d_head: Option<usize>,
    /// Neurons in a block.
    pub d_mlp: Option<usize>,
    /// Positions.
    pub n_ctx: Option<usize>,
    /// Tokens that can be read.
    pub d_vocab: Option<usize>,
    /// Tokens that can be predicted.
    pub d_vocab_out: Option<usize>,
    /// The activation of the MLP.
    pub act_fn: Option<Activation>,
    /// Whether the MLP has a gate.
    pub gated_mlp: Option<bool>,
    /// Whether the MLP reads what attention reads.
    pub parallel_attn_mlp: Option<bool>,
    /// The number that keeps a norm from dividing by zero.
    pub eps: Option<f64>,
    /// Whether the last norm does not centre.
    pub final_rms: Option<bool>,
    /// How many of a head's numbers are turned.
    pub rotary_dim: Option<usize>,
    /// Of the wavelengths.
    pub rotary_base: Option<f64>,
    /// Whether neighbours are turned together.
    pub rotary_adjacent_pairs: Option<bool>,
    /// Which positions attention looks at.
    pub attention_dir: Option<AttentionDir>,
    /// The token that no attention looks at.
    pub pad_token: Option<u32>,
    /// Whether scores are divided at all.
    pub use_attn_scale: Option<bool>,
    /// What scores are divided by.
    pub attn_scale: Option<f64>,
    /// Whether the unembedding is the embedding, turned.
    pub tie_word_embeddings: Option<bool>,
    /// Whether norms come before what reads them, as here.
    pub norm_first: Option<bool>,
}

/// Other names of a key, each first the name here.
const ALIASES: [&[&str]; 12] = [
    &["n_layers", "n_layer", "num_layers", "num_hidden_layers"],
    &["n_heads", "n_head", "num_heads", "num_attention_heads"],
    &["n_key_value_heads", "num_key_value_heads", "n_kv_heads"],
    &["d_model", "hidden_size", "n_embd", "embed_dim"],
    &["d_head", "head_dim"],
    &["d_mlp", "intermediate_size", "n_inner", "d_ff", "d_hidden"],
    &[
        "n_ctx",
        "max_position_embeddings",
        "n_positions",
        "max_seq_len",
        "block_size",
    ],
    &["d_vocab", "vocab_size"],
    &[
        "act_fn",
        "hidden_act",
        "activation_function",
        "act_type",
        "activation",
    ],
    &[
        "eps",
        "layer_norm_eps",
        "layer_norm_epsilon",
        "rms_norm_eps",
    ],
    &["rotary_base", "rope_theta"],
    &["normalization_type", "normalization"],
];

/// Keys of TransformerLens that change what is computed and that are not supported: they must be
/// off.
const OFF: [&str; 16] = [
    "use_qk_norm",
    "use_local_attn",
    "scale_attn_by_inverse_layer_idx",
    "post_embedding_ln",
    "rotary_base_local",
    "load_in_4bit",
    "num_experts",
    "experts_per_token",
    "relative_attention_max_distance",
    "relative_attention_num_buckets",
    "use_normalization_before_and_after",
    "attn_scores_soft_cap",
    "output_logits_soft_cap",
    "use_NTK_by_parts_rope",
    "rope_scaling",
    "scale_embedding",
];

/// Where a config hides inside another file.
const INSIDE: [&str; 5] = ["model", "config", "cfg", "model_config", "model_cfg"];

impl Sidecar {
    /// A sidecar from its JSON; keys that are no option of a model are another tool's business.
    ///
    /// # Errors
    /// Names the field that holds something else than it should, that changes what is computed in a
    /// way that is not supported, that is there twice, or that looks like a misspelt one.
    pub fn parse(text: &str) -> Result<Self> {
        let Strict(value) = serde_json::from_str(text)?;
        let Value::Object(fields) = value else {
            bail!("it is no JSON object");
        };
        Self::from_fields(&fields)
    }

    /// The same from fields that were read elsewhere.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self> {
        let mut said = Self::default();
        for (name, value) in fields {
            match value {
                Value::Object(inner) if INSIDE.contains(&name.as_str()) => {
                    for (name, value) in inner {
                        said.take(name, value)?;
                    }
                }
                _ => said.take(name, value)?,
            }
        }
        Ok(said)
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<()> {
        let alias = ALIASES.iter().find(|names| names.contains(&name));
        let known = alias.map_or(name, |names| names[0]);
        if OFF.contains(&name) {
            ensure!(
                is_off(value),
                "config field {name} is {}: that is not supported",
                shown(&value.to_string())
            );
            return Ok(());
        }
        let fault = |needed: String| {
            let value = shown(&value.to_string());
            anyhow::anyhow!("config field {name} is {value}; {needed} is needed")
        };
        match self.set(known, value) {
            Ok(true) => Ok(()),
            Ok(false) => meant(name),
            Err(needed) => Err(fault(needed)),
        }
    }

    /// Whether it is one of ours.
    ///
    /// # Errors
    /// Says what is needed.
    fn set(&mut self, name: &str, value: &Value) -> Result<bool, String> {
        if value.is_null() && name != "normalization_type" {
            return Ok(KNOWN.contains(&name));
        }
        match name {
            "positional_embedding_type" => {
                self.positional_embedding_type = Some(word(
                    value,
                    PositionalEmbedding::parse,
                    &PositionalEmbedding::choice(),
                )?);
            }
            "shortformer_pos" => {
                let is = flag(value)?;
                self.positional_embedding_type = is
                    .then_some(PositionalEmbedding::Shortformer)
                    .or(self.positional_embedding_type);
            }
            "normalization_type" if value.is_null() => {
                self.normalization_type = Some(Normalization::None);
            }
            "normalization_type" => {
                let needed = format!("null, {}", Normalization::choice());
                self.normalization_type = Some(word(value, Normalization::parse, &needed)?);
            }
            "act_fn" => self.act_fn = Some(word(value, Activation::parse, &Activation::choice())?),
            "attention_dir" => {
                self.attention_dir =
                    Some(word(value, AttentionDir::parse, &AttentionDir::choice())?);
            }
            "attn_only" => self.attn_only = Some(flag(value)?),
            "gated_mlp" => self.gated_mlp = Some(flag(value)?),
            "parallel_attn_mlp" => self.parallel_attn_mlp = Some(flag(value)?),
            "final_rms" => self.final_rms = Some(flag(value)?),
            "rotary_adjacent_pairs" => self.rotary_adjacent_pairs = Some(flag(value)?),
            "use_attn_scale" => self.use_attn_scale = Some(flag(value)?),
            "tie_word_embeddings" => self.tie_word_embeddings = Some(flag(value)?),
            "norm_first" => self.norm_first = Some(flag(value)?),
            "eps" => self.eps = Some(number(value, 0.0)?),
            "rotary_base" => self.rotary_base = Some(number(value, f64::MIN_POSITIVE)?),
            // below zero it stands for the usual one
            "attn_scale" => self.attn_scale = Some(number(value, f64::MIN)?).filter(|&x| x > 0.0),
            "list_len" => self.list_len = Some(whole(value)?),
            "max_num" => self.max_num = Some(whole(value)?),
            "pad_token" => self.pad_token = Some(whole(value)?),
            "n_layers" => self.n_layers = Some(whole(value)?),
            "n_heads" => self.n_heads = Some(whole(value)?),
            "n_key_value_heads" => self.n_key_value_heads = Some(whole(value)?),
            "d_model" => self.d_model = Some(whole(value)?),
            "d_head" => self.d_head = Some(whole(value)?),
            "d_mlp" => self.d_mlp = Some(whole(value)?),
            "n_ctx" => self.n_ctx = Some(whole(value)?),
            "d_vocab" => self.d_vocab = Some(whole(value)?),
            "d_vocab_out" => self.d_vocab_out = Some(whole(value)?),
            "rotary_dim" => self.rotary_dim = Some(whole(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The keys that [`Sidecar::set`] knows.
const KNOWN: [&str; 29] = [
    "positional_embedding_type",
    "shortformer_pos",
    "normalization_type",
    "act_fn",
    "attention_dir",
    "attn_only",
    "gated_mlp",
    "parallel_attn_mlp",
    "final_rms",
    "rotary_adjacent_pairs",
    "use_attn_scale",
    "tie_word_embeddings",
    "norm_first",
    "eps",
    "rotary_base",
    "attn_scale",
    "list_len",
    "max_num",
    "pad_token",
    "n_layers",
    "n_heads",
    "n_key_value_heads",
    "d_model",
    "d_head",
    "d_mlp",
    "n_ctx",
    "d_vocab",
    "d_vocab_out",
    "rotary_dim",
];

/// Refuses a key that is one letter away from one that would count.
fn meant(name: &str) -> Result<()> {
    // short names are all near each other
    let near = |known: &&&str| known.len() > 5 && edit_distance(known, name) == 1;
    let plural = |known: &&&str| name.strip_suffix('s') == Some(known);
    match KNOWN
        .iter()
        .chain(&OFF)
        .find(near)
        .filter(|known| !plural(known))
    {
        Some(known) => bail!(
            "config field {} is no option; did you mean {known}?",
            shown(name)
        ),
        None => Ok(()),
    }
}

fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        // soft caps are off below zero
        Value::Number(number) => number.as_f64().is_some_and(|x| x <= 0.0),
        _ => false,
    }
}

fn word<T>(value: &Value, parse: impl Fn(&str) -> Result<T>, choice: &str) -> Result<T, String> {
    let parsed = value.as_str().and_then(|text| parse(text).ok());
    parsed.ok_or_else(|| choice.to_owned())
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false".to_owned())
}

fn number(value: &Value, least: f64) -> Result<f64, String> {
    let number = value.as_f64().filter(|x| x.is_finite() && *x >= least);
    number.ok_or_else(|| "a number".to_owned())
}

fn whole<T: TryFrom<u64>>(value: &Value) -> Result<T, String> {
    let number = value.as_u64().and_then(|n| T::try_from(n).ok());
    number.ok_or_else(|| "a whole number".to_owned())
}

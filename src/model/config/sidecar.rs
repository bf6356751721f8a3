//! What is said of a model beside its tensors, in the words of TransformerLens, of this program or of
//! others: the one place where an option is read.

use super::keys::KNOWN;
use super::strict::Strict;
use super::{Activation, AttentionDir, Normalization, PositionalEmbedding};
use crate::task::Identity;
use anyhow::{Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

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
    /// The task it was made for, where that is not the array update.
    pub task: Option<Identity>,
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
    /// Whether there is a last norm.
    pub final_norm: Option<bool>,
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
    /// Keys that sound as if they changed what is computed, and that nobody here knows.
    pub unread: BTreeSet<String>,
}

impl Sidecar {
    /// A sidecar from its JSON.
    ///
    /// # Errors
    /// As [`Self::from_fields`], and names a field that is there twice.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_fields(&Self::fields_of(text)?)
    }

    /// The fields of a JSON object, none of them there twice.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn fields_of(text: &str) -> Result<Map<String, Value>> {
        let Strict(value) = serde_json::from_str(text)?;
        let Value::Object(fields) = value else {
            bail!("it is no JSON object");
        };
        Ok(fields)
    }

    /// Whether it is one of ours.
    ///
    /// # Errors
    /// Says what is needed.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<bool, String> {
        if value.is_null() && name != "normalization_type" {
            return Ok(KNOWN.contains(&name));
        }
        // TransformerLens's word for a size that follows from others
        let follows = ["d_vocab", "d_vocab_out", "n_heads", "n_ctx"].contains(&name);
        if follows && value.as_i64() == Some(-1) {
            return Ok(true);
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
            "causal" | "is_causal" | "bidirectional" => {
                let causal = flag(value)? != (name == "bidirectional");
                self.attention_dir = Some(match causal {
                    true => AttentionDir::Causal,
                    false => AttentionDir::Bidirectional,
                });
            }
            "attn_only" => self.attn_only = Some(flag(value)?),
            "gated_mlp" => self.gated_mlp = Some(flag(value)?),
            "parallel_attn_mlp" => self.parallel_attn_mlp = Some(flag(value)?),
            "final_rms" => self.final_rms = Some(flag(value)?),
            "final_norm" => self.final_norm = Some(flag(value)?),
            "rotary_adjacent_pairs" => self.rotary_adjacent_pairs = Some(flag(value)?),
            "use_attn_scale" => self.use_attn_scale = Some(flag(value)?),
            "tie_word_embeddings" => self.tie_word_embeddings = Some(flag(value)?),
            "norm_first" => self.norm_first = Some(flag(value)?),
            "eps" => self.eps = Some(number(value, 0.0)?),
            "rotary_base" => self.rotary_base = Some(number(value, f64::MIN_POSITIVE)?),
            // below zero it stands for the usual one
            "attn_scale" => self.attn_scale = Some(number(value, f64::MIN)?).filter(|&x| x > 0.0),
            "task" => self.task = named_task(value)?,
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

/// A task by its name, or an object with its name and what was chosen for it.
fn named_task(value: &Value) -> Result<Option<Identity>, String> {
    let needed = || "a task's name, or an object with a name and its options".to_owned();
    match value {
        Value::String(name) => Ok(Some(Identity {
            name: name.clone(),
            options: Vec::new(),
        })),
        Value::Object(fields) if fields.contains_key("name") => {
            let read = serde_json::from_value(value.clone());
            read.map(Some).map_err(|_| needed())
        }
        // what others keep under this name is their business
        Value::Object(_) => Ok(None),
        _ => Err(needed()),
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

//! What is said of a model beside its tensors, in the words of TransformerLens, of this program or of
//! others: the one place where an option is read.

use super::{Activation, AttentionDir, Config, Normalization, PositionalEmbedding};
use crate::model::hooks::edit_distance;
use crate::task::{ArrayUpdate, shown};
use anyhow::{Result, bail, ensure};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use std::fmt;

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

/// A JSON value none of whose objects has a key twice, which a map would not tell.
struct Strict(Value);

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

    /// The sidecar that describes this model in full.
    #[must_use]
    pub fn describing(config: &Config, task: ArrayUpdate) -> Self {
        let rotary = config.positional_embedding == PositionalEmbedding::Rotary;
        let mlp = config.mlp;
        let normed = config.normalization != Normalization::None;
        let usual = config.has_usual_scale() || config.is_bare();
        Self {
            positional_embedding_type: Some(config.positional_embedding),
            normalization_type: Some(config.normalization),
            attn_only: Some(mlp.is_none()),
            list_len: Some(task.list_len),
            max_num: Some(task.max_num),
            n_layers: Some(config.n_layers),
            n_heads: Some(config.n_heads),
            n_key_value_heads: (config.n_key_value_heads < config.n_heads)
                .then_some(config.n_key_value_heads),
            d_model: Some(config.d_model),
            d_head: Some(config.d_head),
            d_mlp: mlp.map(|mlp| mlp.d_mlp),
            n_ctx: Some(config.n_ctx),
            d_vocab: Some(config.d_vocab),
            d_vocab_out: Some(config.d_vocab_out),
            act_fn: mlp.map(|mlp| mlp.act_fn),
            gated_mlp: mlp.and_then(|mlp| mlp.gated.then_some(true)),
            parallel_attn_mlp: mlp.and_then(|mlp| mlp.parallel.then_some(true)),
            eps: (normed || mlp.is_some_and(|mlp| mlp.act_fn == Activation::SoluLn))
                .then_some(config.eps),
            final_rms: config.final_rms.then_some(true),
            rotary_dim: rotary.then_some(config.rotary.dim),
            rotary_base: rotary.then_some(config.rotary.base),
            rotary_adjacent_pairs: rotary.then_some(config.rotary.adjacent_pairs),
            // what the first models all had is not said, so that their files stay what they are
            attention_dir: (!config.is_causal() && !config.is_bare())
                .then_some(config.attention_dir),
            pad_token: config.pad_token,
            use_attn_scale: (!usual && config.attn_scale == 1.0).then_some(false),
            attn_scale: (!usual && config.attn_scale != 1.0).then_some(config.attn_scale),
            tie_word_embeddings: None,
            norm_first: None,
        }
    }

    /// The fields that are said, in the order of the struct.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut all = Vec::new();
        let mut put = |name: &'static str, value: Option<Value>| {
            all.extend(value.map(|value| (name, value)));
        };
        let size = |n: Option<usize>| n.map(Value::from);
        let word = |text: &'static str| Value::from(text);
        put(
            "positional_embedding_type",
            self.positional_embedding_type.map(|one| word(one.name())),
        );
        put(
            "normalization_type",
            self.normalization_type.map(|one| match one {
                Normalization::None => Value::Null,
                other => word(other.name()),
            }),
        );
        put("attn_only", self.attn_only.map(Value::from));
        put("list_len", size(self.list_len));
        put("max_num", self.max_num.map(Value::from));
        put("n_layers", size(self.n_layers));
        put("n_heads", size(self.n_heads));
        put("n_key_value_heads", size(self.n_key_value_heads));
        put("d_model", size(self.d_model));
        put("d_head", size(self.d_head));
        put("d_mlp", size(self.d_mlp));
        put("n_ctx", size(self.n_ctx));
        put("d_vocab", size(self.d_vocab));
        put("d_vocab_out", size(self.d_vocab_out));
        put("act_fn", self.act_fn.map(|one| word(one.name())));
        put("gated_mlp", self.gated_mlp.map(Value::from));
        put("parallel_attn_mlp", self.parallel_attn_mlp.map(Value::from));
        put("eps", self.eps.map(Value::from));
        put("final_rms", self.final_rms.map(Value::from));
        put("rotary_dim", size(self.rotary_dim));
        put("rotary_base", self.rotary_base.map(Value::from));
        put(
            "rotary_adjacent_pairs",
            self.rotary_adjacent_pairs.map(Value::from),
        );
        put(
            "attention_dir",
            self.attention_dir.map(|one| word(one.name())),
        );
        put("pad_token", self.pad_token.map(Value::from));
        put("use_attn_scale", self.use_attn_scale.map(Value::from));
        put("attn_scale", self.attn_scale.map(Value::from));
        put(
            "tie_word_embeddings",
            self.tie_word_embeddings.map(Value::from),
        );
        put("norm_first", self.norm_first.map(Value::from));
        all
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
        .filter(|known| !plural(&known))
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

impl Serialize for Sidecar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fields();
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (name, value) in &fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut all = Vec::new();
                while let Some(Strict(value)) = seq.next_element()? {
                    all.push(value);
                }
                Ok(all.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut all = Map::new();
                while let Some((name, Strict(value))) = map.next_entry::<String, _>()? {
                    if all.contains_key(&name) {
                        let text = format!("config field {} is there twice", shown(&name));
                        return Err(serde::de::Error::custom(text));
                    }
                    all.insert(name, value);
                }
                Ok(all.into())
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

//! The keys of a config: those that are read, those that must be off, and what of the others is told.
//!
//! A key that changes what is computed is honoured or refused by name. One that looks like a misspelt one
//! is refused; one that sounds as if it were of the architecture, and is not known here, is told.

use super::sidecar::Sidecar;
use crate::task::shown;
use crate::task::text::edit_distance;
use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Other names of a key, each first the name here.
const ALIASES: [&[&str]; 15] = [
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
    &["use_attn_scale", "scale_attn_weights"],
    &[
        "parallel_attn_mlp",
        "use_parallel_residual",
        "parallel_attn",
    ],
    &["norm_first", "do_layer_norm_before", "pre_norm"],
];

/// Keys of TransformerLens and of others that change what is computed and that are not supported: they must
/// be off.
const OFF: [&str; 32] = [
    "use_post_ln",
    "post_norm",
    "apply_residual_connection_post_layernorm",
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
    "num_local_experts",
    "n_routed_experts",
    "use_sliding_window",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "qk_layernorm",
    "clip_qkv",
    "use_alibi",
    "alibi",
    "add_cross_attention",
    "is_encoder_decoder",
    "query_pre_attn_scalar",
    "attention_multiplier",
];

/// Numbers that something is multiplied by, or the part of a head that is turned: they must be 1.
const ONE: [&str; 9] = [
    "temperature",
    "softmax_temperature",
    "logit_scale",
    "logits_scaling",
    "residual_multiplier",
    "embedding_multiplier",
    "rotary_pct",
    "rotary_percentage",
    "partial_rotary_factor",
];

/// The keys that [`Sidecar`] reads.
pub(super) const KNOWN: [&str; 34] = [
    "causal",
    "is_causal",
    "bidirectional",
    "task",
    "positional_embedding_type",
    "shortformer_pos",
    "normalization_type",
    "act_fn",
    "attention_dir",
    "attn_only",
    "gated_mlp",
    "parallel_attn_mlp",
    "final_rms",
    "final_norm",
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

/// How far back attention looks, in the words of Hugging Face.
const WINDOW: &str = "sliding_window";

/// Keys of TransformerLens that sound like the others and change nothing that is computed here.
const IDLE: [&str; 15] = [
    WINDOW,
    "use_attn_result",
    "use_attn_in",
    "use_split_qkv_input",
    "use_hook_mlp_in",
    "use_hook_tokens",
    "ungroup_grouped_query_attention",
    "window_size",
    "attn_types",
    "attn_implementation",
    "checkpoint_label_type",
    "NTK_by_parts_low_freq_factor",
    "NTK_by_parts_high_freq_factor",
    "NTK_by_parts_factor",
    "NTK_original_ctx_len",
];

/// What keys of an architecture are called.
const SOUNDS: [&str; 24] = [
    "attn",
    "attention",
    "norm",
    "position",
    "pos_",
    "rotary",
    "rope",
    "head",
    "layer",
    "mlp",
    "act_",
    "activation",
    "embed",
    "scale",
    "softcap",
    "soft_cap",
    "window",
    "mask",
    "residual",
    "softmax",
    "causal",
    "bidirectional",
    "expert",
    "bias",
];

/// Where a config hides inside another file.
const INSIDE: [&str; 5] = ["model", "config", "cfg", "model_config", "model_cfg"];

/// The name that a key has here.
fn known_as(name: &str) -> &str {
    let alias = ALIASES.iter().find(|names| names.contains(&name));
    alias.map_or(name, |names| names[0])
}

/// What two keys say of the same thing under one name.
fn subject(name: &str) -> &str {
    match known_as(name) {
        "shortformer_pos" => "positional_embedding_type",
        "causal" | "is_causal" | "bidirectional" => "attention_dir",
        known => known,
    }
}

/// The keys of a config and of what hides inside it, on one level.
pub(super) fn flat(fields: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut all = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Object(inner) if INSIDE.contains(&name.as_str()) => {
                all.extend(inner.iter().map(|(name, value)| (name.as_str(), value)));
            }
            _ => all.push((name.as_str(), value)),
        }
    }
    all
}

/// What is said beside a checkpoint, and what its own config says of anything else.
#[must_use]
pub fn over(inside: &Map<String, Value>, beside: &Map<String, Value>) -> Map<String, Value> {
    let (inside, beside) = (flat(inside), flat(beside));
    let said = |name: &str| (beside.iter()).any(|(other, _)| subject(other) == subject(name));
    let left = inside.iter().filter(|(name, _)| !said(name));
    let all = left.chain(&beside);
    all.map(|(name, value)| ((*name).to_owned(), (*value).clone()))
        .collect()
}

impl Sidecar {
    /// A sidecar from fields that were read; keys that are no option of a model are another tool's
    /// business.
    ///
    /// # Errors
    /// Names the field that holds something else than it should, that changes what is computed in a
    /// way that is not supported, that contradicts another one, or that looks like a misspelt one.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self> {
        let mut said = Self::default();
        let mut before: BTreeMap<&str, (&str, Self)> = BTreeMap::new();
        for (name, value) in flat(fields) {
            let mut alone = Self::default();
            alone.take(name, value)?;
            said.take(name, value)?;
            if alone == Self::default() {
                continue;
            }
            if let Some((other, its)) = before.get(subject(name)) {
                ensure!(
                    *its == alone,
                    "config fields {other} and {name} contradict each other; take one of them out"
                );
            }
            before.insert(subject(name), (name, alone));
        }
        said.check_window(fields)?;
        Ok(said)
    }

    /// A window of attention has to be as long as a prompt: nothing is left out of it then.
    fn check_window(&self, fields: &Map<String, Value>) -> Result<()> {
        let said = |wanted: &str| {
            let mut all = flat(fields).into_iter();
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let unused = said("use_sliding_window").is_some_and(is_off);
        let Some(window) = said(WINDOW).filter(|value| !unused && !is_off(value)) else {
            return Ok(());
        };
        let longest = self.n_ctx.map(|n| n as u64);
        let whole = longest.is_some_and(|longest| window.as_u64().is_some_and(|n| n >= longest));
        ensure!(
            whole,
            "config field {WINDOW} is {}: attention to a window of the prompt is not supported; it must be as long as \
             n_ctx, or null",
            shown(&window.to_string())
        );
        Ok(())
    }

    /// What of the config is not read, though it sounds as if it were of account; nothing where there is no
    /// such key.
    #[must_use]
    pub fn unread_words(&self) -> Option<String> {
        let keys: Vec<String> = self.unread.iter().map(|key| shown(key)).collect();
        (!keys.is_empty()).then(|| {
            format!(
                "config keys that are not known here, and change nothing: {}",
                keys.join(", ")
            )
        })
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<()> {
        let shown_value = || shown(&value.to_string());
        if OFF.contains(&name) {
            ensure!(
                is_off(value),
                "config field {name} is {}: that is not supported",
                shown_value()
            );
            return Ok(());
        }
        if ONE.contains(&name) {
            ensure!(
                value.is_null() || value.as_f64() == Some(1.0),
                "config field {name} is {}: that is not supported{}",
                shown_value(),
                match name.contains("rotary") {
                    true => "; say rotary_dim, how many of a head's numbers are turned",
                    false => "",
                }
            );
            return Ok(());
        }
        match self.set(known_as(name), value) {
            Ok(true) => Ok(()),
            Ok(false) => {
                meant(name)?;
                let lower = name.to_lowercase();
                let sounds = SOUNDS.iter().any(|word| lower.contains(word));
                if sounds && !IDLE.contains(&name) {
                    self.unread.insert(name.to_owned());
                }
                Ok(())
            }
            Err(needed) => bail!(
                "config field {name} is {}; {needed} is needed",
                shown_value()
            ),
        }
    }
}

/// Refuses a key that is nearly one that would count.
fn meant(name: &str) -> Result<()> {
    let aliases = ALIASES.iter().flat_map(|names| names.iter());
    let mut all = KNOWN.iter().chain(&OFF).chain(&ONE).chain(aliases);
    match all.find(|known| is_near(known, name)) {
        Some(known) => bail!(
            "config field {} is no option; did you mean {known}?",
            shown(name)
        ),
        None => Ok(()),
    }
}

/// Whether a word looks like another one misspelt, cut short or gone on with. Short words are all near each
/// other.
fn is_near(known: &str, name: &str) -> bool {
    let longer = known.len() > 10;
    let (known, name) = (known.to_lowercase(), name.to_lowercase());
    let (known, name) = (known.replace('-', "_"), name.replace('-', "_"));
    let plural = name.strip_suffix('s') == Some(&known);
    let starts = (name.starts_with(&known) || known.starts_with(&name)) && name.len() > 10;
    let distance = edit_distance(&known, &name);
    !plural && known.len() > 5 && (distance <= 1 || longer && (distance == 2 || starts))
}

fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        // soft caps are off below zero
        Value::Number(number) => number.as_f64().is_some_and(|x| x <= 0.0),
        _ => false,
    }
}

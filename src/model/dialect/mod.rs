//! Names and layouts that other programs give the same tensors, brought to those of TransformerLens.

mod modules;
mod names;
mod reshape;

use super::config::{PositionalEmbedding, Sidecar};
use super::weights::{RawTensor, StateDict};
use anyhow::{Result, bail, ensure};
use reshape::{heads_in, turned};
use std::borrow::Cow;

/// Whose names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `blocks.0.attn.W_Q`, as `HookedTransformer` has it.
    TransformerLens,
    /// `blocks.0.attn.q.weight`, as TransformerLens 4 has it, with or without its bridge.
    TransformerLens4,
    /// TransformerLens's names before there was one: `W_E` is `[d_model, d_vocab]`, `W_O` joins the
    /// heads.
    Older,
    /// `layers.0.heads.0.W_Q.weight`: a module a head.
    SeparateHeads,
    /// `in_proj_weight`: `torch.nn.MultiheadAttention`.
    MultiheadAttention,
    /// Other modules of PyTorch.
    Modules,
    /// `W_E`, `W_in` and `W_U` alone.
    Bare,
}

impl Dialect {
    /// What it is called on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TransformerLens => "TransformerLens",
            Self::TransformerLens4 => "TransformerLens 4",
            Self::Older => "TransformerLens before 1.0",
            Self::SeparateHeads => "PyTorch, a module a head",
            Self::MultiheadAttention => "PyTorch, nn.MultiheadAttention",
            Self::Modules => "PyTorch",
            Self::Bare => "W_E, W_in and W_U",
        }
    }
}

/// Tensors under TransformerLens's names.
pub(super) struct Canonical<'a> {
    pub weights: Cow<'a, StateDict>,
    pub dialect: Dialect,
    /// What was said, and what the dialect itself says.
    pub said: Sidecar,
    /// What else was assumed, in words.
    pub noted: Vec<String>,
}

/// The tensors under TransformerLens's names, in its layout.
///
/// # Errors
/// Names the tensor that fits no dialect, or what must be said to read one.
pub(super) fn canonical<'a>(weights: &'a StateDict, said: &Sidecar) -> Result<Canonical<'a>> {
    let weights = without_prefix(weights);
    let has = |name: &str| weights.contains_key(name);
    if has("embed.W_E") || weights.is_empty() {
        let joined = weights.get("blocks.0.attn.W_O");
        if joined.is_some_and(|w_o| w_o.shape.len() == 2) && has("pos_embed.W_pos") {
            return Ok(Canonical {
                weights: Cow::Owned(older(&weights)?),
                dialect: Dialect::Older,
                said: said.clone(),
                noted: Vec::new(),
            });
        }
        return Ok(Canonical {
            weights,
            dialect: Dialect::TransformerLens,
            said: said.clone(),
            noted: Vec::new(),
        });
    }
    if has("W_E") && has("W_in") {
        return Ok(Canonical {
            weights,
            dialect: Dialect::Bare,
            said: said.clone(),
            noted: Vec::new(),
        });
    }
    let looks_ours = weights.keys().any(|name| name.ends_with(".W_Q"));
    if looks_ours {
        // what is missing is named by whoever looks for it
        return Ok(Canonical {
            weights,
            dialect: Dialect::TransformerLens,
            said: said.clone(),
            noted: Vec::new(),
        });
    }
    let modules::Converted {
        weights: converted,
        dialect,
        look,
        tied,
    } = modules::converted(&weights, said)?;
    let is_assumed = tied && said.tie_word_embeddings.is_none();
    let noted =
        is_assumed.then(|| "W_U is W_E turned (assumed: the file has no unembedding)".to_owned());
    let mut said = said.clone();
    if let (Some(told), Some(seen)) = (said.attention_dir, look) {
        ensure!(
            told == seen,
            "config field attention_dir is {}, but the tensors have a mask that masks nothing",
            told.name()
        );
    }
    said.attention_dir = said.attention_dir.or(look);
    if dialect == Dialect::TransformerLens4 {
        // it knows two kinds, turns neighbours, and always divides
        if !converted.contains_key("pos_embed.W_pos") {
            let rotary = Some(PositionalEmbedding::Rotary);
            said.positional_embedding_type = said.positional_embedding_type.or(rotary);
        }
        said.rotary_adjacent_pairs = said.rotary_adjacent_pairs.or(Some(true));
        said.use_attn_scale = None;
    }
    Ok(Canonical {
        weights: Cow::Owned(converted),
        dialect,
        said,
        noted: noted.into_iter().collect(),
    })
}

/// Without what wrappers put before every name.
fn without_prefix(weights: &StateDict) -> Cow<'_, StateDict> {
    const PREFIXES: [&str; 6] = [
        "module.",
        "_orig_mod.",
        "model.",
        "net.",
        "network.",
        "transformer.",
    ];
    let mut bare = 0;
    let rest = |name: &'_ str, from: usize| name.get(from..).unwrap_or_default().to_owned();
    let Some(first) = weights.keys().next() else {
        return Cow::Borrowed(weights);
    };
    while let Some(prefix) = PREFIXES
        .iter()
        .find(|prefix| rest(first, bare).starts_with(**prefix))
    {
        let all = weights
            .keys()
            .all(|name| rest(name, bare).starts_with(prefix));
        if !all {
            break;
        }
        bare += prefix.len();
    }
    if bare == 0 {
        return Cow::Borrowed(weights);
    }
    let named = weights
        .iter()
        .map(|(name, tensor)| (rest(name, bare), tensor.clone()));
    Cow::Owned(named.collect())
}

/// The layout of the first grokking experiments.
fn older(weights: &StateDict) -> Result<StateDict> {
    let n_heads = weights
        .get("blocks.0.attn.W_K")
        .and_then(|w_k| w_k.shape.first());
    let n_heads = n_heads.copied().unwrap_or(1);
    let one = |(name, tensor): (&String, &RawTensor)| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let new = match last {
            "W_E" | "W_in" | "W_out" => turned(tensor),
            "W_Q" | "W_K" | "W_V" => turned_each(tensor),
            "W_O" => turned(tensor).and_then(|turned| heads_in(&turned, n_heads, 0)),
            _ => Ok(tensor.clone()),
        };
        match new {
            Ok(new) => Ok((name.clone(), new)),
            Err(error) => bail!("tensor {}: {error}", crate::task::shown(name)),
        }
    };
    weights.iter().map(one).collect()
}

/// Each matrix of a stack, turned: `[n, a, b] -> [n, b, a]`.
fn turned_each(tensor: &RawTensor) -> Result<RawTensor> {
    let &[n, a, b] = &tensor.shape[..] else {
        bail!(
            "shape {:?}; [n_heads, d_head, d_model] is needed",
            tensor.shape
        );
    };
    let mut data = Vec::with_capacity(tensor.data.len());
    for i in 0..n {
        for column in 0..b {
            data.extend((0..a).map(|row| tensor.data[(i * a + row) * b + column]));
        }
    }
    let shape = vec![n, b, a];
    Ok(RawTensor { shape, data })
}

//! Modules of PyTorch: every matrix is turned, and heads are joined or apart.

use super::names::{Name, Part, understood};
use super::reshape::{heads_in, rows, stacked, turned, vector_in};
use super::{Dialect, Sidecar};
use crate::model::config::{AttentionDir, PositionalEmbedding, Rotary, ignores, look_at};
use crate::model::weights::{RawTensor, StateDict};
use crate::task::number::significant;
use crate::task::shown;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;

/// More blocks than a small transformer has.
const MAX_LAYERS: usize = 64;

/// Tensors by what they are.
type Parts<'a> = BTreeMap<Name, &'a RawTensor>;

/// How many heads, and how wide.
#[derive(Clone, Copy)]
struct Heads {
    count: usize,
    width: usize,
}

/// Tensors of modules under TransformerLens's names.
pub(super) struct Converted {
    pub weights: StateDict,
    pub dialect: Dialect,
    /// What masks among them say.
    pub look: Option<AttentionDir>,
    /// Whether the embedding serves as the unembedding.
    pub tied: bool,
}

/// The tensors under TransformerLens's names.
///
/// # Errors
/// Names the tensor that nobody is known to have, or what must be said.
pub(super) fn converted(weights: &StateDict, said: &Sidecar) -> Result<Converted> {
    let mut parts = Parts::new();
    let mut look = None;
    for (name, tensor) in weights {
        let meant = understood(name).with_context(|| {
            format!(
                "tensor {} is none that a small transformer has under any name known here; \
                 is this the state dict of one?",
                shown(name)
            )
        })?;
        if meant.part == Part::Buffer {
            look = buffer(name, tensor)?.or(look);
        } else {
            let before = parts.insert(meant, tensor);
            ensure!(
                before.is_none(),
                "tensor {} is there twice under different names",
                shown(name)
            );
        }
    }
    let dialect = dialect(weights, &parts);
    check_order(weights, said)?;
    if dialect != Dialect::TransformerLens4 {
        check_rotary(weights, said)?;
    }
    let layers = parts.keys().filter_map(|name| name.layer).max();
    ensure!(
        layers.is_none_or(|last| last < MAX_LAYERS),
        "the last block is number {}; at most {MAX_LAYERS} blocks are supported",
        layers.unwrap_or(0)
    );
    let heads = heads(&parts, said)?;
    let mut all = StateDict::new();
    for (name, part) in [
        ("embed.W_E", Part::Embed),
        ("pos_embed.W_pos", Part::Positions),
    ] {
        if let Some(tensor) = top(&parts, part, false) {
            all.insert(name.to_owned(), flat(tensor));
        }
    }
    for layer in 0..layers.map_or(0, |last| last + 1) {
        block(&mut all, &parts, layer, heads)?;
    }
    norm(&mut all, &parts, None, Part::Norm, "ln_final");
    let unembed = top(&parts, Part::Unembed, false);
    match unembed {
        Some(w_u) => all.insert("unembed.W_U".to_owned(), turned(w_u)?),
        None if said.tie_word_embeddings == Some(false) => {
            bail!("there is no unembedding, and the config says tie_word_embeddings: false")
        }
        // who writes shared tensors once leaves it out
        None => {
            let embed = top(&parts, Part::Embed, false).context("there are no embeddings")?;
            all.insert("unembed.W_U".to_owned(), turned(embed)?)
        }
    };
    if let Some(b_u) = top(&parts, Part::Unembed, true) {
        all.insert("unembed.b_U".to_owned(), b_u.clone());
    }
    Ok(Converted {
        weights: all,
        dialect,
        look,
        tied: unembed.is_none(),
    })
}

/// What a tensor says of attention in which nothing is learned.
fn buffer(name: &str, tensor: &RawTensor) -> Result<Option<AttentionDir>> {
    let last = name.rsplit('.').next().unwrap_or(name);
    match last {
        "mask" | "causal_mask" | "tril" | "attn_mask" => look_at(name, tensor, false),
        "IGNORE" => ignores(name, tensor).map(|()| None),
        _ => Ok(None),
    }
}

/// Tables of rotary positions say that there are such positions, and `inv_freq` with which base.
fn check_rotary(weights: &StateDict, said: &Sidecar) -> Result<()> {
    let is_rotary = said.positional_embedding_type == Some(PositionalEmbedding::Rotary);
    let base = said.rotary_base.unwrap_or(Rotary::of(2).base);
    for (name, tensor) in weights {
        let last = name.rsplit('.').next().unwrap_or(name);
        if !matches!(last, "cos_cached" | "sin_cached" | "inv_freq") {
            continue;
        }
        ensure!(
            is_rotary,
            "tensor {} is of rotary positions; say positional_embedding_type: rotary in a JSON beside the \
             checkpoint",
            shown(name)
        );
        if let ("inv_freq", &[_, second, ..]) = (last, &tensor.data[..]) {
            let found = f64::from(second).powf(-(tensor.data.len() as f64));
            ensure!(
                (found / base - 1.0).abs() < 0.05,
                "tensor {} has the base {}, and not {base}; say it as rotary_base in a JSON beside the \
                 checkpoint",
                shown(name),
                significant(found, 3)
            );
        }
    }
    Ok(())
}

fn top<'a>(parts: &Parts<'a>, part: Part, bias: bool) -> Option<&'a RawTensor> {
    let name = Name {
        layer: None,
        head: None,
        part,
        bias,
    };
    parts.get(&name).copied()
}

/// Positions are at times stored as a batch of one.
fn flat(tensor: &RawTensor) -> RawTensor {
    let mut flat = tensor.clone();
    if flat.shape.len() == 3 && flat.shape[0] == 1 {
        flat.shape.remove(0);
    }
    flat
}

fn dialect(weights: &StateDict, parts: &Parts<'_>) -> Dialect {
    let any = |end: &str| weights.keys().any(|name| name.ends_with(end));
    if parts.keys().any(|name| name.head.is_some()) {
        Dialect::SeparateHeads
    } else if any("in_proj_weight") {
        Dialect::MultiheadAttention
    } else if any(".attn.q.weight") && any(".attn.o.weight") {
        Dialect::TransformerLens4
    } else {
        Dialect::Modules
    }
}

/// PyTorch's own blocks norm what they have written, unless told otherwise; that is another model.
fn check_order(weights: &StateDict, said: &Sidecar) -> Result<()> {
    let own = |name: &String| name.contains(".linear1.") || name.contains(".self_attn.");
    let normed = |name: &String| name.contains(".norm1.");
    ensure!(
        said.norm_first == Some(true) || !(weights.keys().any(own) && weights.keys().any(normed)),
        "these are blocks of torch.nn.TransformerEncoderLayer, which norms after each block unless made \
         with norm_first=True; if it was, say norm_first: true in a JSON beside the checkpoint"
    );
    Ok(())
}

/// How many heads there are: as many as have tensors of their own, else as was said.
fn heads(parts: &Parts<'_>, said: &Sidecar) -> Result<Heads> {
    let first = |part| {
        parts
            .iter()
            .find(|(name, _)| name.part == part && !name.bias)
    };
    let own = parts.keys().filter_map(|name| name.head).max();
    let queries = first(Part::Query).map(|(name, tensor)| (name.head, tensor.shape.first()));
    let joined = match (queries, first(Part::All)) {
        (Some((Some(_), Some(&width))), _) => {
            let count = own.map_or(1, |last| last + 1);
            return Ok(Heads { count, width });
        }
        (Some((None, Some(&rows))), _) => rows,
        (None, Some((_, all))) => all.shape.first().copied().unwrap_or(0) / 3,
        _ => bail!("there are no queries: is this the state dict of a small transformer?"),
    };
    let count = said
        .n_heads
        .or(said.d_head.map(|width| joined / width.max(1)));
    let count = count.context(
        "the heads are joined, so that the tensors do not say how many there are; say n_heads in a JSON \
         beside the checkpoint, or --heads",
    )?;
    ensure!(
        count > 0 && joined.is_multiple_of(count),
        "{joined} rows of queries cannot be divided among {count} heads"
    );
    let width = joined / count;
    Ok(Heads { count, width })
}

fn block(all: &mut StateDict, parts: &Parts<'_>, layer: usize, heads: Heads) -> Result<()> {
    let get = |part, bias| {
        let name = Name {
            layer: Some(layer),
            head: None,
            part,
            bias,
        };
        parts.get(&name).copied()
    };
    for (side, part) in [("Q", Part::Query), ("K", Part::Key), ("V", Part::Value)] {
        for bias in [false, true] {
            let letter = if bias { "b" } else { "W" };
            let joined = joined(parts, layer, part, bias);
            let Some(joined) =
                joined.with_context(|| format!("{letter}_{side} of block {layer}"))?
            else {
                continue;
            };
            let rows = joined.shape.first().copied().unwrap_or(0);
            ensure!(
                rows.is_multiple_of(heads.width.max(1)) && rows > 0,
                "W_{side} of block {layer} has {rows} rows, no multiple of a head's {}",
                heads.width
            );
            let count = rows / heads.width;
            // fewer than queries: heads share them, and TransformerLens marks that
            let mark = if count < heads.count { "_" } else { "" };
            let tensor = if bias {
                vector_in(&joined, count)?
            } else {
                heads_in(&turned(&joined)?, count, 1)?
            };
            all.insert(format!("blocks.{layer}.attn.{mark}{letter}_{side}"), tensor);
        }
    }
    if let Some(w_o) = get(Part::Output, false) {
        let w_o = turned(w_o).and_then(|w_o| heads_in(&w_o, heads.count, 0));
        let w_o = w_o.with_context(|| format!("W_O of block {layer}"))?;
        all.insert(format!("blocks.{layer}.attn.W_O"), w_o);
    }
    if let Some(b_o) = get(Part::Output, true) {
        all.insert(format!("blocks.{layer}.attn.b_O"), b_o.clone());
    }
    for (name, part) in [("in", Part::In), ("gate", Part::Gate), ("out", Part::Out)] {
        if let Some(w) = get(part, false) {
            all.insert(format!("blocks.{layer}.mlp.W_{name}"), turned(w)?);
        }
        if let Some(b) = get(part, true) {
            all.insert(format!("blocks.{layer}.mlp.b_{name}"), b.clone());
        }
    }
    for (part, name) in [
        (Part::Norm1, "ln1"),
        (Part::Norm2, "ln2"),
        (Part::Inner, "mlp.ln"),
    ] {
        let name = format!("blocks.{layer}.{name}");
        norm(all, parts, Some(layer), part, &name);
    }
    Ok(())
}

/// A projection's rows, heads one below the other, however a file has them.
fn joined(parts: &Parts<'_>, layer: usize, part: Part, bias: bool) -> Result<Option<RawTensor>> {
    let named = |head, part| Name {
        layer: Some(layer),
        head,
        part,
        bias,
    };
    if let Some(whole) = parts.get(&named(None, part)) {
        return Ok(Some((*whole).clone()));
    }
    if let Some(all) = parts.get(&named(None, Part::All)) {
        let third = all.shape.first().copied().unwrap_or(0) / 3;
        let number = match part {
            Part::Query => 0,
            Part::Key => 1,
            _ => 2,
        };
        return Ok(Some(rows(all, number * third, third)));
    }
    let own = (0..).map_while(|head| parts.get(&named(Some(head), part)));
    let own: Vec<RawTensor> = own.map(|&tensor| tensor.clone()).collect();
    if own.is_empty() {
        return Ok(None);
    }
    let last = parts.keys().filter(|name| name.layer == Some(layer));
    let last = last.filter_map(|name| name.head).max().unwrap_or(0);
    ensure!(own.len() > last, "head {} has none", own.len());
    Ok(Some(stacked(&own)?))
}

fn norm(all: &mut StateDict, parts: &Parts<'_>, layer: Option<usize>, part: Part, name: &str) {
    for (bias, last) in [(false, "w"), (true, "b")] {
        let from = Name {
            layer,
            head: None,
            part,
            bias,
        };
        if let Some(tensor) = parts.get(&from) {
            all.insert(format!("{name}.{last}"), (*tensor).clone());
        }
    }
}

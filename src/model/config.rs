//! The shape of a model, inferred from its tensors or read from a JSON beside them.

use super::weights::StateDict;
use crate::task::Task;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Where positions enter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionalEmbedding {
    /// `W_pos` is added to the inputs of Q and K in every layer, never to V nor to the residual
    /// stream (TransformerLens `transformer_block.py`).
    #[default]
    Shortformer,
    /// `W_pos` is added to the residual stream once.
    Standard,
}

/// An attention-only transformer without layernorm; names as in `HookedTransformerConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Attention blocks.
    pub n_layers: usize,
    /// Heads in a block.
    pub n_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Positions that `W_pos` holds.
    pub n_ctx: usize,
    /// Tokens that can be read.
    pub d_vocab: usize,
    /// Tokens that can be predicted.
    pub d_vocab_out: usize,
    /// Where positions enter.
    #[serde(rename = "positional_embedding_type", default)]
    pub positional_embedding: PositionalEmbedding,
    /// Whether that is assumed: neither the tensors nor a JSON beside them say it.
    #[serde(skip)]
    pub positions_assumed: bool,
}

/// The JSON beside a checkpoint: every key optional, each one checked against the tensors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sidecar {
    /// Cannot be seen in the tensors; shortformer when absent.
    pub positional_embedding_type: Option<PositionalEmbedding>,
    /// Must be null or absent: a model with layernorm computes something else.
    pub normalization_type: Option<String>,
    /// Must be true or absent.
    pub attn_only: Option<bool>,
    /// Numbers in a list; inferred from `n_ctx` when absent.
    pub list_len: Option<usize>,
    /// Values of a number; inferred from `d_vocab_out` when absent.
    pub max_num: Option<u32>,
    /// Attention blocks.
    pub n_layers: Option<usize>,
    /// Heads in a block.
    pub n_heads: Option<usize>,
    /// Width of the residual stream.
    pub d_model: Option<usize>,
    /// Width of a head.
    pub d_head: Option<usize>,
    /// Positions.
    pub n_ctx: Option<usize>,
    /// Tokens that can be read.
    pub d_vocab: Option<usize>,
    /// Tokens that can be predicted.
    pub d_vocab_out: Option<usize>,
}

impl Sidecar {
    /// A sidecar from its JSON; keys it does not know are another tool's business.
    ///
    /// # Errors
    /// Names the field that holds something else than it should.
    pub fn parse(text: &str) -> Result<Self> {
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
        for (name, value) in &fields {
            let alone = serde_json::Map::from_iter([(name.clone(), value.clone())]);
            let needed = match name.as_str() {
                "positional_embedding_type" => "\"shortformer\" or \"standard\"",
                "normalization_type" => "null",
                "attn_only" => "true",
                _ => "a whole number",
            };
            ensure!(
                Self::deserialize(serde_json::Value::Object(alone)).is_ok(),
                "config field {name} is {}; {needed} is needed",
                crate::task::shown(&value.to_string())
            );
        }
        Ok(Self::deserialize(serde_json::Value::Object(fields))?)
    }

    /// The sidecar that describes this model in full.
    #[must_use]
    pub fn describing(config: &Config, task: Task) -> Self {
        Self {
            positional_embedding_type: Some(config.positional_embedding),
            normalization_type: None,
            attn_only: Some(true),
            list_len: task.option("list_len"),
            max_num: task.option("max_num"),
            n_layers: Some(config.n_layers),
            n_heads: Some(config.n_heads),
            d_model: Some(config.d_model),
            d_head: Some(config.d_head),
            n_ctx: Some(config.n_ctx),
            d_vocab: Some(config.d_vocab),
            d_vocab_out: Some(config.d_vocab_out),
        }
    }

    fn check(&self, config: &Config) -> Result<()> {
        if let Some(normalization) = &self.normalization_type {
            anyhow::bail!(
                "config field normalization_type is '{}': only models without layernorm are supported",
                crate::task::shown(normalization)
            );
        }
        ensure!(
            self.attn_only != Some(false),
            "config field attn_only is false: only attention-only models are supported"
        );
        for (name, said, found) in [
            ("n_layers", self.n_layers, config.n_layers),
            ("n_heads", self.n_heads, config.n_heads),
            ("d_model", self.d_model, config.d_model),
            ("d_head", self.d_head, config.d_head),
            ("n_ctx", self.n_ctx, config.n_ctx),
            ("d_vocab", self.d_vocab, config.d_vocab),
            ("d_vocab_out", self.d_vocab_out, config.d_vocab_out),
        ] {
            if let Some(said) = said {
                ensure!(
                    said == found,
                    "config field {name} is {said}, but the tensors have {found}"
                );
            }
        }
        Ok(())
    }

    /// The task this model was made for.
    fn task(&self, config: &Config) -> Result<Task> {
        let max_num = self.max_num.unwrap_or(config.d_vocab_out as u32);
        let list_len = match self.list_len {
            Some(list_len) => list_len,
            None => {
                ensure!(
                    config.n_ctx >= 7 && config.n_ctx % 2 == 1,
                    "pos_embed.W_pos has {} positions, and an array update has 2 * list_len + 5; \
                     name list_len in a JSON beside the checkpoint",
                    config.n_ctx
                );
                (config.n_ctx - 5) / 2
            }
        };
        let task = Task::array_update(list_len, max_num)?;
        ensure!(
            task.seq_len() <= config.n_ctx,
            "pos_embed.W_pos has {} positions, and list_len {list_len} needs {}",
            config.n_ctx,
            task.seq_len()
        );
        ensure!(
            config.d_vocab == task.d_vocab() && config.d_vocab_out == max_num as usize,
            "this is no array-update model: embed.W_E has {} tokens and unembed.W_U {}, \
             max_num {max_num} needs {} and {max_num}",
            config.d_vocab,
            config.d_vocab_out,
            task.d_vocab()
        );
        Ok(task)
    }
}

/// The two dimensions of a tensor that must have two.
fn matrix(weights: &StateDict, name: &str) -> Result<[usize; 2]> {
    let tensor = weights.get(name).with_context(|| {
        format!("tensor {name} is missing: is this a TransformerLens state dict?")
    })?;
    match tensor.shape[..] {
        [rows, columns] => Ok([rows, columns]),
        _ => anyhow::bail!(
            "tensor {name} has shape {:?}; two dimensions are needed",
            tensor.shape
        ),
    }
}

impl PositionalEmbedding {
    /// TransformerLens's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shortformer => "shortformer",
            Self::Standard => "standard",
        }
    }
}

impl Config {
    /// Where positions enter, and whether that was said or is assumed.
    #[must_use]
    pub fn positions_words(&self) -> String {
        let assumed = if self.positions_assumed {
            " (assumed)"
        } else {
            ""
        };
        format!("{}{assumed}", self.positional_embedding.name())
    }

    /// The config and task of a state dict, from its shapes and what the sidecar adds.
    ///
    /// # Errors
    /// Names the tensor or the config field that does not fit.
    pub fn infer(weights: &StateDict, sidecar: &Sidecar) -> Result<(Self, Task)> {
        let [d_vocab, d_model] = matrix(weights, "embed.W_E")?;
        let [n_ctx, _] = matrix(weights, "pos_embed.W_pos")?;
        let [_, d_vocab_out] = matrix(weights, "unembed.W_U")?;
        let layer = |name: &String| {
            name.strip_prefix("blocks.")?
                .split('.')
                .next()?
                .parse()
                .ok()
        };
        let last: Option<usize> = weights.keys().filter_map(layer).max();
        let n_layers = last.map_or(0, |last| last.saturating_add(1));
        let w_q = weights.get("blocks.0.attn.W_Q").context(
            "tensor blocks.0.attn.W_Q is missing: is this a TransformerLens state dict?",
        )?;
        let w_q = &w_q.shape;
        let &[n_heads, _, d_head] = &w_q[..] else {
            anyhow::bail!(
                "tensor blocks.0.attn.W_Q has shape {w_q:?}; [n_heads, d_model, d_head] is needed"
            );
        };
        let config = Self {
            n_layers,
            n_heads,
            d_model,
            d_head,
            n_ctx,
            d_vocab,
            d_vocab_out,
            positional_embedding: sidecar.positional_embedding_type.unwrap_or_default(),
            positions_assumed: sidecar.positional_embedding_type.is_none(),
        };
        config.check_sizes()?;
        sidecar.check(&config)?;
        let task = sidecar.task(&config)?;
        Ok((config, task))
    }

    /// # Errors
    /// When a size is zero or so large that no small transformer has it.
    pub(crate) fn check_sizes(&self) -> Result<()> {
        for (name, size, most) in [
            ("n_layers", self.n_layers, 64),
            ("n_heads", self.n_heads, 64),
            ("d_model", self.d_model, 8192),
            ("d_head", self.d_head, 8192),
            ("n_ctx", self.n_ctx, 1024),
            ("d_vocab", self.d_vocab, 8192),
            ("d_vocab_out", self.d_vocab_out, 8192),
        ] {
            ensure!(
                (1..=most).contains(&size),
                "{name} is {size}; 1 to {most} is supported"
            );
        }
        Ok(())
    }

    /// Every parameter with its TransformerLens name and shape; the biases (`b_*`) may be absent
    /// from a checkpoint, they are zero then.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let (h, d, e) = (self.n_heads, self.d_model, self.d_head);
        let mut all = vec![
            ("embed.W_E".to_owned(), vec![self.d_vocab, d]),
            ("pos_embed.W_pos".to_owned(), vec![self.n_ctx, d]),
        ];
        for layer in 0..self.n_layers {
            let mut push = |name: &str, shape: Vec<usize>| {
                all.push((format!("blocks.{layer}.attn.{name}"), shape));
            };
            for side in ["Q", "K", "V"] {
                push(&format!("W_{side}"), vec![h, d, e]);
                push(&format!("b_{side}"), vec![h, e]);
            }
            push("W_O", vec![h, e, d]);
            push("b_O", vec![d]);
        }
        all.push(("unembed.W_U".to_owned(), vec![d, self.d_vocab_out]));
        all.push(("unembed.b_U".to_owned(), vec![self.d_vocab_out]));
        all
    }
}

/// Whether a parameter may be absent: a bias.
#[must_use]
pub fn is_bias(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with("b_"))
}

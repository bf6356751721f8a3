//! A config written down again.

use super::{Activation, Config, Normalization, PositionalEmbedding, Sidecar};
use crate::task::Task;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::collections::BTreeSet;

impl Sidecar {
    /// The sidecar that describes this model in full.
    #[must_use]
    pub fn describing(config: &Config, task: Task) -> Self {
        let rotary = config.positional_embedding == PositionalEmbedding::Rotary;
        let mlp = config.mlp;
        let normed = config.normalization != Normalization::None;
        let usual = config.has_usual_scale() || config.is_bare();
        Self {
            positional_embedding_type: Some(config.positional_embedding),
            normalization_type: Some(config.normalization),
            attn_only: Some(mlp.is_none()),
            list_len: task.option("list_len"),
            max_num: task.option("max_num"),
            task: (task.name != "array_update" && task.is_judged()).then(|| task.identity()),
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
            final_norm: config.no_final_norm.then_some(false),
            rotary_dim: rotary.then_some(config.rotary.dim),
            rotary_base: rotary.then_some(config.rotary.base),
            rotary_adjacent_pairs: rotary.then_some(config.rotary.adjacent_pairs),
            attention_dir: (!config.is_bare()).then_some(config.attention_dir),
            pad_token: config.pad_token,
            use_attn_scale: (!usual && config.attn_scale == 1.0).then_some(false),
            attn_scale: (!usual && config.attn_scale != 1.0).then_some(config.attn_scale),
            tie_word_embeddings: None,
            norm_first: None,
            unread: BTreeSet::new(),
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
        put(
            "task",
            self.task
                .as_ref()
                .and_then(|task| serde_json::to_value(task).ok()),
        );
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
        put("final_norm", self.final_norm.map(Value::from));
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

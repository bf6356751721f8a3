//! What the tensors say of a model, what was said beside them, and what is assumed.

use super::masks::{ignores, look_at, rotary_as};
use super::{
    Activation, Assumed, AttentionDir, Config, Mlp, Normalization, PositionalEmbedding, Rotary,
    Sidecar,
};
use crate::model::weights::{RawTensor, StateDict};
use crate::task::{Task, Token};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

impl Config {
    /// The config of a state dict under its TransformerLens names, from its shapes and from what was
    /// said; what neither decides is as TransformerLens has it where nothing is said, and is
    /// remembered as assumed.
    ///
    /// # Errors
    /// Names the tensor or the config field that does not fit.
    pub fn infer(weights: &StateDict, said: &Sidecar) -> Result<Self> {
        let reader = Reader { weights, said };
        let config = if weights.contains_key("W_in") && !weights.contains_key("embed.W_E") {
            reader.bare()?
        } else {
            reader.transformer()?
        };
        config.check_sizes()?;
        said.check(&config)?;
        reader.check_rotary(&config)?;
        Ok(config)
    }

    /// This config and every other one in which something assumed is decided otherwise: positions
    /// standard or shortformer, attention causal, bidirectional, or bidirectional without looking at
    /// one of these tokens. What computes the same is there once.
    #[must_use]
    pub fn candidates(&self, weights: &StateDict, pads: &[Token]) -> Vec<Self> {
        let mut all = vec![self.clone()];
        let mut add = |one: Self| {
            if !all.contains(&one) {
                all.push(one);
            }
        };
        let zero = weights
            .get("pos_embed.W_pos")
            .is_none_or(|w_pos| w_pos.data.iter().all(|&x| x == 0.0));
        let positions: &[PositionalEmbedding] = match self.assumes(Assumed::Positions) && !zero {
            true => &[
                PositionalEmbedding::Standard,
                PositionalEmbedding::Shortformer,
            ],
            false => &[self.positional_embedding],
        };
        for &positions in positions {
            let one = Self {
                positional_embedding: positions,
                ..self.clone()
            };
            add(one.clone());
            if !self.assumes(Assumed::Attention) {
                continue;
            }
            for pad in std::iter::once(None).chain(pads.iter().copied().map(Some)) {
                let pad = pad.or(self.pad_token);
                let fits = pad.is_none_or(|pad| (pad as usize) < self.d_vocab);
                if fits {
                    add(Self {
                        attention_dir: AttentionDir::Bidirectional,
                        pad_token: pad,
                        ..one.clone()
                    });
                }
            }
        }
        all
    }
}

/// Tensors, and what was said of them.
struct Reader<'a> {
    weights: &'a StateDict,
    said: &'a Sidecar,
}

impl Reader<'_> {
    fn has(&self, name: &str) -> bool {
        self.weights.contains_key(name)
    }

    /// The two dimensions of a tensor that must have two.
    fn matrix(&self, name: &str) -> Result<[usize; 2]> {
        match self.tensor(name)?.shape[..] {
            [rows, columns] => Ok([rows, columns]),
            ref shape => {
                bail!("tensor {name} has shape {shape:?}; two dimensions are needed")
            }
        }
    }

    fn tensor(&self, name: &str) -> Result<&RawTensor> {
        let found = self.weights.get(name);
        found.with_context(|| {
            format!("tensor {name} is missing: is this the state dict of a small transformer?")
        })
    }

    fn bare(&self) -> Result<Config> {
        let [d_vocab, d_model] = self.matrix("W_E")?;
        let [_, d_mlp] = self.matrix("W_in")?;
        let [_, d_vocab_out] = self.matrix("W_U")?;
        let mut assumed = BTreeSet::new();
        Ok(Config {
            d_model,
            n_ctx: 2,
            d_vocab,
            d_vocab_out,
            mlp: Some(Mlp {
                d_mlp,
                act_fn: self.activation(false, false, &mut assumed),
                gated: false,
                parallel: false,
            }),
            positional_embedding: PositionalEmbedding::None,
            assumed,
            ..Config::default()
        })
    }

    fn transformer(&self) -> Result<Config> {
        let said = self.said;
        let [d_vocab, d_model] = self.matrix("embed.W_E")?;
        let [_, d_vocab_out] = self.matrix("unembed.W_U")?;
        let w_q = &self.tensor("blocks.0.attn.W_Q")?.shape;
        let &[n_heads, _, d_head] = &w_q[..] else {
            bail!(
                "tensor blocks.0.attn.W_Q has shape {w_q:?}; [n_heads, d_model, d_head] is needed"
            );
        };
        let shared = self.weights.get("blocks.0.attn._W_K");
        let mut assumed = BTreeSet::new();
        let positional_embedding = self.positions(&mut assumed);
        let normalization = self.normalization()?;
        let mlp = self.mlp(&mut assumed)?;
        let solu_ln = mlp.is_some_and(|mlp| mlp.act_fn == Activation::SoluLn);
        if (normalization != Normalization::None || solu_ln) && said.eps.is_none() {
            assumed.insert(Assumed::Eps);
        }
        let usual = (d_head as f64).sqrt();
        Ok(Config {
            n_layers: self.n_layers(),
            n_heads,
            n_key_value_heads: shared
                .map_or(n_heads, |w_k| w_k.shape.first().copied().unwrap_or(0)),
            d_model,
            d_head,
            n_ctx: self.n_ctx()?,
            d_vocab,
            d_vocab_out,
            mlp,
            normalization,
            eps: said.eps.unwrap_or(1e-5),
            final_rms: self.final_rms(normalization),
            no_final_norm: self.no_final_norm(normalization),
            positional_embedding,
            rotary: self.rotary(d_head),
            attention_dir: self.attention_dir(&mut assumed)?,
            pad_token: said.pad_token,
            attn_scale: match said.use_attn_scale {
                Some(false) => 1.0,
                _ => said.attn_scale.unwrap_or(usual),
            },
            assumed,
            judged: BTreeSet::new(),
        })
    }

    fn n_layers(&self) -> usize {
        let layer = |name: &String| {
            let rest = name.strip_prefix("blocks.")?;
            rest.split('.').next()?.parse().ok()
        };
        let last: Option<usize> = self.weights.keys().filter_map(layer).max();
        last.map_or(0, |last| last.saturating_add(1))
    }

    fn positions(&self, assumed: &mut BTreeSet<Assumed>) -> PositionalEmbedding {
        if let Some(said) = self.said.positional_embedding_type {
            return said;
        }
        if self.has("blocks.0.attn.rotary_sin") {
            return PositionalEmbedding::Rotary;
        }
        assumed.insert(Assumed::Positions);
        if self.has("pos_embed.W_pos") {
            PositionalEmbedding::Standard
        } else {
            PositionalEmbedding::None
        }
    }

    /// Where no tensor has a row a position, somebody must say how many there are.
    fn n_ctx(&self) -> Result<usize> {
        if self.has("pos_embed.W_pos") {
            return Ok(self.matrix("pos_embed.W_pos")?[0]);
        }
        let buffers = ["mask", "rotary_sin"].map(|name| format!("blocks.0.attn.{name}"));
        let mut buffers = buffers.iter().filter_map(|name| self.weights.get(name));
        let rows = buffers.find_map(|buffer| buffer.shape.first().copied());
        self.said.n_ctx.or(rows).context(
            "tensor pos_embed.W_pos is missing, so that nothing says how many positions there are; \
             if the model has no such tensor, name n_ctx in a JSON beside it",
        )
    }

    fn rotary(&self, d_head: usize) -> Rotary {
        let usual = Rotary::of(d_head);
        let buffer = self.weights.get("blocks.0.attn.rotary_sin");
        let seen = buffer.and_then(|sin| sin.shape.get(1).copied());
        Rotary {
            dim: self.said.rotary_dim.or(seen).unwrap_or(usual.dim),
            base: self.said.rotary_base.unwrap_or(usual.base),
            adjacent_pairs: self
                .said
                .rotary_adjacent_pairs
                .unwrap_or(usual.adjacent_pairs),
        }
    }

    fn check_rotary(&self, config: &Config) -> Result<()> {
        if config.positional_embedding != PositionalEmbedding::Rotary {
            return Ok(());
        }
        for (name, table) in self.weights {
            if name.ends_with(".attn.rotary_sin") {
                rotary_as(name, table, config.rotary, f64::sin)?;
            } else if name.ends_with(".attn.rotary_cos") {
                rotary_as(name, table, config.rotary, f64::cos)?;
            }
        }
        Ok(())
    }

    fn normalization(&self) -> Result<Normalization> {
        let said = self.said.normalization_type;
        let (weight, bias) = (self.has("blocks.0.ln1.w"), self.has("blocks.0.ln1.b"));
        let fits = match said {
            // which tensors must be there the parameters say
            None => {
                return Ok(match (weight, bias) {
                    (true, false) => Normalization::Rms,
                    (false, false) => Normalization::None,
                    _ => Normalization::Ln,
                });
            }
            Some(Normalization::Rms) => weight && !bias,
            Some(Normalization::Ln) => weight,
            Some(_) => !weight && !bias,
        };
        let said = said.unwrap_or(Normalization::None);
        ensure!(
            fits,
            "config field normalization_type is {}, but {}",
            said.name(),
            match (weight, bias) {
                (false, _) => "the tensors have no blocks.0.ln1.w",
                (true, true) => "the tensors have blocks.0.ln1.w and blocks.0.ln1.b",
                (true, false) => "the tensors have blocks.0.ln1.w",
            }
        );
        Ok(said)
    }

    fn final_rms(&self, normalization: Normalization) -> bool {
        let seen = self.has("blocks.0.ln1.b") && self.has("ln_final.w") && !self.has("ln_final.b");
        self.said.final_rms.unwrap_or(seen) && normalization.centres()
    }

    /// Where blocks have a norm with weights, one without any at the end is none; where norms have none the file
    /// has to say so.
    fn no_final_norm(&self, normalization: Normalization) -> bool {
        let seen = self.has("blocks.0.ln1.w") && !self.has("ln_final.w") && !self.has("ln_final.b");
        let there = self.said.final_norm.unwrap_or(!seen);
        !there && normalization != Normalization::None
    }

    fn mlp(&self, assumed: &mut BTreeSet<Assumed>) -> Result<Option<Mlp>> {
        let said = self.said;
        let there = self.has("blocks.0.mlp.W_in");
        ensure!(
            said.attn_only != Some(there),
            "config field attn_only is {there}, but the tensors have {} blocks.0.mlp.W_in",
            if there { "a" } else { "no" }
        );
        if !there {
            return Ok(None);
        }
        let [_, d_mlp] = self.matrix("blocks.0.mlp.W_in")?;
        let gated = self.has("blocks.0.mlp.W_gate");
        ensure!(
            said.gated_mlp.unwrap_or(gated) == gated,
            "config field gated_mlp is {}, but the tensors have {} blocks.0.mlp.W_gate",
            !gated,
            if gated { "a" } else { "no" }
        );
        let layernormed = self.has("blocks.0.mlp.ln.w");
        Ok(Some(Mlp {
            d_mlp,
            act_fn: self.activation(gated, layernormed, assumed),
            gated,
            parallel: said.parallel_attn_mlp.unwrap_or(false),
        }))
    }

    fn activation(
        &self,
        gated: bool,
        layernormed: bool,
        assumed: &mut BTreeSet<Assumed>,
    ) -> Activation {
        self.said.act_fn.unwrap_or_else(|| {
            if layernormed {
                return Activation::SoluLn;
            }
            assumed.insert(Assumed::Act);
            if gated {
                Activation::Silu
            } else {
                Activation::Relu
            }
        })
    }

    /// A mask among the tensors tells something only where it is not the causal one: that one is in
    /// files of bidirectional models too.
    fn attention_dir(&self, assumed: &mut BTreeSet<Assumed>) -> Result<AttentionDir> {
        let mut seen = None;
        for (name, buffer) in self.weights {
            if name.ends_with(".attn.mask") {
                seen = look_at(name, buffer, true)?
                    .map(|seen| (name, seen))
                    .or(seen);
            } else if name.ends_with(".attn.IGNORE") {
                ignores(name, buffer)?;
            }
        }
        if let (Some(said), Some((name, seen))) = (self.said.attention_dir, seen) {
            ensure!(
                said == seen,
                "config field attention_dir is {}, but tensor {name} masks nothing",
                said.name()
            );
        }
        let known = self.said.attention_dir.or(seen.map(|(_, seen)| seen));
        Ok(known.unwrap_or_else(|| {
            assumed.insert(Assumed::Attention);
            AttentionDir::Causal
        }))
    }
}

impl Sidecar {
    fn check(&self, config: &Config) -> Result<()> {
        ensure!(
            self.norm_first != Some(false) || config.normalization == Normalization::None,
            "config field norm_first is false: blocks that norm what they have written are not supported"
        );
        // a size that the model has no use for may stand in a config all the same
        let d_mlp = config.mlp.map(|mlp| mlp.d_mlp).or(self.d_mlp).unwrap_or(0);
        let heads = if config.is_bare() {
            self.n_heads.unwrap_or(0)
        } else {
            config.n_heads
        };
        let d_head = if config.is_bare() {
            self.d_head.unwrap_or(0)
        } else {
            config.d_head
        };
        for (name, said, found) in [
            ("n_layers", self.n_layers, config.n_layers),
            ("n_heads", self.n_heads, heads),
            (
                "n_key_value_heads",
                self.n_key_value_heads,
                config.n_key_value_heads,
            ),
            ("d_model", self.d_model, config.d_model),
            ("d_head", self.d_head, d_head),
            ("d_mlp", self.d_mlp, d_mlp),
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
    pub(crate) fn task(&self, config: &Config) -> Result<Task> {
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

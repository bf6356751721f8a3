//! A model of tensors, and its tensors again.

use super::attention::Block;
use super::neurons::Neurons;
use super::norm::Norm;
use super::rotary::Turn;
use super::{HookedTransformer, Means};
use crate::model::config::{Activation, Config, Normalization, PositionalEmbedding};
use crate::model::interrupt::Interrupt;
use crate::model::weights::{RawTensor, StateDict};
use crate::task::Task;
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;

/// Named tensors that have the config's shapes.
struct Parts<'a> {
    config: &'a Config,
    tensors: &'a BTreeMap<String, Tensor>,
}

impl Parts<'_> {
    fn get(&self, name: &str) -> Result<Tensor> {
        let found = self.tensors.get(name).cloned();
        found.with_context(|| format!("tensor {name} is missing"))
    }

    fn norm(&self, name: &str, kind: Normalization) -> Result<Option<Norm>> {
        if kind == Normalization::None {
            return Ok(None);
        }
        let part = |wanted: bool, last: &str| -> Result<Option<Tensor>> {
            let part = wanted.then(|| self.get(&format!("{name}.{last}")));
            part.transpose()
        };
        Ok(Some(Norm {
            kind,
            eps: self.config.eps,
            w: part(kind.has_weights(), "w")?,
            b: part(kind.has_weights() && kind.centres(), "b")?,
        }))
    }

    fn block(&self, layer: usize) -> Result<Block> {
        let config = self.config;
        let (d, wide) = (config.d_model, config.n_heads * config.d_head);
        let part = |name: &str| self.get(&format!("blocks.{layer}.attn.{name}"));
        let each = config.n_heads / config.n_key_value_heads;
        // [head, ..]: heads that share a key or value get a copy each
        let by_head = |name: &str| -> Result<Tensor> {
            if each == 1 || name.ends_with('Q') {
                return part(name);
            }
            let shared = part(&format!("_{name}"))?;
            let mut shape = shared.dims().to_vec();
            shape.insert(1, each);
            let copies = shared
                .unsqueeze(1)?
                .broadcast_as(&shape[..])?
                .contiguous()?;
            Ok(copies.flatten(0, 1)?)
        };
        // [head, d_model, d_head] -> [d_model, head * d_head]: one product serves all heads
        let merged = |name: &str| -> Result<Tensor> {
            Ok(by_head(name)?.transpose(0, 1)?.reshape((d, wide))?)
        };
        let bias = |name: &str| -> Result<Tensor> { Ok(by_head(name)?.reshape(wide)?) };
        Ok(Block {
            w_q: merged("W_Q")?,
            b_q: bias("b_Q")?,
            w_k: merged("W_K")?,
            b_k: bias("b_K")?,
            w_v: merged("W_V")?,
            b_v: bias("b_V")?,
            w_o: part("W_O")?,
            b_o: part("b_O")?,
            norm: self.norm(&format!("blocks.{layer}.ln1"), config.normalization)?,
        })
    }

    fn neurons(&self, layer: usize) -> Result<Option<Neurons>> {
        let Some(mlp) = self.config.mlp else {
            return Ok(None);
        };
        let part = |name: &str| self.get(&format!("blocks.{layer}.mlp.{name}"));
        // as in TransformerLens: with parameters only where the other norms have them and centre
        let inner = match self.config.normalization {
            Normalization::Ln => Normalization::Ln,
            _ => Normalization::LnPre,
        };
        let inner = (mlp.act_fn == Activation::SoluLn).then_some(inner);
        Ok(Some(Neurons {
            act: mlp.act_fn,
            w_in: part("W_in")?,
            w_gate: mlp.gated.then(|| part("W_gate")).transpose()?,
            b_in: part("b_in")?,
            w_out: part("W_out")?,
            b_out: part("b_out")?,
            norm: self.norm(&format!("blocks.{layer}.ln2"), self.config.normalization)?,
            inner: match inner {
                Some(kind) => self.norm(&format!("blocks.{layer}.mlp.ln"), kind)?,
                None => None,
            },
        }))
    }
}

impl HookedTransformer {
    /// A model from named tensors that already have the config's shapes.
    ///
    /// # Errors
    /// Names the tensor that is missing.
    pub fn from_tensors(
        config: Config,
        task: Task,
        device: &Device,
        tensors: &BTreeMap<String, Tensor>,
    ) -> Result<Self> {
        let parts = Parts {
            config: &config,
            tensors,
        };
        let bare = config.is_bare();
        let mut blocks = Vec::with_capacity(config.n_layers);
        let mut mlps = Vec::with_capacity(config.n_layers);
        for layer in 0..config.n_layers {
            blocks.push(parts.block(layer)?);
            mlps.extend(parts.neurons(layer)?);
        }
        let rotary = config.positional_embedding == PositionalEmbedding::Rotary;
        let turn = rotary.then(|| Turn::new(config.rotary, config.n_ctx, device));
        let w_pos = config.has_w_pos().then(|| parts.get("pos_embed.W_pos"));
        let norm = match bare {
            true => None,
            false => parts.norm("ln_final", config.final_norm())?,
        };
        Ok(Self {
            w_e: parts.get(if bare { "W_E" } else { "embed.W_E" })?,
            w_pos: w_pos.transpose()?,
            w_u: parts.get(if bare { "W_U" } else { "unembed.W_U" })?,
            b_u: match bare {
                true => Tensor::zeros(config.d_vocab_out, DType::F32, device)?,
                false => parts.get("unembed.b_U")?,
            },
            bare: bare.then(|| parts.get("W_in")).transpose()?,
            turn: turn.transpose()?,
            norm,
            no_biases: false,
            for_many: None,
            interrupt: Interrupt::default(),
            means: Means::default(),
            blocks,
            mlps,
            device: device.clone(),
            config,
            task,
        })
    }

    /// The same weights under another config that needs the same tensors: a candidate.
    ///
    /// # Errors
    /// When it needs others.
    pub fn reconfigured(&self, config: Config) -> Result<Self> {
        ensure!(
            config.parameters() == self.config.parameters(),
            "the config needs other tensors than the model has"
        );
        let tensors = self.named()?.into_iter().collect();
        Self::from_tensors(config, self.task, &self.device, &tensors)
    }

    /// The weights under their TransformerLens names and shapes, biases included.
    ///
    /// # Errors
    /// When the device fails.
    pub fn state_dict(&self) -> Result<StateDict> {
        let raw = |tensor: &Tensor| -> Result<RawTensor> {
            let data = tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
            let shape = tensor.dims().to_vec();
            Ok(RawTensor { shape, data })
        };
        let named = self.named()?.into_iter();
        named
            .map(|(name, tensor)| Ok((name, raw(&tensor)?)))
            .collect()
    }

    fn named(&self) -> Result<Vec<(String, Tensor)>> {
        let config = &self.config;
        let mut all = Vec::new();
        if let Some(w_in) = &self.bare {
            for (name, tensor) in [("W_E", &self.w_e), ("W_in", w_in), ("W_U", &self.w_u)] {
                all.push((name.to_owned(), tensor.clone()));
            }
            return Ok(all);
        }
        let mut put = |name: String, tensor: Tensor| all.push((name, tensor));
        put("embed.W_E".to_owned(), self.w_e.clone());
        if let Some(w_pos) = &self.w_pos {
            put("pos_embed.W_pos".to_owned(), w_pos.clone());
        }
        for (layer, block) in self.blocks.iter().enumerate() {
            for (name, tensor) in block.named(config)? {
                put(format!("blocks.{layer}.attn.{name}"), tensor);
            }
            named_norm(
                &mut put,
                &format!("blocks.{layer}.ln1"),
                block.norm.as_ref(),
            );
        }
        for (layer, mlp) in self.mlps.iter().enumerate() {
            let parts = [
                ("W_in", Some(&mlp.w_in)),
                ("W_gate", mlp.w_gate.as_ref()),
                ("b_in", Some(&mlp.b_in)),
                ("W_out", Some(&mlp.w_out)),
                ("b_out", Some(&mlp.b_out)),
            ];
            for (name, tensor) in parts {
                if let Some(tensor) = tensor {
                    put(format!("blocks.{layer}.mlp.{name}"), tensor.clone());
                }
            }
            named_norm(&mut put, &format!("blocks.{layer}.ln2"), mlp.norm.as_ref());
            named_norm(
                &mut put,
                &format!("blocks.{layer}.mlp.ln"),
                mlp.inner.as_ref(),
            );
        }
        named_norm(&mut put, "ln_final", self.norm.as_ref());
        put("unembed.W_U".to_owned(), self.w_u.clone());
        put("unembed.b_U".to_owned(), self.b_u.clone());
        Ok(all)
    }
}

fn named_norm(put: &mut impl FnMut(String, Tensor), name: &str, norm: Option<&Norm>) {
    let parts = norm.map(|norm| [("w", &norm.w), ("b", &norm.b)]);
    for (last, tensor) in parts.into_iter().flatten() {
        if let Some(tensor) = tensor {
            put(format!("{name}.{last}"), tensor.clone());
        }
    }
}

impl Block {
    /// Its weights as a file has them, what heads share once.
    fn named(&self, config: &Config) -> Result<Vec<(String, Tensor)>> {
        let (h, d, e) = (config.n_heads, config.d_model, config.d_head);
        let each = h / config.n_key_value_heads;
        let mut all = Vec::new();
        for (side, w, b) in [
            ("Q", &self.w_q, &self.b_q),
            ("K", &self.w_k, &self.b_k),
            ("V", &self.w_v, &self.b_v),
        ] {
            let (w, b) = (w.reshape((d, h, e))?.transpose(0, 1)?, b.reshape((h, e))?);
            if each == 1 || side == "Q" {
                all.push((format!("W_{side}"), w));
                all.push((format!("b_{side}"), b));
                continue;
            }
            let first: Vec<u32> = (0..h as u32).step_by(each).collect();
            let first = Tensor::new(first, w.device())?;
            all.push((
                format!("_W_{side}"),
                w.contiguous()?.index_select(&first, 0)?,
            ));
            all.push((format!("_b_{side}"), b.index_select(&first, 0)?));
        }
        all.push(("W_O".to_owned(), self.w_o.clone()));
        all.push(("b_O".to_owned(), self.b_o.clone()));
        Ok(all)
    }
}

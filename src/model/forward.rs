//! The forward pass, hook by hook, as TransformerLens computes it.

use super::config::{Config, PositionalEmbedding};
use super::device::MANY_ROWS;
use super::hooks::{HookName, Site};
use super::means::Means;
use super::stream::Stream;
use crate::task::{Task, Token};
use anyhow::{Result, ensure};
use candle_core::{D, Device, Tensor};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that reads or rewrites activations as a forward pass reaches them.
pub trait Hooks {
    /// Sees the activation at `name` and returns the one that the pass goes on with.
    ///
    /// # Errors
    /// Stops the pass.
    fn at(&mut self, name: HookName, value: Tensor) -> Result<Tensor>;

    /// Whether the pass must compute this hook point at all. Only those that [`Site::on_demand`]
    /// names are ever skipped: no later step needs them, and they cost as much as the rest.
    fn wants(&self, _name: HookName) -> bool {
        false
    }
}

/// Hooks that leave everything alone.
pub struct NoHooks;

impl Hooks for NoHooks {
    fn at(&mut self, _name: HookName, value: Tensor) -> Result<Tensor> {
        Ok(value)
    }
}

/// One attention block's weights.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// `[d_model, n_heads * d_head]`, and `[n_heads * d_head]` for its bias.
    pub(super) w_q: Tensor,
    pub(super) b_q: Tensor,
    pub(super) w_k: Tensor,
    pub(super) b_k: Tensor,
    pub(super) w_v: Tensor,
    pub(super) b_v: Tensor,
    /// `[n_heads, d_head, d_model]`
    pub(super) w_o: Tensor,
    /// `[d_model]`
    pub(super) b_o: Tensor,
}

/// An attention-only transformer whose every hook point can be read and written.
///
/// A run is a pure function of the model, the tokens and the hooks: nothing is kept between runs.
#[derive(Clone, Debug)]
pub struct HookedTransformer {
    config: Config,
    task: Task,
    device: Device,
    pub(super) w_e: Tensor,
    pub(super) w_pos: Tensor,
    pub(super) blocks: Vec<Block>,
    pub(super) w_u: Tensor,
    pub(super) b_u: Tensor,
    /// The same model where batches of many rows are computed.
    for_many: Option<Arc<Self>>,
    /// Its means over all inputs, as far as they were made.
    means: Means,
}

/// One of a block's three projections.
struct Side<'a> {
    site: Site,
    w: &'a Tensor,
    b: &'a Tensor,
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
        let get = |name: &str| {
            let found = tensors.get(name).cloned();
            found.ok_or_else(|| anyhow::anyhow!("tensor {name} is missing"))
        };
        let (d, wide) = (config.d_model, config.n_heads * config.d_head);
        let mut blocks = Vec::with_capacity(config.n_layers);
        for layer in 0..config.n_layers {
            let part = |name: &str| get(&format!("blocks.{layer}.attn.{name}"));
            // [head, d_model, d_head] -> [d_model, head * d_head]: one product serves all heads
            let merged = |name: &str| -> Result<Tensor> {
                Ok(part(name)?.transpose(0, 1)?.reshape((d, wide))?)
            };
            let bias = |name: &str| -> Result<Tensor> { Ok(part(name)?.reshape(wide)?) };
            blocks.push(Block {
                w_q: merged("W_Q")?,
                b_q: bias("b_Q")?,
                w_k: merged("W_K")?,
                b_k: bias("b_K")?,
                w_v: merged("W_V")?,
                b_v: bias("b_V")?,
                w_o: part("W_O")?,
                b_o: part("b_O")?,
            });
        }
        Ok(Self {
            w_e: get("embed.W_E")?,
            w_pos: get("pos_embed.W_pos")?,
            w_u: get("unembed.W_U")?,
            b_u: get("unembed.b_U")?,
            for_many: None,
            means: Means::default(),
            blocks,
            device: device.clone(),
            config,
            task,
        })
    }

    /// Has batches of many rows computed by the same model on another device.
    #[must_use]
    pub fn with_many_on(self, other: Self) -> Self {
        Self {
            for_many: Some(Arc::new(Self {
                means: self.means.clone(),
                ..other
            })),
            ..self
        }
    }

    /// This model where a batch of so many rows is computed; nothing of the one that is asked mixes
    /// with what stands elsewhere.
    #[must_use]
    pub fn for_rows(&self, rows: usize) -> &Self {
        let many = self.for_many.as_deref().filter(|_| rows >= MANY_ROWS);
        many.unwrap_or(self)
    }

    /// The model's shape.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The task the model was made for.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// Its means over all inputs, as far as they were made.
    #[must_use]
    pub fn means(&self) -> &Means {
        &self.means
    }

    /// Where the model computes.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Token ids as a tensor `[batch, pos]`.
    ///
    /// # Errors
    /// When the rows are empty, of different lengths, or hold an unknown token.
    pub fn tokens(&self, rows: &[Vec<Token>]) -> Result<Tensor> {
        let pos = rows.first().map_or(0, Vec::len);
        ensure!(pos > 0, "no tokens to run");
        ensure!(
            pos <= self.config.n_ctx,
            "{pos} tokens, but the model has {} positions",
            self.config.n_ctx
        );
        let mut flat = Vec::with_capacity(rows.len() * pos);
        for row in rows {
            ensure!(row.len() == pos, "rows of {} and {pos} tokens", row.len());
            flat.extend_from_slice(row);
        }
        if let Some(token) = flat.iter().find(|&&t| t as usize >= self.config.d_vocab) {
            anyhow::bail!("token {token} is not in 0..{}", self.config.d_vocab);
        }
        Ok(Tensor::from_vec(flat, (rows.len(), pos), &self.device)?)
    }

    /// The logits `[batch, pos, d_vocab_out]` of `tokens` `[batch, pos]`.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn forward(&self, tokens: &Tensor, hooks: &mut dyn Hooks) -> Result<Tensor> {
        let stream = self.embed(tokens, hooks)?;
        let len = stream.resid.dim(1)?;
        let resid = self.run_blocks(0, stream, len, hooks)?;
        self.unembed(&resid)
    }

    /// The stream before the first block.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn embed(&self, tokens: &Tensor, hooks: &mut dyn Hooks) -> Result<Stream> {
        let (batch, pos) = tokens.dims2()?;
        let d = self.config.d_model;
        let embed = self.w_e.index_select(&tokens.flatten_all()?, 0)?;
        let embed = hooks.at(HookName::Embed, embed.reshape((batch, pos, d))?)?;
        let w_pos = self.w_pos.narrow(0, 0, pos)?.unsqueeze(0)?;
        let pos = hooks.at(HookName::PosEmbed, w_pos)?;
        let resid = match self.config.positional_embedding {
            PositionalEmbedding::Shortformer => embed,
            PositionalEmbedding::Standard => embed.broadcast_add(&pos)?,
        };
        Ok(Stream {
            resid,
            pos,
            past: Vec::new(),
        })
    }

    /// Runs the blocks from `first` on; the residual stream after the last one. A patch in layer
    /// `l` starts here with the unpatched stream before `l`: earlier layers are not run again, and
    /// earlier positions are not where the stream has a past. Of the last block only the last
    /// `queries` positions are computed, and hooks see only them.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn run_blocks(
        &self,
        first: usize,
        stream: Stream,
        queries: usize,
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let mut stream = stream;
        for layer in first..self.blocks.len() {
            let at = |site| HookName::Block(layer, site);
            stream.resid = hooks.at(at(Site::ResidPre), stream.resid)?;
            let asking = if layer + 1 == self.blocks.len() {
                stream.last(queries)?
            } else {
                stream.clone()
            };
            let attn_out = self.attention(layer, &stream, &asking, hooks)?;
            let attn_out = hooks.at(at(Site::AttnOut), attn_out)?;
            let resid = asking.resid.broadcast_add(&attn_out)?;
            stream.resid = hooks.at(at(Site::ResidPost), resid)?;
        }
        let resid = stream.resid;
        Ok(resid)
    }

    /// What a block writes where it is `asking`, `[batch, queries, d_model]`; these are the last
    /// positions of the stream that it reads.
    fn attention(
        &self,
        layer: usize,
        stream: &Stream,
        asking: &Stream,
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let block = &self.blocks[layer];
        let queries = asking.resid.dim(1)?;
        let at = |site| HookName::Block(layer, site);
        let shortformer = self.config.positional_embedding == PositionalEmbedding::Shortformer;
        let pos = |stream: &'_ Stream| shortformer.then(|| stream.pos.clone());
        let side = |site, w, b| Side { site, w, b };
        let q = self.project(
            layer,
            &asking.resid,
            pos(asking).as_ref(),
            &side(Site::QInput, &block.w_q, &block.b_q),
            hooks,
        )?;
        let q = hooks.at(at(Site::Q), q)?;
        let k = self.project(
            layer,
            &stream.resid,
            pos(stream).as_ref(),
            &side(Site::KInput, &block.w_k, &block.b_k),
            hooks,
        )?;
        let k = hooks.at(at(Site::K), k)?;
        let v = self.project(
            layer,
            &stream.resid,
            None,
            &side(Site::VInput, &block.w_v, &block.b_v),
            hooks,
        )?;
        let v = hooks.at(at(Site::V), v)?;
        let (k, v) = match stream.past.get(layer) {
            Some(past) => past.before(&k, &v)?,
            None => (k, v),
        };

        let by_head = |x: &Tensor| -> Result<Tensor> { Ok(x.transpose(1, 2)?.contiguous()?) };
        let scale = 1.0 / (self.config.d_head as f64).sqrt();
        let scores = (matmul(&by_head(&q)?, &by_head(&k)?.t()?)? * scale)?;
        let len = k.dim(1)?;
        let mask = causal_mask(len, &self.device)?;
        let scores = scores.broadcast_add(&mask.narrow(2, len - queries, queries)?)?;
        let scores = hooks.at(at(Site::AttnScores), scores)?;
        let pattern = hooks.at(at(Site::Pattern), softmax(&scores)?)?;
        let z = matmul(&pattern.contiguous()?, &by_head(&v)?)?.transpose(1, 2)?;
        let z = hooks.at(at(Site::Z), z.contiguous()?)?;
        self.output(layer, &z, hooks)
    }

    /// Queries, keys or values of a block, `[batch, pos, head, d_head]`; `pos` is added to what
    /// they read.
    fn project(
        &self,
        layer: usize,
        resid: &Tensor,
        pos: Option<&Tensor>,
        side: &Side<'_>,
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let (n_heads, d, e) = (self.config.n_heads, self.config.d_model, self.config.d_head);
        let name = HookName::Block(layer, side.site);
        if !hooks.wants(name) {
            let input = match pos {
                Some(pos) => resid.broadcast_add(pos)?,
                None => resid.clone(),
            };
            let (batch, len, _) = input.dims3()?;
            return Ok(affine(&input, side.w, side.b)?.reshape((batch, len, n_heads, e))?);
        }
        let (batch, len, _) = resid.dims3()?;
        let input = resid.unsqueeze(2)?.broadcast_as((batch, len, n_heads, d))?;
        let mut input = hooks.at(name, input.contiguous()?)?;
        if let Some(pos) = pos {
            input = input.broadcast_add(&pos.unsqueeze(2)?)?;
        }
        // each head reads its own stream: [head, batch * pos, d_model] x [head, d_model, d_head]
        let batch = input.dim(0)?;
        let rows = input.reshape((batch * len, n_heads, d))?.transpose(0, 1)?;
        let w = side.w.reshape((d, n_heads, e))?.transpose(0, 1)?;
        let out = rows
            .contiguous()?
            .matmul(&w.contiguous()?)?
            .transpose(0, 1)?;
        let out = out.reshape((batch, len, n_heads, e))?;
        Ok(out.broadcast_add(&side.b.reshape((n_heads, e))?)?)
    }

    /// The heads' outputs, summed: `[batch, pos, head, d_head] -> [batch, pos, d_model]`.
    fn output(&self, layer: usize, z: &Tensor, hooks: &mut dyn Hooks) -> Result<Tensor> {
        let block = &self.blocks[layer];
        let (batch, pos, n_heads, d_head) = z.dims4()?;
        let d = self.config.d_model;
        let name = HookName::Block(layer, Site::Result);
        if hooks.wants(name) {
            let rows = z.reshape((batch * pos, n_heads, d_head))?.transpose(0, 1)?;
            let result = rows.contiguous()?.matmul(&block.w_o)?.transpose(0, 1)?;
            let result = hooks.at(name, result.reshape((batch, pos, n_heads, d))?)?;
            return Ok(result.sum(2)?.broadcast_add(&block.b_o)?);
        }
        let w_o = block.w_o.reshape((n_heads * d_head, d))?;
        affine(
            &z.reshape((batch, pos, n_heads * d_head))?,
            &w_o,
            &block.b_o,
        )
    }

    /// The logits of a residual stream: `[.., d_model] -> [.., d_vocab_out]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn unembed(&self, resid: &Tensor) -> Result<Tensor> {
        affine(resid, &self.w_u, &self.b_u)
    }

    /// The token embeddings, `[d_vocab, d_model]`.
    #[must_use]
    pub fn w_e(&self) -> &Tensor {
        &self.w_e
    }

    /// The positional embeddings, `[n_ctx, d_model]`.
    #[must_use]
    pub fn w_pos(&self) -> &Tensor {
        &self.w_pos
    }

    /// The unembedding, `[d_model, d_vocab_out]`.
    #[must_use]
    pub fn w_u(&self) -> &Tensor {
        &self.w_u
    }
}

/// A product in which a batch of 1 meets a batch of n: hooks may make n rows of one halfway.
fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dim(0)? == b.dim(0)? {
        Ok(a.matmul(b)?)
    } else {
        Ok(a.broadcast_matmul(b)?)
    }
}

/// `x w + b` over the last axis.
fn affine(x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let last = shape.pop().unwrap_or(1);
    let rows = shape.iter().product::<usize>();
    shape.push(w.dim(1)?);
    let y = x.reshape((rows, last))?.matmul(w)?.broadcast_add(b)?;
    Ok(y.reshape(shape)?)
}

/// 0 where `src <= dest`, minus infinity elsewhere, `[1, 1, dest, src]`.
fn causal_mask(len: usize, device: &Device) -> Result<Tensor> {
    let cell = |i: usize| {
        if i % len > i / len {
            f32::NEG_INFINITY
        } else {
            0.0
        }
    };
    let mask: Vec<f32> = (0..len * len).map(cell).collect();
    Ok(Tensor::from_vec(mask, (1, 1, len, len), device)?)
}

/// Softmax over the last axis. Written out, because candle's own hands every call, however small,
/// to a thread pool; a row that is all minus infinity becomes NaN, as in PyTorch.
fn softmax(x: &Tensor) -> Result<Tensor> {
    let exp = x
        .broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?
        .exp()?;
    Ok(exp.broadcast_div(&exp.sum_keepdim(D::Minus1)?)?)
}

//! The forward pass, hook by hook, as TransformerLens computes it.

mod attention;
mod build;
mod neurons;
mod norm;
mod of_tokens;
mod ops;
mod rotary;

use super::config::{Config, PositionalEmbedding};
use super::device::MANY_ROWS;
use super::hooks::{HookName, Site};
use super::interrupt::Interrupt;
use super::means::Means;
use super::stream::{Reading, Stream};
use crate::task::{Task, Token};
use anyhow::{Result, ensure};
use attention::Block;
use candle_core::{Device, Tensor};
use neurons::{Neurons, activate};
use norm::Norm;
use ops::{affine, forbidden};
use rotary::Turn;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Something that reads or rewrites activations as a forward pass reaches them.
pub trait Hooks {
    /// Sees the activation at `name` and returns the one that the pass goes on with.
    ///
    /// # Errors
    /// Stops the pass.
    fn at(&mut self, name: HookName, value: Tensor) -> Result<Tensor>;

    /// Whether the pass must compute this hook point at all. Only those that [`Site::on_demand`]
    /// names are ever skipped: no later step needs them, and they cost as much as the rest; and the
    /// logits, which a run returns anyway.
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

/// A small transformer whose every hook point can be read and written.
///
/// A run is a pure function of the model, the tokens and the hooks: nothing is kept between runs.
#[derive(Clone, Debug)]
pub struct HookedTransformer {
    config: Config,
    task: Task,
    device: Device,
    pub(super) w_e: Tensor,
    pub(super) w_pos: Option<Tensor>,
    pub(super) blocks: Vec<Block>,
    /// One for each block, or none.
    pub(super) mlps: Vec<Neurons>,
    /// The bare model's `W_in`, `[d_model, d_mlp]`.
    pub(super) bare: Option<Tensor>,
    /// The last norm.
    pub(super) norm: Option<Norm>,
    pub(super) w_u: Tensor,
    pub(super) b_u: Tensor,
    /// Whether biases of attention and unembedding are all zero and need not be added.
    no_biases: bool,
    /// Rotary positions.
    turn: Option<Turn>,
    /// The same model where batches of many rows are computed.
    for_many: Option<Arc<Self>>,
    /// Its means over all inputs, as far as they were made.
    means: Means,
    /// Asked before every block.
    interrupt: Interrupt,
}

impl HookedTransformer {
    /// The same where biases of attention and of the unembedding are zero and stay so: they are not added.
    #[must_use]
    pub fn without_biases(self) -> Self {
        Self {
            no_biases: true,
            ..self
        }
    }

    /// A bias, where it is to be added.
    fn added<'a>(&self, bias: &'a Tensor) -> Option<&'a Tensor> {
        (!self.no_biases).then_some(bias)
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

    /// The same model for another task.
    #[must_use]
    pub fn for_task(&self, task: Task) -> Self {
        let one = Self {
            task,
            for_many: None,
            means: Means::default(),
            ..self.clone()
        };
        match self.for_many.as_deref() {
            Some(many) => one.with_many_on(many.for_task(task)),
            None => one,
        }
    }

    /// The same model, whose passes are given up while the flag is up.
    #[must_use]
    pub fn interruptible(&self, flag: &Arc<AtomicBool>) -> Self {
        let many = self.for_many.as_deref();
        Self {
            interrupt: Interrupt::by(flag),
            for_many: many.map(|many| Arc::new(many.interruptible(flag))),
            ..self.clone()
        }
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

    /// The logits `[batch, pos, d_vocab_out]` of `tokens` `[batch, pos]`; the bare model has those of
    /// one position.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn forward(&self, tokens: &Tensor, hooks: &mut dyn Hooks) -> Result<Tensor> {
        let stream = self.embed(tokens, hooks)?;
        let len = stream.resid.dim(1)?;
        let resid = self.run_blocks(0, stream, len, hooks)?;
        self.unembed(&resid, None, hooks)
    }

    /// The stream before the first block.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn embed(&self, tokens: &Tensor, hooks: &mut dyn Hooks) -> Result<Stream> {
        let (batch, pos) = tokens.dims2()?;
        let d = self.config.d_model;
        let embed = self.w_e.index_select(&tokens.flatten_all()?, 0)?;
        let mut embed = embed.reshape((batch, pos, d))?;
        if self.config.is_bare() {
            embed = embed.sum_keepdim(1)?;
        }
        let embed = hooks.at(HookName::Embed, embed)?;
        let reading = self.reading(tokens)?;
        let pos = match (&self.w_pos, &reading.order) {
            (None, _) => None,
            (Some(w_pos), None) => Some(w_pos.narrow(0, 0, pos)?.unsqueeze(0)?),
            (Some(w_pos), Some(order)) => {
                let rows = w_pos.index_select(&order.flatten_all()?, 0)?;
                Some(rows.reshape((batch, pos, d))?)
            }
        };
        let pos = pos
            .map(|pos| hooks.at(HookName::PosEmbed, pos))
            .transpose()?;
        let resid = match (&pos, self.config.positional_embedding) {
            (Some(pos), PositionalEmbedding::Standard) => embed.broadcast_add(pos)?,
            _ => embed,
        };
        Ok(Stream {
            resid,
            pos,
            reading,
            past: Vec::new(),
        })
    }

    /// How `tokens` `[batch, pos]` are read.
    ///
    /// # Errors
    /// When the device fails.
    pub fn reading(&self, tokens: &Tensor) -> Result<Reading> {
        Ok(Reading {
            padding: self.padding(tokens)?,
            order: self.order(tokens)?,
        })
    }

    fn padding(&self, tokens: &Tensor) -> Result<Option<Tensor>> {
        let Some(pad) = self.config.pad_token else {
            return Ok(None);
        };
        let masked = forbidden(&tokens.eq(pad)?)?;
        Ok(Some(masked.unsqueeze(1)?.unsqueeze(1)?))
    }

    fn order(&self, tokens: &Tensor) -> Result<Option<Tensor>> {
        if !self.task.varies() {
            return Ok(None);
        }
        let rows: Vec<Vec<Token>> = tokens.to_vec2()?;
        let orders: Vec<_> = rows.iter().map(|row| self.task.order(row)).collect();
        if orders.iter().all(Option::is_none) {
            return Ok(None);
        }
        let len = tokens.dim(1)?;
        let one = |order: Option<Vec<usize>>| order.unwrap_or_else(|| (0..len).collect());
        let all = orders.into_iter().flat_map(one).map(|at| at as u32);
        let all = Tensor::from_vec(all.collect::<Vec<u32>>(), (rows.len(), len), &self.device)?;
        Ok(Some(all))
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
            self.interrupt.check()?;
            let at = |site| HookName::Block(layer, site);
            stream.resid = hooks.at(at(Site::ResidPre), stream.resid)?;
            let asking = if layer + 1 == self.blocks.len() {
                stream.last(queries)?
            } else {
                stream.clone()
            };
            let attn_out = self.attention(layer, &stream, &asking, hooks)?;
            let attn_out = hooks.at(at(Site::AttnOut), attn_out)?;
            let mut resid = asking.resid.broadcast_add(&attn_out)?;
            if let Some(mlp) = self.mlps.get(layer) {
                let read = match self.config.mlp.is_some_and(|mlp| mlp.parallel) {
                    true => &asking.resid,
                    false => {
                        resid = hooks.at(at(Site::ResidMid), resid)?;
                        &resid
                    }
                };
                let mlp_out = self.mlp(layer, mlp, read, hooks)?;
                resid = resid.broadcast_add(&mlp_out)?;
            }
            stream.resid = hooks.at(at(Site::ResidPost), resid)?;
        }
        if let (Some(w_in), Some(mlp)) = (&self.bare, self.config.mlp) {
            // its neurons are what it unembeds
            let pre = hooks.at(HookName::Pre, affine(&stream.resid, w_in, None)?)?;
            return hooks.at(HookName::Post, activate(mlp.act_fn, &pre)?);
        }
        let resid = stream.resid;
        Ok(resid)
    }

    /// The logits of a residual stream `[batch, pos, d_model]`, through the last norm: of one
    /// position `[batch, d_vocab_out]`, or of all `[batch, pos, d_vocab_out]`.
    ///
    /// # Errors
    /// When a hook or the device fails.
    pub fn unembed(
        &self,
        resid: &Tensor,
        position: Option<usize>,
        hooks: &mut dyn Hooks,
    ) -> Result<Tensor> {
        let read = match &self.norm {
            Some(norm) => {
                let names = [HookName::FinalScale, HookName::FinalNormalized];
                norm.apply(resid, names, hooks)?
            }
            None => resid.clone(),
        };
        let logits = |read: &Tensor| affine(read, &self.w_u, self.added(&self.b_u));
        let one = |of: &Tensor, position| -> Result<Tensor> {
            Ok(of.narrow(1, position, 1)?.squeeze(1)?)
        };
        // whoever changes logits sees those of all positions
        match (position, hooks.wants(HookName::Logits)) {
            (Some(position), false) => logits(&one(&read, position)?),
            (None, false) => logits(&read),
            (position, true) => {
                let all = hooks.at(HookName::Logits, logits(&read)?)?;
                position.map_or_else(|| Ok(all.clone()), |position| one(&all, position))
            }
        }
    }

    /// The token embeddings, `[d_vocab, d_model]`.
    #[must_use]
    pub fn w_e(&self) -> &Tensor {
        &self.w_e
    }

    /// The positional embeddings, `[n_ctx, d_model]`, where there are such.
    #[must_use]
    pub fn w_pos(&self) -> Option<&Tensor> {
        self.w_pos.as_ref()
    }

    /// The unembedding, `[d_model, d_vocab_out]`; of the bare model `[d_mlp, d_vocab_out]`.
    #[must_use]
    pub fn w_u(&self) -> &Tensor {
        &self.w_u
    }
}

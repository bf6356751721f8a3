//! The first block of a model without norms, of many rows at once: what a token and what a position bring to
//! its queries, keys and values is computed once for each of them, not once for each row. The same numbers
//! up to rounding; no hooks.

use super::HookedTransformer;
use super::ops::{affine, matmul, softmax};
use crate::model::config::{Normalization, PositionalEmbedding};
use crate::model::stream::{Stream, last};
use anyhow::Result;
use candle_core::Tensor;

/// Rows of a table, one for each token or position of a batch, `[batch * pos, ..]`.
struct Looked<'a> {
    tokens: &'a Tensor,
    positions: &'a Tensor,
}

impl HookedTransformer {
    /// Whether the first block can be computed so.
    fn is_of_tokens(&self) -> bool {
        let config = &self.config;
        config.n_layers > 0
            && config.normalization == Normalization::None
            && config.positional_embedding != PositionalEmbedding::Rotary
            && config.mlp.is_none()
            && config.pad_token.is_none()
            && !self.task.varies()
    }

    /// The logits `[batch, queries, d_vocab_out]` of the last `queries` positions of `tokens` `[batch, pos]`:
    /// those of [`Self::forward`] up to rounding, with less to compute.
    ///
    /// # Errors
    /// When the device fails.
    pub fn last_logits(&self, tokens: &Tensor, queries: usize) -> Result<Tensor> {
        let hooks = &mut super::NoHooks;
        let mut stream = self.embed(tokens, hooks)?;
        let mut first = 0;
        if self.is_of_tokens() {
            let asking = match self.config.n_layers {
                1 => queries,
                _ => stream.resid.dim(1)?,
            };
            let written = self.first_attention(tokens, &stream, asking)?;
            stream.resid = (last(&stream.resid, asking)? + written)?;
            first = 1;
        }
        let resid = self.run_blocks(first, stream, queries, hooks)?;
        self.unembed(&resid, None, hooks)
    }

    /// What the first block's attention writes at the last `queries` positions, `[batch, queries, d_model]`.
    fn first_attention(&self, tokens: &Tensor, stream: &Stream, queries: usize) -> Result<Tensor> {
        let block = &self.blocks[0];
        let (batch, len) = tokens.dims2()?;
        let (n_heads, d_head) = (self.config.n_heads, self.config.d_head);
        let ids = |from: usize| -> Result<Tensor> {
            let ids: Vec<u32> = (0..batch).flat_map(|_| from as u32..len as u32).collect();
            Ok(Tensor::new(ids, &self.device)?)
        };
        let every = Looked {
            tokens: &tokens.flatten_all()?,
            positions: &ids(0)?,
        };
        let asking = Looked {
            tokens: &last(tokens, queries)?.flatten_all()?,
            positions: &ids(len - queries)?,
        };
        let shortformer = self.config.positional_embedding == PositionalEmbedding::Shortformer;
        // [batch, head, pos, d_head]
        let side = |w: &Tensor, b: &Tensor, rows: &Looked<'_>, with_pos: bool| -> Result<Tensor> {
            let of_token = affine(&self.w_e, w, self.added(b))?;
            let mut all = of_token.index_select(rows.tokens, 0)?;
            if let Some(pos) = stream.pos.as_ref().filter(|_| with_pos) {
                let of_position = affine(&pos.squeeze(0)?, w, None)?;
                all = (all + of_position.index_select(rows.positions, 0)?)?;
            }
            let pos = all.dim(0)? / batch;
            let all = all.reshape((batch, pos, n_heads, d_head))?;
            Ok(all.transpose(1, 2)?.contiguous()?)
        };
        let q = side(&block.w_q, &block.b_q, &asking, true)?;
        let k = side(&block.w_k, &block.b_k, &every, true)?;
        let v = side(&block.w_v, &block.b_v, &every, !shortformer)?;
        let scores = (matmul(&q, &k.t()?)? * (1.0 / self.config.attn_scale))?;
        let scores = match self.mask(len, queries, &stream.reading)? {
            Some(mask) => scores.broadcast_add(&mask)?,
            None => scores,
        };
        let z = matmul(&softmax(&scores)?, &v)?.transpose(1, 2)?;
        self.output(0, &z.contiguous()?, &mut super::NoHooks)
    }
}

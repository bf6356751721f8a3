//! Attention, hook by hook.

use super::norm::Norm;
use super::ops::{affine, causal_mask, causal_mask_of, masked_softmax, matmul, softmax};
use super::{HookedTransformer, Hooks};
use crate::model::config::{AttentionDir, PositionalEmbedding};
use crate::model::hooks::{HookName, Site};
use crate::model::stream::{Reading, Stream, last};
use anyhow::Result;
use candle_core::Tensor;

/// One attention block's weights. Where heads share keys and values, each has a copy.
#[derive(Clone, Debug)]
pub(in crate::model) struct Block {
    /// `[d_model, n_heads * d_head]`, and `[n_heads * d_head]` for its bias.
    pub(in crate::model) w_q: Tensor,
    pub(in crate::model) b_q: Tensor,
    pub(in crate::model) w_k: Tensor,
    pub(in crate::model) b_k: Tensor,
    pub(in crate::model) w_v: Tensor,
    pub(in crate::model) b_v: Tensor,
    /// `[n_heads, d_head, d_model]`
    pub(in crate::model) w_o: Tensor,
    /// `[d_model]`
    pub(in crate::model) b_o: Tensor,
    /// The norm before it.
    pub(in crate::model) norm: Option<Norm>,
}

/// One of a block's three projections.
struct Side<'a> {
    site: Site,
    w: &'a Tensor,
    b: &'a Tensor,
}

/// What a projection reads: the stream, or each head its own.
enum Read {
    /// `[batch, pos, d_model]`
    Shared(Tensor),
    /// `[batch, pos, head, d_model]`
    ByHead(Tensor),
}

impl HookedTransformer {
    /// What a block's attention writes where it is `asking`, `[batch, queries, d_model]`; these are
    /// the last positions of the stream that it reads.
    pub(super) fn attention(
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
        let pos = |stream: &'_ Stream| shortformer.then(|| stream.pos.clone()).flatten();
        let side = |site, w, b| Side { site, w, b };

        // heads that read their own streams first, so that what is left at the norm's hook points is
        // what the block reads
        let own_q = self.own(layer, Site::QInput, &asking.resid, hooks)?;
        let own_k = self.own(layer, Site::KInput, &stream.resid, hooks)?;
        let own_v = self.own(layer, Site::VInput, &stream.resid, hooks)?;
        let (read, asks) = match &block.norm {
            Some(norm) => {
                let names = [at(Site::Ln1Scale), at(Site::Ln1Normalized)];
                let read = norm.apply(&stream.resid, names, hooks)?;
                let asks = last(&read, queries)?;
                (read, asks)
            }
            None => (stream.resid.clone(), asking.resid.clone()),
        };
        let shared = |own: Option<Read>, read: &Tensor| own.unwrap_or(Read::Shared(read.clone()));
        let (q_side, k_side, v_side) = (
            side(Site::Q, &block.w_q, &block.b_q),
            side(Site::K, &block.w_k, &block.b_k),
            side(Site::V, &block.w_v, &block.b_v),
        );
        let q = self.project(shared(own_q, &asks), pos(asking).as_ref(), &q_side)?;
        let q = hooks.at(at(q_side.site), q)?;
        let k = self.project(shared(own_k, &read), pos(stream).as_ref(), &k_side)?;
        let k = hooks.at(at(k_side.site), k)?;
        let v = self.project(shared(own_v, &read), None, &v_side)?;
        let v = hooks.at(at(v_side.site), v)?;

        let past = stream.past.get(layer);
        let before = past.map_or(Ok(0), super::super::stream::Past::len)?;
        let (q, k) = match &self.turn {
            Some(turn) => {
                let from = before + k.dim(1)? - queries;
                let order = stream.reading.order.as_ref();
                let q = hooks.at(at(Site::RotQ), turn.apply(&q, from, order)?)?;
                (q, hooks.at(at(Site::RotK), turn.apply(&k, before, order)?)?)
            }
            None => (q, k),
        };
        let (k, v) = match past {
            Some(past) => past.before(&k, &v)?,
            None => (k, v),
        };

        let by_head = |x: &Tensor| -> Result<Tensor> { Ok(x.transpose(1, 2)?.contiguous()?) };
        let scale = 1.0 / self.config.attn_scale;
        let scores = (matmul(&by_head(&q)?, &by_head(&k)?.t()?)? * scale)?;
        let mask = self.mask(k.dim(1)?, queries, &stream.reading)?;
        let scores = match &mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let scores = hooks.at(at(Site::AttnScores), scores)?;
        let pattern = match (&mask, &stream.reading.padding) {
            (Some(mask), Some(_)) => masked_softmax(&scores, mask)?,
            _ => softmax(&scores)?,
        };
        let pattern = hooks.at(at(Site::Pattern), pattern)?;
        let z = matmul(&pattern.contiguous()?, &by_head(&v)?)?.transpose(1, 2)?;
        let z = hooks.at(at(Site::Z), z.contiguous()?)?;
        self.output(layer, &z, hooks)
    }

    /// What is added to the scores of the last `queries` of `len` positions, `[batch or 1, 1, dest,
    /// src]`, if anything is masked.
    pub(super) fn mask(
        &self,
        len: usize,
        queries: usize,
        reading: &Reading,
    ) -> Result<Option<Tensor>> {
        let causal = match self.config.attention_dir {
            AttentionDir::Causal => {
                let mask = match &reading.order {
                    Some(order) => causal_mask_of(&order.narrow(1, 0, len)?)?,
                    None => causal_mask(len, &self.device)?,
                };
                Some(mask.narrow(2, len - queries, queries)?)
            }
            AttentionDir::Bidirectional => None,
        };
        let padding = reading.padding.as_ref();
        let padding = padding
            .map(|padding| padding.narrow(3, 0, len))
            .transpose()?;
        Ok(match (causal, padding) {
            (Some(causal), Some(padding)) => Some(causal.broadcast_add(&padding)?),
            (causal, padding) => causal.or(padding),
        })
    }

    /// What each head reads on its own, where a hook wants it, through the norm.
    fn own(
        &self,
        layer: usize,
        site: Site,
        resid: &Tensor,
        hooks: &mut dyn Hooks,
    ) -> Result<Option<Read>> {
        let name = HookName::Block(layer, site);
        if !hooks.wants(name) {
            return Ok(None);
        }
        let (n_heads, d) = (self.config.n_heads, self.config.d_model);
        let (batch, len, _) = resid.dims3()?;
        let input = resid.unsqueeze(2)?.broadcast_as((batch, len, n_heads, d))?;
        let input = hooks.at(name, input.contiguous()?)?;
        Ok(Some(Read::ByHead(match &self.blocks[layer].norm {
            Some(norm) => {
                let names = [Site::Ln1Scale, Site::Ln1Normalized];
                let names = names.map(|site| HookName::Block(layer, site));
                norm.by_head(&input, names, hooks)?
            }
            None => input,
        })))
    }

    /// Queries, keys or values of a block, `[batch, pos, head, d_head]`; `pos` is added to what
    /// they read.
    fn project(&self, read: Read, pos: Option<&Tensor>, side: &Side<'_>) -> Result<Tensor> {
        let (n_heads, d, e) = (self.config.n_heads, self.config.d_model, self.config.d_head);
        let mut input = match read {
            Read::Shared(input) => {
                let input = match pos {
                    Some(pos) => input.broadcast_add(pos)?,
                    None => input,
                };
                let (batch, len, _) = input.dims3()?;
                let out = affine(&input, side.w, self.added(side.b))?;
                return Ok(out.reshape((batch, len, n_heads, e))?);
            }
            Read::ByHead(input) => input,
        };
        if let Some(pos) = pos {
            input = input.broadcast_add(&pos.unsqueeze(2)?)?;
        }
        // each head reads its own stream: [head, batch * pos, d_model] x [head, d_model, d_head]
        let (batch, len, ..) = input.dims4()?;
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
    pub(super) fn output(&self, layer: usize, z: &Tensor, hooks: &mut dyn Hooks) -> Result<Tensor> {
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
        let joined = z.reshape((batch, pos, n_heads * d_head))?;
        affine(&joined, &w_o, self.added(&block.b_o))
    }
}

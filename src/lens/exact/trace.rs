//! A run told again as linear algebra: given its attention, the scales of its norms and the gates of
//! its neurons, everything that a head or the logits read is a sum of labelled terms. Follows
//! `model/forward` hook by hook, and what was done to the run (`edits.rs`), so that the terms
//! add up to what it computed. `layers.rs` has what is not attention, `rows.rs` and `families.rs` the
//! vectors.

use super::paths::PathTables;
use super::rows::{Family, Label, Rows, spread};
use super::terms::Terms;
use super::view::RunView;
use crate::lens::experiment::intervention::Sender;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{Start, Step};
use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::lens::weights::matrices::Matrices;
use crate::model::config::PositionalEmbedding;
use crate::model::{HookName, Site};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;

/// The run's sums in f64. Terms end at the last head or MLP that they went through, or with tables
/// they are whole paths.
pub(crate) struct Trace<'a> {
    pub weights: &'a Matrices,
    pub run: &'a RunView,
    pub(crate) tables: Option<&'a PathTables>,
    /// By head: `[dest_pos, src_pos]`.
    patterns: Vec<Matrix>,
    pub(crate) families: Vec<Family>,
    /// The positions' embeddings.
    pos: Terms,
    /// What the senders of edges wrote.
    pub(crate) sent: BTreeMap<Sender, Terms>,
    /// The residual stream before each layer, and the last one.
    streams: Vec<Terms>,
    /// What each layer's attention reads of it where no head reads its own.
    normed: Vec<Terms>,
    /// What the logits read.
    read: Terms,
    /// What the last norm divides by, `[pos]`; empty where there is none.
    pub(crate) last_scale: Vec<f64>,
}

/// The attention patterns of a run, head by head, `[dest_pos, src_pos]`.
pub(crate) fn patterns(weights: &Matrices, run: &RunView) -> Result<Vec<Matrix>> {
    let config = weights.config();
    let len = run.tokens.len();
    let shape = [config.n_layers, config.n_heads, len, len];
    ensure!(
        config.n_layers == 0 || run.pattern.shape() == shape,
        "the attention has shape {:?}; {shape:?} is needed",
        run.pattern.shape()
    );
    let unknown = run.tokens.iter().find(|&&t| t as usize >= config.d_vocab);
    ensure!(
        len <= config.n_ctx && unknown.is_none(),
        "the run is not one of this model"
    );
    Ok(HeadName::all(config)
        .map(|HeadName { layer, head }| matrix(len, len, run.pattern.slice(&[layer, head])))
        .collect())
}

impl<'a> Trace<'a> {
    /// A trace by the heads and MLPs that wrote last; by whole paths where there are tables.
    ///
    /// # Errors
    /// When the run is not one of this model.
    pub fn new(
        weights: &'a Matrices,
        run: &'a RunView,
        tables: Option<&'a PathTables>,
    ) -> Result<Self> {
        let mut trace = Self {
            patterns: patterns(weights, run)?,
            weights,
            run,
            tables,
            families: Vec::new(),
            pos: Terms::default(),
            sent: BTreeMap::new(),
            streams: Vec::new(),
            normed: Vec::new(),
            read: Terms::default(),
            last_scale: Vec::new(),
        };
        trace.pass()?;
        Ok(trace)
    }

    pub(crate) fn len(&self) -> usize {
        self.run.tokens.len()
    }

    /// How many positions have something written to them.
    pub(crate) fn outputs(&self) -> usize {
        self.weights.config().outputs(self.len())
    }

    fn positions(&self) -> PositionalEmbedding {
        self.weights.config().positional_embedding
    }

    fn pass(&mut self) -> Result<()> {
        let config = self.weights.config();
        let embed = self.enter(Start::Embed);
        let mut resid = self.edit(HookName::Embed, 0, embed)?;
        self.sent.insert(Sender::Embed, resid.clone());
        if config.has_w_pos() {
            let pos = self.enter(Start::Pos);
            self.pos = self.edit(HookName::PosEmbed, 0, pos)?;
        }
        if self.positions() == PositionalEmbedding::Standard {
            resid.add(&self.pos);
        }
        for layer in 0..config.n_layers {
            resid = self.block(layer, resid)?;
        }
        if config.is_bare() {
            self.read = self.neurons(0, resid)?;
            return Ok(());
        }
        self.streams.push(resid.clone());
        self.read = self.last_norm(resid)?;
        Ok(())
    }

    /// The stream behind a block.
    fn block(&mut self, layer: usize, resid: Terms) -> Result<Terms> {
        let at = |site| HookName::Block(layer, site);
        let mut resid = self.edit(at(Site::ResidPre), 0, resid)?;
        self.streams.push(resid.clone());
        let normed = self.norm_before(layer, resid.clone())?;
        self.normed.push(normed);
        let before = resid.clone();
        resid.add(&self.attention(layer)?);
        if let Some(mlp) = self.weights.config().mlp {
            let read = if mlp.parallel {
                before
            } else {
                resid = self.edit(at(Site::ResidMid), 0, resid)?;
                resid.clone()
            };
            resid.add(&self.mlp(layer, read)?);
        }
        self.edit(at(Site::ResidPost), 0, resid)
    }

    /// What a block's attention writes.
    fn attention(&mut self, layer: usize) -> Result<Terms> {
        let weights = self.weights;
        let at = |site| HookName::Block(layer, site);
        let mut attn_out = Terms::default();
        for head in 0..weights.config().n_heads {
            let name = HeadName { layer, head };
            let values = self.values(name)?;
            let z = self.carry(name, &values);
            let z = self.edit(at(Site::Z), head, z?)?;
            let result = self.through(&z, &weights.head(name).w_o);
            let result = self.edit(at(Site::Result), head, result)?;
            attn_out.add(&result);
            self.sent.insert(Sender::Head(layer, head), result);
        }
        attn_out.add(&self.enter(Start::OutBias(layer)));
        let attn_out = self.edit(at(Site::AttnOut), 0, attn_out)?;
        self.sent.insert(Sender::Layer(layer), attn_out.clone());
        Ok(attn_out)
    }

    /// What a head's queries, keys or values read, through the norm: a head that reads a stream of its
    /// own has a scale of its own.
    fn reads(&mut self, name: HeadName, site: Site) -> Result<Terms> {
        let hook = HookName::Block(name.layer, site);
        if self.run.changes.at(hook).next().is_none() {
            return Ok(self.normed[name.layer].clone());
        }
        let own = self.edit(hook, name.head, self.streams[name.layer].clone())?;
        self.norm_before(name.layer, own)
    }

    /// A head's values.
    fn values(&mut self, name: HeadName) -> Result<Terms> {
        let weights = self.weights;
        let mut read = self.reads(name, Site::VInput)?;
        if self.tables.is_none() {
            let whole = self.sum(&read);
            read = self.everywhere(Label::Head(name), whole);
        }
        let mut values = self.through(&read, &weights.head(name).w_v);
        values.add(&self.enter(Start::HeadBias(name)));
        self.edit(HookName::Block(name.layer, Site::V), name.head, values)
    }

    /// What a head carries to each position, of its values.
    fn carry(&mut self, head: HeadName, values: &Terms) -> Result<Terms> {
        let Some(tables) = self.tables else {
            let whole = self.sum(values);
            let family = self.family(Label::Head(head), Rows::Own(whole));
            return Ok(Terms::of(family, self.pattern(head).clone()));
        };
        let mut carried = Terms::default();
        for (family, weights) in values.iter() {
            let Family { label, rows } = &self.families[family];
            let Label::Path(name) = label else { continue };
            // a head's own bias is on its way already
            let name = match name.start == Start::HeadBias(head) {
                true => name.clone(),
                false => name.then(Step::Head(head)),
            };
            let pattern = self.pattern(head);
            let (rows, weights) = match rows {
                Rows::Own(rows) => (Rows::Own(rows.clone()), pattern * weights),
                Rows::Route(_) => {
                    let number = tables.number(&name).context("no such path")?;
                    (Rows::Route(number), pattern * weights)
                }
                Rows::Pairs(rows) => Rows::carried(rows, weights, pattern),
            };
            carried.push(self.family(Label::Path(name), rows), weights);
        }
        Ok(carried)
    }

    /// What a head's queries or keys are made of, `d_head` wide, turned where positions turn them:
    /// `sites` are where they read the stream and where they are.
    ///
    /// # Errors
    /// When an intervention there was not carried out.
    pub fn asks(&mut self, name: HeadName, sites: [Site; 2]) -> Result<Terms> {
        let part = self.weights.head(name);
        let (w, b, turned) = match sites[1] {
            Site::Q => (&part.w_q, &part.b_q, Site::RotQ),
            _ => (&part.w_k, &part.b_k, Site::RotK),
        };
        let mut stream = self.reads(name, sites[0])?;
        if self.positions() == PositionalEmbedding::Shortformer {
            stream.add(&self.pos);
        }
        let mut asks = self.through(&stream, w);
        asks.add(&self.everywhere(Label::Bias, spread(b, self.len())));
        let asks = self.edit(HookName::Block(name.layer, sites[1]), name.head, asks)?;
        if self.positions() != PositionalEmbedding::Rotary {
            return Ok(asks);
        }
        let asks = self.turned(&asks);
        self.edit(HookName::Block(name.layer, turned), name.head, asks)
    }

    /// A head's attention, `[dest_pos, src_pos]`.
    pub fn pattern(&self, name: HeadName) -> &Matrix {
        &self.patterns[name.layer * self.weights.config().n_heads + name.head]
    }

    /// The stream before a layer; the last one behind all layers.
    pub fn stream(&self, layer: usize) -> &Terms {
        &self.streams[layer]
    }

    /// How many streams there are: of the bare model, whose neurons are unembedded, none.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// What the logits read, behind the last norm.
    ///
    /// # Errors
    /// When the run's logits are not what that makes, because they were changed themselves.
    pub fn last(&self) -> Result<&Terms> {
        let mut changed = self.run.changes.at(HookName::Logits);
        if let Some(change) = changed.next() {
            let line = change.intervention.line(self.weights.task());
            bail!("nothing adds up to logits that were changed themselves; take away: {line}");
        }
        Ok(&self.read)
    }

    /// What a head wrote.
    pub fn written(&self, name: HeadName) -> Option<&Terms> {
        self.sent.get(&Sender::Head(name.layer, name.head))
    }

    /// The largest difference between the run's logits, at all positions, and the sum of all terms:
    /// rounding.
    pub fn remainder(&self) -> f64 {
        let weights = self.weights;
        let sum = self.sum(&self.read) * &weights.w_u;
        let logits = &self.run.logits;
        let cells = (0..sum.nrows()).flat_map(|i| (0..sum.ncols()).map(move |j| (i, j)));
        let differs = |(i, j): (usize, usize)| {
            let logit = logits.get(&[i, j]).map_or(f64::NAN, f64::from);
            (sum[(i, j)] + weights.b_u[(0, j)] - logit).abs()
        };
        cells.map(differs).fold(0.0, f64::max)
    }
}

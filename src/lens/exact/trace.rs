//! A run told again as linear algebra: given its attention, everything that a head or the logits
//! read is a sum of labelled terms. Follows `model/forward.rs` hook by hook, and what was done to
//! the run (`edits.rs`), so that the terms add up to what it computed.

use super::paths::PathTables;
use super::terms::Terms;
use super::view::RunView;
use crate::lens::experiment::intervention::Sender;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, matrix, rows_of};
use crate::lens::weights::matrices::Matrices;
use crate::model::{HookName, Site};
use crate::task::Token;
use anyhow::{Context, Result, ensure};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a term is.
#[derive(Clone, Debug)]
pub(in crate::lens) enum Label {
    /// What came in at a start and went through these heads.
    Path(PathName),
    /// What a head wrote, by the position that it attended to.
    Head(HeadName),
    /// The bias of a query or key itself.
    Bias,
}

/// Vectors of one label, one for each position where they came in or were attended to.
struct Family {
    label: Label,
    rows: Rows,
}

pub(in crate::lens) enum Rows {
    /// `[pos, d_model]`; inside a head `[pos, d_head]`.
    Own(Matrix),
    /// Those of a route of the tables, by its number: they need not be computed.
    Route(usize),
}

/// The run's sums in f64. Terms end at the last head that they went through, or with tables they
/// are whole paths.
pub(in crate::lens) struct Trace<'a> {
    pub weights: &'a Matrices,
    pub run: &'a RunView,
    tables: Option<&'a PathTables>,
    /// By head: `[dest_pos, src_pos]`.
    patterns: Vec<Matrix>,
    families: Vec<Family>,
    /// The positions' embeddings.
    pos: Terms,
    /// What the senders of edges wrote.
    pub(in crate::lens) sent: BTreeMap<Sender, Terms>,
    /// The residual stream that each layer reads, and the last one.
    streams: Vec<Terms>,
}

/// The attention patterns of a run, head by head, `[dest_pos, src_pos]`.
pub(in crate::lens) fn patterns(weights: &Matrices, run: &RunView) -> Result<Vec<Matrix>> {
    let config = weights.config();
    let len = run.tokens.len();
    let shape = [config.n_layers, config.n_heads, len, len];
    ensure!(
        run.pattern.shape() == shape,
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
    /// A trace by the heads that wrote last; by whole paths where there are tables.
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
        };
        trace.pass()?;
        Ok(trace)
    }

    pub(in crate::lens) fn len(&self) -> usize {
        self.run.tokens.len()
    }

    fn pass(&mut self) -> Result<()> {
        let embed = self.enter(Start::Embed);
        let mut resid = self.edit(HookName::Embed, 0, embed)?;
        self.sent.insert(Sender::Embed, resid.clone());
        let pos = self.enter(Start::Pos);
        self.pos = self.edit(HookName::PosEmbed, 0, pos)?;
        if self.weights.is_standard() {
            resid.add(&self.pos);
        }
        for layer in 0..self.weights.config().n_layers {
            resid = self.edit(HookName::Block(layer, Site::ResidPre), 0, resid)?;
            self.streams.push(resid.clone());
            resid.add(&self.block(layer, &resid)?);
            resid = self.edit(HookName::Block(layer, Site::ResidPost), 0, resid)?;
        }
        self.streams.push(resid);
        Ok(())
    }

    /// What a block writes.
    fn block(&mut self, layer: usize, resid: &Terms) -> Result<Terms> {
        let weights = self.weights;
        let at = |site| HookName::Block(layer, site);
        let mut attn_out = Terms::default();
        for head in 0..weights.config().n_heads {
            let name = HeadName { layer, head };
            let values = self.values(name, resid)?;
            let z = self.carry(name, &values)?;
            let z = self.edit(at(Site::Z), head, z)?;
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

    /// A head's values.
    fn values(&mut self, name: HeadName, resid: &Terms) -> Result<Terms> {
        let weights = self.weights;
        let at = |site| HookName::Block(name.layer, site);
        let mut read = self.edit(at(Site::VInput), name.head, resid.clone())?;
        if self.tables.is_none() {
            let whole = self.sum(&read);
            read = self.everywhere(Label::Head(name), whole);
        }
        let mut values = self.through(&read, &weights.head(name).w_v);
        values.add(&self.enter(Start::HeadBias(name)));
        self.edit(at(Site::V), name.head, values)
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
            let mut name = name.clone();
            // a head's own bias is on its way already
            if name.start != Start::HeadBias(head) {
                name.heads.push(head);
            }
            let rows = match rows {
                Rows::Own(rows) => Rows::Own(rows.clone()),
                Rows::Route(_) => Rows::Route(tables.number(&name).context("no such path")?),
            };
            let weights = self.pattern(head) * weights;
            carried.push(self.family(Label::Path(name), rows), weights);
        }
        Ok(carried)
    }

    /// What a head's queries or keys are made of, `d_head` wide: `sites` are where they read the
    /// stream and where they are.
    ///
    /// # Errors
    /// When an intervention there was not carried out.
    pub fn asks(&mut self, name: HeadName, sites: [Site; 2]) -> Result<Terms> {
        let part = self.weights.head(name);
        let (w, b) = match sites[1] {
            Site::Q => (&part.w_q, &part.b_q),
            _ => (&part.w_k, &part.b_k),
        };
        let [read, made] = sites.map(|site| HookName::Block(name.layer, site));
        let mut stream = self.edit(read, name.head, self.streams[name.layer].clone())?;
        if !self.weights.is_standard() {
            stream.add(&self.pos);
        }
        let mut asks = self.through(&stream, w);
        asks.add(&self.everywhere(Label::Bias, spread(b, self.len())));
        self.edit(made, name.head, asks)
    }

    pub(in crate::lens) fn family(&mut self, label: Label, rows: Rows) -> usize {
        self.families.push(Family { label, rows });
        self.families.len() - 1
    }

    /// Each vector at its own position.
    pub(in crate::lens) fn everywhere(&mut self, label: Label, rows: Matrix) -> Terms {
        let len = self.len();
        let family = self.family(label, Rows::Own(rows));
        Terms::of(family, Matrix::identity(len, len))
    }

    /// What comes in at a start; nothing where the tables have no such path.
    fn enter(&mut self, start: Start) -> Terms {
        let name = PathName::of(start);
        let rows = match self.tables {
            None => Some(Rows::Own(entering(self.weights, &self.run.tokens, start))),
            Some(tables) => tables.number(&name).map(Rows::Route),
        };
        let Some(rows) = rows else {
            return Terms::default();
        };
        let len = self.len();
        let family = self.family(Label::Path(name), rows);
        Terms::of(family, Matrix::identity(len, len))
    }

    /// All that a path carries to the logits, by the attention alone.
    pub(in crate::lens) fn led(&mut self, path: &PathName) -> Terms {
        let len = self.len();
        let mut weights = Matrix::identity(len, len);
        let heads: Vec<HeadName> = path.attention().collect();
        let Some((&last, before)) = heads.split_last() else {
            return self.enter(path.start);
        };
        for &head in before {
            weights = self.pattern(head) * weights;
        }
        if let Some(tables) = self.tables {
            let weights = self.pattern(last) * weights;
            let Some(number) = tables.number(path) else {
                return Terms::default();
            };
            let family = self.family(Label::Path(path.clone()), Rows::Route(number));
            return Terms::of(family, weights);
        }
        let rows = weights * handed(self.weights, &self.run.tokens, path);
        let family = self.family(Label::Head(last), Rows::Own(rows));
        Terms::of(family, self.pattern(last).clone())
    }

    /// Every vector times a matrix; those of the tables are so already.
    fn through(&mut self, terms: &Terms, matrix: &Matrix) -> Terms {
        let mut out = Terms::default();
        for (family, weights) in terms.iter() {
            let Family { label, rows } = &self.families[family];
            let family = match rows {
                Rows::Route(_) => family,
                Rows::Own(rows) => {
                    let rows = rows * matrix;
                    self.family(label.clone(), Rows::Own(rows))
                }
            };
            out.push(family, weights.clone());
        }
        out
    }

    /// A family's vectors in the stream, `[pos, d_model]`; of one that is inside a head, there.
    pub fn rows(&self, family: usize) -> Cow<'_, Matrix> {
        let Family { label, rows } = &self.families[family];
        match (rows, label) {
            (Rows::Own(rows), _) => Cow::Borrowed(rows),
            (Rows::Route(_), Label::Path(path)) => {
                Cow::Owned(handed(self.weights, &self.run.tokens, path))
            }
            (Rows::Route(_), _) => Cow::Owned(Matrix::zeros(0, 0)),
        }
    }

    /// A family's vectors among a head's values, `[pos, d_head]`.
    pub(in crate::lens) fn in_head(&self, name: HeadName, family: usize) -> Cow<'_, Matrix> {
        let Family { label, rows } = &self.families[family];
        match (rows, label) {
            (Rows::Own(rows), _) => Cow::Borrowed(rows),
            (Rows::Route(_), Label::Path(path)) if *path == PathName::of(Start::HeadBias(name)) => {
                Cow::Owned(entering(self.weights, &self.run.tokens, path.start))
            }
            _ => Cow::Owned(&*self.rows(family) * &self.weights.head(name).w_v),
        }
    }

    /// What terms come to, `[pos, ..]`.
    pub fn sum(&self, terms: &Terms) -> Matrix {
        let mut parts = terms.iter();
        let part = |(family, weights): (usize, &Matrix)| weights * &*self.rows(family);
        let first = parts.next().map(part);
        let first = first.unwrap_or_else(|| Matrix::zeros(self.len(), 0));
        parts.fold(first, |sum, one| sum + part(one))
    }

    /// A head's attention, `[dest_pos, src_pos]`.
    pub fn pattern(&self, name: HeadName) -> &Matrix {
        &self.patterns[name.layer * self.weights.config().n_heads + name.head]
    }

    /// What a family is.
    pub fn label(&self, family: usize) -> &Label {
        &self.families[family].label
    }

    /// The number of a family's route in the tables, if its vectors are that route's.
    pub fn route(&self, family: usize) -> Option<usize> {
        match self.families[family].rows {
            Rows::Route(route) => Some(route),
            Rows::Own(_) => None,
        }
    }

    /// The stream that a layer reads; that of the logits behind the last one.
    pub fn stream(&self, layer: usize) -> &Terms {
        &self.streams[layer]
    }

    /// What the logits read.
    pub fn last(&self) -> &Terms {
        self.stream(self.weights.config().n_layers)
    }

    /// What a head wrote.
    pub fn written(&self, name: HeadName) -> Option<&Terms> {
        self.sent.get(&Sender::Head(name.layer, name.head))
    }
}

/// What a path hands over from each position where it gets all attention, `[pos, d_model]`.
pub(in crate::lens) fn handed(weights: &Matrices, tokens: &[Token], path: &PathName) -> Matrix {
    let mut rows = entering(weights, tokens, path.start);
    if let Start::HeadBias(head) = path.start {
        rows = rows * &weights.head(head).w_o;
    }
    for &head in &path.heads {
        let head = weights.head(head);
        rows = rows * &head.w_v * &head.w_o;
    }
    rows
}

/// The vectors that come in at a start, by position: `[pos, d_model]`, of a head's bias
/// `[pos, d_head]`.
fn entering(weights: &Matrices, tokens: &[Token], start: Start) -> Matrix {
    let len = tokens.len();
    match start {
        Start::Embed => rows_of(&weights.w_e, tokens.iter().map(|&token| token as usize)),
        Start::Pos => rows_of(&weights.w_pos, 0..len),
        Start::HeadBias(head) => spread(&weights.head(head).b_v, len),
        Start::OutBias(layer) => spread(&weights.b_o[layer], len),
        Start::Unembed | Start::Put(_) => Matrix::zeros(len, weights.config().d_model),
    }
}

/// A row, `len` times.
pub(in crate::lens) fn spread(row: &Matrix, len: usize) -> Matrix {
    Matrix::from_fn(len, row.ncols(), |_, j| row[(0, j)])
}

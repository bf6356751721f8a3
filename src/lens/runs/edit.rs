//! Interventions carried out: what a line changes in a forward pass.

use super::derive::Derived;
use super::window::Window;
use crate::lens::experiment::intervention::{Action, Carrier, From, Intervention, Sender};
use crate::lens::names::head::HeadName;
use crate::lens::names::run::RunName;
use crate::model::{ActivationCache, Axes, HookName, Hooks, Site};
use anyhow::{Context, Result};
use candle_core::{Device, Shape, Tensor};
use std::collections::BTreeMap;

/// What interventions take activations from; batch size 1.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The clean run, untouched.
    pub clean: &'a ActivationCache,
    /// The corrupted run, untouched.
    pub corrupted: &'a ActivationCache,
    /// Means, resampled and example activations, directions.
    pub derived: &'a Derived,
}

impl Sources<'_> {
    pub(crate) fn get(&self, run: RunName, hook: HookName) -> Result<&Tensor> {
        match run {
            RunName::Clean => self.clean.get(hook),
            RunName::Corrupted => self.corrupted.get(hook),
            RunName::Patched => anyhow::bail!("a patch comes from clean or corrupted"),
        }
    }

    /// What an intervention takes from elsewhere, if anything: the activation at its hook point
    /// (of an edge, where its sender writes), a direction, or the maps of a cut.
    pub(crate) fn taken(&self, intervention: &Intervention) -> Result<Option<&Tensor>> {
        if let Some((From::Run(run), hook)) = intervention.taken_from() {
            return self.get(*run, hook).map(Some);
        }
        Ok(Some(match &intervention.action {
            Action::Patch(_)
            | Action::Edge(_, Some(_))
            | Action::Add(..)
            | Action::Rank(_)
            | Action::Project(..)
            | Action::Path(_) => self.derived.get(intervention)?,
            Action::Zero
            | Action::Scale(_)
            | Action::Set(_)
            | Action::Knock
            | Action::Edge(_, None) => return Ok(None),
        }))
    }
}

/// What takes the place of the chosen part.
enum Replacement {
    Tensor(Tensor),
    Number(f64),
    Scaled(f64),
    Added(Tensor),
    /// `[head, d_head + 1, d_head]`: each head's values times a matrix, plus its last row.
    Projected(Tensor),
    /// `[d_model, d_model]`: the stream times a matrix.
    Mapped(Tensor),
    /// The sender's term taken out, and that of another run put in its place.
    Rewired(Sender, Option<Tensor>),
    /// What a path carries taken out: what it hands over from each position, `[batch, pos,
    /// d_model]`, goes through the attention of these heads.
    Unled(Vec<HeadName>, Tensor),
}

impl Replacement {
    fn of(intervention: &Intervention, sources: Sources<'_>) -> Result<Self> {
        let taken = sources.taken(intervention)?.cloned();
        let tensor = || {
            taken
                .clone()
                .context("nothing was derived for this intervention")
        };
        Ok(match &intervention.action {
            Action::Patch(_) => Self::Tensor(tensor()?),
            Action::Add(..) => Self::Added(tensor()?),
            Action::Rank(_) => Self::Projected(tensor()?),
            Action::Project(..) => Self::Mapped(tensor()?),
            Action::Zero => Self::Number(0.0),
            Action::Scale(factor) => Self::Scaled(*factor),
            Action::Set(value) => Self::Number(*value),
            Action::Knock if is_scores(intervention.hook) => Self::Number(f64::NEG_INFINITY),
            Action::Knock => Self::Number(0.0),
            Action::Edge(sender, _) => Self::Rewired(*sender, taken),
            Action::Path(path) => Self::Unled(path.attention().collect(), tensor()?),
        })
    }
}

/// One action at one hook point; row `r` of the batch is changed where `mask[r]` is 1.
struct Edit {
    hook: HookName,
    /// What it takes away.
    carrier: Option<Carrier>,
    /// u8, shaped as the activation with a batch of so many rows.
    mask: Tensor,
    replacement: Replacement,
}

impl Edit {
    /// What `first` does, in those rows that do the same.
    fn rows(rows: &[Intervention], first: &Intervention, sources: Sources<'_>) -> Result<Self> {
        let like = sources.clean.get(first.hook)?;
        Ok(Self {
            hook: first.hook,
            carrier: first.action.carrier(),
            mask: mask(rows, first, like)?,
            replacement: Replacement::of(first, sources)?,
        })
    }

    /// As a pass through a window sees it.
    fn within(self, window: Window) -> Result<Self> {
        let cut = |x: &Tensor| window.cut(self.hook, x);
        let replacement = match self.replacement {
            Replacement::Tensor(x) => Replacement::Tensor(cut(&x)?),
            Replacement::Added(x) => Replacement::Added(cut(&x)?),
            Replacement::Rewired(sender, Some(x)) => {
                Replacement::Rewired(sender, Some(window.cut(sender.hook(), &x)?))
            }
            as_it_is => as_it_is,
        };
        Ok(Self {
            hook: self.hook,
            carrier: self.carrier,
            mask: window.cut(self.hook, &self.mask)?.contiguous()?,
            replacement,
        })
    }

    /// The hook points whose values it needs: where a sender writes, the attention along a path.
    fn reads(&self) -> Vec<HookName> {
        match &self.replacement {
            Replacement::Rewired(sender, _) => vec![sender.hook()],
            Replacement::Unled(heads, _) => heads.iter().map(pattern_of).collect(),
            _ => Vec::new(),
        }
    }

    /// What its carrier brings here, of what was written so far; `None` where nothing carries.
    fn brought(
        &self,
        written: &BTreeMap<HookName, Tensor>,
        like: &Tensor,
    ) -> Result<Option<Tensor>> {
        match &self.replacement {
            Replacement::Rewired(sender, _) => {
                let own = written.get(&sender.hook());
                own.map(|own| term(*sender, own, like)).transpose()
            }
            Replacement::Unled(heads, handed) => along(heads, handed, written).map(Some),
            _ => Ok(None),
        }
    }

    /// The activation with the chosen parts replaced. Batch sizes 1 and n meet as n. `carried` is
    /// what an edge carries so far.
    fn apply(&self, value: &Tensor, carried: Option<&Tensor>) -> Result<Tensor> {
        let new = match &self.replacement {
            Replacement::Tensor(tensor) => tensor.clone(),
            // a masked score that is set is no longer masked: that is what was asked for
            Replacement::Number(number) => {
                Tensor::full(*number as f32, value.shape(), value.device())?
            }
            Replacement::Scaled(factor) => scaled(value, *factor)?,
            Replacement::Added(tensor) => value.broadcast_add(tensor)?,
            Replacement::Projected(maps) => projected(value, maps)?,
            Replacement::Mapped(map) => value.contiguous()?.broadcast_matmul(map)?,
            Replacement::Rewired(sender, other) => {
                let carried = carried.with_context(|| format!("{sender} has not written yet"))?;
                let without = value.broadcast_sub(carried)?;
                match other {
                    Some(other) => without.broadcast_add(&term(*sender, other, value)?)?,
                    None => without,
                }
            }
            Replacement::Unled(..) => {
                value.broadcast_sub(carried.context("the path carries nothing yet")?)?
            }
        };
        self.where_chosen(&new, value)
    }

    /// What an edge carries after this edit, of what it carried before.
    fn carries(&self, carried: &Tensor, value: &Tensor) -> Result<Tensor> {
        let now = match &self.replacement {
            Replacement::Rewired(sender, Some(other)) => term(*sender, other, value)?,
            _ => carried.zeros_like()?,
        };
        self.where_chosen(&now, carried)
    }

    /// The new values where the mask chooses them, the old ones elsewhere.
    fn where_chosen(&self, new: &Tensor, value: &Tensor) -> Result<Tensor> {
        let meet = |a: &Shape, b: &Shape| a.broadcast_shape_binary_op(b, "edit");
        let shape = meet(&meet(self.mask.shape(), value.shape())?, new.shape())?;
        // many times as fast as choosing among numbers that do not stand side by side
        let whole = |x: &Tensor| x.broadcast_as(&shape)?.contiguous();
        Ok(whole(&self.mask)?.where_cond(&whole(new)?, &whole(value)?)?)
    }
}

/// A sender's term, `[batch, pos, d_model]`, or with an axis of heads where `like` has one.
pub(crate) fn term(sender: Sender, written: &Tensor, like: &Tensor) -> Result<Tensor> {
    let term = match sender {
        Sender::Head(_, head) => written.narrow(2, head, 1)?.squeeze(2)?,
        Sender::Embed | Sender::Layer(_) | Sender::Mlp(_) => written.clone(),
    };
    // where only the last queries are asked, these are the last positions of what was written
    let (len, asked) = (term.dim(1)?, like.dim(1)?);
    let term = term.narrow(1, len - asked, asked)?;
    Ok(if like.rank() == 4 {
        term.unsqueeze(2)?
    } else {
        term
    })
}

fn pattern_of(head: &HeadName) -> HookName {
    HookName::Block(head.layer, Site::Pattern)
}

/// What is handed over at each position, `[batch, pos, d_model]`, as the attention of heads carries
/// it on.
fn along(
    heads: &[HeadName],
    handed: &Tensor,
    written: &BTreeMap<HookName, Tensor>,
) -> Result<Tensor> {
    heads.iter().try_fold(handed.clone(), |handed, head| {
        let pattern = written.get(&pattern_of(head));
        let pattern = pattern.with_context(|| format!("{head} has not attended yet"))?;
        let pattern = pattern.narrow(1, head.head, 1)?.squeeze(1)?;
        Ok(pattern.contiguous()?.broadcast_matmul(&handed)?)
    })
}

/// Each head's values `[batch, pos, head, d_head]` through its map `[head, d_head + 1, d_head]`.
fn projected(value: &Tensor, maps: &Tensor) -> Result<Tensor> {
    let (_, rows, d_head) = maps.dims3()?;
    let matrix = maps.narrow(1, 0, rows - 1)?.unsqueeze(0)?.contiguous()?;
    let offset = maps.narrow(1, rows - 1, 1)?.reshape(((), d_head))?;
    let by_head = value.transpose(1, 2)?.contiguous()?;
    let new = by_head.broadcast_matmul(&matrix)?.transpose(1, 2)?;
    Ok(new.broadcast_add(&offset)?)
}

/// Minus infinity, a masked score, stays what it is: times 0 it would be no number.
fn scaled(value: &Tensor, factor: f64) -> Result<Tensor> {
    let masked = value.eq(f32::NEG_INFINITY)?;
    Ok(masked.where_cond(value, &(value * factor)?)?)
}

fn is_scores(hook: HookName) -> bool {
    matches!(hook, HookName::Block(_, Site::AttnScores))
}

/// The mask of one row per intervention, for activations shaped like `like` (batch size 1): what a
/// row chooses that does the same as `first`, nothing in the others.
fn mask(rows: &[Intervention], first: &Intervention, like: &Tensor) -> Result<Tensor> {
    let dims = &like.dims()[1..];
    // how many numbers are chosen together, and how the others are counted
    let (width, inner): (usize, [usize; 3]) = match first.hook.axes() {
        Axes::Pos if first.hook.has_neurons() => (1, [dims[1], dims[0], 1]),
        Axes::Pos => (dims[1], [1, dims[0], 1]),
        Axes::PosHead => (dims[2], [dims[1], dims[0], 1]),
        Axes::HeadDestSrc => (1, [dims[0], dims[1], dims[2]]),
    };
    let by_position = first.hook.axes() == Axes::PosHead || first.hook.has_neurons();
    let mut bits = Vec::with_capacity(rows.len() * like.elem_count());
    for row in rows {
        let alike = row.hook == first.hook && row.action == first.action;
        let [heads, dests, srcs] = inner;
        for i in 0..heads * dests * srcs {
            let (head, dest, src) = if by_position {
                (i % heads, i / heads, 0)
            } else {
                (i / (dests * srcs), i / srcs % dests, i % srcs)
            };
            let chosen = u8::from(alike && row.selects(head, dest, src));
            bits.extend(std::iter::repeat_n(chosen, width));
        }
    }
    let shape = [&[rows.len()], dims].concat();
    Ok(Tensor::from_vec(bits, shape, &Device::Cpu)?.to_device(like.device())?)
}

/// Hooks that carry out interventions, in their order.
pub struct Editor {
    edits: Vec<Edit>,
    /// What the senders of edges wrote in this pass, and the attention along paths.
    sent: BTreeMap<HookName, Tensor>,
    /// What each edge into a hook point carries so far: an edge taken away twice is taken away
    /// once.
    carried: BTreeMap<(HookName, Carrier), Tensor>,
    /// For each edit, whether it changed any number; kept only when asked for.
    changed: Option<Vec<bool>>,
}

impl Editor {
    /// Every intervention applies to every row.
    ///
    /// # Errors
    /// When a source run does not hold an activation.
    pub fn new(list: &[Intervention], sources: Sources<'_>) -> Result<Self> {
        let edits = list
            .iter()
            .map(|one| Edit::rows(std::slice::from_ref(one), one, sources))
            .collect::<Result<_>>()?;
        Ok(Self {
            edits,
            sent: BTreeMap::new(),
            carried: BTreeMap::new(),
            changed: None,
        })
    }

    /// For a pass that begins halfway: what was written before, from a run of the same prompt.
    #[must_use]
    pub fn after(mut self, cache: &ActivationCache) -> Self {
        for hook in self.edits.iter().flat_map(Edit::reads) {
            if let Ok(written) = cache.get(hook) {
                self.sent.insert(hook, written.clone());
            }
        }
        self
    }

    /// Also looks whether each edit changes anything: a patch that does not should say so.
    #[must_use]
    pub fn noticing(mut self) -> Self {
        self.changed = Some(vec![false; self.edits.len()]);
        self
    }

    /// After these, row `r` gets `rows[r]` alone.
    ///
    /// # Errors
    /// When a source run does not hold the activation.
    pub fn then_rows(mut self, rows: &[Intervention], sources: Sources<'_>) -> Result<Self> {
        for (i, row) in rows.iter().enumerate() {
            let alike = |one: &Intervention| one.hook == row.hook && one.action == row.action;
            if !rows[..i].iter().any(alike) {
                self.edits.push(Edit::rows(rows, row, sources)?);
            }
        }
        Ok(self)
    }

    /// For a pass through a window.
    ///
    /// # Errors
    /// When the window is no part of the pass.
    pub(crate) fn within(mut self, window: Window) -> Result<Self> {
        let edits = self.edits.into_iter();
        self.edits = edits
            .map(|edit| edit.within(window))
            .collect::<Result<_>>()?;
        for (hook, written) in &mut self.sent {
            *written = window.cut(*hook, written)?;
        }
        Ok(self)
    }

    /// For each intervention, whether it changed any number; empty unless noticing.
    #[must_use]
    pub fn changed(self) -> Vec<bool> {
        self.changed.unwrap_or_default()
    }
}

impl Hooks for Editor {
    fn at(&mut self, name: HookName, mut value: Tensor) -> Result<Tensor> {
        for (i, edit) in self.edits.iter().enumerate() {
            if edit.hook != name {
                continue;
            }
            let carrier = edit.carrier.clone().map(|carrier| (name, carrier));
            let carried = match carrier.as_ref().and_then(|key| self.carried.get(key)) {
                Some(carried) => Some(carried.clone()),
                None => edit.brought(&self.sent, &value)?,
            };
            let new = edit.apply(&value, carried.as_ref())?;
            if let Some((carrier, carried)) = carrier.zip(carried) {
                let now = edit.carries(&carried, &value)?;
                self.carried.insert(carrier, now);
            }
            if let Some(changed) = &mut self.changed {
                let differing = new.ne(&value.broadcast_as(new.shape())?)?;
                let count = differing.to_dtype(candle_core::DType::U32)?.sum_all()?;
                changed[i] |= count.to_scalar::<u32>()? > 0;
            }
            value = new;
        }
        if self.edits.iter().any(|edit| edit.reads().contains(&name)) {
            self.sent.insert(name, value.clone());
        }
        Ok(value)
    }

    fn wants(&self, name: HookName) -> bool {
        let mut edits = self.edits.iter();
        edits.any(|edit| edit.hook == name || edit.reads().contains(&name))
    }
}

//! Interventions carried out: what a line changes in a forward pass.

use super::experiment::RunName;
use super::intervention::{Action, Intervention};
use crate::model::{ActivationCache, Axes, HookName, Hooks};
use anyhow::Result;
use candle_core::{Device, Tensor};

/// The untouched runs that a patch takes activations from; batch size 1.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Of the clean run.
    pub clean: &'a ActivationCache,
    /// Of the corrupted run.
    pub corrupted: &'a ActivationCache,
}

impl Sources<'_> {
    fn get(&self, run: RunName, hook: HookName) -> Result<&Tensor> {
        match run {
            RunName::Clean => self.clean.get(hook),
            RunName::Corrupted => self.corrupted.get(hook),
            RunName::Patched => anyhow::bail!("a patch comes from clean or corrupted"),
        }
    }
}

/// What takes the place of the chosen part.
enum Replacement {
    Tensor(Tensor),
    Number(f64),
    Scaled(f64),
}

/// One action at one hook point; row `r` of the batch is changed where `mask[r]` is 1.
struct Edit {
    hook: HookName,
    /// u8, broadcasts against the activation: `[rows, pos, 1]`, `[rows, pos, head, 1]` or
    /// `[rows, head, dest, src]`.
    mask: Tensor,
    replacement: Replacement,
}

impl Edit {
    /// One row for each intervention; they share hook point and action.
    fn rows(interventions: &[Intervention], sources: Sources<'_>, heads: usize) -> Result<Self> {
        let first = interventions
            .first()
            .ok_or_else(|| anyhow::anyhow!("an edit needs an intervention"))?;
        let hook = first.hook;
        let like = sources.clean.get(hook)?;
        let replacement = match first.action {
            Action::Patch(run) => Replacement::Tensor(sources.get(run, hook)?.clone()),
            Action::Zero => Replacement::Number(0.0),
            Action::Scale(factor) => Replacement::Scaled(factor),
            Action::Set(value) => Replacement::Number(value),
            Action::Knock if is_scores(hook) => Replacement::Number(f64::NEG_INFINITY),
            Action::Knock => Replacement::Number(0.0),
        };
        Ok(Self {
            hook,
            mask: mask(interventions, like, heads)?,
            replacement,
        })
    }

    /// The activation with the chosen parts replaced. Batch sizes 1 and n meet as n.
    fn apply(&self, value: &Tensor) -> Result<Tensor> {
        let shape = self
            .mask
            .shape()
            .broadcast_shape_binary_op(value.shape(), "edit")?;
        let new = match &self.replacement {
            Replacement::Tensor(tensor) => tensor.broadcast_as(&shape)?,
            // a masked score that is set is no longer masked: that is what was asked for
            Replacement::Number(number) => Tensor::full(*number as f32, &shape, value.device())?,
            Replacement::Scaled(factor) => scaled(value, *factor)?.broadcast_as(&shape)?,
        };
        let mask = self.mask.broadcast_as(&shape)?;
        Ok(mask.where_cond(&new, &value.broadcast_as(&shape)?)?)
    }
}

/// Minus infinity, a masked score, stays what it is: times 0 it would be no number.
fn scaled(value: &Tensor, factor: f64) -> Result<Tensor> {
    let masked = value.eq(f32::NEG_INFINITY)?;
    Ok(masked.where_cond(value, &(value * factor)?)?)
}

fn is_scores(hook: HookName) -> bool {
    matches!(hook, HookName::Block(_, crate::model::Site::AttnScores))
}

/// The mask of one row per intervention, for activations shaped like `like` (batch size 1).
fn mask(interventions: &[Intervention], like: &Tensor, heads: usize) -> Result<Tensor> {
    let hook = interventions[0].hook;
    let dims = like.dims();
    let (inner, cells): (Vec<usize>, Vec<(usize, usize, usize)>) = match hook.axes() {
        Axes::Pos => {
            let cells = (0..dims[1]).map(|p| (0, p, 0)).collect();
            (vec![dims[1], 1], cells)
        }
        Axes::PosHead => {
            let cells = (0..dims[1]).flat_map(|p| (0..heads).map(move |h| (h, p, 0)));
            (vec![dims[1], heads, 1], cells.collect())
        }
        Axes::HeadDestSrc => {
            let (dest, src) = (dims[2], dims[3]);
            let matrix = move |h| (0..dest).flat_map(move |d| (0..src).map(move |s| (h, d, s)));
            (
                vec![heads, dest, src],
                (0..heads).flat_map(matrix).collect(),
            )
        }
    };
    let mut bits = Vec::with_capacity(interventions.len() * cells.len());
    for intervention in interventions {
        let row = cells
            .iter()
            .map(|&(h, a, b)| u8::from(intervention.selects(h, a, b)));
        bits.extend(row);
    }
    let mut shape = vec![interventions.len()];
    shape.extend(inner);
    Ok(Tensor::from_vec(bits, shape, &Device::Cpu)?.to_device(like.device())?)
}

/// Hooks that carry out interventions, in their order.
pub struct Editor {
    edits: Vec<Edit>,
    /// For each edit, whether it changed any number; kept only when asked for.
    changed: Option<Vec<bool>>,
}

impl Editor {
    /// Every intervention applies to every row.
    ///
    /// # Errors
    /// When a source run does not hold an activation.
    pub fn new(list: &[Intervention], sources: Sources<'_>, heads: usize) -> Result<Self> {
        let edits = list
            .iter()
            .map(|one| Edit::rows(std::slice::from_ref(one), sources, heads))
            .collect::<Result<_>>()?;
        Ok(Self {
            edits,
            changed: None,
        })
    }

    /// Also looks whether each edit changes anything: a patch that does not should say so.
    #[must_use]
    pub fn noticing(mut self) -> Self {
        self.changed = Some(vec![false; self.edits.len()]);
        self
    }

    /// After these, row `r` gets `rows[r]` alone; all of them share hook point and action.
    ///
    /// # Errors
    /// When a source run does not hold the activation.
    pub fn then_rows(
        mut self,
        rows: &[Intervention],
        sources: Sources<'_>,
        heads: usize,
    ) -> Result<Self> {
        self.edits.push(Edit::rows(rows, sources, heads)?);
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
            let new = edit.apply(&value)?;
            if let Some(changed) = &mut self.changed {
                let differing = new.ne(&value.broadcast_as(new.shape())?)?;
                let count = differing.to_dtype(candle_core::DType::U32)?.sum_all()?;
                changed[i] |= count.to_scalar::<u32>()? > 0;
            }
            value = new;
        }
        Ok(value)
    }

    fn wants(&self, name: HookName) -> bool {
        self.edits.iter().any(|edit| edit.hook == name)
    }
}

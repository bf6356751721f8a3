//! What was done to a run, and with what: enough to tell it again.

use super::array::Array;
use super::edit::Sources;
use super::intervention::{Action, Intervention};
use crate::model::HookName;
use anyhow::Result;
use candle_core::Tensor;

/// The interventions of a run in their order, each with what it took from elsewhere. None where
/// nothing was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes(Vec<Change>);

/// One intervention, carried out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub intervention: Intervention,
    /// Without an axis for the batch: the activation that was put in, `[pos, d_model]` or
    /// `[pos, head, ..]`; of an edge what its sender wrote in the other run; what a path hands over
    /// from each position, `[pos, d_model]`; a direction
    /// `[d_model]`; the maps of a cut, `[head, d_head + 1, d_head]`.
    pub taken: Option<Array>,
}

impl Changes {
    /// What the list does to row `row` of a batch that is edited from these sources.
    ///
    /// # Errors
    /// When a source run does not hold an activation.
    pub(super) fn new(list: &[Intervention], sources: Sources<'_>, row: usize) -> Result<Self> {
        let one = |intervention: &Intervention| {
            let taken = sources.taken(intervention)?;
            let of_row = |tensor: &Tensor| {
                Array::from_tensor(&match intervention.action {
                    Action::Add(..) | Action::Rank(_) => tensor.clone(),
                    // one row serves all where nothing depends on the prompt
                    _ => tensor.get(row.min(tensor.dim(0)? - 1))?,
                })
            };
            Ok(Change {
                taken: taken.map(of_row).transpose()?,
                intervention: intervention.clone(),
            })
        };
        list.iter().map(one).collect::<Result<_>>().map(Self)
    }

    /// Those at one hook point.
    pub(super) fn at(&self, hook: HookName) -> impl Iterator<Item = &Change> {
        let all = self.0.iter();
        all.filter(move |change| change.intervention.hook == hook)
    }
}

//! What interventions did to a run, with what they took from elsewhere.

use super::edit::Sources;
use crate::lens::exact::changes::{Change, Changes};
use crate::lens::experiment::intervention::{Action, Intervention};
use crate::lens::numbers::array::Array;
use anyhow::Result;
use candle_core::Tensor;

impl Changes {
    /// What the list does to row `row` of a batch that is edited from these sources.
    ///
    /// # Errors
    /// When a source run does not hold an activation.
    pub(crate) fn new(list: &[Intervention], sources: Sources<'_>, row: usize) -> Result<Self> {
        let one = |intervention: &Intervention| {
            let taken = sources.taken(intervention)?;
            let of_row = |tensor: &Tensor| {
                Array::from_tensor(&match intervention.action {
                    Action::Add(..) | Action::Rank(_) | Action::Project(..) => tensor.clone(),
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
}

//! What was done to a run, and with what: enough to tell it again.

use crate::lens::experiment::intervention::Intervention;
use crate::lens::numbers::array::Array;
use crate::model::HookName;

/// The interventions of a run in their order, each with what it took from elsewhere. None where
/// nothing was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes(pub(crate) Vec<Change>);

/// One intervention, carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub intervention: Intervention,
    /// Without an axis for the batch: the activation that was put in, `[pos, d_model]` or
    /// `[pos, head, ..]`; of an edge what its sender wrote in the other run; what a path hands over
    /// from each position, `[pos, d_model]`; a direction
    /// `[d_model]`; the maps of a cut, `[head, d_head + 1, d_head]`.
    pub taken: Option<Array>,
}

impl Changes {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Those at one hook point.
    pub(crate) fn at(&self, hook: HookName) -> impl Iterator<Item = &Change> {
        let all = self.0.iter();
        all.filter(move |change| change.intervention.hook == hook)
    }
}

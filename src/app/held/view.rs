//! What the panes look at.

use super::panes::{AttentionView, CellsView, StripsView};
use crate::app::keys::pane::Pane;
use crate::lens::{HeadName, InView, Reading, RunName, Shown};

/// What the panes look at; nothing here changes a number.
#[derive(Clone, Debug)]
pub struct View {
    /// The focused pane.
    pub focus: Pane,
    /// Whether it is shown alone.
    pub zoomed: bool,
    /// Which run is shown.
    pub shown: Shown,
    /// How the grids tell their metric.
    pub reading: Reading,
    /// Whose answer judges the patched run, where that was chosen.
    pub judge: Option<RunName>,
    /// The position under the cursor of the logits pane.
    pub position: usize,
    /// The attention pane.
    pub attention: AttentionView,
    /// The strips.
    pub strips: StripsView,
    /// The pattern cell grid.
    pub cells: CellsView,
    /// The selected intervention.
    pub intervention: usize,
    /// Which theme, counted round.
    pub theme: usize,
}

impl View {
    /// What of the grids is looked at.
    #[must_use]
    pub fn in_view(&self) -> InView {
        InView {
            layer: self.strips.layer,
            head: HeadName {
                layer: self.cells.layer,
                head: self.cells.head,
            },
        }
    }
}

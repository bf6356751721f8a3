//! What the panes show: the part of the view that undo brings back.

use crate::answers::Question;
use crate::app::keys::pane::Pane;
use crate::lens::Shown;
use crate::lens::{HeadName, Reading, RunName};

/// What the panes show.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Which run is shown.
    pub shown: Shown,
    /// How the grids tell their metric.
    pub reading: Reading,
    /// Whose answer judges the patched run, where that was chosen.
    pub judge: Option<RunName>,
    /// Whether a pane is shown alone.
    pub zoomed: bool,
    /// The pane that fills the screen: a zoomed one, the input space.
    pub alone: Option<Pane>,
    /// The question whose answer is open.
    pub question: Option<Question>,
    /// The attention pane's head.
    pub attention: HeadName,
    /// Scores instead of probabilities there.
    pub scores: bool,
    /// The head of the pattern cells.
    pub cells: HeadName,
    /// Which theme, counted round.
    pub theme: usize,
}

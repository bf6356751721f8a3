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

impl Sight {
    /// What is not as in another one, in words.
    #[must_use]
    pub(in crate::app) fn differs_in(&self, other: &Self) -> Vec<&'static str> {
        let alone = (self.zoomed, self.alone) != (other.zoomed, other.alone);
        let parts = [
            (self.shown != other.shown, "the run shown"),
            (self.reading != other.reading, "how grids tell the metric"),
            (self.judge != other.judge, "whose answer judges"),
            (self.question != other.question, "the question"),
            (alone, "which pane stands alone"),
            (
                self.attention != other.attention,
                "the head of the attention pane",
            ),
            (self.scores != other.scores, "scores or probabilities"),
            (self.cells != other.cells, "the head of the pattern grid"),
            (self.theme != other.theme, "the colours"),
        ];
        let differ = parts.into_iter().filter(|(differs, _)| *differs);
        differ.map(|(_, name)| name).collect()
    }
}

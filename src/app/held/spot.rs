//! What can be pointed at on the screen.

use super::fields::{Part, Side};
use super::panes::StripColumn;
use crate::app::keys::action::Action;
use crate::app::keys::pane::Pane;

/// What stands where somebody points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A pane, where nothing of it can be pointed at.
    Pane(Pane),
    /// A character of a prompt field.
    Field(Side, Part, usize),
    /// A position of the logits.
    Position(usize),
    /// A cell of a head's attention.
    Attention {
        /// The block.
        layer: usize,
        /// The head.
        head: usize,
        /// The query's position.
        dest: usize,
        /// The key's position.
        src: usize,
    },
    /// A cell of the strips.
    Strip {
        /// Index into the strips' rows.
        row: usize,
        /// The block.
        layer: usize,
        /// The position, or all of them.
        column: StripColumn,
    },
    /// A pattern cell.
    Cell {
        /// The query's position.
        dest: usize,
        /// The key's position.
        src: usize,
    },
    /// One of the interventions.
    Intervention(usize),
    /// The answer that is pinned beside the open one.
    Pinned,
    /// A cell of the answer, by row and column.
    Answer(usize, usize),
    /// A row of the screen of all inputs.
    SpaceRow(usize),
    /// A step of the model.
    Step(usize),
    /// One of the findings that are listed.
    Finding(usize),
    /// What the selected finding holds.
    Preview,
    /// The help, where no key is.
    Help,
    /// A key of the help.
    HelpKey(usize),
    /// A key of the menu.
    Menu(Action),
    /// Something that the palette has found.
    Found(usize),
    /// A finding's title while it is typed, or its note.
    Note {
        /// Whether it is the title.
        title: bool,
    },
    /// A key that is named at the edge of the screen.
    Does(Action),
}

/// What is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// A click.
    Click,
    /// The second of two clicks.
    Double,
    /// The wheel goes up.
    Up,
    /// The wheel goes down.
    Down,
}

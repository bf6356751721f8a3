//! The workbench as pure state: messages in, effects out.
//!
//! [`update()`] is the whole behaviour of the program: no I/O, no clock, no tensor is computed
//! here. Looks at [`crate::task`], [`crate::model`], [`crate::lens`], [`crate::sweep`], for what a training is
//! asked for at [`crate::training`] and, for the form of a session, at [`crate::findings`].

mod does;
mod held;
mod keys;
mod session;
mod update;

pub use crate::lens::Shown;
pub use does::help::{Section, sections};
pub use does::page::{action_for, hints, markdown, pinned};
pub use does::palette::{signature, verbs};
pub use does::training::begin_training;
pub use held::draft::{Edited, NoteEditor};
pub use held::fields::{Fields, Part, Side};
pub use held::inquiry::Inquiry;
pub use held::message::{Ask, Destination, Effect, Msg, Opening, Request, ShelfJob};
pub use held::panes::{
    AttentionView, CellsView, Fold, StripColumn, StripsView, strip_cell, strip_rows,
};
pub use held::rows::{ClaimRow, Says, SpaceRow};
pub use held::shelf::{Judged, Order, Shelf, Which};
pub use held::sight::Sight;
pub use held::space::{
    Answer, CaseOrder, FEW_INPUTS, Found, Running, Said, Space, SpaceKey, SpaceNews, SpaceQuestion,
    SpaceRequest, Wants,
};
pub use held::spot::{Gesture, Spot};
pub use held::state::{
    HelpView, LineEditor, Mode, ModelInfo, Purpose, SampleState, State, Status, Tone,
};
pub use held::steps::Steps;
pub use held::study::{History, Listed, Moment, Study};
pub use held::training::{TrainJob, TrainNews, TrainPhase, TrainedSoFar, UnderWay};
pub use held::view::View;
pub use keys::action::{Action, Group};
pub use keys::brief::brief;
pub use keys::key::{Key, parse_script};
pub use keys::pane::Pane;
pub use keys::table::{BINDINGS, Binding, Where};
pub use keys::verbs::about;
pub use keys::words::{NAMES, WORDS};
pub use session::switched;
pub use update::update;

//! The workbench as pure state: messages in, effects out.
//!
//! [`update()`] is the whole behaviour of the program: no I/O, no clock, no tensor is computed
//! here. Looks at [`crate::task`], [`crate::model`], [`crate::lens`], [`crate::sweep`] and, for the form
//! of a session, at [`crate::findings`].

mod act;
mod action;
mod cell;
mod command;
mod fields;
mod inquire;
mod judge;
mod key;
mod keymap;
mod keypage;
mod links;
mod message;
mod note;
mod panes;
mod patch;
mod rows;
mod session;
mod shelf;
mod sight;
mod space;
mod state;
mod study;
mod typing;
mod update;

pub use crate::lens::Shown;
pub use action::Action;
pub use fields::{Fields, Part, Side};
pub use key::{Key, parse_script};
pub use keymap::{BINDINGS, Binding, Where};
pub use keypage::{action_for, hints, markdown};
pub use message::{Ask, Effect, Inquiry, Msg, Opening, Request, ShelfJob};
pub use note::{Edited, NoteEditor};
pub use panes::{AttentionView, CellsView, StripColumn, StripsView, strip_cell, strip_rows};
pub use rows::{ClaimRow, Says, SpaceRow};
pub use shelf::{Order, Shelf, Which};
pub use sight::Sight;
pub use space::{
    Answer, CaseOrder, Found, Running, Said, Space, SpaceKey, SpaceNews, SpaceQuestion,
    SpaceRequest, Wants,
};
pub use state::{
    LineEditor, Mode, ModelInfo, Pane, Purpose, SampleState, State, Status, Tone, View,
};
pub use study::{History, Listed, Moment, Study};
pub use update::update;

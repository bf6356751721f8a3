//! The workbench as a session, and back: everything on screen is a function of it.
//!
//! Not in it: numbers (they are computed again) and the colours' theme name (the terminal's owner
//! chooses it; how far it was stepped is there).

mod lists;
mod open;
mod questions;
mod read;
pub mod tutorial;
mod words;
mod write;

pub(super) use open::opened;
pub use open::switched;

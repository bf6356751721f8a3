//! Keys: how they are spelled, what they can do, the one table that says which does what.

pub mod action;
pub mod brief;
pub mod key;
pub mod pane;
pub mod table;
pub mod verbs;
pub mod words;

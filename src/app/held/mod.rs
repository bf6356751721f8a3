//! What the workbench holds: data, and what is read off it.

pub mod draft;
pub mod editor;
pub mod fields;
pub mod inquiry;
pub mod judge;
pub mod known;
pub mod message;
pub mod panes;
pub mod rows;
pub mod shelf;
pub mod sight;
pub mod space;
pub mod spot;
pub mod state;
pub mod steps;
pub mod study;
pub mod training;
mod values;
pub mod view;
mod word;

//! Questions, one line each, and their answers, each a table.
//!
//! Looks at [`crate::task`], [`crate::model`], [`crate::lens`] and [`crate::sweep`]; knows no terminal,
//! no thread, no printing.

mod answer;
mod answering;
mod cell;
mod curves;
mod difference;
mod errors;
mod found;
mod gather;
mod geometry;
mod inputs;
mod kind;
mod moments;
mod next;
mod plan;
mod question;
mod sentence;
mod spectrum;
mod standing;
mod table;
mod tools;
mod variants;
mod weights;
mod words;
mod writing;

pub use answering::{Answering, Inquest, answer};
pub use cell::{CellClaim, CellVerdict, judge_cells};
pub use curves::{AlongSteps, Condition, Curves, LogAxes, Measured, StepLine, Tracked};
pub use gather::Compare;
pub use geometry::Geometry;
pub use inputs::{Extent, Many, Share, Shares, shares};
pub use kind::Kind;
pub use plan::Sheet;
pub use question::Question;
pub use table::{ALL_ELSE, Alike, DIFFERENCE, Layer, NOTHING_ELSE, Table};
pub use tools::Tools;
pub use variants::Variants;
pub use words::FORMS;

//! Questions, one line each, and their answers, each a table.
//!
//! Looks at [`crate::task`], [`crate::model`], [`crate::lens`] and [`crate::sweep`]; knows no terminal,
//! no thread, no printing.

mod answer;
mod answering;
mod difference;
mod errors;
mod gather;
mod kind;
mod next;
mod plan;
mod question;
mod table;
mod tools;
mod variants;
mod weights;
mod words;

pub use answering::{Answering, Inquest, answer};
pub use gather::Compare;
pub use kind::Kind;
pub use plan::Sheet;
pub use question::Question;
pub use table::{Alike, Layer, Table};
pub use tools::Tools;
pub use variants::Variants;
pub use words::FORMS;

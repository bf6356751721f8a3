//! Questions, one line each, and their answers, each a table.

pub mod answer;
pub mod answering;
pub mod difference;
pub mod errors;
pub mod gather;
pub mod kind;
pub mod next;
pub mod plan;
pub mod question;
pub mod table;
pub mod tools;
pub mod variants;
pub mod weights;
pub mod words;

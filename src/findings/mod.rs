//! What leaves the program and comes back: sessions, findings, pictures, numbers.
//!
//! [`frame`] turns what is on the screen into bytes (text, terminal codes, SVG, PNG) and touches
//! no disk; [`files`] puts bytes on the disk and knows nothing of what they mean.

pub mod arrays;
pub mod cast;
pub mod certificate;
pub mod compare;
pub mod files;
pub mod frame;
pub mod gather;
pub mod growing;
pub mod numbers;
pub mod places;
pub mod read;
pub mod report;
pub mod session;
pub mod share;
pub mod slots;
pub mod store;
pub mod tutorial;
mod typed;

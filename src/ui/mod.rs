//! The view: colours, themes, characters, and the heatmap. It draws into a buffer and does nothing else.

pub mod colour;
pub mod heatmap;
pub mod look;
pub mod number;
pub mod rgb;
pub mod scale;
pub mod theme;

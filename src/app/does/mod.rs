//! What is done to it: the verbs, one file each.

pub mod act;
pub mod cell;
pub mod command;
pub mod curves;
pub mod examples;
pub mod go;
pub mod help;
pub mod inquire;
pub mod judge;
pub mod line;
pub mod links;
pub mod note;
pub mod page;
pub mod palette;
pub mod patch;
pub mod point;
pub mod rows;
pub mod see;
pub mod shelf;
pub mod space;
pub mod steps;
pub mod trail;
pub mod training;
pub mod typing;
pub mod walk;

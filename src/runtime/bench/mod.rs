//! How fast this machine is: what a user feels at the keyboard, and what the numbers cost.

mod compute;
mod spread;
mod terminal;

pub use compute::{Compute, compute};
pub use spread::Spread;
pub use terminal::{Screen, Workbench, own_session, workbench};

//! How fast this machine is: what a user feels at the keyboard, and what the numbers cost.

mod compute;
mod peak;
mod spread;
mod terminal;

pub use compute::{Compute, compute};
pub use spread::Spread;
pub use terminal::{
    Screen, WhileBusy, Workbench, own_session, while_sweeping, while_training, workbench,
};

use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How long each thing is repeated.
    pub once: Duration,
    /// The same for what is counted in inputs or steps.
    pub rate: Duration,
    /// Programs started in a terminal, one after the other.
    pub starts: usize,
    /// Keys in the terminal that counts.
    pub keys: usize,
    /// Keys in each of the others.
    pub other_keys: usize,
}

impl Effort {
    /// Enough for numbers that come out alike, on a machine that does nothing else.
    pub const FULL: Self = Self {
        once: Duration::from_secs(1),
        rate: Duration::from_secs(4),
        starts: 5,
        keys: 300,
        other_keys: 90,
    };
    /// A first look.
    pub const QUICK: Self = Self {
        once: Duration::from_millis(30),
        rate: Duration::from_millis(300),
        starts: 1,
        keys: 30,
        other_keys: 4,
    };
}

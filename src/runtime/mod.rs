//! Threads, terminal, signals: everything that touches the machine while the workbench runs.
//!
//! An input thread, a signal thread and one worker that owns the model send messages to the main
//! thread, which alone owns the state and the screen. Sees every room.

mod autosave;
pub mod bench;
mod curves;
mod export;
pub mod headless;
mod input;
pub mod live;
mod mailbox;
pub mod pool;
pub mod python;
pub mod record;
pub mod replay;
mod shelf;
mod signals;
mod snapshot;
mod steps;
mod sweeper;
mod switch;
mod terminal;
mod threads;
pub mod train;
mod tty;
mod verdicts;
mod worker;

pub use worker::Models;

pub use shelf::items;
pub use snapshot::numbers;
pub use switch::{Opened, Opener};

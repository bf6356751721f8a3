//! Threads, terminal, signals: everything that touches the machine while the workbench runs.
//!
//! An input thread, a signal thread and one worker that owns the model send messages to the main
//! thread, which alone owns the state and the screen. Sees every room.

mod autosave;
mod export;
pub mod headless;
pub mod live;
mod mailbox;
pub mod pool;
mod signals;
mod snapshot;
mod terminal;
mod worker;

pub use snapshot::numbers;

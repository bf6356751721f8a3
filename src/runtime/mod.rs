//! Threads, terminal, signals: everything that touches the machine while the workbench runs.

pub mod pool;

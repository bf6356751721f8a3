//! The `circuitscope` command.
fn main() {}

//! The real program in a pseudo terminal: it enters and leaves cleanly whatever happens, and what
//! is typed is on the screen.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(
    clippy::print_stderr,
    reason = "measured figures are for those who ask with --nocapture"
)]
#![cfg(unix)]

mod crashing;
mod ending;
mod lasting;
mod pointing;
mod refusing;
mod resuming;
mod session;
mod shell;
mod slow;
mod speed;
mod steps;
mod training;
mod typing;

//! Signals as messages; a second one, or two seconds, ends a program that does not listen.

use super::{terminal, tty};
use anyhow::{Context, Result};
use nix::sys::signal::{Signal as Sent, kill};
use nix::unistd::{Pid, getppid, getsid};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::time::Duration;

/// How long the main thread may take to end after a signal.
const GRACE: Duration = Duration::from_millis(1600);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// End, with this signal's exit code.
    End(i32),
    /// Stop for a while.
    Stop,
    /// Back again.
    Back,
    /// The terminal has another size.
    Resized,
}

/// The exit code that says a signal ended the program.
pub(super) fn exit_code(signal: i32) -> u8 {
    128u8.saturating_add(signal as u8)
}

/// Sends signals on until nobody listens.
///
/// # Errors
/// When the handlers cannot be set.
pub(super) fn watch(send: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])
        .context("cannot watch for signals")?;
    let body = move || {
        let mut ending = false;
        for signal in signals.forever() {
            let sent = match signal {
                SIGTSTP => send(Signal::Stop),
                SIGCONT => send(Signal::Back),
                SIGWINCH => send(Signal::Resized),
                _ if ending => end_now(signal),
                _ => {
                    ending = true;
                    tty::end_soon();
                    std::thread::spawn(move || {
                        std::thread::sleep(GRACE);
                        end_now(signal);
                    });
                    send(Signal::End(signal))
                }
            };
            if !sent {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(body)
        .context("cannot start the signal thread")?;
    Ok(())
}

fn end_now(signal: i32) -> bool {
    terminal::leave();
    low_level::exit(i32::from(exit_code(signal)))
}

/// Whether a shell would notice that we stop, and could wake us again. Without one, as when a
/// terminal multiplexer runs the program itself, a stop would be for ever.
pub(super) fn can_stop() -> bool {
    // the parent's session has no number here when it lies outside of our container
    let session = |pid| getsid(pid).ok();
    session(None).is_some() && session(None) == session(Some(getppid()))
}

/// Stops the process group as the terminal's own Ctrl-Z would, a parent such as `cargo run`
/// included; returns when it goes on. SIGSTOP cannot be caught, so our own handler is no matter.
pub(super) fn stop_here() {
    let own_group = Pid::from_raw(0);
    let _ = kill(own_group, Sent::SIGSTOP);
}

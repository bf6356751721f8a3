//! The terminal's modes: entered once, left once, whatever happens.

use super::record::Out;
use super::tty;
use anyhow::{Context as _, Result};
use crossterm::cursor::Hide;
use crossterm::event::EnableBracketedPaste;
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, disable_raw_mode, enable_raw_mode};
use nix::libc;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd;
use signal_hook::consts::SIGABRT;
use signal_hook::low_level;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What undoes [`enter`], in reverse: the cursor, pastes as they were, the screen from before.
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?2004l\x1b[?1049l";
/// The mouse is told of: presses and the wheel, as digits; the pointer's way is not.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// The same as [`LEAVE`] where the mouse is told of.
const LEAVE_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?2004l\x1b[?1049l";
const ABORTED: &[u8] =
    b"circuitscope was aborted: its stack or its memory ran out, or a library gave \
up.\nThe session is saved; `circuitscope --resume` opens it without what it was asked.\n";

/// Whether the modes are set now; the one who clears it undoes them.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is told of.
static HAS_MOUSE: AtomicBool = AtomicBool::new(false);

fn leaving() -> &'static [u8] {
    match HAS_MOUSE.load(Ordering::SeqCst) {
        true => LEAVE_MOUSE,
        false => LEAVE,
    }
}

/// Raw mode, alternate screen, bracketed paste, no cursor; the mouse where it is wanted.
///
/// # Errors
/// When the terminal refuses; what was set is undone.
pub(super) fn enter(mouse: bool) -> io::Result<()> {
    // which colours are drawn is decided before (`ui::colour`); crossterm would leave them out under
    // NO_COLOR even where a flag asks for them
    crossterm::style::force_color_output(true);
    tty::open()?;
    enable_raw_mode()?;
    HAS_MOUSE.store(mouse, Ordering::SeqCst);
    ENTERED.store(true, Ordering::SeqCst);
    let mut out = Out::new(None);
    let entered = execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide);
    let entered = entered.and_then(|()| match mouse {
        true => out.write_all(MOUSE),
        false => Ok(()),
    });
    if entered.is_err() {
        leave();
    }
    entered
}

/// Undoes what [`enter`] did, in reverse; a second call does nothing. Every step is tried, since
/// the terminal may be gone already.
pub(super) fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    tty::last_words(leaving());
    let _ = disable_raw_mode();
}

/// What is undone when the program is aborted: made before, since nothing can be made then.
struct Prepared {
    /// The terminal's own modes.
    modes: libc::termios,
    /// Where it is said that the program broke down.
    sign: Option<File>,
}

static PREPARED: OnceLock<Prepared> = OnceLock::new();

/// From now on an abort (no stack left, no memory, a panic in a panic) gives the terminal back as
/// well. Only SIGKILL cannot be caught, nor a fault in memory that is no stack overflow.
///
/// # Errors
/// When the terminal does not tell its modes, or the handler cannot be set.
pub(super) fn prepare_for_abort(sign: Option<File>) -> Result<()> {
    let modes = tcgetattr(io::stdin()).context("cannot ask for the terminal's modes")?;
    let prepared = Prepared {
        modes: modes.into(),
        sign,
    };
    if PREPARED.set(prepared).is_ok() {
        #[expect(
            unsafe_code,
            reason = "in a signal handler nothing may be allocated or locked; `aborted` does neither"
        )]
        unsafe { low_level::register(SIGABRT, aborted) }.context("cannot watch for an abort")?;
    }
    Ok(())
}

/// Inside the signal handler: system calls on what was prepared, and nothing else.
fn aborted() {
    let Some(prepared) = PREPARED.get() else {
        return;
    };
    say_so(prepared);
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = tty::descriptor().map(|terminal| unistd::write(terminal, leaving()));
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &Termios::from(prepared.modes));
        let _ = unistd::write(io::stderr(), ABORTED);
    }
    // sent by somebody else, the signal would not end the program by itself
    let _ = low_level::emulate_default_handler(SIGABRT);
}

/// The session is not to be taken up with what ended the program.
fn say_so(prepared: &Prepared) {
    if let Some(sign) = &prepared.sign {
        let _ = unistd::write(sign, b"crashed\n");
    }
}

/// Leaves when dropped.
pub(super) struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// A panic on the main thread leaves the terminal before its message is printed. One on another
/// thread is caught there and shown in the footer; printed, it would garble the screen.
pub(super) fn install_panic_hook() {
    let main = std::thread::current().id();
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == main {
            PREPARED.get().into_iter().for_each(say_so);
            leave();
            print(info);
        } else if !ENTERED.load(Ordering::SeqCst) {
            print(info);
        }
    }));
}

//! The terminal's modes: entered once, left once, whatever happens.

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the modes are set now; the one who clears it undoes them.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Raw mode, alternate screen, bracketed paste, no cursor.
///
/// # Errors
/// When the terminal refuses; what was set is undone.
pub(super) fn enter() -> io::Result<()> {
    // which colours are drawn is decided before (`ui::colour`); crossterm would leave them out under
    // NO_COLOR even where a flag asks for them
    crossterm::style::force_color_output(true);
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let entered = execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        Hide
    );
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
    let mut out = io::stdout();
    let _ = execute!(out, Show, DisableBracketedPaste, LeaveAlternateScreen);
    let _ = out.flush();
    let _ = disable_raw_mode();
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
            leave();
            print(info);
        } else if !ENTERED.load(Ordering::SeqCst) {
            print(info);
        }
    }));
}

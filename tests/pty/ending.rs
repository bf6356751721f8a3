//! Every way out: the terminal is in order again, and the exit code says why.

use crate::session::{PROGRAM, PROMPT, Session, command};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// A program that has lost its terminal is gone within this time.
const GONE: Duration = Duration::from_secs(3);
/// On the screen once the first numbers are.
const READY: &str = "logp";

fn ready(flags: &[&str]) -> Session {
    let session = Session::workbench(flags);
    session.wait_for(READY);
    assert!(!session.is_cooked(), "not in raw mode");
    assert!(session.look(vt100::Screen::alternate_screen));
    assert!(session.look(vt100::Screen::bracketed_paste));
    assert!(session.look(vt100::Screen::hide_cursor));
    session
}

#[test]
fn q_leaves() {
    let mut session = ready(&[]);
    session.send("q");
    assert_eq!(session.ends(0, 1).after, "");
}

#[test]
fn ctrl_c_leaves() {
    let mut session = ready(&[]);
    session.send("\x03");
    assert_eq!(session.ends(0, 1).after, "");
}

#[test]
fn ctrl_c_leaves_from_help_and_from_a_line() {
    for opened in ["?", ":"] {
        let mut session = ready(&[]);
        session.send(opened);
        session.send("\x03");
        session.ends(0, 1);
    }
}

#[test]
fn an_error_in_the_main_loop_is_told_after_leaving() {
    let session = Session::workbench(&["--fault", "main-error"]);
    let after = session.ends(2, 1).after;
    assert_eq!(after, "circuitscope: an error on purpose\r\n");
}

#[test]
fn a_panic_is_told_after_leaving() {
    let session = Session::workbench(&["--fault", "main-panic"]);
    let after = session.ends(101, 1).after;
    assert!(after.contains("a panic on purpose"), "{after:?}");
    assert!(!after.contains('\x1b'), "{after:?}");
}

#[test]
fn a_panic_in_the_worker_is_told_in_the_footer_and_survived() {
    let mut session = Session::workbench(&["--fault", "worker-panic"]);
    session.wait_for("the worker failed: a panic on purpose");
    assert!(!session.look(|screen| screen.contents().contains(READY)));
    // the next input is answered as if nothing had happened
    session.send("n");
    session.wait("numbers and no complaint", |screen| {
        let shown = screen.contents();
        shown.contains(READY) && !shown.contains("panic")
    });
    session.send("q");
    assert_eq!(session.ends(0, 1).after, "");
}

#[test]
fn signals_leave() {
    for (signal, code) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGQUIT, 131),
    ] {
        let session = ready(&[]);
        session.signal(signal);
        assert_eq!(session.ends(code, 1).after, "");
    }
}

#[test]
fn sighup_leaves() {
    let session = ready(&[]);
    session.signal(Signal::SIGHUP);
    assert_eq!(session.ends(129, 1).after, "");
}

#[test]
fn a_lost_terminal_ends_the_program() {
    let mut session = ready(&[]);
    session.hang_up();
    let since = Instant::now();
    assert_eq!(session.wait_end(GONE).exit_code(), 129);
    eprintln!("gone {:?} after the terminal", since.elapsed());
}

/// Without a controlling terminal no signal tells of the loss, so the program must notice itself.
#[test]
fn a_lost_terminal_is_noticed_without_a_signal() {
    let mut plain = command(PROGRAM);
    plain.args(["--prompt", PROMPT]);
    plain.set_controlling_tty(false);
    let mut session = Session::start(plain, (80, 24));
    session.wait_for(READY);
    session.hang_up();
    assert_eq!(session.wait_end(GONE).exit_code(), 129);
}

/// The whole session is spent waiting: no thread may spin.
#[test]
fn waiting_takes_no_time_of_the_processor() {
    let mut session = ready(&[]);
    session.wait_quiet(Duration::from_millis(500));
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", session.id()));
        let stat = stat.ok()?;
        // fields 14 and 15, counted after the name in brackets: 10 ms each
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    };
    if let Some(before) = ticks() {
        std::thread::sleep(Duration::from_secs(1));
        let spent = ticks().unwrap() - before;
        assert!(spent <= 5, "{spent} ticks in an idle second");
    }
    session.send("q");
    session.ends(0, 1);
}

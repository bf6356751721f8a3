//! Stopping and coming back.

use crate::session::{PROGRAM, PROMPT, Session, command, rendered};
use nix::sys::signal::Signal;

fn interactive_shell() -> Session {
    let mut shell = command("bash");
    // no line editor: it would set modes of its own
    shell.args(["--norc", "--noprofile", "--noediting", "-i"]);
    shell.env("PS1", "READY> ");
    let session = Session::start(shell, (80, 24));
    session.wait_for("READY>");
    session
}

#[test]
fn ctrl_z_and_fg_under_a_shell() {
    let mut session = interactive_shell();
    session.send(&format!("{PROGRAM} --prompt '{PROMPT}'\n"));
    session.wait_for_rows(&rendered((80, 24), ""));
    for round in 1..=2 {
        session.send("\x1a");
        // the first stop's word is there again as soon as the second leaves the other screen
        session.wait("the shell's word", |screen| {
            screen.contents().matches("Stopped").count() == round
        });
        assert!(!session.look(vt100::Screen::alternate_screen));
        assert!(!session.look(vt100::Screen::hide_cursor));
        assert!(session.is_cooked());
        session.send("fg\n");
        session.wait_for_rows(&rendered((80, 24), ""));
        assert!(session.look(vt100::Screen::alternate_screen));
        session.send("c");
        session.wait_for_rows(&rendered((80, 24), "c"));
        session.send("u");
        session.wait_for_rows(&rendered((80, 24), "c u"));
    }
    session.send("q");
    // what is typed before the shell has the terminal again may be lost
    session.wait("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("READY>")
    });
    session.send("exit\n");
    session.ends(0, 3);
}

#[test]
fn without_a_shell_nothing_stops() {
    let mut session = Session::workbench(&[]);
    session.wait_for("logp");
    session.send("\x1a");
    session.wait_for("no shell to come back from");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn stopped_from_outside_and_back() {
    let mut session = Session::workbench(&[]);
    let rows = rendered((80, 24), "");
    session.wait_for_rows(&rows);
    session.signal(Signal::SIGSTOP);
    session.signal(Signal::SIGCONT);
    session.wait_entered(2);
    session.wait_for_rows(&rows);
    session.send("c");
    session.wait_for_rows(&rendered((80, 24), "c"));
    session.send("q");
    session.ends(0, 2);
}

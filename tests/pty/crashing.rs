//! What breaks down gives the terminal back, and its session does not break down again.

use crate::session::{PROGRAM, PROMPT, Session, command, fresh_home};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the test's terminal says of a program that a signal has ended.
const BY_SIGNAL: u32 = 1;

fn start(home: &Path, flags: &[&str]) -> Session {
    let mut command = command(PROGRAM);
    command.env("XDG_STATE_HOME", home);
    command.args(flags);
    Session::start(command, (120, 40))
}

fn saved(home: &Path, name: &str) -> PathBuf {
    home.join("circuitscope/sessions").join(name)
}

fn wait_saved(path: &Path, text: &str) {
    let since = Instant::now();
    while !fs::read_to_string(path).is_ok_and(|found| found.contains(text)) {
        let waited = since.elapsed() < Duration::from_secs(20);
        assert!(waited, "{path:?} does not say {text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A workbench with an intervention, that is saved.
fn asking(home: &Path) -> Session {
    let mut session = start(home, &["--prompt", PROMPT]);
    session.wait_for("logp");
    session.send(":zero blocks.0.attn.hook_z @*\r");
    wait_saved(&saved(home, "1.json"), "zero blocks.0.attn.hook_z");
    session
}

#[test]
fn an_abort_and_an_overflow_give_the_terminal_back() {
    let session = Session::workbench(&["--fault", "stack-overflow"]);
    let after = session.ends(BY_SIGNAL, 1).after;
    assert!(after.contains("`circuitscope --resume`"), "{after:?}");
    assert!(!after.contains('\x1b'), "{after:?}");
    let session = Session::workbench(&[]);
    session.wait_for("logp");
    session.signal(Signal::SIGABRT);
    let after = session.ends(BY_SIGNAL, 1).after;
    assert!(after.contains("was aborted"), "{after:?}");
}

#[test]
fn a_crashed_session_comes_back_without_what_it_asked() {
    for (flags, keys) in [(&["--resume"][..], ""), (&[], "\x12")] {
        let home = fresh_home();
        let session = asking(&home);
        session.signal(Signal::SIGABRT);
        session.ends(BY_SIGNAL, 1);
        let mut session = start(&home, flags);
        session.wait_for("logp");
        session.send(keys);
        session.wait_for("opened without interventions");
        assert!(!session.look(|screen| screen.contents().contains("zero blocks")));
        // as it was, it can be looked at still
        wait_saved(&saved(&home, "crashed.json"), "zero blocks.0.attn.hook_z");
        session.send("n");
        session.wait_for("example 1/");
        session.send("q");
        session.ends(0, 1);
        // and it is in order again
        let mut session = start(&home, &["--resume"]);
        session.wait_for("example 1/");
        assert!(!session.look(|screen| screen.contents().contains("opened without")));
        session.send("q");
        session.ends(0, 1);
    }
}

#[test]
fn a_panic_of_the_main_thread_is_a_crash() {
    let home = fresh_home();
    start(&home, &["--fault", "main-panic"]).ends(101, 1);
    // whether it was saved in so short a time is luck; a session that was would keep its place
    let _ = fs::remove_file(saved(&home, "1.json"));
    fs::copy(saved(&home, "1.lock"), saved(&home, "sign")).unwrap();
    assert_eq!(fs::read(saved(&home, "sign")).unwrap(), b"crashed\n");
    // whoever takes the place over has no part in it
    let session = asking(&home);
    assert_eq!(fs::read(saved(&home, "1.lock")).unwrap(), b"");
    session.signal(Signal::SIGKILL);
}

/// A session that is killed before it could show its numbers is not taken up in the same way again.
#[test]
fn what_was_never_shown_again_is_dropped() {
    let home = fresh_home();
    let session = asking(&home);
    session.signal(Signal::SIGKILL);
    drop(session);
    let mut session = start(&home, &["--resume"]);
    session.wait_for("zero blocks");
    let sign = saved(&home, "1.lock");
    let since = Instant::now();
    while !fs::read(&sign).unwrap().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(20), "never in order");
        std::thread::sleep(Duration::from_millis(10));
    }
    session.signal(Signal::SIGKILL);
    session.wait_end(Duration::from_secs(5));
    // as it is before the first numbers
    fs::write(&sign, "taken up\n").unwrap();
    let session = start(&home, &["--resume"]);
    session.wait_for("opened without interventions");
    session.signal(Signal::SIGKILL);
}

#[test]
fn a_session_that_cannot_be_opened_is_opened_without_what_it_asks() {
    let home = fresh_home();
    let mut session = asking(&home);
    session.signal(Signal::SIGKILL);
    session.wait_end(Duration::from_secs(5));
    let path = saved(&home, "1.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"zero blocks.0", "\"zero bloks.0")).unwrap();
    let mut session = start(&home, &["--resume"]);
    session.wait_for("opened without interventions");
    wait_saved(&saved(&home, "crashed.json"), "zero bloks.0");
    session.send("q");
    session.ends(0, 1);
}

/// What is typed without end, and what a mail brings, is an error at the bracket and no crash.
#[test]
fn nesting_without_end_is_survived_and_comes_back() {
    let home = fresh_home();
    let mut session = start(&home, &["--prompt", PROMPT]);
    session.wait_for("logp");
    session.send("S/");
    session.wait_for("claim");
    session.send(&"(".repeat(1200));
    session.send("\r");
    session.wait_for("stands in 64 brackets");
    wait_saved(&saved(&home, "1.json"), "stands in 64 brackets");
    session.signal(Signal::SIGKILL);
    session.wait_end(Duration::from_secs(5));
    let mut session = start(&home, &["--resume"]);
    session.wait_for("stands in 64 brackets");
    session.send("\x03");
    session.ends(0, 1);
}

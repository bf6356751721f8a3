//! What is wrong with the flags, the model or the terminal is said before the terminal is touched.

use crate::session::{PROGRAM, Session, command};
use std::process::{Command, Stdio};

const WRONG: [(&[&str], &str); 8] = [
    (&["--model", "/nowhere/model.pt"], "/nowhere/model.pt"),
    (&["--model", "/dev/null"], "/dev/null"),
    (&["--theme", "no-such-theme"], "no-such-theme"),
    (&["--colours", "7"], "24bit"),
    (&["--prompt", "1 2"], "5 numbers needed"),
    (&["--prompt", "1 2 3 9 4"], "idx"),
    (&["--sample", "no-sample"], "no-sample"),
    (&["--no-such-flag"], "--no-such-flag"),
];

#[test]
fn wrong_flags_leave_the_terminal_untouched() {
    for (flags, told) in WRONG {
        let mut wrong = command(PROGRAM);
        wrong.args(flags);
        let session = Session::start(wrong, (100, 24));
        let after = session.ends(2, 0).after;
        assert!(after.contains(told), "{flags:?}: {after:?}");
        // a message may be coloured; no mode is set, no cursor moved
        assert!(!after.contains("\x1b[?"), "{flags:?}: {after:?}");
        assert!(!after.contains("\x1b[H") && !after.contains("\x1b[2J"));
    }
}

#[test]
fn wrong_flags_are_told_once_and_on_stderr() {
    for (flags, told) in WRONG {
        let output = Command::new(PROGRAM).args(flags).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(output.stdout.is_empty());
        assert!(stderr.contains(told), "{flags:?}: {stderr}");
        assert!(!stderr.contains('\x1b'), "{stderr:?}");
        let starts = ["circuitscope: ", "error: "];
        let begun = |line: &&str| starts.iter().any(|start| line.starts_with(start));
        assert_eq!(stderr.lines().filter(begun).count(), 1, "{stderr}");
    }
}

#[test]
fn a_pipe_is_no_terminal() {
    let output = Command::new(PROGRAM).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "something was drawn into a pipe");
    assert!(stderr.contains("needs a terminal"), "{stderr}");
    assert!(stderr.contains("circuitscope render"), "no hint: {stderr}");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_refused() {
    let mut dumb = command(PROGRAM);
    dumb.env("TERM", "dumb");
    let session = Session::start(dumb, (100, 24));
    let after = session.ends(2, 0).after;
    assert!(after.contains("TERM is 'dumb'"), "{after:?}");
    assert!(!after.contains("\x1b[?"), "{after:?}");
}

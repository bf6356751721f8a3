//! The program, driven as a user drives it.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circuitscope"));
    command.args(args).stdin(Stdio::null());
    command
}

pub fn output(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// What is printed on success; nothing may be said on stderr.
pub fn stdout(args: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = output(args);
    assert!(
        status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&stderr)
    );
    assert!(
        stderr.is_empty(),
        "{args:?}: {}",
        String::from_utf8_lossy(&stderr)
    );
    let text = String::from_utf8(stdout).unwrap();
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{args:?}");
    text
}

/// What a command answers in JSON, without the version of its form, which every one has.
pub fn json(args: &[&str]) -> Value {
    let text = stdout(&[args, &["--format", "json"]].concat());
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    let schema = answer.as_object_mut().unwrap().remove("schema");
    assert_eq!(schema, Some("circuitscope-json-3".into()), "{args:?}");
    answer
}

/// What bad input is answered with: exit code 2, nothing on stdout, this on stderr.
pub fn refused(args: &[&str], problem: &str) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(args);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stdout.is_empty(), "{args:?}");
    assert!(stderr.contains(problem), "{args:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

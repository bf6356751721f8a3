//! For a long time, and beside others: memory does not grow with what is typed, and programs that share
//! a folder lose nothing of each other's.

use crate::session::{DEADLINE, PROGRAM, PROMPT, Session, command, fresh_home};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ordinary use, over and over: a field edited, examples and counterfactuals, the direction, what is shown, the
/// panes and their cursors, an attention cell knocked out and given back. It ends in the pane where it begins.
const ROUND: [&str; 25] = [
    DOWN, "\x7f", "0", "\x7f", "1", UP, "c", "n", "p", "d", "d", "v", "v", "v", "v", "\t", RIGHT,
    DOWN, "\t", "\r", "u", BACK, BACK, "n", "c",
];
const DOWN: &str = "\x1b[B";
const UP: &str = "\x1b[A";
const RIGHT: &str = "\x1b[C";
const BACK: &str = "\x1b[Z";
/// What a program may hold more at the end than after the first part, in kB.
const MOST_MORE: u64 = 32 << 10;

/// How much of the program is in memory, in kB.
fn resident(session: &Session) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", session.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.unwrap().split_whitespace();
    words.filter_map(|word| word.parse().ok()).next().unwrap()
}

/// Types so many keys and waits until all were taken.
fn type_keys(session: &mut Session, keys: usize) {
    let mut typed = 0;
    while typed < keys {
        let rounds = 40;
        session.send(&ROUND.concat().repeat(rounds));
        typed += rounds * ROUND.len();
    }
    // what is left of them is done within frames
    session.wait_quiet(Duration::from_millis(500));
}

fn memory_stays(parts: usize, keys: usize) {
    let mut session = Session::workbench(&[]);
    session.wait_for("logp");
    let since = Instant::now();
    type_keys(&mut session, keys);
    let first = resident(&session);
    for _ in 1..parts {
        type_keys(&mut session, keys);
    }
    let last = resident(&session);
    eprintln!(
        "{} keys in {:?}: {first} kB after the first {keys}, {last} kB at the end",
        parts * keys,
        since.elapsed()
    );
    assert!(
        last <= first + MOST_MORE,
        "{first} kB became {last} kB after {} keys",
        parts * keys
    );
    session.send("q");
    session.ends(0, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_what_is_typed() {
    memory_stays(4, 5_000);
}

/// `cargo test --release --test pty -- --ignored --nocapture a_million_keys`
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes"]
fn a_million_keys_hold_no_more_memory() {
    memory_stays(10, 100_000);
}

/// How many findings a folder has.
fn kept(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| !name.to_string_lossy().starts_with('.'))
        .count()
}

#[test]
fn three_programs_share_a_folder_while_one_sweeps_and_one_trains() {
    let home = fresh_home();
    let findings = home.join("circuitscope/findings");
    let run = home.join("run");
    let mut training = Command::new(PROGRAM)
        .args(["train", "--steps", "1000000", "--save-every", "2000"])
        .args(["--d-model", "16", "--d-head", "8", "--batch", "8", "-o"])
        .arg(format!("{}/", run.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut programs: Vec<Session> = (0..3)
        .map(|_| {
            let mut command = command(PROGRAM);
            command.env("XDG_STATE_HOME", &home);
            command.env("XDG_DATA_HOME", &home);
            command.args(["--prompt", PROMPT]);
            Session::start(command, (120, 40))
        })
        .collect();
    programs.iter().for_each(|one| one.wait_for("logp"));
    programs[0].send("S");
    programs[0].wait_for("inputs/s");
    const EACH: usize = 4;
    for round in 1..=EACH {
        for one in &mut programs {
            one.send("bSame\x13");
        }
        let until = Instant::now() + DEADLINE;
        while kept(&findings) < 3 * round {
            assert!(Instant::now() < until, "{} kept", kept(&findings));
            std::thread::sleep(Duration::from_millis(10));
        }
        programs.iter().for_each(|one| one.wait_for("kept as"));
        // the next message is a new one
        for one in &mut programs {
            one.send("v");
            one.wait("another message", |screen| {
                !screen.contents().contains("kept as")
            });
        }
    }
    assert!(training.try_wait().unwrap().is_none(), "it trains no more");
    training.kill().unwrap();
    training.wait().unwrap();
    let newest = Command::new(PROGRAM)
        .args(["score", "--sample", "random:0:8", "--model"])
        .arg(&run)
        .output()
        .unwrap();
    assert!(newest.status.success(), "{newest:?}");
    for mut one in programs {
        one.send("q");
        one.ends(0, 1);
    }
    assert_eq!(kept(&findings), 3 * EACH);
    let replayed = Command::new(PROGRAM)
        .arg("replay")
        .arg(&findings)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success(), "{told}");
    assert_eq!(told.matches("numbers as they were").count(), 3 * EACH);
    let sessions: Vec<String> = fs::read_dir(home.join("circuitscope/sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(sessions, ["last.json"], "each left its session as the last");
}

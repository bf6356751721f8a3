//! How much is written, and how soon the screen shows the last key.

use crate::session::{PROGRAM, PROMPT, Session, command, rendered};
use std::time::{Duration, Instant};

/// How long a key is held.
const HELD: Duration = Duration::from_secs(20);
/// Between two repeats of a held key.
const REPEAT: Duration = Duration::from_nanos(1_000_000_000 / 30);
/// The screen shows the last key within this time.
const SOON: Duration = Duration::from_secs(1);
/// Bytes that a key may cost at 80x24, in the median.
const MOST_BYTES: usize = 8000;
const SIZE: (u16, u16) = (80, 24);
/// To the field idx, whose text is one digit.
const TO_IDX: &str = "\x1b[B";

/// The field idx is emptied and filled by turns, so every second key is answered by a forward
/// pass of the whole workbench.
#[test]
fn a_held_key_is_followed_at_once() {
    let mut session = Session::workbench(&[]);
    session.send(TO_IDX);
    session.wait_for_rows(&rendered(SIZE, "down"));
    // a machine that is busy with other things answers one key slowly, too
    let alone = Instant::now();
    session.send("\x7f0");
    session.wait_for_rows(&rendered(SIZE, "down backspace 0"));
    let limit = SOON.max(5 * alone.elapsed());

    let steps = ["\x7f", "2", "\x7f", "0"];
    let total = (HELD.as_nanos() / REPEAT.as_nanos()) as usize / 4 * 4 + 2;
    let last = rendered(SIZE, "down backspace 0 backspace 2");
    let start = Instant::now();
    for (i, key) in (0u32..).zip(steps.into_iter().cycle().take(total)) {
        let due = start + REPEAT * i;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        session.send(key);
    }
    let released = Instant::now();
    session.wait_for_rows(&last);
    let lag = released.elapsed();
    eprintln!("{total} keys held for {HELD:?}: the last one on screen {lag:?} later");
    assert!(lag < limit, "{lag:?} after the last key, {limit:?} allowed");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_key_costs_few_bytes() {
    for depth in ["256", "24bit"] {
        let mut session = Session::workbench(&["--colours", depth]);
        session.send(TO_IDX);
        session.wait_for_rows(&rendered(SIZE, "down"));
        let mut costs = Vec::new();
        for key in ["\x7f", "0", "\x7f", "2"].into_iter().cycle().take(12) {
            session.wait_quiet(Duration::from_millis(300));
            let before = session.raw().len();
            session.send(key);
            session.wait_more(before);
            session.wait_quiet(Duration::from_millis(300));
            costs.push(session.raw().len() - before);
        }
        costs.sort_unstable();
        let median = costs[costs.len() / 2];
        eprintln!("bytes per key at 80x24, {depth}: median {median}, all {costs:?}");
        assert!(median < MOST_BYTES, "{depth}: {median} bytes per key");
        session.send("q");
        session.ends(0, 1);
    }
}

#[test]
fn an_idle_program_writes_nothing() {
    let mut session = Session::sized((120, 40), &[]);
    // the score of the sample is the last thing that comes by itself
    session.wait("score", |screen| {
        let rows = screen.contents();
        rows.contains("acc ") && !rows.contains("acc ...")
    });
    session.wait_quiet(Duration::from_millis(500));
    let before = session.raw().len();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(session.raw().len() - before, 0, "bytes written while idle");
    session.send("q");
    session.ends(0, 1);
}

/// News of a sweep change nothing on a screen that does not show it.
#[test]
fn a_sweep_behind_the_workbench_writes_nothing() {
    let mut session = Session::sized((120, 40), &[]);
    session.wait("score", |screen| {
        let rows = screen.contents();
        rows.contains("acc ") && !rows.contains("acc ...")
    });
    session.send("S");
    session.wait_for("inputs/s");
    session.send("\t");
    session.wait_for("logp");
    session.wait_quiet(Duration::from_millis(300));
    let before = session.raw().len();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(session.raw().len() - before, 0, "bytes written meanwhile");
    session.send("S");
    session.wait_for("s left");
    session.send("q");
    session.ends(0, 1);
}

fn with_colours(name: &str, value: &str, flags: &[&str]) -> Session {
    let mut coloured = command(PROGRAM);
    coloured.args(["--prompt", PROMPT]);
    coloured.args(flags);
    coloured.env(name, value);
    let session = Session::start(coloured, SIZE);
    session.wait_for("logp");
    session
}

fn writes(session: &Session, code: &str) -> bool {
    String::from_utf8_lossy(&session.raw()).contains(code)
}

#[test]
fn no_color_keeps_reverse_video() {
    let mut session = with_colours("NO_COLOR", "1", &[]);
    session.send("\t\tnc");
    session.wait_quiet(Duration::from_millis(300));
    assert!(!writes(&session, "38;") && !writes(&session, "48;"));
    assert!(!writes(&session, "\x1b[3") || !writes(&session, "\x1b[31"));
    let header = session.look(|screen| {
        let first_row = (0..80).filter_map(|column| screen.cell(0, column));
        first_row.filter(|cell| cell.inverse()).count()
    });
    assert_eq!(header, 80, "the header is not in reverse video");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn colours_are_those_of_the_terminal_or_the_flag() {
    let (rgb, indexed) = ("38;2;", "38;5;");
    for (name, value, flags, wanted, not) in [
        ("COLORTERM", "truecolor", &[][..], rgb, indexed),
        ("TERM", "xterm-256color", &[], indexed, rgb),
        ("NO_COLOR", "1", &["--colours", "24bit"], rgb, indexed),
        ("NO_COLOR", "1", &["--colours", "256"], indexed, rgb),
    ] {
        let mut session = with_colours(name, value, flags);
        assert!(writes(&session, wanted), "{name}={value} {flags:?}");
        assert!(!writes(&session, not), "{name}={value} {flags:?}");
        session.send("q");
        session.ends(0, 1);
    }
}

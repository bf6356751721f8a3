//! What is typed and pasted is on the screen, at every size.

use crate::session::{Session, rendered};
use std::time::{Duration, Instant};

const SIZE: (u16, u16) = (80, 24);

fn ready() -> Session {
    let session = Session::workbench(&[]);
    session.wait_for_rows(&rendered(SIZE, ""));
    session
}

fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[test]
fn an_edited_field_changes_the_logits() {
    let mut session = ready();
    let before = session.rows();
    session.send("\x7f4");
    session.wait_for_rows(&rendered(SIZE, "backspace 4"));
    let after = session.rows();
    let logits = |rows: &[String]| rows[7..13].join("\n");
    assert_ne!(logits(&before), logits(&after));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_line_switches_to_another_model_and_back() {
    let mut session = ready();
    session.send(":slide sort\r");
    session.wait_for("sort (embedded)");
    session.wait_for("[17]-[7]");
    session.send("c");
    session.wait_for("[17]-[8]");
    session.send(":slide array_update\r");
    session.wait_for("array_update (embedded)");
    session.wait_for("nl_1");
    session.send(":slide sort\r");
    session.wait_for("[17]-[8]");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_wrong_value_is_told_and_mended_by_typing_on() {
    let mut session = ready();
    session.send("\x7f\x7f");
    session.wait_for("clean a: 3 values needed, got 2");
    session.send("40");
    session.wait_for_rows(&rendered(SIZE, "backspace backspace 4 0"));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn the_keys_of_an_xterm_arrive() {
    let keys = [
        ("\t", "tab"),
        ("\x1b[B", "down"),
        ("\x1b[C", "right"),
        ("\x1b[A", "up"),
        ("\x1b[D", "left"),
        ("\x1b[H", "home"),
        ("\x1b[F", "end"),
        ("\x1b[Z", "backtab"),
        ("\x1b[3~", "delete"),
        ("\r", "enter"),
        ("\x1bOP", "f1"),
        ("\x1b[6~", "pagedown"),
        ("\x1b[5~", "pageup"),
    ];
    let mut session = ready();
    let mut script = String::new();
    for (bytes, name) in keys {
        session.send(bytes);
        script = format!("{script} {name}");
        session.wait_for_rows(&rendered(SIZE, &script));
    }
    // an Esc alone is an Esc, without waiting for more
    session.send("\x1b");
    session.wait_for_rows(&rendered(SIZE, &format!("{script} esc")));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_pasted_prompt_becomes_the_clean_one() {
    let mut session = ready();
    session.send("\x7f4");
    session.wait_for_rows(&rendered(SIZE, "backspace 4"));
    session.send(&pasted("a=[14,26,35]; a[1]=48"));
    session.wait_for_rows(&rendered(SIZE, ""));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_paste_is_never_run_as_keys() {
    let mut session = ready();
    session.send(&pasted("q\rx"));
    session.wait_for("pasted text is no prompt");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_paste_with_control_characters_changes_nothing() {
    let mut session = ready();
    let before = session.rows();
    session.send(&pasted(
        "a=[\x1b]0;owned\x07\x1b[31m,\u{9b}2J\u{202e}35]; a[1]=48",
    ));
    session.wait_for("pasted text is no prompt");
    let after = session.rows();
    let changed: Vec<usize> = (0..24).filter(|&row| before[row] != after[row]).collect();
    assert!(
        changed.iter().all(|row| *row > 20),
        "more than a message: {changed:?}"
    );
    let raw = String::from_utf8(session.raw()).unwrap();
    for bad in ["\x1b]0", "\x07", "\x1b[31m", "\u{9b}", "\u{202e}"] {
        assert!(!raw.contains(bad), "{bad:?} reached the terminal");
    }
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_paste_into_a_line_is_typed() {
    let mut session = ready();
    session.send(":");
    session.send(&pasted("zero blocks.0.attn.hook_z\n@*\r\n"));
    session.wait_for(":zero blocks.0.attn.hook_z @*");
    session.send("\r");
    session.wait_for("added zero blocks.0.attn.hook_z @*");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn resized_while_running() {
    let mut session = ready();
    let sizes = [
        (120, 40),
        (200, 60),
        (60, 20),
        (40, 12),
        (39, 12),
        (1, 1),
        (300, 5),
        (5, 100),
        (132, 43),
        (80, 24),
    ];
    for size in sizes {
        session.resize(size.0, size.1);
        session.wait_for_rows(&rendered(size, ""));
    }
    // a storm of sizes ends with the last one
    for (columns, rows) in (1..100).map(|i| (80 + i % 37, 24 + i % 11)) {
        session.resize(columns, rows);
    }
    session.resize(90, 30);
    session.wait_for_rows(&rendered((90, 30), ""));
    // a key is taken even where nothing of it can be seen. Not in the same instant as a new size:
    // crossterm then leaves the key in the terminal until the next one comes
    session.resize(1, 1);
    session.wait_for_rows(&rendered((1, 1), ""));
    session.wait_quiet(Duration::from_millis(300));
    session.send("c");
    // a frame that is as the last one is not sent: the key shows in the next size
    std::thread::sleep(Duration::from_millis(300));
    session.resize(80, 24);
    session.wait_for_rows(&rendered(SIZE, "c"));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn ctrl_l_draws_everything_anew() {
    let mut session = ready();
    let rows = session.rows();
    let before = session.raw().len();
    session.send("\x0c");
    session.wait_more(before + 2000);
    session.wait_for_rows(&rows);
    session.send("q");
    session.ends(0, 1);
}

/// A slow line cuts keys into pieces: an arrow is an arrow, and the escape in it closes nothing.
#[test]
fn pieces_of_a_key_are_that_key() {
    let mut session = ready();
    session.send("\t\t\t");
    for pieces in [["\x1b", "[C"], ["\x1b[", "C"], ["\x1b\x1b[", "C"]] {
        session.send(pieces[0]);
        std::thread::sleep(Duration::from_millis(20));
        session.send(pieces[1]);
    }
    // with alt an arrow is another key, bound to nothing, and that is said
    session.wait_for_rows(&rendered(SIZE, "tab tab tab right right alt-right"));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_backspace_is_one_however_the_terminal_sends_it() {
    let mut session = ready();
    session.send("\x084");
    session.wait_for_rows(&rendered(SIZE, "backspace 4"));
    session.send("q");
    session.ends(0, 1);
}

/// Half a sequence blocks nothing: neither the keys after it nor an interrupt.
#[test]
fn half_a_sequence_blocks_nothing() {
    for half in [
        "\x1b[",
        "\x1b[1;",
        "\x1bO",
        "\x1b]0;title",
        "\x1b[0n",
        "\x1b[201~",
    ] {
        let mut session = ready();
        session.send(half);
        std::thread::sleep(Duration::from_millis(400));
        session.send("\t");
        session.wait_for_rows(&rendered(SIZE, "tab"));
        session.send(half);
        session.send("\x03");
        session.ends(0, 1);
    }
    let mut session = ready();
    session.send("\x1b[200~half a paste");
    session.send("\x03");
    session.ends(0, 1);
}

/// A page that a terminal without bracketed paste sends as keys: a line, a search, a note and the workbench
/// take what they take, and Ctrl-C is heard at once.
#[test]
fn a_page_of_raw_keys_freezes_nothing() {
    let page = "0123456789 abc zero blocks.0 ".repeat(3450);
    for open in [":", "/", "", "b\t"] {
        let mut session = ready();
        session.send(open);
        let since = Instant::now();
        session.send(&page);
        session.send("\x03");
        let status = session.wait_end(Duration::from_secs(20));
        let took = since.elapsed();
        assert_eq!(status.exit_code(), 0);
        assert!(took < Duration::from_secs(5), "{open:?}: {took:?}");
    }
    // without it all of it is taken, as far as there is room
    let mut session = ready();
    session.send(":");
    session.send(&page[..8000]);
    session.wait_for("zero blocks.0 0123456789 abc zero blocks.0");
    session.wait_quiet(Duration::from_millis(100));
    session.send("\x1b");
    session.wait("the line to close", |screen| {
        !screen.contents().contains("esc cancel")
    });
    session.send("q");
    session.ends(0, 1);
}

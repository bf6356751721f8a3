//! The mouse in a terminal, and its modes.

use crate::session::{Session, rendered};

const SIZE: (u16, u16) = (80, 24);

/// Column and row of a text, counted from 1 as a terminal counts them.
fn place(session: &Session, text: &str) -> (usize, usize) {
    let rows = session.rows();
    let found = rows.iter().enumerate().find_map(|(y, row)| {
        let at = row.find(text)?;
        Some((row[..at].chars().count() + 1, y + 1))
    });
    found.unwrap()
}

/// Clicks on the second letter of a text.
fn click(session: &mut Session, text: &str) {
    let (x, y) = place(session, text);
    let x = x + 1;
    session.send(&format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"));
}

#[test]
fn a_click_moves_the_cursor_and_the_modes_are_left() {
    let mut session = Session::workbench(&[]);
    session.wait_for("logp");
    click(&mut session, "logits");
    session.wait_for_rows(&rendered(SIZE, "tab"));
    click(&mut session, "┃b_1 ");
    session.wait_for_rows(&rendered(SIZE, "tab down"));
    // a key of the footer
    click(&mut session, "? help");
    session.wait_for("help: keys");
    session.send("qq");
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    assert!(raw.contains("\x1b[?1000h") && raw.contains("\x1b[?1006h"));
    assert!(!raw.contains("\x1b[?1002h") && !raw.contains("\x1b[?1003h"));
    session.ends(0, 1);
}

#[test]
fn a_mouse_that_is_left_to_the_terminal_is_not_asked_for() {
    let mut session = Session::workbench(&["--no-mouse"]);
    session.wait_for("logp");
    session.send("q");
    session.wait_end(crate::session::DEADLINE);
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    assert!(!raw.contains("?1000") && !raw.contains("?1006"), "{raw:?}");
    session.ends(0, 1);
}

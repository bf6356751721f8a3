//! Bytes from the terminal as keys, pastes and what the mouse does.
//!
//! What a terminal sends for one key may come in pieces over a slow line, and may never come to its end.
//! So sequences are put together here, and are given up after a while: then a lone escape is the key, and
//! the rest of an unfinished sequence means nothing. No byte is waited for longer than [`PATIENCE`] or
//! [`UNFINISHED`], and Ctrl-C is heard in the middle of anything. Source of the sequences: ECMA-48, and
//! xterm's control sequences.

use crate::app::Key;
use crossterm::event::KeyCode;
use std::time::Duration;

/// How long an escape may be the beginning of something: pieces 20 ms apart are one key, and nobody notices
/// that the escape key takes a little longer.
pub(super) const PATIENCE: Duration = Duration::from_millis(40);
/// How long a sequence that is more than an escape may stay unfinished.
pub(super) const UNFINISHED: Duration = Duration::from_millis(250);
/// How long a paste may pause.
pub(super) const PASTING: Duration = Duration::from_secs(2);

/// A sequence of more bytes is none of a key.
const MAX_SEQUENCE: usize = 64;
/// A string of more bytes is taken for keys again.
const MAX_STRING: usize = 4096;
/// More pasted bytes than this are counted, and not kept: they are more than anything takes.
const MAX_PASTE: usize = 1 << 20;

const ESC: u8 = 0x1b;
const CTRL_C: u8 = 0x03;
const PASTE: &[u8] = b"\x1b[200~";
const PASTED: &[u8] = b"\x1b[201~";

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// The mouse was used at this column and row, counted from 0.
    Pointer(Button, (u16, u16)),
    /// The terminal has shown all that was written before it was asked.
    Shown,
}

/// What is done with the mouse: other buttons mean nothing, nor does letting one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Button {
    /// The left one is pressed.
    Left,
    /// The wheel goes up.
    WheelUp,
    /// The wheel goes down.
    WheelDown,
}

/// Puts bytes together to keys.
#[derive(Debug, Default)]
pub(super) struct Reader {
    held: Vec<u8>,
    /// What was pasted so far.
    paste: Option<Vec<u8>>,
}

/// What the bytes at hand begin with.
enum Piece {
    /// So many bytes mean this.
    Known(usize, Input),
    /// So many bytes mean nothing.
    Nothing(usize),
    /// More is to come.
    Unfinished,
}

impl Reader {
    /// Takes bytes as they came; what they mean so far.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.held.extend_from_slice(bytes);
        let mut all = Vec::new();
        let mut done = 0;
        while done < self.held.len() {
            let rest = &self.held[done..];
            if let Some(paste) = &mut self.paste {
                let (read, ended) = pasted(paste, rest);
                done += read;
                if ended {
                    all.extend(self.paste.take().map(|paste| text(&paste)));
                } else if read == 0 {
                    break;
                }
                continue;
            }
            if rest.starts_with(PASTE) {
                self.paste = Some(Vec::new());
                done += PASTE.len();
                continue;
            }
            match piece(rest) {
                Piece::Known(read, input) => {
                    all.push(input);
                    done += read;
                }
                Piece::Nothing(read) => done += read.max(1),
                Piece::Unfinished => break,
            }
        }
        self.held.drain(..done);
        all
    }

    /// How long to wait for the rest of what is held; `None` where nothing is.
    pub fn patience(&self) -> Option<Duration> {
        match (self.paste.is_some(), self.held.as_slice()) {
            (true, _) => Some(PASTING),
            (false, []) => None,
            (false, held) if held.iter().all(|&byte| byte == ESC) => Some(PATIENCE),
            (false, _) => Some(UNFINISHED),
        }
    }

    /// The rest did not come: escapes were keys, what was pasted is all, anything else means nothing.
    pub fn give_up(&mut self) -> Vec<Input> {
        let held = std::mem::take(&mut self.held);
        if let Some(paste) = self.paste.take() {
            return vec![text(&[paste, held].concat())];
        }
        let escapes = held.iter().all(|&byte| byte == ESC);
        let keys = held.iter().filter(|_| escapes);
        keys.map(|_| Input::Key(Key::plain(KeyCode::Esc))).collect()
    }
}

fn text(bytes: &[u8]) -> Input {
    Input::Paste(String::from_utf8_lossy(bytes).into_owned())
}

/// Takes what belongs to a paste: how many bytes, and whether it ends there. An interrupt ends it, too; it
/// is left for the keys.
fn pasted(paste: &mut Vec<u8>, bytes: &[u8]) -> (usize, bool) {
    let mark = bytes.iter().position(|&byte| byte == ESC || byte == CTRL_C);
    let plain = mark.unwrap_or(bytes.len());
    let room = MAX_PASTE.saturating_sub(paste.len());
    paste.extend_from_slice(&bytes[..plain.min(room)]);
    if plain > room && paste.len() == MAX_PASTE {
        // one byte more says that it was too long
        paste.push(b' ');
    }
    let rest = &bytes[plain..];
    match rest.first() {
        None => (plain, false),
        Some(&CTRL_C) => (plain, true),
        _ if rest.starts_with(PASTED) => (plain + PASTED.len(), true),
        _ if PASTED.starts_with(rest) => (plain, false),
        _ => {
            // an escape that ends nothing is part of the text
            if paste.len() < MAX_PASTE {
                paste.push(ESC);
            }
            (plain + 1, false)
        }
    }
}

fn piece(bytes: &[u8]) -> Piece {
    match bytes {
        [ESC, ESC, b'[' | b'O', ..] => with_alt(&piece(&bytes[1..])),
        [ESC] | [ESC, ESC] => Piece::Unfinished,
        [ESC, b'[', ..] => csi(bytes),
        [ESC, b'O', rest @ ..] => match rest.first() {
            None => Piece::Unfinished,
            Some(&last @ 0x40..=0x7e) => named(3, last, &[]),
            // something else begins here
            Some(_) => Piece::Nothing(2),
        },
        // text that a terminal answers or sends by itself, to its terminator
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', ..] => string(bytes),
        // an interrupt is heard whatever stands before it
        [ESC, ESC | CTRL_C, ..] => Piece::Known(1, Input::Key(Key::plain(KeyCode::Esc))),
        [ESC, ..] => with_alt(&piece(&bytes[1..])),
        _ => character(bytes),
    }
}

/// The same key with Alt, which an escape before it stands for.
fn with_alt(piece: &Piece) -> Piece {
    match *piece {
        Piece::Known(read, Input::Key(key)) => {
            Piece::Known(read + 1, Input::Key(Key { alt: true, ..key }))
        }
        Piece::Known(read, _) | Piece::Nothing(read) => Piece::Nothing(read + 1),
        Piece::Unfinished => Piece::Unfinished,
    }
}

/// A control sequence: parameters, then a byte that says what it is.
fn csi(bytes: &[u8]) -> Piece {
    let mut looked_at = bytes.iter().take(MAX_SEQUENCE).skip(2);
    let end = looked_at.position(|byte| !(0x20..=0x3f).contains(byte));
    let Some(end) = end.map(|at| at + 2) else {
        return match bytes.len() >= MAX_SEQUENCE {
            true => Piece::Nothing(MAX_SEQUENCE),
            false => Piece::Unfinished,
        };
    };
    let last = bytes[end];
    if !(0x40..=0x7e).contains(&last) {
        // something else begins here: this one was never finished
        return Piece::Nothing(end);
    }
    // the keys F1 to F5 of the Linux console have one letter more
    if last == b'[' && end == 2 {
        return match bytes.get(3) {
            None => Piece::Unfinished,
            Some(&c @ b'A'..=b'E') => known(4, KeyCode::F(c - b'A' + 1)),
            Some(_) => Piece::Nothing(3),
        };
    }
    let marked = bytes[2];
    match (marked, last) {
        (b'<', b'M' | b'm') => return pointer(end + 1, last, &bytes[3..end]),
        (b'<'..=b'?', _) => return Piece::Nothing(end + 1),
        (b'M', _) => return old_pointer(bytes),
        // the answer to a question that only terminals understand
        (b'0', b'n') if end == 3 => return Piece::Known(4, Input::Shown),
        _ => {}
    }
    let numbers: Vec<u16> = String::from_utf8_lossy(&bytes[2..end])
        .split(';')
        .map(|number| number.parse().unwrap_or(0))
        .collect();
    named(end + 1, last, &numbers)
}

/// What the mouse did, in the form that was asked for: button, column and row in digits, counted from 1; a
/// button that is let go ends in another letter.
fn pointer(read: usize, last: u8, text: &[u8]) -> Piece {
    let text = String::from_utf8_lossy(text);
    let numbers: Vec<u16> = text.split(';').map_while(|n| n.parse().ok()).collect();
    let three = text.matches(';').count() == 2;
    match (numbers.as_slice(), last) {
        (&[button, x, y], b'M') if three && x > 0 && y > 0 => pressed(read, button, (x - 1, y - 1)),
        _ => Piece::Nothing(read),
    }
}

/// The same from a terminal that knows only the older form: a byte each, which must not be taken for keys.
fn old_pointer(bytes: &[u8]) -> Piece {
    let rest = &bytes[3..bytes.len().min(6)];
    let own = rest.iter().take_while(|&&byte| byte >= 0x20).count();
    match *rest {
        [button, x, y] if button >= 0x20 && x > 0x20 && y > 0x20 => {
            let at = (u16::from(x - 0x21), u16::from(y - 0x21));
            pressed(6, u16::from(button - 0x20), at)
        }
        // something else begins here
        _ if own < rest.len() => Piece::Nothing(3 + own),
        _ if rest.len() < 3 => Piece::Unfinished,
        _ => Piece::Nothing(6),
    }
}

fn pressed(read: usize, button: u16, at: (u16, u16)) -> Piece {
    // shift, alt and control
    match button & !0b1_1100 {
        0 => Piece::Known(read, Input::Pointer(Button::Left, at)),
        64 => Piece::Known(read, Input::Pointer(Button::WheelUp, at)),
        65 => Piece::Known(read, Input::Pointer(Button::WheelDown, at)),
        _ => Piece::Nothing(read),
    }
}

fn known(read: usize, code: KeyCode) -> Piece {
    Piece::Known(read, Input::Key(Key::plain(code)))
}

/// The key that a sequence of so many bytes names by its last byte and its numbers; the second number says
/// what was held down.
fn named(read: usize, last: u8, numbers: &[u16]) -> Piece {
    let code = match (last, numbers.first().copied().unwrap_or(0)) {
        (b'A', _) => KeyCode::Up,
        (b'B', _) => KeyCode::Down,
        (b'C', _) => KeyCode::Right,
        (b'D', _) => KeyCode::Left,
        (b'H', _) | (b'~', 1 | 7) => KeyCode::Home,
        (b'F', _) | (b'~', 4 | 8) => KeyCode::End,
        (b'Z', _) => KeyCode::BackTab,
        (b'M', 0) => KeyCode::Enter,
        (b'P'..=b'S', _) => KeyCode::F(last - b'P' + 1),
        (b'~', 2) => KeyCode::Insert,
        (b'~', 3) => KeyCode::Delete,
        (b'~', 5) => KeyCode::PageUp,
        (b'~', 6) => KeyCode::PageDown,
        (b'~', n @ 11..=15) => KeyCode::F((n - 10) as u8),
        (b'~', n @ 17..=21) => KeyCode::F((n - 11) as u8),
        (b'~', n @ 23..=24) => KeyCode::F((n - 12) as u8),
        _ => return Piece::Nothing(read),
    };
    let held = numbers.get(1).copied().unwrap_or(1).saturating_sub(1);
    let key = Key {
        code,
        alt: held & 2 != 0,
        ctrl: held & 4 != 0,
    };
    Piece::Known(read, Input::Key(key))
}

/// A string that is none of a key, up to its end.
fn string(bytes: &[u8]) -> Piece {
    let mut ends = bytes.iter().enumerate().take(MAX_STRING).skip(2);
    match ends.find(|(_, byte)| matches!(**byte, 0x07 | ESC | CTRL_C)) {
        Some((at, 0x07)) => Piece::Nothing(at + 1),
        Some((at, &ESC)) => match bytes.get(at + 1) {
            None => Piece::Unfinished,
            Some(b'\\') => Piece::Nothing(at + 2),
            Some(_) => Piece::Nothing(at),
        },
        Some((at, _)) => Piece::Nothing(at),
        None if bytes.len() >= MAX_STRING => Piece::Nothing(MAX_STRING),
        None => Piece::Unfinished,
    }
}

fn character(bytes: &[u8]) -> Piece {
    let first = bytes[0];
    let code = match first {
        b'\r' | b'\n' => KeyCode::Enter,
        b'\t' => KeyCode::Tab,
        // terminals differ in what their backspace key sends
        0x7f | 0x08 => KeyCode::Backspace,
        0x00 => return control(' '),
        0x01..=0x1a => return control(char::from(first - 1 + b'a')),
        0x1c..=0x1f => return control(char::from(first - 0x1c + b'4')),
        _ => {
            let long = match first {
                0x00..=0x7f => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Piece::Nothing(1),
            };
            let whole = &bytes[..long.min(bytes.len())];
            return match std::str::from_utf8(whole).map(|text| text.chars().next()) {
                Ok(Some(c)) => known(long, KeyCode::Char(c)),
                Err(error) if error.error_len().is_none() => Piece::Unfinished,
                _ => Piece::Nothing(1),
            };
        }
    };
    known(1, code)
}

fn control(c: char) -> Piece {
    Piece::Known(1, Input::Key(Key::ctrl(c)))
}

#[cfg(test)]
mod tests;

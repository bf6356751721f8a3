//! asciinema's cast format, version 2: a header line, then a line for each event.
//! Source: the asciicast v2 specification.

use serde_json::json;

/// The header of a recording.
#[must_use]
pub fn header(width: u16, height: u16, began: Option<u64>) -> String {
    let mut header = json!({
        "version": 2,
        "width": width,
        "height": height,
        "env": {"TERM": "xterm-256color"},
    });
    if let Some(began) = began {
        header["timestamp"] = began.into();
    }
    format!("{header}\n")
}

/// What happened so many seconds after the beginning: `o` is output, `r` a new size.
#[must_use]
pub fn event(seconds: f64, kind: &str, data: &str) -> String {
    // microseconds are enough, and the same text every time
    let seconds = (seconds * 1e6).round() / 1e6;
    format!("{}\n", json!([seconds, kind, data]))
}

/// The bytes of a stream as text: what is cut off in the middle of a character waits for its rest.
#[derive(Debug, Default)]
pub struct Characters {
    waiting: Vec<u8>,
}

impl Characters {
    /// The whole characters so far; what is no text becomes U+FFFD.
    pub fn take(&mut self, bytes: &[u8]) -> String {
        self.waiting.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.waiting) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.waiting.len(),
        };
        let rest = self.waiting.split_off(whole);
        let text = String::from_utf8_lossy(&self.waiting).into_owned();
        self.waiting = rest;
        text
    }
}

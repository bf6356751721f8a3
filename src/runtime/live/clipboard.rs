//! Numbers and sessions for the terminal's clipboard.

use super::super::{export, snapshot};
use super::Live;
use crate::findings::share;
use anyhow::Result;
use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use std::io::Write as _;

/// GNU screen passes on no longer strings than this at once.
const PIECE: usize = 500;

impl Live {
    pub(super) fn copy_table(&mut self) -> Result<()> {
        let text = export::clipboard(&self.state);
        let told = match text {
            Ok(text) => self.copy(&text).map(|()| {
                let bytes = text.len();
                format!("{bytes} bytes are sent to the terminal's clipboard; e writes files")
            }),
            Err(error) => Err(error),
        };
        self.tell(told.map_err(|error| format!("{error:#}")))
    }

    /// To the clipboard where the terminal has one, and into a file for where it has none.
    pub(super) fn share(&mut self) -> Result<()> {
        let line = match share::line(&self.state.session()) {
            Ok(line) => line,
            Err(error) => return self.tell(Err(format!("{error:#}"))),
        };
        self.copy(&line)?;
        let job = snapshot::Job::line(line, &self.options.snapshots);
        self.write(job)
    }

    /// OSC 52: the terminal puts the text on its own clipboard, over SSH too, and through tmux or screen.
    fn copy(&mut self, text: &str) -> Result<()> {
        let mut sequence = String::new();
        if CopyToClipboard::to_clipboard_from(text)
            .write_ansi(&mut sequence)
            .is_err()
        {
            return Ok(());
        }
        let sequence = passed_on(&sequence, &|name| std::env::var(name).ok());
        let out = self.screen.backend_mut();
        let sent = out
            .write_all(sequence.as_bytes())
            .and_then(|()| out.flush());
        sent.or_else(|error| self.lost(&error))
    }
}

/// A sequence as tmux and screen hand it on to the terminal around them; `env` looks up a variable.
fn passed_on(sequence: &str, env: &dyn Fn(&str) -> Option<String>) -> String {
    let has = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    if has("TMUX") {
        // tmux takes it for its own where set-clipboard is on, and hands it on where allow-passthrough is
        let doubled = sequence.replace('\x1b', "\x1b\x1b");
        return format!("{sequence}\x1bPtmux;{doubled}\x1b\\");
    }
    if has("STY") {
        let letters: Vec<char> = sequence.chars().collect();
        let pieces = letters.chunks(PIECE).map(|piece| {
            let piece: String = piece.iter().collect();
            format!("\x1bP{piece}\x1b\\")
        });
        return pieces.collect();
    }
    sequence.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_passes_through_tmux_and_screen() {
        let sequence = "\x1b]52;c;aGVsbG8=\x07";
        let within =
            |name: &'static str| passed_on(sequence, &|one| (one == name).then(|| "1".to_owned()));
        assert_eq!(within("TERM"), sequence);
        assert_eq!(
            within("TMUX"),
            format!("{sequence}\x1bPtmux;\x1b{sequence}\x1b\\")
        );
        assert_eq!(within("STY"), format!("\x1bP{sequence}\x1b\\"));
        let long = "a".repeat(1200);
        let pieces = passed_on(&long, &|one| (one == "STY").then(|| "1".to_owned()));
        assert_eq!(pieces.matches("\x1bP").count(), 3);
        assert_eq!(pieces.replace("\x1bP", "").replace("\x1b\\", ""), long);
    }
}

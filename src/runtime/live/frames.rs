//! When a frame is drawn: not more often than one can see, and not before the last one is shown.
//!
//! A slow line takes a frame at once and shows it much later: what is written to it stands in a queue, in the
//! system and on the way. So the terminal is asked behind each frame whether it is well, which it answers once it
//! has come so far, and until then no other frame is drawn: what is drawn next is the newest state.

use super::super::input::Input;
use super::super::record::Out;
use super::super::signals;
use super::super::threads::Happening;
use super::Live;
use anyhow::Result;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// At most one frame in this time.
pub(super) const FRAME: Duration = Duration::from_millis(16);
/// How long a frame waits for the numbers of what was just typed: drawn with them, it is one frame
/// instead of two, and nothing flickers. Without them it shows the old ones, dimmed.
const PATIENCE: Duration = Duration::from_millis(24);
/// The terminal's status is asked for (ECMA-48, DSR); any terminal answers `ESC [ 0 n`.
const ASK: &[u8] = b"\x1b[5n";
/// An answer that takes longer does not come.
const LOST: Duration = Duration::from_secs(10);
/// A terminal that owes so many answers gives none.
const MOST_OWED: u8 = 3;
/// How long an answer is waited for before the terminal is left, since it would be read by who comes after:
/// from a terminal that has answered before, and from another one.
const LAST: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(100)];

/// How far the terminal is behind.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Since when an answer is awaited.
    asked: Option<Instant>,
    /// Whether the terminal has answered the last question but this one.
    answers: bool,
    /// How many questions in a row had no answer.
    owed: u8,
}

impl Line {
    /// The terminal has answered: it shows all that was drawn.
    pub fn shown(&mut self) {
        (self.asked, self.answers, self.owed) = (None, true, 0);
    }

    /// How long the next frame waits for the last one to be shown, at most.
    fn left(&self) -> Duration {
        let asked = self.asked.filter(|_| self.answers);
        asked.map_or(Duration::ZERO, |asked| LOST.saturating_sub(asked.elapsed()))
    }

    /// Asks behind a frame, unless an answer is on its way or none ever comes.
    fn ask(&mut self) -> io::Result<()> {
        if let Some(asked) = self.asked {
            if asked.elapsed() < LOST {
                return Ok(());
            }
            (self.answers, self.owed) = (false, self.owed.saturating_add(1));
        }
        self.asked = None;
        if self.owed >= MOST_OWED {
            return Ok(());
        }
        // a recording is shown to terminals that nobody reads
        Out::new(None).write_all(ASK)?;
        self.asked = Some(Instant::now());
        Ok(())
    }

    /// How long an answer is still waited for before the terminal is left.
    fn last(&self) -> Option<Duration> {
        let most = LAST[usize::from(!self.answers)];
        let left = most.saturating_sub(self.asked?.elapsed());
        (!left.is_zero()).then_some(left)
    }
}

impl Live {
    /// How long until the next frame may be drawn.
    pub(super) fn pause(&self) -> Duration {
        let left = |since: Option<Instant>, whole: Duration| {
            since.map_or(Duration::ZERO, |since| {
                whole.saturating_sub(since.elapsed())
            })
        };
        // the very first frame waits for nothing
        let asked = self.asked.filter(|_| self.state.observation.is_some());
        let own = left(self.last_frame, FRAME).max(left(asked, PATIENCE));
        own.max(self.line.left())
    }

    pub(super) fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        let (state, look) = (&self.state, &self.options.look);
        let drawn = self.screen.size().and_then(|size| {
            let next = crate::ui::frame(state, look, size.width, size.height);
            // news of a sweep that is not looked at, a key that changes nothing: not a byte
            if self.drawn.as_ref() == Some(&next) {
                return Ok(());
            }
            self.screen.draw(|frame| match frame.buffer_mut() {
                buffer if buffer.area == next.area => buffer.clone_from(&next),
                // the size has changed just now
                buffer => crate::ui::draw(state, look, buffer),
            })?;
            self.last_frame = Some(Instant::now());
            self.drawn = Some(next);
            self.line.ask()
        });
        drawn.or_else(|error| self.lost(&error))
    }

    /// A terminal that cannot be written to has gone: nothing is left to be said to it.
    pub(super) fn lost(&mut self, error: &io::Error) -> Result<()> {
        match error.kind() {
            io::ErrorKind::Interrupted => self.dirty = true,
            // somebody wants the program to end, and says so next
            io::ErrorKind::TimedOut => {}
            _ => self.leaving = Some(ExitCode::from(signals::exit_code(1))),
        }
        Ok(())
    }

    /// Lets the terminal answer before it is left: the shell would take the answer for keys.
    pub(super) fn settle(&mut self) {
        let mut others = Vec::new();
        while let Some(left) = self.line.last() {
            match self.pending.wait(Some(left)) {
                Ok(Some(Happening::Terminal(Input::Shown))) => self.line.shown(),
                Ok(Some(Happening::Lost)) | Err(_) => break,
                Ok(Some(other)) => others.push(other),
                Ok(None) => {}
            }
        }
        self.pending.put_back(others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_waits_for_the_last_one_only_where_the_terminal_answers() {
        let now = Some(Instant::now());
        let mut line = Line {
            asked: now,
            ..Line::default()
        };
        assert_eq!(line.left(), Duration::ZERO);
        line.shown();
        assert_eq!((line.left(), line.last()), (Duration::ZERO, None));
        line.asked = now;
        assert!(line.left() > Duration::from_secs(5));
        assert!(line.last().is_some());
        // an answer that does not come is given up
        line.asked = Instant::now().checked_sub(LOST);
        assert_eq!((line.left(), line.last()), (Duration::ZERO, None));
    }
}

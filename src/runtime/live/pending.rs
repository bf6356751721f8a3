//! What has happened and is not looked at yet.

use super::super::input::Input;
use super::super::threads::Happening;
use super::super::tty;
use crate::app::Key;
use anyhow::{Result, bail};
use crossterm::event::KeyCode;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// So many characters that came together are one text: nobody types so fast.
const TOGETHER: usize = 8;
/// The most characters of one text, so that an editor that has no room for all takes most of them.
const MOST: usize = 256;
/// Keys that are not looked at so long after the wish to leave are not waited for.
const LATE: Duration = Duration::from_millis(250);

/// The queue of the main thread.
pub(super) struct Pending {
    receiver: Receiver<Happening>,
    /// What was taken out of it too early, in order.
    held: VecDeque<Happening>,
}

impl Pending {
    pub fn new(receiver: Receiver<Happening>) -> Self {
        Self {
            receiver,
            held: VecDeque::new(),
        }
    }

    /// Waits for something to happen, at most so long.
    ///
    /// # Errors
    /// When nobody is left to whom anything could happen.
    pub fn wait(&mut self, due: Option<Duration>) -> Result<Option<Happening>> {
        if let Some(held) = self.held.pop_front() {
            return Ok(Some(held));
        }
        let first = match due {
            Some(due) => self.receiver.recv_timeout(due),
            None => (self.receiver.recv()).map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("all threads have ended"),
        }
    }

    /// Puts back what was taken out too early, in order.
    pub fn put_back(&mut self, all: Vec<Happening>) {
        for event in all.into_iter().rev() {
            self.held.push_front(event);
        }
    }

    /// What has happened by now.
    pub fn at_once(&mut self) -> Option<Happening> {
        self.held
            .pop_front()
            .or_else(|| self.receiver.try_recv().ok())
    }

    /// Many characters that came together, as one text: what a terminal without bracketed paste makes of a
    /// paste. Anything else is what it was.
    pub fn joined(&mut self, first: Happening) -> Happening {
        let Some(c) = character(&first).filter(|c| !c.is_whitespace()) else {
            return first;
        };
        let (mut text, mut count) = (String::from(c), 1);
        let mut rest = Vec::new();
        while count < MOST {
            let Some(next) = self.at_once() else {
                break;
            };
            let Some(c) = character(&next) else {
                self.held.push_front(next);
                break;
            };
            text.push(c);
            count += 1;
            rest.push(next);
        }
        // what is pasted loses its blanks at the ends
        while text.ends_with(char::is_whitespace)
            && let Some(blank) = rest.pop()
        {
            text.pop();
            count -= 1;
            self.held.push_front(blank);
        }
        if count >= TOGETHER {
            return Happening::Terminal(Input::Paste(text));
        }
        for next in rest.into_iter().rev() {
            self.held.push_front(next);
        }
        first
    }
}

/// The character that a key types.
fn character(event: &Happening) -> Option<char> {
    match event {
        Happening::Terminal(Input::Key(key)) => match key.code {
            KeyCode::Char(c) if *key == Key::char(c) => Some(c),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it was typed before the wish to leave, which has waited for long enough.
pub(super) fn is_too_late(event: &Happening) -> bool {
    let leaves = Input::Key(Key::ctrl('c'));
    let typed = matches!(event, Happening::Terminal(input) if *input != leaves);
    typed && tty::ending_since().is_some_and(|since| since.elapsed() > LATE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn all(keys: &str) -> Vec<Input> {
        let (sender, receiver) = channel();
        for c in keys.chars() {
            let key = match c {
                '\n' => Key::plain(KeyCode::Enter),
                c => Key::char(c),
            };
            let _ = sender.send(Happening::Terminal(Input::Key(key)));
        }
        let mut pending = Pending::new(receiver);
        let mut seen = Vec::new();
        while let Some(event) = pending.at_once() {
            if let Happening::Terminal(input) = pending.joined(event) {
                seen.push(input);
            }
        }
        seen
    }

    #[test]
    fn many_characters_are_one_text_and_few_are_keys() {
        let key = |c| Input::Key(Key::char(c));
        let enter = Input::Key(Key::plain(KeyCode::Enter));
        assert_eq!(all("abc"), [key('a'), key('b'), key('c')]);
        assert_eq!(all("a\nb"), [key('a'), enter.clone(), key('b')]);
        let text = Input::Paste("abcdefgh".into());
        assert_eq!(all("abcdefgh\nx"), [text, enter, key('x')]);
        // nothing is lost, and no text has blanks at its ends
        for word in ["0123456789", " zero blocks.0", "   ", "a  "] {
            let long = word.repeat(100);
            let pieces = all(&long).into_iter().map(|input| match input {
                Input::Paste(text) => {
                    assert_eq!(text.trim(), text);
                    text
                }
                Input::Key(Key {
                    code: KeyCode::Char(c),
                    ..
                }) => c.to_string(),
                _ => String::new(),
            });
            assert_eq!(pieces.collect::<String>(), long);
        }
    }
}

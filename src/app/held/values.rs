//! Values typed in a prompt field: the first letter takes the place of the value at hand.

use super::editor::editor;
use super::fields::{Fields, Part};
use super::word;
use crate::app::keys::key::Key;
use crate::task::Token;
use crate::task::limits::MAX_FIELD;
use crossterm::event::KeyCode;
use std::ops::Range;

impl Fields {
    /// The values that may stand where the cursor is; `None` where more stand in the field than it has.
    fn values(&self) -> Option<Vec<Token>> {
        let (_, part) = self.selected();
        let place = word::before(self.line(), self.word().start);
        match self.task.groups.get(part.0) {
            Some(group) => {
                let slots = self.task.slots.get(group.slots.clone())?;
                Some(slots.get(place)?.values.clone())
            }
            // what is fed back is any token
            None => Some((0..self.task.d_vocab() as Token).collect()),
        }
    }

    /// Their names; none where no value may stand there.
    fn names(&self) -> Vec<String> {
        let values = self.values().unwrap_or_default().into_iter();
        values.map(|token| self.task.token_name(token)).collect()
    }

    /// Another value in the place of the one under the cursor, so many on among those that may stand
    /// there, counted round; whether there is one.
    pub fn turn(&mut self, by: isize) -> bool {
        let (side, part) = self.selected();
        if part == Part::continuation(self.task) {
            return false;
        }
        let (text, word) = (self.line().to_owned(), self.word());
        let names = self.names();
        let Some(place) = names.iter().position(|name| *name == text[word.clone()]) else {
            return false;
        };
        let next = (place as isize + by).rem_euclid(names.len() as isize) as usize;
        let name = &names[next];
        let column = word::column(&text, word.start) + name.chars().count();
        let (before, after) = (&text[..word.start], &text[word.end..]);
        self.set_text(side, part, &format!("{before}{name}{after}"));
        self.set_cursor(column);
        self.whole = true;
        true
    }

    /// Whether a key edits a field rather than doing something: a letter of one of its values, what parts two
    /// of them once one was typed, and what moves and deletes.
    #[must_use]
    pub fn takes(&self, key: Key) -> bool {
        if key.ctrl || key.alt {
            return false;
        }
        match key.code {
            KeyCode::Char(',') => true,
            // before anything was typed it opens the menu
            KeyCode::Char(' ') => !self.whole || self.parted,
            KeyCode::Char(c) => {
                c.is_ascii_digit() || self.names().iter().any(|name| name.contains(c))
            }
            code => matches!(
                code,
                KeyCode::Backspace
                    | KeyCode::Delete
                    | KeyCode::Left
                    | KeyCode::Right
                    | KeyCode::Home
                    | KeyCode::End
            ),
        }
    }

    /// Brings back what stood in the field when it was entered; whether anything else did.
    pub(in crate::app) fn restore(&mut self) -> bool {
        if self.line() == self.found {
            return false;
        }
        let (column, found) = (self.cursor(), self.found.clone());
        self.editors[self.selected] = editor(found);
        self.point(column);
        true
    }

    /// What esc brings back, where it is not what stands in the field.
    pub(in crate::app) fn found(&self) -> Option<&str> {
        (self.found != self.line()).then_some(&self.found)
    }

    /// Says what esc brings back.
    pub(in crate::app) fn set_found(&mut self, found: &str) {
        found.clone_into(&mut self.found);
    }

    /// What stands in the field is what esc brings back from now on.
    pub(in crate::app) fn settle(&mut self) {
        self.found = self.line().to_owned();
    }

    /// Types a key; whether the text changed.
    pub fn input(&mut self, key: Key) -> bool {
        let parted = std::mem::take(&mut self.parted);
        match key.code {
            // a blank behind a comma parts nothing more
            KeyCode::Char(' ') if parted && self.whole => false,
            KeyCode::Char(c @ (' ' | ',')) => {
                self.parted = c == ',';
                self.next()
            }
            KeyCode::Char(c) => self.letter(c),
            KeyCode::Backspace | KeyCode::Delete => self.delete(key.code == KeyCode::Backspace),
            KeyCode::Left | KeyCode::Right => {
                let beside = word::beside(self.line(), &self.word(), key.code == KeyCode::Right);
                let word = beside.unwrap_or_else(|| self.word());
                self.put_on(word);
                false
            }
            KeyCode::Home | KeyCode::End => {
                self.point(if key.code == KeyCode::End {
                    usize::MAX
                } else {
                    0
                });
                false
            }
            _ => false,
        }
    }

    /// Goes on to the next value: of this field, a new one where it may have more, or the next field's;
    /// whether the text changed.
    fn next(&mut self) -> bool {
        let (line, word) = (self.line().to_owned(), self.word());
        if let Some(beside) = word::beside(&line, &word, true) {
            self.put_on(beside);
            return false;
        }
        let (_, part) = self.selected();
        let standing = word::before(&line, line.len());
        let most = match self.task.groups.get(part.0) {
            Some(group) => group.slots.len(),
            None => self
                .task
                .answers
                .iter()
                .filter(|one| one.fed_back.is_some())
                .count(),
        };
        if word.is_empty() || standing >= most {
            self.step(1);
            return false;
        }
        self.replace(word.end..line.len(), " ")
    }

    /// A letter of a value: it begins a new one where none was typed or the one at hand cannot go on.
    fn letter(&mut self, c: char) -> bool {
        let word = self.word();
        let typed = self.line()[word.clone()].to_owned();
        // nothing that may stand here begins with it and is longer
        let longer = |name: &String| name.starts_with(&typed) && *name != typed;
        let complete = !self.names().iter().any(longer);
        let (from, kept) = match self.whole || complete {
            true => (word.start, 0),
            false => (word.end, typed.len()),
        };
        if self.line().len() - (word.len() - kept) + c.len_utf8() > MAX_FIELD {
            return false;
        }
        self.replace(from..word.end, &c.to_string())
    }

    /// Takes away the value at hand if it was not typed, its last letter if it was, what parts it from the
    /// one before (or behind it) where nothing is left of it.
    fn delete(&mut self, back: bool) -> bool {
        let (line, word) = (self.line().to_owned(), self.word());
        let last = line[word.clone()]
            .chars()
            .next_back()
            .map_or(0, char::len_utf8);
        let gone = match (word.is_empty(), self.whole) {
            (false, true) => word,
            (false, false) => word.end - last..word.end,
            (true, _) if back => {
                let before = word::beside(&line, &word, false);
                before.map_or(0, |before| before.end)..word.start
            }
            (true, _) => {
                let behind = word::beside(&line, &word, true);
                word.end..behind.map_or(line.len(), |behind| behind.start)
            }
        };
        self.replace(gone, "")
    }

    /// Another text in the place of some bytes of the line, the cursor behind it; whether it changed.
    fn replace(&mut self, bytes: Range<usize>, by: &str) -> bool {
        let line = self.line();
        let text = format!("{}{by}{}", &line[..bytes.start], &line[bytes.end..]);
        let column = word::column(&text, bytes.start + by.len());
        let changed = text != line;
        self.editors[self.selected] = editor(text);
        self.set_cursor(column);
        self.whole = false;
        changed
    }
}

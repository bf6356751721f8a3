//! The prompt fields: eight one-line editors, four for each side of the pair.

use crate::app::keys::key::Key;
use crate::lens::{Continuation, Source};
use crate::task::limits::{MAX_FIELD, MAX_LINE};
use crate::task::{PromptError, Task, Token};
use crossterm::event::{KeyCode, KeyEvent};
use tui_textarea::{CursorMove, TextArea};

/// A side of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The clean prompt.
    Clean,
    /// The corrupted prompt.
    Corrupted,
}

/// One of a side's editors: a field of the task, or behind them what is fed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part(pub usize);

impl Part {
    /// All editors of a side.
    pub fn all(task: Task) -> impl Iterator<Item = Self> {
        let fed_back = usize::from(task.feeds_back());
        (0..task.groups.len() + fed_back).map(Self)
    }

    /// What the answers that are fed back are typed in.
    #[must_use]
    pub fn continuation(task: Task) -> Self {
        Self(task.groups.len())
    }

    /// Its name: `a`, `idx`, `b`.
    #[must_use]
    pub fn name(self, task: Task) -> &'static str {
        let spec = task.get();
        let answer = || spec.answers.iter().find(|one| one.fed_back.is_some());
        match spec.groups.get(self.0) {
            Some(group) => &group.name,
            None => answer().map_or("", |answer| &answer.group),
        }
    }

    /// Whether it holds several values.
    #[must_use]
    pub fn is_list(self, task: Task) -> bool {
        task.groups.get(self.0).is_none_or(|group| group.is_list)
    }
}

/// The editors of both sides and which one is being typed in.
#[derive(Clone, Debug)]
pub struct Fields {
    task: Task,
    editors: Vec<TextArea<'static>>,
    selected: usize,
    /// The value of the selected field was not typed in since it was entered: what is typed replaces it.
    whole: bool,
}

fn list_text(task: Task, tokens: &[Token]) -> String {
    let words: Vec<_> = tokens.iter().map(|&token| task.token_name(token)).collect();
    words.join(" ")
}

/// The cursor at a character of the one line there is.
pub(in crate::app) fn jump(column: usize) -> CursorMove {
    CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX))
}

fn editor(text: String) -> TextArea<'static> {
    let mut area = TextArea::new(vec![text]);
    area.move_cursor(CursorMove::End);
    area
}

/// Whether a one-line editor has room for so many bytes more; text that is selected gives way to them.
pub(in crate::app) fn has_room(editor: &TextArea<'_>, bytes: usize) -> bool {
    let typed = match editor.is_selecting() {
        true => 0,
        false => editor.lines().first().map_or(0, String::len),
    };
    typed + bytes <= MAX_LINE
}

/// What a control key does in a line, as shells have it; whether the text changed.
fn edit_by(editor: &mut TextArea<'_>, c: char) -> bool {
    match c {
        'a' => editor.move_cursor(CursorMove::Head),
        'e' => editor.move_cursor(CursorMove::End),
        'b' => editor.move_cursor(CursorMove::Back),
        'f' => editor.move_cursor(CursorMove::Forward),
        'u' => return editor.delete_line_by_head(),
        'k' => return editor.delete_line_by_end(),
        'w' => return editor.delete_word(),
        _ => {}
    }
    false
}

/// Types a key in a one-line editor; whether the text changed.
pub(in crate::app) fn edit(editor: &mut TextArea<'_>, key: Key) -> bool {
    if matches!(
        key.code,
        KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End
    ) {
        editor.cancel_selection();
    }
    match key.code {
        KeyCode::Left => editor.move_cursor(CursorMove::Back),
        KeyCode::Right => editor.move_cursor(CursorMove::Forward),
        KeyCode::Home => editor.move_cursor(CursorMove::Head),
        KeyCode::End => editor.move_cursor(CursorMove::End),
        KeyCode::Char(c) if key.ctrl => return edit_by(editor, c),
        // there is no second line, and a control character is no text
        KeyCode::Enter => {}
        KeyCode::Char(c) if c.is_control() || !has_room(editor, c.len_utf8()) => {}
        _ => return editor.input_without_shortcuts(KeyEvent::from(key)),
    }
    false
}

impl Fields {
    /// Editors showing a pair.
    #[must_use]
    pub fn new(clean: &Source, corrupted: &Source) -> Self {
        let task = clean.values.task();
        let mut fields = Self {
            task,
            editors: vec![TextArea::default(); 2 * Part::all(task).count()],
            selected: 0,
            whole: true,
        };
        fields.show(clean, corrupted);
        fields
    }

    /// Shows a pair; fields whose value is the same keep their text and cursor. A continuation
    /// that is the model's own stays as it is until a run tells it.
    pub fn show(&mut self, clean: &Source, corrupted: &Source) {
        for (side, source) in [(Side::Clean, clean), (Side::Corrupted, corrupted)] {
            let known = source.continuation != Continuation::Model;
            let prompt = source.prompt();
            let fed_back = Part::continuation(self.task);
            for part in Part::all(self.task).filter(|part| known || *part != fed_back) {
                let text = if part == fed_back {
                    list_text(self.task, &prompt.continuation)
                } else {
                    prompt.values.names(part.0).join(" ")
                };
                self.put(side, part, text);
            }
        }
    }

    /// Shows a continuation that only a run could tell.
    pub fn show_continuation(&mut self, side: Side, b: &[Token]) {
        self.put(side, Part::continuation(self.task), list_text(self.task, b));
    }

    fn put(&mut self, side: Side, field: Part, text: String) {
        let same = {
            let words = |text: &str| -> Vec<String> {
                // a comma parts the values of a list, and is a mistake elsewhere
                let list = field.is_list(self.task);
                let separator = |c: char| c.is_whitespace() || list && c == ',';
                text.split(separator)
                    .filter(|word| !word.is_empty())
                    .map(|word| {
                        word.parse::<u64>()
                            .map_or_else(|_| word.to_owned(), |n| n.to_string())
                    })
                    .collect()
            };
            words(self.text(side, field)) == words(&text)
        };
        if !same {
            let slot = self.slot(side, field);
            self.editors[slot] = editor(text);
        }
    }

    /// Editors of a side.
    fn each(&self) -> usize {
        self.editors.len() / 2
    }

    fn slot(&self, side: Side, part: Part) -> usize {
        (side as usize * self.each() + part.0).min(self.editors.len() - 1)
    }

    /// The field being typed in.
    #[must_use]
    pub fn selected(&self) -> (Side, Part) {
        let side = if self.selected < self.each() {
            Side::Clean
        } else {
            Side::Corrupted
        };
        (side, Part(self.selected % self.each()))
    }

    /// Types in this field from now on.
    pub fn select(&mut self, side: Side, field: Part) {
        self.selected = self.slot(side, field);
        self.whole = true;
    }

    /// Moves on by so many fields; stops at the ends.
    pub fn step(&mut self, by: isize) {
        self.selected = self
            .selected
            .saturating_add_signed(by)
            .min(self.editors.len() - 1);
        self.whole = true;
    }

    /// Whether what is typed next takes the place of the selected field's value. A list is typed in, value
    /// by value.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole && !self.selected().1.is_list(self.task)
    }

    /// Another value in the place of the one under the cursor, so many on among those that may stand
    /// there, counted round; whether there is one.
    pub fn turn(&mut self, by: isize) -> bool {
        let (side, part) = self.selected();
        let Some(group) = self.task.groups.get(part.0) else {
            return false;
        };
        let text = self.text(side, part).to_owned();
        let at = text
            .char_indices()
            .nth(self.cursor())
            .map_or(text.len(), |(at, _)| at);
        let apart = |c: char| c.is_whitespace() || c == ',';
        let start = text[..at].rfind(apart).map_or(0, |i| i + 1);
        let end = text[at..].find(apart).map_or(text.len(), |i| at + i);
        let before = text[..start].split(apart).filter(|word| !word.is_empty());
        let Some(slot) = self.task.slots.get(group.slots.start + before.count()) else {
            return false;
        };
        let mut names = slot.values.iter().map(|&token| self.task.token_name(token));
        let Some(place) = names.position(|name| *name == text[start..end]) else {
            return false;
        };
        let next = (place as isize + by).rem_euclid(slot.values.len() as isize) as usize;
        let name = self.task.token_name(slot.values[next]).to_string();
        let column = text[..start].chars().count() + name.chars().count();
        self.set_text(
            side,
            part,
            &format!("{}{name}{}", &text[..start], &text[end..]),
        );
        self.set_cursor(column);
        true
    }

    /// What a field says.
    #[must_use]
    pub fn text(&self, side: Side, field: Part) -> &str {
        self.editors[self.slot(side, field)]
            .lines()
            .first()
            .map_or("", String::as_str)
    }

    /// Where the cursor stands in the field being typed in, in characters.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.editors[self.selected].cursor().1
    }

    /// Whether a key edits a field rather than doing something.
    #[must_use]
    pub fn takes(&self, key: Key) -> bool {
        let (_, part) = self.selected();
        let slot = self
            .task
            .groups
            .get(part.0)
            .map_or(0, |group| group.slots.start);
        let written = |c: char| {
            let values = self
                .task
                .slots
                .get(slot)
                .map_or(&[][..], |slot| &slot.values);
            let mut names = values.iter().map(|&token| self.task.token_name(token));
            names.any(|name| name.contains(c))
        };
        let is_text = match key.code {
            KeyCode::Char(c) if c.is_ascii_digit() || c == ' ' || c == ',' => true,
            KeyCode::Char(c) => written(c),
            _ => false,
        };
        let moves = matches!(
            key.code,
            KeyCode::Backspace
                | KeyCode::Delete
                | KeyCode::Left
                | KeyCode::Right
                | KeyCode::Home
                | KeyCode::End
        );
        (is_text || moves) && !key.ctrl && !key.alt
    }

    /// Makes a field say this.
    pub(in crate::app) fn set_text(&mut self, side: Side, field: Part, text: &str) {
        let slot = self.slot(side, field);
        self.editors[slot] = editor(text.to_owned());
    }

    /// Puts the cursor of the field being typed in at a character, or at its end.
    pub(in crate::app) fn set_cursor(&mut self, column: usize) {
        self.editors[self.selected].move_cursor(jump(column));
    }

    /// Says whether what is typed next takes the place of the whole value.
    pub(in crate::app) fn set_whole(&mut self, whole: bool) {
        self.whole = whole;
    }

    /// Types a key; whether the text changed.
    pub fn input(&mut self, key: Key) -> bool {
        let list = self.selected().1.is_list(self.task);
        let editor = &mut self.editors[self.selected];
        let full = editor
            .lines()
            .first()
            .is_some_and(|line| line.len() >= MAX_FIELD);
        if full && matches!(key.code, KeyCode::Char(_)) {
            return false;
        }
        let replaces = matches!(key.code, KeyCode::Char(c) if c != ' ')
            || matches!(key.code, KeyCode::Backspace | KeyCode::Delete);
        if std::mem::take(&mut self.whole) && replaces && !list {
            editor.select_all();
        }
        edit(editor, key)
    }

    /// Reads one side.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn read(&self, side: Side, continuation: &Continuation) -> Result<Source, PromptError> {
        let task = self.task;
        let text = |part| self.text(side, part);
        let texts: Vec<&str> = (0..task.groups.len())
            .map(|part| text(Part(part)))
            .collect();
        let values = task.parse_groups(&texts)?;
        let continuation = match continuation {
            Continuation::Typed(_) => {
                // where nothing is fed back there is no editor for it
                let fed_back = task.feeds_back().then(|| text(Part::continuation(task)));
                let typed = task.parse_continuation(fed_back.unwrap_or_default())?;
                Continuation::Typed(typed)
            }
            other => other.clone(),
        };
        Ok(Source {
            values,
            continuation,
        })
    }
}

//! The prompt fields: eight one-line editors, four for each side of the pair.

use super::key::Key;
use crate::lens::{Continuation, Source};
use crate::task::limits::{MAX_FIELD, MAX_LINE};
use crate::task::{ArrayUpdate, PromptError, Token, Update};
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

/// A field of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The list.
    A,
    /// The index.
    Idx,
    /// The element.
    Elt,
    /// The continuation.
    B,
}

impl Field {
    /// In the order of the screen.
    pub const ALL: [Self; 4] = [Self::A, Self::Idx, Self::Elt, Self::B];

    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::Idx => "idx",
            Self::Elt => "elt",
            Self::B => "b",
        }
    }
}

/// The editors of both sides and which one is being typed in.
#[derive(Clone, Debug)]
pub struct Fields {
    editors: Vec<TextArea<'static>>,
    selected: usize,
}

fn list_text(values: &[Token]) -> String {
    let words: Vec<_> = values.iter().map(ToString::to_string).collect();
    words.join(" ")
}

/// The cursor at a character of the one line there is.
pub(super) fn jump(column: usize) -> CursorMove {
    CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX))
}

fn editor(text: String) -> TextArea<'static> {
    let mut area = TextArea::new(vec![text]);
    area.move_cursor(CursorMove::End);
    area
}

/// Whether a one-line editor has room for so many bytes more.
pub(super) fn has_room(editor: &TextArea<'_>, bytes: usize) -> bool {
    let typed = editor.lines().first().map_or(0, String::len);
    typed + bytes <= MAX_LINE
}

/// Types a key in a one-line editor; whether the text changed.
pub(super) fn edit(editor: &mut TextArea<'_>, key: Key) -> bool {
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
        let mut fields = Self {
            editors: vec![TextArea::default(); 8],
            selected: 0,
        };
        fields.show(clean, corrupted);
        fields
    }

    /// Shows a pair; fields whose value is the same keep their text and cursor. A continuation
    /// that is the model's own stays as it is until a run tells it.
    pub fn show(&mut self, clean: &Source, corrupted: &Source) {
        for (side, source) in [(Side::Clean, clean), (Side::Corrupted, corrupted)] {
            let known = source.continuation != Continuation::Model;
            let fields = Field::ALL.into_iter();
            for field in fields.filter(|field| known || *field != Field::B) {
                let prompt = source.prompt();
                let text = match field {
                    Field::A => list_text(&prompt.update.a),
                    Field::Idx => prompt.update.idx.to_string(),
                    Field::Elt => prompt.update.elt.to_string(),
                    Field::B => list_text(&prompt.continuation),
                };
                self.put(side, field, text);
            }
        }
    }

    /// Shows a continuation that only a run could tell.
    pub fn show_continuation(&mut self, side: Side, b: &[Token]) {
        self.put(side, Field::B, list_text(b));
    }

    fn put(&mut self, side: Side, field: Field, text: String) {
        let same = {
            let words = |text: &str| -> Vec<String> {
                // a comma parts the values of a list, and is a mistake elsewhere
                let list = matches!(field, Field::A | Field::B);
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
            self.editors[Self::slot(side, field)] = editor(text);
        }
    }

    fn slot(side: Side, field: Field) -> usize {
        side as usize * 4 + field as usize
    }

    /// The field being typed in.
    #[must_use]
    pub fn selected(&self) -> (Side, Field) {
        let side = if self.selected < 4 {
            Side::Clean
        } else {
            Side::Corrupted
        };
        (side, Field::ALL[self.selected % 4])
    }

    /// Types in this field from now on.
    pub fn select(&mut self, side: Side, field: Field) {
        self.selected = Self::slot(side, field);
    }

    /// Moves on by so many fields; stops at the ends.
    pub fn step(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(7);
    }

    /// What a field says.
    #[must_use]
    pub fn text(&self, side: Side, field: Field) -> &str {
        self.editors[Self::slot(side, field)]
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
    pub fn takes(key: Key) -> bool {
        let is_text =
            matches!(key.code, KeyCode::Char(c) if c.is_ascii_digit() || c == ' ' || c == ',');
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
    pub(super) fn set_text(&mut self, side: Side, field: Field, text: &str) {
        self.editors[Self::slot(side, field)] = editor(text.to_owned());
    }

    /// Puts the cursor of the field being typed in at a character, or at its end.
    pub(super) fn set_cursor(&mut self, column: usize) {
        self.editors[self.selected].move_cursor(jump(column));
    }

    /// Types a key; whether the text changed.
    pub fn input(&mut self, key: Key) -> bool {
        let editor = &mut self.editors[self.selected];
        let full = editor
            .lines()
            .first()
            .is_some_and(|line| line.len() >= MAX_FIELD);
        if full && matches!(key.code, KeyCode::Char(_)) {
            return false;
        }
        edit(editor, key)
    }

    /// Reads one side.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn read(
        &self,
        task: ArrayUpdate,
        side: Side,
        continuation: &Continuation,
    ) -> Result<Source, PromptError> {
        let text = |field| self.text(side, field);
        let update = Update {
            a: task.parse_list("a", text(Field::A))?,
            idx: task.parse_value("idx", text(Field::Idx).trim())?,
            elt: task.parse_value("elt", text(Field::Elt).trim())?,
        };
        let continuation = match continuation {
            Continuation::Typed(_) => Continuation::Typed(task.parse_list("b", text(Field::B))?),
            other => other.clone(),
        };
        Ok(Source {
            update,
            continuation,
        })
    }
}

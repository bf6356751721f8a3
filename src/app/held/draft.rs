//! A finding's title and note being typed.

use super::editor::{edit, has_room};
use crate::app::keys::key::Key;
use crate::task::limits::MAX_NOTE;
use crossterm::event::{KeyCode, KeyEvent};
use tui_textarea::{CursorMove, TextArea};

/// The finding whose note is edited, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its folder's name.
    pub name: String,
    /// The note that is on the disk.
    pub was: String,
}

/// A title and a note being typed.
#[derive(Clone, Debug)]
pub struct NoteEditor {
    /// The title: one line.
    pub title: TextArea<'static>,
    /// The note.
    pub note: TextArea<'static>,
    /// Whether the title is typed in.
    pub on_title: bool,
    /// The finding that it belongs to; `None` makes a new one.
    pub edited: Option<Edited>,
    /// Whether it is being written.
    pub saving: bool,
}

impl NoteEditor {
    /// An editor of these texts.
    #[must_use]
    pub fn new(title: &str, note: &str, edited: Option<Edited>) -> Self {
        let lines = |text: &str| {
            let mut area = TextArea::new(text.split('\n').map(clean_line).collect());
            area.move_cursor(CursorMove::Bottom);
            area.move_cursor(CursorMove::End);
            area
        };
        Self {
            title: lines(&title.replace('\n', " ")),
            note: lines(note),
            on_title: edited.is_none(),
            edited,
            saving: false,
        }
    }

    /// An editor for a new finding with a title that the first letter typed replaces.
    #[must_use]
    pub fn proposed(title: &str) -> Self {
        let mut editor = Self::new(title, "", None);
        editor.title.select_all();
        editor
    }

    /// Whether the title is the proposed one: then it is selected.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.edited.is_none() && self.title.is_selecting()
    }

    /// The title.
    #[must_use]
    pub fn title_text(&self) -> String {
        self.title.lines().join(" ")
    }

    /// The note.
    #[must_use]
    pub fn note_text(&self) -> String {
        self.note.lines().join("\n")
    }

    /// Nothing was typed that could be lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.edited {
            Some(edited) => edited.was == self.note_text(),
            None => {
                let title = self.is_proposed() || self.title_text().trim().is_empty();
                title && self.note_text().trim().is_empty()
            }
        }
    }
}

/// A line without control characters; a tab becomes spaces.
fn clean_line(line: &str) -> String {
    let line = line.replace('\t', "    ");
    line.chars().filter(|c| !c.is_control()).collect()
}

/// Types a key.
pub(in crate::app) fn type_key(editor: &mut NoteEditor, key: Key) {
    if editor.on_title {
        if key.code == KeyCode::Enter || key.code == KeyCode::Down {
            editor.on_title = false;
        } else {
            edit(&mut editor.title, key);
        }
        return;
    }
    let note = &mut editor.note;
    match key.code {
        KeyCode::Enter | KeyCode::Char(_) if !note_has_room(note, 4) => {}
        KeyCode::Enter => note.insert_newline(),
        KeyCode::Up if note.cursor().0 == 0 => editor.on_title = true,
        KeyCode::Up => note.move_cursor(CursorMove::Up),
        KeyCode::Down => note.move_cursor(CursorMove::Down),
        KeyCode::Left => note.move_cursor(CursorMove::Back),
        KeyCode::Right => note.move_cursor(CursorMove::Forward),
        KeyCode::Home => note.move_cursor(CursorMove::Head),
        KeyCode::End => note.move_cursor(CursorMove::End),
        KeyCode::PageUp => note.move_cursor(CursorMove::Top),
        KeyCode::PageDown => note.move_cursor(CursorMove::Bottom),
        KeyCode::Char(c) if c.is_control() => {}
        _ => {
            note.input_without_shortcuts(KeyEvent::from(key));
        }
    }
}

/// Whether a note has room for so many bytes more.
fn note_has_room(note: &TextArea<'_>, bytes: usize) -> bool {
    let typed: usize = note.lines().iter().map(|line| line.len() + 1).sum();
    typed + bytes <= MAX_NOTE
}

/// Types pasted text, line breaks included; whether there was room for it.
pub(in crate::app) fn paste(editor: &mut NoteEditor, text: &str) -> bool {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<String> = text.split('\n').map(clean_line).collect();
    let (area, text, room) = if editor.on_title {
        let text = lines.join(" ").trim().to_owned();
        let room = has_room(&editor.title, text.len());
        (&mut editor.title, text, room)
    } else {
        let text = lines.join("\n");
        let room = note_has_room(&editor.note, text.len());
        (&mut editor.note, text, room)
    };
    if room {
        area.insert_str(text);
    }
    room
}

/// Letters looked at to bring a cursor back.
const MOST_WORK: usize = 10_000_000;

/// Moves a cursor to a row and a column; a jump reaches 65,535 of either.
pub(in crate::app) fn place_cursor(editor: &mut TextArea<'_>, (row, column): (usize, usize)) {
    let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    editor.move_cursor(CursorMove::Jump(short(row), short(column)));
    let most = editor.lines().len();
    for _ in usize::from(u16::MAX)..row.min(most) {
        editor.move_cursor(CursorMove::Down);
    }
    if row <= usize::from(u16::MAX) {
        return;
    }
    // on the way down a shorter line may have cut the column
    let cursor = editor.cursor();
    let (row, at) = (cursor.0, cursor.1);
    let length = editor
        .lines()
        .get(row)
        .map_or(0, |line| line.chars().count());
    // each step costs as much as the line is long: within a line of a whole page it is not worth it
    let steps = column.min(length).saturating_sub(at);
    for _ in 0..steps.min(MOST_WORK / length.max(1)) {
        editor.move_cursor(CursorMove::Forward);
    }
}

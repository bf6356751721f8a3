//! An editor of one line.

use crate::app::keys::key::Key;
use crate::task::limits::MAX_LINE;
use crossterm::event::{KeyCode, KeyEvent};
use tui_textarea::{CursorMove, TextArea};

/// The cursor at a character of the one line there is.
pub(in crate::app) fn jump(column: usize) -> CursorMove {
    CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX))
}

/// One that holds this text, the cursor at its end.
pub(super) fn editor(text: String) -> TextArea<'static> {
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

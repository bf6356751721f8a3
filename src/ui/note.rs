//! A finding's title and note while they are typed.

use super::canvas::{Canvas, scroll_to};
use super::findings::boxed;
use super::theme::Role;
use crate::app::{NoteEditor, Spot};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};
use tui_textarea::TextArea;
use unicode_width::UnicodeWidthChar as _;

pub(super) fn note(canvas: &mut Canvas<'_>, area: Rect, editor: &NoteEditor) {
    let width = area.width.min(88);
    let height = area.height.saturating_sub(2).min(24);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, canvas.buf);
    canvas.buf.set_style(place, canvas.look.base());
    let title = Rect { height: 3, ..place };
    let note = Rect {
        y: place.y + 3,
        height: place.height - 3,
        ..place
    };
    canvas.spot(title, Spot::Note { title: true });
    canvas.spot(note, Spot::Note { title: false });
    let name = if editor.edited.is_some() {
        " finding "
    } else {
        " keep as a finding: title "
    };
    let span = vec![canvas.span(Role::Title, name)];
    let inner = boxed(canvas, title, span, editor.on_title);
    text(canvas, inner, &editor.title, editor.on_title);
    let saving = if editor.saving { "saving ..." } else { "" };
    let span = vec![
        canvas.span(Role::Title, " note "),
        canvas.span(Role::Muted, saving),
    ];
    let inner = boxed(canvas, note, span, !editor.on_title);
    text(canvas, inner, &editor.note, !editor.on_title);
}

/// The lines around the cursor; a long line is shifted so that the cursor is on it.
fn text(canvas: &mut Canvas<'_>, area: Rect, editor: &TextArea<'_>, focused: bool) {
    let style = canvas.look.style(Role::Text);
    let cursor = editor.cursor();
    let (row, column) = (cursor.0, cursor.1);
    let room = usize::from(area.height);
    let lines = editor.lines();
    let first = scroll_to(row, room, lines.len(), row.saturating_sub(room / 2));
    for (i, line) in lines.iter().enumerate().skip(first).take(room) {
        let y = area.y + (i - first) as u16;
        let at = if i == row { column } else { 0 };
        let (shown, before) = shifted(line, at, usize::from(area.width));
        canvas.text(area.x, y, area, &shown, style);
        let x = area.x + before as u16;
        if focused && i == row && x < area.right() {
            let reversed = Style::new().add_modifier(Modifier::REVERSED);
            canvas.buf[(x, y)].set_style(reversed);
        }
    }
}

/// The end of a line that the cursor is on, and the columns before the cursor in it.
fn shifted(line: &str, cursor: usize, width: usize) -> (String, usize) {
    let columns = |text: &[char]| text.iter().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let chars: Vec<char> = line.chars().collect();
    let cursor = cursor.min(chars.len());
    let mut first = 0;
    while columns(&chars[first..cursor]) >= width.max(1) && first < cursor {
        first += 1;
    }
    (
        chars[first..].iter().collect(),
        columns(&chars[first..cursor]),
    )
}

//! The step of the tutorial that is gone through, beside the workbench: what it says, and the key to the next.

use super::canvas::Canvas;
use super::prompt::wrapped;
use super::theme::Role;
use crate::app::{Action, Binding, Spot};
use crate::findings::tutorial::Lesson;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Widget as _};

/// Letters of the text below the title.
pub(super) fn letters(lesson: &Lesson) -> u16 {
    u16::try_from(lesson.note.chars().count()).unwrap_or(u16::MAX)
}

/// Draws it: in a frame where there is room for one, else in as many lines as there are.
pub(super) fn lesson(canvas: &mut Canvas<'_>, area: Rect, lesson: &Lesson) {
    let ground = canvas.look.base();
    canvas.buf.set_style(area, ground);
    canvas.spot(area, Spot::Does(Action::OpenTutorial));
    let heading = format!("step {} of {}: {}", lesson.at, lesson.of, lesson.title);
    let key = Binding::key_of(Action::OpenTutorial);
    let next = match &lesson.next {
        Some((_, title)) => format!("next: {title}"),
        None => "all steps".to_owned(),
    };
    let framed = area.height >= 4;
    let inner = match framed {
        true => {
            let block = Block::bordered()
                .border_set(canvas.look.borders())
                .border_style(canvas.look.style(Role::Border));
            let inner = block.inner(area);
            block.render(area, canvas.buf);
            canvas.text(
                area.x + 2,
                area.y,
                area,
                " tutorial ",
                canvas.look.style(Role::Title),
            );
            inner
        }
        false => area,
    };
    let width = usize::from(inner.width);
    if !framed {
        // one line: what it says, and the key
        let x = canvas.text(
            inner.x + 1,
            inner.y,
            inner,
            &key,
            canvas.look.style(Role::Key),
        );
        let text = format!(" next  {heading}");
        canvas.text(x, inner.y, inner, &text, canvas.look.style(Role::Text));
        return;
    }
    let mut lines: Vec<(Role, String)> = wrapped(&heading, width)
        .into_iter()
        .map(|line| (Role::Accent, line))
        .collect();
    let room = usize::from(inner.height).saturating_sub(lines.len() + 1);
    let mut text: Vec<String> = Vec::new();
    for paragraph in lesson.note.trim().split("\n\n") {
        if !text.is_empty() {
            text.push(String::new());
        }
        text.extend(wrapped(&paragraph.replace('\n', " "), width));
    }
    if text.len() > room {
        text.truncate(room);
        if let Some(last) = text.last_mut() {
            *last = canvas
                .look
                .pick("… (F has the whole text)", "... (F has the whole text)")
                .to_owned();
        }
    }
    lines.extend(text.into_iter().map(|line| (Role::Text, line)));
    for (row, (role, text)) in (0..).zip(lines) {
        let line = Line::from(canvas.span(role, text));
        canvas.line(inner, row, &line);
    }
    let below = Line::from(vec![
        canvas.span(Role::Key, key),
        canvas.span(Role::Muted, format!(" {next}  ")),
    ]);
    canvas.line(inner, inner.height.saturating_sub(1), &below);
}

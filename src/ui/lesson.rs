//! The step of the tutorial that is gone through, beside the workbench: what it says, and the key to the next.

use super::canvas::Canvas;
use super::fit::{unwrapped, wrapped};
use super::theme::Role;
use crate::app::{Action, Binding, Fold, Spot};
use crate::findings::tutorial::Lesson;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget as _};

/// Rows that the text takes of the panes at least, where it lies over them.
const LEAST_OVER: u16 = 6;

/// Letters of the text below the title.
pub(super) fn letters(lesson: &Lesson) -> u16 {
    u16::try_from(lesson.note.chars().count()).unwrap_or(u16::MAX)
}

/// Rows that all of its text needs in a frame of that width.
fn needed(lesson: &Lesson, width: u16) -> u16 {
    let width = usize::from(width.saturating_sub(2));
    let lines = unwrapped(lesson.note.trim()).into_iter();
    let lines: usize = lines.map(|line| wrapped(&line, width).len()).sum();
    let heading = wrapped(&heading(lesson), width).len();
    // the frame has the keys, and the heading where that is one line
    let heading = if heading > 1 { heading } else { 0 };
    (lines + heading + 2).min(usize::from(u16::MAX)) as u16
}

fn heading(lesson: &Lesson) -> String {
    format!("step {} of {}: {}", lesson.at, lesson.of, lesson.title)
}

/// The place of the text: its own, or where that is too small for it and the text is not folded up, over the panes,
/// as much of them as it needs.
pub(super) fn place(own: Rect, body: Rect, lesson: &Lesson, fold: Fold) -> Rect {
    let beside = own.y == body.y;
    let most = match fold {
        Fold::Part => LEAST_OVER.max(body.height / 4),
        Fold::Whole => body.height * 3 / 4,
        Fold::Line => 0,
    };
    let rows = needed(lesson, own.width).min(most);
    if beside || rows <= own.height {
        return own;
    }
    Rect {
        y: own.bottom() - rows,
        height: rows,
        ..own
    }
}

/// Draws it: in a frame where there is room for one, else in as many lines as there are.
pub(super) fn lesson(canvas: &mut Canvas<'_>, area: Rect, lesson: &Lesson, over: bool) {
    let ground = canvas.look.base();
    canvas.buf.set_style(area, ground);
    canvas.spot(area, Spot::Does(Action::OpenTutorial));
    let heading = heading(lesson);
    let key = Binding::key_of(Action::OpenTutorial);
    let next = match &lesson.next {
        // over the panes there is no room for its title
        Some(_) if over => "next".to_owned(),
        Some((_, title)) => format!("next: {title}"),
        None => "all steps".to_owned(),
    };
    let framed = area.height >= 4;
    // the heading stands in the frame where it is one line
    let mut in_frame = false;
    let inner = match framed {
        true => {
            let block = Block::bordered()
                .border_set(canvas.look.borders())
                .border_style(canvas.look.style(Role::Border));
            let inner = block.inner(area);
            Clear.render(area, canvas.buf);
            canvas.buf.set_style(area, ground);
            block.render(area, canvas.buf);
            let fits = wrapped(&heading, usize::from(inner.width)).len() == 1;
            in_frame = fits && heading.chars().count() + 6 <= usize::from(area.width);
            let title = match in_frame {
                true => format!(" {heading} "),
                false => " tutorial ".to_owned(),
            };
            let style = canvas.look.style(Role::Title);
            canvas.text(area.x + 2, area.y, area, &title, style);
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
        let fold = Binding::key_of(Action::FoldLesson);
        let text = format!(" next  {fold} text  {heading}");
        canvas.text(x, inner.y, inner, &text, canvas.look.style(Role::Text));
        return;
    }
    let headings = wrapped(&heading, width).into_iter();
    let mut lines: Vec<(Role, String)> = headings
        .filter(|_| !in_frame)
        .map(|line| (Role::Accent, line))
        .collect();
    let room = usize::from(inner.height).saturating_sub(lines.len());
    let mut text: Vec<String> = Vec::new();
    for line in unwrapped(lesson.note.trim()) {
        text.extend(wrapped(&line, width));
    }
    if text.len() > room {
        text.truncate(room);
        if let Some(last) = text.last_mut() {
            let key = Binding::key_of(Action::FoldLesson);
            let more = canvas.look.pick("…", "...");
            *last = match over {
                true => format!("{more} ({key} shows all of it)"),
                false => format!("{more} (T in F has all of it)"),
            };
        }
    }
    lines.extend(text.into_iter().map(|line| (Role::Text, line)));
    for (row, (role, text)) in (0..).zip(lines) {
        let line = Line::from(canvas.span(role, text));
        canvas.line(inner, row, &line);
    }
    let mut below = vec![
        canvas.span(Role::Key, key),
        canvas.span(Role::Muted, format!(" {next}  ")),
    ];
    if over {
        let fold = Binding::key_of(Action::FoldLesson);
        below.insert(0, canvas.span(Role::Muted, " more  "));
        below.insert(0, canvas.span(Role::Key, fold));
    }
    below.insert(0, canvas.span(Role::Muted, " "));
    let below = Line::from(below);
    let needed = u16::try_from(below.width()).unwrap_or(u16::MAX);
    let title = u16::try_from(heading.chars().count()).unwrap_or(u16::MAX);
    // at the right of the heading: a message may lie over the lower edge
    let beside = title.saturating_add(needed).saturating_add(8) <= area.width;
    let edge = Rect {
        x: if in_frame && beside {
            area.right() - 2 - needed
        } else {
            area.x + 2
        },
        y: if in_frame && beside {
            area.y
        } else {
            area.bottom() - 1
        },
        width: needed.min(area.width.saturating_sub(4)),
        height: 1,
    };
    canvas.line(edge, 0, &below);
}

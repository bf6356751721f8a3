//! A line being typed, at the foot of the screen: the text, what is wrong with it and where, and
//! what could come next.

use super::canvas::Canvas;
use super::prompt::wrapped;
use super::theme::Role;
use crate::app::LineEditor;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

pub(super) fn line(canvas: &mut Canvas<'_>, area: Rect, line: &LineEditor) {
    let problem = line.error.as_ref().map_or("", |(_, problem)| problem);
    let problem = wrapped(problem, usize::from(area.width.saturating_sub(2)));
    // a border, the line, a mark below it, and what there is to say
    let height = 4 + problem.len().min(4) as u16;
    let height = height.min(area.height.saturating_sub(1));
    let place = Rect {
        y: area.bottom() - 1 - height,
        height,
        ..area
    };
    Clear.render(place, canvas.buf);
    canvas.buf.set_style(place, canvas.look.base());
    let block = Block::bordered()
        .border_set(canvas.look.focused_borders())
        .border_style(canvas.look.style(Role::Focus));
    let inner = block.inner(place);
    block.render(place, canvas.buf);

    let lead = line.purpose.prompt();
    let style = canvas.look.style(Role::Key);
    let x = canvas.text(inner.x, inner.y, inner, lead, style);
    let room = usize::from(inner.right().saturating_sub(x));
    let cursor = line.editor.cursor().1;
    let first = (cursor + 1).saturating_sub(room.max(1));
    let text: String = line.text().chars().skip(first).collect();
    let style = canvas.look.style(Role::Text);
    canvas.text(x, inner.y, inner, &text, style);
    let at = x + (cursor - first) as u16;
    if at < inner.right() && inner.height > 0 {
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        canvas.buf[(at, inner.y)].set_style(reversed);
    }
    match &line.error {
        Some((word, _)) => error(canvas, inner, x, (line.text(), first), *word, &problem),
        None => suggestions(canvas, inner, line),
    }
}

/// Marks the wrong word and says what is wrong with it.
fn error(
    canvas: &mut Canvas<'_>,
    inner: Rect,
    x: u16,
    (text, first): (&str, usize),
    word: Option<usize>,
    problem: &[String],
) {
    let style = canvas.look.style(Role::Bad);
    if let Some((start, len)) = word.map(|word| word_span(text, word)) {
        let from = start.saturating_sub(first);
        let mark = "^".repeat(len);
        canvas.text(x + from as u16, inner.y + 1, inner, &mark, style);
    }
    for (row, part) in (2..).zip(problem) {
        canvas.text(inner.x, inner.y + row, inner, part, style);
    }
}

/// Where a word stands, in characters, and how long it is; a missing word stands after the last.
fn word_span(text: &str, index: usize) -> (usize, usize) {
    let mut at = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if !word.is_empty() {
            words.push((at, word.chars().count()));
        }
        at += piece.chars().count();
    }
    words.get(index).copied().unwrap_or((at, 1))
}

fn suggestions(canvas: &mut Canvas<'_>, inner: Rect, line: &LineEditor) {
    let last_word = |text: &str| text.rsplit(' ').next().unwrap_or(text).to_owned();
    let mut spans: Vec<Span<'static>> = Vec::new();
    for completion in &line.completions {
        spans.push(canvas.span(Role::Muted, last_word(completion)));
        spans.push(Span::raw("  "));
    }
    let mut row = 1;
    let mut used = 0;
    let mut current: Vec<Span<'static>> = Vec::new();
    for pair in spans.chunks(2) {
        let width: usize = pair.iter().map(Span::width).sum();
        if used + width > usize::from(inner.width) && row < inner.height {
            canvas.line(inner, row, &Line::from(std::mem::take(&mut current)));
            row += 1;
            used = 0;
        }
        used += width;
        current.extend_from_slice(pair);
    }
    canvas.line(inner, row, &Line::from(current));
}

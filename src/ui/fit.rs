//! Texts that are longer than their room: cut with a mark, and never inside a number, so that none
//! can be read as another.

use super::look::Look;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A text in at most `room` columns.
pub(super) fn shortened(look: &Look, text: &str, room: usize) -> String {
    match kept(text, room) {
        None => text.to_owned(),
        Some(_) if room == 0 => String::new(),
        Some(end) => format!("{}{}", &text[..end], mark(look)),
    }
}

/// A line in at most `room` columns; its mark looks like what it takes the place of.
pub(super) fn fitted(look: &Look, line: Line<'static>, room: usize) -> Line<'static> {
    let text = line.to_string();
    let Some(mut left) = kept(&text, room) else {
        return line;
    };
    let mut spans = Vec::new();
    for span in line.spans {
        let style = span.style;
        if left < span.content.len() {
            let text = format!("{}{}", &span.content[..left], mark(look));
            spans.push(Span::styled(text, style));
            break;
        }
        left -= span.content.len();
        spans.push(span);
    }
    if room == 0 {
        spans.clear();
    }
    Line::from(spans)
}

/// How wide a text's lines are at least where they were broken for want of room.
const FULL: usize = 60;

/// The lines of a text whose author broke them at about the same width: those that only ran out of room are
/// one, so that they can be broken anew. A text of short lines stays as it is.
pub(super) fn unwrapped(text: &str) -> Vec<String> {
    let width = |line: &str| line.chars().count();
    let widest = text.lines().map(width).max().unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    // how wide the last line was as it came
    let mut last = 0;
    for line in text.lines() {
        let word = line.split(' ').next().unwrap_or_default();
        // a list, a table or code goes line by line
        let begins_anew = word.is_empty() || !word.starts_with(char::is_alphanumeric);
        // who breaks lines by hand leaves some of them shorter
        let ran_out = last + 1 + width(word) > widest * 3 / 4 && widest >= FULL;
        match lines.last_mut() {
            Some(before) if last > 0 && ran_out && !begins_anew => {
                before.push(' ');
                before.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
        last = width(line);
    }
    lines
}

/// Text in lines of at most `width` columns, broken at spaces.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let needed = lines[last].chars().count() + 1 + word.chars().count();
        if !lines[last].is_empty() && needed > width {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}

/// What stands for the rest of a text.
fn mark(look: &Look) -> &'static str {
    look.pick("…", "~")
}

/// How many bytes of a text are kept before the mark; `None` where all of it fits.
fn kept(text: &str, room: usize) -> Option<usize> {
    if text.width() <= room {
        return None;
    }
    let mut used = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next_if(|(_, c)| used + c.width().unwrap_or(0) < room) {
        used += c.width().unwrap_or(0);
    }
    let end = chars.peek().map_or(text.len(), |(at, _)| *at);
    let (before, after) = text.split_at(end);
    let before = if after.starts_with(in_number) {
        before.trim_end_matches(in_number)
    } else {
        before
    };
    Some(before.trim_end().len())
}

/// Whether a character may stand in a number: `-3.9e-14`, `18,750,000`, `6.8%`.
fn in_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-' | 'e' | '%')
}

/// Something on a pane's edge, and how soon it goes where room is short: the highest first, 0 never.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub span: Span<'static>,
    pub goes: u8,
}

impl From<Span<'static>> for Part {
    fn from(span: Span<'static>) -> Self {
        Self { span, goes: 0 }
    }
}

/// The parts that stay in `room` columns.
pub(super) fn without_the_least(mut parts: Vec<Part>, room: usize) -> Vec<Span<'static>> {
    let width = |parts: &[Part]| parts.iter().map(|part| part.span.width()).sum::<usize>();
    while width(&parts) > room {
        let most = parts.iter().map(|part| part.goes).max().unwrap_or(0);
        if most == 0 {
            break;
        }
        parts.retain(|part| part.goes != most);
    }
    parts.into_iter().map(|part| part.span).collect()
}

/// What is seen of a text being typed, with a mark where it goes on, and where the cursor stands.
pub(super) fn window(look: &Look, text: &str, cursor: usize, room: usize) -> (String, usize) {
    let first = (cursor + 1).saturating_sub(room);
    let count = text.chars().count();
    let more = count > first + room;
    let part = text.chars().skip(first).take(room);
    let shown = part.enumerate().map(|(i, c)| {
        let hides = i + first != cursor && (i == 0 && first > 0 || i + 1 == room && more);
        if hides {
            mark(look).to_owned()
        } else {
            c.to_string()
        }
    });
    (shown.collect(), cursor - first)
}

//! What is said of an answer as a whole, above it: phrase by phrase, and no more of it than leaves room for what is
//! drawn below.

use super::answer::is_stale;
use super::canvas::Canvas;
use super::fit::{shortened, wrapped};
use super::scale::Scale;
use super::theme::Role;
use crate::answers::{Alike, Table};
use crate::app::Inquiry;
use crate::task::number::significant;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Blanks between two phrases.
const GAP: &str = "   ";
/// Rows of an answer with a chart or a picture from which on there is room for another line.
const ROOMY: u16 = 11;
/// Rows that each further line takes.
const EACH: u16 = 6;

/// How many lines there are above a chart or a picture, which has its rows first.
pub(super) fn most_above(height: u16) -> usize {
    usize::from(1 + height.saturating_sub(ROOMY) / EACH)
}

/// Writes them; what is left of the area. `most` are the lines that there are at most.
pub(super) fn notes(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    (scale, most): (Option<Scale>, Option<usize>),
) -> Rect {
    let found = inquiry.question.found(table, inquiry.cursor);
    let found = found.filter(|_| !is_stale(canvas, inquiry));
    let found = found.unwrap_or_default();
    let phrases = phrases(inquiry, table, &found, scale).into_iter();
    let phrases: Vec<String> = phrases.map(|text| canvas.look.plain(text)).collect();
    let found = canvas.look.plain(found);
    let width = usize::from(area.width);
    let text = phrases.join(GAP);
    let both = found.chars().count() + text.chars().count() + GAP.len();
    if !found.is_empty() && !text.is_empty() && both <= width {
        let parts = vec![
            canvas.span(Role::Accent, found),
            canvas.span(Role::Muted, format!("{GAP}{text}")),
        ];
        canvas.line(area, 0, &Line::from(parts));
        return below(area, 1);
    }
    let mut lines: Vec<(Role, String)> = Vec::new();
    if !found.is_empty() {
        lines.extend(
            wrapped(&found, width)
                .into_iter()
                .map(|line| (Role::Accent, line)),
        );
    }
    let rest = most.map(|most| {
        most.saturating_sub(lines.len())
            .max(usize::from(lines.is_empty()))
    });
    let told = in_lines(&phrases, width, rest);
    lines.extend(told.into_iter().map(|line| (Role::Muted, line)));
    for (row, (role, text)) in (0..).zip(&lines) {
        let text = match most.is_some() {
            true => shortened(canvas.look, text, width),
            false => text.clone(),
        };
        let line = Line::from(canvas.span(*role, text));
        canvas.line(area, row, &line);
    }
    below(area, u16::try_from(lines.len()).unwrap_or(u16::MAX))
}

/// How many lines an answer's notes take where there is room for all.
pub(super) fn lines(inquiry: &Inquiry, table: &Table, width: usize) -> usize {
    let found = inquiry.question.found(table, inquiry.cursor);
    let found = found.unwrap_or_default();
    let phrases = phrases(inquiry, table, &found, None);
    let both = found.chars().count() + phrases.join(GAP).chars().count() + GAP.len();
    if both <= width {
        return 1;
    }
    let headline = match found.is_empty() {
        true => 0,
        false => wrapped(&found, width).len(),
    };
    headline + in_lines(&phrases, width, None).len()
}

/// Shorter values may stand in a headline by chance.
const TELLING: usize = 6;

/// What there is to say besides the headline.
fn phrases(inquiry: &Inquiry, table: &Table, found: &str, scale: Option<Scale>) -> Vec<String> {
    let is_new = |value: &str| value.len() < TELLING || !found.contains(value);
    let words = table.notes.iter().filter(|(_, value)| is_new(value));
    let mut words: Vec<String> = words
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if inquiry.question.alike() == Alike::Columns {
        words.push("colours: change from the first row, worse and better".to_owned());
    }
    if let Some(scale) = scale {
        let values = table.layers().flat_map(|(_, values)| values.values());
        let beyond = values.filter(|value| value.is_finite() && value.abs() > scale.max());
        if let beyond @ 1.. = beyond.count() {
            let end = significant(scale.max(), 3);
            words.push(format!("colours end at {end}: {beyond} numbers lie beyond"));
        }
    }
    words
}

/// Phrases in lines, each broken only where it has no room in a line of its own; of more lines than `most` the first
/// ones, and a mark where something is left out.
fn in_lines(phrases: &[String], width: usize, most: Option<usize>) -> Vec<String> {
    let long = |text: &str| text.chars().count();
    let most = most.unwrap_or(usize::MAX);
    let mut lines: Vec<String> = Vec::new();
    for (i, phrase) in phrases.iter().enumerate() {
        let is_last = i + 1 == phrases.len();
        // what is left out has a mark, which needs room
        let mark = if is_last || lines.len() < most { 0 } else { 2 };
        match lines.last_mut() {
            Some(line) if long(line) + GAP.len() + long(phrase) + mark <= width => {
                line.push_str(GAP);
                line.push_str(phrase);
                continue;
            }
            _ => {}
        }
        if lines.len() == most {
            if let Some(line) = lines.last_mut().filter(|line| !line.ends_with("...")) {
                line.push_str(" ...");
            }
            return lines;
        }
        match lines.len() + 1 == most {
            true => lines.push(as_listed(phrase, width)),
            false => lines.extend(wrapped(phrase, width).into_iter().take(most - lines.len())),
        }
    }
    lines
}

/// As much of a list as there is room for, item by item; what is no list is cut where it is drawn.
fn as_listed(phrase: &str, width: usize) -> String {
    const MORE: &str = ", ...";
    if phrase.chars().count() <= width {
        return phrase.to_owned();
    }
    let ends = phrase.match_indices(", ").map(|(at, _)| &phrase[..at]);
    let fitting = ends.filter(|part| part.chars().count() + MORE.len() <= width);
    match fitting.last() {
        Some(part) => format!("{part}{MORE}"),
        None => phrase.to_owned(),
    }
}

/// What is left of an area below so many rows.
fn below(area: Rect, used: u16) -> Rect {
    let used = used.min(area.height);
    Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole() {
        let phrases = ["copies: top-1 50/50", "mean: 5.7", "off: -0.03 to 3"].map(str::to_owned);
        let lines = |width, most| in_lines(&phrases, width, most);
        assert_eq!(lines(80, None).len(), 1);
        assert_eq!(
            lines(31, None),
            ["copies: top-1 50/50   mean: 5.7", "off: -0.03 to 3"]
        );
        // one line: what does not fit is left out, and that is seen
        assert_eq!(lines(40, Some(1)), ["copies: top-1 50/50   mean: 5.7 ..."]);
        assert_eq!(lines(24, Some(1)), ["copies: top-1 50/50 ..."]);
        assert_eq!(lines(24, Some(2)), ["copies: top-1 50/50", "mean: 5.7 ..."]);
        assert_eq!(lines(12, None)[0], "copies:");
        // of a list as many items as fit
        assert_eq!(as_listed("largest: 3, 10, 11", 19), "largest: 3, 10, 11");
        assert_eq!(as_listed("largest: 3, 10, 11", 17), "largest: 3, ...");
        assert_eq!(as_listed("largest: 3, 10, 11", 8), "largest: 3, 10, 11");
    }

    #[test]
    fn a_chart_has_its_rows_before_more_than_a_line_or_two() {
        assert_eq!([9, 11, 16, 17, 18, 23].map(most_above), [1, 1, 1, 2, 2, 3]);
    }
}

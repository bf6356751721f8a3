//! A line being typed, at the foot of the screen: the text, what is wrong with it and where, and
//! what could come next.

use super::canvas::{Canvas, scroll_to};
use super::fit::window;
use super::fit::wrapped;
use super::theme::Role;
use crate::app::{LineEditor, Purpose, Spot, signature};
use crate::lens::{MetricValues, RunName};
use crate::task::fraction;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

/// Columns of the forms behind what words do; where there are fewer, the form stands below the line once its word
/// does.
const LEAST_FORM: usize = 24;
/// Rows of suggestions, at most.
const MOST_ROWS: usize = 5;

pub(super) fn line(canvas: &mut Canvas<'_>, area: Rect, line: &LineEditor) {
    let problem = line.error.as_ref().map_or("", |(_, problem)| problem);
    let width = usize::from(area.width.saturating_sub(2));
    // a border, the line, and what there is to say: a mark below the line before an error
    let listed = line.error.is_none() && !line.found.is_empty();
    let says = match &line.error {
        Some(_) => [vec![String::new()], wrapped(problem, width)].concat(),
        None if listed => Vec::new(),
        None => match (line.purpose, suggestions(line, width)) {
            (Purpose::Cell, none) if none.iter().all(String::is_empty) => vec![
                "a probability from 0 to 1; the row then sums to something else, which is told"
                    .to_owned(),
                "0.9n keeps the sum at 1, the others in their shares; of scores, any number"
                    .to_owned(),
            ],
            (Purpose::Command | Purpose::Question, found)
                if is_a_word(line.text()) && found.iter().all(String::is_empty) =>
            {
                vec!["nothing begins so; an empty line lists all there is".to_owned()]
            }
            (_, found) => found,
        },
    };
    let effect = effect(canvas).filter(|_| line.error.is_none());
    let signature = signature(line.text()).filter(|_| line.error.is_none());
    let rows = match listed {
        true => line.found.len().min(usize::from(area.height / 3).max(4)),
        false => {
            let more = usize::from(signature.is_some()) + usize::from(effect.is_some());
            says.len().clamp(2, MOST_ROWS + 1) + more
        }
    };
    let height = 3 + rows as u16;
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
    let column = line.editor.cursor().1;
    let (text, cursor) = window(canvas.look, line.text(), column, room.max(1));
    let role = if line.editor.is_selecting() {
        Role::Selection
    } else {
        Role::Text
    };
    let style = canvas.look.style(role);
    canvas.text(x, inner.y, inner, &text, style);
    let at = x + cursor as u16;
    if at < inner.right() && inner.height > 0 {
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        canvas.buf[(at, inner.y)].set_style(reversed);
    }
    if let Some((Some(word), _)) = &line.error {
        mark(canvas, inner, x, (line.text(), column - cursor), *word);
    }
    let role = if line.error.is_some() {
        Role::Bad
    } else {
        Role::Muted
    };
    if listed {
        list(canvas, inner, line, rows);
        return;
    }
    let mut first = 1;
    if let Some((verb, form)) = signature {
        part_at_hand(canvas, inner, line, (verb, form));
        first = 2;
    }
    if let Some(effect) = effect {
        let line = Line::from(canvas.span(Role::Accent, effect));
        canvas.line(inner, first, &line);
        first += 1;
    }
    for (row, text) in (first..).zip(says) {
        canvas.line(inner, row, &Line::from(canvas.span(role, text)));
    }
}

/// Whether no more than one word was typed so far.
fn is_a_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// What the intervention does that is being typed, once that is known.
fn effect(canvas: &Canvas<'_>) -> Option<String> {
    let state = canvas.state;
    let tried = state.study().tried.as_ref()?;
    let seen = state.observation.as_deref().filter(|_| !state.is_stale())?;
    let run = seen.experiment.direction.base().name();
    if seen.is_idle(&tried.intervention) {
        return Some(format!("as typed it changes no number of the {run} run"));
    }
    let metric = seen.metric?;
    let value = |value: f32| metric.measure.written(value, 3);
    let without = match seen.experiment.direction.base() {
        RunName::Clean => metric.clean,
        _ => metric.corrupted,
    };
    // others that stand already act without it
    let same = |one: &MetricValues| (one.metric, one.measure) == (metric.metric, metric.measure);
    let before = state.untried().filter(same);
    let base = before.map_or(without, |before| before.patched);
    let [base, patched] = [base, metric.patched].map(value);
    let name = metric.measure.name();
    let arrow = canvas.look.pick("→", "->");
    // counted by itself while the keys rest
    let right = state.space_tally().map(|tally| tally.right());
    let right = right.map_or_else(String::new, |right| {
        let accuracy = fraction(right.predictions_accuracy);
        format!("; pred acc {accuracy}")
    });
    Some(format!(
        "as typed, in the {run} run: {name} {base} {arrow} {patched}{right}"
    ))
}

/// What was found, one a row: the word or the key, and what follows it or what it does.
fn list(canvas: &mut Canvas<'_>, inner: Rect, line: &LineEditor, rows: usize) {
    let count = line.found.len();
    let more = count > rows;
    let shown = rows - usize::from(more);
    let chosen = line.chosen.unwrap_or(0);
    let first = scroll_to(chosen, shown, count, chosen.saturating_sub(shown / 2));
    let widest = line.found.iter().map(|one| one.line.chars().count()).max();
    let widest = widest.unwrap_or(0).min(16);
    let about = line.found.iter().filter(|one| !one.form.is_empty());
    let widest_about = about
        .map(|one| one.about.chars().count())
        .max()
        .unwrap_or(0);
    let before_form = 2 + widest + 2 + widest_about + 2;
    let has_form = usize::from(inner.width) >= before_form + LEAST_FORM;
    for (row, found) in (1..).zip(line.found.iter().enumerate().skip(first).take(shown)) {
        let (at, found) = found;
        let is_chosen = line.chosen == Some(at);
        let mark = if is_chosen {
            canvas.look.pick("▸ ", "> ")
        } else {
            "  "
        };
        let role = match (is_chosen, found.action) {
            (true, _) => Role::Accent,
            (false, Some(_)) => Role::Key,
            (false, None) => Role::Text,
        };
        let about = if is_chosen { Role::Text } else { Role::Muted };
        let word = format!("{mark}{:<widest$}  ", found.line);
        let text = format!("{:<widest_about$}  ", found.about);
        let line = Line::from(vec![
            canvas.span(role, word),
            canvas.span(about, text),
            canvas.span(Role::Muted, if has_form { found.form } else { "" }),
        ]);
        canvas.line(inner, row, &line);
        canvas.spot_row(inner, row, Spot::Found(at));
    }
    if more {
        let (before, after) = (first, count - first - shown);
        let text = match (before, after) {
            (0, after) => format!("  ... {after} more"),
            (before, 0) => format!("  ... {before} before"),
            (before, after) => format!("  ... {before} before, {after} more"),
        };
        let line = Line::from(canvas.span(Role::Muted, text));
        canvas.line(inner, rows as u16, &line);
    }
}

/// The form of the line, with the word at the cursor lit.
fn part_at_hand(
    canvas: &mut Canvas<'_>,
    inner: Rect,
    line: &LineEditor,
    (verb, form): (&str, &str),
) {
    let before: String = line.text().chars().take(line.editor.cursor().1).collect();
    let typed = before.split_whitespace().count();
    let at = typed.saturating_sub(usize::from(!before.ends_with(char::is_whitespace)));
    let words = std::iter::once(verb).chain(form.split_whitespace());
    let last = form.split_whitespace().count();
    let spans = words.enumerate().map(|(i, word)| {
        let role = if i == at.min(last) {
            Role::Key
        } else {
            Role::Muted
        };
        canvas.span(role, format!("{word} "))
    });
    let signature = Line::from(spans.collect::<Vec<_>>());
    canvas.line(inner, 1, &signature);
}

/// Marks the wrong word.
fn mark(canvas: &mut Canvas<'_>, inner: Rect, x: u16, (text, first): (&str, usize), word: usize) {
    let style = canvas.look.style(Role::Bad);
    let (start, len) = word_span(text, word);
    let from = start.saturating_sub(first);
    canvas.text(x + from as u16, inner.y + 1, inner, &"^".repeat(len), style);
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

/// The next words in rows of at most `width` columns; where there are more, how many.
fn suggestions(line: &LineEditor, width: usize) -> Vec<String> {
    let words: Vec<&str> = line.completions.iter().map(|one| last_word(one)).collect();
    let mut rows = vec![String::new()];
    for (i, word) in words.iter().enumerate() {
        let more = format!("  ... {} more", words.len() - i);
        let full = rows.len() == MOST_ROWS;
        let is_last = i + 1 == words.len();
        let room = width.saturating_sub(if full && !is_last { more.len() } else { 0 });
        let Some(row) = rows.last_mut() else {
            break;
        };
        let needed = row.chars().count() + 2 + word.chars().count();
        match (row.is_empty(), needed <= room) {
            (true, _) => row.push_str(word),
            (false, true) => row.extend(["  ", word]),
            (false, false) if full => {
                row.push_str(&more);
                break;
            }
            (false, false) => rows.push((*word).to_owned()),
        }
    }
    rows
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or(text)
}

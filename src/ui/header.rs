//! The first and the last row: what is looked at, and which keys do what.

use super::canvas::Canvas;
use super::fit::wrapped;
use super::theme::Role;
use crate::app::{Action, Binding, Mode, Pane, Spot, Tone, hints, pinned};
use crate::lens::Score;
use crate::task::number::{fixed, significant};
use crate::task::{fraction, grouped};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

/// Columns of the key at the right edge.
const HELP: u16 = 7;

/// Model, device, example, score; what does not fit is left out, the least important first.
pub(super) fn header(canvas: &mut Canvas<'_>, area: Rect) {
    let style = canvas.look.style(Role::Header);
    canvas.buf.set_style(area, style);
    let state = canvas.state;
    let hash: String = state.model.hash.chars().take(8).collect();
    let sample = &state.sample;
    let example = match sample.index {
        Some(index) => format!("example {}/{}", index + 1, sample.prompts.len()),
        None => "typed".to_owned(),
    };
    // the sample is scored as the model is; all inputs are counted under the interventions
    let edited = !state.study().experiment().interventions.is_empty();
    let whose = if edited { "unpatched " } else { "" };
    let judged = state.task().is_judged();
    let score = sample.score.as_ref().filter(|_| judged);
    let right = score.map(Score::right);
    let accuracy =
        right.map(|right| format!("{whose}pred acc {}", fraction(right.predictions_accuracy)));
    let inputs = right.map(|right| format!("input acc {}", fraction(right.inputs_accuracy)));
    let loss = score.map(|score| format!("loss {}", significant(score.loss, 2)));
    // how far another sample may be from these
    let error = canvas.look.pick("±", "+-");
    let errors = score.map(|score| {
        let (accuracy, loss) = (score.accuracy_estimate(), score.loss_estimate());
        let loss = significant(loss.standard_error, 2);
        let accuracy = match accuracy.bound() {
            Some(bound) => {
                let sign = match (accuracy.mean > 0.5, canvas.look.ascii) {
                    (true, false) => "≥",
                    (true, true) => ">=",
                    (false, false) => "≤",
                    (false, true) => "<=",
                };
                match state.task().draw.is_some() {
                    // inputs as the task draws them are not just any of all there are
                    true => format!("({} drawn)", score.inputs),
                    false => format!("({sign} {})", fixed(bound, 4)),
                }
            }
            None => format!("{error} {}", fixed(accuracy.standard_error, 4)),
        };
        (
            accuracy,
            format!("{error} {loss}"),
            format!("n = {}", score.inputs),
        )
    });
    let stale = state.stale_tally();
    let space = state.space_tally().or(stale).map(|tally| {
        let right = tally.right();
        let exact = !tally.sampled;
        let all = right.inputs_right == right.inputs;
        let words = match all {
            true => "all inputs right".to_owned(),
            false => format!(
                "all inputs: {} right, pred {}",
                fraction(right.inputs_accuracy),
                fraction(right.predictions_accuracy)
            ),
        };
        format!(
            "{words}{}{}",
            if exact {
                String::new()
            } else {
                format!(" sampled n = {}", grouped(right.inputs.into()))
            },
            // of interventions that do not stand any more
            if stale.is_some() { ", out of date" } else { "" }
        )
    });
    // what all inputs say is better than what a sample says of the same
    let counted = state.space_tally();
    let counted = counted.is_some_and(|tally| !edited && !tally.sampled);
    let pending = match state.task().is_judged() {
        true => "acc ...",
        false => "no task",
    };
    // (text, importance): the highest number goes first when room is short
    let mut parts = vec![
        ("circuitscope".to_owned(), 6),
        (format!("{} #{hash}", state.model.name), 0),
        (state.model.config.assumed_in_short(), 0),
        (state.model.device.clone(), 5),
        (example, 2),
        (sample.source.to_string(), 9),
    ];
    let (of_accuracy, of_loss, n) = errors.unwrap_or_default();
    if !counted {
        parts.push((accuracy.unwrap_or_else(|| pending.into()), 3));
        parts.push((of_accuracy, 4));
        parts.extend(inputs.map(|inputs| (inputs, 9)));
        parts.extend(loss.map(|loss| (loss, 8)));
        parts.push((of_loss, 8));
        parts.push((n, 7));
    }
    parts.extend(space.map(|space| (space, 1)));
    parts.retain(|part| !part.0.is_empty());
    // an error stands close to its number
    let gap = |text: &str| match text.starts_with(error) || text.starts_with('(') {
        true => 1,
        false => 2,
    };
    let width = |parts: &[(String, u8)]| {
        let parts = parts.iter().map(|p| p.0.chars().count() + gap(&p.0));
        parts.sum::<usize>()
    };
    while width(&parts) + usize::from(HELP) > usize::from(area.width) && parts.len() > 1 {
        let most = parts.iter().map(|p| p.1).max().unwrap_or(0);
        parts.retain(|p| p.1 != most || most == 0);
        if most == 0 {
            break;
        }
    }
    let parts = parts.iter().map(|part| " ".repeat(gap(&part.0)) + &part.0);
    let text: String = parts.collect();
    // what is still too long has a mark, and never runs into the key
    let room = Rect {
        width: area.width.saturating_sub(HELP + 1),
        ..area
    };
    canvas.text(area.x + 1, area.y, room, text.trim_start(), style);
    if area.width > 20 {
        canvas.text(area.right() - HELP, area.y, area, "? help ", style);
        let place = Rect::new(area.right() - HELP, area.y, 6, 1);
        canvas.spot(place, Spot::Does(Action::OpenHelp));
    }
}

/// What is said, in a line of its own above the keys: over the lowest edge of the panes, as long as it is said.
pub(super) fn message(canvas: &mut Canvas<'_>, footer: Rect) {
    let said = said(canvas);
    if said.is_empty() {
        return;
    }
    let text: String = said.iter().map(|span| span.content.as_ref()).collect();
    let width = usize::from(footer.width).saturating_sub(2);
    let role = said.first().map_or(Style::new(), |span| span.style);
    let lines = wrapped(&text, width);
    let rows = (lines.len() as u16).min(footer.y);
    let ground = canvas.look.style(Role::Header);
    for (i, line) in lines.iter().enumerate().take(rows.into()) {
        let area = Rect {
            y: footer.y - rows + i as u16,
            height: 1,
            ..footer
        };
        Clear.render(area, canvas.buf);
        canvas.buf.set_style(area, ground);
        let line = Line::from(Span::styled(
            format!(" {line}"),
            role.bg(ground.bg.unwrap_or_default()),
        ));
        canvas.line(area, 0, &line);
    }
}

/// What is odd about the pair, then the keys of the focused pane as far as there is room; at the right edge those
/// that do the same everywhere.
pub(super) fn footer(canvas: &mut Canvas<'_>, area: Rect) {
    let base = canvas.look.style(Role::Footer);
    canvas.buf.set_style(area, base);
    let mut spans = warning(canvas);
    let said = spans.iter().map(Span::width).sum::<usize>();
    // a long message needs all the room there is
    let left = usize::from(area.width).saturating_sub(said + 1);
    let pinned = at_edge(canvas, area, left);
    let all = usize::from(area.width).saturating_sub(1 + pinned);
    let mut room = all.saturating_sub(said);
    if said > 0 {
        // what is said stands alone, unless there is room for whole words beside it
        spans.push(Span::raw("  "));
        room = room.saturating_sub(2);
    }
    let mut x = area.x + 1 + (all - room.min(all)) as u16;
    for (key, hint, action) in hints(canvas.state) {
        let key = if canvas.look.ascii {
            key.replace("↑↓", "up/down")
        } else {
            key
        };
        let needed = key.chars().count() + hint.chars().count() + 3;
        if needed > room {
            break;
        }
        room -= needed;
        // arrows are many keys
        if action != Action::Up {
            let place = Rect::new(x, area.y, needed as u16 - 2, 1);
            canvas.spot(place, Spot::Does(action));
        }
        x += needed as u16;
        spans.push(canvas.span(Role::Key, key));
        spans.push(Span::styled(format!(" {hint}  "), base));
    }
    let mut line = Line::from(spans);
    line.spans.insert(0, Span::raw(" "));
    let left = Rect {
        width: (all as u16).saturating_add(1).min(area.width),
        ..area
    };
    canvas.line(left, 0, &line);
}

/// The keys that lead out and on, at the right edge where there is room; how wide they are.
fn at_edge(canvas: &mut Canvas<'_>, area: Rect, room: usize) -> usize {
    let base = canvas.look.style(Role::Footer);
    let (mut spans, mut keys) = (Vec::new(), Vec::new());
    if area.width < 60 {
        return 0;
    }
    for (key, word, action) in pinned(canvas.state) {
        let from = spans.iter().map(Span::width).sum::<usize>();
        spans.push(canvas.span(Role::Key, key));
        spans.push(Span::styled(format!(" {word}  "), base));
        let to = spans.iter().map(Span::width).sum::<usize>() - 2;
        keys.push((from as u16, (to - from) as u16, action));
    }
    let width: usize = spans.iter().map(Span::width).sum();
    if width > room {
        return 0;
    }
    let place = Rect {
        x: area.right().saturating_sub(width as u16),
        width: width as u16,
        ..area
    };
    canvas.line(place, 0, &Line::from(spans));
    for (from, wide, action) in keys {
        let key = Rect::new(place.x + from, place.y, wide, 1);
        canvas.spot(key, Spot::Does(action));
    }
    width
}

/// An error or a message, the more pressing one.
fn said(canvas: &Canvas<'_>) -> Vec<Span<'static>> {
    let state = canvas.state;
    let wrong = state.field_error.as_ref().map(|(side, error)| {
        let side = format!("{side:?}").to_lowercase();
        vec![canvas.span(Role::Bad, format!("{side} {error}"))]
    });
    let normal = matches!(state.mode, Mode::Normal);
    // where it is mended it comes first, over what lies on the workbench it says nothing
    let mended_here = normal && state.view.focus == Pane::Prompt;
    if mended_here && let Some(wrong) = wrong {
        return wrong;
    }
    if let Some(status) = &state.status {
        let role = match status.tone {
            Tone::Good => Role::Good,
            Tone::Bad => Role::Bad,
            Tone::Plain => Role::Text,
        };
        return vec![canvas.span(role, status.text.clone())];
    }
    // a page over the workbench is not to be covered by what is wrong below it
    let over = matches!(state.mode, Mode::Help(_) | Mode::Findings);
    if let Some(failure) = state.failure.as_ref().filter(|_| !over) {
        return vec![canvas.span(Role::Bad, failure.clone())];
    }
    wrong.filter(|_| normal).unwrap_or_default()
}

/// What is odd about the pair, while nothing else is said.
fn warning(canvas: &Canvas<'_>) -> Vec<Span<'static>> {
    if !said(canvas).is_empty() {
        return Vec::new();
    }
    match canvas.state.warnings().first() {
        Some(warning) => vec![
            canvas.span(Role::Warn, warning.text.clone()),
            Span::styled("  ", Style::new()),
            canvas.span(Role::Key, Binding::key_of(Action::Fix)),
            Span::raw(format!(" {}", warning.fix.hint())),
        ],
        None => Vec::new(),
    }
}

//! The pair: eight fields, and what is odd about them.
//!
//! ```text
//! clean     a 14 26 35   idx 1  elt 48
//!           b 14 48 35   truth
//! corrupted a 14 26 35   idx 2  elt 48
//!           b 14 26 48   truth
//! ```

use super::canvas::Canvas;
use super::fit::window;
use super::header::fix_key;
use super::theme::Role;
use crate::app::{Field, Pane, Side};
use crate::lens::Source;
use crate::task::counterfactuals;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// Columns of a side's name.
const NAME: u16 = 6;
/// Columns of the idx and elt fields with their names: `idx 1  elt 48 `.
const NUMBERS: u16 = 14;

pub(super) fn prompt(canvas: &mut Canvas<'_>, area: Rect) {
    let inner = canvas.frame(Pane::Prompt, area, Vec::new(), None);
    let roomy = inner.height >= 9;
    let step = if roomy { 4 } else { 2 };
    side(canvas, inner, 0, Side::Clean);
    side(canvas, inner, step, Side::Corrupted);
    if roomy {
        notes(canvas, inner, step * 2);
    }
}

fn side(canvas: &mut Canvas<'_>, area: Rect, row: u16, side: Side) {
    let study = canvas.state.study();
    let (name, role, source): (_, _, &Source) = match side {
        Side::Clean => ("clean", Role::Clean, &study.clean),
        Side::Corrupted => ("corr.", Role::Corrupted, &study.corrupted),
    };
    let mode = source.continuation.name();
    let (x, y) = (area.x, area.y + row);
    let style = canvas.look.style(role).add_modifier(Modifier::BOLD);
    canvas.text(x, y, area, name, style);
    // the numbers stand at the right edge where the list leaves room, else below the list
    let list = area.width.saturating_sub(NAME + 2);
    let wide = list >= NUMBERS + 10;
    let (at, y_numbers, list) = if wide {
        (area.right() - NUMBERS, y, list - NUMBERS - 1)
    } else {
        (x + NAME, y + 1, list)
    };
    let y_b = y_numbers + 1;
    field(canvas, area, (x + NAME, y), list, (side, Field::A));
    field(canvas, area, (at, y_numbers), 3, (side, Field::Idx));
    field(canvas, area, (at + 7, y_numbers), 3, (side, Field::Elt));
    field(canvas, area, (x + NAME, y_b), list, (side, Field::B));
    if wide {
        let muted = canvas.look.style(Role::Muted);
        canvas.text(at, y_b, area, mode, muted);
    }
}

/// A field's name and text; where it is typed in, the cursor.
fn field(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (x, y): (u16, u16),
    room: u16,
    (side, field): (Side, Field),
) {
    let state = canvas.state;
    let muted = canvas.look.style(Role::Muted);
    let x = canvas.text(x, y, area, &format!("{} ", field.name()), muted);
    let selected = state.view.focus == Pane::Prompt && state.fields.selected() == (side, field);
    let wrong = state
        .field_error
        .as_ref()
        .is_some_and(|(bad, error)| *bad == side && error.starts_with(field.name()));
    let role = match (wrong, selected) {
        (true, _) => Role::Bad,
        (false, true) => Role::Accent,
        (false, false) => Role::Text,
    };
    let room_area = Rect {
        x,
        y,
        width: room,
        height: 1,
    }
    .intersection(area);
    let text = state.fields.text(side, field);
    let style = canvas.look.style(role);
    if !selected {
        canvas.text(x, y, room_area, text, style);
    } else {
        let cursor = state.fields.cursor();
        let (visible, cursor) = window(canvas.look, text, cursor, room_area.width.into());
        canvas.text(x, y, room_area, &visible, style);
        let at = x + cursor as u16;
        if at < area.right() && y < area.bottom() {
            let reversed = Style::new().add_modifier(Modifier::REVERSED);
            canvas.buf[(at, y)].set_style(reversed);
        }
    }
}

/// Where the pair comes from, its metric, and its warnings, as far as there is room.
fn notes(canvas: &mut Canvas<'_>, area: Rect, from: u16) {
    let state = canvas.state;
    let task = state.task();
    let study = state.study();
    let mut lines: Vec<(Role, String)> = Vec::new();
    let changes = counterfactuals(task, &study.clean.update);
    lines.push((
        Role::Muted,
        match study
            .counterfactual
            .and_then(|i| Some((i, changes.get(i)?)))
        {
            Some((i, change)) => format!("counterfactual {}/{}: {change}", i + 1, changes.len()),
            None => "corrupted typed by hand".into(),
        },
    ));
    let experiment = study.experiment();
    lines.push(match experiment.metric_in_force(task) {
        Some(metric) => {
            let how = if study.metric.is_some() {
                "chosen"
            } else {
                "pair's own"
            };
            (Role::Muted, format!("metric {} ({how})", metric.line(task)))
        }
        None => (Role::Muted, "no metric: the answers agree".into()),
    });
    let key = fix_key();
    for (i, warning) in state.warnings().into_iter().enumerate() {
        let fix = if i == 0 {
            format!(" [{key}: {}]", warning.fix.hint())
        } else {
            String::new()
        };
        lines.push((Role::Warn, format!("! {}{fix}", warning.text)));
    }
    let mut row = from;
    for (role, text) in lines {
        for part in wrapped(&text, usize::from(area.width)) {
            let line = Line::from(canvas.span(role, part));
            canvas.line(area, row, &line);
            row += 1;
        }
    }
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

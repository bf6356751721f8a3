//! The intervention list, always on screen, and what they come to together.

use super::canvas::{Canvas, scroll_to};
use super::fit::without_the_least;
use super::fit::wrapped;
use super::theme::Role;
use crate::app::{Listed, Pane, Spot};
use crate::lens::{Intervention, Observation};
use crate::task::number::plus;
use crate::task::{Spec, Task};
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn interventions(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let list = &state.study().interventions;
    let seen = state.observation.clone();
    let mut title = Vec::new();
    if !list.is_empty() {
        title.push(canvas.part(0, Role::Text, list.len().to_string()));
    }
    if state.model.config.is_causal()
        && seen
            .as_deref()
            .is_some_and(|seen| looks_ahead(state.task(), seen))
    {
        title.push(canvas.part(0, Role::Warn, " looks ahead"));
    }
    let below = seen
        .as_deref()
        .and_then(|seen| total(canvas, seen, area.width));
    let inner = canvas.frame(Pane::Interventions, area, title, below);
    if list.is_empty() {
        let hint = match state.model.config.n_layers {
            0 => "no blocks, so no grids by layer: : types an intervention, / asks about neurons",
            _ => "enter on a grid's cell patches it, : types an intervention",
        };
        let width = usize::from(inner.width);
        for (row, hint) in wrapped(hint, width).into_iter().enumerate() {
            let line = Line::from(canvas.span(Role::Muted, hint));
            canvas.line(inner, row as u16, &line);
        }
        return;
    }
    let selected = state.view.intervention;
    // whose each row is
    let (mut rows, mut whose) = (Vec::new(), Vec::new());
    let (mut top, mut last) = (0, 0);
    for (i, listed) in list.iter().enumerate() {
        if i == selected {
            top = rows.len();
        }
        rows.extend(rows_of(canvas, i, listed, inner.width, seen.as_deref()));
        whose.resize(rows.len(), i);
        if i == selected {
            last = rows.len().saturating_sub(1);
        }
    }
    let room = usize::from(inner.height);
    // where it does not fit, it is read from its beginning
    let first = scroll_to(last, room, rows.len(), 0).min(top);
    let rows = rows.iter().zip(whose).skip(first).take(room);
    for (row, (line, i)) in (0..).zip(rows) {
        canvas.line(inner, row, line);
        canvas.spot_row(inner, row, Spot::Intervention(i));
    }
}

/// An intervention's mark and line; in as many rows as it needs where the pane is narrow.
fn rows_of(
    canvas: &Canvas<'_>,
    i: usize,
    listed: &Listed,
    width: u16,
    seen: Option<&Observation>,
) -> Vec<Line<'static>> {
    let state = canvas.state;
    let selected = state.view.focus == Pane::Interventions && i == state.view.intervention;
    let role = match (selected, listed.on) {
        (true, _) => Role::Selection,
        (false, true) => Role::Text,
        (false, false) => Role::Muted,
    };
    let mark = if listed.on { "[x] " } else { "[ ] " };
    let room = usize::from(width).saturating_sub(mark.len());
    let line = listed.intervention.line(state.task());
    let parts = if line.len() > room {
        wrapped(&compact(&line), room)
    } else {
        vec![line]
    };
    let lead = |row: usize| if row == 0 { mark } else { "    " };
    let parts = parts.into_iter().enumerate();
    let text = |(row, part)| Line::from(canvas.span(role, format!("{}{part}", lead(row))));
    let mut rows: Vec<Line<'static>> = parts.map(text).collect();
    let idle = listed.on && seen.is_some_and(|seen| seen.is_idle(&listed.intervention));
    if let Some(row) = rows.last_mut().filter(|_| idle) {
        row.spans.push(canvas.span(Role::Warn, "  changes nothing"));
    }
    rows
}

/// A line for a narrow pane: what every hook name shares is left out.
fn compact(line: &str) -> String {
    line.replace("blocks.", "")
        .replace("attn.hook_", "")
        .replace("hook_", "")
        .replace(" from clean", "")
        .replace(" from corrupted", "")
        .replace(" head ", " h")
        .replacen("patch ", "", 1)
}

/// Whether interventions let a position attend to a later one, which no model of this kind does.
fn looks_ahead(task: Task, seen: &Observation) -> bool {
    let pattern = &seen.patched.pattern;
    let [.., len, _] = *pattern.shape() else {
        return false;
    };
    // in the order in which the model reads
    let order = task.order(&seen.patched.tokens);
    let place = |at| Spec::placed(order.as_deref(), at);
    let ahead = |i: usize| place(i % len) > place(i / len % len);
    let mut values = pattern.values().iter().enumerate();
    // of a query with no key left there is no attention at all
    len > 0 && values.any(|(i, value)| ahead(i) && value.abs() > 0.0)
}

/// The metric of the patched run; what the list says too only where there is room.
fn total(canvas: &Canvas<'_>, seen: &Observation, width: u16) -> Option<Line<'static>> {
    let values = seen.metric.as_ref()?;
    let text = match values.normalised(values.patched) {
        Some(value) => plus(value, 4),
        None => "n/a".to_owned(),
    };
    let kinds = Intervention::kinds(&seen.experiment.interventions);
    let kinds = match kinds.as_str() {
        "" => String::new(),
        _ => format!("  {kinds}"),
    };
    let measure = values.measure.name().replace('_', " ");
    // without interventions the run that would be patched is what it is
    let whose = match seen.experiment.interventions.is_empty() {
        true => format!(" ({})", seen.experiment.direction.base().name()),
        false => String::new(),
    };
    let value = values.measure.written(values.patched, 3);
    let measured = format!("  {measure} {value}{whose}");
    let parts = vec![
        canvas.part(0, Role::Text, "metric "),
        canvas.part(0, Role::Patched, text),
        canvas.part(2, Role::Muted, kinds),
        canvas.part(1, Role::Muted, measured),
    ];
    let room = usize::from(width.saturating_sub(4));
    Some(Line::from(without_the_least(parts, room)))
}

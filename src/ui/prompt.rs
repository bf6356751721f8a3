//! The pair: eight fields, and what is odd about them.
//!
//! ```text
//! clean     a 14 26 35   idx 1  elt 48
//!           b 14 48 35   truth
//! corrupted a 14 26 35   idx 2  elt 48
//!           b 14 26 48   truth
//! ```

use super::canvas::Canvas;
use super::fit::{shortened, window, wrapped};
use super::theme::Role;
use crate::app::{Action, Binding, Pane, Part, Side, Spot};
use crate::lens::Source;
use crate::task::{Task, counterfactuals};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// Columns of a side's name.
const NAME: u16 = 6;

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
    let task = canvas.state.task();
    let parts: Vec<Part> = Part::all(task).collect();
    let fed_back = Part::continuation(task);
    let (lists, numbers): (Vec<Part>, Vec<Part>) = parts
        .into_iter()
        .filter(|part| *part != fed_back)
        .partition(|part| part.is_list(task));
    // single values stand at the right edge where the lists leave room, else below them
    let singles: u16 = numbers.iter().map(|part| width(task, *part)).sum();
    let room = area.width.saturating_sub(NAME + 2);
    let wide = room >= singles + 10 || lists.is_empty();
    let (at, y_numbers, room) = match (wide, lists.is_empty()) {
        (_, true) => (x + NAME, y, 0),
        (true, _) => (area.right() - singles, y, room - singles - 1),
        (false, _) => (x + NAME, y + 1, room),
    };
    let each = room / (lists.len() as u16).max(1);
    for (part, at) in lists.iter().zip((0..).map(|i| x + NAME + i * each)) {
        let more = (lists.len() > 1).then(|| part.name(task).len() as u16 + 2);
        let room = each.saturating_sub(more.unwrap_or(0));
        field(canvas, area, (at, y), room, (side, *part));
    }
    let mut at_number = at;
    for part in numbers {
        let all = width(task, part);
        let room = all - part.name(task).chars().count() as u16 - 1;
        field(canvas, area, (at_number, y_numbers), room, (side, part));
        at_number += all;
    }
    let y_b = y_numbers + 1;
    if task.feeds_back() {
        let room = if lists.is_empty() {
            area.width.saturating_sub(NAME + 2)
        } else {
            room
        };
        field(canvas, area, (x + NAME, y_b), room, (side, fed_back));
        if wide && !lists.is_empty() {
            let muted = canvas.look.style(Role::Muted);
            canvas.text(at, y_b, area, mode, muted);
        }
    } else if task.is_judged() {
        let muted = canvas.look.style(Role::Muted);
        let truth = source.values.truth();
        let names: Vec<String> = truth
            .iter()
            .map(|target| task.target_name(target))
            .collect();
        let text = format!("{} {}", task.answer_groups().join(" "), names.join(" "));
        canvas.text(x + NAME, y_b, area, &text, muted);
    }
}

/// Cells of a field of one value: its name, the longest value, at least two digits, and a gap.
fn width(task: Task, part: Part) -> u16 {
    let slot = task.groups.get(part.0).map_or(0, |group| group.slots.start);
    let values = task.slots.get(slot).map_or(&[][..], |slot| &slot.values);
    let names = values
        .iter()
        .map(|&token| task.token_name(token).chars().count());
    let longest = names.max().unwrap_or(0).clamp(2, 8);
    (part.name(task).chars().count() + 1 + longest + 1) as u16
}

fn field(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (x, y): (u16, u16),
    room: u16,
    (side, field): (Side, Part),
) {
    let state = canvas.state;
    let muted = canvas.look.style(Role::Muted);
    let name = x;
    let x = canvas.text(x, y, area, &format!("{} ", field.name(state.task())), muted);
    let selected = state.view.focus == Pane::Prompt && state.fields.selected() == (side, field);
    let wrong = state
        .field_error
        .as_ref()
        .is_some_and(|(bad, error)| *bad == side && error.starts_with(field.name(state.task())));
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
    let whole = Rect {
        x: name,
        width: (x - name).saturating_add(room),
        ..Rect::new(x, y, room, 1)
    };
    // behind the text is its end
    let end = text.chars().count();
    canvas.spot(whole.intersection(area), Spot::Field(side, field, end));
    let mut before = 0;
    let style = canvas.look.style(role);
    if !selected {
        canvas.text(x, y, room_area, text, style);
    } else {
        let mut cursor = state.fields.cursor();
        let (visible, shown) = window(canvas.look, text, cursor, room_area.width.into());
        (before, cursor) = (cursor - shown, shown);
        canvas.text(x, y, room_area, &visible, style);
        // the value that is replaced by what is typed, or where it goes on
        let marked = match state.fields.replaced() {
            Some(columns) if !columns.is_empty() => {
                columns.start.saturating_sub(before)..columns.end.saturating_sub(before)
            }
            _ => cursor..cursor + 1,
        };
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        for at in marked.map(|column| x + column as u16) {
            if at < area.right() && y < area.bottom() {
                canvas.buf[(at, y)].set_style(reversed);
            }
        }
    }
    for (i, x) in (room_area.left()..room_area.right()).enumerate() {
        let column = (before + i).min(end);
        canvas.spot(Rect::new(x, y, 1, 1), Spot::Field(side, field, column));
    }
}

/// Where the pair comes from, its metric, and its warnings, as far as there is room.
fn notes(canvas: &mut Canvas<'_>, area: Rect, from: u16) {
    let state = canvas.state;
    let task = state.task();
    let study = state.study();
    let mut lines: Vec<(Role, String)> = Vec::new();
    let changes = counterfactuals(task, &study.clean.values);
    lines.push((
        Role::Muted,
        match study
            .counterfactual
            .and_then(|i| Some((i, changes.get(i)?)))
        {
            Some((i, change)) => format!("counterfactual {}/{}: {change}", i + 1, changes.len()),
            None if changes.is_empty() && study.clean.values == study.corrupted.values => {
                "no counterfactual of this prompt".into()
            }
            None if changes.is_empty() => "another example of the sample".into(),
            None => "corrupted typed by hand".into(),
        },
    ));
    let experiment = study.experiment();
    lines.push(match experiment.metric_in_force(task) {
        Some(metric) => {
            let how = if study.metric.is_some() {
                "chosen"
            } else {
                "default"
            };
            (Role::Muted, format!("metric {} ({how})", metric.line(task)))
        }
        None => (Role::Muted, state.no_metric().trim_start().into()),
    });
    let key = Binding::key_of(Action::Fix);
    for (i, warning) in state.warnings().into_iter().enumerate() {
        let fix = if i == 0 {
            format!(" [{key}: {}]", warning.fix.hint())
        } else {
            String::new()
        };
        lines.push((Role::Warn, format!("! {}{fix}", warning.text)));
    }
    let rows = area.height;
    let mut row = from;
    let width = usize::from(area.width);
    let parts = lines.into_iter().flat_map(|(role, text)| {
        let parts = wrapped(&text, width).into_iter();
        parts.map(move |part| (role, part))
    });
    let parts: Vec<(Role, String)> = parts.collect();
    let room = usize::from(rows.saturating_sub(from));
    for (i, (role, part)) in parts.iter().enumerate().take(room) {
        // what has no room is marked, not passed over
        let mark = match i + 1 == room && parts.len() > room {
            true => canvas.look.pick(" …", " .."),
            false => "",
        };
        let room = width.saturating_sub(mark.chars().count());
        let text = match part.chars().count() > room && !mark.is_empty() {
            true => part.chars().take(room).collect::<String>(),
            false => shortened(canvas.look, part, room),
        } + mark;
        canvas.line(area, row, &Line::from(canvas.span(*role, text)));
        row += 1;
    }
    // nobody needs a manual: where there is room it is said where help is
    if row + 2 < rows {
        let mut spans = Vec::new();
        for action in [Action::OpenTutorial, Action::OpenHelp, Action::OpenCommand] {
            let Some(binding) = Binding::of(action) else {
                continue;
            };
            let word = match binding.hint {
                "" => binding.help.split([':', ',']).next().unwrap_or_default(),
                hint => hint,
            };
            spans.push(canvas.span(Role::Key, binding.keys[0].to_string()));
            spans.push(canvas.span(Role::Muted, format!(" {word}  ")));
        }
        canvas.line(area, rows - 1, &Line::from(spans));
    }
}

//! The answer to a question: a table to move through, and the numbers that belong to the whole.
//!
//! ```text
//! answer  circuit ov.1                       top-1 on the diagonal 1.000   copying score 0.997
//!          0    1    2    3  ...
//!   0   5.21 -.33 ...
//! ```

use super::attention::draw_legend;
use super::canvas::Canvas;
use super::charted::Charted;
use super::columns::{Columns, split_heading};
use super::figure::cell as cell_of;
use super::fit::shortened;
use super::heatmap::{Heatmap, Scale};
use super::lines::Lines;
use super::notes::{most_above, notes};
use super::number::exact;
use super::theme::Role;
use super::{bars, chart, picture, scatter};
use crate::answers::{Alike, Geometry, Many, Question, Table};
use crate::app::{Inquiry, Pane, Spot};
use crate::lens::{Direction, RunName, Shown};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What of an answer is drawn beside its numbers.
enum Sketch<'a> {
    /// Rows as points over two columns.
    Points,
    /// Columns over the rows.
    Chart(Charted<'a>),
    /// All of it as colours.
    Picture(Scale),
}

impl<'a> Sketch<'a> {
    /// What there is to draw in an area, if there is.
    fn of(
        inquiry: &Inquiry,
        table: &'a Table,
        scale: Option<Scale>,
        (area, stale): (Rect, bool),
    ) -> Option<Self> {
        let question = &inquiry.question;
        if let Question::Weights(Geometry::Pca(_) | Geometry::Fan(_))
        | Question::Many(Many::Scatter { .. }) = question
        {
            return Some(Self::Points);
        }
        if let Some(lines) = Charted::of(question, table, scale.is_some(), stale) {
            return Some(Self::Chart(lines));
        }
        let scale = scale.filter(|_| picture::is_wanted(area, inquiry, table))?;
        Some(Self::Picture(scale))
    }
}

/// Rows besides its own that a table with all its notes has.
const ROOM_FOR_NOTES: usize = 6;

/// One answer in its frame.
pub(super) fn answer(canvas: &mut Canvas<'_>, area: Rect, inquiry: &Inquiry) {
    let state = canvas.state;
    let (task, config) = (state.task(), &state.model.config);
    let line = inquiry.question.line(task, config);
    let sentence = inquiry.question.sentence(task, config);
    // beside another one there is room for its line alone
    let short = canvas.abreast && usize::from(area.width) < sentence.chars().count() + 4;
    let name = if short { &line } else { &sentence };
    let mut title = vec![canvas.part(0, Role::Text, name.clone())];
    if inquiry.pinned {
        title.insert(0, canvas.part(0, Role::Accent, "# "));
    }
    if state.view.zoomed && canvas.abreast {
        title.push(canvas.part(2, Role::Muted, " (all of it is here)"));
    }
    // a question about many inputs is its own sentence
    if !short
        && sentence != line
        && !matches!(inquiry.question, Question::Many(_) | Question::Curves(_))
    {
        title.push(canvas.part(2, Role::Muted, format!("  {line}")));
    }
    if inquiry.question.is_about_run() {
        title.push(Span::raw("  ").into());
        let (shown, direction) = about(canvas, &inquiry.question);
        title.extend(canvas.run_of(shown, direction));
        title.extend(canvas.kinds());
    } else if !inquiry.question.is_about_weights() {
        title.extend(canvas.all_kinds());
    }
    match &inquiry.answer {
        None => {
            title.push(canvas.part(0, Role::Muted, "  ..."));
            canvas.frame(Pane::Answer, area, title, None);
        }
        Some(Err(error)) => {
            let inner = canvas.frame(Pane::Answer, area, title, None);
            let width = usize::from(inner.width);
            for (row, text) in super::fit::wrapped(error, width).into_iter().enumerate() {
                let line = Line::from(canvas.span(Role::Bad, text));
                canvas.line(inner, row as u16, &line);
            }
        }
        Some(Ok(whole)) => {
            let both = whole.of_both();
            let table = both.as_ref().unwrap_or(whole);
            let below = cursor_line(canvas, inquiry, table);
            let taken = below.width();
            let inner = canvas.frame(Pane::Answer, area, title, Some(below));
            // it takes a walk through the whole table
            let scale = inquiry.question.alike().common_scale(table);
            let stale = is_stale(canvas, inquiry);
            let sketch = Sketch::of(inquiry, table, scale, (inner, stale));
            // a chart has its rows first, and so has a table that does not fit
            let tall = usize::from(inner.height) < table.rows.len() + ROOM_FOR_NOTES;
            let most = match &sketch {
                Some(Sketch::Picture(_)) => Some(picture::lines_above(canvas, inner.height, table)),
                Some(_) => Some(most_above(inner.height)),
                // its headline takes up to two lines, and what it is of another one
                None => tall.then(|| 2 + most_above(inner.height)),
            };
            let rest = notes(canvas, inner, inquiry, whole, (scale, most));
            let rest = match sketch {
                Some(Sketch::Points) => scatter::beside(canvas, rest, inquiry, table, stale),
                Some(Sketch::Chart(lines)) => chart::beside(canvas, rest, inquiry, table, lines),
                Some(Sketch::Picture(scale)) => {
                    picture::beside(canvas, rest, inquiry, table, scale, stale)
                }
                None => rest,
            };
            if !rest.is_empty() {
                let used = draw(canvas, rest, inquiry, table, scale);
                bars::beside(canvas, used, inquiry, table, stale);
            }
            if let Some(scale) = scale {
                let all = table.layers().flat_map(|(_, values)| values.values());
                draw_legend(canvas, area, (scale, scale.beyond(all.copied())), taken);
            }
        }
    }
}

/// What an answer is about: of a sample's examples only the clean prompts are run.
fn about(canvas: &Canvas<'_>, question: &Question) -> (Shown, Direction) {
    let (shown, study) = (canvas.state.view.shown, canvas.state.study());
    match shown {
        _ if !question.is_mean() => (shown, study.direction),
        Shown::Run(RunName::Corrupted) => (Shown::Run(RunName::Clean), Direction::Noise),
        _ => (shown, Direction::Noise),
    }
}

/// Whether the answer belongs to an older study or question.
pub(super) fn is_stale(canvas: &Canvas<'_>, inquiry: &Inquiry) -> bool {
    let about_weights = inquiry.question.is_about_weights();
    inquiry.answered < inquiry.asked || !about_weights && canvas.state.field_error.is_some()
}

/// Draws the table; what of the area is left at its right, and where its rows stand there.
fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    inquiry: &Inquiry,
    table: &Table,
    common: Option<Scale>,
) -> Option<bars::Free> {
    let (row, column) = inquiry.cursor;
    let kinds = inquiry.question.alike();
    let columns = Columns::new(table, area, column, kinds != Alike::Columns);
    let head = columns.head();
    let lines = Lines::new(
        table,
        row,
        area.height.saturating_sub(head),
        &columns,
        kinds,
    );
    let rows = lines.rows.clone();
    for (i, (name, values)) in table.layers().take(columns.layers).enumerate() {
        let place = columns.place(area, i, table.rows.len());
        if i == 0 || columns.stacked {
            let names = Rect {
                x: area.x,
                width: columns.label.saturating_sub(1),
                ..place
            };
            row_names(canvas, names, head, &lines, table, row);
        }
        if columns.named {
            let style = canvas.look.style(Role::Title);
            canvas.text(place.x, place.y, place, name, style);
        }
        column_names(canvas, place, &columns, table, column);
        let body = Rect {
            y: place.y + head,
            height: place.height.saturating_sub(head),
            ..place
        }
        .intersection(area);
        let value = |row: usize, column: usize| cell_of(values, row, column);
        let first = lines.baseline().into_iter();
        let pieces = first.chain([rows.clone()]);
        let pieces = pieces.flat_map(|rows| kinds.pieces(&rows, columns.range()));
        let pieces = pieces.flat_map(|(rows, column)| {
            let parts = lines.parts(&rows).into_iter();
            parts.map(move |rows| (rows, column))
        });
        for (rows, column) in pieces {
            let heatmap = Heatmap {
                look: canvas.look,
                rows: rows.end,
                columns: column + 1,
                cell_width: columns.width(column),
                cell_height: 1,
                scale: common.unwrap_or_else(|| kinds.scale(table, name, rows.start, column)),
                cursor: Some(inquiry.cursor),
                stale: is_stale(canvas, inquiry),
                value: &value,
            };
            let place = Rect {
                x: body.x + columns.offset(column),
                y: body.y + lines.y(rows.start),
                width: columns.width(column),
                height: rows.len() as u16,
            };
            let place = place.intersection(body);
            canvas.heat(&heatmap, place, (rows.start, column), &Spot::Answer);
        }
        flags(canvas, body, &lines, &columns, table);
    }
    off_screen(canvas, area, &columns, table, &lines);
    let place = columns.place(area, 0, table.rows.len());
    (columns.layers == 1 && common.is_some()).then(|| bars::Free {
        area: Rect {
            x: place.right().min(area.right()),
            width: area.right().saturating_sub(place.right()),
            ..area
        },
        heading: area.y + head - 1,
        rows: (lines.shown())
            .map(|row| (row, area.y + head + lines.y(row)))
            .collect(),
    })
}

/// Marks where the table goes on beyond the screen, and the layers that found no room.
fn off_screen(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &Columns,
    table: &Table,
    lines: &Lines<'_>,
) {
    let rows = &lines.rows;
    let style = canvas.look.style(Role::Accent);
    let (left, right) = (canvas.look.pick("‹", "<"), canvas.look.pick("›", ">"));
    let (up, down) = (canvas.look.pick("↑", "^"), canvas.look.pick("↓", "v"));
    let seen = columns.range();
    let mut after = area.right();
    for layer in 0..columns.layers {
        let place = columns.place(area, layer, table.rows.len());
        let y = place.y + columns.head() - 1;
        after = place.right();
        if seen.start > 0 {
            canvas.text(place.x - 1, y, area, left, style);
        }
        if seen.end < table.cols.len() {
            canvas.text(after, y, area, right, style);
        }
    }
    let body = area.y + columns.head();
    if rows.start > lines.baseline().map_or(0, |rows| rows.end) {
        canvas.text(after, body + lines.y(rows.start), area, up, style);
    }
    if rows.end < table.rows.len() && !rows.is_empty() {
        canvas.text(after, body + lines.y(rows.end - 1), area, down, style);
    }
    let hidden: Vec<&str> = table.layers().skip(columns.layers).map(|l| l.0).collect();
    if !hidden.is_empty() {
        let last = columns.place(area, columns.layers - 1, table.rows.len());
        let names = table.layers().nth(columns.layers - 1).map_or("", |l| l.0);
        let x = last.x + names.chars().count() as u16 + 2;
        let text = format!("{right} {}", hidden.join(", "));
        canvas.text(x, last.y, area, &text, style);
    }
}

fn row_names(
    canvas: &mut Canvas<'_>,
    place: Rect,
    head: u16,
    lines: &Lines<'_>,
    table: &Table,
    cursor: usize,
) {
    if let Some(name) = table.row_axis() {
        let style = canvas.look.style(Role::Muted);
        canvas.text(place.x, place.y + head - 1, place, name, style);
    }
    for i in lines.shown() {
        let Some(name) = table.rows.get(i) else {
            break;
        };
        let style = canvas.look.style(name_role(i == cursor));
        let y = place.y + head + lines.y(i);
        canvas.text(place.x, y, place, name, style);
    }
    let style = canvas.look.style(Role::Title);
    for (at, heading) in &lines.sections {
        let y = place.y + head + lines.y(*at) - 1;
        let wide = Rect {
            width: place.width.max(heading.chars().count() as u16),
            ..place
        };
        canvas.text(place.x, y, wide, heading, style);
    }
}

const fn name_role(at_cursor: bool) -> Role {
    if at_cursor { Role::Accent } else { Role::Muted }
}

/// The headings, what neighbours share above them once.
fn column_names(
    canvas: &mut Canvas<'_>,
    place: Rect,
    columns: &Columns,
    table: &Table,
    cursor: usize,
) {
    let y = place.y + columns.head() - 1;
    let mut last = "";
    for (i, name) in table.cols.iter().enumerate().take(columns.range().end) {
        if i < columns.first {
            continue;
        }
        let style = canvas.look.style(name_role(i == cursor));
        let (x, width) = (place.x + columns.offset(i), columns.width(i));
        let (group, tail) = if columns.split {
            split_heading(name)
        } else {
            ("", name.as_str())
        };
        if group != last && !group.is_empty() {
            let style = canvas.look.style(Role::Muted);
            canvas.text(x + 1, y - 1, place, group, style);
        }
        last = group;
        let room = usize::from(width.saturating_sub(1));
        let text = format!("{:>room$}", shortened(canvas.look, tail, room));
        canvas.text(x + 1, y, place, &text, style);
    }
}

/// A mark behind each cell to be careful with.
fn flags(canvas: &mut Canvas<'_>, body: Rect, lines: &Lines<'_>, columns: &Columns, table: &Table) {
    let style = canvas.look.style(Role::Warn);
    for &[row, column] in &table.flagged {
        if lines.shows(row) && columns.range().contains(&column) {
            let y = body.y.saturating_add(lines.y(row));
            let x = body.x + columns.offset(column) + columns.width(column);
            canvas.text(x, y, body, "!", style);
        }
    }
}

/// The exact value under the cursor.
fn cursor_line(canvas: &Canvas<'_>, inquiry: &Inquiry, table: &Table) -> Line<'static> {
    let (row, column) = inquiry.cursor;
    let name = |names: &[String], i: usize| names.get(i).cloned().unwrap_or_default();
    let kinds = inquiry.question.alike();
    let text = |layer: &str, column: usize, value: f32| {
        if value == f32::NEG_INFINITY {
            "masked".to_owned()
        } else if value.is_nan() {
            "n/a".to_owned()
        } else {
            exact(value, kinds.is_signed(table, layer, row, column))
        }
    };
    let role = if is_stale(canvas, inquiry) {
        Role::Stale
    } else {
        Role::Text
    };
    let mut spans = vec![
        canvas.span(Role::Accent, name(&table.rows, row)),
        Span::raw("  "),
    ];
    if let Question::Many(Many::Scatter { .. }) = inquiry.question {
        // a point is both of its numbers
        for (column, name) in table.cols.iter().enumerate() {
            let value = table.values.get(&[row, column]).unwrap_or(f32::NAN);
            let gap = if column == 0 { "" } else { "  " };
            spans.push(canvas.span(Role::Muted, format!("{gap}{name}")));
            spans.push(canvas.span(role, format!("  {}", text("", column, value))));
        }
        return Line::from(spans);
    }
    spans.push(canvas.span(Role::Accent, name(&table.cols, column)));
    for (layer, values) in table.layers() {
        let value = values.get(&[row, column]).unwrap_or(f32::NAN);
        if Table::is_standard_error(layer) {
            let error = exact(value, false);
            let sign = canvas.look.pick("±", "+-");
            spans.push(canvas.span(Role::Muted, format!(" {sign} {error}")));
            continue;
        }
        if !layer.is_empty() {
            spans.push(canvas.span(Role::Muted, format!("  {layer}")));
        }
        spans.push(canvas.span(role, format!("  {}", text(layer, column, value))));
    }
    Line::from(spans)
}

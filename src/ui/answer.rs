//! The answer to a question: a table to move through, and the numbers that belong to the whole.
//!
//! ```text
//! answer  circuit ov.1                       top-1 on the diagonal 1.000   copying score 0.997
//!          0    1    2    3  ...
//!   0   5.21 -.33 ...
//! ```

use super::attention::draw_legend;
use super::canvas::{Canvas, scroll_to};
use super::figure::{cell as cell_of, scale};
use super::heatmap::Heatmap;
use super::scatter;
use super::theme::Role;
use crate::app::{Inquiry, Pane};
use crate::lens::{Direction, Question, RunName, Shown, Table};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the rows' names, at most.
const MAX_LABEL: u16 = 18;
/// Cells are at least and at most this wide.
const CELL: (u16, u16) = (6, 8);
/// Columns that a layer needs to stand beside another.
const LEAST_COLUMNS: u16 = 4;

pub(super) fn answer(canvas: &mut Canvas<'_>, area: Rect) {
    let Some(inquiry) = canvas.state.inquiry.clone() else {
        canvas.frame(Pane::Answer, area, Vec::new(), None);
        return;
    };
    let state = canvas.state;
    let question = inquiry.question.line(state.task(), &state.model.config);
    let mut title = vec![canvas.span(Role::Text, question)];
    if inquiry.question.is_about_run() {
        let run = run_name(canvas, &inquiry.question);
        title.push(canvas.span(Role::Muted, format!("  {run}")));
        title.extend(canvas.kinds());
    } else if !inquiry.question.is_about_weights() {
        title.extend(canvas.all_kinds());
    }
    match &inquiry.answer {
        None => {
            title.push(canvas.span(Role::Muted, "  ..."));
            canvas.frame(Pane::Answer, area, title, None);
        }
        Some(Err(error)) => {
            let inner = canvas.frame(Pane::Answer, area, title, None);
            let width = usize::from(inner.width);
            for (row, text) in super::prompt::wrapped(error, width).into_iter().enumerate() {
                let line = Line::from(canvas.span(Role::Bad, text));
                canvas.line(inner, row as u16, &line);
            }
        }
        Some(Ok(table)) => {
            let below = cursor_line(canvas, &inquiry, table);
            let inner = canvas.frame(Pane::Answer, area, title, Some(below));
            let rest = notes(canvas, inner, table);
            let rest = match inquiry.question {
                Question::Pca { .. } => scatter::beside(canvas, rest, &inquiry, table),
                _ => rest,
            };
            draw(canvas, rest, &inquiry, table);
            draw_legend(canvas, area, scale(table));
        }
    }
}

/// What was run for an answer. Of a sample's examples these are the clean prompts.
fn run_name(canvas: &Canvas<'_>, question: &Question) -> String {
    let (shown, study) = (canvas.state.view.shown, canvas.state.study());
    match shown {
        Shown::Run(RunName::Corrupted) if question.is_mean() => RunName::Clean.name().to_owned(),
        Shown::Difference if question.is_mean() => shown.name(Direction::Noise),
        _ => shown.name(study.direction),
    }
}

/// Whether the answer belongs to an older study or question.
fn is_stale(canvas: &Canvas<'_>, inquiry: &Inquiry) -> bool {
    let about_weights = inquiry.question.is_about_weights();
    inquiry.answered < inquiry.asked || !about_weights && canvas.state.field_error.is_some()
}

/// The notes, wrapped; what is left of the area.
fn notes(canvas: &mut Canvas<'_>, area: Rect, table: &Table) -> Rect {
    let words = table
        .notes
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let text = words.collect::<Vec<_>>().join("   ");
    let mut used = 0;
    if !text.is_empty() {
        for part in super::prompt::wrapped(&text, usize::from(area.width)) {
            let line = Line::from(canvas.span(Role::Muted, part));
            canvas.line(area, used, &line);
            used += 1;
        }
    }
    let used = used.min(area.height);
    Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    }
}

/// The columns of a table's layers side by side, as many as there is room for.
struct Columns {
    /// Of the rows' names.
    label: u16,
    cell: u16,
    /// Columns of each layer on screen, and the first of them.
    shown: usize,
    first: usize,
    /// Layers on screen, and whether they stand one above the other.
    layers: usize,
    stacked: bool,
}

impl Columns {
    fn new(table: &Table, area: Rect, cursor: usize) -> Self {
        let width = area.width;
        let longest = table.rows.iter().map(|row| row.chars().count()).max();
        let label = (longest.unwrap_or(0) as u16 + 1).min(MAX_LABEL).min(width);
        let room = width - label;
        let wanted = table.layers().count() as u16;
        let columns = (table.cols.len() as u16).max(1);
        // layers that would have no room for a few columns are left to the cursor's line
        let least = (columns.min(LEAST_COLUMNS)) * CELL.0 + 1;
        let abreast = wanted.min(room / least).max(1);
        let high = wanted * (table.rows.len() as u16 + 2);
        let too_wide = u32::from(columns) * u32::from(CELL.0 * wanted) > u32::from(room);
        let stacked = wanted > 1 && too_wide && high <= area.height;
        let layers = if stacked { 1 } else { abreast };
        let each = (room / layers).saturating_sub(u16::from(layers > 1));
        let cell = (each / columns).clamp(CELL.0, CELL.1);
        let shown = usize::from(each / cell).min(table.cols.len());
        let preferred = cursor.saturating_sub(shown / 2);
        Self {
            label,
            cell,
            shown,
            first: scroll_to(cursor, shown, table.cols.len(), preferred),
            layers: usize::from(if stacked { wanted } else { layers }),
            stacked,
        }
    }

    /// Where a layer stands.
    fn place(&self, area: Rect, layer: usize, rows: usize) -> Rect {
        let width = self.shown as u16 * self.cell;
        let place = if self.stacked {
            let high = rows as u16 + 2;
            Rect {
                x: area.x + self.label,
                y: area.y + layer as u16 * high,
                width,
                height: high,
            }
        } else {
            Rect {
                x: area.x + self.label + layer as u16 * (width + 1),
                width,
                ..area
            }
        };
        place.intersection(area)
    }
}

fn draw(canvas: &mut Canvas<'_>, area: Rect, inquiry: &Inquiry, table: &Table) {
    let (row, column) = inquiry.cursor;
    let columns = Columns::new(table, area, column);
    let named = columns.layers > 1;
    let head = 1 + u16::from(named);
    let shown_rows = usize::from(area.height.saturating_sub(head));
    let preferred = row.saturating_sub(shown_rows / 2);
    let first_row = scroll_to(row, shown_rows, table.rows.len(), preferred);
    for (i, (name, values)) in table.layers().take(columns.layers).enumerate() {
        let place = columns.place(area, i, table.rows.len());
        if i == 0 || columns.stacked {
            let names = Rect {
                x: area.x,
                width: columns.label.saturating_sub(1),
                ..place
            };
            row_names(canvas, names, head, first_row, table, row);
        }
        if named {
            let style = canvas.look.style(Role::Title);
            canvas.text(place.x, place.y, place, name, style);
        }
        column_names(canvas, place, head - 1, &columns, table, column);
        let body = Rect {
            y: place.y + head,
            height: place.height.saturating_sub(head),
            ..place
        }
        .intersection(area);
        let value = |row: usize, column: usize| cell_of(values, row, column);
        Heatmap {
            look: canvas.look,
            rows: table.rows.len(),
            columns: table.cols.len(),
            cell_width: columns.cell,
            cell_height: 1,
            scale: scale(table),
            cursor: Some(inquiry.cursor),
            stale: is_stale(canvas, inquiry),
            value: &value,
        }
        .render(body, canvas.buf, first_row, columns.first);
        flags(canvas, body, first_row, &columns, table);
    }
}

fn row_names(
    canvas: &mut Canvas<'_>,
    place: Rect,
    head: u16,
    first: usize,
    table: &Table,
    cursor: usize,
) {
    let room = usize::from(place.height.saturating_sub(head));
    for (i, name) in table.rows.iter().enumerate().skip(first).take(room) {
        let role = if i == cursor {
            Role::Accent
        } else {
            Role::Muted
        };
        let style = canvas.look.style(role);
        let y = place.y + head + (i - first) as u16;
        canvas.text(place.x, y, place, name, style);
    }
}

fn column_names(
    canvas: &mut Canvas<'_>,
    place: Rect,
    row: u16,
    columns: &Columns,
    table: &Table,
    cursor: usize,
) {
    let names = table.cols.iter().enumerate();
    for (i, name) in names.skip(columns.first).take(columns.shown) {
        let role = if i == cursor {
            Role::Accent
        } else {
            Role::Muted
        };
        let x = place.x + (i - columns.first) as u16 * columns.cell;
        let style = canvas.look.style(role);
        let name = super::attention::column_label(name, columns.cell);
        canvas.text(x, place.y + row, place, &name, style);
    }
}

/// A mark on each cell to be careful with.
fn flags(canvas: &mut Canvas<'_>, body: Rect, first_row: usize, columns: &Columns, table: &Table) {
    for &[row, column] in &table.flagged {
        let place = row
            .checked_sub(first_row)
            .zip(column.checked_sub(columns.first));
        let Some((row, column)) = place.filter(|&(_, column)| column < columns.shown) else {
            continue;
        };
        let x = body.x + (column as u16 + 1) * columns.cell - 1;
        let y = body.y + row as u16;
        if y < body.bottom() && x < body.right() {
            canvas
                .buf
                .set_string(x, y, "!", canvas.look.style(Role::Warn));
        }
    }
}

/// The exact value under the cursor.
fn cursor_line(canvas: &Canvas<'_>, inquiry: &Inquiry, table: &Table) -> Line<'static> {
    let (row, column) = inquiry.cursor;
    let name = |names: &[String], i: usize| names.get(i).cloned().unwrap_or_default();
    let text = |value: f32| {
        if value == f32::NEG_INFINITY {
            "masked".to_owned()
        } else if value.is_nan() {
            "n/a".to_owned()
        } else {
            format!("{value:+.5}")
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
        canvas.span(Role::Accent, name(&table.cols, column)),
    ];
    for (layer, values) in table.layers() {
        let value = values.get(&[row, column]).unwrap_or(f32::NAN);
        if !layer.is_empty() {
            spans.push(canvas.span(Role::Muted, format!("  {layer}")));
        }
        spans.push(canvas.span(role, format!("  {}", text(value))));
    }
    Line::from(spans)
}

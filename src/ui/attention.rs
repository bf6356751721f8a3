//! Attention heatmaps, one head or as many as fit.

use super::canvas::{Canvas, scroll_to};
use super::heatmap::{Beyond, HeatCell, Heatmap, Scale, legend, middle};
use super::layout::{LABEL, WIDEST_STRIP};
use super::positions::{Names, rows_of};
use super::theme::Role;
use crate::app::{Pane, Shown, Spot};
use crate::lens::{Array, Observation};
use crate::task::number::{fixed, plus};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Cells this wide show their number.
const GOOD_CELL: u16 = 4;

/// Columns between two heads.
const GAP: u16 = 2;

/// What a matrix of positions needs to be drawn.
pub(super) struct Matrix<'a> {
    pub scale: Scale,
    /// (dest, src); `None` where this matrix has no cursor.
    pub cursor: Option<(usize, usize)>,
    /// Whether the cursor's cell stands out, or only its labels.
    pub focused: bool,
    pub cell_width: u16,
    pub value: &'a dyn Fn(usize, usize) -> HeatCell,
    /// What a cell is for who points at it.
    pub spot: &'a dyn Fn(usize, usize) -> Spot,
}

/// A matrix with its position labels; scrolls so that the cursor's row is on screen. Says where it goes on:
/// above, below, left, right.
pub(super) fn matrix(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keep: usize,
    matrix: &Matrix<'_>,
) -> [bool; 4] {
    let task = canvas.state.task();
    let len = task.seq_len();
    let muted = canvas.look.style(Role::Muted);
    let accent = canvas.look.style(Role::Accent);
    // where rows are off screen anyway, names are worth one more
    let names = rows_of(matrix.cell_width);
    let top = match usize::from(area.height) {
        height if height >= len + usize::from(names) => names,
        height if height == len || height < 3 => 0,
        _ => 1,
    };
    let rows = usize::from(area.height.saturating_sub(top));
    // a cell twice as wide as high is a square: as high as that where everything still fits
    let square = match matrix.cell_width {
        ..GOOD_CELL => 1,
        wide => usize::from(wide.div_ceil(2)),
    };
    let high = (rows / len.max(1)).clamp(1, square);
    let rows = rows / high;
    let columns = usize::from(area.width.saturating_sub(LABEL) / matrix.cell_width.max(1));
    let first = scroll_to(keep, rows, len, len.saturating_sub(rows));
    let src = matrix.cursor.map_or(0, |(_, src)| src);
    let first_column = scroll_to(src, columns, len, 0);
    Names {
        area: Rect {
            x: area.x + LABEL.min(area.width),
            width: area.width.saturating_sub(LABEL),
            height: top,
            ..area
        },
        labels: &task.labels(),
        first: first_column,
        cell_width: matrix.cell_width,
        current: matrix.cursor.map(|cursor| cursor.1),
    }
    .draw(canvas);
    for row in first..len.min(first + rows) {
        let y = area.y + top + ((row - first) * high) as u16 + middle(high as u16);
        let style = if matrix.cursor.is_some_and(|c| c.0 == row) {
            accent
        } else {
            muted
        };
        canvas.text(area.x, y, area, &task.label(row), style);
    }
    let heatmap = Heatmap {
        look: canvas.look,
        rows: len,
        columns: len,
        cell_width: matrix.cell_width,
        cell_height: high as u16,
        scale: matrix.scale,
        cursor: matrix.cursor.filter(|_| matrix.focused),
        stale: canvas.state.is_stale(),
        value: matrix.value,
    };
    let body = Rect {
        x: area.x + LABEL.min(area.width),
        y: area.y + top,
        width: area.width.saturating_sub(LABEL),
        height: area.height.saturating_sub(top),
    };
    canvas.heat(&heatmap, body, (first, first_column), matrix.spot);
    [
        first > 0,
        first + rows < len,
        first_column > 0,
        first_column + columns < len,
    ]
}

pub(super) fn attention(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let view = state.view.attention;
    // the usual kind need not be said
    let (kind, goes) = if view.scores {
        ("scores", 1)
    } else {
        ("pattern", 3)
    };
    let Some(seen) = state.observation.clone() else {
        canvas.frame(
            Pane::Attention,
            area,
            vec![canvas.part(0, Role::Muted, "...")],
            None,
        );
        return;
    };
    let values = shown_values(&seen, state.view.shown, view.scores);
    let scale = scale(state.view.shown, view.scores, &values);
    let mut title = vec![
        canvas.part(0, Role::Text, format!("{}.{} ", view.layer, view.head)),
        canvas.part(goes, Role::Text, format!("{kind} ")),
    ];
    title.extend(canvas.run(seen.experiment.direction));
    title.extend(canvas.kinds());
    let below = cursor_line(canvas, &seen, &values);
    let taken = below.width();
    let inner = canvas.frame(Pane::Attention, area, title, Some(below));
    let config = &state.model.config;
    let total = config.n_layers * config.n_heads;
    if total == 0 {
        let text = Line::from(canvas.span(Role::Muted, "this model has no attention"));
        canvas.line(inner, 0, &text);
        return;
    }
    let heads = heads_that_fit(canvas, inner);
    let selected = view.layer * config.n_heads + view.head;
    let first = selected.min(total.saturating_sub(heads));
    // heads stand apart
    let width = (inner.width + GAP) / heads as u16;
    let cell_width = cell_width(inner.width, heads, state.task().seq_len());
    let mut goes_on = [false; 4];
    for slot in 0..heads {
        let (layer, head) = (
            (first + slot) / config.n_heads,
            (first + slot) % config.n_heads,
        );
        let mut place = Rect {
            x: inner.x + slot as u16 * width,
            width: width - GAP,
            ..inner
        };
        let at_cursor = (layer, head) == (view.layer, view.head);
        if heads > 1 && usize::from(inner.height) > state.task().seq_len() + 1 {
            let role = if at_cursor { Role::Accent } else { Role::Muted };
            let line = Line::from(canvas.span(role, format!("head {layer}.{head}")));
            canvas.line(place, 0, &line);
            place.y += 1;
            place.height -= 1;
        }
        let value = |dest: usize, src: usize| cell(&values, [layer, head, dest, src], view.scores);
        let spot = |dest: usize, src: usize| Spot::Attention {
            layer,
            head,
            dest,
            src,
        };
        let more = matrix(
            canvas,
            place,
            view.dest,
            &Matrix {
                scale,
                cursor: at_cursor.then_some((view.dest, view.src)),
                focused: state.view.focus == Pane::Attention,
                cell_width,
                value: &value,
                spot: &spot,
            },
        );
        for (all, one) in goes_on.iter_mut().zip(more) {
            *all |= one;
        }
    }
    canvas.goes_on(inner, goes_on);
    let beyond = scale.beyond(values.values().iter().copied());
    draw_legend(canvas, area, (scale, beyond), taken);
}

/// The colour bar, in the pane's lower right corner, in the room that the line there leaves.
pub(super) fn draw_legend(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (scale, beyond): (Scale, Beyond),
    taken: usize,
) {
    const WIDTHS: (u16, u16) = (14, 20);
    // a sign that numbers lie beyond an end takes no colour its room
    const SIGN: u16 = 3;
    // corners, the line with its blanks, and what keeps the bar apart
    let room = area.width.saturating_sub(taken as u16 + 7);
    if area.width < 60 || area.height == 0 || room < WIDTHS.0 {
        return;
    }
    let signs = u16::from(beyond.below) + u16::from(beyond.above);
    let width = room.min(WIDTHS.1 + SIGN * signs);
    let line = legend(canvas.look, scale, beyond, width);
    let x = area.right() - width - 2;
    canvas.buf.set_line(x, area.bottom() - 1, &line, width);
}

fn cell_width(width: u16, heads: usize, len: usize) -> u16 {
    let labels = heads as u16 * (LABEL + GAP) - GAP;
    let cells = u16::try_from(heads * len).unwrap_or(u16::MAX);
    (width.saturating_sub(labels) / cells.max(1)).clamp(1, WIDEST_STRIP)
}

/// As many heads side by side as leave their cells wide enough for a number.
fn heads_that_fit(canvas: &Canvas<'_>, inner: Rect) -> usize {
    let config = &canvas.state.model.config;
    let len = canvas.state.task().seq_len();
    (2..=config.n_layers * config.n_heads)
        .rev()
        .find(|&heads| cell_width(inner.width, heads, len) >= GOOD_CELL)
        .unwrap_or(1)
}

fn shown_values(seen: &Observation, shown: Shown, scores: bool) -> Array {
    let of = |run: &crate::lens::RunView| {
        let values = if scores { &run.scores } else { &run.pattern };
        values.clone()
    };
    match shown {
        Shown::Run(run) => of(seen.run(run)),
        Shown::Difference => of(&seen.patched).minus(&of(seen.base())),
    }
}

fn scale(shown: Shown, scores: bool, values: &Array) -> Scale {
    let largest = || {
        let finite = values.values().iter().filter(|value| value.is_finite());
        finite.fold(0.0f32, |max, value| max.max(value.abs()))
    };
    match (shown, scores) {
        (Shown::Run(_), false) => Scale::Sequential { max: 1.0 },
        (Shown::Difference, false) => Scale::Diverging { max: 1.0 },
        (_, true) => Scale::Diverging {
            max: largest().max(1e-6),
        },
    }
}

/// A cell of attention. Nothing attends forwards, unless an intervention makes it: what a mask
/// leaves is no probability and no score.
fn cell(values: &Array, index: [usize; 4], scores: bool) -> HeatCell {
    let value = values.get(&index);
    let masked = index[3] > index[2];
    match value {
        Some(value) if masked && (!value.is_finite() || !scores && value == 0.0) => {
            HeatCell::Masked
        }
        Some(value) => HeatCell::Value(value),
        None => HeatCell::NotAvailable,
    }
}

/// The exact value under the cursor.
fn cursor_line(canvas: &Canvas<'_>, seen: &Observation, values: &Array) -> Line<'static> {
    let state = canvas.state;
    let at = state.view.attention;
    let task = state.task();
    let arrow = canvas.look.pick("→", "->");
    let place = format!("{} {arrow} {}  ", task.label(at.dest), task.label(at.src));
    let index = [at.layer, at.head, at.dest, at.src];
    let here = cell(values, index, at.scores);
    let text = if here == HeatCell::Masked {
        "masked".to_owned()
    } else {
        let run = seen.run(state.view.shown.run());
        match (state.view.shown, values.get(&index)) {
            (Shown::Difference, Some(value)) => plus(value, 4),
            _ => format!(
                "p {} score {}",
                fixed(run.pattern.get(&index).unwrap_or(f32::NAN), 4),
                fixed(run.scores.get(&index).unwrap_or(f32::NAN), 3)
            ),
        }
    };
    Line::from(vec![
        canvas.span(Role::Accent, place),
        canvas.span(canvas.number_role(), text),
    ])
}

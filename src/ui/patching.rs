//! The patching grids: strips of layer by position, and the pattern cell grid.

use super::arranged::Arranged;
use super::attention::{Matrix, draw_legend, matrix};
use super::canvas::{Canvas, scroll_to};
use super::fit::{Part, shortened};
use super::heatmap::{Beyond, HeatCell, Heatmap, Scale, middle};
use super::layout::{LABEL, STRIP_LABEL, WIDEST_STRIP};
use super::positions::{ALL, Names, rows_of};
use super::theme::Role;
use crate::app::{Pane, Spot, StripColumn, strip_cell, strip_rows};
use crate::lens::{Cell, GridName, Measure, Observation, Reading};
use crate::task::number::plus;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Effects up to here keep the plain scale, on which one colour's end is as clean.
const OVERSHOOT: f32 = 1.5;

/// One scale for all grids of an observation. A cell's number is the metric, told as `reading`
/// says; its colour is what the patch changes: neutral is the metric as it is without the patch,
/// that is 0 when denoising and 1 when noising, as long as there are no interventions.
fn scale(seen: &Observation, reading: Reading) -> Scale {
    let metric = seen.metric.as_ref();
    let base = metric.and_then(|values| values.normalised(values.patched));
    let base = base.filter(|base| base.is_finite()).unwrap_or(0.0);
    let changes = shares(seen).map(|value| (value - base).abs());
    let most = changes
        .filter(|change| change.is_finite())
        .fold(1.0f32, f32::max);
    let reach = if most <= OVERSHOOT { 1.0 } else { most };
    let told = |share: f32| metric.map_or(share, |values| values.read(reading, share));
    let centre = told(base);
    Scale::Around {
        centre: (centre * 100.0).round() / 100.0,
        reach: match reading.is_share() {
            true => reach,
            false => (told(base + reach) - centre).abs(),
        },
    }
}

/// The numbers of all grids, as shares of the metric.
fn shares(seen: &Observation) -> impl Iterator<Item = f32> {
    let whole = seen.grids.iter().flat_map(|grid| grid.values.values());
    whole.copied().chain(seen.blocks.values())
}

/// At which ends of that scale numbers of the grids lie beyond it.
fn beyond(seen: &Observation, reading: Reading, scale: Scale) -> Beyond {
    let metric = seen.metric.as_ref();
    let told = |share: f32| metric.map_or(share, |values| values.read(reading, share));
    scale.beyond(shares(seen).map(told))
}

/// A grid's number, told as the view wants it.
fn value(reading: Reading, seen: &Observation, grid: GridName, cell: Cell) -> HeatCell {
    match seen.told(reading, grid, cell) {
        Some(told) => HeatCell::Value(told),
        None if seen.metric.is_some() && seen.grid(grid).is_none() => HeatCell::Coming,
        None => HeatCell::NotAvailable,
    }
}

/// How the cells tell their metric, where it is not the usual way.
fn reading(canvas: &Canvas<'_>) -> Option<Part> {
    let reading = canvas.state.view.reading;
    let other = reading != Reading::default();
    other.then(|| canvas.part(0, Role::Accent, format!(" {}", reading.words())))
}

/// The metric in the three runs, in fewer words where there is less room.
fn title(canvas: &Canvas<'_>, seen: &Observation, width: u16) -> Vec<Part> {
    let mut parts = vec![canvas.part(0, Role::Text, seen.experiment.direction.name())];
    parts.extend(reading(canvas));
    let Some(values) = &seen.metric else {
        parts.push(canvas.part(0, Role::Warn, canvas.state.no_metric()));
        return parts;
    };
    let wide = width >= 76;
    let metric = values.metric;
    let at = canvas.state.task().read_at(metric.position);
    let words = match (wide, values.measure) {
        (true, measure) => format!("  {} at {at}", metric.words(canvas.state.task(), measure)),
        (false, Measure::LogitDiff) => {
            let name = |class| shortened(canvas.look, &canvas.state.task().class_name(class), 6);
            format!(" [{}]-[{}] {at}", name(metric.answer), name(metric.other))
        }
        (false, measure) => format!(" {} @{at}", measure.name()),
    };
    parts.push(canvas.part(0, canvas.number_role(), words));
    let (gap, corrupted) = if wide {
        ("  ", "corrupted")
    } else {
        (" ", "corr.")
    };
    let ends = [
        (3, Role::Clean, "clean", values.clean),
        (4, Role::Corrupted, corrupted, values.corrupted),
    ];
    let end = |(goes, role, name, value): (_, _, _, f32)| {
        // what is large needs fewer decimals where there is little room
        let decimals = if wide || value.abs() < 10.0 { 2 } else { 1 };
        let value = values.measure.written(value, decimals);
        canvas.part(goes, role, format!("{gap}{name} {value}"))
    };
    parts.extend(ends.map(end));
    if !seen.is_whole() {
        let words = format!("  {} parts to come", seen.blocks.left);
        parts.push(canvas.part(0, Role::Muted, words));
    }
    parts
}

pub(super) fn strips(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let Some(seen) = state.observation.clone() else {
        canvas.frame(
            Pane::Strips,
            area,
            vec![canvas.part(0, Role::Muted, "...")],
            None,
        );
        return;
    };
    let title = title(canvas, &seen, area.width);
    let below = strips_cursor(canvas, &seen);
    let taken = below.width();
    let inner = canvas.frame(Pane::Strips, area, title, Some(below));
    let config = &state.model.config;
    let rows = strip_rows(config);
    let len = state.task().seq_len();
    let view = state.view.strips;
    let scale = scale(&seen, state.view.reading);
    let layers = config.n_layers;
    let at = Arranged::new(inner, rows.len() as u16, len as u16, layers as u16);
    let first_layer = scroll_to(view.layer, at.layers, layers, 0);
    let first_row = scroll_to(view.row, at.rows, rows.len(), 0);
    let focused = state.view.focus == Pane::Strips;
    let column = match view.column {
        StripColumn::Pos(pos) => pos,
        StripColumn::All => len,
    };
    let first_column = match at.layers {
        1 => scroll_to(column, at.columns(inner), len + 1, 0),
        _ => 0,
    };
    for slot in 0..at.layers {
        let layer = first_layer + slot;
        let place = at.place(inner, slot);
        if slot == 0 || at.stacked {
            let here = focused && (!at.stacked || layer == view.layer);
            let names = Rect {
                x: inner.x,
                width: STRIP_LABEL,
                ..place
            };
            strip_names(canvas, names, &at, first_row, here.then_some(view.row));
        }
        if at.stacked {
            let above = Rect {
                y: place.y.saturating_sub(1),
                ..inner
            };
            let style = canvas.look.style(role(layer == view.layer));
            canvas.text(inner.x, above.y, above, &format!("layer {layer}"), style);
        }
        let named = |column: usize| match column == len {
            true => StripColumn::All,
            false => StripColumn::Pos(column),
        };
        let value = |row: usize, column: usize| {
            let (grid, head) = rows[row];
            match strip_cell(grid, head, layer, named(column)) {
                Some((grid, cell)) => value(state.view.reading, &seen, grid, cell),
                None => HeatCell::Masked,
            }
        };
        strip_header(canvas, place, at.top, layer, (&at, first_column));
        let spot = |row: usize, column: usize| Spot::Strip {
            row,
            layer,
            column: named(column),
        };
        let heatmap = Heatmap {
            look: canvas.look,
            rows: rows.len(),
            columns: len + 1,
            cell_width: at.cell,
            cell_height: at.high,
            scale,
            cursor: (focused && layer == view.layer).then_some((view.row, column)),
            stale: state.is_stale(),
            value: &value,
        };
        canvas.heat(&heatmap, place, (first_row, first_column), &spot);
    }
    let columns = match at.layers {
        1 => first_column + at.columns(inner) < len + 1,
        _ => false,
    };
    let marks = [
        first_row > 0,
        first_row + at.rows < rows.len(),
        first_column > 0 || first_layer > 0,
        columns || first_layer + at.layers < layers,
    ];
    canvas.goes_on(inner, marks);
    let beyond = beyond(&seen, state.view.reading, scale);
    draw_legend(canvas, area, (scale, beyond), taken);
}

const fn role(here: bool) -> Role {
    if here { Role::Accent } else { Role::Muted }
}

/// The names of the grids, left of a layer's cells.
fn strip_names(
    canvas: &mut Canvas<'_>,
    area: Rect,
    at: &Arranged,
    first: usize,
    cursor: Option<usize>,
) {
    let config = &canvas.state.model.config;
    let rows = strip_rows(config).into_iter().enumerate();
    for (i, (grid, head)) in rows.skip(first).take(at.rows) {
        let name = match head {
            Some(head) if config.n_heads > 1 => format!("{}.{head}", grid.name()),
            _ => grid.name().to_owned(),
        };
        let y = area.y + (i - first) as u16 * at.high + middle(at.high);
        let style = canvas.look.style(role(cursor == Some(i)));
        canvas.text(area.x, y, area, &name, style);
    }
}

/// The rows above a layer's cells, as many as there are: the layer's name, and positions. Where
/// there is no row for the layer, its number stands before those of the positions.
fn strip_header(
    canvas: &mut Canvas<'_>,
    place: Rect,
    rows: u16,
    layer: usize,
    (at, first): (&Arranged, usize),
) {
    let task = canvas.state.task();
    let view = canvas.state.view.strips;
    let here = layer == view.layer;
    let style = canvas.look.style(role(here));
    let names = rows.min(rows_of(at.cell));
    let above = |rows: u16| Rect {
        y: place.y - rows,
        height: rows,
        ..place
    };
    let column = match view.column {
        StripColumn::Pos(pos) => pos,
        StripColumn::All => task.seq_len(),
    };
    let mut labels = task.labels();
    labels.push(ALL.to_owned());
    Names {
        area: above(names),
        labels: &labels,
        first,
        cell_width: at.cell,
        current: here.then_some(column),
    }
    .draw(canvas);
    if rows > names {
        let name = format!(" layer {layer}");
        canvas.text(place.x, place.y - rows, above(rows), &name, style);
    } else if names > 1 || at.gap > 1 {
        let wide = Rect {
            x: place.x - at.gap,
            ..above(1)
        };
        canvas.text(wide.x, wide.y, wide, &format!("L{layer}"), style);
    }
}

/// The exact value under the strips' cursor, and what it patches.
fn strips_cursor(canvas: &Canvas<'_>, seen: &Observation) -> Line<'static> {
    let view = canvas.state.view.strips;
    match view.cell(&canvas.state.model.config) {
        Some((grid, cell)) => cursor_line(canvas, seen, grid, cell),
        None => Line::from(canvas.span(Role::Muted, "no patch at all positions")),
    }
}

fn cursor_line(
    canvas: &Canvas<'_>,
    seen: &Observation,
    grid: GridName,
    cell: Cell,
) -> Line<'static> {
    let task = canvas.state.task();
    let arrow = canvas.look.pick("→", "->");
    let head = cell
        .head
        .map_or_else(String::new, |head| format!(".{head}"));
    let place = match (cell.pos, cell.src) {
        (Some(dest), Some(src)) => format!("{} {arrow} {}", task.label(dest), task.label(src)),
        (Some(pos), None) => format!("@{}", task.label(pos)),
        _ => "@*".to_owned(),
    };
    // the pattern cells have a pane, and so a name, of their own
    let name = match grid {
        GridName::PatternDestSrc => "",
        _ => grid.name().trim_end_matches("_all_pos"),
    };
    let place = format!("{name} {}{head} {place}  ", cell.layer);
    let place = place.trim_start().to_owned();
    let reading = canvas.state.view.reading;
    let text = match value(reading, seen, grid, cell) {
        HeatCell::Value(value) if value.is_finite() => plus(value, 4),
        HeatCell::Coming => {
            let words = match seen.blocks.left {
                0 => "being computed".to_owned(),
                left => format!("being computed, {left} parts of grids left"),
            };
            return Line::from(vec![
                canvas.span(Role::Accent, place),
                canvas.span(Role::Muted, words),
            ]);
        }
        _ => "n/a".to_owned(),
    };
    Line::from(vec![
        canvas.span(Role::Accent, place),
        canvas.span(canvas.number_role(), text),
        canvas.span(Role::Muted, format!("  {}", reading.short())),
    ])
}

pub(super) fn cells(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let view = state.view.cells;
    let Some(seen) = state.observation.clone() else {
        canvas.frame(
            Pane::Cells,
            area,
            vec![canvas.part(0, Role::Muted, "...")],
            None,
        );
        return;
    };
    let mut title = vec![canvas.part(0, Role::Text, format!("{}.{}", view.layer, view.head))];
    title.extend(reading(canvas));
    let below = cursor_line(canvas, &seen, GridName::PatternDestSrc, view.cell());
    let inner = canvas.frame(Pane::Cells, area, title, Some(below));
    let len = state.task().seq_len() as u16;
    let cell_width = (inner.width.saturating_sub(LABEL) / len).clamp(1, WIDEST_STRIP);
    let causal = state.model.config.is_causal();
    let at = |dest: usize, src: usize| {
        if src > dest && causal {
            return HeatCell::Masked;
        }
        let cell = Cell {
            pos: Some(dest),
            src: Some(src),
            ..view.cell()
        };
        value(state.view.reading, &seen, GridName::PatternDestSrc, cell)
    };
    let more = matrix(
        canvas,
        inner,
        view.dest,
        &Matrix {
            scale: scale(&seen, state.view.reading),
            cursor: Some((view.dest, view.src)),
            focused: state.view.focus == Pane::Cells,
            cell_width,
            value: &at,
            spot: &|dest, src| Spot::Cell { dest, src },
        },
    );
    canvas.goes_on(inner, more);
}

//! A chart's place in a pane: beside the table, above it, or alone; and in it two axes with round numbers, with room
//! for points between them.
//!
//! ```text
//! 30┤ ⢀⠔⡄   •
//!   │ ⡎ ⠘⡄ ⢠⠃
//! 28┤⡸   ⠈⢆⠎
//!   └─┬───┬───
//!     0   10
//! ```

use super::canvas::Canvas;
use super::fit::shortened;
use super::gauge::Gauge;
use super::theme::Role;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns and rows that a chart needs at least.
pub(super) const LEAST: (u16, u16) = (30, 7);
/// Columns that it has beside a table.
const BESIDE: u16 = 40;
/// Rows that a table has below it.
const BELOW: u16 = 6;

/// Where chart and table stand; `None` where there is no room for a chart. The chart comes first: where there is no
/// room for both, the table goes.
pub(super) fn shared(area: Rect, numbers: u16) -> Option<(Rect, Rect)> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let width = area.width.saturating_sub(numbers + 1);
    if width >= BESIDE {
        let x = area.right() - width;
        let table = Rect {
            width: area.width - width - 1,
            ..area
        };
        return Some((Rect { x, width, ..area }, table));
    }
    let below = match area.height >= LEAST.1 + BELOW {
        true => BELOW,
        false => 0,
    };
    let height = area.height - below;
    let table = Rect {
        y: area.y + height,
        height: below,
        ..area
    };
    Some((Rect { height, ..area }, table))
}

/// Two axes around what is drawn.
pub(super) struct Plane {
    /// What is drawn stands here.
    pub field: Rect,
    across: Gauge,
    up: Gauge,
}

/// Dots in a cell of a terminal, across and up.
const FINE: (usize, usize) = (2, 4);

impl Plane {
    /// The axes of numbers both across and up.
    pub fn new(canvas: &mut Canvas<'_>, area: Rect, across: Gauge, up: Gauge) -> Option<Self> {
        let plane = Self::over_names(canvas, area, across, up)?;
        let ticks = across.ticks(usize::from(plane.field.width) / 8);
        let column = |at: f64| plane.cell(at, up.ends.0).map(|(x, _)| x);
        let ticks = ticks.into_iter();
        let names = ticks.filter_map(|(at, text)| Some((column(at)?, text, false)));
        below(canvas, area, plane.field, names.collect());
        Some(plane)
    }

    /// Axes without what stands below.
    pub fn over_names(
        canvas: &mut Canvas<'_>,
        area: Rect,
        across: Gauge,
        up: Gauge,
    ) -> Option<Self> {
        let field = frame(canvas, area, &up)?;
        Some(Self { field, across, up })
    }

    /// The dot at a place, from the upper left.
    fn dot(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let (x, y) = (self.across.share(x), 1.0 - self.up.share(y));
        // an end's tick may lie a little beyond it
        let is_within = |share: f64| (-0.001..=1.001).contains(&share);
        let at = |share: f64, dots: usize| (share.clamp(0.0, 1.0) * (dots - 1) as f64).round();
        (is_within(x) && is_within(y)).then(|| {
            let across = usize::from(self.field.width) * FINE.0;
            let up = usize::from(self.field.height) * FINE.1;
            (at(x, across) as usize, at(y, up) as usize)
        })
    }

    /// The cell at a place.
    pub fn cell(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let (x, y) = self.dot(x, y)?;
        let (x, y) = ((x / FINE.0) as u16, (y / FINE.1) as u16);
        Some((self.field.x + x, self.field.y + y))
    }

    /// A character at a place; its cell.
    pub fn mark(
        &self,
        canvas: &mut Canvas<'_>,
        (x, y): (f64, f64),
        mark: &str,
        style: Style,
    ) -> Option<Rect> {
        let (x, y) = self.cell(x, y)?;
        canvas.text(x, y, self.field, mark, style);
        Some(Rect::new(x, y, 1, 1))
    }
}

/// The axis at the left and the line below; what is left between them.
pub(super) fn frame(canvas: &mut Canvas<'_>, area: Rect, up: &Gauge) -> Option<Rect> {
    let height = area.height.checked_sub(2).filter(|height| *height >= 2)?;
    let ticks = up.ticks(usize::from(height) / 2);
    let widest = ticks.iter().map(|(_, text)| text.chars().count()).max();
    let label = widest.unwrap_or(0) as u16;
    // beside the axis a column is free, so that what is near it does not lie on it
    let field = Rect {
        x: area.x + label + 2,
        width: area
            .width
            .checked_sub(label + 2)
            .filter(|width| *width >= 4)?,
        height,
        ..area
    };
    let style = canvas.look.style(Role::Muted);
    let (line, tick) = (canvas.look.pick("│", "|"), canvas.look.pick("┤", "+"));
    let axis = field.x - 2;
    for y in field.top()..field.bottom() {
        canvas.text(axis, y, area, line, style);
    }
    let mut taken = Vec::new();
    for (at, text) in ticks {
        let row = (1.0 - up.share(at)) * f64::from(height * FINE.1 as u16 - 1);
        let y = field.y + (row.round().max(0.0) as u16 / FINE.1 as u16).min(height - 1);
        if !taken.contains(&y) {
            let text = format!("{text:>width$}{tick}", width = usize::from(label));
            canvas.text(area.x, y, area, &text, style);
            taken.push(y);
        }
    }
    let corner = canvas.look.pick("└", "+");
    canvas.text(axis, field.bottom(), area, corner, style);
    let line = canvas.look.pick("─", "-");
    for x in axis + 1..field.right() {
        canvas.text(x, field.bottom(), area, line, style);
    }
    Some(field)
}

/// Names below an axis: the column each belongs to, and whether it is the cursor's, which is written in any case.
pub(super) fn below(
    canvas: &mut Canvas<'_>,
    area: Rect,
    field: Rect,
    mut names: Vec<(u16, String, bool)>,
) {
    names.sort_by_key(|(column, _, at_cursor)| (!at_cursor, *column));
    let muted = canvas.look.style(Role::Muted);
    let accent = canvas.look.style(Role::Accent);
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (column, name, at_cursor) in names {
        let name = shortened(canvas.look, &name, usize::from(field.width));
        let long = name.chars().count() as u16;
        let from = (column + 1).saturating_sub(long.div_ceil(2)).max(area.x);
        let from = from.min(area.right().saturating_sub(long));
        if taken
            .iter()
            .any(|&(start, end)| from <= end && start <= from + long)
        {
            continue;
        }
        taken.push((from, from + long));
        let tick = match at_cursor {
            true => canvas.look.pick("▲", "^"),
            false => canvas.look.pick("┬", "+"),
        };
        let style = if at_cursor { accent } else { muted };
        canvas.text(column, field.bottom(), area, tick, style);
        canvas.text(from, field.bottom() + 1, area, &name, style);
    }
}

/// Names of some of many places in equal steps, as many as there is room for, and that of the cursor.
pub(super) fn some_names(
    names: &[String],
    column: impl Fn(usize) -> u16,
    cursor: usize,
) -> Vec<(u16, String, bool)> {
    let longest = names.iter().map(|name| name.chars().count()).max();
    let needed = longest.unwrap_or(1).min(8) as u16 + 1;
    let last = names.len().saturating_sub(1);
    let wide = |each: usize| column(each.min(last)).saturating_sub(column(0)) >= needed;
    let steps = (0..6).flat_map(|power| [1, 2, 5].map(|one: usize| one * 10_usize.pow(power)));
    let each = steps.into_iter().find(|&each| each >= last || wide(each));
    let each = each.unwrap_or(last).max(1);
    let all = names.iter().enumerate();
    let some = all.filter(|(i, _)| *i == cursor || i % each == 0);
    some.map(|(i, name)| (column(i), name.clone(), i == cursor))
        .collect()
}

/// What lies up and across, and in a last part what else is to be said above a chart.
pub(super) fn title(canvas: &Canvas<'_>, up: &str, across: &str) -> String {
    let (above, along) = (canvas.look.pick("↑", "up"), canvas.look.pick("→", "across"));
    match across {
        "" => format!("{above} {up}"),
        _ => format!("{above} {up}  {along} {across}"),
    }
}

/// Dots in the cells of a plane, those that come later in front; in ASCII a cell has one.
pub(super) struct Dots<'a> {
    plane: &'a Plane,
    cells: Vec<Option<(u8, Style)>>,
}

impl<'a> Dots<'a> {
    pub fn new(plane: &'a Plane) -> Self {
        let field = plane.field;
        let cells = vec![None; usize::from(field.width) * usize::from(field.height)];
        Self { plane, cells }
    }

    /// A dot at a place.
    pub fn add(&mut self, (x, y): (f64, f64), style: Style) {
        if let Some((x, y)) = self.plane.dot(x, y) {
            self.put(x, y, style);
        }
    }

    fn put(&mut self, x: usize, y: usize, style: Style) {
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let at = y / FINE.1 * usize::from(self.plane.field.width) + x / FINE.0;
        if let Some(cell) = self.cells.get_mut(at) {
            let before = cell.map_or(0, |(bits, _)| bits);
            *cell = Some((before | BITS[x % FINE.0][y % FINE.1], style));
        }
    }

    /// Dots from a place to another one.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), style: Style) {
        let [from, to] = [from, to].map(|(x, y)| self.plane.dot(x, y));
        let (Some(from), Some(to)) = (from, to) else {
            return;
        };
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between = |from: usize, to: usize, step: usize| {
            let share = step as f64 / steps as f64;
            (from as f64 + (to as f64 - from as f64) * share).round() as usize
        };
        for step in 0..=steps {
            let (x, y) = (between(from.0, to.0, step), between(from.1, to.1, step));
            self.put(x, y, style);
        }
    }

    /// Puts them on the screen; in ASCII as this mark.
    pub fn draw(self, canvas: &mut Canvas<'_>, plain: &str) {
        let field = self.plane.field;
        for (i, cell) in self.cells.into_iter().enumerate() {
            let Some((bits, style)) = cell else { continue };
            let (x, y) = (i % usize::from(field.width), i / usize::from(field.width));
            let braille = char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ');
            let text = match canvas.look.ascii {
                true => plain.to_owned(),
                false => braille.to_string(),
            };
            canvas.text(field.x + x as u16, field.y + y as u16, field, &text, style);
        }
    }
}

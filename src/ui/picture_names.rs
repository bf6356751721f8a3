//! What is written around a picture: its axes, the names of its rows and columns, and which strips are means.

use super::canvas::Canvas;
use super::fit::shortened;
use super::marks;
use super::picture::{LABEL, MEAN, Picture};
use super::theme::Role;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Rows of the terminal between two names where rows are crowded, at least.
const CROWDED: usize = 4;

impl Picture<'_> {
    /// The axes' names, and the names of rows and columns, those of the cursor among them.
    pub(super) fn names(&self, canvas: &mut Canvas<'_>, halves: usize, label: u16, place: Rect) {
        let muted = canvas.look.style(Role::Muted);
        let title = shortened(canvas.look, &self.title(canvas), place.width.into());
        canvas.text(place.x, place.y, place, &title, muted);
        let room = usize::from(label.saturating_sub(1));
        self.row_names(canvas, halves, room, place.x);
        let strip = format!("{MEAN:>room$}");
        canvas.text(place.x, self.field.bottom(), canvas.buf.area, &strip, muted);
        if self.field.bottom() + 1 < place.bottom() {
            self.column_names(canvas, place);
        }
    }

    /// What lies down and across, and what else there is to know.
    fn title(&self, canvas: &Canvas<'_>) -> String {
        let (down, across) = (
            canvas.look.pick("↓", "down"),
            canvas.look.pick("→", "across"),
        );
        let axis = |i: usize, default: &str| {
            let name = self.table.axes.get(i);
            let name = name.cloned().unwrap_or_else(|| default.to_owned());
            let names = [&self.table.rows, &self.table.cols][i];
            let shown = &self.shown[i];
            match shown.len() == names.len() {
                true => name,
                false => format!("{name} {} to {}", names[shown.start], names[shown.end - 1]),
            }
        };
        let own = self.own.map(|own| own == self.cursor);
        let own = own.map(|here| format!("  {}", marks::own_words(canvas.look, here)));
        let shared = match (self.down.shared(), self.across.shared()) {
            (1, 1) => String::new(),
            (1, _) => self.across.shared_words(),
            (_, 1) => self.down.shared_words(),
            (down, across) => format!("up to {}", down * across),
        };
        let shared = match shared.as_str() {
            "" => shared,
            n => format!("  each place: the most extreme of {n}"),
        };
        let (rows, columns) = (axis(0, "rows"), axis(1, "columns"));
        let own = own.unwrap_or_default();
        format!("{down} {rows}  {across} {columns}{own}{shared}  + closer")
    }

    /// The row of the terminal that a row's name stands in: the middle of its band.
    fn line(&self, row: usize, halves: usize) -> u16 {
        let high = (self.down.wide / halves).max(1);
        let first = self.down.place(row - self.shown[0].start) / halves;
        (first + (high - 1) / 2) as u16
    }

    /// Every row has its name where each has a row of the terminal of its own.
    fn row_names(&self, canvas: &mut Canvas<'_>, halves: usize, room: usize, x: u16) {
        let muted = canvas.look.style(Role::Muted);
        let row = self.cursor.0;
        let each = match self.down.shared() == 1 && self.down.wide >= halves {
            true => 1,
            false => (CROWDED * halves / self.down.wide.max(1)).max(1) * self.down.shared(),
        };
        let here = self.line(row, halves);
        for i in self.shown[0].clone().step_by(each) {
            let line = self.line(i, halves);
            if line != here {
                let at = (x, self.field.y + line);
                self.name(canvas, at, room, &self.table.rows[i], muted);
            }
        }
        let accent = canvas.look.style(Role::Accent);
        if let Some(name) = self.table.rows.get(row) {
            self.name(canvas, (x, self.field.y + here), room, name, accent);
        }
    }

    fn column_names(&self, canvas: &mut Canvas<'_>, place: Rect) {
        let muted = canvas.look.style(Role::Muted);
        let y = self.field.bottom() + 1;
        let col = self.cursor.1;
        let names = self.table.cols.iter();
        let widest = names.map(|name| name.chars().count()).max();
        let widest = widest.unwrap_or(1).min(LABEL) + 1;
        // the strip's name ends below it, where the last columns have theirs
        let strip = (self.field.right() + 3).saturating_sub(MEAN.len() as u16);
        let width = usize::from(strip - self.field.x).saturating_sub(1);
        let own = self
            .table
            .cols
            .get(col)
            .map(|name| shortened(canvas.look, name, LABEL));
        let own = own.unwrap_or_default();
        let here = self.across.place(col - self.shown[1].start);
        let here = here.min(width.saturating_sub(own.chars().count()));
        let mut next = 0;
        for i in self.shown[1].clone() {
            let (name, x) = (
                &self.table.cols[i],
                self.across.place(i - self.shown[1].start),
            );
            let apart = x + widest <= here || x >= here + widest;
            if x >= next && apart && x + widest <= width + 1 {
                let name = shortened(canvas.look, name, widest - 1);
                canvas.text(self.field.x + x as u16, y, place, &name, muted);
                next = x + widest.max(10);
            }
        }
        canvas.text(strip, y, place, MEAN, muted);
        let accent = canvas.look.style(Role::Accent);
        canvas.text(self.field.x + here as u16, y, place, &own, accent);
    }

    fn name(
        &self,
        canvas: &mut Canvas<'_>,
        (x, y): (u16, u16),
        room: usize,
        name: &str,
        style: Style,
    ) {
        let text = format!("{:>room$}", shortened(canvas.look, name, room));
        if y < self.field.bottom() {
            canvas.text(x, y, canvas.buf.area, &text, style);
        }
    }
}

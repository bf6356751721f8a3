//! What every pane draws with: state, look and buffer, and the frame around a pane.

use super::fit::{Part, fitted, shortened, without_the_least};
use super::heatmap::Heatmap;
use super::look::Look;
use super::theme::Role;
use crate::app::{Pane, Shown, Spot, State};
use crate::lens::{Direction, Intervention, RunName};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

/// How soon a pane's name goes where its title is too long.
const NAME: u8 = 1;

/// State, look and buffer, and what was drawn that can be pointed at.
pub(super) struct Canvas<'a> {
    pub state: &'a State,
    pub look: &'a Look,
    pub buf: &'a mut Buffer,
    /// Where what stands; what comes later lies on top.
    pub spots: Vec<(Rect, Spot)>,
    /// Whether what is drawn stands beside what has the focus, and looks as if it had none.
    pub beside: bool,
    /// Whether there are several panes on screen.
    pub abreast: bool,
}

impl Canvas<'_> {
    /// Says what stands in an area, for who points there.
    pub fn spot(&mut self, area: Rect, spot: Spot) {
        let area = area.intersection(self.buf.area);
        if !area.is_empty() {
            self.spots.push((area, spot));
        }
    }

    /// Says what stands in a row of an area, if there is that row.
    pub fn spot_row(&mut self, area: Rect, row: u16, spot: Spot) {
        if row < area.height {
            let y = area.y + row;
            let height = 1;
            self.spot(Rect { y, height, ..area }, spot);
        }
    }

    /// Draws a heatmap from a cell on, each cell as what it is.
    pub fn heat(
        &mut self,
        heatmap: &Heatmap<'_>,
        area: Rect,
        first: (usize, usize),
        spot: &dyn Fn(usize, usize) -> Spot,
    ) {
        heatmap.render(area, self.buf, first.0, first.1);
        for (place, (row, column)) in heatmap.places(area, first) {
            self.spot(place, spot(row, column));
        }
    }

    pub fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(self.look.plain(text.into()), self.look.style(role))
    }

    /// The style of numbers: dimmed while they belong to something older.
    pub fn number_role(&self) -> Role {
        if self.state.is_stale() {
            Role::Stale
        } else {
            Role::Text
        }
    }

    /// The run on screen in its colour; a patched one says which run it was.
    pub fn run(&self, direction: Direction) -> Vec<Part> {
        self.run_of(self.state.view.shown, direction)
    }

    /// A run in its colour; a patched one says which run it was.
    pub fn run_of(&self, shown: Shown, direction: Direction) -> Vec<Part> {
        let role = match shown {
            Shown::Run(RunName::Clean) => Role::Clean,
            Shown::Run(RunName::Corrupted) => Role::Corrupted,
            Shown::Run(RunName::Patched) | Shown::Difference => Role::Patched,
        };
        let mut parts = vec![self.part(0, role, shown.name(direction))];
        if shown == Shown::Run(RunName::Patched) {
            let (role, base) = match direction.base() {
                RunName::Clean => (Role::Clean, " clean"),
                _ => (Role::Corrupted, " corr."),
            };
            parts.push(self.part(4, role, base));
        }
        parts
    }

    /// What was done to the patched run, where that is the one on screen: stands beside its
    /// numbers.
    pub fn kinds(&self) -> Option<Part> {
        let of_patched = !matches!(
            self.state.view.shown,
            Shown::Run(RunName::Clean | RunName::Corrupted)
        );
        self.all_kinds().filter(|_| of_patched)
    }

    /// What is done to the patched run.
    pub fn all_kinds(&self) -> Option<Part> {
        let seen = self.state.observation.as_deref()?;
        let all = &seen.experiment.interventions;
        let kinds = Intervention::kinds(all);
        // many kinds would leave no room for the pane's own name
        let kinds = match kinds.matches(", ").count() {
            0 | 1 => kinds,
            _ => format!("{} interventions", all.len()),
        };
        (!kinds.is_empty()).then(|| self.part(2, Role::Muted, format!(" ({kinds})")))
    }

    /// Something in a pane's title that goes early or late where room is short.
    pub fn part(&self, goes: u8, role: Role, text: impl Into<String>) -> Part {
        let span = self.span(role, text);
        Part { span, goes }
    }

    /// Draws a pane's border with what stands in its upper and lower edge; the room inside.
    pub fn frame(
        &mut self,
        pane: Pane,
        area: Rect,
        title: Vec<Part>,
        below: Option<Line<'static>>,
    ) -> Rect {
        self.spot(area, Spot::Pane(pane));
        let focused = self.state.view.focus == pane && !self.beside;
        let (role, borders) = if focused {
            (Role::Focus, self.look.focused_borders())
        } else {
            (Role::Border, self.look.borders())
        };
        let name = if focused { Role::Focus } else { Role::Title };
        // the corners, and a blank on either side
        let room = usize::from(area.width.saturating_sub(4));
        let gap = if title.is_empty() { "" } else { " " };
        // what an answer is about says that it is one
        let goes = match pane {
            Pane::Answer => 5,
            _ => NAME,
        };
        let mut parts = vec![self.part(goes, name, format!("{}{gap}", pane.title()))];
        parts.extend(title);
        let title = Line::from(without_the_least(parts, room));
        let mut block = Block::bordered()
            .border_set(borders)
            .border_style(self.look.style(role))
            .title_top(padded(fitted(self.look, title, room)));
        if let Some(line) = below {
            block = block.title_bottom(padded(fitted(self.look, line, room)));
        }
        let inner = block.inner(area);
        block.render(area, self.buf);
        inner
    }

    /// Marks on a pane's border where it goes on beyond what is on screen: above, below, left, right.
    pub fn goes_on(&mut self, inner: Rect, [above, below, left, right]: [bool; 4]) {
        if inner.is_empty() {
            return;
        }
        let look = self.look;
        let middle = inner.y + inner.height / 2;
        let marks = [
            (above, (inner.right(), inner.y), look.pick("↑", "^")),
            (
                below,
                (inner.right(), inner.bottom() - 1),
                look.pick("↓", "v"),
            ),
            (
                left,
                (inner.x.saturating_sub(1), middle),
                look.pick("‹", "<"),
            ),
            (right, (inner.right(), middle), look.pick("›", ">")),
        ];
        let style = look.style(Role::Accent);
        for (_, at, mark) in marks.into_iter().filter(|(there, ..)| *there) {
            if self.buf.area.contains(at.into()) {
                self.buf.set_stringn(at.0, at.1, mark, 1, style);
            }
        }
    }

    /// Text at a place, in the room up to the area's right edge; the column after it.
    pub fn text(&mut self, x: u16, y: u16, area: Rect, text: &str, style: Style) -> u16 {
        if y >= area.bottom() || x >= area.right() || y < area.y {
            return x;
        }
        let room = usize::from(area.right() - x);
        let text = shortened(self.look, &self.look.plain(text.to_owned()), room);
        self.buf.set_stringn(x, y, text, room, style).0
    }

    /// A line at a row of an area, if there is that row.
    pub fn line(&mut self, area: Rect, row: u16, line: &Line<'static>) {
        if row < area.height {
            let line = fitted(self.look, line.clone(), area.width.into());
            self.buf.set_line(area.x, area.y + row, &line, area.width);
        }
    }
}

/// A line with a blank on either side.
fn padded(mut line: Line<'static>) -> Line<'static> {
    let style = line
        .spans
        .first()
        .map_or_else(Style::new, |span| span.style);
    line.spans.insert(0, Span::styled(" ", style));
    line.spans.push(Span::raw(" "));
    line
}

/// The first of `total` rows that is shown so that `cursor` is among the `room` ones.
pub(super) fn scroll_to(cursor: usize, room: usize, total: usize, preferred: usize) -> usize {
    let most = total.saturating_sub(room);
    let first = preferred.min(most);
    if cursor < first {
        cursor
    } else if cursor >= first + room.max(1) {
        (cursor + 1).saturating_sub(room).min(most)
    } else {
        first
    }
}

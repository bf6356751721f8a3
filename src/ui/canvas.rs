//! What every pane draws with: state, look and buffer, and the frame around a pane.

use super::look::Look;
use super::theme::Role;
use crate::app::{Pane, Shown, State};
use crate::lens::{Intervention, RunName};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

/// State, look and buffer.
pub(super) struct Canvas<'a> {
    pub state: &'a State,
    pub look: &'a Look,
    pub buf: &'a mut Buffer,
}

impl Canvas<'_> {
    pub fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.look.style(role))
    }

    /// The style of numbers: dimmed while they belong to something older.
    pub fn number_role(&self) -> Role {
        if self.state.is_stale() {
            Role::Stale
        } else {
            Role::Text
        }
    }

    /// What was done to the patched run, where that is the one on screen: stands beside its
    /// numbers.
    pub fn kinds(&self) -> Option<Span<'static>> {
        let of_patched = !matches!(
            self.state.view.shown,
            Shown::Run(RunName::Clean | RunName::Corrupted)
        );
        self.all_kinds().filter(|_| of_patched)
    }

    /// What is done to the patched run.
    pub fn all_kinds(&self) -> Option<Span<'static>> {
        let seen = self.state.observation.as_deref()?;
        let kinds = Intervention::kinds(&seen.experiment.interventions);
        (!kinds.is_empty()).then(|| self.span(Role::Muted, format!(" ({kinds})")))
    }

    /// Draws a pane's border with what stands in its upper and lower edge; the room inside.
    pub fn frame(
        &mut self,
        pane: Pane,
        area: Rect,
        title: Vec<Span<'static>>,
        below: Option<Line<'static>>,
    ) -> Rect {
        let focused = self.state.view.focus == pane;
        let (role, borders) = if focused {
            (Role::Focus, self.look.focused_borders())
        } else {
            (Role::Border, self.look.borders())
        };
        let name = if focused { Role::Focus } else { Role::Title };
        let mut spans = vec![self.span(name, format!(" {} ", pane.title()))];
        if !title.is_empty() {
            spans.extend(title);
            spans.push(Span::raw(" "));
        }
        let mut block = Block::bordered()
            .border_set(borders)
            .border_style(self.look.style(role))
            .title_top(Line::from(spans));
        if let Some(mut line) = below {
            line.spans.insert(0, Span::raw(" "));
            line.spans.push(Span::raw(" "));
            block = block.title_bottom(line);
        }
        let inner = block.inner(area);
        block.render(area, self.buf);
        inner
    }

    /// Text at a place, cut at the area's right edge; the column after it.
    pub fn text(&mut self, x: u16, y: u16, area: Rect, text: &str, style: Style) -> u16 {
        if y >= area.bottom() || x >= area.right() || y < area.y {
            return x;
        }
        let room = usize::from(area.right() - x);
        self.buf.set_stringn(x, y, text, room, style).0
    }

    /// A line at a row of an area, if there is that row.
    pub fn line(&mut self, area: Rect, row: u16, line: &Line<'_>) {
        if row < area.height {
            self.buf.set_line(area.x, area.y + row, line, area.width);
        }
    }
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

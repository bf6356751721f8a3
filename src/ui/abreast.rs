//! The open answer, and the one that is pinned beside it.

use super::answer::answer;
use super::canvas::Canvas;
use crate::app::{Pane, Spot};
use ratatui::layout::Rect;

/// Columns that each of two answers side by side needs.
const LEAST: u16 = 36;

/// Draws both, each in its half of the dock; where there is no room for two, the open one alone.
pub(super) fn answers(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let Some(inquiry) = &state.inquiry else {
        canvas.frame(Pane::Answer, area, Vec::new(), None);
        return;
    };
    let Some(pinned) = state.pinned.as_ref().filter(|_| area.width >= 2 * LEAST) else {
        return answer(canvas, area, inquiry);
    };
    let left = Rect {
        width: area.width / 2,
        ..area
    };
    let right = Rect {
        x: left.right(),
        width: area.width - left.width,
        ..area
    };
    let (own, other) = match inquiry.slot {
        0 => (left, right),
        _ => (right, left),
    };
    let above = canvas.spots.len();
    canvas.beside = true;
    answer(canvas, other, pinned);
    canvas.beside = false;
    // all of it is one place: a click goes over to it
    canvas.spots.truncate(above);
    canvas.spot(other, Spot::Pinned);
    answer(canvas, own, inquiry);
}

//! Where everything stands.
//!
//! ```text
//! header ------------------------------------------------------------
//! prompt        | logits            | attention          at 120 columns
//! patching strips                   | pattern cells
//!                                   | interventions
//! footer ------------------------------------------------------------
//! ```
//! At 80x24 prompt and logits share the left half, the strips stand beside the intervention list,
//! and the pattern cells take the strips' place while they have the focus.
//!
//! An answer stands in the lower half, below the prompt, the logits and the attention that it is about, as
//! long as no pane of the lower half has the focus.

use super::arranged::highest;
use crate::app::Pane;
use ratatui::layout::Rect;

/// Below this nothing can be shown but a message.
const LEAST: (u16, u16) = (40, 12);
/// Below this one pane is shown at a time.
const WHOLE: (u16, u16) = (80, 24);
/// Columns of a position label.
pub(super) const LABEL: u16 = 5;
/// Columns of a strip's name.
pub(super) const STRIP_LABEL: u16 = 10;

/// The widest cell of a patching grid, of short prompts on wide screens: wider ones would be more colour than number.
pub(super) const WIDEST_STRIP: u16 = 12;

/// The frame's rectangles; a pane without one is not on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The terminal is too small for anything.
    TooSmall,
    /// The workbench.
    Panes {
        /// First row.
        header: Rect,
        /// The row of the model's steps below it, where it has some.
        steps: Option<Rect>,
        /// The text of the tutorial's step, where one is gone through.
        lesson: Option<Rect>,
        /// Last row.
        footer: Rect,
        /// The panes on screen.
        panes: Vec<(Pane, Rect)>,
    },
}

impl Layout {
    /// The rectangle of a pane, if it is on screen.
    #[must_use]
    pub fn pane(&self, pane: Pane) -> Option<Rect> {
        match self {
            Self::TooSmall => None,
            Self::Panes { panes, .. } => {
                let found = panes.iter().find(|(name, _)| *name == pane);
                found.map(|(_, area)| *area)
            }
        }
    }
}

/// What the layout depends on besides the size of the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The focused pane.
    pub focus: Pane,
    /// Whether it is to stand alone.
    pub zoomed: bool,
    /// Positions of a prompt.
    pub len: u16,
    /// Rows of the strips.
    pub strips: u16,
    /// Blocks of the model.
    pub layers: u16,
    /// Heads of all blocks.
    pub heads: u16,
    /// Rows that an open answer has to show.
    pub answer: Option<u16>,
    /// Whether more room shows more of it, though all its rows are there: it is a picture or a chart.
    pub grows: bool,
    /// Whether the model is one of several steps, with a row that says which, or one is trained.
    pub steps: bool,
    /// Letters of the open step of the tutorial.
    pub lesson: Option<u16>,
}

/// From this width on the text of a lesson stands at the side, so wide.
const SIDE: (u16, u16) = (118, 38);
/// Rows of the workbench that a lesson's text leaves alone, and the most that it takes.
const SPARE: (u16, u16) = (30, 9);

/// The body, and the lesson at its side or below it.
fn beside(body: Rect, letters: u16) -> (Rect, Rect) {
    if body.width >= SIDE.0 {
        let left = Rect {
            width: body.width - SIDE.1,
            ..body
        };
        let right = Rect {
            x: left.right(),
            width: SIDE.1,
            ..body
        };
        return (left, right);
    }
    // the heading, the key, the border, and what words leave empty at their lines' ends
    let lines = letters / body.width.saturating_sub(8).max(1) + 5;
    let rows = match body.height.saturating_sub(SPARE.0) {
        spare @ 4.. => lines.min(SPARE.1).min(spare),
        _ => 1,
    };
    cut_top(body, body.height - rows)
}

/// Whether a screen of that size shows the workbench.
#[must_use]
pub const fn has_room(width: u16, height: u16) -> bool {
    width >= LEAST.0 && height >= LEAST.1
}

/// The layout of a frame.
#[must_use]
pub fn layout(area: Rect, wanted: Wanted) -> Layout {
    if !has_room(area.width, area.height) {
        return Layout::TooSmall;
    }
    let (header, rest) = cut_top(area, 1);
    let (steps, rest) = cut_top(rest, u16::from(wanted.steps));
    let (body, footer) = cut_top(rest, rest.height - 1);
    let (body, lesson) = match wanted.lesson {
        None => (body, None),
        Some(letters) => {
            let (body, lesson) = beside(body, letters);
            (body, Some(lesson))
        }
    };
    let alone = wanted.zoomed && !fits_docked(body, wanted)
        || wanted.focus == Pane::Space
        || area.width < WHOLE.0
        || area.height < WHOLE.1;
    let panes = if alone {
        vec![(wanted.focus, body)]
    } else {
        workbench(body, wanted)
    };
    Layout::Panes {
        header,
        steps: wanted.steps.then_some(steps),
        lesson,
        footer,
        panes,
    }
}

/// Rows that an answer needs besides its own: the border, the headings and a line or two of notes; and at least.
const AROUND: u16 = 6;
const LEAST_AROUND: u16 = 4;

/// The rows of an answer in the lower half: as many as it has to show, within three fifths of all; all of the lower
/// half where the grids have no room above it.
fn docked(body: Rect, wanted: Wanted, top: u16) -> Option<u16> {
    let answer = wanted.answer?;
    let rows = answer.saturating_add(AROUND);
    let lower = body.height - top;
    let below_grids = lower.saturating_sub(wanted.strips + 4);
    let fits = answer.saturating_add(LEAST_AROUND) <= below_grids;
    if fits && !wanted.grows && !wanted.zoomed && wanted.focus != Pane::Cells {
        return Some(rows.min(below_grids));
    }
    let below = [Pane::Strips, Pane::Cells, Pane::Interventions];
    let most = body.height * 3 / 5;
    (!below.contains(&wanted.focus)).then(|| rows.min(most).max(lower))
}

/// Whether all rows of an answer are on screen below the panes that it is about: enlarged it would show no more, and
/// leave the rest of the screen empty.
fn fits_docked(body: Rect, wanted: Wanted) -> bool {
    let most = body.height * 3 / 5;
    let rows = wanted
        .answer
        .filter(|_| wanted.focus == Pane::Answer && !wanted.grows);
    rows.is_some_and(|rows| rows.saturating_add(AROUND) <= most)
}

/// Rows of the upper half where prompt and logits stand beside each other, and where one is above the other.
const LEAST_ABREAST: u16 = 7;
const LEAST_STACKED: u16 = 10;

fn workbench(body: Rect, wanted: Wanted) -> Vec<(Pane, Rect)> {
    let wide = body.width >= 116;
    let roomy = body.height >= 34;
    // an attention matrix with its border, and column labels where there is room for them
    let matrix = wanted.len + 2 + if roomy { 2 } else { 0 };
    // the shortest prompts leave the panes beside it what they need
    let matrix = matrix.max(if wide { LEAST_ABREAST } else { LEAST_STACKED });
    // two rows of names above the strips
    let strips = wanted.strips + 4;
    let top = if roomy {
        matrix
            .max(body.height * 9 / 20)
            .min(body.height - strips.min(12))
    } else {
        matrix.min(
            body.height
                .saturating_sub(strips.min(11))
                .max(body.height / 2),
        )
    };
    let dock = docked(body, wanted, top);
    if wanted.layers == 0 && dock.is_none() {
        return without_blocks(body, wide, top);
    }
    // a small answer leaves the grids their place above it
    let middle = dock.map_or(0, |dock| (body.height - top).saturating_sub(dock));
    let (upper, lower) = cut_top(body, dock.map_or(top, |dock| body.height - dock - middle));
    let (between, lower) = cut_top(lower, middle);
    let mut panes = match (wide, wanted.layers) {
        (_, 0) => beside_logits(upper, wide),
        (true, _) => upper_wide(upper, wanted),
        (false, _) => upper_narrow(upper),
    };
    if middle > 0 {
        panes.extend(match wanted.layers {
            0 => vec![(Pane::Interventions, between)],
            _ => abreast(between, wanted),
        });
    }
    panes.extend(if dock.is_some() {
        vec![(Pane::Answer, lower)]
    } else if wide && roomy {
        lower_wide(lower, wanted)
    } else {
        lower_narrow(lower, wanted)
    });
    panes
}

/// Columns of the prompt on a wide screen.
const PROMPT: u16 = 35;
/// Columns of the logits, at most, unless half of the room is more.
const MOST_LOGITS: u16 = 46;

fn upper_wide(area: Rect, wanted: Wanted) -> Vec<(Pane, Rect)> {
    let (prompt, rest) = cut_left(area, PROMPT);
    let heads = wanted.heads.max(1);
    // room for every head side by side where that leaves the logits theirs
    let all = (heads.saturating_mul(LABEL + wanted.len * 5)).saturating_add(2);
    let one = LABEL + wanted.len * 4 + 2;
    let attention = if all.saturating_add(40) <= rest.width {
        all
    } else {
        one
    };
    // what the logits do not need of a wide screen is the attention's
    let most_logits = MOST_LOGITS.max(rest.width / 2);
    let attention = attention
        .max(rest.width.saturating_sub(most_logits))
        .min(rest.width.saturating_sub(30));
    let (logits, attention) = cut_left(rest, rest.width - attention);
    vec![
        (Pane::Prompt, prompt),
        (Pane::Logits, logits),
        (Pane::Attention, attention),
    ]
}

/// A model without blocks has no attention: what is left is the logits'.
fn beside_logits(area: Rect, wide: bool) -> Vec<(Pane, Rect)> {
    let prompt = match wide {
        true => PROMPT.max(area.width / 4),
        false => area.width / 2,
    };
    let (prompt, logits) = cut_left(area, prompt);
    vec![(Pane::Prompt, prompt), (Pane::Logits, logits)]
}

/// Nor has it grids by layer: the logits go down all the way, beside the prompt and the interventions.
fn without_blocks(body: Rect, wide: bool, top: u16) -> Vec<(Pane, Rect)> {
    let mut panes = beside_logits(body, wide);
    if let Some((_, left)) = panes.first_mut() {
        let (prompt, list) = cut_top(*left, top);
        *left = prompt;
        panes.push((Pane::Interventions, list));
    }
    panes
}

fn upper_narrow(area: Rect) -> Vec<(Pane, Rect)> {
    let (left, attention) = cut_left(area, area.width / 2);
    let (prompt, logits) = cut_top(left, 6);
    vec![
        (Pane::Prompt, prompt),
        (Pane::Logits, logits),
        (Pane::Attention, attention),
    ]
}

/// Columns that the strips need at a cell width, without their border.
pub(super) fn strips_width(len: u16, layers: u16, cell: u16) -> u16 {
    layers
        .saturating_mul((len + 1) * cell + 1)
        .saturating_add(STRIP_LABEL)
}

fn lower_wide(area: Rect, wanted: Wanted) -> Vec<(Pane, Rect)> {
    let matrix = |cell: u16| LABEL + wanted.len * cell + 2;
    // where there are rows enough, layers stand one below the other, in wider cells
    let stacked = wanted.layers * (wanted.strips + 1) + 2;
    let stacks = wanted.layers > 1 && stacked + 8 <= area.height;
    let abreast = if stacks { 1 } else { wanted.layers };
    let strips = |cell: u16| strips_width(wanted.len, abreast, cell).saturating_add(2);
    // the widest strips that leave the pattern cells nearly as wide
    let mut cells = (4..=WIDEST_STRIP).rev();
    let cell = cells.find(|&cell| strips(cell).saturating_add(matrix(cell - 1)) <= area.width);
    // both of long prompts go on beyond their edges, and neither is pushed out by the other
    let half = area.width / 2;
    let cell = cell.unwrap_or(3);
    let strips = strips(cell).min(area.width.saturating_sub(matrix(2)).max(half));
    let (left, right) = cut_left(area, strips);
    // the highest cells that leave the list below them its room
    let (blocks, names) = if stacks { (wanted.layers, 2) } else { (1, 3) };
    let height = |high: u16| blocks * (high * wanted.strips + 1) + names;
    let mut heights = (1..=highest(cell)).rev().map(height);
    let strips = heights.find(|strips| strips + 8 <= left.height);
    let strips = strips.unwrap_or_else(|| height(1));
    let (strips, list) = cut_top(left, strips.min(left.height.saturating_sub(5)));
    vec![
        (Pane::Strips, strips),
        (Pane::Cells, right),
        (Pane::Interventions, list),
    ]
}

/// The grids above a small answer, the interventions at their right.
fn abreast(area: Rect, wanted: Wanted) -> Vec<(Pane, Rect)> {
    let strips = |cell: u16| strips_width(wanted.len, wanted.layers, cell).saturating_add(2);
    let most = area.width.saturating_sub(LIST.1 - 2);
    let mut cells = (3..=WIDEST_STRIP).rev();
    let cell = cells.find(|&cell| strips(cell) <= most);
    let width = strips(cell.unwrap_or(2)).min(area.width.saturating_sub(19));
    let (left, right) = cut_left(area, width);
    vec![(Pane::Strips, left), (Pane::Interventions, right)]
}

/// Columns of the list of interventions beside grids, at least; and where it is read.
const LIST: (u16, u16) = (19, 36);

fn lower_narrow(area: Rect, wanted: Wanted) -> Vec<(Pane, Rect)> {
    let strips = |cell: u16| strips_width(wanted.len, wanted.layers, cell).saturating_add(2);
    // a short prompt has room for numbers
    let mut cells = (2..=WIDEST_STRIP).rev();
    let cell = cells.find(|&cell| strips(cell).saturating_add(LIST.1) <= area.width);
    // the list is read where it has the focus
    let list = match wanted.focus {
        Pane::Interventions => LIST.1,
        _ => LIST.0,
    };
    let strips = strips(cell.unwrap_or(2));
    let (left, list) = cut_left(area, strips.min(area.width.saturating_sub(list)));
    let shown = match wanted.focus {
        Pane::Cells => Pane::Cells,
        _ => Pane::Strips,
    };
    vec![(shown, left), (Pane::Interventions, list)]
}

fn cut_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let top = Rect { height, ..area };
    let rest = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (top, rest)
}

fn cut_left(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let left = Rect { width, ..area };
    let rest = Rect {
        x: area.x + width,
        width: area.width - width,
        ..area
    };
    (left, rest)
}

#[cfg(test)]
mod tests;

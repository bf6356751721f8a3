//! The view: state in, cells out. It draws into a buffer and does nothing else.
//!
//! One file a pane; colours, themes, characters and the heatmap stand beside them. Looks at
//! [`crate::app`] and below.

mod abreast;
mod answer;
mod arranged;
mod attention;
mod bars;
mod canvas;
mod chart;
mod charted;
pub mod colour;
mod columns;
pub mod figure;
mod findings;
mod fit;
mod gauge;
mod header;
pub mod heatmap;
mod help;
mod interventions;
pub mod layout;
mod lesson;
mod line;
mod lines;
mod logits;
mod logits_wide;
pub mod look;
mod marks;
mod note;
mod notes;
pub mod number;
mod patching;
mod picture;
mod picture_names;
mod places;
mod plane;
pub mod plotted;
mod positions;
mod prompt;
mod quantities;
pub mod rgb;
pub mod scale;
mod scatter;
mod space;
mod space_cases;
mod space_choices;
mod space_rows;
mod stems;
mod steps;
pub mod theme;

use crate::answers::{Alike, Geometry, Many, Question};
use crate::app::{Inquiry, Mode, Pane, Spot, State, strip_rows};
use crate::findings::frame::clean;
use canvas::Canvas;
use charted::Charted;
use layout::{Layout, Wanted};
use look::Look;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::borrow::Cow;
use theme::{Role, Theme};

/// Draws a frame; the last steps take out whatever in it would act on the terminal, wherever it came from,
/// and bring its colours down to those at hand.
pub fn draw(state: &State, look: &Look, buf: &mut Buffer) {
    drawn(
        state,
        look,
        buf,
        wanted(state, (buf.area.width, buf.area.height)),
    );
}

/// A frame of that size whose focused pane stands alone, however little of it that one fills.
#[must_use]
pub fn alone(state: &State, look: &Look, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let wanted = Wanted {
        zoomed: true,
        answer: None,
        ..wanted(state, (width, height))
    };
    drawn(state, look, &mut buffer, wanted);
    buffer
}

/// Draws a frame; what of it can be pointed at, what lies on top last.
fn drawn(state: &State, look: &Look, buf: &mut Buffer, wanted: Wanted) -> Vec<(Rect, Spot)> {
    let look = Look {
        theme: theme_in_use(state, &look.theme),
        ..look.clone()
    };
    let area = buf.area;
    buf.set_style(area, look.base());
    let mut canvas = Canvas {
        state,
        look: &look,
        buf,
        spots: Vec::new(),
        beside: false,
        abreast: false,
    };
    match layout::layout(area, wanted) {
        Layout::TooSmall => too_small(&mut canvas, area),
        Layout::Panes {
            header,
            steps,
            lesson,
            footer,
            panes,
        } => {
            header::header(&mut canvas, header);
            if let Some(area) = steps {
                steps::steps(&mut canvas, area);
            }
            canvas.abreast = panes.len() > 1;
            for (pane, area) in panes {
                draw_pane(&mut canvas, pane, area);
            }
            if let (Some(area), Some(lesson)) = (lesson, &state.lesson) {
                let place = lesson::place(area, between(header, footer), lesson, state.folded);
                let over = place != area;
                lesson::lesson(&mut canvas, place, lesson, over);
            }
            header::footer(&mut canvas, footer);
            // a page that is read or gone through has answers to its own keys over it
            let over = matches!(state.mode, Mode::Help(_) | Mode::Findings);
            if !over {
                header::message(&mut canvas, footer);
            }
            if let Some(shelf) = &state.shelf {
                findings::findings(&mut canvas, area, shelf);
            }
            match &state.mode {
                Mode::Normal | Mode::Findings => {}
                Mode::Note(editor) => note::note(&mut canvas, area, editor),
                Mode::Help(view) => help::help(&mut canvas, between(header, footer), view),
                Mode::Menu => help::menu(&mut canvas, between(header, footer)),
                Mode::Line(line) => line::line(&mut canvas, area, line),
            }
            if over {
                header::message(&mut canvas, footer);
            }
        }
    }
    let spots = canvas.spots;
    for cell in &mut buf.content {
        if let Cow::Owned(symbol) = clean(cell.symbol()) {
            cell.set_symbol(if symbol.is_empty() { " " } else { &symbol });
        }
    }
    colour::quantise(buf, look.depth);
    spots
}

/// A frame of that size.
#[must_use]
pub fn frame(state: &State, look: &Look, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(state, look, &mut buffer);
    buffer
}

/// What stands at a column and a row of a frame of that size, if anything that can be pointed at does.
#[must_use]
pub fn pointed(
    state: &State,
    look: &Look,
    (width, height): (u16, u16),
    (x, y): (u16, u16),
) -> Option<Spot> {
    let mut scratch = Buffer::empty(Rect::new(0, 0, width, height));
    let spots = drawn(state, look, &mut scratch, wanted(state, (width, height)));
    let here = Position::new(x, y);
    let mut from_above = spots.into_iter().rev();
    let found = from_above.find(|(area, _)| area.contains(here));
    found.map(|(_, spot)| spot)
}

/// The theme the user stepped to, counted from the one the program began with.
#[must_use]
pub fn theme_in_use(state: &State, first: &Theme) -> Theme {
    let themes = Theme::shipped();
    let start = themes.iter().position(|theme| theme.name == first.name);
    let at = start.unwrap_or(0).wrapping_add(state.view.theme) % themes.len().max(1);
    themes.get(at).unwrap_or(first).clone()
}

/// Lines of notes that the layout has counted for any answer.
const NOTES: usize = 2;

fn wanted(state: &State, (width, height): (u16, u16)) -> Wanted {
    let config = &state.model.config;
    Wanted {
        focus: state.view.focus,
        zoomed: state.view.zoomed,
        len: state.task().seq_len() as u16,
        strips: strip_rows(config).len() as u16,
        layers: config.n_layers as u16,
        heads: (config.n_layers * config.n_heads) as u16,
        answer: state
            .inquiry
            .iter()
            .chain(&state.pinned)
            .map(|inquiry| match &inquiry.answer {
                // the screen is full of it without its notes
                Some(Ok(table)) if table.rows.len() >= usize::from(height) => height,
                Some(Ok(table)) => {
                    let lines = notes::lines(inquiry, table, usize::from(width).saturating_sub(2));
                    let all = table.rows.len() + lines.saturating_sub(NOTES);
                    u16::try_from(all).unwrap_or(u16::MAX)
                }
                _ => 0,
            })
            .max(),
        grows: state.inquiry.as_ref().is_some_and(grows),
        lesson: state.lesson.as_deref().map(lesson::letters),
        steps: state.training.is_some()
            || (state.steps.as_ref()).is_some_and(|steps| steps.series.steps.len() > 1),
    }
}

/// Whether an answer is drawn as a picture or a chart, which shows more where it has more room.
fn grows(inquiry: &Inquiry) -> bool {
    let question = &inquiry.question;
    let drawn = match question {
        Question::Weights(Geometry::Pca(_) | Geometry::Fan(_))
        | Question::Curves(_)
        | Question::Many(Many::Scatter { .. }) => true,
        _ => question.is_matrix(),
    };
    let Some(Ok(table)) = &inquiry.answer else {
        return drawn;
    };
    let charted = || {
        let alike = question.alike() == Alike::All;
        Charted::of(question, table, alike, false).is_some()
    };
    drawn || table.axes.len() > 1 || charted()
}

/// What lies between header and footer.
fn between(header: Rect, footer: Rect) -> Rect {
    Rect {
        y: header.bottom(),
        height: footer.y.saturating_sub(header.bottom()),
        ..header
    }
}

fn draw_pane(canvas: &mut Canvas<'_>, pane: Pane, area: Rect) {
    match pane {
        Pane::Prompt => prompt::prompt(canvas, area),
        Pane::Logits => logits::logits(canvas, area),
        Pane::Attention => attention::attention(canvas, area),
        Pane::Strips => patching::strips(canvas, area),
        Pane::Cells => patching::cells(canvas, area),
        Pane::Interventions => interventions::interventions(canvas, area),
        Pane::Answer => abreast::answers(canvas, area),
        Pane::Space => space::space(canvas, area),
    }
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let style = canvas.look.style(Role::Text);
    for (row, text) in ["circuitscope needs", "40 x 12 cells"].iter().enumerate() {
        canvas.text(area.x, area.y + row as u16, area, text, style);
    }
}

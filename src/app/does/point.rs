//! What is done with the mouse: nothing that keys do not do, by the same verbs.

use super::act;
use super::help;
use super::line::{suggest, suggest_anew};
use super::page::{action_for, does_here, is_on_menu};
use super::palette::{self, Taken};
use super::pin;
use super::shelf;
use super::steps;
use super::walk;
use crate::app::held::message::Effect;
use crate::app::held::panes::strip_rows;
use crate::app::held::spot::{Gesture, Spot};
use crate::app::held::state::{Mode, State};
use crate::app::held::{fields::Part, panes::StripColumn};
use crate::app::keys::key::Key;
use crate::app::keys::pane::Pane;
use crossterm::event::KeyCode;

/// Rows that a step of the wheel moves by.
const ROWS: isize = 3;

/// Does what a gesture means there; what cannot be pointed at as things are changes nothing.
pub(in crate::app) fn point(state: &mut State, spot: Spot, gesture: Gesture) -> Vec<Effect> {
    if !is_there(state, spot) {
        return Vec::new();
    }
    match gesture {
        Gesture::Click => click(state, spot),
        Gesture::Double => twice(state, spot),
        Gesture::Up => wheel(state, spot, -ROWS),
        Gesture::Down => wheel(state, spot, ROWS),
    }
}

/// Whether a spot belongs to what lies on top and can be pointed at: the workbench cannot while anything lies
/// over it.
fn is_there(state: &State, spot: Spot) -> bool {
    match (&state.mode, spot) {
        (Mode::Menu, Spot::Menu(action)) => is_on_menu(state, action),
        (_, Spot::Does(action)) => does_here(state, action),
        (Mode::Help(view), Spot::HelpKey(at)) => !view.words && help::has(state, view, at),
        (Mode::Line(line), Spot::Found(at)) => at < line.found.len(),
        (Mode::Findings, Spot::Finding(at)) => {
            let shelf = state.shelf.as_ref();
            shelf.is_some_and(|shelf| at < shelf.shown().len())
        }
        (Mode::Help(_), Spot::Help)
        | (Mode::Findings, Spot::Preview)
        | (Mode::Note(_), Spot::Note { .. }) => true,
        (Mode::Normal, spot) => is_on_workbench(state, spot),
        _ => false,
    }
}

fn is_on_workbench(state: &State, spot: Spot) -> bool {
    let config = &state.model.config;
    let len = state.task().seq_len();
    match spot {
        Spot::Pane(Pane::Answer) => state.inquiry.is_some(),
        // nobody gets there but by asking
        Spot::Pane(Pane::Space) => state.view.focus == Pane::Space,
        Spot::Pane(_) => true,
        Spot::Field(_, part, _) => Part::all(state.task()).any(|one| one == part),
        Spot::Position(at) => at < len,
        Spot::Attention {
            layer,
            head,
            dest,
            src,
        } => layer < config.n_layers && head < config.n_heads && dest < len && src < len,
        Spot::Strip { row, layer, column } => {
            let in_row = match column {
                StripColumn::Pos(at) => at < len,
                StripColumn::All => true,
            };
            in_row && layer < config.n_layers && row < strip_rows(config).len()
        }
        Spot::Cell { dest, src } => dest < len && src < len,
        Spot::Intervention(at) => at < state.study().interventions.len(),
        Spot::Answer(row, column) => walk::has(state, (row, column)),
        Spot::Pinned => state.pinned.is_some(),
        Spot::SpaceRow(at) => state.view.focus == Pane::Space && at < state.space_rows().len(),
        Spot::Step(at) => {
            let steps = state.steps.as_ref();
            steps.is_some_and(|steps| at < steps.series.steps.len())
        }
        _ => false,
    }
}

/// The pane that a spot is in.
fn pane_of(spot: Spot) -> Option<Pane> {
    Some(match spot {
        Spot::Pane(pane) => pane,
        Spot::Field(..) => Pane::Prompt,
        Spot::Position(_) => Pane::Logits,
        Spot::Attention { .. } => Pane::Attention,
        Spot::Strip { .. } => Pane::Strips,
        Spot::Cell { .. } => Pane::Cells,
        Spot::Intervention(_) => Pane::Interventions,
        Spot::Answer(..) | Spot::Pinned => Pane::Answer,
        Spot::SpaceRow(_) => Pane::Space,
        _ => return None,
    })
}

/// A key or a suggestion is done; anything else has the cursor from now on.
fn click(state: &mut State, spot: Spot) -> Vec<Effect> {
    match spot {
        Spot::Does(action) => return act::obey(state, action),
        Spot::Menu(action) => {
            state.mode = state.below();
            return act::obey(state, action);
        }
        Spot::Found(at) => return take_found(state, at),
        Spot::Step(at) => return steps::want(state, at),
        Spot::Note { title } => {
            if let Mode::Note(editor) = &mut state.mode {
                editor.on_title = title;
            }
        }
        Spot::Finding(at) => shelf::select(state, at),
        Spot::HelpKey(at) => {
            if let Mode::Help(view) = &mut state.mode {
                view.at = at;
            }
        }
        Spot::Preview | Spot::Help => {}
        Spot::Pinned => {
            put_cursor(state, spot);
            pin::pin(state);
        }
        _ => put_cursor(state, spot),
    }
    Vec::new()
}

/// Focuses a pane and moves its cursor.
fn put_cursor(state: &mut State, spot: Spot) {
    // a message has been read when the next thing is done
    state.status = None;
    let view = &mut state.view;
    if let Some(pane) = pane_of(spot) {
        view.focus = pane;
    }
    match spot {
        Spot::Field(side, part, column) => {
            state.fields.select(side, part);
            state.fields.point(column);
        }
        Spot::Position(at) => view.position = at,
        Spot::Attention {
            layer,
            head,
            dest,
            src,
        } => {
            let at = &mut view.attention;
            (at.layer, at.head, at.dest, at.src) = (layer, head, dest, src);
        }
        Spot::Strip { row, layer, column } => {
            let at = &mut view.strips;
            (at.row, at.layer, at.column) = (row, layer, column);
        }
        Spot::Cell { dest, src } => (view.cells.dest, view.cells.src) = (dest, src),
        Spot::Intervention(at) => view.intervention = at,
        Spot::Answer(row, column) => walk::go_to(state, (row, column)),
        Spot::SpaceRow(at) => state.space.cursor = at,
        _ => {}
    }
}

/// What enter does there.
fn twice(state: &mut State, spot: Spot) -> Vec<Effect> {
    match spot {
        // what is under the pointer is not what is under the cursor
        Spot::Pane(_) | Spot::Pinned | Spot::Preview | Spot::Help | Spot::Note { .. } => {
            click(state, spot)
        }
        Spot::Does(_) | Spot::Menu(_) | Spot::Found(_) | Spot::Step(_) => click(state, spot),
        _ => {
            click(state, spot);
            let enter = action_for(state, Key::plain(KeyCode::Enter));
            enter.map_or_else(Vec::new, |action| act::obey(state, action))
        }
    }
}

/// Takes what the palette has found, as enter does on it.
fn take_found(state: &mut State, at: usize) -> Vec<Effect> {
    if let Mode::Line(line) = &mut state.mode {
        line.chosen = Some(at);
    }
    match palette::take(state) {
        Taken::Action(action) => return act::obey(state, action),
        Taken::Word => suggest(state),
        Taken::Line => {}
    }
    Vec::new()
}

/// Scrolls what is under the pointer; the focus stays where it is.
fn wheel(state: &mut State, spot: Spot, by: isize) -> Vec<Effect> {
    match spot {
        Spot::Help | Spot::HelpKey(_) => help::step(state, by),
        Spot::Finding(_) => shelf::step(state, by),
        Spot::Preview => shelf::scroll(state, by),
        Spot::Found(_) => {
            let chosen = matches!(&state.mode, Mode::Line(line) if line.chosen.is_some());
            // upwards from an empty line are those that were typed before
            if chosen || by > 0 {
                palette::step(state, by);
                suggest_anew(state);
            }
        }
        _ => {
            if let Some(pane) = pane_of(spot) {
                act::step_in(state, pane, by, 0);
            }
        }
    }
    Vec::new()
}

//! What stands under the pointer is what is drawn there.

use crate::workbench::{look, press, workbench};
use crate::{busy, focused};
use circuitscope::app::{
    Action, Gesture, Mode, Msg, Pane, Part, Side, Spot, State, strip_rows, update,
};
use circuitscope::ui::{frame, pointed};
use ratatui::buffer::Buffer;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn row(buffer: &Buffer, y: u16) -> Vec<String> {
    let cells = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol().to_owned());
    cells.collect()
}

/// Where a text stands first.
fn find(buffer: &Buffer, text: &str) -> (u16, u16) {
    let wanted: Vec<String> = text.chars().map(String::from).collect();
    for y in 0..buffer.area.height {
        let row = row(buffer, y);
        let at = row
            .windows(wanted.len())
            .position(|part| *part == wanted[..]);
        if let Some(x) = at {
            return (x as u16, y);
        }
    }
    unreachable!("no {text:?} on the screen");
}

fn at(state: &State, size: (u16, u16), place: (u16, u16)) -> Option<Spot> {
    pointed(state, &look(), size, place)
}

fn under(state: &State, size: (u16, u16), text: &str) -> Option<Spot> {
    at(
        state,
        size,
        find(&frame(state, &look(), size.0, size.1), text),
    )
}

/// The name of the row that a cell is in, and whether the cell is the cursor's.
fn row_of(state: &State, spot: Spot) -> Option<(Pane, String)> {
    let task = state.task();
    let (pane, name) = match spot {
        Spot::Attention { dest, .. } => (Pane::Attention, task.label(dest)),
        Spot::Cell { dest, .. } => (Pane::Cells, task.label(dest)),
        Spot::Strip { row, .. } => {
            let (grid, _) = strip_rows(&state.model.config)[row];
            (Pane::Strips, grid.name().to_owned())
        }
        Spot::Position(position) => (Pane::Logits, task.label(position)),
        Spot::Answer(row, _) => {
            let answer = state.inquiry.as_ref()?.answer.as_ref()?;
            let name = answer.as_ref().ok()?.rows.get(row)?.clone();
            (Pane::Answer, name)
        }
        _ => return None,
    };
    Some((pane, name))
}

#[test]
fn a_cell_is_in_the_row_of_its_name_and_a_click_puts_the_cursor_there() {
    let asked = {
        let mut bench = workbench(1);
        press(&mut bench, "L");
        bench.state
    };
    let panes = [Pane::Attention, Pane::Strips, Pane::Cells, Pane::Logits];
    let mut states: Vec<State> = panes.into_iter().map(focused).collect();
    states.push(asked);
    for size in SIZES {
        for state in &states {
            let before = frame(state, &look(), size.0, size.1);
            let mut seen = 0;
            for y in (1..size.1).step_by(2) {
                for x in (2..size.0).step_by(11) {
                    let Some(spot) = at(state, size, (x, y)) else {
                        continue;
                    };
                    let Some((pane, name)) = row_of(state, spot) else {
                        continue;
                    };
                    if pane != state.view.focus {
                        continue;
                    }
                    seen += 1;
                    // a cell may be two rows high, a position have several tokens
                    let named = |y: u16| row(&before, y).concat().contains(&name);
                    let rows = y.saturating_sub(6)..=y;
                    assert!(rows.rev().any(named), "{size:?} {x} {y} {spot:?} {name}");
                    let mut clicked = state.clone();
                    let gesture = Gesture::Click;
                    update(&mut clicked, Msg::Pointed { spot, gesture });
                    assert_eq!(clicked.view.focus, pane);
                    let moved = cursor(&clicked);
                    assert_eq!(moved, Some(spot), "{size:?} {x} {y}");
                }
            }
            assert!(seen > 2, "{size:?} {:?}: {seen}", state.view.focus);
        }
    }
}

/// Where the focused pane's cursor is.
fn cursor(state: &State) -> Option<Spot> {
    let view = &state.view;
    Some(match view.focus {
        Pane::Attention => Spot::Attention {
            layer: view.attention.layer,
            head: view.attention.head,
            dest: view.attention.dest,
            src: view.attention.src,
        },
        Pane::Cells => Spot::Cell {
            dest: view.cells.dest,
            src: view.cells.src,
        },
        Pane::Strips => Spot::Strip {
            row: view.strips.row,
            layer: view.strips.layer,
            column: view.strips.column,
        },
        Pane::Logits => Spot::Position(view.position),
        Pane::Answer => {
            let (row, column) = state.inquiry.as_ref()?.cursor;
            Spot::Answer(row, column)
        }
        _ => return None,
    })
}

#[test]
fn titles_fields_rows_and_keys_are_found_by_their_text() {
    let state = busy();
    for size in SIZES {
        let found = |text| under(&state, size, text);
        assert_eq!(found("? help"), Some(Spot::Does(Action::OpenHelp)));
        assert_eq!(found("u undo"), Some(Spot::Does(Action::Undo)));
        assert_eq!(found("tab pane"), Some(Spot::Does(Action::NextPane)));
        assert_eq!(found("attention"), Some(Spot::Pane(Pane::Attention)));
        assert_eq!(found("[x]"), Some(Spot::Intervention(0)));
        assert_eq!(found("[ ]"), Some(Spot::Intervention(1)));
        let (x, y) = find(&frame(&state, &look(), size.0, size.1), "a 1 2 3");
        let field = |column| Some(Spot::Field(Side::Clean, Part(0), column));
        assert_eq!(at(&state, size, (x + 2, y)), field(0));
        assert_eq!(at(&state, size, (x + 6, y)), field(4));
        assert_eq!(at(&state, size, size), None);
    }
}

#[test]
fn what_lies_on_top_is_pointed_at() {
    for size in SIZES {
        let mut bench = workbench(1);
        press(&mut bench, "?");
        let spot = at(&bench.state, size, (size.0 / 2, size.1 / 2));
        let is_help = |spot| matches!(spot, Some(Spot::Help | Spot::HelpKey(_)));
        assert!(is_help(spot), "{size:?} {spot:?}");
        press(&mut bench, "esc tab space");
        // in full where there is room
        let buffer = frame(&bench.state, &look(), size.0, size.1);
        let in_full = (0..size.1).any(|y| row(&buffer, y).concat().contains("take back the last"));
        let word = if in_full { "take back" } else { "undo" };
        let spot = under(&bench.state, size, word);
        assert_eq!(spot, Some(Spot::Menu(Action::Undo)), "{size:?}");
        press(&mut bench, "esc :");
        let Mode::Line(line) = &bench.state.mode else {
            unreachable!("no line");
        };
        let second = format!("  {} ", line.found[1].line);
        let spot = under(&bench.state, size, &second);
        assert_eq!(spot, Some(Spot::Found(1)), "{size:?}");
    }
}

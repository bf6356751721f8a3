//! Numbers on the screen have the digits that there is room for, and an exact table one key away.

use crate::drawing::plain;
use crate::focused;
use crate::workbench::{look, press, workbench};
use circuitscope::answers::Table;
use circuitscope::app::{Pane, State, strip_cell, strip_rows};
use circuitscope::lens::{Observation, Reading};
use circuitscope::task::number::plus;
use circuitscope::ui::frame;

fn shown(state: &State, (width, height): (u16, u16)) -> String {
    let buffer = frame(state, &look(), width, height);
    plain(&buffer, buffer.area)
}

/// Every value of the strips.
fn values(state: &State, seen: &Observation) -> Vec<f32> {
    let config = &state.model.config;
    let len = state.task().seq_len();
    let mut values = Vec::new();
    for (grid, head) in strip_rows(config) {
        for layer in 0..config.n_layers {
            for pos in 0..len {
                let column = circuitscope::app::StripColumn::Pos(pos);
                let (grid, cell) = strip_cell(grid, head, layer, column).unwrap();
                values.push(seen.told(Reading::default(), grid, cell).unwrap());
            }
        }
    }
    values
}

/// With one head a model's values are as they are on screen; four decimals where a cell is wide.
#[test]
fn strips_have_four_decimals_where_there_is_room() {
    let mut state = focused(Pane::Strips);
    let seen = state.observation.clone().unwrap();
    for (size, zoomed) in [((200, 60), false), ((120, 40), true), ((200, 60), true)] {
        state.view.zoomed = zoomed;
        let text = shown(&state, size);
        for value in values(&state, &seen) {
            let digits = plus(value, 4);
            let digits = digits.trim_start_matches(['+', '-']);
            assert!(
                text.contains(digits),
                "{size:?} {zoomed}: no {digits} in\n{text}"
            );
        }
    }
}

#[test]
fn one_key_opens_the_whole_grid_at_the_same_cell() {
    for (script, layers) in [("tab tab tab down down right", 2), ("tab tab tab", 2)] {
        let mut bench = workbench(2);
        press(&mut bench, script);
        let at = bench.state.view.strips;
        let (grid, cell) = at.cell(&bench.state.model.config).unwrap();
        let seen = bench.state.observation.clone().unwrap();
        let here = seen.told(Reading::default(), grid, cell).unwrap();
        press(&mut bench, "G");
        let inquiry = bench.state.inquiry.clone().unwrap();
        let answer = inquiry.answer.unwrap().unwrap();
        let table: &Table = &answer;
        let rows: usize = strip_rows(&bench.state.model.config).len() * layers;
        assert_eq!(table.rows.len(), rows);
        let (row, column) = inquiry.cursor;
        let value = table.values.get(&[row, column]).unwrap();
        assert!((value - here).abs() < 1e-4, "{value} instead of {here}");
        let name = format!("{} {}", grid.name(), cell.layer);
        assert!(table.rows[row].starts_with(&name), "{}", table.rows[row]);
    }
}

#[test]
fn ranks_are_whole_numbers() {
    let mut bench = workbench(1);
    press(&mut bench, "K");
    let text = shown(&bench.state, (120, 30));
    let row = text.lines().find(|line| line.contains("rank ")).unwrap();
    let words: Vec<&str> = row
        .split_whitespace()
        .filter(|w| !w.starts_with('┃'))
        .collect();
    // all but the last, which is normalised
    for word in &words[..words.len() - 1] {
        assert!(!word.contains('.'), "{row}");
    }
    press(&mut bench, "esc V V V");
    let text = shown(&bench.state, (120, 40));
    assert!(
        !text.contains("rank +") && !text.contains("rank 1.0"),
        "{text}"
    );
}

#[test]
fn a_loss_above_one_has_no_power_of_ten() {
    let bench = workbench(1);
    let text = shown(&bench.state, (120, 40));
    let loss = text.split("loss ").nth(1).unwrap();
    let loss = loss.split_whitespace().next().unwrap();
    // a random model: more than one nat a prediction
    assert!(
        loss.parse::<f64>().unwrap() > 1.0 && !loss.contains('e'),
        "{text}"
    );
}

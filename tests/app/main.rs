//! The workbench as a state machine: messages in, effects out, nothing drawn.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../screens/drawing.rs"]
mod drawing;
#[path = "../workbench/mod.rs"]
mod workbench;

mod cells;
mod judge;
mod lists;
mod pointing;
mod prompts;
mod questions;
mod random;
mod results;
mod runs;
mod sessions;
mod space;
mod told;
mod training;
mod trying;
mod typing;
mod undo;

use circuitscope::app::{Mode, Pane};
use circuitscope::lens::Observation;
use circuitscope::runtime::headless::Headless;
use std::sync::Arc;
use workbench::{press, workbench};

/// The numbers on screen.
fn look_at(bench: &Headless) -> Arc<Observation> {
    bench.state.observation.clone().unwrap()
}

/// What the footer says.
fn told(bench: &Headless) -> String {
    let status = bench.state.status.as_ref();
    status.map_or_else(String::new, |status| status.text.clone())
}

/// The line being typed, as lines: there must be one.
fn typed_lines(bench: &Headless) -> Vec<String> {
    match &bench.state.mode {
        Mode::Line(line) => line.editor.lines().to_vec(),
        _ => Vec::new(),
    }
}

/// What is wrong with the line being typed.
fn line_error(bench: &Headless) -> Option<String> {
    match &bench.state.mode {
        Mode::Line(line) => line.error.as_ref().map(|(_, problem)| problem.clone()),
        _ => None,
    }
}

/// Empties the line being typed.
fn empty_line(bench: &mut Headless) {
    press(bench, &"backspace ".repeat(60));
}

#[test]
fn tab_goes_round_the_panes_and_back() {
    let mut bench = workbench(1);
    for pane in Pane::ALL.into_iter().cycle().skip(1).take(7) {
        press(&mut bench, "tab");
        assert_eq!(bench.state.view.focus, pane);
    }
    press(&mut bench, "backtab backtab");
    assert_eq!(bench.state.view.focus, Pane::Interventions);
}

#[test]
fn esc_backs_out_step_by_step() {
    let mut bench = workbench(1);
    press(&mut bench, "z U ?");
    assert!(matches!(bench.state.mode, Mode::Help { .. }));
    press(&mut bench, "esc");
    assert!(matches!(bench.state.mode, Mode::Normal));
    // what was said before was read when the help came
    assert!(told(&bench).is_empty() && bench.state.view.zoomed);
    press(&mut bench, "U esc");
    assert!(told(&bench).is_empty() && bench.state.view.zoomed);
    press(&mut bench, "esc");
    assert!(!bench.state.view.zoomed);
    press(&mut bench, ": 'zero' esc");
    assert!(matches!(bench.state.mode, Mode::Normal));
    assert!(bench.state.study().interventions.is_empty());
}

#[test]
fn nothing_is_taken_after_leaving() {
    for script in ["q", "ctrl-c", "? ctrl-c", ": ctrl-c"] {
        let mut bench = workbench(1);
        press(&mut bench, script);
        let before = bench.state.generation;
        press(&mut bench, "esc c n v");
        assert_eq!(bench.state.generation, before, "{script}");
    }
}

#[test]
fn q_is_text_in_a_line_and_closes_the_help() {
    let mut bench = workbench(1);
    press(&mut bench, "? q : q");
    assert_eq!(typed_lines(&bench), ["q"]);
}

#[test]
fn a_line_is_edited_in_the_middle_and_stays_one_line() {
    let mut bench = workbench(1);
    press(
        &mut bench,
        ": 'zro' left left e home space end alt-enter ctrl-j right 1 delete",
    );
    assert_eq!(typed_lines(&bench), [" zero1"]);
}

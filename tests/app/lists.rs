//! Interventions: every way to add one, edit, switch, remove; undo and redo through all of it.

use crate::workbench::{press, workbench};
use crate::{empty_line, line_error, look_at, told};
use circuitscope::app::{Shown, Study};
use circuitscope::lens::{Direction, GridName, RunName};
use circuitscope::runtime::headless::Headless;

fn lines(bench: &Headless) -> Vec<String> {
    let list = bench.state.study().interventions.iter();
    list.map(|one| {
        let mark = if one.on { "" } else { "off " };
        mark.to_owned() + &one.intervention.line(bench.state.task())
    })
    .collect()
}

/// The metric as the header of the list shows it.
fn metric(bench: &Headless) -> f32 {
    assert!(!bench.state.is_stale());
    let values = look_at(bench).metric.unwrap();
    values.normalised(values.patched).unwrap()
}

#[test]
fn each_cell_is_what_enter_makes_of_the_metric() {
    for heads in [1, 2] {
        let mut bench = workbench(heads);
        for direction in ["", "d"] {
            press(&mut bench, direction);
            // every grid at some column, single positions and all of them at once
            press(&mut bench, "tab tab tab home");
            for row in 0..40 {
                press(
                    &mut bench,
                    if row % 3 == 0 {
                        "right"
                    } else {
                        "right right right"
                    },
                );
                press(
                    &mut bench,
                    if row % 12 == 11 {
                        "up up up up up up up up up up up up"
                    } else {
                        "down"
                    },
                );
                check_cell(&mut bench);
            }
            press(&mut bench, "end");
            check_cell(&mut bench);
            press(&mut bench, "tab");
            for _ in 0..10 {
                press(&mut bench, "down left .");
                check_cell(&mut bench);
                press(&mut bench, "right right");
                check_cell(&mut bench);
            }
            press(&mut bench, "tab tab");
        }
    }
}

fn check_cell(bench: &mut Headless) {
    let state = &bench.state;
    let at = match state.view.focus {
        circuitscope::app::Pane::Cells => Some((GridName::PatternDestSrc, state.view.cells.cell())),
        _ => state.view.strips.cell(&state.model.config),
    };
    let Some((grid, cell)) = at else {
        press(bench, "enter");
        assert_eq!(told(bench), "this grid has no patch at all positions");
        return;
    };
    let seen = look_at(bench);
    let shown = seen
        .grid(grid)
        .unwrap()
        .values
        .get(&grid.index(cell))
        .unwrap();
    let study = bench.state.study().clone();
    press(bench, "enter");
    let value = metric(bench);
    assert!(
        (shown - value).abs() < 1e-4 * value.abs().max(1.0),
        "{grid:?} {cell:?}: the cell says {shown}, the run {value}"
    );
    press(bench, "u");
    assert_eq!(*bench.state.study(), study);
}

#[test]
fn a_knocked_out_cell_gets_no_attention() {
    let mut bench = workbench(1);
    press(&mut bench, "tab tab up enter");
    assert_eq!(
        lines(&bench),
        ["knock blocks.1.attn.hook_pattern [elt,a_0] head 0"]
    );
    assert_eq!(bench.state.view.shown, Shown::Run(RunName::Patched));
    let seen = look_at(&bench);
    assert_eq!(seen.patched.pattern.get(&[1, 0, 6, 1]), Some(0.0));
    assert_eq!(seen.changed, [true]);
    // the scores' cell renormalises instead
    press(&mut bench, "a down enter");
    assert!(lines(&bench)[1].starts_with("knock blocks.1.attn.hook_attn_scores [nl_1,a_0]"));
    press(&mut bench, "up up up up up up up up enter");
    assert_eq!(
        told(&bench),
        "this cell is masked: attention looks only backwards"
    );
    assert_eq!(lines(&bench).len(), 2);
}

#[test]
fn the_same_intervention_is_not_added_twice() {
    let mut bench = workbench(1);
    press(&mut bench, "tab tab tab enter enter");
    assert_eq!(lines(&bench).len(), 1);
    assert_eq!(told(&bench), "this intervention is on the list already");
}

#[test]
fn typed_edited_switched_removed() {
    let mut bench = workbench(2);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @elt' enter");
    press(
        &mut bench,
        ": 'scale blocks.1.attn.hook_z @b_0 head 1 by 0.5' enter",
    );
    assert_eq!(lines(&bench).len(), 2);
    let before = metric(&bench);
    // the list has the focus; the second one is selected
    press(&mut bench, "backtab enter");
    empty_line(&mut bench);
    press(&mut bench, "'zero blocks.1.attn.hook_zz @b_0' enter");
    let error = line_error(&bench).unwrap();
    assert!(error.contains("hook_z"), "no suggestion: {error}");
    press(&mut bench, &"left ".repeat(5));
    press(&mut bench, "backspace enter");
    assert_eq!(lines(&bench)[1], "zero blocks.1.attn.hook_z @b_0");
    assert_ne!(metric(&bench), before);
    press(&mut bench, "#");
    assert_eq!(lines(&bench)[1], "off zero blocks.1.attn.hook_z @b_0");
    assert_eq!(look_at(&bench).experiment.interventions.len(), 1);
    press(&mut bench, "up delete");
    assert_eq!(lines(&bench), ["off zero blocks.1.attn.hook_z @b_0"]);
    assert_eq!(metric(&bench), 0.0);
    press(&mut bench, "space delete delete enter");
    assert!(lines(&bench).is_empty());
    assert!(told(&bench).starts_with("no interventions"));
}

#[test]
fn a_wrong_line_stays_open_and_names_the_word() {
    let mut bench = workbench(1);
    for wrong in [
        "zap",
        "zero",
        "zero nowhere @*",
        "zero hook_embed @x",
        "clean 1 2",
        "metric b_0",
    ] {
        let before = bench.state.study().clone();
        press(&mut bench, &format!(": '{wrong}' enter"));
        assert!(line_error(&bench).is_some(), "{wrong} was taken");
        assert_eq!(*bench.state.study(), before);
        press(&mut bench, "esc");
    }
    // an empty one closes
    press(&mut bench, ": space enter");
    assert!(line_error(&bench).is_none());
}

#[test]
fn tab_completes_a_line_word_by_word() {
    let mut bench = workbench(1);
    press(
        &mut bench,
        ": z tab 'blocks.0.at' tab z space @ e l tab enter",
    );
    assert_eq!(
        lines(&bench),
        ["zero blocks.0.attn.hook_z @elt"],
        "{:?}",
        bench.state.mode
    );
}

#[test]
fn undo_and_redo_go_through_everything() {
    let edit = format!(
        "tab tab tab enter {} 'scale blocks.0.attn.hook_z @b_0 by 0.5' enter",
        "backspace ".repeat(60)
    );
    let steps = [
        "backspace 9",
        "c",
        "n",
        "d",
        "tab tab tab enter",
        "tab down enter",
        "backtab backtab up enter",
        ": 'zero blocks.0.attn.hook_z @*' enter",
        ": 'metric b_1:3:4' enter",
        &edit,
        "space",
        "delete",
        "t",
        ": 'clean 4 5 6 0 9' enter",
        ": 'corrupted 4 5 6 0 8' enter",
        "M",
        "x",
        "r",
    ];
    let mut bench = workbench(1);
    let mut studies: Vec<Study> = vec![bench.state.study().clone()];
    for step in steps {
        press(&mut bench, step);
        let study = bench.state.study().clone();
        if studies.last() != Some(&study) {
            studies.push(study);
        }
    }
    assert!(
        studies.len() > 12,
        "only {} different studies",
        studies.len()
    );
    let mut back = studies.clone();
    back.pop();
    // a typed step may have left more than one study behind; each undo is one of them
    let mut undone = 0;
    while told(&bench) != "nothing to undo" {
        if back.last() == Some(bench.state.study()) {
            back.pop();
        }
        assert!(!bench.state.is_stale());
        press(&mut bench, "u");
        undone += 1;
    }
    assert!(back.is_empty(), "{} studies were skipped", back.len());
    assert_eq!(*bench.state.study(), studies[0]);
    press(&mut bench, &"U ".repeat(undone));
    assert_eq!(told(&bench), "nothing to redo");
    assert_eq!(bench.state.study(), studies.last().unwrap());
    assert!(!bench.state.is_stale());
    // a new change forgets what was undone
    press(&mut bench, "u d U");
    assert_eq!(told(&bench), "nothing to redo");
}

#[test]
fn the_direction_says_which_run_is_patched() {
    let mut bench = workbench(1);
    assert_eq!(metric(&bench), 0.0);
    press(&mut bench, "d");
    assert_eq!(bench.state.study().direction, Direction::Noise);
    assert_eq!(metric(&bench), 1.0);
    let seen = look_at(&bench);
    assert_eq!(seen.base(), seen.run(RunName::Clean));
    press(&mut bench, "tab tab tab enter");
    assert!(lines(&bench)[0].ends_with("from corrupted"));
}

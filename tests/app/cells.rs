//! Claims about cells of answers: read, judged on a table, asked on the screen of all inputs.

use crate::workbench::{press, workbench, workbench_in};
use circuitscope::answers::{CellClaim, CellVerdict, Table};
use circuitscope::app::{Pane, Says, SpaceRow};
use circuitscope::lens::Array;
use circuitscope::runtime::headless::Headless;

fn table() -> Table {
    let names = |all: [&str; 3]| all.map(str::to_owned).to_vec();
    Table {
        rows: names(["0", "1", "sum"]),
        cols: names(["0", "1", "b_0→b_1"]),
        values: Array::from_values(
            vec![3, 3],
            vec![
                2.0,
                -3.5,
                1.0,
                4.0,
                4.0,
                f32::NEG_INFINITY,
                1.25,
                2.5,
                0.123,
            ],
        ),
        ..Table::default()
    }
}

fn judged(bench: &Headless, says: &str) -> CellVerdict {
    let (task, config) = (bench.state.task(), &bench.state.model.config);
    let claim = CellClaim::parse(&format!("cell metrics: {says}"), task, config);
    claim
        .unwrap()
        .judge(&table(), &bench.state.study().experiment())
}

#[test]
fn a_table_says_whether_a_cell_is_so() {
    let bench = workbench(1);
    for (says, holds) in [
        ("[0, 0] = 2", true),
        ("[0,1] = -3.5", true),
        // so far off as the digits that were written let it be
        ("[sum, b_0->b_1] = 0.12", true),
        ("[sum, b_0] = 0.1", true),
        ("[sum, b_0] = 0.1230", true),
        ("[sum, b_0] = 0.1220", false),
        ("[sum, b_0] == 0.3 within 0.2", true),
        ("[sum, b_0] = 0.3 within 0.1", false),
        ("[0, 0] > 1.9", true),
        ("[0, 0] > 2", false),
        ("[0, 0] >= 2", true),
        ("[0, 0] < 2", false),
        ("[0, 0] <= 2", true),
        ("[0, 0] > [0, 1]", true),
        ("[0, 1] > [sum, 0]", false),
        ("[0, 0] is argmax", true),
        ("[0, 1] is argmax", false),
        ("[0, 1] is not argmax", true),
        ("[sum, 1] is argmax", true),
        // row 1 is tied: no cell is the largest, so one of the two rows that have a column is right
        ("top1 = 0.5", true),
        ("top1 < 1", true),
    ] {
        let found = judged(&bench, says);
        assert_eq!(found.holds, Some(holds), "{says}: {}", found.because);
    }
    for (says, why) in [
        ("[2, 0] = 1", "no row '2'"),
        ("[0, 2] = 1", "no column '2'; there are 0 1 b_0→b_1"),
        ("[1, b_0] = 1", "there is no number at 1"),
        ("[1, 0] is argmax", "nothing in that row is defined"),
    ] {
        let found = judged(&bench, says);
        assert_eq!(found.holds, None, "{says}");
        assert!(found.because.contains(why), "{says}: {}", found.because);
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    let mut bench = workbench(1);
    for (line, why) in [
        ("cell metrics", "it is written cell QUESTION: [ROW, COLUMN]"),
        ("cell matrix: [a, b] = 1", "no question 'matrix'"),
        ("cell metrics: a, b = 1", "it is written cell"),
        ("cell metrics: [a b] = 1", "it is written cell"),
        ("cell metrics: [a, b] is best", "it is written cell"),
        ("cell metrics: [a, b] = one", "it is written cell"),
    ] {
        press(&mut bench, &format!("/ '{line}' enter"));
        let error = crate::line_error(&bench).unwrap();
        assert!(error.contains(why), "{line}: {error}");
        press(&mut bench, "esc");
    }
}

fn says(bench: &Headless) -> Option<(Option<bool>, String)> {
    let rows = bench.state.space_rows();
    let said = |row: &SpaceRow<'_>| match row {
        SpaceRow::Claim(claim) => match claim.says {
            Says::Cell(found) => Some((found.holds, found.because.clone())),
            _ => None,
        },
        _ => None,
    };
    rows.iter().find_map(said)
}

/// It is asked of the pair at hand: of another one it is asked again.
#[test]
fn another_pair_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), 1);
    press(
        &mut bench,
        "/ 'cell metrics: [logit_diff, clean] > 1000' enter",
    );
    assert_eq!(bench.state.view.focus, Pane::Space);
    let (holds, first) = says(&bench).unwrap();
    assert_eq!(holds, Some(false));
    press(&mut bench, "n");
    let (_, second) = says(&bench).unwrap();
    assert_ne!(first, second);
    press(&mut bench, "u");
    assert_eq!(says(&bench).unwrap().1, first);
    // it is kept as any claim, and enter opens the answer
    press(&mut bench, "+ enter");
    assert_eq!(bench.state.study().claims.len(), 1);
    assert_eq!(bench.state.view.focus, Pane::Answer);
    let inquiry = bench.state.inquiry.as_ref().unwrap();
    let config = &bench.state.model.config;
    assert_eq!(inquiry.question.line(bench.state.task(), config), "metrics");
}

/// What is typed first takes the place of the metric that stands; its position need not be typed.
#[test]
fn a_metric_is_typed_over_the_one_that_stands() {
    let mut bench = workbench(1);
    let task = bench.state.task();
    let before = bench.state.study().experiment().metric_in_force(task);
    press(&mut bench, "m '1:0' enter");
    let now = bench.state.study().experiment().metric_in_force(task);
    let (before, now) = (before.unwrap(), now.unwrap());
    assert_eq!(now.position, before.position);
    assert_eq!((now.answer, now.other), (1, 0));
}

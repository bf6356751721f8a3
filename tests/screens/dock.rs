//! Answers below the work: what small ones leave of it, what is said of their rows, and where messages stand.

use crate::drawing::plain;
use crate::workbench::{look, press, workbench};
use circuitscope::runtime::headless::Headless;
use circuitscope::ui;

fn rows(bench: &Headless, width: u16, height: u16) -> Vec<String> {
    let buffer = ui::frame(&bench.state, &look(), width, height);
    let text = plain(&buffer, buffer.area);
    text.lines().map(str::to_owned).collect()
}

fn says(rows: &[String], words: &str) -> bool {
    rows.iter().any(|row| row.contains(words))
}

#[test]
fn a_small_answer_leaves_the_grids_above_it() {
    let mut bench = workbench(1);
    for keys in ["i", "K"] {
        press(&mut bench, &format!("esc esc tab tab {keys}"));
        let seen = rows(&bench, 120, 40);
        assert!(
            says(&seen, "interventions") && says(&seen, "resid_pre"),
            "{keys}: {seen:#?}"
        );
        // with the keys in a grid it stays
        press(&mut bench, "tab");
        while bench.state.view.focus != circuitscope::app::Pane::Strips {
            press(&mut bench, "tab");
        }
        assert!(bench.state.inquiry.is_some() && says(&rows(&bench, 120, 40), "resid_pre"));
    }
    // a picture takes what room there is
    press(&mut bench, "o");
    assert!(!says(&rows(&bench, 120, 40), "resid_pre"));
}

#[test]
fn what_rows_belong_to_is_told_where_not_all_fit() {
    let mut bench = workbench(1);
    press(&mut bench, "L");
    let seen = rows(&bench, 80, 24);
    assert!(!says(&seen, "resid 0_pre") || says(&seen, "by part"));
    let at = |words: &str| seen.iter().position(|row| row.contains(words));
    let (part, first) = (at("by part").unwrap(), at("attn_out").unwrap());
    assert!(part < first, "{seen:#?}");
}

#[test]
fn what_edges_are_compared_with_stays_above_them() {
    let mut bench = workbench(1);
    press(&mut bench, "N");
    for _ in 0..12 {
        let seen = rows(&bench, 80, 24);
        assert!(says(&seen, "as it stands"), "{seen:#?}");
        let cursor = bench.state.inquiry.as_ref().unwrap().cursor;
        let name = {
            let table = bench.state.inquiry.as_ref().unwrap().answer.clone();
            table.unwrap().unwrap().rows[cursor.0].clone()
        };
        let of_row = seen.iter().filter(|row| row.contains(&name)).count();
        assert!(
            of_row >= 2,
            "{name} is in its row and in the cursor's line: {seen:#?}"
        );
        press(&mut bench, "up");
    }
}

/// A message stands in a line of its own, and the keys stay.
#[test]
fn a_message_leaves_the_keys() {
    let mut bench = workbench(1);
    let keys = |rows: &[String]| rows.last().unwrap().contains("? help");
    assert!(keys(&rows(&bench, 80, 24)));
    press(&mut bench, ": 'zero blocks.1.attn.hook_z @b_0' enter");
    let seen = rows(&bench, 80, 24);
    assert!(keys(&seen), "{seen:#?}");
    assert!(
        says(&seen[20..23], "added zero blocks.1.attn.hook_z"),
        "{seen:#?}"
    );
    press(&mut bench, "right");
    assert!(!says(&rows(&bench, 80, 24), "added zero"));
}

//! The run that is looked at is the run that is changed, and what was chosen stays.

use crate::told;
use crate::workbench::{press, workbench, workbench_in};
use circuitscope::app::{Pane, Shown};
use circuitscope::lens::{Direction, RunName};
use circuitscope::runtime::headless::Headless;

/// What a row of the attention that is looked at sums to.
fn row_sum(bench: &Headless) -> f32 {
    let at = bench.state.view.attention;
    let seen = bench.state.observation.clone().unwrap();
    let row = seen.patched.pattern.slice(&[at.layer, at.head, at.dest]);
    row.iter().sum()
}

#[test]
fn a_chosen_metric_stays_until_it_is_let_go() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'metric b_0:4:5' enter");
    let chosen = bench.state.study().metric;
    assert!(chosen.is_some());
    for keys in ["n", "p", "c", "r"] {
        press(&mut bench, keys);
        assert_eq!(bench.state.study().metric, chosen, "{keys}");
    }
    press(&mut bench, "G a");
    let table = bench.state.inquiry.as_ref().unwrap().answer.clone();
    let table = table.unwrap().unwrap();
    let note = table.notes.iter().find(|(name, _)| name == "metric");
    assert_eq!(note.unwrap().1, "logit[4] - logit[5] at b_0→b_1");
    press(&mut bench, "esc M");
    assert_eq!(bench.state.study().metric, None);
    press(&mut bench, "G a");
    let table = bench.state.inquiry.as_ref().unwrap().answer.clone();
    let table = table.unwrap().unwrap();
    let note = table.notes.iter().find(|(name, _)| name == "metric");
    assert_eq!(note.unwrap().1, "each pair's own");
}

#[test]
fn without_interventions_nothing_is_patched() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @*' enter");
    assert_eq!(bench.state.view.shown, Shown::Run(RunName::Patched));
    press(&mut bench, "x");
    assert!(bench.state.study().interventions.is_empty());
    assert_eq!(bench.state.view.shown, Shown::Run(RunName::Clean));
    press(&mut bench, "u");
    assert_eq!(bench.state.view.shown, Shown::Run(RunName::Patched));
}

#[test]
fn an_input_that_is_opened_is_the_run_that_is_shown() {
    for (keys, shown, direction) in [
        ("v v", Shown::Run(RunName::Clean), Direction::Denoise),
        (
            ": 'zero blocks.1.attn.hook_z @*' enter",
            Shown::Run(RunName::Patched),
            Direction::Noise,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), 1);
        press(&mut bench, keys);
        press(&mut bench, "S down enter");
        let seen = bench.state.observation.clone().unwrap();
        let run = seen.run(bench.state.view.shown.run());
        assert_eq!(bench.state.view.shown, shown, "{keys}");
        assert_eq!(bench.state.study().direction, direction, "{keys}");
        // the run on screen is the input's, and says of it what the list did
        let tally = bench.state.space_tally().unwrap();
        let case = (tally.worst().iter()).find(|case| case.values == run.prompt.values);
        let predictions = run.predictions(bench.state.task());
        let said: Vec<_> = predictions.iter().map(|one| one.argmax).collect();
        let case = case.unwrap();
        assert_eq!(case.predicted, said, "{keys}");
    }
}

#[test]
fn a_probability_says_what_its_row_sums_to() {
    let mut bench = workbench(1);
    press(&mut bench, "tab tab down right right");
    assert_eq!(bench.state.view.focus, Pane::Attention);
    press(&mut bench, "= 5 enter");
    let said = told(&bench);
    assert!(
        said.contains("the row sums to 5.") || said.contains("the row sums to 4."),
        "{said}"
    );
    let sum = row_sum(&bench);
    let typed: f32 = said.split("sums to ").nth(1).unwrap()[..5].parse().unwrap();
    assert!((sum - typed).abs() < 0.01, "{sum} {said}");
    press(&mut bench, "u = '0.8n' enter");
    assert!((row_sum(&bench) - 1.0).abs() < 1e-4);
    let at = bench.state.view.attention;
    let seen = bench.state.observation.clone().unwrap();
    let cell = [at.layer, at.head, at.dest, at.src];
    let value = seen.patched.pattern.get(&cell).unwrap();
    assert!((value - 0.8).abs() < 1e-4, "{value}");
    // a row cannot sum to 1 with these
    for wrong in ["1n", "-0.5n", "2n"] {
        press(&mut bench, &format!("= '{wrong}' enter"));
        assert!(crate::line_error(&bench).is_some(), "{wrong}");
        press(&mut bench, "esc");
    }
}

#[test]
fn a_finding_of_another_model_is_not_ticked() {
    let mut bench = workbench(1);
    press(&mut bench, "? t");
    let buffer = bench.buffer();
    let screen = crate::drawing::plain(&buffer, buffer.area);
    assert!(
        screen.contains("another model: not checked in this one"),
        "{screen}"
    );
    assert!(
        !screen.contains('✓') && !screen.contains("HOLDS"),
        "{screen}"
    );
}

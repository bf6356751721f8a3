//! What is typed acts before it is taken: the run under it is what the screen shows, and nothing of it is kept.

use crate::workbench::{press, workbench};
use circuitscope::lens::Experiment;
use circuitscope::runtime::headless::Headless;

const ZERO: &str = "zero blocks.1.attn.hook_z @b_0";

fn asked(bench: &Headless) -> Experiment {
    bench.state.study().experiment()
}

fn metric(bench: &Headless) -> f32 {
    bench
        .state
        .observation
        .as_ref()
        .unwrap()
        .metric
        .unwrap()
        .patched
}

#[test]
fn an_intervention_acts_while_it_is_typed() {
    let mut bench = workbench(2);
    let before = asked(&bench);
    press(&mut bench, &format!(": '{ZERO}'"));
    assert!(!bench.state.is_stale());
    let typed = bench.state.observation.clone().unwrap();
    assert_eq!(typed.experiment.interventions.len(), 1);
    assert!(bench.state.study().interventions.is_empty());
    // what is no intervention any more is none
    press(&mut bench, "backspace backspace backspace backspace");
    assert_eq!(asked(&bench), before);
    assert!(!bench.state.is_stale());
    // left, nothing of it stays, not in the past either
    press(&mut bench, &format!("esc : '{ZERO}' esc"));
    assert_eq!(asked(&bench), before);
    let seen = bench.state.observation.as_ref().unwrap();
    assert_eq!(seen.experiment, before);
    press(&mut bench, "u");
    assert_eq!(asked(&bench), before);
}

#[test]
fn what_was_tried_and_taken_is_what_is_added() {
    let mut bench = workbench(2);
    let base = metric(&bench);
    let zero = "zero blocks.1.attn.hook_z @*";
    press(&mut bench, &format!(": '{zero}'"));
    let tried = metric(&bench);
    assert_ne!(base, tried);
    press(&mut bench, "enter");
    assert_eq!(metric(&bench), tried);
    assert_eq!(bench.state.study().interventions.len(), 1);
    assert!(bench.state.study().tried.is_none());
    // the effect that is told is that of the whole intervention
    let said = bench.state.status.as_ref().unwrap().text.clone();
    assert!(said.contains(" -> "), "{said}");
    press(&mut bench, "u");
    assert_eq!(metric(&bench), base);
}

/// One that is changed acts in the place of the one that stands there.
#[test]
fn another_text_of_an_intervention_acts_in_its_place() {
    let mut bench = workbench(2);
    press(&mut bench, ": 'scale blocks.1.attn.hook_z @* by 2' enter");
    let twice = metric(&bench);
    press(&mut bench, "backtab enter backspace '3'");
    let tried = asked(&bench);
    assert_eq!(tried.interventions.len(), 1);
    assert!(
        tried.interventions[0]
            .line(bench.state.task())
            .ends_with("by 3")
    );
    assert_ne!(metric(&bench), twice);
    press(&mut bench, "esc");
    assert_eq!(metric(&bench), twice);
}

/// The same twice, or what stood there already, leaves no numbers of what was tried behind.
#[test]
fn what_changes_nothing_in_the_end_leaves_nothing() {
    let mut bench = workbench(2);
    let zero = "zero blocks.1.attn.hook_z @*";
    press(
        &mut bench,
        &format!(": '{zero}' enter : 'scale blocks.0.attn.hook_z @* by 2' enter"),
    );
    let before = asked(&bench);
    press(&mut bench, &format!(": '{zero}' esc"));
    assert_eq!(asked(&bench), before);
    assert!(!bench.state.is_stale());
    // the first of two is opened and taken as it stands
    bench.state.view.intervention = 0;
    press(&mut bench, "backtab enter");
    assert_eq!(asked(&bench), before, "in its own place it is the same");
    press(&mut bench, "enter");
    assert_eq!(asked(&bench), before);
    assert!(!bench.state.is_stale());
}

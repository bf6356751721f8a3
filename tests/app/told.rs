//! Nothing is silent: what a change did, which theme there is, which step of the tutorial one is at, how far a
//! count was.

use crate::told;
use crate::workbench::{press, workbench};
use circuitscope::app::{
    Found, Mode, ModelInfo, Msg, Pane, Purpose, SpaceNews, State, about, update, verbs,
};
use circuitscope::runtime::headless::{Around, Headless};
use circuitscope::sweep::Progress;
use circuitscope::task::Sample;
use circuitscope::ui::theme::Theme;

#[test]
fn every_word_that_begins_a_line_says_what_it_is_for() {
    for (verb, _) in verbs(Purpose::Command) {
        let about = about(verb);
        assert!(!about.is_empty(), "{verb}");
        assert!(about.chars().count() <= 52, "{verb}: {about}");
    }
}

#[test]
fn what_was_added_says_what_it_did() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'zero blocks.1.attn.hook_z @*' enter");
    let said = told(&bench);
    assert!(said.contains("logit_diff"), "{said}");
    let metric = bench.state.observation.clone().unwrap().metric.unwrap();
    let is = circuitscope::task::number::significant(metric.patched, 4);
    assert!(
        said.contains(&format!("-> {is} in the corrupted run")),
        "{said}"
    );
    // both prompts begin with it
    press(
        &mut bench,
        "x : 'patch blocks.0.hook_resid_pre @BOS from clean' enter",
    );
    let said = told(&bench);
    assert!(
        said.ends_with("it changes no number of the corrupted run"),
        "{said}"
    );
}

#[test]
fn a_key_that_does_nothing_says_so() {
    for (keys, key) in [
        ("tab", "enter"),
        ("tab", "left"),
        ("tab tab", "home"),
        ("tab tab", "pageup"),
        ("tab tab tab tab", "delete"),
        ("", "f9"),
        ("", "ctrl-x"),
        ("", "alt-q"),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, keys);
        press(&mut bench, key);
        let want = format!("{key} does nothing here; ? lists the keys");
        assert_eq!(told(&bench), want, "{keys}");
    }
    for (keys, said) in [
        ("tab tab tab tab tab down", "there are no interventions"),
        ("tab tab tab tab tab delete", "there are no interventions"),
        ("F down", "no finding is listed here"),
        ("F enter", "no finding is listed here"),
        ("F delete", "no finding is listed here"),
        ("F /", "no finding is listed here"),
        ("F f9", "f9 does nothing here"),
        ("? up", "this is the first one"),
        ("? end down", "this is the last one"),
        ("? f9", "f9 does nothing here"),
        ("? tab up", "this is the first one"),
        ("? tab end down", "this is the last one"),
        ("? tab enter", "a word does nothing; tab leads to the keys"),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, keys);
        assert!(told(&bench).starts_with(said), "{keys}: {}", told(&bench));
        // and it is seen, whatever lies over the workbench
        let buffer = bench.buffer();
        let screen = crate::drawing::plain(&buffer, buffer.area);
        assert!(screen.contains(said), "{keys}: {screen}");
    }
}

#[test]
fn a_theme_is_called_by_its_name() {
    let mut bench = workbench(1);
    bench.state.themes = Theme::round_from("light");
    press(&mut bench, ": 'theme dark' enter");
    assert_eq!(told(&bench), "theme dark");
    let at = bench.state.view.theme;
    assert_eq!(bench.state.themes[at], "dark");
    press(&mut bench, "ctrl-t");
    let next = bench.state.themes[(at + 1) % bench.state.themes.len()];
    assert_eq!(told(&bench), format!("theme {next}"));
    press(&mut bench, ": 'theme pink' enter");
    let error = crate::line_error(&bench).unwrap();
    assert!(error.starts_with("the themes are light"), "{error}");
}

/// The text of a step stays beside the workbench, and one key goes on.
#[test]
fn the_tutorial_goes_on_with_one_key() {
    let folder = tempfile::tempdir().unwrap();
    // a step is about the model that is built in
    let model = crate::common::embedded();
    let task = model.transformer.task();
    let small = crate::workbench::state(&model, Sample::default());
    let info = ModelInfo {
        task,
        ..small.model
    };
    let state = State::new(info, Sample::default(), None);
    let around = Around {
        snapshots: folder.path().to_owned(),
        ..Around::default()
    };
    let look = crate::workbench::look();
    let mut bench = Headless::within(model, state, look, (120, 40), around);
    press(&mut bench, ": 'claim idx < 2' enter tab T enter");
    let lesson = bench.state.lesson.clone().unwrap();
    assert_eq!(lesson.at, 1);
    let screen = |bench: &Headless| {
        let buffer = bench.buffer();
        crate::drawing::plain(&buffer, buffer.area)
    };
    assert!(screen(&bench).contains(&format!("step 1 of {}", lesson.of)));
    // its claims are its own, what was stated stays
    assert_eq!(bench.state.space.stated, ["idx < 2"]);
    press(&mut bench, "T");
    let second = bench.state.lesson.clone().unwrap();
    assert_eq!(
        (second.at, Some(second.name)),
        (2, lesson.next.map(|next| next.0))
    );
    press(&mut bench, &"esc ".repeat(4));
    assert!(bench.state.lesson.is_none());
    assert!(!screen(&bench).contains("step 2 of"));
}

/// What was counted by then is no less true for having been stopped.
#[test]
fn a_stopped_count_stays() {
    let mut bench = workbench(2);
    for key in circuitscope::app::parse_script("S").unwrap() {
        update(&mut bench.state, Msg::Key(key));
    }
    let running = bench.state.space.running.as_mut().unwrap();
    running.news = Some(SpaceNews {
        progress: Progress { done: 3, total: 10 },
        seconds: 1.0,
        found: Found {
            tally: None,
            answers: Vec::new(),
        },
        reason: None,
        finished: false,
    });
    for key in circuitscope::app::parse_script("esc").unwrap() {
        update(&mut bench.state, Msg::Key(key));
    }
    assert!(bench.state.space.running.is_none());
    assert!(bench.state.space_so_far().is_some());
    assert_eq!(bench.state.view.focus, Pane::Space);
    let buffer = bench.buffer();
    let screen = crate::drawing::plain(&buffer, buffer.area);
    assert!(screen.contains("30%  stopped here"), "{screen}");
}

/// A wrong word of a quantity is pointed at in the line, and what is meant is told.
#[test]
fn a_wrong_quantity_is_pointed_at() {
    for (line, word) in [("map margn[b_0] by idx", 1), ("fit 2*margn ~ idx", 1)] {
        let mut bench = workbench(1);
        press(&mut bench, &format!("/ '{line}' enter"));
        let Mode::Line(typed) = &bench.state.mode else {
            unreachable!("the line {line} was taken")
        };
        let (at, error) = typed.error.clone().unwrap();
        assert_eq!(at, Some(word), "{line}: {error}");
        assert!(error.contains("did you mean margin?"), "{line}: {error}");
    }
}

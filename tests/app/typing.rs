//! Typed lines: what may come next, what is wrong and what would be right, what a key does to them.

use crate::workbench::{look, press, workbench, workbench_in};
use crate::{line_error, told, typed_lines};
use circuitscope::app::{Mode, Msg, Part, Shown, Side, hints};
use circuitscope::lens::RunName;
use circuitscope::runtime::headless::Headless;
use circuitscope::task::text::acts;
use std::collections::BTreeSet;

/// What could come next, its last words.
fn next_words(bench: &Headless) -> Vec<String> {
    let Mode::Line(line) = &bench.state.mode else {
        return Vec::new();
    };
    let last = |line: &String| line.rsplit(' ').next().unwrap().to_owned();
    line.completions.iter().map(last).collect()
}

#[test]
fn completion_offers_the_next_words_each_once() {
    for (typed, some, count) in [
        ("/", "composition", Some(23)),
        ("/ 'grid '", "edges", None),
        ("/ 'attention '", "virtual", Some(6)),
        ("/ 'map margin[b_0] by a_0, '", "elt", Some(4)),
        ("/ 'map margin[b_0] by elt, a_1 '", "over", Some(1)),
        ("/ 'why 1.0 b_0 '", "elt", None),
        (":", "zero", None),
        (": 'zero '", "blocks.1.attn.hook_z", None),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, typed);
        let words = next_words(&bench);
        let once: BTreeSet<&String> = words.iter().collect();
        assert_eq!(once.len(), words.len(), "{typed}: {words:?}");
        assert!(words.iter().any(|word| word == some), "{typed}: {words:?}");
        assert!(count.is_none_or(|count| count == words.len()), "{words:?}");
    }
}

#[test]
fn tab_inserts_what_all_begin_with_or_the_first() {
    for (typed, line) in [
        ("/ tab", "attribution "),
        ("/ 'gr' tab", "grid "),
        ("/ 'pca to' tab", "pca tokens "),
        (": 'ze' tab", "zero "),
        (
            ": 'zero blocks.1.attn.hook_p' tab",
            "zero blocks.1.attn.hook_pattern ",
        ),
        (": 'zero blo' tab", "zero blocks."),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, typed);
        assert_eq!(typed_lines(&bench), [line], "{typed}");
    }
}

#[test]
fn typing_takes_the_place_of_the_open_question() {
    let mut bench = workbench(1);
    press(&mut bench, "o /");
    assert_eq!(typed_lines(&bench), ["circuit ov.0"]);
    press(&mut bench, "'pca tokens'");
    assert_eq!(typed_lines(&bench), ["pca tokens"]);
    // it is there to be changed as well
    press(&mut bench, "esc / end ' beside ov.1' enter");
    let question = &bench.state.inquiry.as_ref().unwrap().question;
    let (task, config) = (bench.state.task(), &bench.state.model.config);
    assert_eq!(question.line(task, config), "circuit ov.0 beside ov.1");
}

#[test]
fn what_is_wrong_says_what_would_be_right() {
    for (line, problem) in [
        (": 'zero blocks.7.attn.hook_z @*'", "the layers are 0 to 1"),
        (
            ": 'patch blocks.0.attn.hook_z @* from foo'",
            "is not clean, corrupted or example N",
        ),
        (
            ": 'add blocks.0.hook_attn_out @* W_E[99] by 1'",
            "no token '99'; it is one of 0 1 2",
        ),
        (
            ": 'mean blocks.0.attn.hook_z @* over sample given a_0 a_1'",
            "commas separate fields: a_0,a_1",
        ),
        (
            ": 'ablate it'",
            "claim, cell, ablations, minimal, clean, corrupted, metric",
        ),
        ("/ 'why 1.0 b_1'", "SRC is missing; the form is: why"),
        ("/ 'necessity now'", "'now' is one word too many"),
        ("/ 'pca words'", "no directions 'words'"),
        ("/ 'attention virtual'", "L.H>L.H is missing"),
        ("/ 'attention loud 0.0'", "argmax"),
        ("/ 'attribution 4-4'", "such as 48-26"),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, &format!("{line} enter"));
        let error = line_error(&bench).unwrap();
        assert!(error.contains(problem), "{line}: {error}");
    }
}

#[test]
fn a_nudge_begins_with_the_number_on_screen() {
    let mut bench = workbench(1);
    press(&mut bench, "tab tab");
    assert_eq!(bench.state.view.shown, Shown::Run(RunName::Clean));
    let at = bench.state.view.attention;
    let index = [at.layer, at.head, at.dest, at.src];
    let seen = bench.state.observation.clone().unwrap();
    let (clean, base) = (
        seen.clean.pattern.get(&index),
        seen.base().pattern.get(&index),
    );
    assert!((clean.unwrap() - base.unwrap()).abs() > 0.01);
    press(&mut bench, "-");
    // the run that is looked at is the run that is changed
    let said = told(&bench);
    assert!(said.contains("act on the clean run now (noise)"), "{said}");
    let seen = bench.state.observation.clone().unwrap();
    assert_eq!(seen.base().tokens, seen.clean.tokens);
    let lowered = seen.patched.pattern.get(&index).unwrap();
    assert!((clean.unwrap() - 0.05 - lowered).abs() < 1e-4);
    press(&mut bench, "+ + -");
    let seen = bench.state.observation.clone().unwrap();
    let raised = seen.patched.pattern.get(&index).unwrap();
    assert!((clean.unwrap() - raised).abs() < 1e-4);
}

#[test]
fn undo_takes_back_a_wrong_field_and_nothing_else() {
    let mut bench = workbench(1);
    press(&mut bench, "v down backspace 2 7");
    assert!(bench.state.field_error.is_some());
    let shown = bench.state.view.shown;
    press(&mut bench, "u");
    assert!(bench.state.field_error.is_none());
    assert_eq!(bench.state.fields.text(Side::Clean, Part(1)), "2");
    assert_eq!(bench.state.view.shown, shown);
}

#[test]
fn a_message_goes_with_the_next_key() {
    let mut bench = workbench(1);
    press(&mut bench, "tab tab tab enter");
    assert!(told(&bench).starts_with("added"));
    press(&mut bench, "right");
    assert!(told(&bench).is_empty());
}

#[test]
fn a_key_that_does_nothing_is_not_offered_and_says_why() {
    for (open, idle) in [
        ("L", "."),
        ("L", "|"),
        ("L", "R"),
        ("N", "a"),
        ("/ 'composition' enter", "."),
        ("/ 'circuit ov.0' enter", "a"),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, open);
        let offered = hints(&bench.state);
        assert!(
            !offered.iter().any(|(key, ..)| key == idle),
            "{open} {idle}"
        );
        let question = bench.state.inquiry.as_ref().unwrap().question.clone();
        press(&mut bench, idle);
        assert!(!told(&bench).is_empty(), "{open} {idle}");
        assert_eq!(bench.state.inquiry.as_ref().unwrap().question, question);
    }
}

#[test]
fn an_exported_answer_names_its_question() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), 1);
    press(&mut bench, "o e");
    let csv = std::fs::read_to_string(folder.path().join("table.csv")).unwrap();
    assert!(csv.contains("# question: circuit ov.0\n"), "{csv}");
}

/// One palette: a question may be typed after `:`, an intervention after `/`.
#[test]
fn either_line_takes_what_the_other_takes() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'circuit ov.1' enter");
    assert!(bench.state.inquiry.is_some());
    press(&mut bench, "esc / 'zero blocks.0.attn.hook_z @elt' enter");
    assert_eq!(bench.state.study().interventions.len(), 1);
    press(&mut bench, ": 'circ' tab");
    assert_eq!(typed_lines(&bench), ["circuit "]);
}

#[test]
fn no_guess_is_made_at_what_is_like_nothing() {
    for (typed, guess) in [
        ("qq", None),
        ("xyzzy", None),
        ("zeor", Some("zero")),
        ("circiut", Some("circuit")),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, &format!(": '{typed} x' enter"));
        let error = line_error(&bench).unwrap();
        let made = error.contains("did you mean");
        assert_eq!(made, guess.is_some(), "{error}");
        assert!(
            guess.is_none_or(|guess| error.contains(&format!("did you mean {guess}?"))),
            "{error}"
        );
    }
}

/// A field that is entered is replaced by what is typed; one key steps a value.
#[test]
fn a_field_takes_one_key() {
    let mut bench = workbench(1);
    let text = |bench: &Headless, part| bench.state.fields.text(Side::Clean, Part(part)).to_owned();
    press(&mut bench, "down 2");
    assert_eq!(text(&bench, 1), "2");
    press(&mut bench, "pageup");
    assert_eq!(text(&bench, 1), "0");
    press(&mut bench, "pagedown pagedown");
    assert_eq!(text(&bench, 1), "1");
    // in a list it is the value at the cursor
    let before = text(&bench, 0);
    press(&mut bench, "up home pageup");
    let after = text(&bench, 0);
    assert_ne!(before, after);
    assert_eq!(
        before.split(' ').skip(1).collect::<Vec<_>>(),
        after.split(' ').skip(1).collect::<Vec<_>>()
    );
    assert!(!bench.state.is_stale());
}

/// What README says first can be typed as it stands there.
#[test]
fn an_assignment_is_typed_where_the_prompt_is() {
    let mut bench = workbench(1);
    press(&mut bench, "'a=[1,2,3]; a[1]=4' enter");
    let prompt = bench.state.study().clean.prompt();
    assert_eq!(prompt.values.to_string(), "1 2 3 1 4");
}

/// An answer stays open while its question's prompt is typed, and earlier ones are a key away.
#[test]
fn answers_have_a_trail() {
    let mut bench = workbench(1);
    press(&mut bench, "L P tab tab tab");
    assert!(bench.state.inquiry.is_some());
    let line = |bench: &Headless| {
        let state = &bench.state;
        let inquiry = state.inquiry.as_ref().unwrap();
        inquiry.question.line(state.task(), &state.model.config)
    };
    let paths = line(&bench);
    assert!(paths.starts_with("paths"), "{paths}");
    press(&mut bench, "[");
    assert!(line(&bench).starts_with("attribution"));
    press(&mut bench, "]");
    assert_eq!(line(&bench), paths);
    press(&mut bench, "esc esc [");
    assert_eq!(line(&bench), paths);
}

/// A pinned answer stays where it is, follows what is typed, and is gone over to by the same key.
#[test]
fn two_answers_stand_side_by_side() {
    let mut bench = workbench(1);
    let lines = |bench: &Headless| {
        let state = &bench.state;
        let open = [&state.inquiry, &state.pinned];
        open.map(|one| {
            let one = one.as_ref();
            one.map_or_else(String::new, |one| {
                one.question.line(state.task(), &state.model.config)
            })
        })
    };
    let tables = |bench: &Headless| {
        let open = [&bench.state.inquiry, &bench.state.pinned];
        open.map(|one| {
            let answer = one.as_ref().and_then(|one| one.answer.clone());
            answer.unwrap().unwrap().values.values().to_vec()
        })
    };
    press(&mut bench, "L # P");
    let [open, pinned] = lines(&bench);
    assert!(
        open.starts_with("paths") && pinned.starts_with("attribution"),
        "{open}, {pinned}"
    );
    // both are of the prompt that is typed
    let before = tables(&bench);
    press(&mut bench, "n");
    let after = tables(&bench);
    assert!(before.iter().zip(&after).all(|(a, b)| a != b));
    let mut alone = workbench(1);
    press(&mut alone, "n L");
    let alone = alone.state.inquiry.unwrap().answer.unwrap().unwrap();
    assert_eq!(after[1], alone.values.values());
    // another question takes the place of the one that is not pinned
    press(&mut bench, "K");
    assert_eq!(lines(&bench)[1], pinned);
    press(&mut bench, "#");
    assert_eq!(lines(&bench)[0], pinned);
    press(&mut bench, "# P #");
    let [left, right] =
        [&bench.state.inquiry, &bench.state.pinned].map(|one| one.as_ref().unwrap().slot);
    assert_ne!(left, right);
    // one is closed at a time
    press(&mut bench, "esc");
    assert!(bench.state.inquiry.is_some() && bench.state.pinned.is_none());
    press(&mut bench, "esc");
    assert!(bench.state.inquiry.is_none());
}

/// What can end in one way only need not be typed to its end.
#[test]
fn enter_takes_the_only_way_a_word_can_end() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @el' enter");
    let listed = &bench.state.study().interventions;
    let line = listed[0].intervention.line(bench.state.task());
    assert_eq!(line, "zero blocks.0.attn.hook_z @elt");
    // of several ways none is taken
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @n' enter");
    assert_eq!(bench.state.study().interventions.len(), 1);
    assert!(line_error(&bench).is_some());
}

#[test]
fn nothing_is_silent() {
    let mut bench = workbench(1);
    for (key, says) in [
        ("d", "noise"),
        ("x", "no interventions"),
        ("u", "undone: denoise or noise"),
        ("v u", "undone: the run shown"),
        ("z u", "undone: which pane stands alone"),
        ("tab tab a u", "undone: scores or probabilities"),
        ("%", "does nothing here"),
    ] {
        press(&mut bench, key);
        assert!(told(&bench).contains(says), "{key}: {}", told(&bench));
    }
}

/// Tags, turns of the direction of writing and separators stay in what is typed; none reaches the screen.
#[test]
fn nothing_that_is_typed_or_told_acts_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = "a\u{e0041}\u{e007f}\u{202e}b\u{2028}c\u{2029}\u{2066}\u{fff9}d\u{e0100}";
    for script in [":", "/", "F /", "b", "b tab", "S /", "m"] {
        let mut bench = workbench_in(folder.path(), 1);
        press(&mut bench, script);
        bench.send(Msg::Paste(foreign.to_owned()));
        bench.state.tell(foreign.to_owned());
        for (width, height) in [(80, 24), (160, 48)] {
            let drawn = circuitscope::ui::frame(&bench.state, &look(), width, height);
            let bad = drawn
                .content
                .iter()
                .find(|cell| cell.symbol().contains(acts));
            assert!(bad.is_none(), "{script}: {bad:?}");
            let all: String = drawn
                .content
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            assert!(all.contains('d'), "{script}");
        }
    }
}

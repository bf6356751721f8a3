//! Typing in fields, pasting, examples, counterfactuals, continuations, warnings.

use crate::common::Parts as _;
use crate::workbench::{model, press, state, task, workbench};
use crate::{empty_line, line_error, look_at, told, typed_lines};
use circuitscope::app::{Mode, Msg, Part, Side};
use circuitscope::lens::{Continuation, Fix};
use circuitscope::runtime::headless::Headless;
use circuitscope::task::counterfactuals;
use std::sync::Arc;

fn clean(bench: &Headless) -> (Vec<u32>, u32, u32) {
    let update = &bench.state.study().clean.values;
    (update.a().clone(), update.idx(), update.elt())
}

#[test]
fn typing_moves_the_numbers_with_every_valid_text() {
    let mut bench = workbench(1);
    let before = look_at(&bench);
    press(&mut bench, "backspace");
    let (side, error) = bench.state.field_error.clone().unwrap();
    assert_eq!(side, Side::Clean);
    assert!(error.contains("3 values needed, got 2"), "{error}");
    // nothing was computed: the old numbers stay, and are known to be old
    assert!(Arc::ptr_eq(&before, &look_at(&bench)));
    assert!(bench.state.is_stale());
    let generation = bench.state.generation;
    press(&mut bench, "5");
    assert_eq!(clean(&bench), (vec![5, 2, 3], 1, 7));
    assert_eq!(bench.state.generation, generation + 1);
    assert!(bench.state.field_error.is_none() && !bench.state.is_stale());
    assert!(!Arc::ptr_eq(&before, &look_at(&bench)));
    assert_eq!(look_at(&bench).clean.tokens[1], 5);
}

#[test]
fn each_field_says_what_is_wrong_with_it() {
    for (script, wanted) in [
        ("right delete", "clean a: 3 values needed, got 2"),
        ("down backspace", "clean idx: empty"),
        ("down 3", "clean idx: 3 is not a whole number from 0 to 2"),
        ("down down down delete", "clean b: 3 values needed, got 2"),
        ("down down down down delete", "corrupted a: 3 values needed"),
    ] {
        let mut bench = workbench(1);
        let generation = bench.state.generation;
        press(&mut bench, script);
        let (side, error) = bench.state.field_error.clone().unwrap();
        let text = format!("{side:?} {error}").replace("Clean", "clean");
        let text = text.replace("Corrupted", "corrupted");
        assert!(text.contains(wanted), "{script}: {text}");
        assert!(bench.state.is_stale(), "{script}");
        assert_eq!(bench.state.generation, generation, "{script}");
    }
}

/// What is typed takes the place of the value at hand, and no other; a blank goes on to the next once one
/// was typed, a comma always.
#[test]
fn a_value_is_typed_in_its_place() {
    let mut bench = workbench(1);
    press(&mut bench, "right 4");
    assert_eq!(clean(&bench).0, [1, 4, 3]);
    // one that cannot go on begins anew
    press(&mut bench, "5");
    assert_eq!(clean(&bench).0, [1, 5, 3]);
    press(&mut bench, "home 7 space 8 , space 9 space 2 space 6");
    assert_eq!(clean(&bench), (vec![7, 8, 9], 2, 6));
    assert_eq!(bench.state.fields.selected(), (Side::Clean, Part(2)));
    // stepping through values changes none
    let before = bench.state.study().clone();
    press(&mut bench, "up up right right right left end home down");
    assert_eq!(*bench.state.study(), before);
}

/// What was deleted is typed anew from where it is gone.
#[test]
fn a_list_can_be_deleted_and_typed_again() {
    let mut bench = workbench(1);
    press(
        &mut bench,
        "end backspace backspace backspace backspace backspace",
    );
    assert_eq!(bench.state.fields.text(Side::Clean, Part(0)), "");
    press(&mut bench, "4 space 5 space 6");
    assert_eq!(clean(&bench).0, [4, 5, 6]);
    // there is no fourth
    press(&mut bench, "space 2");
    assert_eq!(clean(&bench), (vec![4, 5, 6], 2, 7));
}

/// Before anything is typed space opens the menu, as everywhere; within a prompt it parts values.
#[test]
fn space_is_the_menu_until_something_is_typed() {
    let mut bench = workbench(1);
    press(&mut bench, "space");
    assert!(matches!(bench.state.mode, Mode::Menu));
    press(&mut bench, "esc 4 space");
    assert!(matches!(bench.state.mode, Mode::Normal));
    press(&mut bench, "space");
    assert!(matches!(bench.state.mode, Mode::Menu));
}

/// Leaving a value by esc leaves it as it was found, right or wrong; what was done between is not undone.
#[test]
fn esc_brings_back_what_a_field_was_found_with() {
    let mut bench = workbench(1);
    press(&mut bench, "4 right 5 esc");
    assert_eq!(clean(&bench).0, [1, 2, 3]);
    press(&mut bench, "down 2 esc 0 x esc");
    // x was done in between: the field is not taken back over it
    assert_ne!(clean(&bench).1, 1);
    press(&mut bench, "n up");
    let shown = clean(&bench);
    press(&mut bench, "9 esc");
    assert_eq!(clean(&bench), shown);
}

#[test]
fn a_wrong_field_is_righted_by_any_valid_change() {
    let mut bench = workbench(1);
    press(&mut bench, "backspace down down down down down 0");
    assert!(bench.state.field_error.is_none());
    assert!(!bench.state.is_stale());
}

#[test]
fn esc_takes_a_wrong_text_back() {
    let mut bench = workbench(1);
    let generation = bench.state.generation;
    press(&mut bench, "z backspace backspace esc");
    assert!(bench.state.field_error.is_none() && !bench.state.is_stale());
    assert_eq!(bench.state.fields.text(Side::Clean, Part(0)), "1 2 3");
    assert_eq!(bench.state.generation, generation);
    assert!(bench.state.view.zoomed, "more than one step back");
}

#[test]
fn the_corrupted_prompt_follows_until_it_is_typed() {
    let mut bench = workbench(1);
    press(&mut bench, "end 9");
    let study = bench.state.study();
    assert_eq!(study.counterfactual, Some(0));
    assert_eq!(study.corrupted.values.a(), [1, 2, 9]);
    assert_eq!(study.corrupted.values.idx(), 2);
    // from now on it is nobody's counterfactual
    press(&mut bench, "down down down down end 8");
    assert_eq!(bench.state.study().counterfactual, None);
    assert_eq!(bench.state.study().corrupted.values.a(), [1, 2, 8]);
    press(&mut bench, "up up up up end 0");
    assert_eq!(clean(&bench).0, [1, 2, 0]);
    assert_eq!(bench.state.study().corrupted.values.a(), [1, 2, 8]);
    // and c makes it one again
    press(&mut bench, "c");
    assert_eq!(bench.state.study().counterfactual, Some(0));
    assert_eq!(bench.state.study().corrupted.values.a(), [1, 2, 0]);
}

#[test]
fn counterfactuals_are_stepped_through_in_a_circle() {
    let mut bench = workbench(1);
    let changes = counterfactuals(task(), &bench.state.study().clean.values);
    let begin = bench.state.study().clone();
    for i in (1..changes.len()).chain([0]) {
        press(&mut bench, "c");
        let study = bench.state.study();
        assert_eq!(study.counterfactual, Some(i));
        assert_eq!(study.corrupted.values, study.clean.values.with(changes[i]));
        assert!(!bench.state.is_stale());
    }
    assert_eq!(*bench.state.study(), begin);
    press(&mut bench, "C");
    let last = changes.len() - 1;
    assert_eq!(bench.state.study().counterfactual, Some(last));
}

#[test]
fn examples_are_stepped_jumped_to_and_drawn() {
    let mut bench = workbench(1);
    assert_eq!(bench.state.sample.index, None);
    for (script, wanted) in [
        ("n", 0),
        ("n n", 2),
        ("p p p", 15),
        ("n", 0),
        ("g 7 enter", 6),
        ("g ' 16 ' enter", 15),
    ] {
        press(&mut bench, script);
        assert_eq!(bench.state.sample.index, Some(wanted), "{script}");
        let update = &bench.state.sample.prompts[wanted].values;
        assert_eq!(bench.state.study().clean.values, *update);
    }
    for wrong in ["0", "17", "x", "-1", "1.5"] {
        press(&mut bench, &format!("g '{wrong}' enter"));
        assert_eq!(
            line_error(&bench).unwrap(),
            "the sample has examples 1 to 16"
        );
        assert_eq!(bench.state.sample.index, Some(15));
        press(&mut bench, "esc");
    }
    let mut again = workbench(1);
    let mut drawn = Vec::new();
    for _ in 0..40 {
        let before = bench.state.sample.index;
        press(&mut bench, "r");
        assert_ne!(bench.state.sample.index, before, "the draw stands still");
        press(&mut again, "r");
        drawn.push(again.state.sample.index);
    }
    let mut replayed = workbench(1);
    for index in drawn {
        press(&mut replayed, "r");
        assert_eq!(replayed.state.sample.index, index);
    }
    // typing makes it nobody's example
    press(&mut bench, "g 1 enter down backspace");
    let idx = (bench.state.study().clean.values.idx() + 1) % 3;
    press(&mut bench, &idx.to_string());
    assert_eq!(bench.state.sample.index, None);
}

#[test]
fn a_sample_of_one_has_one_example() {
    let model = model(1);
    let state = state(&model, "random:3:1".parse().unwrap());
    let mut bench = Headless::new(model, state, crate::workbench::look(), (80, 24));
    press(&mut bench, "r r n p");
    assert_eq!(bench.state.sample.index, Some(0));
}

#[test]
fn another_sample_begins_with_its_first_example() {
    let mut bench = workbench(1);
    press(&mut bench, "n n : 'sample random:9:4' enter");
    assert_eq!(bench.state.sample.index, Some(0));
    assert_eq!(bench.state.sample.prompts.len(), 4);
    assert_eq!(bench.state.sample.score.as_ref().unwrap().inputs, 4);
    // opened again from a typed prompt, it is on its first example again
    press(&mut bench, "n : 'clean 1 2 3 1 7' enter");
    assert_eq!(bench.state.sample.index, None);
    press(&mut bench, ": 'sample random:9:4' enter");
    assert_eq!(bench.state.sample.index, Some(0));
    // another sample is undone like anything else
    press(&mut bench, "n : 'sample random:0:16' enter u");
    assert_eq!(bench.state.sample.prompts.len(), 4);
    assert_eq!(bench.state.sample.index, Some(1));
    assert_eq!(bench.state.sample.score.as_ref().unwrap().inputs, 4);
    press(&mut bench, ": 'sample random:9:x' enter");
    assert!(line_error(&bench).is_some());
}

#[test]
fn pasted_prompts_of_every_form() {
    for text in [
        "4 5 6 0 9",
        "a=[4,5,6]; a[0]=9",
        "BOS 4 5 6 \\n 0 9 \\n 9 5 6",
        "  4, 5, 6,\t0 9\r\n",
    ] {
        let mut bench = workbench(1);
        bench.send(Msg::Paste(text.into()));
        assert_eq!(clean(&bench), (vec![4, 5, 6], 0, 9), "{text}");
        assert!(!bench.state.is_stale());
    }
}

#[test]
fn a_paste_that_is_no_prompt_changes_nothing() {
    let long = "1 ".repeat(3000);
    for text in [
        "",
        "hello",
        "1 2 3",
        "1 2 3 4 5 6",
        "a=[1,2]",
        "\u{1b}[31m1",
        &long,
    ] {
        let mut bench = workbench(1);
        let before = bench.state.study().clone();
        bench.send(Msg::Paste(text.into()));
        assert_eq!(*bench.state.study(), before, "{text:?}");
        let told = told(&bench);
        assert!(
            !told.is_empty() && !told.contains(char::is_control),
            "{told:?}"
        );
    }
}

#[test]
fn a_paste_goes_to_the_side_being_typed_in() {
    let mut bench = workbench(1);
    press(&mut bench, "down down down down down");
    bench.send(Msg::Paste("4 5 6 0 9".into()));
    assert_eq!(clean(&bench), (vec![1, 2, 3], 1, 7));
    assert_eq!(bench.state.study().corrupted.values.a(), [4, 5, 6]);
    // elsewhere it is the clean one
    press(&mut bench, "tab");
    bench.send(Msg::Paste("7 7 7 0 9".into()));
    assert_eq!(clean(&bench), (vec![7, 7, 7], 0, 9));
    // and in the help nothing
    press(&mut bench, "?");
    bench.send(Msg::Paste("8 8 8 0 9".into()));
    assert_eq!(clean(&bench), (vec![7, 7, 7], 0, 9));
}

#[test]
fn a_typed_continuation_is_warned_of_and_mended() {
    let mut bench = workbench(1);
    press(&mut bench, "down down down end 9");
    let typed = Continuation::Typed(vec![1, 7, 9]);
    assert_eq!(bench.state.study().clean.continuation, typed);
    assert_eq!(bench.state.offered_fix(), Some(Fix::ForceTruth));
    assert_eq!(look_at(&bench).clean.prompt.continuation, [1, 7, 9]);
    press(&mut bench, "f");
    assert_eq!(bench.state.study().clean.continuation, Continuation::Truth);
    assert_eq!(bench.state.fields.text(Side::Clean, Part(3)), "1 7 3");
    assert!(!bench.state.is_stale());
}

#[test]
fn the_models_own_continuation_is_shown_once_known() {
    let mut bench = workbench(1);
    press(&mut bench, "t");
    assert_eq!(bench.state.study().clean.continuation, Continuation::Model);
    let seen = look_at(&bench);
    let shown = |bench: &Headless| bench.state.fields.text(Side::Clean, Part(3)).to_owned();
    let words = |b: &[u32]| b.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let own = words(&seen.clean.prompt.continuation);
    assert_ne!(
        own, "1 7 3",
        "the model must differ from the truth for this test"
    );
    assert_eq!(shown(&bench), own);
    // a change that asks for no new numbers leaves it as it is
    press(&mut bench, "M x");
    assert_eq!(shown(&bench), own);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @*' enter");
    assert_eq!(shown(&bench), own);
    press(&mut bench, "tab tab tab tab tab space space space delete");
    assert_eq!(shown(&bench), own);
    press(&mut bench, "t");
    assert_eq!(bench.state.study().clean.continuation, Continuation::Truth);
    assert_eq!(shown(&bench), "1 7 3");
}

#[test]
fn equal_prompts_are_warned_of_and_made_a_pair() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'corrupted 1 2 3 1 7' enter");
    assert_eq!(bench.state.offered_fix(), Some(Fix::MakePair));
    let seen = look_at(&bench);
    assert!(seen.metric.is_none() && seen.grids.is_empty());
    press(&mut bench, "f");
    assert_eq!(bench.state.study().counterfactual, Some(0));
    assert_eq!(bench.state.offered_fix(), None);
    press(&mut bench, "f");
    assert_eq!(told(&bench), "nothing to mend");
}

#[test]
fn a_metric_is_typed_followed_and_warned_of() {
    let mut bench = workbench(1);
    press(&mut bench, "m");
    assert_eq!(typed_lines(&bench), ["b_0→b_1:7:2"]);
    // the pair's own metric is followed, not fixed
    press(&mut bench, "enter");
    assert_eq!(bench.state.study().metric, None);
    for wrong in ["b_9:1:2", "b_0:1", "b_0:1:1", "b_0:1:10", "nonsense"] {
        press(&mut bench, "m");
        empty_line(&mut bench);
        press(&mut bench, &format!("'{wrong}' enter"));
        assert!(line_error(&bench).is_some(), "{wrong} was taken");
        assert_eq!(bench.state.study().metric, None);
        // typing on puts the error away
        press(&mut bench, "space");
        assert!(line_error(&bench).is_none());
        press(&mut bench, "esc");
    }
    press(&mut bench, "m");
    empty_line(&mut bench);
    press(&mut bench, "'nl_1:4:5' enter");
    let metric = bench.state.study().metric.unwrap();
    assert_eq!((metric.position, metric.answer, metric.other), (7, 4, 5));
    assert_eq!(look_at(&bench).metric.unwrap().metric, metric);
    assert_eq!(bench.state.offered_fix(), Some(Fix::FollowPair));
    press(&mut bench, "f");
    assert_eq!(bench.state.study().metric, None);
    press(&mut bench, "u M");
    assert_eq!(bench.state.study().metric, None);
}

/// Which example it is follows the prompt, back and forth through the history.
#[test]
fn the_example_is_known_again_after_undo() {
    let mut bench = workbench(1);
    press(&mut bench, "n n n");
    for (key, wanted) in [
        ("u", Some(1)),
        ("u", Some(0)),
        ("u", None),
        ("U", Some(0)),
        ("U", Some(1)),
    ] {
        press(&mut bench, key);
        assert_eq!(bench.state.sample.index, wanted, "{key}");
        let clean = &bench.state.study().clean.values;
        let prompts = bench.state.sample.prompts.iter();
        assert_eq!(prompts.clone().position(|one| one.values == *clean), wanted);
    }
}

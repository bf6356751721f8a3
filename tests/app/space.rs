//! The screen of all inputs: what is asked, the list of claims, and the way to an input.

use crate::common::Parts as _;
use crate::told;
use crate::workbench::{press, workbench, workbench_in};
use circuitscope::app::{
    Effect, Key, Msg, Pane, Says, SpaceQuestion, SpaceRow, State, Steps, Wants, update,
};
use circuitscope::lens::{Experiment, RunName};
use circuitscope::model::Series;
use circuitscope::runtime::headless::Headless;
use circuitscope::sweep::Case;
use circuitscope::task::Target;

/// The claims on the list, kept ones with a star.
fn claims(state: &State) -> Vec<String> {
    let rows = state.space_rows();
    let claims = rows.iter().filter_map(|row| match row {
        SpaceRow::Claim(claim) => Some(claim),
        _ => None,
    });
    let star = |kept| if kept { "*" } else { "" };
    claims
        .map(|claim| format!("{}{}", star(claim.kept), claim.line))
        .collect()
}

fn bench() -> (tempfile::TempDir, Headless) {
    let folder = tempfile::tempdir().unwrap();
    let bench = workbench_in(folder.path(), 2);
    (folder, bench)
}

/// A claim that a mail or a file brought is asked like any other: it is an answer, and no end.
#[test]
fn a_claim_that_is_nested_without_end_is_told() {
    let (_folder, mut bench) = bench();
    bench.state.space.stated = ["(", "abs(", "not (", "-("]
        .map(|open| open.repeat(1500))
        .to_vec();
    press(&mut bench, "S");
    assert_eq!(claims(&bench.state).len(), 4);
    for row in bench.state.space_rows() {
        if let SpaceRow::Claim(claim) = row {
            let refused =
                matches!(claim.says, Says::Refused(problem) if problem.contains("in 64 brackets"));
            assert!(refused, "{:?}", claim.says);
        }
    }
}

#[test]
fn any_claim_on_the_list_is_kept_and_let_go() {
    let (_folder, mut bench) = bench();
    press(&mut bench, "S +");
    assert!(told(&bench).contains("no claim is selected"));
    press(
        &mut bench,
        "/ 'idx < 1' enter / 'idx < 2' enter / 'idx < 3' enter",
    );
    assert_eq!(claims(&bench.state), ["idx < 3", "idx < 2", "idx < 1"]);
    press(&mut bench, "down +");
    assert_eq!(claims(&bench.state), ["idx < 3", "*idx < 2", "idx < 1"]);
    assert_eq!(bench.state.study().claims, ["idx < 2"]);
    press(&mut bench, "down + up +");
    assert_eq!(bench.state.study().claims, ["idx < 1"]);
    // off the list goes only what is not kept
    press(&mut bench, "delete");
    assert_eq!(claims(&bench.state), ["idx < 3", "*idx < 1"]);
    press(&mut bench, "backspace");
    assert!(told(&bench).contains("+ lets it go"));
    assert_eq!(claims(&bench.state), ["idx < 3", "*idx < 1"]);
    press(&mut bench, "u u u");
    assert_eq!(bench.state.study().claims, [""; 0]);
    // undone, it is still there to be kept again
    assert_eq!(claims(&bench.state), ["idx < 3", "idx < 1"]);
}

#[test]
fn what_is_shown_is_asked_in_one_walk_and_only_once() {
    let mut bench = workbench(2);
    let mut asked = Vec::new();
    let mut keys = |bench: &mut Headless, script: &str| {
        for key in circuitscope::app::parse_script(script).unwrap() {
            for effect in update(&mut bench.state, Msg::Key(key)) {
                if let Effect::Space(request) = effect {
                    asked.push(request.question);
                }
            }
        }
        std::mem::take(&mut asked)
    };
    let question = |sweep, claims: &[&str]| SpaceQuestion {
        sweep,
        claims: claims.iter().map(|line| (*line).to_owned()).collect(),
    };
    // a claim alone does not count everything
    let one = keys(&mut bench, ": 'claim idx < 2' enter");
    assert_eq!(one, [question(false, &["idx < 2"])]);
    assert_eq!(
        (bench.state.view.focus, bench.state.space.wants),
        (Pane::Space, Wants::Claims)
    );
    assert_eq!(keys(&mut bench, "S"), [question(true, &["idx < 2"])]);
    let both = [question(true, &["pred == truth", "idx < 2"])];
    assert_eq!(keys(&mut bench, "/ 'pred == truth' enter"), both);
    // the same again is not asked again
    assert_eq!(keys(&mut bench, "down a S"), []);
    // stopped is stopped, until it is wanted again
    assert_eq!(keys(&mut bench, "esc down up"), []);
    assert!(bench.state.space.running.is_none());
    assert_eq!(keys(&mut bench, "S"), both);
    // other interventions: what was under way is of no use
    let zero = ": 'zero blocks.0.attn.hook_z @*' enter";
    assert_eq!(keys(&mut bench, zero), both);
    // away from the screen nothing is asked
    assert_eq!(keys(&mut bench, "tab u"), []);
}

#[test]
fn a_claim_opens_what_decides_it_and_the_others_follow() {
    let (_folder, mut bench) = bench();
    press(&mut bench, "S / 'max elt when idx = 2' enter enter");
    let update = &bench.state.study().clean.values;
    assert_eq!((update.idx(), update.elt()), (2, 9));
    assert_eq!(bench.state.view.focus, Pane::Logits);
    let inputs = bench.state.space_rows().len();
    assert!(
        told(&bench).contains(&format!("input 1 of {inputs}")),
        "{}",
        told(&bench)
    );
    press(&mut bench, "> >");
    assert!(told(&bench).contains("input 3 of"));
    // the claim's next ones come before the inputs of the sweep
    let rows = bench.state.space_rows();
    assert!(matches!(rows[2], SpaceRow::Further(_)));
    assert_eq!(rows[2].update(), Some(&bench.state.study().clean.values));
    // twenty inputs of the claim: it is a question for them
    let rows = bench.state.space_rows();
    let further = rows
        .iter()
        .filter(|row| matches!(row, SpaceRow::Further(_)));
    assert_eq!(further.count(), 19);
    press(&mut bench, &"> ".repeat(18));
    let SpaceRow::Case(case) = bench.state.space_rows()[20] else {
        unreachable!("the row after them is no input of the sweep");
    };
    assert_eq!(case.values, bench.state.study().clean.values);
    press(&mut bench, &"< ".repeat(18));
    press(&mut bench, "< < < <");
    assert!(told(&bench).contains("input 1 of"));
    press(&mut bench, "S / 'mean margin' enter enter");
    assert!(told(&bench).contains("no single input"));
}

#[test]
fn what_cannot_be_checked_says_why_and_the_rest_is_checked() {
    let (_folder, mut bench) = bench();
    // attention that looks ahead does not fold into tables
    press(
        &mut bench,
        ": 'set blocks.0.attn.hook_pattern [idx,elt] = 0.5' enter",
    );
    press(
        &mut bench,
        ": 'claim matters[ov.1.0][3,3] > 0 when idx = 0' enter",
    );
    press(&mut bench, ": 'claim idx < 3' enter");
    let rows = bench.state.space_rows();
    let says: Vec<Says<'_>> = rows
        .iter()
        .filter_map(|row| match row {
            SpaceRow::Claim(claim) => Some(claim.says),
            _ => None,
        })
        .collect();
    let [Says::All(found), Says::Refused(why)] = says[..] else {
        unreachable!("{says:?}");
    };
    assert_eq!((found.holds, found.total), (Some(true), 30_000));
    assert!(why.contains("only known where the model folds"), "{why}");
    assert!(bench.state.space.running.is_none());
    bench.key(Key::char('+'));
    assert!(told(&bench).contains("kept"));
}

#[test]
fn the_screen_is_exported_with_counts_and_verdicts_in_full() {
    let (folder, mut bench) = bench();
    press(&mut bench, "S / 'idx < 2' enter e");
    assert!(told(&bench).contains("saved"), "{}", told(&bench));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("table.json")).unwrap();
    let notes = json["notes"].to_string();
    assert!(notes.contains(r#"["inputs","30000"]"#), "{notes}");
    assert!(
        notes.contains(r#"["claim idx < 2","REFUTED: true of 20,000 of 30,000 inputs;"#),
        "{notes}"
    );
    let rows = json["rows"].as_array().unwrap().len();
    assert_eq!(rows, bench.state.space_tally().unwrap().worst().len());
    assert_eq!(json["cols"], serde_json::json!(["margin", "loss"]));
    assert!(read("table.csv").contains("true of 20,000 of 30,000"));
}

#[test]
fn what_a_survey_finds_becomes_interventions() {
    let (_folder, mut bench) = bench();
    press(&mut bench, ": 'minimal 0' enter");
    let choices = |state: &State| {
        let rows = state.space_rows();
        let found = rows.iter().filter_map(|row| match row {
            SpaceRow::Choice(choice) => Some(choice.interventions.clone()),
            _ => None,
        });
        found.collect::<Vec<_>>()
    };
    let found = choices(&bench.state);
    assert!(!found.is_empty());
    press(&mut bench, "+");
    assert!(told(&bench).contains("claims are kept"), "{}", told(&bench));
    assert!(bench.state.study().claims.is_empty());
    press(&mut bench, "down enter");
    let task = bench.state.task();
    let lines = |state: &State| -> Vec<String> {
        let listed = state.study().interventions.iter();
        listed.map(|one| one.intervention.line(task)).collect()
    };
    assert_eq!(lines(&bench.state), found[0]);
    press(&mut bench, "u");
    assert_eq!(lines(&bench.state), [""; 0]);
    // from a grid's cell, every ablation of it
    press(&mut bench, "home delete");
    assert_eq!(claims(&bench.state), [""; 0]);
    bench.state.view.focus = Pane::Strips;
    press(&mut bench, "down down B");
    assert_eq!(bench.state.view.focus, Pane::Space);
    let claims = claims(&bench.state);
    assert!(claims[0].starts_with("ablations blocks."), "{claims:?}");
    assert_eq!(choices(&bench.state).len(), 1 + 1 + 3 + 32);
    press(&mut bench, "down enter");
    assert!(
        told(&bench).contains("the model as it is"),
        "{}",
        told(&bench)
    );
    press(&mut bench, "down enter");
    assert_eq!(lines(&bench.state).len(), 1);
    press(&mut bench, "enter");
    assert!(told(&bench).contains("already"), "{}", told(&bench));
}

#[test]
fn wrong_inputs_are_put_in_groups() {
    let (_folder, mut bench) = bench();
    press(&mut bench, "S O O");
    for common in ["idx 0", "nl_1→b_0", "a in its place"] {
        let rows = bench.state.space_rows();
        let groups = rows.iter().filter_map(|row| match row {
            SpaceRow::Group(common, count) => Some((common.words(bench.state.task()), *count)),
            _ => None,
        });
        let groups: Vec<(String, u64)> = groups.collect();
        assert!(groups.iter().any(|(name, _)| name == common), "{groups:?}");
        assert!(groups.windows(2).all(|two| two[0].1 >= two[1].1));
        let tally = bench.state.space_tally().unwrap();
        let wrong: u64 = tally.wrong_by_position.iter().sum();
        assert_eq!(groups.iter().map(|(_, count)| count).sum::<u64>(), wrong);
        assert!(matches!(rows[0], SpaceRow::Group(..)));
        // what is opened has what its group is named after
        let SpaceRow::Case(case) = rows[1] else {
            unreachable!("a group has inputs");
        };
        let (case, name) = (case.clone(), groups[0].0.clone());
        press(&mut bench, "home enter");
        assert!(told(&bench).contains("enter on an input below"));
        press(&mut bench, "down enter");
        assert_eq!(bench.state.study().clean.values, case.values);
        let wrong = |j: usize| case.margins[j] <= 0.0;
        match name.split_once("→b_") {
            Some((_, j)) => assert!(wrong(j.parse().unwrap()), "{name}: {case:?}"),
            None if name.starts_with("idx") => {
                assert_eq!(name, format!("idx {}", case.values.idx()));
            }
            None => assert!((0..3).any(|j| case.instead(j).name(case.values.task()) == name)),
        }
        bench.state.view.focus = Pane::Space;
        press(&mut bench, "O");
    }
    assert!(told(&bench).contains("by margin"), "{}", told(&bench));
}

#[test]
fn all_inputs_are_counted_by_themselves_and_give_way_to_keys() {
    let mut bench = workbench(2);
    let mut keys = |script: &str| {
        let mut effects = Vec::new();
        for key in circuitscope::app::parse_script(script).unwrap() {
            effects = update(&mut bench.state, Msg::Key(key));
        }
        let asks = effects.iter().filter_map(|effect| match effect {
            Effect::Space(request) => Some((request.by_itself, request.question.sweep)),
            _ => None,
        });
        let stops = effects
            .iter()
            .any(|effect| matches!(effect, Effect::StopSpace(_)));
        (asks.collect::<Vec<_>>(), stops)
    };
    // of the model as it is nobody has asked
    assert_eq!(keys("tab"), (Vec::new(), false));
    let zero = ": 'zero blocks.0.attn.hook_z @*' enter";
    // what is typed acts already, and is counted
    assert_eq!(keys(zero), (vec![(true, true)], true));
    // any key stops it, and it is begun anew
    assert_eq!(keys("right"), (vec![(true, true)], true));
    assert_eq!(keys(": 'truth off' enter").0, []);
    assert_eq!(keys("left").0, []);
    assert_eq!(keys(": 'truth on' enter"), (vec![(true, true)], false));
}

/// What was counted of one step of a model is not shown of another: it is counted again.
#[test]
fn another_step_of_the_model_is_counted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), 1);
    press(&mut bench, "S");
    assert!(bench.state.space_tally().is_some());
    let series = Series {
        place: "run".into(),
        steps: vec![(0, "run#0".into()), (10, "run#10".into())],
        recorded: Vec::new(),
        note: None,
    };
    bench.state.steps = Some(Box::new(Steps::new(series, 0)));
    let result = Ok(("run#10".to_owned(), "ff".to_owned()));
    let effects = update(&mut bench.state, Msg::Stepped { at: 1, result });
    assert!(bench.state.space_tally().is_none());
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Space(_)))
    );
    // another step that cannot be opened leaves all as it is
    let mut bench = workbench_in(folder.path(), 1);
    press(&mut bench, "S");
    let result = Err("it is broken".to_owned());
    update(&mut bench.state, Msg::Stepped { at: 1, result });
    assert!(bench.state.space_tally().is_some());
}

#[test]
fn home_and_end_lead_to_the_first_and_the_last_row() {
    let (_folder, mut bench) = bench();
    press(&mut bench, "S end");
    let last = bench.state.space_cursor();
    assert!(last > 10, "{last}");
    press(&mut bench, "down");
    assert_eq!(bench.state.space_cursor(), last);
    press(&mut bench, "delete");
    assert!(told(&bench).contains("no claim is selected"));
    press(&mut bench, "home");
    assert_eq!(bench.state.space_cursor(), 0);
}

/// What a sweep found under patches is what the panes show of it: the prompt that is patched from stays.
#[test]
fn an_input_that_was_found_under_a_patch_is_shown_as_it_was_found() {
    for (run, other) in [("clean", RunName::Corrupted), ("corrupted", RunName::Clean)] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), 1);
        let line = format!(": 'patch blocks.0.hook_resid_pre @a_1 from {run}' enter S");
        press(&mut bench, &line);
        let before = bench.state.study().experiment();
        let worst: Vec<Case> = bench.state.space_tally().unwrap().worst().to_vec();
        press(&mut bench, "> >");
        let seen = bench.state.observation.clone().unwrap();
        let opened = &seen.patched.prompt.values;
        let case = worst.iter().find(|case| case.values == *opened).unwrap();
        let task = bench.state.task();
        let truth = opened.truth();
        let margin = |(i, target): (usize, &Target)| {
            let logits = seen.patched.logits.slice(&[task.predicts_at(i)]);
            let right = target.token().unwrap() as usize;
            let others = logits
                .iter()
                .enumerate()
                .filter(|(token, _)| *token != right);
            logits[right] - others.fold(f32::NEG_INFINITY, |most, (_, x)| most.max(*x))
        };
        let least = truth
            .iter()
            .enumerate()
            .map(margin)
            .fold(f32::INFINITY, f32::min);
        assert!(
            (f64::from(least) - case.margin()).abs() < 1e-3,
            "{least} {}",
            case.margin()
        );
        let now = bench.state.study().experiment();
        let source = |experiment: &Experiment| match run {
            "clean" => experiment.clean.clone(),
            _ => experiment.corrupted.clone(),
        };
        assert_eq!(source(&now), source(&before));
        assert_eq!((now.direction.base(), bench.state.judge()), (other, other));
    }
}

/// What is counted over all inputs is not counted anew because another prompt is looked at.
#[test]
fn an_answer_over_all_inputs_is_not_asked_again_for_another_prompt() {
    let mut bench = workbench(1);
    let mut asks = |script: &str| {
        let mut asked = 0;
        for key in circuitscope::app::parse_script(script).unwrap() {
            let effects = update(&mut bench.state, Msg::Key(key));
            asked += effects
                .iter()
                .filter(|one| matches!(one, Effect::Ask(_)))
                .count();
        }
        asked
    };
    assert_eq!(asks("/ 'map margin[b_0] by idx, elt over space' enter"), 1);
    assert_eq!(asks("n"), 0);
    assert!(asks(": 'zero blocks.0.attn.hook_z @elt' enter") > 0);
    assert_eq!(asks("n"), 0);
    // what is patched from another prompt depends on it
    assert!(asks(": 'patch blocks.0.hook_resid_pre @a_1 from clean' enter") > 0);
    assert_eq!(asks("n"), 1);
    assert_eq!(asks("/ 'map margin[b_0] by idx, elt' enter"), 1);
    assert_eq!(asks("n"), 1);
}

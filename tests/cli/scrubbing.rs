//! From step to step inside the workbench: everything but the numbers stays.

use crate::{command, output, stdout};
use std::path::Path;

const RECIPE: &str = "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --steps 40 --save-every 10 --seed 1 -o";

fn series(folder: &Path) -> String {
    let folder = folder.to_str().unwrap().to_owned();
    let words: Vec<&str> = RECIPE.split(' ').chain([&*folder]).collect();
    let trained = output(&words);
    assert!(trained.status.success(), "{trained:?}");
    folder
}

/// What is on screen after some keys: as numbers, or as text.
fn rendered(model: &str, keys: &str, end: &str, more: &[&str]) -> String {
    let file = tempfile::NamedTempFile::with_suffix(end).unwrap();
    let path = file.path().to_str().unwrap();
    let words = [
        "render", "--model", model, "--keys", keys, "--size", "120x40", "-o", path,
    ];
    let done = command(&[&words[..], more].concat()).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_pane_follows_the_step_and_what_was_set_stays() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let at = |step: usize| format!("{run}#{step}");
    // another prompt, an intervention, a question to many inputs, and the space counted
    for asked in [
        "n c : z e r o space b l o c k s . 0 . a t t n . h o o k _ z space @ = enter v v",
        "/ m a p space m a r g i n space b y space a , b enter",
        "l",
        "S",
    ] {
        let there = rendered(&at(20), asked, ".json", &[]);
        for (from, keys) in [(40, "{ {"), (0, "} }"), (40, ": s t e p space 2 0 enter")] {
            let came = rendered(&at(from), &format!("{asked} {keys}"), ".json", &[]);
            assert_eq!(came, there, "{asked} {keys}");
            let first = rendered(&at(from), &format!("{keys} {asked}"), ".json", &[]);
            assert_eq!(first, there, "{keys} {asked}");
        }
    }
    // what was counted is counted on, though it is not looked at any more
    let header = |text: String| text.lines().next().unwrap().to_owned();
    let counted = header(rendered(&at(20), "S", ".txt", &[]));
    assert!(counted.contains("all inputs"), "{counted}");
    assert_eq!(header(rendered(&run, "S tab { {", ".txt", &[])), counted);
}

#[test]
fn the_strip_says_where_one_is_and_ends_are_told() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let text = |keys: &str| rendered(&run, keys, ".txt", &[]);
    let row = |text: &str| text.lines().nth(1).unwrap().to_owned();
    assert!(
        row(&text("")).starts_with(" step 40  5/5  loss "),
        "{}",
        text("")
    );
    assert!(row(&text("{ {")).starts_with(" step 20  3/5  loss "));
    assert!(row(&text(": s t e p space f i r s t enter")).starts_with(" step 0  1/5"));
    assert!(text("}").contains("this is the last step"));
    assert!(text(": s t e p space 2 1 enter").contains("no step 21: 5 steps, near it 20 and 30"));
    assert!(text(": s t e p space x enter").contains("'x' is no step"));
    // one file of the folder is a step of it too; a checkpoint alone has no strip
    let file = format!("{run}/step-00000010.safetensors");
    let one = rendered(&file, "}", ".txt", &[]);
    assert!(row(&one).starts_with(" step 20  3/5"), "{one}");
    let alone = home.path().join("mine.safetensors");
    std::fs::copy(&file, &alone).unwrap();
    std::fs::copy(
        file.replace("safetensors", "json"),
        home.path().join("mine.json"),
    )
    .unwrap();
    let alone = rendered(alone.to_str().unwrap(), "}", ".txt", &[]);
    assert!(
        alone.contains("this model is a checkpoint alone"),
        "{alone}"
    );
    assert!(!row(&alone).contains("step"), "{alone}");
}

#[test]
fn a_list_in_one_file_is_a_series() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/dialects/series.pt"
    );
    let at = |step: usize| format!("{file}#{step}");
    let keys = "l";
    for (from, more, to) in [(1, "}", 2), (2, "{ {", 0)] {
        let came = rendered(&at(from), &format!("{keys} {more}"), ".json", &[]);
        assert_eq!(came, rendered(&at(to), keys, ".json", &[]));
    }
}

#[test]
fn a_broken_step_is_named_and_gone_past() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let broken = format!("{run}/step-00000020.safetensors");
    let other = format!("{run}/step-00000010.safetensors");
    std::fs::write(&broken, "nonsense").unwrap();
    let at = format!("{run}#30");
    let text = rendered(&at, "{", ".txt", &[]);
    assert!(
        text.contains("step 20: cannot read weights") && text.contains("step 30  4/5"),
        "{text}"
    );
    let past = rendered(&at, "{ {", ".json", &[]);
    assert_eq!(past, rendered(&format!("{run}#10"), "", ".json", &[]));
    // another model is no step of this one
    let words = "train --task min_of_two:max_num=6 --d-model 8 --layers 1 --steps 1 --force -o";
    let words: Vec<&str> = words.split(' ').chain([&*other]).collect();
    assert!(output(&words).status.success());
    let text = rendered(&at, "{ {", ".txt", &[]);
    assert!(text.contains("step 10: cannot use the model"), "{text}");
    // a record that is none is told, and the steps are there
    std::fs::write(format!("{run}/record.json"), "{}").unwrap();
    let text = rendered(&at, "", ".txt", &[]);
    assert!(
        text.contains("tells no losses") && text.contains("step 30  4/5"),
        "{text}"
    );
}

#[test]
fn of_a_folder_the_newest_that_can_be_read_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    for step in [30, 40] {
        std::fs::write(format!("{run}/step-{step:08}.safetensors"), "nonsense").unwrap();
    }
    let text = rendered(&run, "", ".txt", &[]);
    assert!(text.contains("step 20  3/5"), "{text}");
    assert!(
        text.contains("step 40 cannot be opened, this is step 20"),
        "{text}"
    );
    // in the shell too, and it is said
    let told = stdout(&["score", "--model", &run, "--over", "random:0:8"]);
    assert!(
        told.contains("step 40 cannot be opened, this is step 20"),
        "{told}"
    );
    let curve = output(&["curve", "loss", "--model", &run]);
    // what could be read is told, and the rest is an error
    assert_eq!(curve.status.code(), Some(2));
    assert!(String::from_utf8(curve.stdout).unwrap().lines().count() > 3);
    // a step that is asked for is no other one
    crate::refused(
        &["score", "--model", &format!("{run}#40")],
        "cannot read weights",
    );
    for step in [0, 10, 20] {
        std::fs::write(format!("{run}/step-{step:08}.safetensors"), "nonsense").unwrap();
    }
    crate::refused(&["score", "--model", &run], "no step can be opened");
}

#[test]
fn losses_are_told_before_there_is_a_record_and_where_there_are_none_that_is_told() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let row = |keys: &str| {
        rendered(&run, keys, ".txt", &[])
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let recorded = row("{ {");
    assert!(recorded.starts_with(" step 20  3/5  loss "), "{recorded}");
    // as while it is trained
    std::fs::remove_file(format!("{run}/record.json")).unwrap();
    assert_eq!(row("{ {"), recorded);
    std::fs::remove_file(format!("{run}/state.safetensors")).unwrap();
    let none = row("{ {");
    assert!(none.starts_with(" step 20  3/5  no record"), "{none}");
}

#[test]
fn a_finding_leads_back_to_its_step() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let kept = home.path().join("findings");
    let kept = kept.to_str().unwrap();
    let with = ["--findings", kept];
    rendered(&format!("{run}#10"), "l b h i ctrl-s", ".txt", &with);
    let back = rendered(&run, "F enter", ".json", &with);
    assert_eq!(back, rendered(&format!("{run}#10"), "l", ".json", &[]));
    // and its numbers are computed again on that step, though the series has grown
    let finding = format!("{kept}/hi");
    assert!(stdout(&["replay", &finding]).contains("as they were"));
}

/// A line as keys of a script.
fn typed(line: &str) -> String {
    let keys = line.chars().map(|c| match c {
        ' ' => "space".to_owned(),
        c => c.to_string(),
    });
    keys.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_curve_stands_in_the_dock_and_leads_to_its_steps() {
    let home = tempfile::tempdir().unwrap();
    let run = series(&home.path().join("run"));
    let asked = format!(
        "/ {} enter",
        typed("curve loss, accuracy until loss < 1000 log y")
    );
    let text = rendered(&run, &asked, ".txt", &[]);
    assert!(
        text.contains("loss < 1000 holds from step 0 on") && text.contains("own scales), log"),
        "{text}"
    );
    // where the condition begins to hold is opened once all steps are measured
    assert!(
        text.lines().nth(1).unwrap().starts_with(" step 0  1/5"),
        "{text}"
    );
    // the row under the cursor is a step, and enter opens it; the curve stays
    let text = rendered(&run, &format!("{asked} down down enter"), ".txt", &[]);
    assert!(
        text.lines().nth(1).unwrap().starts_with(" step 20  3/5"),
        "{text}"
    );
    assert!(text.contains("answer curve loss, accuracy"), "{text}");
    // its numbers are those that the shell tells of the same steps
    let text = rendered(&run, &asked, ".txt", &[]);
    let told = crate::json(&["curve", "accuracy", "--model", &run]);
    for point in told["curves"][0]["points"].as_array().unwrap() {
        let shown = format!("{:.4}", point["value"].as_f64().unwrap());
        assert!(text.contains(&shown), "no {shown}: {text}");
    }
    // an intervention changes it
    let line = "zero blocks.0.hook_attn_out @*";
    let changed = rendered(
        &run,
        &format!("{asked} : {} enter", typed(line)),
        ".txt",
        &[],
    );
    let told = crate::json(&["curve", "accuracy", "--model", &run, "--intervene", line]);
    let last = told["curves"][0]["points"][4]["value"].as_f64().unwrap();
    assert!(
        changed.contains(&format!("{last:.4}")),
        "no {last}: {changed}"
    );
    // a checkpoint alone has none
    let alone = home.path().join("mine.safetensors");
    std::fs::copy(format!("{run}/step-00000010.safetensors"), &alone).unwrap();
    std::fs::copy(
        format!("{run}/step-00000010.json"),
        home.path().join("mine.json"),
    )
    .unwrap();
    let text = rendered(alone.to_str().unwrap(), &asked, ".txt", &[]);
    assert!(
        text.contains("a curve is over the steps of a series"),
        "{text}"
    );
}

//! What is the same for all commands, and what tells about the place one is at.

use crate::{command, json, output, stdout};
use circuitscope::task::text::acts;

#[test]
fn the_models_flags_stand_before_a_command_or_behind_it() {
    let before = stdout(&["--task", "array_update", "run", "14", "26", "35", "1", "48"]);
    let behind = stdout(&["run", "14", "26", "35", "1", "48", "--task", "array_update"]);
    assert_eq!(before, behind);
}

#[test]
fn ask_alone_lists_all_forms() {
    let told = output(&["ask"]);
    assert_eq!(told.status.code(), Some(2));
    let told = String::from_utf8(told.stderr).unwrap();
    for (verb, form) in circuitscope::answers::FORMS {
        assert!(told.contains(&format!("  {verb} {form}")), "{verb}: {told}");
    }
}

#[test]
fn the_doctor_tells_what_is_wrong_and_what_to_do() {
    let checked = json(&["doctor"]);
    let all = checked["checks"].as_array().unwrap();
    let one = |name: &str| all.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(one("model")["good"], true);
    // a test has no terminal
    assert_eq!(one("terminal")["good"], false);
    assert!(
        one("terminal")["remedy"]
            .as_str()
            .unwrap()
            .contains("ssh -t")
    );
    for name in [
        "size",
        "colours",
        "clipboard",
        "threads",
        "devices",
        "findings",
        "sessions",
    ] {
        let one = one(name);
        let remedy = one["remedy"].as_str().unwrap();
        assert_eq!(one["good"] == true, remedy.is_empty(), "{one}");
    }
}

#[test]
fn a_finding_is_replayed_by_its_name() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("circuitscope/findings/four");
    let kept = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/findings/4-one-key-is-enough"
    );
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(kept).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let replayed = command(&["replay", "four"])
        .env("XDG_DATA_HOME", home.path())
        .output()
        .unwrap();
    assert_eq!(replayed.status.code(), Some(0), "{replayed:?}");
}

/// What is wrong with a command line is said with its words, and none of them acts.
#[test]
fn words_of_the_command_line_do_not_act_when_they_are_told() {
    let foreign = "x\u{2028}\u{202e}\u{e0041}\u{1b}[31m\u{9b}2J";
    let (flag, model) = (format!("--{foreign}"), format!("{foreign}.pt"));
    for args in [
        &[&*flag][..],
        &["run", "--format", foreign, "1"],
        &["claim", "--", foreign],
        &["run", "--model", &model, "1"],
        &["run", "--task", foreign, "1"],
        &["report", foreign, "-o", "r.html"],
        &["replay", foreign],
        &["slides", foreign],
    ] {
        let told = command(args).output().unwrap();
        let said = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(2), "{args:?}");
        assert!(said.contains("\\u{202e}"), "{said}");
        let bad = said.chars().find(|&c| c != '\n' && acts(c));
        assert_eq!(bad, None, "{said}");
    }
}

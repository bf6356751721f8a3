//! One bad file for each way to be wrong: each is one error that names the file and the field.

use crate::program::refused;
use crate::store::draft;
use crate::workbench::{press, workbench};
use circuitscope::app::State;
use circuitscope::findings::session::Session;
use circuitscope::findings::store::Store;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// The bad files that lie beside the tests, and what is said of each.
const FILES: [(&str, &str); 8] = [
    ("empty.json", "it is no session file"),
    ("not_json.json", "it is no session file"),
    ("newer.json", "a newer circuitscope wrote it"),
    ("another_format.json", "field 'format'"),
    ("missing_field.json", "missing field `study`"),
    ("unknown_field.json", "take that field out to open the rest"),
    ("wrong_type.json", "field 'view.intervention'"),
    ("cut_off.json", "line"),
];

fn bad(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/findings/bad")
        .join(name)
}

#[test]
fn bad_session_files_are_refused() {
    for (name, problem) in FILES {
        let path = bad(name);
        let path = path.to_str().unwrap();
        for command in [["replay", path], ["--session", path], ["share", path]] {
            refused(&command, problem);
            refused(&command, name);
        }
    }
    refused(&["--session", "tests/findings"], "no plain file");
    refused(&["--session", "/nowhere"], "cannot read the session");
}

/// A session of the small model, with one value changed.
fn changed(pointer: &str, value: Value) -> String {
    let mut bench = workbench(2);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @*' enter L");
    let mut json: Value =
        serde_json::from_slice(&bench.state.session().to_json().unwrap()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    let session = match Session::parse(&json.to_string()) {
        Ok(session) => session,
        Err(error) => return format!("{error:#}"),
    };
    match State::from_session(bench.state.model, &session) {
        Ok(_) => "it was taken".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn every_wrong_value_is_named() {
    for (pointer, value, problem) in [
        (
            "/task/max_num",
            json!(50),
            "field 'task': array_update list_len=3 max_num=50",
        ),
        ("/example", json!(16), "field 'example': 16 is not in 0..16"),
        (
            "/study/clean/prompt",
            json!("1 2 3 1 70"),
            "field 'study': clean: prompt: elt: 70",
        ),
        (
            "/study/corrupted/continuation",
            json!("some"),
            "corrupted: continuation",
        ),
        ("/study/counterfactual", json!(99), "counterfactual: 99"),
        ("/study/direction", json!("sideways"), "study.direction"),
        ("/study/metric", json!("b_0:1:1"), "metric"),
        (
            "/study/interventions/0/line",
            json!("zero nothing"),
            "interventions[0].line",
        ),
        ("/study/sample", json!("all"), "no sample 'all'"),
        (
            "/view/focus",
            json!("window"),
            "field 'view.focus': 'window' is none of",
        ),
        ("/view/run", json!("third"), "field 'view.run'"),
        ("/view/position", json!("b_9"), "field 'view.position'"),
        (
            "/view/attention/head",
            json!("7.0"),
            "field 'view.attention.head'",
        ),
        (
            "/view/attention/dest",
            json!("up"),
            "field 'view.attention.dest'",
        ),
        ("/view/strips/row", json!("y.0"), "field 'view.strips.row'"),
        ("/view/strips/layer", json!(2), "field 'view.strips.layer'"),
        (
            "/view/strips/column",
            json!("none"),
            "field 'view.strips.column'",
        ),
        ("/view/cells/src", json!(""), "field 'view.cells.src'"),
        ("/view/intervention", json!(1), "field 'view.intervention'"),
        ("/question/line", json!("what"), "field 'question'"),
        (
            "/question",
            json!(null),
            "field 'view.focus': there is no answer",
        ),
        (
            "/fields/selected/1",
            json!("c"),
            "field 'fields': selected[1]",
        ),
        (
            "/fields/texts",
            json!([["clean", "a", "9 9 9"]]),
            "field 'fields': texts: not what",
        ),
        ("/fields/wrong", json!("clean"), "field 'fields': wrong"),
        ("/mode", json!({"help": -1}), "mode"),
        (
            "/mode",
            json!({"line": {"purpose": "edit", "edits": 7, "text": "", "cursor": 0, "error": null}}),
            "field 'mode': edits: 7",
        ),
        ("/mode", json!("note"), "field 'mode': 'note' needs a draft"),
        (
            "/message",
            json!({"text": "\u{1b}[2J", "tone": "good"}),
            "field 'message.text'",
        ),
        (
            "/draft",
            json!({"title": "", "note": "", "cursors": [[0, 0], [0, 0]], "on_title": true, "edited": ["../up", ""]}),
            "no finding's name",
        ),
        ("/study/claims", json!(["a\nb"]), "claims[0]"),
        (
            "/space/wants",
            json!("much"),
            "field 'space': wants: 'much'",
        ),
        ("/space/order", json!("size"), "field 'space': order"),
        (
            "/space/claims",
            json!(["\u{1b}"]),
            "field 'space': claims[0]",
        ),
        ("/space/cursor", json!(-1), "field 'space.cursor'"),
        ("/mode", json!("findings"), "'findings' needs a shelf"),
        (
            "/mode",
            json!({"line": {"purpose": "search", "edits": null, "text": "", "cursor": 0, "error": null}}),
            "does not go with the findings view",
        ),
        (
            "/past/0/clean/prompt",
            json!("1"),
            "field 'past[0]': clean: prompt",
        ),
    ] {
        let said = changed(pointer, value);
        assert!(said.contains(problem), "{pointer}: {said}");
        assert!(!said.contains('\u{1b}') && !said.contains('\n'), "{said:?}");
    }
}

#[test]
fn a_broken_finding_is_told_and_the_others_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    for title in ["Good", "Newer", "Cut", "Noteless"] {
        store.create(&draft(title, "note")).unwrap();
    }
    let card = folder.path().join("newer/finding.json");
    let text = fs::read_to_string(&card).unwrap();
    fs::write(&card, text.replace("finding-1", "finding-2")).unwrap();
    fs::write(folder.path().join("cut/finding.json"), &text[..40]).unwrap();
    fs::remove_file(folder.path().join("noteless/note.md")).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    symlink(folder.path().join("good"), folder.path().join("linked")).unwrap();
    let listing = store.list().unwrap();
    let names: Vec<&str> = listing.findings.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["good"]);
    for (name, problem) in [
        ("newer", "a newer circuitscope wrote it"),
        ("cut", "finding.json"),
        ("noteless", "cannot read the note"),
        ("empty", "finding.json"),
        ("linked", "a link to a folder"),
    ] {
        let (_, why) = listing
            .broken
            .iter()
            .find(|(broken, _)| broken == name)
            .unwrap();
        assert!(why.contains(problem), "{name}: {why}");
    }
}

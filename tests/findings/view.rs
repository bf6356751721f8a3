//! The findings view and the note's editor, driven by keys.

use crate::entries;
use crate::workbench::{press, workbench_in};
use circuitscope::app::{Mode, Msg, State};
use circuitscope::findings::store;
use circuitscope::runtime::headless::Headless;
use std::fs;
use std::path::Path;

fn bench(folder: &Path) -> Headless {
    workbench_in(folder, 2)
}

fn told(state: &State) -> String {
    state
        .status
        .as_ref()
        .map_or_else(String::new, |status| status.text.clone())
}

fn titles(state: &State) -> Vec<String> {
    let shelf = state.shelf.as_ref().unwrap();
    shelf
        .shown()
        .iter()
        .map(|finding| finding.card.title.clone())
        .collect()
}

#[test]
fn a_finding_brings_every_pane_back_and_undo_leads_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    press(&mut bench, "tab tab tab down right enter c v z");
    let kept = bench.state.clone();
    press(
        &mut bench,
        "b 'Größe 漢字' enter 'line one' enter 'line two' ctrl-s",
    );
    assert!(
        told(&bench.state).starts_with("kept as"),
        "{}",
        told(&bench.state)
    );
    assert!(matches!(bench.state.mode, Mode::Normal));
    let made = folder.path().join("findings/gr-e");
    let finding = store::open(&made).unwrap();
    assert_eq!(finding.note, "line one\nline two");
    assert!(finding.frame.contains("patching") && !finding.frame.contains("kept"));
    press(&mut bench, "esc z n n x tab L d");
    let worked_on = bench.state.study().clone();
    press(&mut bench, "F enter");
    assert_eq!(bench.state.study(), kept.study());
    let (is, was) = (bench.state.session(), kept.session());
    assert_eq!(
        (is.view, is.question, is.example),
        (was.view, was.question, was.example)
    );
    assert_eq!(
        bench.state.observation.as_deref(),
        kept.observation.as_deref()
    );
    press(&mut bench, "u");
    assert_eq!(bench.state.study(), &worked_on);
}

#[test]
fn the_list_is_searched_sorted_renamed_and_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    for title in ["Beta", "alpha", "Gamma"] {
        press(
            &mut bench,
            &format!("b '{title}' tab 'about {title} 漢' ctrl-s"),
        );
    }
    press(&mut bench, "F O");
    assert_eq!(titles(&bench.state), ["alpha", "Beta", "Gamma"]);
    press(&mut bench, "/ 'GAM' enter");
    assert_eq!(titles(&bench.state), ["Gamma"]);
    press(&mut bench, "r ' two' enter");
    assert_eq!(titles(&bench.state), ["Gamma two"]);
    press(
        &mut bench,
        &format!("/ {} enter down delete", "backspace ".repeat(3)),
    );
    assert!(told(&bench.state).contains("delete again"));
    press(&mut bench, "down delete delete");
    assert_eq!(titles(&bench.state), ["alpha", "Beta"]);
    assert_eq!(
        entries(&folder.path().join("findings/.trash")),
        ["gamma-two"]
    );
    press(&mut bench, "home E end ' more' ctrl-s");
    let note = fs::read_to_string(folder.path().join("findings/alpha/note.md")).unwrap();
    assert_eq!(note, "about alpha 漢 more");
    press(&mut bench, "W");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("about alpha 漢 more") && page.contains("data:image/svg+xml"));
    press(&mut bench, "T");
    assert!(!titles(&bench.state).is_empty());
    press(&mut bench, "delete");
    assert!(told(&bench.state).contains("in the program"));
    press(&mut bench, "esc");
    assert!(matches!(bench.state.mode, Mode::Normal) && bench.state.shelf.is_none());
}

#[test]
fn nothing_that_was_typed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    press(&mut bench, "b 'Title' tab 'text' esc");
    assert!(told(&bench.state).contains("kept aside"));
    press(&mut bench, "n b");
    bench.send(Msg::Paste("\r\npasted\ttab\x1b[31m".into()));
    // no title, no finding; a folder that cannot be made, no finding either
    press(
        &mut bench,
        &format!("tab {} ctrl-s", "backspace ".repeat(9)),
    );
    assert!(told(&bench.state).contains("needs a title"));
    fs::write(folder.path().join("findings"), "a file in the way").unwrap();
    press(&mut bench, "'Again' ctrl-s");
    assert!(
        told(&bench.state).contains("findings"),
        "{}",
        told(&bench.state)
    );
    assert!(matches!(bench.state.mode, Mode::Note(_)));
    fs::remove_file(folder.path().join("findings")).unwrap();
    press(&mut bench, "ctrl-s");
    let note = store::open(&folder.path().join("findings/again"))
        .unwrap()
        .note;
    assert_eq!(note, "text\npasted    tab[31m");
}

#[test]
fn a_note_that_somebody_else_changed_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    press(&mut bench, "b 'One' tab 'mine' ctrl-s F E ' too'");
    let file = folder.path().join("findings/one/note.md");
    fs::write(&file, "theirs").unwrap();
    press(&mut bench, "ctrl-s");
    assert!(told(&bench.state).contains("changed by somebody else"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    let Mode::Note(editor) = &bench.state.mode else {
        unreachable!("the editor is closed");
    };
    assert_eq!(editor.note_text(), "mine too");
}

//! Everything on screen is a function of the session, and the session comes back from its file.

use crate::random::{Input, any_input};
use crate::workbench::{around, look, model, press, workbench_in};
use circuitscope::app::{Action, Key, Mode, Msg, State, action_for};
use circuitscope::findings::session::{ModeText, SESSION, Session, SpaceText, StudyText};
use circuitscope::runtime::headless::Headless;
use circuitscope::task::limits::{MAX_FIELD, MAX_LINE, MAX_NOTE};
use circuitscope::ui;
use proptest::prelude::*;
use std::path::Path;

/// Of each layer.
const HEADS: usize = 2;

/// A state opened among the same files.
fn begun(state: State, folder: &Path) -> Headless {
    Headless::within(model(HEADS), state, look(), (80, 24), around(folder))
}

/// Writes the session, reads it, and computes its numbers on the same model.
fn reopened(bench: &Headless, folder: &Path) -> Headless {
    let text = String::from_utf8(bench.state.session().to_json().unwrap()).unwrap();
    let session = Session::parse(&text).unwrap();
    let mut state = State::from_session(bench.state.model.clone(), &session).unwrap();
    // answers about all inputs are no part of a session: in this program they are known already
    state.knowing(&bench.state);
    begun(state, folder)
}

fn check_same(bench: &Headless, folder: &Path) {
    let mut again = reopened(bench, folder);
    assert_same(&again, bench, "opened");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let [was, is] = [bench, &again].map(|b| ui::frame(&b.state, &look(), width, height));
        let rows = crate::drawing::plain(&was, was.area);
        assert_eq!(rows, crate::drawing::plain(&is, is.area));
        assert!(was == is, "the colours differ:\n{rows}");
    }
    // undo goes as far back as before
    let mut bench = begun(bench.state.clone(), folder);
    for script in ["esc esc esc u", "u u", "U"] {
        press(&mut bench, script);
        press(&mut again, script);
        assert_same(&again, &bench, script);
    }
}

#[test]
fn every_pane_mode_and_mistake_comes_back() {
    for script in [
        "",
        "tab tab tab down right enter z",
        "L down right H",
        "P . tab",
        "L # P down n",
        "L # P # K esc #",
        "L #",
        // looked at in the past: each thing by itself, each another one than now
        "tab tab . a n . a n",
        "tab tab tab tab . n . n",
        "n v n v v t n t n z n z",
        "tab tab tab v n v n J n J",
        "o . . a",
        ": 'zero blocks.0.attn.hook_z @*' enter : 'zero' left left",
        ": 'zero nothing' enter",
        "m end backspace backspace 8 enter",
        "? down down",
        "backspace",
        "down down down backspace 9 n u",
        "t n n c d v v",
        "backspace 0 0 3 left",
        "tab tab = '0.5'",
        ": 'zero blocks.0.attn.hook_z @*' enter backtab space enter left",
        ": 'sample notebook:3:8' enter g 4 enter",
        "down down backspace x x up up",
        "b 'Title é' tab '漢字' enter 'second' left left up",
        "b 'put aside' esc n",
        "S down a pagedown",
        "S / 'mean margin' enter + / 'idx < 2' enter / 'rank[b_0] < 5' enter down +",
        "S / 'S1[b_0,elt] > 0' enter : 'zero blocks.0.attn.hook_z @*' enter",
        ": 'claim path[1.0][b_0,truth] > 0' enter esc n > S",
        "F",
        "b 'One' ctrl-s b 'Two' tab 'note' ctrl-s F O down",
        "b 'One' ctrl-s F O r ' more' left",
        "b 'One' ctrl-s F / 'on' left",
        "b 'One' ctrl-s F E ' more' left",
        "b 'One' ctrl-s F / 'on' enter delete",
        "? t down down pagedown",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), HEADS);
        press(&mut bench, script);
        check_same(&bench, folder.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_session_comes_back(inputs in prop::collection::vec(any_input(), 60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), HEADS);
        for input in inputs {
            match input {
                Input::Key(key) => {
                    let action = action_for(&bench.state, key);
                    if !matches!(action, Some(Action::Quit | Action::Snapshot)) {
                        bench.key(key);
                    }
                }
                Input::Keys(script) => press(&mut bench, script),
                Input::Paste(text) => bench.send(Msg::Paste(text)),
                Input::Draw(..) => {}
            }
        }
        check_same(&bench, folder.path());
    }
}

/// A part over and over, so many bytes in all.
fn filled(part: &str, bytes: usize) -> String {
    let mut text = part.repeat(bytes / part.len());
    text.push_str(&"y".repeat(bytes - text.len()));
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is as long as it gets is read again, and is the same.
    #[test]
    fn a_session_at_its_limits_comes_back(
        letters in prop::collection::vec(
            prop::sample::select(vec!["a", "(", "é", "漢", "𝐀", "\"", "\\", " x"]), 1..9,
        ),
        (less, claims, mode) in (0..3usize, 0..21usize, 0..5usize),
    ) {
        let part = letters.concat();
        let line = filled(&part, MAX_LINE - less);
        let said = filled(&part, 3 * MAX_LINE - less);
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), HEADS);
        bench.state.space.stated = vec![line.clone(); claims];
        let script = ["", "S /", "b", "b tab", "b 'One' ctrl-s F /"][mode];
        press(&mut bench, script);
        match mode {
            0 => {
                // no key makes a field so long, a file does
                press(&mut bench, "backspace");
                let mut session = bench.state.session();
                session.fields.texts[0].2 = filled("1 ", MAX_FIELD);
                let model = bench.state.model.clone();
                bench.state = State::from_session(model, &session).unwrap();
                bench.key(Key::char('1'));
            }
            3 => bench.send(Msg::Paste(filled(&(part + "\n"), MAX_NOTE - 1 - less))),
            _ => {
                // the line of a claim has a beginning
                let begun = match &bench.state.mode {
                    Mode::Line(line) => line.text().len(),
                    _ => 0,
                };
                let rest = filled(&part, MAX_LINE - less - begun);
                bench.send(Msg::Paste(rest));
            }
        }
        if let Mode::Line(line) = &mut bench.state.mode {
            line.error = Some((None, format!("{said}\u{1b}[0m")));
        }
        bench.state.tell(format!("{said}\n\u{202e}"));
        let before = bench.state.session();
        // what was pasted is there, all of it
        let typed = match (&before.mode, &before.draft) {
            (ModeText::Line(line), _) => line.text.len() >= MAX_LINE - 4,
            (_, Some(draft)) => draft.title.len() >= MAX_LINE - 4 || draft.note.len() >= MAX_NOTE - 9,
            _ => before.fields.texts[0].2.len() == MAX_FIELD,
        };
        prop_assert!(typed, "not as long as it may be");
        let after = reopened(&bench, folder.path()).state.session();
        prop_assert!(before == after);
    }
}

/// No editor holds more than is read again, whether it is typed or pasted.
#[test]
fn no_editor_takes_more_than_is_read() {
    for (script, most) in [
        (":", MAX_LINE),
        ("S /", MAX_LINE),
        ("b", MAX_LINE),
        ("b tab", MAX_NOTE),
        ("b 'One' ctrl-s F /", MAX_LINE),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), HEADS);
        press(&mut bench, script);
        let typed = |bench: &Headless| {
            let session = bench.state.session();
            match (session.mode, session.draft) {
                (ModeText::Line(line), _) => line.text,
                (_, Some(draft)) if draft.on_title => draft.title,
                (_, Some(draft)) => draft.note,
                _ => String::new(),
            }
        };
        let begun = typed(&bench);
        bench.send(Msg::Paste("7".repeat(most + 1)));
        assert_eq!(typed(&bench), begun, "{script}");
        bench.send(Msg::Paste("7".repeat(most - 8 - begun.len())));
        for c in "7é".chars().cycle().take(12) {
            bench.key(Key::char(c));
        }
        let length = typed(&bench).len();
        assert!(length > most - 12 && length <= most, "{script}: {length}");
        reopened(&bench, folder.path());
    }
}

/// No history is so long that it cannot be read again: its far ends give way.
#[test]
fn a_history_that_is_too_long_for_a_file_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), HEADS);
    press(&mut bench, "n n n u");
    let mut session = bench.state.session();
    let text = |name: String| name + &"x".repeat(MAX_LINE - 4);
    let claims = |i: usize| (0..8).map(|j| text(format!("{i:03}{j}"))).collect();
    let moment = session.past[0].clone();
    for moments in [&mut session.past, &mut session.future] {
        *moments = (0..200)
            .map(|i| StudyText {
                claims: claims(i),
                ..moment.clone()
            })
            .collect();
    }
    let bytes = session.to_json().unwrap();
    assert!(bytes.len() as u64 <= SESSION.max_bytes, "{}", bytes.len());
    let back = Session::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
    for (was, is) in [(&session.past, &back.past), (&session.future, &back.future)] {
        assert!(is.len() >= 50, "only {} are left", is.len());
        // what is nearest to now
        assert_eq!(is[..], was[was.len() - is.len()..]);
    }
    assert_eq!(back.study, session.study);
}

/// What is left of a session that ended a program asks nothing, and can be opened wherever one was.
#[test]
fn a_session_that_asks_nothing_opens_from_everywhere() {
    for script in [
        ": 'zero blocks.0.attn.hook_z @*' enter",
        "/ 'pca tokens' enter z",
        "S / 'mean margin' enter + z",
        "S / '((('",
        "b 'One' ctrl-s F / 'on'",
        "b 'Title' tab 'note'",
        "n n u ?",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), HEADS);
        press(&mut bench, script);
        let was = bench.state.session();
        let session = was.clone().asking_nothing();
        let state = State::from_session(bench.state.model.clone(), &session).unwrap();
        let again = begun(state, folder.path());
        assert!(again.state.is_settled(), "{script}");
        assert!(again.state.space.running.is_none(), "{script}");
        let is = again.state.session();
        assert_eq!(
            (&is.question, &is.space),
            (&None, &SpaceText::default()),
            "{script}"
        );
        assert!(
            is.study.interventions.is_empty() && is.study.claims.is_empty(),
            "{script}"
        );
        // what was looked at and what was written is kept
        assert_eq!(
            (is.study.clean, is.draft, is.example),
            (was.study.clean, was.draft, was.example)
        );
    }
}

/// The first field that differs is told, not two whole sessions.
fn assert_same(is: &Headless, was: &Headless, when: &str) {
    let [is, was] = [is, was].map(|bench| {
        let text = bench.state.session().to_json().unwrap();
        String::from_utf8(text).unwrap()
    });
    let differing = is.lines().zip(was.lines()).find(|(is, was)| is != was);
    assert!(is == was, "{when}: {differing:?}");
}

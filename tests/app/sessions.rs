//! Everything on screen is a function of the session, and the session comes back from its file.

use crate::random::{Input, any_input};
use crate::workbench::{around, look, model, press, workbench_in};
use circuitscope::app::{Action, Msg, State, action_for};
use circuitscope::findings::session::Session;
use circuitscope::runtime::headless::Headless;
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
        "l down right h",
        "P . tab",
        "o . . a",
        ": 'zero blocks.0.attn.hook_z @*' enter : 'zero' left left",
        ": 'zero nothing' enter",
        "m backspace backspace 8 enter",
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
        "S / 'mean margin' enter space / 'idx < 2' enter / 'rank[b_0] < 5' enter down space",
        "S / 'S1[b_0,elt] > 0' enter : 'zero blocks.0.attn.hook_z @*' enter",
        ": 'claim path[1.0][b_0,truth] > 0' enter esc n > S",
        "F",
        "b 'One' ctrl-s b 'Two' tab 'note' ctrl-s F o down",
        "b 'One' ctrl-s F o r ' more' left",
        "b 'One' ctrl-s F / 'on' left",
        "b 'One' ctrl-s F e ' more' left",
        "b 'One' ctrl-s F / 'on' enter d",
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

/// The first field that differs is told, not two whole sessions.
fn assert_same(is: &Headless, was: &Headless, when: &str) {
    let [is, was] = [is, was].map(|bench| {
        let text = bench.state.session().to_json().unwrap();
        String::from_utf8(text).unwrap()
    });
    let differing = is.lines().zip(was.lines()).find(|(is, was)| is != was);
    assert!(is == was, "{when}: {differing:?}");
}

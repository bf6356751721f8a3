//! Whatever is typed and pasted, at whatever size: nothing breaks, nothing runs backwards.

use crate::workbench::{look, press, workbench_in};
use circuitscope::app::{Action, BINDINGS, Key, Mode, Msg, State, action_for, strip_rows};
use circuitscope::task::text::acts;
use circuitscope::ui;
use crossterm::event::KeyCode;
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub enum Input {
    Key(Key),
    Keys(&'static str),
    Paste(String),
    Draw(u16, u16),
}

fn any_key() -> impl Strategy<Value = Key> {
    let bound: Vec<Key> = BINDINGS.iter().flat_map(|b| b.keys).copied().collect();
    let typed = "0123456789 ,".chars().map(Key::char).collect::<Vec<_>>();
    let odd = [
        "left",
        "right",
        "backspace",
        "delete",
        "alt-enter",
        "ctrl-j",
        "f5",
        "insert",
    ];
    let odd: Vec<Key> = odd.iter().map(|name| name.parse().unwrap()).collect();
    prop_oneof![
        6 => prop::sample::select(bound),
        3 => prop::sample::select(typed),
        1 => prop::sample::select(odd),
        1 => any::<char>().prop_map(Key::char),
        1 => (any::<char>(), any::<bool>()).prop_map(|(c, ctrl)| Key {
            code: KeyCode::Char(c),
            ctrl,
            alt: !ctrl,
        }),
    ]
}

fn any_paste() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9] [0-9] [0-9] [0-2] [0-9]",
        "a=\\[[0-9],[0-9],[0-9]\\]; a\\[[0-2]\\]=[0-9]",
        "(zero|patch|knock|scale) blocks\\.[0-2]\\.attn\\.hook_[zqkv] @(elt|idx|b_0|\\*)( from clean)?",
    ]
}

/// Ways to screens that single random keys seldom reach.
const SCRIPTS: [&str; 8] = [
    "esc esc esc S",
    "esc esc esc S / 'mean margin' enter",
    "esc esc esc : 'claim rank[b_0] < 5 when idx = 1' enter",
    "esc esc esc S / 'path[1.0][b_0,truth] > 0' enter space",
    "esc esc esc b 'Kept' ctrl-s",
    "esc esc esc F",
    "esc esc esc F / 'k' enter",
    "esc esc esc ? t",
];

pub fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        20 => any_key().prop_map(Input::Key),
        1 => prop::sample::select(&SCRIPTS[..]).prop_map(Input::Keys),
        1 => any_paste().prop_map(Input::Paste),
        1 => (1u16..130, 1u16..45).prop_map(|(w, h)| Input::Draw(w, h)),
    ]
}

fn check(state: &State) {
    let (len, config) = (state.task().seq_len(), &state.model.config);
    let view = &state.view;
    assert!(view.position < len);
    for (layer, head, dest, src) in [
        (
            view.attention.layer,
            view.attention.head,
            view.attention.dest,
            view.attention.src,
        ),
        (
            view.cells.layer,
            view.cells.head,
            view.cells.dest,
            view.cells.src,
        ),
    ] {
        assert!(layer < config.n_layers && head < config.n_heads && dest < len && src < len);
    }
    assert!(view.strips.row < strip_rows(config).len() && view.strips.layer < config.n_layers);
    assert!(view.intervention <= state.study().interventions.len().saturating_sub(1));
    let (side, field) = state.fields.selected();
    let text = state.fields.text(side, field);
    assert!(state.fields.cursor() <= text.chars().count());
    let in_sample = |index: usize| index < state.sample.prompts.len();
    assert!(state.sample.index.is_none_or(in_sample));
    if let Some(inquiry) = &state.inquiry {
        let line = inquiry.question.line(state.task(), config);
        let parsed = circuitscope::answers::Question::parse(&line, state.task(), config);
        assert_eq!(parsed.unwrap(), inquiry.question, "{line}");
        if let Some(Ok(table)) = &inquiry.answer {
            let (row, column) = inquiry.cursor;
            assert!(row < table.rows.len() && column < table.cols.len());
        }
    }
    if let Mode::Line(line) = &state.mode {
        assert_eq!(line.editor.lines().len(), 1);
    }
    // what is on the list can be typed, and says the same again
    for listed in &state.study().interventions {
        let line = listed.intervention.line(state.task());
        let parsed = circuitscope::lens::Intervention::parse(&line, state.task(), config);
        assert_eq!(parsed.unwrap(), listed.intervention, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks(inputs in prop::collection::vec(any_input(), 300)) {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), 2);
        let mut generation = bench.state.generation;
        for input in inputs {
            match input {
                Input::Key(key) => {
                    let action = action_for(&bench.state, key);
                    // leaving ends the test, and pictures take their time
                    if !matches!(action, Some(Action::Quit | Action::Snapshot)) {
                        bench.key(key);
                    }
                }
                Input::Keys(script) => press(&mut bench, script),
                Input::Paste(text) => bench.send(Msg::Paste(text)),
                Input::Draw(width, height) => {
                    let buffer = ui::frame(&bench.state, &look(), width, height);
                    prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(acts)));
                }
            }
            prop_assert!(bench.state.generation >= generation, "the generation fell");
            generation = bench.state.generation;
            check(&bench.state);
            // without a terminal every question is answered before the next key
            prop_assert!(!bench.state.is_stale() || bench.state.field_error.is_some());
        }
    }
}

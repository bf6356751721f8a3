//! The key table: one meaning for a key in a place, hints that fit, keys that any terminal sends,
//! and a page of docs that is not stale.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use circuitscope::app::{Action, BINDINGS, Key, Where, markdown, parse_script};
use circuitscope::task::limits::MAX_KEYS;
use crossterm::event::KeyCode;
use std::collections::HashSet;

#[test]
fn a_key_means_one_thing_in_one_place() {
    let mut seen = HashSet::new();
    for binding in BINDINGS {
        for key in binding.keys {
            let place = format!("{:?} {key}", binding.at);
            assert!(seen.insert(place.clone()), "{place} is bound twice");
        }
    }
}

#[test]
fn text_keys_are_free_where_text_is_typed() {
    use circuitscope::app::{Fields, Pane};
    use circuitscope::lens::Source;
    use circuitscope::task::Task;
    let source = Source::new(Task::default().values_at(7));
    let fields = Fields::new(&source, &source);
    for binding in BINDINGS {
        let typed_at = [Where::Everywhere, Where::Pane(Pane::Prompt)];
        if typed_at.contains(&binding.at) {
            for key in binding.keys {
                // a blank parts values there, and what says that values are typed is about just these keys
                let is_typed = [Action::OpenMenu, Action::TypeField].contains(&binding.action);
                assert!(
                    is_typed || !fields.takes(*key),
                    "{key} would never reach a prompt field"
                );
            }
        }
        if matches!(binding.at, Where::Line | Where::Note) {
            for key in binding.keys {
                let text = matches!(key.code, KeyCode::Char(_)) && !key.ctrl;
                assert!(!text, "{key} could not be typed in a line");
            }
        }
    }
}

#[test]
fn every_key_reaches_the_program_over_plain_ssh() {
    for binding in BINDINGS {
        assert!(!binding.keys.is_empty());
        for key in binding.keys {
            assert!(!key.alt, "{key}: Alt is Esc to many terminals");
            // these are Tab, Enter, Backspace and Esc by another name
            let twin = key.ctrl && matches!(key.code, KeyCode::Char('i' | 'm' | 'h' | '[' | 'j'));
            assert!(!twin, "{key} cannot be told from another key");
        }
    }
}

#[test]
fn hints_and_help_fit() {
    for binding in BINDINGS {
        assert!(binding.hint.chars().count() <= 12, "{}", binding.hint);
        assert!(!binding.help.is_empty() && binding.help.chars().count() <= 48);
        let keys = binding.named_keys();
        assert!(keys.join(" ").chars().count() <= 18, "{keys:?}");
    }
}

#[test]
fn leaving_and_backing_out_work_everywhere() {
    for place in [
        Where::Everywhere,
        Where::Help,
        Where::Line,
        Where::Findings,
        Where::Note,
    ] {
        for action in [Action::Quit, Action::Back, Action::Suspend] {
            let bound = BINDINGS.iter().any(|b| b.at == place && b.action == action);
            assert!(bound, "{action:?} has no key in {place:?}");
        }
    }
}

#[test]
fn keys_are_read_as_they_are_written() {
    for binding in BINDINGS {
        for key in binding.keys {
            assert_eq!(key.to_string().parse::<Key>().unwrap(), *key);
        }
    }
}

#[test]
fn scripts() {
    let keys = parse_script("tab 1 ctrl-c ' a @*' enter '").unwrap();
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "tab", "1", "ctrl-c", "space", "a", "space", "@", "*", "enter", "'"
        ]
    );
    let error = parse_script("tab enterr").unwrap_err().to_string();
    assert!(
        error.contains("enterr") && error.contains("enter"),
        "{error}"
    );
    assert!(parse_script("f13").is_err());
    let long = "a ".repeat(MAX_KEYS);
    assert_eq!(parse_script(&long).unwrap().len(), MAX_KEYS);
    for last in ["up", "'b'"] {
        let error = parse_script(&format!("{long}{last}")).unwrap_err();
        assert!(
            error.to_string().contains(&format!("at '{last}'")),
            "{error}"
        );
    }
    assert!(parse_script("").unwrap().is_empty());
}

#[test]
fn the_docs_are_not_stale() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == markdown(),
        "docs/keys.md is stale: circuitscope keys > docs/keys.md"
    );
}

/// A script's words are apart by plain blanks alone: any other blank is a key.
#[test]
fn a_key_that_is_a_blank_of_another_kind_is_no_gap() {
    for script in ["S '\u{2000}x' enter", "\u{3000}", "a \u{2003} b"] {
        let keys = parse_script(script).unwrap();
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let again = parse_script(&names.join(" ")).unwrap();
        assert_eq!(again, keys, "{script:?}");
    }
}

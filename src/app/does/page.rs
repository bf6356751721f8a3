//! What the key table says: what a key does, the footer's hints, the page of all keys.

use super::inquire;
use crate::app::held::shelf::Which;
use crate::app::held::state::{Mode, State};
use crate::app::keys::action::Action;
use crate::app::keys::key::Key;
use crate::app::keys::pane::Pane;
use crate::app::keys::table::{ANSWER, BINDINGS, Binding, LOGITS, Where};
use crate::task::{Meaning, Token};
use crossterm::event::KeyCode;

/// What the footer names at its right edge on the workbench, wherever one is.
const PINNED: [Action; 3] = [Action::Back, Action::Undo, Action::OpenHelp];

/// What the footer names at its right edge: the way out, and what helps on.
#[must_use]
pub fn pinned(state: &State) -> Vec<(String, &'static str, Action)> {
    let actions: &[Action] = match state.mode {
        Mode::Normal => &PINNED,
        Mode::Findings => &[Action::SwitchFindings, Action::Back],
        Mode::Help(_) => &[Action::OpenTutorial, Action::Back],
        Mode::Line(_) | Mode::Note(_) => &[Action::Back],
        Mode::Menu => &[],
    };
    let here = |action: &Action| {
        let mut here = places(state).into_iter().flatten();
        let binding = here.find_map(|place| {
            let mut of_place = BINDINGS.iter().filter(|binding| binding.at == place);
            of_place.find(|binding| binding.action == *action)
        })?;
        let word = match (action, &state.mode) {
            (Action::Back, Mode::Normal) => "back",
            (Action::SwitchFindings, _) if shows_tutorial(state) => "your own",
            _ => binding.hint,
        };
        Some((binding.keys[0].to_string(), word, *action))
    };
    actions.iter().filter_map(here).collect()
}

/// Whether the findings that are listed are those of the tutorial.
fn shows_tutorial(state: &State) -> bool {
    let shelf = state.shelf.as_ref();
    shelf.is_some_and(|shelf| shelf.which == Which::Tutorial)
}

/// The places whose bindings hold in this state, first come first.
fn places(state: &State) -> [Option<Where>; 2] {
    match &state.mode {
        Mode::Normal => [Some(Where::Pane(state.view.focus)), Some(Where::Everywhere)],
        Mode::Help(_) => [Some(Where::Help), None],
        Mode::Menu => [None, None],
        Mode::Line(_) => [Some(Where::Line), None],
        Mode::Findings => [Some(Where::Findings), None],
        Mode::Note(_) => [Some(Where::Note), None],
    }
}

/// What a key does in this state.
#[must_use]
pub fn action_for(state: &State, key: Key) -> Option<Action> {
    places(state).into_iter().flatten().find_map(|place| {
        let mut here = BINDINGS.iter().filter(|binding| binding.at == place);
        here.find(|binding| binding.keys.contains(&key))
            .map(|binding| binding.action)
    })
}

/// Whether a key does this in this state, for who does it without the key.
#[must_use]
pub fn does_here(state: &State, action: Action) -> bool {
    let mut here = places(state).into_iter().flatten();
    here.any(|place| {
        let mut bindings = BINDINGS.iter().filter(|binding| binding.at == place);
        bindings.any(|binding| binding.action == action)
    })
}

/// Whether the menu offers this: what is done in the focused pane or everywhere.
pub(in crate::app) fn is_on_menu(state: &State, action: Action) -> bool {
    let here = [Where::Pane(state.view.focus), Where::Everywhere];
    let mut bindings = BINDINGS.iter().filter(|binding| here.contains(&binding.at));
    bindings.any(|binding| binding.action == action)
}

/// Keys and hints for the footer in this state, and what they do, most useful first.
#[must_use]
pub fn hints(state: &State) -> Vec<(String, &'static str, Action)> {
    let pinned: Vec<Action> = pinned(state)
        .into_iter()
        .map(|(.., action)| action)
        .collect();
    places(state)
        .into_iter()
        .flatten()
        .flat_map(|place| BINDINGS.iter().filter(move |binding| binding.at == place))
        .filter(|binding| !binding.hint.is_empty() && does_something(state, binding))
        .filter(|binding| !pinned.contains(&binding.action))
        .filter(|binding| binding.action == Action::TypeField || !is_typed(state, binding.keys[0]))
        .map(|binding| {
            let key = match binding.action {
                Action::Up if binding.at == LOGITS => "↑↓".to_owned(),
                Action::Up => "arrows".to_owned(),
                Action::TypeField => typed_values(state),
                _ => binding.named_keys().swap_remove(0),
            };
            (key, binding.hint, binding.action)
        })
        .collect()
}

/// What can be typed into the prompt: digits, or the first and the last value of its first field.
fn typed_values(state: &State) -> String {
    let task = state.task();
    let values = task.slots.first().map_or(&[][..], |slot| &slot.values);
    let is_number = |&value: &Token| match task.vocabulary.meaning(value) {
        Some(Meaning::Word(word)) => word.parse::<i64>().is_ok(),
        meaning => meaning.is_some(),
    };
    match (values.first(), values.last()) {
        (Some(&first), Some(&last)) if first != last && !values.iter().all(is_number) => {
            format!("{} {}", task.token_name(first), task.token_name(last))
        }
        _ => "0-9".to_owned(),
    }
}

/// Whether a key is a letter of the field at hand, and so does nothing else.
#[must_use]
pub fn is_typed(state: &State, key: Key) -> bool {
    let at_field = matches!(state.mode, Mode::Normal) && state.view.focus == Pane::Prompt;
    at_field && matches!(key.code, KeyCode::Char(_)) && state.fields.takes(key)
}

/// Whether a key does to the open answer what its hint says.
fn does_something(state: &State, binding: &Binding) -> bool {
    match binding.action {
        Action::TakeCell => inquire::takes_cells(state),
        action if binding.at == ANSWER => inquire::idle(state, action).is_none(),
        action if binding.at == Where::Findings => idle_in_findings(state, action).is_none(),
        // words are read, and no key is one of them
        Action::DoSelected => !matches!(&state.mode, Mode::Help(view) if view.words),
        _ => true,
    }
}

/// Why a key does nothing to the findings that are listed, where it does nothing.
pub(in crate::app) fn idle_in_findings(state: &State, action: Action) -> Option<&'static str> {
    let shelf = state.shelf.as_ref()?;
    let any = shelf.selected().is_some();
    let none = (!any).then_some("no finding is listed here");
    match action {
        Action::EditNote | Action::Rename | Action::Trash if any => (shelf.which != Which::Own)
            .then_some("these are in the program; open one, and b keeps your own"),
        Action::Sort if any => (shelf.shown().len() < 2).then_some("there is but one"),
        // what hides all of them is to be changed
        Action::Search if !shelf.search.is_empty() => None,
        Action::EditNote
        | Action::Rename
        | Action::Trash
        | Action::Sort
        | Action::Search
        | Action::LookAt
        | Action::Report
        | Action::Up
        | Action::Down
        | Action::First
        | Action::Last
        | Action::PageUp
        | Action::PageDown => none,
        _ => None,
    }
}

/// The whole table as Markdown: `docs/keys.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Keys\n\nMade from the key table (`src/app/keys/table.rs`) by `circuitscope keys`; a test \
         fails when this page is stale.\nIn the prompt pane letters and digits that a value may have are typed: the first \
         one takes the place of the value at hand;\nleft, right, home and end go from value to value, so do a comma and, once \
         something was typed, space; esc brings back what stood there.\nA click focuses a pane and moves \
         its cursor, a double click does what enter does there, the wheel moves by three rows;\nkeys \
         that are named on screen can be clicked.\n",
    );
    let mut places: Vec<Where> = Vec::new();
    for binding in BINDINGS {
        if !places.contains(&binding.at) {
            places.push(binding.at);
        }
    }
    for place in places {
        text.push_str(&format!(
            "\n## {}\n\n| key | what it does |\n|---|---|\n",
            place.title()
        ));
        for binding in BINDINGS.iter().filter(|binding| binding.at == place) {
            let keys = binding.named_keys();
            let keys: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!("| {} | {} |\n", keys.join(" "), binding.help));
        }
    }
    text
}

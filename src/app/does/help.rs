//! The help: which keys it shows, in what order, and what is done there.

use crate::app::held::state::{HelpView, Mode, State, Tone};
use crate::app::keys::action::{Action, Group};
use crate::app::keys::key::Key;
use crate::app::keys::table::{BINDINGS, Binding, Where};
use crate::app::keys::words::{NAMES, WORDS};
use crossterm::event::KeyCode;

/// The longest filter.
const MAX_FILTER: usize = 40;

/// A heading and the keys below it.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where they hold and what they are for.
    pub title: String,
    /// The keys.
    pub bindings: Vec<&'static Binding>,
}

/// The keys in order: those of the place at hand, those that hold everywhere, each by what they are for; then
/// those of all other places. Only those that have the filter's text.
#[must_use]
pub fn sections(state: &State, filter: &str) -> Vec<Section> {
    let here = Where::Pane(state.view.focus);
    let mut all: Vec<Section> = Vec::new();
    let fits = |binding: &&Binding| {
        filter.is_empty()
            || contains(binding.help, filter)
            || contains(binding.hint, filter)
            || contains(binding.at.title(), filter)
            || binding.named_keys().iter().any(|key| key == filter)
    };
    for place in [here, Where::Everywhere] {
        for group in Group::ALL {
            let found = BINDINGS.iter().filter(|binding| binding.at == place);
            let found = found.filter(|binding| binding.action.group() == group);
            let title = match place {
                Where::Everywhere => group.title().to_owned(),
                _ => format!("{}: {}", place.title(), group.title()),
            };
            push(&mut all, title, found.filter(fits).collect());
        }
    }
    let mut others: Vec<Where> = BINDINGS.iter().map(|binding| binding.at).collect();
    others.dedup();
    for (i, place) in others.iter().enumerate() {
        if *place != here && *place != Where::Everywhere && !others[..i].contains(place) {
            let found = BINDINGS.iter().filter(|binding| binding.at == *place);
            push(
                &mut all,
                place.title().to_owned(),
                found.filter(fits).collect(),
            );
        }
    }
    all
}

fn push(all: &mut Vec<Section>, title: String, bindings: Vec<&'static Binding>) {
    if !bindings.is_empty() {
        all.push(Section { title, bindings });
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// What the cursor of the help is on.
#[must_use]
pub fn selected(state: &State, view: &HelpView) -> Option<&'static Binding> {
    let all = sections(state, &view.filter);
    let mut all = all.into_iter().flat_map(|section| section.bindings);
    all.nth(view.at)
}

/// Whether the help has so many keys and one more.
pub(in crate::app) fn has(state: &State, view: &HelpView, at: usize) -> bool {
    let all = sections(state, &view.filter);
    let keys: usize = all.iter().map(|section| section.bindings.len()).sum();
    at < keys
}

/// Moves the cursor of the help; at its ends says so.
pub(in crate::app) fn step(state: &mut State, by: isize) {
    let last = match &state.mode {
        Mode::Help(view) if !view.words => {
            let all = sections(state, &view.filter);
            let keys: usize = all.iter().map(|section| section.bindings.len()).sum();
            keys.saturating_sub(1)
        }
        _ => (WORDS.len() + NAMES.len()).saturating_sub(1),
    };
    let Mode::Help(view) = &mut state.mode else {
        return;
    };
    let before = view.at;
    view.at = before.saturating_add_signed(by).min(last);
    if view.at == before {
        let end = if by < 0 { "first" } else { "last" };
        state.say(Tone::Plain, format!("this is the {end} one"));
    }
}

/// The help's other page.
pub(in crate::app) fn turn(state: &mut State) {
    if let Mode::Help(view) = &mut state.mode {
        view.words = !view.words;
        view.at = 0;
    }
}

/// Begins to type what the keys must have.
pub(in crate::app) fn filter(state: &mut State) {
    if let Mode::Help(view) = &mut state.mode {
        (view.typing, view.words) = (true, false);
    }
}

/// Closes the help; what the cursor is on, where that can be done from here.
pub(in crate::app) fn take(state: &mut State) -> Option<Action> {
    let Mode::Help(view) = &state.mode else {
        return None;
    };
    let Some(binding) = selected(state, view).filter(|_| !view.words) else {
        let text = match view.words {
            true => "a word does nothing; tab leads to the keys",
            false => "no key is at the cursor",
        };
        state.say(Tone::Plain, text);
        return None;
    };
    let here = [Where::Pane(state.view.focus), Where::Everywhere];
    state.mode = state.below();
    if here.contains(&binding.at) && matches!(state.mode, Mode::Normal) {
        return Some(binding.action);
    }
    let key = &binding.named_keys()[0];
    let text = format!("{key} is a key of: {}", binding.at.title());
    state.say(Tone::Plain, text);
    None
}

/// Takes a key of the text that the help is filtered by; whether it was one.
pub(in crate::app) fn type_key(view: &mut HelpView, key: Key) -> bool {
    if !view.typing || key.ctrl || key.alt {
        return false;
    }
    match key.code {
        KeyCode::Char(c) if view.filter.chars().count() < MAX_FILTER => view.filter.push(c),
        KeyCode::Char(_) => {}
        KeyCode::Backspace => {
            view.filter.pop();
        }
        KeyCode::Esc => {
            view.filter.clear();
            view.typing = false;
        }
        KeyCode::Enter if view.filter.is_empty() => view.typing = false,
        _ => return false,
    }
    view.at = 0;
    true
}

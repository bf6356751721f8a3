//! The palette: what can be typed and what keys do, found by a few letters, each with half a line of text.

use super::command::WORDS;
use crate::answers::FORMS;
use crate::app::held::state::{Found, LineEditor, Mode, Purpose, State};
use crate::app::keys::action::Action;
use crate::app::keys::table::{BINDINGS, Where};
use crate::app::keys::verbs::about;
use crate::lens::VERBS;
use tui_textarea::{CursorMove, TextArea};

/// Lines that are kept to be called back.
const KEPT: usize = 100;

/// All words that begin a line, with what follows them; questions first where one is asked.
#[must_use]
pub fn verbs(purpose: Purpose) -> Vec<(&'static str, &'static str)> {
    let forms = VERBS.iter().map(|&(verb, form)| (verb, after(verb, form)));
    let words = WORDS.iter().copied();
    let questions = FORMS.iter().copied();
    match purpose {
        Purpose::Question => questions.chain(forms).chain(words).collect(),
        _ => forms.chain(words).chain(questions).collect(),
    }
}

/// A form without its verb.
fn after(verb: &'static str, form: &'static str) -> &'static str {
    form.strip_prefix(verb).unwrap_or(form).trim_start()
}

/// What follows a line's first word, where that is known.
#[must_use]
pub fn signature(line: &str) -> Option<(&'static str, &'static str)> {
    let (verb, _) = line.split_once(char::is_whitespace)?;
    verbs(Purpose::Command)
        .into_iter()
        .find(|(one, form)| *one == verb && !form.is_empty())
}

/// What begins with these letters, has them in its text, or has them in their order; actions of the keys at hand
/// last. Nothing once a word has been typed whole.
pub(in crate::app) fn find(state: &State, purpose: Purpose, text: &str) -> Vec<Found> {
    let is_palette = matches!(purpose, Purpose::Command | Purpose::Question);
    if !is_palette || text.contains(char::is_whitespace) {
        return Vec::new();
    }
    let text = text.to_lowercase();
    let mut found: Vec<(usize, Found)> = Vec::new();
    for (verb, form) in verbs(purpose) {
        let about = about(verb);
        if let Some(rank) = rank(&text, verb, &format!("{about} {form}")) {
            found.push((
                rank,
                Found {
                    line: verb.to_owned(),
                    about: about.to_owned(),
                    form,
                    action: None,
                },
            ));
        }
    }
    let pane = Where::Pane(state.view.focus);
    let here = BINDINGS
        .iter()
        .filter(|binding| binding.at == pane || binding.at == Where::Everywhere);
    for binding in here.filter(|binding| !text.is_empty() && !moves(binding.action)) {
        if let Some(rank) = rank(&text, "", binding.help) {
            let line = binding.keys[0].to_string();
            let about = binding.help.to_owned();
            let action = Some(binding.action);
            found.push((
                rank + 4,
                Found {
                    line,
                    about,
                    form: "",
                    action,
                },
            ));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, found)| found).collect()
}

/// Whether an action only moves about, or opens what is open already.
fn moves(action: Action) -> bool {
    matches!(
        action,
        Action::Up
            | Action::Down
            | Action::Left
            | Action::Right
            | Action::First
            | Action::Last
            | Action::PageUp
            | Action::PageDown
            | Action::OpenCommand
            | Action::OpenQuestion
            | Action::Suspend
    )
}

/// How well letters fit; less is better.
fn rank(text: &str, verb: &str, about: &str) -> Option<usize> {
    let about = about.to_lowercase();
    let mut words = about.split(|c: char| !c.is_alphanumeric());
    match text {
        "" => Some(0),
        _ if verb.starts_with(text) => Some(0),
        _ if !verb.is_empty() && in_order(text, verb) => Some(1),
        _ if words.any(|word| word.starts_with(text)) => Some(2),
        _ if text.len() > 2 && about.contains(text) => Some(3),
        _ => None,
    }
}

/// Whether all letters come in this order, the first one first.
fn in_order(letters: &str, word: &str) -> bool {
    let mut rest = word.chars();
    letters.chars().next() == word.chars().next()
        && letters.chars().all(|c| rest.any(|one| one == c))
}

/// To the next thing found, or the previous; from an empty line upwards to what was typed before.
pub(in crate::app) fn step(state: &mut State, by: isize) {
    let kept = state.typed.len();
    let Mode::Line(line) = &mut state.mode else {
        return;
    };
    let goes_back = line.recalled.is_some() || line.text().is_empty() && by < 0;
    if goes_back && line.chosen.is_none() {
        let at = line.recalled.unwrap_or(kept) as isize + by;
        if at < 0 || kept == 0 {
            return;
        }
        let at = at as usize;
        let text = state.typed.get(at).cloned().unwrap_or_default();
        put(line, text);
        line.recalled = (at < kept).then_some(at);
        return;
    }
    let count = line.found.len() as isize;
    if count == 0 {
        return;
    }
    line.chosen = match line.chosen {
        None if by > 0 => Some(0),
        None => Some(count as usize - 1),
        Some(at) if (0..count).contains(&(at as isize + by)) => Some((at as isize + by) as usize),
        Some(_) => None,
    };
}

/// What enter takes.
pub(in crate::app) enum Taken {
    /// The line as it stands.
    Line,
    /// A word, which begins the line now.
    Word,
    /// An action, which is to be done.
    Action(Action),
}

/// Takes what is chosen, if anything is.
pub(in crate::app) fn take(state: &mut State) -> Taken {
    let Mode::Line(line) = &mut state.mode else {
        return Taken::Line;
    };
    let found = line.chosen.and_then(|at| line.found.get(at)).cloned();
    match found {
        None => Taken::Line,
        Some(Found {
            action: Some(action),
            ..
        }) => {
            state.mode = state.below();
            Taken::Action(action)
        }
        Some(found) => {
            put(line, format!("{} ", found.line));
            Taken::Word
        }
    }
}

/// Keeps a line that was taken.
pub(in crate::app) fn remember(state: &mut State, purpose: Purpose, text: &str) {
    if matches!(purpose, Purpose::Command | Purpose::Question) {
        state.typed.retain(|one| one != text);
        state.typed.push(text.to_owned());
        let extra = state.typed.len().saturating_sub(KEPT);
        state.typed.drain(..extra);
    }
}

/// Gives a line another text.
pub(in crate::app) fn put(line: &mut LineEditor, text: String) {
    line.editor = TextArea::new(vec![text]);
    line.editor.move_cursor(CursorMove::End);
    line.error = None;
}

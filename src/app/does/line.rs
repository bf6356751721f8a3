//! Lines that are typed: opened, with what may come next.

use super::{command, palette};
use crate::answers::Question;
use crate::app::held::state::{LineEditor, Mode, Purpose, State, Tone};
use tui_textarea::{CursorMove, TextArea};

/// Opens the selected intervention's line.
pub(in crate::app) fn edit_intervention(state: &mut State) {
    let selected = state.view.intervention;
    let task = state.task();
    let listed = state.study().interventions.get(selected);
    match listed.map(|listed| listed.intervention.line(task)) {
        Some(line) => open_line(state, Purpose::Edit(selected), line),
        None => state.say(
            Tone::Plain,
            "no interventions; : types one, enter on a grid adds one",
        ),
    }
}

/// Opens a line for a question with the one that is open, which the first thing typed replaces.
pub(in crate::app) fn open_question(state: &mut State) {
    let (task, config) = (state.task(), &state.model.config);
    let now = state.inquiry.as_ref();
    let text = now.map_or_else(String::new, |inquiry| inquiry.question.line(task, config));
    open_line(state, Purpose::Question, text);
    select_all(state);
}

/// Selects what stands in the open line: the first thing typed replaces it.
pub(in crate::app) fn select_all(state: &mut State) {
    if let Mode::Line(line) = &mut state.mode {
        line.editor.select_all();
    }
}

/// Opens a line with a text to begin with.
pub(in crate::app) fn open_line(state: &mut State, purpose: Purpose, text: String) {
    let mut editor = TextArea::new(vec![text]);
    editor.move_cursor(CursorMove::End);
    state.mode = Mode::Line(Box::new(LineEditor {
        purpose,
        editor,
        error: None,
        completions: Vec::new(),
        found: Vec::new(),
        chosen: None,
        recalled: None,
        cycle: None,
    }));
    suggest(state);
}

/// Brings the suggestions up to date with a line that was typed in: what was chosen or called back is no longer.
pub(in crate::app) fn suggest(state: &mut State) {
    if let Mode::Line(line) = &mut state.mode {
        line.chosen = None;
        line.recalled = None;
        line.cycle = None;
    }
    suggest_anew(state);
}

/// Brings the suggestions up to date with the line.
pub(in crate::app) fn suggest_anew(state: &mut State) {
    let Mode::Line(line) = &state.mode else {
        return;
    };
    let found = match line.purpose {
        Purpose::Command | Purpose::Edit(_) => command::complete(state, line.text()),
        Purpose::Question => Question::completions(line.text(), state.task(), &state.model.config),
        Purpose::Metric
        | Purpose::Jump
        | Purpose::Cell
        | Purpose::Find
        | Purpose::Search
        | Purpose::Rename => Vec::new(),
    };
    let palette = palette::find(state, line.purpose, line.text());
    if let Mode::Line(line) = &mut state.mode {
        line.completions = found;
        line.found = palette;
    }
}

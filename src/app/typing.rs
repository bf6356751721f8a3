//! Lines that are typed: opened, completed, taken or refused.

use super::act::{change, go_to_example};
use super::message::Effect;
use super::state::{LineEditor, Mode, Purpose, State, Tone};
use super::{cell, command, inquire, shelf};
use crate::lens::{Intervention, Metric, Question};
use crate::task::limits::MAX_LINE;
use tui_textarea::{CursorMove, TextArea};

/// Opens the selected intervention's line.
pub(super) fn edit_intervention(state: &mut State) {
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
pub(super) fn open_question(state: &mut State) {
    let (task, config) = (state.task(), &state.model.config);
    let now = state.inquiry.as_ref();
    let text = now.map_or_else(String::new, |inquiry| inquiry.question.line(task, config));
    open_line(state, Purpose::Question, text);
    if let Mode::Line(line) = &mut state.mode {
        line.editor.select_all();
    }
}

/// Opens a line with a text to begin with.
pub(super) fn open_line(state: &mut State, purpose: Purpose, text: String) {
    let mut editor = TextArea::new(vec![text]);
    editor.move_cursor(CursorMove::End);
    state.mode = Mode::Line(Box::new(LineEditor {
        purpose,
        editor,
        error: None,
        completions: Vec::new(),
    }));
    suggest(state);
}

/// Brings the suggestions up to date with the line.
pub(super) fn suggest(state: &mut State) {
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
    if let Mode::Line(line) = &mut state.mode {
        line.completions = found;
    }
}

/// Completes as far as all suggestions agree, else with the first of them.
pub(super) fn complete(state: &mut State) {
    if let Mode::Line(line) = &mut state.mode {
        let Some(first) = line.completions.first() else {
            return;
        };
        let agreed = line
            .completions
            .iter()
            .fold(first.as_str(), |common, other| {
                let shared = common.bytes().zip(other.bytes());
                &common[..shared.take_while(|(a, b)| a == b).count()]
            });
        let further = agreed.len() > line.text().len();
        let mut text = if further { agreed } else { first }.to_owned();
        let open = text.matches('[').count() > text.matches(']').count();
        if (!further || line.completions.len() == 1) && !text.ends_with(',') && !open {
            text.push(' ');
        }
        if text.len() > MAX_LINE {
            return;
        }
        line.editor = TextArea::new(vec![text]);
        line.editor.move_cursor(CursorMove::End);
    }
    suggest(state);
}

/// Takes the typed line; a wrong one stays open with what is wrong.
pub(super) fn accept(state: &mut State) -> Vec<Effect> {
    let Mode::Line(line) = &state.mode else {
        return Vec::new();
    };
    let (purpose, text) = (line.purpose, line.text().to_owned());
    if text.trim().is_empty() {
        if purpose == Purpose::Search {
            shelf::take_search(state, "");
        }
        state.mode = state.below();
        return Vec::new();
    }
    match take_line(state, purpose, &text) {
        Ok(effects) => {
            state.mode = state.below();
            effects
        }
        Err(error) => {
            if let Mode::Line(line) = &mut state.mode {
                line.error = Some(error);
            }
            Vec::new()
        }
    }
}

type LineResult = Result<Vec<Effect>, (Option<usize>, String)>;

fn take_line(state: &mut State, purpose: Purpose, text: &str) -> LineResult {
    let task = state.task();
    match purpose {
        Purpose::Command => {
            let command = command::parse(state, text)?;
            state.status = None;
            Ok(state.obey(command))
        }
        Purpose::Metric => {
            let metric = Metric::parse(task, text).map_err(|e| (None, format!("{e:#}")))?;
            let of_pair = {
                let experiment = state.study().experiment();
                Metric::of_pair(
                    task,
                    &experiment.clean.prompt(),
                    &experiment.corrupted.prompt(),
                )
            };
            // the pair's own metric is followed, not fixed
            let chosen = (Some(metric) != of_pair).then_some(metric);
            Ok(change(state, |study| study.metric = chosen))
        }
        Purpose::Jump => {
            let len = state.sample.prompts.len();
            let number = text.trim().parse::<usize>().ok();
            match number.filter(|n| (1..=len).contains(n)) {
                Some(n) => Ok(go_to_example(state, n - 1)),
                None => Err((Some(0), format!("the sample has examples 1 to {len}"))),
            }
        }
        Purpose::Question => {
            let parsed = Question::parse(text, task, &state.model.config);
            let question = parsed.map_err(|e| (None, format!("{e:#}")))?;
            Ok(inquire::open(state, question))
        }
        Purpose::Find => inquire::find(state, text).map(|()| Vec::new()),
        Purpose::Search => {
            shelf::take_search(state, text);
            Ok(Vec::new())
        }
        Purpose::Rename => shelf::take_title(state, text).map_err(|problem| (None, problem)),
        Purpose::Cell => cell::take(state, text).map_err(|problem| (Some(0), problem)),
        Purpose::Edit(index) => {
            let parsed = Intervention::parse(text, task, &state.model.config);
            let intervention = parsed.map_err(|e| (Some(e.word), e.problem))?;
            Ok(change(state, |study| {
                if let Some(listed) = study.interventions.get_mut(index) {
                    listed.intervention = intervention;
                }
            }))
        }
    }
}

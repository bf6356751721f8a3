//! Messages in, effects out.

use super::session;
use crate::app::does::act;
use crate::app::does::asked;
use crate::app::does::beginning;
use crate::app::does::cell;
use crate::app::does::go::take_fields;
use crate::app::does::hand::AtHand;
use crate::app::does::help;
use crate::app::does::line::open_line;
use crate::app::does::line::suggest;
use crate::app::does::links;
use crate::app::does::page::{action_for, is_typed};
use crate::app::does::patch;
use crate::app::does::point;
use crate::app::does::preview;
use crate::app::does::shelf;
use crate::app::does::space;
use crate::app::does::steps;
use crate::app::does::training;
use crate::app::does::walk;
use crate::app::held::draft;
use crate::app::held::editor::{edit, has_room};
use crate::app::held::fields::{Part, Side};
use crate::app::held::message::{Effect, Msg};
use crate::app::held::state::Purpose;
use crate::app::held::state::{Mode, State, Status, Tone};
use crate::app::keys::action::Action;
use crate::app::keys::key::Key;
use crate::app::keys::pane::Pane;
use crate::lens::{Gridded, Observation, Source};
use crate::task::harmless;
use crate::task::limits::MAX_LINE;
use crossterm::event::KeyCode;
use std::sync::Arc;

/// Takes one message; says what is to be done about it. A message is at most one step of the
/// history.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.history.begin(state.sight());
    let mut effects: Vec<Effect> = match msg {
        Msg::Key(_) | Msg::Paste(_) | Msg::Pointed { .. } => {
            space::give_way(state).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let at_hand = AtHand::of(state);
    let key = match &msg {
        Msg::Key(key) => Some(*key),
        _ => None,
    };
    let tried = preview::begin(state, key);
    effects.extend(take(state, msg));
    let followed = preview::follow(state, tried, &effects);
    effects.extend(followed);
    effects.extend(at_hand.follow(state));
    effects.extend(training::follow(state));
    effects.extend(space::follow(state));
    effects.extend(session::tutorial::follow(state));
    effects.extend(look(state));
    state.history.settle(state.sight());
    effects
}

fn take(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => on_key(state, key),
        Msg::Paste(text) => paste(state, &text),
        Msg::Pointed { spot, gesture } => point::point(state, spot, gesture),
        Msg::Resize => vec![Effect::Redraw],
        Msg::Observed { generation, result } => {
            observed(state, generation, result);
            Vec::new()
        }
        Msg::Gridded { generation, result } => {
            gridded(state, generation, result);
            Vec::new()
        }
        Msg::Answered { generation, result } => {
            asked::answered(state, generation, result);
            let mut effects = links::lead_on(state);
            effects.extend(beginning::open(state));
            effects
        }
        Msg::Space { generation, result } => {
            if !session::tutorial::news(state, generation, &result) {
                space::news(state, generation, result);
            }
            Vec::new()
        }
        Msg::Scored { sample, result } => {
            if sample == state.sample.source {
                match result {
                    Ok(score) => state.sample.score = Some(score),
                    Err(error) => state.say(Tone::Bad, error),
                }
            }
            Vec::new()
        }
        Msg::Stepped { at, result } => steps::stepped(state, at, result),
        Msg::Compared(result) => compared(state, result),
        Msg::Trained(news) => training::heard(state, news),
        Msg::Opened(opening, result) => session::opened(state, &opening, result),
        Msg::Listed(which, result) => {
            shelf::listed(state, which, result);
            Vec::new()
        }
        Msg::Shelved(result) => shelf::changed(state, result),
        Msg::Told(result) => {
            match result {
                Ok(text) => state.say(Tone::Good, text),
                Err(error) => state.say(Tone::Bad, error),
            }
            Vec::new()
        }
        Msg::Saved(result) => {
            match result {
                Ok(files) => state.say(Tone::Good, format!("saved {}", files.join(" "))),
                Err(error) => state.say(Tone::Bad, format!("nothing saved: {error}")),
            }
            Vec::new()
        }
    }
}

fn observed(state: &mut State, generation: u64, result: Result<Box<Observation>, String>) {
    // an answer to an older question must not be shown under a newer one
    if generation < state.generation {
        return;
    }
    match result {
        Ok(seen) => {
            (state.failure, state.of_another_step) = (None, false);
            // of what was tried before it was taken the effect is told from where it began
            let awaits = |status: &Status| status.awaits_effect;
            let taken = state.status.as_ref().is_some_and(awaits);
            let began = state.untried.take_if(|_| taken);
            let before = began.or_else(|| state.observation.as_ref()?.metric);
            state.observation = Some(Arc::new(*seen));
            patch::tell_effect(state, before);
            walk::place(state);
            // what is typed over the model's own continuation is not lost to a run
            if state.field_error.is_none() {
                state.show_told();
            }
        }
        Err(error) => state.failure = Some(error),
    }
}

/// Another model stands beside this one: what tells them apart is asked.
fn compared(state: &mut State, result: Result<String, String>) -> Vec<Effect> {
    match result {
        Ok(name) => {
            let effects = act::obey(state, Action::AskModels);
            state.say(Tone::Good, format!("compared with {name}"));
            effects
        }
        Err(error) => {
            state.say(Tone::Bad, error);
            Vec::new()
        }
    }
}

/// More of the grids of what is on screen.
fn gridded(state: &mut State, generation: u64, result: Result<Gridded, String>) {
    if generation != state.generation {
        return;
    }
    match (result, &mut state.observation) {
        (Ok(more), Some(seen)) => {
            Arc::make_mut(seen).take(more);
            walk::place(state);
        }
        (Err(error), _) => state.failure = Some(error),
        (Ok(_), None) => {}
    }
}

/// Says what of the grids is looked at, where not all of them are there.
fn look(state: &mut State) -> Option<Effect> {
    let seen = state.observation.as_ref()?;
    let view = state.view.in_view();
    if seen.blocks.is_empty() || view == state.looked_at {
        return None;
    }
    state.looked_at = view;
    Some(Effect::Look(view))
}

fn on_key(state: &mut State, key: Key) -> Vec<Effect> {
    if let Mode::Help(view) = &mut state.mode
        && help::type_key(view, key)
    {
        return Vec::new();
    }
    // whoever works already has the cursors where they are
    state.unplaced &= state.observation.is_none();
    if is_typed(state, key) {
        return type_in_field(state, key);
    }
    if matches!(state.mode, Mode::Menu) {
        state.mode = state.below();
        let closes = matches!(key.code, KeyCode::Esc | KeyCode::Char(' '));
        return if closes {
            Vec::new()
        } else {
            on_key(state, key)
        };
    }
    if let Some(action) = action_for(state, key) {
        let still_typing = matches!(
            action,
            Action::Back | Action::ValueUp | Action::ValueDown | Action::Left | Action::Right
        );
        if !still_typing {
            state.fields.settle();
        }
        return act::obey(state, action);
    }
    if let Mode::Line(line) = &mut state.mode {
        if edit(&mut line.editor, key) {
            line.error = None;
            suggest(state);
        }
        return Vec::new();
    }
    if let Mode::Note(editor) = &mut state.mode {
        draft::type_key(editor, key);
        return Vec::new();
    }
    match (&state.mode, state.view.focus) {
        (Mode::Normal, Pane::Prompt) if state.fields.takes(key) => {
            return type_in_field(state, key);
        }
        (Mode::Normal, Pane::Attention) => {
            if let KeyCode::Char(c @ ('0'..='9' | '.')) = key.code {
                cell::open(state, c.to_string());
            } else {
                unknown(state, key);
            }
        }
        (Mode::Normal, Pane::Prompt) if begins_prompt(state, key) => {
            open_line(state, Purpose::Command, key.to_string());
        }
        (Mode::Normal | Mode::Help(_) | Mode::Findings, _) => unknown(state, key),
        _ => {}
    }
    Vec::new()
}

/// Whether a key is the first letter of a prompt as one writes it: `a=[14,26,35]; a[1]=48`.
fn begins_prompt(state: &State, key: Key) -> bool {
    let first = state
        .task()
        .groups
        .first()
        .and_then(|group| group.name.chars().next());
    first.is_some_and(|first| first.is_alphabetic() && key == Key::char(first))
}

/// Nothing is silent: a key that does nothing says so.
fn unknown(state: &mut State, key: Key) {
    if matches!(key.code, KeyCode::Char(c) if c.is_control()) {
        return;
    }
    let key = match key.to_string().as_str() {
        // one without a name
        "?" => "this key".to_owned(),
        name => harmless(name),
    };
    let listed = match state.mode {
        Mode::Normal => "; ? lists the keys",
        _ => "",
    };
    state.say(Tone::Plain, format!("{key} does nothing here{listed}"));
}

fn type_in_field(state: &mut State, key: Key) -> Vec<Effect> {
    // a message has been read when the next thing is done
    state.status = None;
    if state.fields.input(key) {
        return take_fields(state);
    }
    let (_, part) = state.fields.selected();
    let task = state.task();
    let values = |part: Part| {
        let group = task.groups.get(part.0)?;
        let slot = task.slots.get(group.slots.start)?;
        let ends = slot.values.first().zip(slot.values.last());
        let (first, last) = ends.map(|(a, b)| (task.token_name(*a), task.token_name(*b)))?;
        Some(format!("{}: from {first} to {last}", group.name))
    };
    // a letter that changes nothing could not go on with the value
    if let (KeyCode::Char(c), Some(says)) = (key.code, values(part))
        && c.is_alphanumeric()
    {
        state.say(Tone::Plain, says);
    }
    Vec::new()
}

/// Pasted text is never run as keys: in a line it is typed, elsewhere it is a prompt.
fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Mode::Note(editor) = &mut state.mode {
        if !draft::paste(editor, text) {
            state.say(Tone::Bad, "the note would be too long; nothing changed");
        }
        return Vec::new();
    }
    // longer, it is a mistake and no line
    let room = match &state.mode {
        Mode::Line(line) => has_room(&line.editor, text.len()),
        _ => text.len() <= MAX_LINE,
    };
    if !room {
        state.say(
            Tone::Bad,
            format!("{} characters pasted; nothing changed", text.len()),
        );
        return Vec::new();
    }
    if let Mode::Line(line) = &mut state.mode {
        // blanks at its ends stand: keys that come together are taken as one text, too
        let one_line: String = text
            .trim_matches(['\n', '\r'])
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        line.editor.insert_str(one_line);
        line.error = None;
        suggest(state);
        return Vec::new();
    }
    if !matches!(state.mode, Mode::Normal) {
        return Vec::new();
    }
    let side = match state.view.focus {
        Pane::Prompt => state.fields.selected().0,
        _ => Side::Clean,
    };
    match state.task().parse_prompt(text) {
        Err(error) => {
            state.say(Tone::Bad, format!("pasted text is no prompt: {error}"));
            Vec::new()
        }
        Ok(prompt) => state.set_prompt(side, Source::from(prompt)),
    }
}

impl State {
    /// What is to be done before the first message.
    #[must_use]
    pub fn start(&mut self) -> Vec<Effect> {
        let mut effects = vec![self.request()];
        effects.extend(asked::ask_all(self));
        effects.extend(self.to_score());
        effects.extend(space::follow(self));
        effects.extend(shelf::read(self));
        effects
    }
}

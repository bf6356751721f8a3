//! Messages in, effects out.

use super::act;
use super::action::Action;
use super::cell;
use super::fields::{Side, edit, has_room};
use super::keypage::action_for;
use super::message::{Effect, Msg, Request};
use super::patch;
use super::state::{Mode, Pane, State, Status, Tone};
use super::study::Study;
use super::{Key, command, inquire, note, session, shelf, space, typing};
use crate::lens::{Continuation, Observation, Source};
use crate::task::limits::MAX_LINE;
use crossterm::event::KeyCode;
use std::sync::Arc;

/// Takes one message; says what is to be done about it. A message is at most one step of the
/// history.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.history.begin(state.sight());
    let mut effects = take(state, msg);
    effects.extend(space::follow(state));
    state.history.settle(state.sight());
    effects
}

fn take(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => on_key(state, key),
        Msg::Paste(text) => paste(state, &text),
        Msg::Resize => vec![Effect::Redraw],
        Msg::Observed { generation, result } => {
            observed(state, generation, result);
            Vec::new()
        }
        Msg::Answered { generation, result } => {
            inquire::answered(state, generation, result);
            Vec::new()
        }
        Msg::Space { generation, result } => {
            space::news(state, generation, result);
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
            state.failure = None;
            state.observation = Some(Arc::new(*seen));
            // what is typed over the model's own continuation is not lost to a run
            if state.field_error.is_none() {
                state.show_told();
            }
        }
        Err(error) => state.failure = Some(error),
    }
}

fn side_source(study: &Study, side: Side) -> &Source {
    match side {
        Side::Clean => &study.clean,
        Side::Corrupted => &study.corrupted,
    }
}

fn on_key(state: &mut State, key: Key) -> Vec<Effect> {
    if let Some(action) = action_for(state, key) {
        // a message has been read when the next thing is done
        let done = !matches!(action, Action::Back | Action::OpenHelp | Action::Redraw);
        if done && matches!(state.mode, Mode::Normal) {
            state.status = None;
        }
        return act::act(state, action);
    }
    if let Mode::Line(line) = &mut state.mode {
        if edit(&mut line.editor, key) {
            line.error = None;
            typing::suggest(state);
        }
        return Vec::new();
    }
    if let Mode::Note(editor) = &mut state.mode {
        note::type_key(editor, key);
        return Vec::new();
    }
    match (&state.mode, state.view.focus) {
        (Mode::Normal, Pane::Prompt) if state.fields.takes(key) => {
            return type_in_field(state, key);
        }
        (Mode::Normal, Pane::Attention) => {
            if let KeyCode::Char(c @ ('0'..='9' | '.')) = key.code {
                cell::open(state, c.to_string());
            }
        }
        _ => {}
    }
    Vec::new()
}

fn type_in_field(state: &mut State, key: Key) -> Vec<Effect> {
    if !state.fields.input(key) {
        return Vec::new();
    }
    state.status = None;
    let (side, field) = state.fields.selected();
    let mut study = state.study().clone();
    let source = match side {
        Side::Clean => &mut study.clean,
        Side::Corrupted => &mut study.corrupted,
    };
    if field == super::Part::continuation(state.task()) {
        source.continuation = Continuation::Typed(Vec::new());
    }
    match state.fields.read(side, &source.continuation) {
        Err(error) => {
            state.field_error = Some((side, error.to_string()));
            Vec::new()
        }
        Ok(read) => {
            let update_changed = read.values != source.values;
            *source = read;
            state.field_error = None;
            if update_changed {
                after_typing(state, &mut study, side);
            }
            state.go(study)
        }
    }
}

/// A typed clean prompt is no longer the sample's, and its counterfactual follows it; a typed
/// corrupted prompt is nobody's counterfactual.
fn after_typing(state: &mut State, study: &mut Study, side: Side) {
    match (side, study.counterfactual) {
        (Side::Clean, counterfactual) => {
            state.sample.index = None;
            if let Some(index) = counterfactual {
                study.corrupt(state.model.task, index);
            }
        }
        (Side::Corrupted, _) => study.counterfactual = None,
    }
}

/// Pasted text is never run as keys: in a line it is typed, elsewhere it is a prompt.
fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Mode::Note(editor) = &mut state.mode {
        if !note::paste(editor, text) {
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
        let one_line: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        line.editor.insert_str(one_line.trim());
        line.error = None;
        typing::suggest(state);
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
    /// Asks for the numbers of the study as it is.
    pub(super) fn request(&mut self) -> Effect {
        self.generation += 1;
        Effect::Observe(Request {
            generation: self.generation,
            experiment: self.study().experiment(),
        })
    }

    /// What is to be done before the first message.
    #[must_use]
    pub fn start(&mut self) -> Vec<Effect> {
        let sample = Effect::Score(self.sample.source, Arc::clone(&self.sample.prompts));
        let mut effects = vec![self.request()];
        effects.extend(inquire::ask(self));
        effects.push(sample);
        effects.extend(space::follow(self));
        effects.extend(shelf::read(self));
        effects
    }

    /// Tells the user something that happened outside.
    pub fn tell(&mut self, text: String) {
        self.say(Tone::Plain, text);
    }

    /// A message for the footer.
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.status = Some(Status {
            text: text.into(),
            tone,
        });
    }

    /// Goes on to another study and asks for its numbers, if they are others.
    pub(super) fn go(&mut self, study: Study) -> Vec<Effect> {
        let before = self.study().experiment();
        // a study that is the same again still rights the fields that say something else
        self.history.go(study);
        self.after_change(&before)
    }

    /// Shows the study in the fields, the model's own continuation where a run has told it.
    pub(super) fn show_study(&mut self) {
        let study = self.history.current();
        self.fields.show(&study.clean, &study.corrupted);
        self.field_error = None;
        if !self.is_stale() {
            self.show_told();
        }
    }

    fn show_told(&mut self) {
        let Some(seen) = self.observation.clone() else {
            return;
        };
        for (side, run) in [
            (Side::Clean, &seen.clean),
            (Side::Corrupted, &seen.corrupted),
        ] {
            if side_source(self.study(), side).continuation == Continuation::Model {
                self.fields
                    .show_continuation(side, &run.prompt.continuation);
            }
        }
    }

    /// Shows the study in the fields and asks for its numbers.
    pub(super) fn after_change(&mut self, before: &crate::lens::Experiment) -> Vec<Effect> {
        self.show_study();
        let study = self.history.current();
        let last = study.interventions.len().saturating_sub(1);
        self.view.intervention = self.view.intervention.min(last);
        let mut effects = Vec::new();
        if study.experiment() != *before {
            effects.push(self.request());
            effects.extend(inquire::ask_again(self));
        }
        effects.extend(self.load_sample());
        effects
    }

    /// Brings the examples in line with the study's sample.
    fn load_sample(&mut self) -> Option<Effect> {
        let source = self.study().sample;
        if source == self.sample.source {
            return None;
        }
        let prompts = Arc::new(source.prompts(self.task()));
        let clean = &self.study().clean.values;
        let index = prompts.iter().position(|prompt| prompt.values == *clean);
        self.sample = super::SampleState {
            source,
            prompts: Arc::clone(&prompts),
            index,
            score: None,
        };
        Some(Effect::Score(source, prompts))
    }

    /// Another prompt on one side.
    pub(super) fn set_prompt(&mut self, side: Side, source: Source) -> Vec<Effect> {
        let mut study = self.study().clone();
        match side {
            Side::Clean => study.clean = source,
            Side::Corrupted => study.corrupted = source,
        }
        after_typing(self, &mut study, side);
        self.status = None;
        self.go(study)
    }

    /// Does what a typed line says.
    pub(super) fn obey(&mut self, command: command::Command) -> Vec<Effect> {
        let mut study = self.study().clone();
        match command {
            command::Command::Intervene(intervention) => {
                return patch::add(self, intervention);
            }
            command::Command::Clean(source) => return self.set_prompt(Side::Clean, source),
            command::Command::Corrupted(source) => {
                return self.set_prompt(Side::Corrupted, source);
            }
            command::Command::Claim(line) => {
                space::state_claim(self, line);
                return Vec::new();
            }
            command::Command::Metric(metric) => study.metric = Some(metric),
            command::Command::Measure(measure) => study.measure = measure,
            command::Command::Sample(sample) => return act::open_sample(self, sample),
        }
        self.go(study)
    }
}

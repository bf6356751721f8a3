//! From one study to the next: the fields, the sample and the requests follow.

use super::asked;
use crate::app::held::fields::Part;
use crate::app::held::fields::Side;
use crate::app::held::message::{Effect, Request};
use crate::app::held::state::{SampleState, State, Status, Tone};
use crate::app::held::study::Study;
use crate::lens::{Continuation, Source};
use crate::task::{Prompt, Values, counterfactuals, unlike};
use std::sync::Arc;

/// Edits a copy of the study and goes there.
pub(in crate::app) fn change(state: &mut State, edit: impl FnOnce(&mut Study)) -> Vec<Effect> {
    let mut study = state.study().clone();
    edit(&mut study);
    state.status = None;
    state.go(study)
}

/// The metric is the pair's own from here on.
pub(in crate::app) fn follow_pair(state: &mut State) -> Vec<Effect> {
    if state.study().metric.is_none() {
        state.say(Tone::Plain, "the metric is the pair's own");
        return Vec::new();
    }
    change(state, |study| study.metric = None)
}

impl State {
    /// Asks for the numbers of the study as it is.
    pub(in crate::app) fn request(&mut self) -> Effect {
        self.generation += 1;
        self.looked_at = self.view.in_view();
        Effect::Observe(Request {
            generation: self.generation,
            experiment: self.study().experiment(),
            view: self.looked_at,
        })
    }

    /// Tells the user something that happened outside.
    pub fn tell(&mut self, text: String) {
        self.say(Tone::Plain, text);
    }

    /// A message for the footer.
    pub(in crate::app) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.status = Some(Status {
            text: text.into(),
            tone,
            awaits_effect: false,
        });
    }

    /// Goes on to another study and asks for its numbers, if they are others.
    pub(in crate::app) fn go(&mut self, study: Study) -> Vec<Effect> {
        let before = self.study().experiment();
        // a study that is the same again still rights the fields that say something else
        self.history.go(study);
        self.after_change(&before)
    }

    /// Shows the study in the fields, the model's own continuation where a run has told it.
    pub(in crate::app) fn show_study(&mut self) {
        let study = self.history.current();
        self.fields.show(&study.clean, &study.corrupted);
        self.field_error = None;
        if !self.is_stale() {
            self.show_told();
        }
    }

    pub(in crate::app) fn show_told(&mut self) {
        let Some(seen) = self.observation.clone() else {
            return;
        };
        for (side, run) in [
            (Side::Clean, &seen.clean),
            (Side::Corrupted, &seen.corrupted),
        ] {
            if self.study().side(side).continuation == Continuation::Model {
                self.fields
                    .show_continuation(side, &run.prompt.continuation);
            }
        }
    }

    /// Shows the study in the fields and asks for its numbers.
    pub(in crate::app) fn after_change(&mut self, before: &crate::lens::Experiment) -> Vec<Effect> {
        self.show_study();
        let study = self.history.current();
        let last = study.interventions.len().saturating_sub(1);
        self.view.intervention = self.view.intervention.min(last);
        let mut effects = Vec::new();
        let now = study.experiment();
        if now != *before {
            effects.push(self.request());
            effects.extend(match now.interventions == before.interventions {
                true => asked::ask_of_others(self, before),
                false => asked::ask_under_others(self),
            });
        }
        effects.extend(self.load_sample());
        effects
    }

    /// Asks for the sample's score, where anything is right or wrong.
    pub(in crate::app) fn to_score(&self) -> Option<Effect> {
        let sample = || Effect::Score(self.sample.source, Arc::clone(&self.sample.prompts));
        self.task().is_judged().then(sample)
    }

    /// Brings the examples in line with the study's sample.
    fn load_sample(&mut self) -> Option<Effect> {
        let source = self.study().sample;
        if source == self.sample.source {
            return None;
        }
        let prompts = Arc::new(source.prompts(self.task()));
        let index = number_of(&prompts, &self.study().clean.values);
        self.sample = SampleState {
            source,
            prompts,
            index,
            score: None,
        };
        self.to_score()
    }

    /// Another prompt on one side.
    pub(in crate::app) fn set_prompt(&mut self, side: Side, source: Source) -> Vec<Effect> {
        let mut study = self.study().clone();
        match side {
            Side::Clean => study.clean = source,
            Side::Corrupted => study.corrupted = source,
        }
        after_typing(self, &mut study, side);
        self.status = None;
        self.go(study)
    }
}

/// Which of some examples has these values.
fn number_of(prompts: &[Prompt], values: &Values) -> Option<usize> {
    prompts.iter().position(|prompt| prompt.values == *values)
}

/// A typed clean prompt is the sample's no longer, unless it is one of its examples, and its counterfactual follows it; a typed
/// corrupted prompt is nobody's counterfactual.
pub(in crate::app) fn after_typing(state: &mut State, study: &mut Study, side: Side) {
    match (side, study.counterfactual) {
        (Side::Clean, counterfactual) => {
            // what is typed may be an example all the same
            state.sample.index = number_of(&state.sample.prompts, &study.clean.values);
            // where no field alone changes an answer, another example was set against it
            let task = state.model.task;
            let before = &state.study().clean.values;
            let without = || {
                counterfactuals(task, before).is_empty()
                    && unlike(task, before, study.sample).as_ref() == Some(&study.corrupted.values)
            };
            if counterfactual.is_some() || without() {
                study.corrupt(task, counterfactual.unwrap_or(0));
            }
        }
        (Side::Corrupted, _) => study.counterfactual = None,
    }
}

/// Takes what the fields say, as far as it can be taken.
pub(in crate::app) fn take_fields(state: &mut State) -> Vec<Effect> {
    state.status = None;
    let (side, field) = state.fields.selected();
    let mut study = state.study().clone();
    let source = match side {
        Side::Clean => &mut study.clean,
        Side::Corrupted => &mut study.corrupted,
    };
    if field == Part::continuation(state.task()) {
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

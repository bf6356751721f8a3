//! The whole input space: what is being swept, what was found, and which input is looked at.

use super::message::Effect;
use super::state::{Pane, State, Tone};
use crate::lens::{Experiment, Intervention, Source};
use crate::sweep::{Case, Progress, Tally, Verdict};
use crate::task::{Sample, Update};
use std::sync::Arc;

/// Finished sweeps that are kept.
const KEPT: usize = 8;
/// Verdicts that are kept.
const VERDICTS: usize = 20;

/// What is asked of all inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum SpaceQuestion {
    /// How many are right, and how narrowly.
    Sweep,
    /// Whether a claim holds.
    Claim(String),
}

/// What the sweeper is asked.
#[derive(Clone, Debug)]
pub struct SpaceRequest {
    /// Counts up with every request; a newer one stops an older one.
    pub generation: u64,
    /// The model's interventions, and what they take activations from.
    pub experiment: Experiment,
    /// What is asked.
    pub question: SpaceQuestion,
}

/// What the sweeper has found, so far or in the end.
#[derive(Clone, Debug)]
pub enum Found {
    /// Of a sweep.
    Tally(Box<Tally>),
    /// Of a claim.
    Verdict(Box<Verdict>),
}

/// How far the sweeper is.
#[derive(Clone, Debug)]
pub struct SpaceNews {
    /// How far.
    pub progress: Progress,
    /// Since when, in seconds.
    pub seconds: f64,
    /// What there is so far.
    pub found: Found,
    /// Why tables do not serve, where they do not.
    pub reason: Option<String>,
    /// Whether that is all.
    pub finished: bool,
}

/// What a result depends on besides the model: the interventions, and what they take activations
/// from.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceKey(Option<(Vec<Intervention>, Source, Source, Sample)>);

impl SpaceKey {
    fn new(experiment: Experiment) -> Self {
        let Experiment {
            interventions,
            clean,
            corrupted,
            sample,
            ..
        } = experiment;
        let any = !interventions.is_empty();
        Self(any.then_some((interventions, clean, corrupted, sample)))
    }
}

/// A question under way.
#[derive(Clone, Debug)]
pub struct Running {
    /// What is asked.
    pub question: SpaceQuestion,
    /// About which interventions.
    pub key: SpaceKey,
    /// The newest news.
    pub news: Option<SpaceNews>,
}

/// What is known of the whole space.
#[derive(Clone, Debug, Default)]
pub struct Space {
    generation: u64,
    /// The question under way.
    pub running: Option<Running>,
    /// Finished sweeps, the newest last.
    done: Vec<(SpaceKey, Arc<Tally>)>,
    /// Answered claims, the newest last.
    pub verdicts: Vec<(SpaceKey, Verdict)>,
    /// Why the last question has no answer.
    pub failure: Option<String>,
    /// The selected row: verdicts' counterexamples first, then the worst inputs.
    pub cursor: usize,
    /// Inputs in the order of their loss instead of their margin.
    pub by_loss: bool,
}

impl Space {
    /// The finished sweep of these interventions.
    fn tally(&self, key: &SpaceKey) -> Option<&Arc<Tally>> {
        let mut done = self.done.iter();
        done.find(|(one, _)| one == key).map(|(_, tally)| tally)
    }
}

impl State {
    fn space_key(&self) -> SpaceKey {
        SpaceKey::new(self.study().experiment())
    }

    /// The finished sweep of the model as it is, with the interventions that stand.
    #[must_use]
    pub fn space_tally(&self) -> Option<&Arc<Tally>> {
        self.space.tally(&self.space_key())
    }

    /// Whether a verdict was about the interventions that stand.
    #[must_use]
    pub fn is_current(&self, key: &SpaceKey) -> bool {
        *key == self.space_key()
    }

    /// The inputs that can be stepped through, in their order: counterexamples of claims, newest
    /// first, then the sweep's worst.
    #[must_use]
    pub fn space_cases(&self) -> Vec<SpaceCase<'_>> {
        let key = self.space_key();
        let verdicts = self.space.verdicts.iter().rev();
        let verdicts = verdicts.filter(|(one, _)| *one == key);
        let mut cases: Vec<SpaceCase<'_>> = verdicts
            .filter_map(|(_, verdict)| {
                let example = verdict.counterexample.as_ref()?;
                Some(SpaceCase {
                    update: &example.update,
                    says: Says::Claim(&verdict.claim, example.value),
                })
            })
            .collect();
        let worst = self.space_tally().map_or(&[][..], |tally| &tally.worst[..]);
        let mut worst: Vec<&Case> = worst.iter().collect();
        if self.space.by_loss {
            worst.sort_by(|a, b| b.loss.total_cmp(&a.loss));
        }
        cases.extend(worst.into_iter().map(|case| SpaceCase {
            update: &case.update,
            says: Says::Case(case),
        }));
        cases
    }
}

/// An input worth a look.
#[derive(Clone, Copy, Debug)]
pub struct SpaceCase<'a> {
    /// The input.
    pub update: &'a Update,
    /// Why.
    pub says: Says<'a>,
}

/// Why an input is worth a look.
#[derive(Clone, Copy, Debug)]
pub enum Says<'a> {
    /// It decides a claim, with this value.
    Claim(&'a str, f64),
    /// It is among the worst of the sweep.
    Case(&'a Case),
}

/// Shows the space; sweeps it unless that was done or is under way.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    state.view.focus = Pane::Space;
    state.status = None;
    let known = state.space_tally().is_some();
    let key = state.space_key();
    let under_way = state
        .space
        .running
        .as_ref()
        .is_some_and(|one| one.key == key);
    if known || under_way {
        return Vec::new();
    }
    ask(state, SpaceQuestion::Sweep)
}

/// Asks something of all inputs, in place of what is under way.
pub(super) fn ask(state: &mut State, question: SpaceQuestion) -> Vec<Effect> {
    state.view.focus = Pane::Space;
    let experiment = state.study().experiment();
    let space = &mut state.space;
    space.generation += 1;
    space.failure = None;
    space.running = Some(Running {
        question: question.clone(),
        key: SpaceKey::new(experiment.clone()),
        news: None,
    });
    vec![Effect::Space(Box::new(SpaceRequest {
        generation: space.generation,
        experiment,
        question,
    }))]
}

/// Stops what is under way; says whether there was anything.
pub(super) fn stop(state: &mut State) -> Option<Effect> {
    state.space.running.take()?;
    state.space.generation += 1;
    state.say(Tone::Plain, "stopped; nothing is known of all inputs");
    Some(Effect::StopSpace(state.space.generation))
}

/// Takes what the sweeper found, unless something newer was asked.
pub(super) fn news(state: &mut State, generation: u64, result: Result<Box<SpaceNews>, String>) {
    let space = &mut state.space;
    if generation != space.generation {
        return;
    }
    let Some(running) = &mut space.running else {
        return;
    };
    match result {
        Err(error) => {
            space.failure = Some(error);
            space.running = None;
        }
        Ok(news) if !news.finished => running.news = Some(*news),
        Ok(news) => {
            let key = running.key.clone();
            space.running = None;
            space.cursor = 0;
            match news.found {
                Found::Tally(tally) => {
                    space.done.retain(|(one, _)| *one != key);
                    space.done.push((key, Arc::new(*tally)));
                    let extra = space.done.len().saturating_sub(KEPT);
                    space.done.drain(..extra);
                }
                Found::Verdict(verdict) => {
                    let old =
                        |one: &(SpaceKey, Verdict)| one.0 == key && one.1.claim == verdict.claim;
                    space.verdicts.retain(|one| !old(one));
                    space.verdicts.push((key, *verdict));
                    let extra = space.verdicts.len().saturating_sub(VERDICTS);
                    space.verdicts.drain(..extra);
                }
            }
        }
    }
}

/// Keeps the newest claim about the model as it is with the session and its findings, or lets it
/// go again.
pub(super) fn keep_claim(state: &mut State) {
    let mut verdicts = state.space.verdicts.iter().rev();
    let newest = verdicts.find(|(key, _)| state.is_current(key));
    let Some(claim) = newest.map(|(_, verdict)| verdict.claim.clone()) else {
        state.say(Tone::Plain, "no claim is answered yet: / types one");
        return;
    };
    let mut study = state.study().clone();
    match study.claims.iter().position(|kept| *kept == claim) {
        Some(at) => {
            study.claims.remove(at);
            state.say(Tone::Plain, format!("let go: {claim}"));
        }
        None => {
            state.say(Tone::Good, format!("kept for findings: {claim}"));
            study.claims.push(claim);
        }
    }
    // no number depends on it, so that nothing is asked anew
    state.history.go(study);
}

/// Moves the cursor through the inputs.
pub(super) fn move_cursor(state: &mut State, by: isize) {
    let last = state.space_cases().len().saturating_sub(1);
    let at = state.space.cursor.saturating_add_signed(by);
    state.space.cursor = at.min(last);
}

/// The selected input becomes the clean prompt, and every pane follows.
pub(super) fn open_case(state: &mut State) -> Vec<Effect> {
    let cases = state.space_cases();
    let Some(case) = cases.get(state.space.cursor) else {
        state.say(Tone::Plain, "no input to open yet");
        return Vec::new();
    };
    let (task, update) = (state.task(), case.update.clone());
    let place = format!("input {} of {}", state.space.cursor + 1, cases.len());
    if state.view.focus == Pane::Space {
        state.view.focus = Pane::Logits;
    }
    state.sample.index = None;
    let effects = super::act::change(state, |study| study.set_clean(task, update));
    state.say(Tone::Plain, place);
    effects
}

/// The next or previous of them, from wherever one is.
pub(super) fn step_case(state: &mut State, by: isize) -> Vec<Effect> {
    if state.space_cases().is_empty() {
        state.say(Tone::Plain, "sweep the space first: S");
        return Vec::new();
    }
    move_cursor(state, by);
    open_case(state)
}

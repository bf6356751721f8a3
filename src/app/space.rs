//! The whole input space: what is asked of it, what is known, and when it is asked.
//!
//! What the screen shows is a function of the study, of [`Wants`] and of the claims that were
//! stated: what it lacks is asked for by itself, as long as it is looked at. Answers are kept, so
//! that nothing is counted twice.

use super::message::Effect;
use super::state::{Pane, State, Tone};
use crate::lens::{Experiment, From, Intervention, Source};
use crate::sweep::{By, Progress, Surveyed, Tally, Verdict};
use crate::task::Sample;
use std::sync::Arc;

/// Interventions whose answers are kept.
const KEPT: usize = 8;
/// Stated claims that are listed.
const STATED: usize = 20;

/// What is asked of all inputs, in one walk.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceQuestion {
    /// How many are right, and how narrowly.
    pub sweep: bool,
    /// Whether these hold, and what comes of these surveys.
    pub claims: Vec<String>,
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

/// What came of a claim or a survey.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its line.
    pub claim: String,
    /// What is known, or why nothing is.
    pub result: Result<Said, String>,
}

/// What there is to say to a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// To a claim.
    Verdict(Verdict),
    /// To a survey.
    Choices(Arc<Surveyed>),
}

/// What the sweeper has found, so far or in the end.
#[derive(Clone, Debug)]
pub struct Found {
    /// Of the sweep, where it was asked for.
    pub tally: Option<Box<Tally>>,
    /// Of the claims, in their order.
    pub answers: Vec<Answer>,
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
/// from: the pair, the sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceKey {
    interventions: Vec<Intervention>,
    pair: Option<(Source, Source)>,
    /// Surveys are over it.
    sample: Sample,
}

impl SpaceKey {
    /// That of an experiment.
    #[must_use]
    pub fn new(experiment: &Experiment) -> Self {
        let list = &experiment.interventions;
        let mut taken = list.iter().filter_map(Intervention::taken_from);
        let of_pair = taken.any(|(from, _)| matches!(from, From::Run(_)));
        Self {
            interventions: list.clone(),
            pair: of_pair.then(|| (experiment.clean.clone(), experiment.corrupted.clone())),
            sample: experiment.sample,
        }
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

/// What is known under some interventions.
#[derive(Clone, Debug, Default)]
struct Known {
    tally: Option<Arc<Tally>>,
    answers: Vec<Answer>,
}

/// What is asked while the space is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wants {
    /// Nothing: it was stopped.
    Nothing,
    /// The listed claims.
    #[default]
    Claims,
    /// The claims, and the predictions of all inputs.
    All,
}

/// How inputs are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaseOrder {
    /// The narrowest first, right or wrong.
    #[default]
    Margin,
    /// The greatest loss first.
    Loss,
    /// The wrong ones in groups, the largest first.
    Group(By),
}

impl CaseOrder {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 5] = [
        Self::Margin,
        Self::Loss,
        Self::Group(By::Field),
        Self::Group(By::Position),
        Self::Group(By::Instead),
    ];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&one| one == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Margin => "by margin",
            Self::Loss => "by loss",
            Self::Group(By::Field) => "by idx",
            Self::Group(By::Position) => "by prediction",
            Self::Group(By::Instead) => "by what is said instead",
        }
    }
}

/// What is known of the whole space, and what is wanted.
#[derive(Clone, Debug, Default)]
pub struct Space {
    generation: u64,
    /// The question under way.
    pub running: Option<Running>,
    /// The newest last.
    known: Vec<(SpaceKey, Known)>,
    /// Why the last question has no answer.
    failure: Option<(SpaceKey, String)>,
    /// What is asked.
    pub wants: Wants,
    /// Claims that were stated, the newest last.
    pub stated: Vec<String>,
    /// The selected row.
    pub cursor: usize,
    /// How the inputs below the claims are sorted.
    pub order: CaseOrder,
}

impl Space {
    fn known(&self, key: &SpaceKey) -> Option<&Known> {
        let mut known = self.known.iter();
        known.find(|(one, _)| one == key).map(|(_, known)| known)
    }

    fn keep(&mut self, key: SpaceKey, found: Found) {
        let at = self.known.iter().position(|(one, _)| *one == key);
        let (key, mut known) = match at {
            Some(at) => self.known.remove(at),
            None => (key, Known::default()),
        };
        if let Some(tally) = found.tally {
            known.tally = Some(Arc::new(*tally));
        }
        for answer in found.answers {
            known.answers.retain(|one| one.claim != answer.claim);
            known.answers.push(answer);
        }
        self.known.push((key, known));
        let extra = self.known.len().saturating_sub(KEPT);
        self.known.drain(..extra);
    }

    /// The space of another state of the same model: what is known is known there too, and
    /// requests count on.
    pub(super) fn with_wishes_of(self, other: Self) -> Self {
        Self {
            wants: other.wants,
            stated: other.stated,
            cursor: other.cursor,
            order: other.order,
            ..self
        }
    }
}

impl State {
    /// Knows of all inputs what another state of the same model knows: a session holds no answers,
    /// they are found anew where they are missing.
    pub fn knowing(&mut self, other: &Self) {
        let wishes = std::mem::take(&mut self.space);
        self.space = other.space.clone().with_wishes_of(wishes);
    }

    pub(super) fn space_key(&self) -> SpaceKey {
        SpaceKey::new(&self.study().experiment())
    }

    /// The finished sweep of the model as it is, with the interventions that stand.
    #[must_use]
    pub fn space_tally(&self) -> Option<&Arc<Tally>> {
        self.space.known(&self.space_key())?.tally.as_ref()
    }

    /// What came of a claim under the interventions that stand.
    #[must_use]
    pub fn space_answer(&self, line: &str) -> Option<&Answer> {
        let known = self.space.known(&self.space_key())?;
        known.answers.iter().find(|answer| answer.claim == line)
    }

    /// Why nothing comes of the question about these interventions.
    #[must_use]
    pub fn space_failure(&self) -> Option<&str> {
        let (key, failure) = self.space.failure.as_ref()?;
        (*key == self.space_key()).then_some(failure)
    }

    /// What the question under way has found so far, if it is about these interventions.
    #[must_use]
    pub fn space_so_far(&self) -> Option<&Found> {
        let running = self.space.running.as_ref()?;
        let news = running.news.as_ref()?;
        (running.key == self.space_key()).then_some(&news.found)
    }

    /// The claims that the screen lists: those that were stated, the newest first, then the others
    /// that are kept.
    #[must_use]
    pub fn listed_claims(&self) -> Vec<&str> {
        let stated = &self.space.stated;
        let kept = self.study().claims.iter();
        let kept = kept.filter(|claim| !stated.contains(claim));
        let all = stated.iter().rev().chain(kept);
        all.map(String::as_str).collect()
    }

    /// What the screen wants to know and does not.
    fn missing(&self) -> Option<SpaceQuestion> {
        let wants = self.space.wants;
        let claims: Vec<String> = match wants {
            Wants::Nothing => return None,
            _ => (self.listed_claims().into_iter())
                .filter(|claim| self.space_answer(claim).is_none())
                .map(str::to_owned)
                .collect(),
        };
        let sweep = wants == Wants::All && self.space_tally().is_none();
        (sweep || !claims.is_empty()).then_some(SpaceQuestion { sweep, claims })
    }
}

/// Asks for what the screen of all inputs lacks, as long as it is looked at.
pub(super) fn follow(state: &mut State) -> Option<Effect> {
    if state.view.focus != Pane::Space || state.space_failure().is_some() {
        return None;
    }
    let experiment = state.study().experiment();
    let key = SpaceKey::new(&experiment);
    if matches!(&state.space.running, Some(running) if running.key == key) {
        return None;
    }
    let question = state.missing()?;
    let space = &mut state.space;
    space.generation += 1;
    space.failure = None;
    space.running = Some(Running {
        question: question.clone(),
        key,
        news: None,
    });
    Some(Effect::Space(Box::new(SpaceRequest {
        generation: space.generation,
        experiment,
        question,
    })))
}

/// Shows the space and has all inputs counted.
pub(super) fn open(state: &mut State) {
    state.view.focus = Pane::Space;
    state.status = None;
    state.space.failure = None;
    if state.space.wants != Wants::All {
        state.space.wants = Wants::All;
        restart(state);
    }
}

/// Lists a claim and has it checked.
pub(super) fn state_claim(state: &mut State, line: String) {
    state.view.focus = Pane::Space;
    let space = &mut state.space;
    space.stated.retain(|one| *one != line);
    space.stated.push(line);
    let extra = space.stated.len().saturating_sub(STATED);
    space.stated.drain(..extra);
    space.cursor = 0;
    check(state);
}

/// Has the listed claims checked that are not yet.
pub(super) fn check(state: &mut State) {
    state.space.failure = None;
    if state.space.wants == Wants::Nothing {
        state.space.wants = Wants::Claims;
    }
    restart(state);
}

/// What is under way is asked anew, with what has come to be wanted.
fn restart(state: &mut State) {
    let running = state.space.running.as_ref();
    if running.is_some_and(|running| state.missing().as_ref() != Some(&running.question)) {
        state.space.running = None;
    }
}

/// Stops what is under way; says whether there was anything.
pub(super) fn stop(state: &mut State) -> Option<Effect> {
    state.space.running.take()?;
    state.space.generation += 1;
    state.space.wants = Wants::Nothing;
    state.say(Tone::Plain, "stopped; S counts all inputs again");
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
        Ok(news) if !news.finished => running.news = Some(*news),
        result => {
            let key = running.key.clone();
            space.running = None;
            match result {
                Ok(news) => space.keep(key, news.found),
                Err(error) => space.failure = Some((key, error)),
            }
        }
    }
}

//! What is asked of the whole input space, and what is known of it.

use crate::answers::CellVerdict;
use crate::lens::{Experiment, From, Intervention, Source};
use crate::sweep::{By, Progress, Surveyed, Tally, Verdict};
use crate::task::{Sample, Task};
use std::sync::Arc;

/// Interventions whose answers are kept.
const KEPT: usize = 8;
/// What nobody asked for is not run forward pass by forward pass for more inputs than these.
pub const FEW_INPUTS: u128 = 1 << 16;

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
    /// Nobody asked: it waits until the keys rest, takes one core and gives way to any key.
    pub by_itself: bool,
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
    /// To a claim about a cell of an answer, and what that answer was about: other than a count it may depend
    /// on the pair, the metric and the sample.
    Cell(CellVerdict, Box<Experiment>),
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
    /// Whether nobody asked: see [`SpaceRequest::by_itself`].
    pub by_itself: bool,
    /// The newest news.
    pub news: Option<SpaceNews>,
}

/// What is known under some interventions.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Known {
    pub(in crate::app) tally: Option<Arc<Tally>>,
    pub(in crate::app) answers: Vec<Answer>,
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
    pub fn name(self, task: Task) -> String {
        match self {
            Self::Margin => "by margin".to_owned(),
            Self::Loss => "by loss".to_owned(),
            Self::Group(By::Field) => task.in_names("by {field}"),
            Self::Group(By::Position) => "by prediction".to_owned(),
            Self::Group(By::Instead) => "by what is said instead".to_owned(),
        }
    }
}

/// What is known of the whole space, and what is wanted.
#[derive(Clone, Debug, Default)]
pub struct Space {
    pub(in crate::app) generation: u64,
    /// The question under way.
    pub running: Option<Running>,
    /// The question that was stopped, with what it had found by then.
    pub stopped: Option<Running>,
    /// The newest last.
    pub(in crate::app) known: Vec<(SpaceKey, Known)>,
    /// Whether predictions are counted though the screen of all inputs is not looked at: they were known
    /// of another step of the model.
    pub(in crate::app) recounts: bool,
    /// Why the last question has no answer.
    pub(in crate::app) failure: Option<(SpaceKey, String)>,
    /// What is asked.
    pub wants: Wants,
    /// Whether all inputs are counted by themselves after a change of interventions, for the header: unless
    /// that was switched off. A setting of the program, in no session.
    pub truth: bool,
    /// Claims that were stated, the newest last.
    pub stated: Vec<String>,
    /// The selected row.
    pub cursor: usize,
    /// How the inputs below the claims are sorted.
    pub order: CaseOrder,
    /// The claim whose further inputs are listed below it.
    pub unfolded: Option<String>,
}

impl Space {
    pub(in crate::app) fn known(&self, key: &SpaceKey) -> Option<&Known> {
        let mut known = self.known.iter();
        known.find(|(one, _)| one == key).map(|(_, known)| known)
    }

    /// The newest count under any interventions.
    pub(in crate::app) fn newest_tally(&self) -> Option<&Arc<Tally>> {
        self.known
            .iter()
            .rev()
            .find_map(|(_, known)| known.tally.as_ref())
    }

    pub(in crate::app) fn keep(&mut self, key: SpaceKey, found: Found) {
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

    /// Forgets all that is known: it was of another step of the model. What was counted there is counted
    /// here too, whatever is looked at.
    pub(in crate::app) fn forget(&mut self, was_counted: bool) {
        self.generation += 1;
        self.recounts |= was_counted;
        (self.running, self.stopped, self.failure) = (None, None, None);
        self.known.clear();
    }

    /// The space of another state of the same model: what is known is known there too, and
    /// requests count on.
    pub(in crate::app) fn with_wishes_of(self, other: Self) -> Self {
        Self {
            wants: other.wants,
            stated: other.stated,
            cursor: other.cursor,
            order: other.order,
            ..self
        }
    }
}

//! What is being studied, and its history.

use super::fields::Side;
use super::sight::Sight;
use crate::lens::{Direction, Experiment, Intervention, Measure, Metric, Source};
use crate::task::{Sample, Task, Values, counterfactuals, unlike};

/// Moments kept for undo.
pub(in crate::app) const MAX_HISTORY: usize = 500;

/// An intervention on the list; switched off it stays there.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The intervention.
    pub intervention: Intervention,
    /// Whether it applies.
    pub on: bool,
}

/// Everything that decides the numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// The clean prompt.
    pub clean: Source,
    /// The corrupted prompt.
    pub corrupted: Source,
    /// Which of the clean prompt's counterfactuals the corrupted prompt is; `None` when it was
    /// typed by hand.
    pub counterfactual: Option<usize>,
    /// Which run is patched.
    pub direction: Direction,
    /// The metric; `None` follows the pair. One that was chosen stays until it is let go, whatever
    /// the pair becomes.
    pub metric: Option<Metric>,
    /// What is measured of it.
    pub measure: Measure,
    /// The interventions, in their order.
    pub interventions: Vec<Listed>,
    /// What is stepped through, and what means are taken over.
    pub sample: Sample,
    /// Claims about all inputs that are kept with it.
    pub claims: Vec<String>,
    /// An intervention that is being typed: it acts, and is kept nowhere.
    pub tried: Option<Tried>,
}

/// An intervention that is tried before it is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The one on the list whose place it takes.
    pub at: Option<usize>,
    /// What is typed.
    pub intervention: Intervention,
}

impl Study {
    /// A clean prompt with its first counterfactual.
    #[must_use]
    pub fn new(task: Task, clean: Source, sample: Sample) -> Self {
        let mut study = Self {
            corrupted: clean.clone(),
            clean,
            counterfactual: Some(0),
            direction: Direction::default(),
            metric: None,
            measure: Measure::default(),
            interventions: Vec::new(),
            sample,
            claims: Vec::new(),
            tried: None,
        };
        study.corrupt(task, 0);
        study
    }

    /// What is not as in another study, in words.
    #[must_use]
    pub(in crate::app) fn differs_in(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            (self.clean != other.clean, "the clean prompt"),
            (self.corrupted != other.corrupted, "the corrupted prompt"),
            (self.direction != other.direction, "denoise or noise"),
            (self.metric != other.metric, "the metric"),
            (self.measure != other.measure, "the measure"),
            (
                self.interventions != other.interventions,
                "the interventions",
            ),
            (self.sample != other.sample, "the sample"),
            (self.claims != other.claims, "the kept claims"),
        ];
        let differ = parts.into_iter().filter(|(differs, _)| *differs);
        differ.map(|(_, name)| name).collect()
    }

    /// One side of the pair.
    #[must_use]
    pub fn side(&self, side: Side) -> &Source {
        match side {
            Side::Clean => &self.clean,
            Side::Corrupted => &self.corrupted,
        }
    }

    /// What the lens is asked.
    #[must_use]
    pub fn experiment(&self) -> Experiment {
        // in its place, because their order matters
        let in_place = |i: usize| self.tried.as_ref().filter(|tried| tried.at == Some(i));
        let listed = self.interventions.iter().enumerate();
        let on = listed.filter(|(_, listed)| listed.on);
        let on = on.map(|(i, listed)| {
            in_place(i).map_or(&listed.intervention, |tried| &tried.intervention)
        });
        let tried = self.tried.as_ref().filter(|tried| tried.at.is_none());
        let tried = tried.map(|tried| &tried.intervention);
        Experiment {
            clean: self.clean.clone(),
            corrupted: self.corrupted.clone(),
            direction: self.direction,
            metric: self.metric,
            measure: self.measure,
            interventions: on.chain(tried).cloned().collect(),
            sample: self.sample,
        }
    }

    /// The position at which the metric is measured, where something is predicted there.
    #[must_use]
    pub fn measured(&self, task: Task) -> Option<usize> {
        let metric = self.experiment().metric_in_force(task)?;
        let position = metric.position;
        task.predicted_at(position).map(|_| position)
    }

    /// Makes the corrupted prompt the `index`-th counterfactual of the clean one (counted round).
    pub fn corrupt(&mut self, task: Task, index: usize) {
        let changes = counterfactuals(task, &self.clean.values);
        if changes.is_empty() {
            self.counterfactual = None;
            let other = unlike(task, &self.clean.values, self.sample);
            self.corrupted = Source {
                values: other.unwrap_or_else(|| self.clean.values.clone()),
                continuation: self.clean.continuation.untyped(),
            };
            return;
        }
        let index = index % changes.len();
        self.counterfactual = Some(index);
        self.corrupted = Source {
            values: self.clean.values.with(changes[index]),
            continuation: self.clean.continuation.untyped(),
        };
    }

    /// Another input in the run that is patched; the prompt that is patched from stays.
    pub fn set_base(&mut self, direction: Direction, update: Values) {
        self.direction = direction;
        let base = match direction {
            Direction::Denoise => &mut self.corrupted,
            Direction::Noise => &mut self.clean,
        };
        *base = Source {
            values: update,
            continuation: base.continuation.untyped(),
        };
        self.counterfactual = None;
    }

    /// Another example: its counterfactual is made as the last one was.
    pub fn set_clean(&mut self, task: Task, update: Values) {
        self.clean = Source {
            values: update,
            continuation: self.clean.continuation.untyped(),
        };
        self.corrupt(task, self.counterfactual.unwrap_or(0));
    }
}

/// A study, and what the panes showed of it.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The study.
    pub study: Study,
    /// `None`: what they show does not change on the way there.
    pub sight: Option<Sight>,
}

impl Moment {
    fn new(study: Study) -> Self {
        let study = Study {
            tried: None,
            ..study
        };
        Self { study, sight: None }
    }
}

/// A study with its past and its undone future.
#[derive(Clone, Debug)]
pub struct History {
    current: Moment,
    past: Vec<Moment>,
    future: Vec<Moment>,
    /// Whether the message at hand has made its step: what it changes of the view belongs to it.
    moved: bool,
}

impl History {
    /// A history that begins here.
    #[must_use]
    pub fn new(study: Study) -> Self {
        Self::with(study, Vec::new(), Vec::new())
    }

    /// A history that stands in its middle.
    #[must_use]
    pub(in crate::app) fn with(current: Study, past: Vec<Moment>, future: Vec<Moment>) -> Self {
        Self {
            current: Moment::new(current),
            past,
            future,
            moved: false,
        }
    }

    /// What undo goes back to, oldest first.
    pub(in crate::app) fn past(&self) -> &[Moment] {
        &self.past
    }

    /// What redo goes on to, newest undone last.
    pub(in crate::app) fn future(&self) -> &[Moment] {
        &self.future
    }

    /// The study as it is.
    #[must_use]
    pub fn current(&self) -> &Study {
        &self.current.study
    }

    /// What is typed acts, or nothing that is typed any more.
    pub(in crate::app) fn attempt(&mut self, tried: Option<Tried>) {
        self.current.study.tried = tried;
    }

    /// What was shown when the study became what it is.
    pub(in crate::app) fn sight(&self) -> Option<&Sight> {
        self.current.sight.as_ref()
    }

    /// Before a message: what is shown, however it came to be.
    pub(in crate::app) fn begin(&mut self, sight: Sight) {
        self.current.sight = Some(sight);
        self.moved = false;
    }

    /// After a message: what is shown now is a step of its own, or belongs to the one it made.
    pub(in crate::app) fn settle(&mut self, sight: Sight) {
        let before = self.current.sight.as_ref();
        if !self.moved && before.is_some_and(|before| *before != sight) {
            self.push(self.current.study.clone());
        }
        self.current.sight = Some(sight);
    }

    /// Goes on to another study; whether it is another.
    pub fn go(&mut self, next: Study) -> bool {
        let other = next != self.current.study;
        if other {
            self.push(next);
        }
        other
    }

    fn push(&mut self, next: Study) {
        let mut before = std::mem::replace(&mut self.current, Moment::new(next));
        before.study.tried = None;
        // a message that goes on twice makes one step
        if !self.moved {
            self.past.push(before);
        }
        if self.past.len() > MAX_HISTORY {
            self.past.remove(0);
        }
        self.future.clear();
        self.moved = true;
    }

    /// Takes the last change back; whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else {
            return false;
        };
        self.future
            .push(std::mem::replace(&mut self.current, before));
        self.moved = true;
        true
    }

    /// Does the last undone change again; whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.future.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(&mut self.current, after));
        self.moved = true;
        true
    }
}

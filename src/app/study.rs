//! What is being studied, and its history.

use crate::lens::{Direction, Experiment, Intervention, Measure, Metric, Source};
use crate::task::{ArrayUpdate, Sample, Update, counterfactuals};

/// States kept for undo.
pub(super) const MAX_HISTORY: usize = 500;

/// An intervention on the list; switched off it stays there.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The intervention.
    pub intervention: Intervention,
    /// Whether it applies.
    pub on: bool,
}

/// Everything that decides the numbers and that undo brings back.
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
    /// The metric; `None` follows the pair.
    pub metric: Option<Metric>,
    /// What is measured of it.
    pub measure: Measure,
    /// The interventions, in their order.
    pub interventions: Vec<Listed>,
    /// What is stepped through, and what means are taken over.
    pub sample: Sample,
    /// Claims about all inputs that are kept with it.
    pub claims: Vec<String>,
}

impl Study {
    /// A clean prompt with its first counterfactual.
    #[must_use]
    pub fn new(task: ArrayUpdate, clean: Source, sample: Sample) -> Self {
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
        };
        study.corrupt(task, 0);
        study
    }

    /// What the lens is asked.
    #[must_use]
    pub fn experiment(&self) -> Experiment {
        let on = self.interventions.iter().filter(|listed| listed.on);
        Experiment {
            clean: self.clean.clone(),
            corrupted: self.corrupted.clone(),
            direction: self.direction,
            metric: self.metric,
            measure: self.measure,
            interventions: on.map(|listed| listed.intervention.clone()).collect(),
            sample: self.sample,
        }
    }

    /// Makes the corrupted prompt the `index`-th counterfactual of the clean one (counted round).
    pub fn corrupt(&mut self, task: ArrayUpdate, index: usize) {
        let changes = counterfactuals(task, &self.clean.update);
        if changes.is_empty() {
            return;
        }
        let index = index % changes.len();
        self.counterfactual = Some(index);
        self.corrupted = Source {
            update: self.clean.update.with(changes[index]),
            continuation: self.clean.continuation.untyped(),
        };
        self.metric = None;
    }

    /// Another example: its counterfactual is made as the last one was.
    pub fn set_clean(&mut self, task: ArrayUpdate, update: Update) {
        self.clean = Source {
            update,
            continuation: self.clean.continuation.untyped(),
        };
        self.corrupt(task, self.counterfactual.unwrap_or(0));
    }
}

/// A study with its past and its undone future.
#[derive(Clone, Debug)]
pub struct History {
    current: Study,
    past: Vec<Study>,
    future: Vec<Study>,
}

impl History {
    /// A history that begins here.
    #[must_use]
    pub fn new(study: Study) -> Self {
        Self {
            current: study,
            past: Vec::new(),
            future: Vec::new(),
        }
    }

    /// A history that stands in its middle.
    #[must_use]
    pub(super) fn with(current: Study, past: Vec<Study>, future: Vec<Study>) -> Self {
        Self {
            current,
            past,
            future,
        }
    }

    /// What undo goes back to, oldest first.
    pub(super) fn past(&self) -> &[Study] {
        &self.past
    }

    /// What redo goes on to, newest undone last.
    pub(super) fn future(&self) -> &[Study] {
        &self.future
    }

    /// The study as it is.
    #[must_use]
    pub fn current(&self) -> &Study {
        &self.current
    }

    /// Goes on to another study; whether it is another.
    pub fn go(&mut self, next: Study) -> bool {
        if next == self.current {
            return false;
        }
        self.past.push(std::mem::replace(&mut self.current, next));
        if self.past.len() > MAX_HISTORY {
            self.past.remove(0);
        }
        self.future.clear();
        true
    }

    /// Takes the last change back; whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else {
            return false;
        };
        self.future
            .push(std::mem::replace(&mut self.current, before));
        true
    }

    /// Does the last undone change again; whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.future.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(&mut self.current, after));
        true
    }
}

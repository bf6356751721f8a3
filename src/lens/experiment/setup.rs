//! Everything that decides the numbers on screen, as one value.

use super::intervention::{self, Intervention};
use super::metric::{Measure, Metric};
use crate::lens::names::run::{Direction, RunName};
use crate::task::{Change, Field, Prompt, Sample, Task, Token, Values};

/// What stands after the second newline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Continuation {
    /// The right answer (teacher forcing).
    #[default]
    Truth,
    /// The model's own predictions, fed back one by one.
    Model,
    /// These tokens.
    Typed(Vec<Token>),
}

impl Continuation {
    /// The same for another prompt: a typed one belongs to its own, another begins with the truth.
    #[must_use]
    pub fn untyped(&self) -> Self {
        match self {
            Self::Typed(_) => Self::Truth,
            other => other.clone(),
        }
    }

    /// Its name on screen.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Truth => "truth",
            Self::Model => "model's own",
            Self::Typed(_) => "typed",
        }
    }
}

/// One side of a pair: the update and where its continuation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The update.
    pub values: Values,
    /// Where `b` comes from.
    pub continuation: Continuation,
}

impl Source {
    /// The update under teacher forcing.
    #[must_use]
    pub fn new(values: Values) -> Self {
        Self {
            values,
            continuation: Continuation::Truth,
        }
    }

    /// The prompt as far as it is known without a model: the model's own continuation begins as
    /// the truth and is filled in by the run.
    #[must_use]
    pub fn prompt(&self) -> Prompt {
        let mut prompt = Prompt::teacher_forced(self.values.clone());
        if let Continuation::Typed(b) = &self.continuation {
            prompt.continuation.clone_from(b);
        }
        prompt
    }
}

impl From<Prompt> for Source {
    fn from(prompt: Prompt) -> Self {
        let truth = prompt == Prompt::teacher_forced(prompt.values.clone());
        let continuation = if truth {
            Continuation::Truth
        } else {
            Continuation::Typed(prompt.continuation)
        };
        Self {
            values: prompt.values,
            continuation,
        }
    }
}

/// A pair of prompts, a metric and interventions: with the model, all that an observation
/// depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The clean prompt.
    pub clean: Source,
    /// The corrupted prompt.
    pub corrupted: Source,
    /// Which run is patched.
    pub direction: Direction,
    /// The metric; `None` follows the pair.
    pub metric: Option<Metric>,
    /// What is measured of it.
    pub measure: Measure,
    /// Applied to the base run in this order.
    pub interventions: Vec<Intervention>,
    /// What means and examples are taken from.
    pub sample: Sample,
}

impl Experiment {
    /// The metric in force: the chosen one, else the pair's own.
    #[must_use]
    pub fn metric_in_force(&self, task: Task) -> Option<Metric> {
        let of_pair = || Metric::of_pair(task, &self.clean.prompt(), &self.corrupted.prompt());
        self.metric.or_else(of_pair)
    }

    /// The run whose right answer judges the patched run: the first that a patch takes something
    /// from, for that is whose answer it is to give; without any the run that is patched.
    #[must_use]
    pub fn judge(&self) -> RunName {
        let mut listed = self.interventions.iter();
        let from = listed.find_map(|one| match one.taken_from() {
            Some((intervention::From::Run(run), _)) => Some(*run),
            _ => None,
        });
        from.unwrap_or_else(|| self.direction.base())
    }

    /// The pairs that the sample's first `n` examples make with this pair's own change: the index
    /// as many steps on, the values as much larger, both counted round. A chosen metric is that of each
    /// of them; else each has its own.
    #[must_use]
    pub fn over_sample(&self, task: Task, n: usize) -> Vec<Self> {
        let (clean, corrupted) = (&self.clean.values, &self.corrupted.values);
        let place = |values: &Values, field: Field| field.place(values.get(field)).unwrap_or(0);
        let changes: Vec<(Field, usize)> = clean
            .differing_fields(corrupted)
            .into_iter()
            .map(|field| {
                let step = place(corrupted, field) + field.size() - place(clean, field);
                (field, step % field.size())
            })
            .collect();
        let source = |values: Values, like: &Source| Source {
            values,
            continuation: like.continuation.untyped(),
        };
        let pair = |prompt: Prompt| {
            let clean = prompt.values;
            let changed = changes
                .iter()
                .fold(clean.clone(), |values, &(field, step)| {
                    let at = (place(&values, field) + step) % field.size();
                    let value = field.values()[at];
                    values.with(Change { field, value })
                });
            Self {
                clean: source(clean, &self.clean),
                corrupted: source(changed, &self.corrupted),
                ..self.clone()
            }
        };
        let prompts = self.sample.prompts(task).into_iter().take(n);
        prompts.map(pair).collect()
    }
}

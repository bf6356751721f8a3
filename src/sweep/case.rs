//! One input and what the model says to it, and the worst of many.

use super::input::{Input, Of};
use crate::task::{Token, Update};
use serde::Serialize;
use std::cmp::Ordering;

/// One input and what the model says to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// The input.
    pub update: Update,
    /// Its place in the space's order.
    pub number: u64,
    /// By prediction: the right answer's logit less the best of the others.
    pub margins: Vec<f64>,
    /// By prediction: the likeliest token; none where the logits are not defined.
    pub predicted: Vec<Option<Token>>,
    /// Mean cross entropy, in nats per prediction.
    pub loss: f64,
}

impl Case {
    /// The smallest margin; negative (or no number) when a prediction is wrong.
    #[must_use]
    pub fn margin(&self) -> f64 {
        // NaN, which no comparison would find, is the worst of all
        let margins = self.margins.iter().copied();
        margins.fold(
            f64::INFINITY,
            |a, b| if b < a || b.is_nan() { b } else { a },
        )
    }

    /// The margin of a prediction, or the smallest.
    pub(super) fn margin_of(&self, prediction: Option<usize>) -> f64 {
        prediction.map_or_else(|| self.margin(), |j| self.margins[j])
    }

    /// Whether every prediction is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        !self.margins.iter().any(|&margin| is_wrong(margin))
    }

    pub(super) fn new(input: &Input<'_>) -> Self {
        let update = input.update();
        let predictions = 0..update.a.len();
        let truth = update.truth();
        let predicted = predictions.clone().map(|j| match input.get(Of::Margin(j)) {
            margin if margin > 0.0 => Some(truth[j]),
            margin if margin.is_nan() => None,
            _ => Some(input.get(Of::Other(j)) as Token),
        });
        Self {
            predicted: predicted.collect(),
            margins: predictions.map(|j| input.get(Of::Margin(j))).collect(),
            loss: loss(input),
            number: input.number(),
            update,
        }
    }

    /// What was predicted.
    #[must_use]
    pub fn instead(&self, j: usize) -> Instead {
        let Update { a, idx, elt } = &self.update;
        let truth = if *idx as usize == j { *elt } else { a[j] };
        Instead::of(self.predicted[j], truth, a, j, *elt)
    }
}

fn loss(input: &Input<'_>) -> f64 {
    let n = input.space.task.list_len;
    let sum: f64 = (0..n).map(|j| input.get(Of::Loss(j))).sum();
    sum / n as f64
}

/// What stands where the right answer should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// The right answer.
    Right,
    /// The value before the update.
    OldValue,
    /// Another value of the list.
    OtherValue,
    /// The new element.
    Element,
    /// A token that is not in the prompt.
    Elsewhere,
    /// Nothing: the logits are not defined.
    Undefined,
}

impl Instead {
    /// What is said at a prediction, instead of the truth.
    pub(super) fn of<T: PartialEq + Copy>(
        said: Option<T>,
        truth: T,
        a: &[T],
        j: usize,
        elt: T,
    ) -> Self {
        let Some(said) = said else {
            return Self::Undefined;
        };
        if truth == said {
            Self::Right
        } else if a[j] == said {
            Self::OldValue
        } else if elt == said {
            Self::Element
        } else if a.contains(&said) {
            Self::OtherValue
        } else {
            Self::Elsewhere
        }
    }

    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::OldValue => "old value",
            Self::OtherValue => "another a_i",
            Self::Element => "elt",
            Self::Elsewhere => "not in the prompt",
            Self::Undefined => "undefined",
        }
    }
}

/// A tie is wrong, and so is what is no number.
pub(super) fn is_wrong(margin: f64) -> bool {
    margin <= 0.0 || margin.is_nan()
}

/// The inputs with the smallest margins, worst first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Worst {
    /// Of which prediction the margin counts; without one, the least.
    of: Option<usize>,
    most: usize,
    pub cases: Vec<Case>,
    /// What comes before has enough inputs with smaller margins than this.
    bound: f64,
}

impl Worst {
    /// Room for so many.
    pub fn new(of: Option<usize>, most: usize) -> Self {
        Self {
            of,
            most,
            cases: Vec::new(),
            bound: f64::INFINITY,
        }
    }

    /// For inputs that come later: most are far from the worst so far, and nothing is made of
    /// them.
    pub fn empty(&self) -> Self {
        Self {
            bound: self.bound(),
            ..Self::new(self.of, self.most)
        }
    }

    /// Whether an input of this margin would be kept.
    pub fn is_among(&self, margin: f64) -> bool {
        margin < self.bound() || margin.is_nan()
    }

    pub fn keep(&mut self, case: Case) {
        let order = |one: &Case| worse((one, self.of), (&case, self.of));
        let at = self.cases.binary_search_by(order).unwrap_or_else(|at| at);
        self.cases.insert(at, case);
        self.cases.truncate(self.most);
    }

    pub fn join(&mut self, later: Self) {
        for case in later.cases {
            if !self.is_among(case.margin_of(self.of)) {
                break;
            }
            self.keep(case);
        }
    }

    /// An input with no smaller margin is not kept.
    fn bound(&self) -> f64 {
        let last = self.cases.get(self.most - 1);
        last.map_or(self.bound, |case| case.margin_of(self.of))
    }
}

/// The smaller margin of a prediction (or the least) first, and before all what is no number.
pub(super) fn worse(a: (&Case, Option<usize>), b: (&Case, Option<usize>)) -> Ordering {
    let (x, y) = (a.0.margin_of(a.1), b.0.margin_of(b.1));
    let order = y.is_nan().cmp(&x.is_nan()).then(x.total_cmp(&y));
    order.then(a.0.number.cmp(&b.0.number))
}

//! One input and what the model says to it, and the worst of many.

use super::input::{Input, Of};
use crate::task::{Task, Token, Values};
use serde::Serialize;
use std::cmp::Ordering;

/// One input and what the model says to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// The input.
    #[serde(rename = "update")]
    pub values: Values,
    /// Its place in the space's order.
    pub number: u64,
    /// By prediction: the right answer's logit less the best of the others.
    pub margins: Vec<f64>,
    /// By prediction: the likeliest token; none where the logits are not defined.
    pub predicted: Vec<Option<Token>>,
    /// Whether anything was asked for, by prediction.
    #[serde(skip)]
    pub asked: Vec<bool>,
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
        let values = input.values();
        let predictions = 0..values.task().answers.len();
        let predicted = predictions.clone().map(|j| match input.get(Of::Margin(j)) {
            margin if margin > 0.0 => input.truth(j).map(|truth| truth as Token),
            margin if margin.is_nan() => None,
            _ => Some(input.get(Of::Other(j)) as Token),
        });
        Self {
            predicted: predicted.collect(),
            asked: predictions.clone().map(|j| input.asks(j)).collect(),
            margins: predictions.map(|j| input.get(Of::Margin(j))).collect(),
            loss: loss(input),
            number: input.number(),
            values,
        }
    }

    /// What stands where the right answer of prediction `j` should.
    #[must_use]
    pub fn instead(&self, j: usize) -> Instead {
        if !self.asked[j] || !is_wrong(self.margins[j]) {
            return Instead::Right;
        }
        let tokens = self.values.tokens();
        let holds = |slot: usize, token: Token| tokens[slot] == token;
        Instead::of(self.predicted[j], self.values.task(), j, holds)
    }
}

/// The mean over the predictions that are asked for.
fn loss(input: &Input<'_>) -> f64 {
    let asked = (0..input.space.task.answers.len()).filter(|&j| input.asks(j));
    let losses: Vec<f64> = asked.map(|j| input.get(Of::Loss(j))).collect();
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// Up to so many classes are told one by one.
const FEW_CLASSES: usize = 16;

/// What a model said, by where it stands in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instead {
    /// The right answer.
    Right,
    /// The value in the answer's own place of a list: before an update the old value.
    Same(usize),
    /// The value of a field, by group; of a list another one than that in the answer's own place.
    Value(usize),
    /// A class that is no token, where these are few.
    Class(Token),
    /// A token that is in no field, or one of many classes.
    Elsewhere,
    /// Nothing: the logits are not defined.
    Undefined,
}

impl Instead {
    /// What was said instead of answer `j`, in an input of which `holds` tells what its slots hold.
    pub(super) fn of(
        said: Option<Token>,
        task: Task,
        j: usize,
        holds: impl Fn(usize, Token) -> bool,
    ) -> Self {
        let Some(said) = said else {
            return Self::Undefined;
        };
        if let Some(class) = Self::of_class(said, task) {
            return class;
        }
        let kin = task.kin();
        let Some(token) = kin.token_of_class.get(said as usize).copied().flatten() else {
            return Self::Elsewhere;
        };
        if let Some((slot, group)) = kin.own[j]
            && holds(slot, token)
        {
            return Self::Same(group);
        }
        let mut slots = kin.slots.iter();
        let found = slots.find(|(slot, _)| holds(*slot, token));
        found.map_or(Self::Elsewhere, |(_, group)| Self::Value(*group))
    }

    /// A class by its name, where it is no token and the classes are few.
    #[must_use]
    pub fn of_class(said: Token, task: Task) -> Option<Self> {
        let classes = &task.kin().token_of_class;
        let is_token = classes.get(said as usize).copied().flatten().is_some();
        (!is_token && classes.len() <= FEW_CLASSES).then_some(Self::Class(said))
    }

    /// Its name on screen.
    #[must_use]
    pub fn name(self, task: Task) -> String {
        match self {
            Self::Right => "right".into(),
            Self::Same(group) => format!("{} in its place", task.groups[group].name),
            Self::Value(group) if task.groups[group].is_list => {
                format!("another {}", task.groups[group].name)
            }
            Self::Value(group) => task.groups[group].name.clone(),
            Self::Class(class) => task.class_name(class),
            Self::Elsewhere if task.kin().token_of_class.iter().all(Option::is_none) => {
                "another class".into()
            }
            Self::Elsewhere => "not in the prompt".into(),
            Self::Undefined => "undefined".into(),
        }
    }

    /// Its name in files: one word.
    #[must_use]
    pub fn word(self, task: Task) -> String {
        match self {
            Self::Right => "right".into(),
            Self::Same(group) => format!("same_{}", task.groups[group].name),
            Self::Value(group) => format!("other_{}", task.groups[group].name),
            Self::Class(class) => format!("class_{}", task.class_name(class)),
            Self::Elsewhere => "elsewhere".into(),
            Self::Undefined => "undefined".into(),
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

//! What a sweep of the predictions finds: how many are right, how sure, and where they fail.

use super::block::Wanted;
use super::run::{Input, Of, Over, Progress, Sum, Sweep};
use crate::task::{ArrayUpdate, Token, Update};
use anyhow::Result;
use serde::Serialize;

/// Inputs kept, worst first.
const KEPT: usize = 1000;
/// Edges of the margin histogram: from the first to the last in steps of one.
const EDGES: (i64, i64) = (-40, 40);

/// One input and what the model says to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// The input.
    pub update: Update,
    /// Its place in the space's order.
    pub number: u64,
    /// By prediction: the right answer's logit less the best of the others.
    pub margins: Vec<f64>,
    /// By prediction: the likeliest token.
    pub predicted: Vec<Token>,
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

    /// Whether every prediction is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        !self.margins.iter().any(|&margin| is_wrong(margin))
    }

    fn new(input: &Input<'_>) -> Self {
        let update = input.update();
        let predictions = 0..update.a.len();
        let truth = update.truth();
        let predicted = predictions.clone().map(|j| {
            if input.get(Of::Margin(j)) > 0.0 {
                truth[j]
            } else {
                input.get(Of::Other(j)) as Token
            }
        });
        Self {
            predicted: predicted.collect(),
            margins: predictions.map(|j| input.get(Of::Margin(j))).collect(),
            loss: loss(input),
            number: input.number(),
            update,
        }
    }

    /// What was predicted instead of the right answer: the old value, another value of the list,
    /// the new element, or what is not in the prompt at all.
    #[must_use]
    pub fn instead(&self, j: usize) -> Instead {
        let (update, said) = (&self.update, self.predicted[j]);
        if update.truth()[j] == said {
            Instead::Right
        } else if update.a[j] == said {
            Instead::OldValue
        } else if update.elt == said {
            Instead::Element
        } else if update.a.contains(&said) {
            Instead::OtherValue
        } else {
            Instead::Elsewhere
        }
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
}

impl Instead {
    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::OldValue => "old value",
            Self::OtherValue => "another a_i",
            Self::Element => "elt",
            Self::Elsewhere => "not in the prompt",
        }
    }
}

/// The predictions of many inputs, added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    task: ArrayUpdate,
    /// Inputs.
    pub inputs: u64,
    /// Inputs with at least one wrong prediction. A tie is wrong.
    pub wrong_inputs: u64,
    /// Wrong predictions of `b_0, b_1, ..`.
    pub wrong_by_position: Vec<u64>,
    /// `[idx][position]`
    pub wrong_by_idx_and_position: Vec<Vec<u64>>,
    /// Wrong inputs, `[idx][elt]`.
    pub wrong_by_idx_and_elt: Vec<Vec<u64>>,
    /// Inputs, `[idx][elt]`.
    pub inputs_by_idx_and_elt: Vec<Vec<u64>>,
    /// Sums of cross entropy in nats, by position.
    pub loss_by_position: Vec<f64>,
    /// Predictions by margin: below the first edge, one for each step, above the last.
    pub margins: Vec<u64>,
    /// The inputs with the smallest margins, worst first.
    pub worst: Vec<Case>,
    /// What comes before has enough inputs with smaller margins than this.
    bound: f64,
    /// Every wrong input since the last report, where asked for.
    pub failures: Option<Vec<Case>>,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new(task: ArrayUpdate) -> Self {
        let n = task.list_len;
        let by_elt = vec![vec![0; task.max_num as usize]; n];
        Self {
            task,
            inputs: 0,
            wrong_inputs: 0,
            wrong_by_position: vec![0; n],
            wrong_by_idx_and_position: vec![vec![0; n]; n],
            wrong_by_idx_and_elt: by_elt.clone(),
            inputs_by_idx_and_elt: by_elt,
            loss_by_position: vec![0.0; n],
            margins: vec![0; (EDGES.1 - EDGES.0) as usize + 2],
            worst: Vec::new(),
            bound: f64::INFINITY,
            failures: None,
        }
    }

    /// Nothing yet, but every wrong input is going to be kept until it is taken.
    #[must_use]
    pub fn keeping_failures(task: ArrayUpdate) -> Self {
        Self {
            failures: Some(Vec::new()),
            ..Self::new(task)
        }
    }

    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let predictions = self.inputs * self.wrong_by_position.len() as u64;
        let wrong: u64 = self.wrong_by_position.iter().sum();
        1.0 - wrong as f64 / predictions.max(1) as f64
    }

    /// The same by prediction.
    #[must_use]
    pub fn accuracy_by_position(&self) -> Vec<f64> {
        let wrong = self.wrong_by_position.iter();
        let right = wrong.map(|&wrong| 1.0 - wrong as f64 / self.inputs.max(1) as f64);
        right.collect()
    }

    /// Mean cross entropy, in nats per prediction.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        let sum: f64 = self.loss_by_position.iter().sum();
        sum / (self.inputs.max(1) * self.loss_by_position.len() as u64) as f64
    }

    /// The margin histogram: from, to, predictions. The ends are open.
    pub fn margin_bins(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let bins = self.margins.iter().enumerate();
        bins.map(|(i, &count)| {
            let to = EDGES.0 + i as i64;
            let from = if i == 0 {
                f64::NEG_INFINITY
            } else {
                (to - 1) as f64
            };
            let to = if to > EDGES.1 {
                f64::INFINITY
            } else {
                to as f64
            };
            (from, to, count)
        })
    }

    fn keep(&mut self, case: Case) {
        let worse = |a: &Case, b: &Case| {
            let (x, y) = (a.margin(), b.margin());
            // what is no number first
            let order = y.is_nan().cmp(&x.is_nan()).then(x.total_cmp(&y));
            order.then(a.number.cmp(&b.number))
        };
        let at = self
            .worst
            .binary_search_by(|one| worse(one, &case))
            .unwrap_or_else(|at| at);
        self.worst.insert(at, case);
        self.worst.truncate(KEPT);
    }

    /// Whether an input of this margin would be kept.
    fn is_among_worst(&self, margin: f64) -> bool {
        margin < self.bound() || margin.is_nan()
    }

    /// An input with no smaller margin is not kept.
    fn bound(&self) -> f64 {
        let last = self.worst.get(KEPT - 1);
        last.map_or(self.bound, Case::margin)
    }
}

/// A tie is wrong, and so is what is no number.
fn is_wrong(margin: f64) -> bool {
    margin <= 0.0 || margin.is_nan()
}

fn bin(margin: f64) -> usize {
    let (first, last) = EDGES;
    if margin.is_nan() {
        return 0;
    }
    // from the open bin below the first edge, which is number 0
    let below = (first - 1) as f64;
    (margin.clamp(below, last as f64) - below) as usize
}

impl Sum for Tally {
    fn wanted(&self) -> Wanted {
        Wanted::default()
    }

    fn empty(&self) -> Self {
        Self {
            failures: self.failures.as_ref().map(|_| Vec::new()),
            // most inputs are far from the worst so far: nothing is made of them
            bound: self.bound(),
            ..Self::new(self.task)
        }
    }

    fn see(&mut self, input: &Input<'_>) {
        let n = self.task.list_len;
        let (idx, elt) = (input.fields[n], input.fields[n + 1]);
        self.inputs += 1;
        self.inputs_by_idx_and_elt[idx][elt] += 1;
        let mut least = f64::INFINITY;
        for j in 0..n {
            let margin = input.get(Of::Margin(j));
            if is_wrong(margin) {
                self.wrong_by_position[j] += 1;
                self.wrong_by_idx_and_position[idx][j] += 1;
            }
            if margin < least || margin.is_nan() {
                least = margin;
            }
            self.margins[bin(margin)] += 1;
            self.loss_by_position[j] += input.get(Of::Loss(j));
        }
        let wrong = is_wrong(least);
        if wrong {
            self.wrong_inputs += 1;
            self.wrong_by_idx_and_elt[idx][elt] += 1;
        }
        let worst = self.is_among_worst(least);
        if worst || wrong && self.failures.is_some() {
            let case = Case::new(input);
            if let (true, Some(failures)) = (wrong, &mut self.failures) {
                failures.push(case.clone());
            }
            if worst {
                self.keep(case);
            }
        }
    }

    fn join(&mut self, later: Self) {
        let add = |to: &mut Vec<u64>, from: &[u64]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from;
            }
        };
        self.inputs += later.inputs;
        self.wrong_inputs += later.wrong_inputs;
        add(&mut self.wrong_by_position, &later.wrong_by_position);
        add(&mut self.margins, &later.margins);
        for idx in 0..self.task.list_len {
            let pairs = [
                (
                    &mut self.wrong_by_idx_and_position,
                    &later.wrong_by_idx_and_position,
                ),
                (&mut self.wrong_by_idx_and_elt, &later.wrong_by_idx_and_elt),
                (
                    &mut self.inputs_by_idx_and_elt,
                    &later.inputs_by_idx_and_elt,
                ),
            ];
            for (to, from) in pairs {
                add(&mut to[idx], &from[idx]);
            }
        }
        let losses = self.loss_by_position.iter_mut();
        for (to, from) in losses.zip(&later.loss_by_position) {
            *to += from;
        }
        for case in later.worst {
            if !self.is_among_worst(case.margin()) {
                break;
            }
            self.keep(case);
        }
        if let (Some(failures), Some(more)) = (&mut self.failures, later.failures) {
            failures.extend(more);
        }
    }
}

impl Sweep {
    /// The predictions of all inputs. `report` sees what there is so far and says whether to go
    /// on.
    ///
    /// # Errors
    /// When there are too many inputs, or the device fails, or the report does.
    pub fn tally(
        &self,
        over: Over,
        tally: Tally,
        report: &mut dyn FnMut(&mut Tally, Progress) -> Result<bool>,
    ) -> Result<Option<Tally>> {
        self.run(over, tally, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_fall_into_their_bins() {
        let tally = Tally::new(ArrayUpdate::default());
        let bins: Vec<_> = tally.margin_bins().collect();
        for margin in [-1e9, -40.5, -40.0, -0.1, 0.0, 0.9, 39.9, 40.0, 1e9] {
            let (from, to, _) = bins[bin(margin)];
            assert!(from <= margin && margin < to, "{margin} in {from}..{to}");
        }
    }
}

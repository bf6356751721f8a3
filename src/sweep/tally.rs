//! What a sweep of the predictions finds: how many are right, how sure, and where they fail.

use super::block::{Block, Wanted};
use super::case::{Case, Instead, Worst, is_wrong};
use super::failures::Failures;
use super::input::{Input, Of};
use super::run::{Over, Progress, Sum, Sweep};
use crate::lens::Right;
use crate::task::{Estimate, Field, Task, Token, grouped};
use anyhow::Result;

/// Inputs kept, worst first.
const KEPT: usize = 1000;
/// Edges of the margin histogram: from the first to the last in steps of one.
const EDGES: (i64, i64) = (-40, 40);

/// The predictions of many inputs, added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    task: Task,
    axes: Option<[Field; 2]>,
    /// How many predictions were judged, by position: those at which anything is right.
    pub asked_by_position: Vec<u64>,
    /// Inputs that were run but have no right answer at all: they are in no other count.
    pub unjudged: u64,
    /// Whether these are a sample of the inputs there are.
    pub sampled: bool,
    /// Inputs.
    pub inputs: u64,
    /// Inputs with at least one wrong prediction. A tie is wrong.
    pub wrong_inputs: u64,
    /// Wrong predictions of `b_0, b_1, ..`.
    pub wrong_by_position: Vec<u64>,
    /// Wrong predictions by index, position and what is said instead.
    pub failures: Failures,
    /// Wrong inputs, `[idx][elt]`.
    pub wrong_by_fields: Vec<Vec<u64>>,
    /// Inputs, `[idx][elt]`.
    pub inputs_by_fields: Vec<Vec<u64>>,
    /// Predictions that are not defined, by position: wrong, and without a loss or a margin.
    pub undefined_by_position: Vec<u64>,
    /// Sums of cross entropy in nats, by position, over what is defined.
    pub loss_by_position: Vec<f64>,
    /// Predictions by margin: below the first edge, one for each step, above the last.
    pub margins: Vec<u64>,
    /// Sums of squares over the inputs: of wrong predictions, of the mean loss.
    squares: [f64; 2],
    worst: Worst,
    /// Every wrong input since the last report, where asked for.
    pub wrong: Option<Vec<Case>>,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new(task: Task) -> Self {
        let n = task.answers.len();
        let axes = task.axes();
        let sizes = axes.map_or([0; 2], |axes| axes.map(Field::size));
        let by_fields = vec![vec![0; sizes[1]]; sizes[0]];
        Self {
            sampled: false,
            task,
            axes,
            asked_by_position: vec![0; n],
            unjudged: 0,
            inputs: 0,
            wrong_inputs: 0,
            wrong_by_position: vec![0; n],
            failures: Failures::new(task),
            wrong_by_fields: by_fields.clone(),
            inputs_by_fields: by_fields,
            undefined_by_position: vec![0; n],
            loss_by_position: vec![0.0; n],
            margins: vec![0; (EDGES.1 - EDGES.0) as usize + 2],
            squares: [0.0; 2],
            worst: Worst::new(None, KEPT),
            wrong: None,
        }
    }

    /// Nothing yet, but every wrong input is going to be kept until it is taken.
    #[must_use]
    pub fn keeping_failures(task: Task) -> Self {
        Self {
            wrong: Some(Vec::new()),
            ..Self::new(task)
        }
    }

    /// How many inputs and predictions are right.
    #[must_use]
    pub fn right(&self) -> Right {
        let wrong = self.wrong_by_position.iter().sum();
        Right::new(self.inputs, self.wrong_inputs, self.predictions(), wrong)
    }

    /// Predictions that were judged.
    fn predictions(&self) -> u64 {
        self.asked_by_position.iter().sum()
    }

    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.right().predictions_accuracy
    }

    /// How many predictions are not defined.
    #[must_use]
    pub fn undefined(&self) -> u64 {
        self.undefined_by_position.iter().sum()
    }

    /// Whether any prediction is.
    #[must_use]
    pub fn is_defined(&self) -> bool {
        self.undefined() < self.predictions()
    }

    /// The same by prediction.
    #[must_use]
    pub fn accuracy_by_position(&self) -> Vec<f64> {
        let both = self.wrong_by_position.iter().zip(&self.asked_by_position);
        let right = both.map(|(&wrong, &asked)| 1.0 - wrong as f64 / asked.max(1) as f64);
        right.collect()
    }

    /// Mean cross entropy, in nats per prediction that is defined; no number where none is.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        let sum: f64 = self.loss_by_position.iter().sum();
        sum / (self.predictions() - self.undefined()) as f64
    }

    /// The same by prediction.
    #[must_use]
    pub fn mean_loss_by_position(&self) -> Vec<f64> {
        let sums = self
            .loss_by_position
            .iter()
            .zip(&self.undefined_by_position)
            .zip(&self.asked_by_position);
        let means = sums.map(|((sum, undefined), asked)| sum / (asked - undefined) as f64);
        means.collect()
    }

    /// The accuracy as an estimate from a sample.
    #[must_use]
    pub fn accuracy_estimate(&self) -> Estimate {
        let wrong = (1.0 - self.accuracy()) * self.inputs as f64;
        Estimate {
            mean: self.accuracy(),
            ..Estimate::of(self.inputs, wrong, self.squares[0])
        }
    }

    /// The fraction of inputs that are right, likewise.
    #[must_use]
    pub fn inputs_estimate(&self) -> Estimate {
        let wrong = self.wrong_inputs as f64;
        Estimate {
            mean: self.right().inputs_accuracy,
            ..Estimate::of(self.inputs, wrong, wrong)
        }
    }

    /// The mean loss likewise.
    #[must_use]
    pub fn loss_estimate(&self) -> Estimate {
        let sum = self.mean_loss() * self.inputs as f64;
        Estimate::of(self.inputs, sum, self.squares[1])
    }

    /// The inputs with the smallest margins, worst first.
    #[must_use]
    pub fn worst(&self) -> &[Case] {
        &self.worst.cases
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
}

/// What there is to say where some predictions are not defined.
#[must_use]
pub fn undefined_words(undefined: u64, predictions: u64) -> String {
    let [undefined, all] = [undefined, predictions].map(|n| grouped(n.into()));
    format!(
        "{undefined} of {all} predictions are undefined: counted as wrong, left out of the loss"
    )
}

fn bin(margin: f64) -> usize {
    let (first, last) = EDGES;
    // from the open bin below the first edge, which is number 0
    let below = (first - 1) as f64;
    (margin.clamp(below, last as f64) - below) as usize
}

impl Sum for Tally {
    fn wanted(&self) -> Wanted {
        Wanted {
            losses: true,
            ..Wanted::default()
        }
    }

    fn empty(&self) -> Self {
        Self {
            wrong: self.wrong.as_ref().map(|_| Vec::new()),
            worst: self.worst.empty(),
            failures: self.failures.empty(),
            ..Self::new(self.task)
        }
    }

    /// A block whose predictions are all right, none of them among the worst: the sums that inputs one by
    /// one come to, to the last bit.
    fn see_all(&mut self, fields: &[usize], block: &Block<f32>) -> bool {
        let (n, elements) = (self.task.answers.len(), block.elements());
        let rows = |of: fn(usize) -> Of| (0..n).map(move |j| &block.row(of(j))[..elements]);
        let plain = |&margin: &f32| !is_wrong(margin.into()) && !self.worst.is_among(margin.into());
        let all_plain = rows(Of::Margin).all(|row| row.iter().all(plain));
        if !block.targets.is_empty() || n == 0 || !all_plain {
            return false;
        }
        self.inputs += elements as u64;
        if let Some(axes) = self.axes {
            let last = fields.len() - 1;
            for elt in 0..elements {
                let [chosen, other] = axes.map(|field| {
                    let token = if field.slot == last {
                        elt
                    } else {
                        fields[field.slot]
                    };
                    field.place(token as Token).unwrap_or(0)
                });
                self.inputs_by_fields[chosen][other] += 1;
            }
        }
        let mut here = vec![0.0; elements];
        for (j, (margins, losses)) in rows(Of::Margin).zip(rows(Of::Loss)).enumerate() {
            self.asked_by_position[j] += elements as u64;
            let mut sum = self.loss_by_position[j];
            for ((&margin, &loss), here) in margins.iter().zip(losses).zip(&mut here) {
                self.margins[bin(margin.into())] += 1;
                let loss = f64::from(loss);
                sum += loss;
                *here += loss;
            }
            self.loss_by_position[j] = sum;
        }
        for here in here {
            self.squares[1] += (here / n as f64).powi(2);
        }
        true
    }

    fn see(&mut self, input: &Input<'_>) {
        let n = self.task.answers.len();
        let asked = (0..n).filter(|&j| input.asks(j)).count();
        if asked == 0 {
            self.unjudged += 1;
            return;
        }
        let axes = self.axes.map(|axes| {
            axes.map(|field| field.place(input.fields[field.slot] as Token).unwrap_or(0))
        });
        let [chosen, other] = axes.unwrap_or_default();
        self.inputs += 1;
        if axes.is_some() {
            self.inputs_by_fields[chosen][other] += 1;
        }
        let mut least = f64::INFINITY;
        let mut case = None;
        let (mut wrong_here, mut loss_here) = (0.0, 0.0);
        for j in (0..n).filter(|&j| input.asks(j)) {
            let margin = input.get(Of::Margin(j));
            self.asked_by_position[j] += 1;
            if is_wrong(margin) {
                self.wrong_by_position[j] += 1;
                wrong_here += 1.0;
                let said = (!margin.is_nan()).then_some(input.get(Of::Other(j)) as Token);
                let holds = |slot: usize, token: Token| input.fields[slot] == token as usize;
                let instead = Instead::of(said, self.task, j, holds);
                let make = || case.get_or_insert_with(|| Case::new(input)).clone();
                self.failures.see((chosen, j, instead), margin, make);
            }
            if margin < least || margin.is_nan() {
                least = margin;
            }
            if margin.is_nan() {
                self.undefined_by_position[j] += 1;
            } else {
                self.margins[bin(margin)] += 1;
                let loss = input.get(Of::Loss(j));
                self.loss_by_position[j] += loss;
                loss_here += loss;
            }
        }
        self.squares[0] += (wrong_here / asked as f64).powi(2);
        self.squares[1] += (loss_here / asked as f64).powi(2);
        let wrong = is_wrong(least);
        if wrong {
            self.wrong_inputs += 1;
            if axes.is_some() {
                self.wrong_by_fields[chosen][other] += 1;
            }
        }
        let worst = self.worst.is_among(least);
        if worst || wrong && self.wrong.is_some() {
            let case = case.unwrap_or_else(|| Case::new(input));
            if let (true, Some(kept)) = (wrong, &mut self.wrong) {
                kept.push(case.clone());
            }
            if worst {
                self.worst.keep(case);
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
        self.unjudged += later.unjudged;
        self.wrong_inputs += later.wrong_inputs;
        add(&mut self.wrong_by_position, &later.wrong_by_position);
        add(&mut self.asked_by_position, &later.asked_by_position);
        add(
            &mut self.undefined_by_position,
            &later.undefined_by_position,
        );
        add(&mut self.margins, &later.margins);
        for idx in 0..self.wrong_by_fields.len() {
            let pairs = [
                (&mut self.wrong_by_fields, &later.wrong_by_fields),
                (&mut self.inputs_by_fields, &later.inputs_by_fields),
            ];
            for (to, from) in pairs {
                add(&mut to[idx], &from[idx]);
            }
        }
        let losses = self.loss_by_position.iter_mut();
        for (to, from) in losses.zip(&later.loss_by_position) {
            *to += from;
        }
        self.squares = [0, 1].map(|i| self.squares[i] + later.squares[i]);
        self.failures.join(later.failures);
        self.worst.join(later.worst);
        if let (Some(wrong), Some(more)) = (&mut self.wrong, later.wrong) {
            wrong.extend(more);
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
        let sampled = self.is_sampled(over);
        self.run(over, Tally { sampled, ..tally }, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_fall_into_their_bins() {
        let tally = Tally::new(Task::default());
        let bins: Vec<_> = tally.margin_bins().collect();
        for margin in [-1e9, -40.5, -40.0, -0.1, 0.0, 0.9, 39.9, 40.0, 1e9] {
            let (from, to, _) = bins[bin(margin)];
            assert!(from <= margin && margin < to, "{margin} in {from}..{to}");
        }
    }
}

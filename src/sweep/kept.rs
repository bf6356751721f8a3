//! Predictions that an intervened model keeps: the same as the untouched model's, right or wrong.

use super::block::Wanted;
use super::claim::Conclusion;
use super::input::{Input, Of, Pieces};
use super::run::{Over, Progress, Sum, Sweep};
use crate::task::{Field, Task, Token, Values};
use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

/// Lists that one piece of work has, and pieces at once.
const LISTS: usize = 16;
const PIECES: usize = 64;
/// Inputs that are told whose predictions are not kept.
const TOLD: usize = 20;
/// With a smaller margin a forward pass cannot tell what is predicted.
const CLOSE: f64 = 1e-4;
/// What stands for a prediction that is not defined.
const NONE: Token = Token::MAX;

/// How the predictions of some inputs compare with the untouched model's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    /// Inputs of which every prediction is kept.
    pub kept: u64,
    /// Inputs of which every prediction is right.
    pub right: u64,
    /// Inputs of which the untouched model's predictions are all right.
    pub right_untouched: u64,
    /// Inputs.
    pub inputs: u64,
    /// Single predictions that are kept, of how many.
    pub kept_predictions: u64,
    /// Single predictions.
    pub predictions: u64,
    /// Mean cross entropy, in nats per prediction.
    pub loss: f64,
    /// The untouched model's.
    pub loss_untouched: f64,
    /// Inputs with a prediction that single precision cannot tell, where there is no other.
    pub close_calls: u64,
    /// Single predictions that are not kept, by prediction.
    pub lost_by_prediction: Vec<u64>,
    /// Inputs whose predictions are not all kept, by the value of the field that chooses.
    pub lost_by_field: Vec<u64>,
    /// The first inputs whose predictions are not all kept.
    pub lost: Vec<Lost>,
    #[serde(skip)]
    losses: [f64; 2],
    #[serde(skip)]
    judged: u64,
}

/// An input of which a prediction is not kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lost {
    /// The input.
    #[serde(rename = "update")]
    pub values: Values,
    /// What the untouched model says, class by class; null where that is not defined.
    pub untouched: Vec<Option<Token>>,
    /// What is said now.
    pub now: Vec<Option<Token>>,
}

impl Kept {
    fn new(task: Task) -> Self {
        Self {
            lost_by_prediction: vec![0; task.answers.len()],
            lost_by_field: vec![0; task.axes().map_or(0, |[field, _]| field.size())],
            ..Self::default()
        }
    }

    /// What is known: whether every prediction of every input is kept.
    #[must_use]
    pub fn conclusion(&self, sampled: bool) -> Conclusion {
        let lost = self.inputs - self.kept;
        match (lost, sampled) {
            _ if self.inputs == 0 => Conclusion::Undecided,
            (1.., _) if lost > self.close_calls => Conclusion::Refuted,
            _ if self.close_calls > 0 => Conclusion::Undecided,
            (0, true) => Conclusion::Supported,
            _ => Conclusion::Proved,
        }
    }

    fn add(&mut self, task: Task, base: &Said, with: &Said) {
        let n = task.answers.len();
        let each = base.said.chunks(n.max(1)).zip(with.said.chunks(n.max(1)));
        for (i, (untouched, now)) in each.enumerate() {
            self.inputs += 1;
            self.right += u64::from(with.right[i]);
            self.right_untouched += u64::from(base.right[i]);
            self.close_calls += u64::from(base.close[i] || with.close[i]);
            self.predictions += n as u64;
            let mut all = true;
            for (j, lost) in self.lost_by_prediction.iter_mut().enumerate() {
                let same = untouched[j] == now[j];
                self.kept_predictions += u64::from(same);
                *lost += u64::from(!same);
                all &= same;
            }
            self.kept += u64::from(all);
            if all {
                continue;
            }
            let fields = &with.fields[i * with.width..(i + 1) * with.width];
            let place = task
                .axes()
                .and_then(|[field, _]| field.place(fields[field.slot]));
            if let Some(count) = place.and_then(|place| self.lost_by_field.get_mut(place)) {
                *count += 1;
            }
            if self.lost.len() < TOLD {
                let said = |all: &[Token]| {
                    all.iter()
                        .map(|&one| (one != NONE).then_some(one))
                        .collect()
                };
                self.lost.push(Lost {
                    values: Values::new(task, fields.to_vec()),
                    untouched: said(untouched),
                    now: said(now),
                });
            }
        }
        self.losses[0] += base.loss;
        self.losses[1] += with.loss;
        self.judged += with.judged;
    }

    fn join(&mut self, later: Self) {
        self.kept += later.kept;
        self.right += later.right;
        self.right_untouched += later.right_untouched;
        self.inputs += later.inputs;
        self.kept_predictions += later.kept_predictions;
        self.predictions += later.predictions;
        self.close_calls += later.close_calls;
        for (sums, more) in [
            (&mut self.lost_by_prediction, later.lost_by_prediction),
            (&mut self.lost_by_field, later.lost_by_field),
        ] {
            sums.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        }
        let room = TOLD - self.lost.len();
        self.lost.extend(later.lost.into_iter().take(room));
        for (sum, more) in self.losses.iter_mut().zip(later.losses) {
            *sum += more;
        }
        self.judged += later.judged;
        let mean = |sum: f64| sum / self.judged.max(1) as f64;
        [self.loss_untouched, self.loss] = self.losses.map(mean);
    }
}

/// What a model says of some inputs, in their order.
struct Said {
    width: usize,
    settled: bool,
    said: Vec<Token>,
    fields: Vec<Token>,
    right: Vec<bool>,
    close: Vec<bool>,
    loss: f64,
    judged: u64,
}

impl Said {
    fn new(task: Task, settled: bool) -> Self {
        Self {
            width: task.slots.len(),
            settled,
            said: Vec::new(),
            fields: Vec::new(),
            right: Vec::new(),
            close: Vec::new(),
            loss: 0.0,
            judged: 0,
        }
    }
}

impl Sum for Said {
    fn wanted(&self) -> Wanted {
        Wanted {
            losses: true,
            ..Wanted::default()
        }
    }

    fn empty(&self) -> Self {
        Self {
            said: Vec::new(),
            fields: Vec::new(),
            right: Vec::new(),
            close: Vec::new(),
            ..*self
        }
    }

    fn see(&mut self, input: &Input<'_>) {
        let n = input.space.task.answers.len();
        let (mut right, mut close) = (true, false);
        for j in 0..n {
            let margin = input.get(Of::Margin(j));
            let asked = input.asks(j);
            self.said.push(match margin {
                _ if margin.is_nan() => NONE,
                _ if margin > 0.0 && asked => input.truth(j).map_or(NONE, |class| class as Token),
                _ => input.get(Of::Other(j)) as Token,
            });
            if asked {
                right &= margin > 0.0;
                let loss = input.get(Of::Loss(j));
                if !loss.is_nan() {
                    self.loss += loss;
                    self.judged += 1;
                }
            }
            close |= !self.settled && margin.abs() <= CLOSE;
        }
        self.right.push(right);
        self.close.push(close);
        self.fields
            .extend(input.fields.iter().map(|&field| field as Token));
    }

    fn join(&mut self, later: Self) {
        self.said.extend(later.said);
        self.fields.extend(later.fields);
        self.right.extend(later.right);
        self.close.extend(later.close);
        self.loss += later.loss;
        self.judged += later.judged;
    }
}

impl Sweep {
    /// Compares what this sweep's model says with what an untouched one does. `report` is told what
    /// there is so far and says whether to go on; when it says no, nothing comes back.
    ///
    /// # Errors
    /// When there are too many inputs, or the device fails.
    pub fn kept(
        &self,
        untouched: &Self,
        over: Over,
        report: &mut dyn FnMut(&Kept, Progress) -> Result<bool>,
    ) -> Result<Option<Kept>> {
        let (task, over) = (self.space().task, self.walked(over));
        let tables = [self, untouched].map(|one| one.reason().is_none());
        let form = (tables == [true; 2]).then(|| task.form()).flatten();
        let pieces = Pieces::new(self.space(), over, form, LISTS)?;
        let wanted = Said::new(task, true).wanted();
        let mut kept = Kept::new(task);
        let (mut next, mut done) = (0, 0);
        let total = (0..pieces.count).map(|piece| pieces.inputs(piece)).sum();
        while next < pieces.count {
            let end = (next + PIECES).min(pieces.count);
            let one = |piece: usize| {
                let [with, base] =
                    [(self, tables[0]), (untouched, tables[1])].map(|(one, settled)| {
                        one.piece(&pieces, (0, piece), &wanted, &Said::new(task, settled))
                    });
                let mut part = Kept::new(task);
                part.add(task, &base?, &with?);
                Ok(part)
            };
            let parts: Vec<Result<Kept>> = (next..end).into_par_iter().map(one).collect();
            for (piece, part) in (next..end).zip(parts) {
                kept.join(part?);
                done += pieces.inputs(piece);
            }
            next = end;
            if !report(&kept, Progress { done, total })? {
                return Ok(None);
            }
        }
        Ok(Some(kept))
    }
}

impl Kept {
    /// The field by whose value lost inputs are counted.
    #[must_use]
    pub fn field(task: Task) -> Option<Field> {
        task.axes().map(|[field, _]| field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(inputs: u64, kept: u64, close_calls: u64) -> Kept {
        Kept {
            inputs,
            kept,
            close_calls,
            ..Kept::default()
        }
    }

    #[test]
    fn what_may_only_seem_to_be_lost_refutes_nothing() {
        for (found, sampled, conclusion) in [
            (kept(9, 9, 0), false, Conclusion::Proved),
            (kept(9, 9, 0), true, Conclusion::Supported),
            (kept(9, 9, 1), false, Conclusion::Undecided),
            (kept(9, 8, 0), false, Conclusion::Refuted),
            (kept(9, 8, 1), false, Conclusion::Undecided),
            (kept(9, 7, 1), true, Conclusion::Refuted),
            (kept(0, 0, 0), false, Conclusion::Undecided),
        ] {
            assert_eq!(found.conclusion(sampled), conclusion, "{found:?}");
        }
    }

    /// Whichever of the two models cannot be told, it is a close call.
    #[test]
    fn a_close_call_is_one_of_either_model() {
        let task = Task::default();
        let n = task.answers.len();
        let said = |close: [bool; 4]| Said {
            said: vec![1; 4 * n],
            fields: vec![0; 4 * task.slots.len()],
            right: vec![true; 4],
            close: close.to_vec(),
            ..Said::new(task, false)
        };
        let mut kept = Kept::new(task);
        let base = said([true, true, false, false]);
        kept.add(task, &base, &said([true, false, true, false]));
        assert_eq!((kept.inputs, kept.kept, kept.close_calls), (4, 4, 3));
    }
}

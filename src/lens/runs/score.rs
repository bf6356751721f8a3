//! How often a model is right, and how sure.

use crate::lens::numbers::logits::Judged;
use crate::model::{HookedTransformer, Hooks, NoHooks, map_chunks};
use crate::task::number::is_zero;
use crate::task::{Estimate, Prompt, Target, Task, Values, fraction};
use anyhow::Result;
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// How many inputs and how many single predictions are right. An input is right where all its
/// predictions are; a tie and what is not defined are not right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Right {
    /// Inputs tried.
    pub inputs: u64,
    /// Those of which every prediction is right.
    pub inputs_right: u64,
    /// As a fraction.
    pub inputs_accuracy: f64,
    /// Predictions of all inputs.
    pub predictions: u64,
    /// Those that are right.
    pub predictions_right: u64,
    /// As a fraction.
    pub predictions_accuracy: f64,
}

impl Right {
    /// From what is wrong of so many inputs and predictions.
    #[must_use]
    pub fn new(inputs: u64, wrong_inputs: u64, predictions: u64, wrong_predictions: u64) -> Self {
        // of nothing there is no fraction
        let fraction = |wrong: u64, all: u64| 1.0 - wrong as f64 / all as f64;
        Self {
            inputs,
            inputs_right: inputs - wrong_inputs,
            inputs_accuracy: fraction(wrong_inputs, inputs),
            predictions,
            predictions_right: predictions - wrong_predictions,
            predictions_accuracy: fraction(wrong_predictions, predictions),
        }
    }

    /// Both fractions, named.
    #[must_use]
    pub fn words(&self) -> String {
        if self.predictions == 0 {
            return "nothing was judged: no input has a right answer".to_owned();
        }
        format!(
            "inputs right {}, predictions right {}",
            fraction(self.inputs_accuracy),
            fraction(self.predictions_accuracy)
        )
    }
}

/// Right answers and loss over a set of inputs, teacher-forced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Inputs tried, of those that have a right answer.
    pub inputs: usize,
    /// Inputs that have none: they are in no other number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unjudged: usize,
    /// Inputs with at least one wrong prediction.
    pub wrong_inputs: usize,
    /// Wrong predictions of `b_0, b_1, ...`.
    pub wrong_by_position: Vec<usize>,
    /// How many predictions were judged, where these are fewer than the inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_by_position: Vec<usize>,
    /// Mean cross entropy, in nats per prediction that is defined.
    pub loss: f64,
    /// Predictions that are not defined: wrong, and without a loss.
    #[serde(default)]
    pub undefined: usize,
    /// Sums of squares over the inputs: of wrong predictions, of the mean loss.
    #[serde(skip)]
    squares: [f64; 2],
}

impl Score {
    /// How many inputs and predictions are right.
    #[must_use]
    pub fn right(&self) -> Right {
        let wrong: usize = self.wrong_by_position.iter().sum();
        let [inputs, wrong_inputs, predictions, wrong] =
            [self.inputs, self.wrong_inputs, self.predictions(), wrong].map(|n| n as u64);
        Right::new(inputs, wrong_inputs, predictions, wrong)
    }

    /// The fraction of single predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.right().predictions_accuracy
    }

    /// Predictions that are defined.
    fn defined(&self) -> usize {
        self.predictions() - self.undefined
    }

    /// Predictions that were judged.
    #[must_use]
    pub fn predictions(&self) -> usize {
        if self.asked_by_position.is_empty() {
            self.inputs * self.wrong_by_position.len()
        } else {
            self.asked_by_position.iter().sum()
        }
    }

    /// How many predictions of one kind were judged.
    #[must_use]
    pub fn asked(&self, prediction: usize) -> usize {
        self.asked_by_position
            .get(prediction)
            .copied()
            .unwrap_or(self.inputs)
    }

    /// The same as an estimate from a sample: an input's predictions stand or fall together, so
    /// that inputs are what is counted.
    #[must_use]
    pub fn accuracy_estimate(&self) -> Estimate {
        let wrong = (1.0 - self.accuracy()) * self.inputs as f64;
        let wrong = Estimate::of(self.inputs as u64, wrong, self.squares[0]);
        Estimate {
            mean: self.accuracy(),
            ..wrong
        }
    }

    /// The fraction of inputs that are right, likewise.
    #[must_use]
    pub fn inputs_estimate(&self) -> Estimate {
        let wrong = self.wrong_inputs as f64;
        Estimate {
            mean: self.right().inputs_accuracy,
            ..Estimate::of(self.inputs as u64, wrong, wrong)
        }
    }

    /// The loss as an estimate from a sample.
    #[must_use]
    pub fn loss_estimate(&self) -> Estimate {
        let sum = self.loss * self.inputs as f64;
        Estimate::of(self.inputs as u64, sum, self.squares[1])
    }

    /// The score over these inputs and others together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let sum_of = |one: &Self| match one.defined() {
            0 => 0.0,
            n => one.loss * n as f64,
        };
        let sum = sum_of(&self) + sum_of(other);
        let defined = self.defined() + other.defined();
        let by_position = self.wrong_by_position.iter().zip(&other.wrong_by_position);
        Self {
            inputs: self.inputs + other.inputs,
            unjudged: self.unjudged + other.unjudged,
            asked_by_position: match (&self.asked_by_position[..], &other.asked_by_position[..]) {
                ([], []) => Vec::new(),
                _ => {
                    let all = 0..self.wrong_by_position.len();
                    all.map(|i| self.asked(i) + other.asked(i)).collect()
                }
            },
            wrong_inputs: self.wrong_inputs + other.wrong_inputs,
            wrong_by_position: by_position.map(|(a, b)| a + b).collect(),
            loss: sum / defined as f64,
            undefined: self.undefined + other.undefined,
            squares: [0, 1].map(|i| self.squares[i] + other.squares[i]),
        }
    }
}

/// Scores the model on the prompts: on all threads, or where it computes what is large.
///
/// # Errors
/// When the device fails.
pub fn score(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Score> {
    let model = model.for_rows(prompts.len());
    let judged = map_chunks(model, prompts, |chunk| judge(model, chunk, &mut NoHooks))?;
    Ok(total(model.task(), &judged.concat()))
}

/// The score of judged rows, one an input.
pub(crate) fn total(task: Task, rows: &[Vec<Judged>]) -> Score {
    let n = task.answers.len();
    let judged: Vec<Vec<&Judged>> = rows
        .iter()
        .map(|row| row.iter().filter(|one| one.asked).collect())
        .filter(|row: &Vec<&Judged>| !row.is_empty())
        .collect();
    let losses = judged.iter().flatten().map(|one| -f64::from(one.log_prob));
    let undefined = losses.clone().filter(|loss| loss.is_nan()).count();
    let predictions = losses.clone().count();
    let loss: f64 = losses.filter(|loss| !loss.is_nan()).sum();
    let mean_square = |of: &dyn Fn(&Judged) -> f64| {
        let mean =
            |row: &Vec<&Judged>| row.iter().map(|one| of(one)).sum::<f64>() / row.len() as f64;
        judged.iter().map(|row| mean(row).powi(2)).sum::<f64>()
    };
    let count = |i: usize, of: &dyn Fn(&Judged) -> bool| {
        rows.iter()
            .filter(|row| row[i].asked && of(&row[i]))
            .count()
    };
    let asked: Vec<usize> = (0..n).map(|i| count(i, &|_| true)).collect();
    let all_asked = asked.iter().all(|&asked| asked == judged.len());
    Score {
        inputs: judged.len(),
        unjudged: rows.len() - judged.len(),
        wrong_inputs: judged
            .iter()
            .filter(|row| row.iter().any(|one| !one.is_right()))
            .count(),
        wrong_by_position: (0..n).map(|i| count(i, &|one| !one.is_right())).collect(),
        asked_by_position: if all_asked { Vec::new() } else { asked },
        loss: loss / (predictions - undefined) as f64,
        undefined,
        squares: [
            mean_square(&|one| f64::from(u8::from(!one.is_right()))),
            mean_square(&|one| -f64::from(one.log_prob)),
        ],
    }
}

/// The logits of all predictions, `[batch][answer][d_vocab_out]`, of logits `[batch, pos, d_vocab_out]`.
///
/// # Errors
/// When the device fails.
pub fn predictions(task: Task, logits: &Tensor) -> Result<Vec<Vec<Vec<f32>>>> {
    let at = task.read_positions();
    if at.is_empty() {
        return Ok(vec![Vec::new(); logits.dim(0)?]);
    }
    let at = Tensor::new(at, logits.device())?;
    Ok(logits.index_select(&at, 1)?.to_vec3()?)
}

/// For each prompt, its predictions under the hooks.
pub(crate) fn judge(
    model: &HookedTransformer,
    prompts: &[Prompt],
    hooks: &mut dyn Hooks,
) -> Result<Vec<Vec<Judged>>> {
    let task = model.task();
    let rows: Vec<_> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let logits = model.forward(&model.tokens(&rows)?, hooks)?;
    let values: Vec<Values> = prompts.iter().map(|prompt| prompt.values.clone()).collect();
    let targets = task.targets(&values)?;
    let logits = predictions(task, &logits)?;
    let row = |(logits, targets): (&Vec<Vec<f32>>, &Vec<Target>)| {
        let pairs = logits.iter().zip(targets);
        pairs
            .map(|(logits, target)| Judged::of(logits, target))
            .collect()
    };
    Ok(logits.iter().zip(&targets).map(row).collect())
}

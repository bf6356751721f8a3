//! The metric: a logit difference at one position, and its normalised form.

use crate::task::{ArrayUpdate, Prompt, Token, shown};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// `logit[answer] - logit[other]` at a position of the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// The position whose logits are read; it predicts the token after it.
    pub position: usize,
    /// The token whose logit counts for.
    pub answer: Token,
    /// The token whose logit counts against.
    pub other: Token,
}

impl Metric {
    /// The metric that a pair suggests: where the two right answers differ (first at the clean
    /// prompt's index, else at the first such place), clean answer against corrupted answer.
    /// `None` when no answer differs.
    #[must_use]
    pub fn of_pair(task: ArrayUpdate, clean: &Prompt, corrupted: &Prompt) -> Option<Self> {
        let (good, bad) = (clean.update.truth(), corrupted.update.truth());
        let at_idx = clean.update.idx as usize;
        std::iter::once(at_idx)
            .chain(0..task.list_len)
            .find(|&i| good.get(i) != bad.get(i))
            .map(|i| Self {
                position: task.predicts_at(i),
                answer: good[i],
                other: bad[i],
            })
    }

    /// A metric from `POS:ANSWER:OTHER`; POS is a label or an index.
    ///
    /// # Errors
    /// Names the part that is wrong and its range.
    pub fn parse(task: ArrayUpdate, text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.trim().split(':').map(str::trim).collect();
        let &[position, answer, other] = &parts[..] else {
            anyhow::bail!(
                "'{}' is no metric; the form is POS:ANSWER:OTHER, for example b_0:48:26",
                shown(text)
            );
        };
        let token = |part: &str, word: &str| {
            task.parse_value(part, word)
                .context("in the metric POS:ANSWER:OTHER")
        };
        let metric = Self {
            position: task.position(position)?,
            answer: token("answer", answer)?,
            other: token("other", other)?,
        };
        ensure!(
            metric.answer != metric.other,
            "answer and other are both {answer}: their difference is always 0"
        );
        Ok(metric)
    }

    /// The form that [`Metric::parse`] reads.
    #[must_use]
    pub fn line(&self, task: ArrayUpdate) -> String {
        let Self {
            position,
            answer,
            other,
        } = self;
        format!("{}:{answer}:{other}", task.label(*position))
    }

    /// `logit[answer] - logit[other]` of the logits at the metric's position.
    #[must_use]
    pub fn logit_diff(&self, logits: &[f32]) -> f32 {
        let at = |token: Token| logits.get(token as usize).copied().unwrap_or(f32::NAN);
        at(self.answer) - at(self.other)
    }
}

/// A metric and what it is in the three runs, in logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MetricValues {
    /// What is measured.
    #[serde(flatten)]
    pub metric: Metric,
    /// In the clean run.
    pub clean: f32,
    /// In the corrupted run.
    pub corrupted: f32,
    /// In the patched run.
    pub patched: f32,
}

impl MetricValues {
    /// `(value - corrupted) / (clean - corrupted)`: 1 is as clean, 0 as corrupted. `None`, shown
    /// as n/a, when the two ends are equal.
    #[must_use]
    pub fn normalised(&self, value: f32) -> Option<f32> {
        let span = f64::from(self.clean) - f64::from(self.corrupted);
        let share = (f64::from(value) - f64::from(self.corrupted)) / span;
        (span != 0.0 && share.is_finite()).then_some(share as f32)
    }
}

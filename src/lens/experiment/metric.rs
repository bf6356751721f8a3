//! The metric: what is measured at one position, and its normalised form.

use crate::lens::names::run::RunName;
use crate::lens::numbers::logits::{Judged, is_defined, log_softmax};
use crate::task::{Prompt, Task, Token, limits, shown};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// What is read off the logits at the metric's position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// `logit[answer] - logit[other]`
    #[default]
    LogitDiff,
    /// Log probability of the answer, in nats.
    LogProb,
    /// Probability of the answer.
    Prob,
    /// How many tokens are at least as likely as the answer, itself included: 1 is the best. A tie
    /// counts against the answer.
    Rank,
    /// `KL(source || run)` in nats: how far the run's distribution is from that of the run which
    /// activations come from.
    Kl,
    /// Whether the answer is likelier than every other token: 1 or 0, and 0 where the logits are not
    /// defined. Over many pairs, the accuracy.
    Accuracy,
}

impl Measure {
    /// All of them, in the order of the screen.
    pub const ALL: [Self; 6] = [
        Self::LogitDiff,
        Self::LogProb,
        Self::Prob,
        Self::Rank,
        Self::Kl,
        Self::Accuracy,
    ];

    /// Its name on screen and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogitDiff => "logit_diff",
            Self::LogProb => "log_prob",
            Self::Prob => "prob",
            Self::Rank => "rank",
            Self::Kl => "kl",
            Self::Accuracy => "accuracy",
        }
    }

    /// The measure of that name.
    ///
    /// # Errors
    /// Shows the names there are.
    pub fn parse(text: &str) -> Result<Self> {
        let word = text.trim();
        let found = Self::ALL.into_iter().find(|one| one.name() == word);
        found.with_context(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no measure '{}'; the measures are {names}", shown(word))
        })
    }

    /// The next one, counted round.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// Whether it changes smoothly with the logits; a step has no gradient to attribute by.
    #[must_use]
    pub fn has_gradient(self) -> bool {
        !matches!(self, Self::Rank | Self::Accuracy)
    }
}

/// How the cell of a grid tells what its patch makes of the metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The normalised metric: 1 is as clean, 0 as corrupted.
    #[default]
    Clean,
    /// Its complement: 1 is as corrupted, 0 as clean.
    Corrupted,
    /// The metric itself, in its own units.
    Patched,
    /// The metric with the patch minus the metric without it, in its own units.
    Difference,
}

impl Reading {
    /// All of them, in the order of the screen.
    pub const ALL: [Self; 4] = [
        Self::Clean,
        Self::Corrupted,
        Self::Patched,
        Self::Difference,
    ];

    /// Its name on screen and in questions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => RunName::Clean.name(),
            Self::Corrupted => RunName::Corrupted.name(),
            Self::Patched => RunName::Patched.name(),
            Self::Difference => "difference",
        }
    }

    /// The one of this name.
    ///
    /// # Errors
    /// Says which there are.
    pub fn parse(text: &str) -> Result<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.name() == text).with_context(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("'{}' is none of: {names}", shown(text))
        })
    }

    /// What a cell's number is.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Clean => "1 = as clean",
            Self::Corrupted => "1 = as corrupted",
            Self::Patched => "metric when patched",
            Self::Difference => "metric patched - not",
        }
    }

    /// The same beside a number.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Clean => "1 = clean",
            Self::Corrupted => "1 = corr.",
            other => other.name(),
        }
    }

    /// The next one, counted round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// Whether it is a share of what lies between clean and corrupted.
    #[must_use]
    pub fn is_share(self) -> bool {
        matches!(self, Self::Clean | Self::Corrupted)
    }
}

/// An answer, another token, and the position of the sequence where they are compared.
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
    pub fn of_pair(task: Task, clean: &Prompt, corrupted: &Prompt) -> Option<Self> {
        let (good, bad) = (clean.values.truth(), corrupted.values.truth());
        let n = task.answers.len();
        // the answer that the choosing field is about, before the others
        let chosen = task.form().and_then(|form| {
            let value = *clean.values.tokens().get(form.switch())? as usize;
            (form.switches() == n).then_some(value)
        });
        let differ = |&i: &usize| match (good.get(i), bad.get(i)) {
            (Some(a), Some(b)) => a.token().zip(b.token()).is_some_and(|(a, b)| a != b),
            _ => false,
        };
        let first = chosen.into_iter().chain(0..n).find(differ)?;
        Some(Self {
            position: task.predicts_at(first),
            answer: good[first].token()?,
            other: bad[first].token()?,
        })
    }

    /// A metric from its line, or from `ANSWER:OTHER` at the position of the one that is in force.
    ///
    /// # Errors
    /// As [`Metric::parse`].
    pub fn parse_beside(task: Task, text: &str, now: Option<Self>) -> Result<Self> {
        match now {
            Some(now) if text.matches(':').count() == 1 => {
                Self::parse(task, &format!("{}:{text}", task.label(now.position)))
            }
            _ => Self::parse(task, text),
        }
    }

    /// A metric from `POS:ANSWER:OTHER`; POS is a label, a prediction such as `nl_1→b_0`, or an index.
    ///
    /// # Errors
    /// Names the part that is wrong and its range.
    pub fn parse(task: Task, text: &str) -> Result<Self> {
        limits::check_line(text)?;
        let parts: Vec<&str> = text.trim().split(':').map(str::trim).collect();
        let &[position, answer, other] = &parts[..] else {
            anyhow::bail!(
                "'{}' is no metric; the form is POS:ANSWER:OTHER, for example {}",
                shown(text),
                task.in_names("{query}:{token}:{wrong}")
            );
        };
        let token = |part: &str, word: &str| {
            task.parse_class(part, word)
                .context("in the metric POS:ANSWER:OTHER")
        };
        let metric = Self {
            position: task.position(position)?,
            answer: token("answer", answer)?,
            other: token("other", other)?,
        };
        ensure!(
            metric.answer != metric.other,
            "answer and other are both {}: their difference is always 0",
            task.class_name(metric.answer)
        );
        Ok(metric)
    }

    /// The form that [`Metric::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task) -> String {
        let Self {
            position,
            answer,
            other,
        } = self;
        let [answer, other] = [answer, other].map(|&class| task.class_name(class));
        format!("{}:{answer}:{other}", task.read_at(*position))
    }

    /// `logit[answer] - logit[other]` of the logits at the metric's position.
    #[must_use]
    pub fn logit_diff(&self, logits: &[f32]) -> f32 {
        let at = |token: Token| logits.get(token as usize).copied().unwrap_or(f32::NAN);
        at(self.answer) - at(self.other)
    }

    /// A measure of the logits at the metric's position. `source` are the logits there of the run
    /// that activations come from; only the divergence asks for them.
    #[must_use]
    pub fn value(&self, measure: Measure, logits: &[f32], source: &[f32]) -> f32 {
        let judged = || Judged::new(logits, self.answer);
        match measure {
            Measure::LogitDiff if is_defined(logits) => self.logit_diff(logits),
            Measure::LogitDiff => f32::NAN,
            Measure::LogProb => judged().log_prob,
            Measure::Prob => judged().log_prob.exp(),
            Measure::Rank => judged().rank.map_or(f32::NAN, |rank| rank as f32),
            Measure::Kl => divergence(source, logits),
            Measure::Accuracy => {
                (judged().rank).map_or(f32::NAN, |rank| f32::from(u8::from(rank == 1)))
            }
        }
    }

    /// What is measured, in words: `logit[48] - logit[26]`, `log_prob[48]`.
    #[must_use]
    pub fn words(&self, task: Task, measure: Measure) -> String {
        let [answer, other] = [self.answer, self.other].map(|class| task.class_name(class));
        match measure {
            Measure::LogitDiff => format!("logit[{answer}] - logit[{other}]"),
            Measure::Kl => "KL from the source run".to_owned(),
            _ => format!("{}[{answer}]", measure.name()),
        }
    }
}

/// `KL(p || q)` of two rows of logits, in nats.
fn divergence(p: &[f32], q: &[f32]) -> f32 {
    let (p, q) = (log_softmax(p), log_softmax(q));
    let terms = p.iter().zip(&q).map(|(&p, &q)| {
        let (p, q) = (f64::from(p), f64::from(q));
        p.exp() * (p - q)
    });
    // the same distribution is 0 away from itself, not a rounding error below; what is no number
    // stays none
    let sum = terms.sum::<f64>();
    (if sum < 0.0 { 0.0 } else { sum }) as f32
}

/// A metric and what it is in the three runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MetricValues {
    /// Where, and of which tokens.
    #[serde(flatten)]
    pub metric: Metric,
    /// What is measured of them.
    pub measure: Measure,
    /// In the clean run.
    pub clean: f32,
    /// In the corrupted run.
    pub corrupted: f32,
    /// In the patched run.
    pub patched: f32,
}

impl MetricValues {
    /// A grid's number, the normalised metric with its patch, told that way.
    #[must_use]
    pub fn read(&self, reading: Reading, share: f32) -> f32 {
        let [clean, corrupted, patched] = [self.clean, self.corrupted, self.patched].map(f64::from);
        let share = f64::from(share);
        let value = || corrupted + share * (clean - corrupted);
        (match reading {
            Reading::Clean => share,
            Reading::Corrupted => 1.0 - share,
            Reading::Patched => value(),
            Reading::Difference => value() - patched,
        }) as f32
    }

    /// `(value - corrupted) / (clean - corrupted)`: 1 is as clean, 0 as corrupted. `None`, shown
    /// as n/a, when the two ends are equal.
    #[must_use]
    pub fn normalised(&self, value: f32) -> Option<f32> {
        let span = f64::from(self.clean) - f64::from(self.corrupted);
        let share = (f64::from(value) - f64::from(self.corrupted)) / span;
        (span != 0.0 && share.is_finite()).then_some(share as f32)
    }
}

//! Toward which logit something is measured: the right answer, a token, or a difference.

use crate::task::{Place, Prompt, Target, Task, Token, shown};
use anyhow::{Context, Result, ensure};

/// A token, found anew at each prediction of each example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The right answer there.
    Target,
    /// Always this token.
    Token(Token),
    /// The token that stands at this position.
    At(usize),
}

/// A logit, or the difference of two: written `target`, `48`, `elt`, `48-26`, `target-a_1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toward {
    /// The token whose logit counts for.
    pub answer: Goal,
    /// The token whose logit counts against, if any.
    pub other: Option<Goal>,
}

impl Toward {
    /// The right answer's logit.
    pub const TARGET: Self = Self {
        answer: Goal::Target,
        other: None,
    };
}

impl Default for Toward {
    fn default() -> Self {
        Self::TARGET
    }
}

impl Goal {
    fn parse(task: Task, text: &str) -> Result<Self> {
        let word = text.trim();
        if word == "target" {
            return Ok(Self::Target);
        }
        if let Some(position) = task.labels().iter().position(|label| label == word)
            && holds_value(task, position)
        {
            return Ok(Self::At(position));
        }
        let value = task.classes.named(word);
        value.map(Self::Token).with_context(|| {
            let places = (0..task.seq_len()).filter(|&p| holds_value(task, p));
            let places: Vec<_> = places.map(|p| task.label(p)).collect();
            format!(
                "no logit '{}'; target, {}, the token at one of {}, or a difference of two with - between",
                shown(word),
                task.classes_in_words(),
                places.join(" ")
            )
        })
    }

    fn line(self, task: Task) -> String {
        match self {
            Self::Target => "target".into(),
            Self::Token(class) => task.class_name(class),
            Self::At(position) => task.label(position),
        }
    }

    fn token(self, task: Task, prompt: &Prompt, i: usize) -> Token {
        match self {
            Self::Target => {
                let truth = prompt.values.truth();
                truth.get(i).and_then(Target::token).unwrap_or(0)
            }
            Self::Token(token) => token,
            Self::At(position) => {
                let token = task.tokens(prompt).get(position).copied();
                token
                    .and_then(|token| task.class_of_token(token))
                    .unwrap_or(0)
            }
        }
    }
}

/// Whether a position holds something that can be predicted: no token that is always there.
fn holds_value(task: Task, position: usize) -> bool {
    !matches!(task.places.get(position), None | Some(Place::Fixed(_)))
}

impl Toward {
    /// A logit or a difference from `target`, `TOKEN`, `LABEL` or `A-B`.
    ///
    /// # Errors
    /// Names the word that is wrong and what it may be.
    pub fn parse(task: Task, text: &str) -> Result<Self> {
        let (answer, other) = match text.split_once('-') {
            Some((answer, other)) => (answer, Some(Goal::parse(task, other)?)),
            None => (text, None),
        };
        let answer = Goal::parse(task, answer)?;
        ensure!(
            other != Some(answer),
            "'{}' is the difference of a logit and itself: always 0; name two, such as 48-26",
            shown(text)
        );
        Ok(Self { answer, other })
    }

    /// The form that [`Toward::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task) -> String {
        let answer = self.answer.line(task);
        match self.other {
            Some(other) => format!("{answer}-{}", other.line(task)),
            None => answer,
        }
    }

    /// Whether it means another logit at another prediction of the same prompt.
    #[must_use]
    pub fn depends_on_prediction(&self) -> bool {
        self.answer == Goal::Target || self.other == Some(Goal::Target)
    }

    /// The tokens whose logits count for and against where `b_i` is predicted.
    #[must_use]
    pub fn tokens(&self, task: Task, prompt: &Prompt, i: usize) -> (Token, Option<Token>) {
        let token = |goal: Goal| goal.token(task, prompt, i);
        (token(self.answer), self.other.map(token))
    }
}

/// The logit or the difference among values by token.
pub(crate) fn read(pair: (Token, Option<Token>), logit: impl Fn(usize) -> f64) -> f64 {
    let (answer, other) = pair;
    logit(answer as usize) - other.map_or(0.0, |other| logit(other as usize))
}

//! What one row of logits says of a token: the one place where a prediction is defined, ranked and
//! judged.
//!
//! A row is *defined* when each of its logits is a finite number. What is not defined equals nothing
//! and is above nothing: it has no probability, no rank and no winner, and it is not right. A tie is
//! not a right answer: of equally likely tokens the answer comes last.

use crate::task::Token;

/// Whether a row of logits means anything.
#[must_use]
pub fn is_defined(logits: &[f32]) -> bool {
    logits.iter().all(|logit| logit.is_finite())
}

/// Log probabilities in nats, in f64 so that a loss of 1e-5 keeps its digits; no numbers where the row
/// is not defined.
#[must_use]
pub fn log_softmax(logits: &[f32]) -> Vec<f32> {
    if !is_defined(logits) {
        return vec![f32::NAN; logits.len()];
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted = logits.iter().map(|&x| f64::from(x) - f64::from(max));
    // the largest term is 1; summing the rest first keeps what is far below it
    let rest: f64 = shifted.clone().map(f64::exp).sum::<f64>() - 1.0;
    let log_sum = rest.ln_1p();
    shifted.map(|x| (x - log_sum) as f32).collect()
}

/// A token that is said, if any is.
#[must_use]
pub fn said_words(said: Option<Token>) -> String {
    said.map_or_else(|| "n/a".to_owned(), |token| token.to_string())
}

/// A row of logits, judged by the right answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// How many tokens are at least as likely as the answer, itself included: 1 is right. `None` where
    /// the row is not defined.
    pub rank: Option<usize>,
    /// How many others have exactly the logit of the likeliest.
    pub tied: usize,
    /// The answer where it is right, else the first of the likeliest others.
    pub said: Option<Token>,
    /// The answer's logit less the best of the others: above 0 where it is right.
    pub margin: f32,
    /// Log probability of the answer, in nats.
    pub log_prob: f32,
}

impl Judged {
    /// What the logits say of this answer.
    #[must_use]
    pub fn new(logits: &[f32], answer: Token) -> Self {
        let own = logits.get(answer as usize).copied().unwrap_or(f32::NAN);
        if !is_defined(logits) || own.is_nan() {
            return Self {
                rank: None,
                tied: 0,
                said: None,
                margin: f32::NAN,
                log_prob: f32::NAN,
            };
        }
        let others = || (0..).zip(logits).filter(|(token, _)| *token != answer);
        let best = others().map(|(_, logit)| *logit);
        let best = best.fold(f32::NEG_INFINITY, f32::max);
        let most = own.max(best);
        let margin = own - best;
        let said = if margin > 0.0 {
            Some(answer)
        } else {
            others().find(|(_, logit)| **logit == best).map(|one| one.0)
        };
        Self {
            rank: Some(1 + others().filter(|(_, logit)| **logit >= own).count()),
            tied: logits.iter().filter(|logit| **logit == most).count() - 1,
            said,
            margin,
            log_prob: log_softmax(logits)[answer as usize],
        }
    }

    /// Whether the answer is likelier than every other token.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rank == Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_is_not_right_and_the_answer_comes_last() {
        let row = [1.0, 3.0, 3.0, 0.0];
        for (answer, said) in [(1, 2), (2, 1)] {
            let judged = Judged::new(&row, answer);
            assert_eq!(
                (judged.rank, judged.tied, judged.said, judged.margin),
                (Some(2), 1, Some(said), 0.0)
            );
            assert!(!judged.is_right());
        }
        let equal = Judged::new(&[0.0; 50], 7);
        assert_eq!(
            (equal.rank, equal.tied, equal.said),
            (Some(50), 49, Some(0))
        );
        let right = Judged::new(&[1.0, 2.0], 1);
        assert_eq!((right.rank, right.tied, right.said), (Some(1), 0, Some(1)));
    }

    #[test]
    fn what_is_not_defined_equals_nothing() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let row = [1.0, odd, 0.0];
            let judged = Judged::new(&row, 0);
            assert_eq!((judged.rank, judged.said), (None, None));
            assert!(judged.margin.is_nan() && judged.log_prob.is_nan());
            assert!(log_softmax(&row).iter().all(|x| x.is_nan()));
        }
    }
}

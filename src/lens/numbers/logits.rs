//! What one row of logits says of a token: the one place where a prediction is defined, ranked and
//! judged.
//!
//! A row is *defined* when each of its logits is a finite number. What is not defined equals nothing
//! and is above nothing: it has no probability, no rank and no winner, and it is not right. A tie is
//! not a right answer: of equally likely tokens the answer comes last.

use crate::task::{Target, Token};

/// A precision that logits are in.
pub trait Precision: Copy + PartialOrd + Into<f64> {
    /// The nearest number that there is in it.
    fn nearest(x: f64) -> Self;
}

impl Precision for f32 {
    fn nearest(x: f64) -> Self {
        x as f32
    }
}

impl Precision for f64 {
    fn nearest(x: f64) -> Self {
        x
    }
}

/// Whether a row of logits means anything.
#[must_use]
pub fn is_defined<T: Precision>(logits: &[T]) -> bool {
    logits.iter().all(|&logit| logit.into().is_finite())
}

/// Log probabilities in nats, in f64 so that a loss of 1e-5 keeps its digits; no numbers where the row
/// is not defined.
#[must_use]
pub fn log_softmax<T: Precision>(logits: &[T]) -> Vec<T> {
    if !is_defined(logits) {
        return vec![T::nearest(f64::NAN); logits.len()];
    }
    let max = largest(logits.iter().copied());
    let shifted = logits.iter().map(|&x| x.into() - max);
    // the largest term is 1; summing the rest first keeps what is far below it
    let rest: f64 = shifted.clone().map(f64::exp).sum::<f64>() - 1.0;
    let log_sum = rest.ln_1p();
    shifted.map(|x| T::nearest(x - log_sum)).collect()
}

fn largest<T: Precision>(logits: impl Iterator<Item = T>) -> f64 {
    logits.map(Into::into).fold(f64::NEG_INFINITY, f64::max)
}

/// A row of logits, judged by the right answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged<T = f32> {
    /// How many tokens are at least as likely as the answer, itself included: 1 is right. `None` where
    /// the row is not defined.
    pub rank: Option<usize>,
    /// How many others have exactly the logit of the likeliest.
    pub tied: usize,
    /// The answer where it is right, else the first of the likeliest others.
    pub said: Option<Token>,
    /// The answer's logit less the best of the others: above 0 where it is right.
    pub margin: T,
    /// Log probability of the answer, in nats.
    pub log_prob: T,
    /// Whether anything is right here.
    pub asked: bool,
}

impl<T: Precision> Judged<T> {
    /// Nothing is asked for, or nothing can be said.
    fn nothing() -> Self {
        Self {
            rank: None,
            tied: 0,
            said: None,
            margin: T::nearest(f64::NAN),
            log_prob: T::nearest(f64::NAN),
            asked: true,
        }
    }

    /// What the logits say of this answer. Where several answers are right, it is about the likeliest of
    /// them, and the probability is that of all of them.
    #[must_use]
    pub fn of(logits: &[T], target: &Target) -> Self {
        match target {
            Target::Nothing => Self {
                said: likeliest(logits),
                margin: T::nearest(f64::INFINITY),
                asked: false,
                ..Self::nothing()
            },
            Target::One(answer) => Self::new(logits, *answer),
            Target::AnyOf(answers) => {
                let at = |answer: &Token| logits.get(*answer as usize).copied();
                let better = |a: &Token, b: &Token| if at(b) > at(a) { *b } else { *a };
                let first = answers.iter().copied().reduce(|a, b| better(&a, &b));
                let Some(best) = first.filter(|_| is_defined(logits)) else {
                    return Self::nothing();
                };
                let mut rest = logits.to_vec();
                for other in answers.iter().filter(|&&other| other != best) {
                    if let Some(logit) = rest.get_mut(*other as usize) {
                        // so that a right answer is not what stands against another one
                        *logit = T::nearest(f64::from(f32::MIN));
                    }
                }
                let log_probs = log_softmax(logits);
                let all = answers
                    .iter()
                    .filter_map(|&one| log_probs.get(one as usize));
                let sum: f64 = all.map(|&log_prob| log_prob.into().exp()).sum();
                Self {
                    // rounding may make a whole of a little more than one
                    log_prob: T::nearest(sum.min(1.0).ln()),
                    ..Self::new(&rest, best)
                }
            }
        }
    }

    /// What the logits say of this one answer.
    #[must_use]
    pub fn new(logits: &[T], answer: Token) -> Self {
        let own = logits.get(answer as usize).map(|&own| own.into());
        let Some(own) = own.filter(|_| is_defined(logits)) else {
            return Self::nothing();
        };
        let all = || (0..).zip(logits.iter().map(|&logit| logit.into()));
        let others = || all().filter(|(token, _)| *token != answer);
        let best = others().map(|(_, logit)| logit);
        let best = best.fold(f64::NEG_INFINITY, f64::max);
        let most = own.max(best);
        let margin = own - best;
        let said = if margin > 0.0 {
            Some(answer)
        } else {
            others().find(|(_, logit)| *logit == best).map(|one| one.0)
        };
        Self {
            rank: Some(1 + others().filter(|(_, logit)| *logit >= own).count()),
            tied: all().filter(|(_, logit)| *logit == most).count() - 1,
            said,
            margin: T::nearest(margin),
            log_prob: log_softmax(logits)[answer as usize],
            asked: true,
        }
    }

    /// Whether the answer is likelier than every other token.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rank == Some(1)
    }
}

/// The first of the likeliest tokens, where the row is defined.
#[must_use]
pub fn likeliest<T: Precision>(logits: &[T]) -> Option<Token> {
    let most = largest(logits.iter().copied());
    let first = (0..).zip(logits).find(|&(_, &logit)| logit.into() == most);
    first.filter(|_| is_defined(logits)).map(|(token, _)| token)
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

    /// Of several right answers the likeliest stands against those that are wrong, and not against the others.
    #[test]
    fn right_answers_do_not_stand_against_each_other() {
        let row = [1.0, 3.0, 2.5, 2.0];
        let any = Judged::of(&row, &Target::AnyOf(vec![2, 1]));
        assert_eq!((any.rank, any.tied, any.said), (Some(1), 0, Some(1)));
        assert_eq!(any.margin, 1.0);
        let probs = log_softmax(&row).into_iter().map(f32::exp);
        let both: f32 = probs.skip(1).take(2).sum();
        assert!((any.log_prob.exp() - both).abs() < 1e-6);
        // two that are equally likely are no tie, a wrong one that is as likely is
        let row = [1.0, 3.0, 3.0, 2.0];
        assert!(Judged::of(&row, &Target::AnyOf(vec![1, 2])).is_right());
        let wrong = Judged::of(&row, &Target::AnyOf(vec![1, 3]));
        assert_eq!(
            (wrong.rank, wrong.margin, wrong.said),
            (Some(2), 0.0, Some(2))
        );
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

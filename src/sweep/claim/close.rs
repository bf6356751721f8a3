//! Where the single precision of a forward pass cannot tell: there is no other to ask.

use super::grammar::{Body, Number, Truth};
use super::meaning::Claim;
use super::truth::are_close;
use super::word::Word;
use crate::sweep::input::{Input, Of};

/// Attention is known to this share of itself: scores of 100 are known to 1e-5.
const ATTENTION: f64 = 1e-4;
/// A prediction with a smaller margin than this may be another.
const MARGIN: f64 = 1e-4;

impl Claim {
    /// Whether a forward pass cannot tell if it is true of an input.
    pub(super) fn is_unsettled(&self, input: &Input<'_>) -> bool {
        let body = match &self.read.body {
            Body::Each(truth) => truth.is_unsettled(input),
            Body::All(..) => false,
        };
        body || self
            .read
            .when
            .as_ref()
            .is_some_and(|when| when.is_unsettled(input))
    }
}

impl Truth<Word> {
    fn is_unsettled(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Compare(a, _, b) => a.is_near(b, input),
            Self::In(a, list) => list.iter().any(|b| a.is_near(b, input)),
            Self::Within(a, list) => {
                a.may_be_another(input) || !a.is_whole() && list.is_near(a.of(input), input)
            }
            Self::Argmax(word) if word.lead(input).is_nan() => false,
            Self::Argmax(word) => {
                near(word.lead(input), 0.0, word.value(input), is_attention(word))
            }
            Self::Not(a) => a.is_unsettled(input),
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.is_unsettled(input)),
        }
    }
}

impl Number<Word> {
    fn is_near(&self, other: &Self, input: &Input<'_>) -> bool {
        if self.may_be_another(input) || other.may_be_another(input) {
            return true;
        }
        if self.is_whole() && other.is_whole() {
            return false;
        }
        let (a, b) = (self.of(input), other.of(input));
        // what is not defined is near to nothing
        if a.is_nan() || b.is_nan() {
            return false;
        }
        let of_attention = |one: &Self| match one {
            Self::Word(word) => is_attention(word),
            Self::Constant(_) => true,
            _ => false,
        };
        near(
            a,
            b,
            a.abs().max(b.abs()),
            of_attention(self) && of_attention(other),
        )
    }

    /// Whether a whole number in it may be another one.
    fn may_be_another(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Word(word) => word.may_be_another(input),
            Self::Negative(a) | Self::Abs(a) => a.may_be_another(input),
            Self::Choice(a, of, b) => {
                of.is_unsettled(input) || a.may_be_another(input) || b.may_be_another(input)
            }
            Self::Chain(first, rest) => {
                first.may_be_another(input) || rest.iter().any(|(_, b)| b.may_be_another(input))
            }
        }
    }
}

impl Word {
    /// Whether a forward pass cannot tell which whole number it is.
    pub(in crate::sweep) fn may_be_another(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Pred(j) => input.get(Of::Margin(*j)).abs() <= MARGIN,
            word => word.is_open(input),
        }
    }
}

fn is_attention(word: &Word) -> bool {
    matches!(word, Word::Pattern(..))
}

/// Whether two numbers are too near to each other; attention by its own size.
fn near(a: f64, b: f64, size: f64, of_attention: bool) -> bool {
    match of_attention {
        true => (a - b).abs() <= ATTENTION * size.abs(),
        false => are_close(a, b),
    }
}

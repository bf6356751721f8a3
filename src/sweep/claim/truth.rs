//! What the parts of a claim are in the numbers of an input: numbers, and whether something is so.

use super::comparison::Comparison;
use super::grammar::{Number, Sign, Truth};
use super::word::Word;
use crate::sweep::input::Input;

/// Numbers nearer to each other than this, relative to their size, are compared again in double
/// precision.
const CLOSE: f64 = 1e-5;

impl Comparison {
    /// Whether it is so (unknown where either is not defined), and by how much it is not.
    pub(super) fn of(self, a: f64, b: f64) -> Truthful {
        let off = match self {
            Self::Less | Self::AtMost => a - b,
            Self::More | Self::AtLeast => b - a,
            Self::Equal => (a - b).abs(),
            Self::Unequal => -(a - b).abs(),
        };
        let defined = !a.is_nan() && !b.is_nan();
        // two infinities of one sign are not apart
        let off = if off.is_nan() { 0.0 } else { off };
        (defined.then_some(self.holds(a, b)), off)
    }
}

impl Number<Word> {
    pub(super) fn of(&self, input: &Input<'_>) -> f64 {
        match self {
            Self::Constant(x) => *x,
            Self::Word(word) => word.value(input),
            Self::Negative(a) => -a.of(input),
            Self::Abs(a) => a.of(input).abs(),
            Self::Choice(a, of, b) => match of.of(input).0 {
                Some(true) => a.of(input),
                Some(false) => b.of(input),
                None => f64::NAN,
            },
            Self::Chain(first, rest) => {
                let joined = |a, (sign, b): &(Sign, Self)| Self::joined(a, *sign, b.of(input));
                rest.iter().fold(first.of(input), joined)
            }
        }
    }

    /// Two numbers with a sign of arithmetic between them: no number where they are divided by 0 or
    /// too large.
    pub(super) fn joined(a: f64, sign: Sign, b: f64) -> f64 {
        // as in the task's language: with the sign of the divisor
        let modulo = || match b > 0.0 {
            true => a.rem_euclid(b),
            false => -(-a).rem_euclid(-b),
        };
        let joined = match sign {
            Sign::Plus => a + b,
            Sign::Minus => a - b,
            Sign::Times => a * b,
            Sign::Over => a / b,
            Sign::Floor => ((a - modulo()) / b).round(),
            Sign::Modulo => modulo(),
            Sign::Power => a.powf(b),
        };
        match joined.is_infinite() && a.is_finite() && b.is_finite() {
            true => f64::NAN,
            false => joined,
        }
    }

    /// Whether single precision cannot tell how it compares with another.
    fn is_open_against(&self, other: &Self, input: &Input<'_>) -> bool {
        if self.is_open(input) || other.is_open(input) {
            return true;
        }
        let known = [self, other].iter().all(|one| one.is_known(input));
        let whole = self.is_whole() && other.is_whole();
        !known && !whole && is_open_between(self.of(input), other.of(input), input)
    }

    /// Whether a whole number in it may be another one.
    pub(super) fn is_open(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Word(word) => word.is_open(input),
            Self::Negative(a) | Self::Abs(a) => a.is_open(input),
            Self::Choice(a, of, b) => of.is_open(input) || a.is_open(input) || b.is_open(input),
            Self::Chain(first, rest) => {
                first.is_open(input) || rest.iter().any(|(_, b)| b.is_open(input))
            }
        }
    }

    /// Whether it is exact in single precision: it is made of fields and of margins of equal logits.
    fn is_known(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Word(Word::Margin(_)) => input.is_level(),
            Self::Word(word) => word.is_settled(),
            Self::Negative(a) | Self::Abs(a) => a.is_known(input),
            Self::Choice(a, of, b) => {
                let mut words = Vec::new();
                of.words(&mut words);
                words.into_iter().all(Word::is_settled) && a.is_known(input) && b.is_known(input)
            }
            Self::Chain(first, rest) => {
                first.is_known(input) && rest.iter().all(|(_, one)| one.is_known(input))
            }
        }
    }

    /// Whether it is made of whole numbers alone, which no rounding changes.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Word(word) => word.is_whole(),
            Self::Negative(a) | Self::Abs(a) => a.is_whole(),
            Self::Choice(a, _, b) => a.is_whole() && b.is_whole(),
            Self::Chain(first, rest) => first.is_whole() && rest.iter().all(|(_, b)| b.is_whole()),
        }
    }
}

/// Whether something is true, where that is known, and by how much it is not.
pub(super) type Truthful = (Option<bool>, f64);

/// Both; what is unknown counts only where it decides.
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether single precision cannot tell two numbers of an input apart, and double precision may.
pub(super) fn is_open_between(a: f64, b: f64, input: &Input<'_>) -> bool {
    match (a - b).is_nan() {
        true => !input.is_undefined(),
        false => are_close(a, b),
    }
}

pub(super) fn are_close(a: f64, b: f64) -> bool {
    let apart = (a - b).abs();
    apart <= CLOSE * (1.0 + a.abs() + b.abs()) || apart.is_nan()
}

impl Truth<Word> {
    /// Whether it is true of an input (neither true nor false where that hangs on a number that is not
    /// defined), and by how much it is not.
    pub(super) fn of(&self, input: &Input<'_>) -> Truthful {
        match self {
            Self::Compare(a, how, b) => how.of(a.of(input), b.of(input)),
            Self::In(a, list) => {
                let a = a.of(input);
                let off = list.iter().map(|b| (a - b.of(input)).abs());
                let unknown = off.clone().any(f64::is_nan);
                let off = off.fold(f64::INFINITY, f64::min);
                ((off == 0.0 || !unknown).then_some(off == 0.0), off)
            }
            Self::Within(a, list) => {
                let (a, Some(list)) = (a.of(input), list.numbers(input)) else {
                    return (None, 0.0);
                };
                let off = list.iter().map(|b| (a - b).abs());
                let off = off.fold(f64::INFINITY, f64::min);
                ((!a.is_nan()).then_some(off == 0.0), off)
            }
            Self::Argmax(word) => {
                let lead = word.lead(input);
                ((!lead.is_nan()).then_some(lead > 0.0), -lead)
            }
            Self::Not(a) => {
                let (is_true, off) = a.of(input);
                (is_true.map(|is_true| !is_true), -off)
            }
            Self::And(all) => {
                let both = |a: Truthful, b: Truthful| (and(a.0, b.0), a.1.max(b.1));
                let all = all.iter().map(|one| one.of(input));
                all.reduce(both).unwrap_or((Some(true), 0.0))
            }
            Self::Or(all) => {
                let not = |x: Option<bool>| x.map(|x| !x);
                let either =
                    |a: Truthful, b: Truthful| (not(and(not(a.0), not(b.0))), a.1.min(b.1));
                let all = all.iter().map(|one| one.of(input));
                all.reduce(either).unwrap_or((Some(false), 0.0))
            }
        }
    }

    /// The number that its first comparison is about.
    pub(super) fn first(&self, input: &Input<'_>) -> f64 {
        match self {
            Self::Compare(a, ..) | Self::In(a, _) | Self::Within(a, _) => a.of(input),
            Self::Argmax(word) => word.value(input),
            Self::Not(a) => a.first(input),
            Self::And(all) | Self::Or(all) => all.first().map_or(f64::NAN, |one| one.first(input)),
        }
    }

    /// Whether single precision cannot tell.
    pub(super) fn is_open(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Compare(a, _, b) => a.is_open_against(b, input),
            Self::In(a, list) => list.iter().any(|b| a.is_open_against(b, input)),
            Self::Within(a, list) => {
                a.is_open(input) || !a.is_whole() && list.is_near(a.of(input), input)
            }
            Self::Argmax(word) => is_open_between(word.lead(input), 0.0, input),
            Self::Not(a) => a.is_open(input),
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.is_open(input)),
        }
    }
}

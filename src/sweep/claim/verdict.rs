//! A claim against all inputs: how many it is true of, and one of which it is not.

use super::conclusion::Evidence;
use super::grammar::{Body, Compare, Number, Over as Of, Truth};
use super::meaning::Claim;
use super::told::first_expression;
use super::word::Word;
use crate::sweep::input::Input;
use crate::task::Values;
use serde::Serialize;

/// Numbers nearer to each other than this, relative to their size, are compared again in double
/// precision.
const CLOSE: f64 = 1e-5;

/// What there is to say of a claim whose condition is met by no input.
pub const NO_INPUT: &str = "no input meets the condition: the claim is about nothing";

/// An input that decides a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counterexample {
    /// The input.
    #[serde(rename = "update")]
    pub values: Values,
    /// Its place in the space's order.
    pub number: u64,
    /// What the claim's expression is there.
    pub value: f64,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The claim.
    pub claim: String,
    /// Whether it holds; `None` for one that only asks for a number. A claim about no input
    /// holds.
    pub holds: Option<bool>,
    /// Inputs of which it is true; all that it is about, for one about a single number.
    pub count: u64,
    /// Inputs that it is about.
    pub total: u64,
    /// Inputs there are, whether they meet the claim's condition or not.
    #[serde(default)]
    pub inputs: u64,
    /// Inputs of which it is neither true nor false, because a number in it is not defined. A claim
    /// with such inputs fails.
    #[serde(default)]
    pub undefined: u64,
    /// What the claim's first expression is called: what the next three are of.
    #[serde(default)]
    pub of: String,
    /// Of the claim's first expression, over the inputs of which it is defined; no number where
    /// there are none.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The input furthest from what is claimed, or the one with the least or largest value.
    pub counterexample: Option<Counterexample>,
    /// The inputs that come next after it.
    pub further: Vec<Counterexample>,
    /// What it rests on.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// A claim and the inputs seen so far.
#[derive(Clone)]
pub(super) struct Count<'a> {
    claim: &'a Claim,
    /// Whether rounding can make no difference to it.
    settled: bool,
    count: u64,
    total: u64,
    undefined: u64,
    /// Inputs that have a value.
    valued: u64,
    sum: f64,
    min: f64,
    max: f64,
    worst: Furthest,
    /// Close calls, and those of them of which the claim is not true.
    close: u64,
    close_failing: u64,
}

/// The inputs furthest from what is claimed, the furthest first and before others that are as far:
/// by how much, and which.
#[derive(Clone, Default)]
struct Furthest(Vec<(f64, Counterexample)>);

impl Furthest {
    /// So many are kept.
    const MOST: usize = 20;

    /// Whether an input that is so far off would be kept.
    fn is_among(&self, off: f64) -> bool {
        self.0.len() < Self::MOST || self.0.last().is_some_and(|(least, _)| off > *least)
    }

    fn keep(&mut self, off: f64, one: Counterexample) {
        let at = self.0.partition_point(|(other, _)| *other >= off);
        self.0.insert(at, (off, one));
        self.0.truncate(Self::MOST);
    }
}

impl<'a> Count<'a> {
    pub fn new(claim: &'a Claim) -> Self {
        Self {
            claim,
            settled: claim.is_settled(),
            count: 0,
            total: 0,
            undefined: 0,
            valued: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            worst: Furthest::default(),
            close: 0,
            close_failing: 0,
        }
    }

    pub fn verdict(&self) -> Verdict {
        let some = |x: f64| if self.valued > 0 { x } else { f64::NAN };
        let mean = some(self.sum / self.valued as f64);
        let all = match &self.claim.read.body {
            Body::Each(_) => None,
            Body::All(of, _, _) => Some(match of {
                Of::Mean => mean,
                Of::Min => self.min,
                Of::Max => self.max,
            }),
        };
        let holds = match (&self.claim.read.body, all) {
            (Body::All(_, _, None), _) => None,
            (Body::All(_, _, Some((how, Number::Constant(bound)))), Some(all)) => {
                let holds = self.undefined == 0 && how.of(all, *bound).0 == Some(true);
                Some(self.total == 0 || holds)
            }
            _ => Some(self.count == self.total),
        };
        // a mean is no single input's
        let told = match &self.claim.read.body {
            Body::All(of, _, _) if !of.is_extreme() => 0,
            _ => Furthest::MOST,
        };
        let worst = self.worst.0.iter().take(told);
        let mut worst = worst.map(|(_, one)| one.clone());
        Verdict {
            claim: self.claim.to_string(),
            holds,
            count: self.count,
            total: self.total,
            undefined: self.undefined,
            inputs: 0,
            of: first_expression(self.claim.line()),
            mean,
            min: some(self.min),
            max: some(self.max),
            counterexample: worst.next(),
            further: worst.collect(),
            evidence: self.evidence(),
        }
    }

    /// What is known of it as far as the claim and its inputs say.
    fn evidence(&self) -> Evidence {
        let (of_all, by_one) = match &self.claim.read.body {
            Body::Each(_) => (false, true),
            Body::All(Of::Min, _, Some((how, _))) => {
                (true, matches!(how, Compare::More | Compare::AtLeast))
            }
            Body::All(Of::Max, _, Some((how, _))) => {
                (true, matches!(how, Compare::Less | Compare::AtMost))
            }
            Body::All(..) => (true, false),
        };
        Evidence {
            close: self.close,
            close_failing: self.close_failing,
            of_all,
            by_one,
            ..Evidence::default()
        }
    }

    /// Whether a forward pass cannot tell.
    pub fn is_unsettled(&self, input: &Input<'_>) -> bool {
        self.claim.is_unsettled(input)
    }

    /// Adds an input that is a close call.
    pub fn see_close(&mut self, input: &Input<'_>) {
        let before = (self.total, self.count);
        self.see(input);
        self.close += self.total - before.0;
        self.close_failing += (self.total - before.0) - (self.count - before.1);
    }

    /// The same claim, no input seen.
    pub fn empty(&self) -> Self {
        Self::new(self.claim)
    }

    /// Whether it may be about an input with these fields, whatever the element.
    pub fn concerns(&self, fields: &[usize]) -> bool {
        self.claim.concerns(fields)
    }

    /// Whether single precision cannot tell.
    pub fn is_open(&self, input: &Input<'_>) -> bool {
        if self.settled {
            return false;
        }
        let line = &self.claim.read;
        let body = match &line.body {
            Body::Each(truth) => truth.is_open(input),
            Body::All(..) => false,
        };
        body || line.when.as_ref().is_some_and(|when| when.is_open(input))
    }

    /// Adds an input.
    pub fn see(&mut self, input: &Input<'_>) {
        let line = &self.claim.read;
        let when = line.when.as_ref();
        let when = when.map_or(Some(true), |when| when.of(input).0);
        if when == Some(false) {
            return;
        }
        let (value, is_true, off) = match &line.body {
            Body::Each(truth) => {
                let (is_true, off) = truth.of(input);
                (truth.first(input), is_true, off)
            }
            Body::All(of, number, _) => {
                let value = number.of(input);
                let off = if *of == Of::Min { -value } else { value };
                (value, (!value.is_nan()).then_some(true), off)
            }
        };
        // whether it is about this input has to be known too
        let is_true = when.and(is_true);
        self.total += 1;
        self.count += u64::from(is_true == Some(true));
        self.undefined += u64::from(is_true.is_none());
        if !value.is_nan() {
            self.valued += 1;
            self.sum += value;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        let interesting = is_true != Some(true) || matches!(line.body, Body::All(..));
        // what is not defined is as far off as can be
        let off = match is_true {
            None => f64::INFINITY,
            Some(_) => off,
        };
        if interesting && self.worst.is_among(off) {
            let one = Counterexample {
                values: input.values(),
                number: input.number(),
                value,
            };
            self.worst.keep(off, one);
        }
    }

    /// Adds another, of inputs that come later.
    pub fn join(&mut self, later: Self) {
        self.count += later.count;
        self.total += later.total;
        self.undefined += later.undefined;
        self.valued += later.valued;
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.close += later.close;
        self.close_failing += later.close_failing;
        for (off, one) in later.worst.0 {
            if self.worst.is_among(off) {
                self.worst.keep(off, one);
            }
        }
    }
}

impl Compare {
    /// Whether it is so (unknown where either is not defined), and by how much it is not.
    pub(super) fn of(self, a: f64, b: f64) -> Truthful {
        let (is_so, off) = match self {
            Self::Less => (a < b, a - b),
            Self::AtMost => (a <= b, a - b),
            Self::More => (a > b, b - a),
            Self::AtLeast => (a >= b, b - a),
            Self::Equal => (a == b, (a - b).abs()),
            Self::Unequal => (a != b, -(a - b).abs()),
        };
        let defined = !a.is_nan() && !b.is_nan();
        // two infinities of one sign are not apart
        let off = if off.is_nan() { 0.0 } else { off };
        (defined.then_some(is_so), off)
    }
}

impl Number<Word> {
    pub(super) fn of(&self, input: &Input<'_>) -> f64 {
        match self {
            Self::Constant(x) => *x,
            Self::Word(word) => word.value(input),
            Self::Negative(a) => -a.of(input),
            Self::Abs(a) => a.of(input).abs(),
            Self::Chain(first, rest) => {
                let joined = |a, (sign, b): &(char, Self)| Self::joined(a, *sign, b.of(input));
                rest.iter().fold(first.of(input), joined)
            }
        }
    }

    /// Two numbers with a sign of arithmetic between them: no number where they are divided by 0 or
    /// too large.
    pub(super) fn joined(a: f64, sign: char, b: f64) -> f64 {
        let joined = match sign {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            _ => a / b,
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
        let whole = self.is_whole() && other.is_whole();
        !whole && are_close(self.of(input), other.of(input))
    }

    /// Whether a whole number in it may be another one.
    pub(super) fn is_open(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Word(word) => word.is_open(input),
            Self::Negative(a) | Self::Abs(a) => a.is_open(input),
            Self::Chain(first, rest) => {
                first.is_open(input) || rest.iter().any(|(_, b)| b.is_open(input))
            }
        }
    }

    /// Whether it is made of whole numbers alone, which no rounding changes.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Word(word) => word.is_whole(),
            Self::Negative(a) | Self::Abs(a) => a.is_whole(),
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
    fn first(&self, input: &Input<'_>) -> f64 {
        match self {
            Self::Compare(a, ..) | Self::In(a, _) => a.of(input),
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
            Self::Argmax(word) => are_close(word.lead(input), 0.0),
            Self::Not(a) => a.is_open(input),
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.is_open(input)),
        }
    }
}

#[cfg(test)]
mod tests;

//! A claim against all inputs: how many it is true of, and one of which it is not.

use super::grammar::{Body, Compare, Number, Over as Of, Truth};
use super::meaning::Claim;
use super::word::Word;
use crate::sweep::run::Input;
use crate::task::Update;
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
    pub update: Update,
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
    /// Of the claim's first expression, over the inputs that it is about.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The input furthest from what is claimed, or the one with the least or largest value.
    pub counterexample: Option<Counterexample>,
    /// The inputs that come next after it.
    pub further: Vec<Counterexample>,
}

/// A claim and the inputs seen so far.
#[derive(Clone)]
pub(super) struct Count<'a> {
    claim: &'a Claim,
    count: u64,
    total: u64,
    sum: f64,
    min: f64,
    max: f64,
    worst: Furthest,
}

/// The inputs furthest from what is claimed, the furthest first and before others that are as far:
/// by how much, and which.
#[derive(Clone, Default)]
struct Furthest(Vec<(f64, Counterexample)>);

impl Furthest {
    /// So many are kept.
    const MOST: usize = 5;

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
            count: 0,
            total: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            worst: Furthest::default(),
        }
    }

    pub fn verdict(&self) -> Verdict {
        let all = match &self.claim.read.body {
            Body::Each(_) => None,
            Body::All(of, _, _) => Some(match of {
                Of::Mean => self.sum / self.total.max(1) as f64,
                Of::Min => self.min,
                Of::Max => self.max,
            }),
        };
        let holds = match (&self.claim.read.body, all) {
            (Body::All(_, _, None), _) => None,
            (Body::All(_, _, Some((how, Number::Constant(bound)))), Some(all)) => {
                Some(self.total == 0 || how.of(all, *bound).0)
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
            mean: self.sum / self.total.max(1) as f64,
            min: self.min,
            max: self.max,
            counterexample: worst.next(),
            further: worst.collect(),
        }
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
        if line.when.as_ref().is_some_and(|when| !when.of(input).0) {
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
                (value, true, off)
            }
        };
        self.total += 1;
        self.count += u64::from(is_true);
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let interesting = !is_true || matches!(line.body, Body::All(..));
        // what is no number is as far off as can be
        let off = if off.is_nan() { f64::INFINITY } else { off };
        if interesting && self.worst.is_among(off) {
            let one = Counterexample {
                update: input.update(),
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
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        for (off, one) in later.worst.0 {
            if self.worst.is_among(off) {
                self.worst.keep(off, one);
            }
        }
    }
}

impl Compare {
    /// Whether it is so, and by how much it is not.
    pub(super) fn of(self, a: f64, b: f64) -> (bool, f64) {
        match self {
            Self::Less => (a < b, a - b),
            Self::AtMost => (a <= b, a - b),
            Self::More => (a > b, b - a),
            Self::AtLeast => (a >= b, b - a),
            Self::Equal => (a == b, (a - b).abs()),
            Self::Unequal => (a != b, -(a - b).abs()),
        }
    }
}

impl Number<Word> {
    fn of(&self, input: &Input<'_>) -> f64 {
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

    /// Two numbers with a sign of arithmetic between them.
    pub(super) fn joined(a: f64, sign: char, b: f64) -> f64 {
        match sign {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            _ => a / b,
        }
    }

    /// Whether it is made of whole numbers alone, which no rounding changes.
    fn is_whole(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Word(word) => word.is_whole(),
            Self::Negative(a) | Self::Abs(a) => a.is_whole(),
            Self::Chain(first, rest) => first.is_whole() && rest.iter().all(|(_, b)| b.is_whole()),
        }
    }
}

fn are_close(a: f64, b: f64) -> bool {
    let apart = (a - b).abs();
    apart <= CLOSE * (1.0 + a.abs() + b.abs()) || apart.is_nan()
}

impl Truth<Word> {
    /// Whether it is true of an input, and by how much it is not.
    fn of(&self, input: &Input<'_>) -> (bool, f64) {
        match self {
            Self::Compare(a, how, b) => how.of(a.of(input), b.of(input)),
            Self::In(a, list) => {
                let a = a.of(input);
                let off = list.iter().map(|b| (a - b.of(input)).abs());
                let off = off.fold(f64::INFINITY, f64::min);
                (off == 0.0, off)
            }
            Self::Argmax(word) => {
                let lead = word.lead(input);
                (lead > 0.0, -lead)
            }
            Self::Not(a) => {
                let (is_true, off) = a.of(input);
                (!is_true, -off)
            }
            Self::And(all) => {
                let both = |a: (bool, f64), b: (bool, f64)| (a.0 && b.0, a.1.max(b.1));
                let all = all.iter().map(|one| one.of(input));
                all.reduce(both).unwrap_or((true, 0.0))
            }
            Self::Or(all) => {
                let either = |a: (bool, f64), b: (bool, f64)| (a.0 || b.0, a.1.min(b.1));
                let all = all.iter().map(|one| one.of(input));
                all.reduce(either).unwrap_or((false, 0.0))
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
    fn is_open(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Compare(a, _, b) => {
                !(a.is_whole() && b.is_whole()) && are_close(a.of(input), b.of(input))
            }
            Self::In(a, list) => {
                let mut list = list.iter();
                !a.is_whole() && list.any(|b| are_close(a.of(input), b.of(input)))
            }
            Self::Argmax(word) => are_close(word.lead(input), 0.0),
            Self::Not(a) => a.is_open(input),
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.is_open(input)),
        }
    }
}

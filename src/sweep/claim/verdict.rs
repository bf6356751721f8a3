//! A claim against all inputs: how many it is true of, and one of which it is not.

use super::comparison::Comparison;
use super::conclusion::Evidence;
use super::control::Control;
use super::grammar::{Body, Number, Over as Of};
use super::meaning::Claim;
use super::told::first_expression;
use super::word::Word;
use crate::sweep::input::Input;
use crate::task::number::is_zero;
use crate::task::{Estimate, Values};
use serde::Serialize;

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
    /// Inputs that it is not about, as it speaks of a right answer and they have none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unasked: u64,
    /// What the claim's first expression is called: what the next three are of.
    #[serde(default)]
    pub of: String,
    /// Of the claim's first expression, over the inputs of which it is defined; no number where
    /// there are none.
    pub mean: f64,
    /// The standard error of that mean, as if the inputs were a sample; none of fewer than two.
    #[serde(skip)]
    pub standard_error: Option<f64>,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The input furthest from what is claimed, or the one with the least or largest value.
    pub counterexample: Option<Counterexample>,
    /// The inputs that come next after it.
    pub further: Vec<Counterexample>,
    /// The same under other interventions, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Box<Control>>,
    /// What it rests on.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// A claim and the inputs seen so far.
#[derive(Clone)]
pub(super) struct Count<'a> {
    claim: &'a Claim,
    /// What it is made of.
    words: Vec<&'a Word>,
    /// Inputs that were looked at.
    seen: u64,
    unasked: u64,
    /// Whether rounding can make no difference to it.
    settled: bool,
    /// Whether fields alone say which inputs it is about.
    of_fields: bool,
    count: u64,
    total: u64,
    undefined: u64,
    /// Inputs that have a value.
    valued: u64,
    sum: f64,
    squares: f64,
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
            of_fields: {
                let words = claim.read.words_of_when();
                !words.is_empty() && words.iter().all(|word| matches!(word, Word::Field(_)))
            },
            count: 0,
            total: 0,
            words: claim.read.words(),
            seen: 0,
            unasked: 0,
            undefined: 0,
            valued: 0,
            sum: 0.0,
            squares: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            worst: Furthest::default(),
            close: 0,
            close_failing: 0,
        }
    }

    /// Whether every combination of values is an input: else those that are were counted as they came.
    pub fn all_exist(&self) -> bool {
        self.claim.task.all_exist()
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
            unasked: self.unasked,
            inputs: self.seen,
            of: first_expression(self.claim.line()),
            mean,
            standard_error: Some(Estimate::of(self.valued, self.sum, self.squares).standard_error)
                .filter(|error| error.is_finite()),
            min: some(self.min),
            max: some(self.max),
            counterexample: worst.next(),
            further: worst.collect(),
            control: None,
            evidence: self.evidence(),
        }
    }

    /// What is known of it as far as the claim and its inputs say.
    fn evidence(&self) -> Evidence {
        let (of_all, by_one) = match &self.claim.read.body {
            Body::Each(_) => (false, true),
            Body::All(Of::Min, _, Some((how, _))) => {
                (true, matches!(how, Comparison::More | Comparison::AtLeast))
            }
            Body::All(Of::Max, _, Some((how, _))) => {
                (true, matches!(how, Comparison::Less | Comparison::AtMost))
            }
            Body::All(..) => (true, false),
        };
        Evidence {
            close: self.close,
            close_failing: self.close_failing,
            of_all,
            by_one,
            of_mean: matches!(self.claim.read.body, Body::All(Of::Mean, ..)),
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
        self.seen += 1;
        if input.may_lack() && self.words.iter().any(|word| word.lacks(input)) {
            self.unasked += 1;
            return;
        }
        let line = &self.claim.read;
        let when = line.when.as_ref();
        let when = when.map_or(Some(true), |when| when.of(input).0);
        // nor is it about an input that has not got what the condition names
        if when == Some(false) || when.is_none() && self.of_fields {
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
            self.squares += value * value;
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
        self.unasked += later.unasked;
        self.seen += later.seen;
        self.valued += later.valued;
        self.sum += later.sum;
        self.squares += later.squares;
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

#[cfg(test)]
mod tests;

//! The words of a claim: what each is in the numbers of an input.

use crate::sweep::input::{Input, Of};
use crate::task::Token;

/// A larger margin than this is one in double precision too.
const CLEAR: f64 = 1e-3;

/// A token that may depend on the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Named {
    Is(Token),
    /// The value of a field.
    Field(usize),
    /// The right answer of the prediction.
    Truth,
    /// The list's value before the update.
    Old,
}

/// A number of an input.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Field(usize),
    Truth(usize),
    Pred(usize),
    /// The least of all where no prediction is named.
    Margin(Option<usize>),
    /// The mean of all where none is named.
    LogProb(Option<usize>),
    Rank(usize),
    Logit(usize, Named),
    Difference(usize),
    /// What an entry of a circuit does.
    Matters(usize),
    Share(usize, usize, Named),
    /// A cell, and the first cell of its row with the row's length.
    Pattern(usize, usize, usize),
    /// The same, of the scores.
    Score(usize, usize, usize),
}

impl Word {
    /// Its number for an input.
    pub fn value(&self, input: &Input<'_>) -> f64 {
        let n = input.space.task.answers.len();
        match *self {
            Self::Field(field) => input.space.task.number_of_token(input.fields[field]),
            Self::Truth(j) => number(input, input.truth(j)),
            Self::Pred(j) => match input.get(Of::Margin(j)) {
                margin if margin > 0.0 => number(input, input.truth(j)),
                margin if margin.is_nan() => f64::NAN,
                _ => number(input, Some(input.get(Of::Other(j)) as usize)),
            },
            Self::Margin(Some(j)) => input.get(Of::Margin(j)),
            Self::Margin(None) => {
                let margins = (0..n).map(|j| input.get(Of::Margin(j)));
                // no number is less than any
                margins.fold(
                    f64::INFINITY,
                    |a, b| if b < a || b.is_nan() { b } else { a },
                )
            }
            Self::LogProb(Some(j)) => -input.get(Of::Loss(j)),
            Self::LogProb(None) => {
                let asked = (0..n).filter(|&j| input.asks(j));
                let losses: Vec<f64> = asked.map(|j| input.get(Of::Loss(j))).collect();
                -losses.iter().sum::<f64>() / losses.len() as f64
            }
            Self::Rank(j) => {
                match input.get(Of::Margin(j)) {
                    margin if margin.is_nan() => return f64::NAN,
                    margin if margin > 0.0 => return 1.0,
                    _ => {}
                }
                let Some(answer) = input.truth(j) else {
                    return f64::NAN;
                };
                let right = input.get(Of::Logit(j, answer));
                // a tie counts against the answer, as everywhere
                let others = (0..input.tokens()).filter(|&token| token != answer);
                let before = others.filter(|&token| input.get(Of::Logit(j, token)) >= right);
                1.0 + before.count() as f64
            }
            Self::Logit(j, token) => {
                let class = token.class(input, j);
                class.map_or(f64::NAN, |class| input.get(Of::Logit(j, class)))
            }
            Self::Difference(j) => {
                let both = input.truth(j).zip(input.rival(j));
                both.map_or(f64::NAN, |(truth, rival)| {
                    input.get(Of::Logit(j, truth)) - input.get(Of::Logit(j, rival))
                })
            }
            Self::Share(path, j, token) => {
                let class = token.class(input, j);
                class.map_or(f64::NAN, |class| input.get(Of::Share(path, class)))
            }
            Self::Matters(entry) => input.done(entry),
            Self::Pattern(cell, ..) => input.get(Of::Pattern(cell)),
            Self::Score(cell, ..) => input.get(Of::Score(cell)),
        }
    }

    /// By how much an attention cell is more than every other one of its row; less than 0 where
    /// it is not the largest. A row of one cell is its own largest.
    pub fn lead(&self, input: &Input<'_>) -> f64 {
        let of = |cell| match self {
            Self::Pattern(..) => Of::Pattern(cell),
            _ => Of::Score(cell),
        };
        let (Self::Pattern(cell, first, len) | Self::Score(cell, first, len)) = *self else {
            return f64::NAN;
        };
        let others = (first..first + len).filter(|&other| other != cell);
        let best = others.map(|other| input.get(of(other)));
        let best = best.fold(
            f64::NEG_INFINITY,
            |a, b| if b.is_nan() { b } else { a.max(b) },
        );
        let own = input.get(of(cell));
        // where all of a row is cut off there is no largest
        if own == best && own.is_infinite() {
            return 0.0;
        }
        own - best
    }

    /// Whether it is a whole number: rounding does not bring it near another.
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Field(_) | Self::Truth(_) | Self::Pred(_) | Self::Rank(_)
        )
    }

    /// Whether rounding may make another whole number of it: a rank is certain where the right answer is
    /// clearly the first.
    pub fn is_open(&self, input: &Input<'_>) -> bool {
        match *self {
            Self::Rank(j) => input.get(Of::Margin(j)) <= CLEAR,
            _ => false,
        }
    }
}

impl Named {
    fn class(self, input: &Input<'_>, j: usize) -> Option<usize> {
        let task = input.space.task;
        // a field holds a token, and what is said is a class
        let class = |slot: usize| {
            let class = task.class_of_token(input.fields[slot] as Token);
            class.map(|class| class as usize)
        };
        match self {
            Self::Is(class) => Some(class as usize),
            Self::Field(field) => class(field),
            Self::Truth => input.truth(j),
            Self::Old => task.kin().own[j].and_then(|(slot, _)| class(slot)),
        }
    }
}

/// What a class stands for, as a number.
fn number(input: &Input<'_>, class: Option<usize>) -> f64 {
    class.map_or(f64::NAN, |class| input.space.task.number_of_class(class))
}

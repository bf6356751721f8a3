//! The words of a claim: what each is in the numbers of an input.

use super::stated::Stated;
use super::truth::is_open_between;
use crate::sweep::input::{Input, Of};
use crate::task::Token;

/// A larger margin than this is one in double precision too.
const CLEAR: f64 = 1e-3;

/// A token that may depend on the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sweep) enum Named {
    Is(Token),
    /// The value of a field.
    Field(usize),
    /// The right answer of the prediction.
    Truth,
    /// The list's value before the update.
    Old,
}

/// A number of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sweep) enum Word {
    Field(usize),
    /// What an expression of the task's language says of the input.
    Stated(Stated),
    Truth(usize),
    Pred(usize),
    /// The least of all where no prediction is named.
    Margin(Option<usize>),
    /// The mean of all where none is named.
    LogProb(Option<usize>),
    /// Whether a prediction is right, or all that are asked for are: 1 or 0.
    Right(Option<usize>),
    /// The mean of all where none is named.
    Loss(Option<usize>),
    /// The probability of a token.
    Prob(usize, Named),
    /// A number of an activation.
    Held(usize),
    /// The first of a number a class, and which class it is of.
    HeldOf(usize, usize, Named),
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
    /// One of the untouched model's, by its place among those that are wanted.
    Untouched(usize, Box<Word>),
}

impl Word {
    /// Its number for an input.
    pub fn value(&self, input: &Input<'_>) -> f64 {
        let n = input.space.task.answers.len();
        if let Self::Stated(stated) = self {
            return stated.number(input);
        }
        match *self {
            Self::Stated(_) => f64::NAN,
            Self::Field(field) => (input.space.task).number_in_slot(field, input.fields[field]),
            Self::Truth(j) => number(input, input.truth(j)),
            Self::Pred(j) => match input.get(Of::Margin(j)) {
                _ if !input.asks(j) => number(input, Some(input.get(Of::Other(j)) as usize)),
                margin if margin > 0.0 => number(input, input.truth(j)),
                margin if margin.is_nan() => f64::NAN,
                _ => number(input, Some(input.get(Of::Other(j)) as usize)),
            },
            Self::Margin(Some(j)) if !input.asks(j) => f64::NAN,
            Self::Margin(Some(j)) => input.get(Of::Margin(j)),
            Self::Margin(None) => {
                let asked = (0..n).filter(|&j| input.asks(j));
                let margins = asked.map(|j| input.get(Of::Margin(j)));
                // no number is less than any
                let least = margins.reduce(|a, b| if b < a || b.is_nan() { b } else { a });
                least.unwrap_or(f64::NAN)
            }
            Self::LogProb(j) => -loss(input, j),
            Self::Loss(j) => loss(input, j),
            Self::Right(Some(j)) if !input.asks(j) => f64::NAN,
            Self::Right(Some(j)) => right(input, j),
            Self::Right(None) => {
                let asked = (0..n).filter(|&j| input.asks(j));
                // of what is not defined nothing is known
                let least = |a: f64, b: f64| if b < a || b.is_nan() { b } else { a };
                let all = asked.map(|j| right(input, j)).reduce(least);
                all.unwrap_or(f64::NAN)
            }
            Self::Prob(j, token) => {
                let logits = (0..input.tokens()).map(|class| input.get(Of::Logit(j, class)));
                let most = logits.clone().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = logits.map(|logit| (logit - most).exp()).sum();
                let of = |class: usize| (input.get(Of::Logit(j, class)) - most).exp() / sum;
                match input.rights(j).filter(|_| token == Named::Truth) {
                    // where several are right, that of all of them
                    Some(all) => all.iter().map(|&class| of(class as usize)).sum(),
                    None => token.class(input, j).map_or(f64::NAN, of),
                }
            }
            Self::Held(row) => input.get(Of::Held(row)),
            Self::HeldOf(first, j, token) => {
                let class = token.class(input, j);
                class.map_or(f64::NAN, |class| input.get(Of::Held(first + class)))
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
            Self::Score(cell, ..) => {
                // what is cut off has no score: it is less than none, and equals none
                let score = input.get(Of::Score(cell));
                if score.is_finite() { score } else { f64::NAN }
            }
            Self::Untouched(place, _) => input.untouched[place].value,
        }
    }

    /// The numbers of the list that it is; nothing where it is none.
    pub fn numbers(&self, input: &Input<'_>) -> Option<Vec<f64>> {
        match self {
            Self::Stated(stated) => stated.numbers(input),
            _ => None,
        }
    }

    /// Whether a number of the list is so near to another that single precision cannot tell them apart.
    pub fn is_near(&self, to: f64, input: &Input<'_>) -> bool {
        let list = self.numbers(input).unwrap_or_default();
        list.into_iter().any(|one| is_open_between(to, one, input))
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
        // a list that is shorter has no such cells, and they are larger than nothing
        let varies = input.space.task.varies();
        let best = best.fold(f64::NEG_INFINITY, |a, b| match b.is_nan() && !varies {
            true => b,
            false => a.max(b),
        });
        let own = input.get(of(cell));
        // where all of a row is cut off there is no largest
        if own == best && own.is_infinite() {
            return 0.0;
        }
        own - best
    }

    /// Whether it reads a right answer that the input does not have.
    pub fn lacks(&self, input: &Input<'_>) -> bool {
        let asks = |j: usize| input.asks(j);
        match self {
            Self::Truth(j) | Self::Rank(j) | Self::Difference(j) => !asks(*j),
            Self::Margin(of) | Self::LogProb(of) | Self::Right(of) | Self::Loss(of) => match of {
                Some(j) => !asks(*j),
                None => !(0..input.space.task.answers.len()).any(asks),
            },
            Self::Prob(j, named)
            | Self::Logit(j, named)
            | Self::HeldOf(_, j, named)
            | Self::Share(_, j, named) => *named == Named::Truth && !asks(*j),
            Self::Untouched(_, word) => word.lacks(input),
            Self::Field(_) | Self::Stated(_) | Self::Pred(_) => false,
            Self::Held(_) | Self::Matters(_) => false,
            Self::Pattern(..) | Self::Score(..) => false,
        }
    }

    /// Whether it is known where it is known what is said and what is right.
    pub fn is_of_predictions(&self) -> bool {
        match self {
            Self::Field(_) | Self::Stated(_) => true,
            Self::Truth(_) | Self::Pred(_) | Self::Right(_) => true,
            Self::Untouched(_, word) => word.is_of_predictions(),
            _ => false,
        }
    }

    /// Whether it is a whole number: rounding does not bring it near another.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Field(_) | Self::Stated(_) => true,
            Self::Truth(_) | Self::Pred(_) | Self::Rank(_) | Self::Right(_) => true,
            Self::Untouched(_, word) => word.is_whole(),
            _ => false,
        }
    }

    /// Whether it is a whole number that is known once margins are.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Field(_) | Self::Stated(_) | Self::Truth(_) | Self::Pred(_) => true,
            Self::Untouched(_, word) => word.is_settled(),
            _ => false,
        }
    }

    /// Whether losses are needed for it.
    pub fn is_of_losses(&self) -> bool {
        matches!(self, Self::Loss(_) | Self::LogProb(_))
    }

    /// Whether all logits are needed for it.
    pub fn is_of_logits(&self) -> bool {
        matches!(
            self,
            Self::Prob(..) | Self::Rank(_) | Self::Logit(..) | Self::Difference(_)
        )
    }

    /// Whether rounding may make another whole number of it: a rank is certain where the right answer is
    /// clearly the first.
    pub fn is_open(&self, input: &Input<'_>) -> bool {
        match *self {
            Self::Rank(_) | Self::Right(_) if input.is_level() => false,
            Self::Rank(j) => input.get(Of::Margin(j)) <= CLEAR,
            Self::Right(Some(j)) => input.get(Of::Margin(j)).abs() <= CLEAR,
            Self::Right(None) => {
                (0..input.space.task.answers.len()).any(|j| input.get(Of::Margin(j)).abs() <= CLEAR)
            }
            Self::Untouched(place, _) => input.untouched[place].is_open,
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

/// The loss at a prediction, or the mean of those that are asked for.
fn loss(input: &Input<'_>, j: Option<usize>) -> f64 {
    if let Some(j) = j {
        return input.get(Of::Loss(j));
    }
    let asked = (0..input.space.task.answers.len()).filter(|&j| input.asks(j));
    let losses: Vec<f64> = asked.map(|j| input.get(Of::Loss(j))).collect();
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// 1 where a prediction is right: a tie is not, nor is what is not defined.
fn right(input: &Input<'_>, j: usize) -> f64 {
    match input.get(Of::Margin(j)) {
        margin if margin.is_nan() => f64::NAN,
        margin => f64::from(u8::from(margin > 0.0)),
    }
}

/// What a class stands for, as a number.
fn number(input: &Input<'_>, class: Option<usize>) -> f64 {
    class.map_or(f64::NAN, |class| input.space.task.number_of_class(class))
}

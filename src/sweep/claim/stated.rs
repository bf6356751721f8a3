//! Expressions of the task's language in a claim, and what they come to in an input: `(a + b) % 113`,
//! `max(a)`, `sorted(a)[idx]`.

use super::grammar::{ClaimError, Term};
use super::meaning::{Read, Reader};
use super::word::Word;
use crate::sweep::input::Input;
use crate::task::{Expression, ExpressionError, Given, Task, Token, Values};
use std::sync::{Arc, OnceLock};

/// Of so many combinations of the fields that it looks at every value is kept: a megabyte.
const KEPT: usize = 1 << 17;

/// An expression over an input's fields. Cheap to copy.
#[derive(Clone, Debug)]
pub(in crate::sweep) struct Stated(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    expression: Expression,
    /// Whether a text that it says is a class's name and no token's.
    names_classes: bool,
    /// Its numbers by the fields that it looks at, where these have few combinations.
    kept: OnceLock<Option<Vec<f64>>>,
}

impl PartialEq for Stated {
    fn eq(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.0.expression.clone(), one.0.names_classes);
        key(self) == key(other)
    }
}

impl Eq for Stated {}

impl Stated {
    fn new(expression: Expression, names_classes: bool) -> Self {
        Self(Arc::new(Inner {
            expression,
            names_classes,
            kept: OnceLock::new(),
        }))
    }

    /// The number that it is for an input; none where it has none, or fails.
    pub fn number(&self, input: &Input<'_>) -> f64 {
        let kept = self.kept_for(input.fields);
        kept.unwrap_or_else(|| self.0.number(&input.values()))
    }

    /// The numbers of the list that it is for an input; none where it is no list.
    pub fn numbers(&self, input: &Input<'_>) -> Option<Vec<f64>> {
        match self.0.given(&input.values())? {
            Given::List(all) => Some(all.iter().map(|one| self.0.of(one)).collect()),
            _ => None,
        }
    }

    /// The number for these fields, of which those from `known` on are not known yet.
    pub fn known(&self, fields: &[usize], known: usize, task: Task) -> Option<f64> {
        let slots = self.0.expression.slots();
        if slots.iter().any(|&slot| slot >= known) {
            return None;
        }
        Some(self.kept_for(fields).unwrap_or_else(|| {
            let tokens = fields.iter().map(|&token| token as Token).collect();
            self.0.number(&Values::new(task, tokens))
        }))
    }

    /// Where the number for these fields is kept.
    fn place(&self, fields: &[usize]) -> Option<usize> {
        let (task, slots) = (self.0.expression.task(), self.0.expression.slots());
        slots.iter().try_fold(0, |place, &slot| {
            let values = &task.slots[slot].values;
            let token = *fields.get(slot)? as Token;
            // values stand in their order nearly always
            let at = match values.get(fields[slot]) {
                Some(&there) if there == token => fields[slot],
                _ => values.iter().position(|&one| one == token)?,
            };
            Some(place * values.len() + at)
        })
    }

    fn kept_for(&self, fields: &[usize]) -> Option<f64> {
        let kept = self.0.kept.get_or_init(|| self.0.table()).as_ref()?;
        kept.get(self.place(fields)?).copied()
    }
}

impl Inner {
    /// Every number that it can be.
    fn table(&self) -> Option<Vec<f64>> {
        let (task, slots) = (self.expression.task(), self.expression.slots());
        let sizes: Vec<usize> = (slots.iter())
            .map(|&slot| task.slots[slot].values.len())
            .collect();
        let all = (sizes.iter()).try_fold(1usize, |all, &size| all.checked_mul(size))?;
        if all > KEPT {
            return None;
        }
        let first: Vec<Token> = (task.slots.iter())
            .map(|slot| slot.values.first().copied().unwrap_or_default())
            .collect();
        let combination = |mut number: usize| {
            let mut tokens = first.clone();
            for (&slot, &size) in slots.iter().zip(&sizes).rev() {
                tokens[slot] = task.slots[slot].values[number % size];
                number /= size;
            }
            Values::new(task, tokens)
        };
        let inputs: Vec<Values> = (0..all).map(combination).collect();
        Some(match self.expression.values(&inputs, &[]) {
            Ok(values) => values.iter().map(|value| self.of(value)).collect(),
            // one of them has none
            Err(_) => inputs.iter().map(|input| self.number(input)).collect(),
        })
    }

    fn given(&self, input: &Values) -> Option<Given> {
        self.try_given(input).ok()
    }

    fn try_given(&self, input: &Values) -> Result<Given, ExpressionError> {
        let values = self.expression.values(std::slice::from_ref(input), &[])?;
        Ok(values.into_iter().next().unwrap_or(Given::None))
    }

    fn number(&self, input: &Values) -> f64 {
        self.given(input).map_or(f64::NAN, |value| self.of(&value))
    }

    /// A value as a number: a name as that of its token or class.
    fn of(&self, value: &Given) -> f64 {
        let Given::Word(name) = value else {
            return value.number().unwrap_or(f64::NAN);
        };
        named(self.expression.task(), name, self.names_classes).unwrap_or(f64::NAN)
    }
}

/// The number of the token or the class of this name.
pub(super) fn named(task: Task, name: &str, names_classes: bool) -> Option<f64> {
    let token = task.vocabulary.named(name);
    let token = token.map(|token| task.number_of_token(token as usize));
    let class = task.classes.named(name);
    let class = class.map(|class| task.number_of_class(class as usize));
    match names_classes {
        true => class.or(token),
        false => token.or(class),
    }
}

/// What an expression has to be where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Number,
    List,
}

impl Reader<'_> {
    /// What a term's text says in the task's language.
    pub fn stated(&self, term: &Term, wants: Wants) -> Read<Word> {
        let text = &self.line[term.at..term.end];
        let wrong = |at: usize, problem: String| ClaimError {
            line: self.line.to_owned(),
            at: term.at + at,
            problem,
        };
        let told = |error: ExpressionError| {
            let words = match error.remedy.is_empty() {
                true => error.problem,
                false => format!("{}; {}", error.problem, error.remedy),
            };
            let apart = "what the model does stands outside of such expressions";
            wrong(error.at, format!("{words} ({apart})"))
        };
        let expression = Expression::untried(self.task, text, &[]).map_err(told)?;
        let stated = Stated::new(expression, self.names_classes);
        let tried = stated.0.expression.tried();
        let mut flaw = None;
        let mut has_value = tried.is_empty();
        for input in tried {
            let value = match stated.0.try_given(&input) {
                Ok(value) => value,
                Err(error) => {
                    flaw.get_or_insert(error);
                    continue;
                }
            };
            has_value = true;
            let fits = match (&value, wants) {
                (Given::List(_), Wants::List) | (Given::None, _) => true,
                (value, Wants::Number) => !stated.0.of(value).is_nan(),
                (_, Wants::List) => false,
            };
            if !fits {
                let what = match wants {
                    Wants::Number => "a number, something true or false, or a token's name",
                    Wants::List => "a list",
                };
                return Err(wrong(0, format!("this has to be {what}")));
            }
        }
        // where some inputs have a value, it is not defined for the others
        if let (Some(error), false) = (flaw, has_value) {
            return Err(told(error));
        }
        Ok(Word::Stated(stated))
    }
}

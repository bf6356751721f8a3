//! Numbers and expressions of each input together: what it is grouped by, or what it is fitted with.

use crate::model::Config;
use crate::sweep::{Gather, Quantity, Seen};
use crate::task::{Expression, Given, Task, Values, shown};
use anyhow::{Result, anyhow};
use std::sync::Arc;

/// What an expression may name besides fields: what the model said and what is right, one value, or a list
/// where there are several answers.
const EXTRA: [&str; 2] = ["said", "truth"];

/// What an input is told by: an expression over its fields, or a number of the model's in the words of claims.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Expression(Expression),
    Quantity(Box<Quantity>),
}

impl Key {
    /// Reads either.
    ///
    /// # Errors
    /// Points at the word that is wrong.
    pub fn parse(text: &str, task: Task, config: &Config) -> Result<Self> {
        let expression = match Expression::parse(task, text, &EXTRA) {
            Ok(expression) => return Ok(Self::Expression(expression)),
            Err(error) => error,
        };
        match Quantity::parse(text, task, config) {
            Ok(quantity) => Ok(Self::Quantity(Box::new(quantity))),
            // the reading that came further says what is wrong
            Err(error) if error.at > expression.at => Err(anyhow!("in '{}': {error}", shown(text))),
            Err(_) => Err(anyhow!("in the expression '{}': {expression}", shown(text))),
        }
    }
}

/// The keys of an input, by column and place.
pub(super) struct Keys<'a> {
    columns: &'a [Vec<Given>],
    place: usize,
}

impl Keys<'_> {
    /// The keys in their order.
    pub fn all(&self) -> impl Iterator<Item = &Given> {
        self.columns.iter().map(|column| &column[self.place])
    }
}

/// What becomes of numbers and keys.
pub(super) trait Fold: Send + Sync {
    /// One that has seen nothing.
    fn empty(&self) -> Self;
    /// Adds an input's own number and its keys; `number` says its place in the space's order.
    ///
    /// # Errors
    /// When a key is of no use.
    fn add(&mut self, value: f64, keys: &Keys<'_>, number: &dyn Fn() -> u64) -> Result<()>;
    /// Adds another, of inputs that come later.
    ///
    /// # Errors
    /// When there is too much.
    fn join(&mut self, later: Self) -> Result<()>;
}

/// Inputs on their way to a fold. Expressions are asked for many inputs at a time.
pub(super) struct Keyed<F> {
    keys: Arc<[Key]>,
    /// Which of the further names some expression asks for.
    asks_extra: bool,
    /// What is waiting: the inputs, all their numbers, and what they are told by besides.
    inputs: Vec<Values>,
    numbers: Vec<f64>,
    extras: Vec<Vec<Given>>,
    pub fold: F,
    failed: Option<anyhow::Error>,
}

impl<F: Fold> Keyed<F> {
    pub fn new(keys: Vec<Key>, fold: F) -> Self {
        let asks = |key: &Key| match key {
            Key::Expression(expression) => EXTRA.iter().any(|extra| expression.uses(extra)),
            Key::Quantity(_) => false,
        };
        Self {
            asks_extra: keys.iter().any(asks),
            keys: keys.into(),
            inputs: Vec::new(),
            numbers: Vec::new(),
            extras: Vec::new(),
            fold,
            failed: None,
        }
    }

    /// The quantities to ask a sweep for: the number itself, and those that are keys.
    pub fn quantities(&self, own: Quantity) -> Vec<Quantity> {
        let keys = self.keys.iter().filter_map(|key| match key {
            Key::Quantity(quantity) => Some(Quantity::clone(quantity)),
            Key::Expression(_) => None,
        });
        std::iter::once(own).chain(keys).collect()
    }

    /// # Errors
    /// What went wrong when parts were put together.
    pub fn check(&self) -> Result<()> {
        match &self.failed {
            Some(error) => Err(anyhow!("{error:#}")),
            None => Ok(()),
        }
    }

    fn work(&mut self) -> Result<()> {
        let inputs = std::mem::take(&mut self.inputs);
        let extras = std::mem::take(&mut self.extras);
        let numbers = std::mem::take(&mut self.numbers);
        let width = numbers.len() / inputs.len().max(1);
        let mut columns = Vec::new();
        let mut quantity = 0;
        for key in &*self.keys {
            columns.push(match key {
                Key::Expression(expression) => expression.values(&inputs, &extras)?,
                Key::Quantity(_) => {
                    quantity += 1;
                    let own = numbers.iter().skip(quantity).step_by(width.max(1));
                    own.map(|&number| match number.is_nan() {
                        true => Given::None,
                        false => Given::Number(number),
                    })
                    .collect()
                }
            });
        }
        for (place, input) in inputs.iter().enumerate() {
            let keys = Keys {
                columns: &columns,
                place,
            };
            let number = || input.task().number_of(input) as u64;
            self.fold.add(numbers[place * width], &keys, &number)?;
        }
        Ok(())
    }
}

impl<F: Fold> Gather for Keyed<F> {
    fn empty(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            asks_extra: self.asks_extra,
            inputs: Vec::new(),
            numbers: Vec::new(),
            extras: Vec::new(),
            fold: self.fold.empty(),
            failed: None,
        }
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let values = seen.values();
        if self.asks_extra {
            let task = values.task();
            let told = |class: &dyn Fn(usize) -> Option<usize>| {
                let all = (0..task.answers.len()).map(|j| given(task, class(j)));
                let mut all: Vec<Given> = all.collect();
                match all.pop() {
                    Some(only) if all.is_empty() => only,
                    last => {
                        all.extend(last);
                        Given::List(all)
                    }
                }
            };
            let both = vec![told(&|j| seen.said(j)), told(&|j| seen.truth(j))];
            self.extras.push(both);
        }
        self.inputs.push(values);
        self.numbers.extend_from_slice(seen.numbers);
    }

    fn close(&mut self) -> Result<()> {
        self.work()
    }

    fn join(&mut self, later: Self) {
        let joined = self.fold.join(later.fold);
        if let (Err(error), None) = (joined, &self.failed) {
            self.failed = Some(error);
        }
    }
}

/// What a class stands for: a number where its name is one.
fn given(task: Task, class: Option<usize>) -> Given {
    let Some(class) = class else {
        return Given::None;
    };
    let name = task.class_name(class as u32);
    name.parse().map_or(Given::Word(name), Given::Number)
}

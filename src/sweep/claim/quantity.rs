//! A number of each input, in the words of claims: what maps, groups and fits are made of.

use super::grammar::{self, ClaimError, Measured};
use super::meaning::Reader;
use super::word::Word;
use super::words;
use crate::model::Config;
use crate::sweep::block::Wanted;
use crate::sweep::input::Input;
use crate::task::Task;
use std::fmt;

/// A number that every input has, or does not have where it is not defined: `margin[b_0]`,
/// `A1[b_0,elt] - A1[b_0,a_1]`, `pred == truth` (1 or 0).
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    line: String,
    read: Measured<Word>,
    task: Task,
    config: Config,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Quantity {
    /// A quantity from its line.
    ///
    /// # Errors
    /// Points at the wrong word and says what could stand there.
    pub fn parse(text: &str, task: Task, config: &Config) -> Result<Self, ClaimError> {
        Self::among(text, task, config, &mut Wanted::default())
    }

    fn among(
        text: &str,
        task: Task,
        config: &Config,
        wanted: &mut Wanted,
    ) -> Result<Self, ClaimError> {
        let read = grammar::read_measured(text);
        let read = read.map_err(|error| words::explained(error, task))?;
        let mut reader = Reader::new(text, task, config, wanted);
        Ok(Self {
            read: match read {
                Measured::Number(number) => Measured::Number(reader.number(number)?),
                Measured::Truth(truth) => Measured::Truth(reader.truth(truth)?),
            },
            line: text.trim().to_owned(),
            task,
            config: config.clone(),
        })
    }

    /// The quantity among others: its numbers stand in rows and paths that all of them share.
    pub(in crate::sweep) fn joined(&self, all: &mut Wanted) -> Result<Self, ClaimError> {
        Self::among(&self.line, self.task, &self.config, all)
    }

    /// Its value; no number where it is not defined.
    pub(in crate::sweep) fn of(&self, input: &Input<'_>) -> f64 {
        match &self.read {
            Measured::Number(number) => number.of(input),
            Measured::Truth(truth) => match truth.of(input).0 {
                Some(is_true) => f64::from(u8::from(is_true)),
                None => f64::NAN,
            },
        }
    }

    /// Whether single precision cannot tell.
    pub(in crate::sweep) fn is_open(&self, input: &Input<'_>) -> bool {
        match &self.read {
            Measured::Number(number) => number.is_open(input),
            Measured::Truth(truth) => truth.is_open(input),
        }
    }

    /// Whether it lies between 0 and 1: something true or not, a probability, attention.
    #[must_use]
    pub fn is_share(&self) -> bool {
        matches!(
            &self.read,
            Measured::Truth(_)
                | Measured::Number(grammar::Number::Word(
                    Word::Right(_) | Word::Prob(..) | Word::Pattern(..)
                ))
        )
    }
}

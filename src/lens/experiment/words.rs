//! The words of an intervention line, read from left to right; an error points at one of them.

use super::intervention::{Averaged, From};
use crate::lens::names::run::RunName;
use crate::task::limits::{self, Beyond};
use crate::task::{Field, Task, shown};
use std::fmt;

/// What is wrong with an intervention line, and at which word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Index of the wrong word; the number of words when one is missing at the end.
    pub word: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {}: {}", self.word + 1, self.problem)
    }
}

impl std::error::Error for LineError {}

impl LineError {
    /// A line that is too much for any grammar.
    pub(crate) fn beyond(line: &str, beyond: &Beyond) -> Self {
        Self {
            word: beyond.word(line),
            problem: beyond.problem.clone(),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, LineError>;

/// The words of a line, read from left to right.
pub(crate) struct Words<'a> {
    pub words: Vec<&'a str>,
    /// How many were read.
    pub at: usize,
    /// The form of the line, once its verb is known.
    pub form: &'static str,
}

impl<'a> Words<'a> {
    /// # Errors
    /// When the line is too long to be read.
    pub fn new(line: &'a str) -> Result<Self> {
        limits::check_line(line).map_err(|beyond| LineError::beyond(line, &beyond))?;
        Ok(Self {
            words: line.split_whitespace().collect(),
            at: 0,
            form: "VERB HOOK TARGET ...",
        })
    }

    /// An error about the word read last.
    pub fn wrong<T>(&self, problem: impl Into<String>) -> Result<T> {
        Err(LineError {
            word: self.at.saturating_sub(1),
            problem: problem.into(),
        })
    }

    pub fn next(&mut self, what: &str) -> Result<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        match word {
            Some(word) => Ok(word),
            None => self.wrong(format!("{what} is missing; {}", self.form)),
        }
    }

    pub fn keyword(&mut self, keyword: &str) -> Result<()> {
        let word = self.next(&format!("'{keyword}'"))?;
        if word == keyword {
            return Ok(());
        }
        self.wrong(format!(
            "'{}' is not '{keyword}'; {}",
            shown(word),
            self.form
        ))
    }

    pub fn number(&mut self) -> Result<f64> {
        let word = self.next("a number")?;
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() && number.abs() <= 1e6 => Ok(number),
            _ => self.wrong(format!(
                "'{}' is not a number from -1e6 to 1e6",
                shown(word)
            )),
        }
    }

    /// A run, or an example of the sample.
    pub fn from(&mut self) -> Result<From> {
        match self.next("clean, corrupted or example N")? {
            "clean" => Ok(From::Run(RunName::Clean)),
            "corrupted" => Ok(From::Run(RunName::Corrupted)),
            "example" => Ok(From::Example(self.whole("an example's number")? as usize)),
            word => self.wrong(format!(
                "'{}' is not clean, corrupted or example N",
                shown(word)
            )),
        }
    }

    /// `over sample|space [given FIELDS]`
    pub fn mean(&mut self, task: Task) -> Result<From> {
        self.keyword("over")?;
        let over = match self.next("sample or space")? {
            "sample" => Averaged::Sample,
            "space" => Averaged::Space,
            other => return self.wrong(format!("'{}' is not sample or space", shown(other))),
        };
        let given = self.option("given").then(|| self.fields(task));
        Ok(From::Mean(over, given.transpose()?.unwrap_or_default()))
    }

    /// `keep FIELDS|nothing [seed N]`
    pub fn resample(&mut self, task: Task) -> Result<From> {
        self.keyword("keep")?;
        let keep = self.fields(task)?;
        let seed = self.option("seed").then(|| self.whole("a seed"));
        let seed = seed.transpose()?.unwrap_or(0);
        Ok(From::Resample { keep, seed })
    }

    /// Whether this keyword comes next; it is read then.
    pub fn option(&mut self, keyword: &str) -> bool {
        let here = self.words.get(self.at) == Some(&keyword);
        self.at += usize::from(here);
        here
    }

    pub fn whole(&mut self, what: &str) -> Result<u32> {
        let word = self.next(what)?;
        word.parse()
            .or_else(|_| self.wrong(format!("'{}' is not {what}", shown(word))))
    }

    /// Fields such as `idx,a_0`, or `nothing`.
    pub fn fields(&mut self, task: Task) -> Result<Vec<Field>> {
        let word = self.next("fields such as idx,a_0")?;
        if word == "nothing" {
            return Ok(Vec::new());
        }
        let named = |name: &str| task.fields().find(|field| field.to_string() == name);
        let mut fields: Vec<Field> = Vec::new();
        for name in word.split(',') {
            let Some(field) = named(name) else {
                let names: Vec<_> = task.fields().map(|field| field.to_string()).collect();
                return self.wrong(format!(
                    "no field '{}'; the fields are {}",
                    shown(name),
                    names.join(" ")
                ));
            };
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        if let Some(next) = self.words.get(self.at).filter(|next| named(next).is_some()) {
            self.at += 1;
            return self.wrong(format!("commas separate fields: {word},{next}"));
        }
        Ok(fields)
    }

    pub fn position(&self, task: Task, word: &str) -> Result<Option<usize>> {
        if word == "*" {
            return Ok(None);
        }
        let position = task.position(word);
        position.map(Some).or_else(|e| self.wrong(e.to_string()))
    }

    pub fn end(&mut self) -> Result<()> {
        match self.words.get(self.at) {
            None => Ok(()),
            Some(word) => {
                self.at += 1;
                self.wrong(format!(
                    "'{}' is one word too many; {}",
                    shown(word),
                    self.form
                ))
            }
        }
    }
}

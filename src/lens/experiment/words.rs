//! The words of an intervention line, read from left to right; an error points at one of them.

use super::intervention::{Averaged, From};
use crate::lens::names::run::RunName;
use crate::task::limits::{self, Beyond};
use crate::task::{Agreement, Expression, ExpressionError, Field, Task, shown};
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

    /// What is wrong with the word of a line that stands at a byte, within it or where it begins; where nothing
    /// but blanks follows, a word is missing.
    pub(crate) fn at(line: &str, byte: usize, problem: String) -> Self {
        let begins = |rest: &str| rest.starts_with(|c: char| !c.is_whitespace());
        let mut before = line.get(..byte).unwrap_or(line);
        if line.get(byte..).is_some_and(begins) {
            before = before.trim_end_matches(|c: char| !c.is_whitespace());
        }
        Self {
            word: before.split_whitespace().count(),
            problem,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, LineError>;

/// The words of a line, read from left to right.
pub(crate) struct Words<'a> {
    /// The line itself.
    line: &'a str,
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
            line,
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

    /// An error about the word that stands at a byte of the line; about what is missing at its end.
    pub fn wrong_at<T>(&self, at: usize, problem: impl Into<String>) -> Result<T> {
        let begun = self.words.iter().filter(|word| self.byte(word) <= at);
        let word = match at >= self.line.trim_end().len() {
            true => self.words.len(),
            false => begun.count().saturating_sub(1),
        };
        Err(LineError {
            word,
            problem: problem.into(),
        })
    }

    /// An error in an expression that begins at a byte of the line.
    pub fn wrong_expression<T>(&self, at: usize, error: &ExpressionError) -> Result<T> {
        self.wrong_at(at + error.at, error.to_string())
    }

    /// Where a word begins.
    fn byte(&self, word: &str) -> usize {
        (word.as_ptr() as usize).saturating_sub(self.line.as_ptr() as usize)
    }

    /// All that is left of the line, and the byte at which it begins.
    pub fn rest(&mut self, what: &str) -> Result<(&'a str, usize)> {
        let word = self.next(what)?;
        let at = self.byte(word);
        self.at = self.words.len();
        Ok((self.line[at..].trim_end(), at))
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

    /// `over sample|space [given FIELDS|EXPRESSION]`
    pub fn mean(&mut self, task: Task) -> Result<From> {
        self.keyword("over")?;
        let over = match self.next("sample or space")? {
            "sample" => Averaged::Sample,
            "space" => Averaged::Space,
            other => return self.wrong(format!("'{}' is not sample or space", shown(other))),
        };
        let given = self.option("given").then(|| self.agreement(task, false));
        let given = given.transpose()?.map(|(given, _)| given);
        Ok(From::Mean(over, given.unwrap_or_else(Agreement::nothing)))
    }

    /// `keep FIELDS|EXPRESSION|nothing [seed N]`
    pub fn resample(&mut self, task: Task) -> Result<From> {
        self.keyword("keep")?;
        let (keep, seed) = self.agreement(task, true)?;
        Ok(From::Resample {
            keep,
            seed: seed.unwrap_or(0),
        })
    }

    /// Fields such as `idx,a_0`, `nothing`, or an expression up to the end of the line; behind it a
    /// seed where there may be one.
    fn agreement(&mut self, task: Task, seeded: bool) -> Result<(Agreement, Option<u32>)> {
        if !self.is_expression() {
            let fields = self.fields(task)?;
            let seed = (seeded && self.option("seed")).then(|| self.whole("a seed"));
            return Ok((Agreement::Fields(fields), seed.transpose()?));
        }
        let begin = self.at;
        let (mut text, at) = self.rest("an expression")?;
        let mut seed = None;
        if let [.., word, number] = self.words[begin..]
            && seeded
            && word == "seed"
        {
            self.at = self.words.len();
            seed =
                Some(number.parse().or_else(|_| {
                    self.wrong::<u32>(format!("'{}' is not a seed", shown(number)))
                })?);
            text = self.line[at..self.byte(word)].trim_end();
        }
        let expression = Expression::parse(task, text, &[]);
        let expression = expression.or_else(|error| self.wrong_expression(at, &error))?;
        Ok((expression.into(), seed))
    }

    /// Whether what is left is no list of names.
    fn is_expression(&self) -> bool {
        let rest = self.words.get(self.at..).unwrap_or_default();
        let signs = |word: &&str| word.contains(|c: char| "()[]+-*/%<>=!\"'".contains(c));
        let words = ["if", "not", "and", "or", "in"];
        rest.iter().any(|word| signs(word) || words.contains(word))
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
    fn fields(&mut self, task: Task) -> Result<Vec<Field>> {
        let word = self.next(&task.in_names("fields such as {field},{other}"))?;
        if word == "nothing" {
            return Ok(Vec::new());
        }
        let named = |name: &str| task.field(name);
        let mut fields: Vec<Field> = Vec::new();
        for name in word.split(',') {
            let group = task.groups.iter().find(|group| group.name == name);
            if let Some(group) = group.filter(|group| group.is_list) {
                let all = group.slots.clone().map(|slot| Field::new(task, slot));
                fields.extend(
                    all.filter(|field| !fields.contains(field))
                        .collect::<Vec<_>>(),
                );
                continue;
            }
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

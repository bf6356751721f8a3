//! Values from text: one of a field, all of one, what is fed back.

use super::text::shown;
use super::{Group, Task, Token, Values};
use std::fmt;

/// What is wrong with a typed prompt: which part, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptError {
    /// The part's name: `a_1`, `idx`, `elt`, `b_0`, or `prompt` for the whole.
    pub part: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.problem)
    }
}

impl std::error::Error for PromptError {}

pub(super) type Result<T> = std::result::Result<T, PromptError>;

pub(super) fn error<T>(part: &str, problem: impl Into<String>) -> Result<T> {
    Err(PromptError {
        part: part.into(),
        problem: problem.into(),
    })
}

/// Whether a letter parts two values of a prompt.
#[must_use]
pub fn parts_values(c: char) -> bool {
    c.is_whitespace() || c == ','
}

pub(super) fn words(text: &str) -> Vec<&str> {
    text.split(parts_values)
        .filter(|word| !word.is_empty())
        .collect()
}

impl Task {
    /// A single word that is no token, but whose letters all are, is a word of these letters.
    pub(super) fn letters(self, words: Vec<&str>) -> Vec<&str> {
        let [word] = words[..] else {
            return words;
        };
        let each: Vec<&str> = word
            .char_indices()
            .map(|(at, c)| &word[at..at + c.len_utf8()])
            .collect();
        let known = |letter: &&str| self.vocabulary.named(letter).is_some();
        let numeric = word.parse::<i64>().is_ok();
        if !numeric && self.vocabulary.named(word).is_none() && each.iter().all(known) {
            each
        } else {
            words
        }
    }

    /// One value of a field, by its name.
    ///
    /// # Errors
    /// When it is none of those that the field may hold.
    pub fn parse_value(self, part: &str, word: &str) -> Result<Token> {
        match self.field(part) {
            Some(field) => self.one_of(part, word, field.values()),
            None => {
                let all: Vec<Token> = (0..self.d_vocab() as Token).collect();
                self.one_of(part, word, &all)
            }
        }
    }

    /// All classes in few words.
    #[must_use]
    pub fn classes_in_words(self) -> String {
        let classes = &self.get().classes;
        let all: Vec<Token> = (0..classes.len() as Token).collect();
        classes.words(&all)
    }

    /// A class that the model can say, by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn parse_class(self, part: &str, word: &str) -> Result<Token> {
        // where classes have names, their numbers do as well
        let is_name = |class: &Token| self.class_name(*class).parse::<i64>().is_err();
        let number = || word.parse::<Token>().ok().filter(is_name);
        let known = number().filter(|&class| (class as usize) < self.classes.len());
        match self.classes.named(word).or(known) {
            Some(class) => Ok(class),
            None => wrong(part, word, &self.classes_in_words()),
        }
    }

    fn one_of(self, part: &str, word: &str, values: &[Token]) -> Result<Token> {
        let vocabulary = &self.get().vocabulary;
        match vocabulary
            .named(word)
            .filter(|token| values.contains(token))
        {
            Some(token) => Ok(token),
            None => wrong(part, word, &vocabulary.words(values)),
        }
    }

    /// The values of a field of the task's function, as the tokens of all its slots.
    ///
    /// # Errors
    /// Names the first value that is wrong, missing or too many, or comes twice where none may.
    pub fn parse_group(self, group: &Group, text: &str) -> Result<Vec<Token>> {
        self.group_of(group, &self.letters(words(text)))
    }

    pub(super) fn group_of(self, group: &Group, words: &[&str]) -> Result<Vec<Token>> {
        let (name, need) = (&group.name, group.slots.len());
        let fits = match &group.lengths {
            Some(lengths) => lengths.contains(&words.len()),
            None => words.len() == need,
        };
        if !group.is_list && words.is_empty() {
            let values = self.vocabulary.words(&self.slots[group.slots.start].values);
            return error(name, format!("empty; {values} is needed"));
        }
        if !fits {
            let need = match &group.lengths {
                Some(lengths) => words_of(lengths),
                None => need.to_string(),
            };
            return error(name, format!("{need} values needed, got {}", words.len()));
        }
        let mut tokens = Vec::with_capacity(need);
        for (slot, word) in group.slots.clone().zip(words) {
            let part = &self.get().slots[slot].name;
            let token = self.parse_value(part, word)?;
            if group.distinct && tokens.contains(&token) {
                return error(
                    part,
                    format!("{word} comes twice; all of {name} must differ"),
                );
            }
            tokens.push(token);
        }
        tokens.resize(need, self.pad.unwrap_or(0));
        Ok(tokens)
    }

    /// What stands where answers are fed back.
    ///
    /// # Errors
    /// Names the first that is wrong, missing or too many.
    pub fn parse_continuation(self, text: &str) -> Result<Vec<Token>> {
        self.continuation_of(&self.letters(words(text)))
    }

    pub(super) fn continuation_of(self, words: &[&str]) -> Result<Vec<Token>> {
        let answers = self.get().answers.iter();
        let fed: Vec<_> = answers.filter(|answer| answer.fed_back.is_some()).collect();
        if words.len() != fed.len() {
            let name = fed.first().map_or("prompt", |answer| &answer.group);
            return error(
                name,
                format!("{} values needed, got {}", fed.len(), words.len()),
            );
        }
        let said: Vec<Token> = (0..self.classes.len() as Token)
            .filter_map(|class| self.token_of_class(class))
            .collect();
        let pairs = fed.iter().zip(words);
        pairs
            .map(|(answer, word)| self.one_of(&answer.name, word, &said))
            .collect()
    }

    pub(super) fn exists(self, values: Vec<Token>) -> Result<Values> {
        let input = Values::new(self, values);
        match self.existing(std::slice::from_ref(&input)).as_deref() {
            Ok([true]) => Ok(input),
            Ok(_) => error("prompt", format!("{input} is no input of {}", self.name)),
            Err(problem) => error("prompt", format!("{problem:#}")),
        }
    }

    /// An input from the texts of its fields, one a group.
    ///
    /// # Errors
    /// Names the first wrong part and what it may be.
    pub fn parse_groups(self, texts: &[&str]) -> Result<Values> {
        let groups = self.get().groups.iter().zip(texts);
        let values = groups.map(|(group, text)| self.parse_group(group, text));
        self.exists(values.collect::<Result<Vec<_>>>()?.concat())
    }
}

fn wrong<T>(part: &str, word: &str, range: &str) -> Result<T> {
    if word.is_empty() {
        return error(part, format!("empty; {range} is needed"));
    }
    match word.parse::<u64>() {
        Ok(value) => error(part, format!("{value} is not {range}")),
        Err(_) => error(part, format!("'{}' is not {range}", shown(word))),
    }
}

/// `2, 4 .. 40`.
fn words_of(lengths: &[usize]) -> String {
    match lengths {
        [first, second, .., last] => format!("{first}, {second} .. {last}"),
        _ => lengths
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

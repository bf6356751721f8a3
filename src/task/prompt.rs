//! A prompt from text, in three forms: fields, a whole sequence, assignments.

use super::{Group, Place, Prompt, Task, Token, Values};
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

type Result<T> = std::result::Result<T, PromptError>;

fn error<T>(part: &str, problem: impl Into<String>) -> Result<T> {
    Err(PromptError {
        part: part.into(),
        problem: problem.into(),
    })
}

/// Foreign text made fit for a message: [`harmless`], 40 characters at most.
#[must_use]
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", harmless(&text[..end])),
        None => harmless(text),
    }
}

/// Foreign text in full, fit for a terminal: control and direction characters are escaped.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let unsafe_to_show = c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if unsafe_to_show {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect()
}

impl Task {
    /// A prompt from any of the forms `14 26 35 1 48` (the fields), `BOS 14 26 35 \n 2 48 \n 14 23 26`
    /// (the whole sequence, also with the ids of the special tokens) and
    /// `a=[14,26,35]; idx=1; elt=48 -> [14,48,35]`, where `a[1]=48` stands for the two fields that
    /// are no list. Where no answers are given they are the truth.
    ///
    /// # Errors
    /// Names the first wrong part and what it may be.
    pub fn parse_prompt(self, text: &str) -> Result<Prompt> {
        super::limits::check_line(text).or_else(|beyond| error("prompt", beyond.problem))?;
        if self.is_assignment(text) {
            return self.parse_assignment(text);
        }
        let spaced = text.replace("\\n", " \\n ");
        let plain = self.letters(words(&spaced));
        let fixed: Vec<String> = self.fixed_names();
        let has_fixed = plain
            .iter()
            .any(|word| fixed.contains(&word.to_ascii_uppercase()));
        if plain.len() == self.seq_len() || spaced.contains("\\n") || has_fixed {
            // line breaks stand for themselves, unless nothing is missing without them
            let marked = spaced.trim().replace('\n', " \\n ");
            let spelled = plain.len() == self.seq_len();
            let words = if spelled {
                plain
            } else {
                self.letters(words(&marked))
            };
            return self.parse_sequence(&words);
        }
        Ok(Prompt::teacher_forced(self.parse_fields(&plain)?))
    }

    /// Names of the fixed tokens that stand for nothing but themselves.
    fn fixed_names(self) -> Vec<String> {
        let places = self.get().places.iter();
        let free = |token: Token| {
            let mut slots = self.get().slots.iter();
            !slots.any(|slot| slot.values.contains(&token))
        };
        places
            .filter_map(|place| match place {
                Place::Fixed(token) if free(*token) => {
                    Some(self.token_name(*token).to_ascii_uppercase())
                }
                _ => None,
            })
            .collect()
    }

    /// A single word that is no token, but whose letters all are, is a word of these letters.
    fn letters(self, words: Vec<&str>) -> Vec<&str> {
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
        match self.classes.named(word) {
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

    fn group_of(self, group: &Group, words: &[&str]) -> Result<Vec<Token>> {
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

    fn continuation_of(self, words: &[&str]) -> Result<Vec<Token>> {
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

    fn exists(self, values: Vec<Token>) -> Result<Values> {
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

    fn parse_fields(self, words: &[&str]) -> Result<Values> {
        let groups = &self.get().groups;
        let fixed: usize = groups
            .iter()
            .filter(|group| group.lengths.is_none())
            .map(|group| group.slots.len())
            .sum();
        let varies = groups.iter().any(|group| group.lengths.is_some());
        if words.len() < fixed || !varies && words.len() != fixed {
            let names: Vec<String> = groups.iter().map(names_of).collect();
            let problem = format!(
                "{} values needed ({}), or a whole sequence of {}; got {}",
                self.slots.len(),
                names.join(" "),
                self.seq_len(),
                words.len()
            );
            return error("prompt", problem);
        }
        let mut rest = words;
        let mut values = Vec::new();
        for group in groups {
            let len = match group.lengths {
                Some(_) => rest.len() - (fixed - values_before(groups, group)),
                None => group.slots.len(),
            };
            let (here, after) = rest.split_at(len.min(rest.len()));
            values.extend(self.group_of(group, here)?);
            rest = after;
        }
        self.exists(values)
    }

    fn parse_sequence(self, words: &[&str]) -> Result<Prompt> {
        let longest = self.seq_len();
        let fits = words.len() == longest || self.pad.is_some() && words.len() < longest;
        if !fits {
            let problem = format!(
                "a whole sequence has {longest} tokens ({}); got {}",
                self.labels.join(" "),
                words.len()
            );
            return error("prompt", problem);
        }
        let pad = self.pad.map(|pad| self.token_name(pad));
        let padding = words
            .iter()
            .rev()
            .take_while(|word| Some(**word) == pad.as_deref())
            .count();
        let words = &words[..words.len() - padding];
        let missing = longest - words.len();
        let (mut at, mut fields, mut fed) = (0, vec![Vec::new(); self.groups.len()], Vec::new());
        for (position, place) in self.get().places.iter().enumerate() {
            let group = |slot: usize| self.groups.iter().position(|one| one.slots.contains(&slot));
            if let Place::Slot(slot) = place
                && let Some(number) = group(*slot)
                && self.groups[number].lengths.is_some()
                && fields[number].len() + missing >= self.groups[number].slots.len()
            {
                continue;
            }
            let Some(&word) = words.get(at) else {
                return error(&self.label(position), "missing");
            };
            at += 1;
            match place {
                Place::Fixed(token) => self.check_fixed(position, word, *token)?,
                Place::Slot(slot) => fields[group(*slot).unwrap_or(0)].push(word),
                Place::Answer(_) => fed.push(word),
            }
        }
        let groups = self.get().groups.iter().zip(&fields);
        let values = groups.map(|(group, words)| self.group_of(group, words));
        Ok(Prompt {
            values: self.exists(values.collect::<Result<Vec<_>>>()?.concat())?,
            continuation: self.continuation_of(&fed)?,
        })
    }

    fn check_fixed(self, position: usize, word: &str, token: Token) -> Result<()> {
        let name = self.token_name(token);
        let said = self.vocabulary.named(word) == Some(token);
        if said || word.eq_ignore_ascii_case(&name) || word == token.to_string() {
            return Ok(());
        }
        let problem = format!("'{}' is not {name} or {token}", shown(word));
        error(&self.label(position), problem)
    }

    fn is_assignment(self, text: &str) -> bool {
        let mut groups = self.get().groups.iter();
        groups.any(|group| {
            let rest = text.trim_start().strip_prefix(group.name.as_str());
            rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '[']))
        })
    }

    /// `a=[14,26,35]; idx=1; elt=48` in any order, optionally `-> [14,48,35]`.
    fn parse_assignment(self, text: &str) -> Result<Prompt> {
        let compact: String = text.chars().filter(|&c| c != '\n').collect();
        let (before, after) = match compact.split_once("->") {
            Some((before, after)) => (before, Some(after.trim())),
            None => (compact.as_str(), None),
        };
        let groups = &self.get().groups;
        let mut texts = vec![None; groups.len()];
        for part in before
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let Some((name, value)) = part.split_once('=') else {
                return error(
                    "prompt",
                    format!(
                        "'{}' is no assignment; {}",
                        shown(part),
                        self.example_form()
                    ),
                );
            };
            let (name, value) = (name.trim(), value.trim());
            if let Some((list, at)) = name.strip_suffix(']').and_then(|name| name.split_once('['))
                && groups
                    .iter()
                    .any(|group| group.is_list && group.name == list.trim())
                && let Some((first, second)) = self.two_singles()
            {
                texts[first] = Some(at.trim());
                texts[second] = Some(value);
                continue;
            }
            let Some(number) = groups.iter().position(|group| group.name == name) else {
                return error(
                    "prompt",
                    format!("no field '{}'; {}", shown(name), self.example_form()),
                );
            };
            texts[number] = Some(if groups[number].is_list {
                self.bracketed(&groups[number].name, value)?
            } else {
                value
            });
        }
        let mut all = Vec::new();
        for (group, text) in groups.iter().zip(texts) {
            let Some(text) = text else {
                return error(&group.name, format!("missing; {}", self.example_form()));
            };
            all.push(text);
        }
        let values = self.parse_groups(&all)?;
        let Some(after) = after else {
            return Ok(Prompt::teacher_forced(values));
        };
        let name = self
            .answers
            .first()
            .map_or("answer", |answer| &answer.group);
        let continuation = self.parse_continuation(self.bracketed(name, after)?)?;
        Ok(Prompt {
            values,
            continuation,
        })
    }

    fn bracketed<'a>(self, part: &str, text: &'a str) -> Result<&'a str> {
        let inside = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        match inside {
            Some(inside) => Ok(inside),
            None => error(
                part,
                format!("'{}' is no list; {}", shown(text), self.example_form()),
            ),
        }
    }

    /// The two fields that are no lists, where a list and these two are all there is.
    fn two_singles(self) -> Option<(usize, usize)> {
        let groups = self.get().groups.iter().enumerate();
        let single: Vec<usize> = groups
            .filter(|(_, one)| !one.is_list)
            .map(|(i, _)| i)
            .collect();
        match single[..] {
            [first, second] if self.groups.len() == 3 => Some((first, second)),
            _ => None,
        }
    }

    /// How assignments are written, by the example of the first input there is.
    fn example_form(self) -> String {
        let example = self.values_at(self.input_space() / 3);
        let value = |number: usize| {
            let names = example.names(number).join(",");
            let group = &self.get().groups[number];
            if group.is_list {
                format!("{}=[{names}]", group.name)
            } else {
                format!("{}={names}", group.name)
            }
        };
        let all: Vec<String> = (0..self.groups.len()).map(value).collect();
        format!("the form is {}", all.join("; "))
    }
}

fn wrong<T>(part: &str, word: &str, range: &str) -> Result<T> {
    if word.is_empty() {
        return error(part, format!("empty; {range} is needed"));
    }
    match word.parse::<i64>() {
        Ok(value) => error(part, format!("{value} is not {range}")),
        Err(_) => error(part, format!("'{}' is not {range}", shown(word))),
    }
}

/// `a_0 a_1 a_2`, `idx`.
fn names_of(group: &Group) -> String {
    if !group.is_list {
        return group.name.clone();
    }
    let names: Vec<_> = (0..group.slots.len())
        .map(|i| format!("{}_{i}", group.name))
        .collect();
    names.join(" ")
}

/// How many values of fields of one length stand before this group.
fn values_before(groups: &[Group], until: &Group) -> usize {
    let before = groups.iter().take_while(|group| group.slots != until.slots);
    let fixed = before.filter(|group| group.lengths.is_none());
    fixed.map(|group| group.slots.len()).sum()
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

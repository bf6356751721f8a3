//! A prompt from text, in three forms: fields, a whole sequence, an array update.

use super::{ArrayUpdate, Prompt, Token, Update};
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

impl ArrayUpdate {
    /// A prompt from any of the forms `a0 a1 a2 idx elt`, `BOS 14 26 35 \n 2 48 \n 14 23 26`
    /// (also with the ids of the special tokens) and `a=[14,26,35]; a[1]=48 -> [14,48,35]`.
    /// Where no continuation is given it is the truth.
    ///
    /// # Errors
    /// Names the first wrong part and its range.
    pub fn parse_prompt(&self, text: &str) -> Result<Prompt> {
        super::limits::check_line(text).or_else(|beyond| error("prompt", beyond.problem))?;
        if text.contains('[') {
            return self.parse_assignment(text);
        }
        let spaced = text.replace("\\n", " \\n ");
        let is_sequence = spaced.contains("\\n")
            || spaced.to_ascii_uppercase().contains("BOS")
            || words(&spaced).len() == self.seq_len();
        if is_sequence {
            // line breaks stand for themselves, unless nothing is missing without them
            let marked = spaced.trim().replace('\n', " \\n ");
            let spelled = words(&spaced).len() == self.seq_len();
            return self.parse_sequence(&words(if spelled { &spaced } else { &marked }));
        }
        let prompt = Prompt::teacher_forced(self.parse_fields(&words(&spaced))?);
        Ok(prompt)
    }

    /// One value of a field.
    ///
    /// # Errors
    /// When it is no whole number of the field's range.
    pub fn parse_value(&self, part: &str, word: &str) -> Result<Token> {
        let end = match part {
            "idx" => self.list_len,
            _ => self.max_num as usize,
        };
        let range = format!("a whole number from 0 to {}", end - 1);
        if word.is_empty() {
            return error(part, format!("empty; {range} is needed"));
        }
        match word.parse::<u64>() {
            Ok(value) if value < end as u64 => Ok(value as Token),
            Ok(value) => error(part, format!("{value} is not {range}")),
            Err(_) => error(part, format!("'{}' is not {range}", shown(word))),
        }
    }

    /// `list_len` values of one list, whose parts are called `{name}_0`, `{name}_1`, ...
    ///
    /// # Errors
    /// Names the first value that is wrong, missing or too many.
    pub fn parse_list(&self, name: &str, text: &str) -> Result<Vec<Token>> {
        self.list_of(name, &words(text))
    }

    fn list_of(&self, name: &str, words: &[&str]) -> Result<Vec<Token>> {
        if words.len() != self.list_len {
            let need = self.list_len;
            return error(name, format!("{need} values needed, got {}", words.len()));
        }
        let values = words.iter().enumerate();
        values
            .map(|(i, word)| self.parse_value(&format!("{name}_{i}"), word))
            .collect()
    }

    fn parse_fields(&self, words: &[&str]) -> Result<Update> {
        let l = self.list_len;
        if words.len() != l + 2 {
            let names: Vec<_> = (0..l).map(|i| format!("a_{i}")).collect();
            return error(
                "prompt",
                format!(
                    "{} numbers needed ({} idx elt), or a whole sequence of {}; got {}",
                    l + 2,
                    names.join(" "),
                    self.seq_len(),
                    words.len()
                ),
            );
        }
        Ok(Update {
            a: self.list_of("a", &words[..l])?,
            idx: self.parse_value("idx", words[l])?,
            elt: self.parse_value("elt", words[l + 1])?,
        })
    }

    fn parse_sequence(&self, words: &[&str]) -> Result<Prompt> {
        if words.len() != self.seq_len() {
            return error(
                "prompt",
                format!(
                    "a whole sequence has {} tokens ({}); got {}",
                    self.seq_len(),
                    self.labels().join(" "),
                    words.len()
                ),
            );
        }
        let l = self.list_len;
        for (position, names, id) in [
            (0, ["BOS", "bos"], self.bos()),
            (l + 1, ["\\n", "nl"], self.newline()),
            (l + 4, ["\\n", "nl"], self.newline()),
        ] {
            let word = words[position];
            if !names.contains(&word) && word != id.to_string() {
                let problem = format!("'{}' is not {} or {id}", shown(word), names[0]);
                return error(&self.label(position), problem);
            }
        }
        let mut fields = words[1..=l].to_vec();
        fields.extend(&words[l + 2..l + 4]);
        Ok(Prompt {
            update: self.parse_fields(&fields)?,
            continuation: self.list_of("b", &words[l + 5..])?,
        })
    }

    /// `a=[14,26,35]; a[1]=48`, optionally `-> [14,48,35]`.
    fn parse_assignment(&self, text: &str) -> Result<Prompt> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let form = "the form is a=[14,26,35]; a[1]=48 -> [14,48,35]";
        let (before, after) = match compact.split_once("->") {
            Some((before, after)) => (before, Some(after)),
            None => (compact.as_str(), None),
        };
        let Some((list, assignment)) = before.split_once(';') else {
            return error("prompt", format!("no ';' after the list; {form}"));
        };
        let Some(list) = list.strip_prefix("a=").and_then(bracketed) else {
            return error("a", format!("'{}' is no list; {form}", shown(list)));
        };
        let target = assignment.strip_prefix("a[").and_then(|rest| {
            let (idx, elt) = rest.trim_end_matches(';').split_once("]=")?;
            Some((idx, elt))
        });
        let Some((idx, elt)) = target else {
            let problem = format!("'{}' is no assignment; {form}", shown(assignment));
            return error("idx", problem);
        };
        let update = Update {
            a: self.parse_list("a", list)?,
            idx: self.parse_value("idx", idx)?,
            elt: self.parse_value("elt", elt)?,
        };
        let Some(after) = after else {
            return Ok(Prompt::teacher_forced(update));
        };
        let Some(after) = bracketed(after) else {
            return error("b", format!("'{}' is no list; {form}", shown(after)));
        };
        Ok(Prompt {
            update,
            continuation: self.parse_list("b", after)?,
        })
    }
}

fn bracketed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

//! A whole prompt from text, in three forms: fields, a sequence, assignments.

use super::prompt::{Result, error, words};
use super::text::shown;
use super::{Group, Meaning, Place, Prompt, Task, Token, Values, limits};
use rand_mt::Mt;

impl Task {
    /// A prompt from any of the forms `14 26 35 1 48` (the fields), `BOS 14 26 35 \n 2 48 \n 14 23 26`
    /// (the whole sequence, also with the ids of the special tokens) and
    /// `a=[14,26,35]; idx=1; elt=48 -> [14,48,35]`, where `a[1]=48` stands for the two fields that
    /// are no list. Where no answers are given they are the truth.
    ///
    /// # Errors
    /// Names the first wrong part and what it may be.
    pub fn parse_prompt(self, text: &str) -> Result<Prompt> {
        self.parse_prompt_beside(text, None)
    }

    /// The same, where fields that assignments leave out are as in another input.
    ///
    /// # Errors
    /// Names the first wrong part and what it may be.
    pub fn parse_prompt_beside(self, text: &str, other: Option<&Values>) -> Result<Prompt> {
        limits::check_line(text).or_else(|beyond| error("prompt", beyond.problem))?;
        if self.is_assignment(text) {
            return self.parse_assignment(text, other);
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

    /// The prompt that these tokens are, if they are one.
    #[must_use]
    pub fn prompt_of(self, tokens: &[Token]) -> Option<Prompt> {
        let names: Vec<String> = tokens.iter().map(|&token| self.token_name(token)).collect();
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let prompt = self.parse_sequence(&words).ok()?;
        (self.row(&prompt) == tokens).then_some(prompt)
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

    fn parse_fields(self, words: &[&str]) -> Result<Values> {
        let groups = &self.get().groups;
        let fixed: usize = groups
            .iter()
            .filter(|group| group.lengths.is_none())
            .map(|group| group.slots.len())
            .sum();
        let varies = self.varies();
        if self.lists() > 1 {
            let problem = format!("several lists vary in length; {}", self.example_form());
            return error("prompt", problem);
        }
        if words.len() < fixed || !varies && words.len() != fixed {
            let names: Vec<String> = groups.iter().map(names_of).collect();
            let number =
                |&token: &Token| matches!(self.vocabulary.meaning(token), Some(Meaning::Number(_)));
            let numbers = self.slots.iter().all(|slot| slot.values.iter().all(number));
            let problem = format!(
                "{} {} needed ({}), or a whole sequence of {}; got {}",
                self.slots.len(),
                if numbers { "numbers" } else { "values" },
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
        let together = self.without_gaps(words);
        let words = together.as_slice();
        let padding = words
            .iter()
            .rev()
            .take_while(|word| Some(**word) == pad.as_deref())
            .count();
        let words = &words[..words.len() - padding];
        let missing = longest - words.len();
        let (mut at, mut fields, mut fed) = (0, vec![Vec::new(); self.groups.len()], Vec::new());
        let mut len = 0;
        for (position, place) in self.get().places.iter().enumerate() {
            let group = |slot: usize| self.groups.iter().position(|one| one.slots.contains(&slot));
            if let Place::Slot(slot) = place
                && self.in_list(*slot)
            {
                let number = group(*slot).unwrap_or(0);
                let slots = &self.groups[number].slots;
                if *slot == slots.start {
                    len = match self.lists() {
                        1 => slots.len().saturating_sub(missing),
                        _ => self.until_stop(position + slots.len(), &words[at.min(words.len())..]),
                    };
                }
                if fields[number].len() >= len {
                    continue;
                }
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
        if let Some(word) = words.get(at) {
            return error("prompt", format!("'{}' is too many", shown(word)));
        }
        let groups = self.get().groups.iter().zip(&fields);
        let values = groups.map(|(group, words)| self.group_of(group, words));
        Ok(Prompt {
            values: self.exists(values.collect::<Result<Vec<_>>>()?.concat())?,
            continuation: self.continuation_of(&fed)?,
        })
    }

    /// A sequence as it stands on screen, what shorter lists leave free left out; any other as it is.
    fn without_gaps<'a>(self, words: &[&'a str]) -> Vec<&'a str> {
        let tokens: Option<Vec<Token>> = words
            .iter()
            .map(|word| self.vocabulary.named(word))
            .collect();
        let Some(tokens) = tokens else {
            return words.to_vec();
        };
        let positions = self.as_read(&tokens).into_iter();
        positions.map(|position| words[position]).collect()
    }

    /// How many words stand before the token that ends a list: the one behind its last place.
    fn until_stop(self, behind: usize, words: &[&str]) -> usize {
        let stop = match self.get().places.get(behind) {
            Some(Place::Fixed(token)) => *token,
            _ => return words.len(),
        };
        let ends = |word: &&str| self.vocabulary.named(word) == Some(stop);
        words.iter().position(ends).unwrap_or(words.len())
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

    /// Whether a text begins as `a=`, `a[` or, whatever the name, `x=[`.
    fn is_assignment(self, text: &str) -> bool {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let rest: String = rest
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(2)
            .collect();
        let known = self.get().groups.iter().any(|group| group.name == name);
        known && rest.starts_with(['=', '[']) || !name.is_empty() && rest == "=["
    }

    /// `a=[14,26,35]; idx=1; elt=48` in any order, optionally `-> [14,48,35]`.
    fn parse_assignment(self, text: &str, other: Option<&Values>) -> Result<Prompt> {
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
        let mut all: Vec<String> = Vec::new();
        for (number, (group, text)) in groups.iter().zip(texts).enumerate() {
            all.push(match (text, other) {
                (Some(text), _) => text.to_owned(),
                (None, Some(other)) => other.names(number).join(" "),
                (None, None) => {
                    return error(&group.name, format!("missing; {}", self.example_form()));
                }
            });
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
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

    /// How assignments are written, by an example.
    fn example_form(self) -> String {
        let example = self.drawn(&mut Mt::new(0));
        let all: Vec<String> = match self.two_singles() {
            Some((at, put)) => {
                let list = (0..3)
                    .find(|&group| group != at && group != put)
                    .unwrap_or(0);
                let [at, put] = [at, put].map(|group| example.names(group).concat());
                vec![
                    example.assigned(list),
                    format!("{}[{at}]={put}", self.groups[list].name),
                ]
            }
            None => (0..self.groups.len())
                .map(|number| example.assigned(number))
                .collect(),
        };
        format!("the form is {}", all.join("; "))
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

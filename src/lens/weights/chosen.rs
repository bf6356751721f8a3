//! The directions that a question names: a family, one of it by its name (`W_U[48]`), or the difference of two
//! such (`W_U[48] - W_U[26]`).

use super::directions::Directions;
use super::matrices::Matrices;
use crate::lens::numbers::algebra::Matrix;
use crate::model::Config;
use crate::task::{Task, shown};
use anyhow::Result;

/// One direction of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneDirection {
    /// The family.
    pub of: Directions,
    /// Its row there.
    pub at: usize,
}

/// Directions that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// A family of them.
    All(Directions),
    /// One.
    One(OneDirection),
    /// One minus another.
    Difference(OneDirection, OneDirection),
}

/// What is wrong, and at which byte of the text.
type Located<T> = std::result::Result<T, (usize, String)>;

impl OneDirection {
    /// What it is called in its family: `48`, `elt`.
    fn label(self, config: &Config, task: Task) -> String {
        let mut labels = self.of.labels(config, task);
        match self.at < labels.len() {
            true => labels.swap_remove(self.at),
            false => String::new(),
        }
    }

    fn name(self, config: &Config, task: Task) -> String {
        format!("{}[{}]", self.of.name(), self.label(config, task))
    }

    fn row(self, weights: &Matrices) -> Result<Matrix> {
        let all = self.of.rows(weights)?;
        Ok(all.subrows(self.at, 1).to_owned())
    }

    /// Another one of its family, counted round.
    fn turned(self, config: &Config, task: Task, by: isize) -> Self {
        let len = self.of.labels(config, task).len().max(1) as isize;
        let at = (self.at as isize + by).rem_euclid(len) as usize;
        Self { at, ..self }
    }
}

impl Chosen {
    /// All directions that a text names, one behind the other.
    ///
    /// # Errors
    /// The byte of the wrong word, and what it may be.
    pub fn read(text: &str, config: &Config, task: Task) -> Located<Vec<Self>> {
        let mut naming = Naming {
            text,
            at: 0,
            config,
            task,
        };
        let mut all = Vec::new();
        while !naming.rest().is_empty() {
            all.push(naming.chosen()?);
        }
        Ok(all)
    }

    /// What [`Chosen::read`] reads.
    #[must_use]
    pub fn name(self, config: &Config, task: Task) -> String {
        match self {
            Self::All(of) => of.name(),
            Self::One(one) => one.name(config, task),
            Self::Difference(a, b) => {
                let [a, b] = [a, b].map(|one| one.name(config, task));
                format!("{a} - {b}")
            }
        }
    }

    /// The directions' names, one a row: those that they have in their family.
    #[must_use]
    pub fn labels(self, config: &Config, task: Task) -> Vec<String> {
        match self {
            Self::All(of) => of.labels(config, task),
            Self::One(one) => vec![one.label(config, task)],
            Self::Difference(a, b) => {
                let [a, b] = [a, b].map(|one| one.label(config, task));
                vec![format!("{a} - {b}")]
            }
        }
    }

    /// The directions, one a row: `[directions, d_model]`.
    ///
    /// # Errors
    /// When the model has none of them.
    pub fn rows(self, weights: &Matrices) -> Result<Matrix> {
        match self {
            Self::All(of) => of.rows(weights),
            Self::One(one) => one.row(weights),
            Self::Difference(a, b) => Ok(&a.row(weights)? - &b.row(weights)?),
        }
    }

    /// The next ones, counted round: another family, or another one of the same.
    #[must_use]
    pub fn turned(self, config: &Config, task: Task, by: isize) -> Self {
        match self {
            Self::All(of) => Self::All(of.turned(config, by)),
            Self::One(one) => Self::One(one.turned(config, task, by)),
            Self::Difference(a, b) => Self::Difference(a.turned(config, task, by), b),
        }
    }
}

/// A text that names directions, and how far it was read.
struct Naming<'a> {
    text: &'a str,
    at: usize,
    config: &'a Config,
    task: Task,
}

impl Naming<'_> {
    /// What is left, from the next word on.
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    /// A family, one of it, or a difference of two.
    fn chosen(&mut self) -> Located<Chosen> {
        let (start, first) = self.term()?;
        if !self.rest().starts_with('-') {
            return Ok(first);
        }
        self.at += 1;
        if self.rest().is_empty() {
            return Err((self.at, "what is taken off is missing behind -".to_owned()));
        }
        let (second_start, second) = self.term()?;
        match (first, second) {
            (Chosen::One(a), Chosen::One(b)) => Ok(Chosen::Difference(a, b)),
            (Chosen::One(_), _) => Err((second_start, self.many(second))),
            (other, _) => Err((start, self.many(other))),
        }
    }

    fn many(&self, chosen: Chosen) -> String {
        let name = chosen.name(self.config, self.task);
        format!("{name} is many directions; a difference is of two, such as W_U[3] - W_U[4]")
    }

    /// A family, or one of it; and where its name begins.
    fn term(&mut self) -> Located<(usize, Chosen)> {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || matches!(c, '[' | '-');
        // what begins with - is a word of its own, and no name
        let end = rest.find(ends).filter(|&end| end > 0);
        let end = end.unwrap_or_else(|| rest.find(char::is_whitespace).unwrap_or(rest.len()));
        let name = rest[..end].to_owned();
        let start = self.at;
        let of = Directions::parse(&name, self.config).map_err(|error| (start, error.to_string()));
        let of = of?;
        self.at += end;
        match self.text[self.at..].strip_prefix('[') {
            None => Ok((start, Chosen::All(of))),
            Some(inside) => {
                let (at, read) = self.row(of, inside).map_err(|problem| (start, problem))?;
                self.at += 1 + read;
                Ok((start, Chosen::One(OneDirection { of, at })))
            }
        }
    }

    /// Which of a family stands inside the brackets, and how many bytes that takes with the closing one.
    fn row(&self, of: Directions, inside: &str) -> std::result::Result<(usize, usize), String> {
        let labels = of.labels(self.config, self.task);
        // a token may be a bracket: of the names that fit the longest
        let fits = |label: &String| {
            let rest = inside.strip_prefix(label.as_str());
            rest.is_some_and(|rest| rest.starts_with(']'))
        };
        let named = labels.iter().enumerate().filter(|(_, label)| fits(label));
        if let Some((at, label)) = named.max_by_key(|(_, label)| label.len()) {
            return Ok((at, label.len() + 1));
        }
        let Some((word, _)) = inside.split_once(']') else {
            return Err(format!("the ] behind {}[ is missing", of.name()));
        };
        let found = of.other_name(word, self.task);
        match found.filter(|&at| at < labels.len()) {
            Some(at) => Ok((at, word.len() + 1)),
            None => {
                let ends = labels.first().zip(labels.last());
                let known = ends.map_or_else(String::new, |(a, b)| format!("; it has {a} to {b}"));
                Err(format!("no '{}' in {}{known}", shown(word), of.name()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::PositionalEmbedding::Standard;

    fn config() -> Config {
        Config::attention_only([2, 2], [8, 4], 7, [7, 5], Standard)
    }

    fn read(text: &str) -> Located<Vec<String>> {
        let task = Task::raw(7, 7, 5);
        let all = Chosen::read(text, &config(), task)?;
        let names = all.into_iter().map(|one| one.name(&config(), task));
        Ok(names.collect())
    }

    #[test]
    fn families_single_ones_and_differences_are_read_as_they_are_written() {
        for (text, names) in [
            ("W_U", &["W_U"][..]),
            ("W_U[3] W_E", &["W_U[3]", "W_E"]),
            ("W_U[3]-W_U[4]", &["W_U[3] - W_U[4]"]),
            (
                "W_U[3]  -  W_E[6] OV.1.0.U[0]",
                &["W_U[3] - W_E[6]", "OV.1.0.U[0]"],
            ),
        ] {
            let read = read(text).unwrap_or_default();
            assert_eq!(read, names, "{text}");
        }
    }

    #[test]
    fn an_error_is_at_its_word() {
        for (text, at, says) in [
            ("W_U[5]", 0, "no '5' in W_U; it has 0 to 4"),
            ("W_E W_U[x]", 4, "no 'x' in W_U"),
            ("W_U[3", 0, "the ] behind W_U[ is missing"),
            ("W_U[3] - W_U", 9, "W_U is many directions"),
            ("W_U - W_U[3]", 0, "W_U is many directions"),
            ("W_U[3] -", 8, "what is taken off is missing"),
            ("W_U[3] W_X[3]", 7, "no directions 'W_X'"),
            ("- W_U[3]", 0, "no directions '-'"),
        ] {
            let error = read(text).err().unwrap_or_default();
            assert!(error.0 == at && error.1.contains(says), "{text}: {error:?}");
        }
    }
}

//! What is wrong with a task file: one error with its place, its cause and what to do.

use crate::task::harmless;
use std::fmt;

/// Why a task file makes no task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskError {
    /// The file, as it was named.
    pub file: String,
    /// Line and column, counted from 1, where one is to blame.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.file))?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for TaskError {}

/// What is wrong, before it is known in which line that is.
#[derive(Clone, Debug)]
pub(super) struct Flaw {
    /// A byte of the file, or a name that is defined in it.
    pub at: Where,
    pub problem: String,
    pub remedy: String,
}

/// What in the file is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// The file as a whole.
    Whole,
    /// A byte of the text.
    Byte(usize),
    /// Where this name is given its value.
    Name(String),
}

/// The most that is said of foreign text in one message.
const MOST: usize = 300;

impl Flaw {
    pub fn new(at: Where, problem: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self {
            at,
            problem: one_line(problem.as_ref()),
            remedy: remedy.into(),
        }
    }

    /// One of the file as a whole.
    pub fn whole(problem: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self::new(Where::Whole, problem, remedy)
    }

    /// One of what is given to `name`.
    pub fn of(name: &str, problem: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self::new(Where::Name(name.into()), problem, remedy)
    }
}

/// Text from a file or of the language, on one line, not without end, and fit for a terminal.
pub(in crate::task) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", harmless(&text[..end])),
        None => harmless(&text),
    }
}

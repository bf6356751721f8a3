//! How much of what is typed, pasted or read is taken: one place for all who read and write it.

use std::fmt;

/// A line of any grammar has at most so many bytes, and so has any line of a session file.
pub const MAX_LINE: usize = 1 << 14;
/// Brackets stand in each other at most so deep: who reads them calls itself for each.
pub const MAX_DEPTH: usize = 64;
/// A field of a prompt holds at most so many bytes: the longest list there is, and room to err.
pub const MAX_FIELD: usize = 400;
/// A note holds at most so many bytes.
pub const MAX_NOTE: usize = 1 << 19;
/// A sharing line holds at most so many bytes of JSON.
pub const MAX_SHARED: usize = 1 << 20;
/// A sharing line has at most so many letters: four for three bytes, should nothing be saved by
/// packing, and what a mail puts in between.
pub const MAX_SHARING_LINE: usize = 2 * MAX_SHARED;
/// A script has at most so many keys.
pub const MAX_KEYS: usize = 100_000;

/// A line that is too long or nested too deep, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The byte at which the word begins that is too much.
    pub at: usize,
    /// What is too much.
    pub problem: String,
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Beyond {}

impl Beyond {
    /// How many words stand before the one that is too much, or has it.
    #[must_use]
    pub fn word(&self, line: &str) -> usize {
        let before = &line[..self.at];
        let inside = before.ends_with(|c: char| !c.is_whitespace());
        before.split_whitespace().count() - usize::from(inside)
    }
}

/// Whether a line can be read at all; asked before any grammar looks at it.
///
/// # Errors
/// Names the word that is too much.
pub fn check_line(line: &str) -> Result<(), Beyond> {
    if line.len() > MAX_LINE {
        let at = word_at(line, MAX_LINE);
        let word = super::shown(line[at..].split_whitespace().next().unwrap_or_default());
        let problem = format!(
            "the line has {} bytes, at most {MAX_LINE} are read; '{word}' is too much",
            line.len()
        );
        return Err(Beyond { at, problem });
    }
    let mut depth = 0usize;
    for (at, c) in line.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let problem =
                format!("'{c}' stands in {MAX_DEPTH} brackets; that is as deep as it goes");
            return Err(Beyond { at, problem });
        }
    }
    Ok(())
}

/// Where the word begins in which a byte stands.
fn word_at(line: &str, byte: usize) -> usize {
    let mut before = line.char_indices().take_while(|(at, _)| *at <= byte);
    let last = before.by_ref().filter(|(_, c)| c.is_whitespace()).last();
    last.map_or(0, |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn the_word_that_is_too_much_is_named() {
        let long = format!("{} é{} end", "x".repeat(MAX_LINE - 3), "y".repeat(9));
        let beyond = check_line(&long).unwrap_err();
        assert_eq!(beyond.at, MAX_LINE - 2);
        assert_eq!(beyond.word(&long), 1);
        assert!(beyond.problem.contains("'éyyyyyyyyy'"), "{beyond}");
        check_line(&long[..MAX_LINE - 2]).unwrap();
        let deep = format!("a {}", "([{".repeat(22));
        let beyond = check_line(&deep).unwrap_err();
        assert_eq!((beyond.at, beyond.word(&deep)), (2 + MAX_DEPTH, 1));
        check_line(&deep[..2 + MAX_DEPTH]).unwrap();
        check_line(&"(x) ".repeat(1000)).unwrap();
    }
}

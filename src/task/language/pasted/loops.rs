//! `while`, which the language has not, as a loop over many numbers that is broken off.

use super::Pasted;
use super::texts::string_end;

/// More turns than the bounds of a call allow.
const TURNS: &str = "__turns()";

/// A loop that goes on while something holds.
pub(super) struct While {
    /// Where what must hold begins.
    begins: usize,
    /// Where the colon behind it is.
    colon: usize,
    /// What must hold, in the language's words.
    holds: String,
    /// Where its body begins, and what stands before that on a line of its own.
    body: (usize, String),
    /// Whether the body is on the same line.
    is_short: bool,
}

impl While {
    /// The one whose word stands at a byte; `None` where it is not one.
    pub fn new(text: &str, at: usize, depth: usize) -> Option<Self> {
        let begins = at + "while".len();
        let colon = colon(text, begins)?;
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let own = &text[line..at];
        if !own.chars().all(char::is_whitespace) {
            return None;
        }
        let mut rest = text[colon + 1..].split_inclusive('\n');
        let behind = rest.next().unwrap_or_default();
        let is_short = !is_nothing(behind);
        let body = match is_short {
            true => {
                let blank = behind.len() - behind.trim_start().len();
                (colon + 1 + blank, format!("{own}    "))
            }
            false => {
                let mut from = colon + 1 + behind.len();
                let first = rest.find(|line| {
                    let is_body = !is_nothing(line);
                    from += if is_body { 0 } else { line.len() };
                    is_body
                })?;
                let indent = first.len() - first.trim_start().len();
                (from, first[..indent].to_owned())
            }
        };
        Some(Self {
            holds: Pasted::within(text[begins..colon].trim(), depth + 1).text,
            begins,
            colon,
            body,
            is_short,
        })
    }

    /// What is put where, behind its first word.
    pub fn put(&self) -> Vec<(usize, String)> {
        let (at, indent) = &self.body;
        let leave = format!("{indent}if not ({}): break\n", self.holds);
        vec![
            // what must hold stays where it was written, and is not asked there
            (self.begins, format!(" in ({TURNS} if True else (")),
            (self.colon, "))".to_owned()),
            match self.is_short {
                true => (*at, format!("\n{leave}{indent}")),
                false => (*at, leave),
            },
        ]
    }
}

fn is_nothing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// The colon that ends what stands from a byte on, outside of all brackets and texts.
fn colon(text: &str, mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' | '\'' => {
                at = string_end(text, at);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ':' if depth == 0 => return Some(at),
            '\n' if depth == 0 => return None,
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_broken_off_where_what_must_hold_does_not() {
        for (python, read) in [
            (
                "def f(n):\n    while n > 0:  # down\n\n        n -= 1\n    return n\n",
                "def f(n):\n    for _ in (__turns() if True else ( n > 0)):  # down\n\n        if not (n > 0): \
                 break\n        n -= 1\n    return n\n",
            ),
            (
                "while 0 < n < 5: n += 1",
                "for _ in (__turns() if True else ( (0 < n and n < 5))): \n    if not ((0 < n and n < 5)): \
                 break\n    n += 1",
            ),
            ("meanwhile = 1; x.while_ = 2", "meanwhile = 1; x.while_ = 2"),
            ("while x", "while x"),
        ] {
            assert_eq!(Pasted::new(python).text, read);
        }
    }
}

//! Statements that Python has and the language has not, in other words before anything else is read: imports and
//! decorators are left out, `assert`, `raise` and `del` are what they do, `a = b = 0` is two statements,
//! `a, *b = c` takes a list apart, and `{1, 2}` is a set of a list.

use super::imports::imported;
use super::texts::string_end;

/// What is to be said in other words: in place of as many bytes, and put before a byte.
#[derive(Debug, Default)]
pub(super) struct Rewording {
    /// From which byte on; as long as what stood there.
    pub words: Vec<(usize, String)>,
    /// Before which byte; in this order where several stand at one.
    pub put: Vec<(usize, String)>,
}

/// In which order things are put at one place: ends of what is within first, beginnings of it last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    SetEnds,
    StatementEnds,
    StatementBegins,
    SetBegins,
}

/// A statement on a line of its own, with what stands in it outside of all brackets and texts.
#[derive(Default)]
struct Statement {
    from: usize,
    to: usize,
    /// Signs of assignment.
    assigns: Vec<usize>,
    commas: Vec<usize>,
    /// The brackets that were closed last: where they begin and end.
    brackets: Option<(usize, usize)>,
}

/// A bracket that is open, and whether a colon stands right within it.
struct Open {
    at: usize,
    bracket: char,
    has_colon: bool,
}

#[derive(Default)]
struct Reading<'a> {
    text: &'a str,
    words: Vec<(usize, String)>,
    put: Vec<(usize, Rank, String)>,
}

/// Words that begin a statement with others in it, which are read as they are.
const COMPOUND: [&str; 9] = [
    "if", "elif", "else", "for", "while", "def", "return", "lambda", "with",
];

/// What is to be said otherwise in a text.
pub(super) fn reworded(text: &str) -> Rewording {
    let mut reading = Reading {
        text,
        ..Reading::default()
    };
    reading.walk();
    let mut put = reading.put;
    put.sort_by_key(|&(at, rank, _)| (at, rank));
    Rewording {
        words: reading.words,
        put: put.into_iter().map(|(at, _, text)| (at, text)).collect(),
    }
}

impl Reading<'_> {
    /// From statement to statement, past texts and comments.
    fn walk(&mut self) {
        let text = self.text;
        let (mut at, mut open, mut now) = (0, Vec::<Open>::new(), None::<Statement>);
        while let Some(c) = text[at..].chars().next() {
            if !c.is_whitespace() && c != '#' {
                let statement = now.get_or_insert_with(|| Statement {
                    from: at,
                    ..Statement::default()
                });
                statement.to = at + c.len_utf8();
            }
            let next = at + c.len_utf8();
            at = match c {
                '#' => text[at..].find('\n').map_or(text.len(), |end| at + end),
                '"' | '\'' => {
                    let end = string_end(text, at);
                    if let Some(statement) = &mut now {
                        statement.to = end;
                    }
                    end
                }
                '\\' if text[next..].starts_with('\n') => next + 1,
                '(' | '[' | '{' => {
                    open.push(Open {
                        at,
                        bracket: c,
                        has_colon: false,
                    });
                    next
                }
                ')' | ']' | '}' => {
                    if let Some(closed) = open.pop() {
                        self.closed(&closed, at);
                        if let Some(statement) = now.as_mut().filter(|_| open.is_empty()) {
                            statement.brackets = Some((closed.at, at));
                        }
                    }
                    next
                }
                '\n' | ';' if open.is_empty() => {
                    self.over(now.take());
                    next
                }
                ':' => {
                    if let Some(innermost) = open.last_mut() {
                        innermost.has_colon = true;
                    }
                    next
                }
                ',' | '=' if open.is_empty() => {
                    let is_sign = is_assignment(text, at);
                    if let Some(statement) = &mut now {
                        match c {
                            ',' => statement.commas.push(at),
                            _ if is_sign => statement.assigns.push(at),
                            _ => {}
                        }
                    }
                    // `==` is one sign
                    if text[at..].starts_with("==") {
                        next + 1
                    } else {
                        next
                    }
                }
                _ => next,
            };
        }
        self.over(now);
    }

    /// Brackets are closed at a byte: curly ones without a colon hold a set.
    fn closed(&mut self, open: &Open, at: usize) {
        let inner = self.text[open.at + 1..at].trim();
        if open.bracket != '{' || open.has_colon || inner.is_empty() || inner.starts_with("**") {
            return;
        }
        self.put.push((open.at, Rank::SetBegins, "set(".to_owned()));
        self.words.push((open.at, "[".to_owned()));
        self.words.push((at, "]".to_owned()));
        self.put.push((at + 1, Rank::SetEnds, ")".to_owned()));
    }

    fn over(&mut self, statement: Option<Statement>) {
        let Some(statement) = statement else {
            return;
        };
        let said = &self.text[statement.from..statement.to];
        let end = said.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (word, rest) = said.split_at(end.unwrap_or(said.len()));
        match word {
            "import" => self.left_out(&statement, &imported(said)),
            "from" if said.contains("import") => self.left_out(&statement, &imported(said)),
            "" if rest.starts_with('@') => self.left_out(&statement, ""),
            "assert" if rest.starts_with([' ', '(']) => self.asserted(&statement),
            "raise" if rest.starts_with(' ') => self.raised(&statement, rest),
            "del" if rest.starts_with(' ') => self.deleted(&statement, rest),
            word if COMPOUND.contains(&word) => {}
            _ if statement.assigns.len() > 1 => self.assigned_twice(&statement),
            _ if statement.assigns.len() == 1 => self.taken_apart(&statement),
            _ => {}
        }
    }

    /// Nothing stands in its place, or these words behind it.
    fn left_out(&mut self, statement: &Statement, behind: &str) {
        let said = &self.text[statement.from..statement.to];
        let is_decorator = said.starts_with('@');
        let blank = |(i, c): (usize, char)| match (c, "pass".chars().nth(i)) {
            ('\n', _) => "\n".to_owned(),
            (_, Some(letter)) if !is_decorator => letter.to_string(),
            (c, _) => " ".repeat(c.len_utf8()),
        };
        let words = said.chars().enumerate().map(blank).collect();
        self.words.push((statement.from, words));
        if !behind.is_empty() {
            let place = (statement.to, Rank::StatementEnds, behind.to_owned());
            self.put.push(place);
        }
    }

    /// `assert A, B` is `if not (A): fail(str(B))`.
    fn asserted(&mut self, statement: &Statement) {
        let begins = statement.from + "assert".len();
        self.words.push((statement.from, "if not".to_owned()));
        self.put
            .push((begins, Rank::StatementBegins, " (".to_owned()));
        let end = match statement.commas.first() {
            Some(&comma) => {
                self.words.push((comma, ")".to_owned()));
                let fails = ": fail(str(".to_owned();
                self.put.push((comma + 1, Rank::StatementBegins, fails));
                "))"
            }
            None => "): fail(\"assert\")",
        };
        self.put
            .push((statement.to, Rank::StatementEnds, end.to_owned()));
    }

    /// `raise A(B)` is `fail(str(B))`.
    fn raised(&mut self, statement: &Statement, rest: &str) {
        let blank = rest.len() - rest.trim_start().len();
        let name = rest.trim_start();
        let len = name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        let (name, behind) = name.split_at(len.unwrap_or(name.len()));
        let word = match behind.trim_start().starts_with('(') {
            true => "str",
            false if behind.is_empty() => "''",
            false => return,
        };
        if name.len() < word.len() {
            return;
        }
        let at = statement.from + "raise".len() + blank;
        self.words.push((statement.from, "fail(".to_owned()));
        self.words.push((at, padded(word, name.len())));
        self.put
            .push((statement.to, Rank::StatementEnds, ")".to_owned()));
    }

    /// `del A[B]` is `A.pop(B)`; a name goes on to be there.
    fn deleted(&mut self, statement: &Statement, rest: &str) {
        match statement.brackets {
            Some((open, close))
                if close + 1 == statement.to && !self.text[open..close].contains(':') =>
            {
                // it begins where the statement did
                let of = self.text[statement.from + "del".len()..open].trim();
                let of = padded(of, open - statement.from);
                self.words.push((statement.from, of));
                self.words.push((open, ".".to_owned()));
                self.put
                    .push((open + 1, Rank::StatementBegins, "pop(".to_owned()));
                self.words.push((close, ")".to_owned()));
            }
            _ if rest.trim().chars().all(|c| c.is_alphanumeric() || c == '_') => {
                self.left_out(statement, "");
            }
            _ => {}
        }
    }

    /// `A = B = C` is `B = C; A = B`.
    fn assigned_twice(&mut self, statement: &Statement) {
        let mut targets = Vec::new();
        let mut from = statement.from;
        for &sign in &statement.assigns {
            targets.push((from, self.text[from..sign].trim()));
            from = sign + 1;
        }
        let Some((kept, last)) = targets.pop() else {
            return;
        };
        // an annotation stands before a colon, and has one target
        if targets
            .iter()
            .any(|(_, target)| target.is_empty() || target.contains('\n'))
        {
            return;
        }
        let others = targets
            .iter()
            .map(|(_, target)| format!("; {target} = {last}"));
        let others = others.collect();
        self.put.push((statement.to, Rank::StatementEnds, others));
        // it begins where the statement did
        let sign = statement.assigns.last().copied().unwrap_or(kept);
        let kept = padded(last, sign - statement.from);
        self.words.push((statement.from, kept));
    }

    /// `A, *B, C = D` is a list, and what stands at its ends and between them.
    fn taken_apart(&mut self, statement: &Statement) {
        const NAME: &str = "_s_";
        let Some(&sign) = statement.assigns.first() else {
            return;
        };
        let left = &self.text[statement.from..sign];
        let targets: Vec<&str> = left
            .trim_end()
            .trim_end_matches(',')
            .split(',')
            .map(str::trim)
            .collect();
        let starred = targets.iter().position(|target| target.starts_with('*'));
        let Some(starred) =
            starred.filter(|_| left.len() >= NAME.len() && !left.contains(['(', '[', '\n']))
        else {
            return;
        };
        let behind = targets.len() - 1 - starred;
        let mut parts = format!("; {NAME} = list({NAME})");
        for (i, target) in targets.iter().enumerate() {
            parts += &match i {
                i if i < starred => format!("; {target} = {NAME}[{i}]"),
                i if i > starred => {
                    format!("; {target} = {NAME}[len({NAME}) - {}]", targets.len() - i)
                }
                _ => {
                    let name = target.trim_start_matches('*').trim();
                    format!("; {name} = {NAME}[{starred}:len({NAME}) - {behind}]")
                }
            };
        }
        self.words.push((statement.from, padded(NAME, left.len())));
        self.put.push((statement.to, Rank::StatementEnds, parts));
    }
}

/// A text and as many blanks as make it so many bytes.
fn padded(text: &str, bytes: usize) -> String {
    text.to_owned() + &" ".repeat(bytes.saturating_sub(text.len()))
}

/// Whether the sign at a byte gives a value: not one of comparison, and none that goes on with a value.
fn is_assignment(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    !text[at..].starts_with("==") && !before.is_some_and(|c| "=<>!+-*/%|&^@:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::Pasted;

    #[test]
    fn statements_of_python_are_said_in_other_words() {
        for (python, read) in [
            ("import numpy as np\nx = 1", "pass              \nx = 1"),
            (
                "from typing import (List,\n    Dict)\nx = 1",
                "pass                     \n         \nx = 1",
            ),
            (
                "from math import gcd, tau",
                "pass                     ; gcd = math.gcd",
            ),
            ("import math as m, os", "pass                ; m = math"),
            (
                "@lru_cache(maxsize=None)\ndef f(a): return a",
                "                        \ndef f(a): return a",
            ),
            (
                "assert a > 0  # why",
                "if not ( a > 0): fail(\"assert\")  # why",
            ),
            (
                "    assert f(a, b), 'no'",
                "    if not ( f(a, b)): fail(str( 'no'))",
            ),
            ("raise ValueError('no')", "fail( str       ('no'))"),
            ("raise KeyError", "fail( ''      )"),
            ("  x = yy[0] = 0", "  yy[0]     = 0; x = yy[0]"),
            (
                "a = b = c = f(k=1) == 2",
                "c         = f(k=1) == 2; a = c; b = c",
            ),
            ("x: int = 3; y = 4 <= 5", "x: int = 3; y = 4 <= 5"),
            (
                "a, *b, c = d",
                "_s_      = d; _s_ = list(_s_); a = _s_[0]; b = _s_[1:len(_s_) - 1]; c = _s_[len(_s_) - 1]",
            ),
            ("  del a[i + 1]", "  a    .pop(i + 1)"),
            ("del name", "pass    "),
            ("é = ü = 'ß'", "ü      = 'ß'; é = ü"),
            ("del é[0]", "é    .pop(0)"),
            ("len({x % 3 for x in a})", "len(set([x % 3 for x in a]))"),
            ("set(a) & {1, 2} | {}", "set(a) & set([1, 2]) | {}"),
            ("{'a': [1, 2]}, \"{1, 2}\"", "{'a': [1, 2]}, \"{1, 2}\""),
            (
                "def f(a, b=1): return a == b",
                "def f(a, b=1): return a == b",
            ),
            (
                "important = asserted = 1",
                "asserted             = 1; important = asserted",
            ),
        ] {
            assert_eq!(Pasted::new(python).text, read, "{python}");
        }
    }

    #[test]
    fn a_place_is_told_where_it_was_pasted() {
        let python = "import os\nassert f({1, 2}), x ** 2\na = b = oops";
        let pasted = Pasted::new(python);
        let at = |text: &str, word: &str| text.find(word).unwrap_or_default();
        let found = pasted.written(at(&pasted.text, "oops"));
        assert_eq!(found, at(python, "oops"), "{}", pasted.text);
    }
}

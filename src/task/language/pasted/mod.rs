//! What Python has and the language has not, in other words before a task file is read: a generator expression is
//! the list of what it makes, `is None` compares, `a < b < c` is `(a < b and b < c)`, `a ** b` is `pow(a, b)`, a
//! text with values in it is a sum of texts, and `while` is a loop that is broken off (`loops.rs`). Statements are reworded
//! before (`statements.rs`).

mod imports;
mod loops;
mod statements;
mod texts;

pub(super) use imports::imports;

use loops::While;
use statements::{Rewording, reworded};
use texts::{Within, string_end, values_in, word_end};

/// A text that was pasted, as the language reads it.
#[derive(Debug)]
pub(super) struct Pasted {
    /// In the language's words.
    pub text: String,
    /// What of it was put in: from which byte, and how many; ascending.
    put: Vec<(usize, usize)>,
    /// What of that was put in before, when statements were reworded.
    before: Vec<(usize, usize)>,
}

impl Pasted {
    /// The text in the language's words; what is not Python's stays as it is.
    pub fn new(text: &str) -> Self {
        let Rewording { words, put } = reworded(text);
        let (text, before) = said_otherwise(text, &words, put);
        Self {
            before,
            ..Self::within(&text, 0)
        }
    }

    /// The same of a part of such a text that is said twice; within very many of these it stays as it is.
    pub(super) fn within(text: &str, depth: usize) -> Self {
        let mut scan = Scan {
            depth,
            ..Scan::default()
        };
        if depth > DEEPEST {
            return Self {
                text: text.to_owned(),
                put: Vec::new(),
                before: Vec::new(),
            };
        }
        scan.walk(text);
        scan.put.sort_by_key(|(place, _)| *place);
        let (text, put) = said_otherwise(text, &scan.words, scan.put);
        Self {
            text,
            put,
            before: Vec::new(),
        }
    }

    /// The byte of the text as it was pasted that stands at a byte of this one.
    pub fn written(&self, at: usize) -> usize {
        let without = |put: &[(usize, usize)], at: usize| {
            let before = put.iter().filter(|(from, _)| *from < at);
            let put: usize = before.map(|&(from, len)| len.min(at - from)).sum();
            at - put
        };
        without(&self.before, without(&self.put, at))
    }
}

/// A text with words in place of as many bytes, and others put into it, ascending; where these stand then, and how long
/// they are.
fn said_otherwise(
    text: &str,
    same_length: &[(usize, impl AsRef<str>)],
    all: Vec<(usize, String)>,
) -> (String, Vec<(usize, usize)>) {
    // words of the same length first: they move nothing
    let mut text = text.to_owned();
    for (at, word) in same_length {
        let word = word.as_ref();
        text.replace_range(*at..at + word.len(), word);
    }
    let (mut out, mut put, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
    for (place, words) in all {
        out.push_str(&text[at..place]);
        put.push((out.len(), words.len()));
        out.push_str(&words);
        at = place;
    }
    out.push_str(&text[at..]);
    (out, put)
}

/// What may be a chain of comparisons: where it begins, and its signs; and what is read of it at the moment.
#[derive(Default)]
struct Chain {
    begins: Option<usize>,
    /// Where each begins and ends.
    signs: Vec<(usize, usize)>,
    /// The operand at hand: a name, a number or brackets with all that belongs to it.
    operand: Option<usize>,
    /// Where the last one ends.
    ends: usize,
    /// Powers whose second operand is being read.
    powers: usize,
}

/// Words that end a comparison and begin another one.
const BETWEEN: [&str; 14] = [
    "and", "or", "not", "if", "else", "elif", "for", "in", "return", "lambda", "while", "assert",
    "yield", "def",
];

/// Each chain within a chain doubles what is read.
const DEEPEST: usize = 6;

/// A walk through the words of a text, past strings and comments.
#[derive(Default)]
struct Scan {
    /// How many texts that are said twice it is within.
    depth: usize,
    /// Open brackets: where, and whether it is a round one with a `for` right within it.
    open: Vec<(usize, char, bool)>,
    /// What is to be put before which byte, in the order in which it was found.
    put: Vec<(usize, String)>,
    /// The comparison that is gone through at each depth, the innermost last.
    chains: Vec<Chain>,
    /// Words to be put in place of as many bytes.
    words: Vec<(usize, &'static str)>,
}

impl Scan {
    fn walk(&mut self, text: &str) {
        let mut at = 0;
        self.chains.push(Chain::default());
        while let Some(c) = text[at..].chars().next() {
            if !c.is_whitespace() && !matches!(c, '#' | ')' | ']' | '}') {
                self.begin(at);
            }
            at = match c {
                '#' => text[at..].find('\n').map_or(text.len(), |end| at + end),
                '"' | '\'' => self.operand(at, string_end(text, at)),
                '(' | '[' | '{' => {
                    self.operand(at, at);
                    self.open.push((at, c, false));
                    self.chains.push(Chain::default());
                    at + 1
                }
                ')' | ']' | '}' => {
                    self.end(text, at);
                    if self.chains.len() > 1 {
                        self.chains.pop();
                    }
                    if let Some(chain) = self.chains.last_mut() {
                        chain.ends = at + 1;
                    }
                    if let Some((from, '(', true)) = self.open.pop() {
                        self.put.insert(0, (from + 1, "[".to_owned()));
                        self.put.push((at, "]".to_owned()));
                    }
                    at + 1
                }
                '\n' if self.open.is_empty() => self.over(text, at, at + 1),
                ',' | ':' | ';' => self.over(text, at, at + 1),
                '<' | '>' | '=' | '!' => self.sign(text, at),
                c if c.is_alphabetic() || c == '_' => self.word(text, at),
                c if c.is_numeric() => self.operand(at, word_end(text, at)),
                '*' if text[at..].starts_with("**") => self.power(at),
                '.' => at + 1,
                c if c.is_whitespace() => at + c.len_utf8(),
                c => {
                    self.over_operand();
                    at + c.len_utf8()
                }
            };
        }
        self.end(text, text.len());
    }

    /// An operand, or what goes on with one, stands from byte to byte.
    fn operand(&mut self, at: usize, end: usize) -> usize {
        if let Some(chain) = self.chains.last_mut() {
            chain.operand.get_or_insert(at);
            chain.ends = end;
        }
        end
    }

    /// The operand at hand is over, and with it the powers that it ends.
    fn over_operand(&mut self) {
        let Some(chain) = self.chains.last_mut() else {
            return;
        };
        if chain.operand.take().is_some() && chain.powers > 0 {
            let closing = ")".repeat(std::mem::take(&mut chain.powers));
            self.put.push((chain.ends, closing));
        }
    }

    /// Sees `**` behind an operand; elsewhere it is none of the two of a power.
    fn power(&mut self, at: usize) -> usize {
        if let Some(chain) = self.chains.last_mut()
            && let Some(begins) = chain.operand.take()
        {
            chain.powers += 1;
            self.put.push((begins, "pow(".to_owned()));
            self.words.push((at, ", "));
        }
        at + 2
    }

    /// Sees a text with values in it, the `f` before it included; where it ends. One with more than plain values
    /// stays as it is.
    fn formatted(&mut self, text: &str, at: usize) -> usize {
        let end = string_end(text, at + 1);
        self.operand(at, end);
        let quote = if text[at + 1..].starts_with('"') {
            "\""
        } else {
            "'"
        };
        let Some(values) = values_in(&text[at + 2..end], quote) else {
            return end;
        };
        self.words.push((at, " "));
        self.put.push((at, "(".to_owned()));
        for Within { open, colon, close } in values {
            let (open, close) = (at + 2 + open, at + 2 + close);
            self.words.extend([(open, quote), (close, quote)]);
            let (function, end) = match colon.map(|colon| at + 2 + colon) {
                Some(colon) => {
                    self.words.push((colon, ","));
                    self.put.push((colon + 1, quote.to_owned()));
                    ("format", quote)
                }
                None => ("str", ""),
            };
            self.put.push((open + 1, format!(" + {function}(")));
            self.put.push((close, format!("{end}) + ")));
        }
        self.put.push((end, ")".to_owned()));
        end
    }

    /// Sees a loop that goes on while something holds; where its words end.
    fn repeated(&mut self, text: &str, at: usize) -> Option<()> {
        let found = While::new(text, at, self.depth)?;
        self.words.push((at, "for _"));
        self.put.extend(found.put());
        Some(())
    }

    /// Something stands at a byte that may begin a comparison.
    fn begin(&mut self, at: usize) {
        if let Some(chain) = self.chains.last_mut() {
            chain.begins.get_or_insert(at);
        }
    }

    /// What was compared is over at a byte; goes on at another one.
    fn over(&mut self, text: &str, at: usize, on: usize) -> usize {
        self.over_operand();
        self.end(text, at);
        on
    }

    /// Sees a sign: one of comparison, or that of an assignment, which ends what stands before it.
    fn sign(&mut self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        let len = match rest.as_bytes() {
            [b'<', b'<', ..] | [b'>', b'>', ..] => {
                self.over_operand();
                return at + 2;
            }
            [b'<' | b'>' | b'=' | b'!', b'=', ..] => 2,
            [b'<' | b'>', ..] => 1,
            _ => return self.over(text, at, at + 1),
        };
        self.over_operand();
        if let Some(chain) = self.chains.last_mut() {
            chain.signs.push((at, at + len));
        }
        at + len
    }

    /// The comparison at hand ends: with several signs, what stands between two of them is said twice.
    fn end(&mut self, text: &str, at: usize) {
        self.over_operand();
        let Some(chain) = self.chains.last_mut().map(std::mem::take) else {
            return;
        };
        let (Some(begins), [_, _, ..]) = (chain.begins, &chain.signs[..]) else {
            return;
        };
        let end = begins + text[begins..at].trim_end().len();
        // outside of all that begins there
        self.put.insert(0, (begins, "(".to_owned()));
        for two in chain.signs.windows(2) {
            let between = text[two[0].1..two[1].0].trim();
            let between = Pasted::within(between, self.depth + 1).text;
            self.put.push((two[1].0, format!("and {between} ")));
        }
        self.put.push((end, ")".to_owned()));
    }

    /// Sees a word; where it ends.
    fn word(&mut self, text: &str, at: usize) -> usize {
        let end = word_end(text, at);
        if matches!(&text[at..end], "f" | "F") && text[end..].starts_with(['"', '\'']) {
            return self.formatted(text, at);
        }
        match BETWEEN.contains(&&text[at..end]) || &text[at..end] == "is" {
            true => self.over_operand(),
            false => {
                self.operand(at, end);
            }
        }
        if BETWEEN.contains(&&text[at..end]) {
            // the word itself begins nothing
            if let Some(chain) = self.chains.last_mut()
                && chain.begins == Some(at)
            {
                chain.begins = None;
            }
            self.end(text, at);
        }
        match &text[at..end] {
            "for" => {
                if let Some((_, '(', is_generator)) = self.open.last_mut() {
                    *is_generator = true;
                }
            }
            "while" => {
                self.repeated(text, at);
            }
            "is" => {
                let rest = &text[end..];
                let is = |words: &str| {
                    let behind = rest.strip_prefix(words);
                    behind.is_some_and(|rest| {
                        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    })
                };
                if is(" None") {
                    self.words.push((at, "=="));
                } else if is(" not None") {
                    self.words.push((at, "!=    "));
                }
            }
            _ => {}
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_is_the_list_of_what_it_makes() {
        for (python, read) in [
            ("sum(v for v in x) % 6", "sum([v for v in x]) % 6"),
            ("any(v > 3 for v in x)", "any([v > 3 for v in x])"),
            (
                "max((f(v) for v in x), key=g)",
                "max(([f(v) for v in x]), key=g)",
            ),
            ("f([v for v in x])", "f([v for v in x])"),
            (
                "f({v: 1 for v in x}, (1, 2))",
                "f({v: 1 for v in x}, (1, 2))",
            ),
            ("'(a for b)' # (c for d)", "'(a for b)' # (c for d)"),
            (
                "'''(a\n for b)''' + s(a for a in b)",
                "'''(a\n for b)''' + s([a for a in b])",
            ),
            (
                "sum(sum(w for w in v) for v in x)",
                "sum([sum([w for w in v]) for v in x])",
            ),
            ("if x is None: y is not None", "if x == None: y !=     None"),
            ("this is Nonesense, is_ None", "this is Nonesense, is_ None"),
            ("0 <= x < 5", "(0 <= x and x < 5)"),
            (
                "if not a[0] < b == c != d and e: return f(1 < g(2) < 3, 4)",
                "if not (a[0] < b and b == c and c != d) and e: return f((1 < g(2) and g(2) < 3), 4)",
            ),
            (
                "x = a < b\ny = 1 <= z <= 2",
                "x = a < b\ny = (1 <= z and z <= 2)",
            ),
            (
                "f(a=1, b=2) == c; d = 1 << 2 >> 3",
                "f(a=1, b=2) == c; d = 1 << 2 >> 3",
            ),
            (
                "all(0 < v < 9 for v in x)",
                "all([(0 < v and v < 9) for v in x])",
            ),
            (
                "def f(a: int = 3) -> int: return a",
                "def f(a: int = 3) -> int: return a",
            ),
            ("x ** 2 + 1", "pow(x ,  2) + 1"),
            (
                "-a[i] ** -f(b)[0].c ** 2 % 7",
                "-pow(a[i] ,  -pow(f(b)[0].c ,  2)) % 7",
            ),
            (
                "sum(v ** 2 for v in x) < 3 ** n <= 9",
                "(sum([pow(v ,  2) for v in x]) < pow(3 ,  n) and pow(3 ,  n) <= 9)",
            ),
            (
                "f(**k, *a); def g(*a, **k): 2 * 3",
                "f(**k, *a); def g(*a, **k): 2 * 3",
            ),
            ("(a + b) ** 2", "pow((a + b) ,  2)"),
            (
                "f\"T{i}-{a[0]}\"",
                "( \"T\" + str(i) + \"-\" + str(a[0]) + \"\")",
            ),
            ("f'{i:02d}' + f''", "( '' + format(i,'02d') + '') + ( '')"),
            ("f'{i!r}'", "f'{i!r}'"),
            (
                "0 < (1 if 2 < a < 4 else 5) < 9",
                "(0 < (1 if (2 < a and a < 4) else 5) and (1 if (2 < a and a < 4) else 5) < 9)",
            ),
            ("('it\\'s' for é in \"é(\")", "(['it\\'s' for é in \"é(\"])"),
        ] {
            assert_eq!(Pasted::new(python).text, read);
        }
    }

    #[test]
    fn a_place_is_told_where_it_was_pasted() {
        let python = "sum(v for v in x) + oops";
        let pasted = Pasted::new(python);
        let at = pasted.text.find("oops").unwrap_or_default();
        assert_eq!(pasted.written(at), python.find("oops").unwrap_or_default());
        assert_eq!(pasted.written(0), 0);
    }
}

//! What Python has and the language has not, in other words before a task file is read: a generator expression is
//! the list of what it makes, `is None` compares.

/// A text that was pasted, as the language reads it.
#[derive(Debug)]
pub(super) struct Pasted {
    /// In the language's words.
    pub text: String,
    /// Bytes of it that were put in, ascending.
    put: Vec<usize>,
}

impl Pasted {
    /// The text in the language's words; what is not Python's stays as it is.
    pub fn new(text: &str) -> Self {
        let mut scan = Scan::default();
        scan.walk(text);
        // words of the same length first: they move nothing
        let mut same = text.to_owned();
        for (at, word) in scan.words {
            same.replace_range(at..at + word.len(), word);
        }
        scan.brackets.sort_unstable();
        let (mut out, mut put, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
        for (place, bracket) in scan.brackets {
            out.push_str(&same[at..place]);
            put.push(out.len());
            out.push(bracket);
            at = place;
        }
        out.push_str(&same[at..]);
        Self { text: out, put }
    }

    /// The byte of the text as it was pasted that stands at a byte of this one.
    pub fn written(&self, at: usize) -> usize {
        at - self.put.iter().filter(|&&one| one < at).count()
    }
}

/// A walk through the words of a text, past strings and comments.
#[derive(Default)]
struct Scan {
    /// Open brackets: where, and whether it is a round one with a `for` right within it.
    open: Vec<(usize, char, bool)>,
    /// Square brackets to be put before these bytes.
    brackets: Vec<(usize, char)>,
    /// Words to be put in place of as many bytes.
    words: Vec<(usize, &'static str)>,
}

impl Scan {
    fn walk(&mut self, text: &str) {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            at = match c {
                '#' => text[at..].find('\n').map_or(text.len(), |end| at + end),
                '"' | '\'' => string_end(text, at),
                '(' | '[' | '{' => {
                    self.open.push((at, c, false));
                    at + 1
                }
                ')' | ']' | '}' => {
                    if let Some((from, '(', true)) = self.open.pop() {
                        self.brackets.extend([(from + 1, '['), (at, ']')]);
                    }
                    at + 1
                }
                c if c.is_alphabetic() || c == '_' => self.word(text, at),
                c if c.is_numeric() => word_end(text, at),
                c => at + c.len_utf8(),
            };
        }
    }

    /// Sees a word; where it ends.
    fn word(&mut self, text: &str, at: usize) -> usize {
        let end = word_end(text, at);
        match &text[at..end] {
            "for" => {
                if let Some((_, '(', is_generator)) = self.open.last_mut() {
                    *is_generator = true;
                }
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

fn word_end(text: &str, at: usize) -> usize {
    let ends = |c: char| !(c.is_alphanumeric() || c == '_');
    text[at..].find(ends).map_or(text.len(), |end| at + end)
}

/// Where the string that begins here ends: with its own quotes, one that stands on one line at the line's end at
/// the latest.
fn string_end(text: &str, at: usize) -> usize {
    let quote = &text[at..=at];
    let long = quote.repeat(3);
    let is_long = text[at..].starts_with(&long);
    let close = if is_long { &long } else { quote };
    let mut end = at + close.len();
    while let Some(c) = text[end..].chars().next() {
        if text[end..].starts_with(close) {
            return end + close.len();
        }
        match c {
            '\n' if !is_long => return end,
            '\\' => {
                end += 1;
                end += text[end..].chars().next().map_or(0, char::len_utf8);
            }
            c => end += c.len_utf8(),
        }
    }
    end
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

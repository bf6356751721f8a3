//! Where words, texts and the values in them end.

/// Where the word that begins here ends.
pub(super) fn word_end(text: &str, at: usize) -> usize {
    let ends = |c: char| !(c.is_alphanumeric() || c == '_');
    text[at..].find(ends).map_or(text.len(), |end| at + end)
}

/// A value in a text: from bracket to bracket, and where the colon of its form stands.
pub(super) struct Within {
    pub open: usize,
    pub colon: Option<usize>,
    pub close: usize,
}

/// Where the form of a value begins: behind a colon outside of brackets.
fn colon_in(value: &str) -> Option<usize> {
    let mut depth = 0;
    value.bytes().position(|byte| {
        depth += i32::from(matches!(byte, b'[' | b'(')) - i32::from(matches!(byte, b']' | b')'));
        depth == 0 && byte == b':'
    })
}

/// The values in a text with such; `None` where there is more about them than a value and its form. `text` goes on
/// to the closing quote.
pub(super) fn values_in(text: &str, quote: &str) -> Option<Vec<Within>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(['{', '}']).map(|open| at + open) {
        let close = open + text[open..].find('}')?;
        let value = text[open..close].strip_prefix('{')?;
        let colon = colon_in(value);
        let (said, form) = value.split_at(colon.unwrap_or(value.len()));
        let plain = !said.trim().is_empty()
            && !said.contains(['{', '!', '=', '\\', '"', '\''])
            && !form.contains(['{', '\\', '"', '\'', '\n'])
            && !text[close + 1..].starts_with('}');
        plain.then_some(())?;
        found.push(Within {
            open,
            colon: colon.map(|colon| open + 1 + colon),
            close,
        });
        at = close + 1;
    }
    // three quotes begin a text of several lines
    (!text.starts_with(quote) || text.len() == quote.len()).then_some(found)
}

/// Where the string that begins here ends: with its own quotes, one that stands on one line at the line's end at
/// the latest.
pub(super) fn string_end(text: &str, at: usize) -> usize {
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

//! The values in a field's text: words that blanks and commas part.

use crate::task::parts_values;
use std::ops::Range;

/// The bytes of the value at a column (in characters): the one that it is in, or stands behind; nothing
/// where it stands between two blanks.
pub(super) fn at(text: &str, column: usize) -> Range<usize> {
    let here = text.char_indices().nth(column);
    let here = here.map_or(text.len(), |(at, _)| at);
    let start = text[..here].rfind(parts_values).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[here..]
        .find(parts_values)
        .map_or(text.len(), |at| here + at);
    start..end
}

/// How many values stand before a byte.
pub(super) fn before(text: &str, byte: usize) -> usize {
    let words = text[..byte].split(parts_values);
    words.filter(|word| !word.is_empty()).count()
}

/// The column behind a byte of the text, in characters.
pub(super) fn column(text: &str, byte: usize) -> usize {
    text[..byte].chars().count()
}

/// The bytes of the next value, or of the one before.
pub(super) fn beside(text: &str, word: &Range<usize>, next: bool) -> Option<Range<usize>> {
    let is_value = |(_, c): &(usize, char)| !parts_values(*c);
    let found = match next {
        true => text[word.end..]
            .char_indices()
            .find(is_value)
            .map(|(byte, _)| byte + word.end),
        false => text[..word.start]
            .char_indices()
            .rev()
            .find(is_value)
            .map(|(byte, _)| byte),
    };
    found.map(|byte| at(text, column(text, byte)))
}

#[cfg(test)]
mod tests {
    use super::{at, before, beside, column};

    #[test]
    fn words_are_found_at_around_and_between() {
        let text = "14 é5,  7";
        let word = |column| &text[at(text, column)];
        assert_eq!(
            [word(0), word(2), word(3), word(5)],
            ["14", "14", "é5", "é5"]
        );
        assert_eq!([word(6), word(7), word(8), word(99)], ["", "", "7", "7"]);
        let second = at(text, 4);
        assert_eq!(before(text, second.start), 1);
        assert_eq!(column(text, second.end), 5);
        let neighbour = |next| beside(text, &second, next).map(|word| &text[word]);
        assert_eq!([neighbour(true), neighbour(false)], [Some("7"), Some("14")]);
        assert_eq!(beside(text, &at(text, 0), false), None);
        assert_eq!(beside(text, &at(text, 9), true), None);
        assert_eq!(at("", 0), 0..0);
    }
}

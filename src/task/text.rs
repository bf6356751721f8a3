//! Foreign text made fit to be shown: the one place that knows which characters act instead of being seen.
//!
//! Names of files and tensors, words of a config, notes and claims of other people's findings, arguments of
//! the command line: none may move a cursor, turn the direction of writing, break a line or hide anything.

use std::borrow::Cow;
use std::path::Path;

/// The most characters of a word in a message.
const WORD: usize = 40;
/// The most characters of a path in a message.
const PATH: usize = 240;

/// The most choices that a message names.
const CHOICES: usize = 24;

/// So many of something: `1 edge`, `8 edges`.
#[must_use]
pub fn counted(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// Whether a character does something besides being seen: controls, breaks of lines, turns of the direction
/// of writing, tags, annotations, and what no text may hold.
#[must_use]
pub const fn acts(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' // marks of writing direction
        | '\u{2028}' | '\u{2029}' // line and paragraph separator
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // turns of writing direction, and how digits look
        | '\u{fff9}'..='\u{fffb}' // interlinear annotation
        | '\u{fffe}' | '\u{ffff}' // no characters
        | '\u{1d173}'..='\u{1d17a}' // beams and slurs
        | '\u{e0000}'..='\u{e0fff}') // tags, and variants of the second kind: text that nobody sees
}

/// Whether a character is there without being seen: joiners, blanks of no width, fillers.
#[must_use]
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
    )
}

/// Foreign text in full on one line, fit for a terminal: what acts or is unseen is escaped.
#[must_use]
pub fn harmless(text: &str) -> String {
    escaped(text, |c| acts(c) || is_unseen(c))
}

/// The same of several lines: they stay lines.
#[must_use]
pub fn harmless_lines(text: &str) -> String {
    escaped(text, |c| c != '\n' && (acts(c) || is_unseen(c)))
}

fn escaped(text: &str, bad: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if bad(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Text for a page of other people's: lines stay, what acts or is unseen is left out; not the joiners that
/// scripts and pictograms are written with.
#[must_use]
pub fn without_acts(text: &str) -> String {
    let is_fit = |c: char| !acts(c) && (!is_unseen(c) || matches!(c, '\u{200c}' | '\u{200d}'));
    let fit = text.chars().filter(|&c| c == '\n' || is_fit(c));
    fit.collect()
}

/// A command line whose words a shell takes as they are.
#[must_use]
pub fn as_command(words: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = words.map(|word| word.replace('\0', "")).collect();
    // only a zero byte cannot be quoted
    shlex::try_join(all.iter().map(String::as_str)).unwrap_or_else(|_| all.join(" "))
}

/// A foreign word made fit for a message: [`harmless`], 40 characters at most.
#[must_use]
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(WORD) {
        Some((end, _)) => format!("{}...", harmless(&text[..end])),
        None => harmless(text),
    }
}

/// A path made fit for a message: [`harmless`], and of a very long one its end, which names the file.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let chars = text.chars().count();
    let mut rest = text.chars();
    if chars <= PATH {
        return harmless(&text);
    }
    rest.nth(chars - PATH - 1);
    format!("...{}", harmless(rest.as_str()))
}

/// A cell of CSV (RFC 4180): in quotes where it has what parts cells or rows.
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\n', '\r']) {
        true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
        false => Cow::Borrowed(text),
    }
}

/// Choices for a message: all of few, of many the first and how many there are.
#[must_use]
pub fn listed(names: &[String], between: &str) -> String {
    match names.get(..CHOICES) {
        Some(first) if names.len() > CHOICES => {
            let (first, rest) = (first.join(between), names.len() - CHOICES);
            format!("{first}{between}... and {rest} more")
        }
        _ => names.join(between),
    }
}

/// Single-character insertions, deletions and substitutions between two words.
pub fn edit_distance(a: &str, b: &str) -> usize {
    // a pasted page needs no distance, only a suggestion
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped_everywhere() {
        for c in "\u{0}\u{7}\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{2028}\u{2029}\u{202e}\u{2066}\u{2069}\
                  \u{206a}\u{fff9}\u{ffff}\u{e0001}\u{e0041}\u{e007f}\u{e0100}\u{200b}\u{ad}\u{feff}\u{3164}"
            .chars()
        {
            let escape = c.escape_unicode().to_string();
            let text = c.to_string();
            assert_eq!(harmless(&text), escape);
            assert_eq!(shown(&text), escape);
            assert_eq!(shown_path(Path::new(&text)), escape);
            assert_eq!(harmless_lines(&format!("{c}\n")), format!("{escape}\n"));
        }
        let plain = "é 漢字 e\u{301} 😀 → ±";
        assert_eq!(harmless(plain), plain);
        assert_eq!(without_acts("a\u{202e}b\n\u{1b}[2J"), "ab\n[2J");
        let unseen = "a\u{200b}\u{ad}\u{180e}\u{feff}\u{2060}b";
        assert_eq!(without_acts(unseen), "ab");
        let joined = "👩\u{200d}🔬 می\u{200c}خواهم";
        assert_eq!(without_acts(joined), joined);
    }

    #[test]
    fn a_long_path_still_names_its_file() {
        let path = format!("/{}/model.safetensors", "folder/".repeat(100));
        let said = shown_path(Path::new(&path));
        assert!(said.starts_with("...") && said.ends_with("/model.safetensors"));
        assert_eq!(said.chars().count(), PATH + 3);
        let short = "/home/somebody/experiments/run-2026-11-28/seeds/7/model.safetensors";
        assert_eq!(shown_path(Path::new(short)), short);
    }
}

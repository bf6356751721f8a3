//! A verdict in words: the same on screen and in the shell.

use super::verdict::{NO_INPUT, Verdict};
use crate::task::grouped;
use crate::task::number::significant;

impl Verdict {
    /// Of how many inputs it is true: `holds for 15,750,000 of 18,750,000 (84.00 %)`, and where it has
    /// a condition how many meet that.
    #[must_use]
    pub fn count_words(&self) -> String {
        if self.total == 0 {
            return NO_INPUT.to_owned();
        }
        let mut text = self.counted();
        if self.inputs > self.total {
            text += &format!(
                ", the inputs of {} that meet the condition",
                grouped(self.inputs.into())
            );
        }
        text + &self.left_out()
    }

    /// The same of a count that goes on.
    #[must_use]
    pub fn count_words_so_far(&self) -> String {
        let more = match self.inputs > self.total {
            true => " looked at so far",
            false => "",
        };
        format!("{}{more}{}", self.counted(), self.left_out())
    }

    fn counted(&self) -> String {
        let count = |n: u64| grouped(n.into());
        match self.asks() {
            Some(_) => format!("over {} inputs", count(self.total)),
            None => format!(
                "holds for {} of {} ({})",
                count(self.count),
                count(self.total),
                percent(self.count, self.total)
            ),
        }
    }

    fn left_out(&self) -> String {
        let told = |n: u64, words: &str| match n {
            0 => String::new(),
            n => format!("; {words} {}", grouped(n.into())),
        };
        let unasked = told(self.unasked, "without a right answer");
        told(self.undefined, "undefined for") + &unasked
    }

    /// What the claim's first expression is over the inputs that it is about.
    #[must_use]
    pub fn number_words(&self) -> String {
        let number = |x: f64| match x.is_nan() {
            true => "n/a".to_owned(),
            false => format!("{x:.6}"),
        };
        let [mean, min, max] = [self.mean, self.min, self.max].map(number);
        let error = self.standard_error.filter(|_| self.evidence.sampled);
        let error = error.map_or_else(String::new, |error| format!(" ± {error:.6}"));
        format!("{}: mean {mean}{error}  min {min}  max {max}", self.of)
    }

    /// Whether its first expression is what is said or right: a class, of which there is no mean.
    #[must_use]
    pub fn is_of_classes(&self) -> bool {
        let name = self.of.split('[').next().unwrap_or_default();
        let end = self.of.rsplit(']').next().unwrap_or_default();
        let alone = !self.of.contains(char::is_whitespace);
        alone && matches!(name, "pred" | "truth") && (end == self.of || end.is_empty())
    }

    /// `PROVED`, `REFUTED`, `SUPPORTED`, `UNDECIDED`, or for a claim that only asks for a number, that
    /// number.
    #[must_use]
    pub fn word(&self) -> String {
        match (self.conclusion(), self.asks()) {
            (Some(known), _) => known.word().to_owned(),
            (None, Some((_, value))) if !value.is_nan() => format!("{value:.4}"),
            (None, _) => "n/a".to_owned(),
        }
    }

    /// What stands behind the word: how it was found out, and how sure that is.
    #[must_use]
    pub fn known_words(&self) -> String {
        let mut text = self.method();
        if let Some(why) = self.why() {
            text = format!("{why} ({text})");
        }
        if let Some(bound) = self.bound() {
            text += &format!(
                "; none of {} fails, so that at most {} of all do (95 % sure)",
                grouped(self.total.into()),
                significant(bound, 3)
            );
        }
        text
    }

    /// Which single number of all inputs the claim is about, where it is about one.
    #[must_use]
    pub fn asks(&self) -> Option<(&'static str, f64)> {
        match self.claim.split_whitespace().next() {
            Some("mean") => Some(("mean", self.mean)),
            Some("min") => Some(("min", self.min)),
            Some("max") => Some(("max", self.max)),
            _ => None,
        }
    }
}

/// A share in percent; 100 and 0 only where it is all or nothing.
fn percent(part: u64, all: u64) -> String {
    let share = 100.0 * part as f64 / all as f64;
    match format!("{share:.2}").as_str() {
        "100.00" if part < all => "> 99.99 %".to_owned(),
        "0.00" if part > 0 => "< 0.01 %".to_owned(),
        text => format!("{text} %"),
    }
}

/// The words of a claim's first expression: what its mean, least and largest are of.
pub(super) fn first_expression(line: &str) -> String {
    let mut text = line.trim();
    let compact: String = text.split_whitespace().collect();
    let after = compact.strip_prefix("pred").unwrap_or_default();
    let runs = [".clean", ".patched"].iter();
    let bare = runs.fold(after, |after, run| after.strip_prefix(run).unwrap_or(after));
    if ["==truth", "=truth"]
        .iter()
        .any(|end| bare.starts_with(end))
        && !bare.contains("truth[")
    {
        return "margin".to_owned();
    }
    while let Some(rest) = ["mean ", "min ", "max ", "not "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
    {
        text = rest.trim_start();
    }
    // a position may be called =
    let mut depth = 0i32;
    let signs = text.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '[') - i32::from(*c == ']');
        depth == 0 && matches!(c, '<' | '>' | '=' | '!')
    });
    let signs = signs.map(|(at, _)| at);
    let words = [" in ", " in{", " is ", " when ", " and ", " or "];
    let words = words.iter().filter_map(|word| text.find(word));
    let end = words.chain(signs).min().unwrap_or(text.len());
    let mut text = text[..end].trim();
    // a parenthesis around more than this expression
    while text.matches('(').count() > text.matches(')').count() {
        match text.strip_prefix('(') {
            Some(rest) => text = rest.trim_start().trim_start_matches("not ").trim_start(),
            None => break,
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_expression_is_what_the_numbers_are_of() {
        for (line, words) in [
            ("A1[b_0,elt] > 0.5 when idx=1", "A1[b_0,elt]"),
            ("pred == truth", "margin"),
            ("pred.patched == truth", "margin"),
            ("pred.patched == pred.clean - 1", "pred.patched"),
            ("pred[=] == 3", "pred[=]"),
            ("mean logp[b_0] when elt in {1}", "logp[b_0]"),
            ("not (a_0 + a_1) * 2 > 3", "(a_0 + a_1) * 2"),
            ("((a_0 > 5) and idx = 1)", "a_0"),
            ("(not A0[elt,idx] is argmax)", "A0[elt,idx]"),
            ("min abs(margin - 3)", "abs(margin - 3)"),
            ("rank[b_0]==1", "rank[b_0]"),
        ] {
            assert_eq!(first_expression(line), words, "{line}");
        }
    }

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        assert_eq!(percent(15_750_000, 18_750_000), "84.00 %");
        assert_eq!(percent(18_749_999, 18_750_000), "> 99.99 %");
        assert_eq!(percent(1, 18_750_000), "< 0.01 %");
        assert_eq!(percent(0, 5), "0.00 %");
        assert_eq!(percent(5, 5), "100.00 %");
    }
}

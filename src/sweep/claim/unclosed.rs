//! Brackets without their other half: what a line is told first, as all else that is wrong follows from it.

const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The first closing bracket that nothing opened, or else the last opening one that nothing closes: the word it
/// stands in, and what is wrong with it. What went wrong `from` a byte on and has nothing to do with it comes first.
pub(super) fn unclosed(text: &str, from: usize) -> Option<(usize, String)> {
    let mut open: Vec<(usize, char, char)> = Vec::new();
    for (at, c) in text.char_indices() {
        if let Some((begins, ends)) = PAIRS.iter().find(|(begins, _)| *begins == c) {
            open.push((at, *begins, *ends));
        } else if PAIRS.iter().any(|(_, ends)| *ends == c) {
            let problem = match open.pop() {
                Some((_, _, ends)) if ends == c => continue,
                Some((_, begins, ends)) => {
                    format!("'{ends}' is needed here, for the '{begins}' before")
                }
                None => format!("nothing is open that '{c}' could close"),
            };
            return (from < at).then_some((at, problem));
        }
    }
    let (at, begins, ends) = open.pop()?;
    let is_cause = from <= at || text[from..].trim().is_empty();
    let problem = format!("this '{begins}' is not closed; '{ends}' is missing");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = text[..at].trim_end_matches(is_name).len();
    is_cause.then_some((name, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_without_their_other_half_are_found() {
        let at = |text| unclosed(text, 0).map(|(at, _)| at);
        for whole in ["", "(a_0 > 1)", "A1[b_0,elt] in {0,1} and (not (x))"] {
            assert_eq!(unclosed(whole, 0), None, "{whole}");
        }
        for (text, place) in [
            ("(a_0 > 1", 0),
            ("((a_0) > 1", 0),
            ("a > 1)", 5),
            ("x[(1]", 4),
            ("a in {1", 5),
            ("a == max(", 5),
        ] {
            assert_eq!(at(text), Some(place), "{text}");
        }
    }

    #[test]
    fn what_else_went_wrong_before_comes_first() {
        for (text, from) in [("((>", 2), ("(a 1 > 2", 3), ("1 > 2 )", 6)] {
            assert_eq!(unclosed(text, from), None, "{text}");
        }
        assert!(unclosed("a in {1, ", 9).is_some());
    }
}

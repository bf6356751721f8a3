//! Names that stand for numbers: tokens and classes.

use super::comparison::Comparison;
use super::grammar::{Number, Term};
use super::meaning::Reader;
use super::stated::named;
use super::words;
use crate::task::Task;

impl Reader<'_> {
    /// A token's name where it is no field's: `c_0 = a`; where what is said is compared with it, a class's:
    /// `pred[=] == more_A`.
    pub fn named_value(&self, term: &Term) -> Option<f64> {
        let name = &term.word;
        let mut forms = words::WORDS
            .iter()
            .map(|(form, _)| form.split(['[', ' ', ',']).next());
        let is_word = forms.any(|word| word == Some(name.as_str()));
        if self.field(name).is_some() || !term.brackets.is_empty() || is_word || term.is_expression
        {
            return None;
        }
        named(self.task, name, self.names_classes)
    }
}

impl Reader<'_> {
    /// The same word of the only prediction there is, where it names none: `pred` for `pred[=]`.
    pub fn of_the_only_one(&self, term: &Term) -> Option<Term> {
        const WORDS: [&str; 5] = ["pred", "truth", "rank", "prob", "logit_diff"];
        let [answer] = &self.task.answers[..] else {
            return None;
        };
        let is_bare =
            !term.is_expression && term.brackets.is_empty() && WORDS.contains(&term.word.as_str());
        is_bare.then(|| Term {
            brackets: vec![vec![self.task.label(answer.read_at)]],
            ..term.clone()
        })
    }
}

/// Whether a comparison is `pred == truth`, which is of all predictions, or what is no other claim than that one
/// written wrong.
pub(super) fn is_of_all(task: Task, a: &Term, how: Comparison, b: &Term) -> bool {
    let bare = |term: &Term, word: &str| term.word == word && term.brackets.is_empty();
    let right = bare(b, "truth") && b.run.is_none() && how == Comparison::Equal;
    bare(a, "pred") && (right || task.answers.len() != 1)
}

/// Whether it is what is predicted, of all predictions.
pub(super) fn is_prediction(term: &Term) -> bool {
    term.word == "pred" && term.brackets.is_empty()
}

/// Whether what is said or right is part of it.
pub(super) fn is_of_class(number: &Number<Term>) -> bool {
    match number {
        Number::Constant(_) => false,
        Number::Word(term) if term.is_expression => false,
        Number::Word(term) => matches!(term.word.as_str(), "pred" | "truth"),
        Number::Negative(a) | Number::Abs(a) => is_of_class(a),
        Number::Choice(a, _, b) => is_of_class(a) || is_of_class(b),
        Number::Chain(first, rest) => {
            is_of_class(first) || rest.iter().any(|(_, one)| is_of_class(one))
        }
    }
}

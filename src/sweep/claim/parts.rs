//! The words that a claim is made of.

use super::grammar::{Body, Line, Number, Truth};

impl<W> Line<W> {
    /// All its words.
    pub fn words(&self) -> Vec<&W> {
        let mut words = Vec::new();
        match &self.body {
            Body::Each(truth) => truth.words(&mut words),
            Body::All(_, number, bound) => {
                number.words(&mut words);
                if let Some((_, bound)) = bound {
                    bound.words(&mut words);
                }
            }
        }
        words.extend(self.words_of_when());
        words
    }

    /// Those of its condition.
    pub fn words_of_when(&self) -> Vec<&W> {
        let mut words = Vec::new();
        if let Some(when) = &self.when {
            when.words(&mut words);
        }
        words
    }
}

impl<W> Number<W> {
    fn words<'a>(&'a self, to: &mut Vec<&'a W>) {
        match self {
            Self::Constant(_) => {}
            Self::Word(word) => to.push(word),
            Self::Negative(a) | Self::Abs(a) => a.words(to),
            Self::Choice(a, of, b) => {
                a.words(to);
                of.words(to);
                b.words(to);
            }
            Self::Chain(first, rest) => {
                first.words(to);
                rest.iter().for_each(|(_, one)| one.words(to));
            }
        }
    }
}

impl<W> Truth<W> {
    pub(super) fn words<'a>(&'a self, to: &mut Vec<&'a W>) {
        match self {
            Self::Compare(a, _, b) => {
                a.words(to);
                b.words(to);
            }
            Self::In(a, list) => {
                a.words(to);
                list.iter().for_each(|one| one.words(to));
            }
            Self::Within(a, list) => {
                a.words(to);
                to.push(list);
            }
            Self::Argmax(word) => to.push(word),
            Self::Not(a) => a.words(to),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.words(to)),
        }
    }
}

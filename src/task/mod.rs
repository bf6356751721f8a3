//! Tasks: what a prompt is made of, what is right after it, and how examples are drawn.
//!
//! A task is data ([`Spec`]), and everything that knows a position's name, a field or a right answer
//! asks it. This room looks at no other.

mod agreement;
mod array_update;
mod as_if;
mod binomial;
mod data;
mod donor;
mod form;
mod forms;
mod identity;
mod instance;
mod kin;
mod language;
pub mod limits;
pub mod number;
mod padding;
mod pair;
pub mod plain;
mod prompt;
mod rule;
mod sample;
mod space;
mod spec;
mod tables;
pub mod text;
mod values;
mod vocabulary;

pub use agreement::Agreement;
pub use as_if::AsIf;
pub use binomial::least_share;
pub use form::Form;
pub use identity::Identity;
pub use kin::Kin;
pub use language::{Called, Expression, ExpressionError, Given, Sizes, TaskError};
pub use number::Estimate;
pub use pair::{counterfactuals, unlike};
pub use prompt::{PromptError, parts_values};
pub use rule::{Ask, Pick, Picks, Rule, Target};
pub use sample::{Batches, Sample, below, standard_normal};
pub use spec::{Answer, Draw, Exists, Group, Place, Slot, Spec};
pub use text::{harmless, shown, shown_path};
pub use values::{Change, Field, Prompt, Values};
pub use vocabulary::{Meaning, Vocabulary};

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::OnceLock;

/// The id of a token, or of a class that is said.
pub type Token = u32;

/// A task at hand. It lives as long as the program does: a program looks at one, or at few.
#[derive(Clone, Copy)]
pub struct Task(&'static Known);

/// A task and what was found out about it.
struct Known {
    spec: Spec,
    form: OnceLock<Option<Form>>,
    form_of_each: OnceLock<Option<Form>>,
    kin: OnceLock<Kin>,
}

impl Deref for Task {
    type Target = Spec;
    fn deref(&self) -> &Spec {
        &self.0.spec
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
            || (&self.name, &self.options) == (&other.name, &other.options)
    }
}

impl Eq for Task {}

impl Hash for Task {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.options).hash(state);
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.spec)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())
    }
}

impl From<Spec> for Task {
    fn from(spec: Spec) -> Self {
        Self(Box::leak(Box::new(Known {
            spec,
            form: OnceLock::new(),
            form_of_each: OnceLock::new(),
            kin: OnceLock::new(),
        })))
    }
}

impl Default for Task {
    fn default() -> Self {
        Self::array_update(3, 50).unwrap_or_else(|_| Self::raw(1, 1, 1))
    }
}

impl Task {
    /// What it is made of.
    #[must_use]
    pub fn get(self) -> &'static Spec {
        &self.0.spec
    }

    /// Tokens of which nothing is known: prompts of `len`, nothing right or wrong.
    #[must_use]
    pub fn raw(len: usize, d_vocab: usize, d_vocab_out: usize) -> Self {
        Spec::raw(len, d_vocab, d_vocab_out).into()
    }

    /// A whole number that was chosen for it.
    #[must_use]
    pub fn option<T: std::str::FromStr>(self, name: &str) -> Option<T> {
        let (_, value) = self.options.iter().find(|(one, _)| one == name)?;
        value.parse().ok()
    }

    /// The task for a model that has one output for a whole prompt.
    #[must_use]
    pub fn with_one_output(self) -> Self {
        let mut spec = self.get().clone();
        spec.one_output = true;
        for answer in &mut spec.answers {
            (answer.read_at, answer.fed_back) = (0, None);
        }
        spec.into()
    }

    /// Whether anything is right or wrong in it.
    #[must_use]
    pub fn is_judged(self) -> bool {
        !self.answers.is_empty() && !matches!(self.rule, Rule::None)
    }

    /// Tokens that can stand in a prompt.
    #[must_use]
    pub fn d_vocab(self) -> usize {
        self.vocabulary.len()
    }

    /// Positions of a prompt.
    #[must_use]
    pub fn seq_len(self) -> usize {
        self.places.len()
    }

    /// The position at which the i-th answer is read; the last where there is no such answer.
    #[must_use]
    pub fn predicts_at(self, i: usize) -> usize {
        let last = self.seq_len().saturating_sub(1);
        self.answers.get(i).map_or(last, |answer| answer.read_at)
    }

    /// The positions at which answers are read, in their order.
    #[must_use]
    pub fn read_positions(self) -> Vec<u32> {
        let answers = self.answers.iter();
        answers.map(|answer| answer.read_at as u32).collect()
    }

    /// How many positions there are up to the last that is read.
    #[must_use]
    pub fn read_len(self) -> usize {
        let read = self.answers.iter().map(|answer| answer.read_at + 1);
        read.max().unwrap_or(0)
    }

    /// Which answer is read at `position`, if any.
    #[must_use]
    pub fn predicted_at(self, position: usize) -> Option<usize> {
        let mut answers = self.answers.iter();
        answers.position(|answer| answer.read_at == position)
    }

    /// The name of a prediction, by where it is read and what it predicts: `nl_1→b_0`.
    #[must_use]
    pub fn prediction(self, i: usize) -> String {
        let name = self.answers.get(i).map_or("", |answer| &answer.name);
        if self.one_output {
            return name.to_owned();
        }
        format!("{}→{name}", self.label(self.predicts_at(i)))
    }

    /// What the task's function calls its answers: `b`.
    #[must_use]
    pub fn answer_groups(self) -> Vec<String> {
        let mut groups: Vec<String> = Vec::new();
        for answer in &self.answers {
            if !groups.contains(&answer.group) {
                groups.push(answer.group.clone());
            }
        }
        groups
    }

    /// The names of all predictions.
    #[must_use]
    pub fn predictions(self) -> Vec<String> {
        (0..self.answers.len())
            .map(|i| self.prediction(i))
            .collect()
    }

    /// A position as what is read there: the prediction's name, or the label where nothing is
    /// predicted.
    #[must_use]
    pub fn read_at(self, position: usize) -> String {
        match self.predicted_at(position) {
            Some(i) => self.prediction(i),
            None => self.label(position),
        }
    }

    /// The prediction of this name: `nl_1→b_0`, `nl_1->b_0`, by what is predicted, `b_0`, or where nothing predicted has
    /// that name by where it is read, `nl_1`.
    #[must_use]
    pub fn prediction_named(self, name: &str) -> Option<usize> {
        let named = |&i: &usize| {
            let name = name.replace("->", "→");
            name == self.prediction(i) || name == self.answers[i].name
        };
        let read = |&i: &usize| name == self.label(self.predicts_at(i));
        let mut all = 0..self.answers.len();
        all.clone().find(named).or_else(|| all.find(read))
    }

    /// The prompt as token ids, `seq_len` of them, each where the longest prompt has it: what a shorter list leaves
    /// free holds the pad token. [`Task::row`] has them as a model reads them.
    #[must_use]
    pub fn tokens(self, prompt: &Prompt) -> Vec<Token> {
        let at = |values: &[Token], i: usize| values.get(i).copied().unwrap_or(0);
        let mut fed = self.answers.iter().scan(0, |fed, answer| {
            let here = *fed;
            *fed += usize::from(answer.fed_back.is_some());
            Some(here)
        });
        let fed: Vec<usize> = fed.by_ref().collect();
        let mut tokens: Vec<Token> = Vec::with_capacity(self.seq_len());
        for place in &self.places {
            tokens.push(match *place {
                Place::Fixed(token) => token,
                Place::Slot(slot) => at(prompt.values.tokens(), slot),
                Place::Answer(answer) => at(&prompt.continuation, fed[answer]),
            });
        }
        tokens
    }

    /// The position's name: `BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2`.
    #[must_use]
    pub fn label(self, position: usize) -> String {
        self.labels.get(position).cloned().unwrap_or_default()
    }

    /// All position names in order.
    #[must_use]
    pub fn labels(self) -> Vec<String> {
        self.labels.clone()
    }

    /// The notebook's labels of one example: `BOS 14_1 26_2 35_3 nl_0 1_5 48_6 nl_1 14_8 ...`.
    #[must_use]
    pub fn example_labels(self, tokens: &[Token]) -> Vec<String> {
        let positions = self.places.iter().enumerate().zip(tokens);
        positions
            .map(|((position, place), &token)| match place {
                Place::Fixed(_) => self.label(position),
                _ => format!("{}_{position}", self.token_name(token)),
            })
            .collect()
    }

    /// A token as it is written on screen: a value, `BOS` or `\n`.
    #[must_use]
    pub fn token_name(self, token: Token) -> String {
        self.vocabulary.name(token)
    }

    /// A class that the model can say, as it is written on screen.
    #[must_use]
    pub fn class_name(self, class: Token) -> String {
        self.classes.name(class)
    }

    /// What is said, if anything is.
    #[must_use]
    pub fn said_words(self, said: Option<Token>) -> String {
        said.map_or_else(|| "n/a".to_owned(), |class| self.class_name(class))
    }

    /// What is right, as it is written on screen: `48`, `3 or 5`, `-` where nothing is.
    #[must_use]
    pub fn target_name(self, target: &Target) -> String {
        match target.tokens() {
            [] => "-".into(),
            tokens => {
                let names: Vec<_> = tokens.iter().map(|&one| self.class_name(one)).collect();
                names.join(" or ")
            }
        }
    }

    /// A field by its name.
    ///
    /// # Errors
    /// Names those that there are, of a list its own.
    pub fn named_field(self, name: &str) -> anyhow::Result<Field> {
        if let Some(field) = self.field(name) {
            return Ok(field);
        }
        let group = self.groups.iter().find(|group| group.name == name);
        let own = group.map(|group| group.slots.clone());
        let fields = self
            .fields()
            .filter(|field| own.as_ref().is_none_or(|own| own.contains(&field.slot)));
        let names: Vec<String> = fields.map(|field| field.to_string()).collect();
        match own {
            Some(_) => anyhow::bail!(
                "{} is a list; its values are the fields {}",
                shown(name),
                names.join(" ")
            ),
            None => anyhow::bail!(
                "no field '{}'; the fields are {}",
                shown(name),
                names.join(" ")
            ),
        }
    }

    /// All fields, in the order in which they are typed.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        (0..self.slots.len()).map(move |slot| Field::new(self, slot))
    }

    /// The field of this name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Field> {
        let slot = self.slots.iter().position(|slot| slot.name == name)?;
        Some(Field::new(self, slot))
    }

    /// The position that a label, a prediction (where it is read) or an index names.
    ///
    /// # Errors
    /// When it names none; the message lists the labels.
    pub fn position(self, name: &str) -> anyhow::Result<usize> {
        let by_label = self.labels.iter().position(|label| label == name);
        let by_index = || name.parse().ok().filter(|&p: &usize| p < self.seq_len());
        let by_prediction = || {
            let is_one = name.contains('→') || name.contains("->");
            let i = self.prediction_named(name).filter(|_| is_one)?;
            Some(self.predicts_at(i))
        };
        let found = by_label.or_else(by_index).or_else(by_prediction);
        found.ok_or_else(|| {
            anyhow::anyhow!(
                "no position '{}'; the positions are {} or 0 to {}",
                shown(name),
                self.labels.join(" "),
                self.seq_len() - 1
            )
        })
    }
}

/// A fraction with as many digits as tell it from 1, four at the least and nine at the most:
/// `0.9375`, `0.99999344`, and 1 only for what is exactly 1.
#[must_use]
pub fn fraction(x: f64) -> String {
    let off = 1.0 - x;
    if off == 0.0 || x == 0.0 {
        return format!("{x:.0}");
    }
    let digits = (-off.abs().log10()).ceil() + 3.0;
    let digits = digits.clamp(4.0, 9.0) as usize;
    let text = format!("{x:.digits$}");
    let end = text.trim_end_matches('0').len().max("0.0000".len());
    match &text[..end.min(text.len())] {
        "1.0000" => ">0.999999999".to_owned(),
        shown => shown.to_owned(),
    }
}

/// A whole number in groups of three digits: `18,750,000`.
#[must_use]
pub fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_1_only_where_it_is() {
        for (x, text) in [
            (1.0, "1"),
            (0.0, "0"),
            (0.5, "0.5000"),
            (1.0 - 123.0 / 18_750_000.0, "0.99999344"),
            (1.0 - 123.0 / 56_250_000.0, "0.999997813"),
            (1.0 - 1e-12, ">0.999999999"),
            (2.0 / 3.0, "0.6667"),
        ] {
            assert_eq!(fraction(x), text);
        }
    }
}

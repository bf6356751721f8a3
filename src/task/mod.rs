//! The array-update task: `a=[14,26,35]; a[1]=48 -> [14,48,35]`.
//!
//! One prompt is `BOS a_0..a_{L-1} nl_0 idx elt nl_1 b_0..b_{L-1}`; `b_i` is predicted at the
//! position before it. This room looks at no other. Source of the layout: the training notebook
//! of the reference model (cell 18).

mod donor;
pub mod limits;
pub mod number;
mod pair;
mod prompt;
mod sample;

pub use number::Estimate;
pub use pair::{Change, Field, counterfactuals};
pub use prompt::{PromptError, harmless, shown};
pub use sample::{Sample, below, notebook_batches};

use serde::{Deserialize, Serialize};
use std::fmt;

/// A token id: values `0..max_num`, then BOS, then newline.
pub type Token = u32;

/// The size of the task: how many numbers a list holds, and how many values a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArrayUpdate {
    /// Numbers in a list (3 in the reference model).
    pub list_len: usize,
    /// Values are `0..max_num` (50 in the reference model).
    pub max_num: u32,
}

impl fmt::Display for ArrayUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lists of {} numbers below {}",
            self.list_len, self.max_num
        )
    }
}

impl Default for ArrayUpdate {
    fn default() -> Self {
        Self {
            list_len: 3,
            max_num: 50,
        }
    }
}

/// What a user types: the list, the index to change and the element to put there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Update {
    /// The list before the update, `list_len` values.
    pub a: Vec<Token>,
    /// The index to change, `0..list_len`.
    pub idx: Token,
    /// The new element.
    pub elt: Token,
}

impl Update {
    /// The list after the update: the right answer.
    #[must_use]
    pub fn truth(&self) -> Vec<Token> {
        let mut b = self.a.clone();
        if let Some(slot) = b.get_mut(self.idx as usize) {
            *slot = self.elt;
        }
        b
    }
}

/// An update and the continuation `b` that the model is shown after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prompt {
    /// The part before the second newline.
    pub update: Update,
    /// The part after it, `list_len` values; the truth under teacher forcing.
    pub continuation: Vec<Token>,
}

impl Prompt {
    /// The update with its right answer as continuation (teacher forcing).
    #[must_use]
    pub fn teacher_forced(update: Update) -> Self {
        let continuation = update.truth();
        Self {
            update,
            continuation,
        }
    }
}

/// What one position of a prompt holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Bos,
    A(usize),
    Newline(usize),
    Idx,
    Elt,
    B(usize),
}

impl ArrayUpdate {
    /// A task of this size.
    ///
    /// # Errors
    /// When no prompt of that size exists: lists need 1 to 64 numbers, values 2 to 4096, and
    /// every index must be a value.
    pub fn new(list_len: usize, max_num: u32) -> anyhow::Result<Self> {
        anyhow::ensure!(
            (1..=64).contains(&list_len),
            "list length {list_len} is not from 1 to 64"
        );
        anyhow::ensure!(
            (2..=4096).contains(&max_num),
            "max num {max_num} is not from 2 to 4096"
        );
        anyhow::ensure!(
            list_len <= max_num as usize,
            "list length {list_len} is more than max num {max_num}: an index must be a value"
        );
        Ok(Self { list_len, max_num })
    }

    /// The BOS token.
    #[must_use]
    pub fn bos(&self) -> Token {
        self.max_num
    }

    /// The newline token.
    #[must_use]
    pub fn newline(&self) -> Token {
        self.max_num + 1
    }

    /// Tokens that can stand in a prompt.
    #[must_use]
    pub fn d_vocab(&self) -> usize {
        self.max_num as usize + 2
    }

    /// How many values a field can have.
    #[must_use]
    pub fn values_of(self, field: Field) -> Token {
        match field {
            Field::Idx => self.list_len as Token,
            Field::A(_) | Field::Elt => self.max_num,
        }
    }

    /// Positions of a prompt.
    #[must_use]
    pub fn seq_len(&self) -> usize {
        2 * self.list_len + 5
    }

    /// The position at which `b_i` is predicted: the one before it stands.
    #[must_use]
    pub fn predicts_at(&self, i: usize) -> usize {
        self.list_len + 4 + i
    }

    /// Which `b_i` is predicted at `position`, if any.
    #[must_use]
    pub fn predicted_at(&self, position: usize) -> Option<usize> {
        (0..self.list_len).find(|&i| self.predicts_at(i) == position)
    }

    /// The name of a prediction, by where it is read and what it predicts: `nl_1→b_0`.
    #[must_use]
    pub fn prediction(&self, i: usize) -> String {
        format!("{}→b_{i}", self.label(self.predicts_at(i)))
    }

    /// The names of all predictions.
    #[must_use]
    pub fn predictions(&self) -> Vec<String> {
        (0..self.list_len).map(|i| self.prediction(i)).collect()
    }

    /// A position as what is read there: the prediction's name, or the label where nothing is
    /// predicted.
    #[must_use]
    pub fn read_at(&self, position: usize) -> String {
        match self.predicted_at(position) {
            Some(i) => self.prediction(i),
            None => self.label(position),
        }
    }

    /// The prediction of this name: `nl_1→b_0`, `nl_1->b_0`, or by what is predicted, `b_0`.
    #[must_use]
    pub fn prediction_named(&self, name: &str) -> Option<usize> {
        let named = |&i: &usize| {
            let name = name.replace("->", "→");
            name == self.prediction(i) || name == format!("b_{i}")
        };
        (0..self.list_len).find(named)
    }

    /// How many different updates there are: `max_num^list_len * list_len * max_num`.
    #[must_use]
    pub fn input_space(&self) -> u128 {
        let values = u128::from(self.max_num);
        let lists = (0..self.list_len).try_fold(1u128, |n, _| n.checked_mul(values));
        lists.map_or(u128::MAX, |n| {
            n.saturating_mul(self.list_len as u128)
                .saturating_mul(values)
        })
    }

    fn role(&self, position: usize) -> Role {
        let l = self.list_len;
        match position {
            0 => Role::Bos,
            p if p <= l => Role::A(p - 1),
            p if p == l + 1 => Role::Newline(0),
            p if p == l + 2 => Role::Idx,
            p if p == l + 3 => Role::Elt,
            p if p == l + 4 => Role::Newline(1),
            p => Role::B(p - l - 5),
        }
    }

    /// The prompt as token ids, `seq_len` of them.
    #[must_use]
    pub fn tokens(&self, prompt: &Prompt) -> Vec<Token> {
        let at = |values: &[Token], i: usize| values.get(i).copied().unwrap_or(0);
        (0..self.seq_len())
            .map(|position| match self.role(position) {
                Role::Bos => self.bos(),
                Role::A(i) => at(&prompt.update.a, i),
                Role::Newline(_) => self.newline(),
                Role::Idx => prompt.update.idx,
                Role::Elt => prompt.update.elt,
                Role::B(i) => at(&prompt.continuation, i),
            })
            .collect()
    }

    /// The position's name: `BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2`.
    #[must_use]
    pub fn label(&self, position: usize) -> String {
        match self.role(position) {
            Role::Bos => "BOS".into(),
            Role::A(i) => format!("a_{i}"),
            Role::Newline(i) => format!("nl_{i}"),
            Role::Idx => "idx".into(),
            Role::Elt => "elt".into(),
            Role::B(i) => format!("b_{i}"),
        }
    }

    /// All position names in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        (0..self.seq_len()).map(|p| self.label(p)).collect()
    }

    /// The notebook's labels of one example: `BOS 14_1 26_2 35_3 nl_0 1_5 48_6 nl_1 14_8 ...`.
    #[must_use]
    pub fn example_labels(&self, tokens: &[Token]) -> Vec<String> {
        (0..self.seq_len())
            .zip(tokens)
            .map(|(position, &token)| match self.role(position) {
                Role::Bos | Role::Newline(_) => self.label(position),
                _ => format!("{}_{position}", self.token_name(token)),
            })
            .collect()
    }

    /// A token as it is written on screen: a value, `BOS` or `\n`.
    #[must_use]
    pub fn token_name(&self, token: Token) -> String {
        match token {
            t if t == self.bos() => "BOS".into(),
            t if t == self.newline() => "\\n".into(),
            t => t.to_string(),
        }
    }

    /// The position that a label, a prediction (where it is read) or an index names.
    ///
    /// # Errors
    /// When it names none; the message lists the labels.
    pub fn position(&self, name: &str) -> anyhow::Result<usize> {
        let by_label = self.labels().iter().position(|label| label == name);
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
                self.labels().join(" "),
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

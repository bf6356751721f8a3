//! Counterfactual pairs: a corrupted update made from the clean one by changing one field.

use super::{ArrayUpdate, Token, Update, shown};
use std::fmt;

/// A field of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The list's i-th value.
    A(usize),
    /// The index.
    Idx,
    /// The element.
    Elt,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(i) => write!(f, "a_{i}"),
            Self::Idx => f.write_str("idx"),
            Self::Elt => f.write_str("elt"),
        }
    }
}

/// One field set to another value: `idx=2`, `elt=7`, `a_1=30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field that changes.
    pub field: Field,
    /// Its new value.
    pub value: Token,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.field, self.value)
    }
}

impl Update {
    /// The value of a field; 0 where the list is too short.
    #[must_use]
    pub fn get(&self, field: Field) -> Token {
        match field {
            Field::A(i) => self.a.get(i).copied().unwrap_or(0),
            Field::Idx => self.idx,
            Field::Elt => self.elt,
        }
    }

    /// Gives a field another value; nothing where the list is too short.
    pub(super) fn set(&mut self, field: Field, value: Token) {
        match field {
            Field::A(i) => {
                if let Some(slot) = self.a.get_mut(i) {
                    *slot = value;
                }
            }
            Field::Idx => self.idx = value,
            Field::Elt => self.elt = value,
        }
    }

    /// The same update with one field changed.
    #[must_use]
    pub fn with(&self, change: Change) -> Self {
        let mut update = self.clone();
        update.set(change.field, change.value);
        update
    }

    /// The fields in which two updates differ.
    #[must_use]
    pub fn differing_fields(&self, other: &Self) -> Vec<Field> {
        (0..self.a.len())
            .map(Field::A)
            .chain([Field::Idx, Field::Elt])
            .filter(|&field| self.get(field) != other.get(field))
            .collect()
    }
}

/// The counterfactuals of an update, in the order in which they are stepped through: every other
/// index, then another element, then another value for each list entry that the update keeps
/// (changing the overwritten one would change no answer).
#[must_use]
pub fn counterfactuals(task: ArrayUpdate, update: &Update) -> Vec<Change> {
    let l = task.list_len as u32;
    let mut changes: Vec<Change> = (1..l)
        .map(|step| Change {
            field: Field::Idx,
            value: (update.idx + step) % l,
        })
        .collect();
    let kept = (0..task.list_len)
        .filter(|&i| i as u32 != update.idx)
        .map(Field::A);
    changes.extend(std::iter::once(Field::Elt).chain(kept).map(|field| Change {
        field,
        // half the vocabulary away, so that the two values are not mistaken for each other
        value: (update.get(field) + task.max_num.div_ceil(2)) % task.max_num,
    }));
    changes
}

impl ArrayUpdate {
    /// A change from `FIELD` (the first counterfactual of that field) or `FIELD=VALUE`.
    ///
    /// # Errors
    /// When the field is unknown, the value is out of range, or nothing would change.
    pub fn parse_change(&self, update: &Update, text: &str) -> anyhow::Result<Change> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let Some(field) = self.fields().find(|field| field.to_string() == name) else {
            let names: Vec<_> = self.fields().map(|field| field.to_string()).collect();
            anyhow::bail!(
                "no field '{}'; the fields are {}",
                shown(name),
                names.join(" ")
            );
        };
        let Some(value) = value else {
            let first = counterfactuals(*self, update).into_iter();
            return first
                .clone()
                .find(|change| change.field == field)
                .ok_or_else(|| match field {
                    Field::Idx => anyhow::anyhow!("a list of one number has no other idx"),
                    _ => anyhow::anyhow!(
                        "changing {field} changes no answer: the update overwrites it"
                    ),
                });
        };
        let value = self.parse_value(name, value)?;
        anyhow::ensure!(
            value != update.get(field),
            "{field} is {value} already: nothing would change"
        );
        Ok(Change { field, value })
    }
}

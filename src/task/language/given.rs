//! What an expression over a task's fields says: a value of the language, outside of it.

use super::error::one_line;
use super::values::list;
use crate::task::number::significant;
use serde::{Serialize, Serializer};
use starlark::values::float::StarlarkFloat;
use starlark::values::{Heap, UnpackValue, Value, ValueLike};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The largest whole number that is told from its neighbours.
const MOST: f64 = 9_007_199_254_740_992.0;
/// Lists stand in each other at most so deep, and have so many parts in all.
const MAX_NESTED: usize = 8;
const MAX_PARTS: usize = 1 << 14;
/// Digits with which a number that is no whole one is written.
const DIGITS: usize = 6;

/// A value that an expression has, or that one is given.
#[derive(Clone, Debug)]
pub enum Given {
    /// Nothing.
    None,
    /// True or false.
    Truth(bool),
    /// A number, whole or not; never a zero with a sign.
    Number(f64),
    /// A text.
    Word(String),
    /// Several values in their order.
    List(Vec<Self>),
}

impl Given {
    /// Whether it counts as true, as in the language.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Truth(truth) => *truth,
            Self::Number(number) => *number != 0.0,
            Self::Word(word) => !word.is_empty(),
            Self::List(items) => !items.is_empty(),
        }
    }

    /// It as a number, where it is one: true is 1.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Truth(truth) => Some(f64::from(u8::from(*truth))),
            _ => None,
        }
    }

    /// It as a whole number from 0 on, where it is one.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let number = self.number()?;
        (number >= 0.0 && number.fract() == 0.0 && number <= MOST).then_some(number as usize)
    }

    fn kind(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Truth(_) => 1,
            Self::Number(_) => 2,
            Self::Word(_) => 3,
            Self::List(_) => 4,
        }
    }

    /// The value of the language that it is.
    pub(super) fn value<'v>(&self, heap: Heap<'v>) -> Value<'v> {
        match self {
            Self::None => Value::new_none(),
            Self::Truth(truth) => Value::new_bool(*truth),
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MOST => {
                heap.alloc(*number as i64)
            }
            Self::Number(number) => heap.alloc(*number),
            Self::Word(word) => heap.alloc(word.as_str()),
            Self::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| item.value(heap)).collect();
                heap.alloc(items)
            }
        }
    }

    /// What a value of the language is.
    ///
    /// # Errors
    /// Says what is no value that anything can be done with.
    pub(super) fn of<'v>(value: Value<'v>, heap: Heap<'v>) -> Result<Self, String> {
        let mut parts = 0;
        Self::part(value, heap, 0, &mut parts)
    }

    fn part<'v>(
        value: Value<'v>,
        heap: Heap<'v>,
        depth: usize,
        parts: &mut usize,
    ) -> Result<Self, String> {
        *parts += 1;
        if depth > MAX_NESTED || *parts > MAX_PARTS {
            return Err(format!(
                "this is a list of more than {MAX_PARTS} parts, or of lists that stand in each other more than {MAX_NESTED} deep"
            ));
        }
        if value.is_none() {
            return Ok(Self::None);
        }
        if let Some(truth) = value.unpack_bool() {
            return Ok(Self::Truth(truth));
        }
        if let Some(number) = value.unpack_i32() {
            return Ok(Self::Number(f64::from(number)));
        }
        if let Some(word) = value.unpack_str() {
            return Ok(Self::Word(word.to_owned()));
        }
        if let Some(float) = value.downcast_ref::<StarlarkFloat>() {
            // a zero has no sign here
            return Ok(Self::Number(float.0 + 0.0));
        }
        if value.get_type() == "int" {
            let number = i64::unpack_value(value).ok().flatten();
            let number = number.map(|number| number as f64);
            let number = number.filter(|number| number.abs() <= MOST);
            return number.map(Self::Number).ok_or_else(|| {
                "this number is too large to be told from its neighbours".to_owned()
            });
        }
        let mut each = |items: &[Value<'v>]| -> Result<Vec<Self>, String> {
            let items = items.iter();
            items
                .map(|&item| Self::part(item, heap, depth + 1, parts))
                .collect()
        };
        if let Some(items) = list(value) {
            return Ok(Self::List(each(items)?));
        }
        match value.get_type() {
            kind @ ("range" | "set" | "enumerate" | "dict") => {
                let items = value
                    .iterate(heap)
                    .map_err(|error| one_line(&error.without_diagnostic().to_string()))?;
                let items: Vec<Value> = items.take(MAX_PARTS + 1).collect();
                let mut items = each(&items)?;
                if kind == "set" {
                    // what was put in first is no part of what a set is
                    items.sort();
                }
                if kind == "dict" {
                    return Err("this is a dict, and no number, word or list".into());
                }
                Ok(Self::List(items))
            }
            kind => Err(format!("this is a {kind}, and no number, word or list")),
        }
    }
}

/// Nothing before truths, these before numbers, words and lists; numbers by their size.
impl Ord for Given {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Truth(a), Self::Truth(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.cmp(b),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for Given {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Given {}

impl Hash for Given {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
        match self {
            Self::None => {}
            Self::Truth(truth) => truth.hash(state),
            Self::Number(number) => number.to_bits().hash(state),
            Self::Word(word) => word.hash(state),
            Self::List(items) => items.hash(state),
        }
    }
}

/// As people write it: `3`, `0.5`, `yes`, `[1, 2]`, and `None` for nothing.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Truth(true) => f.write_str("True"),
            Self::Truth(false) => f.write_str("False"),
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MOST => {
                write!(f, "{}", *number as i64)
            }
            Self::Number(number) => f.write_str(&significant(*number, DIGITS)),
            Self::Word(word) => f.write_str(&one_line(word)),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
        }
    }
}

/// Numbers as numbers, words as words.
impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MOST => {
                serializer.serialize_i64(*number as i64)
            }
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Word(word) => serializer.serialize_str(word),
            Self::List(items) => serializer.collect_seq(items),
        }
    }
}

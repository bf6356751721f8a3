//! An input of a task, and the prompt that the model is shown of it.

use super::{Task, Token};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};

/// One value a field: what a user types, without what stands fixed and without answers.
///
/// A field of varying length holds the padding token where it has no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Values {
    task: Task,
    tokens: Vec<Token>,
}

/// One field of a task, one token wide: `a_1`, `idx`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field {
    task: Task,
    /// Its place among the fields.
    pub slot: usize,
}

/// One field set to another value: `idx=2`, `elt=7`, `a_1=30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field that changes.
    pub field: Field,
    /// Its new value.
    pub value: Token,
}

/// An input and the answers that the model is shown after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prompt {
    /// The values of all fields.
    pub values: Values,
    /// What stands where answers are fed back, in their order; the truth under teacher forcing.
    pub continuation: Vec<Token>,
}

impl Values {
    /// The input with these tokens in the task's slots.
    #[must_use]
    pub fn new(task: Task, tokens: Vec<Token>) -> Self {
        Self { task, tokens }
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// One token a slot.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Token {
        self.tokens.get(field.slot).copied().unwrap_or(0)
    }

    /// Gives a field another value.
    pub(super) fn set(&mut self, field: Field, value: Token) {
        if let Some(slot) = self.tokens.get_mut(field.slot) {
            *slot = value;
        }
    }

    /// The same input with one field changed; where no value may come twice, the field that has the
    /// new value takes the old one.
    #[must_use]
    pub fn with(&self, change: Change) -> Self {
        let mut values = self.clone();
        values.set(change.field, change.value);
        let slot = change.field.slot;
        let mut groups = self.task.groups.iter();
        let group = groups.find(|group| group.distinct && group.slots.contains(&slot));
        for twin in group.map_or(0..0, |group| group.slots.clone()) {
            if twin != slot && self.tokens[twin] == change.value {
                values.tokens[twin] = self.get(change.field);
            }
        }
        values
    }

    /// The fields in which two inputs differ.
    #[must_use]
    pub fn differing_fields(&self, other: &Self) -> Vec<Field> {
        let fields = self.task.fields();
        fields
            .filter(|&field| self.get(field) != other.get(field))
            .collect()
    }

    /// The names of what stands in the slots of a group, without padding.
    #[must_use]
    pub fn names(&self, group: usize) -> Vec<String> {
        let slots = self.task.groups[group].slots.clone();
        let tokens = self.tokens[slots].iter();
        tokens
            .filter(|&&token| Some(token) != self.task.pad)
            .map(|&token| self.task.token_name(token))
            .collect()
    }
}

impl Values {
    /// What a field holds, as it is assigned: `a=[1,2]`, `idx=1`.
    pub(super) fn assigned(&self, number: usize) -> String {
        let (group, names) = (&self.task.groups[number], self.names(number).join(","));
        match group.is_list {
            true => format!("{}=[{names}]", group.name),
            false => format!("{}={names}", group.name),
        }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `14 26 35 1 48`: every value by its name. Where several lists vary in length `a=[1,2]; b=[3]`.
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.task.lists() > 1 {
            let all: Vec<String> = (0..self.task.groups.len())
                .map(|number| self.assigned(number))
                .collect();
            return f.write_str(&all.join("; "));
        }
        let groups = 0..self.task.groups.len();
        let names: Vec<String> = groups.flat_map(|group| self.names(group)).collect();
        f.write_str(&names.join(" "))
    }
}

impl Hash for Values {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.tokens.hash(state);
    }
}

/// By field: `{"a": [14, 26, 35], "idx": 1, "elt": 48}`, numbers as numbers, all else by name.
impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = |name: &String| match name.parse::<i64>() {
            Ok(number) => serde_json::Value::from(number),
            Err(_) => serde_json::Value::from(name.as_str()),
        };
        let mut map = serializer.serialize_map(Some(self.task.groups.len()))?;
        for (number, group) in self.task.groups.iter().enumerate() {
            let names = self.names(number);
            if group.is_list {
                let list: Vec<_> = names.iter().map(value).collect();
                map.serialize_entry(&group.name, &list)?;
            } else {
                map.serialize_entry(&group.name, &names.first().map(value))?;
            }
        }
        map.end()
    }
}

impl Field {
    /// The field in this slot.
    #[must_use]
    pub fn new(task: Task, slot: usize) -> Self {
        Self { task, slot }
    }

    /// How many values it may have.
    #[must_use]
    pub fn size(self) -> usize {
        self.values().len()
    }

    /// A token's place among the values that it may have.
    #[must_use]
    pub fn place(self, token: Token) -> Option<usize> {
        let values = self.values();
        // most fields hold numbers, which are their own places
        if values.get(token as usize) == Some(&token) {
            return Some(token as usize);
        }
        values.iter().position(|&value| value == token)
    }

    /// The tokens that it may hold.
    #[must_use]
    pub fn values(self) -> &'static [Token] {
        &self.task.get().slots[self.slot].values
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.task.slots[self.slot].name)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Hash for Field {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.slot.hash(state);
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}={}",
            self.field,
            self.field.task.token_name(self.value)
        )
    }
}

impl Prompt {
    /// The input with its right answers fed back (teacher forcing).
    #[must_use]
    pub fn teacher_forced(values: Values) -> Self {
        let task = values.task();
        let continuation = if task.feeds_back() {
            task.fed_back(&values.truth())
        } else {
            Vec::new()
        };
        Self {
            values,
            continuation,
        }
    }
}

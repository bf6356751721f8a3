//! What a task is called in files.

use super::Task;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use std::fmt;

/// A task's name and what was chosen for it: `{"list_len": 3, "max_num": 50}`; the array update, the
/// first task there was, goes without its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// Options, in the order of their names.
    pub options: Vec<(String, String)>,
}

const FIRST: &str = "array_update";

impl Task {
    /// What it is called in files.
    #[must_use]
    pub fn identity(self) -> Identity {
        let mut options = self.options.clone();
        options.sort();
        Identity {
            name: self.name.clone(),
            options,
        }
    }
}

impl Task {
    /// The first six bytes of the SHA-256 of the text that it was read from: a file's, or that of a built-in one; none where there is no
    /// text, as for a model without a task.
    #[must_use]
    pub fn source_hash(self) -> Option<String> {
        let mut options = self.options.iter();
        let of_file = options.find(|(name, _)| name == "file");
        let of_file = of_file.map(|(_, hash)| hash.clone());
        of_file.or_else(|| super::language::hash_of_built_in(&self.name))
    }
}

impl Identity {
    /// How it is asked for again, `sort:list_len=5`, where it is built in and not found without being
    /// asked for.
    #[must_use]
    pub fn choice(&self) -> Option<String> {
        let built_in = Task::built_in_names().any(|name| name == self.name);
        if !built_in || self.name == FIRST {
            return None;
        }
        let options = self.options.iter();
        let options: Vec<String> = options
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some(match &options[..] {
            [] => self.name.clone(),
            options => format!("{}:{}", self.name, options.join(",")),
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::shown(&self.name))?;
        self.options.iter().try_for_each(|(name, value)| {
            write!(f, " {}={}", super::shown(name), super::shown(value))
        })
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = Map::new();
        if self.name != FIRST {
            map.insert("name".into(), self.name.as_str().into());
        }
        for (name, value) in &self.options {
            let number = value.parse::<i64>().map(Value::from);
            map.insert(
                name.clone(),
                number.unwrap_or_else(|_| value.as_str().into()),
            );
        }
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut name = FIRST.to_owned();
        let mut options = Vec::new();
        for (key, value) in Map::deserialize(deserializer)? {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => {
                    let key = super::shown(&key);
                    return Err(de::Error::custom(format!("{key} is no number and no text")));
                }
            };
            if key == "name" {
                name = text;
            } else {
                options.push((key, text));
            }
        }
        options.sort();
        Ok(Self { name, options })
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.identity().serialize(serializer)
    }
}

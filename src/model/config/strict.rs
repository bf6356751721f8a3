//! JSON in which no object says a thing twice.

use crate::task::shown;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What serde_json calls the only field of a number that it keeps as its digits, as it does in a
/// program that has asked for that anywhere.
const DIGITS: &str = "$serde_json::private::Number";

/// The number that a map stands for.
fn number(map: &Map<String, Value>) -> Option<Value> {
    let Some(Value::String(digits)) = map.get(DIGITS).filter(|_| map.len() == 1) else {
        return None;
    };
    serde_json::from_str(digits).ok()
}

/// A JSON value none of whose objects has a key twice, which a map would not tell.
pub(super) struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut all = Vec::new();
                while let Some(Strict(value)) = seq.next_element()? {
                    all.push(value);
                }
                Ok(all.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut all = Map::new();
                while let Some((name, Strict(value))) = map.next_entry::<String, _>()? {
                    if all.contains_key(&name) {
                        let text = format!("config field {} is there twice", shown(&name));
                        return Err(serde::de::Error::custom(text));
                    }
                    all.insert(name, value);
                }
                Ok(number(&all).unwrap_or_else(|| all.into()))
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

//! Recorded numbers against those of today.

use super::numbers::SnapshotNumbers;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Differences told one by one; of more only the number is told.
const MAX_TOLD: usize = 50;

/// A value that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where: `runs.patched.logits[9][35]`.
    pub what: String,
    /// The recorded value.
    pub then: Value,
    /// The value of today.
    pub now: Value,
}

/// What a comparison comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Numbers compared.
    pub numbers: usize,
    /// How far two of them are apart at most, relative to 1 or to the larger one.
    pub largest: f64,
    /// Values that differ by more than the tolerance.
    pub different: usize,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// What of a snapshot may differ without a number being another.
const UNCOMPARED: [&str; 4] = ["version", "device", "model", "stale"];

/// Numbers as replay compares them.
///
/// # Errors
/// When they cannot be written as JSON.
pub fn as_recorded(numbers: &SnapshotNumbers) -> Result<Value> {
    // through text, as the recorded ones came: f32 values keep their shortest digits
    Ok(serde_json::from_str(&serde_json::to_string(numbers)?)?)
}

/// A word as earlier versions wrote it: a prediction by where it is read, or by what it predicts.
fn same_prediction(then: &str, now: &str) -> bool {
    let Some((read_at, rest)) = now.split_once('→') else {
        return false;
    };
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (predicts, tail) = rest.split_at(end.unwrap_or(rest.len()));
    let start = read_at.rfind(|c: char| !c.is_alphanumeric() && c != '_');
    let (head, read_at) = read_at.split_at(start.map_or(0, |at| at + 1));
    // a metric was named after the position, all else after the answer
    let name = if tail.starts_with(':') {
        read_at
    } else {
        predicts
    };
    then == format!("{head}{name}{tail}")
}

/// A part of the stream as earlier versions named it.
fn as_before(now: &str) -> Option<String> {
    let (site, layer) = now.split_once(' ')?;
    Some(match site {
        "resid_pre" => format!("resid {layer}_pre"),
        "resid_post" => "resid final_post".to_owned(),
        "attn_out" => format!("{layer}_attn_out"),
        _ => return None,
    })
}

/// How far two numbers are apart, relative to the larger one or to 1.
fn apart(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs()).max(1.0)
}

/// Whether two texts differ in rounded numbers alone, by no more than is allowed.
fn same_words(a: &str, b: &str, tolerance: f64) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split(' ').collect(), b.split(' ').collect());
    let same = |(a, b): (&&str, &&str)| {
        let numbers = a.parse().ok().zip(b.parse().ok());
        let alike = a == b || same_prediction(a, b);
        alike || numbers.is_some_and(|(a, b)| apart(a, b) <= tolerance)
    };
    a.len() == b.len() && a.iter().zip(&b).all(same)
}

/// Compares two records of a screen. Numbers may differ by `tolerance`, relative to the larger
/// one or to 1; all else must be the same.
#[must_use]
pub fn compare(then: &Value, now: &Value, tolerance: f64) -> Comparison {
    let mut found = Comparison::default();
    let strip = |value: &Value| {
        let mut value = value.clone();
        if let Value::Object(fields) = &mut value {
            fields.retain(|name, _| !UNCOMPARED.contains(&name.as_str()));
        }
        value
    };
    found.walk("", &strip(then), &strip(now), tolerance);
    found
}

impl Comparison {
    fn walk(&mut self, at: &str, then: &Value, now: &Value, tolerance: f64) {
        match (then, now) {
            // a later program may tell more; what was told must be the same
            (Value::Object(a), Value::Object(b)) => {
                // what is odd about a pair is told in words, and every program has its own
                for (name, then) in a.iter().filter(|(name, _)| *name != "warnings") {
                    let dot = if at.is_empty() { "" } else { "." };
                    let now = b.get(name).unwrap_or(&Value::Null);
                    self.walk(&format!("{at}{dot}{name}"), then, now, tolerance);
                }
            }
            (Value::Array(a), Value::Array(b)) if at.ends_with(".notes") => {
                for then in a {
                    let same = |now: &&Value| now.get(0) == then.get(0);
                    let now = b.iter().find(same).unwrap_or(&Value::Null);
                    self.walk(&format!("{at}[{}]", then[0]), then, now, tolerance);
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (i, (then, now)) in a.iter().zip(b).enumerate() {
                    self.walk(&format!("{at}[{i}]"), then, now, tolerance);
                }
            }
            (Value::Number(a), Value::Number(b)) => {
                self.numbers += 1;
                let apart = match (a.as_f64(), b.as_f64()) {
                    (Some(a), Some(b)) => apart(a, b),
                    _ => f64::from(u8::from(a != b)),
                };
                self.largest = self.largest.max(apart);
                if apart > tolerance {
                    self.tell(at, then, now);
                }
            }
            _ if then == now => {}
            (Value::String(a), Value::String(b))
                if same_words(a, b, tolerance) || as_before(b).as_ref() == Some(a) => {}
            _ => self.tell(at, then, now),
        }
    }

    fn tell(&mut self, at: &str, then: &Value, now: &Value) {
        self.different += 1;
        if self.differences.len() < MAX_TOLD {
            self.differences.push(Difference {
                what: at.to_owned(),
                then: then.clone(),
                now: now.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_recorded_before_goes_on_to_be_the_same() {
        let mut then =
            json!({"metric": "b_0:48:26", "cols": ["b_0", "p(b_1)"], "n": 1.0, "gone": 3});
        then["rows"] = json!(["resid 0_pre", "resid final_post", "1_attn_out"]);
        let mut now = json!({"metric": "b_0→b_1:48:26", "cols": ["nl_1→b_0", "p(b_0→b_1)"], "n": 1.0,
            "gone": 3, "tied": 0});
        now["rows"] = json!(["resid_pre 0", "resid_post 1", "attn_out 1"]);
        assert_eq!(compare(&then, &now, 0.0).different, 0);
        for other in [
            json!({"metric": "b_1:48:26", "cols": ["b_0", "p(b_1)"], "n": 1.0, "gone": 3}),
            json!({"metric": "b_0:48:26", "cols": ["b_1", "p(b_1)"], "n": 1.0, "gone": 3}),
            // null is not the number of today
            json!({"metric": "b_0:48:26", "cols": ["b_0", "p(b_1)"], "n": null, "gone": 3}),
        ] {
            assert_eq!(compare(&other, &now, 0.0).different, 1, "{other}");
        }
    }
}

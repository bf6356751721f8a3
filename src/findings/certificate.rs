//! What a claim came to, so that anyone can check it again.

use super::compare::Difference;
use super::read::{Kind, open};
use super::session::ModelRef;
use crate::sweep::{Conclusion, Verdict};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// How a certificate says what it is.
pub const CERTIFICATE: Kind = Kind {
    name: "certificate",
    version: 1,
    max_bytes: 1 << 20,
};
/// Numbers that are no counts may be so far apart, relative to the larger one or to 1: processors add
/// in their own ways.
const TOLERANCE: f64 = 1e-5;
/// What does not say what was found.
const OWN: [&str; 4] = ["format", "program", "model", "seconds"];
/// What certificates did not say from the start.
const NEW: [&str; 2] = ["task_hash", "precision"];

/// A claim, what it was asked of, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// `circuitscope-certificate-1`
    pub format: String,
    /// The program that wrote it.
    pub program: String,
    /// The model; its hash is over the weights and what of the config changes the computation.
    pub model: ModelRef,
    /// What was said of the model besides its file, by flag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, String>,
    /// The task with what was chosen for it, or the hash of its file.
    pub task: String,
    /// The first six bytes of the SHA-256 of the text of the task's file, a built-in one's too; absent in certificates of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_hash: Option<String>,
    /// The claim.
    pub claim: String,
    /// The expression in whose groups it is counted, each for itself, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The part of each group that is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Interventions and rules, a line each.
    pub interventions: Vec<String>,
    /// Circuits that were cut down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low_rank: Vec<String>,
    /// The inputs: `space`, or a sample.
    pub over: String,
    /// What means and examples were taken from.
    pub sample: String,
    /// The clean prompt, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean: Option<String>,
    /// The corrupted prompt, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupted: Option<String>,
    /// What is known; null where the claim only asks for a number.
    pub verdict: Option<Conclusion>,
    /// Why nothing is known.
    pub why: Option<String>,
    /// Inputs that were looked at and that the claim is about.
    pub n: u64,
    /// Those of which it is true.
    pub count: u64,
    /// Those of which it is neither true nor false.
    pub undefined: u64,
    /// How it was found out.
    pub method: String,
    /// With how many digits it was computed; absent in certificates of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Inputs that single precision cannot tell.
    pub close_calls: u64,
    /// What share of all inputs may fail at the most, 95 % sure, where a sample shows none.
    pub bound_95: Option<f64>,
    /// What the next three are of.
    pub of: String,
    /// The mean of the claim's first expression.
    pub mean: Option<f64>,
    /// The least.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// What the claim comes to under its control, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Value>,
    /// What was counted in each group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Value>,
    /// The input that is furthest from what is claimed.
    pub counterexample: Option<Value>,
    /// How long it took.
    pub seconds: f64,
}

impl Certificate {
    /// Takes in what was found.
    ///
    /// # Errors
    /// When an input cannot be written as JSON.
    pub fn found(self, found: &Verdict, seconds: f64) -> Result<Self> {
        let finite = |x: f64| x.is_finite().then_some(x);
        let refuted = found.conclusion() == Some(Conclusion::Refuted);
        let shown = found.counterexample.as_ref().filter(|_| refuted);
        Ok(Self {
            verdict: found.conclusion(),
            why: found.why(),
            n: found.total,
            count: found.count,
            undefined: found.undefined,
            method: found.method(),
            precision: Some(found.precision().to_owned()),
            control: found
                .control
                .as_ref()
                .map(serde_json::to_value)
                .transpose()?,
            close_calls: found.evidence.close,
            bound_95: found.bound(),
            of: found.of.clone(),
            mean: finite(found.mean),
            min: finite(found.min),
            max: finite(found.max),
            counterexample: shown.map(serde_json::to_value).transpose()?,
            seconds,
            ..self
        })
    }

    /// A certificate from its file.
    ///
    /// # Errors
    /// Names the file and the field that is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        open(path, &CERTIFICATE, crate::task::plain::Links::Followed)
    }

    /// What is not as it is written here, in one made again: all but the program, the time it took and
    /// where the model lies.
    ///
    /// # Errors
    /// When one cannot be written as JSON.
    pub fn differences(&self, again: &Self) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        let [then, now] = [self, again].map(|one| {
            // through text, as the recorded one came
            let text = serde_json::to_string(one)?;
            anyhow::Ok(serde_json::from_str::<Value>(&text)?)
        });
        let (then, now) = (then?, now?);
        let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (then, now) = (fields(&then), fields(&now));
        for name in then
            .keys()
            .chain(now.keys().filter(|name| !then.contains_key(*name)))
        {
            // what certificates of before do not say
            let is_new = NEW.contains(&name.as_str()) && !then.contains_key(name);
            if !is_new && !OWN.contains(&name.as_str()) {
                let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned();
                walk(
                    name,
                    &of(&then).unwrap_or_default(),
                    &of(&now).unwrap_or_default(),
                    &mut found,
                );
            }
        }
        if self.model.hash != again.model.hash {
            found.insert(
                0,
                difference(
                    "model.hash",
                    &self.model.hash.clone().into(),
                    &again.model.hash.clone().into(),
                ),
            );
        }
        Ok(found)
    }
}

fn difference(what: &str, then: &Value, now: &Value) -> Difference {
    Difference {
        what: what.to_owned(),
        then: then.clone(),
        now: now.clone(),
    }
}

/// Counts must be the same, other numbers nearly.
fn walk(at: &str, then: &Value, now: &Value, found: &mut Vec<Difference>) {
    match (then, now) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (name, then) in a {
                walk(&format!("{at}.{name}"), then, &b[name], found);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (
                a.as_f64().unwrap_or(f64::NAN),
                b.as_f64().unwrap_or(f64::NAN),
            );
            let near = (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0);
            if !near {
                found.push(difference(at, then, now));
            }
        }
        _ if then == now => {}
        _ => found.push(difference(at, then, now)),
    }
}

//! Weights, wherever in a checkpoint they are.

use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Number};

use super::value::{Dict, TensorSpec, Value};
use super::{RESAVE, shown};

/// Where wrappers keep weights.
const WEIGHTS: [&str; 8] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "weights",
    "state_dicts",
    "model_state_dicts",
    "checkpoints",
];
/// And where they keep a config.
const CONFIGS: [&str; 7] = [
    "config",
    "cfg",
    "model_config",
    "model_cfg",
    "args",
    "hparams",
    "hyper_parameters",
];
/// A wrapper in a wrapper in a wrapper is not gone into.
const DEEPEST: usize = 3;

/// Which set of weights of a file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSet {
    /// The one that there is: a series is to be chosen from.
    Only,
    /// Of a series the one of this number.
    Number(usize),
    /// Of a series the last, else the one that there is.
    Last,
}

impl From<Option<usize>> for WhichSet {
    fn from(number: Option<usize>) -> Self {
        number.map_or(Self::Only, Self::Number)
    }
}

/// A tensor under its name.
pub(super) type Entry<'a> = (&'a str, Rc<TensorSpec<'a>>);

/// What a checkpoint holds.
pub(super) struct Found<'a> {
    /// In file order, duplicates included.
    pub entries: Vec<Entry<'a>>,
    /// What of a config beside them is a number, a word or a switch.
    pub config: Map<String, serde_json::Value>,
    /// Which of how many, where the file holds a series.
    pub series: Option<(usize, usize)>,
}

impl<'a> Found<'a> {
    /// The weights in a value, of a series those that are meant.
    ///
    /// # Errors
    /// Says what there is instead, or how many there are to choose from.
    pub fn new(top: &Value<'a>, pick: WhichSet) -> Result<Self> {
        let mut found = Self {
            entries: Vec::new(),
            config: Map::new(),
            series: None,
        };
        found.go_into(top, pick, 0)?;
        ensure!(
            !matches!(pick, WhichSet::Number(_)) || found.series.is_some(),
            "the file holds one set of weights, no series; leave out the # behind its name"
        );
        Ok(found)
    }

    fn go_into(&mut self, value: &Value<'a>, pick: WhichSet, depth: usize) -> Result<()> {
        match value {
            Value::Dict(dict) => {
                self.keep_config(dict);
                match inner(dict).filter(|_| depth < DEEPEST) {
                    Some(inner) => self.go_into(&inner, pick, depth + 1),
                    None => {
                        let items = dict.items.borrow();
                        let tensors = items.iter().filter(|(_, value)| is_tensor(value)).count();
                        // beside weights stand numbers, losses, an optimiser's state
                        let weights = items.iter().filter(|(key, value)| {
                            let Value::Str(name) = key else { return true };
                            let own = is_tensor(value) && !is_beside(name);
                            own || tensors == 0
                        });
                        self.entries = weights.map(entry).collect::<Result<_>>()?;
                        Ok(())
                    }
                }
            }
            value if is_list(value) && depth < DEEPEST && self.series.is_none() => {
                let items = match value {
                    Value::List(list) => list.items.borrow().clone(),
                    Value::Tuple(tuple) => tuple.items.clone(),
                    _ => Vec::new(),
                };
                let last = items
                    .len()
                    .checked_sub(1)
                    .with_context(|| format!("the list of weights is empty; {RESAVE}"))?;
                let number = match pick {
                    WhichSet::Number(number) => number,
                    WhichSet::Last => last,
                    WhichSet::Only if last == 0 => 0,
                    WhichSet::Only => bail!(
                        "the file holds a series of {} sets of weights; choose one by its number behind \
                         the path, `#0` to `#{last}`",
                        last + 1
                    ),
                };
                let chosen = items.get(number).with_context(|| {
                    format!("the series ends at #{last}; there is no #{number}")
                })?;
                self.series = Some((number, last + 1));
                self.go_into(chosen, WhichSet::Only, depth + 1)
            }
            other => bail!(
                "the file holds {}, not a state dict; {RESAVE}",
                other.kind()
            ),
        }
    }

    fn keep_config(&mut self, dict: &Dict<'a>) {
        for (key, value) in dict.items.borrow().iter() {
            if let (Value::Str(key), Value::Dict(config)) = (key, value)
                && CONFIGS.contains(key)
            {
                for (key, value) in config.items.borrow().iter() {
                    if let (Value::Str(key), Some(value)) = (key, plain(value)) {
                        self.config.insert((*key).to_owned(), value);
                    }
                }
            }
        }
    }
}

/// The weights that a wrapper wraps.
fn inner<'a>(dict: &Dict<'a>) -> Option<Value<'a>> {
    let items = dict.items.borrow();
    WEIGHTS.iter().find_map(|&wanted| {
        let mut pairs = items.iter();
        let found = pairs.find(|(key, _)| matches!(key, Value::Str(key) if *key == wanted));
        let (_, value) = found?;
        (matches!(value, Value::Dict(_)) || is_list(value)).then(|| value.clone())
    })
}

/// What a config may hold.
fn plain(value: &Value<'_>) -> Option<serde_json::Value> {
    match value {
        Value::None => Some(serde_json::Value::Null),
        Value::Bool(is) => Some((*is).into()),
        Value::Int(n) => Some((*n).into()),
        Value::Float(x) => Number::from_f64(*x).map(Into::into),
        Value::Str(text) => Some((*text).into()),
        _ => None,
    }
}

/// Whether it may be a series: a list, or a tuple of dicts.
fn is_list(value: &Value<'_>) -> bool {
    match value {
        Value::List(_) => true,
        Value::Tuple(tuple) => tuple.items.iter().all(|one| matches!(one, Value::Dict(_))),
        _ => false,
    }
}

fn is_tensor(value: &Value<'_>) -> bool {
    matches!(value, Value::Tensor(_))
}

/// Whether a tensor of this name tells of a training, beside its weights.
pub(super) fn is_beside(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = [
        "loss",
        "losses",
        "acc",
        "accs",
        "accuracy",
        "accuracies",
        "history",
        "state",
    ];
    let about = [
        "step",
        "steps",
        "global_step",
        "epoch",
        "epochs",
        "iteration",
        "seed",
        "rng",
    ];
    let last = name.rsplit('_').next().unwrap_or_default();
    !name.contains('.') && (ends.contains(&last) || about.contains(&name.as_str()))
}

fn entry<'a>((key, value): &(Value<'a>, Value<'a>)) -> Result<Entry<'a>> {
    let Value::Str(name) = key else {
        bail!(
            "a key of the state dict is {}, not a string; {RESAVE}",
            key.kind()
        );
    };
    let Value::Tensor(tensor) = value else {
        bail!(
            "entry `{}` is {}, not a tensor; {RESAVE}",
            shown(name),
            value.kind()
        );
    };
    Ok((name, Rc::clone(tensor)))
}

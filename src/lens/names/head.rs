//! The names of heads.

use crate::model::Config;
use crate::task::shown;
use anyhow::{Context, Result};
use std::fmt;

/// A head: layer and place in it, written `1.0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadName {
    /// From 0.
    pub layer: usize,
    /// From 0.
    pub head: usize,
}

impl fmt::Display for HeadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.layer, self.head)
    }
}

impl HeadName {
    /// All heads of a model, layer by layer.
    pub fn all(config: &Config) -> impl Iterator<Item = Self> + use<> {
        let heads = config.n_heads;
        (0..config.n_layers).flat_map(move |layer| (0..heads).map(move |head| Self { layer, head }))
    }

    /// A head from `LAYER.HEAD`, or from `LAYER` where layers have one head.
    ///
    /// # Errors
    /// When there is none of that name; the message lists them.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        let number = |word: &str| word.parse::<usize>().ok();
        let found = match text.split_once('.') {
            Some((layer, head)) => number(layer).zip(number(head)),
            None if config.n_heads == 1 => number(text).map(|layer| (layer, 0)),
            None => None,
        };
        found
            .map(|(layer, head)| Self { layer, head })
            .filter(|name| name.layer < config.n_layers && name.head < config.n_heads)
            .with_context(|| {
                let names: Vec<_> = Self::all(config).map(|name| name.to_string()).collect();
                format!(
                    "no head '{}'; the heads are {}",
                    shown(text),
                    names.join(" ")
                )
            })
    }

    /// As [`fmt::Display`], but without the head where layers have one.
    #[must_use]
    pub fn short(&self, config: &Config) -> String {
        if config.n_heads == 1 {
            self.layer.to_string()
        } else {
            self.to_string()
        }
    }
}

/// Models of more heads have more pairs than anybody lists.
const MOST_LISTED: usize = 128;

/// The pairs of two heads where there are few enough to be listed one by one.
pub(crate) fn listed_pairs(config: &Config) -> impl Iterator<Item = (HeadName, HeadName)> {
    let few = config.n_layers * config.n_heads <= MOST_LISTED;
    head_pairs(config).take(if few { usize::MAX } else { 0 })
}

/// The pairs of heads of different layers, earlier first.
pub fn head_pairs(config: &Config) -> impl Iterator<Item = (HeadName, HeadName)> {
    HeadName::all(config).flat_map(|later| {
        HeadName::all(config)
            .filter(move |earlier| earlier.layer < later.layer)
            .map(move |earlier| (earlier, later))
    })
}

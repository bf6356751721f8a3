//! Paths by name: where they start, and the heads they go through.

use super::head::HeadName;
use crate::model::{Config, HookName};
use crate::task::shown;
use anyhow::{Context, Result, ensure};
use std::fmt;

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// A token's embedding; not written in the name.
    Embed,
    /// A position's embedding, where positions are part of the residual stream: `pos`.
    Pos,
    /// A head's value bias, carried by its attention: `b_V.0.0`.
    HeadBias(HeadName),
    /// A layer's output bias: `b_O.0`.
    OutBias(usize),
    /// The unembedding's bias: `b_U`.
    Unembed,
    /// What interventions put in at a hook point: `put at blocks.0.attn.hook_z`.
    Put(HookName),
}

/// A path's name: `direct`, `0.0`, `0.0>1.0`, `pos`, `pos>0.0`, `b_O.0`, `b_V.0.0>1.0`, `b_U`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathName {
    /// Where it starts.
    pub start: Start,
    /// The heads it goes through, layers increasing.
    pub heads: Vec<HeadName>,
}

impl fmt::Display for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = match self.start {
            Start::Embed if self.heads.is_empty() => Some("direct".to_owned()),
            Start::Embed => None,
            Start::Pos => Some("pos".to_owned()),
            Start::HeadBias(head) => Some(format!("b_V.{head}")),
            Start::OutBias(layer) => Some(format!("b_O.{layer}")),
            Start::Unembed => Some("b_U".to_owned()),
            Start::Put(hook) => Some(format!("put at {hook}")),
        };
        let heads = self.heads.iter().map(ToString::to_string);
        let words: Vec<String> = first.into_iter().chain(heads).collect();
        f.write_str(&words.join(">"))
    }
}

impl PathName {
    /// What enters at a start and goes through no head.
    #[must_use]
    pub fn of(start: Start) -> Self {
        Self {
            start,
            heads: Vec::new(),
        }
    }

    /// The heads whose attention carries it: of a value bias its own head too.
    pub(in crate::lens) fn attention(&self) -> impl Iterator<Item = HeadName> + use<'_> {
        let own = match self.start {
            Start::HeadBias(head) => Some(head),
            _ => None,
        };
        own.into_iter().chain(self.heads.iter().copied())
    }

    /// A path from its name.
    ///
    /// # Errors
    /// When the name is none of a path, a head does not exist, or layers do not increase.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        Self::read(text.trim(), config).with_context(|| {
            let problem = format!("no path '{}'", shown(text));
            format!("{problem}; paths are written direct, 0.0, 0.0>1.0, pos, b_V.0.0, b_O.0 or b_U")
        })
    }

    fn read(text: &str, config: &Config) -> Result<Self> {
        let (first, rest) = text
            .split_once('>')
            .map_or((text, None), |(a, b)| (a, Some(b)));
        let bias = |tail: &str| HeadName::parse(tail, config);
        let start = match first {
            "direct" if rest.is_none() => Some(Start::Embed),
            "pos" => Some(Start::Pos),
            "b_U" if rest.is_none() => Some(Start::Unembed),
            _ => match (first.strip_prefix("b_V."), first.strip_prefix("b_O.")) {
                (Some(head), _) => Some(Start::HeadBias(bias(head)?)),
                (_, Some(layer)) => Some(Start::OutBias(bias(&format!("{layer}.0"))?.layer)),
                _ => None,
            },
        };
        let chain = match start {
            Some(_) => rest,
            None => Some(text),
        };
        let words = chain.into_iter().flat_map(|chain| chain.split('>'));
        let heads = words.map(|word| HeadName::parse(word, config));
        let path = Self {
            heads: heads.collect::<Result<_>>()?,
            start: start.unwrap_or(Start::Embed),
        };
        let first = path.start.next_layer();
        let increasing = path.heads.windows(2).all(|two| two[0].layer < two[1].layer);
        ensure!(
            increasing && path.heads.first().is_none_or(|head| head.layer >= first),
            "a path goes through heads of increasing layers"
        );
        Ok(path)
    }
}

impl Start {
    /// The first layer that reads what enters here.
    pub(in crate::lens) fn next_layer(self) -> usize {
        match self {
            Self::Embed | Self::Pos => 0,
            Self::HeadBias(HeadName { layer, .. }) | Self::OutBias(layer) => layer + 1,
            Self::Unembed | Self::Put(_) => usize::MAX,
        }
    }
}

//! Paths by name: where they start, and the heads and MLPs they go through.

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
    /// A norm's bias: `ln1.b.0`, `ln2.b.0`, `ln_final.b`.
    NormBias(Place),
    /// A head's value bias, carried by its attention: `b_V.0.0`.
    HeadBias(HeadName),
    /// A layer's output bias: `b_O.0`.
    OutBias(usize),
    /// What the neurons of a layer's MLP write, where paths do not go through them: `mlp.0`.
    Mlp(usize),
    /// The bias of a layer's neurons, carried through their gates: `b_in.0`.
    InBias(usize),
    /// What an MLP adds to what its neurons write: `b_out.0`.
    MlpBias(usize),
    /// The unembedding's bias: `b_U`.
    Unembed,
    /// What interventions put in at a hook point: `put at blocks.0.attn.hook_z`.
    Put(HookName),
}

/// Where a norm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before a layer's attention.
    Attention(usize),
    /// Before a layer's MLP.
    Mlp(usize),
    /// Before the unembedding.
    Unembed,
}

/// What a path goes through; ordered as a forward pass reaches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A head.
    Head(HeadName),
    /// The neurons of a layer whose gates are given: `mlp.0`.
    Mlp(usize),
}

/// A path's name: `direct`, `0.0`, `0.0>1.0`, `pos`, `pos>0.0>mlp.0`, `b_O.0`, `b_V.0.0>1.0`, `b_U`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathName {
    /// Where it starts.
    pub start: Start,
    /// What it goes through, one after the other.
    pub steps: Vec<Step>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(head) => head.fmt(f),
            Self::Mlp(layer) => write!(f, "mlp.{layer}"),
        }
    }
}

impl fmt::Display for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = match self.start {
            Start::Embed if self.steps.is_empty() => Some("direct".to_owned()),
            Start::Embed => None,
            Start::Pos => Some("pos".to_owned()),
            Start::NormBias(Place::Attention(layer)) => Some(format!("ln1.b.{layer}")),
            Start::NormBias(Place::Mlp(layer)) => Some(format!("ln2.b.{layer}")),
            Start::NormBias(Place::Unembed) => Some("ln_final.b".to_owned()),
            Start::HeadBias(head) => Some(format!("b_V.{head}")),
            Start::OutBias(layer) => Some(format!("b_O.{layer}")),
            Start::Mlp(layer) => Some(format!("mlp.{layer}")),
            Start::InBias(layer) => Some(format!("b_in.{layer}")),
            Start::MlpBias(layer) => Some(format!("b_out.{layer}")),
            Start::Unembed => Some("b_U".to_owned()),
            Start::Put(hook) => Some(format!("put at {hook}")),
        };
        let steps = self.steps.iter().map(ToString::to_string);
        let words: Vec<String> = first.into_iter().chain(steps).collect();
        f.write_str(&words.join(">"))
    }
}

impl PathName {
    /// What enters at a start and goes through nothing.
    #[must_use]
    pub fn of(start: Start) -> Self {
        Self {
            start,
            steps: Vec::new(),
        }
    }

    /// The same, and then through this.
    pub(crate) fn then(&self, step: Step) -> Self {
        let mut longer = self.clone();
        longer.steps.push(step);
        longer
    }

    /// Whether it is what an MLP adds to what its neurons write, as it is.
    pub(crate) fn is_mlp_bias(&self, layer: usize) -> bool {
        self.steps.is_empty() && self.start == Start::MlpBias(layer)
    }

    /// Whether it goes through neurons that read what a head carried there from other positions.
    pub(crate) fn mixes(&self) -> bool {
        let is_head = |step: &Step| matches!(step, Step::Head(_));
        let carried = match self.start {
            Start::HeadBias(_) => Some(0),
            _ => self.steps.iter().position(is_head),
        };
        carried.is_some_and(|from| !self.steps[from..].iter().all(is_head))
    }

    /// The heads that it goes through.
    pub(crate) fn heads(&self) -> impl Iterator<Item = HeadName> + use<'_> {
        self.steps.iter().filter_map(|step| match step {
            Step::Head(head) => Some(*head),
            Step::Mlp(_) => None,
        })
    }

    /// The heads whose attention carries it: of a value bias its own head too.
    pub(crate) fn attention(&self) -> impl Iterator<Item = HeadName> + use<'_> {
        let own = match self.start {
            Start::HeadBias(head) => Some(head),
            _ => None,
        };
        own.into_iter().chain(self.heads())
    }

    /// A path from its name.
    ///
    /// # Errors
    /// When the name is none of a path, a head does not exist, or layers do not increase.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        Self::read(text.trim(), config).with_context(|| {
            let problem = format!("no path '{}'", shown(text));
            format!(
                "{problem}; paths are written direct, 0.0, 0.0>1.0, mlp.0, pos, b_V.0.0, b_O.0 or b_U"
            )
        })
    }

    fn read(text: &str, config: &Config) -> Result<Self> {
        let (first, rest) = text
            .split_once('>')
            .map_or((text, None), |(a, b)| (a, Some(b)));
        let start = match first {
            "direct" if rest.is_none() => Some(Start::Embed),
            "b_U" if rest.is_none() => Some(Start::Unembed),
            _ => Start::read(first, config)?,
        };
        let chain = match start {
            Some(_) => rest,
            None => Some(text),
        };
        let words = chain.into_iter().flat_map(|chain| chain.split('>'));
        let steps = words.map(|word| Step::read(word, config));
        let path = Self {
            steps: steps.collect::<Result<_>>()?,
            start: start.unwrap_or(Start::Embed),
        };
        let mut before = None;
        for &step in &path.steps {
            let follows = match before {
                None => path.start.leads_to(step, config),
                Some(before) => step.follows(before, config),
            };
            ensure!(follows, "a path goes on to what comes later");
            before = Some(step);
        }
        Ok(path)
    }
}

/// A layer from its number.
fn layer(word: &str, config: &Config) -> Result<usize> {
    let number = word.parse::<usize>().ok();
    let layers = config.n_layers.max(usize::from(config.is_bare()));
    number
        .filter(|&layer| layer < layers)
        .with_context(|| format!("no layer '{}'", shown(word)))
}

impl Step {
    fn read(word: &str, config: &Config) -> Result<Self> {
        match word.strip_prefix("mlp.") {
            Some(tail) => {
                ensure!(
                    config.has_gates(),
                    "paths go through the neurons of ReLU alone"
                );
                Ok(Self::Mlp(layer(tail, config)?))
            }
            None => HeadName::parse(word, config).map(Self::Head),
        }
    }

    /// All of a model, in the order in which a forward pass reaches them.
    pub(crate) fn all(config: &Config, neurons: bool) -> Vec<Self> {
        let mlps = config.n_layers.max(usize::from(config.is_bare()));
        let mlps = (0..if neurons { mlps } else { 0 }).map(Self::Mlp);
        let mut all: Vec<Self> = HeadName::all(config).map(Self::Head).chain(mlps).collect();
        all.sort_by_key(|step| step.reads(config));
        all
    }

    /// When it reads the stream: two reads a layer.
    fn reads(self, config: &Config) -> usize {
        let parallel = config.mlp.is_some_and(|mlp| mlp.parallel);
        match self {
            Self::Head(head) => 2 * head.layer,
            Self::Mlp(layer) => 2 * layer + usize::from(!parallel),
        }
    }

    /// Whether it reads what another step wrote.
    pub(crate) fn follows(self, before: Self, config: &Config) -> bool {
        // those of one read do not read each other
        match before {
            Self::Head(head) => self.reads(config) > 2 * head.layer,
            Self::Mlp(layer) => self.reads(config) > 2 * layer + 1,
        }
    }
}

impl Start {
    fn read(word: &str, config: &Config) -> Result<Option<Self>> {
        let node = (!config.has_gates()).then(|| word.strip_prefix("mlp."));
        if let Some(tail) = node.flatten() {
            return Ok(Some(Self::Mlp(layer(tail, config)?)));
        }
        if let Some(head) = word.strip_prefix("b_V.") {
            return Ok(Some(Self::HeadBias(HeadName::parse(head, config)?)));
        }
        let of_layer = |(name, start): (&str, Self)| {
            let tail = word.strip_prefix(name)?;
            Some(layer(tail, config).map(|layer| start.at_layer(layer)))
        };
        let named = [
            ("b_O.", Self::OutBias(0)),
            ("b_in.", Self::InBias(0)),
            ("b_out.", Self::MlpBias(0)),
            ("ln1.b.", Self::NormBias(Place::Attention(0))),
            ("ln2.b.", Self::NormBias(Place::Mlp(0))),
        ];
        if let Some(start) = named.into_iter().find_map(of_layer) {
            return start.map(Some);
        }
        Ok(match word {
            "pos" => Some(Self::Pos),
            "ln_final.b" => Some(Self::NormBias(Place::Unembed)),
            _ => None,
        })
    }

    /// The same of another layer.
    fn at_layer(self, layer: usize) -> Self {
        match self {
            Self::OutBias(_) => Self::OutBias(layer),
            Self::InBias(_) => Self::InBias(layer),
            Self::MlpBias(_) => Self::MlpBias(layer),
            Self::NormBias(Place::Attention(_)) => Self::NormBias(Place::Attention(layer)),
            Self::NormBias(Place::Mlp(_)) => Self::NormBias(Place::Mlp(layer)),
            other => other,
        }
    }

    /// Whether what enters here goes on through a step.
    pub(crate) fn leads_to(self, step: Step, config: &Config) -> bool {
        let head = |layer| Step::Head(HeadName { layer, head: 0 });
        match (self, step) {
            (Self::Embed | Self::Pos, _) => true,
            (Self::NormBias(Place::Attention(layer)), Step::Head(head)) => head.layer == layer,
            (Self::NormBias(Place::Mlp(layer)), Step::Mlp(mlp)) => mlp == layer,
            (Self::HeadBias(HeadName { layer, .. }) | Self::OutBias(layer), _) => {
                step.follows(head(layer), config)
            }
            (Self::Mlp(layer) | Self::InBias(layer) | Self::MlpBias(layer), _) => {
                step.follows(Step::Mlp(layer), config)
            }
            (Self::NormBias(_) | Self::Unembed | Self::Put(_), _) => false,
        }
    }

    /// Whether it is a way to the logits by itself: what enters inside a block goes through it first.
    pub(crate) fn is_path(self) -> bool {
        !matches!(self, Self::NormBias(Place::Attention(_) | Place::Mlp(_)))
    }
}

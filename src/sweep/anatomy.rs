//! What a model's circuit is, in few numbers, so that those of several models can be set side by side: how
//! right it is, what is left without each head and MLP, which smallest sets of edges are enough, which
//! frequencies its embedding has.

use super::ablations::SPARED;
use super::minimal::{Minimal, minimal};
use super::run::{Over, Progress, Sweep};
use super::tally::Tally;
use crate::lens::{
    Direction, Directions, Experiment, Intervention, Matrices, Measure, Sender, Source, fourier,
};
use crate::model::{Config, HookedTransformer};
use crate::task::Sample;
use anyhow::{Context, Result};
use serde::Serialize;

/// The frequencies that are named have together this share of what is not constant.
const MOST_OF_IT: f64 = 0.9;

/// A head or an MLP, and what is left without it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartNeeded {
    /// As edges call it: `L0.1`, `M0`; a layer's only head is `L0`.
    pub part: String,
    /// The fraction of single predictions that are right where it writes zeros.
    pub accuracy_without: f64,
    /// Whether that is more than 0.01 below what it is with it.
    pub needed: bool,
}

/// A frequency of the token embedding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrequencyShare {
    /// Turns over all numbers.
    pub frequency: usize,
    /// Its share of the sum of squares without the constant.
    pub share: f64,
}

/// A model's circuit in few numbers.
#[derive(Clone, Debug)]
pub struct Anatomy {
    /// The model as it is.
    pub tally: Tally,
    /// Heads and MLPs in the model's order.
    pub parts: Vec<PartNeeded>,
    /// The smallest sets of edges that keep the accuracy but for 0.01; or why they are not known.
    pub minimal: std::result::Result<Minimal, String>,
    /// The fewest frequencies of `W_E` that together have 0.9 of what is not constant, the largest first; and
    /// how many there are. Only where an MLP reads tokens that are numbers.
    pub frequencies: Option<(Vec<FrequencyShare>, usize)>,
}

impl Anatomy {
    /// Takes a model apart. `report` says what is done, how far it is, and whether to go on; where it says
    /// no, nothing comes back.
    ///
    /// # Errors
    /// When the device fails or the inputs cannot be swept.
    pub fn of(
        model: &HookedTransformer,
        over: Over,
        report: &mut dyn FnMut(&str, Progress) -> Result<bool>,
    ) -> Result<Option<Self>> {
        let weights = Matrices::where_folded(model)?;
        let experiment = untouched(model, over);
        let taking = Taking {
            model,
            weights: weights.as_ref(),
            experiment: &experiment,
            over,
        };
        let Some(tally) = taking.tally(None, &mut |progress| report("accuracy", progress))? else {
            return Ok(None);
        };
        let mut parts = Vec::new();
        for (part, without) in removals(model)? {
            let mut tell = |progress| report(&format!("without {part}"), progress);
            let Some(left) = taking.tally(Some(without), &mut tell)? else {
                return Ok(None);
            };
            parts.push(PartNeeded {
                part,
                accuracy_without: left.accuracy(),
                needed: left.accuracy() < tally.accuracy() - SPARED,
            });
        }
        let mut tell = |progress| report("smallest sets of edges", progress);
        let Some(minimal) = taking.minimal(tally.accuracy() - SPARED, &mut tell)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            tally,
            parts,
            minimal,
            frequencies: frequencies(model)?,
        }))
    }

    /// The parts that are needed.
    #[must_use]
    pub fn needed(&self) -> Vec<&str> {
        let needed = self.parts.iter().filter(|part| part.needed);
        needed.map(|part| part.part.as_str()).collect()
    }

    /// The smallest sets of edges, each in the model's order; none where they are not known.
    #[must_use]
    pub fn sets(&self) -> Option<Vec<&[String]>> {
        let minimal = self.minimal.as_ref().ok()?;
        Some(minimal.sets.iter().map(|set| &set.on[..]).collect())
    }
}

/// Something that several questions are asked of.
struct Taking<'a> {
    model: &'a HookedTransformer,
    weights: Option<&'a Matrices>,
    experiment: &'a Experiment,
    over: Over,
}

impl Taking<'_> {
    fn tally(
        &self,
        without: Option<Intervention>,
        report: &mut dyn FnMut(Progress) -> Result<bool>,
    ) -> Result<Option<Tally>> {
        let mut experiment = self.experiment.clone();
        experiment.interventions.extend(without);
        let sweep = Sweep::new(self.model, self.weights, &experiment)?;
        let tally = Tally::new(self.model.task());
        sweep.tally(self.over, tally, &mut |_, progress| report(progress))
    }

    /// The smallest sets, or why they are not known; nothing where it was broken off.
    fn minimal(
        &self,
        threshold: f64,
        report: &mut dyn FnMut(Progress) -> Result<bool>,
    ) -> Result<Option<std::result::Result<Minimal, String>>> {
        if self.model.config().n_layers == 0 {
            return Ok(Some(Err(
                "a model without attention has no edges".to_owned()
            )));
        }
        let (model, weights) = (self.model, self.weights);
        match minimal(
            model,
            weights,
            self.experiment,
            threshold,
            self.over,
            report,
        ) {
            Ok(found) => Ok(found.map(Ok)),
            Err(error) => Ok(Some(Err(format!("{error:#}")))),
        }
    }
}

/// Nothing is done to the model, and the prompts are any.
fn untouched(model: &HookedTransformer, over: Over) -> Experiment {
    let task = model.task();
    let any = Source::new(task.values_at(0));
    Experiment {
        clean: any.clone(),
        corrupted: any,
        direction: Direction::Denoise,
        metric: None,
        measure: Measure::default(),
        interventions: Vec::new(),
        sample: match over {
            Over::Sample(sample) => sample,
            Over::Space => Sample::default(),
        },
    }
}

/// Each head and MLP with what takes it away.
fn removals(model: &HookedTransformer) -> Result<Vec<(String, Intervention)>> {
    let (task, config) = (model.task(), model.config());
    let all = Sender::all(config).into_iter();
    let all = all.filter_map(|sender| Some((sender.to_string(), removal(sender)?)));
    all.map(|(name, line)| {
        let read = Intervention::parse(&line, task, config);
        let read = read.map_err(|error| anyhow::anyhow!("{}", error.problem));
        Ok((name, read.with_context(|| format!("in '{line}'"))?))
    })
    .collect()
}

fn removal(sender: Sender) -> Option<String> {
    Some(match sender {
        Sender::Embed => return None,
        Sender::Layer(layer) => format!("zero blocks.{layer}.attn.hook_z @*"),
        Sender::Head(layer, head) => format!("zero blocks.{layer}.attn.hook_z @* head {head}"),
        Sender::Mlp(layer) => format!("zero blocks.{layer}.hook_mlp_out @*"),
    })
}

/// The frequencies that make up most of the embedding of numbers.
fn frequencies(model: &HookedTransformer) -> Result<Option<(Vec<FrequencyShare>, usize)>> {
    let (task, config): (_, &Config) = (model.task(), model.config());
    let numbers = Directions::counted(&Directions::Tokens.labels(config, task));
    if config.mlp.is_none() || numbers.len() < 3 {
        return Ok(None);
    }
    let rows = Directions::Tokens.rows(&Matrices::new(model)?)?;
    let rows = rows.subrows(numbers.start, numbers.len()).to_owned();
    let powers = fourier::powers(&rows);
    let total: f64 = powers.iter().skip(1).sum();
    let mut shares: Vec<FrequencyShare> = (powers.iter().enumerate().skip(1))
        .map(|(frequency, power)| FrequencyShare {
            frequency,
            share: power / total,
        })
        .collect();
    let all = shares.len();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    let mut sum = 0.0;
    let enough = shares.iter().position(|one| {
        sum += one.share;
        sum >= MOST_OF_IT
    });
    shares.truncate(enough.map_or(all, |at| at + 1));
    Ok(Some((shares, all)))
}

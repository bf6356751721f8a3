//! The smallest sets of edges that the model cannot do without: every other edge switched off, it
//! is still right often enough.

use super::run::{Over, Progress, Sweep};
use super::tally::{Tally, undefined_words};
use crate::lens::{Action, Experiment, Intervention, Matrices, Sender, check_edges, edges_off};
use crate::model::{Config, HookName, HookedTransformer, Site};
use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::Serialize;

/// Up to this many edges sets are tried from the smallest on until some are enough.
const ALL_SETS: usize = 16;

/// Up to this many the larger sets are tried too, to tell how many are enough.
const EVERY_SET: usize = 10;

/// A set of edges that is enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeSet {
    /// The edges that are on: `L0->K1`.
    pub on: Vec<String>,
    /// The lines that switch the others off.
    pub interventions: Vec<String>,
    /// The fraction of single predictions that are right.
    pub accuracy: f64,
    /// How far another sample's may be from it; of no meaning over the whole space.
    pub standard_error: f64,
    /// Inputs.
    pub n: u64,
    /// The same by prediction.
    pub accuracy_by_position: Vec<f64>,
    /// Mean cross entropy, in nats per prediction.
    pub mean_loss: f64,
    /// Inputs with a wrong prediction.
    pub wrong_inputs: u64,
}

impl EdgeSet {
    /// Its edges.
    #[must_use]
    pub fn name(&self) -> String {
        match self.on.is_empty() {
            true => "none of them".to_owned(),
            false => self.on.join("  "),
        }
    }
}

/// The answer: the smallest sets, and how they were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Minimal {
    /// Edges that can be switched.
    pub edges: usize,
    /// Their names. What the first layer reads and what the last writes stays on.
    pub switches: Vec<String>,
    /// Whether sets were tried in order of size, so that none smaller is enough; otherwise edges were taken away one by one, the least needed
    /// first, and a smaller set may exist.
    pub exhaustive: bool,
    /// Sets that were tried.
    pub tried: u64,
    /// Those of them that are enough, on the sample where they are tried on it.
    pub sufficient: u64,
    /// With every edge on.
    pub accuracy: f64,
    /// Predictions that are undefined with every edge on, as interventions leave nothing there, of how many;
    /// they count as wrong.
    pub undefined: u64,
    /// Predictions with every edge on.
    pub predictions: u64,
    /// All sets of the smallest size that reach the threshold; none when not even all edges do.
    pub sets: Vec<EdgeSet>,
}

/// The edges that can be switched: the embedding and each head into the queries, keys and values
/// of each later head, each MLP, and into the logits. The last layer's way to the logits is always on.
fn edges(config: &Config) -> Vec<(String, Intervention)> {
    let last = config.n_layers.saturating_sub(1);
    let can_be_switched = |one: &Intervention| match (&one.action, one.hook) {
        // a first layer has nothing else to read
        (_, HookName::Block(layer, Site::QInput | Site::KInput | Site::VInput)) => layer > 0,
        (Action::Edge(sender, _), HookName::Block(_, Site::ResidPost)) => match sender {
            Sender::Layer(layer) | Sender::Head(layer, _) | Sender::Mlp(layer) => *layer < last,
            Sender::Embed => true,
        },
        _ => true,
    };
    let mut edges = edges_off(config);
    edges.retain(|(_, one)| can_be_switched(one));
    edges
}

/// The search's tools.
struct Search<'a> {
    model: &'a HookedTransformer,
    weights: Option<&'a Matrices>,
    experiment: &'a Experiment,
    /// Their names, and the interventions that switch them off.
    edges: Vec<(String, Intervention)>,
}

impl Search<'_> {
    /// The experiment with only the edges of a set on.
    fn sweep(&self, on: u64) -> Result<Sweep> {
        let mut experiment = self.experiment.clone();
        let edges = self.edges.iter().enumerate();
        let off = edges.filter(|(i, _)| on >> i & 1 == 0);
        experiment
            .interventions
            .extend(off.map(|(_, (_, edge))| edge.clone()));
        Sweep::new(self.model, self.weights, &experiment)
    }

    fn tally(&self, on: u64, over: Over) -> Result<Tally> {
        let tally = Tally::new(self.model.task());
        let done = self.sweep(on)?.tally(over, tally, &mut |_, _| Ok(true))?;
        done.context("the sweep broke off")
    }

    fn set(&self, on: u64, tally: &Tally) -> EdgeSet {
        let task = self.model.task();
        let edges = || self.edges.iter().enumerate();
        let is_on = |i: &usize| on >> i & 1 == 1;
        EdgeSet {
            on: edges()
                .filter(|(i, _)| is_on(i))
                .map(|(_, (name, _))| name.clone())
                .collect(),
            interventions: edges()
                .filter(|(i, _)| !is_on(i))
                .map(|(_, (_, edge))| edge.line(task))
                .collect(),
            accuracy: tally.accuracy(),
            standard_error: tally.accuracy_estimate().standard_error,
            n: tally.inputs,
            accuracy_by_position: tally.accuracy_by_position(),
            mean_loss: tally.mean_loss(),
            wrong_inputs: tally.wrong_inputs,
        }
    }
}

/// The smallest sets of edges that keep the accuracy at the threshold or above. A search over the
/// space tries sets on the experiment's sample first. `report` says how many sets were tried of
/// how many, and whether to go on.
///
/// # Errors
/// When the device fails or the inputs cannot be swept.
pub fn minimal(
    model: &HookedTransformer,
    weights: Option<&Matrices>,
    experiment: &Experiment,
    threshold: f64,
    over: Over,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<Minimal>> {
    check_edges(model.config())?;
    let search = Search {
        model,
        weights,
        experiment,
        edges: edges(model.config()),
    };
    let count = search.edges.len();
    anyhow::ensure!(
        count < 64,
        "{count} edges are more than this search can handle"
    );
    let all = (1u64 << count) - 1;
    let whole = search.tally(all, over)?;
    let accuracy = whole.accuracy();
    let exhaustive = count <= ALL_SETS;
    let mut sets = Vec::new();
    let (mut tried_sets, mut sufficient) = (0, 0);
    if exhaustive {
        let first = Over::Sample(experiment.sample);
        let total = 1u64 << count;
        let (mut done, mut smallest) = (0, None);
        for size in 0..=count as u32 {
            let tried: Vec<u64> = (0..=all).filter(|on| on.count_ones() == size).collect();
            let judged: Vec<Result<Tally>> = tried
                .par_iter()
                .map(|&on| search.tally(on, first))
                .collect();
            done += tried.len() as u64;
            for (&on, tally) in tried.iter().zip(judged) {
                let mut tally = tally?;
                if tally.accuracy() < threshold {
                    continue;
                }
                sufficient += 1;
                if smallest.is_some_and(|smallest| size > smallest) {
                    continue;
                }
                if over != first {
                    tally = search.tally(on, over)?;
                }
                if tally.accuracy() >= threshold {
                    sets.push(search.set(on, &tally));
                    smallest = Some(size);
                }
            }
            if !report(Progress { done, total })? {
                return Ok(None);
            }
            if smallest.is_some() && count > EVERY_SET {
                break;
            }
        }
        tried_sets = done;
    } else if accuracy >= threshold {
        let Some((on, tried)) = greedy(&search, all, threshold, over, report)? else {
            return Ok(None);
        };
        (tried_sets, sufficient) = (tried.0, tried.1);
        sets.push(search.set(on, &search.tally(on, over)?));
    }
    sets.sort_by(|a, b| b.accuracy.total_cmp(&a.accuracy));
    Ok(Some(Minimal {
        edges: count,
        switches: search.edges.iter().map(|(name, _)| name.clone()).collect(),
        exhaustive,
        tried: tried_sets,
        sufficient,
        accuracy,
        undefined: whole.undefined(),
        predictions: whole.right().predictions,
        sets,
    }))
}

impl Minimal {
    /// How many sets were tried, and how many of them are enough.
    #[must_use]
    pub fn told(&self) -> String {
        format!(
            "{} of {} sets tried are enough",
            self.sufficient, self.tried
        )
    }

    /// What is undefined before any edge is switched off, where something is.
    #[must_use]
    pub fn undefined(&self) -> Option<String> {
        (self.undefined > 0).then(|| undefined_words(self.undefined, self.predictions))
    }
}

/// Takes away the edge that costs least, again and again; what is left, and how many sets were
/// tried.
fn greedy(
    search: &Search<'_>,
    all: u64,
    threshold: f64,
    over: Over,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<(u64, (u64, u64))>> {
    let (mut on, mut tried) = (all, (0, 0));
    let total = search.edges.len() as u64;
    loop {
        let without: Vec<u64> = (0..search.edges.len())
            .filter(|i| on >> i & 1 == 1)
            .map(|i| on & !(1 << i))
            .collect();
        let judged: Vec<Result<f64>> = without
            .par_iter()
            .map(|&on| Ok(search.tally(on, over)?.accuracy()))
            .collect();
        tried.0 += without.len() as u64;
        let judged: Vec<f64> = judged.into_iter().collect::<Result<_>>()?;
        let enough = judged.iter().filter(|accuracy| **accuracy >= threshold);
        tried.1 += enough.count() as u64;
        let best = without
            .iter()
            .zip(judged)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((&next, accuracy)) if accuracy >= threshold => on = next,
            _ => return Ok(Some((on, tried))),
        }
        let done = total - u64::from(on.count_ones());
        if !report(Progress { done, total })? {
            return Ok(None);
        }
    }
}

//! One node, ablated in every way at once: what does it depend on, and does it matter? Causal
//! scrubbing (Chan et al. 2022) by enumeration: a node that depends on some fields only can be
//! exchanged for that of another input that agrees in those fields, and nothing is lost.

use super::run::{Over, Progress, Sum, Sweep};
use super::tally::Tally;
use crate::lens::{Action, Averaged, Experiment, From, Intervention, LineError, Matrices};
use crate::model::{Config, HookedTransformer};
use crate::task::{Agreement, Estimate, Field, Sample, Task, grouped};
use anyhow::{Context, Result};
use serde::Serialize;

/// What one ablation leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablated {
    /// The intervention; `None` for the run as it is.
    pub ablation: Option<Intervention>,
    /// What is left, or why it could not be found out; of one that resamples, over all pairs of an
    /// input and a donor.
    pub tally: std::result::Result<Tally, String>,
    /// The donors of one that resamples.
    pub draws: Option<Draws>,
}

impl Ablated {
    /// The accuracy that is left, and how far that of other inputs may be: as if the donors of one input said nothing
    /// more than one of them, since they are alike.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        let found = self.tally.as_ref().ok()?.accuracy_estimate();
        let donors = self.donors();
        Some(Estimate {
            standard_error: found.standard_error * (donors as f64).sqrt(),
            n: found.n / donors,
            ..found
        })
    }

    /// Inputs that it was tried on.
    #[must_use]
    pub fn inputs(&self) -> Option<u64> {
        let tally = self.tally.as_ref().ok()?;
        Some(tally.inputs / self.donors())
    }

    fn donors(&self) -> u64 {
        self.draws.map_or(1, |draws| u64::from(draws.donors.max(1)))
    }
}

/// The donors that each input was given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Draws {
    /// How many for each input.
    pub donors: u32,
    /// Whether these are all that there are.
    pub exact: bool,
    /// Standard deviation of the accuracy from one draw of donors to the next; none where all donors
    /// were gone through, or there is one alone.
    pub spread: Option<f64>,
}

impl Draws {
    fn new(accuracies: &[f64], donors: u128) -> Self {
        let n = accuracies.len() as f64;
        let exact = donors == accuracies.len() as u128;
        let mean = accuracies.iter().sum::<f64>() / n;
        let squares = accuracies.iter().map(|one| (one - mean).powi(2));
        let spread = (squares.sum::<f64>() / (n - 1.0)).sqrt();
        Self {
            donors: accuracies.len() as u32,
            exact,
            spread: (!exact && n > 1.0).then_some(spread),
        }
    }
}

/// Donors for each input, where there are more.
const DONORS: u32 = 4;
/// The inputs that are resampled where all were asked for.
const IN_PLACE_OF_ALL: Sample = Sample::Random { seed: 0, len: 4096 };

/// So many inputs are run one by one where tables do not serve.
const MOST_PASSES: u128 = 65_536;

/// A node from its words, as they stand in an intervention: `blocks.0.attn.hook_z @elt head 0`; or
/// what it hands to one reader alone, `L0->K1 @elt`.
///
/// # Errors
/// As for the line of an intervention.
pub fn node(
    words: &str,
    task: Task,
    config: &Config,
) -> std::result::Result<Intervention, LineError> {
    let first = words.split_whitespace().next().unwrap_or_default();
    let line = if first.contains("->") {
        format!("edge {words} off")
    } else {
        format!("zero {words}")
    };
    Intervention::parse(&line, task, config)
}

/// The node with something taken from elsewhere in its place.
fn with(node: &Intervention, from: From) -> Intervention {
    let action = match node.action {
        Action::Edge(sender, _) => Action::Edge(sender, Some(from)),
        _ => Action::Patch(from),
    };
    Intervention {
        action,
        ..node.clone()
    }
}

/// Every ablation of a node, which stands here zeroed or as an edge that is off: zero, mean (over what is swept), mean given each
/// field that is no list, and resampled keeping each set of fields.
#[must_use]
pub fn kinds(node: &Intervention, task: Task, over: Over) -> Vec<Intervention> {
    let fields: Vec<Field> = task.fields().collect();
    let averaged = match over {
        Over::Space => Averaged::Space,
        Over::Sample(_) => Averaged::Sample,
    };
    // of each field that is no list alone, but for tasks that are nothing but lists
    let single = fields.iter().filter(|&&field| !task.is_in_list(field));
    let single: Vec<Field> = single.copied().collect();
    let given = std::iter::once(Vec::new()).chain(single.iter().map(|&field| vec![field]));
    let means = given.map(|given| From::Mean(averaged, given.into()));
    // lists too long to try every set of fields: the others, alone and together
    let few = if fields.len() <= 8 {
        &fields[..]
    } else {
        &single[..single.len().min(8)]
    };
    let resampled = (0..1usize << few.len()).map(|set| {
        let kept = few.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        From::Resample {
            keep: kept.map(|(_, &field)| field).collect::<Vec<_>>().into(),
            seed: 0,
        }
    });
    let taken = means.into_iter().chain(resampled);
    let taken = taken.map(|from| with(node, from));
    std::iter::once(node.clone()).chain(taken).collect()
}

/// Sweeps the experiment as it is, then with each ablation of the node behind its interventions.
/// Each input is resampled from several donors. `report` says whether to go on; when it says no,
/// nothing comes back.
///
/// # Errors
/// When the device fails or the inputs cannot be swept.
pub fn ablations(
    model: &HookedTransformer,
    weights: Option<&Matrices>,
    experiment: &Experiment,
    node: &Intervention,
    over: Over,
    report: &mut dyn FnMut(usize, usize, Progress) -> Result<bool>,
) -> Result<Option<Vec<Ablated>>> {
    let experiment = &averaging(experiment, over);
    let kinds = kinds(node, model.task(), over);
    let runs = std::iter::once(None).chain(kinds.into_iter().map(Some));
    let runs: Vec<Option<Intervention>> = runs.collect();
    let mut found = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let mut tell = |progress| report(i, runs.len(), progress);
        let judged = judge(model, weights, experiment, run.as_ref(), over, &mut tell)?;
        let (tally, draws) = match judged {
            Judged::Stopped => return Ok(None),
            Judged::Impossible(reason) => (Err(reason), None),
            Judged::Found(tally, draws) => (Ok(*tally), draws),
        };
        found.push(Ablated {
            ablation: run.clone(),
            tally,
            draws,
        });
    }
    Ok(Some(found))
}

enum Judged {
    Stopped,
    Impossible(String),
    Found(Box<Tally>, Option<Draws>),
}

/// The experiment with the inputs that are swept as its sample, of which means are taken; unless one of its own
/// interventions takes a mean of another.
#[must_use]
pub fn averaging(experiment: &Experiment, over: Over) -> Experiment {
    let mut with = experiment.clone();
    let averages = |one: &Intervention| {
        let taken = one.taken_from();
        matches!(taken, Some((From::Mean(Averaged::Sample, _), _)))
    };
    if let Over::Sample(sample) = over
        && !with.interventions.iter().any(averages)
    {
        with.sample = sample;
    }
    with
}

/// What one ablation leaves; of one that resamples, over several donors for each input.
fn judge(
    model: &HookedTransformer,
    weights: Option<&Matrices>,
    experiment: &Experiment,
    ablation: Option<&Intervention>,
    over: Over,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Judged> {
    let task = model.task();
    let kept = ablation.and_then(Intervention::resamples);
    let donors = kept.map(|keep| keep.donors(task));
    // all donors where there are no more
    let mut draws = donors.map_or(1, |donors| donors.min(u128::from(DONORS)) as u32);
    let mut at_once = None;
    let mut all: Option<Tally> = None;
    let mut accuracies = Vec::new();
    let mut draw = 0;
    while draw < draws {
        let mut with = experiment.clone();
        with.interventions.extend(ablation.cloned());
        if let Some(last) = with.interventions.last_mut() {
            last.reseed(draw);
        }
        let sweep = match Sweep::new(model, weights, &with) {
            Ok(sweep) => sweep,
            Err(error) => return Ok(Judged::Impossible(format!("{error:#}"))),
        };
        let over = match (sweep.reason(), over) {
            (Some(_), Over::Space) if sweep.all_donors(over).is_some() => {
                (draws, at_once) = (1, sweep.all_donors(over));
                over
            }
            (Some(_), Over::Space) if donors.is_some() => Over::Sample(IN_PLACE_OF_ALL),
            (Some(reason), Over::Space) if task.input_space() > MOST_PASSES => {
                return Ok(Judged::Impossible(reason.to_owned()));
            }
            _ => over,
        };
        let mut tell = |_: &mut Tally, progress: Progress| {
            report(Progress {
                done: u64::from(draw) * progress.total + progress.done,
                total: u64::from(draws) * progress.total,
            })
        };
        let tally = match sweep.tally(over, Tally::new(task), &mut tell) {
            Ok(Some(tally)) => tally,
            Ok(None) => return Ok(Judged::Stopped),
            // of one ablation that cannot be done the others are still told
            Err(error) if ablation.is_some() => {
                return Ok(Judged::Impossible(format!("{error:#}")));
            }
            Err(error) => return Err(error),
        };
        accuracies.push(tally.accuracy());
        draw += 1;
        match &mut all {
            Some(all) => Sum::join(all, tally),
            None => all = Some(tally),
        }
    }
    let all = all.context("no input has a donor")?;
    let told = donors.map(|donors| match at_once {
        Some(donors) => Draws {
            donors,
            exact: true,
            spread: None,
        },
        None => Draws::new(&accuracies, donors),
    });
    Ok(Judged::Found(Box::new(all), told))
}

/// How much accuracy an exchange may cost and still count as none.
pub const SPARED: f64 = 0.01;

/// What there is without an ablation.
fn as_it_is(found: &[Ablated]) -> Option<&Tally> {
    let run = found.iter().find(|one| one.ablation.is_none());
    run.and_then(|one| one.tally.as_ref().ok())
}

/// What the node depends on: the fewest fields that have to be kept so that the rest of an input
/// may be another's, and at most 0.01 of the accuracy is lost. All sets of that size; none
/// where it could not be found out.
#[must_use]
pub fn depends_on(found: &[Ablated]) -> Vec<Vec<Field>> {
    let accuracy = |tally: &Tally| tally.is_defined().then(|| tally.accuracy());
    let Some(as_it_is) = as_it_is(found).and_then(accuracy) else {
        return Vec::new();
    };
    let enough = |one: &Ablated| {
        let keep = one.ablation.as_ref()?.resamples()?.fields()?;
        let left = accuracy(one.tally.as_ref().ok()?)?;
        (left >= as_it_is - SPARED).then(|| keep.to_vec())
    };
    let mut sets: Vec<Vec<Field>> = found.iter().filter_map(enough).collect();
    let fewest = sets.iter().map(Vec::len).min();
    sets.retain(|set| Some(set.len()) == fewest);
    sets
}

/// The same in words, with how it was found out.
#[must_use]
pub fn verdict(found: &[Ablated]) -> String {
    let sets = depends_on(found);
    let words = |set: &Vec<Field>| {
        let fields: Vec<String> = set.iter().map(ToString::to_string).collect();
        fields.join(" and ")
    };
    let all: Vec<String> = sets.iter().map(words).collect();
    if as_it_is(found).is_some_and(|tally| !tally.is_defined()) {
        return "no prediction of the run itself is defined: what it depends on cannot be told"
            .into();
    }
    let what = match sets.first() {
        None => return "what it depends on was not found out".to_owned(),
        Some(set) if set.is_empty() => "depends on nothing: any other input's".to_owned(),
        Some(_) => format!(
            "depends on {} only: another input's that agrees there",
            all.join(", or on ")
        ),
    };
    format!(
        "{what} costs at most {SPARED} of the accuracy ({})",
        how(found, &sets)
    )
}

/// How the sets were found to be enough: over so many inputs, with so many donors each.
fn how(found: &[Ablated], sets: &[Vec<Field>]) -> String {
    let enough = found.iter().filter(|one| {
        let kept = one.ablation.as_ref().and_then(Intervention::resamples);
        let kept = kept.and_then(Agreement::fields);
        kept.is_some_and(|kept| sets.iter().any(|set| set == kept))
    });
    let told = enough.filter_map(|one| {
        let draws = one.draws?;
        let inputs = grouped(u128::from(one.inputs()?));
        let donors = match (draws.donors, draws.exact) {
            (1, true) => "its one donor".to_owned(),
            (n, true) => format!("all its {n} donors"),
            (n, false) => format!("{n} random donors"),
        };
        Some(format!("{inputs} inputs, each with {donors}"))
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    told.join("; ")
}

/// An ablation's line without the words of its node, for a list.
#[must_use]
pub fn without_node(line: &str, node: &str) -> String {
    let rest = line.replacen(node, "", 1);
    rest.replace("edge ", "")
        .replace("  ", " ")
        .trim()
        .to_owned()
}

/// The node's words for a title.
#[must_use]
pub fn title(node: &Intervention, task: Task) -> String {
    let line = node.line(task);
    let edge = || line.strip_prefix("edge ")?.strip_suffix(" off");
    let node = line.strip_prefix("zero ").or_else(edge);
    node.unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::model::config::PositionalEmbedding;

    #[test]
    fn the_spread_of_draws_is_that_of_a_sample() {
        let drawn = Draws::new(&[0.5, 0.7, 0.9], 1000);
        assert!((drawn.spread.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!((drawn.donors, drawn.exact), (3, false));
        // all there are have no spread, and one alone says nothing of it
        assert_eq!(Draws::new(&[0.5, 0.7, 0.9], 3).spread, None);
        assert_eq!(Draws::new(&[0.5], 1000).spread, None);
    }

    /// Each draw takes other donors, whether a node gives way or what it hands to one reader.
    #[test]
    fn every_draw_has_a_seed_of_its_own() {
        let task = Task::default();
        let sizes = [task.d_vocab(), task.classes.len()];
        let shortformer = PositionalEmbedding::Shortformer;
        let config = Config::attention_only([2, 2], [4, 2], task.seq_len(), sizes, shortformer);
        for of in ["blocks.0.attn.hook_z @elt", "L0->K1 @elt", "L0.1->Q1.0"] {
            let node = node(of, task, &config).unwrap();
            let keep = vec![task.fields().next().unwrap()].into();
            let mut one = with(&node, From::Resample { keep, seed: 2 });
            one.reseed(3);
            let line = one.line(task);
            assert!(line.contains(" seed 5"), "{line}");
        }
    }
}

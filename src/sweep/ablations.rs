//! One node, ablated in every way at once: what does it depend on, and does it matter? Causal
//! scrubbing (Chan et al. 2022) by enumeration: a node that depends on some fields only can be
//! exchanged for that of another input that agrees in those fields, and nothing is lost.

use super::run::{Over, Progress, Sweep};
use super::tally::Tally;
use crate::lens::{Action, Averaged, Experiment, Intervention, LineError, Matrices};
use crate::model::{Config, HookedTransformer};
use crate::task::{ArrayUpdate, Field};
use anyhow::Result;

/// What one ablation leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablated {
    /// The intervention; `None` for the run as it is.
    pub ablation: Option<Intervention>,
    /// What is left, or why it could not be found out.
    pub tally: std::result::Result<Tally, String>,
}

/// A node from its words, as they stand in an intervention: `blocks.0.attn.hook_z @elt head 0`.
///
/// # Errors
/// As for the line of an intervention.
pub fn node(
    words: &str,
    task: ArrayUpdate,
    config: &Config,
) -> std::result::Result<Intervention, LineError> {
    Intervention::parse(&format!("zero {words}"), task, config)
}

/// Every ablation of a node: zero, mean (over what is swept), mean given idx and given elt, and
/// resampled keeping each set of fields.
#[must_use]
pub fn kinds(node: &Intervention, task: ArrayUpdate, over: Over) -> Vec<Intervention> {
    let fields: Vec<Field> = (0..task.list_len)
        .map(Field::A)
        .chain([Field::Idx, Field::Elt])
        .collect();
    let averaged = match over {
        Over::Space => Averaged::Space,
        Over::Sample(_) => Averaged::Sample,
    };
    let given = [vec![], vec![Field::Idx], vec![Field::Elt]];
    let means = given.map(|given| Action::Mean(averaged, given));
    // lists too long to try every set of fields: the two others, alone and together
    let few = if fields.len() <= 8 {
        &fields[..]
    } else {
        &fields[task.list_len..]
    };
    let resampled = (0..1usize << few.len()).map(|set| {
        let kept = few.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        Action::Resample {
            keep: kept.map(|(_, &field)| field).collect(),
            seed: 0,
        }
    });
    let all = std::iter::once(Action::Zero).chain(means).chain(resampled);
    all.map(|action| Intervention {
        action,
        ..node.clone()
    })
    .collect()
}

/// Sweeps the experiment as it is, then with each ablation of the node behind its interventions.
/// `report` says whether to go on; when it says no, nothing comes back.
///
/// # Errors
/// When the device fails or the inputs cannot be swept.
pub fn ablations(
    model: &HookedTransformer,
    weights: &Matrices,
    experiment: &Experiment,
    node: &Intervention,
    over: Over,
    report: &mut dyn FnMut(usize, usize, Progress) -> Result<bool>,
) -> Result<Option<Vec<Ablated>>> {
    let task = model.task();
    let kinds = kinds(node, task, over);
    let runs = std::iter::once(None).chain(kinds.into_iter().map(Some));
    let runs: Vec<Option<Intervention>> = runs.collect();
    let mut found = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let mut with = experiment.clone();
        with.interventions.extend(run.clone());
        let mut tell = |_: &mut Tally, progress| report(i, runs.len(), progress);
        let tally = match Sweep::new(model, weights, &with) {
            Err(error) => Err(format!("{error:#}")),
            Ok(sweep) => match (sweep.reason(), over) {
                (Some(reason), Over::Space) => Err(reason.to_owned()),
                _ => match sweep.tally(over, Tally::new(task), &mut tell)? {
                    Some(tally) => Ok(tally),
                    None => return Ok(None),
                },
            },
        };
        found.push(Ablated {
            ablation: run.clone(),
            tally,
        });
    }
    Ok(Some(found))
}

/// How much accuracy an exchange may cost and still count as none.
pub const SPARED: f64 = 0.01;

/// What the node depends on: the fewest fields that have to be kept so that the rest of an input
/// may be another's, and at most 0.01 of the accuracy is lost. All sets of that size; none
/// where it could not be found out.
#[must_use]
pub fn depends_on(found: &[Ablated]) -> Vec<Vec<Field>> {
    let accuracy = |one: &Ablated| one.tally.as_ref().ok().map(Tally::accuracy);
    let as_it_is = found.iter().find(|one| one.ablation.is_none());
    let Some(as_it_is) = as_it_is.and_then(accuracy) else {
        return Vec::new();
    };
    let enough = |one: &Ablated| match &one.ablation.as_ref()?.action {
        Action::Resample { keep, .. } if accuracy(one)? >= as_it_is - SPARED => Some(keep.clone()),
        _ => None,
    };
    let mut sets: Vec<Vec<Field>> = found.iter().filter_map(enough).collect();
    let fewest = sets.iter().map(Vec::len).min();
    sets.retain(|set| Some(set.len()) == fewest);
    sets
}

/// The same in words.
#[must_use]
pub fn verdict(found: &[Ablated]) -> String {
    let sets = depends_on(found);
    let words = |set: &Vec<Field>| {
        let fields: Vec<String> = set.iter().map(ToString::to_string).collect();
        fields.join(" and ")
    };
    let all: Vec<String> = sets.iter().map(words).collect();
    match sets.first() {
        None => "what it depends on was not found out".to_owned(),
        Some(set) if set.is_empty() => {
            format!("depends on nothing: any other input's costs at most {SPARED} of the accuracy")
        }
        Some(_) => format!(
            "depends on {} only: another input's that agrees there costs at most {SPARED}",
            all.join(", or on ")
        ),
    }
}

/// The node's words for a title.
#[must_use]
pub fn title(node: &Intervention, task: ArrayUpdate) -> String {
    let line = node.line(task);
    line.strip_prefix("zero ").unwrap_or(&line).to_owned()
}

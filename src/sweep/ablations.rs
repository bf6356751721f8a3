//! One node, ablated in every way at once: what does it depend on, and does it matter? Causal
//! scrubbing (Chan et al. 2022) by enumeration: a node that depends on some fields only can be
//! exchanged for that of another input that agrees in those fields, and nothing is lost.

use super::run::{Over, Progress, Sweep};
use super::tally::Tally;
use crate::lens::{Action, Experiment, Intervention, LineError, Matrices};
use crate::model::{Config, HookedTransformer};
use crate::task::{ArrayUpdate, Field};
use anyhow::Result;

/// What one ablation leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablated {
    /// The intervention; `None` for the run as it is.
    pub line: Option<String>,
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

/// Every ablation of a node: zero, mean, mean given idx and given elt, and resampled keeping each
/// set of fields.
#[must_use]
pub fn kinds(node: &Intervention, task: ArrayUpdate) -> Vec<Intervention> {
    let fields: Vec<Field> = (0..task.list_len)
        .map(Field::A)
        .chain([Field::Idx, Field::Elt])
        .collect();
    let means = [vec![], vec![Field::Idx], vec![Field::Elt]].map(Action::Mean);
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
    let kinds = kinds(node, task);
    let runs = std::iter::once(None).chain(kinds.into_iter().map(Some));
    let runs: Vec<Option<Intervention>> = runs.collect();
    let mut found = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let mut with = experiment.clone();
        with.interventions.extend(run.clone());
        let line = run.as_ref().map(|one| one.line(task));
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
        found.push(Ablated { line, tally });
    }
    Ok(Some(found))
}

/// The node's words for a title.
#[must_use]
pub fn title(node: &Intervention, task: ArrayUpdate) -> String {
    let line = node.line(task);
    line.strip_prefix("zero ").unwrap_or(&line).to_owned()
}

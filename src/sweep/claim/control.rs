//! The control of a claim: the same said of the model under other interventions.

use super::grammar::ClaimError;
use super::meaning::Claim;
use super::verdict::Verdict;
use crate::lens::{Experiment, Intervention, Matrices};
use crate::model::Config;
use crate::sweep::run::{Over, Progress, Sweep};
use crate::task::Task;
use anyhow::{Context as _, Result};
use serde::Serialize;

/// The word before it.
const WORD: &str = "control";
/// What stands between several interventions.
const BETWEEN: char = ';';

/// What a claim comes to under other interventions than those at hand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// These, a line each.
    pub interventions: Vec<String>,
    /// What became of the claim there, in a word.
    pub verdict: String,
    /// The answer there; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<Verdict>>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Control {
    /// What there is to say of it in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let lines = self.interventions.join("; ");
        match (&self.found, &self.why) {
            (Some(found), _) => {
                format!(
                    "control, {lines}: {}: {}",
                    found.word(),
                    found.count_words()
                )
            }
            (None, why) => format!(
                "control, {lines}: {}",
                why.as_deref().unwrap_or("not asked")
            ),
        }
    }
}

/// A line's claim, and where its control begins.
pub(super) fn split(line: &str) -> (&str, Option<usize>) {
    let mut words = line.match_indices(WORD);
    let is_word = |&(at, _): &(usize, &str)| {
        let before = line[..at].ends_with(char::is_whitespace);
        before && line[at + WORD.len()..].starts_with(char::is_whitespace)
    };
    match words.find(is_word) {
        Some((at, _)) => (line[..at].trim_end(), Some(at + WORD.len())),
        None => (line, None),
    }
}

/// The interventions that stand behind the word.
pub(super) fn read(
    line: &str,
    from: usize,
    task: Task,
    config: &Config,
) -> Result<Vec<Intervention>, ClaimError> {
    let mut all = Vec::new();
    let mut at = from;
    for part in line[from..].split(BETWEEN) {
        let one = Intervention::parse(part, task, config).map_err(|error| {
            let word = part.split_whitespace().nth(error.word);
            let offset = word.map_or(part.len(), |word| {
                word.as_ptr() as usize - part.as_ptr() as usize
            });
            ClaimError {
                line: line.to_owned(),
                at: at + offset,
                problem: error.problem,
            }
        })?;
        all.push(one);
        at += part.len() + BETWEEN.len_utf8();
    }
    Ok(all)
}

impl Sweep {
    /// What a claim comes to under its control's interventions; `None` when `report` says that nobody waits.
    pub(super) fn control(
        &self,
        over: Over,
        claim: &Claim,
        report: &mut dyn FnMut(Progress) -> Result<bool>,
    ) -> Result<Option<Control>> {
        let lines = claim.control.iter().map(|one| one.line(claim.task));
        let control = Control {
            interventions: lines.collect(),
            verdict: "not asked".to_owned(),
            found: None,
            why: None,
        };
        let mut ask = || -> Result<Option<Verdict>> {
            let source = self.source.as_ref();
            let (model, experiment) = source.context("these are tables alone")?;
            let with = Experiment {
                interventions: claim.control.clone(),
                ..experiment.clone()
            };
            let sweep = Self::new(model, Matrices::where_folded(model)?.as_ref(), &with)?;
            let alone = claim.without_control();
            sweep.check(over, &alone, &mut |_, progress| report(progress))
        };
        Ok(match ask() {
            Ok(None) => None,
            Ok(Some(found)) => Some(Control {
                verdict: found.word(),
                found: Some(Box::new(found)),
                ..control
            }),
            Err(error) => Some(Control {
                why: Some(format!("{error:#}")),
                ..control
            }),
        })
    }
}

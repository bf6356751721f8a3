//! Surveys: questions whose answer is a list of choices, each some interventions and what they
//! leave. Every ablation of a node at once, or the smallest sets of edges that are enough.

use super::ablations::{Draws, ablations, node, title, verdict, without_node};
use super::minimal::minimal;
use super::run::{Over, Progress};
use super::tally::Tally;
use crate::lens::{Action, Experiment, Intervention, LineError, Matrices};
use crate::model::{Config, HookedTransformer};
use crate::task::number::fixed;
use crate::task::text::counted;
use crate::task::{Estimate, Task, limits, shown};
use anyhow::Result;

/// What edges have to keep where no threshold is given.
const THRESHOLD: f64 = 0.99;

/// A survey: `ablations NODE`, `minimal [THRESHOLD]`; over the sample, or with `over space` behind
/// it over all inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    what: What,
    whole: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Every ablation of this node, which stands here zeroed, or of this edge, which is off.
    Ablations(Intervention),
    /// The smallest sets of edges that keep this accuracy.
    Minimal(f64),
}

/// The answer to a survey.
#[derive(Clone, Debug, PartialEq)]
pub struct Surveyed {
    /// Over which inputs.
    pub over: Over,
    /// What follows from the choices.
    pub verdict: String,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// Some interventions, and what they leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it is, in short.
    pub name: String,
    /// Lines that can be added to the interventions.
    pub interventions: Vec<String>,
    /// What is left, or why that could not be found out.
    pub left: std::result::Result<Left, String>,
}

/// What is left of the model's answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The fraction of single predictions that are right, and how far another sample's may be.
    pub accuracy: Estimate,
    /// The same by prediction.
    pub accuracy_by_position: Vec<f64>,
    /// Mean cross entropy, in nats per prediction.
    pub mean_loss: f64,
    /// The donors, where the choice resamples.
    pub draws: Option<Draws>,
}

impl From<&Tally> for Left {
    fn from(tally: &Tally) -> Self {
        Self {
            accuracy: tally.accuracy_estimate(),
            accuracy_by_position: tally.accuracy_by_position(),
            mean_loss: tally.mean_loss(),
            draws: None,
        }
    }
}

impl Survey {
    /// The words that a survey begins with, each with what follows it.
    pub const WORDS: [(&str, &str); 2] = [
        ("ablations", "HOOK PLACE|EDGE [@POS] [over space]"),
        ("minimal", "[ACCURACY] [over space]"),
    ];

    /// Every ablation of what an intervention changes, over the sample.
    #[must_use]
    pub fn ablations(of: Intervention) -> Self {
        let action = match of.action {
            Action::Edge(sender, _) => Action::Edge(sender, None),
            _ => Action::Zero,
        };
        Self {
            what: What::Ablations(Intervention { action, ..of }),
            whole: false,
        }
    }

    /// Whether a line is a survey, rightly written or not.
    #[must_use]
    pub fn is(line: &str) -> bool {
        let first = line.split_whitespace().next();
        first.is_some_and(|first| Self::WORDS.iter().any(|(word, _)| *word == first))
    }

    /// A survey from its line.
    ///
    /// # Errors
    /// What is wrong, and at which word.
    pub fn parse(line: &str, task: Task, config: &Config) -> std::result::Result<Self, LineError> {
        limits::check_line(line).map_err(|beyond| LineError::beyond(line, &beyond))?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (words, whole) = match &words[..] {
            [rest @ .., "over", "space"] => (rest, true),
            [rest @ .., "over", "sample"] => (rest, false),
            [rest @ .., "over", word] if *word != "over" => {
                let problem = format!("over '{}': a survey is over space or sample", shown(word));
                return Err(LineError {
                    word: rest.len() + 1,
                    problem,
                });
            }
            all => (all, false),
        };
        let wrong = |word, problem: String| Err(LineError { word, problem });
        let what = match words {
            // the node stands where it does in an intervention, so the words have their places
            ["ablations", of @ ..] => What::Ablations(node(&of.join(" "), task, config)?),
            ["minimal"] => What::Minimal(THRESHOLD),
            ["minimal", number] => match number.parse() {
                Ok(threshold) if (0.0..=1.0).contains(&threshold) => What::Minimal(threshold),
                _ => {
                    let problem = format!("'{}' is no accuracy from 0 to 1", shown(number));
                    return wrong(1, problem);
                }
            },
            ["minimal", ..] => {
                return wrong(2, "the form is: minimal [ACCURACY] [over space]".into());
            }
            _ => return wrong(0, "a survey begins with ablations or minimal".into()),
        };
        Ok(Self { what, whole })
    }

    /// Its line, which [`Self::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task) -> String {
        let line = match &self.what {
            What::Ablations(node) => format!("ablations {}", title(node, task)),
            What::Minimal(threshold) => format!("minimal {threshold}"),
        };
        if self.whole {
            line + " over space"
        } else {
            line
        }
    }

    /// The answer. `report` says how far it is, in inputs, and whether to go on.
    ///
    /// # Errors
    /// When the device fails or the inputs cannot be swept.
    pub fn answer<'a>(
        &self,
        model: &HookedTransformer,
        weights: impl Into<Option<&'a Matrices>>,
        experiment: &Experiment,
        report: &mut dyn FnMut(Progress) -> Result<bool>,
    ) -> Result<Option<Surveyed>> {
        let over = match self.whole {
            true => Over::Space,
            false => Over::Sample(experiment.sample),
        };
        let weights = weights.into();
        let found = match &self.what {
            What::Ablations(node) => ablated(model, weights, experiment, node, over, report)?,
            What::Minimal(threshold) => {
                // sets are tried on the sample, a few on all inputs
                let each = experiment.sample.examples() as u64;
                let mut tell = |sets: Progress| {
                    report(Progress {
                        done: sets.done * each,
                        total: sets.total * each,
                    })
                };
                edges(model, weights, experiment, *threshold, over, &mut tell)?
            }
        };
        Ok(found.map(|(verdict, choices)| Surveyed {
            over,
            verdict,
            choices,
        }))
    }
}

type Found = Option<(String, Vec<Choice>)>;

fn ablated(
    model: &HookedTransformer,
    weights: Option<&Matrices>,
    experiment: &Experiment,
    node: &Intervention,
    over: Over,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Found> {
    let task = model.task();
    let mut tell = |run: usize, runs: usize, progress: Progress| {
        report(Progress {
            done: run as u64 * progress.total + progress.done,
            total: runs as u64 * progress.total,
        })
    };
    let Some(found) = ablations(model, weights, experiment, node, over, &mut tell)? else {
        return Ok(None);
    };
    let words = title(node, task);
    let choices = found.iter().map(|one| {
        let line = one.ablation.as_ref().map(|one| one.line(task));
        let short = line.as_ref().map(|line| without_node(line, &words));
        Choice {
            name: short.unwrap_or_else(|| "as it is".to_owned()),
            interventions: line.into_iter().collect(),
            left: match &one.tally {
                Ok(tally) => {
                    let left = Left::from(tally);
                    Ok(Left {
                        draws: one.draws,
                        accuracy: one.estimate().unwrap_or(left.accuracy),
                        ..left
                    })
                }
                Err(reason) => Err(reason.clone()),
            },
        }
    });
    Ok(Some((verdict(&found), choices.collect())))
}

fn edges(
    model: &HookedTransformer,
    weights: Option<&Matrices>,
    experiment: &Experiment,
    threshold: f64,
    over: Over,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Found> {
    let Some(found) = minimal(model, weights, experiment, threshold, over, report)? else {
        return Ok(None);
    };
    let all = format!(
        "accuracy {} with {} ({}; other edges stay on)",
        fixed(found.accuracy, 4),
        match found.edges {
            1 => "the only one".to_owned(),
            edges => format!("all {edges}"),
        },
        found.switches.join(" ")
    );
    let how = match found.exhaustive {
        true => "",
        false => "; the least needed was taken away again and again, smaller sets may exist",
    };
    let verdict = match found.sets.first() {
        None => format!("no set of edges keeps {threshold}; {all}"),
        Some(set) => {
            let (few, told) = (counted(set.on.len(), "edge"), found.told());
            format!("with {few} on, {threshold} is kept, {told}; {all}{how}")
        }
    };
    let verdict = match found.undefined() {
        Some(undefined) => format!("{undefined}; {verdict}"),
        None => verdict,
    };
    let choices = found.sets.into_iter().map(|set| Choice {
        name: set.name(),
        interventions: set.interventions,
        left: Ok(Left {
            accuracy: Estimate {
                mean: set.accuracy,
                standard_error: set.standard_error,
                n: set.n,
            },
            accuracy_by_position: set.accuracy_by_position,
            mean_loss: set.mean_loss,
            draws: None,
        }),
    });
    Ok(Some((verdict, choices.collect())))
}

//! What is odd about a pair: allowed, but said, with a way out.

use super::seen::Observation;
use crate::lens::experiment::metric::Metric;
use crate::lens::experiment::setup::{Continuation, Experiment, Source};
use crate::lens::names::run::RunName;
use crate::model::{HookName, Site};
use crate::task::number::significant;
use crate::task::{Prompt, Task, counterfactuals};

/// Clean and corrupted metrics closer than this, in their own units, make a normalised one noise.
const NEARLY_EQUAL: f32 = 0.1;

/// What would mend a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Put the right answer behind both prompts.
    ForceTruth,
    /// Let the metric follow the pair.
    FollowPair,
    /// Make the corrupted prompt from the clean one by one change.
    MakePair,
    /// Take all interventions away.
    Clear,
}

impl Fix {
    /// What it does, for the key's hint.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::ForceTruth => "use the truth",
            Self::FollowPair => "follow the pair",
            Self::MakePair => "make a pair",
            Self::Clear => "clear them",
        }
    }
}

/// Something odd about a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub text: String,
    /// The offered way out.
    pub fix: Fix,
}

/// Everything odd about an experiment; `seen` once the runs are known.
#[must_use]
pub fn warnings(task: Task, experiment: &Experiment, seen: Option<&Observation>) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |fix, text: String| found.push(Warning { text, fix });
    if let Some(text) = seen.and_then(|seen| seen.undefined.clone()) {
        warn(Fix::Clear, text);
    }
    for text in odd_rows(experiment) {
        warn(Fix::Clear, text);
    }
    for (name, source) in [
        ("clean", &experiment.clean),
        ("corrupted", &experiment.corrupted),
    ] {
        if is_untrue(source) {
            warn(Fix::ForceTruth, format!("{name}: typed b is not the truth"));
        }
    }
    let differing = experiment
        .clean
        .values
        .differing_fields(&experiment.corrupted.values);
    if differing.is_empty() {
        warn(Fix::MakePair, "clean and corrupted are the same".into());
    } else if differing.len() > 1 && !is_counterfactual(task, experiment) {
        let names: Vec<_> = differing.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        warn(
            Fix::MakePair,
            format!("{} fields differ: {names}", differing.len()),
        );
    }
    match experiment.metric_in_force(task) {
        None if !differing.is_empty() && task.is_judged() => {
            warn(Fix::MakePair, "both prompts have the same answer".into());
        }
        None => {}
        Some(metric) => {
            if let Some(text) = odd_metric(task, experiment, metric) {
                warn(Fix::FollowPair, text);
            }
        }
    }
    if let Some(values) = seen.and_then(|seen| seen.metric.as_ref())
        && (values.clean - values.corrupted).abs() < NEARLY_EQUAL
    {
        warn(
            if experiment.metric.is_some() {
                Fix::FollowPair
            } else {
                Fix::MakePair
            },
            format!(
                "metric hardly differs: clean {}, corrupted {}",
                values.measure.written(values.clean, 3),
                values.measure.written(values.corrupted, 3)
            ),
        );
    }
    found
}

/// Attention that rules put in the place of rows, where it does not sum to 1.
fn odd_rows(experiment: &Experiment) -> Vec<String> {
    let pattern = |hook| matches!(hook, HookName::Block(_, Site::Pattern));
    let base = match experiment.direction.base() {
        RunName::Clean => &experiment.clean.values,
        _ => &experiment.corrupted.values,
    };
    let rules = experiment
        .interventions
        .iter()
        .filter(|one| pattern(one.hook));
    let sums = rules.filter_map(|one| one.row_sum(base));
    sums.filter(|sum| (sum - 1.0).abs() > 1e-6)
        .map(|sum| {
            format!(
                "a rule's row of attention sums to {}, not 1",
                significant(sum, 4)
            )
        })
        .collect()
}

/// Whether the task makes the corrupted prompt of the clean one by changing one field: where its fields depend on
/// each other, a permutation's say, others change with it.
fn is_counterfactual(task: Task, experiment: &Experiment) -> bool {
    let (clean, corrupted) = (&experiment.clean.values, &experiment.corrupted.values);
    let changes = counterfactuals(task, clean);
    // where there are none, another example stands against it
    let mut all = changes.iter();
    changes.is_empty() || all.any(|&change| clean.with(change) == *corrupted)
}

fn is_untrue(source: &Source) -> bool {
    match &source.continuation {
        Continuation::Typed(b) => *b != Prompt::teacher_forced(source.values.clone()).continuation,
        _ => false,
    }
}

/// What is odd about a chosen metric.
fn odd_metric(task: Task, experiment: &Experiment, metric: Metric) -> Option<String> {
    let Some(i) = task.predicted_at(metric.position) else {
        let label = task.label(metric.position);
        // without a task every position predicts what its user says
        return task
            .is_judged()
            .then(|| format!("metric: nothing is predicted at {label}"));
    };
    let answers = [&experiment.clean, &experiment.corrupted].map(|s| s.values.truth()[i].clone());
    let [clean, corrupted] = [0, 1].map(|run| task.target_name(&answers[run]));
    [metric.answer, metric.other]
        .into_iter()
        .find(|class| !answers.iter().any(|target| target.allows(*class)))
        .map(|class| {
            let (at, class) = (task.prediction(i), task.class_name(class));
            format!("metric: {class} is neither run's answer at {at} (clean {clean}, corrupted {corrupted})")
        })
}

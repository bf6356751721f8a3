//! What a typed command means.

use super::state::State;
use crate::lens::{HeadName, Intervention, Measure, Metric, Source, completions};
use crate::sweep::{self, Claim};
use crate::task::Sample;

/// A command understood.
#[derive(Debug)]
pub enum Command {
    /// Add an intervention.
    Intervene(Intervention),
    /// Another clean prompt.
    Clean(Source),
    /// Another corrupted prompt.
    Corrupted(Source),
    /// Another metric.
    Metric(Metric),
    /// Another measure of the metric.
    Measure(Measure),
    /// Another sample.
    Sample(Sample),
    /// A claim about all inputs.
    Claim(String),
}

/// Words that begin a command which is no intervention, with what follows them.
const WORDS: [(&str, &str); 6] = [
    ("claim", "pred == truth"),
    ("clean", "PROMPT"),
    ("corrupted", "PROMPT"),
    ("metric", "POS:ANSWER:OTHER"),
    (
        "measure",
        "logit_diff, log_prob, prob, rank, kl or accuracy",
    ),
    ("sample", "notebook:SEED[:N] or random:SEED[:N]"),
];

/// Understands a line.
///
/// # Errors
/// What is wrong, and at which word where that is known.
pub fn parse(state: &State, line: &str) -> Result<Command, (Option<usize>, String)> {
    let task = state.task();
    let text = |error: anyhow::Error| (None, format!("{error:#}"));
    let prompt = |text: &str| {
        let parsed = task.parse_prompt(text);
        parsed.map(Source::from).map_err(|e| (None, e.to_string()))
    };
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "clean" => Ok(Command::Clean(prompt(rest)?)),
        "corrupted" => Ok(Command::Corrupted(prompt(rest)?)),
        "metric" => Ok(Command::Metric(Metric::parse(task, rest).map_err(text)?)),
        "measure" => Ok(Command::Measure(Measure::parse(rest).map_err(text)?)),
        "sample" => Ok(Command::Sample(rest.parse().map_err(text)?)),
        "claim" => match Claim::parse(rest, task, &state.model.config) {
            Ok(claim) => Ok(Command::Claim(claim.to_string())),
            Err(error) => Err((None, error.to_string())),
        },
        _ if looks_like_prompt(line) => Ok(Command::Clean(prompt(line)?)),
        _ => Intervention::parse(line, task, &state.model.config)
            .map(Command::Intervene)
            .map_err(|error| (Some(error.word), error.problem)),
    }
}

fn looks_like_prompt(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit())
        || line.starts_with("BOS")
        || (line.starts_with('a') && line.contains('['))
}

/// Lines that are one word on from this one.
#[must_use]
pub fn complete(state: &State, line: &str) -> Vec<String> {
    if let Some(claim) = line.strip_prefix("claim ") {
        let config = &state.model.config;
        let heads: Vec<String> = HeadName::all(config)
            .map(|head| head.short(config))
            .collect();
        let all = sweep::complete(claim, state.task(), &heads).into_iter();
        return all.map(|claim| format!("claim {claim}")).collect();
    }
    let commands = WORDS
        .iter()
        .filter(|(word, _)| word.starts_with(line) && *word != line)
        .map(|(word, _)| (*word).to_owned());
    let mut all = completions(line, state.task(), &state.model.config);
    all.extend(commands);
    all
}

//! Of what an answer's numbers are: the weights, one prompt, all inputs, or a sample of them.

use super::inputs::INPUTS;
use super::question::Question;
use super::table::Table;
use crate::lens::experiment::setup::Experiment;
use crate::lens::names::run::RunName;

/// What an answer's numbers stand for.
pub(super) struct Standing {
    /// Inputs that they are of; nothing where they are no mean of inputs, or say themselves of how many.
    pub n: Option<u64>,
    /// In words.
    pub over: String,
    /// Whether other inputs of the same kind may say otherwise.
    pub sampled: bool,
}

impl Standing {
    /// That of an answer, which is of this run where it is of one.
    pub fn of(question: &Question, table: &Table, experiment: &Experiment, run: RunName) -> Self {
        let sample = experiment.sample;
        let said = table.notes.iter().find(|(name, _)| name == INPUTS);
        let pairs = match question {
            Question::Grid { pairs, .. } | Question::Metrics { pairs } => *pairs,
            _ => None,
        };
        let (n, over, sampled) = match (said, pairs) {
            _ if question.is_about_weights() => (None, "weights".to_owned(), false),
            (_, Some(n)) => (Some(n as u64), format!("pairs of {sample}"), true),
            _ if question.is_mean() => {
                let n = sample.examples() as u64;
                (Some(n), sample.to_string(), true)
            }
            (Some((_, inputs)), _) => {
                let of_all = inputs.starts_with("exact");
                let of_prompt = ["as in the prompt", "there is nothing else"];
                let of_prompt = of_prompt.iter().any(|words| inputs.starts_with(words));
                (None, inputs.clone(), !of_all && !of_prompt)
            }
            _ => (Some(1), format!("prompt, {} run", run.name()), false),
        };
        Self { n, over, sampled }
    }

    /// The same with how many.
    pub fn words(&self) -> String {
        match self.n {
            Some(n) if n > 1 => format!("{}, n = {n}", self.over),
            _ => self.over.clone(),
        }
    }
}

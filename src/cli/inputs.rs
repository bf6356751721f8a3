//! What a question is asked about: one prompt, or the mean over a sample.

use super::common::{sequence, source};
use crate::lens::{RunView, observe_run};
use crate::model::HookedTransformer;
use crate::task::{Prompt, Sample, Task};
use anyhow::Result;
use clap::Args;
use serde::Serialize;

/// `--prompt` or `--sample`, one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct InputArgs {
    /// One prompt; several words are one prompt
    #[arg(long, num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true)]
    pub prompt: Option<Vec<String>>,
    /// The mean over a sample
    #[arg(
        long,
        help = "The mean over a sample: random:SEED[:N] or notebook:SEED[:N]"
    )]
    pub sample: Option<Sample>,
}

/// The runs asked about.
pub enum Inputs {
    /// A single run.
    Run(Box<RunView>),
    /// The prompts of a sample.
    Sample(Sample, Vec<Prompt>),
}

/// Which inputs the numbers belong to.
#[derive(Serialize)]
pub struct InputNumbers {
    /// The tokens of a single run.
    prompt: Option<String>,
    /// The name of a sample.
    sample: Option<String>,
}

impl Inputs {
    /// Reads the flags and runs a single prompt.
    pub fn open(args: &InputArgs, model: &HookedTransformer) -> Result<Self> {
        if let Some(words) = &args.prompt {
            let source = source(model.task(), "prompt", words, None)?;
            return Ok(Self::Run(Box::new(observe_run(model, &source)?)));
        }
        let sample = args.sample.unwrap_or_default();
        Ok(Self::Sample(sample, sample.prompts(model.task())))
    }

    /// What is written beside the numbers.
    pub fn numbers(&self, task: Task) -> InputNumbers {
        match self {
            Self::Run(run) => InputNumbers {
                prompt: Some(sequence(task, &run.tokens)),
                sample: None,
            },
            Self::Sample(sample, _) => InputNumbers {
                prompt: None,
                sample: Some(sample.to_string()),
            },
        }
    }
}

impl std::fmt::Display for InputNumbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.prompt, &self.sample) {
            (Some(prompt), _) => write!(f, "prompt {prompt}"),
            (_, Some(sample)) => write!(f, "sample {sample}"),
            _ => Ok(()),
        }
    }
}

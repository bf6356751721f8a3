//! `attribute`, `attend` and `attention`: names for questions that `ask` answers. Their JSON has the numbers of
//! several such answers at once, and the tables that `ask` gives.

mod attend;
mod attention;
mod attribute;

pub use attend::{AttendArgs, attend};
pub use attention::{AttentionArgs, attention};
pub use attribute::{AttributeArgs, attribute};

use super::args::Format;
use super::ask::{AboutArgs, Asking};
use super::common::sequence;
use super::output::print_json;
use crate::answers::{Question, Table};
use crate::findings::numbers::ModelNumbers;
use anyhow::{Result, ensure};
use serde::Serialize;
use std::io::Write;

/// Which inputs the numbers belong to.
#[derive(Serialize)]
struct InputNumbers {
    /// The tokens of a single run.
    prompt: Option<String>,
    /// The name of a sample.
    sample: Option<String>,
}

/// A command that is a name for questions, opened.
struct Form {
    asking: Asking,
    /// Averaged over the sample.
    mean: bool,
    format: Format,
}

/// What is printed for programs.
#[derive(Serialize)]
struct Answer<'a, T> {
    model: ModelNumbers,
    #[serde(flatten)]
    inputs: InputNumbers,
    /// Nothing of a difference between two runs, which only has tables.
    #[serde(flatten)]
    numbers: Option<T>,
    /// The answers of `ask`.
    tables: &'a [Table],
}

impl Form {
    /// Opens what the numbers are of: a prompt, or where only a sample is named the mean over it.
    fn open(args: &AboutArgs) -> Result<Self> {
        let pair = &args.pair;
        let prompt = !pair.clean().is_empty() || pair.clean_tokens.is_some();
        ensure!(
            prompt || pair.sample.is_some(),
            "a prompt is missing; give it as words, or --prompt PROMPT, or --sample SAMPLE for the mean over one"
        );
        Ok(Self {
            asking: Asking::open(args)?,
            mean: !prompt,
            format: pair.common.format,
        })
    }

    /// How a question ends that is about these inputs.
    fn over(&self) -> &'static str {
        match self.mean {
            true => " over sample",
            false => "",
        }
    }

    fn inputs(&self, question: &Question) -> Result<InputNumbers> {
        let task = self.asking.model.transformer.task();
        if self.mean {
            return Ok(InputNumbers {
                prompt: None,
                sample: Some(self.asking.experiment.sample.to_string()),
            });
        }
        let prompt = match self.asking.is_about_run() {
            true => Some(sequence(task, &self.asking.inquest(question).run()?.tokens)),
            false => None,
        };
        Ok(InputNumbers {
            prompt,
            sample: None,
        })
    }

    /// The answers to all lines.
    fn ask(&self, lines: &[String]) -> Result<Vec<Table>> {
        lines.iter().map(|line| self.asking.ask(line)).collect()
    }

    /// Prints answers, for programs with the numbers that they are made of; `line` is one of the questions.
    fn print<T: Serialize>(
        &self,
        line: &str,
        tables: &[Table],
        out: &mut dyn Write,
        numbers: impl FnOnce(&Question) -> Result<T>,
    ) -> Result<()> {
        if self.format != Format::Json {
            return self.asking.print(tables, self.format == Format::Csv, out);
        }
        let first = self.asking.question(line)?;
        let about_run = self.asking.is_about_run();
        let answer = Answer {
            model: ModelNumbers::from(&self.asking.model),
            inputs: self.inputs(&first)?,
            numbers: about_run.then(|| numbers(&first)).transpose()?,
            tables,
        };
        print_json(out, &answer)
    }
}

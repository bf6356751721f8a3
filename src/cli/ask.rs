//! `circuitscope ask`: any question of the workbench, its answer as text, JSON or CSV.

use super::args::{Format, PairArgs};
use super::common::{open_model, other_model, print_json};
use super::patch::experiment;
use super::run::heading;
use super::table;
use crate::answers::{Inquest, Question, Tools, answer};
use crate::findings::numbers::{ModelNumbers, TableNumbers, about};
use crate::lens::{RunName, Shown};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

/// `circuitscope ask`
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The question, as it is typed in the workbench after /; all forms are listed below
    #[arg(
        value_name = "QUESTION",
        required_unless_present = "question_again",
        allow_hyphen_values = true
    )]
    pub question: Option<String>,
    /// The same
    #[arg(
        id = "question_again",
        long = "question",
        short,
        value_name = "LINE",
        conflicts_with = "question"
    )]
    pub question_again: Option<String>,
    /// About the clean, the corrupted or the patched run, or how it differs from the base run; by default the
    /// patched one where there is a second prompt or an intervention, else the clean one
    #[arg(long, value_enum)]
    pub run: Option<RunChoice>,
    /// Another model of the same task, for the questions about two
    #[arg(long, value_name = "PATH")]
    pub compare: Option<PathBuf>,
    /// Write CSV instead
    #[arg(long)]
    pub csv: bool,
    #[command(flatten)]
    pub pair: PairArgs,
}

/// A run to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunChoice {
    /// The clean prompt, untouched
    Clean,
    /// The corrupted prompt, untouched
    Corrupted,
    /// The base run under the interventions
    Patched,
    /// The patched run minus the base run
    Difference,
}

/// What is asked about where nothing says it.
fn default_run(pair: &PairArgs) -> RunChoice {
    let second = !pair.corrupted.is_empty()
        || pair.counterfactual.is_some()
        || pair.corrupted_tokens.is_some();
    match second || !pair.intervene.is_empty() {
        true => RunChoice::Patched,
        false => RunChoice::Clean,
    }
}

/// Runs the command.
///
/// # Errors
/// When the question, a prompt, an intervention, a model or the device will not do.
pub fn run(args: &AskArgs, out: &mut dyn Write) -> Result<()> {
    let mut model = open_model(&args.pair.common)?;
    let experiment = experiment(&args.pair, &mut model)?;
    let transformer = &model.transformer;
    let (task, config) = (transformer.task(), transformer.config());
    let line = args.question.as_ref().or(args.question_again.as_ref());
    let line = line.context("a question is missing")?;
    let question = Question::parse(line, task, config)?;
    let other = args.compare.as_deref();
    let other = other.map(|path| other_model(path, &model)).transpose()?;
    let table = answer(Inquest {
        model: transformer,
        tools: &Tools::new(transformer)?,
        other: other
            .as_ref()
            .map(|other| (&other.transformer, other.name.as_str())),
        question: &question,
        experiment: &experiment,
        about: match args.run.unwrap_or_else(|| default_run(&args.pair)) {
            RunChoice::Clean => RunName::Clean.into(),
            RunChoice::Corrupted => RunName::Corrupted.into(),
            RunChoice::Patched => RunName::Patched.into(),
            RunChoice::Difference => Shown::Difference,
        },
    })?;
    let about = about(&ModelNumbers::from(&model), task, &experiment);
    match args.pair.common.format {
        Format::Json => print_json(out, &TableNumbers::new(&table, &about)),
        Format::Text if args.csv => Ok(out.write_all(table.csv(&about).as_bytes())?),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            table::write_table(out, &table)?;
            Ok(())
        }
    }
}

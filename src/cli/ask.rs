//! `circuitscope ask`: any question of the workbench, its answer as text, JSON or CSV.

use super::args::{Format, PairArgs};
use super::common::{open_model, other_model};
use super::output::print_json;
use super::patch::experiment;
use super::run::heading;
use super::table;
use crate::answers::{Inquest, Question, Table, Tools, answer};
use crate::findings::files::write_new;
use crate::findings::frame::Plot;
use crate::findings::numbers::{ModelNumbers, TableNumbers, about};
use crate::lens::{Experiment, Matrices, RunName, Shown};
use crate::model::Model;
use crate::ui::look::Look;
use crate::ui::plotted::plotted;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};

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
    /// Also write a figure of the answer for a page: lines, bars, points or fields of colour, by what was
    /// asked; FILE.svg or FILE.png, never over a file
    #[arg(long, value_name = "FILE")]
    pub figure: Option<PathBuf>,
    /// Write CSV instead
    #[arg(long, hide = true)]
    pub csv: bool,
    #[command(flatten)]
    pub about: AboutArgs,
}

/// What a question is about.
#[derive(Debug, Args)]
pub struct AboutArgs {
    /// About the clean, the corrupted or the patched run, or how it differs from the base run; by default the
    /// patched one where there is a second prompt or an intervention, else the clean one
    #[arg(long, value_enum)]
    pub run: Option<RunChoice>,
    /// Another model of the same task, for the questions about two
    #[arg(long, value_name = "PATH")]
    pub compare: Option<PathBuf>,
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

impl AboutArgs {
    /// What is asked about where nothing says it.
    fn run(&self) -> RunChoice {
        let pair = &self.pair;
        let second = !pair.corrupted.is_empty()
            || pair.counterfactual.is_some()
            || pair.corrupted_tokens.is_some();
        self.run
            .unwrap_or(match second || !pair.intervene.is_empty() {
                true => RunChoice::Patched,
                false => RunChoice::Clean,
            })
    }
}

/// Everything that questions are put to.
pub(super) struct Asking {
    pub model: Model,
    pub experiment: Experiment,
    about: Shown,
    tools: Tools,
    other: Option<Model>,
}

impl Asking {
    /// Opens the models, and reads prompts, metric and interventions.
    pub fn open(args: &AboutArgs) -> Result<Self> {
        let mut model = open_model(&args.pair.common)?;
        let experiment = experiment(&args.pair, &mut model)?;
        let other = args.compare.as_deref();
        Ok(Self {
            experiment,
            about: match args.run() {
                RunChoice::Clean => RunName::Clean.into(),
                RunChoice::Corrupted => RunName::Corrupted.into(),
                RunChoice::Patched => RunName::Patched.into(),
                RunChoice::Difference => Shown::Difference,
            },
            tools: Tools::new(&model.transformer)?,
            other: other.map(|path| other_model(path, &model)).transpose()?,
            model,
        })
    }

    /// A question from its line.
    pub fn question(&self, line: &str) -> Result<Question> {
        let model = &self.model.transformer;
        Question::parse(line, model.task(), model.config())
    }

    /// A question to these models, about this run.
    pub fn inquest<'a>(&'a self, question: &'a Question) -> Inquest<'a> {
        let other = self.other.as_ref();
        Inquest {
            model: &self.model.transformer,
            tools: &self.tools,
            other: other.map(|other| (&other.transformer, other.name.as_str())),
            question,
            experiment: &self.experiment,
            about: self.about,
        }
    }

    /// The model's weights in f64.
    pub fn weights(&self) -> &Matrices {
        self.tools.weights()
    }

    /// The answer to a line.
    pub fn ask(&self, line: &str) -> Result<Table> {
        answer(self.inquest(&self.question(line)?))
    }

    /// Whether it is about a run, and not about a difference of two.
    pub fn is_about_run(&self) -> bool {
        self.about != Shown::Difference
    }

    /// What the numbers belong to, by name.
    pub fn belongs_to(&self) -> Vec<(String, String)> {
        let numbers = ModelNumbers::from(&self.model);
        about(&numbers, self.model.transformer.task(), &self.experiment)
    }

    /// Prints answers for people, or as CSV, one table after the other.
    pub fn print(&self, tables: &[Table], csv: bool, out: &mut dyn Write) -> Result<()> {
        if !csv {
            writeln!(out, "{}", heading(&self.model))?;
        }
        for (i, table) in tables.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            match csv {
                true => out.write_all(table.csv(&self.belongs_to()).as_bytes())?,
                false => table::write_table(out, table)?,
            }
        }
        Ok(())
    }
}

/// The kinds of files that a figure over axes is written as.
enum FigureKind {
    Svg,
    Png,
}

impl FigureKind {
    /// By the end of a file's name.
    fn of(path: &Path) -> Result<Self> {
        let end = path.extension().and_then(|end| end.to_str());
        match end.map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => anyhow::bail!("{path:?} is no FILE.svg or FILE.png"),
        }
    }

    fn bytes(&self, plot: &Plot) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Svg => plot.svg()?.into_bytes(),
            Self::Png => plot.png()?,
        })
    }
}

/// Runs the command.
///
/// # Errors
/// When the question, a prompt, an intervention, a model or the device will not do.
pub fn run(args: &AskArgs, out: &mut dyn Write) -> Result<()> {
    let line = args.question.as_ref().or(args.question_again.as_ref());
    let line = line.context("a question is missing")?;
    let figure = match args.figure.as_deref() {
        Some(path) => Some((path, FigureKind::of(path)?)),
        None => None,
    };
    let asking = Asking::open(&args.about)?;
    let question = asking.question(line)?;
    let table = answer(asking.inquest(&question))?;
    if let Some((path, kind)) = figure {
        let plot = plotted(&question, &table, 0, &Look::page(false)?);
        let plot =
            plot.with_context(|| format!("'{line}' has no figure over axes: it is a table"))?;
        write_new(path, &kind.bytes(&plot)?)?;
    }
    match args.about.pair.common.format {
        Format::Json => print_json(out, &TableNumbers::new(&table, &asking.belongs_to())),
        format => asking.print(&[table], args.csv || format == Format::Csv, out),
    }
}

//! `circuitscope attend`: why a head attends there, score by score.

use super::args::{Common, Format};
use super::common::{open_model, print_json, sequence, source};
use super::run::heading;
use super::table;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{
    Array, AttentionCell, HeadName, Matrices, Part, ScoreSplit, observe_run, split_score,
};
use crate::task::Task;
use crate::task::number::fixed;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// Pairs listed in text, largest first.
const LISTED: usize = 10;

/// `circuitscope attend`
#[derive(Debug, Args)]
pub struct AttendArgs {
    /// The prompt; several words are one prompt
    #[arg(required = true, allow_negative_numbers = true)]
    pub prompt: Vec<String>,
    /// The head's layer
    #[arg(long)]
    pub layer: usize,
    /// The head
    #[arg(long, default_value_t = 0)]
    pub head: usize,
    /// The position that attends
    #[arg(long, value_name = "LABEL")]
    pub dest: String,
    /// The position that is attended to
    #[arg(long, value_name = "LABEL")]
    pub src: String,
    /// Split the difference to the score of this position instead
    #[arg(long, value_name = "LABEL")]
    pub minus: Option<String>,
    /// Model, device and format
    #[command(flatten)]
    pub common: Common,
}

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    prompt: String,
    head: String,
    dest: String,
    src: String,
    minus: Option<String>,
    /// The score in the run, after `1/sqrt(d_head)`; with `minus`, the difference.
    score: f32,
    /// The sum of all values.
    total: f64,
    #[serde(flatten)]
    split: Table,
    /// Earlier heads whole.
    grouped: Table,
}

#[derive(Serialize)]
struct Table {
    query: Vec<String>,
    key: Vec<String>,
    /// `[query][key]`
    values: Array,
}

impl Table {
    fn new(task: Task, split: &ScoreSplit) -> Self {
        let labels = |parts: &[Part]| parts.iter().map(|part| part.label(task)).collect();
        Self {
            query: labels(&split.query),
            key: labels(&split.key),
            values: split.values.clone(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the prompt, the head, a position, the model or the device will not do.
pub fn run(args: &AttendArgs, out: &mut dyn Write) -> Result<()> {
    let model = open_model(&args.common)?;
    let task = model.transformer.task();
    let config = model.transformer.config();
    let head = HeadName::parse(&format!("{}.{}", args.layer, args.head), config)
        .context("in --layer and --head")?;
    let place =
        |flag: &str, label: &str| task.position(label).with_context(|| format!("in {flag}"));
    let dest = place("--dest", &args.dest)?;
    let src = place("--src", &args.src)?;
    let minus = args.minus.as_deref().map(|label| place("--minus", label));
    let minus = minus.transpose()?;
    let prompt = source(task, "prompt", &args.prompt, None)?;
    let run = observe_run(&model.transformer, &prompt)?;
    let weights = Matrices::new(&model.transformer)?;
    let cell = |src| AttentionCell { dest, src };
    let split = split_score(&weights, &run, head, cell(src), minus.map(cell))?;
    let grouped = split.grouped();
    let answer = Answer {
        model: ModelNumbers::from(&model),
        prompt: sequence(task, &run.tokens),
        head: head.to_string(),
        dest: task.label(dest),
        src: task.label(src),
        minus: minus.map(|position| task.label(position)),
        score: split.score,
        total: split.total,
        split: Table::new(task, &split),
        grouped: Table::new(task, &grouped),
    };
    match args.common.format {
        Format::Json => print_json(out, &answer),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            print_text(out, &answer)
        }
    }
}

fn print_text(out: &mut dyn Write, answer: &Answer) -> Result<()> {
    let Answer {
        head, dest, src, ..
    } = answer;
    let minus = match &answer.minus {
        Some(other) => format!(" minus that of {other}"),
        None => String::new(),
    };
    let (score, total) = (fixed(answer.score, 4), fixed(answer.total, 4));
    writeln!(out, "{}", answer.prompt)?;
    writeln!(
        out,
        "head {head}, {dest} -> {src}: score {score}{minus}, sum of the parts {total}\n"
    )?;
    let grouped = &answer.grouped;
    let title = "query \\ key";
    table::write_grid(out, title, &grouped.query, &grouped.key, &grouped.values)?;
    writeln!(
        out,
        "\nlargest parts, by the position that earlier heads read"
    )?;
    let split = &answer.split;
    table::write_largest(out, LISTED, &split.query, &split.key, &split.values)?;
    Ok(())
}

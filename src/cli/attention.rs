//! `circuitscope attention`: attention of one run or on average, in several readings.

use super::args::{Common, Format};
use super::common::{open_model, print_json};
use super::inputs::{InputArgs, InputNumbers, Inputs};
use super::run::heading;
use super::table;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{
    Array, AttentionKind, AttentionMaps, Matrices, Of, Toward, attention_of_run,
    attention_of_sample,
};
use crate::task::Task;
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::io::Write;

/// What is shown of the attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Probabilities
    #[default]
    Pattern,
    /// Scores after 1/sqrt(d_head), before the softmax
    Scores,
    /// Probabilities times the norm of what is handed over, or with --toward times its share of a logit
    Weighted,
    /// Through an earlier head and then a later one, for every pair
    Virtual,
    /// Whether a cell is its row's largest; over a sample, how often
    Argmax,
}

/// `circuitscope attention`
#[derive(Debug, Args)]
pub struct AttentionArgs {
    /// One prompt, or a sample
    #[command(flatten)]
    pub inputs: InputArgs,
    /// What is shown
    #[arg(long, value_enum, default_value_t)]
    pub kind: Kind,
    /// The logit that --kind weighted weighs by: target, a token, elt, 48-26
    #[arg(long, value_name = "LOGIT")]
    pub toward: Option<String>,
    /// Heads of this layer only (of a pair, the later head)
    #[arg(long)]
    pub layer: Option<usize>,
    /// Heads of this number only (of a pair, the later head)
    #[arg(long)]
    pub head: Option<usize>,
    /// Model, device and format
    #[command(flatten)]
    pub common: Common,
}

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    #[serde(flatten)]
    inputs: InputNumbers,
    of: Of,
    kind: &'static str,
    toward: Option<String>,
    labels: Vec<String>,
    /// Heads as `1.0`, pairs as `0.0>1.0`.
    heads: Vec<String>,
    /// `[head][dest_pos][src_pos]`, null where masked or undefined.
    values: Array,
}

/// Runs the command.
///
/// # Errors
/// When the prompt, the logit, a head, the model or the device will not do.
pub fn run(args: &AttentionArgs, out: &mut dyn Write) -> Result<()> {
    let model = open_model(&args.common)?;
    let task = model.transformer.task();
    let (kind, toward) = kind(args, task)?;
    let inputs = Inputs::open(&args.inputs, &model.transformer)?;
    let weights = Matrices::new(&model.transformer)?;
    let maps = match &inputs {
        Inputs::Run(run) => attention_of_run(&weights, run, kind)?,
        Inputs::Sample(_, prompts) => {
            attention_of_sample(&model.transformer, &weights, prompts, kind)?
        }
    };
    let (heads, values) = chosen(args, &maps)?;
    let answer = Answer {
        model: ModelNumbers::from(&model),
        inputs: inputs.numbers(task),
        of: maps.of,
        kind: kind.name(),
        toward: toward.map(|toward| toward.line(task)),
        labels: task.labels(),
        heads,
        values,
    };
    match args.common.format {
        Format::Json => print_json(out, &answer),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            print_text(out, &answer)
        }
    }
}

fn kind(args: &AttentionArgs, task: Task) -> Result<(AttentionKind, Option<Toward>)> {
    let toward = args.toward.as_deref();
    let toward = toward.map(|text| Toward::parse(task, text).context("in --toward"));
    let toward = toward.transpose()?;
    ensure!(
        toward.is_none() || args.kind == Kind::Weighted,
        "--toward is for --kind weighted alone"
    );
    let kind = match args.kind {
        Kind::Pattern => AttentionKind::Pattern,
        Kind::Scores => AttentionKind::Scores,
        Kind::Weighted => toward.map_or(AttentionKind::Norm, AttentionKind::Toward),
        Kind::Virtual => AttentionKind::Virtual,
        Kind::Argmax => AttentionKind::Argmax,
    };
    Ok((kind, toward))
}

/// The heads or pairs that `--layer` and `--head` leave.
fn chosen(args: &AttentionArgs, maps: &AttentionMaps) -> Result<(Vec<String>, Array)> {
    let fits = |name: &str| {
        let last = name.rsplit('>').next().unwrap_or(name);
        let (layer, head) = last.split_once('.').unwrap_or((last, "0"));
        args.layer.is_none_or(|wanted| layer == wanted.to_string())
            && args.head.is_none_or(|wanted| head == wanted.to_string())
    };
    let names = maps.heads.iter().enumerate();
    let kept: Vec<usize> = names
        .filter(|(_, name)| fits(name))
        .map(|(i, _)| i)
        .collect();
    ensure!(
        !kept.is_empty(),
        "no such head in --layer and --head; there are {}",
        maps.heads.join(" ")
    );
    let shape = [&[kept.len()], &maps.values.shape()[1..]].concat();
    let values: Vec<f32> = kept
        .iter()
        .flat_map(|&i| maps.values.slice(&[i]).iter().copied())
        .collect();
    let heads = kept.iter().map(|&i| maps.heads[i].clone()).collect();
    Ok((heads, Array::from_values(shape, values)))
}

fn print_text(out: &mut dyn Write, answer: &Answer) -> Result<()> {
    let toward = match &answer.toward {
        Some(toward) => format!(" ({toward})"),
        None => String::new(),
    };
    let (inputs, of, kind) = (&answer.inputs, answer.of, answer.kind);
    writeln!(out, "{inputs}: {of}, attention: {kind}{toward}")?;
    let len = answer.labels.len();
    for (i, head) in answer.heads.iter().enumerate() {
        writeln!(out)?;
        let values = Array::from_values(vec![len, len], answer.values.slice(&[i]).to_vec());
        table::write_grid(out, head, &answer.labels, &answer.labels, &values)?;
    }
    Ok(())
}

//! `circuitscope attention`: attention of one run or on average, in several readings.

use super::Form;
use crate::cli::ask::AboutArgs;
use crate::lens::{Array, AttentionKind, AttentionMaps, HeadName, Of, Toward, head_pairs};
use crate::model::Config;
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
    #[command(flatten)]
    pub about: AboutArgs,
}

#[derive(Serialize)]
struct Numbers {
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
pub fn attention(args: &AttentionArgs, out: &mut dyn Write) -> Result<()> {
    let form = Form::open(&args.about)?;
    let model = &form.asking.model.transformer;
    let task = model.task();
    let (kind, toward) = kind(args, task)?;
    let heads = chosen(args, model.config())?;
    let word = match (args.kind, toward) {
        (Kind::Pattern, _) => "pattern".to_owned(),
        (Kind::Scores, _) => "scores".to_owned(),
        (Kind::Weighted, None) => "norm".to_owned(),
        (Kind::Weighted, Some(toward)) => toward.line(task),
        (Kind::Virtual, _) => "virtual".to_owned(),
        (Kind::Argmax, _) => "argmax".to_owned(),
    };
    let lines = heads.iter();
    let lines = lines.map(|head| format!("attention {word} {head}{}", form.over()));
    let lines: Vec<String> = lines.collect();
    form.print(&lines[0], &form.ask(&lines)?, out, |question| {
        let maps = form.asking.inquest(question).attention(kind, form.mean)?;
        Ok(Numbers {
            of: maps.of,
            kind: kind.name(),
            toward: toward.map(|toward| toward.line(task)),
            labels: task.labels(),
            values: of_heads(&maps, &heads),
            heads: heads.clone(),
        })
    })
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
fn chosen(args: &AttentionArgs, config: &Config) -> Result<Vec<String>> {
    let all: Vec<(String, HeadName)> = match args.kind {
        Kind::Virtual => head_pairs(config)
            .map(|(earlier, later)| (format!("{earlier}>{later}"), later))
            .collect(),
        _ => HeadName::all(config)
            .map(|head| (head.to_string(), head))
            .collect(),
    };
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(
        !names.is_empty(),
        "there are no pairs of heads in this model"
    );
    let fits = |head: &HeadName| {
        args.layer.is_none_or(|wanted| head.layer == wanted)
            && args.head.is_none_or(|wanted| head.head == wanted)
    };
    let kept: Vec<String> = (all.iter().filter(|(_, head)| fits(head)))
        .map(|(name, _)| name.clone())
        .collect();
    ensure!(
        !kept.is_empty(),
        "no such head in --layer and --head; there are {}",
        names.join(" ")
    );
    Ok(kept)
}

/// The maps of these heads, `[head][dest_pos][src_pos]`.
fn of_heads(maps: &AttentionMaps, heads: &[String]) -> Array {
    let kept = heads.iter();
    let kept: Vec<usize> = kept
        .filter_map(|head| maps.heads.iter().position(|name| name == head))
        .collect();
    let shape = [&[kept.len()], &maps.values.shape()[1..]].concat();
    let values = kept.iter().flat_map(|&i| maps.values.slice(&[i]));
    Array::from_values(shape, values.copied().collect())
}

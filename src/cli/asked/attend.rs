//! `circuitscope attend`: why a head attends there, score by score.

use super::Form;
use crate::cli::ask::AboutArgs;
use crate::lens::{Array, AttentionCell, HeadName, Part, ScoreSplit, split_score};
use crate::task::Task;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// `circuitscope attend`
#[derive(Debug, Args)]
pub struct AttendArgs {
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
    #[command(flatten)]
    pub about: AboutArgs,
}

#[derive(Serialize)]
struct Numbers {
    head: String,
    dest: String,
    src: String,
    minus: Option<String>,
    /// The score in the run, after `1/sqrt(d_head)`; with `minus`, the difference.
    score: f32,
    /// The sum of all values.
    total: f64,
    #[serde(flatten)]
    split: Parts,
    /// Earlier heads whole.
    grouped: Parts,
}

#[derive(Serialize)]
struct Parts {
    query: Vec<String>,
    key: Vec<String>,
    /// `[query][key]`
    values: Array,
}

impl Parts {
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
pub fn attend(args: &AttendArgs, out: &mut dyn Write) -> Result<()> {
    let form = Form::open(&args.about)?;
    let model = &form.asking.model.transformer;
    let task = model.task();
    let head = HeadName::parse(&format!("{}.{}", args.layer, args.head), model.config())
        .context("in --layer and --head")?;
    let place =
        |flag: &str, label: &str| task.position(label).with_context(|| format!("in {flag}"));
    let dest = place("--dest", &args.dest)?;
    let src = place("--src", &args.src)?;
    let minus = args.minus.as_deref().map(|label| place("--minus", label));
    let minus = minus.transpose()?;
    let [dest_name, src_name] = [dest, src].map(|position| task.label(position));
    let other = minus.map(|position| task.label(position));
    let words = other.as_ref().map(|label| format!(" minus {label}"));
    let line = format!(
        "why {head} {dest_name} {src_name}{}",
        words.unwrap_or_default()
    );
    let lines = [format!("{line} summed"), line];
    form.print(&lines[0], &form.ask(&lines)?, out, |question| {
        let run = form.asking.inquest(question).run()?;
        let cell = |src| AttentionCell { dest, src };
        let split = split_score(
            form.asking.weights(),
            &run,
            head,
            cell(src),
            minus.map(cell),
        )?;
        Ok(Numbers {
            head: head.to_string(),
            dest: dest_name.clone(),
            src: src_name.clone(),
            minus: other.clone(),
            score: split.score,
            total: split.total,
            split: Parts::new(task, &split),
            grouped: Parts::new(task, &split.grouped()),
        })
    })
}

//! `circuitscope slides`: the models in the binary.

use super::args::Format;
use super::output::print_list;
use super::table::{self, Align};
use crate::lens::Right;
use crate::model::{Opened, SLIDES, Slide};
use crate::task::{Estimate, grouped};
use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// `circuitscope slides`
#[derive(Debug, Args)]
pub struct SlidesArgs {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// What a record says of how right its model is; the first one called its score `counts`.
#[derive(Deserialize)]
struct Record {
    judged_on: String,
    #[serde(alias = "counts")]
    score: Counted,
}

#[derive(Deserialize)]
struct Counted {
    inputs: u64,
    wrong_inputs: u64,
    wrong_by_position: Vec<u64>,
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    task: String,
    config: Vec<String>,
    /// Of the weights file.
    bytes: usize,
    /// As it was measured when the model was made.
    #[serde(flatten)]
    right: Right,
    /// Of the accuracy over inputs: 0 where all were counted.
    standard_error: f64,
    /// Whether all inputs were counted; else which sample.
    exact: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
    #[serde(skip)]
    words: String,
}

/// Runs the command.
///
/// # Errors
/// When nothing can be printed.
pub fn run(args: &SlidesArgs, out: &mut dyn Write) -> Result<()> {
    let lines = SLIDES.iter().map(line).collect::<Result<Vec<_>>>()?;
    match args.format {
        Format::Json | Format::Csv => print_list(args.format, out, "slides", &lines),
        Format::Text => print(out, &lines),
    }
}

fn line(slide: &'static Slide) -> Result<Line> {
    let opened = slide.opened()?;
    let record: Record = serde_json::from_str(slide.record)
        .with_context(|| format!("the record of the slide {}", slide.name))?;
    let (inputs, wrong) = (record.score.inputs, record.score.wrong_inputs);
    let wrong_by_position = record.score.wrong_by_position;
    let predictions = inputs * wrong_by_position.len() as u64;
    let right = Right::new(inputs, wrong, predictions, wrong_by_position.iter().sum());
    let over = record.judged_on.split(',').next().unwrap_or_default();
    let sample = (over != "all inputs").then_some(over);
    let share = Estimate {
        mean: right.inputs_accuracy,
        ..Estimate::of(inputs, wrong as f64, wrong as f64)
    };
    Ok(Line {
        name: slide.name,
        task: task(slide, &opened),
        config: opened.config.words(),
        bytes: slide.weights.len(),
        right,
        standard_error: sample.map_or(0.0, |_| share.standard_error),
        exact: sample.is_none(),
        sample: sample.map(str::to_owned),
        words: words(&right, sample, &share),
    })
}

/// The task as its config names it.
fn task(slide: &Slide, opened: &Opened) -> String {
    let said = &opened.said;
    if let Some(task) = &said.task {
        return task.to_string();
    }
    let option = |name: &str, n: Option<u64>| n.map(|n| format!(" {name}={n}")).unwrap_or_default();
    let list_len = option("list_len", said.list_len.map(|n| n as u64));
    let max_num = option("max_num", said.max_num.map(u64::from));
    format!("{}{list_len}{max_num}", slide.name)
}

fn words(right: &Right, sample: Option<&str>, share: &Estimate) -> String {
    let [some, all] = [right.inputs_right, right.inputs].map(|n| grouped(u128::from(n)));
    match sample {
        None => format!("right on {some} of all {all} inputs (exact)"),
        Some(sample) => {
            let share = share.share(6);
            format!("right on {some} of {all} inputs, {share} (sample {sample})")
        }
    }
}

fn print(out: &mut dyn Write, lines: &[Line]) -> Result<()> {
    let mut rows = vec![
        ["name", "task", "kB", "accuracy", "model"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for line in lines {
        rows.push(vec![
            line.name.to_owned(),
            line.task.clone(),
            line.bytes.div_ceil(1000).to_string(),
            line.words.clone(),
            line.config.join(", "),
        ]);
    }
    let left = Align::Left;
    table::write(out, &[left, left, Align::Right, left, left], &rows)?;
    writeln!(
        out,
        "--slide NAME opens one, with any command; ? t in the workbench tells what was found"
    )?;
    Ok(())
}

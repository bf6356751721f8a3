//! `circuitscope curve`: a number of every checkpoint of a series.

use super::args::{Common, Format};
use super::model_args::ModelArgs;
use super::output::print_json;
use super::progress::Bar;
use super::space::{Opened, STOPPED, SpaceArgs};
use super::table::{self, Align};
use crate::model::series::steps;
use crate::sweep::{Claim, Over, Progress, Tally, Verdict};
use crate::task::number::significant;
use crate::task::{Sample, shown};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::io::Write;

/// Spaces of more inputs are sampled unless `--over` says otherwise.
const ALL: u128 = 100_000;
/// Inputs of such a sample.
const SAMPLED: &str = "random:0:4096";

/// `circuitscope curve`
#[derive(Debug, Args)]
pub struct CurveArgs {
    /// What is told of each step: loss, accuracy (inputs right), a number that a claim can name, averaged, or
    /// how often a condition is true: 'logp', 'min margin', 'pred == truth'
    #[arg(allow_hyphen_values = true)]
    pub quantity: String,
    /// Over these inputs: random:SEED or notebook:SEED, and :N; by default all where these are few
    #[arg(long)]
    pub over: Option<Sample>,
    /// An intervention; may be repeated
    #[arg(long, value_name = "LINE")]
    pub intervene: Vec<String>,
    /// How to print the curve
    #[arg(short, long, value_enum, default_value_t)]
    pub format: CurveFormat,
    /// The folder of checkpoints, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
}

/// How a curve is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CurveFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// A row a step
    Csv,
}

/// A step's number.
#[derive(Serialize)]
struct Point {
    step: u64,
    value: f64,
    /// Inputs that it is of.
    n: u64,
    /// Those of which it is not defined; of a loss or an accuracy, predictions.
    undefined: u64,
    /// What they were taken from; `exact` where they are all.
    over: String,
}

/// Runs the command.
///
/// # Errors
/// When there is no series, or the quantity, an intervention or a model will not do.
pub fn run(args: &CurveArgs, out: &mut dyn Write) -> Result<()> {
    let folder = args.which.model.clone();
    let folder = folder.context("--model names the folder of a series")?;
    let all = steps(&folder)?;
    let bar = Bar::new("steps")?;
    let mut points = Vec::new();
    let total = all.len() as u64;
    for ((step, path), done) in all.into_iter().zip(1..) {
        let point = point(args, step, path);
        points.push(point.with_context(|| format!("at step {step}"))?);
        ensure!(bar.tell(Progress { done, total }, "")?, STOPPED);
    }
    bar.done();
    match args.format {
        CurveFormat::Json => print_json(
            out,
            &serde_json::json!({"quantity": args.quantity, "points": points}),
        ),
        CurveFormat::Csv => {
            writeln!(out, "step,value,n,undefined,over")?;
            for one in &points {
                let Point {
                    step,
                    value,
                    n,
                    undefined,
                    over,
                } = one;
                writeln!(out, "{step},{value},{n},{undefined},{over}")?;
            }
            Ok(())
        }
        CurveFormat::Text => {
            writeln!(out, "{}", args.quantity)?;
            let row = |one: &Point| {
                let n = format!("n = {}", one.n);
                vec![
                    one.step.to_string(),
                    significant(one.value, 6),
                    n,
                    one.over.clone(),
                ]
            };
            let rows: Vec<_> = points.iter().map(row).collect();
            Ok(table::write(
                out,
                &[Align::Right, Align::Right, Align::Right, Align::Left],
                &rows,
            )?)
        }
    }
}

fn point(args: &CurveArgs, step: u64, path: std::path::PathBuf) -> Result<Point> {
    let which = ModelArgs {
        model: Some(path),
        ..args.which.clone()
    };
    let space = SpaceArgs {
        intervene: args.intervene.clone(),
        over: args.over,
        sample: Sample::default(),
        clean: None,
        corrupted: None,
        low_rank: Vec::new(),
        common: Common {
            which,
            format: Format::Json,
        },
    };
    let opened = Opened::new(&space)?;
    let (task, config) = (opened.transformer.task(), opened.transformer.config());
    let over = match args.over {
        Some(sample) => Over::Sample(sample),
        None if task.input_space() <= ALL => Over::Space,
        None => Over::Sample(SAMPLED.parse()?),
    };
    let told_over = match over {
        Over::Space => "exact".to_owned(),
        other => other.to_string(),
    };
    if matches!(args.quantity.trim(), "loss" | "accuracy") {
        let tally = Tally::new(task);
        let tally = opened.sweep()?.tally(over, tally, &mut |_, _| Ok(true))?;
        let tally = tally.context(STOPPED)?;
        let right = tally.right();
        let is_loss = args.quantity.trim() == "loss";
        return Ok(Point {
            step,
            value: if is_loss {
                tally.mean_loss()
            } else {
                right.inputs_accuracy
            },
            n: right.inputs,
            undefined: tally.undefined(),
            over: told_over,
        });
    }
    let number = Claim::parse(&format!("mean {}", args.quantity), task, config);
    let claim = match number {
        Ok(claim) => claim,
        Err(_) => Claim::parse(&args.quantity, task, config)
            .with_context(|| format!("in the quantity '{}'", shown(&args.quantity)))?,
    };
    let sweep = opened.sweep()?;
    let verdict = sweep
        .check(over, &claim, &mut |_, _| Ok(true))?
        .context(STOPPED)?;
    Ok(Point {
        step,
        value: told(&args.quantity, &verdict),
        n: verdict.total - verdict.undefined,
        undefined: verdict.undefined,
        over: told_over,
    })
}

/// The number that a verdict is asked for: the least, the largest, the mean, or how often it is true.
fn told(quantity: &str, verdict: &Verdict) -> f64 {
    match quantity.split_whitespace().next() {
        Some("min") => verdict.min,
        Some("max") => verdict.max,
        _ if verdict.holds.is_none() => verdict.mean,
        _ => verdict.count as f64 / verdict.total as f64,
    }
}

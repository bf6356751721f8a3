//! `circuitscope inspect`: what is in a file, what is assumed of it, and which tasks fit.

use super::args::Format;
use super::common::tell;
use super::model_args::SaidArgs;
use super::output::print_numbers;
use super::table::{self, Align};
use crate::lens::slide::{self, Overall, overall};
use crate::model::config::Sidecar;
use crate::model::{Contents, Model, Opened, cannot_use, series};
use crate::task::{Sample, Task, grouped, shown, shown_path};
use anyhow::{Context, Result, bail};
use candle_core::Device;
use clap::Args;
use serde::Serialize;
use std::cmp::Reverse;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Multiplications that a task may cost, so that large models are judged on fewer inputs.
const BUDGET: usize = 100_000_000_000;
/// At least and at most so many inputs are counted, where all are.
const INPUTS: [usize; 2] = [64, 65_536];
/// And at most so many where they are drawn.
const DRAWN: usize = 2048;

/// `circuitscope inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The file, .pt or .safetensors; of a series in one file the last, or FILE#N
    pub file: PathBuf,
    #[command(flatten)]
    pub said: SaidArgs,
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    #[serde(flatten)]
    contents: Contents,
    /// Why the tensors make no model; all that follows is missing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    found: Option<Found>,
}

/// A model.
#[derive(Serialize)]
struct Found {
    dialect: &'static str,
    /// What was read of a config.
    config_read: Sidecar,
    /// Everything that decides what is computed.
    config: Vec<String>,
    /// What of it nobody says.
    assumed: Vec<String>,
    tasks: Vec<Fit>,
    /// Tasks of its sizes that cannot be asked all the same, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfit: Vec<String>,
}

/// A task that fits, and how right the model is under it.
#[derive(Serialize)]
struct Fit {
    name: String,
    task: Task,
    inputs: usize,
    /// Counted over all inputs; else over the sample, with standard errors.
    exact: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
    inputs_accuracy: f64,
    predictions_accuracy: f64,
    standard_error: f64,
    /// What of the config is another one under this task than without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    read_as: Vec<String>,
    /// What is assumed under this task, and what it decided.
    assumed: Vec<String>,
    decided: Vec<String>,
    #[serde(skip)]
    words: String,
}

/// What there is to do about a file that makes no model.
const REMEDY: &str = "mend the file, or what a JSON beside it or a flag says of it";

/// Runs the command.
///
/// # Errors
/// When the file is no checkpoint, a flag is wrong, or no model can be made of what is in it, which is told
/// all the same.
pub fn run(args: &InspectArgs, out: &mut dyn Write) -> Result<()> {
    let wish = args.said.wish()?;
    let path = series::newest(&args.file)?;
    let contents = Contents::read(&path)?;
    let picked = args.said.device.open()?;
    tell(&picked);
    let (found, no_model) = match opened(&path, &wish, &picked.device) {
        Ok(opened) => (Some(found(&opened, &wish, &picked.device)?), None),
        Err(error) => (None, Some(format!("{error:#}; {REMEDY}"))),
    };
    let answer = Answer {
        file: shown_path(&args.file),
        contents,
        no_model,
        found,
    };
    match args.format {
        Format::Json | Format::Csv => print_numbers(args.format, out, &answer)?,
        Format::Text => print(out, &answer)?,
    }
    out.flush()?;
    answer.no_model.map_or(Ok(()), |why| bail!(why))
}

/// The file as a model, whatever it is asked.
fn opened(path: &Path, wish: &slide::Wish, device: &Device) -> Result<Opened> {
    let opened = Opened::read(path, &wish.overrides)?;
    // two tokens, as the least of tasks: what is wrong with a tensor shows only when the model is made
    let asked = slide::without_task(opened.config.n_ctx.min(2), &opened.config);
    let made = slide::of(&opened, asked, device);
    made.with_context(|| cannot_use(path, &wish.overrides))?;
    Ok(opened)
}

fn found(opened: &Opened, wish: &slide::Wish, device: &Device) -> Result<Found> {
    let config = &opened.config;
    let tasks: Vec<Task> = match &wish.task {
        Some(text) => vec![slide::named(text, &slide::sizes(config))?],
        None => slide::fitting_tasks(config).collect(),
    };
    let (mut fits, mut unfit) = (Vec::new(), Vec::new());
    for task in tasks {
        match fit(opened, task, device) {
            Ok(fit) => fits.push(fit),
            // one that was named must do
            Err(error) if wish.task.is_some() => return Err(error),
            Err(error) => unfit.push(format!("{}: {error:#}", task.name)),
        }
    }
    // of those that are as right to the percent the one that asks for most
    let percent = |fit: &Fit| (100.0 * fit.predictions_accuracy).round() as u64;
    fits.sort_by_key(|fit| Reverse((percent(fit), fit.task.input_space())));
    Ok(Found {
        dialect: opened.dialect.name(),
        config_read: opened.said.clone(),
        config: config.words(),
        assumed: config.assumed_words(),
        tasks: fits,
        unfit,
    })
}

fn fit(opened: &Opened, task: Task, device: &Device) -> Result<Fit> {
    let model = slide::of(opened, task, device)?;
    let over = judged(&model)?;
    let right = over.score.right();
    Ok(Fit {
        name: task.name.clone(),
        task,
        inputs: over.score.inputs,
        exact: over.sample.is_none(),
        sample: over.sample.map(|sample| sample.to_string()),
        inputs_accuracy: right.inputs_accuracy,
        predictions_accuracy: right.predictions_accuracy,
        standard_error: over.predictions().standard_error,
        read_as: {
            let words = model.transformer.config().words().into_iter();
            let before = opened.config.words();
            words.filter(|word| !before.contains(word)).collect()
        },
        assumed: model.transformer.config().assumed_words(),
        decided: model.told,
        words: over.words(),
    })
}

fn judged(model: &Model) -> Result<Overall> {
    let config = model.transformer.config();
    let [least, most] = INPUTS;
    let inputs = (BUDGET / config.run_work(config.n_ctx).max(1)).clamp(least, most);
    let sample = Sample::Random {
        seed: 1,
        len: inputs.min(DRAWN),
    };
    overall(&model.transformer, inputs, sample)
}

fn print(out: &mut dyn Write, answer: &Answer) -> Result<()> {
    let contents = &answer.contents;
    let series = contents.series.map(|(at, of)| {
        let others = match of {
            1 => String::new(),
            of => format!(" (#0 to #{} behind the path choose)", of - 1),
        };
        format!(", #{at} of a series of {of}{others}")
    });
    let elements = |shape: &[usize]| shape.iter().product::<usize>() as u128;
    let all: u128 = contents
        .tensors
        .iter()
        .map(|one| elements(&one.shape))
        .sum();
    writeln!(
        out,
        "{}: {}, {} bytes, {} tensors of {} numbers{}",
        answer.file,
        contents.format,
        grouped(u128::from(contents.bytes)),
        contents.tensors.len(),
        grouped(all),
        series.unwrap_or_default()
    )?;
    let rows: Vec<Vec<String>> = (contents.tensors.iter())
        .map(|one| {
            let shape: Vec<String> = one.shape.iter().map(ToString::to_string).collect();
            vec![shown(&one.name), one.dtype.to_owned(), shape.join(" x ")]
        })
        .collect();
    table::write(out, &[Align::Left; 3], &rows)?;
    match &answer.found {
        Some(found) => print_found(out, found, contents.config_from.as_deref()),
        None => Ok(()),
    }
}

fn print_found(out: &mut dyn Write, found: &Found, config_from: Option<&str>) -> Result<()> {
    writeln!(out, "names: {}", found.dialect)?;
    match config_from {
        Some(from) => {
            let said = serde_json::to_string(&found.config_read)?;
            writeln!(out, "config read from {from}: {said}")?;
        }
        None => writeln!(out, "config: none was read")?,
    }
    if let Some(unread) = found.config_read.unread_words() {
        writeln!(out, "{unread}")?;
    }
    writeln!(out, "model: {}", found.config.join(", "))?;
    if !found.assumed.is_empty() {
        writeln!(out, "assumed: {}", found.assumed.join(", "))?;
    }
    if found.tasks.is_empty() {
        writeln!(out, "no built-in task fits its sizes; --task names a file")?;
    }
    for line in &found.unfit {
        writeln!(out, "not task {line}")?;
    }
    for fit in &found.tasks {
        writeln!(out, "task {}: {}", fit.task, fit.words)?;
        if !fit.read_as.is_empty() {
            writeln!(out, "  with {}", fit.read_as.join(", "))?;
        }
        for line in &fit.decided {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

//! `circuitscope curve`: numbers of every checkpoint of a series.

use super::args::{Common, Format};
use super::common;
use super::model_args::ModelArgs;
use super::output::print_json;
use super::progress::Bar;
use super::space::{STOPPED, SpaceArgs, experiment};
use super::table::{self, Align};
use crate::answers::{AlongSteps, Curves, LogAxes, Measured, StepLine};
use crate::findings::files;
use crate::findings::frame::{Drawn, Plot};
use crate::model::{Model, Series};
use crate::sweep::Progress;
use crate::task::number::significant;
use crate::task::text::{as_command, csv_cell};
use crate::task::{Sample, harmless, shown, shown_path};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `circuitscope curve`
#[derive(Debug, Args)]
pub struct CurveArgs {
    /// What is told of each step, several apart by commas: loss, accuracy (inputs right), a number that a claim
    /// can name, averaged ('logp') or its least ('min margin'), how often a condition is true
    /// ('pred == truth'), or a cell or note of an answer ('circuit ov.1 at 5 5')
    #[arg(required = true, num_args = 1.., value_name = "QUANTITY")]
    pub quantities: Vec<String>,
    /// Tell the step at which this begins to hold, and what opens it: 'accuracy > 0.99', 'loss < 0.1', 'pred == truth'
    #[arg(long, visible_alias = "when", value_name = "CONDITION")]
    pub until: Option<String>,
    /// Over these inputs: random:SEED or notebook:SEED, and :N; by default all where these are few
    #[arg(long)]
    pub over: Option<Sample>,
    /// An intervention; may be repeated
    #[arg(long, value_name = "LINE")]
    pub intervene: Vec<String>,
    /// Logarithmic axes of a picture: x, y or xy; steps then begin at 1
    #[arg(long, value_name = "AXES", default_value = "", value_parser = axes)]
    pub log: LogAxes,
    /// How to print the curves; by default as the file's name ends, else text
    #[arg(short, long, value_enum)]
    pub format: Option<CurveFormat>,
    /// Write them to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there already
    #[arg(long, requires = "output")]
    pub force: bool,
    /// The series, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
}

/// How curves are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CurveFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// A row for each step and quantity
    Csv,
    /// A figure for a page
    Svg,
    /// The same as pixels
    Png,
}

fn axes(text: &str) -> Result<LogAxes> {
    match text {
        "" => Ok(LogAxes::default()),
        text => LogAxes::parse(text),
    }
}

/// A quantity at each step.
#[derive(Serialize)]
struct Told<'a> {
    quantity: &'a str,
    points: Vec<ToldPoint>,
}

#[derive(Serialize)]
struct ToldPoint {
    step: u64,
    value: f64,
    /// Inputs that it is of; nothing where it is no mean of inputs.
    n: Option<u64>,
    /// Those of which it is not defined; of a loss or an accuracy, predictions.
    undefined: u64,
    /// What it was taken from: `exact` where that is all inputs, a sample, the prompt, the weights.
    over: String,
}

/// The series in a folder, of a step, in a file that holds a list, or of several files.
fn series_of(which: &ModelArgs) -> Result<Series> {
    const SERIES: &str = "the folder of a series, a file that holds a list, or several files";
    if let Some(series) = which.several()? {
        return Ok(series);
    }
    let path = which.model.first();
    let path = path.with_context(|| format!("--model names {SERIES}"))?;
    let name = shown_path(path);
    let file = path.to_string_lossy();
    let file = file.split('#').next().unwrap_or_default();
    ensure!(Path::new(file).exists(), "{name} is not there");
    let found = Series::whole(path)?;
    let (series, _) =
        found.with_context(|| format!("{name} is a checkpoint alone; --model names {SERIES}"))?;
    Ok(series)
}

/// Runs the command.
///
/// # Errors
/// When there is no series, or a quantity, an intervention or all models will not do.
pub fn run(args: &CurveArgs, out: &mut dyn Write) -> Result<()> {
    let format = args.format()?;
    let series = series_of(&args.which)?;
    let (model, picked, _) = common::newest_of(&args.which, &series)?;
    common::tell(&picked);
    if let Some(file) = &args.output {
        files::check_writable(file, args.force)?;
    }
    let judges = |line: &String| {
        line.split(',')
            .any(|one| matches!(one.trim(), "loss" | "accuracy"))
    };
    if args.quantities.iter().any(judges) {
        common::ensure_judged(&model)?;
    }
    let space = args.space();
    let experiment = experiment(&space, &model.transformer)?;
    let (task, config) = (model.transformer.task(), model.transformer.config());
    let mut curves = Curves::parse(&args.quantities.join(", "), task, config)?;
    curves.until = curves.until.or_else(|| args.until.clone());
    curves.over = args.over.or(curves.over);
    let mut along = AlongSteps::new(&curves, Arc::new(series), &model.transformer, &experiment)?;
    let bar = Bar::new("steps")?;
    loop {
        let (done, total) = along.progress();
        let progress = Progress {
            done: done as u64,
            total: total as u64,
        };
        ensure!(bar.tell(progress, "")?, STOPPED);
        if along.step(&|| true)? {
            break;
        }
    }
    bar.done();
    let unread = broken(&along)?;
    let bytes = printed(args, &curves, &along, format, &model)?;
    match &args.output {
        Some(file) => files::write(file, &bytes, args.force)?,
        None => out.write_all(&bytes)?,
    }
    let all = along.lines().len();
    ensure!(
        unread == 0,
        "{unread} of {all} steps cannot be opened, and are left out"
    );
    Ok(())
}

impl CurveArgs {
    fn format(&self) -> Result<CurveFormat> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let end = self.output.as_ref().and_then(|file| file.extension());
        Ok(match end.and_then(|end| end.to_str()) {
            None | Some("txt") => CurveFormat::Text,
            Some("json") => CurveFormat::Json,
            Some("csv") => CurveFormat::Csv,
            Some("svg") => CurveFormat::Svg,
            Some("png") => CurveFormat::Png,
            Some(end) => bail!(
                "curves are written as .txt, .json, .csv, .svg or .png, not .{}",
                shown(end)
            ),
        })
    }

    fn space(&self) -> SpaceArgs {
        SpaceArgs {
            intervene: self.intervene.clone(),
            over: self.over,
            sample: Sample::default(),
            clean: None,
            corrupted: None,
            low_rank: Vec::new(),
            common: Common {
                which: self.which.clone(),
                format: Format::Json,
            },
        }
    }
}

/// Tells of steps that cannot be opened; how many these are.
fn broken(along: &AlongSteps) -> Result<usize> {
    let mut unread = 0;
    for line in along.lines() {
        if let Err(error) = &line.result {
            unread += 1;
            // nobody is left to tell if stderr is gone
            let _ = writeln!(
                std::io::stderr(),
                "circuitscope: step {}: {error}",
                line.step
            );
        }
    }
    ensure!(unread < along.lines().len(), "no step can be opened");
    Ok(unread)
}

fn printed(
    args: &CurveArgs,
    curves: &Curves,
    along: &AlongSteps,
    format: CurveFormat,
    model: &Model,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match format {
        CurveFormat::Json => {
            let begins = along.begins();
            let until = curves.until.as_ref().map(|condition| {
                serde_json::json!({
                    "condition": condition,
                    "first": begins.map(|(first, _)| first),
                    "from_then_on": begins.and_then(|(_, good)| good),
                    "path": along.begins_at().map(Path::to_string_lossy),
                })
            });
            let all = serde_json::json!({"curves": told(curves, along), "until": until});
            print_json(&mut out, &all)?;
        }
        CurveFormat::Csv => out = csv(&told(curves, along)).into_bytes(),
        CurveFormat::Text => text(&mut out, args, curves, along)?,
        CurveFormat::Svg => out = plot(args, curves, along, model).svg()?.into_bytes(),
        CurveFormat::Png => out = plot(args, curves, along, model).png()?,
    }
    Ok(out)
}

/// A row for each step and quantity.
fn csv(all: &[Told<'_>]) -> String {
    let mut text = "step,quantity,value,n,undefined,over\n".to_owned();
    for one in all {
        let name = csv_cell(one.quantity);
        for point in &one.points {
            let ToldPoint {
                step,
                value,
                n,
                undefined,
                over,
            } = point;
            let n = n.map_or_else(String::new, |n| n.to_string());
            let over = csv_cell(over);
            // writing to a string cannot fail
            let _ = writeln!(text, "{step},{name},{value},{n},{undefined},{over}");
        }
    }
    text
}

fn told<'a>(curves: &'a Curves, along: &AlongSteps) -> Vec<Told<'a>> {
    let point = |line: &StepLine, i: usize| {
        let one = line.result.as_ref().ok()?.get(i)?;
        Some(ToldPoint {
            step: line.step,
            value: one.value,
            n: one.n,
            undefined: one.undefined,
            over: one.over.clone(),
        })
    };
    let all = curves.quantities.iter().enumerate();
    all.map(|(i, quantity)| Told {
        quantity,
        points: (along.lines().iter())
            .filter_map(|line| point(line, i))
            .collect(),
    })
    .collect()
}

/// The command that opens a step, with what is said of the model.
fn opening(which: &ModelArgs, path: &Path) -> String {
    let model = ["circuitscope".into(), "--model".into()];
    let model = model
        .into_iter()
        .chain([path.to_string_lossy().into_owned()]);
    let flags = which.said.flags().into_iter();
    let said = flags.flat_map(|(name, value)| [format!("--{name}"), value]);
    harmless(&as_command(model.chain(said)))
}

fn text(out: &mut dyn Write, args: &CurveArgs, curves: &Curves, along: &AlongSteps) -> Result<()> {
    if let Some(words) = along.begins_words() {
        writeln!(out, "{words}")?;
    }
    if let Some(path) = along.begins_at() {
        writeln!(out, "{} opens it", opening(&args.which, path))?;
    }
    let mut head = vec!["step".to_owned()];
    head.extend(curves.quantities.iter().cloned());
    head.push("of".to_owned());
    let mut rows = vec![head];
    for line in along.lines() {
        let Ok(measured) = &line.result else { continue };
        let numbers = measured.iter().take(curves.quantities.len());
        let mut row = vec![line.step.to_string()];
        row.extend(numbers.clone().map(|one| significant(one.value, 6)));
        let mut of: Vec<String> = numbers.map(of_words).collect();
        of.dedup();
        row.push(of.join("; "));
        rows.push(row);
    }
    let mut align = vec![Align::Right; curves.quantities.len() + 1];
    align.push(Align::Left);
    Ok(table::write(out, &align, &rows)?)
}

/// Of what a number is, and of how many.
fn of_words(one: &Measured) -> String {
    match one.n {
        Some(n) if n > 1 => format!("n = {n}  {}", one.over),
        _ => one.over.clone(),
    }
}

/// The curves as a figure.
fn plot(args: &CurveArgs, curves: &Curves, along: &AlongSteps, model: &Model) -> Plot {
    let log = match args.log {
        none if none == LogAxes::default() => curves.log,
        log => log,
    };
    let lines = told(curves, along).into_iter().map(|one| {
        let points = one.points.iter();
        let points = points.map(|point| (point.step as f64, point.value));
        (one.quantity.to_owned(), points.collect())
    });
    let y = match &curves.quantities[..] {
        [one] => one.clone(),
        _ => String::new(),
    };
    let over = match along.over().as_str() {
        "exact" => "all inputs".to_owned(),
        other => other.to_owned(),
    };
    Plot {
        title: format!("{}, {over}", model.transformer.task()),
        subtitle: String::new(),
        x: ("step".to_owned(), log.x),
        y: (y, log.y),
        drawn: Drawn::Lines(lines.collect()),
        mark: along.begins().and_then(|(first, _)| {
            let words = curves.until.as_ref()?;
            Some((first as f64, format!("{words}: step {first}")))
        }),
    }
}

//! `circuitscope sweep`, `claim`, `ablations` and `minimal`: questions to all inputs at once.

use super::args::{Common, Format};
use super::common::{open_model, print_json, source};
use super::progress::Bar;
use super::run::heading;
use super::table::{self, Align};
use crate::findings::growing::Growing;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{Direction, Experiment, Intervention, LowRank, Matrices, Source, low_rank};
use crate::model::{HookedTransformer, Model};
use crate::sweep::{
    Ablated, Case, Claim, Minimal, Over, Sweep, Tally, Verdict, ablations, minimal, node, title,
};
use crate::task::{ArrayUpdate, Sample, counterfactuals, shown};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Which inputs, and what is done to the model.
#[derive(Debug, Args)]
pub struct SpaceArgs {
    /// An intervention, such as 'knock blocks.1.attn.hook_pattern [b_0,elt]'; may be repeated
    #[arg(long, value_name = "LINE")]
    pub intervene: Vec<String>,
    /// Only these inputs, not the whole space: random:SEED or notebook:SEED, and :N
    #[arg(long)]
    pub over: Option<Sample>,
    /// What means and examples in interventions are taken from
    #[arg(long, default_value_t)]
    pub sample: Sample,
    /// The clean prompt, for patches from it; by default the sample's first
    #[arg(long, num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true)]
    pub clean: Option<Vec<String>>,
    /// The corrupted prompt; by default the clean one's first counterfactual
    #[arg(long, num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true)]
    pub corrupted: Option<Vec<String>>,
    /// Keep the top R singular directions of a head's circuit: ov.1.0:5, qk.0.0:3; may be repeated
    #[arg(long, value_name = "CIRCUIT:R")]
    pub low_rank: Vec<String>,
    #[command(flatten)]
    pub common: Common,
}

/// `circuitscope sweep`
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Write every wrong input to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    pub failures: Option<PathBuf>,
    /// How many of the worst inputs are listed
    #[arg(long, default_value_t = 5)]
    pub worst: usize,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// `circuitscope claim`
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// The claim, such as 'A1[b_0,elt] > 0.5 when idx=1'
    #[arg(allow_hyphen_values = true)]
    pub claim: String,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// `circuitscope ablations`
#[derive(Debug, Args)]
pub struct AblationsArgs {
    /// Hook point and place, as in an intervention: 'blocks.0.attn.hook_z @elt'
    #[arg(num_args = 1.., required = true)]
    pub node: Vec<String>,
    /// Over the whole space instead of the sample
    #[arg(long)]
    pub whole: bool,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// `circuitscope minimal`
#[derive(Debug, Args)]
pub struct MinimalArgs {
    /// The accuracy that must be kept
    #[arg(long, default_value_t = 0.99)]
    pub threshold: f64,
    /// Over the whole space instead of the sample
    #[arg(long)]
    pub whole: bool,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// What every answer says of what was asked.
#[derive(Serialize)]
struct Asked {
    model: ModelNumbers,
    interventions: Vec<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    low_rank: Vec<String>,
    over: String,
}

/// The model, cut down where asked, with the experiment.
struct Opened {
    model: Model,
    transformer: HookedTransformer,
    weights: Matrices,
    experiment: Experiment,
}

impl Opened {
    fn new(args: &SpaceArgs) -> Result<Self> {
        let model = open_model(&args.common)?;
        let config = model.transformer.config();
        let cuts = args
            .low_rank
            .iter()
            .map(|text| LowRank::parse(text, config));
        let cuts: Vec<LowRank> = cuts.collect::<Result<_>>().context("in --low-rank")?;
        let transformer = match cuts[..] {
            [] => model.transformer.clone(),
            _ => low_rank(&model.transformer, &cuts)?,
        };
        Ok(Self {
            weights: Matrices::new(&transformer)?,
            experiment: experiment(args, &transformer)?,
            transformer,
            model,
        })
    }

    fn sweep(&self) -> Result<Sweep> {
        Sweep::new(&self.transformer, &self.weights, &self.experiment)
    }

    fn asked(&self, args: &SpaceArgs, over: Over) -> Asked {
        let task = self.transformer.task();
        let lines = self.experiment.interventions.iter();
        Asked {
            model: ModelNumbers::from(&self.model),
            interventions: lines.map(|one| one.line(task)).collect(),
            low_rank: args.low_rank.clone(),
            over: match over {
                Over::Space => "space".to_owned(),
                Over::Sample(sample) => sample.to_string(),
            },
        }
    }
}

fn experiment(args: &SpaceArgs, model: &HookedTransformer) -> Result<Experiment> {
    let task = model.task();
    let clean = match &args.clean {
        Some(words) => source(task, "clean prompt", words, None)?,
        None => {
            let first = args.sample.prompts(task).into_iter().next();
            Source::from(first.context("the sample is empty")?)
        }
    };
    let corrupted = match &args.corrupted {
        Some(words) => source(task, "corrupted prompt", words, None)?,
        None => match counterfactuals(task, &clean.update).first() {
            Some(&change) => Source::new(clean.update.with(change)),
            None => clean.clone(),
        },
    };
    let parse = |line: &String| {
        Intervention::parse(line, task, model.config())
            .with_context(|| format!("in --intervene '{}'", shown(line)))
    };
    Ok(Experiment {
        clean,
        corrupted,
        direction: Direction::Denoise,
        metric: None,
        interventions: args.intervene.iter().map(parse).collect::<Result<_>>()?,
        sample: args.sample,
    })
}

impl SpaceArgs {
    fn over(&self) -> Over {
        self.over.map_or(Over::Space, Over::Sample)
    }
}

fn tell(reason: Option<&str>) {
    if let Some(reason) = reason {
        // nobody is left to tell if stderr is gone
        let _ = writeln!(
            std::io::stderr(),
            "circuitscope: one forward pass for each input: {reason}"
        );
    }
}

#[derive(Serialize)]
struct SweepAnswer<'a> {
    #[serde(flatten)]
    asked: Asked,
    /// `tables` or `candle`.
    engine: &'static str,
    reason: Option<&'a str>,
    inputs: u64,
    wrong_inputs: u64,
    accuracy: f64,
    wrong_by_position: &'a [u64],
    wrong_by_idx_and_position: &'a [Vec<u64>],
    wrong_by_idx_and_elt: &'a [Vec<u64>],
    mean_loss: f64,
    loss_by_position: Vec<f64>,
    margin_histogram: Vec<(Option<f64>, Option<f64>, u64)>,
    worst: &'a [Case],
    seconds: f64,
    inputs_per_second: f64,
}

/// `circuitscope sweep`.
///
/// # Errors
/// When a flag, the model, the device or the file will not do.
pub fn sweep(args: &SweepArgs, out: &mut dyn Write) -> Result<()> {
    let opened = Opened::new(&args.space)?;
    let (task, over) = (opened.transformer.task(), args.space.over());
    let sweep = opened.sweep()?;
    tell(sweep.reason());
    let mut failures = args.failures.as_deref().map(Failures::new).transpose()?;
    let tally = match failures {
        Some(_) => Tally::keeping_failures(task),
        None => Tally::new(task),
    };
    let (bar, started) = (Bar::new("inputs")?, Instant::now());
    let mut report = |tally: &mut Tally, progress| {
        if let (Some(file), Some(found)) = (&mut failures, &mut tally.failures) {
            file.write(found.drain(..), task)?;
        }
        bar.tell(progress, &format!("accuracy {:.6}", tally.accuracy()))
    };
    let tally = sweep.tally(over, tally, &mut report)?.context(STOPPED)?;
    let seconds = started.elapsed().as_secs_f64();
    bar.done();
    if let Some(file) = failures {
        file.finish()?;
    }
    let worst = &tally.worst[..args.worst.min(tally.worst.len())];
    let open_end = |x: f64| x.is_finite().then_some(x);
    let inputs = tally.inputs.max(1) as f64;
    let losses = tally.loss_by_position.iter();
    let bins = tally.margin_bins().filter(|(_, _, count)| *count > 0);
    let answer = SweepAnswer {
        asked: opened.asked(&args.space, over),
        engine: if sweep.reason().is_none() {
            "tables"
        } else {
            "candle"
        },
        reason: sweep.reason(),
        inputs: tally.inputs,
        wrong_inputs: tally.wrong_inputs,
        accuracy: tally.accuracy(),
        wrong_by_position: &tally.wrong_by_position,
        wrong_by_idx_and_position: &tally.wrong_by_idx_and_position,
        wrong_by_idx_and_elt: &tally.wrong_by_idx_and_elt,
        mean_loss: tally.mean_loss(),
        loss_by_position: losses.map(|loss| loss / inputs).collect(),
        margin_histogram: bins
            .map(|(from, to, count)| (open_end(from), open_end(to), count))
            .collect(),
        worst,
        seconds,
        inputs_per_second: tally.inputs as f64 / seconds,
    };
    match args.space.common.format {
        Format::Json => print_json(out, &answer),
        Format::Text => print_sweep(out, &opened, &answer),
    }
}

/// What a sweep that was stopped says.
const STOPPED: &str = "stopped before the end; nothing is known of all inputs";

fn print_asked(out: &mut dyn Write, opened: &Opened, asked: &Asked) -> Result<()> {
    writeln!(out, "{}", heading(&opened.model))?;
    for line in &asked.interventions {
        writeln!(out, "with {line}")?;
    }
    if !asked.low_rank.is_empty() {
        writeln!(out, "low rank: {}", asked.low_rank.join(" "))?;
    }
    Ok(())
}

fn print_sweep(out: &mut dyn Write, opened: &Opened, answer: &SweepAnswer<'_>) -> Result<()> {
    print_asked(out, opened, &answer.asked)?;
    writeln!(
        out,
        "{} {}: wrong on {}, accuracy {:.9}, loss {:.3e}",
        answer.inputs,
        match answer.asked.over.as_str() {
            "space" => "inputs, all there are".to_owned(),
            sample => format!("inputs of {sample}"),
        },
        answer.wrong_inputs,
        answer.accuracy,
        answer.mean_loss
    )?;
    writeln!(
        out,
        "{:.2} s, {:.0} inputs per second by {}\n",
        answer.seconds, answer.inputs_per_second, answer.engine
    )?;
    let n = answer.wrong_by_position.len();
    let mut rows = vec![vec!["wrong".to_owned()]];
    rows[0].extend((0..n).map(|j| format!("b_{j}")));
    for (idx, wrong) in answer.wrong_by_idx_and_position.iter().enumerate() {
        let mut row = vec![format!("idx {idx}")];
        row.extend(wrong.iter().map(u64::to_string));
        rows.push(row);
    }
    print_rows(out, &rows)?;
    writeln!(out, "\nsmallest margins")?;
    let task = opened.transformer.task();
    let mut rows = vec![words(&["input", "margin", "loss", "says"])];
    for case in answer.worst {
        rows.push(vec![
            input_words(case, task),
            format!("{:.4}", case.margin()),
            format!("{:.2e}", case.loss),
            case.predicted
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        ]);
    }
    print_rows(out, &rows)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Rows whose first column is a name.
fn print_rows(out: &mut dyn Write, rows: &[Vec<String>]) -> Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut align = vec![Align::Right; columns];
    align[..1.min(columns)].fill(Align::Left);
    Ok(table::write(out, &align, rows)?)
}

/// The prompt as it is typed: `a_0 .. idx elt`.
fn input_words(case: &Case, task: ArrayUpdate) -> String {
    let update = &case.update;
    let values = update.a.iter().chain([&update.idx, &update.elt]);
    let names: Vec<_> = values.map(|&value| task.token_name(value)).collect();
    names.join(" ")
}

/// The wrong inputs as CSV, written whole or not at all.
struct Failures {
    file: Growing,
    has_heading: bool,
}

impl Failures {
    fn new(path: &std::path::Path) -> Result<Self> {
        Ok(Self {
            file: Growing::new(path)?,
            has_heading: false,
        })
    }

    fn write(&mut self, cases: impl Iterator<Item = Case>, task: ArrayUpdate) -> Result<()> {
        let n = task.list_len;
        if !self.has_heading {
            self.has_heading = true;
            let a = (0..n).map(|i| format!("a_{i}"));
            let mut names: Vec<String> = a.chain(["idx".into(), "elt".into()]).collect();
            names.extend((0..n).map(|j| format!("predicted_b_{j}")));
            names.extend((0..n).map(|j| format!("margin_b_{j}")));
            names.extend((0..n).map(|j| format!("instead_b_{j}")));
            names.push("loss".to_owned());
            self.file.write(names.join(",").as_bytes())?;
            self.file.write(b"\n")?;
        }
        for case in cases {
            let update = &case.update;
            let fields = update.a.iter().chain([&update.idx, &update.elt]);
            let mut row: Vec<String> = fields.map(u32::to_string).collect();
            row.extend(case.predicted.iter().map(u32::to_string));
            row.extend(case.margins.iter().map(f64::to_string));
            row.extend((0..n).map(|j| case.instead(j).name().to_owned()));
            row.push(case.loss.to_string());
            self.file.write(row.join(",").as_bytes())?;
            self.file.write(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        if !self.has_heading {
            self.write(std::iter::empty(), ArrayUpdate::default())?;
        }
        self.file.finish()
    }
}

#[derive(Serialize)]
struct ClaimAnswer {
    #[serde(flatten)]
    asked: Asked,
    #[serde(flatten)]
    verdict: Verdict,
    seconds: f64,
}

/// `circuitscope claim`: exit code 1 when it fails.
///
/// # Errors
/// When the claim cannot be read, or as for [`sweep`].
pub fn claim(args: &ClaimArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let opened = Opened::new(&args.space)?;
    let (task, over) = (opened.transformer.task(), args.space.over());
    let config = opened.transformer.config();
    let claim = Claim::parse(&args.claim, task, config)
        .with_context(|| format!("in the claim '{}'", shown(&args.claim)))?;
    let sweep = opened.sweep()?;
    tell(sweep.reason());
    let (bar, started) = (Bar::new("inputs")?, Instant::now());
    let mut report = |verdict: &Verdict, progress| {
        let so_far = match verdict.holds {
            Some(false) => "fails",
            Some(true) => "holds so far",
            None => "",
        };
        bar.tell(progress, so_far)
    };
    let verdict = sweep.check(over, &claim, &mut report)?.context(STOPPED)?;
    bar.done();
    let answer = ClaimAnswer {
        asked: opened.asked(&args.space, over),
        seconds: started.elapsed().as_secs_f64(),
        verdict,
    };
    match args.space.common.format {
        Format::Json => print_json(out, &answer)?,
        Format::Text => print_claim(out, &opened, &answer)?,
    }
    let fails = answer.verdict.holds == Some(false);
    Ok(ExitCode::from(u8::from(fails)))
}

fn print_claim(out: &mut dyn Write, opened: &Opened, answer: &ClaimAnswer) -> Result<()> {
    print_asked(out, opened, &answer.asked)?;
    let Verdict {
        claim,
        holds,
        count,
        total,
        mean,
        min,
        max,
        counterexample,
    } = &answer.verdict;
    let verdict = match holds {
        Some(true) => "HOLDS",
        Some(false) => "FAILS",
        None => "told",
    };
    writeln!(out, "{verdict}: {claim}")?;
    writeln!(
        out,
        "true of {count} of {total} inputs ({})",
        answer.asked.over
    )?;
    writeln!(out, "mean {mean:.6}  min {min:.6}  max {max:.6}")?;
    if let Some(one) = counterexample {
        let update = &one.update;
        let values = update.a.iter().chain([&update.idx, &update.elt]);
        let values: Vec<_> = values.map(u32::to_string).collect();
        let what = if *holds == Some(false) {
            "counterexample"
        } else {
            "where"
        };
        writeln!(out, "{what}: {}  value {:.6}", values.join(" "), one.value)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct AblationsAnswer {
    #[serde(flatten)]
    asked: Asked,
    node: String,
    rows: Vec<AblationRow>,
}

#[derive(Serialize)]
struct AblationRow {
    /// The intervention; null for the model as it is.
    ablation: Option<String>,
    inputs: Option<u64>,
    accuracy: Option<f64>,
    accuracy_by_position: Option<Vec<f64>>,
    mean_loss: Option<f64>,
    /// Why there is no number.
    reason: Option<String>,
}

impl From<&Ablated> for AblationRow {
    fn from(ablated: &Ablated) -> Self {
        let tally = ablated.tally.as_ref().ok();
        let by_position = |tally: &Tally| {
            let wrong = tally.wrong_by_position.iter();
            let right = wrong.map(|&wrong| 1.0 - wrong as f64 / tally.inputs.max(1) as f64);
            right.collect()
        };
        Self {
            ablation: ablated.line.clone(),
            inputs: tally.map(|tally| tally.inputs),
            accuracy: tally.map(Tally::accuracy),
            accuracy_by_position: tally.map(by_position),
            mean_loss: tally.map(Tally::mean_loss),
            reason: ablated.tally.as_ref().err().cloned(),
        }
    }
}

/// The sample, unless everything or other inputs were asked for.
fn over(whole: bool, args: &SpaceArgs) -> Result<Over> {
    ensure!(
        !(whole && args.over.is_some()),
        "--whole and --over are two answers to one question; give one"
    );
    Ok(match args.over {
        Some(sample) => Over::Sample(sample),
        None if whole => Over::Space,
        None => Over::Sample(args.sample),
    })
}

/// `circuitscope ablations`.
///
/// # Errors
/// When the node cannot be read, or as for [`sweep`].
pub fn run_ablations(args: &AblationsArgs, out: &mut dyn Write) -> Result<()> {
    let opened = Opened::new(&args.space)?;
    let over = over(args.whole, &args.space)?;
    let (task, config) = (opened.transformer.task(), opened.transformer.config());
    let words_of_node = args.node.join(" ");
    let node = node(&words_of_node, task, config)
        .with_context(|| format!("in the node '{}'", shown(&words_of_node)))?;
    let bar = Bar::new("inputs")?;
    let mut report = |run: usize, of: usize, progress| {
        bar.tell(progress, &format!("ablation {} of {of}", run + 1))
    };
    let (transformer, weights) = (&opened.transformer, &opened.weights);
    let found = ablations(
        transformer,
        weights,
        &opened.experiment,
        &node,
        over,
        &mut report,
    )?;
    let found = found.context(STOPPED)?;
    bar.done();
    let answer = AblationsAnswer {
        asked: opened.asked(&args.space, over),
        node: title(&words_of_node, task, config)?,
        rows: found.iter().map(AblationRow::from).collect(),
    };
    if args.space.common.format == Format::Json {
        return print_json(out, &answer);
    }
    print_asked(out, &opened, &answer.asked)?;
    writeln!(out, "{} over {}\n", answer.node, answer.asked.over)?;
    let mut head = words(&["ablation", "accuracy"]);
    head.extend((0..task.list_len).map(|j| format!("b_{j}")));
    head.push("loss".to_owned());
    let mut rows = vec![head];
    for row in &answer.rows {
        let name = row.ablation.as_deref().unwrap_or("none");
        let name = name.replacen(&answer.node, "", 1).replace("  ", " ");
        let number = |x: &f64| format!("{x:.4}");
        let mut cells = vec![name];
        cells.push(
            row.accuracy
                .as_ref()
                .map_or_else(|| row.reason.clone().unwrap_or_default(), number),
        );
        cells.extend(row.accuracy_by_position.iter().flatten().map(number));
        cells.extend(row.mean_loss.map(|loss| format!("{loss:.3e}")));
        cells.resize(task.list_len + 3, String::new());
        rows.push(cells);
    }
    print_rows(out, &rows)
}

#[derive(Serialize)]
struct MinimalAnswer {
    #[serde(flatten)]
    asked: Asked,
    threshold: f64,
    #[serde(flatten)]
    minimal: Minimal,
}

/// `circuitscope minimal`.
///
/// # Errors
/// As for [`sweep`].
pub fn run_minimal(args: &MinimalArgs, out: &mut dyn Write) -> Result<()> {
    ensure!(
        (0.0..=1.0).contains(&args.threshold),
        "--threshold {} is not in 0..=1",
        args.threshold
    );
    let opened = Opened::new(&args.space)?;
    let over = over(args.whole, &args.space)?;
    let bar = Bar::new("sets of edges")?;
    let (transformer, weights) = (&opened.transformer, &opened.weights);
    let found = minimal(
        transformer,
        weights,
        &opened.experiment,
        args.threshold,
        over,
        &mut |progress| bar.tell(progress, ""),
    )?;
    bar.done();
    let answer = MinimalAnswer {
        asked: opened.asked(&args.space, over),
        threshold: args.threshold,
        minimal: found.context(STOPPED)?,
    };
    if args.space.common.format == Format::Json {
        return print_json(out, &answer);
    }
    print_asked(out, &opened, &answer.asked)?;
    let Minimal {
        edges,
        exhaustive,
        accuracy,
        sets,
    } = &answer.minimal;
    writeln!(
        out,
        "{edges} edges, accuracy {accuracy:.6} with all of them ({})",
        answer.asked.over
    )?;
    if !exhaustive {
        writeln!(
            out,
            "too many to try every set: the least needed was taken away, again and again"
        )?;
    }
    let Some(first) = sets.first() else {
        writeln!(out, "no set of edges keeps accuracy {}", args.threshold)?;
        return Ok(());
    };
    writeln!(
        out,
        "{} edges keep accuracy {}:",
        first.on.len(),
        args.threshold
    )?;
    for set in sets {
        writeln!(out, "  {:.6}  {}", set.accuracy, set.on.join("  "))?;
    }
    Ok(())
}

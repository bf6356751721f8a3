//! `circuitscope ablations` and `minimal`: what a node depends on, and which edges are enough.

use super::args::Format;
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked, print_rows, words};
use crate::sweep::{
    Ablated, Draws, Minimal, Over, Tally, ablations, depends_on, minimal, node, title, verdict,
    without_node,
};
use crate::task::number::{fixed, significant};
use crate::task::text::counted;
use crate::task::{Task, shown};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// `circuitscope ablations`
#[derive(Debug, Args)]
pub struct AblationsArgs {
    /// Hook point and place, as in an intervention: 'blocks.0.attn.hook_z @elt', or an edge:
    /// 'L0->K1 @elt'
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

#[derive(Serialize)]
struct AblationsAnswer {
    #[serde(flatten)]
    asked: Asked,
    node: String,
    /// The fewest fields of which the node has to know: every such set.
    depends_on: Vec<Vec<String>>,
    verdict: String,
    rows: Vec<AblationRow>,
}

#[derive(Serialize)]
struct AblationRow {
    /// The intervention; null for the model as it is.
    ablation: Option<String>,
    inputs: Option<u64>,
    /// Predictions that are not defined; they count as not right.
    undefined: Option<u64>,
    accuracy: Option<f64>,
    /// Of the accuracy; of no meaning over the whole space.
    standard_error: Option<f64>,
    accuracy_by_position: Option<Vec<f64>>,
    mean_loss: Option<f64>,
    /// The donors of each input, where it resamples.
    #[serde(flatten)]
    draws: Option<Draws>,
    /// Why there is no number.
    reason: Option<String>,
}

impl AblationRow {
    fn new(ablated: &Ablated, task: Task) -> Self {
        let tally = ablated.tally.as_ref().ok();
        Self {
            ablation: ablated.ablation.as_ref().map(|one| one.line(task)),
            inputs: ablated.inputs(),
            undefined: tally.map(Tally::undefined),
            accuracy: tally.map(Tally::accuracy),
            standard_error: ablated.estimate().map(|one| one.standard_error),
            accuracy_by_position: tally.map(Tally::accuracy_by_position),
            mean_loss: tally.map(Tally::mean_loss),
            draws: ablated.draws,
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
/// When the node cannot be read, or as for `sweep`.
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
    let (transformer, weights) = (&opened.transformer, opened.weights.as_ref());
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
        node: title(&node, task),
        depends_on: depends_on(&found)
            .iter()
            .map(|set| set.iter().map(ToString::to_string).collect())
            .collect(),
        verdict: verdict(&found),
        rows: (found.iter().map(|one| AblationRow::new(one, task))).collect(),
    };
    let format = args.space.common.format;
    if format != Format::Text {
        return print_numbers(format, out, &answer);
    }
    print_asked(out, &opened, &answer.asked)?;
    writeln!(out, "{} over {}\n", answer.node, answer.asked.over)?;
    let sampled = matches!(over, Over::Sample(_));
    let mut head = words(&["ablation", "accuracy"]);
    head.extend(sampled.then(|| "±".to_owned()));
    head.extend(task.predictions());
    head.extend(words(&["loss", "spread", "donors"]));
    let mut rows = vec![head];
    for row in &answer.rows {
        let name = row.ablation.as_deref().unwrap_or("none");
        let name = without_node(name, &answer.node);
        let number = |x: &f64| fixed(*x, 4);
        let mut cells = vec![name];
        cells.push(
            row.accuracy
                .as_ref()
                .map_or_else(|| row.reason.clone().unwrap_or_default(), number),
        );
        let error = row.standard_error.as_ref().filter(|_| sampled);
        cells.extend(error.map(number));
        cells.extend(row.accuracy_by_position.iter().flatten().map(number));
        cells.extend(row.mean_loss.map(|loss| significant(loss, 4)));
        if let Some(draws) = &row.draws {
            let spread = draws.spread.as_ref();
            cells.push(spread.map_or_else(String::new, number));
            let all = if draws.exact { "all " } else { "" };
            cells.push(format!("{all}{}", draws.donors));
        }
        cells.resize(task.answers.len() + 5 + usize::from(sampled), String::new());
        rows.push(cells);
    }
    print_rows(out, &rows)?;
    writeln!(out, "\n{}", answer.verdict)?;
    let undefined = |row: &&AblationRow| row.undefined.is_some_and(|n| n > 0);
    let rows = answer.rows.iter().filter(undefined).count();
    if rows > 0 {
        writeln!(
            out,
            "{rows} of {} rows have predictions that are undefined: counted as wrong, left out of the loss (--format json \
             tells how many)",
            answer.rows.len()
        )?;
    }
    Ok(())
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
/// As for `sweep`.
pub fn run_minimal(args: &MinimalArgs, out: &mut dyn Write) -> Result<()> {
    ensure!(
        (0.0..=1.0).contains(&args.threshold),
        "--threshold {} is not from 0 to 1",
        args.threshold
    );
    let opened = Opened::new(&args.space)?;
    let over = over(args.whole, &args.space)?;
    let bar = Bar::new("sets of edges")?;
    let (transformer, weights) = (&opened.transformer, opened.weights.as_ref());
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
    let format = args.space.common.format;
    if format != Format::Text {
        return print_numbers(format, out, &answer);
    }
    print_asked(out, &opened, &answer.asked)?;
    let Minimal {
        edges,
        switches,
        exhaustive,
        accuracy,
        sets,
        ..
    } = &answer.minimal;
    writeln!(
        out,
        "{}, accuracy {} with all of them ({})\nswitched: {}",
        counted(*edges, "edge"),
        fixed(*accuracy, 6),
        answer.asked.over,
        switches.join(" ")
    )?;
    if let Some(undefined) = answer.minimal.undefined() {
        writeln!(out, "{undefined}")?;
    }
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
        "with {} on, accuracy {} is kept; {}:",
        counted(first.on.len(), "edge"),
        args.threshold,
        answer.minimal.told()
    )?;
    for set in sets {
        writeln!(out, "  {}  {}", fixed(set.accuracy, 6), set.name())?;
    }
    Ok(())
}

//! `circuitscope explain`: whether an algorithm that is written down is the model's.

use super::args::Format;
use super::claim::exit_code;
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked, print_rows, tell, words};
use crate::lens::Experiment;
use crate::sweep::{Accounted, Conclusion, Explanation, Kept, MAX_PAGE, Over, Sweep, make_means};
use crate::task::number::{fixed, significant};
use crate::task::plain::{self, Links};
use crate::task::{Task, fraction, grouped, harmless};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// `circuitscope explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The page: Markdown with a title, text, and lines set in by four blanks that are rules and other
    /// interventions
    pub file: PathBuf,
    #[command(flatten)]
    pub space: SpaceArgs,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    asked: Asked,
    title: String,
    text: String,
    verdict: Conclusion,
    method: String,
    #[serde(flatten)]
    kept: Kept,
    /// Each line left out in turn.
    without: Vec<Without>,
    explained: Vec<Accounted>,
    seconds: f64,
}

#[derive(Serialize)]
struct Without {
    line: String,
    kept: u64,
    right: u64,
    inputs: u64,
    loss: f64,
    /// Over which inputs.
    over: String,
}

/// Runs the command; its exit code says the verdict, as that of a claim does.
///
/// # Errors
/// When the page, the model or a flag will not do.
pub fn run(args: &ExplainArgs, out: &mut dyn Write) -> Result<ExitCode> {
    ensure!(
        args.space.intervene.is_empty(),
        "the page says what is done to the model: write it there"
    );
    let page = plain::text(&args.file, MAX_PAGE, Links::Followed)
        .with_context(|| format!("cannot read the explanation {:?}", args.file))?;
    let opened = Opened::new(&args.space)?;
    let (task, config) = (opened.transformer.task(), opened.transformer.config());
    let explanation = Explanation::parse(&page, task, config)
        .with_context(|| format!("in the explanation {:?}", args.file))?;
    let started = Instant::now();
    let untouched = swept(&opened, &[])?;
    let all: Vec<usize> = (0..explanation.lines.len()).collect();
    let with = swept(&opened, &of(&explanation, &all))?;
    tell(with.how(args.space.over()).as_deref());
    let over = with.walked(args.space.over());
    let found = compared(&with, &untouched, over, "kept")?;
    let sampled = with.is_sampled(over);
    let mut without = Vec::new();
    for left_out in &all {
        let others: Vec<usize> = all.iter().copied().filter(|i| i != left_out).collect();
        let sweep = swept(&opened, &of(&explanation, &others))?;
        // where each input is a forward pass, the sample stands for all
        let over = match (sweep.reason(), over) {
            (Some(_), Over::Space) => Over::Sample(args.space.sample),
            _ => over,
        };
        let line = explanation.lines[*left_out].line(task);
        let found = compared(&sweep, &untouched, over, "each left out")?;
        without.push(Without {
            line,
            kept: found.kept,
            right: found.right,
            inputs: found.inputs,
            loss: found.loss,
            over: over.to_string(),
        });
    }
    let mut asked = opened.asked(&args.space, over);
    asked.interventions = explanation.lines.iter().map(|one| one.line(task)).collect();
    let answer = Answer {
        asked,
        verdict: found.conclusion(sampled),
        method: method(&with, &untouched, sampled),
        explained: explanation.accounted(task, config),
        title: explanation.title,
        text: explanation.text,
        kept: found,
        without,
        seconds: started.elapsed().as_secs_f64(),
    };
    match args.space.common.format {
        Format::Json | Format::Csv => print_numbers(args.space.common.format, out, &answer)?,
        Format::Text => print(out, &opened, &answer)?,
    }
    Ok(exit_code(Some(answer.verdict)))
}

fn method(with: &Sweep, untouched: &Sweep, sampled: bool) -> String {
    let tables = with.reason().is_none() && untouched.reason().is_none();
    let inputs = if sampled { "a sample" } else { "enumeration" };
    let how = match tables {
        true => "tables of the weights, close calls in double precision",
        false => "forward passes in single precision",
    };
    format!("{inputs}, by {how}")
}

fn of(explanation: &Explanation, lines: &[usize]) -> Vec<crate::lens::Intervention> {
    lines
        .iter()
        .map(|&i| explanation.lines[i].clone())
        .collect()
}

fn swept(opened: &Opened, lines: &[crate::lens::Intervention]) -> Result<Sweep> {
    make_means(&opened.transformer, lines, &mut |_| Ok(true))?;
    let experiment = Experiment {
        interventions: lines.to_vec(),
        ..opened.experiment.clone()
    };
    Sweep::new(&opened.transformer, opened.weights.as_ref(), &experiment)
}

fn compared(with: &Sweep, untouched: &Sweep, over: Over, what: &str) -> Result<Kept> {
    let bar = Bar::new("inputs")?;
    let found = with.kept(untouched, over, &mut |_, progress| bar.tell(progress, what))?;
    bar.done();
    found.context(STOPPED)
}

/// A share of inputs in words.
fn share(part: u64, all: u64) -> String {
    let fraction = fraction(part as f64 / all.max(1) as f64);
    format!(
        "{} of {} ({fraction})",
        grouped(part.into()),
        grouped(all.into())
    )
}

fn print(out: &mut dyn Write, opened: &Opened, answer: &Answer) -> Result<()> {
    let task = opened.transformer.task();
    writeln!(out, "{}", harmless(&answer.title))?;
    print_asked(out, opened, &answer.asked)?;
    let kept = &answer.kept;
    writeln!(
        out,
        "{}: every prediction is kept for {} inputs (over {})",
        answer.verdict.word(),
        share(kept.kept, kept.inputs),
        answer.asked.over
    )?;
    writeln!(out, "{}", answer.method)?;
    writeln!(
        out,
        "right: {}; the untouched model {}",
        share(kept.right, kept.inputs),
        share(kept.right_untouched, kept.inputs)
    )?;
    writeln!(
        out,
        "loss {}; the untouched model {}",
        significant(kept.loss, 4),
        significant(kept.loss_untouched, 4)
    )?;
    print_lost(out, task, kept)?;
    let mut rows = vec![words(&["each left out", "kept", "right", "loss", "over"])];
    rows.extend(answer.without.iter().map(|one| {
        vec![
            one.line.clone(),
            fixed(one.kept as f64 / one.inputs.max(1) as f64, 6),
            fixed(one.right as f64 / one.inputs.max(1) as f64, 6),
            significant(one.loss, 4),
            one.over.clone(),
        ]
    }));
    print_rows(out, &rows)?;
    let mut rows = vec![words(&["what is explained", "positions", "of"])];
    rows.extend(answer.explained.iter().map(|one| {
        vec![
            one.part.clone(),
            one.explained.to_string(),
            one.of.to_string(),
        ]
    }));
    print_rows(out, &rows)
}

fn print_lost(out: &mut dyn Write, task: Task, kept: &Kept) -> Result<()> {
    if kept.kept == kept.inputs {
        return Ok(());
    }
    for (j, lost) in kept.lost_by_prediction.iter().enumerate() {
        writeln!(
            out,
            "not kept at {}: {}",
            task.prediction(j),
            grouped((*lost).into())
        )?;
    }
    if let Some(field) = Kept::field(task) {
        let each = kept.lost_by_field.iter().zip(field.values());
        for (lost, &value) in each.filter(|(lost, _)| **lost > 0) {
            let value = task.token_name(value);
            writeln!(
                out,
                "not kept where {field} is {value}: {}",
                grouped((*lost).into())
            )?;
        }
    }
    let said = |all: &[Option<u32>]| {
        let names: Vec<String> = all.iter().map(|one| task.said_words(*one)).collect();
        names.join(" ")
    };
    for one in kept.lost.iter().take(5) {
        writeln!(
            out,
            "{}: {} and not {}",
            one.values,
            said(&one.now),
            said(&one.untouched)
        )?;
    }
    Ok(())
}

//! `circuitscope claim`: one line against every input.

use super::args::Format;
use super::common::print_json;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked, tell};
use crate::sweep::{Claim, Verdict};
use crate::task::number::fixed;
use crate::task::shown;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// `circuitscope claim`
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// The claim, such as 'margin > 5 when idx=1'
    #[arg(allow_hyphen_values = true)]
    pub claim: String,
    #[command(flatten)]
    pub space: SpaceArgs,
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
/// When the claim cannot be read, or as for `sweep`.
pub fn claim(args: &ClaimArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let opened = Opened::new(&args.space)?;
    let (task, over) = (opened.transformer.task(), args.space.over());
    let config = opened.transformer.config();
    let claim = Claim::parse(&args.claim, task, config)
        .with_context(|| format!("in the claim '{}'", shown(&args.claim)))?;
    let sweep = opened.sweep()?;
    tell(sweep.how(over).as_deref());
    let over = sweep.walked(over);
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
    let verdict = &answer.verdict;
    writeln!(out, "{}: {}", verdict.word(), verdict.claim)?;
    writeln!(
        out,
        "{} (over {})",
        verdict.count_words(),
        answer.asked.over
    )?;
    if verdict.total == 0 {
        return Ok(());
    }
    writeln!(out, "{}", verdict.number_words())?;
    let what = if verdict.holds == Some(false) {
        "counterexample"
    } else {
        "where"
    };
    for one in verdict.counterexample.iter().chain(&verdict.further) {
        let value = fixed(one.value, 6);
        writeln!(out, "{what}: {}  value {value}", one.values)?;
    }
    Ok(())
}

//! `circuitscope claim 'cell ...'`: what an answer's cell comes to.

use super::args::Format;
use super::claim::{ClaimArgs, exit_code};
use super::output::print_numbers;
use super::space::{Asked, Opened, print_asked};
use crate::answers::{CellClaim, judge_cells};
use crate::sweep::{Conclusion, Over};
use crate::task::shown;
use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Serialize)]
struct OfCell<'a> {
    #[serde(flatten)]
    asked: Asked,
    claim: &'a str,
    verdict: Conclusion,
    because: &'a str,
    method: &'static str,
    seconds: f64,
}

/// Judges a claim about a cell of an answer to the pair and interventions at hand.
///
/// # Errors
/// When it cannot be read, or inputs are named: which ones it is about its question says.
pub(super) fn of_cell(args: &ClaimArgs, out: &mut dyn Write) -> Result<ExitCode> {
    ensure!(
        args.space.over.is_none() && args.by.is_none() && args.certificate.is_none(),
        "a claim about a cell of an answer is of what its question names; --over, --by and --certificate are not \
         for it"
    );
    let opened = Opened::new(&args.space)?;
    let model = &opened.transformer;
    let claim = CellClaim::parse(&args.claim, model.task(), model.config())
        .with_context(|| format!("in the claim '{}'", shown(&args.claim)))?;
    let started = Instant::now();
    let found = judge_cells(model, &opened.experiment, &[claim], &|| true)?;
    let found = (found.into_iter().flatten().next()).context("it was not judged")?;
    let mut asked = opened.asked(&args.space, Over::Sample(args.space.sample));
    asked.over.clone_from(&found.over);
    let answer = OfCell {
        asked,
        claim: &args.claim,
        verdict: found.conclusion(),
        because: &found.because,
        method: "read off the answer, computed in single precision",
        seconds: started.elapsed().as_secs_f64(),
    };
    match args.space.common.format {
        Format::Json | Format::Csv => print_numbers(args.space.common.format, out, &answer)?,
        Format::Text => {
            print_asked(out, &opened, &answer.asked)?;
            let word = answer.verdict.word();
            writeln!(out, "{word}: {}\n{}", shown(&args.claim), found.because)?;
        }
    }
    Ok(exit_code(Some(found.conclusion())))
}

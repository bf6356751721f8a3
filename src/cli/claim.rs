//! `circuitscope claim`: one line against every input; `circuitscope verify`: the same again.

use super::args::{Common, Format};
use super::cells::of_cell;
use super::groups::{again_by_group, by_group};
use super::model_args::{ModelArgs, SaidArgs};
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked, tell};
use super::workbench::absolute;
use crate::answers::CellClaim;
use crate::app::ModelInfo;
use crate::findings::certificate::{CERTIFICATE, Certificate};
use crate::findings::compare::Difference;
use crate::findings::files::{check_writable, write};
use crate::findings::session::ModelRef;
use crate::sweep::{Claim, Conclusion, Over, Verdict};
use crate::task::number::fixed;
use crate::task::shown;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// `circuitscope claim`
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// The claim, such as 'margin > 5 when idx=1'
    #[arg(allow_hyphen_values = true)]
    pub claim: String,
    /// Also write what came of it to this file, for `circuitscope verify`
    #[arg(long, value_name = "FILE.json")]
    pub certificate: Option<PathBuf>,
    /// Replace a certificate that is there already
    #[arg(long, requires = "certificate")]
    pub force: bool,
    /// In every group of inputs that agree in this expression, each for itself: idx, max(a)
    #[arg(long, value_name = "EXPRESSION")]
    pub by: Option<String>,
    /// With --by: in at least this part of each group, such as 0.99
    #[arg(long, value_name = "PART", requires = "by")]
    pub at_least: Option<f64>,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// `circuitscope verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The certificate
    pub file: PathBuf,
    /// Where the model is now, if it is not where the certificate says
    #[arg(short, long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// Exit code of a claim that is not known to be true or false.
const UNDECIDED: u8 = 2;

#[derive(Serialize)]
struct ClaimAnswer {
    #[serde(flatten)]
    asked: Asked,
    #[serde(flatten)]
    found: Verdict,
    verdict: Option<Conclusion>,
    n: u64,
    method: String,
    close_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_95: Option<f64>,
    /// Of the mean over a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_error: Option<f64>,
    seconds: f64,
}

#[derive(Serialize)]
struct Verified<'a> {
    certificate: String,
    claim: &'a str,
    verdict: Option<Conclusion>,
    verified: bool,
    differences: &'a [Difference],
    seconds: f64,
}

/// A claim that was checked.
struct Checked {
    opened: Opened,
    over: Over,
    found: Verdict,
    seconds: f64,
}

fn check(line: &str, space: &SpaceArgs) -> Result<Checked> {
    let opened = Opened::new(space)?;
    let (task, over) = (opened.transformer.task(), space.over());
    let config = opened.transformer.config();
    let claim = Claim::parse(line, task, config)
        .with_context(|| format!("in the claim '{}'", shown(line)))?;
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
    let found = sweep.check(over, &claim, &mut report)?.context(STOPPED)?;
    bar.done();
    Ok(Checked {
        opened,
        over,
        found,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// `circuitscope claim`: exit code 1 when it is refuted, 2 when it is not decided.
///
/// # Errors
/// When the claim cannot be read, or as for `sweep`.
pub fn claim(args: &ClaimArgs, out: &mut dyn Write) -> Result<ExitCode> {
    if CellClaim::is(&args.claim) {
        return of_cell(args, out);
    }
    if let Some(file) = &args.certificate {
        check_writable(file, args.force)?;
    }
    if let Some(by) = &args.by {
        return by_group(args, by, out);
    }
    let checked = check(&args.claim, &args.space)?;
    certify(args, || certificate(&args.claim, &args.space, &checked))?;
    let Checked {
        opened,
        over,
        found,
        seconds,
    } = checked;
    let verdict = found.conclusion();
    let answer = ClaimAnswer {
        asked: opened.asked(&args.space, over),
        verdict,
        n: found.total,
        method: found.method(),
        close_calls: found.evidence.close,
        why: found.why(),
        bound_95: found.bound(),
        standard_error: found.standard_error.filter(|_| found.evidence.sampled),
        seconds,
        found,
    };
    match args.space.common.format {
        Format::Json | Format::Csv => print_numbers(args.space.common.format, out, &answer)?,
        Format::Text => print_claim(out, &opened, &answer)?,
    }
    Ok(exit_code(verdict))
}

/// Writes the certificate, where one is asked for.
pub(super) fn certify(
    args: &ClaimArgs,
    certificate: impl FnOnce() -> Result<Certificate>,
) -> Result<()> {
    if let Some(file) = &args.certificate {
        write(file, &CERTIFICATE.text(&certificate()?)?, args.force)?;
    }
    Ok(())
}

/// How the command ends.
pub(super) fn exit_code(verdict: Option<Conclusion>) -> ExitCode {
    match verdict {
        Some(Conclusion::Refuted) => ExitCode::from(1),
        Some(Conclusion::Undecided) => ExitCode::from(UNDECIDED),
        Some(Conclusion::Proved | Conclusion::Supported) | None => ExitCode::SUCCESS,
    }
}

/// What was asked and what came of it, as a file.
fn certificate(line: &str, space: &SpaceArgs, checked: &Checked) -> Result<Certificate> {
    let asked = asked(line, space, &checked.opened);
    asked.found(&checked.found, checked.seconds)
}

/// What was asked, as a file.
pub(super) fn asked(line: &str, space: &SpaceArgs, opened: &Opened) -> Certificate {
    let Opened {
        model, transformer, ..
    } = opened;
    let path = absolute(space.common.which.path().as_deref());
    let info = ModelInfo::new(model, path, String::new());
    let (task, words) = (transformer.task(), |words: &Vec<String>| words.join(" "));
    let lines = opened.experiment.interventions.iter();
    Certificate {
        format: CERTIFICATE.format(),
        program: format!("circuitscope {}", env!("CARGO_PKG_VERSION")),
        model: ModelRef {
            assumed_positions: info.assumed_positions(),
            path: info.path,
            name: info.name,
            hash: info.hash,
            task_file: None,
            said: BTreeMap::new(),
        },
        said: space.common.which.said.flags(),
        task: task.title(),
        task_hash: task.source_hash(),
        claim: line.to_owned(),
        interventions: lines.map(|one| one.line(task)).collect(),
        low_rank: space.low_rank.clone(),
        over: space.over().to_string(),
        sample: space.sample.to_string(),
        clean: space.clean.as_ref().map(words),
        corrupted: space.corrupted.as_ref().map(words),
        ..Certificate::default()
    }
}

/// `circuitscope verify`: exit code 1 when something is not as the certificate says.
///
/// # Errors
/// When the certificate or the model cannot be read.
pub fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let then = Certificate::open(&args.file)?;
    let wrong = |what: &str| format!("in the certificate {:?}: {what}", args.file);
    let over = match then.over.as_str() {
        "space" => None,
        sample => Some(sample.parse().with_context(|| wrong("over"))?),
    };
    let path = args
        .model
        .clone()
        .or_else(|| then.model.path.clone().map(PathBuf::from));
    let words = |text: &Option<String>| text.as_ref().map(|text| vec![text.clone()]);
    let space = SpaceArgs {
        intervene: then.interventions.clone(),
        over,
        sample: then.sample.parse().with_context(|| wrong("sample"))?,
        clean: words(&then.clean),
        corrupted: words(&then.corrupted),
        low_rank: then.low_rank.clone(),
        common: Common {
            which: ModelArgs {
                model: path.into_iter().collect(),
                slide: None,
                said: SaidArgs::of_flags(&then.said).with_context(|| wrong("said"))?,
            },
            format: args.format,
        },
    };
    let again = match &then.by {
        Some(by) => again_by_group((&then.claim, by), then.at_least, &space),
        None => check(&then.claim, &space)
            .and_then(|checked| certificate(&then.claim, &space, &checked)),
    };
    let now = again.with_context(|| wrong("it cannot be checked again"))?;
    let differences = then.differences(&now)?;
    let verified = differences.is_empty();
    match args.format {
        Format::Json | Format::Csv => print_numbers(
            args.format,
            out,
            &Verified {
                certificate: args.file.to_string_lossy().into_owned(),
                claim: &then.claim,
                verdict: now.verdict,
                verified,
                differences: &differences,
                seconds: now.seconds,
            },
        )?,
        Format::Text => print_verified(out, &now, &differences)?,
    }
    Ok(ExitCode::from(u8::from(!verified)))
}

fn print_verified(
    out: &mut dyn Write,
    now: &Certificate,
    differences: &[Difference],
) -> Result<()> {
    let word = now.verdict.map_or("told", Conclusion::word);
    let how = match differences {
        [] => "as the certificate says",
        _ => "NOT as the certificate says",
    };
    writeln!(out, "{word}: {}: {how}", shown(&now.claim))?;
    for one in differences {
        let text = |value: &serde_json::Value| shown(&value.to_string());
        let (then, now) = (text(&one.then), text(&one.now));
        writeln!(out, "{}: {then} there, {now} now", shown(&one.what))?;
    }
    Ok(())
}

fn print_claim(out: &mut dyn Write, opened: &Opened, answer: &ClaimAnswer) -> Result<()> {
    print_asked(out, opened, &answer.asked)?;
    let found = &answer.found;
    writeln!(out, "{}: {}", found.word(), found.claim)?;
    writeln!(out, "{} (over {})", found.count_words(), answer.asked.over)?;
    if found.total == 0 {
        return Ok(());
    }
    writeln!(out, "{}", found.known_words())?;
    if !found.is_of_classes() {
        writeln!(out, "{}", found.number_words())?;
    }
    if let Some(control) = &found.control {
        writeln!(out, "{}", control.words())?;
    }
    let what = if found.holds == Some(false) {
        "counterexample"
    } else {
        "where"
    };
    for one in found.counterexample.iter().chain(&found.further) {
        let told = match found.is_of_classes() && !one.value.is_nan() {
            true => format!("{} is {}", found.of, one.value),
            false => format!("value {}", fixed(one.value, 6)),
        };
        writeln!(out, "{what}: {}  {told}", one.values)?;
    }
    Ok(())
}

//! `circuitscope replay`: findings computed again.

use super::args::Format;
use super::common;
use super::model_args::ModelArgs;
use super::output::print_numbers;
use super::progress::Bar;
use super::table::{self, Align};
use super::workbench::{absolute, steps_of, with_said};
use crate::app::ModelInfo;
use crate::findings::compare::{Comparison, Difference};
use crate::findings::gather::Gathered;
use crate::findings::places;
use crate::findings::store::verdict_word;
use crate::runtime::replay::{Looked, Record, Replayed, records, replay};
use crate::sweep::Conclusion;
use crate::task::number::{fixed, significant};
use crate::task::{harmless, shown};
use crate::ui::colour::Depth;
use crate::ui::look::Look;
use crate::ui::theme::Theme;
use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `circuitscope replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A finding's folder, its name, a folder of findings, or a session file
    pub path: PathBuf,
    /// How far a number may be from the recorded one
    #[arg(long, default_value_t = 1e-4)]
    pub tolerance: f64,
    /// How to print the answer; of a session file JSON has every number
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Print JSON
    #[arg(long, hide = true)]
    pub json: bool,
    /// Which model instead of the session's own, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
}

/// Exit code when something is not as it was, or not there.
pub(super) const DIFFERENT: u8 = 1;

#[derive(Serialize)]
struct Answer {
    format: &'static str,
    tolerance: f64,
    holds: bool,
    records: Vec<Replayed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broken: Vec<Broken>,
}

/// One that could not be computed again.
#[derive(Serialize)]
struct Broken {
    name: String,
    why: String,
}

/// A path as it is, or the finding of that name in the folder of findings.
pub(super) fn named(path: &Path) -> PathBuf {
    let env = |name: &str| std::env::var(name).ok();
    let is_name = path.components().count() == 1 && !path.exists();
    let kept = places::findings(&env).filter(|_| is_name);
    let kept = kept.map(|folder| folder.join(path));
    let found = kept.filter(|folder| folder.is_dir());
    found.unwrap_or_else(|| path.to_owned())
}

/// Runs the command. Exit code 1 says that something is not as it was.
///
/// # Errors
/// When a file or a model cannot be read.
pub fn run(args: &ReplayArgs, out: &mut dyn Write) -> Result<ExitCode> {
    ensure!(
        args.tolerance.is_finite() && args.tolerance >= 0.0,
        "--tolerance {} is no number from 0 on",
        args.tolerance
    );
    let Gathered {
        read: records,
        broken,
    } = records(&named(&args.path))?;
    let mut broken: Vec<Broken> = (broken.into_iter())
        .map(|(name, why)| Broken { name, why })
        .collect();
    let alone = records.len() + broken.len() == 1;
    let look = Look {
        theme: Theme::named("dark")?.clone(),
        depth: Depth::None,
        ascii: true,
    };
    // each model is opened once for each task, and its records are computed together
    let mut models: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        let which = looked_at(&args.which, record);
        let key = (which.path(), which.said.flags());
        models.entry(key).or_default().push(i);
    }
    let bar = Bar::new("inputs")?;
    let mut replayed = Vec::new();
    for of_model in models.into_values() {
        let some: Vec<&Record> = of_model.iter().map(|&i| &records[i]).collect();
        let found = match open(&args.which, some[0]) {
            Ok(looked) => {
                let mut report = |progress| bar.tell(progress, "claims");
                replay(&some, &looked, &look, args.tolerance, &mut report)
            }
            Err(error) if alone => return Err(error),
            Err(error) => {
                let why = format!("{error:#}");
                some.iter().map(|_| Err(anyhow!(why.clone()))).collect()
            }
        };
        for (i, found) in of_model.into_iter().zip(found) {
            match found {
                Ok(one) => replayed.push((i, one)),
                Err(error) if alone => return Err(error),
                Err(error) => broken.push(Broken {
                    name: records[i].name.clone(),
                    why: format!("{error:#}"),
                }),
            }
        }
    }
    bar.done();
    replayed.sort_by_key(|(i, _)| *i);
    let replayed: Vec<Replayed> = replayed.into_iter().map(|(_, one)| one).collect();
    let holds = broken.is_empty() && replayed.iter().all(|one| one.holds);
    let format = if args.json { Format::Json } else { args.format };
    if format != Format::Text {
        let answer = Answer {
            format: "circuitscope-replay-1",
            tolerance: args.tolerance,
            holds,
            records: replayed,
            broken,
        };
        print_numbers(format, out, &answer)?;
    } else {
        for one in &replayed {
            print(out, one, args.tolerance)?;
        }
        for Broken { name, why } in &broken {
            let (name, why) = (harmless(name), harmless(why));
            writeln!(out, "{name}: not computed: {why}")?;
        }
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENT)
    })
}

/// The model of a finding, its task and what was said of it, where no flag says otherwise.
fn looked_at(which: &ModelArgs, record: &Record) -> ModelArgs {
    let mut which = which.clone();
    let path = which.path();
    let path = path.or_else(|| record.session.model.path.as_ref().map(PathBuf::from));
    if which.model.len() < 2 {
        (which.model, which.slide) = (path.into_iter().collect(), None);
    }
    which.said.fill(&record.session);
    which
}

/// The model of a finding.
pub(super) fn open(which: &ModelArgs, record: &Record) -> Result<Looked> {
    let which = looked_at(which, record);
    let (model, picked) = common::open(&which).with_context(|| {
        let name = shown(&record.session.model.name);
        format!(
            "{:?} is of the model {name}; --model says where it is now",
            record.name
        )
    })?;
    let path = which.path();
    let info = ModelInfo::new(&model, absolute(path.as_deref()), picked.name);
    Ok(Looked {
        info: with_said(info, &which),
        steps: steps_of(&which, path.as_deref())?.1,
        model,
    })
}

fn print(out: &mut dyn Write, one: &Replayed, tolerance: f64) -> Result<()> {
    let name = harmless(&one.name);
    if !one.same_model {
        let hash = |hash: &str| hash.chars().take(8).collect::<String>();
        writeln!(
            out,
            "{name}: another model: made on {} #{}, computed on {} #{}",
            shown(&one.model_then.name),
            hash(&shown(&one.model_then.hash)),
            one.model_now.name,
            hash(&one.model_now.hash)
        )?;
    }
    match &one.comparison {
        None => {
            let numbers = one.numbers.as_ref();
            let metric = numbers.and_then(|all| all.patching.as_ref()?.metric.as_ref());
            let metric = metric.map_or_else(
                || "no metric".to_owned(),
                |metric| {
                    let [clean, corrupted, patched] =
                        [metric.clean, metric.corrupted, metric.patched].map(|x| fixed(x, 3));
                    format!("metric clean {clean}, corrupted {corrupted}, patched {patched}")
                },
            );
            writeln!(
                out,
                "{name}: computed; {metric}; --format json prints every number"
            )?;
        }
        Some(found) if found.different == 0 => writeln!(
            out,
            "{name}: {} numbers as they were (apart by {} at most, {tolerance:e} allowed)",
            found.numbers,
            significant(found.largest, 2)
        )?,
        Some(found) => print_differences(out, &name, found, tolerance)?,
    }
    for claim in &one.claims {
        writeln!(
            out,
            "{name}: claim {}: {} (was: {}) {}",
            harmless(&claim.claim),
            word(claim.verdict, claim.now, claim.counted.is_some()),
            word(claim.verdict_then, claim.then, claim.recorded),
            harmless(&claim.because)
        )?;
        if !claim.differences.is_empty() {
            print_table(out, &claim.differences)?;
        }
    }
    Ok(())
}

fn word(known: Option<Conclusion>, holds: Option<bool>, counted: bool) -> &'static str {
    known.map_or_else(|| verdict_word(holds, counted), Conclusion::word)
}

fn print_differences(
    out: &mut dyn Write,
    name: &str,
    found: &Comparison,
    tolerance: f64,
) -> Result<()> {
    writeln!(
        out,
        "{name}: {} values are not as they were, of {} numbers; {tolerance:e} is allowed",
        found.different, found.numbers
    )?;
    print_table(out, &found.differences)?;
    let rest = found.different - found.differences.len();
    if rest > 0 {
        writeln!(out, "... and {rest} more")?;
    }
    Ok(())
}

fn print_table(out: &mut dyn Write, differences: &[Difference]) -> Result<()> {
    let mut rows = vec![vec!["what".to_owned(), "then".to_owned(), "now".to_owned()]];
    rows.extend(differences.iter().map(|one| {
        let text = |value: &serde_json::Value| {
            let text = value.to_string();
            harmless(&text.chars().take(40).collect::<String>())
        };
        vec![shown(&one.what), text(&one.then), text(&one.now)]
    }));
    Ok(table::write(
        out,
        &[Align::Left, Align::Right, Align::Right],
        &rows,
    )?)
}

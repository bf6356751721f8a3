//! The same training from several seeds: does every seed find the same circuit?

use super::{TrainArgs, command_line, opened, report, take_steps};
use crate::cli::args::Format;
use crate::cli::compare::{Comparison, Taken};
use crate::cli::progress::{Bar, stop_flag};
use crate::model::device::Picked;
use crate::runtime::train::{Outputs, TrainingRun};
use crate::sweep::{Anatomy, Over};
use crate::task::{shown, shown_path};
use crate::training::Recipe;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::Ordering;

/// So many are no longer looked at one by one.
const MOST: u32 = 256;

/// From which seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// So many, one after the other.
    Count(u32),
    /// These.
    List(Vec<u32>),
}

impl FromStr for Seeds {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |word: &str| {
            let number = word.trim().parse::<u32>();
            number.ok().with_context(|| {
                format!("'{}' is no number of seeds, nor a list, 1,2,5", shown(text))
            })
        };
        if !text.contains(',') {
            let count = number(text)?;
            ensure!(
                (1..=MOST).contains(&count),
                "{count} seeds; 1 to {MOST} are supported"
            );
            return Ok(Self::Count(count));
        }
        let mut seeds = Vec::new();
        for word in text.split(',').filter(|word| !word.trim().is_empty()) {
            let seed = number(word)?;
            ensure!(!seeds.contains(&seed), "seed {seed} comes twice");
            seeds.push(seed);
        }
        ensure!(
            (1..=MOST as usize).contains(&seeds.len()),
            "{} seeds; 1 to {MOST} are supported",
            seeds.len()
        );
        Ok(Self::List(seeds))
    }
}

impl Seeds {
    /// One after the other, from the first on.
    fn each(&self, first: u32) -> Result<Vec<u32>> {
        match self {
            Self::List(seeds) => Ok(seeds.clone()),
            Self::Count(count) => {
                let last = first.checked_add(count - 1);
                let last = last.with_context(|| format!("no {count} seeds follow {first}"))?;
                Ok((first..=last).collect())
            }
        }
    }
}

/// Trains from each seed in turn, then compares what came of it. What was trained by the time of a Ctrl-C is
/// kept and compared.
///
/// # Errors
/// When a seed or a file is wrong; nothing is trained then.
pub(super) fn run(
    args: &TrainArgs,
    recipe: &Recipe,
    seeds: &Seeds,
    out: &mut dyn Write,
) -> Result<()> {
    let seeds = seeds.each(recipe.seed)?;
    let folder = args
        .output
        .as_deref()
        .context("--seeds needs --output DIR/")?;
    let is_file = folder.extension().is_some_and(|end| end == "safetensors");
    ensure!(
        !is_file,
        "--seeds writes many models: --output {} must be a folder, such as run/",
        shown_path(folder)
    );
    make_room(folder, args.go_on)?;
    let stopped = stop_flag()?;
    let mut comparison = Comparison::new(Over::usual(recipe.task));
    // what is told beside a table for programs is no part of it
    let mut told = Vec::new();
    for (i, &seed) in seeds.iter().enumerate() {
        let recipe = Recipe {
            seed,
            ..recipe.clone()
        };
        let name = format!("seed-{seed}");
        let what = format!("{name} ({} of {})  ", i + 1, seeds.len());
        let run = one(args, recipe, &folder.join(&name), |run| {
            take_steps(run, &stopped, &what)
        });
        let run = run.with_context(|| format!("at {name}"))?;
        let trained = run.end(args.judge, &command_line())?;
        if !trained.finished {
            let (done, steps) = (run.steps(), run.training().recipe().steps);
            writeln!(
                told,
                "{name}: stopped after {done} of {steps} steps; --continue goes on"
            )?;
            break;
        }
        if args.format == Format::Text {
            report(&mut told, &name, &run, &trained)?;
        }
        let bar = Bar::new("inputs")?;
        let model = run.training().model()?;
        let anatomy = Anatomy::of(&model, comparison.over, &mut |what, progress| {
            bar.tell(progress, &format!("{name}: {what}"))
        })?;
        bar.done();
        let Some(anatomy) = anatomy else { break };
        comparison.add(Taken {
            run: name,
            model: None,
            anatomy,
        });
        if stopped.load(Ordering::Relaxed) {
            break;
        }
    }
    if seeds.len() > comparison.len() {
        let (done, all) = (comparison.len(), seeds.len());
        writeln!(told, "{done} of {all} seeds are compared")?;
    }
    let beside: &mut dyn Write = match args.format {
        Format::Text => &mut *out,
        _ => &mut std::io::stderr(),
    };
    beside.write_all(&told)?;
    comparison.print(args.format, recipe.task, out)
}

/// The folder that holds one for each seed.
fn make_room(folder: &Path, go_on: bool) -> Result<()> {
    let name = shown_path(folder);
    match fs::read_dir(folder) {
        Ok(mut entries) => ensure!(
            go_on || entries.next().is_none(),
            "the folder {name} is not empty; name another, or go on with what is in it by --continue"
        ),
        Err(_) => {
            fs::create_dir(folder).with_context(|| format!("cannot make the folder {name}"))?;
        }
    }
    Ok(())
}

/// Trains from one seed, from where it was stopped if it was begun.
fn one(
    args: &TrainArgs,
    recipe: Recipe,
    folder: &Path,
    steps: impl FnOnce(&mut TrainingRun) -> Result<()>,
) -> Result<TrainingRun> {
    let outputs = Outputs::folder(folder.to_owned(), args.saves.saves(), args.go_on);
    let go_on = args.go_on && outputs.is_begun();
    let picked: Picked = opened(args, go_on, &recipe, &outputs)?;
    let mut run = TrainingRun::begin(recipe, outputs, go_on, &picked)?;
    steps(&mut run)?;
    Ok(run)
}

//! `circuitscope compare`: do several models have the same circuit? What `train --seeds` ends with, too.

use super::args::Format;
use super::common;
use super::model_args::{ModelArgs, SaidArgs};
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{STOPPED, words};
use super::table::{self, Align};
use crate::findings::numbers::ModelNumbers;
use crate::model::Series;
use crate::sweep::{Alike, Anatomy, FrequencyShare, Over, PartNeeded, SPARED};
use crate::task::number::{fixed, significant};
use crate::task::{Sample, Task, grouped, shown, shown_path};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// More models than this are no longer looked at one by one.
const MOST: usize = 256;
/// What the column of frequencies is called.
const WAVES: &str = "frequencies of W_E";
/// The names of circuits.
const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// `circuitscope compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Checkpoints, or folders: of a folder of folders, as `train --seeds` makes, the newest checkpoint of
    /// each; of a series every step
    #[arg(required = true, num_args = 1.., value_name = "FILE|DIR")]
    pub models: Vec<PathBuf>,
    /// Over these inputs: random:SEED or notebook:SEED, and :N; by default all where these are few
    #[arg(long)]
    pub over: Option<Sample>,
    /// Over the whole space, however large
    #[arg(long, conflicts_with = "over")]
    pub whole: bool,
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    pub said: SaidArgs,
}

/// A model that was taken apart.
pub(super) struct Taken {
    /// What it is called in the table.
    pub run: String,
    /// Which model it is, where it was opened from a file.
    pub model: Option<ModelNumbers>,
    pub anatomy: Anatomy,
}

/// Models side by side.
pub(super) struct Comparison {
    /// Of which inputs.
    pub over: Over,
    taken: Vec<Taken>,
}

/// The answer for programs.
#[derive(Serialize)]
struct CompareAnswer<'a> {
    over: String,
    /// A part is needed where more accuracy than this is lost without it; a set of edges is enough where no
    /// more is.
    spared: f64,
    runs: Vec<RunRow<'a>>,
    circuits: Vec<CircuitRow<'a>>,
    /// Whether all have the same circuit; null of a single model.
    same: Option<bool>,
    compared: String,
}

#[derive(Serialize)]
struct RunRow<'a> {
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a ModelNumbers>,
    n: u64,
    exact: bool,
    loss: f64,
    inputs_accuracy: f64,
    /// Of single predictions.
    accuracy: f64,
    /// Of the accuracy; 0 where it is exact.
    standard_error: f64,
    parts: &'a [PartNeeded],
    /// The smallest sets of edges; null where they are not known.
    sets: Option<Vec<&'a [String]>>,
    /// Edges that can be switched.
    edges: Option<usize>,
    /// Whether none smaller is enough; else edges were taken away one by one.
    exhaustive: Option<bool>,
    /// Why the sets are not known.
    reason: Option<&'a str>,
    /// The fewest that have 0.9 of `W_E` without its constant; null where no MLP reads numbers.
    frequencies: Option<&'a [FrequencyShare]>,
    circuit: String,
}

#[derive(Serialize)]
struct CircuitRow<'a> {
    circuit: String,
    runs: Vec<&'a str>,
    /// Of the first of them.
    needed: Vec<&'a str>,
    /// Likewise.
    sets: Option<Vec<&'a [String]>>,
}

/// Runs the command.
///
/// # Errors
/// When a model cannot be opened, or they are of several tasks.
pub fn run(args: &CompareArgs, out: &mut dyn Write) -> Result<()> {
    let paths = listed(&args.models)?;
    let bar = Bar::new("inputs")?;
    let mut comparison: Option<(Comparison, Task)> = None;
    for (name, path) in paths {
        let which = ModelArgs {
            model: vec![path],
            slide: None,
            said: args.said.clone(),
        };
        let (model, picked) = common::open(&which)?;
        common::tell(&picked);
        let task = model.transformer.task();
        ensure!(
            task.is_judged(),
            "{name} has a task without right answers: {task}; --task names another"
        );
        let (comparison, first) = comparison.get_or_insert_with(|| {
            let over = match (args.over, args.whole) {
                (Some(sample), _) => Over::Sample(sample),
                (None, true) => Over::Space,
                (None, false) => Over::usual(task),
            };
            (Comparison::new(over), task)
        });
        ensure!(
            task.identity() == first.identity(),
            "{name} is for the task {task}, those before it for {first}; models of one task are compared"
        );
        let anatomy = Anatomy::of(
            &model.transformer,
            comparison.over,
            &mut |what, progress| bar.tell(progress, &format!("{name}: {what}")),
        );
        let anatomy = anatomy
            .with_context(|| format!("of {name}"))?
            .context(STOPPED)?;
        comparison.add(Taken {
            run: name,
            model: Some(ModelNumbers::from(&model)),
            anatomy,
        });
    }
    bar.done();
    let (comparison, task) = comparison.context("no models")?;
    comparison.print(args.format, task, out)
}

/// The models that paths name, each with what it is called.
fn listed(paths: &[PathBuf]) -> Result<Vec<(String, PathBuf)>> {
    let mut all = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => all.extend(in_folder(path)?),
            false => all.push((name_of(path), path.clone())),
        }
    }
    ensure!(
        all.len() <= MOST,
        "{} models; {MOST} are compared at most",
        all.len()
    );
    Ok(all)
}

/// What the last part of a path is called.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    shown(&name.to_string_lossy())
}

/// The models of a folder: the newest of each folder in it that has checkpoints, or its own steps.
fn in_folder(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let name = shown_path(folder);
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read the folder {name}"))?;
    let mut inside = Vec::new();
    for entry in entries.take(MOST * 16) {
        let path = entry
            .with_context(|| format!("cannot read the folder {name}"))?
            .path();
        if path.is_dir() && Series::around(&path).is_ok() {
            inside.push((name_of(&path), path));
        }
    }
    // seed-10 after seed-9
    inside.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    if !inside.is_empty() {
        return Ok(inside);
    }
    let (series, _) = Series::around(folder)?.context("no series")?;
    let steps = series.steps.into_iter();
    Ok(steps
        .map(|(step, path)| (format!("step {step}"), path))
        .collect())
}

impl Comparison {
    pub(super) fn new(over: Over) -> Self {
        Self {
            over,
            taken: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, taken: Taken) {
        self.taken.push(taken);
    }

    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    fn answer(&self) -> CompareAnswer<'_> {
        let all: Vec<&Anatomy> = self.taken.iter().map(|one| &one.anatomy).collect();
        let alike = Alike::of(&all);
        let both = || self.taken.iter().zip(&alike.circuit);
        let circuit = |number: usize| {
            let mut of = both()
                .filter(move |(_, other)| **other == number)
                .map(|(one, _)| one);
            let runs = of.clone().map(|one| &*one.run).collect();
            let first = of.next().map(|one| &one.anatomy);
            CircuitRow {
                circuit: letter(number),
                runs,
                needed: first.map_or_else(Vec::new, Anatomy::needed),
                sets: first.and_then(Anatomy::sets),
            }
        };
        CompareAnswer {
            over: self.over.to_string(),
            spared: SPARED,
            runs: both().map(|(one, &number)| self.row(one, number)).collect(),
            circuits: (0..alike.circuits()).map(circuit).collect(),
            same: (self.len() > 1).then_some(alike.circuits() == 1),
            compared: self.sentence(&alike),
        }
    }

    fn row<'a>(&self, one: &'a Taken, number: usize) -> RunRow<'a> {
        let anatomy = &one.anatomy;
        let minimal = anatomy.minimal.as_ref();
        let exact = self.over == Over::Space;
        RunRow {
            run: &one.run,
            model: one.model.as_ref(),
            n: anatomy.tally.inputs,
            exact,
            loss: anatomy.tally.mean_loss(),
            inputs_accuracy: anatomy.tally.right().inputs_accuracy,
            accuracy: anatomy.tally.accuracy(),
            standard_error: match exact {
                true => 0.0,
                false => anatomy.tally.accuracy_estimate().standard_error,
            },
            parts: &anatomy.parts,
            sets: anatomy.sets(),
            edges: minimal.ok().map(|minimal| minimal.edges),
            exhaustive: minimal.ok().map(|minimal| minimal.exhaustive),
            reason: minimal.err().map(String::as_str),
            frequencies: anatomy.frequencies.as_ref().map(|(shares, _)| &shares[..]),
            circuit: letter(number),
        }
    }

    /// Whether all have the same circuit, and how that was found out.
    fn sentence(&self, alike: &Alike) -> String {
        let (models, circuits) = (self.len(), alike.circuits());
        let how = format!("compared {}", alike.compared());
        match (models, circuits) {
            (0, _) => "no model to compare".to_owned(),
            (1, _) => "one model alone: nothing to compare it with".to_owned(),
            (_, 1) => format!("all {models} have the same circuit; {how}"),
            _ => {
                let parts = match alike.by_parts {
                    1 => "; the needed parts alone are the same in all".to_owned(),
                    n if n < circuits => format!("; by the needed parts alone {n}"),
                    _ => String::new(),
                };
                format!("{models} models have {circuits} circuits{parts}; {how}")
            }
        }
    }

    /// Prints the table, and whether all have the same circuit.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn print(&self, format: Format, task: Task, out: &mut dyn Write) -> Result<()> {
        let answer = self.answer();
        if format != Format::Text {
            return print_numbers(format, out, &answer);
        }
        self.text(&answer, task, out)
    }

    fn text(&self, answer: &CompareAnswer<'_>, task: Task, out: &mut dyn Write) -> Result<()> {
        if let Some(first) = answer.runs.first() {
            let of = match first.exact {
                true => format!("all {} inputs (exact)", grouped(u128::from(first.n))),
                false => format!("{} (n = {})", answer.over, first.n),
            };
            writeln!(out, "{task}, {of}\n")?;
            let rows = self.rows(answer);
            let mut align = vec![Align::Right; rows[0].len()];
            align[0] = Align::Left;
            // a list is read from its beginning
            if rows[0].last().is_some_and(|name| name == WAVES) {
                align.pop();
                align.push(Align::Left);
            }
            table::write(out, &align, &rows)?;
            writeln!(out)?;
        }
        for circuit in &answer.circuits {
            writeln!(out, "{}", of_circuit(circuit))?;
        }
        for row in &answer.runs {
            if let Some(reason) = row.reason {
                writeln!(out, "{}: smallest sets are not known: {reason}", row.run)?;
            }
        }
        let spared = answer.spared;
        writeln!(
            out,
            "needed: zeroed, more than {spared} of accuracy is lost; enough: no more is lost without \
             all other edges\n{}",
            answer.compared
        )?;
        Ok(())
    }

    /// A row a model; what some lack stays empty.
    fn rows(&self, answer: &CompareAnswer<'_>) -> Vec<Vec<String>> {
        let mut parts: Vec<&str> = Vec::new();
        for part in answer.runs.iter().flat_map(|run| run.parts) {
            if !parts.contains(&&*part.part) {
                parts.push(&part.part);
            }
        }
        let waves = answer.runs.iter().any(|run| run.frequencies.is_some());
        let mut head = words(&["run", "loss", "inputs right", "accuracy", "±"]);
        head.extend(parts.iter().map(|part| format!("no {part}")));
        head.extend(words(&["edges", "circuit"]));
        head.extend(waves.then(|| WAVES.to_owned()));
        let mut rows = vec![head];
        for (run, taken) in answer.runs.iter().zip(&self.taken) {
            let mut row = vec![
                run.run.to_owned(),
                significant(run.loss, 3),
                fixed(run.inputs_accuracy, 4),
                fixed(run.accuracy, 4),
                fixed(run.standard_error, 4),
            ];
            row.extend(parts.iter().map(|name| {
                let part = run.parts.iter().find(|part| part.part == *name);
                part.map_or_else(String::new, |part| fixed(part.accuracy_without, 4))
            }));
            let set = run.sets.as_ref().and_then(|sets| sets.first());
            row.push(match (set, run.edges) {
                (Some(set), Some(edges)) => format!("{} of {edges}", set.len()),
                _ => String::new(),
            });
            row.push(run.circuit.clone());
            if waves {
                row.push(frequencies(taken));
            }
            rows.push(row);
        }
        rows
    }
}

/// The largest frequencies, or that there are none that stand out.
fn frequencies(taken: &Taken) -> String {
    let Some((shares, all)) = &taken.anatomy.frequencies else {
        return String::new();
    };
    // random numbers need nearly all of them
    if shares.len() * 4 > all * 3 {
        return format!("spread over {} of {all}", shares.len());
    }
    let told = shares.iter();
    let told = told.map(|one| format!("{}: {}", one.frequency, fixed(one.share, 2)));
    told.collect::<Vec<_>>().join(" ")
}

/// A circuit in words.
fn of_circuit(row: &CircuitRow<'_>) -> String {
    let needed = match &row.needed[..] {
        [] => "needs no single part".to_owned(),
        needed => format!("needs {}", needed.join(" ")),
    };
    let enough = match row.sets.as_deref() {
        None => String::new(),
        Some([]) => "; no set of edges is enough".to_owned(),
        Some([set]) => format!("; enough: {}", edges(set)),
        Some([set, rest @ ..]) => {
            format!(
                "; enough: {} (or {} other sets as small)",
                edges(set),
                rest.len()
            )
        }
    };
    format!("{}  {}: {needed}{enough}", row.circuit, row.runs.join(" "))
}

fn edges(set: &[String]) -> String {
    match set {
        [] => "no edge that can be switched".to_owned(),
        set => set.join(" "),
    }
}

/// `A`, `B`, .., `Z`, `A1`, ..
fn letter(number: usize) -> String {
    let letter = char::from(LETTERS[number % LETTERS.len()]);
    match number / LETTERS.len() {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

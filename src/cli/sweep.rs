//! `circuitscope sweep`: every input, once.

use super::args::Format;
use super::common::StandardError;
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked, print_rows, tell, words};
use crate::findings::files;
use crate::findings::growing::Growing;
use crate::lens::Right;
use crate::sweep::{Case, Common, Tally, Way, undefined_words};
use crate::task::number::{fixed, significant};
use crate::task::text::csv_cell;
use crate::task::{Estimate, Task, fraction};
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// `circuitscope sweep`
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Write every wrong input to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    pub failures: Option<PathBuf>,
    /// Replace that file if it is there already
    #[arg(long, requires = "failures")]
    pub force: bool,
    /// How many of the worst inputs are listed
    #[arg(long, default_value_t = 5)]
    pub worst: usize,
    #[command(flatten)]
    pub space: SpaceArgs,
}

#[derive(Serialize)]
struct SweepAnswer<'a> {
    #[serde(flatten)]
    asked: Asked,
    /// `tables` or `candle`.
    engine: &'static str,
    reason: Option<String>,
    #[serde(flatten)]
    right: Right,
    wrong_inputs: u64,
    /// The same as `predictions_accuracy`.
    accuracy: f64,
    /// Predictions that are not defined: wrong, and without a loss.
    undefined_by_position: &'a [u64],
    wrong_by_position: &'a [u64],
    /// Wrong predictions by a field and position, by way, and wrong inputs by two fields.
    #[serde(flatten)]
    by: serde_json::Map<String, serde_json::Value>,
    mean_loss: f64,
    loss_by_position: Vec<f64>,
    margin_histogram: Vec<(Option<f64>, Option<f64>, u64)>,
    worst: &'a [Case],
    /// The inputs again, by the name that statistics have for them.
    n: u64,
    /// Null where every input was counted: nothing is estimated then.
    standard_error: Option<StandardError>,
    #[serde(skip)]
    wrong_by_field: Vec<Vec<u64>>,
    #[serde(skip)]
    estimates: [Estimate; 3],
    seconds: f64,
    inputs_per_second: f64,
}

/// `circuitscope sweep`.
///
/// # Errors
/// When a flag, the model, the device or the file will not do.
pub fn sweep(args: &SweepArgs, out: &mut dyn Write) -> Result<()> {
    let opened = Opened::new(&args.space)?;
    super::common::ensure_judged(&opened.model)?;
    let (task, over) = (opened.transformer.task(), args.space.over());
    let sweep = opened.sweep()?;
    tell(sweep.how(over).as_deref());
    let failures = args.failures.as_deref();
    let failures = failures.map(|path| Failures::new(path, args.force, task));
    let mut failures = failures.transpose()?;
    let tally = match failures {
        Some(_) => Tally::keeping_failures(task),
        None => Tally::new(task),
    };
    let over = sweep.walked(over);
    let (bar, started) = (Bar::new("inputs")?, Instant::now());
    let mut report = |tally: &mut Tally, progress| {
        if let (Some(file), Some(found)) = (&mut failures, &mut tally.wrong) {
            file.keep(found.drain(..));
        }
        bar.tell(
            progress,
            &format!("accuracy {}", fixed(tally.accuracy(), 6)),
        )
    };
    let tally = sweep.tally(over, tally, &mut report)?.context(STOPPED)?;
    let seconds = started.elapsed().as_secs_f64();
    bar.done();
    let worst = &tally.worst()[..args.worst.min(tally.worst().len())];
    let estimates = [
        tally.inputs_estimate(),
        tally.accuracy_estimate(),
        tally.loss_estimate(),
    ];
    let open_end = |x: f64| x.is_finite().then_some(x);
    let bins = tally.margin_bins().filter(|(_, _, count)| *count > 0);
    let answer = SweepAnswer {
        asked: opened.asked(&args.space, over),
        engine: if sweep.reason().is_none() {
            "tables"
        } else {
            "candle"
        },
        reason: sweep.how(args.space.over()),
        right: tally.right(),
        undefined_by_position: &tally.undefined_by_position,
        wrong_inputs: tally.wrong_inputs,
        accuracy: tally.accuracy(),
        wrong_by_position: &tally.wrong_by_position,
        by: by_fields(task, &tally),
        wrong_by_field: tally.failures.by_field_and_position(),
        mean_loss: tally.mean_loss(),
        loss_by_position: tally.mean_loss_by_position(),
        margin_histogram: bins
            .map(|(from, to, count)| (open_end(from), open_end(to), count))
            .collect(),
        worst,
        n: tally.inputs,
        // one donor of many is a sample, too, be it for every input
        standard_error: (tally.sampled).then(|| StandardError::of(&estimates[1], &estimates[2])),
        estimates,
        seconds,
        inputs_per_second: tally.inputs as f64 / seconds,
    };
    match args.space.common.format {
        Format::Json | Format::Csv => print_numbers(args.space.common.format, out, &answer)?,
        Format::Text => print_sweep(out, &opened, &answer)?,
    }
    // what was counted is told, whatever became of the file
    failures.map_or(Ok(()), Failures::finish)
}

/// What is laid out by the last two fields: `wrong_by_idx_and_position`, `wrong_by_idx_and_elt`.
fn by_fields(task: Task, tally: &Tally) -> serde_json::Map<String, serde_json::Value> {
    let mut map = serde_json::Map::new();
    let Some([first, second]) = task.axes() else {
        return map;
    };
    let way = |way: Way| {
        serde_json::json!({
            first.to_string(): task.token_name(first.values()[way.chosen]).parse::<i64>().map_or_else(
                |_| serde_json::json!(task.token_name(first.values()[way.chosen])),
                |number| serde_json::json!(number),
            ),
            "position": way.position,
            "instead": way.instead.word(task),
            "count": way.count,
        })
    };
    let ways: Vec<_> = tally.failures.ways().map(way).collect();
    map.insert(
        format!("wrong_by_{first}_and_position"),
        serde_json::json!(tally.failures.by_field_and_position()),
    );
    map.insert("wrong_by_way".into(), ways.into());
    map.insert(
        format!("wrong_by_{first}_and_{second}"),
        serde_json::json!(tally.wrong_by_fields),
    );
    map
}

fn print_sweep(out: &mut dyn Write, opened: &Opened, answer: &SweepAnswer<'_>) -> Result<()> {
    print_asked(out, opened, &answer.asked)?;
    let [inputs, accuracy, loss] = &answer.estimates;
    let (inputs, accuracy, loss) = match answer.standard_error {
        Some(_) => (
            inputs.share(6),
            accuracy.share(6),
            format!("{} (n = {})", loss.significant(4), answer.n),
        ),
        None => (
            fraction(answer.right.inputs_accuracy),
            fraction(answer.accuracy),
            format!("{}, exact", significant(answer.mean_loss, 4)),
        ),
    };
    writeln!(
        out,
        "{} {}: wrong on {}; inputs right {inputs}, predictions right {accuracy}, \
         loss {loss}",
        answer.right.inputs,
        match answer.asked.over.as_str() {
            "space" if answer.standard_error.is_some() => {
                "inputs, all there are, each with one donor of many".to_owned()
            }
            "space" => "inputs, all there are".to_owned(),
            sample => format!("inputs of {sample}"),
        },
        answer.wrong_inputs,
    )?;
    let undefined: u64 = answer.undefined_by_position.iter().sum();
    if undefined > 0 {
        let all = answer.right.predictions;
        writeln!(out, "{}", undefined_words(undefined, all))?;
    }
    writeln!(
        out,
        "{:.2} s, {:.0} inputs per second by {}\n",
        answer.seconds, answer.inputs_per_second, answer.engine
    )?;
    let task = opened.transformer.task();
    let mut rows = vec![vec!["wrong".to_owned()]];
    rows[0].extend(task.predictions());
    // values at which nothing is wrong are left out where there are many
    let many = answer.wrong_by_field.len() > 8;
    for (place, wrong) in answer.wrong_by_field.iter().enumerate() {
        if many && wrong.iter().all(|&wrong| wrong == 0) {
            continue;
        }
        let mut row = vec![Common::Field(place).words(task)];
        row.extend(wrong.iter().map(u64::to_string));
        rows.push(row);
    }
    print_rows(out, &rows)?;
    writeln!(out, "\nsmallest margins")?;
    let mut rows = vec![words(&["input", "margin", "loss", "says"])];
    for case in answer.worst {
        rows.push(vec![
            case.values.to_string(),
            fixed(case.margin(), 4),
            significant(case.loss, 3),
            case.predicted
                .iter()
                .map(|one| task.said_words(*one))
                .collect::<Vec<_>>()
                .join(" "),
        ]);
    }
    print_rows(out, &rows)
}

/// The wrong inputs as CSV, written whole or not at all.
struct Failures {
    /// Where they go, or why they cannot.
    file: Result<Growing>,
    task: Task,
    has_heading: bool,
}

impl Failures {
    fn new(path: &Path, force: bool, task: Task) -> Result<Self> {
        files::check_writable(path, force)?;
        Ok(Self {
            file: Ok(Growing::new(path)?),
            task,
            has_heading: false,
        })
    }

    /// Writes them, unless writing has failed before: the sweep goes on.
    fn keep(&mut self, cases: impl Iterator<Item = Case>) {
        if let Err(error) = self.write(cases)
            && self.file.is_ok()
        {
            self.file = Err(error);
        }
    }

    fn write(&mut self, cases: impl Iterator<Item = Case>) -> Result<()> {
        let (task, n) = (self.task, self.task.answers.len());
        let Ok(file) = &mut self.file else {
            return Ok(());
        };
        if !self.has_heading {
            self.has_heading = true;
            let mut names: Vec<String> = task.fields().map(|field| field.to_string()).collect();
            for what in ["predicted", "margin", "instead"] {
                let answers = task.answers.iter();
                names.extend(answers.map(|answer| format!("{what}_{}", answer.name)));
            }
            names.push("loss".to_owned());
            file.write(names.join(",").as_bytes())?;
            file.write(b"\n")?;
        }
        for case in cases {
            let tokens = case.values.tokens().iter();
            let mut row: Vec<String> = tokens.map(|&token| task.token_name(token)).collect();
            row.extend(case.predicted.iter().map(|one| task.said_words(*one)));
            row.extend(case.margins.iter().map(f64::to_string));
            row.extend((0..n).map(|j| case.instead(j).word(task)));
            row.push(case.loss.to_string());
            let row: Vec<_> = row.iter().map(|cell| csv_cell(cell)).collect();
            file.write(row.join(",").as_bytes())?;
            file.write(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.write(std::iter::empty())?;
        self.file?.finish()
    }
}

//! Numbers as others' programs read them: the JSON of commands and snapshots, in one place.
//!
//! Masked attention scores are minus infinity, and a grid is not a number where clean and
//! corrupted agree; JSON has neither, so both are `null`.

use crate::answers::Table;
use crate::lens::runs::undefined::undefined;
use crate::lens::{
    Array, Direction, Experiment, Grid, Intervention, Measure, Observation, Prediction, RunName,
    RunView, Score, Source, warnings,
};
use crate::model::{Config, Model};
use crate::task::{Task, Token};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Which model the numbers belong to.
#[derive(Clone, Debug, Serialize)]
pub struct ModelNumbers {
    /// File name, or what the embedded model is called.
    pub name: String,
    /// SHA-256 over the weights and what of the config changes the computation.
    pub hash: String,
    /// Where positions enter: `shortformer` or `standard`, with `(assumed)` behind it where no file says
    /// so.
    pub positions: String,
    /// The task it is looked at with; none where nothing is right or wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Everything that decides what is computed, with what is assumed.
    pub config: Vec<String>,
    /// What the task decided when the checkpoint was opened.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub told: Vec<String>,
}

impl From<&Model> for ModelNumbers {
    fn from(model: &Model) -> Self {
        let task = model.transformer.task();
        Self {
            task: task.is_judged().then_some(task),
            told: model.told.clone(),
            ..Self::new(&model.name, &model.hash, model.transformer.config())
        }
    }
}

impl ModelNumbers {
    /// Of a model with this name and hash.
    #[must_use]
    pub fn new(name: &str, hash: &str, config: &Config) -> Self {
        Self {
            name: name.to_owned(),
            hash: hash.to_owned(),
            positions: config.positions_words(),
            task: None,
            config: config.words(),
            told: Vec::new(),
        }
    }
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunNumbers {
    /// Token ids.
    pub tokens: Vec<Token>,
    /// What stands at each position: `BOS a_0 a_1 ...`.
    pub labels: Vec<String>,
    /// `[pos][d_vocab_out]`
    pub logits: Array,
    /// One for each element of the answer.
    pub predictions: Vec<Prediction>,
    /// Mean cross entropy of the right answers, in nats per prediction.
    pub loss: f64,
    /// Where it stops being defined, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl RunNumbers {
    /// The numbers of a run, positions in the order in which the model reads them.
    #[must_use]
    pub fn new(task: Task, run: &RunView) -> Self {
        let read = task.as_read(&run.tokens);
        let labels = task.labels();
        let mut predictions = run.predictions(task);
        for one in &mut predictions {
            one.position = place(&read, one.position);
        }
        Self {
            labels: read.iter().map(|&at| labels[at].clone()).collect(),
            tokens: read.iter().map(|&at| run.tokens[at]).collect(),
            logits: run.logits.ordered(0, &read),
            predictions,
            loss: run.loss(task),
            undefined: undefined(task, run),
        }
    }
}

/// Where a position is among those that are read.
fn place(read: &[usize], position: usize) -> usize {
    let place = read.iter().position(|&at| at == position);
    place.unwrap_or(position)
}

/// A grid, its positions in the order in which the model reads them.
fn as_read(grid: &Grid, read: &[usize]) -> Grid {
    let mut values = grid.values.clone();
    for (axis, name) in grid.name.axes().iter().enumerate() {
        if name.ends_with("pos") {
            values = values.ordered(axis, read);
        }
    }
    Grid {
        values,
        name: grid.name,
    }
}

/// Grids by name, in the order of [`crate::lens::GridName`].
#[derive(Clone, Debug)]
pub struct GridNumbers(Vec<Grid>);

impl Serialize for GridNumbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct One<'a> {
            axes: &'static [&'static str],
            values: &'a Array,
        }
        serializer.collect_map(self.0.iter().map(|grid| {
            let axes = grid.name.axes();
            let values = &grid.values;
            (grid.name.name(), One { axes, values })
        }))
    }
}

/// One intervention.
#[derive(Clone, Debug, Serialize)]
pub struct InterventionNumbers {
    /// Its line.
    pub line: String,
    /// Whether it changed any number.
    pub changed: bool,
}

/// The metric in the three runs.
#[derive(Clone, Debug, Serialize)]
pub struct MetricNumbers {
    /// The position whose logits are read.
    pub position: usize,
    /// The token that counts for.
    pub answer: Token,
    /// The token that counts against.
    pub other: Token,
    /// What is measured: `logit_diff`, that is `logit[answer] - logit[other]`, or another.
    pub measure: Measure,
    /// In the clean run.
    pub clean: f32,
    /// In the corrupted run.
    pub corrupted: f32,
    /// In the patched run.
    pub patched: f32,
    /// `(patched - corrupted) / (clean - corrupted)`; null when the two are equal.
    pub normalised: Option<f32>,
}

/// A pair under interventions, without its runs.
#[derive(Clone, Debug, Serialize)]
pub struct PairNumbers {
    /// `denoise` or `noise`.
    pub direction: Direction,
    /// Null when the pair has no metric.
    pub metric: Option<MetricNumbers>,
    /// What is odd about the pair.
    pub warnings: Vec<String>,
    /// In their order.
    pub interventions: Vec<InterventionNumbers>,
    /// The names and axes of TransformerLens's `patching` module.
    pub grids: GridNumbers,
}

impl PairNumbers {
    /// These, and grids that are made only where asked for.
    #[must_use]
    pub fn with(mut self, grids: Vec<Grid>) -> Self {
        self.grids.0.extend(grids);
        self
    }

    /// The numbers of an observation.
    #[must_use]
    pub fn new(task: Task, seen: &Observation) -> Self {
        let lines = seen.experiment.interventions.iter().zip(&seen.changed);
        let interventions = lines.map(|(one, &changed)| InterventionNumbers {
            line: one.line(task),
            changed,
        });
        let odd = warnings(task, &seen.experiment, Some(seen));
        let read = task.as_read(&seen.base().tokens);
        let grids = seen.grids.iter().map(|grid| as_read(grid, &read));
        Self {
            direction: seen.experiment.direction,
            metric: seen.metric.map(|values| MetricNumbers {
                position: place(&read, values.metric.position),
                answer: values.metric.answer,
                other: values.metric.other,
                measure: values.measure,
                clean: values.clean,
                corrupted: values.corrupted,
                patched: values.patched,
                normalised: values.normalised(values.patched),
            }),
            warnings: odd.into_iter().map(|warning| warning.text).collect(),
            interventions: interventions.collect(),
            grids: GridNumbers(grids.collect()),
        }
    }
}

/// One run with its attention.
#[derive(Clone, Debug, Serialize)]
pub struct AttentionNumbers {
    /// Where its continuation comes from.
    pub continuation: &'static str,
    /// The run.
    #[serde(flatten)]
    pub run: RunNumbers,
    /// `[layer][head][dest_pos][src_pos]`
    pub pattern: Array,
    /// `[layer][head][dest_pos][src_pos]`, null where masked.
    pub scores: Array,
}

/// A sample and the model's score on it.
#[derive(Clone, Debug, Serialize)]
pub struct SampleNumbers {
    /// Its name: `random:0`.
    pub name: String,
    /// Which example is shown, from 0; null when the prompt was typed.
    pub index: Option<usize>,
    /// Null while it is being computed.
    pub score: Option<Score>,
}

/// Every number on a screen.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotNumbers {
    /// The format's name and version.
    pub format: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The model.
    pub model: ModelNumbers,
    /// Where it computed.
    pub device: String,
    /// The task's size.
    pub task: Task,
    /// The sample that is stepped through.
    pub sample: SampleNumbers,
    /// Whether newer input was waiting for its numbers when the snapshot was taken: the numbers
    /// here are those of the prompts here, but not of the fields on the picture.
    pub stale: bool,
    /// Clean, corrupted and patched run; null before the first numbers.
    pub runs: Option<BTreeMap<&'static str, AttentionNumbers>>,
    /// Metric, interventions and grids; null before the first numbers.
    pub patching: Option<PairNumbers>,
    /// The open question and its answer; null where none is open.
    pub answer: Option<AnswerNumbers>,
}

/// A question and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerNumbers {
    /// The question's line.
    pub question: String,
    /// The answer; null before it is there.
    pub table: Option<Table>,
}

/// The three runs of an observation.
#[must_use]
pub fn runs(task: Task, seen: &Observation) -> BTreeMap<&'static str, AttentionNumbers> {
    let base = seen.experiment.direction.base();
    [RunName::Clean, RunName::Corrupted, RunName::Patched]
        .into_iter()
        .map(|name| {
            let run = seen.run(name);
            let source = match (name, base) {
                (RunName::Corrupted, _) | (RunName::Patched, RunName::Corrupted) => {
                    &seen.experiment.corrupted
                }
                _ => &seen.experiment.clean,
            };
            let read = task.as_read(&run.tokens);
            let both = |cells: &Array| cells.ordered(2, &read).ordered(3, &read);
            let numbers = AttentionNumbers {
                continuation: source.continuation.name(),
                run: RunNumbers::new(task, run),
                pattern: both(&run.pattern),
                scores: both(&run.scores),
            };
            (name.name(), numbers)
        })
        .collect()
}

/// A table with what it belongs to.
#[derive(Clone, Debug, Serialize)]
pub struct TableNumbers<'a> {
    /// The format's name and version.
    pub format: &'static str,
    /// Prompts, model, metric, interventions.
    pub about: BTreeMap<&'a str, Vec<&'a str>>,
    /// The table.
    #[serde(flatten)]
    pub table: &'a Table,
}

impl<'a> TableNumbers<'a> {
    /// A table and what it belongs to, by name; a name may stand more than once.
    #[must_use]
    pub fn new(table: &'a Table, about: &'a [(String, String)]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in about {
            by_name.entry(name).or_default().push(value);
        }
        Self {
            format: "circuitscope-table-1",
            about: by_name,
            table,
        }
    }
}

/// What an experiment's numbers belong to, by name; every export carries it.
#[must_use]
pub fn about(model: &ModelNumbers, task: Task, experiment: &Experiment) -> Vec<(String, String)> {
    let sequence = |source: &Source| {
        let tokens = task.row(&source.prompt());
        let names: Vec<_> = tokens.iter().map(|&token| task.token_name(token)).collect();
        names.join(" ")
    };
    let metric = experiment.metric_in_force(task);
    let program = format!("circuitscope {}", env!("CARGO_PKG_VERSION"));
    let entries = [
        ("program", program),
        ("model", model.name.clone()),
        ("model hash", model.hash.clone()),
        ("positions", model.positions.clone()),
        ("clean", sequence(&experiment.clean)),
        ("corrupted", sequence(&experiment.corrupted)),
        ("direction", experiment.direction.name().to_owned()),
        (
            "metric",
            metric.map_or_else(|| "none".into(), |metric| metric.line(task)),
        ),
        ("measure", experiment.measure.name().to_owned()),
        ("sample", experiment.sample.to_string()),
    ];
    let listed = &experiment.interventions;
    let lines = listed.iter().map(|one| ("intervention", one.line(task)));
    // the kind of an ablation stands beside every number, that of untouched runs too
    let kinds = format!("{} in the patched run", Intervention::kinds(listed));
    let kinds = (!listed.is_empty()).then_some(("in force", kinds));
    let all = entries.into_iter().chain(kinds).chain(lines);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

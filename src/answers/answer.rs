//! Answers to questions: each a table of exact numbers.

use super::difference::OFF;
use super::kind::Kind;
use super::question::Question;
use super::table::{Layer, Table};
use super::tools::Tools;
use super::weights::{circuit_table, composition_table, put_beside};
use super::words::{on_screen, short};
use crate::lens::exact::view::RunView;
use crate::lens::experiment::intervention::Intervention;
use crate::lens::experiment::setup::Experiment;
use crate::lens::experiment::toward::Toward;
use crate::lens::names::circuit::CircuitName;
use crate::lens::names::run::RunName;
use crate::lens::numbers::array::Array;
use crate::lens::runs::many::{Examples, Of};
use crate::lens::shares::attention::{
    AttentionKind, AttentionMaps, attention_of_examples, attention_of_run,
};
use crate::lens::shares::attribution::{Attribution, Labelled, attribute, attribute_examples};
use crate::lens::shares::neurons::{Neurons, neurons, neurons_of_examples};
use crate::lens::shares::scores::{AttentionCell, split_score};
use crate::lens::weights::circuit::Circuit;
use crate::model::HookedTransformer;
use crate::model::config::Normalization;
use crate::task::number::{fixed, significant};
use anyhow::{Context, Result, ensure};

/// Means are taken anew on each keystroke; over more examples than this the screen would lag.
const MAX_MEAN: usize = 4096;
/// What a question is answered from.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub model: &'a HookedTransformer,
    pub tools: &'a Tools,
    /// The run it is about.
    pub run: &'a RunView,
    pub name: RunName,
    pub experiment: &'a Experiment,
}

impl Asked<'_> {
    /// Whether it is about what interventions made of a run.
    fn is_edited(&self) -> bool {
        self.name == RunName::Patched && !self.experiment.interventions.is_empty()
    }

    /// Whether this is one of the interventions that it is about.
    fn is_under(&self, one: &Intervention) -> bool {
        self.is_edited() && self.experiment.interventions.contains(one)
    }

    /// What the sample's examples answer: as they are, or each under the interventions.
    pub fn over_sample<T>(&self, work: impl FnOnce(Examples<'_>) -> Result<T>) -> Result<T> {
        let task = self.model.task();
        let prompts = self.experiment.sample.prompts(task);
        ensure!(
            prompts.len() <= MAX_MEAN,
            "the mean over {} examples would take too long on each keystroke; {MAX_MEAN} is the most",
            prompts.len()
        );
        if self.is_edited() {
            let pairs = self.experiment.over_sample(task, prompts.len());
            return work(Examples::Under(self.experiment, &pairs));
        }
        work(Examples::Untouched(&prompts))
    }

    pub fn attribution(&self, toward: Toward, mean: bool) -> Result<Attribution> {
        let (weights, paths) = (&self.tools.weights, self.tools.paths.as_ref());
        if mean {
            return self.over_sample(|examples| {
                attribute_examples(self.model, weights, paths, examples, toward)
            });
        }
        attribute(weights, paths, self.run, toward)
    }

    pub fn maps(&self, kind: AttentionKind, mean: bool) -> Result<AttentionMaps> {
        let weights = &self.tools.weights;
        if mean {
            return self.over_sample(|examples| {
                attention_of_examples(self.model, weights, examples, kind)
            });
        }
        attention_of_run(weights, self.run, kind)
    }

    /// What numbers are made from: of a sample's examples only the clean prompts are run.
    fn of(&self, of: Of) -> String {
        match (of, self.name) {
            (Of::Mean(_), RunName::Patched) if self.is_edited() => format!("{of}, each patched"),
            (Of::Mean(_), RunName::Corrupted) => format!("{of} clean examples"),
            (Of::Single, _) => "this prompt".to_owned(),
            (Of::Mean(_), _) => of.to_string(),
        }
    }
}

/// Answers a question about a run, or about the sample where it asks for a mean; `None` where the
/// answer takes several steps.
pub(super) fn table(asked: Asked<'_>, question: &Question) -> Result<Option<Table>> {
    let Asked {
        model, tools, run, ..
    } = asked;
    let weights = &tools.weights;
    Ok(Some(match question {
        Question::Attribution { toward, mean } => {
            attribution_table(asked, &asked.attribution(*toward, *mean)?)
        }
        Question::Paths { i, toward, mean } => {
            paths_table(asked, &asked.attribution(*toward, *mean)?, *i)?
        }
        Question::Sources {
            i,
            toward,
            by_token,
            mean,
        } => sources_table(asked, &asked.attribution(*toward, *mean)?, *i, *by_token),
        Question::Neurons {
            layer,
            toward,
            mean,
        } => {
            let found = match mean {
                true => asked.over_sample(|examples| {
                    neurons_of_examples(model, weights, examples, *layer, *toward)
                })?,
                false => neurons(weights, run, *layer, *toward)?,
            };
            neurons_table(asked, &found)
        }
        Question::Why {
            head,
            dest,
            src,
            minus,
            summed,
        } => {
            let cell = |src: usize| AttentionCell { dest: *dest, src };
            let mut split = split_score(weights, run, *head, cell(*src), minus.map(cell))?;
            if *summed {
                split = split.grouped();
            }
            let names = |parts: &[crate::lens::shares::scores::Part]| -> Vec<String> {
                parts.iter().map(|part| part.label(model.task())).collect()
            };
            Table {
                rows: names(&split.query),
                cols: short(names(&split.key)),
                values: split.values.clone(),
                signed: true,
                notes: [
                    ("rows".into(), "the query's parts".into()),
                    ("columns".into(), "the key's".into()),
                    ("score".into(), fixed(split.score, 4)),
                    ("sum of parts".into(), fixed(split.total, 4)),
                ]
                .into_iter()
                .chain(given(model.config().given_words(false)))
                .collect(),
                ..Table::default()
            }
        }
        Question::Attention {
            head,
            kind,
            mean,
            beside,
        } => {
            let kind = match kind {
                Kind::Pattern => AttentionKind::Pattern,
                Kind::Scores => AttentionKind::Scores,
                Kind::Norm => AttentionKind::Norm,
                Kind::Toward(toward) => AttentionKind::Toward(*toward),
                Kind::Argmax => AttentionKind::Argmax,
            };
            let at = head.layer * model.config().n_heads + head.head;
            attention_tables(asked, at, kind, *mean, *beside)?
        }
        Question::Virtual { pair, mean, beside } => {
            attention_tables(asked, *pair, AttentionKind::Virtual, *mean, *beside)?
        }
        Question::Circuit {
            name,
            scaled,
            folded,
            beside,
        } => {
            let circuit = |name: &CircuitName| {
                let scaled = *scaled && matches!(name, CircuitName::Qk { .. });
                match folded {
                    true => Circuit::folded(weights, name, scaled),
                    false => Circuit::new(weights, name, scaled),
                }
            };
            let first = circuit(name)?;
            let mut table = circuit_table(&first)?;
            if let Some(other) = beside {
                put_beside(&mut table, &first, &circuit(other)?)?;
            }
            table
        }
        Question::Weights(geometry) => geometry.table(tools)?,
        Question::Composition => composition_table(model, tools)?,
        Question::Grid { .. }
        | Question::Curves(_)
        | Question::Many(_)
        | Question::Metrics { .. }
        | Question::Variants(_)
        | Question::ModelLogits
        | Question::ModelNecessity
        | Question::ModelAttention(_) => return Ok(None),
    }))
}

/// What stays as it was in the run, as a note.
fn given(words: Option<String>) -> Option<(String, String)> {
    words.map(|words| ("given".to_owned(), words))
}

/// Each neuron, the bias, and the MLP that they are together.
fn neurons_table(asked: Asked<'_>, found: &Neurons) -> Table {
    let mut rows: Vec<String> = (0..found.values.shape()[0])
        .map(|n| format!("n{n}"))
        .collect();
    let mut values = found.values.values().to_vec();
    let cols = asked.model.task().predictions();
    let column = |i: usize| values.iter().skip(i).step_by(cols.len().max(1));
    let sums: Vec<f32> = (0..cols.len())
        .map(|i| column(i).sum::<f32>() + found.bias.get(&[i]).unwrap_or(0.0))
        .collect();
    rows.extend(["b_out".to_owned(), "sum".to_owned()]);
    values.extend_from_slice(found.bias.values());
    values.extend(sums);
    let normed = asked.model.config().normalization != Normalization::None;
    let scale = if normed {
        " and the last norm's scale"
    } else {
        ""
    };
    let words = format!("neurons{scale} of this run");
    Table {
        values: Array::from_values(vec![rows.len(), cols.len()], values),
        rows,
        cols,
        signed: true,
        notes: vec![
            ("of".to_owned(), asked.of(found.of)),
            ("remainder".to_owned(), significant(found.remainder, 2)),
            ("given".to_owned(), words),
        ],
        ..Table::default()
    }
}

/// What each head adds, by what it attends to.
fn sources_table(asked: Asked<'_>, found: &Attribution, i: usize, by_token: bool) -> Table {
    let task = asked.model.task();
    let (all, mut cols) = if by_token {
        let tokens = (0..asked.model.config().d_vocab).map(|t| task.token_name(t as u32));
        (&found.heads_by_token, tokens.collect())
    } else {
        (&found.heads_by_source, task.labels())
    };
    let mut rows = found.heads.labels.clone();
    let mut values = Vec::new();
    for head in 0..rows.len() {
        let row = all.slice(&[head, i]);
        values.extend_from_slice(row);
        values.push(row.iter().sum());
    }
    // what was put in was found at no position
    for (put, name) in found.put.labels.iter().enumerate() {
        rows.push(name.clone());
        values.resize(values.len() + cols.len(), 0.0);
        values.push(found.put.values.get(&[put, i]).unwrap_or(f32::NAN));
    }
    cols.push("sum".into());
    let sums = values.iter().skip(cols.len() - 1).step_by(cols.len());
    let heads = sums.sum::<f32>();
    let logit = found.logits.get(&[i]).unwrap_or(f32::NAN);
    let [sum, rest] = [heads, logit - heads].map(|number| significant(number, 6));
    let heads = format!("{sum}; what no head writes: {rest}");
    Table {
        values: Array::from_values(vec![rows.len(), cols.len()], values),
        rows,
        cols,
        signed: true,
        notes: [
            ("of".into(), asked.of(found.of)),
            ("columns".into(), "what a head attends to".into()),
            ("heads".into(), heads),
            ("logit".into(), significant(logit, 6)),
            ("remainder".into(), significant(found.remainder, 2)),
        ]
        .into_iter()
        .chain(given(found.given.clone()))
        .collect(),
        ..Table::default()
    }
}

/// The stream by layer, then what is added to it, then each head, then each path.
fn attribution_table(asked: Asked<'_>, found: &Attribution) -> Table {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let last = asked.model.config().n_layers.saturating_sub(1);
    let mut sections = Vec::new();
    let mut part = |heading: &str, prefix: &str, part: &Labelled| {
        if !heading.is_empty() && !part.labels.is_empty() {
            sections.push((rows.len(), heading.to_owned()));
        }
        let names = part.labels.iter().map(|label| on_screen(label, last));
        rows.extend(names.map(|name| format!("{prefix}{name}")));
        values.extend_from_slice(part.values.values());
    };
    part("the stream so far", "", &found.accumulated_resid);
    part("by part", "", &found.decompose_resid);
    part("", "", &found.put);
    part("by head", "head ", &found.heads);
    let mut notes = vec![("of".to_owned(), asked.of(found.of))];
    let (name, remainder) = match &found.paths {
        Some(paths) => {
            part("by path", "path ", &paths.all);
            ("paths' remainder", paths.remainder)
        }
        None => ("remainder", found.remainder),
    };
    notes.push((name.to_owned(), significant(remainder, 2)));
    notes.extend(given(found.given.clone()));
    rows.push("logit".into());
    values.extend_from_slice(found.logits.values());
    Table {
        sections,
        values: Array::from_values(vec![rows.len(), found.predictions.len()], values),
        rows,
        cols: found.predictions.clone(),
        signed: true,
        notes,
        ..Table::default()
    }
}

/// A row a path; enter takes a path away or puts it back.
fn paths_table(asked: Asked<'_>, found: &Attribution, i: usize) -> Result<Table> {
    let (model, names) = (asked.model, asked.tools.paths.as_ref());
    let paths = found
        .paths
        .as_ref()
        .context("this model has too many paths to list")?;
    let mut rows = paths.all.labels.clone();
    let task = model.task();
    let mut cols = task.labels();
    cols.push("sum".into());
    let mut values = Vec::new();
    let mut cells = Vec::new();
    let mut total = vec![0.0; cols.len()];
    for (path, name) in rows.iter_mut().enumerate() {
        let known = names.and_then(|names| names.names().nth(path).map(|name| (names, name)));
        let ways = known.map(|(names, name)| names.away(name, model.config()));
        let ways: Vec<Intervention> = ways.into_iter().flatten().collect();
        let standing = ways.iter().find(|way| asked.is_under(way));
        if standing.is_some() {
            name.push_str(OFF);
        }
        let way = standing.or(ways.first()).cloned();
        let mut row = paths.by_source.slice(&[path, i]).to_vec();
        row.push(paths.all.values.get(&[path, i]).unwrap_or(f32::NAN));
        cells.extend(vec![way; row.len()]);
        for (total, value) in total.iter_mut().zip(&row) {
            *total += value;
        }
        values.extend(row);
    }
    rows.push("sum".into());
    values.extend(&total);
    let logit = found.logits.get(&[i]).unwrap_or(f32::NAN);
    let remainder = total.last().map_or(f32::NAN, |sum| (logit - sum).abs());
    let mut notes = vec![
        ("columns".into(), "where a path starts".into()),
        ("logit".into(), fixed(logit, 4)),
        ("remainder".into(), significant(remainder, 2)),
    ];
    notes.extend(given(found.given.clone()));
    if found.of != Of::Single {
        notes.insert(0, ("of".into(), asked.of(found.of)));
    }
    Ok(Table {
        values: Array::from_values(vec![rows.len(), cols.len()], values),
        rows,
        cols,
        signed: true,
        notes,
        cells,
        ..Table::default()
    })
}

/// One head's attention in this run or in the mean, and the other beside it where that is asked.
fn attention_tables(
    asked: Asked<'_>,
    at: usize,
    kind: AttentionKind,
    mean: bool,
    beside: bool,
) -> Result<Table> {
    let first = asked.maps(kind, mean)?;
    let mut table = attention_table(asked, &first, at, kind);
    if beside {
        let second = asked.maps(kind, !mean)?;
        table.name = asked.of(first.of);
        table.beside.push(Layer {
            name: asked.of(second.of),
            values: attention_table(asked, &second, at, kind).values,
        });
    }
    Ok(table)
}

fn attention_table(
    asked: Asked<'_>,
    maps: &AttentionMaps,
    at: usize,
    kind: AttentionKind,
) -> Table {
    let labels = asked.model.task().labels();
    let len = labels.len();
    let mut values = Array::from_values(vec![len, len], maps.values.slice(&[at]).to_vec());
    if asked.model.config().is_causal() {
        for dest in 0..len {
            for src in dest + 1..len {
                values.set(&[dest, src], f32::NEG_INFINITY);
            }
        }
    }
    let signed = matches!(kind, AttentionKind::Scores | AttentionKind::Toward(_));
    Table {
        rows: labels.clone(),
        cols: labels,
        values,
        signed,
        notes: vec![
            ("of".into(), asked.of(maps.of)),
            ("kind".into(), kind.name().into()),
        ],
        ..Table::default()
    }
}

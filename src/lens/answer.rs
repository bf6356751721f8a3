//! Answers to questions: each a table of exact numbers.

use super::array::Array;
use super::attribution::{Attribution, Labelled, attribute, attribute_sample};
use super::circuit::{Circuit, composition, composition_baseline};
use super::observe::RunView;
use super::patterns::{
    AttentionKind, AttentionMaps, attention_of_run, attention_of_sample, head_pairs,
};
use super::question::{Kind, Question, Tools};
use super::reduce::{Embedding, pca};
use super::scores::{AttentionCell, split_score};
use super::table::Table;
use super::toward::Toward;
use crate::model::HookedTransformer;
use crate::task::{Prompt, Sample};
use anyhow::{Context, Result, ensure};

/// Means are taken anew on each keystroke; over more examples than this the screen would lag.
const MAX_MEAN: usize = 4096;
/// The random baseline of composition scores: its seed and draws.
const BASELINE: (u32, usize) = (0, 32);

/// Answers a question about a run, or about the sample where it asks for a mean.
///
/// # Errors
/// When the sample is too large for a live mean, or the device fails.
pub fn answer(
    model: &HookedTransformer,
    tools: &Tools,
    question: &Question,
    run: &RunView,
    sample: Sample,
) -> Result<Table> {
    let examples = || -> Result<Vec<Prompt>> {
        let prompts = sample.prompts(model.task());
        ensure!(
            prompts.len() <= MAX_MEAN,
            "the mean over {} examples would take too long on each keystroke; {MAX_MEAN} is the most",
            prompts.len()
        );
        Ok(prompts)
    };
    let (weights, paths) = (&tools.weights, tools.paths.as_ref());
    let title = question.line(model.task(), model.config());
    let mut table = match question {
        Question::Attribution {
            toward,
            mean: false,
        } => attribution_table(&attribute(weights, paths, run, *toward)?),
        Question::Attribution { toward, mean: true } => attribution_table(&attribute_sample(
            model,
            weights,
            paths,
            &examples()?,
            *toward,
        )?),
        Question::Paths { i, toward } => {
            paths_table(model, &attribute(weights, paths, run, *toward)?, *i)?
        }
        Question::Why {
            head,
            dest,
            src,
            minus,
        } => {
            let cell = |src: usize| AttentionCell { dest: *dest, src };
            let split = split_score(weights, run, *head, cell(*src), minus.map(cell))?;
            let names = |parts: &[super::scores::Part]| -> Vec<String> {
                parts.iter().map(|part| part.label(model.task())).collect()
            };
            Table {
                title: String::new(),
                rows: names(&split.query),
                cols: short(names(&split.key)),
                values: split.values.clone(),
                signed: true,
                notes: vec![
                    ("rows".into(), "the query's parts".into()),
                    ("columns".into(), "the key's".into()),
                    ("score".into(), format!("{:.4}", split.score)),
                    ("sum of parts".into(), format!("{:.4}", split.total)),
                ],
            }
        }
        Question::Attention { head, kind, mean } => {
            let kind = match kind {
                Kind::Pattern => AttentionKind::Pattern,
                Kind::Scores => AttentionKind::Scores,
                Kind::Norm => AttentionKind::Norm,
                Kind::Target => AttentionKind::Toward(Toward::default()),
                Kind::Argmax => AttentionKind::Argmax,
            };
            let maps = maps(model, tools, run, kind, mean.then(examples).transpose()?)?;
            let at = head.layer * model.config().n_heads + head.head;
            attention_table(model, &maps, at, kind)
        }
        Question::Virtual { pair, mean } => {
            let kind = AttentionKind::Virtual;
            let maps = maps(model, tools, run, kind, mean.then(examples).transpose()?)?;
            attention_table(model, &maps, *pair, kind)
        }
        Question::Circuit { name, scaled } => {
            circuit_table(&Circuit::new(weights, name, *scaled)?)?
        }
        Question::Pca { positions } => pca_table(tools, *positions)?,
        Question::Composition => composition_table(model, tools)?,
    };
    table.title = title;
    Ok(table)
}

/// Names fit for the head of a column: `0.0<elt` for `0.0 from elt`.
fn short(names: Vec<String>) -> Vec<String> {
    let names = names.into_iter();
    names
        .map(|name| name.replace(" from ", "<").replace("position", "pos"))
        .collect()
}

fn maps(
    model: &HookedTransformer,
    tools: &Tools,
    run: &RunView,
    kind: AttentionKind,
    examples: Option<Vec<Prompt>>,
) -> Result<AttentionMaps> {
    match examples {
        None => attention_of_run(&tools.weights, run, kind),
        Some(prompts) => attention_of_sample(model, &tools.weights, &prompts, kind),
    }
}

/// The stream by layer, then what is added to it, then each head, then each path.
fn attribution_table(found: &Attribution) -> Table {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut part = |prefix: &str, part: &Labelled| {
        rows.extend(part.labels.iter().map(|label| format!("{prefix}{label}")));
        values.extend_from_slice(part.values.values());
    };
    part("resid ", &found.accumulated_resid);
    part("", &found.decompose_resid);
    part("head ", &found.heads);
    let mut notes = vec![("of".to_owned(), found.of.to_string())];
    if let Some(paths) = &found.paths {
        part("path ", &paths.all);
        notes.push((
            "paths' remainder".into(),
            format!("{:.1e}", paths.remainder),
        ));
    }
    rows.push("logit".into());
    values.extend_from_slice(found.logits.values());
    Table {
        title: String::new(),
        values: Array::from_values(vec![rows.len(), found.predictions.len()], values),
        rows,
        cols: found.predictions.clone(),
        signed: true,
        notes,
    }
}

fn paths_table(model: &HookedTransformer, found: &Attribution, i: usize) -> Result<Table> {
    let paths = found
        .paths
        .as_ref()
        .context("this model has too many paths to list")?;
    let mut rows = paths.all.labels.clone();
    let task = model.task();
    let mut cols = task.labels();
    cols.push("sum".into());
    let mut values = Vec::new();
    let mut total = vec![0.0; cols.len()];
    for path in 0..rows.len() {
        let mut row = paths.by_source.slice(&[path, i]).to_vec();
        row.push(paths.all.values.get(&[path, i]).unwrap_or(f32::NAN));
        for (total, value) in total.iter_mut().zip(&row) {
            *total += value;
        }
        values.extend(row);
    }
    rows.push("sum".into());
    values.extend(&total);
    let logit = found.logits.get(&[i]).unwrap_or(f32::NAN);
    Ok(Table {
        title: String::new(),
        values: Array::from_values(vec![rows.len(), cols.len()], values),
        rows,
        cols,
        signed: true,
        notes: vec![
            ("columns".into(), "where a path starts".into()),
            ("logit".into(), format!("{logit:.4}")),
            ("remainder".into(), format!("{:.1e}", paths.remainder)),
        ],
    })
}

fn attention_table(
    model: &HookedTransformer,
    maps: &AttentionMaps,
    at: usize,
    kind: AttentionKind,
) -> Table {
    let labels = model.task().labels();
    let len = labels.len();
    let mut values = Array::from_values(vec![len, len], maps.values.slice(&[at]).to_vec());
    for dest in 0..len {
        for src in dest + 1..len {
            values.set(&[dest, src], f32::NEG_INFINITY);
        }
    }
    let signed = matches!(kind, AttentionKind::Scores | AttentionKind::Toward(_));
    Table {
        title: String::new(),
        rows: labels.clone(),
        cols: labels,
        values,
        signed,
        notes: vec![
            ("of".into(), maps.of.to_string()),
            ("kind".into(), kind.name().into()),
        ],
    }
}

fn circuit_table(circuit: &Circuit) -> Result<Table> {
    let mut notes = Vec::new();
    if let Some(top1) = circuit.top1_on_diagonal() {
        notes.push(("top-1 on the diagonal".into(), format!("{top1:.3}")));
    }
    if let Some(copying) = circuit.copying_score()? {
        notes.push(("copying score".into(), format!("{copying:.3}")));
    }
    let singular = circuit.singular_values()?;
    notes.push((
        "effective rank".into(),
        format!("{:.1}", circuit.effective_rank()?),
    ));
    let first: Vec<String> = singular.iter().take(5).map(|s| format!("{s:.1}")).collect();
    notes.push(("singular values".into(), first.join(" ")));
    Ok(Table {
        title: String::new(),
        rows: circuit.rows.clone(),
        cols: circuit.cols.clone(),
        values: circuit.values.clone(),
        signed: true,
        notes,
    })
}

fn pca_table(tools: &Tools, positions: bool) -> Result<Table> {
    let embedding = if positions {
        Embedding::Position
    } else {
        Embedding::Token
    };
    let found = pca(&tools.weights, embedding, 3)?;
    let explained = found
        .explained
        .iter()
        .map(|part| format!("{:.1}%", part * 100.0));
    Ok(Table {
        title: String::new(),
        cols: (1..=found.explained.len())
            .map(|k| format!("PC{k}"))
            .collect(),
        notes: vec![("explained".into(), explained.collect::<Vec<_>>().join(" "))],
        rows: found.labels,
        values: found.coordinates,
        signed: true,
    })
}

fn composition_table(model: &HookedTransformer, tools: &Tools) -> Result<Table> {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (earlier, later) in head_pairs(model.config()) {
        let found = composition(&tools.weights, earlier, later)?;
        rows.push(format!("{earlier} into {later}"));
        values.extend([found.q, found.k, found.v].map(|x| x as f32));
    }
    let baseline = composition_baseline(&tools.weights, BASELINE.0, BASELINE.1);
    rows.push(format!("random, mean of {}", baseline.draws));
    values.extend([baseline.mean as f32; 3]);
    Ok(Table {
        title: String::new(),
        values: Array::from_values(vec![rows.len(), 3], values),
        rows,
        cols: ["Q", "K", "V"].map(str::to_owned).to_vec(),
        signed: false,
        notes: vec![(
            "random, standard deviation".into(),
            format!("{:.4}", baseline.std),
        )],
    })
}

//! The focused pane's numbers as one table.

use super::verdicts;
use crate::answers::Table;
use crate::app::{Pane, Said, Shown, State, StripColumn, strip_cell, strip_rows};
use crate::findings::numbers::{self, ModelNumbers};
use crate::lens::{Array, Cell, GridName, Intervention, MetricValues, Observation, RunName};
use crate::sweep::{Case, Choice, Survey, Surveyed};
use crate::task::number::fixed;
use anyhow::{Context, Result};

/// xterm takes 100,000 bytes as base64; others take less.
const MAX_CLIPBOARD: usize = 8192;

/// The numbers of the focused pane.
///
/// # Errors
/// When the pane has no numbers, or they are not there yet.
pub(super) fn focused_table(state: &State) -> Result<Table> {
    if state.view.focus == Pane::Answer {
        let inquiry = state.inquiry.as_ref().context("no question is open")?;
        let answer = inquiry
            .answer
            .as_ref()
            .context("the answer is not there yet")?;
        return match answer {
            Ok(table) => Ok(Table::clone(table)),
            Err(error) => anyhow::bail!("there is no answer: {error}"),
        };
    }
    let seen = state.observation.as_deref();
    let seen = seen.context("the numbers are not there yet")?;
    match state.view.focus {
        Pane::Logits => Ok(logits(state, seen)),
        Pane::Attention => Ok(attention(state, seen)),
        Pane::Strips => Ok(strips(state, seen)),
        Pane::Cells => cells(state, seen),
        Pane::Space => space(state),
        Pane::Prompt | Pane::Interventions | Pane::Answer => {
            anyhow::bail!("this pane has no table; go to one that has (tab)")
        }
    }
}

/// What rows and columns of the focused pane's table are.
pub(super) fn axes(state: &State) -> (String, String) {
    let (rows, columns) = match state.view.focus {
        Pane::Logits => ("position", "token"),
        Pane::Attention | Pane::Cells => ("query (dest)", "key (src)"),
        Pane::Strips => ("grid layer.head", "position patched"),
        Pane::Space if state.pointed_claim().is_some_and(|line| Survey::is(&line)) => {
            ("done to the model", "what is left")
        }
        Pane::Space => {
            let task = state.task();
            let groups = task.groups.iter();
            let names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
            return (format!("input: {}", names.join(" ")), "number".to_owned());
        }
        _ => ("", ""),
    };
    (rows.to_owned(), columns.to_owned())
}

/// What a figure's caption says.
pub(super) fn caption(state: &State) -> Vec<String> {
    let about = about(state).into_iter();
    about
        .map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

/// The worst inputs; what was counted and claimed stands in the notes, whole numbers in full.
fn space(state: &State) -> Result<Table> {
    let pointed = state.pointed_claim();
    let pointed = pointed.and_then(|line| state.space_answer(&line));
    if let Some(answer) = pointed
        && let Ok(Said::Choices(found)) = &answer.result
    {
        return Ok(choices(state, &answer.claim, found));
    }
    let tally = state.space_tally();
    let tally = tally.context("the inputs are not counted yet: S counts them")?;
    let row = |case: &Case| case.values.to_string();
    let rows: Vec<String> = tally.worst().iter().map(row).collect();
    let values = tally.worst().iter();
    let values = values.flat_map(|case| [case.margin() as f32, case.loss as f32]);
    let mut notes = vec![
        ("inputs".to_owned(), tally.inputs.to_string()),
        ("wrong inputs".to_owned(), tally.wrong_inputs.to_string()),
        ("mean loss".to_owned(), tally.mean_loss().to_string()),
    ];
    let answers = state.listed_claims().into_iter();
    let answers = answers.filter_map(|line| state.space_answer(line));
    notes.extend(answers.map(|answer| {
        let verdict = verdicts::told(answer);
        let text = format!("{}: {}", verdict.word(), verdict.because);
        (format!("claim {}", answer.claim), text)
    }));
    Ok(Table {
        title: "the inputs of the smallest margins, of all there are".to_owned(),
        values: Array::from_values(vec![rows.len(), 2], values.collect()),
        rows,
        cols: vec!["margin".to_owned(), "loss".to_owned()],
        signed: true,
        notes,
        ..Table::default()
    })
}

/// What a survey found; the lines that each choice stands for are in the notes.
fn choices(state: &State, line: &str, found: &Surveyed) -> Table {
    let predictions = state.task().answers.len();
    let left = |choice: &Choice| match &choice.left {
        Ok(left) => {
            let each = left.accuracy_by_position.iter();
            let all = std::iter::once(&left.accuracy.mean).chain(each);
            all.chain([&left.mean_loss]).map(|&x| x as f32).collect()
        }
        Err(_) => vec![f32::NAN; predictions + 2],
    };
    let values: Vec<f32> = found.choices.iter().flat_map(left).collect();
    let lines = found.choices.iter();
    let lines = lines.map(|choice| (choice.name.clone(), choice.interventions.join("; ")));
    let mut notes = vec![
        ("survey".to_owned(), line.to_owned()),
        ("over".to_owned(), found.over.to_string()),
        ("verdict".to_owned(), found.verdict.clone()),
    ];
    notes.extend(lines);
    let words = ["accuracy".to_owned()].into_iter();
    let words = words.chain(state.task().predictions());
    Table {
        title: line.to_owned(),
        values: Array::from_values(vec![found.choices.len(), predictions + 2], values),
        rows: found
            .choices
            .iter()
            .map(|choice| choice.name.clone())
            .collect(),
        cols: words.chain(["loss".to_owned()]).collect(),
        notes,
        ..Table::default()
    }
}

/// The answer to the open question, once it is there.
pub(super) fn answer_table(state: &State) -> Option<&Table> {
    let answer = state.inquiry.as_ref()?.answer.as_ref()?;
    answer.as_ref().ok().map(AsRef::as_ref)
}

/// The focused pane's numbers as CSV, small enough for a clipboard.
///
/// # Errors
/// As [`focused_table`]; when they are too many.
pub(super) fn clipboard(state: &State) -> Result<String> {
    let text = focused_table(state)?.csv(&about(state));
    anyhow::ensure!(
        text.len() <= MAX_CLIPBOARD,
        "{} bytes are more than every terminal takes for its clipboard ({MAX_CLIPBOARD}); e writes them as files",
        text.len()
    );
    Ok(text)
}

/// What the numbers belong to: every export carries it.
pub(super) fn about(state: &State) -> Vec<(String, String)> {
    let seen = state.observation.as_deref();
    let experiment = seen.map_or_else(|| state.study().experiment(), |s| s.experiment.clone());
    let model = ModelNumbers::new(&state.model.name, &state.model.hash, &state.model.config);
    let mut about = numbers::about(&model, state.task(), &experiment);
    if let Some(question) = state.focused_question() {
        let line = question.line(state.task(), &state.model.config);
        about.insert(0, ("question".to_owned(), line));
    }
    about.extend(
        seen.and_then(|seen| Some(("metric values".to_owned(), values(seen.metric.as_ref()?)))),
    );
    about
}

/// The metric in the three runs.
fn values(metric: &MetricValues) -> String {
    let share = metric.normalised(metric.patched);
    let share = share.map_or_else(|| "n/a".to_owned(), |share| fixed(share, 4));
    let [clean, corrupted, patched] = [metric.clean, metric.corrupted, metric.patched]
        .map(|value| metric.measure.written(value, 4));
    format!("clean {clean}, corrupted {corrupted}, patched {patched}, normalised {share}")
}

fn shown(state: &State, seen: &Observation, of: impl Fn(&crate::lens::RunView) -> Array) -> Array {
    match state.view.shown {
        Shown::Run(run) => of(seen.run(run)),
        Shown::Difference => of(&seen.patched).minus(&of(seen.base())),
    }
}

fn table(state: &State, what: &str, rows: Vec<String>, cols: Vec<String>, values: Array) -> Table {
    let mut run = state.view.shown.name(state.study().direction);
    let untouched = matches!(
        state.view.shown,
        Shown::Run(RunName::Clean | RunName::Corrupted)
    );
    let listed = state.study().experiment().interventions;
    if !listed.is_empty() {
        let kinds = Intervention::kinds(&listed);
        run = match untouched {
            true => format!("{run}, untouched ({kinds}: in the patched run alone)"),
            false => format!("{run} ({kinds})"),
        };
    }
    Table {
        title: what.to_owned(),
        rows,
        cols,
        values,
        signed: true,
        notes: vec![("run".into(), run)],
        ..Table::default()
    }
}

/// A grid's table: each of its numbers is of a patched run of its own.
fn grid_table(state: &State, what: &str, rows: Vec<String>, labels: Vec<String>) -> Table {
    let reading = state.view.reading;
    let mut notes = vec![("values".to_owned(), reading.words().to_owned())];
    let listed = state.study().experiment().interventions;
    if !listed.is_empty() {
        let kinds = Intervention::kinds(&listed);
        notes.push(("patched on top of".to_owned(), kinds));
    }
    Table {
        title: format!("{what}, {}", reading.name()),
        rows,
        cols: labels,
        signed: true,
        notes,
        ..Table::default()
    }
}

fn logits(state: &State, seen: &Observation) -> Table {
    let values = shown(state, seen, |run| run.logits.clone());
    let cols = (0..values.shape()[1]).map(|token| token.to_string());
    table(
        state,
        "logits",
        state.task().labels(),
        cols.collect(),
        values,
    )
}

fn attention(state: &State, seen: &Observation) -> Table {
    let at = state.view.attention;
    let all = shown(state, seen, |run| {
        let values = if at.scores { &run.scores } else { &run.pattern };
        values.clone()
    });
    let labels = state.task().labels();
    let values = all.slice(&[at.layer, at.head]).to_vec();
    let kind = if at.scores { "scores" } else { "pattern" };
    let title = format!("attention {kind} {}.{}", at.layer, at.head);
    let values = Array::from_values(vec![labels.len(), labels.len()], values);
    Table {
        signed: at.scores || state.view.shown == Shown::Difference,
        ..table(state, &title, labels.clone(), labels, values)
    }
}

/// One row a grid, layer and head; the last column is all positions at once.
fn strips(state: &State, seen: &Observation) -> Table {
    let (task, config) = (state.task(), &state.model.config);
    let len = task.seq_len();
    let columns: Vec<StripColumn> = (0..len)
        .map(StripColumn::Pos)
        .chain([StripColumn::All])
        .collect();
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (grid, head) in strip_rows(config) {
        for layer in 0..config.n_layers {
            let head_name = head.map_or_else(String::new, |head| format!(".{head}"));
            rows.push(format!("{} {layer}{head_name}", grid.name()));
            values.extend(columns.iter().map(|&column| {
                let cell = strip_cell(grid, head, layer, column);
                let value = cell.and_then(|(grid, cell)| seen.told(state.view.reading, grid, cell));
                value.unwrap_or(f32::NAN)
            }));
        }
    }
    let mut cols = task.labels();
    cols.push("all".into());
    let values = Array::from_values(vec![rows.len(), cols.len()], values);
    Table {
        values,
        ..grid_table(state, "patching", rows, cols)
    }
}

fn cells(state: &State, seen: &Observation) -> Result<Table> {
    let at = state.view.cells;
    seen.metric
        .context("there is no metric, so there are no grids")?;
    let labels = state.task().labels();
    let len = labels.len();
    let value = |i: usize| {
        let cell = Cell {
            pos: Some(i / len),
            src: Some(i % len),
            ..at.cell()
        };
        let told = seen.told(state.view.reading, GridName::PatternDestSrc, cell);
        told.unwrap_or(f32::NAN)
    };
    let what = format!("patching pattern cells {}.{}", at.layer, at.head);
    Ok(Table {
        values: Array::from_values(vec![len, len], (0..len * len).map(value).collect()),
        ..grid_table(state, &what, labels.clone(), labels)
    })
}

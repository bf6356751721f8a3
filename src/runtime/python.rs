//! A finding as a script for others: the same model and interventions in TransformerLens, which
//! compares its numbers with the recorded ones.

use super::replay::Record;
use crate::app::{ModelInfo, State};
use crate::lens::Sender;
use crate::lens::{
    Action, Array, Derived, Experiment, From, Intervention, RunName, Source, StreamDirection,
    Supposed, Target,
};
use crate::model::config::Normalization;
use crate::model::{Axes, HookName, Model, Site};
use crate::task::{Prompt, Task, Values};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// The script; its data takes the place of this word.
const SCRIPT: &str = include_str!("../findings/check.py");
const DATA: &str = "DATA_OF_THE_FINDING";

/// A script and the weights that lie beside it under this name.
///
/// # Errors
/// When a finding has no recorded numbers, or does what TransformerLens has no hook for.
pub fn script(
    record: &Record,
    model: &Model,
    info: &ModelInfo,
    weights: &str,
) -> Result<(String, Vec<u8>)> {
    let state = State::from_session(info.clone(), &record.session)
        .with_context(|| format!("cannot use the session of {:?}", record.name))?;
    let experiment = state.study().experiment();
    let numbers = record
        .numbers
        .as_ref()
        .context("a finding has recorded numbers, and this has none")?;
    let shape = model.transformer.config();
    anyhow::ensure!(
        !shape.no_final_norm || shape.normalization == Normalization::None,
        "TransformerLens has no model whose blocks have norms and whose end has none"
    );
    let task = model.transformer.task();
    in_order(
        task,
        &[experiment.clean.prompt(), experiment.corrupted.prompt()],
    )?;
    let (bytes, config) = model.transformer.to_files()?;
    let lines = experiment.interventions.iter();
    let interventions = lines.map(|one| {
        told(model, &experiment, one).with_context(|| one.line(model.transformer.task()))
    });
    let data = json!({
        "title": record.name,
        "config": serde_json::from_str::<Value>(&config)?,
        "weights": weights,
        "interventions": interventions.collect::<Result<Vec<Value>>>()?,
        "runs": runs(numbers),
        "metric": numbers.pointer("/patching/metric"),
        "direction": numbers.pointer("/patching/direction"),
        "grids": numbers.pointer("/patching/grids"),
    });
    let text = data.to_string();
    // inside a raw text of three quotes nothing ends it but these
    anyhow::ensure!(!text.contains("\"\"\""), "three quotes stand in a row");
    Ok((SCRIPT.replacen(DATA, &text, 1), bytes))
}

/// What the script compares.
fn runs(numbers: &Value) -> Value {
    let mut runs = Map::new();
    for name in ["clean", "corrupted", "patched"] {
        if let Some(run) = numbers.pointer(&format!("/runs/{name}")) {
            let of = |field: &str| run.get(field).cloned().unwrap_or_default();
            let fields = ["tokens", "logits", "pattern", "predictions"];
            let run: Map<String, Value> = fields
                .iter()
                .map(|&one| (one.to_owned(), of(one)))
                .collect();
            runs.insert(name.to_owned(), Value::Object(run));
        }
    }
    Value::Object(runs)
}

/// An intervention as the script reads it.
fn told(model: &Model, experiment: &Experiment, one: &Intervention) -> Result<Value> {
    let (positions, dest, src) = match &one.target {
        Target::Positions(list) => (list.clone(), None, None),
        Target::Cell { dest, src } => (None, *dest, *src),
    };
    let axes = match one.hook.axes() {
        Axes::Pos => "pos",
        Axes::PosHead => "head",
        Axes::HeadDestSrc => "cell",
    };
    let mut fields = json!({
        "line": one.line(model.transformer.task()),
        "hook": one.hook.to_string(),
        "axes": axes,
        "positions": positions,
        "dest": dest,
        "src": src,
        "head": one.head,
        "neurons": one.hook.has_neurons(),
    });
    let scores = matches!(one.hook, HookName::Block(_, Site::AttnScores));
    let more = match &one.action {
        Action::Zero => json!({"does": "set", "value": 0.0}),
        Action::Set(value) => json!({"does": "set", "value": value}),
        Action::Knock if scores => json!({"does": "set", "value": "-inf"}),
        Action::Knock => json!({"does": "set", "value": 0.0}),
        Action::Scale(by) => json!({"does": "scale", "by": by}),
        Action::Add(direction, by) => {
            let direction = match direction {
                StreamDirection::Embed(token) => json!(["W_E", token]),
                StreamDirection::Unembed(class) => json!(["W_U", class]),
                StreamDirection::Pos(position) => json!(["W_pos", position]),
            };
            json!({"does": "add", "by": by, "direction": direction})
        }
        Action::Patch(from) => put(model, experiment, one, from)?,
        Action::Rank(_) => derived(model, experiment, one, "rank")?,
        Action::Project(..) => derived(model, experiment, one, "map")?,
        Action::Path(path) => {
            let heads = path.attention().map(|head| json!([head.layer, head.head]));
            let mut more = derived(model, experiment, one, "path")?;
            more["heads"] = heads.collect::<Vec<_>>().into();
            more["path"] = path.to_string().into();
            more
        }
        Action::Edge(sender, from) => {
            let mut more = match from {
                Some(from) => put(model, experiment, one, from)?,
                None => json!({}),
            };
            let head = match sender {
                Sender::Head(_, head) => Some(*head),
                _ => None,
            };
            more["does"] = "edge".into();
            more["sender"] = json!({"hook": sender.hook().to_string(), "head": head});
            more
        }
    };
    let (Value::Object(all), Value::Object(more)) = (&mut fields, more) else {
        bail!("nothing is told of it");
    };
    all.extend(more);
    Ok(fields)
}

/// Numbers of which an intervention is made.
fn derived(
    model: &Model,
    experiment: &Experiment,
    one: &Intervention,
    does: &str,
) -> Result<Value> {
    let found = Derived::new(&model.transformer, experiment, &base(experiment).prompt())?;
    let array = Array::from_tensor(found.get(one)?)?;
    // a row for the prompt is there where it depends on that; a map is the same for all
    let shape = match array.shape() {
        [1, rest @ ..] if does == "path" => rest,
        whole => whole,
    };
    Ok(json!({"does": does, "numbers": array.values(), "shape": shape}))
}

/// TransformerLens knows positions by their numbers, which are others in a shorter prompt.
fn in_order(task: Task, prompts: &[Prompt]) -> Result<()> {
    let all = prompts.iter().map(|prompt| task.tokens(prompt));
    anyhow::ensure!(
        all.into_iter().all(|tokens| task.order(&tokens).is_none()),
        "a prompt is shorter than the longest: what stands behind its list is at another position there"
    );
    Ok(())
}

/// The run that interventions act in.
fn base(experiment: &Experiment) -> &Source {
    match experiment.direction.base() {
        RunName::Clean => &experiment.clean,
        _ => &experiment.corrupted,
    }
}

/// What is put there: rows of tokens whose runs are averaged, or numbers.
fn put(model: &Model, experiment: &Experiment, one: &Intervention, from: &From) -> Result<Value> {
    let task = model.transformer.task();
    let base = base(experiment);
    let rows = |sources: &[Prompt]| -> Result<Value> {
        in_order(task, sources)?;
        let rows: Vec<Vec<u32>> = sources.iter().map(|prompt| task.row(prompt)).collect();
        Ok(json!({"does": "put", "rows": rows}))
    };
    let run = |source: &Source| rows(&[source.prompt()]);
    let inputs = std::slice::from_ref(&base.values);
    Ok(match from {
        From::Run(RunName::Corrupted) => run(&experiment.corrupted)?,
        From::Run(_) => run(&experiment.clean)?,
        From::Example(n) => {
            let all = experiment.sample.prompts(task);
            let example = n.checked_sub(1).and_then(|i| all.get(i));
            rows(std::slice::from_ref(
                example.context("there is no such example")?,
            ))?
        }
        From::Mean(crate::lens::Averaged::Sample, given) => {
            let all = experiment.sample.prompts(task);
            let values: Vec<Values> = all.iter().map(|prompt| prompt.values.clone()).collect();
            let own = given.values(inputs)?;
            let agree = all.into_iter().zip(given.values(&values)?);
            let agree = agree
                .filter(|(_, value)| own.contains(value))
                .map(|(prompt, _)| prompt);
            rows(&agree.collect::<Vec<_>>())?
        }
        From::Resample { keep, seed } => {
            rows(&task.teacher_forced(&keep.donors_of(task, inputs, *seed)?)?)?
        }
        From::Supposed(Supposed::AsIf(as_if)) => {
            rows(&task.teacher_forced(&as_if.inputs(task, inputs)?)?)?
        }
        // what stands for itself, or would take all inputs there are
        From::Supposed(Supposed::Said(_)) | From::Mean(..) => {
            let derived = Derived::new(&model.transformer, experiment, &base.prompt())?;
            let array = Array::from_tensor(&derived.get(one)?.get(0)?)?;
            json!({"does": "put", "numbers": array.values(), "shape": array.shape()})
        }
    })
}

//! What several commands share: opening a model, reading a prompt.

use super::args::{Common, ContinuationChoice};
use super::model_args::ModelArgs;
use crate::lens::slide;
use crate::lens::{Intervention, LowRank, Source, low_rank};
use crate::model::device::Picked;
use crate::model::{HookedTransformer, Model, SLIDES, Series};
use crate::sweep::make_means;
use crate::task::{Estimate, Sample, Task, Token, Values, counterfactuals, limits, shown, unlike};
use anyhow::{Context, Result, bail, ensure};
use candle_core::Device;
use serde::Serialize;
use std::io::{BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The model asked for and the device it is on; of a series its newest step that can be opened.
pub fn open(which: &ModelArgs) -> Result<(Model, Picked)> {
    let (model, picked, _) = open_newest(which)?;
    Ok((model, picked))
}

/// Refuses to judge by a task that says of nothing what is right.
pub fn ensure_judged(model: &Model) -> Result<()> {
    ensure!(
        model.transformer.task().is_judged(),
        "there is no task, so nothing is right or wrong; say which with --task NAME or --task FILE"
    );
    Ok(())
}

/// The same with where it was opened from, be it the newest of a series.
pub fn open_newest(which: &ModelArgs) -> Result<(Model, Picked, Option<PathBuf>)> {
    let path = which.path();
    let series = match (which.several()?, path.as_ref().filter(|path| path.is_dir())) {
        (None, Some(folder)) => Series::around(folder)?.map(|(series, _)| series),
        (several, _) => several,
    };
    if let Some(series) = series {
        let (model, picked, path) = newest_of(which, &series)?;
        return Ok((model, picked, Some(path)));
    }
    let (model, picked) = open_one(which)?;
    Ok((model, picked, path))
}

/// More steps than this are not tried.
const TRIED: usize = 64;

/// The last step of a series that can be opened; the model tells which cannot.
pub fn newest_of(which: &ModelArgs, series: &Series) -> Result<(Model, Picked, PathBuf)> {
    let mut first = None;
    for (step, path) in series.steps.iter().rev().take(TRIED) {
        let which = ModelArgs {
            model: vec![path.clone()],
            slide: None,
            said: which.said.clone(),
        };
        match (open_one(&which), first) {
            (Ok((mut model, picked)), broken) => {
                if let Some((newest, error)) = broken {
                    let told = format!(
                        "step {newest} cannot be opened, this is step {step}, the newest that can: {error:#}"
                    );
                    model.unread = Some(match model.unread.take() {
                        Some(unread) => format!("{told}; {unread}"),
                        None => told,
                    });
                }
                return Ok((model, picked, path.clone()));
            }
            (Err(error), broken) => first = broken.or(Some((*step, error))),
        }
    }
    let (_, error) = first.context("a series has steps")?;
    Err(error.context("no step can be opened"))
}

fn open_one(which: &ModelArgs) -> Result<(Model, Picked)> {
    let picked = which.said.device.open()?;
    let wish = which.wish()?;
    let path = which.path().unwrap_or_else(|| SLIDES[0].path());
    let on = |device: &Device| slide::open(&path, &wish, device);
    let mut model = on(&picked.device)?;
    if let Some(device) = &picked.for_many {
        let many = on(device)?.transformer;
        model.transformer = model.transformer.with_many_on(many);
    }
    Ok((model, picked))
}

/// The model asked for and what it is run on: a prompt of its task, or token ids of which nothing need
/// be known.
pub fn open_with_prompt(
    common: &Common,
    words: &[String],
    tokens: Option<&str>,
    continuation: Option<ContinuationChoice>,
) -> Result<(Model, Source)> {
    let mut model = open_model(common)?;
    // without a task a prompt is token ids, as many as are typed
    let task = model.transformer.task();
    let typed = words.join(" ");
    let bare = tokens.is_none() && !task.is_judged() && task.name == "tokens" && !words.is_empty();
    let ids = tokens.or_else(|| (bare && typed != "-").then_some(typed.as_str()));
    let source = match ids {
        None => source(task, "prompt", words, continuation)?,
        Some(ids) => {
            let ids = token_ids(ids).context(if bare { "in the prompt" } else { "in --tokens" })?;
            let mut sources = with_tokens(&mut model, &[&ids])?;
            sources.pop().context("no tokens")?
        }
    };
    Ok((model, source))
}

/// Token ids, apart by blanks or commas.
pub fn token_ids(text: &str) -> Result<Vec<Token>> {
    limits::check_line(text)?;
    // as a list of Python as well
    let text = text.trim();
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let words = inner
        .unwrap_or(text)
        .split(|c: char| c.is_whitespace() || c == ',');
    let words = words.filter(|word| !word.is_empty());
    let ids: Result<Vec<Token>> = words
        .map(|word| {
            let id = word.parse().ok();
            id.with_context(|| format!("'{}' is no token id", shown(word)))
        })
        .collect();
    let ids = ids?;
    ensure!(!ids.is_empty(), "no token ids");
    Ok(ids)
}

/// Prompts of these token ids. Where they are all prompts of the model's task they are its; else the
/// model is looked at without a task.
pub fn with_tokens(model: &mut Model, rows: &[&[Token]]) -> Result<Vec<Source>> {
    let (task, config) = (model.transformer.task(), model.transformer.config());
    let (d_vocab, len) = (config.d_vocab, rows.first().map_or(0, |row| row.len()));
    for row in rows {
        ensure!(
            row.len() == len,
            "{} and {len} token ids; both prompts need as many",
            row.len()
        );
        if let Some(id) = row.iter().find(|&&id| id as usize >= d_vocab) {
            bail!("token {id} is not in 0..{d_vocab}");
        }
    }
    ensure!(
        len <= config.n_ctx,
        "{len} tokens, but the model has {} positions",
        config.n_ctx
    );
    config.check_run(len)?;
    let known: Option<Vec<Source>> = rows
        .iter()
        .map(|row| task.prompt_of(row).map(Source::from))
        .collect();
    if let Some(known) = known {
        return Ok(known);
    }
    let raw = slide::without_task(len, config);
    model.transformer = model.transformer.for_task(raw);
    let rows = rows.iter();
    Ok(rows
        .map(|row| Source::new(Values::new(raw, row.to_vec())))
        .collect())
}

/// The model asked for; where there is something to say of its device, it is said on stderr.
pub fn open_model(common: &Common) -> Result<Model> {
    let (model, picked) = open(&common.which)?;
    tell(&picked);
    Ok(model)
}

/// Another model to compare one with: of the same task, on the same device.
pub fn other_model(path: &Path, model: &Model) -> Result<Model> {
    let (task, device) = (model.transformer.task(), model.transformer.device());
    slide::open_for(path, task, device)
        .with_context(|| format!("it is compared with {}, whose task is {task}", model.name))
}

/// Says on stderr what there is to say of a device.
pub fn tell(picked: &Picked) {
    if let Some(note) = &picked.note {
        // nobody is left to tell if stderr is gone
        let _ = writeln!(std::io::stderr(), "circuitscope: {note}");
    }
}

/// The interventions of `--intervene`.
pub fn interventions(lines: &[String], model: &HookedTransformer) -> Result<Vec<Intervention>> {
    let parse = |line: &String| {
        Intervention::parse(line, model.task(), model.config())
            .with_context(|| format!("in --intervene '{}'", shown(line)))
    };
    let interventions: Vec<Intervention> = lines.iter().map(parse).collect::<Result<_>>()?;
    make_means(model, &interventions, &mut |_| Ok(true))?;
    Ok(interventions)
}

/// A model cut down as `--low-rank` says; `None` where it says nothing.
pub fn cut_down(texts: &[String], model: &HookedTransformer) -> Result<Option<HookedTransformer>> {
    let cuts = texts
        .iter()
        .map(|text| LowRank::parse(text, model.config()));
    let cuts: Vec<LowRank> = cuts.collect::<Result<_>>().context("in --low-rank")?;
    match cuts[..] {
        [] => Ok(None),
        _ => low_rank(model, &cuts).map(Some),
    }
}

/// The clean prompt: as it was typed, or the sample's first.
pub fn clean_or_first(
    task: Task,
    words: &[String],
    sample: Sample,
    continuation: Option<ContinuationChoice>,
) -> Result<Source> {
    if !words.is_empty() {
        return source(task, "clean prompt", words, continuation);
    }
    let first = sample.prompts(task).into_iter().next();
    let mut first = Source::from(first.context("the sample is empty")?);
    if let Some(choice) = continuation {
        first.continuation = choice.into();
    }
    Ok(first)
}

/// The corrupted prompt: as it was typed, or the clean one's first counterfactual, or where it has none an example
/// of the sample that says something else.
pub fn corrupted_or_next(
    clean: &Source,
    words: &[String],
    continuation: Option<ContinuationChoice>,
    sample: Sample,
) -> Result<Source> {
    let task = clean.values.task();
    if !words.is_empty() {
        return source(task, "corrupted prompt", words, continuation);
    }
    let mut corrupted = match counterfactuals(task, &clean.values).first() {
        Some(&change) => Source::new(clean.values.with(change)),
        None => unlike(task, &clean.values, sample).map_or_else(|| clean.clone(), Source::new),
    };
    if let Some(choice) = continuation {
        corrupted.continuation = choice.into();
    }
    Ok(corrupted)
}

/// The longest prompt that is read from standard input, in bytes.
const MAX_PROMPT: u64 = 1 << 16;

/// What was typed, or the first line of standard input where that is `-`.
fn typed(words: &[String]) -> Result<String> {
    let [dash] = words else {
        return Ok(words.join(" "));
    };
    if dash != "-" {
        return Ok(dash.clone());
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_PROMPT + 1)
        .read_until(b'\n', &mut bytes);
    read.context("standard input")?;
    ensure!(
        bytes.len() as u64 <= MAX_PROMPT,
        "standard input has a line of more than {MAX_PROMPT} bytes"
    );
    let line = String::from_utf8(bytes).context("standard input is no text")?;
    ensure!(
        !line.trim().is_empty(),
        "no prompt came from standard input"
    );
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// A prompt from the words it was typed as. `name` says which one in an error.
pub fn source(
    task: Task,
    name: &str,
    words: &[String],
    continuation: Option<ContinuationChoice>,
) -> Result<Source> {
    let prompt = task
        .parse_prompt(&typed(words)?)
        .with_context(|| format!("in the {name}"))?;
    let mut source = Source::from(prompt);
    if let Some(choice) = continuation {
        source.continuation = choice.into();
    }
    Ok(source)
}

/// The tokens as they are typed: `BOS 14 26 35 \n 1 48 \n 14 48 35`.
pub fn sequence(task: Task, tokens: &[Token]) -> String {
    let read = task.as_read(tokens).into_iter();
    let names: Vec<_> = read.map(|at| task.token_name(tokens[at])).collect();
    names.join(" ")
}

/// How far another sample's numbers may be from these.
#[derive(Serialize)]
pub(super) struct StandardError {
    accuracy: f64,
    loss: f64,
}

impl StandardError {
    pub fn of(accuracy: &Estimate, loss: &Estimate) -> Self {
        Self {
            accuracy: accuracy.standard_error,
            loss: loss.standard_error,
        }
    }
}

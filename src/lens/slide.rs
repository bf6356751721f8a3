//! A slide: a checkpoint, the task that it is looked at with, and what nobody says of it but the task
//! decides.
//!
//! The task is, in this order, the one that is asked for, that of a file beside the checkpoint, that
//! which a config names, the array update where all sizes are its; else tokens of which nothing is
//! known, and nothing is called right or wrong.

pub use super::runs::overall::{Overall, overall};
use super::runs::score::score;
use crate::model::config::{
    Assumed, AttentionDir, Config, Overrides, PositionalEmbedding, Sidecar,
};
use crate::model::{HookedTransformer, Model, Opened, Slide, cannot_use};
use crate::task::number::fixed;
use crate::task::plain::{self, Links};
use crate::task::{Identity, Sample, Sizes, Task, TaskError, shown, shown_path};
use anyhow::{Context, Result, ensure};
use candle_core::Device;
use std::path::{Path, PathBuf};

/// How many inputs assumptions are judged by; of a large model fewer.
const JUDGES: (usize, usize) = (256, 64);
/// Numbers that make a model large.
const LARGE: usize = 1_000_000;
/// So much of what is asked must be right at least for an assumption to be decided: a model that knows nothing
/// decides nothing.
const KNOWS: f64 = 0.5;
/// By how much more of these must be right for it, and by how many standard errors of the difference.
const CLEARLY: (f64, f64) = (0.05, 4.0);
/// A task file is a page; more is none.
const MAX_TASK_FILE: u64 = 1 << 16;
/// A table of prompts and targets has at most so many bytes.
const MAX_TABLE: u64 = 1 << 26;

/// What a checkpoint is opened with.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// A built-in task's name, with options behind a colon (`sort:list_len=5`), or a task file.
    pub task: Option<String>,
    /// What the user says of the model.
    pub overrides: Overrides,
}

/// The model in a file, or in the binary, for its task.
///
/// # Errors
/// One error that names the file, the tensor or field, and what would be right; that of a task file
/// with its line and column; which sizes of task and checkpoint disagree.
pub fn open(path: &Path, wish: &Wish, device: &Device) -> Result<Model> {
    let opened = read(path, &wish.overrides)?;
    let model = match task_of(&opened, wish) {
        // what is wrong with a task file says so itself, and is nothing of the model's
        Err(error) if is_of_file(&error) => return Err(error),
        task => task.and_then(|task| of(&opened, task, device)),
    };
    let told = || cannot_use(opened.path.as_deref().unwrap_or(path), &wish.overrides);
    let mut model = model.with_context(told)?;
    let named = (opened.said.task.as_ref()).filter(|_| known_task(&opened.said).is_none());
    // a file of that name beside it is what was meant
    let other = named.filter(|named| named.name != model.transformer.task().name);
    if let Some(named) = other.filter(|_| wish.task.is_none()) {
        let (named, task) = (shown(&named.name), model.transformer.task());
        let unknown = format!(
            "the config's task '{named}' is none of the built-in ones; it is opened for {task}"
        );
        model.unread = Some(match model.unread.take() {
            Some(unread) => format!("{unread}; {unknown}"),
            None => unknown,
        });
    }
    Ok(model)
}

/// What a file holds, or a model in the binary (`slide:sort`), which says all of itself.
fn read(path: &Path, overrides: &Overrides) -> Result<Opened> {
    match Slide::of_path(path) {
        Some(slide) => slide?.opened(),
        None => Opened::read(path, overrides),
    }
}

/// A task that fits these sizes.
///
/// # Errors
/// Says which disagree.
fn fitting(task: Task, sizes: &Sizes) -> Result<Task> {
    task.fits(sizes).map_err(anyhow::Error::msg)?;
    Ok(task)
}

/// The model in a file, for a task that is known.
///
/// # Errors
/// As [`open`].
pub fn open_for(path: &Path, task: Task, device: &Device) -> Result<Model> {
    let opened = read(path, &Overrides::default())?;
    let task = fitting(task, &sizes(&opened.config));
    let model = task.and_then(|task| of(&opened, task, device));
    let path = opened.path.as_deref().unwrap_or(path);
    model.with_context(|| cannot_use(path, &Overrides::default()))
}

/// Another step of a model: for the same task, and computed with in the same way, whatever its file leaves open.
///
/// # Errors
/// As [`open`]; when it is no step of this model: other sizes, or its config says something else.
pub fn open_step(path: &Path, like: &HookedTransformer) -> Result<Model> {
    let (task, config) = (like.task(), like.config());
    let mut overrides = Overrides::default();
    if config.n_layers > 0 {
        // tensors that join the heads do not show how many they are
        overrides.set("heads", &config.n_heads.to_string())?;
    }
    let opened = read(path, &overrides)?;
    let of = || -> Result<Model> {
        let own = said_by_task(&opened.config, task);
        ensure!(
            own.parameters() == config.parameters(),
            "its weights have other names or sizes than those of the other steps"
        );
        ensure!(
            !own.assumed.is_empty() || own.hashed() == config.hashed(),
            "its config says something else than those of the other steps"
        );
        Model::of(&opened, config.clone(), task, like.device())
    };
    let path = opened.path.as_deref().unwrap_or(path);
    of().with_context(|| cannot_use(path, &Overrides::default()))
}

/// The model of what was read, for a task.
///
/// # Errors
/// Names the tensor that is wrong, missing, extra, misshapen or not finite.
pub fn of(opened: &Opened, task: Task, device: &Device) -> Result<Model> {
    let task = suited(task, &opened.config);
    let base = said_by_task(&opened.config, task);
    let pads: Vec<u32> = task.pad.into_iter().collect();
    let mut all = base.candidates(&opened.weights, &pads);
    if task.name == "array_update" {
        // files of the array update that did not say were shortformers
        all.sort_by_key(|one| {
            let first = one.positional_embedding == PositionalEmbedding::Shortformer
                && one.attention_dir == base.attention_dir;
            !first
        });
    }
    let mut model = Model::of(opened, all[0].clone(), task, device)?;
    let noted = [&task.notes[..], &opened.noted].concat();
    model.told.clone_from(&noted);
    if task.is_judged() && all.len() > 1 {
        let (config, told) = judged(&model.transformer, all)?;
        if config != *model.transformer.config() {
            model = Model::of(opened, config, task, device)?;
        }
        model.told = [noted, told].concat();
    }
    Ok(model)
}

/// The task as a model of this kind answers it.
#[must_use]
pub fn suited(task: Task, config: &Config) -> Task {
    if config.is_bare() {
        task.with_one_output()
    } else {
        task
    }
}

/// Prompts of `len` tokens of which nothing is known, for a model of this config.
#[must_use]
pub fn without_task(len: usize, config: &Config) -> Task {
    suited(Task::raw(len, config.d_vocab, config.d_vocab_out), config)
}

/// A config with what the task says of attention.
fn said_by_task(config: &Config, task: Task) -> Config {
    let mut config = config.clone();
    if task.bidirectional == Some(true) && config.assumes(Assumed::Attention) {
        config.attention_dir = AttentionDir::Bidirectional;
        config.assumed.remove(&Assumed::Attention);
    }
    if config.attention_dir == AttentionDir::Bidirectional {
        config.pad_token = config.pad_token.or(task.pad);
    }
    config
}

/// The candidate that the task decides for, and what was found. Each assumption is decided alone: by
/// what is right at best under each of its choices, if one is clearly ahead; else the first holds.
fn judged(model: &HookedTransformer, all: Vec<Config>) -> Result<(Config, Vec<String>)> {
    let parameters = model.config().parameters();
    let numbers = parameters
        .iter()
        .map(|(_, shape)| shape.iter().product::<usize>());
    let n = match numbers.sum::<usize>() > LARGE {
        true => JUDGES.1,
        false => JUDGES.0,
    };
    let judges = Sample::Random { seed: 0, len: n };
    let prompts = judges.prompts(model.task());
    let right = |config: &Config| -> Result<f64> {
        let model = model.reconfigured(config.clone())?;
        Ok(score(&model, &prompts)?.accuracy())
    };
    let scored = all.into_iter().map(|config| Ok((right(&config)?, config)));
    let scored = scored.collect::<Result<Vec<(f64, Config)>>>()?;
    let positions = decided(&scored, n, |one| one.positional_embedding);
    let attention = decided(&scored, n, |one| (one.attention_dir, one.pad_token));
    let first = &scored[0].1;
    let wanted = (
        positions.unwrap_or(first.positional_embedding),
        attention.unwrap_or((first.attention_dir, first.pad_token)),
    );
    let choice = |one: &Config| (one.positional_embedding, (one.attention_dir, one.pad_token));
    let found = scored.iter().find(|(_, one)| choice(one) == wanted);
    let mut config = found.map_or(first, |(_, one)| one).clone();
    config.judged.extend(positions.map(|_| Assumed::Positions));
    config.judged.extend(attention.map(|_| Assumed::Attention));
    if config.judged.is_empty() {
        return Ok((config, Vec::new()));
    }
    // what was not decided is told as it stands
    let shown = scored.iter().filter(|(_, one)| {
        let (positions, attention) = (choice(one).0, choice(one).1);
        (config.judged.contains(&Assumed::Positions) || positions == wanted.0)
            && (config.judged.contains(&Assumed::Attention) || attention == wanted.1)
    });
    let told = shown.map(|(right, one)| {
        let percent = 100.0 * right;
        let percent = fixed(percent, usize::from(percent.fract() != 0.0));
        format!(
            "{}: right on {percent} % of {n} inputs",
            words(one, &config)
        )
    });
    let told = told.collect();
    Ok((config, told))
}

/// The choice under which clearly more is right than under every other one.
fn decided<T: PartialEq + Copy>(
    scored: &[(f64, Config)],
    n: usize,
    of: impl Fn(&Config) -> T,
) -> Option<T> {
    let at_best = |choice: T, same: bool| {
        let those = scored.iter().filter(|(_, one)| (of(one) == choice) == same);
        those.map(|(right, _)| *right).fold(0.0, f64::max)
    };
    let mut choices = scored.iter().map(|(_, one)| of(one));
    let clearly = |right: f64, other: f64| {
        let spread = |part: f64| part * (1.0 - part) / n as f64;
        let error = (spread(right) + spread(other)).sqrt();
        right >= KNOWS && right - other >= CLEARLY.0.max(CLEARLY.1 * error)
    };
    choices
        .find(|&choice| clearly(at_best(choice, true), at_best(choice, false)))
        .filter(|&choice| scored.iter().any(|(_, one)| of(one) != choice))
}

/// What was tried, of what was judged.
fn words(one: &Config, decided: &Config) -> String {
    let mut words = Vec::new();
    if decided.judged.contains(&Assumed::Positions) {
        words.push(format!("positions {}", one.positional_embedding.name()));
    }
    if decided.judged.contains(&Assumed::Attention) {
        let padding = one.pad_token.map_or("", |_| " with a padding mask");
        words.push(format!("attention {}{padding}", one.attention_dir.name()));
    }
    words.join(", ")
}

/// The task that a config names, where it is a built-in one; what others call theirs is their business.
fn known_task(said: &Sidecar) -> Option<&Identity> {
    let is_known = |task: &&Identity| Task::built_in_names().any(|name| name == task.name);
    said.task.as_ref().filter(is_known)
}

/// What a task may ask of a checkpoint.
#[must_use]
pub fn sizes(config: &Config) -> Sizes {
    Sizes {
        n_ctx: Some(config.n_ctx),
        d_vocab: Some(config.d_vocab),
        d_vocab_out: Some(config.d_vocab_out),
    }
}

fn task_of(opened: &Opened, wish: &Wish) -> Result<Task> {
    let sizes = sizes(&opened.config);
    if let Some(text) = &wish.task {
        return named(text, &sizes);
    }
    let file = opened.path.as_deref().map(beside).transpose()?.flatten();
    if let Some(file) = file {
        let text = read_task(&file)?;
        let task = Task::from_file(&file.to_string_lossy(), &text, &[], &sizes)?;
        return fitting(task, &sizes);
    }
    if let Some(said) = known_task(&opened.said) {
        let task = Task::built_in(&said.name, &said.options, &sizes)?;
        return fitting(task, &sizes);
    }
    let config = &opened.config;
    let said = opened.said.list_len.is_some() || opened.said.max_num.is_some();
    let alike = !config.is_bare()
        && config.n_ctx >= 7
        && config.n_ctx % 2 == 1
        && config.d_vocab == config.d_vocab_out + 2;
    if said || alike {
        return opened.said.task(config);
    }
    Ok(Task::raw(config.n_ctx, config.d_vocab, config.d_vocab_out))
}

/// A task by the words of a flag.
///
/// # Errors
/// When there is no such task or file, it is wrong, or it does not fit these sizes.
pub fn named(text: &str, sizes: &Sizes) -> Result<Task> {
    let (name, options) = Task::choice(text)?;
    let path = Path::new(name);
    let end = path.extension().unwrap_or_default().to_string_lossy();
    let task = match &*end {
        "csv" | "jsonl" | "npz" | "safetensors" => {
            let bytes = read_whole(path, MAX_TABLE)?;
            Task::from_data(name, &bytes, sizes)?
        }
        _ if path.is_file() || name.contains('/') || matches!(&*end, "star" | "py" | "bzl") => {
            Task::from_file(name, &read_task(path)?, &options, sizes)?
        }
        _ => Task::built_in(name, &options, sizes)?,
    };
    fitting(task, sizes)
}

/// The task file beside a checkpoint: `NAME.star`, or `task.star` in its folder.
fn beside(path: &Path) -> Result<Option<PathBuf>> {
    for file in [
        path.with_extension("star"),
        path.with_file_name("task.star"),
    ] {
        if plain::stands(&file)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn read_task(path: &Path) -> Result<String> {
    let text = plain::text(path, MAX_TASK_FILE, Links::Followed);
    text.with_context(|| Unread(shown_path(path)))
}

/// Whether a task file is wrong, or cannot be read: a built-in task has no file, and what is wrong with it are the
/// model's sizes.
fn is_of_file(error: &anyhow::Error) -> bool {
    let wrong = error.downcast_ref::<TaskError>();
    wrong.is_some_and(|wrong| wrong.file.contains('.')) || error.is::<Unread>()
}

/// A task file that cannot be read.
#[derive(Debug)]
struct Unread(String);

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read the task {}", self.0)
    }
}

fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let bytes = plain::bytes(path, most, Links::Followed);
    bytes.with_context(|| Unread(shown_path(path)))
}

/// The built-in tasks that a checkpoint of these sizes can be asked, as large as it.
pub fn fitting_tasks(config: &Config) -> impl Iterator<Item = Task> + use<> {
    let sizes = sizes(config);
    Task::built_in_names().filter_map(move |name| {
        let task = Task::built_in(name, &[], &sizes).ok()?;
        fitting(task, &sizes).ok()
    })
}

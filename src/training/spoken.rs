//! A training as the words of the workbench ask for it: `steps 500 seed 1 layers 1`. They are the flags of
//! `train`; what no word says is as the model that is looked at.

use super::{Recipe, RecipeArgs, Saves, SavesArgs};
use crate::model::Config;
use crate::task::number::no_number;
use crate::task::{Task, limits, shown};
use anyhow::{Context, Result, bail, ensure};
use clap::{CommandFactory, Parser};

/// What the task on screen says.
const OF_TASK: [&str; 3] = ["task", "list-len", "max-num"];
/// What is told of the model on screen no longer holds once one of the others is said.
const GOES_WITH: [(&str, &[&str]); 2] =
    [("d-head", &["d-model", "heads"]), ("kv-heads", &["heads"])];

/// What is asked for, and how `train` is asked for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// What is trained, and how.
    pub recipe: Recipe,
    /// When it is written.
    pub saves: Saves,
    /// The flags that make the same in the shell, but for `--output`.
    pub flags: Vec<String>,
}

/// The flags that are words here.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Words {
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    saves: SavesArgs,
}

/// A flag and its value, where it takes one.
type Said = (String, Option<String>);

impl Spoken {
    /// A training whose steps are looked at while it runs is written so often in each decade.
    pub const A_DECADE: u32 = 20;

    /// The flags of a command `train` that is watched, without those of watching.
    #[must_use]
    pub fn flags_of(words: impl Iterator<Item = String>) -> Vec<String> {
        let words = words.skip_while(|word| word != "train").skip(1);
        words.filter(|word| word != "--watch").collect()
    }

    /// Reads the words. `task_file` is where the task was read from, if it is no built-in one.
    ///
    /// # Errors
    /// Names the word that is none, or what makes no sense.
    pub fn parse(text: &str, task: Task, task_file: Option<&str>, like: &Config) -> Result<Self> {
        limits::check_line(text)?;
        let said = said(text)?;
        let is_said = |name: &str| said.iter().any(|(one, _)| one == name);
        let mut flags: Vec<Said> = vec![("task".into(), Some(task_words(task, task_file)))];
        flags.extend(architecture(like).into_iter().filter(|(name, _)| {
            let mut with = GOES_WITH.iter().filter(|(one, _)| one == name);
            !is_said(name) && !with.any(|(_, others)| others.iter().any(|one| is_said(one)))
        }));
        if !is_said("save-every") && !is_said("save-at") {
            flags.push((
                "save-at".into(),
                Some(Saves::Log(Self::A_DECADE).to_string()),
            ));
        }
        flags.extend(said);
        let flags: Vec<String> = flags
            .into_iter()
            .flat_map(|(name, value)| std::iter::once(format!("--{name}")).chain(value))
            .collect();
        let words = Words::try_parse_from(&flags).map_err(|error| {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            let first = no_number(first.trim_start_matches("error: "));
            anyhow::anyhow!("{}", first.replace("'--", "'"))
        })?;
        let recipe = words.recipe.recipe_for(task)?;
        let saves = words.saves.saves().context("it is never written")?;
        saves.check(recipe.steps)?;
        Ok(Self {
            recipe,
            saves,
            flags,
        })
    }

    /// The words that there are, with what each is about.
    #[must_use]
    pub fn words() -> Vec<String> {
        let command = Words::command();
        let names = command.get_arguments().filter_map(|arg| arg.get_long());
        let names = names.filter(|name| !OF_TASK.contains(name));
        names.map(str::to_owned).collect()
    }
}

/// The words as flags; `d_model` is `d-model`. A word that is said again counts the last time.
fn said(text: &str) -> Result<Vec<Said>> {
    let command = Words::command();
    let mut said: Vec<Said> = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let name = word.trim_start_matches('-').replace('_', "-");
        if OF_TASK.contains(&&*name) {
            bail!("the task is the one on screen; :task and :slide lead to others");
        }
        let mut known = command.get_arguments();
        let arg = known.find(|arg| arg.get_long() == Some(&*name));
        let arg = arg.with_context(|| {
            format!(
                "no word '{}'; they are those of train: {}",
                shown(word),
                Spoken::words().join(" ")
            )
        })?;
        let value = match arg.get_action().takes_values() {
            true => Some(words.next().with_context(|| format!("{word} of what?"))?),
            false => None,
        };
        ensure!(
            value.is_none_or(|value| !value.starts_with("--")),
            "{word} of what?"
        );
        said.retain(|(one, _)| *one != name);
        said.push((name, value.map(str::to_owned)));
    }
    Ok(said)
}

/// How the shell asks for the task.
fn task_words(task: Task, file: Option<&str>) -> String {
    if let Some(file) = file {
        return file.to_owned();
    }
    let identity = task.identity();
    let options = identity.options.iter();
    let options: Vec<String> = options
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match &options[..] {
        [] => identity.name,
        options => format!("{}:{}", identity.name, options.join(",")),
    }
}

/// The flags that make a model of this architecture.
fn architecture(config: &Config) -> Vec<Said> {
    let mut flags: Vec<Said> = Vec::new();
    let mut say = |name: &str, value: String| flags.push((name.to_owned(), Some(value)));
    say("layers", config.n_layers.to_string());
    say("d-model", config.d_model.to_string());
    if !config.is_bare() {
        say("heads", config.n_heads.to_string());
        if config.n_key_value_heads != config.n_heads {
            say("kv-heads", config.n_key_value_heads.to_string());
        }
        say("d-head", config.d_head.to_string());
        say("norm", config.normalization.name().to_owned());
        say("positions", config.positional_embedding.name().to_owned());
        say("attention", config.attention_dir.name().to_owned());
    }
    if let Some(mlp) = config.mlp {
        say("d-mlp", mlp.d_mlp.to_string());
        say("act", mlp.act_fn.name().to_owned());
        flags.extend(mlp.gated.then(|| ("gated".to_owned(), None)));
        flags.extend(mlp.parallel.then(|| ("parallel".to_owned(), None)));
    }
    flags
}

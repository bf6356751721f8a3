//! What a typed command means.

use super::steps;
use super::training;
use crate::answers::{CellClaim, FORMS, Question};
use crate::app::held::message::Destination;
use crate::app::held::state::State;
use crate::app::held::training::TrainJob;
use crate::lens::{HeadName, Intervention, Measure, Metric, Source, completions};
use crate::model::{SLIDES, Slide, edit_distance};
use crate::sweep::{self, Claim, Survey};
use crate::task::{Sample, Task, shown};
use anyhow::ensure;

/// A command understood.
#[derive(Debug)]
pub enum Command {
    /// Add an intervention.
    Intervene(Intervention),
    /// Another clean prompt.
    Clean(Source),
    /// Another corrupted prompt.
    Corrupted(Source),
    /// Another metric.
    Metric(Metric),
    /// Another measure of the metric.
    Measure(Measure),
    /// Another sample.
    Sample(Sample),
    /// A claim about all inputs or about a cell of an answer, or a survey.
    Claim(String),
    /// Another model, or another task for this one.
    Switch(Destination),
    /// Another model to compare this one with.
    Compare(String),
    /// Another step of this model.
    Step(usize),
    /// Something with a training in the background.
    Train(TrainJob),
    /// A question to the model.
    Ask(Question),
    /// Whether all inputs are counted by themselves.
    Truth(bool),
    /// Other colours: the theme's place in the round.
    Theme(usize),
    /// Leave.
    Quit,
}

/// Words that begin a command which is no intervention, with what follows them.
pub(in crate::app) const WORDS: [(&str, &str); 17] = [
    ("claim", "CONDITION [when CONDITION]"),
    CellClaim::WORD,
    Survey::WORDS[0],
    Survey::WORDS[1],
    ("clean", "PROMPT"),
    ("corrupted", "PROMPT"),
    ("metric", "POS:ANSWER:OTHER"),
    (
        "measure",
        "logit_diff, log_prob, prob, rank, kl or accuracy",
    ),
    ("sample", "notebook:SEED[:N] or random:SEED[:N]"),
    ("slide", "NAME or FILE"),
    ("task", "NAME[:OPTION=VALUE] or FILE"),
    ("compare", "FILE or NAME: another model of this task"),
    ("step", "N, next, previous, first or last"),
    ("theme", "dark, light or high-contrast"),
    (
        "train",
        "steps N seed N layers N ..: as train in the shell; or pause, go, stop, keep FOLDER",
    ),
    ("truth", "on or off: count all inputs after a change"),
    ("quit", ""),
];

/// A word that begins no line is taken for a slip of one that is at most so many letters away.
const SLIP: usize = 2;

/// Understands a line.
///
/// # Errors
/// What is wrong, and at which word where that is known.
pub fn parse(state: &State, line: &str) -> Result<Command, (Option<usize>, String)> {
    let task = state.task();
    let text = |error: anyhow::Error| (None, format!("{error:#}"));
    let study = state.study();
    let read = |text: &str, beside: &Source| {
        let parsed = task.parse_prompt_beside(text, Some(&beside.values));
        parsed.map(Source::from).map_err(|e| (None, e.to_string()))
    };
    let prompt = |text: &str| read(text, &study.clean);
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "clean" => Ok(Command::Clean(prompt(rest)?)),
        "corrupted" => Ok(Command::Corrupted(read(rest, &study.corrupted)?)),
        "metric" => Ok(Command::Metric(Metric::parse(task, rest).map_err(text)?)),
        "measure" => Ok(Command::Measure(Measure::parse(rest).map_err(text)?)),
        "sample" => Ok(Command::Sample(rest.parse().map_err(text)?)),
        "slide" => Ok(Command::Switch(slide(rest).map_err(text)?)),
        "task" => Ok(Command::Switch(task_named(state, rest).map_err(text)?)),
        "compare" => Ok(Command::Compare(named_file(rest).map_err(text)?)),
        "step" => {
            let steps = state.steps.as_deref();
            Ok(Command::Step(steps::named(steps, rest).map_err(text)?))
        }
        "theme" => theme_named(state, rest.trim()).map(Command::Theme),
        "train" => Ok(Command::Train(training::parse(state, rest).map_err(text)?)),
        "truth" => match rest.trim() {
            "on" => Ok(Command::Truth(true)),
            "off" => Ok(Command::Truth(false)),
            _ => Err((Some(1), "it is written truth on or truth off".to_owned())),
        },
        "q" | "quit" => Ok(Command::Quit),
        _ if FORMS.iter().any(|(verb, _)| *verb == word) => {
            let question = Question::parse(line, task, &state.model.config);
            Ok(Command::Ask(question.map_err(text)?))
        }
        // what is asked where claims are stated is asked all the same
        "claim" if Survey::is(rest) || CellClaim::is(rest) || asks(rest) => parse(state, rest),
        "claim" => match Claim::parse(rest, task, &state.model.config) {
            Ok(claim) => Ok(Command::Claim(claim.to_string())),
            Err(error) => Err((None, error.to_string())),
        },
        _ if CellClaim::is(line) => {
            let claim = CellClaim::parse(line, task, &state.model.config);
            Ok(Command::Claim(claim.map_err(text)?.line().to_owned()))
        }
        _ if Survey::is(line) => match Survey::parse(line, task, &state.model.config) {
            Ok(survey) => Ok(Command::Claim(survey.line(task))),
            Err(error) => Err((Some(error.word), error.problem)),
        },
        _ if verbs(state).iter().any(|verb| verb == word) => {
            Intervention::parse(line, task, &state.model.config)
                .map(Command::Intervene)
                .map_err(|error| (Some(error.word), error.problem))
        }
        // what begins no line may be a prompt as one writes it
        _ => match prompt(line) {
            Ok(read) => Ok(Command::Clean(read)),
            Err(error) if begins_prompt(task, line) => Err(error),
            Err(_) => Err((Some(0), unknown(state, word))),
        },
    }
}

/// Whether a line is a question about the model, rightly written or not.
fn asks(line: &str) -> bool {
    let first = line.split_whitespace().next();
    FORMS.iter().any(|(verb, _)| first == Some(*verb))
}

/// What may follow a word that takes one of a few.
fn choices(state: &State, word: &str) -> Option<Vec<&'static str>> {
    Some(match word {
        "slide" | "compare" => SLIDES.iter().map(|slide| slide.name).collect(),
        "task" => Task::built_in_names().collect(),
        "theme" => state.themes.clone(),
        "truth" => vec!["on", "off"],
        "measure" => Measure::ALL.iter().map(|one| one.name()).collect(),
        "step" => vec!["next", "previous", "first", "last"],
        _ => return None,
    })
}

/// A theme by its name, which may be cut short.
fn theme_named(state: &State, name: &str) -> Result<usize, (Option<usize>, String)> {
    let named = |one: &&str| !name.is_empty() && one.starts_with(name);
    state.themes.iter().position(named).ok_or_else(|| {
        let names = state.themes.join(", ");
        (Some(1), format!("the themes are {names}"))
    })
}

/// Where a model is: one in the binary by its name, else a file.
fn slide(name: &str) -> anyhow::Result<Destination> {
    Ok(Destination {
        path: Some(named_file(name)?),
        task: None,
    })
}

/// The path of a model: one in the binary by its name, else a file.
fn named_file(name: &str) -> anyhow::Result<String> {
    let name = name.trim();
    Ok(match name.contains(['.', '/', '\\', ':', '#']) {
        true => name.to_owned(),
        false => Slide::named(name)?.path().to_string_lossy().into_owned(),
    })
}

/// This model for another task: a built-in one by its name, else a file.
fn task_named(state: &State, name: &str) -> anyhow::Result<Destination> {
    let name = name.trim();
    let built_in: Vec<&str> = Task::built_in_names().collect();
    let (bare, _) = Task::choice(name)?;
    let is_file = bare.contains(['.', '/', '\\']);
    ensure!(
        is_file || built_in.contains(&bare),
        "no task '{}'; the tasks are {}, or the file of one",
        shown(bare),
        built_in.join(" ")
    );
    Ok(Destination {
        path: state.model.path.clone(),
        task: Some(name.to_owned()),
    })
}

/// The words that begin an intervention.
fn verbs(state: &State) -> Vec<String> {
    completions("", state.task(), &state.model.config)
}

/// What to say to a word that begins no line.
fn unknown(state: &State, word: &str) -> String {
    let mut known = verbs(state);
    known.extend(WORDS.map(|(word, _)| word.to_owned()));
    known.extend(FORMS.map(|(verb, _)| verb.to_owned()));
    let far = |one: &&String| edit_distance(one, word);
    let nearest = known.iter().min_by_key(far);
    let nearest = nearest.filter(|one| far(one) <= SLIP && word.len() > SLIP);
    let guess = nearest.map_or_else(String::new, |one| format!("did you mean {one}? "));
    format!(
        "no verb '{}'; {guess}The verbs are {}; or type a prompt",
        shown(word),
        known.join(", ")
    )
}

/// Whether a line begins as a prompt of the task does: with a number, one of its tokens, or a field that is given
/// a value.
fn begins_prompt(task: Task, line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or("");
    let compact: String = line.split_whitespace().collect();
    let gives = |name: &str| {
        let rest = compact.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('='))
    };
    line.starts_with(|c: char| c.is_ascii_digit())
        || task.vocabulary.named(first).is_some()
        || task.groups.iter().any(|group| gives(&group.name))
}

/// Lines that are one word on from this one.
#[must_use]
pub fn complete(state: &State, line: &str) -> Vec<String> {
    if let Some(claim) = line.strip_prefix("claim ") {
        if Survey::is(claim) {
            let all = complete(state, claim).into_iter();
            return all.map(|line| format!("claim {line}")).collect();
        }
        let config = &state.model.config;
        let heads: Vec<String> = HeadName::all(config)
            .map(|head| head.short(config))
            .collect();
        let surveys = Survey::WORDS.iter().map(|(word, _)| *word);
        let surveys = surveys.filter(|word| !claim.is_empty() && word.starts_with(claim));
        let all = sweep::complete(claim, state.task(), &heads).into_iter();
        let all = all.chain(surveys.map(str::to_owned));
        return all.map(|claim| format!("claim {claim}")).collect();
    }
    if let Some(node) = line.strip_prefix("ablations ") {
        let lines = completions(&format!("zero {node}"), state.task(), &state.model.config);
        let nodes = lines.iter().filter_map(|line| line.strip_prefix("zero "));
        return nodes.map(|node| format!("ablations {node}")).collect();
    }
    if let Some((word, begun)) = line.split_once(' ')
        && let Some(choices) = choices(state, word)
    {
        let choices = choices.into_iter();
        let choices = choices.filter(|one| one.starts_with(begun) && *one != begun);
        return choices.map(|one| format!("{word} {one}")).collect();
    }
    if let Some(rest) = line.strip_prefix("train ") {
        return training::complete(rest);
    }
    let commands = WORDS
        .iter()
        .filter(|(word, _)| word.starts_with(line) && *word != line)
        .map(|(word, _)| (*word).to_owned());
    let mut all = completions(line, state.task(), &state.model.config);
    all.extend(commands);
    // at the beginning there are more questions than room: they come once one is begun
    if !line.is_empty() {
        all.extend(Question::completions(
            line,
            state.task(),
            &state.model.config,
        ));
    }
    all
}

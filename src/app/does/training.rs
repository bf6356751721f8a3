//! A training in the background: what is typed about it, and what it says. Its models are a series that
//! grows; who looks at the newest of them is led on to the next.

use super::asked;
use super::steps;
use crate::app::held::message::{Destination, Effect};
use crate::app::held::state::{State, Tone};
use crate::app::held::training::{TrainJob, TrainNews, TrainPhase, UnderWay};
use crate::task::shown_path;
use crate::training::Spoken;
use anyhow::{Context, Result, bail, ensure};
use std::path::PathBuf;
use std::sync::Arc;

/// Words about a training that there is.
pub(in crate::app) const WORDS: [&str; 4] = ["pause", "go", "stop", "keep"];

/// What a line `train ..` asks for.
///
/// # Errors
/// Names the word that is none; when there is no training to do that to, or one is under way already.
pub(in crate::app) fn parse(state: &State, rest: &str) -> Result<TrainJob> {
    let rest = rest.trim();
    let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let training = state.training.as_deref();
    let running = training.filter(|training| training.phase != TrainPhase::Ended);
    if !WORDS.contains(&word) {
        ensure!(
            running.is_none(),
            "a training is under way; train stop ends it, and keeps what there is"
        );
        let model = &state.model;
        let task_file = model.task_file.as_deref();
        let spoken = Spoken::parse(rest, model.task, task_file, &model.config)?;
        return Ok(TrainJob::Begin(Box::new(spoken)));
    }
    let training = training.context("there is no training; train steps 2000 begins one")?;
    if word == "keep" {
        ensure!(!after.trim().is_empty(), "keep it where? train keep FOLDER");
        return Ok(TrainJob::Keep(after.trim().to_owned()));
    }
    ensure!(after.trim().is_empty(), "nothing follows train {word}");
    ensure!(
        running.is_some(),
        "the training has ended; train keep FOLDER keeps it"
    );
    Ok(match (word, training.phase) {
        ("stop", _) => TrainJob::Stop,
        ("pause", TrainPhase::Running) => TrainJob::Pause,
        ("go", TrainPhase::Paused) => TrainJob::Go,
        ("go", _) => bail!("the training is under way"),
        _ => bail!("the training is paused; train go goes on"),
    })
}

/// What a line `train ..` may go on with.
pub(in crate::app) fn complete(rest: &str) -> Vec<String> {
    let blank = rest.char_indices().rfind(|(_, c)| c.is_whitespace());
    let (before, word) = match blank {
        Some((at, blank)) => rest.split_at(at + blank.len_utf8()),
        None => ("", rest),
    };
    let first = WORDS.iter().map(|&word| word.to_owned());
    let all = first.filter(|_| before.is_empty()).chain(Spoken::words());
    let fits = all.filter(|one| one.starts_with(word) && *one != word);
    fits.map(|one| format!("train {before}{one}")).collect()
}

/// Begins a training, as if it had been typed.
#[must_use]
pub fn begin_training(state: &mut State, spoken: Spoken) -> Vec<Effect> {
    order(state, TrainJob::Begin(Box::new(spoken)))
}

/// Does what was typed about a training.
pub(in crate::app) fn order(state: &mut State, job: TrainJob) -> Vec<Effect> {
    match &job {
        TrainJob::Begin(spoken) => {
            let words = spoken.recipe.model.words().join(", ");
            let (steps, seed) = (spoken.recipe.steps, spoken.recipe.seed);
            let text = format!(
                "training {}, {words}: {steps} steps, seed {seed}",
                spoken.recipe.task
            );
            state.training = Some(Box::new(UnderWay::new((**spoken).clone())));
            state.say(Tone::Plain, text);
        }
        TrainJob::Stop => state.say(Tone::Plain, "the training ends after this step"),
        TrainJob::Keep(to) => state.say(Tone::Plain, format!("keeping the training in {to}")),
        TrainJob::Pause | TrainJob::Go => {}
    }
    vec![Effect::Train(job)]
}

/// Takes what a training says.
pub(in crate::app) fn heard(state: &mut State, news: TrainNews) -> Vec<Effect> {
    let Some(training) = &mut state.training else {
        return Vec::new();
    };
    match news {
        TrainNews::Begun(place) => {
            let path = place.to_string_lossy().into_owned();
            training.place = Some(place);
            return vec![look_at(state, path)];
        }
        TrainNews::Far(far) => training.far = far,
        TrainNews::Saved {
            step,
            right,
            recorded,
        } => {
            (training.far.step, training.right) = (step, right);
            training.saved.push(step);
            training.recorded = recorded;
        }
        TrainNews::Paused => {
            training.phase = TrainPhase::Paused;
            state.say(Tone::Plain, "paused; train go goes on");
        }
        TrainNews::Gone => training.phase = TrainPhase::Running,
        TrainNews::Ended(result) => {
            training.phase = TrainPhase::Ended;
            let place = training.place.as_deref().map(shown_path);
            match result {
                Ok(words) => {
                    let place = place.unwrap_or_default();
                    state.say(
                        Tone::Good,
                        format!(
                            "{words}; it is in {place}, and train keep FOLDER puts it elsewhere"
                        ),
                    );
                }
                Err(error) => {
                    if place.is_none() {
                        state.training = None;
                    }
                    state.say(Tone::Bad, error);
                }
            }
        }
        TrainNews::Kept(Err(error)) => state.say(Tone::Bad, format!("not kept: {error}")),
        TrainNews::Kept(Ok(path)) => {
            move_to(state, &path);
            state.training = None;
            state.say(Tone::Good, format!("the training is kept in {path}"));
        }
    }
    Vec::new()
}

/// The series of a training takes the place of the model that is looked at.
fn look_at(state: &State, path: String) -> Effect {
    let session = state.session();
    Effect::Switch(Destination {
        path: Some(path),
        task: session.task_named(),
    })
}

/// The series of the training is looked at in its new place: it is the same, so nothing is computed anew.
fn move_to(state: &mut State, path: &str) {
    if !shows(state) {
        return;
    }
    if let Some(steps) = &mut state.steps {
        Arc::make_mut(&mut steps.series).move_to(PathBuf::from(path));
        state.model.path = Some(steps.path(steps.at));
    }
}

/// Whether what is looked at is the series of the training.
fn shows(state: &State) -> bool {
    let steps = state.steps.as_ref();
    let place: Option<PathBuf> = state.training.as_ref().and_then(|one| one.place.clone());
    steps.is_some_and(|steps| Some(&steps.series.place) == place.as_ref())
}

/// Whether what is looked at has more steps soon.
pub(in crate::app) fn grows(state: &State) -> bool {
    let runs = |training: &UnderWay| training.phase == TrainPhase::Running;
    shows(state) && state.training.as_deref().is_some_and(runs)
}

/// Where the series of the training is looked at, it has all models that were written; who was at its end
/// goes on to the newest.
pub(in crate::app) fn follow(state: &mut State) -> Vec<Effect> {
    if !shows(state) {
        return Vec::new();
    }
    let (Some(steps), Some(training)) = (&mut state.steps, &state.training) else {
        return Vec::new();
    };
    let newest = steps.series.steps.len() - 1;
    let number = steps.number(newest);
    let new: Vec<u64> = (training.saved.iter().copied())
        .filter(|&step| step > number)
        .collect();
    if new.is_empty() {
        return Vec::new();
    }
    let follows = steps.ahead() == newest;
    let series = Arc::make_mut(&mut steps.series);
    series.grow(&new, training.recorded.clone());
    let last = series.steps.len() - 1;
    let mut effects = Vec::new();
    if follows {
        effects.extend(steps::want(state, last));
    }
    effects.extend(asked::ask_for_curves(state));
    effects
}

//! From one step of a model to another: everything but the numbers stays.

use super::asked;
use super::shelf;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};
use crate::app::held::steps::Steps;
use crate::task::shown;
use anyhow::{Context, Result, bail};

/// What there is to say where no series is open.
const ALONE: &str = "this model is a checkpoint alone; --model DIR opens one at several steps";

/// A step earlier or later. A key that is held down goes on from the step that is wanted.
pub(in crate::app) fn go(state: &mut State, back: bool) -> Vec<Effect> {
    let Some(steps) = &state.steps else {
        state.say(Tone::Plain, ALONE);
        return Vec::new();
    };
    match steps.beyond(back) {
        Some(at) => want(state, at),
        None => {
            let text = match back {
                true => "this is the first step",
                false => "this is the last step",
            };
            state.say(Tone::Plain, text);
            Vec::new()
        }
    }
}

/// Asks for a step, unless it is there.
pub(in crate::app) fn want(state: &mut State, at: usize) -> Vec<Effect> {
    let Some(steps) = &mut state.steps else {
        return Vec::new();
    };
    if steps.ahead() == at {
        return Vec::new();
    }
    steps.wanted = Some(at);
    vec![Effect::Step(at)]
}

/// The step that was opened takes the place of the one before.
pub(in crate::app) fn stepped(
    state: &mut State,
    at: usize,
    result: Result<(String, String), String>,
) -> Vec<Effect> {
    let Some(steps) = &mut state.steps else {
        return Vec::new();
    };
    let number = steps.number(at);
    if steps.wanted == Some(at) {
        steps.wanted = None;
    }
    match result {
        Err(error) => {
            steps.broken.insert(at, error.clone());
            state.say(Tone::Bad, format!("step {number}: {error}"));
            Vec::new()
        }
        Ok((name, hash)) => {
            steps.at = at;
            steps.broken.remove(&at);
            state.model.path = Some(steps.path(at));
            (state.model.name, state.model.hash) = (name, hash);
            state.of_another_step = true;
            state.failure = None;
            state.sample.score = None;
            let counted = state.space_tally().is_some();
            state.space.forget(counted);
            // as in the beginning, but that a curve is of all steps
            let mut effects = vec![state.request()];
            effects.extend(asked::ask_of_step(state));
            effects.extend(state.to_score());
            effects.extend(shelf::read(state));
            effects
        }
    }
}

/// The step that the rest of a line `step ..` names.
///
/// # Errors
/// When there is no series, or no such step.
pub(in crate::app) fn named(steps: Option<&Steps>, text: &str) -> Result<usize> {
    let steps = steps.context(ALONE)?;
    let last = steps.series.steps.len() - 1;
    match text.trim() {
        "next" => steps.beyond(false).context("this is the last step"),
        "previous" => steps.beyond(true).context("this is the first step"),
        "first" => Ok(0),
        "last" => Ok(last),
        text => match text.parse() {
            Ok(number) => steps.series.index_of(number),
            Err(_) => bail!(
                "'{}' is no step; a number, next, previous, first or last",
                shown(text)
            ),
        },
    }
}

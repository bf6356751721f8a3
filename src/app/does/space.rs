//! When all inputs are asked: what the screen shows is a function of the study, of what is wanted and of the
//! claims that were stated; what it lacks is asked for by itself, as long as it is looked at.

use crate::app::held::message::Effect;
use crate::app::held::space::{Running, SpaceKey, SpaceNews, SpaceRequest, Wants};
use crate::app::held::state::{State, Tone};
use crate::app::keys::pane::Pane;

/// Stated claims that are listed.
const STATED: usize = 20;

/// Asks for what the screen of all inputs lacks, as long as it is looked at; else for what the header lacks,
/// once the keys rest.
pub(in crate::app) fn follow(state: &mut State) -> Option<Effect> {
    // the step that is wanted next is worth counting, those passed by are not
    let steps = state.steps.as_ref();
    let passing = steps.is_some_and(|steps| steps.wanted.is_some());
    if passing || state.space_failure().is_some() {
        return None;
    }
    let by_itself = state.view.focus != Pane::Space;
    let experiment = state.study().experiment();
    let key = SpaceKey::new(&experiment);
    let running = state.space.running.as_ref();
    if running.is_some_and(|running| running.key == key || by_itself && !running.by_itself) {
        return None;
    }
    // what was counted at another step is counted again
    let whole = !by_itself || state.space.recounts;
    let missing = whole.then(|| state.missing()).flatten();
    if missing.is_none() {
        state.space.recounts = false;
    }
    let truth = || by_itself.then(|| state.untold_truth()).flatten();
    let question = missing.or_else(truth)?;
    let space = &mut state.space;
    space.generation += 1;
    space.failure = None;
    space.stopped = None;
    space.running = Some(Running {
        question: question.clone(),
        key,
        by_itself,
        news: None,
    });
    Some(Effect::Space(Box::new(SpaceRequest {
        generation: space.generation,
        experiment,
        question,
        by_itself,
    })))
}

/// A key has come: what nobody asked for gives way at once, and is begun anew when the keys rest.
pub(in crate::app) fn give_way(state: &mut State) -> Option<Effect> {
    let space = &mut state.space;
    space.running.take_if(|running| running.by_itself)?;
    space.generation += 1;
    Some(Effect::StopSpace(space.generation))
}

/// Counts all inputs by itself after a change of interventions, or no longer.
pub(in crate::app) fn set_truth(state: &mut State, on: bool) {
    state.space.truth = on;
    let words = match on {
        true => "all inputs are counted by themselves when the keys rest",
        false => "all inputs are counted when they are asked for (S)",
    };
    state.say(Tone::Good, words);
}

/// Shows the space and has all inputs counted.
pub(in crate::app) fn open(state: &mut State) {
    state.view.focus = Pane::Space;
    state.status = None;
    state.space.failure = None;
    if state.space.wants != Wants::All {
        state.space.wants = Wants::All;
        restart(state);
    }
}

/// Lists a claim and has it checked.
pub(in crate::app) fn state_claim(state: &mut State, line: String) {
    state.view.focus = Pane::Space;
    let space = &mut state.space;
    space.stated.retain(|one| *one != line);
    space.stated.push(line);
    let extra = space.stated.len().saturating_sub(STATED);
    space.stated.drain(..extra);
    space.cursor = 0;
    check(state);
}

/// Has the listed claims checked that are not yet.
pub(in crate::app) fn check(state: &mut State) {
    state.space.failure = None;
    if state.space.wants == Wants::Nothing {
        state.space.wants = Wants::Claims;
    }
    restart(state);
}

/// What is under way is asked anew, with what has come to be wanted.
fn restart(state: &mut State) {
    let running = state.space.running.as_ref();
    if running.is_some_and(|running| state.missing().as_ref() != Some(&running.question)) {
        state.space.running = None;
    }
}

/// Stops what is under way; says whether there was anything.
pub(in crate::app) fn stop(state: &mut State) -> Option<Effect> {
    let running = state.space.running.take()?;
    state.space.generation += 1;
    state.space.wants = Wants::Nothing;
    let words = match running.news {
        Some(_) => "stopped; what was counted by then stays; S counts all inputs again",
        None => "stopped; S counts all inputs again",
    };
    state.space.stopped = Some(running).filter(|running| running.news.is_some());
    state.say(Tone::Plain, words);
    Some(Effect::StopSpace(state.space.generation))
}

/// Takes what the sweeper found, unless something newer was asked.
pub(in crate::app) fn news(
    state: &mut State,
    generation: u64,
    result: Result<Box<SpaceNews>, String>,
) {
    let space = &mut state.space;
    if generation != space.generation {
        return;
    }
    let Some(running) = &mut space.running else {
        return;
    };
    match result {
        Ok(news) if !news.finished => running.news = Some(*news),
        result => {
            let key = running.key.clone();
            space.running = None;
            match result {
                Ok(news) => space.keep(key, news.found),
                Err(error) => space.failure = Some((key, error)),
            }
        }
    }
}

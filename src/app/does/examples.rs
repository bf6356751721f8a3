//! Steps through examples and counterfactuals.

use super::go::change;
use crate::app::held::message::Effect;
use crate::app::held::state::State;
use crate::task::{Sample, below, counterfactuals};
use rand_mt::Mt;

pub(in crate::app) fn step_example(state: &mut State, by: isize) -> Vec<Effect> {
    let len = state.sample.prompts.len();
    let next = match state.sample.index {
        Some(index) => (index as isize + by).rem_euclid(len as isize) as usize,
        None => 0,
    };
    go_to_example(state, next)
}

pub(in crate::app) fn go_to_example(state: &mut State, index: usize) -> Vec<Effect> {
    let Some(prompt) = state.sample.prompts.get(index) else {
        return Vec::new();
    };
    let update = prompt.values.clone();
    let task = state.task();
    state.sample.index = Some(index);
    change(state, |study| study.set_clean(task, update))
}

/// Drawn from the generation counter: the same keys lead to the same example. Never the current
/// one: the counter would stand still, and the next draw would be the same for ever.
pub(in crate::app) fn random_example(state: &mut State) -> Vec<Effect> {
    let len = state.sample.prompts.len();
    let current = state.sample.index.filter(|_| len > 1);
    let others = len - usize::from(current.is_some());
    let mut rng = Mt::new(state.generation as u32);
    let drawn = below(&mut rng, others as u32) as usize;
    let skip = current.is_some_and(|current| drawn >= current);
    go_to_example(state, drawn + usize::from(skip))
}

pub(in crate::app) fn step_counterfactual(state: &mut State, by: isize) -> Vec<Effect> {
    let task = state.task();
    let count = counterfactuals(task, &state.study().clean.values)
        .len()
        .max(1);
    let next = match state.study().counterfactual {
        Some(index) => (index as isize + by).rem_euclid(count as isize) as usize,
        None => 0,
    };
    change(state, |study| study.corrupt(task, next))
}

/// Steps through another sample from its first example on.
pub(in crate::app) fn open_sample(state: &mut State, sample: Sample) -> Vec<Effect> {
    if sample == state.sample.source {
        return go_to_example(state, 0);
    }
    let task = state.task();
    let first = sample.prompts(task).into_iter().next();
    change(state, |study| {
        study.sample = sample;
        if let Some(first) = first {
            study.set_clean(task, first.values);
        }
    })
}

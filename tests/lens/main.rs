//! The lens: interventions, patching grids, metric, warnings; on the embedded model and on small
//! random ones.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;

mod answers;
mod beside;
mod beyond;
mod devices;
mod edits;
mod errors;
mod gradients;
mod gridding;
mod grids;
mod kinds;
mod lengths;
mod lines;
mod logits;
mod pairs;
mod rules;
mod sheets;
mod variants;

use circuitscope::lens::{
    Direction, Experiment, Intervention, Observation, RunView, Source, observe,
};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::{Shortformer, Standard};
use circuitscope::task::Task;

fn small_task() -> Task {
    Task::array_update(3, 7).unwrap()
}

/// Models that differ in what may go wrong: heads, layers, where positions enter.
fn models() -> Vec<(&'static str, HookedTransformer)> {
    let random = |size, positions, seed| common::random_model(size, positions, small_task(), seed);
    vec![
        ("embedded", common::embedded().transformer),
        ("2 layers, 2 heads", random([2, 2], Shortformer, 1)),
        ("3 layers", random([3, 1], Shortformer, 2)),
        ("standard positions", random([2, 3], Standard, 3)),
        ("1 layer", random([1, 2], Shortformer, 4)),
    ]
}

/// Models with more than attention: MLPs, norms, other positions, other directions.
fn beyond() -> Vec<(&'static str, HookedTransformer)> {
    common::beyond(small_task())
}

/// A pair whose answers differ, nothing patched. Every model has these values.
fn pair(direction: Direction) -> Experiment {
    let source = |idx, elt| Source::new(common::update(Task::default(), &[4, 6, 5], idx, elt));
    Experiment {
        clean: source(1, 2),
        corrupted: source(2, 2),
        direction,
        metric: None,
        measure: circuitscope::lens::Measure::default(),
        interventions: Vec::new(),
        sample: circuitscope::task::Sample::default(),
    }
}

fn under(model: &HookedTransformer, lines: &[&str], mut experiment: Experiment) -> Observation {
    let parse = |line: &&str| Intervention::parse(line, model.task(), model.config()).unwrap();
    experiment.interventions = lines.iter().map(parse).collect();
    seen(model, &experiment)
}

fn seen(model: &HookedTransformer, experiment: &Experiment) -> Observation {
    observe(model, experiment, &|| false).unwrap().unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn assert_same_logits(name: &str, a: &RunView, b: &RunView) {
    assert_eq!(bits(a.logits.values()), bits(b.logits.values()), "{name}");
}

//! Means over all inputs, against the mean of a forward pass for each of them.

use super::common::{beyond, random_model, random_update};
use super::plain;
use crate::common::Parts as _;
use circuitscope::lens::{
    Array, Derived, Experiment, Intervention, Source, observe_hooks, observe_one,
};
use circuitscope::model::config::PositionalEmbedding::{Shortformer, Standard};
use circuitscope::model::{Axes, HookName, HookedTransformer};
use circuitscope::sweep::make_means;
use circuitscope::task::{Task, Values};
use rand_mt::Mt;

fn task() -> Task {
    Task::array_update(2, 4).unwrap()
}

fn with(model: &HookedTransformer, line: &str) -> Experiment {
    let mut with = plain::experiment(model, &random_update(task(), &mut Mt::new(1)));
    let one = Intervention::parse(line, task(), model.config()).unwrap();
    assert_eq!(one.line(task()), line);
    with.interventions.push(one);
    with
}

/// What the mean puts into the run of an input.
fn made(model: &HookedTransformer, line: &str, update: &Values) -> Array {
    let with = with(model, line);
    assert!(make_means(model, &with.interventions, &mut |_| Ok(true)).unwrap());
    let prompt = Source::new(update.clone()).prompt();
    let derived = Derived::new(model, &with, &prompt).unwrap();
    Array::from_tensor(derived.get(&with.interventions[0]).unwrap()).unwrap()
}

#[test]
fn every_hook_point_in_the_mean_of_a_small_space() {
    let all = plain::every_update(task());
    let mut models = vec![
        random_model([2, 1], Shortformer, task(), 9),
        random_model([2, 2], Standard, task(), 9),
    ];
    // and by forward passes
    let more = beyond(task()).into_iter();
    let chosen = [
        "MLP and layernorms",
        "rotary positions, shared keys",
        "both directions, padding",
    ];
    models.extend(more.filter_map(|(name, model)| chosen.contains(&name).then_some(model)));
    assert_eq!(models.len(), 5);
    for model in models {
        let hooks: Vec<HookName> = HookName::known(model.config()).collect();
        let runs: Vec<Vec<Array>> = all
            .iter()
            .map(|update| {
                let source = Source::new(update.clone());
                let cache = observe_hooks(&model, &source, &hooks).unwrap().1;
                let of = |&hook: &HookName| Array::from_tensor(cache.get(hook).unwrap()).unwrap();
                hooks.iter().map(of).collect()
            })
            .collect();
        for given in [
            "",
            " given idx",
            " given elt",
            " given idx,elt",
            " given a_1",
        ] {
            let base = &all[77];
            let agrees = |update: &Values| match given.trim_start_matches(" given ") {
                "" => true,
                "idx" => update.idx() == base.idx(),
                "elt" => update.elt() == base.elt(),
                "a_1" => update.a()[1] == base.a()[1],
                _ => update.idx() == base.idx() && update.elt() == base.elt(),
            };
            for (i, &hook) in hooks.iter().enumerate() {
                let target = match hook.axes() {
                    Axes::HeadDestSrc => "[*,*]",
                    _ => "@*",
                };
                let line = format!("mean {hook} {target} over space{given}");
                let found = made(&model, &line, base);
                assert_eq!(found.shape(), runs[0][i].shape(), "{line}");
                let these = all.iter().zip(&runs).filter(|(update, _)| agrees(update));
                let these: Vec<&[f32]> = these.map(|(_, run)| run[i].values()).collect();
                for (at, &value) in found.values().iter().enumerate() {
                    let sum: f64 = these.iter().map(|run| f64::from(run[at])).sum();
                    let mean = (sum / these.len() as f64) as f32;
                    let same = value == mean || (value - mean).abs() < 1e-5;
                    assert!(same, "{line}: {value} is not {mean} at {at}");
                }
            }
        }
    }
}

/// The line means the same in a run and in a sweep.
#[test]
fn sweeps_follow_means_of_all_inputs() {
    let model = random_model([2, 1], Shortformer, task(), 9);
    for line in [
        "mean blocks.0.attn.hook_z @elt over space",
        "mean blocks.1.attn.hook_pattern [*,*] over space given idx",
        "mean blocks.0.hook_resid_post @* over space given elt",
    ] {
        let with = with(&model, line);
        super::predictions::agrees(&model, &with, line);
    }
}

#[test]
fn a_mean_of_all_inputs_is_made_or_asked_for() {
    let model = random_model([1, 1], Shortformer, task(), 9);
    let line = "mean blocks.0.attn.hook_z @elt over space";
    let with = with(&model, line);
    let run = || observe_one(&model, &with, circuitscope::lens::RunName::Patched);
    let error = format!("{:#}", run().unwrap_err());
    assert!(error.contains("has not been made yet"), "{error}");
    assert!(!make_means(&model, &with.interventions, &mut |_| Ok(false)).unwrap());
    assert!(make_means(&model, &with.interventions, &mut |_| Ok(true)).unwrap());
    run().unwrap();
    let many = "mean blocks.0.attn.hook_z @elt over space given a_0,a_1,idx,elt";
    let one = Intervention::parse(many, task(), model.config()).unwrap();
    let found = make_means(&model, &[one], &mut |_| Ok(true));
    assert!(found.is_ok());
    let large = random_model([1, 1], Shortformer, Task::array_update(3, 60).unwrap(), 9);
    let line = "mean blocks.0.attn.hook_z @elt over space given a_0,a_1";
    let one = Intervention::parse(line, large.task(), large.config()).unwrap();
    let error = make_means(&large, &[one], &mut |_| Ok(true)).unwrap_err();
    assert!(
        format!("{error:#}").contains("200 is the most"),
        "{error:#}"
    );
    let error = Intervention::parse("mean hook_embed @elt over all", task(), model.config());
    assert!(error.unwrap_err().to_string().contains("sample or space"));
}

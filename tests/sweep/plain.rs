//! What the sweep must agree with: one forward pass for each input.

use crate::common::{Parts as _, random_update};
use circuitscope::lens::{Experiment, Intervention, RunName, RunView, Source, observe_one};
use circuitscope::model::HookedTransformer;
use circuitscope::task::{Task, Values, counterfactuals};
use rand_mt::Mt;

/// Every input of a space, in its order.
pub fn every_update(task: Task) -> Vec<Values> {
    (0..task.input_space())
        .map(|number| task.values_at(number))
        .collect()
}

/// An experiment without interventions whose clean prompt is this.
pub fn experiment(model: &HookedTransformer, update: &Values) -> Experiment {
    let changes = counterfactuals(model.task(), update);
    let corrupted = changes
        .first()
        .map_or_else(|| update.clone(), |&change| update.with(change));
    Experiment {
        clean: Source::new(update.clone()),
        corrupted: Source::new(corrupted),
        direction: circuitscope::lens::Direction::Noise,
        metric: None,
        measure: circuitscope::lens::Measure::default(),
        interventions: Vec::new(),
        sample: "random:3".parse().unwrap(),
    }
}

/// An experiment on some input of the model's task with these interventions.
pub fn under(model: &HookedTransformer, lines: &[&str]) -> Experiment {
    let task = model.task();
    let mut with = experiment(model, &random_update(task, &mut Mt::new(1)));
    let parse = |line: &&str| Intervention::parse(line, task, model.config()).unwrap();
    with.interventions = lines.iter().map(parse).collect();
    with
}

/// The run of an input under an experiment's interventions. What is patched in comes from the
/// experiment's own runs, so these are given as corrupted and clean and the input as the base.
pub fn run(model: &HookedTransformer, with: &Experiment, update: &Values) -> RunView {
    use circuitscope::lens::{Derived, Editor, Sources, observe_hooks};
    use circuitscope::model::{HookName, Recorder, Site};
    if with.interventions.is_empty() {
        let alone = experiment(model, update);
        return observe_one(model, &alone, RunName::Clean).unwrap();
    }
    let all: Vec<HookName> = HookName::known(model.config()).collect();
    let cache = |source| observe_hooks(model, source, &all).unwrap().1;
    let (clean, corrupted) = (cache(&with.clean), cache(&with.corrupted));
    let prompt = Source::new(update.clone()).prompt();
    let derived = Derived::new(model, with, &prompt).unwrap();
    let sources = Sources {
        clean: &clean,
        corrupted: &corrupted,
        derived: &derived,
    };
    let mut editor = Editor::new(&with.interventions, sources).unwrap();
    let mut recorder = Recorder::new(&mut editor);
    let tokens = model.task().tokens(&prompt);
    let logits = model
        .forward(
            &model.tokens(std::slice::from_ref(&tokens)).unwrap(),
            &mut recorder,
        )
        .unwrap();
    let cache = recorder.into_cache();
    let by_layer = |site| {
        let layers = (0..model.config().n_layers).map(|layer| {
            let tensor = cache.get(HookName::Block(layer, site)).unwrap();
            circuitscope::lens::Array::from_tensor(&tensor.get(0).unwrap()).unwrap()
        });
        circuitscope::lens::Array::stack(&layers.collect::<Vec<_>>())
    };
    RunView {
        tokens,
        logits: circuitscope::lens::Array::from_tensor(&logits.get(0).unwrap()).unwrap(),
        pattern: by_layer(Site::Pattern),
        scores: by_layer(Site::AttnScores),
        post: circuitscope::lens::Array::default(),
        changes: circuitscope::lens::Changes::default(),
        prompt,
    }
}

/// The right answer's logit less the best of the others, for each prediction.
pub fn margins(task: Task, run: &RunView) -> Vec<f64> {
    let truth = run.prompt.values.answers();
    let one = |j: usize| {
        let logits = run.logits.slice(&[task.predicts_at(j)]);
        let right = logits[truth[j] as usize];
        let others = logits.iter().enumerate();
        let best = others
            .filter(|(token, _)| *token != truth[j] as usize)
            .map(|(_, &logit)| logit)
            .fold(f32::NEG_INFINITY, f32::max);
        f64::from(right) - f64::from(best)
    };
    (0..task.answers.len()).map(one).collect()
}

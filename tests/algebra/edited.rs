//! Runs under any interventions: every decomposition still adds up to what the run computed.

use super::common::{beyond, random_intervention, random_model, random_rule, random_update};
use super::total;
use circuitscope::lens::{
    AttentionCell, AttentionKind, Attribution, Direction, Experiment, HeadName, Intervention,
    Matrices, Measure, PathTables, RunView, Source, Toward, attention_of_run, attribute, observe,
    split_score,
};
use circuitscope::model::config::PositionalEmbedding::{Shortformer, Standard};
use circuitscope::model::{HookName, HookedTransformer};
use circuitscope::task::{Sample, Task, below};
use rand_mt::Mt;

fn task() -> Task {
    Task::array_update(2, 5).unwrap()
}

fn experiment(interventions: Vec<Intervention>, rng: &mut Mt) -> Experiment {
    Experiment {
        clean: Source::new(random_update(task(), rng)),
        corrupted: Source::new(random_update(task(), rng)),
        direction: [Direction::Denoise, Direction::Noise][below(rng, 2) as usize],
        metric: None,
        measure: Measure::default(),
        interventions,
        sample: Sample::default(),
    }
}

/// A model, its weights and paths, and runs of it under lists of one to three interventions.
fn each_run(mut check: impl FnMut(&Matrices, &PathTables, &RunView, &str)) {
    let mut rng = Mt::new(17);
    for (seed, [layers, heads]) in [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2]]
        .into_iter()
        .enumerate()
    {
        for positions in [Shortformer, Standard] {
            let model = random_model([layers, heads], positions, task(), seed as u32);
            let name = format!("{layers} layers, {heads} heads, {positions:?}");
            runs_of(&model, &name, &mut rng, &mut check);
        }
    }
    for (name, model) in beyond(task()) {
        runs_of(&model, name, &mut rng, &mut check);
    }
}

fn runs_of(
    model: &HookedTransformer,
    name: &str,
    rng: &mut Mt,
    check: &mut impl FnMut(&Matrices, &PathTables, &RunView, &str),
) {
    let weights = Matrices::new(model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let mut rules = Mt::new(23);
    for _ in 0..24 {
        let mut list = random_list(model, rng);
        if below(&mut rules, 3) == 0 {
            list.push(random_rule(task(), model.config(), &mut rules));
        }
        // nothing adds up to logits that are changed themselves
        list.retain(|one| one.hook != HookName::Logits);
        let lines: Vec<String> = list.iter().map(|one| one.line(task())).collect();
        let experiment = experiment(list, rng);
        let seen = observe(model, &experiment, &|| false).unwrap().unwrap();
        check(
            &weights,
            &tables,
            &seen.patched,
            &format!("{name}: {lines:?}"),
        );
    }
}

fn random_list(model: &HookedTransformer, rng: &mut Mt) -> Vec<Intervention> {
    let count = 1 + below(rng, 3);
    let paths = PathTables::new(&Matrices::new(model).unwrap()).unwrap();
    let names: Vec<String> = paths.names().map(ToString::to_string).collect();
    let one = |_| {
        let name = &names[below(rng, names.len() as u32) as usize];
        if below(rng, 6) == 0 && name != "b_U" && !model.config().moves_when_cut() {
            let line = format!("path {name}{} off", ["", " @b_0"][below(rng, 2) as usize]);
            return Intervention::parse(&line, task(), model.config()).unwrap();
        }
        random_intervention(task(), model.config(), rng)
    };
    (0..count).map(one).collect()
}

/// Whether a sum is the number, up to rounding; a number that is none has no sum.
fn adds_up(sum: f64, number: f64, size: f64) -> bool {
    number.is_nan() || sum == number || (sum - number).abs() <= 1e-4 * size.max(1.0)
}

fn column(found: &Attribution, i: usize) -> [f64; 3] {
    let sum = |values: &circuitscope::lens::Array| -> f64 {
        let rows = 0..values.shape()[0];
        rows.map(|row| f64::from(values.slice(&[row])[i])).sum()
    };
    let bias = f64::from(found.unembed_bias.values()[i]);
    let parts = &found.decompose_resid;
    let normed = parts.labels.iter().position(|label| label == "ln_final.b");
    let normed = normed.map_or(0.0, |row| f64::from(parts.values.slice(&[row])[i]));
    let put = if found.put.labels.is_empty() {
        0.0
    } else {
        sum(&found.put.values)
    };
    let streams = &found.accumulated_resid.values;
    let last = f64::from(streams.slice(&[streams.shape()[0] - 1])[i]);
    [
        sum(&found.decompose_resid.values) + put + bias,
        last + normed + bias,
        sum(&found.paths.as_ref().unwrap().all.values),
    ]
}

#[test]
fn parts_and_paths_add_up_to_the_logits() {
    each_run(|weights, tables, run, name| {
        let toward = Toward::parse(task(), "target").unwrap();
        let found = attribute(weights, Some(tables), run, toward).unwrap();
        let logits = run.logits.values().iter();
        let size = logits.fold(1.0f32, |most, x| most.max(x.abs()));
        for i in 0..task().answers.len() {
            let logit = f64::from(found.logits.values()[i]);
            // what stands in the norm's place is no part of the stream
            let normed = name.contains("ln_final.hook_normalized");
            for (what, sum) in ["parts", "stream", "paths"].iter().zip(column(&found, i)) {
                if normed && *what == "stream" {
                    continue;
                }
                assert!(
                    adds_up(sum, logit, f64::from(size)),
                    "{name}: {what} of b_{i}: {sum}, not {logit}"
                );
            }
        }
        let split = tables.split(weights, run).unwrap();
        let whole = run.logits.values().iter().all(|x| x.is_finite());
        let remainder = split.remainder(&run.logits);
        assert!(
            !whole || remainder <= 1e-4 * f64::from(size),
            "{name}: {remainder}"
        );
    });
}

#[test]
fn parts_add_up_to_the_scores() {
    let mut rng = Mt::new(29);
    each_run(|weights, _, run, name| {
        for head in HeadName::all(weights.config()) {
            for _ in 0..4 {
                let dest = below(&mut rng, task().seq_len() as u32) as usize;
                let mut cell = || AttentionCell {
                    dest,
                    src: below(&mut rng, dest as u32 + 1) as usize,
                };
                for (cell, minus) in [(cell(), None), (cell(), Some(cell()))] {
                    let all = [Some(cell), minus].into_iter().flatten();
                    let pad = weights.config().pad_token;
                    if all.into_iter().any(|one| Some(run.tokens[one.src]) == pad) {
                        continue;
                    }
                    let split = split_score(weights, run, head, cell, minus).unwrap();
                    let score = f64::from(split.score);
                    // the difference of two large scores keeps their rounding
                    let scores = run.scores.slice(&[head.layer, head.head, dest]);
                    let finite = scores.iter().filter(|x| x.is_finite());
                    let size = f64::from(finite.fold(0.0f32, |most, x| most.max(x.abs())));
                    for sum in [split.total, total(&split.values)] {
                        assert!(
                            adds_up(sum, score, size),
                            "{name}: {head} {cell:?} {minus:?}: {sum}, not {score}"
                        );
                    }
                    let grouped = total(&split.grouped().values);
                    assert!(adds_up(grouped, score, size), "{name}: {head} {cell:?}");
                }
            }
        }
    });
}

/// Each path by its own line: it is gone, the others stay, and all attention is as it was.
#[test]
fn any_path_is_taken_away_alone() {
    let mut rng = Mt::new(31);
    for (size, positions) in [
        ([3, 2], Standard),
        ([3, 1], Shortformer),
        ([2, 2], Standard),
    ] {
        let model = random_model(size, positions, task(), 5);
        let weights = Matrices::new(&model).unwrap();
        let tables = PathTables::new(&weights).unwrap();
        let before = observed(&model, &experiment(Vec::new(), &mut rng));
        let whole = tables.split(&weights, &before.clean).unwrap();
        for (number, path) in tables
            .names()
            .enumerate()
            .filter(|(_, path)| path.to_string() != "b_U")
        {
            let line = format!("path {path} off");
            let off = Intervention::parse(&line, task(), model.config()).unwrap();
            assert_eq!(off.line(task()), line);
            let without = Experiment {
                // twice away is away
                interventions: vec![off.clone(), off],
                direction: Direction::Noise,
                ..before.experiment.clone()
            };
            let after = observed(&model, &without);
            assert_eq!(after.patched.pattern, before.clean.pattern, "{path}");
            let lost = before.clean.logits.minus(&after.patched.logits);
            let split = tables.split(&weights, &after.patched).unwrap();
            assert!(split.remainder(&after.patched.logits) < 1e-3, "{path}");
            for dest in 0..task().seq_len() {
                for token in 0..5 {
                    let sum = |split: &circuitscope::lens::PathSplit<'_>, path: usize| -> f64 {
                        let sources = 0..task().seq_len();
                        sources.map(|src| split.value(path, dest, src, token)).sum()
                    };
                    let lost = f64::from(lost.get(&[dest, token]).unwrap());
                    let share = sum(&whole, number);
                    assert!((lost - share).abs() < 1e-3, "{path}: {lost}, not {share}");
                    assert_eq!(sum(&split, number), 0.0, "{path}");
                }
            }
        }
    }
}

fn observed(model: &HookedTransformer, experiment: &Experiment) -> circuitscope::lens::Observation {
    observe(model, experiment, &|| false).unwrap().unwrap()
}

#[test]
fn a_heads_row_toward_a_logit_is_its_share() {
    each_run(|weights, _, run, name| {
        let toward = Toward::default();
        let kind = AttentionKind::Toward(toward);
        let maps = attention_of_run(weights, run, kind).unwrap();
        let found = attribute(weights, None, run, toward).unwrap();
        for head in 0..maps.heads.len() {
            for i in 0..task().answers.len() {
                let row = maps.values.slice(&[head, task().predicts_at(i)]);
                let shares = found.heads_by_source.slice(&[head, i]);
                for (a, b) in row.iter().zip(shares) {
                    let near = a.is_nan() || a == b || (a - b).abs() <= 1e-5 * a.abs().max(1.0);
                    assert!(near, "{name}: {a} {b}");
                }
            }
        }
    });
}

//! Random models of 1 to 3 layers of 1 to 3 heads, biases and both kinds of positions: every
//! decomposition adds up to what the forward pass computes.

use super::common::{embedded, random_model, random_update};
use super::{assert_close, total};
use circuitscope::lens::{
    Array, AttentionCell, AttentionKind, Circuit, CircuitName, Directions, HeadName, LowRank,
    Matrices, Part, PathTables, RunView, Source, Toward, Weight, attention_of_run,
    attention_of_sample, attribute, attribute_sample, effective_rank, low_rank, observe_run, pca,
    split_score,
};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::task::{Prompt, Task};
use rand_mt::Mt;
use std::collections::BTreeSet;

fn task() -> Task {
    Task::array_update(2, 5).unwrap()
}

/// All shapes, each with both kinds of positions, and a few prompts.
fn each_model(mut check: impl FnMut(&HookedTransformer, &Matrices, &[Prompt])) {
    let mut rng = Mt::new(7);
    let kinds = [
        PositionalEmbedding::Shortformer,
        PositionalEmbedding::Standard,
    ];
    for (seed, layers) in (1..=3).enumerate() {
        for heads in 1..=3 {
            for positions in kinds {
                let model = random_model([layers, heads], positions, task(), seed as u32);
                let weights = Matrices::new(&model).unwrap();
                let prompts: Vec<_> = (0..3)
                    .map(|_| Prompt::teacher_forced(random_update(task(), &mut rng)))
                    .collect();
                check(&model, &weights, &prompts);
            }
        }
    }
}

fn run(model: &HookedTransformer, prompt: &Prompt) -> RunView {
    observe_run(model, &Source::from(prompt.clone())).unwrap()
}

fn size(values: &[f32]) -> f32 {
    values.iter().fold(1.0, |max, x| max.max(x.abs()))
}

#[test]
fn paths_add_up_to_the_logits() {
    each_model(|model, weights, prompts| {
        let tables = PathTables::new(weights).unwrap();
        for prompt in prompts {
            let run = run(model, prompt);
            let split = tables.split(weights, &run).unwrap();
            let size = size(run.logits.values());
            let remainder = split.remainder(&run.logits) as f32;
            assert!(remainder <= 1e-4 * size, "{remainder} of {size}");
            // cell by cell, and with one path off
            let (dest, token) = (6, 3);
            let share = |path: usize| -> f64 {
                (0..=dest)
                    .map(|src| split.value(path, dest, src, token))
                    .sum()
            };
            let sum: f64 = (0..split.names().len()).map(share).sum();
            let logit = run.logits.get(&[dest, token]).unwrap();
            assert!((sum as f32 - logit).abs() <= 1e-4 * size);
            for (path, name) in split.names().enumerate().take(20) {
                let off = split.logits_without(&BTreeSet::from([name.clone()]));
                let gone = sum - f64::from(off.get(&[dest, token]).unwrap());
                assert!(
                    (gone - share(path)).abs() <= f64::from(1e-5 * size),
                    "{name}"
                );
            }
            let all: BTreeSet<_> = split.names().cloned().collect();
            assert_eq!(total(&split.logits_without(&all)), 0.0);
        }
    });
}

#[test]
fn parts_add_up_to_the_logits() {
    each_model(|model, weights, prompts| {
        let tables = PathTables::new(weights).unwrap();
        for (prompt, toward) in prompts.iter().zip(["target", "3", "elt-a_0"]) {
            let run = run(model, prompt);
            let toward = Toward::parse(task(), toward).unwrap();
            let found = attribute(weights, Some(&tables), &run, toward).unwrap();
            let paths = found.paths.as_ref().unwrap();
            let layers = weights.config().n_layers;
            for i in 0..task().answers.len() {
                let logits = run.logits.slice(&[task().predicts_at(i)]);
                let (answer, other) = toward.tokens(task(), prompt, i);
                let want = logits[answer as usize] - other.map_or(0.0, |t| logits[t as usize]);
                let near = |name: &str, sum: f32| {
                    let tolerance = 1e-4 * size(logits);
                    assert!(
                        (sum - want).abs() <= tolerance,
                        "{name}: {sum} is not {want}"
                    );
                };
                near("logit", found.logits.values()[i]);
                let bias = found.unembed_bias.values()[i];
                near("parts", column(&found.decompose_resid.values, i) + bias);
                let last = found.accumulated_resid.values.get(&[layers, i]).unwrap();
                near("stream", last + bias);
                near("paths", column(&paths.all.values, i));
                let heads = found.heads.labels.len();
                for head in 0..heads {
                    let whole = found.heads.values.get(&[head, i]).unwrap();
                    for split in [&found.heads_by_source, &found.heads_by_token] {
                        let sum: f32 = split.slice(&[head, i]).iter().sum();
                        assert!((sum - whole).abs() <= 1e-4 * size(logits));
                    }
                }
            }
        }
    });
}

fn column(values: &Array, i: usize) -> f32 {
    (0..values.shape()[0])
        .map(|row| values.slice(&[row])[i])
        .sum()
}

#[test]
fn positions_are_listed_only_where_they_are_part_of_the_stream() {
    each_model(|model, weights, prompts| {
        let run = run(model, &prompts[0]);
        let found = attribute(weights, None, &run, Toward::default()).unwrap();
        let standard = weights.config().positional_embedding == PositionalEmbedding::Standard;
        let labels = &found.decompose_resid.labels;
        assert_eq!(labels.contains(&"pos_embed".to_owned()), standard);
        assert_eq!(labels[0], "embed");
        assert_eq!(
            labels.len(),
            weights.config().n_layers + 1 + usize::from(standard)
        );
        assert!(found.paths.is_none());
        assert_eq!(found.accumulated_resid.labels.last().unwrap(), "final_post");
    });
}

#[test]
fn splits_add_up_to_the_score() {
    each_model(|model, weights, prompts| {
        let run = run(model, &prompts[0]);
        let mut rng = Mt::new(3);
        for head in HeadName::all(weights.config()) {
            for _ in 0..6 {
                let dest = 1 + rng.next_u32() as usize % (task().seq_len() - 1);
                let src = rng.next_u32() as usize % (dest + 1);
                let cell = AttentionCell { dest, src };
                let other = AttentionCell { dest, src: 0 };
                for minus in [None, Some(other)] {
                    let split = split_score(weights, &run, head, cell, minus).unwrap();
                    let score = f64::from(split.score);
                    let tolerance = 1e-4 * score.abs().max(1.0);
                    assert!((split.total - score).abs() < tolerance, "{head} {cell:?}");
                    assert!((total(&split.values) - score).abs() < tolerance);
                    let grouped = split.grouped();
                    assert!((total(&grouped.values) - score).abs() < tolerance);
                    let earlier = head.layer * weights.config().n_heads;
                    assert!((2 + earlier..=3 + earlier).contains(&grouped.query.len()));
                    let whole = |part: &Part| !matches!(part, Part::Head(_, Some(_)));
                    assert!(grouped.key.iter().all(whole));
                }
            }
        }
        let head = HeadName { layer: 0, head: 0 };
        let masked = AttentionCell { dest: 1, src: 2 };
        let error = split_score(weights, &run, head, masked, None).unwrap_err();
        assert!(error.to_string().contains("comes after"), "{error}");
        let far = AttentionCell { dest: 99, src: 2 };
        assert!(split_score(weights, &run, head, far, None).is_err());
        let none = HeadName { layer: 0, head: 9 };
        assert!(split_score(weights, &run, none, masked, None).is_err());
    });
}

#[test]
fn the_embedded_models_scores_and_logits() {
    let model = embedded().transformer;
    let weights = Matrices::new(&model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let mut rng = Mt::new(11);
    for _ in 0..20 {
        let update = random_update(model.task(), &mut rng);
        let run = observe_run(&model, &Source::new(update)).unwrap();
        let split = tables.split(&weights, &run).unwrap();
        let remainder = split.remainder(&run.logits);
        assert!(remainder < 1e-4, "{remainder}");
        for head in HeadName::all(weights.config()) {
            for (dest, src) in [(8, 6), (7, 1), (10, 10), (9, 0)] {
                let cell = AttentionCell { dest, src };
                let split = split_score(&weights, &run, head, cell, None).unwrap();
                assert!(
                    (split.total - f64::from(split.score)).abs() < 1e-4,
                    "{split:?}"
                );
                // no biases, so none is listed
                assert!(!split.query.contains(&Part::Bias));
            }
        }
    }
}

#[test]
fn the_mean_of_one_is_the_single_run() {
    each_model(|model, weights, prompts| {
        let one = &prompts[..1];
        let run = run(model, &prompts[0]);
        let toward = Toward::parse(task(), "target-elt").unwrap();
        let mut kinds = vec![
            AttentionKind::Pattern,
            AttentionKind::Scores,
            AttentionKind::Norm,
            AttentionKind::Toward(toward),
            AttentionKind::Argmax,
        ];
        if weights.config().n_layers > 1 {
            kinds.push(AttentionKind::Virtual);
        } else {
            assert!(attention_of_run(weights, &run, AttentionKind::Virtual).is_err());
        }
        for kind in kinds {
            let single = attention_of_run(weights, &run, kind).unwrap();
            let mean = attention_of_sample(model, weights, one, kind).unwrap();
            assert_eq!(single.of.to_string(), "single");
            assert_eq!(mean.of.to_string(), "mean of 1");
            let bits = |values: &Array| -> Vec<u32> {
                values
                    .values()
                    .iter()
                    .map(|value| value.to_bits())
                    .collect()
            };
            assert_eq!(bits(&single.values), bits(&mean.values), "{kind:?}");
        }
        let single = attribute(weights, None, &run, toward).unwrap();
        let mean = attribute_sample(model, weights, None, one, toward).unwrap();
        assert_eq!(single.heads_by_source, mean.heads_by_source);
        assert_eq!(single.logits, mean.logits);
    });
}

#[test]
fn weighted_attention_is_what_heads_add() {
    each_model(|model, weights, prompts| {
        let run = run(model, &prompts[0]);
        let toward = Toward::default();
        let maps = attention_of_run(weights, &run, AttentionKind::Toward(toward)).unwrap();
        let found = attribute(weights, None, &run, toward).unwrap();
        for head in 0..maps.heads.len() {
            for i in 0..task().answers.len() {
                let row = maps.values.slice(&[head, task().predicts_at(i)]);
                assert_close("row", row, found.heads_by_source.slice(&[head, i]), 1e-5);
            }
            assert!(
                maps.values.slice(&[head, 0])[0].is_nan(),
                "nothing is predicted at BOS"
            );
        }
        let fixed = AttentionKind::Toward(Toward::parse(task(), "3-1").unwrap());
        let maps = attention_of_run(weights, &run, fixed).unwrap();
        assert!(maps.values.values().iter().all(|value| value.is_finite()));
        let kind = AttentionKind::Argmax;
        let maps = attention_of_sample(model, weights, prompts, kind).unwrap();
        let rows = maps.values.values().chunks(task().seq_len());
        assert!(
            rows.into_iter()
                .all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6)
        );
    });
}

#[test]
fn means_do_not_depend_on_threads() {
    let model = random_model([2, 2], PositionalEmbedding::Standard, task(), 1);
    let weights = Matrices::new(&model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let mut rng = Mt::new(5);
    let prompts: Vec<_> = (0..200)
        .map(|_| Prompt::teacher_forced(random_update(task(), &mut rng)))
        .collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let toward = Toward::default();
            attribute_sample(&model, &weights, Some(&tables), &prompts, toward).unwrap()
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn full_rank_changes_nothing_and_rank_0_cuts_the_head_off() {
    each_model(|model, weights, prompts| {
        let before = run(model, &prompts[0]);
        let cuts = |rank: usize| -> Vec<LowRank> {
            let both = [Weight::Qk, Weight::Ov];
            let heads = HeadName::all(weights.config());
            let cuts = heads.flat_map(|head| both.map(|weight| LowRank { weight, head, rank }));
            cuts.collect()
        };
        let full = low_rank(model, &cuts(8)).unwrap();
        let after = run(&full, &prompts[0]);
        let tolerance = 1e-4 * size(before.logits.values());
        assert_close(
            "full",
            after.logits.values(),
            before.logits.values(),
            tolerance,
        );
        let none = Matrices::new(&low_rank(model, &cuts(0)).unwrap()).unwrap();
        let cut = Matrices::new(&low_rank(model, &cuts(2)).unwrap()).unwrap();
        for head in HeadName::all(weights.config()) {
            let ov = CircuitName::Ov(vec![head]);
            let table = |weights: &Matrices| Circuit::new(weights, &ov, false).unwrap();
            assert_eq!(total(&table(&none).values), 0.0);
            for weight in [Weight::Qk, Weight::Ov] {
                let values = |weights: &Matrices| {
                    circuitscope::lens::weight_singular_values(weights, head, weight).unwrap()
                };
                let (before, after) = (values(weights), values(&cut));
                assert!((before[0] - after[0]).abs() < 1e-5 * before[0]);
                assert!((before[1] - after[1]).abs() < 1e-5 * before[0]);
                assert!(after[2] < 1e-5 * before[0], "{after:?}");
            }
        }
    });
}

#[test]
fn composed_circuits_are_products() {
    let model = random_model([2, 2], PositionalEmbedding::Shortformer, task(), 9);
    let weights = Matrices::new(&model).unwrap();
    let table = |name: &str| {
        let name = CircuitName::parse(name, weights.config()).unwrap();
        Circuit::new(&weights, &name, false).unwrap()
    };
    // a head reads what another wrote: the singular values are those of the table itself
    for circuit in CircuitName::all(weights.config()) {
        let circuit = Circuit::new(&weights, &circuit, false).unwrap();
        let squares: f64 = circuit
            .values
            .values()
            .iter()
            .map(|&x| f64::from(x).powi(2))
            .sum();
        let singular = circuit.singular_values().unwrap();
        let sum: f64 = singular.iter().map(|s| s * s).sum();
        assert!((sum / squares - 1.0).abs() < 1e-5, "{}", circuit.name);
        assert!(singular.windows(2).all(|two| two[0] >= two[1]));
        let rank = circuit.effective_rank().unwrap();
        assert!((1.0..=singular.len() as f64).contains(&rank));
    }
    let k = table("qk.1.1.k_comp.0.0");
    let q = table("qk.1.1.q_comp.0.0");
    assert_eq!(k.values.shape(), [9, 7]);
    assert_eq!(q.values.shape(), [7, 9]);
    assert_eq!(k.top1_on_diagonal(), None);
    assert_eq!(k.copying_score().unwrap(), None);
    let name = CircuitName::parse("qk.1.1.k_comp.0.0", weights.config()).unwrap();
    let scaled = Circuit::new(&weights, &name, true).unwrap();
    let want: Vec<f32> = k
        .values
        .values()
        .iter()
        .map(|x| x / 8.0f32.sqrt())
        .collect();
    assert_close("scaled", scaled.values.values(), &want, 1e-5);
    assert!(Circuit::new(&weights, &CircuitName::Direct, true).is_err());
}

#[test]
fn ranks_and_components() {
    assert!((effective_rank(&[2.0, 2.0, 2.0]) - 3.0).abs() < 1e-12);
    assert!((effective_rank(&[5.0, 0.0]) - 1.0).abs() < 1e-12);
    assert_eq!(effective_rank(&[]), 0.0);
    let model = embedded().transformer;
    let weights = Matrices::new(&model).unwrap();
    for (embedding, rows) in [(Directions::Tokens, 52), (Directions::Positions, 11)] {
        let found = pca(&weights, embedding, 3).unwrap();
        assert_eq!(found.coordinates.shape(), [rows, 3]);
        assert_eq!(found.labels.len(), rows);
        let explained = &found.explained;
        assert!(explained.windows(2).all(|two| two[0] >= two[1]));
        assert!(explained.iter().sum::<f64>() <= 1.0 + 1e-9);
        // centred, and the components have nothing to do with each other
        for k in 0..3 {
            let at = |i: usize, k: usize| f64::from(found.coordinates.get(&[i, k]).unwrap());
            let mean: f64 = (0..rows).map(|i| at(i, k)).sum::<f64>() / rows as f64;
            assert!(mean.abs() < 1e-5);
            let product: f64 = (0..rows).map(|i| at(i, k) * at(i, (k + 1) % 3)).sum();
            assert!(product.abs() < 1e-3, "{product}");
        }
        let all = pca(&weights, embedding, 1000).unwrap();
        assert!((all.explained.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

//! Whole runs patched, and every cell of a grid against its own intervention.

use super::{assert_same_logits, beyond, bits, common, models, pair, seen, under};
use circuitscope::answers::{Inquest, Question, Tools, answer};
use circuitscope::lens::{
    Array, Derived, Direction, Editor, Experiment, GridName, Intervention, Metric, Observation,
    RunName, Source, Sources, score,
};
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::model::{ActivationCache, HookName, HookedTransformer, NoHooks, Recorder};
use circuitscope::task::{Sample, Task, below};
use rand_mt::Mt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[test]
fn patching_the_whole_stream_gives_the_source_run() {
    for (name, model) in models().into_iter().chain(beyond()) {
        // what is padding is said by the tokens, and those stay the base run's
        if model.config().pad_token.is_some() {
            continue;
        }
        for (direction, metric) in [(Direction::Denoise, 1.0), (Direction::Noise, 0.0)] {
            let source = direction.source();
            let line = format!("patch blocks.0.hook_resid_pre @* from {}", source.name());
            let seen = under(&model, &[&line], pair(direction));
            assert_same_logits(name, &seen.patched, seen.run(source));
            assert_eq!(seen.changed, [true], "{name}");
            let values = seen.metric.unwrap();
            assert_eq!(values.normalised(values.patched), Some(metric), "{name}");
        }
    }
}

#[test]
fn patching_clean_into_clean_changes_nothing() {
    for (name, model) in models().into_iter().chain(beyond()) {
        let hooks: Vec<HookName> = HookName::known(model.config()).collect();
        let line = |hook: &HookName| match hook.axes() {
            circuitscope::model::Axes::HeadDestSrc => format!("patch {hook} [*,*] from clean"),
            _ => format!("patch {hook} @* from clean"),
        };
        let lines: Vec<String> = hooks.iter().map(line).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let seen = under(&model, &lines, pair(Direction::Noise));
        assert_eq!(seen.changed, vec![false; hooks.len()], "{name}");
        assert_same_logits(name, &seen.patched, &seen.clean);
    }
}

#[test]
fn without_interventions_the_patched_run_is_the_base_run() {
    for (name, model) in models() {
        for direction in [Direction::Denoise, Direction::Noise] {
            let seen = seen(&model, &pair(direction));
            assert_eq!(seen.patched, *seen.run(direction.base()), "{name}");
            assert_eq!(seen.base(), &seen.patched);
            assert!(seen.changed.is_empty());
        }
    }
}

#[test]
fn grids_have_their_shapes() {
    for (name, model) in models().into_iter().chain(beyond()) {
        let seen = seen(&model, &pair(Direction::Denoise));
        let names: Vec<GridName> = seen.grids.iter().map(|grid| grid.name).collect();
        assert_eq!(names, GridName::all(model.config()), "{name}");
        let config = model.config();
        for grid in &seen.grids {
            let len = model.task().seq_len();
            let shape = grid.name.shape(config, len);
            assert_eq!(grid.values.shape(), shape, "{name} {:?}", grid.name);
            assert_eq!(shape.len(), grid.name.axes().len());
        }
    }
}

/// An untouched run's activations.
fn recorded(model: &HookedTransformer, tokens: &[u32]) -> ActivationCache {
    let mut nothing = NoHooks;
    let every = HookName::known(model.config());
    let mut recorder = Recorder::new(&mut nothing).wanting(every);
    let tokens = model.tokens(&[tokens.to_vec()]).unwrap();
    model.forward(&tokens, &mut recorder).unwrap();
    recorder.into_cache()
}

/// The normalised metric of one plain forward pass with the interventions and one more.
fn with_one_more(model: &HookedTransformer, before: &Observation, more: Intervention) -> f32 {
    let caches = [&before.clean, &before.corrupted].map(|run| recorded(model, &run.tokens));
    let mut experiment = before.experiment.clone();
    experiment.interventions.push(more);
    let derived = Derived::new(model, &experiment, &before.base().prompt).unwrap();
    let sources = Sources {
        clean: &caches[0],
        corrupted: &caches[1],
        derived: &derived,
    };
    let list = experiment.interventions;
    let mut editor = Editor::new(&list, sources).unwrap();
    let tokens = model.tokens(&[before.base().tokens.clone()]).unwrap();
    let logits = model.forward(&tokens, &mut editor).unwrap();
    let values = before.metric.unwrap();
    let row = logits.get(0).unwrap().get(values.metric.position).unwrap();
    let diff = values.metric.logit_diff(&row.to_vec1().unwrap());
    values.normalised(diff).unwrap_or(f32::NAN)
}

fn random_index(values: &Array, rng: &mut Mt) -> Vec<usize> {
    let shape = values.shape().iter();
    shape.map(|&n| below(rng, n as u32) as usize).collect()
}

fn cells_agree(name: &str, model: &HookedTransformer, experiment: &Experiment, rng: &mut Mt) {
    let task = model.task();
    let before = seen(model, experiment);
    let values = before.metric.unwrap();
    let span = (values.clean - values.corrupted).abs();
    for grid in &before.grids {
        let index = random_index(&grid.values, rng);
        let cell = grid.name.cell(&index);
        assert_eq!(grid.name.index(cell), index);
        let from = experiment.direction.source();
        let patch = grid.name.intervention(cell, from, model.config());
        let patched = with_one_more(model, &before, patch);
        let cell = grid.values.get(&index).unwrap();
        let tolerance = 1e-4 * patched.abs().max(1.0).max(1.0 / span);
        let agree = (cell - patched).abs() <= tolerance || (cell.is_nan() && patched.is_nan());
        let lines: Vec<String> = experiment
            .interventions
            .iter()
            .map(|one| one.line(task))
            .collect();
        assert!(
            agree,
            "{name}: {} {index:?} is {cell}, patching it gives {patched}; standing {lines:#?}",
            grid.name.name()
        );
    }
}

#[test]
fn a_cell_is_what_its_patch_does_to_the_metric() {
    let (mut rng, mut rules) = (Mt::new(20), Mt::new(21));
    for (name, model) in models() {
        let rounds = if name == "embedded" { 2 } else { 12 };
        for round in 0..rounds {
            let direction = if round % 2 == 0 {
                Direction::Denoise
            } else {
                Direction::Noise
            };
            let mut experiment = pair(direction);
            experiment.interventions = (0..round % 4)
                .map(|_| common::random_intervention(model.task(), model.config(), &mut rng))
                .collect();
            if round % 3 == 1 {
                let rule = common::random_rule(model.task(), model.config(), &mut rules);
                experiment.interventions.push(rule);
            }
            cells_agree(name, &model, &experiment, &mut rng);
        }
    }
}

/// Models with more than attention: the same, alone and under what only they have.
#[test]
fn cells_agree_in_models_with_more_than_attention() {
    let mut rng = Mt::new(22);
    for (name, model) in beyond() {
        for lines in [
            &[][..],
            &["scale blocks.0.hook_mlp_out @* by 0.5"],
            &["zero blocks.1.mlp.hook_post @elt"],
            &["scale blocks.0.ln1.hook_scale @idx by 2", "edge L0->K1 off"],
            &[
                "add blocks.0.hook_resid_mid @elt W_U[3] by 2",
                "edge L0->logits off",
            ],
            &[
                "zero blocks.0.attn.hook_rot_k @elt",
                "scale blocks.1.attn.hook_rot_q @b_0 by 3",
            ],
            &[
                "scale ln_final.hook_scale @* by 0.5",
                "scale ln_final.hook_normalized @* by 3",
            ],
            &["knock blocks.0.attn.hook_attn_scores [elt,idx]"],
        ] {
            let parse = |line: &&str| Intervention::parse(line, model.task(), model.config());
            if lines.iter().any(|line| parse(line).is_err()) {
                continue;
            }
            for direction in [Direction::Denoise, Direction::Noise] {
                let mut experiment = pair(direction);
                let lines = lines.iter().map(|line| parse(line).unwrap());
                experiment.interventions = lines.collect();
                for _ in 0..3 {
                    cells_agree(name, &model, &experiment, &mut rng);
                }
            }
        }
    }
}

#[test]
fn everything_reaches_the_metric_where_attention_looks_ahead() {
    let ahead = beyond()
        .into_iter()
        .filter(|(_, model)| !model.config().is_causal());
    for (name, model) in ahead {
        let mut experiment = pair(Direction::Denoise);
        experiment.metric = Some(Metric {
            position: 1,
            answer: 2,
            other: 3,
        });
        let seen = seen(&model, &experiment);
        let grid = seen.grid(GridName::ResidPre).unwrap();
        let idx = model.task().position("idx").unwrap();
        let there = grid.values.get(&[0, idx]).unwrap();
        let base = seen.metric.unwrap();
        let unmoved = base.normalised(base.patched).unwrap();
        assert!((there - unmoved).abs() > 1e-3, "{name}: {there}");
    }
}

/// What once went wrong, or might: each with every grid.
#[test]
fn cells_agree_under_treacherous_interventions() {
    let mut rng = Mt::new(21);
    for lines in [
        // not to be done again to the stream that a later layer starts from
        &["scale blocks.1.hook_resid_pre @* by 0.5"][..],
        &["scale blocks.0.hook_resid_pre @idx,elt by -2"],
        &["scale hook_embed @* by 3", "scale hook_pos_embed @b_0 by 2"],
        // what the mask hides may be seen then
        &["set blocks.1.attn.hook_pattern [b_0,b_2] = 1"],
        &["zero blocks.0.attn.hook_attn_scores [*,*]"],
        &["set blocks.1.attn.hook_attn_scores [b_0,b_2] = 9"],
        // another order of sums
        &["scale blocks.1.attn.hook_result @b_0 by 0.25"],
    ] {
        for (name, model) in models() {
            // the random ones are quick, and have more to go wrong
            if model.config().n_layers < 2 || name == "embedded" {
                continue;
            }
            let mut experiment = pair(Direction::Denoise);
            experiment.interventions = under(&model, lines, experiment.clone())
                .experiment
                .interventions;
            for _ in 0..2 {
                cells_agree(name, &model, &experiment, &mut rng);
            }
        }
    }
}

#[test]
fn a_lifted_mask_lets_later_positions_reach_the_metric() {
    let model = &models()[1].1;
    let lift = ["zero blocks.1.attn.hook_attn_scores [*,*]"];
    let mut experiment = pair(Direction::Denoise);
    experiment.metric = Some(Metric {
        position: 1,
        answer: 2,
        other: 3,
    });
    let seen = under(model, &lift, experiment);
    let values = seen.metric.unwrap();
    // no position before idx differs, so the metric has no span and the grid is n/a
    assert_eq!(values.normalised(values.patched), None);
    assert!(
        seen.grids
            .iter()
            .all(|g| g.values.values().iter().all(|v| v.is_nan()))
    );

    let seen = under(model, &lift, pair(Direction::Denoise));
    let grid = &seen.grid(GridName::ResidPre).unwrap().values;
    let (at, unmoved) = (seen.metric.unwrap(), |p| grid.get(&[1, p]).unwrap());
    assert!(at.metric.position < 10);
    assert_ne!(Some(unmoved(10)), at.normalised(at.patched));
}

#[test]
fn when_asked_to_stop_nothing_comes_back() {
    let model = &models()[1].1;
    let asked = AtomicUsize::new(0);
    let whole = circuitscope::lens::observe(model, &pair(Direction::Denoise), &|| {
        asked.fetch_add(1, SeqCst);
        false
    });
    assert!(whole.unwrap().is_some());
    let total = asked.load(SeqCst);
    // before the grids, and for each pass: two of each layer at the least
    assert!(total > 4);
    for stop_at in 0..total {
        asked.store(0, SeqCst);
        let stopped = circuitscope::lens::observe(model, &pair(Direction::Denoise), &|| {
            asked.fetch_add(1, SeqCst);
            asked.load(SeqCst) > stop_at
        });
        assert!(stopped.unwrap().is_none(), "stopped at question {stop_at}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let with_threads = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
        pool.unwrap().install(|| {
            let mut all = Vec::new();
            for (_, model) in models() {
                let seen = seen(&model, &pair(Direction::Denoise));
                let grids = seen.grids.iter();
                all.extend(grids.flat_map(|grid| bits(grid.values.values())));
                let sample = Sample::Random { seed: 5, len: 100 };
                let score = score(&model, &sample.prompts(model.task())).unwrap();
                all.extend([score.wrong_inputs as u32, score.loss.to_bits() as u32]);
            }
            all
        })
    };
    let one = with_threads(1);
    assert!(one == with_threads(2) && one == with_threads(5));
}

#[test]
fn patched_is_no_source() {
    let model = &models()[1].1;
    let mut experiment = pair(Direction::Denoise);
    let name = GridName::Z;
    let patch = name.intervention(name.cell(&[0, 0, 0]), RunName::Patched, model.config());
    experiment.interventions.push(patch);
    let error = circuitscope::lens::observe(model, &experiment, &|| false).unwrap_err();
    assert!(error.to_string().contains("clean or corrupted"), "{error}");
}

/// A grid of very many cells is told instead of computed; what is left is what it was.
#[test]
fn a_grid_of_too_many_cells_is_left_out_and_told() {
    let task = Task::array_update(24, 24).unwrap();
    let model = common::random_model([1, 64], Shortformer, task, 3);
    let len = task.seq_len();
    let mut rng = Mt::new(4);
    let clean = common::random_update(task, &mut rng);
    let mut experiment = pair(Direction::Denoise);
    experiment.clean = Source::new(clean.clone());
    experiment.corrupted = Source::new(common::random_update(task, &mut rng));
    // the cells that remain are many too: the metric's own position is early
    let first = task.read_positions()[0] as usize;
    experiment.metric = Some(Metric {
        position: first,
        answer: 0,
        other: 1,
    });
    let seen = seen(&model, &experiment);
    let left: Vec<GridName> = seen.grids.iter().map(|grid| grid.name).collect();
    let mut wanted = GridName::all(model.config());
    wanted.retain(|&name| name != GridName::PatternDestSrc);
    assert_eq!(left, wanted);
    let cells = 64 * len * len;
    let why = GridName::PatternDestSrc
        .too_large(model.config(), len)
        .unwrap();
    assert!(cells > 1 << 17 && why.contains("at most 131,072"), "{why}");
}

/// Questions whose answers would have hundreds of thousands of cells are refused before any is made.
#[test]
fn a_model_of_very_many_edges_is_told_how_many() {
    let task = Task::array_update(3, 5).unwrap();
    let model = common::random_model([8, 64], Shortformer, task, 3);
    let tools = Tools::new(&model).unwrap();
    let mut rng = Mt::new(4);
    let mut experiment = pair(Direction::Denoise);
    experiment.clean = Source::new(common::random_update(task, &mut rng));
    experiment.corrupted = Source::new(common::random_update(task, &mut rng));
    for (line, problem) in [
        ("grid edges", "346,113 cells"),
        ("grid edges_by_pos", "at most 262,144"),
        ("necessity", "at most 65,536"),
        ("grid strange", "and 498 more"),
    ] {
        let question = Question::parse(line, task, model.config());
        let asked = question.and_then(|question| {
            answer(Inquest {
                model: &model,
                tools: &tools,
                other: None,
                question: &question,
                experiment: &experiment,
                about: RunName::Patched.into(),
            })
        });
        let error = format!("{:#}", asked.err().unwrap());
        assert!(
            error.contains(problem) && error.len() < 700,
            "{line}: {error}"
        );
    }
}

//! Metric, warnings, continuations, score.

use super::{models, pair, seen, under};
use crate::common::Parts as _;
use circuitscope::lens::{
    Continuation, Direction, Experiment, Fix, Metric, Source, observe_cache, observe_run, score,
    warnings,
};
use circuitscope::model::{HookName, Site};
use circuitscope::task::{Prompt, Task, Values};

fn update(a: [u32; 3], idx: u32, elt: u32) -> Values {
    crate::common::update(Task::default(), &a, idx, elt)
}

fn experiment(clean: Values, corrupted: Values) -> Experiment {
    Experiment {
        clean: Source::new(clean),
        corrupted: Source::new(corrupted),
        direction: Direction::Denoise,
        metric: None,
        measure: circuitscope::lens::Measure::default(),
        interventions: Vec::new(),
        sample: circuitscope::task::Sample::default(),
    }
}

#[test]
fn the_metric_follows_the_pair() {
    let task = Task::default();
    let of = |clean, corrupted| experiment(clean, corrupted).metric_in_force(task);
    let line = |metric: Option<Metric>| metric.map(|metric| metric.line(task));
    let clean = update([14, 26, 35], 1, 48);
    let found = |corrupted| line(of(clean.clone(), corrupted));
    // b_1 is predicted at b_0
    assert_eq!(
        found(update([14, 26, 35], 2, 48)).as_deref(),
        Some("b_0→b_1:48:26")
    );
    assert_eq!(
        found(update([14, 26, 35], 1, 7)).as_deref(),
        Some("b_0→b_1:48:7")
    );
    assert_eq!(
        found(update([9, 26, 35], 1, 48)).as_deref(),
        Some("nl_1→b_0:14:9")
    );
    assert_eq!(found(update([14, 9, 35], 1, 48)), None, "changes no answer");
    assert_eq!(found(clean.clone()), None);
}

#[test]
fn metrics_are_read_and_what_is_wrong_is_named() {
    let task = Task::default();
    let metric = Metric {
        position: 8,
        answer: 48,
        other: 26,
    };
    for text in ["b_0:48:26", " b_0 : 48 : 26 ", "8:48:26"] {
        assert_eq!(Metric::parse(task, text).unwrap(), metric);
    }
    assert_eq!(Metric::parse(task, &metric.line(task)).unwrap(), metric);
    for (text, problem) in [
        ("", "the form is POS:ANSWER:OTHER"),
        ("b_0:48", "the form is POS:ANSWER:OTHER"),
        ("b_0:48:26:1", "the form is POS:ANSWER:OTHER"),
        ("b_3:48:26", "no position 'b_3'; the positions are BOS a_0"),
        ("b_0:50:26", "answer: 50 is not a whole number from 0 to 49"),
        ("b_0:48:x", "other: 'x' is not a whole number from 0 to 49"),
        ("b_0:48:", "other: empty"),
        ("b_0:48:48", "their difference is always 0"),
        ("\u{1b}[2J", "\\u{1b}[2J"),
    ] {
        let error = format!("{:#}", Metric::parse(task, text).unwrap_err());
        assert!(error.contains(problem), "{text:?}: {error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
}

fn texts(experiment: &Experiment) -> Vec<(String, Fix)> {
    let found = warnings(Task::default(), experiment, None).into_iter();
    found.map(|warning| (warning.text, warning.fix)).collect()
}

fn one(experiment: &Experiment, text: &str, fix: Fix) {
    assert_eq!(texts(experiment), [(text.to_owned(), fix)]);
}

fn sound() -> Experiment {
    experiment(update([14, 26, 35], 1, 48), update([14, 26, 35], 2, 48))
}

#[test]
fn a_sound_pair_has_no_warning() {
    assert_eq!(texts(&sound()), []);
}

#[test]
fn warns_of_a_continuation_that_is_not_the_truth() {
    let mut odd = sound();
    odd.corrupted.continuation = Continuation::Typed(vec![14, 23, 26]);
    one(&odd, "corrupted: typed b is not the truth", Fix::ForceTruth);
    let mut odd = sound();
    odd.clean.continuation = Continuation::Typed(vec![1, 2, 3]);
    one(&odd, "clean: typed b is not the truth", Fix::ForceTruth);
    odd.clean.continuation = Continuation::Typed(vec![14, 48, 35]);
    assert_eq!(texts(&odd), []);
}

#[test]
fn warns_of_equal_prompts() {
    let same = experiment(update([14, 26, 35], 1, 48), update([14, 26, 35], 1, 48));
    one(&same, "clean and corrupted are the same", Fix::MakePair);
}

#[test]
fn warns_of_several_changes() {
    let two = experiment(update([14, 26, 35], 1, 48), update([14, 26, 35], 2, 7));
    one(&two, "2 fields differ: idx, elt", Fix::MakePair);
}

#[test]
fn warns_of_equal_answers() {
    let same = experiment(update([14, 26, 35], 1, 48), update([14, 9, 35], 1, 48));
    one(&same, "both prompts have the same answer", Fix::MakePair);
}

#[test]
fn warns_of_an_odd_metric() {
    let with = |position, answer, other| {
        let mut odd = sound();
        odd.metric = Some(Metric {
            position,
            answer,
            other,
        });
        odd
    };
    one(
        &with(10, 48, 26),
        "metric: nothing is predicted at b_2",
        Fix::FollowPair,
    );
    one(
        &with(8, 48, 23),
        "metric: 23 is neither run's answer at b_0→b_1 (clean 48, corrupted 26)",
        Fix::FollowPair,
    );
    assert_eq!(texts(&with(8, 26, 48)), []);
}

#[test]
fn warns_of_a_metric_that_hardly_differs() {
    let mut odd = sound();
    // nothing that differs can reach a_2
    odd.metric = Some(Metric {
        position: 3,
        answer: 48,
        other: 26,
    });
    let model = &models()[0].1;
    let seen = seen(model, &odd);
    let found = warnings(model.task(), &odd, Some(&seen));
    assert!(
        found
            .iter()
            .any(|w| w.text.starts_with("metric hardly differs: clean "))
    );
    assert!(found.iter().all(|w| w.fix == Fix::FollowPair));
}

#[test]
fn the_models_own_continuation_is_what_it_predicts() {
    for (name, model) in models() {
        let mut source = pair(Direction::Noise).clean;
        source.continuation = Continuation::Model;
        let run = observe_run(&model, &source).unwrap();
        let task = model.task();
        for (i, &token) in run.prompt.continuation.iter().enumerate() {
            assert_eq!(run.top(task.predicts_at(i), 1)[0].0, token, "{name} b_{i}");
        }
        // predictions are about the truth even then
        let targets: Vec<u32> = run
            .predictions(task)
            .iter()
            .map(|p| p.target.unwrap())
            .collect();
        assert_eq!(targets, source.values.answers(), "{name}");
    }
}

#[test]
fn a_recorded_run_has_every_hook_point() {
    for (name, model) in models() {
        let source = pair(Direction::Noise).clean;
        let (run, cache) = observe_cache(&model, &source).unwrap();
        let hooks: Vec<HookName> = cache.iter().map(|(hook, _)| *hook).collect();
        let read_only_by_edges = [Site::QInput, Site::KInput, Site::VInput];
        let every = HookName::all(model.config()).filter(
            |hook| !matches!(hook, HookName::Block(_, site) if read_only_by_edges.contains(site)),
        );
        assert_eq!(hooks, every.collect::<Vec<_>>(), "{name}");
        let scores = cache.get(HookName::Block(0, Site::AttnScores)).unwrap();
        let scores = scores.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(scores.contains(&f32::NEG_INFINITY));
        assert_eq!(run.tokens, model.task().tokens(&source.prompt()));
    }
}

#[test]
fn the_score_counts_what_single_runs_show() {
    for (name, model) in models() {
        let task = model.task();
        let prompts: Vec<Prompt> = (0..40)
            .map(|i| Prompt::teacher_forced(update([i % 7, (i / 2) % 7, 3], i % 3, (i * 5) % 7)))
            .collect();
        let score = score(&model, &prompts).unwrap();
        let (mut wrong, mut loss) = ([0; 3], 0.0);
        for prompt in &prompts {
            let run = observe_run(&model, &Source::from(prompt.clone())).unwrap();
            for (wrong, p) in wrong.iter_mut().zip(run.predictions(task)) {
                *wrong += usize::from(p.correct == Some(false));
            }
            loss += run.loss(task) / prompts.len() as f64;
        }
        assert_eq!(score.wrong_by_position, wrong, "{name}");
        assert_eq!(score.inputs, 40);
        assert!(
            (score.loss - loss).abs() <= 1e-5 * loss.max(1e-3),
            "{name}: {} {loss}",
            score.loss
        );
        let right = 1.0 - wrong.iter().sum::<usize>() as f64 / 120.0;
        assert!((score.accuracy() - right).abs() < 1e-12, "{name}");
    }
}

#[test]
fn a_run_that_is_no_number_leaves_the_metric_open() {
    let (_, model) = &models()[1];
    let seen = under(
        model,
        &["knock blocks.0.attn.hook_attn_scores [*,*]"],
        pair(Direction::Denoise),
    );
    let values = seen.metric.unwrap();
    assert!(values.patched.is_nan());
    assert_eq!(values.normalised(values.patched), None);
}

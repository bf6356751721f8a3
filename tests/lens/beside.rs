//! Answers with something beside them, over a sample, and toward any logit.

use super::answers::{ask, note, patched, under};
use super::{Shortformer, common, models};
use circuitscope::answers::{Inquest, Question, Table, Tools, answer};
use circuitscope::lens::{Direction, Experiment, RunName};

#[test]
fn attention_toward_a_logit_is_what_is_handed_over_there() {
    let (_, model) = models().remove(0);
    let with = under(&model, &[]);
    let clean = |line: &str| ask(&model, &with, RunName::Clean.into(), line);
    let (of, less) = (clean("attention 34 1.0"), clean("attention 45 1.0"));
    let both = clean("attention 34-45 1.0");
    for ((a, b), both) in of
        .values
        .values()
        .iter()
        .zip(less.values.values())
        .zip(both.values.values())
    {
        assert!(!both.is_finite() || (a - b - both).abs() < 1e-4);
    }
    // the right answer at the last prediction is the element
    let (target, dest) = (clean("attention target 1.0"), model.task().predicts_at(2));
    assert_eq!(target.values.slice(&[dest]), of.values.slice(&[dest]));
    let wrong = Question::parse("attention nearly 1.0", model.task(), model.config());
    let wrong = format!("{:#}", wrong.unwrap_err());
    assert!(
        wrong.contains("pattern, scores, norm, target, argmax or a logit"),
        "{wrong}"
    );
}

#[test]
fn a_mean_stands_beside_this_run() {
    let (_, model) = models().remove(0);
    let with = under(&model, &["zero blocks.0.attn.hook_z @elt"]);
    for line in ["attention pattern 1.0", "attention virtual 0.0>1.0"] {
        let single = patched(&model, &with, line);
        let mean = patched(&model, &with, &format!("{line} over sample"));
        let both = patched(&model, &with, &format!("{line} beside"));
        assert_eq!(both.values, single.values);
        assert_eq!(both.beside[0].values, mean.values);
        assert_eq!(both.name, "this prompt");
        assert!(
            both.beside[0].name.ends_with("each patched"),
            "{}",
            both.beside[0].name
        );
        let other = patched(&model, &with, &format!("{line} over sample beside"));
        assert_eq!(
            (&other.values, &other.beside[0].values),
            (&mean.values, &single.values)
        );
    }
}

#[test]
fn paths_over_a_sample_are_the_mean_of_its_runs() {
    let (_, model) = models().remove(0);
    let mut with = under(&model, &["edge L0->V1 off"]);
    with.sample = "random:4:5".parse().unwrap();
    let found = patched(&model, &with, "paths b_1 target over sample");
    let pairs = with.over_sample(model.task(), 5);
    let each = pairs.into_iter().map(|one| Experiment {
        direction: Direction::Noise,
        ..one
    });
    let each: Vec<Table> = each
        .map(|one| patched(&model, &one, "paths b_1 target"))
        .collect();
    for (i, &value) in found.values.values().iter().enumerate() {
        let sum: f32 = each.iter().map(|one| one.values.values()[i]).sum();
        assert!((value - sum / 5.0).abs() < 1e-4, "{value} {}", sum / 5.0);
    }
    assert!(note(&found, "remainder") < 1e-4);
}

#[test]
fn two_models_without_each_of_their_edges() {
    let (_, model) = models().remove(0);
    let small = common::random_model([1, 1], Shortformer, model.task(), 5);
    let mut with = under(&model, &[]);
    with.sample = "random:4:5".parse().unwrap();
    let question = Question::parse("models necessity", model.task(), model.config()).unwrap();
    let asked = |other| {
        answer(Inquest {
            model: &model,
            tools: &Tools::new(&model).unwrap(),
            other,
            question: &question,
            experiment: &with,
            about: RunName::Clean.into(),
        })
    };
    let found = asked(Some((&model, "itself"))).unwrap();
    let alone = patched(&model, &with, "necessity");
    assert_eq!((&found.values, &found.rows), (&alone.values, &alone.rows));
    assert_eq!(found.beside[1].name, "itself");
    assert_eq!(found.beside[1].values, alone.values);
    assert!(found.beside[0].values.values().iter().all(|&x| x == 0.0));
    let none = format!("{:#}", asked(None).unwrap_err());
    assert!(none.contains("--compare"), "{none}");
    let other = format!("{:#}", asked(Some((&small, "small"))).unwrap_err());
    assert!(other.contains("other edges"), "{other}");
}

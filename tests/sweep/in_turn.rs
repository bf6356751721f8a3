//! Tasks whose answers are no copies of fields: tables that have inputs one by one, against forward passes.

use super::common::random_model;
use super::plain;
use circuitscope::lens::{Experiment, Matrices};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::{self, Shortformer, Standard};
use circuitscope::sweep::{Claim, Over, Sweep, Tally, Verdict};
use circuitscope::task::{Sizes, Task};

/// Tasks of every kind of answer: fed back, one at the end, one at each position, classes, none, several.
const TASKS: [(&str, &str); 9] = [
    ("sort", "list_len=3,max_num=5"),
    ("permute", "list_len=3,max_num=4"),
    ("min_of_two", "max_num=9"),
    ("majority", "list_len=4,max_num=4"),
    ("digit_sum", "digits=1"),
    ("previous_token", "list_len=3,max_num=5"),
    ("first_unique", "list_len=4,letters=4"),
    ("max_of_list", "list_len=3,max_num=5"),
    ("set_difference", "list_len=2,max_num=6"),
];

/// Answers of which several are right, or none; at a position that is asked before all is known.
const SEVERAL: &str = "\
tokens = numbers(5) + [\"b\", \"=\"]
layout = \"b x[3] = y\"
fields = {\"x\": below(5)}

def y(x):
    all = [one for one in x if one != x[0]]
    return any_of(*all) if len(all) > 1 else None
";

fn built_in((name, options): (&str, &str)) -> Task {
    let options = options.split(',').map(|one| {
        let (name, value) = one.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    let options: Vec<_> = options.collect();
    Task::built_in(name, &options, &Sizes::default()).unwrap()
}

fn tasks() -> Vec<Task> {
    let several = Task::from_file("t.star", SEVERAL, &[], &Sizes::default()).unwrap();
    TASKS.into_iter().map(built_in).chain([several]).collect()
}

fn model(task: Task, positions: PositionalEmbedding, layers: usize) -> HookedTransformer {
    let heads = if layers == 1 { 2 } else { 1 };
    random_model([layers, heads], positions, task, task.seq_len() as u32)
}

/// The same by tables and by passes.
fn both(model: &HookedTransformer, with: &Experiment) -> [Sweep; 2] {
    let weights = Matrices::new(model).unwrap();
    let [tables, passes] =
        [Some(&weights), None].map(|weights| Sweep::new(model, weights, with).unwrap());
    assert_eq!(tables.reason(), None);
    [tables, passes]
}

fn tally(sweep: &Sweep, over: Over) -> Tally {
    let tally = Tally::keeping_failures(sweep.space().task);
    let found = sweep.tally(over, tally, &mut |_, _| Ok(true));
    found.unwrap().unwrap()
}

/// Every number of a tally, and every number of every input that is wrong.
fn assert_same(what: &str, [tables, passes]: &[Sweep; 2], over: Over) {
    let [found, expected] = [tables, passes].map(|sweep| tally(sweep, over));
    assert_eq!(found.inputs, expected.inputs, "{what}");
    assert_eq!(found.unjudged, expected.unjudged, "{what}");
    assert_eq!(
        found.asked_by_position, expected.asked_by_position,
        "{what}"
    );
    assert_eq!(
        found.undefined_by_position, expected.undefined_by_position,
        "{what}"
    );
    let losses = found.mean_loss_by_position().into_iter();
    for (a, b) in losses.zip(expected.mean_loss_by_position()) {
        let same = (a - b).abs() < 1e-4 || a.is_nan() && b.is_nan();
        assert!(same, "{what}: loss {a} is not {b}");
    }
    // forward passes cannot tell what is closer than that
    let wrong = |tally: Tally| tally.wrong.unwrap().into_iter();
    let clear = |tally: Tally| {
        let clear = wrong(tally).filter(|case| case.margins.iter().all(|x| x.abs() > 1e-4));
        clear.collect::<Vec<_>>()
    };
    let [found, expected] = [found, expected].map(clear);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(&expected) {
        let input = format!("{:?}", a.values);
        assert_eq!(a.values, b.values, "{what}");
        assert_eq!(
            (&a.predicted, &a.asked),
            (&b.predicted, &b.asked),
            "{what} {input}"
        );
        let margins = a.margins.iter().zip(&b.margins);
        for (a, b) in margins.chain([(&a.loss, &b.loss)]) {
            assert!(
                a == b || (a - b).abs() < 1e-3,
                "{what} {input}: {a} is not {b}"
            );
        }
    }
}

#[test]
fn every_input_is_that_of_its_forward_pass() {
    for task in tasks() {
        assert!(task.form().is_none(), "{task}");
        for (positions, layers) in [(Standard, 1), (Shortformer, 2), (Standard, 2)] {
            let model = model(task, positions, layers);
            let sweeps = both(&model, &plain::under(&model, &[]));
            let what = format!("{task}, {layers} layers, {positions:?}");
            assert_same(&what, &sweeps, Over::Space);
        }
    }
}

#[test]
fn a_sample_is_that_of_its_forward_passes() {
    let over = Over::Sample("random:3:50".parse().unwrap());
    for task in tasks() {
        let model = model(task, Shortformer, 2);
        assert_same(
            &task.to_string(),
            &both(&model, &plain::under(&model, &[])),
            over,
        );
    }
}

#[test]
fn interventions_act_as_in_forward_passes() {
    let task = built_in(TASKS[0]);
    let model = model(task, Shortformer, 2);
    for lines in [
        &["zero blocks.0.attn.hook_z @x_1"][..],
        &[
            "patch blocks.1.hook_resid_pre @MID from clean",
            "edge L0->K1 off",
        ],
        &[
            "scale blocks.1.hook_attn_out @* by 1.5",
            "knock blocks.0.attn.hook_pattern [y_0,x_0]",
        ],
        &[
            "mean blocks.0.hook_attn_out @x_2 over sample",
            "add blocks.0.hook_resid_post @y_1 W_U[3] by 2",
        ],
        &["patch blocks.0.attn.hook_v @x_0 head 0 from example 3"],
        &["rank blocks.1.attn.hook_q @* to 2"],
        // no key is left
        &["knock blocks.1.attn.hook_attn_scores [y_0,*]"],
    ] {
        let sweeps = both(&model, &plain::under(&model, lines));
        assert_same(&lines.join("; "), &sweeps, Over::Space);
    }
}

/// What has another activation for each input is not in tables, and is right all the same.
#[test]
fn what_depends_on_fields_is_put_there_by_forward_passes() {
    let task = built_in(("min_of_two", "max_num=6"));
    let model = model(task, Standard, 1);
    let line = "mean blocks.0.hook_attn_out @= over space given a";
    let with = plain::under(&model, &[line]);
    let weights = Matrices::new(&model).unwrap();
    let swept = Sweep::new(&model, &weights, &with).unwrap();
    assert!(
        swept.reason().unwrap().contains("no copies"),
        "{:?}",
        swept.reason()
    );
    let passes = Sweep::new(&model, None, &with).unwrap();
    assert_same(line, &[swept, passes], Over::Space);
}

fn check(sweep: &Sweep, model: &HookedTransformer, line: &str) -> Verdict {
    let claim = Claim::parse(line, model.task(), model.config()).unwrap();
    let verdict = sweep.check(Over::Space, &claim, &mut |_, _| Ok(true));
    verdict.unwrap().unwrap()
}

#[test]
fn claims_are_judged_as_by_forward_passes() {
    let task = built_in(TASKS[0]);
    let model = model(task, Standard, 2);
    let with = plain::under(&model, &["scale blocks.1.hook_attn_out @* by 0.5"]);
    let sweeps = both(&model, &with);
    for line in [
        "mean margin[y_1]",
        "mean A1[y_0,x_2] when x_0 < x_1",
        "mean S0[MID,x_1]",
        "mean logit[y_0,3] - logit[y_0,1]",
        "max loss",
        "mean path[0.0>1.0][y_0,2]",
        "margin[y_0] > 0.5 or pred[y_1] == truth[y_0]",
        "pred[y_0].patched == pred[y_0].clean",
        "A1[y_1,x_0] is argmax",
    ] {
        let [found, expected] = sweeps.each_ref().map(|sweep| check(sweep, &model, line));
        assert_eq!(
            (found.total, found.inputs),
            (expected.total, expected.inputs),
            "{line}"
        );
        assert!(found.count.abs_diff(expected.count) <= 1, "{line}");
        let numbers = |one: &Verdict| [one.mean, one.min, one.max];
        for (a, b) in numbers(&found).into_iter().zip(numbers(&expected)) {
            assert!((a - b).abs() < 1e-3, "{line}: {a} is not {b}");
        }
    }
}

/// What an entry does is read off tables, which were there for copies alone.
#[test]
fn entries_of_circuits_are_looked_for() {
    let task = built_in(("min_of_two", "max_num=6"));
    let model = model(task, Standard, 1);
    let [tables, _] = both(&model, &plain::under(&model, &[]));
    let weights = Matrices::new(&model).unwrap();
    let name = circuitscope::lens::CircuitName::parse("ov.0.0", model.config()).unwrap();
    let circuit = circuitscope::lens::Circuit::new(&weights, &name, false).unwrap();
    let entry = f64::from(circuit.values.get(&[2, 4]).unwrap()).abs();
    let verdict = check(&tables, &model, "max matters[ov.0.0][2,4]");
    // no attention is more than 1, and 2 = 2 puts nearly all of it on the token
    assert!(
        verdict.max <= 2.0 * entry && verdict.max > 0.3 * entry,
        "{verdict:?}"
    );
}

/// Prompts with holes have no tables.
#[test]
fn what_has_no_tables_says_so() {
    let text = "\
tokens = numbers(4) + [\"p\", \"=\"]
layout = \"x[3] = y\"
fields = {\"x\": lengths(below(4), [1, 3])}
pad = \"p\"

def y(x):
    return max(x)
";
    let task = Task::from_file("t.star", text, &[], &Sizes::default()).unwrap();
    let model = model(task, Standard, 1);
    let weights = Matrices::new(&model).unwrap();
    let sweep = Sweep::new(&model, &weights, &plain::under(&model, &[])).unwrap();
    let reason = sweep.reason().unwrap();
    assert!(reason.contains("prompts of one length"), "{reason}");
}

/// Each layer of one head doubles the paths: nothing is begun that would never end.
#[test]
fn deep_models_have_no_tables() {
    let task = Task::array_update(1, 3).unwrap();
    let model = random_model([40, 1], Standard, task, 1);
    let weights = Matrices::new(&model).unwrap();
    let sweep = Sweep::new(&model, &weights, &plain::under(&model, &[])).unwrap();
    assert!(
        sweep.reason().unwrap().contains("4096 paths"),
        "{:?}",
        sweep.reason()
    );
    assert_eq!(tally(&sweep, Over::Space).inputs, 9);
}

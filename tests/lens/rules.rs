//! Rules: what an expression says of each input stands in place of what the model did.

use super::{bits, models, pair};
use circuitscope::lens::{
    Array, Derived, Direction, Editor, Experiment, Intervention, Sources, completions, warnings,
};
use circuitscope::model::{ActivationCache, HookName, HookedTransformer, NoHooks, Recorder, Site};
use circuitscope::task::{Prompt, Task, Values};

const B_0: usize = 8;

fn parse(model: &HookedTransformer, line: &str) -> Intervention {
    Intervention::parse(line, model.task(), model.config()).unwrap()
}

fn under(model: &HookedTransformer, lines: &[&str]) -> Experiment {
    Experiment {
        interventions: lines.iter().map(|line| parse(model, line)).collect(),
        ..pair(Direction::Noise)
    }
}

/// Activations and logits of an input under some lines, every sum done by the forward pass alone.
fn run(model: &HookedTransformer, lines: &[&str], input: &Values) -> (ActivationCache, Vec<f32>) {
    let with = under(model, lines);
    let prompt = Prompt::teacher_forced(input.clone());
    let tokens = model.tokens(&[model.task().tokens(&prompt)]).unwrap();
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).with_result();
    let logits = model.forward(&tokens, &mut recorder).unwrap();
    let untouched = recorder.into_cache();
    let array = |x: &candle_core::Tensor| Array::from_tensor(x).unwrap().values().to_vec();
    if lines.is_empty() {
        return (untouched, array(&logits));
    }
    let derived = Derived::new(model, &with, &prompt).unwrap();
    let sources = Sources {
        clean: &untouched,
        corrupted: &untouched,
        derived: &derived,
    };
    let mut editor = Editor::new(&with.interventions, sources).unwrap();
    let mut recorder = Recorder::new(&mut editor).with_result();
    let logits = model.forward(&tokens, &mut recorder).unwrap();
    (recorder.into_cache(), array(&logits))
}

fn inputs(task: Task) -> Vec<Values> {
    let all = task.input_space();
    (0..6).map(|i| task.values_at(all / 6 * i + i)).collect()
}

/// The number of a field in an input.
fn of(input: &Values, name: &str) -> u32 {
    input.get(input.task().field(name).unwrap())
}

#[test]
fn a_row_is_attended_to_as_the_rule_says() {
    for (name, model) in models() {
        let task = model.task();
        let hook = "blocks.0.attn.hook_pattern";
        let rule = format!(
            "rule {hook} [b_0,*] = one(elt) if idx == 0 else weights({{nl_0: 0.75, \"a_\" + str(idx): elt / 8}})"
        );
        for input in inputs(task) {
            let mut lines = Vec::new();
            // the row by hand, cell by cell
            let (idx, elt) = (of(&input, "idx"), f64::from(of(&input, "elt")));
            for (position, label) in task.labels().iter().enumerate().take(B_0 + 1) {
                let share = match (idx, label.as_str()) {
                    (0, "elt") => 1.0,
                    (0, _) => 0.0,
                    (_, "nl_0") => 0.75,
                    (1, "a_1") | (2, "a_2") => elt / 8.0,
                    _ => 0.0,
                };
                assert_eq!(task.position(label).unwrap(), position);
                lines.push(format!("set {hook} [b_0,{label}] = {share}"));
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let (by_rule, by_hand) = (run(&model, &[&rule], &input), run(&model, &lines, &input));
            assert_eq!(bits(&by_rule.1), bits(&by_hand.1), "{name} {input}");
            let pattern = by_rule.0.get(HookName::Block(0, Site::Pattern)).unwrap();
            let pattern = Array::from_tensor(&pattern.get(0).unwrap()).unwrap();
            for head in 0..model.config().n_heads {
                // later positions stay masked
                assert!(
                    pattern.slice(&[head, B_0])[B_0 + 1..]
                        .iter()
                        .all(|p| *p == 0.0)
                );
            }
        }
    }
}

#[test]
fn numbers_and_vectors_stand_where_the_rule_puts_them() {
    for (name, model) in models() {
        let width = model.config().d_head;
        let vector: Vec<String> = (0..width).map(|i| format!("elt + {i}")).collect();
        let rule = format!(
            "rule blocks.0.attn.hook_z @elt head 0 = [{}]",
            vector.join(", ")
        );
        for input in inputs(model.task()) {
            let (old, new) = (run(&model, &[], &input).0, run(&model, &[&rule], &input).0);
            let z = |cache: &ActivationCache| {
                let z = cache.get(HookName::Block(0, Site::Z)).unwrap();
                Array::from_tensor(&z.get(0).unwrap()).unwrap()
            };
            let (old, new) = (z(&old), z(&new));
            for position in 0..model.task().seq_len() {
                for head in 0..model.config().n_heads {
                    let here = new.slice(&[position, head]);
                    if (position, head) == (6, 0) {
                        let elt = of(&input, "elt") as f32;
                        let right: Vec<f32> = (0..width).map(|i| elt + i as f32).collect();
                        assert_eq!(here, right, "{name}");
                    } else {
                        assert_eq!(bits(here), bits(old.slice(&[position, head])), "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn as_if_is_the_run_of_the_other_input() {
    for (name, model) in models() {
        let task = model.task();
        let hook = HookName::Block(0, Site::Z);
        let with = under(
            &model,
            &["rule blocks.0.attn.hook_z @elt = as_if(a_0=elt, elt=a_0, idx=(idx + 1) % 3)"],
        );
        for input in inputs(task) {
            let prompt = Prompt::teacher_forced(input.clone());
            let derived = Derived::new(&model, &with, &prompt).unwrap();
            let mut tokens = input.tokens().to_vec();
            tokens.swap(0, 4);
            tokens[3] = (tokens[3] + 1) % 3;
            let (other, _) = run(&model, &[], &Values::new(task, tokens));
            let found = Array::from_tensor(derived.get(&with.interventions[0]).unwrap()).unwrap();
            let right = Array::from_tensor(other.get(hook).unwrap()).unwrap();
            assert_eq!(bits(found.values()), bits(right.values()), "{name}");
        }
    }
}

#[test]
fn a_mean_given_an_expression_is_that_of_the_examples_which_share_its_value() {
    for (name, model) in models() {
        let task = model.task();
        let hook = HookName::Block(0, Site::AttnOut);
        let line = "rule blocks.0.hook_attn_out @elt = mean((a_0 + elt) % 2)";
        let with = under(&model, &[line]);
        assert_eq!(
            with.interventions[0].line(task),
            "mean blocks.0.hook_attn_out @elt over sample given (a_0 + elt) % 2"
        );
        let odd = |input: &Values| (of(input, "a_0") + of(input, "elt")) % 2;
        let input = &inputs(task)[3];
        let derived = Derived::new(&model, &with, &Prompt::teacher_forced(input.clone())).unwrap();
        let found = Array::from_tensor(derived.get(&with.interventions[0]).unwrap()).unwrap();
        let mut sum = vec![0.0f64; found.values().len()];
        let mut n = 0;
        for prompt in with.sample.prompts(task) {
            if odd(&prompt.values) == odd(input) {
                let (cache, _) = run(&model, &[], &prompt.values);
                let array = Array::from_tensor(cache.get(hook).unwrap()).unwrap();
                sum.iter_mut()
                    .zip(array.values())
                    .for_each(|(sum, x)| *sum += f64::from(*x));
                n += 1;
            }
        }
        assert!((20..236).contains(&n), "{n}");
        for (found, sum) in found.values().iter().zip(sum) {
            let right = sum / f64::from(n);
            assert!(
                (f64::from(*found) - right).abs() < 1e-5,
                "{name}: {found}, not {right}"
            );
        }
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_told_at_its_word() {
    let model = super::common::embedded().transformer;
    let (pattern, z) = (
        "rule blocks.1.attn.hook_pattern",
        "rule blocks.0.attn.hook_z",
    );
    for (line, word, says) in [
        (format!("{pattern} [b_0,*] one(elt)"), 3, "is not '='"),
        (
            format!("{pattern} [b_0,*] ="),
            4,
            "an expression is missing",
        ),
        (
            format!("{pattern} [b_0,*] = one(elt) if foo == 0 else one(a_1)"),
            6,
            "there is no 'foo'",
        ),
        (
            format!("{pattern} [b_0,*] = one(elt) if idx == 0 else"),
            10,
            "here is",
        ),
        (
            format!("{pattern} [b_0,*] = one(b_1)"),
            4,
            "b_0 comes before b_1 and cannot attend to it",
        ),
        (
            format!("{pattern} [*,*] = one(elt)"),
            4,
            "BOS comes before elt",
        ),
        (
            format!("{pattern} [b_0,*] = one(\"x\" + str(idx))"),
            4,
            "no position 'x0'",
        ),
        (
            format!("{pattern} [b_0,*] = 0.5"),
            4,
            "a row takes one(POSITION)",
        ),
        (
            format!("{pattern} [b_0,*] = [0.5, 0.5]"),
            4,
            "a list of 11 numbers",
        ),
        (
            format!("{pattern} [b_0,elt] = one(elt)"),
            4,
            "a cell takes a number",
        ),
        (
            "rule blocks.1.attn.hook_attn_scores [b_0,*] = one(elt)".into(),
            4,
            "rows of hook_pattern",
        ),
        (format!("{z} @elt = [1, 2]"), 4, "a number or a list of"),
        (format!("{z} @elt = mean(foo)"), 4, "there is no 'foo'"),
        (
            format!("{z} @elt = mean(idx, elt)"),
            4,
            "mean takes one expression",
        ),
        (format!("{z} @elt = as_if(foo = 1)"), 4, "no field foo"),
        (format!("{z} @elt = as_if(idx)"), 4, "which field is this"),
        (
            format!("{z} @elt = as_if( elt = a_0 + foo)"),
            9,
            "there is no 'foo'",
        ),
        (format!("{z} @elt = 1) + (2"), 4, "here is"),
        (
            "resample blocks.0.attn.hook_z @elt keep (a_0 + foo) % 3".into(),
            6,
            "there is no 'foo'",
        ),
        (
            "resample blocks.0.attn.hook_z @elt keep a_0 + a_1 seed x".into(),
            8,
            "not a seed",
        ),
        (
            "mean blocks.0.attn.hook_z @elt over sample given a_0 +".into(),
            8,
            "here is",
        ),
    ] {
        let error = Intervention::parse(&line, model.task(), model.config()).unwrap_err();
        let told = (error.word, error.problem.contains(says));
        assert_eq!(told, (word, true), "{line}: {error}");
    }
}

#[test]
fn what_a_rule_says_of_some_inputs_only_is_told_with_the_input() {
    let model = super::common::embedded().transformer;
    let task = model.task();
    let line = "rule blocks.0.attn.hook_z @elt = as_if(elt=a_0 + elt if a_0 == 30 else elt)";
    let with = under(&model, &[line]);
    let input = task.parse_groups(&["30 1 2", "0", "40"]).unwrap();
    let error = Derived::new(&model, &with, &Prompt::teacher_forced(input))
        .err()
        .unwrap();
    let told = format!("{error:#}");
    assert!(told.contains("70 is no value of elt"), "{told}");
}

#[test]
fn rules_are_completed() {
    let model = super::common::embedded().transformer;
    let next = |line: &str| completions(line, model.task(), model.config());
    assert!(next("ru").contains(&"rule".to_owned()));
    let line = "rule blocks.1.attn.hook_pattern [b_0,*] = ";
    assert!(
        next(line).contains(&format!("{line}one(BOS)")),
        "{:?}",
        next(line)
    );
    let line = "rule blocks.0.attn.hook_z @elt = ";
    assert!(
        next(line).contains(&format!("{line}as_if(idx=idx)")),
        "{:?}",
        next(line)
    );
}

#[test]
fn a_row_that_does_not_sum_to_1_is_told() {
    let model = super::common::embedded().transformer;
    for (text, told) in [
        ("one(elt)", None),
        ("weights({elt: 0.5, idx: 0.25})", Some("sums to 0.75")),
        ("uniform(BOS, a_0, a_1)", None),
    ] {
        let line = format!("rule blocks.1.attn.hook_pattern [b_0,*] = {text}");
        let with = under(&model, &[&line]);
        let all = warnings(model.task(), &with, None);
        let found = all.iter().find(|one| one.text.contains("row of attention"));
        assert_eq!(found.is_some(), told.is_some(), "{text}");
        assert!(
            found.is_none_or(|one| one.text.contains(told.unwrap())),
            "{all:?}"
        );
    }
}

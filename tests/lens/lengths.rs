//! Prompts shorter than the longest: the model reads them without a gap, whatever stands where on screen.

use super::common;
use circuitscope::lens::{
    Array, Direction, Experiment, Matrices, Measure, Metric, PathTables, RunView, Source, Toward,
    attribute, observe, observe_hooks,
};
use circuitscope::model::config::Config;
use circuitscope::model::config::PositionalEmbedding::{Shortformer, Standard};
use circuitscope::model::{ActivationCache, HookName, HookedTransformer};
use circuitscope::task::{Prompt, Sample, Sizes, Target, Task, Values};

/// An answer behind two lists, of which each may be shorter.
const SUM: &str = "\
tokens = numbers(6) + [\"p\", \"b\", \"+\", \"=\"]
layout = \"b x[3] + y[4] = out\"
fields = {\"x\": lengths(below(6), [1, 2, 3]), \"y\": lengths(below(6), [2, 4])}
pad = \"p\"

def out(x, y):
    return (sum(x) + sum(y)) % 6
";

fn task(text: &str) -> Task {
    Task::from_file("t.star", text, &[], &Sizes::default()).unwrap()
}

fn drawn(sample: &str, task: Task) -> Vec<Prompt> {
    sample.parse::<Sample>().unwrap().prompts(task)
}

fn models(task: Task) -> Vec<(&'static str, HookedTransformer)> {
    let plain = |positions| {
        let tokens = [task.d_vocab(), task.classes.len()];
        Config::attention_only([2, 2], [16, 8], task.seq_len(), tokens, positions)
    };
    let random = |config| common::random_of(config, task, 5);
    let mut all = common::beyond(task);
    all.push(("shortformer", random(plain(Shortformer))));
    all.push(("standard", random(plain(Standard))));
    all
}

/// The same prompt without a task, as a model reads it.
fn raw(model: &HookedTransformer, prompt: &Prompt) -> (HookedTransformer, Source) {
    let task = model.task();
    let raw = Task::raw(task.seq_len(), task.d_vocab(), task.classes.len());
    let row = Values::new(raw, task.row(prompt));
    (model.for_task(raw), Source::new(row))
}

fn everything(model: &HookedTransformer, source: &Source) -> (RunView, ActivationCache) {
    let hooks: Vec<HookName> = HookName::known(model.config()).collect();
    observe_hooks(model, source, &hooks).unwrap()
}

fn assert_close(what: &str, a: &Array, b: &Array) {
    assert_within(2e-5, what, a, b);
}

fn assert_within(tolerance: f32, what: &str, a: &Array, b: &Array) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    for (a, b) in a.values().iter().zip(b.values()) {
        let same =
            a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance * b.abs().max(1.0);
        assert!(same, "{what}: {a} {b}");
    }
}

#[test]
fn every_activation_is_that_of_the_row_without_gaps() {
    let task = task(SUM);
    for (name, model) in models(task) {
        for prompt in drawn("random:1:6", task) {
            let read = task.as_read(&task.tokens(&prompt));
            let (other, source) = raw(&model, &prompt);
            let (run, cache) = everything(&model, &Source::from(prompt.clone()));
            let (plain, by_row) = everything(&other, &source);
            assert_close(name, &run.logits.ordered(0, &read), &plain.logits);
            for (hook, expected) in by_row.iter() {
                let expected = Array::from_tensor(expected).unwrap();
                let mut found = Array::from_tensor(cache.get(*hook).unwrap()).unwrap();
                for &axis in hook.position_axes() {
                    found = found.ordered(axis, &read);
                }
                assert_close(&format!("{name} {hook} {prompt:?}"), &found, &expected);
            }
        }
    }
}

/// Clean and corrupted prompt of the same lengths, and what tells them apart.
fn pair(task: Task) -> (Experiment, [u32; 2]) {
    let source = |text: &str| Source::from(task.parse_prompt(text).unwrap());
    let (clean, corrupted) = (source("x=[1,2]; y=[4,5]"), source("x=[1,5]; y=[4,5]"));
    let experiment = Experiment {
        clean,
        corrupted,
        direction: Direction::Denoise,
        metric: None,
        measure: Measure::default(),
        interventions: Vec::new(),
        sample: Sample::default(),
    };
    // 12 and 15 of 6
    (experiment, [0, 3])
}

#[test]
fn every_cell_of_the_grids_is_that_of_the_row_without_gaps() {
    let task = task(SUM);
    for (name, model) in models(task) {
        let (experiment, [answer, other]) = pair(task);
        let metric = experiment.metric_in_force(task).unwrap();
        assert_eq!((metric.answer, metric.other), (answer, other));
        let (prompt, against) = (experiment.clean.prompt(), experiment.corrupted.prompt());
        let tokens = task.tokens(&prompt);
        let read = task.as_read(&tokens);
        let (raw_model, clean) = raw(&model, &prompt);
        let plain = Experiment {
            clean,
            corrupted: raw(&model, &against).1,
            metric: Some(Metric {
                position: task.order(&tokens).unwrap()[metric.position],
                ..metric
            }),
            ..experiment.clone()
        };
        let seen = observe(&model, &experiment, &|| false).unwrap().unwrap();
        let by_row = observe(&raw_model, &plain, &|| false).unwrap().unwrap();
        assert!(!seen.grids.is_empty());
        for (grid, expected) in seen.grids.iter().zip(&by_row.grids) {
            let mut values = grid.values.clone();
            for (axis, axis_name) in grid.name.axes().iter().enumerate() {
                if axis_name.ends_with("pos") {
                    values = values.ordered(axis, &read);
                }
            }
            let what = format!("{name} {}", grid.name.name());
            // shares of a difference that is small itself
            assert_within(2e-4, &what, &values, &expected.values);
        }
    }
}

#[test]
fn what_adds_up_adds_up_in_shorter_prompts_too() {
    let task = task(SUM);
    for (name, model) in models(task) {
        let weights = Matrices::new(&model).unwrap();
        let tables = PathTables::new(&weights).unwrap();
        for prompt in drawn("random:3:4", task) {
            let source = Source::from(prompt);
            let run = everything(&model, &source).0;
            let size = run
                .logits
                .values()
                .iter()
                .fold(1.0f32, |most, x| most.max(x.abs()));
            let told = attribute(&weights, None, &run, Toward::TARGET).unwrap();
            assert!(
                told.remainder <= f64::from(2e-4 * size),
                "{name} {}",
                told.remainder
            );
            let split = tables.split(&weights, &run).unwrap();
            let remainder = split.remainder(&run.logits) as f32;
            assert!(remainder <= 2e-4 * size, "{name} {remainder}");
        }
    }
}

#[test]
fn prompts_are_read_in_every_form_and_written_so_that_they_can_be_read() {
    let task = task(SUM);
    let by_name = task.parse_prompt("x=[1,2]; y=[4,5]").unwrap();
    for text in [
        "b 1 2 + 4 5 = 0",
        "b 1 2 + 4 5 = 0 p p p",
        "y=[4,5]; x=[1,2]",
    ] {
        assert_eq!(task.parse_prompt(text).unwrap(), by_name, "{text}");
    }
    assert_eq!(by_name.values.to_string(), "x=[1,2]; y=[4,5]");
    for prompt in drawn("random:0:40", task) {
        let text = prompt.values.to_string();
        assert_eq!(task.parse_prompt(&text).unwrap(), prompt, "{text}");
        assert_eq!(task.prompt_of(&task.row(&prompt)).unwrap(), prompt);
        let number = task.number_of(&prompt.values);
        assert_eq!(task.values_at(number), prompt.values);
    }
    // 6 + 36 + 216 of the one, 36 + 1296 of the other
    assert_eq!(task.input_space(), 258 * 1332);
    for (text, part) in [
        ("1 2 4 5", "the form is x=["),
        ("b 1 2 4 5 = 0", "'5' is not +"),
        ("b 1 2 + 4 5 6 = 0", "2 or 4 values"),
        ("b 1 2 + 4 5 = 0 1", "too many"),
        ("b + 4 5 = 0", "values needed, got 0"),
    ] {
        let error = task.parse_prompt(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn where_a_list_has_ended_nothing_is_asked() {
    let text = "\
tokens = numbers(4) + [\"p\", \"b\"]
layout = \"b v[3]\"
fields = {\"v\": lengths(below(4), [1, 2, 3])}
pad = \"p\"
answers = {\"next\": \"v\"}

def next(v):
    return [(x + 1) % 4 for x in v]
";
    let task = task(text);
    let targets = |text: &str| -> Vec<Option<u32>> {
        let truth = task.parse_prompt(text).unwrap().values.truth();
        truth.iter().map(Target::token).collect()
    };
    assert_eq!(targets("1 3"), [Some(2), Some(0), None]);
    assert_eq!(targets("2"), [Some(3), None, None]);
    assert_eq!(targets("2 2 0"), [Some(3), Some(3), Some(1)]);
    // a list as long as the longest says what is asked all the same
    let whole = task_of_whole();
    let truth = whole.parse_prompt("1 3").unwrap().values.truth();
    let truth: Vec<Option<u32>> = truth.iter().map(Target::token).collect();
    assert_eq!(truth, [Some(2), Some(2), None]);
}

fn task_of_whole() -> Task {
    task(
        "tokens = numbers(4) + [\"p\", \"b\"]\nlayout = \"b v[3]\"\npad = \"p\"\n\
         fields = {\"v\": lengths(below(4), [1, 2, 3])}\nanswers = {\"two\": \"v\"}\n\n\
         def two(v):\n    return [2, 2, 2]\n",
    )
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let refused = |layout: &str, part: &str| {
        let text = format!(
            "tokens = numbers(4) + [\"p\", \"+\"]\nlayout = \"{layout}\"\npad = \"p\"\n\
             fields = {{\"x\": lengths(below(4), [1, 2]), \"y\": lengths(below(4), [1, 2])}}\n\n\
             def out(x):\n    return 0\n"
        );
        let error = Task::from_file("t.star", &text, &[], &Sizes::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    };
    refused("+ x[2] y[2] + out", "nothing says where x ends");
    refused("+ x[2] + y[2] out", "nothing says where y ends");
    let one = "tokens = numbers(4) + [\"p\", \"+\"]\nlayout = \"+ x[2] out\"\npad = \"p\"\n\
               fields = {\"x\": lengths(below(4), [1, 2])}\n\ndef out(x):\n    return 0\n";
    let error = Task::from_file("t.star", one, &[], &Sizes::default()).unwrap_err();
    let told = error.to_string();
    assert!(told.contains("out stands right behind a list"), "{told}");
    assert!(told.contains("put a token between them"), "{told}");
}

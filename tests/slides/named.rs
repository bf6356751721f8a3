//! Help, errors and completions speak in the names of the task at hand, whatever it is.

use super::common::random_model;
use circuitscope::lens::{Intervention, Metric, completions};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::Standard;
use circuitscope::sweep::{Claim, Quantity, WORDS};
use circuitscope::task::{Sizes, Task};

/// Two layers of one head, for every built-in task.
fn models() -> Vec<HookedTransformer> {
    let task = |name: &str| Task::built_in(name, &[], &Sizes::default()).unwrap();
    let all = Task::built_in_names().map(task);
    all.map(|task| random_model([2, 1], Standard, task, 1))
        .collect()
}

/// The array update's names that mean nothing in a task.
fn foreign(task: Task) -> Vec<&'static str> {
    let labels = task.labels();
    let known = |name: &str| {
        let is_field = task.fields().any(|field| field.to_string() == name);
        let is_answer = task.answers.iter().any(|answer| answer.name == name);
        is_field || is_answer || labels.iter().any(|label| label == name)
    };
    let all = ["idx", "elt", "a_0", "b_0", "nl_1"];
    all.into_iter().filter(|name| !known(name)).collect()
}

fn check(task: Task, text: &str) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = text.split(|c| !is_part(c));
    let foreign = foreign(task);
    let found = words.find(|word| foreign.contains(word));
    assert_eq!(found, None, "{}: {text}", task.name);
    assert!(
        !text.contains("{query}") && !text.contains("{key}"),
        "{text}"
    );
}

#[test]
fn errors_name_what_the_task_has() {
    for model in models() {
        let (task, config) = (model.task(), model.config());
        for line in [
            "",
            "nothing",
            "pred",
            "pred > truth",
            "A1",
            "A1[",
            "logit[]",
            "margin[",
            "rank == ",
            "mean",
            "act[blocks.0.attn.hook_pattern,0,0]",
            "matters[ov.1.0]",
            "1 +",
            "path[direct]",
        ] {
            if let Err(error) = Claim::parse(line, task, config) {
                check(task, &error.to_string());
            }
            if let Err(error) = Quantity::parse(line, task, config) {
                check(task, &error.to_string());
            }
        }
        for line in [
            "zero blocks.0.attn.hook_z",
            "zero blocks.0.attn.hook_z @",
            "knock blocks.0.attn.hook_pattern",
            "knock blocks.0.attn.hook_pattern @",
            "resample blocks.0.attn.hook_z @* keep",
            "resample blocks.0.attn.hook_z @* keep !",
            "mean blocks.0.attn.hook_z @* over space given",
            "rule blocks.0.attn.hook_z @* = mean()",
            "patch blocks.0.attn.hook_z @* from",
        ] {
            let error = Intervention::parse(line, task, config).unwrap_err();
            check(task, &error.to_string());
        }
        check(task, &Metric::parse(task, "x").unwrap_err().to_string());
    }
}

#[test]
fn what_completes_a_line_is_of_the_task() {
    for model in models() {
        let (task, config) = (model.task(), model.config());
        for line in [
            "resample blocks.0.attn.hook_z @* keep ",
            "mean blocks.0.attn.hook_z @* over space given ",
        ] {
            let all = completions(line, task, config);
            assert!(!all.is_empty(), "{}: {line}", task.name);
            for line in all {
                check(task, &line);
            }
        }
    }
}

/// The words of claims, as help shows them, are claims and quantities of the task.
#[test]
fn every_example_can_be_typed() {
    for model in models() {
        let (task, config) = (model.task(), model.config());
        for (form, meaning) in WORDS {
            let (form, meaning) = (task.in_names(form), task.in_names(meaning));
            check(task, &form);
            check(task, &meaning);
            // what has neurons or circuits by token is not this model's, and a list of words is none
            let is_other = ["neuron", "matters", "act["]
                .iter()
                .any(|word| form.starts_with(word))
                // nor has it answers that are chosen
                || form.starts_with("logit_diff") && task.form().is_none();
            if !form.contains('[') || is_other {
                continue;
            }
            let claim = Claim::parse(&form, task, config).map(|_| ());
            let read = claim.or_else(|_| Quantity::parse(&form, task, config).map(|_| ()));
            assert!(read.is_ok(), "{}: {form}: {}", task.name, read.unwrap_err());
        }
    }
}

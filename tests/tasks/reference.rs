//! Built-in tasks beside the checkpoints of others: sizes, vocabularies, prompts and what is right.

use crate::zoo::CHECKPOINTS;
use crate::{shared, targets};
use circuitscope::task::{Sizes, Target, Task, Token};
use serde_json::Value;

fn reference(name: &str) -> Option<Value> {
    let path = shared()?.join("zoo/reference").join(format!("{name}.json"));
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn sizes(reference: &Value) -> Sizes {
    let size = |name: &str| reference["config"][name].as_u64().map(|size| size as usize);
    Sizes {
        n_ctx: size("n_ctx"),
        d_vocab: size("d_vocab"),
        d_vocab_out: size("d_vocab_out"),
    }
}

fn words(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect()
}

#[test]
fn tasks_fit_their_checkpoints() {
    for (name, task_name) in CHECKPOINTS {
        let Some(reference) = reference(name) else {
            return;
        };
        let sizes = sizes(&reference);
        let task = Task::built_in(task_name, &[], &sizes).unwrap();
        task.fits(&sizes).unwrap();
        assert_eq!(Some(task.seq_len()), sizes.n_ctx.or(Some(2)), "{name}");
        for (id, word) in (0..).zip(words(&reference["task"]["vocab"])) {
            let word = if word == "NL" { "\\n" } else { word };
            assert_eq!(task.vocabulary.named(word), Some(id), "{name} {word}");
        }
        for (id, word) in (0..).zip(words(&reference["task"]["out_vocab"])) {
            let word = if word == "NL" { "\\n" } else { word };
            assert_eq!(task.classes.named(word), Some(id), "{name} {word}");
        }
        // the space of the majority is counted without ties
        if let Some(space) = reference["task"]["input_space"].as_u64()
            && task_name != "majority"
        {
            assert_eq!(task.input_space(), u128::from(space), "{name}");
        }
    }
}

#[test]
fn prompts_and_what_is_right_in_them() {
    let mut compared = 0;
    for (name, task_name) in CHECKPOINTS {
        let Some(reference) = reference(name) else {
            return;
        };
        let task = Task::built_in(task_name, &[], &sizes(&reference)).unwrap();
        for prompt in reference["prompts"].as_array().unwrap() {
            let tokens: Vec<Token> = prompt["tokens"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_u64().unwrap() as Token)
                .collect();
            let names: Vec<String> = tokens.iter().map(|&token| task.token_name(token)).collect();
            let read = task.parse_prompt(&names.join(" ")).unwrap();
            let mut whole = tokens.clone();
            whole.resize(task.seq_len(), task.pad.unwrap_or(0));
            assert_eq!(task.row(&read), whole, "{name}");
            compared += compare(name, task, &read.values, &prompt["labels"]);
        }
    }
    assert!(compared > 150, "{compared}");
}

fn compare(name: &str, task: Task, input: &circuitscope::task::Values, labels: &Value) -> usize {
    let labels: Vec<Option<Token>> = labels
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label.as_u64().map(|id| id as Token))
        .collect();
    let said = targets(task, input);
    if name == "ck_majority" && said == [Target::Nothing] {
        // a tie: the table has what was right before the change
        return 0;
    }
    if labels.len() == 1 {
        // a model without positions has one output a prompt
        assert_eq!(said[0].token(), labels[0], "{name} {input}");
        return 1;
    }
    let mut ours = vec![None; labels.len()];
    for (answer, target) in task.answers.iter().zip(&said) {
        ours[answer.read_at] = target.token();
    }
    assert_eq!(ours, labels, "{name} {input}");
    said.len()
}

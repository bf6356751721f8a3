//! The task: positions, prompts, counterfactuals, samples.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
mod common;

use crate::common::Parts as _;
use circuitscope::task::{
    Change, Prompt, Sample, Task, Values, below, counterfactuals, harmless, shown,
};
use proptest::prelude::*;
use rand_mt::Mt;

fn task() -> Task {
    Task::default()
}

fn update(a: [u32; 3], idx: u32, elt: u32) -> Values {
    common::update(Task::default(), &a, idx, elt)
}

fn example() -> Prompt {
    Prompt::teacher_forced(update([14, 26, 35], 1, 48))
}

#[test]
fn positions_and_labels() {
    let task = task();
    let labels = "BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2";
    assert_eq!(task.labels().join(" "), labels);
    assert_eq!((task.seq_len(), task.d_vocab()), (11, 52));
    assert_eq!([50, 51].map(|token| task.token_name(token)), ["BOS", "\\n"]);
    assert_eq!([0, 1, 2].map(|i| task.predicts_at(i)), [7, 8, 9]);
    let predicted: Vec<_> = (0..11).map(|p| task.predicted_at(p)).collect();
    assert_eq!(predicted[7..], [Some(0), Some(1), Some(2), None]);
    assert!(predicted[..7].iter().all(Option::is_none));
    assert_eq!(task.input_space(), 18_750_000);
    for (position, label) in task.labels().iter().enumerate() {
        assert_eq!(task.position(label).unwrap(), position);
        assert_eq!(task.position(&position.to_string()).unwrap(), position);
    }
    for wrong in ["", "11", "b_3", "nl", "-1", "bos", "\u{1b}[2J"] {
        let error = task.position(wrong).unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("the positions are {labels} or 0 to 10")),
            "{error}"
        );
        assert!(!error.chars().any(char::is_control));
    }
}

#[test]
fn tokens_and_the_notebooks_labels() {
    let task = task();
    let tokens = task.tokens(&example());
    assert_eq!(tokens, [50, 14, 26, 35, 51, 1, 48, 51, 14, 48, 35]);
    assert_eq!(
        task.example_labels(&tokens).join(" "),
        "BOS 14_1 26_2 35_3 nl_0 1_5 48_6 nl_1 14_8 48_9 35_10"
    );
    let names: Vec<_> = tokens.iter().map(|&t| task.token_name(t)).collect();
    assert_eq!(names.join(" "), r"BOS 14 26 35 \n 1 48 \n 14 48 35");
}

#[test]
fn sizes_that_make_no_task() {
    for (list_len, max_num, problem) in [
        (0, 50, "list length 0"),
        (65, 4096, "list length 65"),
        (3, 1, "max num 1"),
        (3, 4097, "max num 4097"),
        (4, 3, "an index must be a value"),
    ] {
        let error = Task::array_update(list_len, max_num).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert_eq!(
        Task::array_update(64, 4096).unwrap().input_space(),
        u128::MAX
    );
}

#[test]
fn every_form_of_a_prompt() {
    for text in [
        "14 26 35 1 48",
        " 14,26, 35   1\t48 ",
        "14 26 35\n1 48",
        r"BOS 14 26 35 \n 1 48 \n 14 48 35",
        r"bos 14 26 35 nl 1 48 nl 14 48 35",
        r"BOS 14 26 35\n1 48\n14 48 35",
        "BOS 14 26 35\n1 48\n14 48 35\n",
        "50 14 26 35 51 1 48 51 14 48 35",
        "50 14 26 35 51\n1 48 51\n14 48 35",
        "a=[14,26,35]; a[1]=48",
        "a = [14, 26, 35];\n a[1] = 48;",
        "a=[14,26,35]; a[1]=48 -> [14,48,35]",
    ] {
        assert_eq!(task().parse_prompt(text).unwrap(), example(), "{text:?}");
    }
    let typed = Prompt {
        continuation: vec![14, 23, 26],
        ..example()
    };
    for text in [
        r"BOS 14 26 35 \n 1 48 \n 14 23 26",
        "50 14 26 35 51 1 48 51 14 23 26",
        "a=[14,26,35]; a[1]=48->[14,23,26]",
    ] {
        assert_eq!(task().parse_prompt(text).unwrap(), typed, "{text:?}");
    }
}

#[test]
fn what_is_wrong_with_a_prompt() {
    let number = "a whole number from 0 to 49";
    for (text, part, problem) in [
        (
            "",
            "prompt",
            "5 numbers needed (a_0 a_1 a_2 idx elt), or a whole sequence of 11; got 0",
        ),
        ("1 2 3 4", "prompt", "got 4"),
        ("1 2 3 1 5 6", "prompt", "got 6"),
        ("50 2 3 1 5", "a_0", number),
        ("1 50 3 1 5", "a_1", "50 is not a whole number from 0 to 49"),
        (
            "1 2 -3 1 5",
            "a_2",
            "'-3' is not a whole number from 0 to 49",
        ),
        ("1 2 3 3 5", "idx", "3 is not a whole number from 0 to 2"),
        ("1 2 3 x 5", "idx", "'x' is not a whole number from 0 to 2"),
        ("1 2 3 1 99999999999999999999", "elt", number),
        ("1 2 3 1 5.0", "elt", number),
        (
            r"BOS 1 2 3 \n 1 5 \n 1 5",
            "prompt",
            "a whole sequence has 11 tokens (BOS a_0",
        ),
        (r"1 1 2 3 \n 1 5 \n 1 5 3", "BOS", "'1' is not BOS or 50"),
        (r"BOS 1 2 3 9 1 5 \n 1 5 3", "nl_0", r"'9' is not \n or 51"),
        (
            r"BOS 1 2 3 \n 1 5 50 1 5 3",
            "nl_1",
            r"'50' is not \n or 51",
        ),
        (
            r"BOS 1 2 3 \n 7 5 \n 1 5 3",
            "idx",
            "7 is not a whole number from 0 to 2",
        ),
        (r"BOS 1 2 3 \n 1 5 \n 1 50 3", "b_1", number),
        (
            "a=[1,2,3]",
            "idx",
            "missing; the form is a=[35,37,45]; a[2]=34",
        ),
        ("b=[1,2,3]; a[1]=5", "prompt", "no field 'b'"),
        ("a=[1,2]; a[1]=5", "a", "3 values needed, got 2"),
        ("a=[1,2,x]; a[1]=5", "a_2", number),
        ("a=[1,2,3]; b[1]=5", "prompt", "no field 'b[1]'"),
        (
            "a=[1,2,3]; a[3]=5",
            "idx",
            "3 is not a whole number from 0 to 2",
        ),
        (
            "a=[1,2,3]; a[]=5",
            "idx",
            "empty; a whole number from 0 to 2 is needed",
        ),
        ("a=[1,2,3]; a[1]=", "elt", "empty"),
        ("a=[1,2,3]; a[1]=50", "elt", number),
        ("a=[1,2,3]; a[1]=5 -> 1", "b", "'1' is no list"),
        ("a=[1,2,3]; a[1]=5 -> [1,5]", "b", "3 values needed, got 2"),
        ("a=[1,2,3]; a[1]=5 -> [1,5,77]", "b_2", "77 is not"),
    ] {
        let error = task().parse_prompt(text).unwrap_err();
        assert_eq!(error.part, part, "{text:?}: {error}");
        assert!(error.problem.contains(problem), "{text:?}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_no_message_holds_a_control_character(text in any::<String>(), list_len in 1usize..=6) {
        let task = Task::array_update(list_len, 50).unwrap();
        let base = example().values;
        for text in [text.clone(), format!("BOS {text}"), format!("a=[{text}]; a[1]=2"),
            format!("a=[1,2,3]; {text}"), format!("1 2 3 {text} 5"), format!("{text}=3")]
        {
            let errors = [
                task.parse_prompt(&text).err().map(|e| e.to_string()),
                task.position(&text).err().map(|e| e.to_string()),
                task.parse_change(&base, &text).err().map(|e| e.to_string()),
                text.parse::<Sample>().err().map(|e| e.to_string()),
            ];
            for error in errors.into_iter().flatten() {
                prop_assert!(!error.chars().any(char::is_control), "{:?}", error);
                prop_assert!(error.chars().count() < 1000, "{}", error);
            }
        }
    }

    #[test]
    fn a_prompt_reads_back(seed: u32, list_len in 1usize..=6, max_num in 6u32..=60, wrong: bool) {
        let task = Task::array_update(list_len, max_num).unwrap();
        let mut rng = Mt::new(seed);
        let mut prompt = Prompt::teacher_forced(common::random_update(task, &mut rng));
        if wrong {
            prompt.continuation = common::random_update(task, &mut rng).a();
        }
        let tokens = task.tokens(&prompt);
        let names: Vec<_> = tokens.iter().map(|&t| task.token_name(t)).collect();
        let ids: Vec<_> = tokens.iter().map(ToString::to_string).collect();
        prop_assert_eq!(&task.parse_prompt(&names.join(" ")).unwrap(), &prompt);
        prop_assert_eq!(&task.parse_prompt(&ids.join(" ")).unwrap(), &prompt);
        let (a, idx, elt) = (prompt.values.a(), prompt.values.idx(), prompt.values.elt());
        let b = &prompt.continuation;
        let assignment = format!("a={a:?}; a[{idx}]={elt} -> {b:?}");
        prop_assert_eq!(&task.parse_prompt(&assignment).unwrap(), &prompt);
    }

    #[test]
    fn counterfactuals_change_one_field_to_another_value(seed: u32, list_len in 1usize..=6, max_num in 6u32..=60) {
        let task = Task::array_update(list_len, max_num).unwrap();
        let clean = common::random_update(task, &mut Mt::new(seed));
        let changes = counterfactuals(task, &clean);
        // every other index, the element, and every kept entry
        prop_assert_eq!(changes.len(), (list_len - 1) + 1 + (list_len - 1));
        for change in changes {
            let corrupted = clean.with(change);
            prop_assert_eq!(clean.differing_fields(&corrupted), [change.field]);
            prop_assert_eq!(corrupted.get(change.field), change.value);
            let line = change.to_string();
            prop_assert_eq!(task.parse_change(&clean, &line).unwrap(), change);
            if change.field.to_string() != "idx" {
                prop_assert_ne!(clean.answers(), corrupted.answers());
            }
        }
    }

    #[test]
    fn sample_names_read_back(seed: u32, len in 1usize..=1_000_000, notebook: bool) {
        let sample = if notebook { Sample::Notebook { seed, len } } else { Sample::Random { seed, len } };
        prop_assert_eq!(sample.to_string().parse::<Sample>().unwrap(), sample);
        let json = serde_json::to_string(&sample).unwrap();
        prop_assert_eq!(serde_json::from_str::<Sample>(&json).unwrap(), sample);
    }

    #[test]
    fn numbers_are_below_their_bound(seed: u32, n in 1u32..=4096) {
        let mut rng = Mt::new(seed);
        prop_assert!((0..64).all(|_| below(&mut rng, n) < n));
    }
}

#[test]
fn counterfactuals_in_their_order() {
    let lines: Vec<_> = counterfactuals(task(), &example().values)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines, ["idx=2", "idx=0", "elt=23", "a_0=39", "a_2=10"]);
    let parse = |text: &str| task().parse_change(&example().values, text);
    assert_eq!(parse("idx").unwrap().to_string(), "idx=2");
    assert_eq!(
        parse(" a_1 = 30 ").unwrap(),
        Change {
            field: common::field(task(), "a_1"),
            value: 30
        }
    );
    for (text, problem) in [
        ("", "no field ''; the fields are a_0 a_1 a_2 idx elt"),
        ("b_0=1", "no field 'b_0'"),
        ("a_1", "changing a_1 changes no answer of 14 26 35 1 48"),
        ("idx=3", "idx: 3 is not a whole number from 0 to 2"),
        ("elt=", "elt: empty"),
        ("elt=48", "elt is 48 already: nothing would change"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text:?}: {error}");
    }
    let single = Task::array_update(1, 5).unwrap();
    let error = single.parse_change(&common::update(Task::default(), &[1], 0, 2), "idx");
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("idx has no other value")
    );
}

#[test]
fn foreign_text_is_made_fit_to_be_shown() {
    assert_eq!(shown("a_1 = 30"), "a_1 = 30");
    assert_eq!(
        shown("\u{1b}[2J\n\u{202e}\u{61c}"),
        "\\u{1b}[2J\\u{a}\\u{202e}\\u{61c}"
    );
    assert_eq!(shown(&"x".repeat(41)), format!("{}...", "x".repeat(40)));
}

#[test]
fn names_of_samples() {
    for (text, sample) in [
        ("random", Sample::Random { seed: 0, len: 256 }),
        ("notebook:42", Sample::Notebook { seed: 42, len: 256 }),
        (" random:7:10 ", Sample::Random { seed: 7, len: 10 }),
    ] {
        assert_eq!(text.parse::<Sample>().unwrap(), sample);
    }
    for (text, problem) in [
        ("", "no sample ''"),
        (
            "all",
            "no sample 'all'; a sample is notebook:SEED[:N] or random:SEED[:N]",
        ),
        ("random:x", "seed 'x' is not from 0 to 4294967295"),
        ("random:4294967296", "seed '4294967296'"),
        ("random:0:0", "length '0' is not from 1 to 1000000"),
        ("random:0:1000001", "length '1000001'"),
        ("random:0:1:2", "too many parts"),
    ] {
        let error = text.parse::<Sample>().unwrap_err().to_string();
        assert!(error.contains(problem), "{text:?}: {error}");
    }
}

#[test]
fn foreign_text_in_full_cannot_act_on_a_terminal() {
    let long = "a".repeat(60);
    let text = format!("{long}\u{1b}[2J\u{202e}b\u{200b}");
    assert_eq!(
        harmless(&text),
        format!("{long}\\u{{1b}}[2J\\u{{202e}}b\\u{{200b}}")
    );
    // every character that turns the direction of writing
    for c in "\u{61c}\u{200e}\u{200f}"
        .chars()
        .chain('\u{202a}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
    {
        assert_eq!(harmless(&c.to_string()), c.escape_unicode().to_string());
        assert_eq!(shown(&c.to_string()), c.escape_unicode().to_string());
    }
}

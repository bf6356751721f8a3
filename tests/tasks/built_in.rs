//! Each built-in task: its layout, what is right in examples, and what is drawn.

use crate::{built_in, right, sizes, targets};
use circuitscope::task::{Change, Sample, Sizes, Task};

const LABELS: [(&str, &str); 17] = [
    (
        "array_update",
        "BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2",
    ),
    ("min_of_two", "a b ="),
    (
        "majority",
        "BOS x_0 x_1 x_2 x_3 x_4 x_5 x_6 x_7 x_8 x_9 END",
    ),
    (
        "sort",
        "BOS x_0 x_1 x_2 x_3 x_4 x_5 x_6 x_7 x_8 x_9 MID y_0 y_1 y_2 y_3 y_4 y_5 y_6 y_7 y_8 y_9",
    ),
    (
        "permute",
        "BOS a_0 a_1 a_2 MID idx_0 idx_1 idx_2 END ans_0 ans_1 ans_2",
    ),
    ("previous_token", "BOS t_0 t_1 t_2 t_3 t_4 t_5 t_6 t_7 t_8"),
    ("modular_addition", "a b ="),
    ("modular_subtraction", "a b ="),
    (
        "max_of_list",
        "BOS n_0 SEP_0 n_1 SEP_1 n_2 SEP_2 n_3 SEP_3 n_4 ANS largest",
    ),
    (
        "palindrome",
        "START a_0 a_1 a_2 a_3 a_4 a_5 a_6 a_7 a_8 a_9 a_10 a_11 a_12 a_13 a_14 a_15 a_16 a_17 a_18 a_19 END",
    ),
    ("brackets", ""),
    (
        "cumulative_sign",
        "v_0 v_1 v_2 v_3 v_4 v_5 v_6 v_7 v_8 v_9 v_10 v_11 v_12 v_13 v_14 v_15 v_16 v_17 v_18 v_19",
    ),
    (
        "first_unique",
        "? c_0 c_1 c_2 c_3 c_4 c_5 c_6 c_7 c_8 c_9 c_10 c_11 c_12 c_13 c_14 c_15 c_16 c_17 c_18",
    ),
    ("digit_sum", "a_0 a_1 a_2 + b_0 b_1 b_2 = s_0 s_1 s_2 s_3"),
    (
        "sorted_list",
        "a_0 a_1 a_2 a_3 a_4 a_5 a_6 a_7 a_8 a_9 SEP b_0 b_1 b_2 b_3 b_4 b_5 b_6 b_7 b_8 b_9",
    ),
    (
        "distinct_count",
        "a_0 a_1 a_2 a_3 a_4 a_5 a_6 a_7 a_8 a_9 =",
    ),
    (
        "set_difference",
        "a_0 a_1 a_2 a_3 a_4 SEP b_0 b_1 b_2 b_3 b_4 = c_0 c_1 c_2 c_3 c_4",
    ),
];

#[test]
fn all_are_there_with_their_layouts() {
    let names: Vec<&str> = Task::built_in_names().collect();
    let listed: Vec<&str> = LABELS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed);
    for (name, labels) in LABELS {
        let task = built_in(name);
        assert_eq!(task.name, name);
        assert!(task.is_judged(), "{name}");
        if name != "brackets" {
            assert_eq!(task.labels().join(" "), labels, "{name}");
        }
    }
    let brackets = built_in("brackets").labels();
    assert_eq!(brackets.len(), 42);
    assert_eq!(brackets[..3].join(" "), "start s_0 s_1");
    assert_eq!(brackets[40..].join(" "), "s_39 end");
}

/// What is said in the README of the checkpoints, and what is easily seen.
#[test]
fn what_is_right() {
    for (name, typed, want) in [
        ("array_update", "14 26 35 1 48", "14 48 35"),
        ("min_of_two", "19 20", "19"),
        ("min_of_two", "57 47", "47"),
        ("majority", "20 20 32 20 32 32 20 20 20 20", "20"),
        ("majority", "20 32 32 20 32 32 32 20 20 20", "-"),
        (
            "sort",
            "26 1 17 24 46 42 31 42 43 33",
            "1 17 24 26 31 33 42 42 43 46",
        ),
        ("permute", "43 9 34 1 0 2", "9 43 34"),
        (
            "previous_token",
            "94 63 BOS 12 74 54 20 49 45",
            "BOS 94 63 BOS 12 74 54 20 49",
        ),
        ("modular_addition", "56 41", "97"),
        ("modular_addition", "68 57", "12"),
        ("modular_subtraction", "83 108", "88"),
        ("max_of_list", "3 9 3 1 4", "9 EOS"),
        (
            "palindrome",
            "1 2 3 4 5 6 7 8 9 10 10 9 8 7 6 5 4 3 2 1",
            "palindrome",
        ),
        (
            "palindrome",
            "1 2 3 4 5 6 7 8 9 10 10 9 8 7 6 5 4 3 2 2",
            "not_palindrome",
        ),
        ("brackets", "( ( ) ( ) )", "balanced"),
        ("brackets", "(()", "unbalanced"),
        ("brackets", "())(", "unbalanced"),
        ("digit_sum", "9 9 9 0 0 1", "1 0 0 0"),
        ("digit_sum", "1 2 3 4 5 6", "0 5 7 9"),
        (
            "sorted_list",
            "0 32 18 50 47 34 15 23 46 40",
            "0 15 18 23 32 34 40 46 47 50",
        ),
        ("distinct_count", "1 1 2 3 3 3 7 7 7 7", "4"),
        ("set_difference", "1 2 3 4 5 9 4 8 2 7", "1 3 5 END END"),
        (
            "first_unique",
            "ggbbiihaggbigbigbig",
            "? g ? b ? i ? h h h h h h h h h h h h h",
        ),
        (
            "cumulative_sign",
            "-3 -3 0 1 -2 -2 4 1 3 2 5 4 -1 5 3 -5 2 1 1 0",
            "neg neg neg neg neg neg neg neg neg pos pos pos pos pos pos pos pos pos pos pos",
        ),
    ] {
        assert_eq!(right(built_in(name), typed), want, "{name} {typed}");
    }
    let sign = right(
        built_in("cumulative_sign"),
        "1 -1 0 5 -5 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    );
    assert!(sign.starts_with("pos zero zero pos zero pos"), "{sign}");
}

#[test]
fn where_answers_are_read() {
    for (name, predictions) in [
        ("array_update", "nl_1→b_0 b_0→b_1 b_1→b_2"),
        ("min_of_two", "=→least"),
        ("majority", "END→majority"),
        ("max_of_list", "ANS→largest largest→eos"),
        ("brackets", "start→kind"),
        ("permute", "END→ans_0 ans_0→ans_1 ans_1→ans_2"),
    ] {
        assert_eq!(
            built_in(name).predictions().join(" "),
            predictions,
            "{name}"
        );
    }
    let every = built_in("first_unique");
    assert_eq!(every.read_positions(), (0..20).collect::<Vec<u32>>());
    let previous = built_in("previous_token");
    assert_eq!(previous.read_positions(), (1..10).collect::<Vec<u32>>());
    assert!(
        previous
            .answers
            .iter()
            .all(|answer| answer.fed_back.is_none())
    );
    assert_eq!(built_in("brackets").bidirectional, Some(true));
    assert_eq!(built_in("sort").bidirectional, None);
}

/// How many inputs there are, as the README of the checkpoints has it.
#[test]
fn the_spaces_have_their_sizes() {
    for (name, inputs) in [
        ("min_of_two", 40_000),
        ("sort", 97_656_250_000_000_000),
        ("permute", 750_000),
        ("array_update", 18_750_000),
        ("previous_token", 1_093_685_272_684_360_901),
        ("modular_addition", 12_769),
        ("modular_subtraction", 12_769),
        ("palindrome", 671_790_528_819_082_282_036_142_601_601),
        ("first_unique", 10_000_000_000_000_000_000),
        ("sorted_list", 46_367_760_833_856_000),
        ("cumulative_sign", 672_749_994_932_560_009_201),
        ("brackets", 2_199_023_255_550),
        ("max_of_list", 100_000),
    ] {
        assert_eq!(built_in(name).input_space(), inputs, "{name}");
    }
}

#[test]
fn what_is_drawn_is_an_input_and_has_a_number() {
    for name in Task::built_in_names() {
        let task = built_in(name);
        let prompts = Sample::Random { seed: 5, len: 200 }.prompts(task);
        assert_eq!(
            prompts,
            Sample::Random { seed: 5, len: 200 }.prompts(task),
            "{name}"
        );
        for prompt in prompts {
            let input = &prompt.values;
            assert_eq!(&task.values_at(task.number_of(input)), input, "{name}");
            for (slot, token) in task.slots.iter().zip(input.tokens()) {
                let padded = Some(*token) == task.pad;
                assert!(
                    padded || slot.values.contains(token),
                    "{name} {}",
                    slot.name
                );
            }
            for group in task.groups.iter().filter(|group| group.distinct) {
                let mut held = input.tokens()[group.slots.clone()].to_vec();
                held.sort_unstable();
                held.dedup();
                assert_eq!(held.len(), group.slots.len(), "{name} {input}");
            }
            // the prompt as it is shown reads back as the same prompt
            let tokens = task.tokens(&prompt);
            let names: Vec<String> = tokens.iter().map(|&token| task.token_name(token)).collect();
            assert_eq!(
                task.parse_prompt(&names.join(" ")).unwrap(),
                prompt,
                "{name}"
            );
        }
    }
}

#[test]
fn samples_are_as_the_authors_drew_them() {
    let sample = |name: &str| Sample::Random { seed: 1, len: 1000 }.prompts(built_in(name));
    let named = |name: &str, class: &str| {
        let task = built_in(name);
        let class = task.parse_class("class", class).unwrap();
        let all = sample(name);
        let right = all
            .iter()
            .filter(|prompt| targets(task, &prompt.values)[0].allows(class));
        right.count()
    };
    // half palindromes; with ten coin flips hardly any of the others is one by chance
    assert!((440..560).contains(&named("palindrome", "palindrome")));
    assert!((450..750).contains(&named("brackets", "balanced")));
    for prompt in sample("majority") {
        let tokens = prompt.values.tokens();
        let most = (0..50)
            .map(|value| tokens.iter().filter(|&&one| one == value).count())
            .max();
        assert!(most.unwrap() >= 6, "{}", prompt.values);
    }
    let mut lengths: Vec<usize> = sample("brackets")
        .iter()
        .map(|prompt| prompt.values.names(0).len())
        .collect();
    lengths.sort_unstable();
    assert!(lengths.iter().all(|len| len % 2 == 0));
    assert_eq!((lengths[0], lengths[999]), (2, 40));
    // the sum is held near zero
    let task = built_in("cumulative_sign");
    let zero = task.parse_class("class", "zero").unwrap();
    let said = sample("cumulative_sign");
    let said = said.iter().flat_map(|prompt| targets(task, &prompt.values));
    let zeros = said.filter(|target| target.allows(zero)).count();
    assert!((1500..6000).contains(&zeros), "{zeros} of 20000");
}

#[test]
fn sizes_follow_the_checkpoint_and_what_is_chosen() {
    let of = |name: &str, [n_ctx, d_vocab, d_vocab_out]: [usize; 3]| {
        let sizes = sizes(n_ctx, d_vocab, d_vocab_out);
        let task = Task::built_in(name, &[], &sizes).unwrap();
        task.fits(&sizes).unwrap();
        task
    };
    let short = of("modular_addition", [2, 113, 113]);
    assert_eq!(short.labels().join(" "), "a b");
    assert_eq!(
        of("modular_addition", [3, 114, 113]).labels().join(" "),
        "a b ="
    );
    assert_eq!(of("modular_subtraction", [3, 60, 59]).option("p"), Some(59));
    assert_eq!(of("array_update", [13, 12, 10]).option("list_len"), Some(4));
    assert_eq!(of("sort", [12, 22, 20]).option("list_len"), Some(5));
    assert_eq!(of("permute", [15, 53, 50]).slots.len(), 8);
    assert_eq!(of("max_of_list", [8, 24, 24]).slots.len(), 3);
    assert_eq!(of("cumulative_sign", [9, 7, 3]).option("largest"), Some(3));
    assert_eq!(of("brackets", [22, 5, 2]).seq_len(), 22);
    assert_eq!(of("distinct_count", [9, 21, 21]).classes.len(), 21);
    assert_eq!(of("digit_sum", [9, 12, 10]).seq_len(), 9);
    assert_eq!(of("set_difference", [11, 33, 33]).seq_len(), 11);
    let chosen = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let chosen = [chosen("list_len", "5"), chosen("max_num", "20")];
    let sort = Task::built_in("sort", &chosen, &sizes(22, 52, 50)).unwrap();
    assert_eq!(sort.title(), "sort list_len=5 max_num=20");
    assert_eq!(
        (sort.seq_len(), sort.d_vocab(), sort.classes.len()),
        (12, 22, 20)
    );
    let problem = sort.fits(&sizes(22, 52, 50)).unwrap_err();
    let want = "sort list_len=5 max_num=20 does not fit: d_vocab is 52 in the checkpoint, the task has 22; \
                d_vocab_out is 50 in the checkpoint, the task has 20";
    assert_eq!(problem, want);
    let problem = sort.fits(&sizes(11, 22, 20)).unwrap_err();
    assert!(
        problem.ends_with("n_ctx is 11 in the checkpoint, the task has 12"),
        "{problem}"
    );
    sort.fits(&Sizes::default()).unwrap();
}

#[test]
fn names_and_options_that_are_not_there() {
    let chosen = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (name, options, parts) in [
        (
            "sorted",
            vec![],
            ["there is no built-in task", "array_update min_of_two"],
        ),
        (
            "sort",
            chosen("len", "5"),
            ["there is no option 'len'", "list_len max_num"],
        ),
        (
            "sort",
            chosen("list_len", "x"),
            ["list_len=x is no whole number", "sort:2:12"],
        ),
        (
            "sort",
            chosen("list_len", "0"),
            ["list_len=0 is less than 1", "sort:2:12"],
        ),
        (
            "array_update",
            chosen("max_num", "2"),
            ["an index must be a value", "array_update:6:5"],
        ),
        (
            "sort",
            chosen("list_len", "5000"),
            ["5000 positions", "sort:7:1"],
        ),
    ] {
        let error = Task::built_in(name, &options, &Sizes::default())
            .unwrap_err()
            .to_string();
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn choices_as_they_are_typed() {
    let read = |text| {
        let (name, options) = Task::choice(text).unwrap();
        let words = options
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        format!("{name}{}", words.collect::<String>())
    };
    assert_eq!(read("sort"), "sort");
    assert_eq!(
        read("sort:list_len=5, max_num=20"),
        "sort list_len=5 max_num=20"
    );
    assert_eq!(read("C:/a:b/mine.star"), "C:/a:b/mine.star");
    assert_eq!(read("C:/mine.star:n=3"), "C:/mine.star n=3");
    let error = Task::choice("sort:list_len=5,x").unwrap_err().to_string();
    assert_eq!(
        error,
        "sort: 'x' chooses nothing; write NAME:OPTION=VALUE,OPTION=VALUE"
    );
}

#[test]
fn a_task_is_found_again_by_what_files_call_it() {
    for name in Task::built_in_names() {
        let task = Task::built_in(name, &[], &Sizes::default()).unwrap();
        let json = serde_json::to_string(&task).unwrap();
        let read: circuitscope::task::Identity = serde_json::from_str(&json).unwrap();
        assert_eq!(read, task.identity(), "{name}");
        let Some(choice) = read.choice() else {
            // what files without a task are for
            assert_eq!(name, "array_update");
            continue;
        };
        let (same, options) = Task::choice(&choice).unwrap();
        let again = Task::built_in(same, &options, &Sizes::default()).unwrap();
        assert_eq!(again.identity(), task.identity(), "{choice}");
    }
}

/// Where all values of a list must differ, one that is changed changes places with the one that had its value.
#[test]
fn a_changed_value_of_a_permutation_leaves_a_permutation() {
    let task = Task::built_in("permute", &[], &Sizes::default()).unwrap();
    let [field, other] = ["idx_0", "idx_2"].map(|name| task.field(name).unwrap());
    for number in [0, 7, 1000, task.input_space() - 1] {
        let input = task.values_at(number);
        let value = input.get(other);
        let changed = input.with(Change { field, value });
        assert_eq!(
            (changed.get(field), changed.get(other)),
            (value, input.get(field)),
            "{input}"
        );
        assert_eq!(changed.differing_fields(&input), [field, other]);
        assert_eq!(task.values_at(task.number_of(&changed)), changed);
        // what is nobody else's value is put alone
        let same = input.with(Change {
            field,
            value: input.get(field),
        });
        assert_eq!(same, input);
    }
}

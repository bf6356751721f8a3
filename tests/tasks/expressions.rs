//! Expressions over a task's fields.
use circuitscope::task::{Expression, ExpressionError, Given, Sizes, Task, Values};

fn input(task: Task, a: &str, idx: &str, elt: &str) -> Values {
    task.parse_groups(&[a, idx, elt]).unwrap()
}

fn value(text: &str) -> Given {
    let task = Task::default();
    let found = Expression::parse(task, text, &[]).unwrap();
    let values = found.values(&[input(task, "14 26 14", "1", "48")], &[]);
    values.unwrap().remove(0)
}

fn error(text: &str) -> ExpressionError {
    let error = Expression::parse(Task::default(), text, &["said"]).unwrap_err();
    let told = error.to_string();
    assert!(!told.contains('\n') && told.len() < 700, "{told}");
    error
}

#[test]
fn fields_are_what_a_tasks_functions_get() {
    let number = |n: i32| Given::Number(f64::from(n));
    let list = |of: &[i32]| Given::List(of.iter().map(|&n| number(n)).collect());
    for (text, right) in [
        ("a", list(&[14, 26, 14])),
        ("a_1 + idx", number(27)),
        ("  elt % 7", number(6)),
        ("distinct(a)", number(2)),
        ("distinct([[1], [1], [2], \"1\"])", number(3)),
        ("sum([x for x in a if x > 20])", number(26)),
        ("sorted(a)[-1] - min(a)", number(12)),
        ("reversed(range(idx + 1))", list(&[1, 0])),
        ("a[idx] if idx else None", number(26)),
        (
            "all([x < 50 for x in a]) and not any(a[3:])",
            Given::Truth(true),
        ),
        ("1 / 2", Given::Number(0.5)),
        ("0 * -1.0", number(0)),
        ("\"x\" + str(idx) # said of idx", Given::Word("x1".into())),
        ("set([3, 1, 3])", list(&[1, 3])),
        ("(elt, (idx))", list(&[48, 1])),
        ("1 << 40", Given::Number(1_099_511_627_776.0)),
    ] {
        assert_eq!(value(text), right, "{text}");
    }
    // letters are words
    let task = Task::built_in("brackets", &[], &Sizes::default()).unwrap();
    let found = Expression::parse(task, "len([x for x in s if x == \"(\"])", &[]).unwrap();
    let values = found
        .values(&[task.values_at(0), task.values_at(1)], &[])
        .unwrap();
    let names = [task.values_at(0), task.values_at(1)].map(|one| one.names(0));
    let opens = names.map(|list| list.iter().filter(|one| *one == "(").count() as i32);
    assert_eq!(values, opens.map(number));
}

/// A list that ends before a place has nothing there, and is as long as it is.
#[test]
fn behind_the_end_of_a_list_is_nothing() {
    let task = Task::built_in("brackets", &[], &Sizes::default()).unwrap();
    let read = |text: &str| Expression::parse(task, text, &[]).unwrap();
    let (second, long) = (read("s_1"), read("s_1 != None and len(s) > 1"));
    let inputs: Vec<Values> = (0..6).map(|number| task.values_at(number)).collect();
    let lists: Vec<Vec<String>> = inputs.iter().map(|one| one.names(0)).collect();
    let both = [second, long].map(|one| one.values(&inputs, &[]).unwrap());
    let mut short = 0;
    for ((list, second), long) in lists.iter().zip(&both[0]).zip(&both[1]) {
        let said = list
            .get(1)
            .map_or(Given::None, |word| Given::Word(word.clone()));
        assert_eq!(
            (second, long),
            (&said, &Given::Truth(list.len() > 1)),
            "{list:?}"
        );
        short += usize::from(list.len() == 1);
    }
    assert_eq!(short, 2);
}

#[test]
fn what_is_asked_for_is_known() {
    let task = Task::default();
    let found = Expression::parse(task, "said[0] == a[idx] + a_0", &["said"]).unwrap();
    assert_eq!((found.groups(), found.uses("said")), (&[0, 1][..], true));
    let inputs = [
        input(task, "14 26 14", "1", "48"),
        input(task, "1 2 3", "0", "4"),
    ];
    let said = |n: f64| vec![Given::List(vec![Given::Number(n)])];
    let values = found.values(&inputs, &[said(40.0), said(3.0)]).unwrap();
    assert_eq!(values, [Given::Truth(true), Given::Truth(false)]);
    let found = Expression::parse(task, "idx", &["said"]).unwrap();
    assert_eq!((found.groups(), found.uses("said")), (&[1][..], false));
    assert_eq!(found, Expression::parse(task, "idx", &["said"]).unwrap());
    // looked up where few fields are asked for, and the same
    let inputs: Vec<Values> = (0..500).map(|i| task.values_at(37_501 * i)).collect();
    let [short, long] = ["idx * 2 + elt", "idx * 2 + elt + 0 * len(a)"]
        .map(|text| Expression::parse(task, text, &[]).unwrap());
    assert_eq!(
        short.values(&inputs, &[]).unwrap(),
        long.values(&inputs, &[]).unwrap()
    );
}

#[test]
fn what_is_wrong_is_one_error_at_its_word() {
    let mut wrong = Vec::new();
    for (text, at, says) in [
        ("import os", 0, "no expression"),
        (&"(".repeat(2000)[..], 64, "brackets"),
        (
            &format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
            64,
            "brackets",
        ),
        ("[0]*10**9", 0, "1000000000 of them"),
        ("len([0] * 1000000000)", 4, "1000000000 of them"),
        (
            "idx + foo",
            6,
            "there is no 'foo'; the names are said a idx elt a_0 a_1 a_2",
        ),
        ("idx\n+ 1", 3, "one line"),
        ("1)\n  x = (2", 2, "one line"),
        ("1) + (2", 1, "here is"),
        ("x = 2", 0, "no expression"),
        ("1; 2", 0, "no expression"),
        ("", 0, "missing"),
        ("   ", 3, "missing"),
        ("idx +", 5, ""),
        ("__add(1, 2)", 0, "two underscores"),
        (
            "idx + \"a\"",
            0,
            "`+` does not go with a whole number and a text",
        ),
        // the caret is at the attribute, not at what has none
        ("1 + idx.foo", 8, "a whole number has no attribute `foo`"),
        ("7 % (idx - idx)", 0, "7 % 0 divides by zero"),
        ("1 // idx", 0, "(for 0 0 0 0 0)"),
        ("lambda x: x", 0, "function"),
        ("{1: 2}", 0, "dict"),
        (
            "[x for x in range(16000) for y in range(16000)]",
            0,
            "steps",
        ),
        ("open(\"/etc/passwd\")", 0, "there is no 'open'"),
        ("\u{1b}[31m", 0, "one line"),
        ("[(l.append(l), l)[1] for l in [[]]]", 0, "deep"),
    ] {
        let found = error(text);
        let told = found.to_string();
        if !told.contains(says) || found.at != at {
            wrong.push(format!("{text:.60}: at {} not {at}: {told}", found.at));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_within_brackets_cannot_end_them() {
    for text in ["1)\n  x = (2", "1) + (2", "1 # )", "(1", "\")\" + \"(\""] {
        if let Ok(found) = Expression::parse(Task::default(), text, &[]) {
            assert_eq!(found.text(), text);
            assert!(text.starts_with("1 #") || text.starts_with('"'), "{text}");
        }
    }
}

/// The bound is far above what is measured, half a microsecond.
#[test]
fn many_inputs_are_asked_quickly() {
    let task = Task::default();
    let inputs: Vec<Values> = (0..20_000).map(|i| task.values_at(937 * i)).collect();
    for text in ["idx", "(a_0 + elt) % 50", "distinct(a)", "a.index(max(a))"] {
        let found = Expression::parse(task, text, &[]).unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(found.values(&inputs, &[]).unwrap().len(), inputs.len());
        let each = begun.elapsed().as_secs_f64() * 1e6 / inputs.len() as f64;
        assert!(each < 500.0, "{text}: {each} microseconds");
    }
}

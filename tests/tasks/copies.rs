//! Rules that are found to be copies, and those that must not be taken for copies.

use crate::{built_in, file, right, same};
use circuitscope::task::{Pick, Picks, Rule, Sizes, Task};

fn picks(task: Task) -> Option<&'static Picks> {
    match &task.get().rule {
        Rule::Picks(picks) => Some(picks),
        _ => None,
    }
}

#[test]
fn the_array_update_is_the_ready_made_one() {
    for (list_len, max_num) in [(3, 50), (1, 2), (4, 10), (2, 300), (8, 8)] {
        let ready = Task::array_update(list_len, max_num).unwrap();
        let options = [
            ("list_len".to_owned(), list_len.to_string()),
            ("max_num".to_owned(), max_num.to_string()),
        ];
        let read = Task::built_in("array_update", &options, &Sizes::default()).unwrap();
        same(read.get(), ready.get());
        assert_eq!(picks(read), picks(ready), "{list_len} {max_num}");
        assert!(picks(ready).is_some());
        assert_eq!(read.form(), ready.form());
        assert!(read == ready);
    }
}

#[test]
fn permuting_copies_by_the_order() {
    let task = built_in("permute");
    let found = picks(task).unwrap();
    assert_eq!(found.by, [3, 4, 5]);
    assert_eq!(found.each.len(), 6);
    assert_eq!(found.each[&vec![2, 0, 1]], [2, 0, 1].map(Pick::Slot));
}

#[test]
fn copying_the_token_before_needs_no_choice() {
    let task = built_in("previous_token");
    let found = picks(task).unwrap();
    assert!(found.by.is_empty());
    let row = &found.each[&Vec::new()];
    assert_eq!(row[0], Pick::Class(100));
    assert_eq!(row[1..], [0, 1, 2, 3, 4, 5, 6, 7].map(Pick::Slot));
}

/// Each of these looks at what it copies.
#[test]
fn what_looks_is_no_copy() {
    // more values than are gone through
    let two = "tokens = numbers(5000)\nlayout = 'a b'\nfields = {'a': tokens, 'b': tokens}\n";
    for body in [
        "return a if a == b else b",
        "return a if 3 == a else b",
        "return a if a in [1, 2] else b",
        "return a if 1 not in [b] else b",
        "return a if [a] == [3] else b",
        "return a if a != 7 else b",
        "return a if a else b",
        "return a if not b else b",
        "return a if a and b else b",
        "return min(a, b)",
        "return sorted([a, b])[0]",
        "return a if str(a) == '3' else b",
        "return a if len(set([a, b])) == 1 else b",
        "return {1: a}.get(b, b)",
        "return a if [1, 2].count(1) == 1 and b in (1, 2) else b",
        "return a if any([a]) else b",
        "return a if bool(a) else b",
        "return a if type(a) == 'int' else b",
        "return b if hash(str(a)) == hash('1') else a",
        "return [a, b][a % 2]",
        "return a if collections.Counter([a, b])[b] == 2 else b",
    ] {
        let body = body.replace("[1, 2].count(1) == 1 and ", "");
        let task = file(&format!("{two}def f(a, b):\n    {body}\n"));
        assert!(picks(task).is_none(), "{body}");
    }
    for body in [
        "return b",
        "c = [a, b]\n    return c[1]",
        "return (a, b)[-1]",
        "return 3",
    ] {
        let task = file(&format!("{two}def f(a, b):\n    {body}\n"));
        assert!(picks(task).is_some(), "{body}");
    }
}

#[test]
fn a_token_that_is_another_class_is_no_copy() {
    let text = "tokens = ['x'] + numbers(5)\nclasses = numbers(5)\nlayout = 'a b'\n\
                fields = {'a': below(5), 'b': below(5)}\ndef f(a, b):\n    return b\n";
    let task = file(text);
    // it is a class by what b holds
    let found = picks(task).unwrap();
    assert_eq!(
        (&found.by[..], &found.each[&vec![5]][..]),
        (&[1][..], &[Pick::Class(4)][..])
    );
    assert_eq!(right(task, "3 4"), "4");
}

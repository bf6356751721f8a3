//! Expressions of the task's language inside claims, against the same worked out by hand.

use super::claims::{check, model, task};
use super::plain;
use super::program::{output, refused};
use circuitscope::sweep::{Claim, Conclusion};
use circuitscope::task::Values;
use serde_json::Value;

use crate::common::Parts as _;

/// A claim of fields alone, and of which inputs it is true: `a`, `idx`, `elt`.
type ByHand = fn([i64; 2], i64, i64) -> bool;

const CLAIMS: [(&str, ByHand); 16] = [
    ("(a_0 + elt) % 5 == 2", |a, _, elt| (a[0] + elt) % 5 == 2),
    ("(a_0 - elt) % 5 == 2", |a, _, elt| {
        (a[0] - elt).rem_euclid(5) == 2
    }),
    ("(a_0 - elt) // 3 < -1", |a, _, elt| {
        (a[0] - elt).div_euclid(3) < -1
    }),
    ("(a_0 - elt) % -5 == -2", |a, _, elt| {
        -((elt - a[0]).rem_euclid(5)) == -2
    }),
    ("2 ** idx * a_1 >= elt ** 2 / 2", |a, idx, elt| {
        2 * 2i64.pow(idx as u32) * a[1] >= elt * elt
    }),
    // powers are worked out from the right
    ("2 ** idx ** 2 * a_1 > elt ** 2 ** 1", |a, idx, elt| {
        2i64.pow((idx * idx) as u32) * a[1] > elt * elt
    }),
    ("-2 ** 2 + a_1 == -elt", |a, _, elt| a[1] - 4 == -elt),
    ("max(a) > elt", |a, _, elt| a[0].max(a[1]) > elt),
    ("a[idx] == elt", |a, idx, elt| a[idx as usize] == elt),
    ("sorted(a)[0] + 1 < a[1 - idx]", |a, idx, _| {
        a[0].min(a[1]) + 1 < a[1 - idx as usize]
    }),
    ("elt in a", |a, _, elt| a.contains(&elt)),
    ("elt not in [a_0, 3] + [x + 1 for x in a]", |a, _, elt| {
        ![a[0], 3, a[0] + 1, a[1] + 1].contains(&elt)
    }),
    ("elt == (a_0 if idx == 0 else a_1)", |a, idx, elt| {
        elt == a[idx as usize]
    }),
    (
        "distinct(a) == 2 and not all([x > 2 for x in a])",
        |a, _, _| a[0] != a[1] && !(a[0] > 2 && a[1] > 2),
    ),
    ("any([x == elt for x in a]) or idx == 1", |a, idx, elt| {
        a.contains(&elt) || idx == 1
    }),
    ("abs(max(a) - elt) <= len(a)", |a, _, elt| {
        (a[0].max(a[1]) - elt).abs() <= 2
    }),
];

fn parts(update: &Values) -> ([i64; 2], i64, i64) {
    let a = update.a();
    let number = |x: u32| i64::from(x);
    (
        [number(a[0]), number(a[1])],
        number(update.idx()),
        number(update.elt()),
    )
}

#[test]
fn they_are_what_the_language_says_of_each_input() {
    let model = model();
    let every = plain::every_update(task());
    for (line, by_hand) in CLAIMS {
        let is_true = every.iter().filter(|update| {
            let (a, idx, elt) = parts(update);
            by_hand(a, idx, elt)
        });
        let count = is_true.count() as u64;
        assert!(count > 0 && count < every.len() as u64, "{line}: {count}");
        let found = check(&model, line);
        assert_eq!(
            (found.count, found.total),
            (count, every.len() as u64),
            "{line}"
        );
        // as a condition, too: what rules out inputs before they are walked must rule out no other
        let found = check(&model, &format!("idx < 2 when {line}"));
        assert_eq!((found.count, found.total), (count, count), "{line}");
    }
}

/// Beside what the model says: the same as when the field stands there by its own name.
#[test]
fn they_stand_beside_numbers_of_the_model() {
    let model = model();
    for (stated, plain) in [
        ("pred[b_0] == [a_0, a_1][1]", "pred[b_0] == a_1"),
        (
            "pred[nl_1] == (elt if idx == 0 else a_0)",
            "pred[nl_1] == truth[nl_1]",
        ),
        ("pred[nl_1] in [elt]", "pred[nl_1] == elt"),
        (
            "margin[b_0] > max(a) - 3 when len(a) == 2",
            "margin[b_0] > a_0 - 3 when a_0 >= a_1",
        ),
    ] {
        let (a, b) = (check(&model, stated), check(&model, plain));
        match a.total == b.total {
            true => assert_eq!(a.count, b.count, "{stated}"),
            false => assert!(a.count > b.count, "{stated}"),
        }
        assert!(a.count > 0 && a.count < a.total, "{stated}: {a:?}");
    }
    let proved = check(
        &model,
        "truth[b_0] == ([elt, a_1][1 - idx] if idx < 2 else 0)",
    );
    assert_eq!(proved.conclusion(), Some(Conclusion::Proved), "{proved:?}");
}

/// Numbers of the model, and what is said of them, by what is true of the input: the same as said of each part.
#[test]
fn what_is_chosen_by_a_condition_is_that_of_each_part() {
    let model = model();
    for (line, yes, no) in [
        (
            "(A1[b_0,elt] if idx == 1 else A1[b_0,a_1]) > 0.12",
            "A1[b_0,elt] > 0.12 when idx == 1",
            "A1[b_0,a_1] > 0.12 when not idx == 1",
        ),
        (
            "margin[b_0] > 0 if A1[b_0,elt] > 0.12 else margin[nl_1] > 0 or elt > 2",
            "margin[b_0] > 0 when A1[b_0,elt] > 0.12",
            "margin[nl_1] > 0 or elt > 2 when not A1[b_0,elt] > 0.12",
        ),
        (
            "2 * (1 if idx == 0 else margin[b_0] if elt > 1 else a_0) + 1 > a_1",
            "3 > a_1 when idx == 0",
            "2 * (margin[b_0] if elt > 1 else a_0) + 1 > a_1 when idx != 0",
        ),
    ] {
        let [whole, yes, no] = [line, yes, no].map(|line| check(&model, line));
        assert_eq!(whole.total, yes.total + no.total, "{line}");
        assert_eq!(whole.count, yes.count + no.count, "{line}");
        assert!(yes.total > 0 && no.total > 0 && whole.count > 0, "{line}");
        assert!(whole.count < whole.total, "{line}: {whole:?}");
    }
    for (line, plain) in [
        ("max(margin[b_0], elt, 1) > 2", "margin[b_0] > 2 or elt > 2"),
        ("min(margin[b_0], margin[nl_1]) > 0", "margin > 0"),
        ("max(a_0, a_1) == elt", "max(a) == elt"),
    ] {
        let [a, b] = [line, plain].map(|line| check(&model, line));
        assert!(
            a.count == b.count && a.count > 0 && a.count < a.total,
            "{line}"
        );
    }
    let means = [
        "mean (margin[b_0] if elt > 1 else 0)",
        "mean margin[b_0] when elt > 1",
    ];
    let [all, some] = means.map(|line| check(&model, line));
    let of_all = some.mean * some.total as f64 / all.total as f64;
    assert!((all.mean - of_all).abs() < 1e-9, "{} {of_all}", all.mean);
}

#[test]
fn what_is_no_number_or_no_list_is_told_at_its_place() {
    let model = model();
    for (line, at, says) in [
        ("max(b) == elt", "b)", "there is no 'b'"),
        ("pred[b_0] == sorted(a)", "sorted", "has to be a number"),
        ("elt in max(a)", "max", "has to be a list"),
        ("max(margin) > 2", "margin", "outside of such expressions"),
        ("elt == (a_0 if idx == 0", "", ""),
        ("elt in", "", "a list such as"),
        ("elt %", "", "a number or a word"),
    ] {
        let error = Claim::parse(line, task(), model.config()).unwrap_err();
        assert!(error.to_string().contains(says), "{line}: {error}");
        assert!(
            error.line[error.at..].starts_with(at),
            "{line}: at {}",
            error.at
        );
    }
}

/// What has no value for some inputs does not hold for them.
#[test]
fn where_an_expression_has_no_value_it_is_not_defined() {
    let found = check(&model(), "(a_0 % elt) >= 0");
    assert_eq!(found.conclusion(), Some(Conclusion::Refuted));
    assert_eq!(found.undefined, found.total / 7);
    let found = check(&model(), "[x // elt for x in a][0] >= 0");
    assert_eq!(found.undefined, found.total / 7);
}

/// Named tokens and classes, and a list longer than what is kept of an expression.
#[test]
fn names_are_those_of_tokens_and_classes() {
    for (claim, slide) in [
        (
            "truth == (\"palindrome\" if a == a[::-1] else \"not_palindrome\")",
            "palindrome",
        ),
        ("truth == (a + b) % 31", "modular_addition"),
        ("truth == min(a, b)", "min_of_two"),
    ] {
        let sample = ["--over", "random:1:64", "--slide", slide];
        // some go by forward passes, which is told beside the answer
        let asked = [&["claim", claim][..], &sample[..], &["--format", "json"]].concat();
        let found: Value = serde_json::from_slice(&output(&asked).stdout).unwrap();
        assert_eq!(
            (&found["count"], &found["n"]),
            (&64.into(), &64.into()),
            "{claim}"
        );
    }
    refused(
        &["claim", "pred == max(", "--over", "random:1:8"],
        "at 'max('",
    );
}

//! What a task file can say.

use crate::{built_in, file, right, sizes};
use circuitscope::task::{Sample, Sizes, Target, Task};
use std::sync::Arc;

#[test]
fn a_file_has_a_name_and_a_hash() {
    let task = file("tokens = numbers(3)\nlayout = 'a'\nfields = {'a': below(3)}\n");
    assert_eq!(task.name, "mine");
    assert_eq!(task.options.len(), 1);
    assert_eq!(
        (task.options[0].0.as_str(), task.options[0].1.len()),
        ("file", 12)
    );
    assert!(!task.is_judged());
    let other = file("tokens = numbers(4)\nlayout = 'a'\nfields = {'a': below(3)}\n");
    assert!(task != other);
}

#[test]
fn pasted_python() {
    // annotations, docstrings, helpers, print, +=, methods
    let task = file(
        r#"
tokens = letters("abcdef") + ["="]
layout = "w[3] = r[3]"
fields = {"w": letters("abcdef")}

def _twice(x: Optional[str] = None, *, y: (int) = 3) -> np.ndarray:
    """Says it twice."""
    return x * 2

def r(w: list[str]) -> list[str]:
    print("not to be seen")
    out = []
    for i, letter in enumerate(w):
        out += [letter]
        out.extend([letter])
    text: str = ("").join((out)).replace("aa", "a" + _twice("b"))
    total = 1
    total *= 3
    total <<= (1)
    total += (0) + (0)
    word = "{}{}".format(text, total)
    return [word[0], word[-2], text[3]]
"#,
    );
    // aabbcc -> abbbbcc, then 6 behind it
    assert_eq!(right(task, "a b c"), "a c b");
}

#[test]
fn how_often_each_value_comes() {
    let task = |import: &str, counter: &str| {
        file(&format!(
            "{import}\ntokens = numbers(9) + ['=']\nlayout = 'x[5] ='\nfields = {{'x': below(9)}}\n\
             def f(x):\n    counts = {counter}(x)\n    \
             most, n = counts.most_common(1)[0]\n    \
             return most if n > 1 and len(counts.most_common()) == len(counts) else counts[x[0]]\n"
        ))
    };
    for (import, counter) in [
        ("from collections import Counter", "Counter"),
        ("from collections import Counter as C", "C"),
        ("import collections", "collections.Counter"),
        ("import collections as c", "c.Counter"),
    ] {
        assert_eq!(right(task(import, counter), "3 7 7 0 3"), "3", "{import}");
        assert_eq!(right(task(import, counter), "3 7 7 0 4"), "7", "{import}");
        assert_eq!(right(task(import, counter), "5 6 7 0 4"), "1", "{import}");
    }
}

/// As Python 3 says them.
#[test]
fn values_in_texts_have_forms() {
    for (said, expected) in [
        (r#"f"{a:03}{b}""#, "0071"),
        (
            r#"f"<{a:>4}|{a:<4}|{a:^4}|{a:*^5}>""#,
            "<   7|7   | 7  |**7**>",
        ),
        (
            r#"f"{-a:04d} {a:+d} {a * 9:b} {a * 9:X}""#,
            "-007 +7 111111 3F",
        ),
        (r#"f"{a / 3:.2f} {[a, b][1:][0]:2}""#, "2.33  1"),
        ("format(a, '05b') + bin(a) + bin(-b)", "001110b111-0b1"),
        ("f'{str(a):>3}' + f'{str(a):3}.'", "  77  ."),
    ] {
        let text = format!(
            "tokens = numbers(9)\nlayout = 'a b'\nfields = {{'a': below(9), 'b': below(9)}}\n\
             classes = ['same', 'other']\ndef f(a, b):\n    \
             return 'same' if {said} == {expected:?} else 'other'\n"
        );
        assert_eq!(right(file(&text), "7 1"), "same", "{said}");
    }
}

/// As Python's own say them.
#[test]
fn choices_out_of_lists() {
    for (said, expected) in [
        ("list(combinations(x, 2))", "[(3, 1), (3, 2), (1, 2)]"),
        ("len(list(permutations(x)))", "6"),
        ("list(permutations(x, 2))[:3]", "[(3, 1), (3, 2), (1, 3)]"),
        ("list(product(x, [0, 1]))[:3]", "[(3, 0), (3, 1), (1, 0)]"),
        (
            "list(itertools.product([0, 1], repeat=2))",
            "[(0, 0), (0, 1), (1, 0), (1, 1)]",
        ),
        (
            "[list(combinations(x, 4)), list(combinations(x, 0))]",
            "[[], [()]]",
        ),
    ] {
        let text = format!(
            "from itertools import combinations, permutations, product\ntokens = numbers(9)\n\
             classes = ['same', 'other']\nlayout = 'x[3]'\nfields = {{'x': below(9)}}\n\
             def f(x):\n    return 'same' if {said} == {expected} else 'other'\n"
        );
        assert_eq!(right(file(&text), "3 1 2"), "same", "{said}");
    }
}

#[test]
fn a_method_may_be_handed_on() {
    let task = file(
        "tokens = numbers(9) + ['=']\nlayout = 'x[5] ='\nfields = {'x': below(9)}\n\
         def f(x):\n    return max(sorted(set(x)), key=x.count)\n",
    );
    assert_eq!(right(task, "3 7 7 0 3"), "3");
    assert_eq!(right(task, "3 7 7 0 7"), "7");
}

#[test]
fn what_is_added_to_in_place_stays_itself() {
    let task = file(
        r"
tokens = numbers(9)
layout = 'a b'
fields = {'a': below(3), 'b': below(3)}
def f(a, b):
    x = [a]
    y = x
    x += [b, b]
    counts = {0: 1}
    counts[0] += 2
    z = [[0]]
    z[0][0] += 1
    return len(y) + counts[0] + z[0][0] + (5 % 3) - ((1) << 0)
",
    );
    assert_eq!(right(task, "1 2"), "8");
}

#[test]
fn brackets_around_what_a_method_is_of() {
    let task = file(
        r"
tokens = letters('abc')
layout = 'x y'
fields = {'x': letters('abc'), 'y': letters('abc')}
def f(x, y):
    return (x + y).replace('b', 'a')[1] if ('').join([x, y]) != 'cc' else (((x))).join( [ 'b', 'b' ] )[1]
",
    );
    assert_eq!(right(task, "c b"), "a");
    assert_eq!(right(task, "c c"), "c");
}

#[test]
fn several_answers_and_none() {
    let task = file(
        "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n\
         def f(a, b):\n    return None if a == b else any_of(a, b, a)\n",
    );
    assert_eq!(right(task, "3 5"), "3 or 5");
    assert_eq!(right(task, "4 4"), "-");
    let lists = file(
        "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n\
         answers = {'f': ['a', -1]}\ndef f(a, b):\n    return [None, any_of([b])]\n",
    );
    assert_eq!(right(lists, "3 5"), "- 5");
}

#[test]
fn truth_is_a_class() {
    let base = "tokens = letters('ab')\nlayout = 'x y'\nfields = {'x': letters('ab'), 'y': letters('ab')}\n";
    let said = |classes: &str, typed: &str| {
        let text = format!("{base}classes = {classes}\ndef same(x, y):\n    return x == y\n");
        right(file(&text), typed)
    };
    assert_eq!(said("['no', 'yes']", "a a"), "yes");
    assert_eq!(said("['no', 'yes']", "a b"), "no");
    assert_eq!(said("[1, 0]", "a b"), "0");
}

#[test]
fn layouts_as_lists_and_quoted_words() {
    let task = file(
        "tokens = ['a', 'b', '=']\nlayout = [\"'a'\", 'a', '=']\nfields = {'a': ['a', 'b']}\n\
         def f(a):\n    return a\n",
    );
    let labels = task.labels().join(" ");
    assert_eq!(task.seq_len(), 3);
    assert!(labels.ends_with('='), "{labels}");
    assert_eq!(task.slots.len(), 1);
}

#[test]
fn a_range_is_what_a_field_may_hold() {
    let task = file(
        "tokens = numbers(12) + ['pad']\nlayout = 'a b s[3]'\npad = 'pad'\n\
         fields = {'a': range(9), 'b': range(1, 10, 4), 's': lengths(range(2, 4), range(1, 4))}\n\
         answers = {'f': 'a'}\ndef f(a, b):\n    return a\n",
    );
    let values = |slot: usize| task.slots[slot].values.clone();
    assert_eq!(values(0), (0..9).collect::<Vec<_>>());
    assert_eq!(values(1), [1, 5, 9]);
    assert_eq!(values(2), [2, 3]);
}

#[test]
fn positions_by_label_field_and_number() {
    let read = |answers: &str| {
        let text = format!(
            "tokens = numbers(5) + ['=', '\\n']\nlayout = '= a[2] \\n c = d[2]'\n\
             fields = {{'a': below(5), 'c': below(5), 'd': below(5)}}\nanswers = {{'f': {answers}}}\n\
             def f(a):\n    return None\n"
        );
        file(&text).read_positions()
    };
    assert_eq!(read("'=_1'"), [5]);
    assert_eq!(read("'c'"), [4]);
    assert_eq!(read("'a'"), [1, 2]);
    assert_eq!(read("['a_1', 'd']"), [2, 6, 7]);
    assert_eq!(read("[7, 0]"), [0, 7]);
    assert_eq!(read("-1"), [7]);
    assert_eq!(read("'nl'"), [3]);
    assert_eq!(read(r"'\n'"), [3]);
}

#[test]
fn answers_of_lists_keep_to_their_places() {
    // read out of order: the first of the list at the last position
    let task = file(
        "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n\
         answers = {'f': [1, 0]}\ndef f(a, b):\n    return [a, 7]\n",
    );
    assert_eq!(right(task, "3 5"), "7 3");
    assert_eq!(task.predictions().join(" "), "a→f_1 b→f_0");
}

#[test]
fn inputs_that_do_not_exist_are_not_drawn() {
    let task = file(
        "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n\
         def exists(a, b):\n    return a < b\ndef f(a, b):\n    return b - a\n",
    );
    assert!(!task.all_exist());
    for prompt in (Sample::Random { seed: 3, len: 300 }).prompts(task) {
        let tokens = prompt.values.tokens();
        assert!(tokens[0] < tokens[1]);
    }
    assert_eq!(right(task, "2 5"), "3");
    assert!(task.parse_prompt("5 2").is_err());
}

#[test]
fn draws_are_the_same_for_a_seed_and_differ_between_seeds() {
    let task = file(
        "tokens = numbers(20)\nlayout = 'a[4] b'\nfields = {'a': distinct(below(20)), 'b': below(20)}\n\
         def draw(random):\n    a = numbers(20)\n    random.shuffle(a)\n    b = random.choice(a) if random.randint(0, 1) else random.below(20)\n    return {'b': b, 'a': random.sample(a, 4)}\n",
    );
    let rows = |seed| {
        let prompts = Sample::Random { seed, len: 50 }.prompts(task);
        prompts
            .iter()
            .map(|one| one.values.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
    let mut first: Vec<String> = rows(1);
    first.sort();
    first.dedup();
    assert!(first.len() > 45);
}

/// Functions are asked for many inputs at once, in order, from many threads.
#[test]
fn many_inputs_and_many_threads() {
    let task = Task::built_in("sort", &[], &sizes(8, 22, 20)).unwrap();
    let inputs: Vec<_> = (0..5000).map(|i| task.values_at(i * 1571 % 8000)).collect();
    let one = task.targets(&inputs).unwrap();
    for (input, targets) in inputs.iter().zip(&one) {
        let mut sorted = input.tokens().to_vec();
        sorted.sort_unstable();
        let want: Vec<Target> = sorted.into_iter().map(Target::One).collect();
        assert_eq!(&want, targets);
    }
    let inputs = Arc::new(inputs);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let inputs = Arc::clone(&inputs);
            std::thread::spawn(move || task.targets(&inputs).unwrap())
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), one);
    }
}

#[test]
fn sizes_are_read_by_name() {
    let text = "tokens = numbers(d_vocab or 4)\nlayout = 'a[%d]' % ((n_ctx or 3) - 1)\n\
                fields = {'a': tokens}\ndef f(a):\n    return 0\n";
    let task = Task::from_file("x", text, &[], &sizes(6, 7, 5)).unwrap();
    assert_eq!(
        (task.seq_len(), task.d_vocab(), task.classes.len()),
        (5, 7, 5)
    );
    let task = Task::from_file("x", text, &[], &Sizes::default());
    assert_eq!(task.unwrap().classes.len(), 4);
}

#[test]
fn a_function_that_fails_later_is_an_error_then() {
    let task = file(
        "tokens = numbers(100)\nlayout = 'a[3]'\nfields = {'a': below(100)}\n\
         def f(a):\n    return 1 // (0 if a == [5, 6, 7] else 1)\n",
    );
    let input = task.parse_prompt("5 6 7").unwrap().values;
    let error = format!(
        "{:#}",
        task.targets(std::slice::from_ref(&input)).unwrap_err()
    );
    assert!(error.starts_with("mine.star:5:"), "{error}");
    assert_eq!(input.truth(), [Target::Nothing]);
    let steps = file(
        "tokens = numbers(100)\nlayout = 'a[3]'\nfields = {'a': below(100)}\n\
         def f(a):\n    n = 1000 if a == [5, 6, 7] else 1\n    return sum([0 for _ in range(n) for _ in range(n)])\n",
    );
    let input = steps.parse_prompt("5 6 7").unwrap().values;
    let error = format!(
        "{:#}",
        steps.targets(std::slice::from_ref(&input)).unwrap_err()
    );
    assert!(error.contains("more than 200000 steps"), "{error}");
    let fine = steps.values_at(1);
    steps.targets(&vec![fine; 3000]).unwrap();
}

#[test]
fn the_built_in_files_are_short() {
    for name in Task::built_in_names() {
        let text = Task::built_in_text(name).unwrap();
        assert!(text.starts_with("# "), "{name} does not say what it is");
        assert!(text.lines().count() <= 45, "{name}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 110),
            "{name}"
        );
    }
    assert_eq!(
        built_in("sort").identity().to_string(),
        "sort list_len=10 max_num=50"
    );
}

/// The files of the page that explains them are task files.
#[test]
fn the_examples_of_the_page() {
    let page = include_str!("../../docs/tasks.md");
    let examples = page.split("```python\n").skip(1);
    let examples: Vec<&str> = examples
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 4);
    assert_eq!(right(file(examples[0]), "14 26 35 1 48"), "14 48 35");
    assert_eq!(right(file(examples[1]), "1 2 3 4 5 6"), "odd");
    assert_eq!(
        right(file(examples[2]), "a b b a a a a a"),
        "a - b - a a a a"
    );
    assert_eq!(right(file(examples[3]), "( ( ) )"), "balanced");
    for name in [
        "once_a_batch",
        "exists",
        "draw",
        "option",
        "n_ctx",
        "any_of",
        "letters",
    ] {
        assert!(page.contains(name), "{name}");
    }
}

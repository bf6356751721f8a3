//! What is said of a task file that is wrong: one line with place, cause and remedy.

use circuitscope::task::{Sizes, Task};

const TWO: &str = "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n";
const ADD: &str = "def f(a, b):\n    return (a + b) % 9\n";

/// Asserts that a file is refused, where, and in which words.
#[track_caller]
fn refused(text: &str, place: &str, parts: &[&str]) {
    let error = Task::from_file("dir/mine.star", text, &[], &Sizes::default());
    let Err(error) = error else {
        assert!(parts.is_empty(), "it was taken: {text}");
        return;
    };
    let message = error.to_string();
    let start = format!(
        "dir/mine.star{}{place}: ",
        if place.is_empty() { "" } else { ":" }
    );
    assert!(
        message.starts_with(&start),
        "{message:?} does not begin with {start:?}"
    );
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.chars().count() < 700, "{message:?}");
}

#[test]
fn what_is_missing() {
    refused(
        "",
        "",
        &["there are no tokens", "write tokens = numbers(50)"],
    );
    refused(
        "tokens = numbers(3)",
        "",
        &["there is no layout", "write layout ="],
    );
    refused(
        "tokens = numbers(3)\nlayout = 'a'",
        "2:1",
        &["'a' is no field", "name it in fields"],
    );
    refused(
        "tokens = numbers(3)\nlayout = '1'\nfields = {'a': below(3)}",
        "2:1",
        &["the field a stands nowhere in the layout"],
    );
    refused("tokens = []\nlayout = ''", "1:1", &["0 tokens; 1 to 8192"]);
    refused(
        "tokens = numbers(3)\n\nlayout = ' '",
        "3:1",
        &["the layout is empty"],
    );
}

#[test]
fn words_of_the_language() {
    refused("tokens = numbers(3", "1:19", &["Python"]);
    refused(
        &format!("import numpy as np\n{TWO}def f(a, b):\n    return np.max([a, b])\n"),
        "6:12",
        &["`np` not found", "nothing can be imported"],
    );
    refused(&format!("{TWO}class A:\n    pass\n"), "4:1", &["Python"]);
    refused(
        &format!("{TWO}def f(a, b):\n    return c\n"),
        "5:12",
        &["`c` not found", "correct its name"],
    );
    refused("load('x.star', 'y')\n", "1:1", &["load"]);
    refused("__x = 3\n", "1:1", &["begins with two underscores"]);
}

#[test]
fn tokens_fields_and_layout() {
    refused(
        "tokens = 5\nlayout = 'a'",
        "1:1",
        &["tokens is 5, and no list"],
    );
    refused(
        "tokens = [1, 2.5]\nlayout = 'a'",
        "1:1",
        &["tokens[1] is a float"],
    );
    refused(
        "tokens = [1, 2, 1]\nlayout = 'a'",
        "1:1",
        &["token 2 is 1, and so is token 0"],
    );
    refused("tokens = [1, '1']\nlayout = 'a'", "1:1", &["token 1 is 1"]);
    refused(
        "tokens = ['']\nlayout = 'a'",
        "1:1",
        &["a text of 0 letters"],
    );
    let with = |fields: &str, layout: &str| {
        format!("tokens = numbers(5) + ['=', 'x']\nfields = {fields}\nlayout = {layout}\n")
    };
    refused(
        &with("[1]", "'a'"),
        "2:1",
        &["fields is a list of 1, and no dict"],
    );
    refused(
        &with("{'a': 5}", "'a'"),
        "2:1",
        &["a: 5 says nothing of what a field may hold"],
    );
    refused(
        &with("{'a b': below(5)}", "'a'"),
        "2:1",
        &["cannot name a field"],
    );
    refused(
        &with("{'a': below(6)}", "'a'"),
        "2:1",
        &["a may hold 5, which is no token"],
    );
    refused(
        &with("{'a': [1, 1]}", "'a'"),
        "2:1",
        &["a may hold 1 twice"],
    );
    refused(
        &with("{'a': below(0)}", "'a'"),
        "2:16",
        &["there is no number from 0 up to 0"],
    );
    refused(
        &with("{'a': distinct(below(2))}", "'a[3]'"),
        "2:1",
        &["3 different values for a are needed"],
    );
    refused(
        &with("{'a': below(5)}", "'a a'"),
        "3:1",
        &["stands in the layout twice"],
    );
    refused(
        &with("{'a': below(5)}", "'a_0 a_2'"),
        "3:1",
        &["a_2 stands where a_1 belongs"],
    );
    refused(
        &with("{'a': below(5)}", "'a_1'"),
        "3:1",
        &["a_1 stands where a_0 belongs"],
    );
    refused(
        &with("{'a': below(5)}", "'a BOS'"),
        "3:1",
        &["'BOS' is no field (a), no function and no token"],
    );
    refused(
        &with("{'a': below(5)}", "'a[2000]'"),
        "3:1",
        &["2000 positions"],
    );
    refused(
        &with("{'a': lengths(below(5), [1, 2])}", "'a[2]'"),
        "2:1",
        &["there is no pad"],
    );
    refused(
        &with("{'a': lengths(below(5), [1, 3])}", "'a[2]'\npad = 'x'"),
        "3:1",
        &["its lengths are 1 3"],
    );
    refused(
        &with("{'a': lengths(below(5), [1, 2])}", "'a[2]'\npad = 3"),
        "4:1",
        &["a_0 may hold the pad token"],
    );
    refused(
        &with("{'a': below(5)}", "'a'\npad = 'y'"),
        "4:1",
        &["which is no token"],
    );
    refused(
        &with("{'a': below(5)}", "'a'\nonce_a_batch = ['b']"),
        "4:1",
        &["there is no field 'b'"],
    );
    refused(
        &with("{'a': below(5)}", "'a'\nbidirectional = 'no'"),
        "4:1",
        &["write True or False"],
    );
}

#[test]
fn functions_and_answers() {
    refused(
        &format!("{TWO}def f(a, c):\n    return a\n"),
        "4:1",
        &["f asks for c, which is no field", "a b"],
    );
    refused(
        &format!("{TWO}def f(*a):\n    return a\n"),
        "4:1",
        &["f asks for a"],
    );
    refused(
        &format!("{TWO}def f(a):\n    return a\ndef g(a):\n    return a\n"),
        "4:1",
        &["There are f g", "answers = {\"f\": -1}"],
    );
    refused(
        &format!("{TWO}{ADD}answers = {{'g': 'a'}}\n"),
        "6:1",
        &["\"g\" is no function"],
    );
    refused(
        &format!("{TWO}{ADD}answers = {{'f': 'c'}}\n"),
        "6:1",
        &["there is no position \"c\"", "a b, or 0 to 1"],
    );
    refused(
        &format!("{TWO}{ADD}answers = {{'f': 2}}\n"),
        "6:1",
        &["there is no position 2"],
    );
    refused(
        &format!("{TWO}{ADD}answers = {{'f': []}}\n"),
        "6:1",
        &["f is read nowhere"],
    );
    refused(
        &format!("{TWO}{ADD}answers = {{'f': ['a', 0]}}\n"),
        "6:1",
        &["are read at the same position"],
    );
    refused(&format!("{TWO}{ADD}answers = ['f']\n"), "6:1", &["no dict"]);
    let fed = "tokens = numbers(9)\nfields = {'a': below(9)}\n";
    refused(
        &format!("{fed}layout = 'f a'\ndef f(a):\n    return a\n"),
        "3:1",
        &["f stands first"],
    );
    refused(
        &format!("{fed}layout = 'a f f'\ndef f(a):\n    return a\n"),
        "3:1",
        &["twice"],
    );
    refused(
        &format!("{fed}layout = 'a f_1'\ndef f(a):\n    return a\n"),
        "3:1",
        &["f_1 stands where f_0 belongs"],
    );
    refused(
        &format!("{fed}layout = 'a f'\nclasses = ['x', 'y']\ndef f(a):\n    return 'y'\n"),
        "5:1",
        &["f says y, which stands in the prompt and is no token"],
    );
    let varies =
        "tokens = numbers(9) + ['=']\npad = '='\nfields = {'a': lengths(below(9), [1, 2])}\n";
    refused(
        &format!("{varies}layout = 'a[2]'\ndef f(a):\n    return 1\n"),
        "",
        &["f is read at a_1, where a may have ended"],
    );
    refused(
        &format!("{TWO}exists = 3\n{ADD}"),
        "4:1",
        &["exists is no function"],
    );
    refused(
        &format!("{TWO}def draw():\n    pass\n{ADD}"),
        "4:1",
        &["write def draw(random):"],
    );
}

#[test]
fn what_functions_return() {
    refused(
        &format!("{TWO}def f(a, b):\n    return a + b\n"),
        "4:1",
        &["which is no class", "a whole number from 0 to 8"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return [a]\n"),
        "4:1",
        &["f says a list of 1"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return 'x'\n"),
        "4:1",
        &["f says \"x\""],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return a / 2\n"),
        "4:1",
        &["f says a float"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return any_of(9, 10)\n"),
        "4:1",
        &["f says 9"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return [a][1]\n"),
        "5:12",
        &["out of bound"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return a + 'x'\n"),
        "5:12",
        &["`+` does not go with a whole number and a text"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    return a // (b - b)\n"),
        "5:12",
        &["zero"],
    );
    refused(
        &format!("{TWO}def f(a, b):\n    fail('not', 'this')\n"),
        "5:5",
        &["not this"],
    );
    refused(
        &format!("{TWO}answers = {{'f': ['a', 'b']}}\ndef f(a, b):\n    return [a]\n"),
        "5:1",
        &["f returned 1 values, and 2 answers are read"],
    );
    refused(
        &format!("{TWO}answers = {{'f': ['a', 'b']}}\ndef f(a, b):\n    return a\n"),
        "5:1",
        &["and 2 answers are read"],
    );
    refused(
        &format!("{TWO}{ADD}def exists(a):\n    return 1\n"),
        "6:1",
        &["exists returned 1", "True or False"],
    );
    refused(
        &format!("{TWO}{ADD}def exists(a):\n    return False\n"),
        "6:1",
        &["none exists", "def draw(random)"],
    );
    for (drawn, problem) in [
        ("3", "draw returned 3, and no dict"),
        ("{'a': 1}", "draw gives b no value"),
        ("{'a': 1, 'b': 9}", "draw gives b 9"),
        ("{'a': 1, 'b': [1]}", "draw gives b a list of 1"),
    ] {
        let text = format!("{TWO}{ADD}def draw(random):\n    return {drawn}\n");
        refused(&text, "6:1", &[problem]);
    }
    let text =
        format!("{TWO}{ADD}def draw(random):\n    return {{'a': random.below(0), 'b': 1}}\n");
    refused(&text, "7:18", &["nothing can be drawn from nothing"]);
    let text = format!(
        "{TWO}{ADD}def exists(a):\n    return a > 0\ndef draw(random):\n    return {{'a': 0, 'b': 1}}\n"
    );
    refused(&text, "8:1", &["let the two agree"]);
}

#[test]
fn a_name_that_hides_what_it_calls() {
    let text = "tokens = numbers(9)\nlayout = 'n[3]'\nfields = {'n': below(9)}\n\
                def max(n):\n    return max(n)\n";
    refused(text, "5:12", &["def max(a)", "give it another name"]);
}

/// Places are those of the text as it was written, where parts of it are run in other words.
#[test]
fn places_behind_what_is_put_in() {
    let text =
        format!("{TWO}def f(a, b):\n    x = ''; x += ','.join(['é', 'b']) + 'x'; return nothing\n");
    refused(&text, "5:53", &["`nothing` not found"]);
    let text = format!(
        "{TWO}def f(a, b):\n    x = []; x.extend([a]); x += [b]; x.extend(3)\n    return 1\n"
    );
    refused(&text, "5:38", &["a whole number has no parts"]);
    let text = format!("{TWO}def f(a, b):\n    x = [1]; x[len([])] += 1\n    return 1\n");
    refused(&text, "5:14", &["found by a call"]);
    let text = format!("{TWO}def f(a, b):\n    x = ''.format\n    return 1\n");
    refused(&text, "5:12", &["format is taken without being called"]);
    // a mark of the encoding and line ends of elsewhere
    refused(
        "\u{feff}tokens = numbers(3)\r\nlayout = 5\r\n",
        "2:1",
        &["layout is 5"],
    );
}

/// The right ones, of which the wrong ones above are variants, are taken.
#[test]
fn what_is_right_is_taken() {
    refused(&format!("{TWO}{ADD}"), "", &[]);
    refused(
        &format!("{TWO}{ADD}answers = {{'f': ['b']}}\n")
            .replace("return (", "return [(")
            .replace("% 9", "% 9]"),
        "",
        &[],
    );
    refused(&format!("{TWO}f = lambda a, b: (a * b) % 9\n"), "", &[]);
    refused(
        &format!("{TWO}def f(b, a, base = 9):\n    return (a + b) % base\n"),
        "",
        &[],
    );
}

#[test]
fn what_a_function_is_handed_and_cannot_take_is_said_in_plain_words() {
    let text = "tokens = numbers(9)\nlayout = 'a'\nfields = {'a': below(10 ** 18)}\n";
    refused(
        text,
        "3:16",
        &["n is no value that fits: a whole number below 2,147,483,648 is needed"],
    );
}

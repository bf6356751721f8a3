//! What the language says is wrong, in plain words: who writes an expression or a task file need not know the
//! interpreter's own.

/// What is wrong, and the word of the text that it is about, where that is not where the language points.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub problem: String,
    pub word: Option<String>,
}

impl From<String> for Plain {
    fn from(problem: String) -> Self {
        let word = None;
        Self { problem, word }
    }
}

/// The same in plain words; `None` where it is said in our own already.
pub(super) fn plain(said: &str) -> Option<Plain> {
    let whole = |problem: Option<String>| problem.map(Plain::from);
    None.or_else(|| attribute(said))
        .or_else(|| whole(division(said)))
        .or_else(|| whole(operation(said)))
        .or_else(|| whole(place(said)))
        .or_else(|| whole(handed(said)))
        .or_else(|| whole(call(said)))
        .or_else(|| whole(kind_of_value(said)))
        .or_else(|| whole(unread(said)))
}

/// What a value of this kind is called.
fn kind(name: &str) -> String {
    match name {
        "int" | "bigint" => "a whole number",
        "float" => "a number with a point",
        "string" | "str" => "a text",
        "bool" => "True or False",
        "NoneType" => "None",
        "list" => "a list",
        "tuple" => "a tuple",
        "dict" => "a dict",
        "set" => "a set",
        "range" => "a range",
        "function" | "native_function" => "a function",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// The parts of a text that stand between back quotes, with what stands before each of them.
fn quoted<'a, const N: usize>(said: &'a str, before: [&str; N]) -> Option<[&'a str; N]> {
    let mut rest = said;
    let mut found = [""; N];
    for (part, before) in found.iter_mut().zip(before) {
        let (inner, after) = rest.strip_prefix(before)?.split_once('`')?;
        (*part, rest) = (inner, after);
    }
    Some(found)
}

/// "Object of type `int` has no attribute `foo`, did you mean `bar`?"
fn attribute(said: &str) -> Option<Plain> {
    let [of, name] = quoted(said, ["Object of type `", " has no attribute `"])?;
    let meant = said.split_once("did you mean `");
    let meant = meant.and_then(|(_, rest)| rest.split_once('`'));
    let meant = meant.map_or_else(String::new, |(meant, _)| format!("; is `{meant}` meant?"));
    Some(Plain {
        problem: format!("{} has no attribute `{name}`{meant}", kind(of)),
        word: Some(format!(".{name}")),
    })
}

/// "Floor division by zero: 3 // 0", "Modulo by zero: 3 % 0", "float division by zero: 3 / 0".
fn division(said: &str) -> Option<String> {
    if said == "Cannot divide by zero" {
        return Some("this divides by zero".to_owned());
    }
    let (what, terms) = said.split_once(" by zero: ")?;
    ["Floor division", "Modulo", "float division"]
        .contains(&what)
        .then(|| format!("{terms} divides by zero"))
}

/// "Operation `+` not supported for types `int` and `string`", "Operation `call()` not supported on type `int`".
fn operation(said: &str) -> Option<String> {
    const PAIR: [&str; 3] = ["Operation `", " not supported for types `", " and `"];
    if let Some([operation, left, right]) = quoted(said, PAIR) {
        let (left, right) = (kind(left), kind(right));
        return Some(match operation {
            "cmp()" | "compare" => format!("{left} and {right} have no order"),
            _ => format!("`{operation}` does not go with {left} and {right}"),
        });
    }
    let [operation, of] = quoted(said, ["Operation `", " not supported on type `"])?;
    let of = kind(of);
    Some(match operation {
        "call()" => format!("{of} is no function"),
        "(iter)" => format!("{of} has no parts to go through"),
        "[]" | "[::]" | "[,]" => format!("{of} has no places to be asked for with [ ]"),
        "len()" => format!("{of} has no length"),
        "cmp()" | "compare" => format!("{of} has no order"),
        _ => format!("`{operation}` does not go with {of}"),
    })
}

/// "Index `5` is out of bound", "Key `5` was not found".
fn place(said: &str) -> Option<String> {
    if let Some([index]) = quoted(said, ["Index `"]) {
        return Some(format!("there is no place {index}: it is out of bounds"));
    }
    let [key] = quoted(said, ["Key `"])?;
    Some(format!("there is no key {key}"))
}

/// What is wrong with what a function was handed: the language says
/// "Error unpacking value for parameter `n` of type `int; ..".
fn handed(said: &str) -> Option<String> {
    let rest = said.strip_prefix("Error unpacking value for parameter `")?;
    let (name, rest) = rest.split_once("` of type `")?;
    let end = rest.find(['`', ';', ',']).unwrap_or(rest.len());
    let kind = match &rest[..end] {
        "int" | "i32" | "usize" | "u32" => "a whole number below 2,147,483,648".to_owned(),
        other => kind(other),
    };
    Some(format!("{name} is no value that fits: {kind} is needed"))
}

/// "Missing parameter `x` for call to `f`", "Found 1 extra positional argument(s) for call to f", "Found `x` extra
/// named parameter(s) for call to f", "Wrong number of positional arguments, expected 1, got 2".
fn call(said: &str) -> Option<String> {
    let bare = |name: &str| name.trim_matches('`').to_owned();
    if let Some((what, function)) = said.split_once(" for call to ") {
        let function = bare(function);
        if let Some(name) = what.strip_prefix("Missing ") {
            let (_, name) = name.split_once("parameter ")?;
            return Some(format!("{function} needs {} too", bare(name)));
        }
        let what = what.strip_prefix("Found ")?;
        if let Some((names, _)) = what.split_once(" extra named") {
            return Some(format!(
                "{function} takes nothing by the name {}",
                bare(names)
            ));
        }
        let (count, _) = what.split_once(" extra positional")?;
        return Some(format!("{function} takes {count} fewer"));
    }
    let counts = said.strip_prefix("Wrong number of positional arguments, expected ")?;
    let (wanted, got) = counts.split_once(", got ")?;
    Some(format!("this takes {wanted} and is handed {got}"))
}

/// "Type of parameters mismatch, expected `list`, actual `int (repr: 3)`", "Value of type `list` is not hashable",
/// "Integer overflow".
fn kind_of_value(said: &str) -> Option<String> {
    if let Some([of]) = quoted(said, ["Value of type `"])
        && said.ends_with("is not hashable")
    {
        return Some(format!("{} cannot be a key", kind(of)));
    }
    if said.starts_with("Integer ") {
        return Some("the number is too large".to_owned());
    }
    const FORMS: [[&str; 2]; 3] = [
        ["Expected `", ", but got `"],
        ["Expected value of type `", " but got `"],
        ["Type of parameters mismatch, expected `", ", actual `"],
    ];
    let [wanted, got] = FORMS.into_iter().find_map(|form| quoted(said, form))?;
    let (got, value) = got.split_once(" (repr: ").unwrap_or((got, ""));
    let value = value.trim_end_matches(')');
    let value = if value.is_empty() {
        kind(got)
    } else {
        value.to_owned()
    };
    Some(format!("{} is needed, and this is {value}", kind(wanted)))
}

/// "Parse error: unexpected symbol '*', expected expression", "Parse error: tabs are not allowed".
fn unread(said: &str) -> Option<String> {
    let what = said.strip_prefix("Parse error: ")?;
    let Some(found) = what.strip_prefix("unexpected ") else {
        return Some(format!("this cannot be read: {what}"));
    };
    let word = |text: &str| match text.trim_end_matches(" here") {
        "new line" => "the end".to_owned(),
        "expression" => "an expression".to_owned(),
        other => other.replace("symbol ", "").replace("keyword ", ""),
    };
    Some(match found.split_once(", expected ") {
        Some((found, wanted)) => format!("{} is needed, and here is {}", word(wanted), word(found)),
        None => format!("{} cannot stand here", word(found)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_language_says_is_told_in_plain_words() {
        for (said, told) in [
            (
                "Operation `+` not supported for types `int` and `string`",
                "`+` does not go with a whole number and a text",
            ),
            (
                "Operation `call()` not supported on type `int`",
                "a whole number is no function",
            ),
            (
                "Operation `compare` not supported for types `list` and `int`",
                "a list and a whole number have no order",
            ),
            ("Modulo by zero: 14 % 0", "14 % 0 divides by zero"),
            ("Floor division by zero: 1 // 0", "1 // 0 divides by zero"),
            ("Cannot divide by zero", "this divides by zero"),
            (
                "Index `5` is out of bound",
                "there is no place 5: it is out of bounds",
            ),
            ("Key `\"a\"` was not found", "there is no key \"a\""),
            (
                "Error unpacking value for parameter `n` of type `int; got list`",
                "n is no value that fits: a whole number below 2,147,483,648 is needed",
            ),
            ("Missing parameter `x` for call to `f`", "f needs x too"),
            (
                "Found 2 extra positional argument(s) for call to f",
                "f takes 2 fewer",
            ),
            (
                "Found `key` extra named parameter(s) for call to f",
                "f takes nothing by the name key",
            ),
            (
                "Wrong number of positional arguments, expected 1, got 2",
                "this takes 1 and is handed 2",
            ),
            (
                "Value of type `list` is not hashable",
                "a list cannot be a key",
            ),
            (
                "Type of parameters mismatch, expected `list`, actual `int (repr: 3)`",
                "a list is needed, and this is 3",
            ),
        ] {
            let found = plain(said).map(|plain| plain.problem);
            assert_eq!(found.as_deref(), Some(told), "{said}");
        }
        assert_eq!(plain("one takes a position"), None);
    }

    /// The caret stands at the attribute, not at what has none.
    #[test]
    fn an_attribute_that_is_not_there_is_the_word_to_blame() {
        let found = plain("Object of type `int` has no attribute `foo`");
        let wanted = Plain {
            problem: "a whole number has no attribute `foo`".to_owned(),
            word: Some(".foo".to_owned()),
        };
        assert_eq!(found, Some(wanted));
        let found = plain("Object of type `list` has no attribute `sot`, did you mean `sort`?");
        assert!(found.is_some_and(|found| found.problem.ends_with("; is `sort` meant?")));
    }
}

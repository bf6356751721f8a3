//! What a claim's numbers are made of: constants, words with their brackets, and expressions of the task's
//! language, whose text is taken whole.

use super::comparison::Comparison;
use super::grammar::{Fault, Input, Number, Read, Run, Term, Truth, chosen, expected, spaced, sum};
use winnow::ascii::multispace0;
use winnow::combinator::{alt, cut_err, delimited, fail, opt, repeat, separated};
use winnow::prelude::*;
use winnow::stream::{Location, Stream};
use winnow::token::{one_of, take, take_while};

/// A number without a sign before it.
pub(super) fn unsigned(input: &mut Input<'_>) -> Read<Number<Term>> {
    let abs = delimited(("abs", multispace0, '('), sum, spaced(')'));
    let abs = abs.map(|x| Number::Abs(Box::new(x)));
    let parentheses = delimited('(', chosen, spaced(')'));
    alt((
        constant,
        abs,
        extreme,
        called.map(Number::Word),
        indexed.map(Number::Word),
        term.map(Number::Word),
        parentheses,
        enclosed.map(Number::Word),
    ))
    .context(expected(
        "a number or a word such as A1[{query},{key}], margin[{query}], {field}",
    ))
    .parse_next(input)
}

/// The larger or the smaller of a few numbers: `max(margin[b_0], elt)`. Of a list it is the language's.
fn extreme(input: &mut Input<'_>) -> Read<Number<Term>> {
    let how = alt(("max".value(Comparison::More), "min".value(Comparison::Less)));
    let all = separated(2..=MOST_COMPARED, chosen, spaced(','));
    let all = delimited((multispace0, '('), all, spaced(')'));
    let (how, all): (Comparison, Vec<Number<Term>>) = (how, all).parse_next(input)?;
    let choose = |a: Number<Term>, b: Number<Term>| {
        let of = Truth::Compare(a.clone(), how, b.clone());
        Number::Choice(Box::new(a), Box::new(of), Box::new(b))
    };
    let found = all.into_iter().reduce(choose);
    found.map_or_else(|| fail.parse_next(input), Ok)
}

/// Each number that is compared with those before it is said twice.
const MOST_COMPARED: usize = 4;

/// What may be a list: all up to what joins conditions, or to the end.
pub(super) fn listed(input: &mut Input<'_>) -> Read<Term> {
    expression(input, |_| Some(0), clause)
}

/// How long the expression is that ends where a condition does.
fn clause(text: &str, _first: usize) -> Option<usize> {
    const ENDS: [&str; 3] = ["and", "or", "when"];
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match c {
            '(' | '[' | '{' => balanced(rest)?,
            ')' | ']' | '}' => break,
            '"' | '\'' => 1 + rest[1..].find(c)? + 1,
            _ if name_len(rest) > 0 && ENDS.contains(&&rest[..name_len(rest)]) => break,
            _ => name_len(rest).max(c.len_utf8()),
        };
    }
    let len = text[..at].trim_end().len();
    (len > 0).then_some(len)
}

fn constant(input: &mut Input<'_>) -> Read<Number<Term>> {
    let digits = take_while(1.., |c: char| c.is_ascii_digit() || c == '.');
    let number = (digits, opt(exponent)).take();
    let number = number.try_map(|text: &str| text.parse::<f64>());
    number
        .verify(|x| x.is_finite())
        .map(Number::Constant)
        .parse_next(input)
}

fn exponent(input: &mut Input<'_>) -> Read<()> {
    let digits = take_while(1.., |c: char| c.is_ascii_digit());
    (one_of(['e', 'E']), opt(one_of(['+', '-'])), digits)
        .void()
        .parse_next(input)
}

fn term(input: &mut Input<'_>) -> Read<Term> {
    let at = input.current_token_start();
    let first = one_of(|c: char| c.is_alphabetic());
    let more = take_while(0.., |c: char| c.is_alphanumeric() || c == '_' || c == '.');
    let name = (first, more).take().parse_next(input)?;
    // tokens and positions have names of their own: `=`, `+`, `(`
    let item = spaced(take_while(1.., |c: char| {
        !c.is_whitespace() && !matches!(c, '[' | ']' | ',')
    }))
    .context(expected("a position or a token"));
    let items = separated::<_, _, Vec<String>, _, _, _, _>(
        1..,
        item.map(|item: &str| item.trim().to_owned()),
        ',',
    );
    let bracket = delimited('[', cut_err(items), cut_err(spaced_end(']')));
    let brackets: Vec<Vec<String>> = repeat(0..3, bracket).parse_next(input)?;
    const RESERVED: [&str; 11] = [
        "when", "is", "in", "and", "or", "not", "if", "else", "mean", "min", "max",
    ];
    if RESERVED.contains(&name) {
        return fail.parse_next(input);
    }
    // without brackets it is part of the name, as is the dot in `A0.1`
    const RUNS: [(&str, Run); 2] = [(".clean", Run::Clean), (".patched", Run::Patched)];
    let stem = |(end, run): &(&str, Run)| Some((name.strip_suffix(end)?, Some(*run)));
    let (word, mut run) = RUNS.iter().find_map(stem).unwrap_or((name, None));
    if !brackets.is_empty() {
        let [clean, patched] = RUNS.map(|(end, run)| end.value(run));
        run = opt(alt((clean, patched))).parse_next(input)?;
    }
    Ok(Term {
        word: word.to_owned(),
        at,
        end: input.previous_token_end(),
        brackets,
        run,
        is_expression: false,
    })
}

fn spaced_end<'a>(end: char) -> impl Parser<Input<'a>, char, Fault> {
    end.context(expected("',' or ']'"))
}

/// A function of the task's language with what it is asked of: `max(a)`, `sorted(a)[idx]`.
fn called(input: &mut Input<'_>) -> Read<Term> {
    let begins = |text: &str| {
        let name = name_len(text);
        (name > 0 && text[name..].starts_with('(')).then_some(name)
    };
    expression(input, begins, extent)
}

/// A list with more than a name in its brackets: `a[1 - idx]`, `a[b[0]]`.
fn indexed(input: &mut Input<'_>) -> Read<Term> {
    let begins = |text: &str| {
        let name = name_len(text);
        let rest = text.get(name..).filter(|_| name > 0)?;
        let inside = rest
            .strip_prefix('[')?
            .get(..balanced(rest)?.checked_sub(2)?)?;
        let is_worked_out = |item: &str| {
            let item = item.trim();
            let spaced = item.contains(char::is_whitespace);
            spaced && item.contains(['+', '-', '*', '/', '%', '(', ':'])
        };
        let worked_out = inside.contains('[') || inside.split(',').any(is_worked_out);
        worked_out.then_some(name)
    };
    expression(input, begins, extent)
}

/// What stands in parentheses or brackets and is no number of this grammar: `(elt if idx == 0 else a_1)`.
fn enclosed(input: &mut Input<'_>) -> Read<Term> {
    let begins = |text: &str| text.starts_with(['(', '[']).then_some(0);
    expression(input, begins, extent)
}

/// An expression's text: what it begins with, and all brackets and methods that follow without a gap.
fn expression(
    input: &mut Input<'_>,
    begin: fn(&str) -> Option<usize>,
    end: fn(&str, usize) -> Option<usize>,
) -> Read<Term> {
    let at = input.current_token_start();
    let text = input.peek_finish();
    let Some(len) = begin(text).and_then(|first| end(text, first)) else {
        return fail.parse_next(input);
    };
    let word: &str = take(text[..len].chars().count()).parse_next(input)?;
    Ok(Term {
        word: word.to_owned(),
        at,
        end: at + len,
        brackets: Vec::new(),
        run: None,
        is_expression: true,
    })
}

/// Where what begins so ends; nothing where a bracket has no other end.
fn extent(text: &str, first: usize) -> Option<usize> {
    let mut end = first;
    loop {
        let rest = &text[end..];
        end += match rest.chars().next() {
            Some('(' | '[') => balanced(rest)?,
            Some('.') if name_len(&rest[1..]) > 0 => 1 + name_len(&rest[1..]),
            _ => return Some(end),
        };
    }
}

/// How long a bracket with all that stands in it is.
fn balanced(text: &str) -> Option<usize> {
    let (mut open, mut quote) = (Vec::new(), None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, '{') => open.push('}'),
            (None, ')' | ']' | '}') if open.pop() != Some(c) => return None,
            _ => {}
        }
        if open.is_empty() {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// How long the name is that a text begins with.
fn name_len(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_name = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    match is_name {
        true => text.find(|c| !is_part(c)).unwrap_or(text.len()),
        false => 0,
    }
}

//! Reads a claim's line. What the words mean is not decided here.

use super::comparison::Comparison;
use super::leaf::listed;
use super::power::factor;
use super::unclosed::unclosed;
use crate::task::{limits, shown};
use std::fmt;
use winnow::ascii::{multispace0, multispace1};
use winnow::combinator::{alt, cut_err, delimited, fail, opt, peek, preceded, repeat, separated};
use winnow::error::{StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::token::take_while;

/// A word with what stands in its brackets: `A1[b_0,elt]`, `path[0.0>1.0][b_0,48]`, `elt`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub word: String,
    /// Where it begins in the line, and where it ends.
    pub at: usize,
    pub end: usize,
    pub brackets: Vec<Vec<String>>,
    /// Of which run, where that is said.
    pub run: Option<Run>,
    /// Whether all of it is an expression of the task's language: `max(a)`.
    pub is_expression: bool,
}

/// A sign of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    Over,
    /// Division, rounded down.
    Floor,
    /// What is left of it, with the sign of the divisor.
    Modulo,
    Power,
}

const SUMS: [(&str, Sign); 2] = [("+", Sign::Plus), ("-", Sign::Minus)];
const PRODUCTS: [(&str, Sign); 4] = [
    ("*", Sign::Times),
    ("//", Sign::Floor),
    ("/", Sign::Over),
    ("%", Sign::Modulo),
];

/// A run of an input: without the interventions, or under them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Clean,
    Patched,
}

/// An expression that has a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number<W> {
    Constant(f64),
    Word(W),
    Negative(Box<Self>),
    Abs(Box<Self>),
    /// One, and what follows it with a sign of arithmetic before each. A list, because what calls
    /// itself for every part of a chain runs out of stack in a long one.
    Chain(Box<Self>, Vec<(Sign, Self)>),
    /// The first where something is true of the input, the second where it is not.
    Choice(Box<Self>, Box<Truth<W>>, Box<Self>),
}

/// An expression that is true or false.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth<W> {
    Compare(Number<W>, Comparison, Number<W>),
    In(Number<W>, Vec<Number<W>>),
    /// It stands in a list that each input has.
    Within(Number<W>, W),
    Argmax(W),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// What is made of the inputs' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Mean,
    Min,
    Max,
}

/// What a claim says of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body<W> {
    /// It is true of each.
    Each(Truth<W>),
    /// One number of all, compared or just told.
    All(Over, Number<W>, Option<(Comparison, Number<W>)>),
}

/// A claim, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line<W> {
    pub body: Body<W>,
    pub when: Option<Truth<W>>,
}

/// What is wrong with a claim, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimError {
    /// The line.
    pub line: String,
    /// The byte at which the wrong word begins.
    pub at: usize,
    /// What is wrong there, and what would be right.
    pub problem: String,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.line.get(self.at..).unwrap_or_default();
        let word = rest.split_whitespace().next().unwrap_or_default();
        if word.is_empty() {
            write!(f, "at the end of the claim: {}", self.problem)
        } else {
            write!(f, "at '{}': {}", shown(word), self.problem)
        }
    }
}

impl std::error::Error for ClaimError {}

pub(super) type Input<'a> = winnow::stream::LocatingSlice<&'a str>;
pub(super) type Fault = winnow::error::ErrMode<winnow::error::ContextError>;
pub(super) type Read<T> = Result<T, Fault>;

pub(super) fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

/// A number of an input, or whether something is true of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Measured<W> {
    Number(Number<W>),
    Truth(Truth<W>),
}

/// Reads a claim.
///
/// # Errors
/// Points at the first word that cannot stand there.
pub(super) fn read(text: &str) -> Result<Line<Term>, ClaimError> {
    whole(text, line)
}

/// Reads what a number of each input is made of.
///
/// # Errors
/// As [`read`].
pub(super) fn read_measured(text: &str) -> Result<Measured<Term>, ClaimError> {
    let number = |input: &mut Input<'_>| {
        let number = chosen.parse_next(input)?;
        multispace0
            .context(expected("an operator or the end"))
            .parse_next(input)?;
        Ok(Measured::Number(number))
    };
    let truth = |input: &mut Input<'_>| {
        let truth = either.parse_next(input)?;
        multispace0.parse_next(input)?;
        Ok(Measured::Truth(truth))
    };
    match (whole(text, number), whole(text, truth)) {
        (Ok(read), _) | (Err(_), Ok(read)) => Ok(read),
        // the one that came further
        (Err(a), Err(b)) => Err(if b.at > a.at { b } else { a }),
    }
}

fn whole<T>(text: &str, mut read: impl FnMut(&mut Input<'_>) -> Read<T>) -> Result<T, ClaimError> {
    limits::check_line(text).map_err(|beyond| ClaimError {
        line: text.to_owned(),
        at: beyond.at,
        problem: beyond.problem,
    })?;
    read.parse(Input::new(text)).map_err(|error| {
        let context = error.inner().context();
        let mut wanted: Vec<String> = Vec::new();
        for context in context {
            // each level of parentheses says it again
            match context {
                StrContext::Expected(value) if !wanted.contains(&value.to_string()) => {
                    wanted.push(value.to_string());
                }
                _ => {}
            }
        }
        let problem = if wanted.is_empty() {
            "this cannot stand here; an operator, 'when' or the end can".to_owned()
        } else {
            format!("{} is needed here", wanted.join(" or "))
        };
        let at = error.offset().min(text.len());
        let (at, problem) = unclosed(text, at).unwrap_or((at, problem));
        ClaimError {
            line: text.to_owned(),
            at,
            problem,
        }
    })
}

pub(super) fn spaced<'a, T>(
    inner: impl Parser<Input<'a>, T, Fault>,
) -> impl Parser<Input<'a>, T, Fault> {
    delimited(multispace0, inner, multispace0)
}

/// A word of letters, and no more letters behind it.
fn word<'a>(text: &'static str) -> impl Parser<Input<'a>, &'a str, Fault> {
    take_while(1.., |c: char| c.is_alphanumeric() || c == '_').verify(move |w: &str| w == text)
}

fn line(input: &mut Input<'_>) -> Read<Line<Term>> {
    let body = body.parse_next(input)?;
    let when = opt(preceded(spaced(word("when")), cut_err(either))).parse_next(input)?;
    multispace0
        .context(expected("an operator, 'when' or the end"))
        .parse_next(input)?;
    Ok(Line { body, when })
}

fn body(input: &mut Input<'_>) -> Read<Body<Term>> {
    multispace0.parse_next(input)?;
    let over = alt((
        word("mean").value(Over::Mean),
        word("min").value(Over::Min),
        word("max").value(Over::Max),
    ));
    let over = opt((over, multispace1)).parse_next(input)?;
    let Some((over, _)) = over else {
        return either.map(Body::Each).parse_next(input);
    };
    let number = cut_err(chosen).parse_next(input)?;
    let bound = opt((spaced(compare), cut_err(sum))).parse_next(input)?;
    Ok(Body::All(over, number, bound))
}

/// Conditions, one of them where another one is true: `A if C else B`.
fn either(input: &mut Input<'_>) -> Read<Truth<Term>> {
    let choose = |a: Truth<Term>, of: Truth<Term>, b: Truth<Term>| {
        let not = Truth::Not(Box::new(of.clone()));
        Truth::Or(vec![Truth::And(vec![of, a]), Truth::And(vec![not, b])])
    };
    choice(input, any_of, choose)
}

fn any_of(input: &mut Input<'_>) -> Read<Truth<Term>> {
    joined(input, both, "or", Truth::Or)
}

/// A number, or one of two by what is true of the input.
pub(super) fn chosen(input: &mut Input<'_>) -> Read<Number<Term>> {
    let choose = |a, of, b| Number::Choice(Box::new(a), Box::new(of), Box::new(b));
    choice(input, sum, choose)
}

/// So many choices in a row are read: each stands within the one before it.
const MOST_CHOICES: usize = 16;

fn choice<T>(
    input: &mut Input<'_>,
    part: fn(&mut Input<'_>) -> Read<T>,
    choose: impl Fn(T, Truth<Term>, T) -> T,
) -> Read<T> {
    let mut choices = Vec::new();
    let mut last = part(input)?;
    while choices.len() < MOST_CHOICES && opt(spaced(word("if"))).parse_next(input)?.is_some() {
        let of = any_of(input)?;
        spaced(word("else"))
            .context(expected("'else'"))
            .parse_next(input)?;
        choices.push((last, of));
        last = part(input)?;
    }
    let choices = choices.into_iter().rev();
    Ok(choices.fold(last, |b, (a, of)| choose(a, of, b)))
}

fn both(input: &mut Input<'_>) -> Read<Truth<Term>> {
    joined(input, truth, "and", Truth::And)
}

fn joined(
    input: &mut Input<'_>,
    part: fn(&mut Input<'_>) -> Read<Truth<Term>>,
    by: &'static str,
    join: fn(Vec<Truth<Term>>) -> Truth<Term>,
) -> Read<Truth<Term>> {
    let first = part(input)?;
    let mut all = vec![first];
    while opt(spaced(word(by))).parse_next(input)?.is_some() {
        all.push(cut_err(part).parse_next(input)?);
    }
    Ok(match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            join(all)
        }
    })
}

fn truth(input: &mut Input<'_>) -> Read<Truth<Term>> {
    multispace0.parse_next(input)?;
    let nots: usize = repeat(0.., (word("not"), multispace1)).parse_next(input)?;
    let mut inner = alt((in_parentheses, comparison));
    if nots == 0 {
        return inner.parse_next(input);
    }
    let inner = cut_err(inner).parse_next(input)?;
    Ok(if nots.is_multiple_of(2) {
        inner
    } else {
        Truth::Not(Box::new(inner))
    })
}

fn in_parentheses(input: &mut Input<'_>) -> Read<Truth<Term>> {
    delimited(spaced('('), either, spaced(')')).parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> Read<Truth<Term>> {
    let left = sum.parse_next(input)?;
    let mut argmax = opt((
        spaced(word("is")),
        cut_err(word("argmax")).context(expected("'argmax'")),
    ));
    if argmax.parse_next(input)?.is_some() {
        return match left {
            Number::Word(term) => Ok(Truth::Argmax(term)),
            _ => fail
                .context(expected("an attention cell before 'is argmax'"))
                .parse_next(input),
        };
    }
    let not = opt((spaced(word("not")), word("in"))).parse_next(input)?;
    if not.is_some() || opt(spaced(word("in"))).parse_next(input)?.is_some() {
        let list = within(input, &left)?;
        return Ok(match not {
            Some(_) => Truth::Not(Box::new(list)),
            None => list,
        });
    }
    // what an expression says is true or not by itself
    if let Number::Word(term) = &left
        && term.is_expression
        && peek(opt(spaced(compare))).parse_next(input)?.is_none()
    {
        return Ok(Truth::Compare(
            left,
            Comparison::Unequal,
            Number::Constant(0.0),
        ));
    }
    let how = spaced(compare)
        .context(expected(
            "a comparison (< <= > >= == !=), 'in {..}' or 'is argmax'",
        ))
        .parse_next(input)?;
    let right = cut_err(sum).parse_next(input)?;
    Ok(Truth::Compare(left, how, right))
}

/// What stands behind `in`.
fn within(input: &mut Input<'_>, left: &Number<Term>) -> Read<Truth<Term>> {
    let list = separated(1.., sum, spaced(','));
    let list = delimited(spaced('{'), list, spaced('}'));
    let list = list.map(|list| Truth::In(left.clone(), list));
    let expression = preceded(multispace0, listed);
    let expression = expression.map(|one| Truth::Within(left.clone(), one));
    cut_err(alt((list, expression)))
        .context(expected("a list such as {0,1,2} or [0,1,2]"))
        .parse_next(input)
}

fn compare(input: &mut Input<'_>) -> Read<Comparison> {
    alt(Comparison::SIGNS.map(|(sign, how)| sign.value(how))).parse_next(input)
}

pub(super) fn sum(input: &mut Input<'_>) -> Read<Number<Term>> {
    chain(input, product, &SUMS)
}

fn product(input: &mut Input<'_>) -> Read<Number<Term>> {
    chain(input, factor, &PRODUCTS)
}

fn chain(
    input: &mut Input<'_>,
    part: fn(&mut Input<'_>) -> Read<Number<Term>>,
    signs: &[(&'static str, Sign)],
) -> Read<Number<Term>> {
    let first = part(input)?;
    let mut rest = Vec::new();
    while let Some(sign) = one_of_signs(input, signs)? {
        rest.push((sign, cut_err(part).parse_next(input)?));
    }
    Ok(if rest.is_empty() {
        first
    } else {
        Number::Chain(Box::new(first), rest)
    })
}

fn one_of_signs(input: &mut Input<'_>, signs: &[(&'static str, Sign)]) -> Read<Option<Sign>> {
    for (text, sign) in signs {
        if opt(spaced(*text)).parse_next(input)?.is_some() {
            return Ok(Some(*sign));
        }
    }
    Ok(None)
}

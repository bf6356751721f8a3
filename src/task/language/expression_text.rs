//! The text of an expression: whether it is one, and where in it an error lies.

use super::error::TaskError;
use super::pasted::Pasted;
use super::shape;
use super::source::{CALLED_REMEDY, PARSED_REMEDY, Source, dialect};
use crate::task::Task;
use crate::task::limits::check_line;
use crate::task::shown;
use starlark::syntax::AstModule;
use starlark_syntax::codemap::Spanned;
use starlark_syntax::syntax::ast::{ArgumentP, AstExpr, ExprP, StmtP};
use starlark_syntax::syntax::top_level_stmts::top_level_stmts;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// What a text may be made of, told where it is not.
pub(super) const REMEDY: &str = "an expression is made of fields, numbers, + - * // %, comparisons, and, or, not, \
     x if y else z, lists and functions such as len, sum, max, sorted and distinct";

/// What is wrong with an expression, or with its value for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// The text.
    pub text: String,
    /// The byte of the text that is to blame; its length where something is missing.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl ExpressionError {
    pub(in crate::task) fn new(
        text: &str,
        at: usize,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            text: text.into(),
            at: at.min(text.len()),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The word that is to blame.
    #[must_use]
    pub fn word(&self) -> &str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let len = match rest.find(|c| !is_name(c)) {
            Some(0) => rest.chars().next().map_or(0, char::len_utf8),
            Some(len) => len,
            None => rest.len(),
        };
        &rest[..len]
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self
            .text
            .get(..self.at)
            .map_or(0, |text| text.chars().count())
            + 1;
        match self.word().trim() {
            "" => write!(f, "at the end: ")?,
            word => write!(f, "'{}' (letter {column}): ", shown(word))?,
        }
        f.write_str(&self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ExpressionError {}

/// The names in a text that is one expression.
pub(super) fn look(text: &str) -> Result<HashSet<String>, ExpressionError> {
    let wrong =
        |at, problem: &str, remedy: &str| Err(ExpressionError::new(text, at, problem, remedy));
    if let Some(at) = text.find(|c: char| c.is_control()) {
        return wrong(at, "an expression is one line", REMEDY);
    }
    if let Err(beyond) = check_line(text) {
        return wrong(beyond.at, &beyond.problem, "make it shorter");
    }
    if text.trim().is_empty() {
        return wrong(text.len(), "an expression is missing", REMEDY);
    }
    if let Some(at) = text.find(|c: char| !c.is_whitespace()).filter(|&at| at > 0) {
        // what stands at the margin belongs to no block
        return look(&text[at..]).map_err(|mut error| {
            error.at += at;
            error.text = text.into();
            error
        });
    }
    // read alone it is one expression: nothing in it ends what is put around it
    Source::new("expression", text).map_err(|flaw| place_from(text, flaw, 1))?;
    let parsed = AstModule::parse("expression", Pasted::new(text).text, &dialect());
    let one = parsed.as_ref().is_ok_and(|parsed| {
        let statements = top_level_stmts(parsed.statement());
        matches!(&statements[..], [one] if matches!(one.node, StmtP::Expression(_)))
    });
    if !one {
        return wrong(0, "this is no expression", REMEDY);
    }
    match shape::look(text, &dialect()) {
        Ok(seen) => Ok(seen.names),
        Err(flaw) => wrong(0, &flaw.problem, REMEDY),
    }
}

/// Functions that are handed positions.
const OF_POSITIONS: [&str; 3] = ["one", "uniform", "weights"];

/// A text in which the labels of positions are texts, and at which bytes marks were put in.
pub(super) struct Labelled {
    pub run: String,
    marks: Vec<usize>,
}

impl Labelled {
    /// A text as it is.
    pub fn plain(text: &str) -> Self {
        Self {
            run: text.into(),
            marks: Vec::new(),
        }
    }

    /// A text of which what stands as a position in `one(..)`, `uniform(..)` and the keys of
    /// `weights({..})` is a label where it is one, also behind `x if y else`: `one(elt if idx else a_1)`.
    pub fn of(text: &str, task: Task) -> Self {
        let mut names = Vec::new();
        if let Some(parsed) = parsed(text) {
            let mut labels = Labels {
                task,
                names: &mut names,
            };
            for statement in top_level_stmts(parsed.statement()) {
                if let StmtP::Expression(expression) = &statement.node {
                    labels.within(expression);
                }
            }
        }
        names.sort_unstable_by_key(|range| range.start);
        let (mut run, mut marks, mut at) = (String::new(), Vec::new(), 0);
        for name in names {
            run.push_str(&text[at..name.start]);
            marks.push(run.len());
            run.push('"');
            run.push_str(&text[name.clone()]);
            marks.push(run.len());
            run.push('"');
            at = name.end;
        }
        run.push_str(&text[at..]);
        Self { run, marks }
    }

    /// A flaw of the small file, at its place in the text, which is the file's second line.
    pub fn place(&self, text: &str, flaw: TaskError) -> ExpressionError {
        let mut error = place_from(&self.run, flaw, 2);
        let before = self.marks.iter().filter(|mark| **mark < error.at);
        error.at = (error.at - before.count()).min(text.len());
        error.text = text.into();
        error
    }
}

struct Labels<'a> {
    task: Task,
    names: &'a mut Vec<Range<usize>>,
}

impl Labels<'_> {
    fn within(&mut self, expression: &AstExpr) {
        if let ExprP::Call(called, arguments) = &expression.node
            && let ExprP::Identifier(name) = &called.node
            && OF_POSITIONS.contains(&name.node.ident.as_str())
        {
            for argument in &arguments.args {
                if let ArgumentP::Positional(one) = &argument.node {
                    self.position(one);
                }
            }
        }
        expression.visit_expr(|one| self.within(one));
    }

    /// What stands as a position.
    fn position(&mut self, expression: &AstExpr) {
        match &expression.node {
            ExprP::Identifier(name) => {
                let range = bytes(name);
                if self.task.labels.contains(&name.node.ident) && !self.names.contains(&range) {
                    self.names.push(range);
                }
            }
            ExprP::If(parts) => {
                self.position(&parts.1);
                self.position(&parts.2);
            }
            ExprP::Dict(pairs) => pairs.iter().for_each(|(key, _)| self.position(key)),
            ExprP::List(items) | ExprP::Tuple(items) => {
                items.iter().for_each(|item| self.position(item));
            }
            _ => {}
        }
    }
}

fn bytes<T>(node: &Spanned<T>) -> Range<usize> {
    node.span.begin().get() as usize..node.span.end().get() as usize
}

fn parsed(text: &str) -> Option<AstModule> {
    shape::look(text, &dialect()).ok()?;
    AstModule::parse("expression", text.to_owned(), &dialect()).ok()
}

/// A text that is one call: what is called, and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The function's name.
    pub name: String,
    /// By argument its name, where it has one, and the bytes of the text that say it.
    pub given: Vec<(Option<String>, Range<usize>)>,
}

impl Called {
    /// What a text calls, if it is a call of a function by its name and nothing more.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let start = text.len() - text.trim_start().len();
        let parsed = parsed(&text[start..])?;
        let statements = top_level_stmts(parsed.statement());
        let [statement] = &statements[..] else {
            return None;
        };
        let StmtP::Expression(expression) = &statement.node else {
            return None;
        };
        let ExprP::Call(called, arguments) = &expression.node else {
            return None;
        };
        let ExprP::Identifier(name) = &called.node else {
            return None;
        };
        let seen = shape::look(&text[start..], &dialect()).ok()?;
        // the brackets around an argument are a part of it, and its own place leaves them out
        let place = |range: Range<usize>| {
            let begin = seen.begin(range.start, range.end);
            begin + start..seen.end(begin, range.end) + start
        };
        let given = arguments.args.iter().map(|argument| match &argument.node {
            ArgumentP::Named(name, one) => (Some(name.node.clone()), place(bytes(one))),
            ArgumentP::Positional(one) => (None, place(bytes(one))),
            _ => (None, place(bytes(argument))),
        });
        Some(Self {
            name: name.node.ident.clone(),
            given: given.collect(),
        })
    }
}

fn place_from(text: &str, flaw: TaskError, line: usize) -> ExpressionError {
    let column = match flaw.place {
        Some((found, column)) if found == line => column - 1,
        Some((found, _)) if found > line => usize::MAX,
        _ => 0,
    };
    let at = text
        .char_indices()
        .nth(column)
        .map_or(text.len(), |(at, _)| at);
    let remedy = match flaw.remedy.as_str() {
        PARSED_REMEDY => REMEDY,
        CALLED_REMEDY => "",
        other => other,
    };
    ExpressionError::new(text, at, flaw.problem, remedy)
}

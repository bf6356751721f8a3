//! The text of an expression: whether it is one, and where in it an error lies.

use super::error::TaskError;
use super::shape;
use super::source::{CALLED_REMEDY, PARSED_REMEDY, Source, dialect};
use crate::task::limits::check_line;
use crate::task::shown;
use starlark::syntax::AstModule;
use starlark_syntax::syntax::ast::StmtP;
use starlark_syntax::syntax::top_level_stmts::top_level_stmts;
use std::collections::HashSet;
use std::fmt;

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
    pub(super) fn new(
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
    let parsed = AstModule::parse("expression", text.to_owned(), &dialect());
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

/// A flaw of the small file, at its place in the text, which is the file's second line.
pub(super) fn place(text: &str, flaw: TaskError) -> ExpressionError {
    place_from(text, flaw, 2)
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

//! A task file as text: read, looked over, and made fit to be run within bounds.
//!
//! The language bounds steps, but one step may make a text of a gigabyte or compare for ever. So
//! `+ * % << == != in`, also with `=` behind, and a few methods, are carried out by functions of ours that look at
//! sizes first (`bounds.rs`). Operators are replaced in the parsed file, the others in its text; where an
//! error lies is told in the text as it was written.

use super::edits::{self, Edit};
use super::error::{Flaw, TaskError, Where, one_line};
use super::pasted::{Pasted, imports};
use super::shape::{self, Seen};
use super::watch;
use super::wording::{Plain, plain};
use starlark::syntax::{AstModule, Dialect, DialectTypes};
use starlark_syntax::syntax::ast::{
    AssignTargetP, AstNoPayload, AstParameterP, AstStmt, ExprP, ParameterP, StmtP,
};
use starlark_syntax::syntax::top_level_stmts::top_level_stmts;
use std::collections::HashMap;

/// Operators that can make much of little or go through much, and who carries them out.
const OPERATORS: [(&str, &str); 8] = [
    ("+", "__add"),
    ("*", "__mul"),
    ("%", "__mod"),
    ("<<", "__shl"),
    ("==", "__same"),
    ("!=", "__other"),
    ("in", "__inside"),
    ("not in", "__outside"),
];
/// What helps where the text is not of the language, and where a name has no value.
pub(super) const PARSED_REMEDY: &str = "task files are written in the part of Python that has def, if, for, return, lists, \
     dicts and comprehensions, and no class or try";
pub(super) const SCOPE_REMEDY: &str = "give it a value before, or correct its name";
/// What helps where a call fails.
pub(super) const CALLED_REMEDY: &str = "correct this line, or what is handed to it";

/// What a file defines as a function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub name: String,
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub name: String,
    pub has_default: bool,
    /// `*args`, `**kwargs`, or what can only be given by name.
    pub is_odd: bool,
}

/// A file's text and what is found in it.
#[derive(Debug)]
pub(super) struct Source {
    pub name: String,
    /// As it was written, and in the language's words.
    original: String,
    pasted: Pasted,
    text: String,
    /// What is run instead.
    run: String,
    /// By byte of what is run: what was put there has so many more, from which byte of the text on.
    edits: Vec<Edit>,
    /// Names that are given values at the top level, and where.
    defined: HashMap<String, usize>,
    pub functions: Vec<Function>,
    pub seen: Seen,
}

pub(super) fn dialect() -> Dialect {
    Dialect {
        enable_load: false,
        enable_keyword_only_arguments: true,
        enable_positional_only_arguments: true,
        enable_types: DialectTypes::ParseOnly,
        enable_top_level_stmt: true,
        ..Dialect::Standard
    }
}

impl Source {
    pub fn new(name: &str, text: &str) -> Result<Self, TaskError> {
        // a file from elsewhere may begin with a mark of its encoding
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let pasted = Pasted::new(text);
        let mut source = Self {
            name: name.into(),
            original: text.into(),
            text: pasted.text.clone(),
            run: pasted.text.clone(),
            pasted,
            edits: Vec::new(),
            defined: HashMap::new(),
            functions: Vec::new(),
            seen: Seen::default(),
        };
        match source.look_over() {
            Ok(()) => Ok(source),
            Err(flaw) => Err(source.error(flaw)),
        }
    }

    fn look_over(&mut self) -> Result<(), Flaw> {
        self.seen = shape::look(&self.text, &dialect())?;
        let parsed = AstModule::parse(&self.name, self.text.clone(), &dialect());
        let parsed = parsed.map_err(|error| self.flaw(&error))?;
        for statement in top_level_stmts(parsed.statement()) {
            self.define(statement);
        }
        let mut found = edits::edits(&self.text, &self.seen, parsed.statement())?;
        // what stands around comes first, and the sort keeps that
        found.sort_by_key(|edit| (edit.from, edit.to));
        let mut run = String::new();
        let mut at = 0;
        for edit in &found {
            run.push_str(&self.text[at..edit.from.max(at)]);
            run.push_str(&edit.put);
            at = edit.to.max(at);
        }
        run.push_str(&self.text[at..]);
        (self.run, self.edits) = (run, found);
        Ok(())
    }

    fn define(&mut self, statement: &AstStmt) {
        let at = statement.span.begin().get() as usize;
        match &statement.node {
            StmtP::Def(def) => {
                self.defined.insert(def.name.ident.clone(), at);
                self.function(&def.name.ident, &def.params);
            }
            StmtP::Assign(assign) => {
                if let AssignTargetP::Identifier(name) = &assign.lhs.node {
                    self.defined.insert(name.ident.clone(), at);
                    if let ExprP::Lambda(lambda) = &assign.rhs.node {
                        self.function(&name.ident, &lambda.params);
                    }
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, name: &str, parameters: &[AstParameterP<AstNoPayload>]) {
        let mut only_by_name = false;
        let mut all = Vec::new();
        for parameter in parameters {
            match &parameter.node {
                ParameterP::Normal(name, _, default) => all.push(Parameter {
                    name: name.ident.clone(),
                    has_default: default.is_some(),
                    is_odd: only_by_name,
                }),
                ParameterP::Args(name, _) | ParameterP::KwArgs(name, _) => all.push(Parameter {
                    name: name.ident.clone(),
                    has_default: false,
                    is_odd: true,
                }),
                ParameterP::NoArgs => only_by_name = true,
                ParameterP::Slash => {}
            }
        }
        self.functions.retain(|one| one.name != name);
        self.functions.push(Function {
            name: name.into(),
            parameters: all,
        });
    }

    /// The file, ready to be run.
    pub fn program(&self) -> Result<AstModule, TaskError> {
        let parsed = AstModule::parse(&self.name, self.run.clone(), &dialect());
        let mut parsed = parsed.map_err(|error| self.error(self.flaw(&error)))?;
        let all = OPERATORS.iter();
        let all = all.map(|(operator, by)| ((*operator).to_owned(), (*by).to_owned()));
        parsed.replace_binary_operators(&all.collect());
        Ok(parsed)
    }

    /// Whether the file gives this name a value.
    pub fn defines(&self, name: &str) -> bool {
        self.defined.contains_key(name)
    }

    /// The error that a flaw is, with its place.
    pub fn error(&self, flaw: Flaw) -> TaskError {
        let at = match &flaw.at {
            Where::Whole => None,
            Where::Byte(at) => Some(*at),
            Where::Name(name) => self.defined.get(name).copied(),
        };
        TaskError {
            file: self.name.clone(),
            place: at.map(|at| self.line_and_column(at)),
            problem: flaw.problem,
            remedy: flaw.remedy,
        }
    }

    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let mut at = self.pasted.written(at).min(self.original.len());
        while !self.original.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.original[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// What the language says is wrong, at a byte of the text as it was written.
    pub fn flaw(&self, error: &starlark::Error) -> Flaw {
        let at = error.span().map_or(Where::Whole, |span| {
            let (line, column) = (
                span.resolve_span().begin.line,
                span.resolve_span().begin.column,
            );
            let lines = self.run.split_inclusive('\n');
            let start: usize = lines.clone().take(line).map(str::len).sum();
            let here = lines.clone().nth(line).unwrap_or("");
            let within = here
                .char_indices()
                .nth(column)
                .map_or(here.len(), |(i, _)| i);
            Where::Byte(self.written(start + within))
        });
        let problem = one_line(&error.without_diagnostic().to_string());
        if let Some((problem, remedy)) = watch::reason(&problem) {
            return Flaw::new(at, problem, remedy);
        }
        let Plain { problem, word } = plain(&problem).unwrap_or_else(|| problem.into());
        let at = self.at_word(at, word.as_deref());
        if let Some(name) = missing(&problem).filter(|name| imports(&self.original, name)) {
            let remedy = format!(
                "nothing can be imported but math, Counter, combinations, permutations and product: write out what you need of {name}"
            );
            return Flaw::new(at, &problem, remedy);
        }
        let remedy = remedy(error.kind(), &problem, self.after(&at));
        Flaw::new(at, problem, remedy)
    }

    /// The place of a word that stands in the line of a place, behind it: what is pointed at may begin before.
    fn at_word(&self, at: Where, word: Option<&str>) -> Where {
        let here = self.after(&at).lines().next().unwrap_or("");
        let behind =
            word.and_then(|word| Some(here.find(word)? + usize::from(word.starts_with('.'))));
        match (at, behind) {
            (Where::Byte(at), Some(behind)) => Where::Byte(at + behind),
            (at, _) => at,
        }
    }

    /// The text from a place on.
    fn after(&self, at: &Where) -> &str {
        match at {
            Where::Byte(at) => self.text.get(*at..).unwrap_or(""),
            _ => "",
        }
    }

    /// The byte of the text that stands at a byte of what is run.
    fn written(&self, run: usize) -> usize {
        let (mut text, mut at) = (0, 0);
        for edit in &self.edits {
            let plain = edit.from.saturating_sub(text);
            if run < at + plain {
                break;
            }
            at += plain;
            text = edit.from.max(text);
            if run < at + edit.put.len() {
                return text;
            }
            at += edit.put.len();
            text = edit.to.max(text);
        }
        text + (run - at.min(run))
    }
}

/// The name that is not there, where that is the problem.
fn missing(problem: &str) -> Option<&str> {
    let (_, rest) = problem.split_once("ariable `")?;
    let (name, rest) = rest.split_once('`')?;
    rest.contains("not found").then_some(name)
}

/// What helps, by what is wrong.
fn remedy(kind: &starlark::ErrorKind, problem: &str, after: &str) -> &'static str {
    use starlark::ErrorKind as Kind;
    if problem.contains("no attribute `sort`") {
        return "write x = sorted(x): what a function is given stays as it is";
    }
    if after.starts_with("import") || after.starts_with("from") {
        return "nothing can be imported: write out what you need of it";
    }
    match kind {
        Kind::Parser(_) => PARSED_REMEDY,
        Kind::Scope(_) => SCOPE_REMEDY,
        Kind::StackOverflow(_) => {
            "a function calls itself too deep; does it have the name of a function that it calls, \
             as `def max(a)` with max(a) in it? Then give it another name"
        }
        _ if problem.contains("recursi") => "a function may not call itself without end",
        Kind::Fail(_) => "",
        _ => CALLED_REMEDY,
    }
}

//! What gives way in a task file's text before it is run: methods and assignments that can make much
//! of little, and what Python says of types, which nobody here reads.

use super::error::{Flaw, Where};
use super::shape::Seen;
use starlark_syntax::codemap::Spanned;
use starlark_syntax::syntax::ast::{
    AssignOp, AssignTargetP, AstExpr, AstNoPayload, AstStmt, AstTypeExprP, DefP, ExprP, ParameterP,
    StmtP,
};

/// Methods that can make much of little, and those of Python's lists that the language's have not.
const METHODS: [&str; 7] = [
    "extend",
    "join",
    "replace",
    "format",
    "count",
    "copy",
    "most_common",
];
/// Those of one value that may be handed on without being called.
const HANDED: [&str; 2] = ["count", "join"];
/// Methods of Python's lists that change them, and the functions that make what then stands there.
const IN_PLACE: [(&str, &str); 2] = [("sort", "sorted"), ("reverse", "reversed")];
/// Functions that can.
const FUNCTIONS: [&str; 2] = ["str", "repr"];

/// Bytes of the text and what takes their place.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub from: usize,
    pub to: usize,
    pub put: String,
}

/// All of them, what stands around before what stands within.
pub(super) fn edits(text: &str, seen: &Seen, file: &AstStmt) -> Result<Vec<Edit>, Flaw> {
    let mut edits = Edits {
        text,
        seen,
        found: Vec::new(),
        flaw: None,
    };
    edits.statement(file);
    file.visit_expr(|expression| edits.expression(expression));
    edits.flaw.map_or(Ok(edits.found), Err)
}

struct Edits<'a> {
    text: &'a str,
    seen: &'a Seen,
    found: Vec<Edit>,
    flaw: Option<Flaw>,
}

fn bytes<T>(node: &Spanned<T>) -> (usize, usize) {
    (
        node.span.begin().get() as usize,
        node.span.end().get() as usize,
    )
}

impl Edits<'_> {
    fn put(&mut self, from: usize, to: usize, put: impl Into<String>) {
        self.found.push(Edit {
            from,
            to,
            put: put.into(),
        });
    }

    /// A statement and those in it, without their expressions.
    fn statement(&mut self, statement: &AstStmt) {
        match &statement.node {
            StmtP::AssignModify(target, operator, right) => {
                self.assignment(target, *operator, right);
            }
            StmtP::Def(def) => self.types(def),
            StmtP::Assign(assign) => {
                if let Some(of) = &assign.ty {
                    self.drop_type(bytes(&assign.lhs).1, of);
                }
            }
            _ => {}
        }
        statement.visit_stmt(|one| self.statement(one));
    }

    fn types(&mut self, def: &DefP<AstNoPayload>) {
        for parameter in &def.params {
            match &parameter.node {
                ParameterP::Normal(name, Some(of), _)
                | ParameterP::Args(name, Some(of))
                | ParameterP::KwArgs(name, Some(of)) => self.drop_type(bytes(name).1, of),
                _ => {}
            }
        }
        if let Some(of) = &def.return_type {
            let (from, _) = bytes(of);
            if let Some(arrow) = self.text[..from].rfind("->") {
                self.drop_type(arrow, of);
            }
        }
    }

    /// Takes out what stands behind `from` up to where a type ends.
    fn drop_type(&mut self, from: usize, of: &AstTypeExprP<AstNoPayload>) {
        let to = self.seen.end(from, bytes(of).1);
        self.put(from, to, "");
    }

    /// `x += y` is `x = __iadd(x, (y))`.
    fn assignment(
        &mut self,
        target: &Spanned<AssignTargetP<AstNoPayload>>,
        operator: AssignOp,
        right: &AstExpr,
    ) {
        let (sign, by) = match operator {
            AssignOp::Add => ("+=", "__iadd"),
            AssignOp::Multiply => ("*=", "__mul"),
            AssignOp::Percent => ("%=", "__mod"),
            AssignOp::LeftShift => ("<<=", "__shl"),
            _ => return,
        };
        let ((from, to), (begin, end)) = (bytes(target), bytes(right));
        let Some(at) = self.text.get(to..begin).and_then(|text| text.find(sign)) else {
            return self.wrong(from, "this is too intricate", "write x = x + y");
        };
        let written = self.text[from..to].to_owned();
        if written.contains('(') || written.contains(')') {
            let problem = "a place that is found by a call is changed in passing";
            return self.wrong(from, problem, "find the place first, and give it a name");
        }
        let behind = to + at + sign.len();
        self.put(to, behind, format!(" = {by}({written}, ("));
        let end = self.seen.end(behind, end);
        self.put(end, end, "))");
    }

    fn wrong(&mut self, at: usize, problem: &str, remedy: &str) {
        let flaw = Flaw::new(Where::Byte(at), problem, remedy);
        self.flaw.get_or_insert(flaw);
    }

    fn expression(&mut self, expression: &AstExpr) {
        match &expression.node {
            ExprP::Call(called, _) => match &called.node {
                ExprP::Dot(of, name) if IN_PLACE.iter().any(|(one, _)| *one == name.node) => {
                    self.in_place(of, &name.node, (bytes(&**called).1, bytes(expression).1));
                    expression.visit_expr(|one| {
                        if one.span != called.span {
                            self.expression(one);
                        }
                    });
                    return;
                }
                ExprP::Dot(of, name) if METHODS.contains(&name.node.as_str()) => {
                    self.method(of, name, bytes(&**called).1);
                    self.expression(of);
                    // what it is given; what is called was seen to
                    expression.visit_expr(|one| {
                        if one.span != called.span {
                            self.expression(one);
                        }
                    });
                    return;
                }
                ExprP::Identifier(name) if FUNCTIONS.contains(&name.node.ident.as_str()) => {
                    let (from, to) = bytes(name);
                    self.put(from, to, format!("__{}", name.node.ident));
                }
                _ => {}
            },
            // `max(x, key=x.count)`
            ExprP::Dot(of, name) if HANDED.contains(&name.node.as_str()) => {
                self.handed(of, name);
            }
            ExprP::Dot(_, name) if METHODS.contains(&name.node.as_str()) => {
                let problem = format!("{} is taken without being called", name.node);
                let remedy = format!("write .{}(..)", name.node);
                self.wrong(bytes(name).0, &problem, &remedy);
            }
            _ => {}
        }
        expression.visit_expr(|one| self.expression(one));
    }

    /// `x.sort(key=f)` is `__put(x, sorted(x, key=f))`.
    fn in_place(&mut self, of: &AstExpr, name: &str, (called, end): (usize, usize)) {
        let (from, to) = bytes(of);
        let opens = self.seen.brackets.iter().find(|(at, _)| *at >= called);
        let dot = self.text[to..called].rfind('.').map(|at| to + at);
        let function = IN_PLACE.iter().find(|(one, _)| *one == name);
        let written = self.text[from..to].to_owned();
        let (Some((bracket, true)), Some(dot), Some((_, function)), false) =
            (opens, dot, function, written.contains('('))
        else {
            return self.wrong(from, "this is too intricate", "give the list a name first");
        };
        self.put(from, from, format!("__put({written}, {function}("));
        self.put(dot, bracket + 1, ", ");
        self.put(end, end, ")");
    }

    /// `x.count`, handed on, is `(lambda __it: __count(x, __it))`.
    fn handed(&mut self, of: &AstExpr, name: &Spanned<String>) {
        let ((from, to), (_, end)) = (bytes(of), bytes(name));
        let dot = self.text[to..end].find('.').map_or(to, |at| to + at);
        let begin = self.seen.begin(from, dot);
        self.put(begin, begin, format!("(lambda __it: __{}(", name.node));
        self.put(dot, end, ", __it))");
    }

    /// `x.join(y)` is `__join(x, y)`.
    fn method(&mut self, of: &AstExpr, name: &Spanned<String>, called: usize) {
        let (from, to) = bytes(of);
        let opens = self.seen.brackets.iter().find(|(at, _)| *at >= called);
        let dot = self.text[to..called].rfind('.').map(|at| to + at);
        let (Some((bracket, true)), Some(dot)) = (opens, dot) else {
            return self.wrong(from, "this is too intricate", "give parts of it names");
        };
        let begin = self.seen.begin(from, dot);
        self.put(begin, begin, format!("__{}(", name.node));
        self.put(dot, bracket + 1, ", ");
    }
}

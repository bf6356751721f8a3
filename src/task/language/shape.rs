//! Looks at the words of a task file before anything calls itself for what stands in what: the parser,
//! the compiler and the release of what they made do, one call a level.

use super::error::{Flaw, Where};
use starlark_syntax::codemap::CodeMap;
use starlark_syntax::dialect::Dialect;
use starlark_syntax::lexer::{Lexer, Token};
use std::collections::HashSet;

/// A task file has at most so many bytes.
pub(super) const MAX_FILE: usize = 64 << 10;
/// So deep brackets stand in each other, and blocks.
const MAX_DEPTH: usize = 48;
/// So many operators, dots and calls an expression may chain.
const MAX_CHAIN: usize = 256;
/// So many `elif` a file may have: each stands in the one before.
const MAX_ELIF: usize = 128;

/// How deep the words lead.
#[derive(Default)]
struct Depth {
    /// By open bracket: links of the chain so far. The first is the statement's own.
    chains: Vec<usize>,
    blocks: usize,
    elifs: usize,
}

/// What was seen in a file whose shape is fit to be read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// All names that stand in it.
    pub names: HashSet<String>,
    /// Where brackets open and close.
    pub brackets: Vec<(usize, bool)>,
}

impl Seen {
    /// How many more brackets open in these bytes than close.
    fn surplus(&self, from: usize, to: usize) -> i64 {
        let within = self
            .brackets
            .iter()
            .filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, opens)| if *opens { 1 } else { -1 }).sum()
    }

    /// Where an expression begins with the brackets around it that close before `to`: its own place
    /// does not count them in.
    pub fn begin(&self, from: usize, to: usize) -> usize {
        let missing = -self.surplus(from, to);
        let mut before = self.brackets.iter().rev().filter(|(at, _)| *at < from);
        (0..missing).fold(from, |_, _| before.next().map_or(from, |(at, _)| *at))
    }

    /// Where an expression ends with the brackets around it that open from `from` on.
    pub fn end(&self, from: usize, to: usize) -> usize {
        let missing = self.surplus(from, to);
        let mut behind = self.brackets.iter().filter(|(at, _)| *at >= to);
        (0..missing).fold(to, |_, _| behind.next().map_or(to, |(at, _)| at + 1))
    }
}

/// Looks over a file before it is parsed.
pub(super) fn look(text: &str, dialect: &Dialect) -> Result<Seen, Flaw> {
    if text.len() > MAX_FILE {
        let problem = format!(
            "the file has {} bytes, at most {MAX_FILE} are read",
            text.len()
        );
        return Err(Flaw::whole(
            problem,
            "is it a task file? Inputs in great number belong in a data file",
        ));
    }
    let codemap = CodeMap::new(String::new(), text.to_owned());
    let mut depth = Depth {
        chains: vec![0],
        ..Depth::default()
    };
    let mut seen = Seen::default();
    for lexeme in Lexer::new(codemap.source(), dialect, codemap.clone()) {
        // what is no word is told by the parser, which comes to it first
        let Ok((at, token, _)) = lexeme else { break };
        depth.enter(&token, at)?;
        match token {
            Token::OpeningRound | Token::OpeningSquare | Token::OpeningCurly => {
                seen.brackets.push((at, true));
            }
            Token::ClosingRound | Token::ClosingSquare | Token::ClosingCurly => {
                seen.brackets.push((at, false));
            }
            _ => {}
        }
        if let Token::Identifier(name) = token {
            // what a loop is made of where it was pasted
            if name.starts_with("__") && name != "__turns" {
                let problem = format!("'{}' begins with two underscores", super::shown(&name));
                return Err(Flaw::new(Where::Byte(at), problem, "choose another name"));
            }
            seen.names.insert(name);
        }
    }
    Ok(seen)
}

impl Depth {
    fn enter(&mut self, token: &Token, at: usize) -> Result<(), Flaw> {
        match token {
            Token::OpeningRound | Token::OpeningSquare | Token::OpeningCurly => {
                self.link(at)?;
                self.chains.push(0);
                if self.chains.len() > MAX_DEPTH {
                    return too_much(
                        at,
                        &format!("more than {MAX_DEPTH} brackets stand in each other"),
                    );
                }
            }
            Token::ClosingRound | Token::ClosingSquare | Token::ClosingCurly
                if self.chains.len() > 1 =>
            {
                self.chains.pop();
            }
            // one too many, of which the parser tells
            Token::ClosingRound | Token::ClosingSquare | Token::ClosingCurly => {}
            Token::Comma | Token::Semicolon => self.start_anew(),
            Token::Newline if self.chains.len() == 1 => self.start_anew(),
            Token::Indent => {
                self.blocks += 1;
                if self.blocks > MAX_DEPTH {
                    return too_much(
                        at,
                        &format!("more than {MAX_DEPTH} blocks stand in each other"),
                    );
                }
            }
            Token::Dedent => self.blocks = self.blocks.saturating_sub(1),
            Token::Elif => {
                self.elifs += 1;
                if self.elifs > MAX_ELIF {
                    return too_much(at, &format!("more than {MAX_ELIF} elif"));
                }
            }
            one if links(one) => self.link(at)?,
            _ => {}
        }
        Ok(())
    }

    fn start_anew(&mut self) {
        if let Some(chain) = self.chains.last_mut() {
            *chain = 0;
        }
    }

    fn link(&mut self, at: usize) -> Result<(), Flaw> {
        if let Some(chain) = self.chains.last_mut() {
            *chain += 1;
        }
        if self.chains.iter().sum::<usize>() > MAX_CHAIN {
            return too_much(
                at,
                &format!("the expression chains more than {MAX_CHAIN} operators"),
            );
        }
        Ok(())
    }
}

fn too_much(at: usize, problem: &str) -> Result<(), Flaw> {
    Err(Flaw::new(
        Where::Byte(at),
        problem,
        "give parts of it names of their own",
    ))
}

/// Whether one more of these words leads one level deeper.
fn links(token: &Token) -> bool {
    let plain = matches!(
        token,
        Token::Comment(_)
            | Token::Tabs
            | Token::Newline
            | Token::Identifier(_)
            | Token::Int(_)
            | Token::Float(_)
            | Token::String(_)
            | Token::Colon
            | Token::Equal
            | Token::Def
            | Token::Return
            | Token::Pass
            | Token::Break
            | Token::Continue
    );
    !plain
}

//! Explanations: a page that says what a model does, with the lines that make it do just that.
//!
//! ```text
//! # The index chooses
//!
//! The element looks at the index, and the answer at what is due.
//!
//!     rule blocks.0.attn.hook_pattern [elt,*] = one(idx)
//!     rule blocks.1.attn.hook_pattern [b_0,*] = one(elt) if idx == 1 else one(a_1)
//! ```
//!
//! It is Markdown: what is set in by four blanks are interventions, all else is text.

use crate::lens::{Action, HeadName, Intervention, Target};
use crate::model::{Config, HookName, Site};
use crate::task::{Task, shown};
use anyhow::{Context, Result, ensure};
use serde::Serialize;

/// A page has at most so many bytes, and so many lines of interventions.
pub const MAX_PAGE: u64 = 1 << 16;
const MAX_LINES: usize = 200;
/// How far an intervention is set in.
const INDENT: &str = "    ";

/// A page and what it does to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Its title.
    pub title: String,
    /// Its text, without the lines.
    pub text: String,
    /// Rules and removed parts, in their order.
    pub lines: Vec<Intervention>,
}

/// How much of a part of the model an explanation accounts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accounted {
    /// `attention of 0.0`, `MLP 0`.
    pub part: String,
    /// Positions at which it is under a rule, removed or set.
    pub explained: usize,
    /// Positions that can reach a prediction.
    pub of: usize,
}

impl Explanation {
    /// A page's explanation.
    ///
    /// # Errors
    /// Names the line that is wrong, and what it must be.
    pub fn parse(page: &str, task: Task, config: &Config) -> Result<Self> {
        let (mut title, mut text, mut lines) = (String::new(), String::new(), Vec::new());
        for (number, line) in (1..).zip(page.lines()) {
            ensure!(
                !line.chars().any(|c| c.is_control() && c != '\t'),
                "line {number}: a control character"
            );
            let line = line.trim_end();
            if let Some(intervention) = line.strip_prefix(INDENT) {
                let read = Intervention::parse(intervention.trim(), task, config);
                let read = read
                    .with_context(|| format!("line {number}, '{}'", shown(intervention.trim())))?;
                lines.push(read);
                ensure!(
                    lines.len() <= MAX_LINES,
                    "line {number}: more than {MAX_LINES} interventions"
                );
                continue;
            }
            match line.strip_prefix("# ") {
                Some(rest) if title.is_empty() => title = rest.trim().to_owned(),
                _ => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        ensure!(
            !title.is_empty(),
            "there is no title: begin with a line '# TITLE'"
        );
        ensure!(
            !lines.is_empty(),
            "nothing is done to the model: write interventions and rules, each on a line of its own, set in by four blanks"
        );
        Ok(Self {
            title,
            text: text.trim().to_owned(),
            lines,
        })
    }

    /// How much of each head's attention and output and of each MLP it accounts for, at the positions
    /// up to the last that is read.
    #[must_use]
    pub fn accounted(&self, task: Task, config: &Config) -> Vec<Accounted> {
        let of = task.read_len();
        let count = |explained: &dyn Fn(&Intervention, usize) -> bool, part: String| Accounted {
            part,
            explained: (0..of)
                .filter(|&at| self.lines.iter().any(|one| explained(one, at)))
                .count(),
            of,
        };
        let mut all = Vec::new();
        for HeadName { layer, head } in HeadName::all(config) {
            let attends = |one: &Intervention, at: usize| {
                let here = matches!(one.hook, HookName::Block(l, Site::Pattern | Site::AttnScores) if l == layer);
                let row = matches!(one.target, Target::Cell { src: None, dest } if dest.is_none_or(|dest| dest == at));
                here && row && one.head.is_none_or(|only| only == head) && replaces(one)
            };
            let writes = |one: &Intervention, at: usize| {
                let here = matches!(one.hook, HookName::Block(l, Site::Z | Site::Result | Site::AttnOut) if l == layer);
                here && replaces(one) && one.selects(head, at, 0)
            };
            let both = |one: &Intervention, at: usize| attends(one, at) || writes(one, at);
            all.push(count(&both, format!("attention of {layer}.{head}")));
        }
        for layer in (0..config.n_layers).filter(|_| config.mlp.is_some()) {
            let writes = |one: &Intervention, at: usize| {
                let here = matches!(one.hook, HookName::Block(l, Site::MlpPost | Site::MlpOut) if l == layer);
                here && one.head.is_none() && replaces(one) && one.selects(0, at, 0)
            };
            all.push(count(&writes, format!("MLP {layer}")));
        }
        all
    }
}

/// Whether something else stands there now.
fn replaces(one: &Intervention) -> bool {
    matches!(one.action, Action::Patch(_) | Action::Zero | Action::Set(_))
}

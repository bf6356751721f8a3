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

use crate::lens::Intervention;
use crate::model::Config;
use crate::task::{Task, shown};
use anyhow::{Context, Result, ensure};

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
}

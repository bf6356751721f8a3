//! Task files: a task written in a part of Python, read as data.
//!
//! A file says what the tokens are, how a prompt is laid out, what its fields may hold, and has a
//! function that says what is right (`docs/tasks.md`). It is run once, within bounds of steps, memory
//! and time; files, clocks and networks are out of its reach. Its functions are then called for
//! whatever inputs there are, from any thread. Where a function only copies, that is found out
//! ([`picks`]), and the function is not needed any more.

mod answers;
mod asking;
mod bounds;
mod built_in;
mod calling;
mod checking;
mod classes;
mod drawing;
mod edits;
mod error;
mod expression;
mod expression_text;
mod given;
mod globals;
mod layout;
mod pasted;
mod picks;
mod python;
mod python_collections;
mod python_itertools;
mod python_math;
mod python_texts;
mod reading;
mod shape;
mod source;
mod values;
mod watch;
mod wording;

use super::rule::{Ask, Rule};
use super::{Spec, Task, shown};
use asking::{Asking, Frame};
use calling::Program;
pub(super) use classes::Classes;
use error::Flaw;
pub use error::TaskError;
pub(super) use error::one_line;
pub use expression::Expression;
pub use expression_text::{Called, ExpressionError};
pub use given::Given;
use sha2::{Digest, Sha256};
use source::Source;
use std::sync::Arc;

/// What is known of the checkpoint that a task is for. A task file may ask for each by its name; it
/// is `None` there where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Positions that the model has.
    pub n_ctx: Option<usize>,
    /// Tokens that it reads.
    pub d_vocab: Option<usize>,
    /// Classes that it can say.
    pub d_vocab_out: Option<usize>,
}

impl Task {
    /// The task that a file's text describes. `name` is the file as the user knows it: messages
    /// begin with it, and its last part is the task's name.
    ///
    /// # Errors
    /// When the file is no task: one error with line, column, cause and remedy.
    pub fn from_file(
        name: &str,
        text: &str,
        options: &[(String, String)],
        sizes: &Sizes,
    ) -> Result<Self, TaskError> {
        let mut spec = spec(name, text, options, sizes)?;
        let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let stem = stem.strip_suffix(".star").unwrap_or(stem);
        spec.name = if stem.is_empty() { "task" } else { stem }.to_owned();
        spec.options.push(("file".into(), hash(text.as_bytes())));
        Ok(spec.into())
    }

    /// The built-in task of this name with what was chosen for it, `list_len=5`.
    ///
    /// # Errors
    /// When there is no such task or no such option, or the task cannot be of that size.
    pub fn built_in(
        name: &str,
        options: &[(String, String)],
        sizes: &Sizes,
    ) -> Result<Self, TaskError> {
        let Some(text) = built_in::text(name) else {
            let names: Vec<&str> = Self::built_in_names().collect();
            return Err(TaskError {
                file: shown(name),
                place: None,
                problem: "there is no built-in task of this name".into(),
                remedy: format!("the names are {}, or give a task file", names.join(" ")),
            });
        };
        let mut spec = spec(name, text, options, sizes)?;
        spec.name = name.into();
        Ok(spec.into())
    }

    /// A task's name or file and what was chosen for it, as they are typed:
    /// `sort:list_len=5,max_num=20`.
    ///
    /// # Errors
    /// When what stands behind the name chooses nothing.
    #[expect(
        clippy::type_complexity,
        reason = "the options are as built_in takes them"
    )]
    pub fn choice(text: &str) -> Result<(&str, Vec<(String, String)>), TaskError> {
        // a path may have colons of its own
        let parts = text.rsplit_once(':').filter(|(_, rest)| rest.contains('='));
        let Some((name, rest)) = parts else {
            return Ok((text, Vec::new()));
        };
        let option = |word: &str| match word.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            }
            _ => Err(TaskError {
                file: shown(name),
                place: None,
                problem: format!("'{}' chooses nothing", shown(word)),
                remedy: "write NAME:OPTION=VALUE,OPTION=VALUE".into(),
            }),
        };
        let options = rest.split(',').map(option);
        Ok((name, options.collect::<Result<_, _>>()?))
    }

    /// The names of the built-in tasks.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        built_in::ALL.iter().map(|(name, _)| *name)
    }

    /// The text of a built-in task's file, to read or to begin one's own with.
    #[must_use]
    pub fn built_in_text(name: &str) -> Option<&'static str> {
        built_in::text(name)
    }

    /// Whether a checkpoint of these sizes can be asked this task. It may have more positions than a
    /// prompt; what is not known is no hindrance.
    ///
    /// # Errors
    /// Says which sizes disagree.
    pub fn fits(&self, sizes: &Sizes) -> Result<(), String> {
        let mut wrong = Vec::new();
        let mut differ = |what: &str, has: Option<usize>, needs: usize, fits: bool| {
            if let Some(has) = has.filter(|_| !fits) {
                wrong.push(format!(
                    "{what} is {has} in the checkpoint, the task has {needs}"
                ));
            }
        };
        let (tokens, classes, len) = (self.d_vocab(), self.classes.len(), self.seq_len());
        differ(
            "d_vocab",
            sizes.d_vocab,
            tokens,
            sizes.d_vocab == Some(tokens),
        );
        differ(
            "d_vocab_out",
            sizes.d_vocab_out,
            classes,
            sizes.d_vocab_out == Some(classes),
        );
        let holds = sizes.n_ctx.is_some_and(|n_ctx| n_ctx >= len);
        differ("n_ctx", sizes.n_ctx, len, holds);
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "{} does not fit: {}",
                self.title(),
                wrong.join("; ")
            )),
        }
    }
}

/// What tells a file from others of its name.
pub(super) fn hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The same of the built-in task of this name.
pub(super) fn hash_of_built_in(name: &str) -> Option<String> {
    built_in::text(name).map(|text| hash(text.as_bytes()))
}

/// A file's text as a task without a name.
fn spec(
    name: &str,
    text: &str,
    options: &[(String, String)],
    sizes: &Sizes,
) -> Result<Spec, TaskError> {
    watch::until(Some(calling::LOADING));
    let program = Program::run(Source::new(name, text)?, options, &globals::globals(sizes))?;
    let framed = reading::read(&program, sizes).and_then(|(mut spec, asked)| {
        spec.options.clone_from(&program.options);
        Frame::new(&program, spec, asked)
    });
    let frame = match framed {
        Ok(frame) => frame,
        Err(flaw) => return Err(program.source.error(flaw)),
    };
    let asking = Arc::new(Asking { program, frame });
    let mut spec = asking.frame.spec.clone();
    asking.hand_over(&mut spec);
    let checked = checking::check(&asking, &spec)?;
    let picks = picks::picks(&asking).filter(|picks| {
        // what hides nothing from the check has been found wrong nowhere else
        let rule = Rule::Picks(picks.clone());
        let inputs: Vec<&[super::Token]> = checked.iter().map(|(input, _)| &input[..]).collect();
        let said = rule
            .targets(spec.answers.len(), &inputs)
            .unwrap_or_default();
        said.iter()
            .zip(&checked)
            .all(|(said, (_, right))| said == right)
    });
    spec.rule = match picks {
        Some(picks) => Rule::Picks(picks),
        None if spec.answers.is_empty() => Rule::None,
        None => {
            let ask: Arc<Ask> = Arc::new(move |inputs| Ok(asking.targets(inputs, false)?));
            Rule::Function(ask)
        }
    };
    watch::until(None);
    Ok(spec)
}

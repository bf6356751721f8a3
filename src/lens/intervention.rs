//! Interventions as data: one line of text each, parsed and printed in this one place.
//!
//! ```text
//! patch blocks.1.attn.hook_k @elt from clean        zero  blocks.0.attn.hook_z @*
//! scale blocks.1.attn.hook_z @b_0 head 0 by 0.5     knock blocks.0.attn.hook_pattern [elt,idx]
//! set   blocks.1.attn.hook_pattern [b_0,elt] = 1
//! ```

use super::experiment::RunName;
use crate::model::{Axes, Config, HookName, edit_distance};
use crate::task::{ArrayUpdate, shown};
use std::fmt;

/// What is done to the chosen part of an activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Replaced by the same part of an untouched run.
    Patch(RunName),
    /// Replaced by zeros.
    Zero,
    /// Multiplied; a masked score stays masked.
    Scale(f64),
    /// Replaced by this number.
    Set(f64),
    /// An attention cell cut off: a probability set to 0 (the row is not renormalised), a score
    /// set to minus infinity (the softmax renormalises the row).
    Knock,
}

/// Which part of an activation; `None` means all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Positions, sorted.
    Positions(Option<Vec<usize>>),
    /// A cell, row or column of an attention matrix.
    Cell {
        /// The query's position.
        dest: Option<usize>,
        /// The key's position.
        src: Option<usize>,
    },
}

/// One change to a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// What is done.
    pub action: Action,
    /// At which hook point.
    pub hook: HookName,
    /// To which part of it.
    pub target: Target,
    /// To which head; `None` means all.
    pub head: Option<usize>,
}

/// What is wrong with an intervention line, and at which word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Index of the wrong word; the number of words when one is missing at the end.
    pub word: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {}: {}", self.word + 1, self.problem)
    }
}

impl std::error::Error for LineError {}

type Result<T> = std::result::Result<T, LineError>;

/// The verbs, with the form of their lines.
pub const VERBS: [(&str, &str); 5] = [
    ("patch", "patch HOOK TARGET [head N] from clean|corrupted"),
    ("zero", "zero HOOK TARGET [head N]"),
    ("scale", "scale HOOK TARGET [head N] by NUMBER"),
    ("set", "set HOOK TARGET [head N] = NUMBER"),
    ("knock", "knock HOOK [dest,src] [head N]"),
];

impl Intervention {
    /// Whether a part of the activation is changed: `a` and `b` are (position, any) or
    /// (dest, src), by the hook's layout.
    #[must_use]
    pub fn selects(&self, head: usize, a: usize, b: usize) -> bool {
        let in_place = match &self.target {
            Target::Positions(positions) => positions.as_ref().is_none_or(|list| list.contains(&a)),
            Target::Cell { dest, src } => {
                dest.is_none_or(|dest| dest == a) && src.is_none_or(|src| src == b)
            }
        };
        in_place && self.head.is_none_or(|only| only == head)
    }

    /// Whether it may let a position attend to a later one: a number put into a masked cell.
    #[must_use]
    pub(super) fn lifts_mask(&self) -> bool {
        let Target::Cell { dest, src } = self.target else {
            return false;
        };
        let masked = match (dest, src) {
            (Some(dest), Some(src)) => src > dest,
            (None, Some(src)) => src > 0,
            _ => true,
        };
        masked && matches!(self.action, Action::Zero | Action::Set(_))
    }

    /// The line that [`Intervention::parse`] reads.
    #[must_use]
    pub fn line(&self, task: ArrayUpdate) -> String {
        let verb = match self.action {
            Action::Patch(_) => "patch",
            Action::Zero => "zero",
            Action::Scale(_) => "scale",
            Action::Set(_) => "set",
            Action::Knock => "knock",
        };
        let label = |p: &Option<usize>| p.map_or_else(|| "*".to_owned(), |p| task.label(p));
        let target = match &self.target {
            Target::Positions(None) => "@*".to_owned(),
            Target::Positions(Some(list)) => {
                let labels: Vec<_> = list.iter().map(|&p| task.label(p)).collect();
                format!("@{}", labels.join(","))
            }
            Target::Cell { dest, src } => format!("[{},{}]", label(dest), label(src)),
        };
        let head = self.head.map_or_else(String::new, |h| format!(" head {h}"));
        let rest = match self.action {
            Action::Patch(run) => format!(" from {}", run.name()),
            Action::Scale(factor) => format!(" by {factor}"),
            Action::Set(value) => format!(" = {value}"),
            Action::Zero | Action::Knock => String::new(),
        };
        format!("{verb} {} {target}{head}{rest}", self.hook)
    }

    /// An intervention from its line.
    ///
    /// # Errors
    /// Points at the first wrong word and shows what would be right there.
    pub fn parse(line: &str, task: ArrayUpdate, config: &Config) -> Result<Self> {
        let mut words = Words::new(line);
        let (verb, form) = words.verb()?;
        words.form = form;
        let name = words.next("a hook name")?;
        let hook =
            HookName::parse(name, config.n_layers).or_else(|e| words.wrong(e.to_string()))?;
        if verb == "knock" && hook.axes() != Axes::HeadDestSrc {
            return words.wrong(format!(
                "{hook} has no attention cells; knock works on hook_pattern and hook_attn_scores"
            ));
        }
        let target = words.target(task, hook)?;
        let head = words.head(hook, config)?;
        let action = match verb {
            "patch" => {
                words.keyword("from")?;
                Action::Patch(words.run()?)
            }
            "zero" => Action::Zero,
            "scale" => {
                words.keyword("by")?;
                Action::Scale(words.number()?)
            }
            "set" => {
                words.keyword("=")?;
                Action::Set(words.number()?)
            }
            _ => Action::Knock,
        };
        words.end()?;
        Ok(Self {
            action,
            hook,
            target,
            head,
        })
    }
}

/// The words of a line, read from left to right.
struct Words<'a> {
    words: Vec<&'a str>,
    /// How many were read.
    at: usize,
    /// The form of the line, once its verb is known.
    form: &'static str,
}

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Self {
        Self {
            words: line.split_whitespace().collect(),
            at: 0,
            form: "VERB HOOK TARGET ...",
        }
    }

    /// An error about the word read last.
    fn wrong<T>(&self, problem: impl Into<String>) -> Result<T> {
        Err(LineError {
            word: self.at.saturating_sub(1),
            problem: problem.into(),
        })
    }

    fn next(&mut self, what: &str) -> Result<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        match word {
            Some(word) => Ok(word),
            None => self.wrong(format!("{what} is missing; {}", self.form)),
        }
    }

    fn verb(&mut self) -> Result<(&'static str, &'static str)> {
        let known = VERBS.map(|(verb, _)| verb).join(", ");
        let word = self.next(&format!("a verb ({known})"))?;
        match VERBS.iter().find(|(verb, _)| *verb == word) {
            Some(found) => Ok(*found),
            None => {
                let nearest = VERBS
                    .iter()
                    .min_by_key(|(verb, _)| edit_distance(verb, word))
                    .map_or("", |(verb, _)| verb);
                let word = shown(word);
                self.wrong(format!(
                    "no verb '{word}'; did you mean {nearest}? The verbs are {known}"
                ))
            }
        }
    }

    fn keyword(&mut self, keyword: &str) -> Result<()> {
        let word = self.next(&format!("'{keyword}'"))?;
        if word == keyword {
            return Ok(());
        }
        self.wrong(format!(
            "'{}' is not '{keyword}'; {}",
            shown(word),
            self.form
        ))
    }

    fn number(&mut self) -> Result<f64> {
        let word = self.next("a number")?;
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() && number.abs() <= 1e6 => Ok(number),
            _ => self.wrong(format!("'{}' is not a number in -1e6..=1e6", shown(word))),
        }
    }

    fn run(&mut self) -> Result<RunName> {
        match self.next("clean or corrupted")? {
            "clean" => Ok(RunName::Clean),
            "corrupted" => Ok(RunName::Corrupted),
            word => self.wrong(format!("'{}' is not clean or corrupted", shown(word))),
        }
    }

    fn position(&self, task: ArrayUpdate, word: &str) -> Result<Option<usize>> {
        if word == "*" {
            return Ok(None);
        }
        let position = task.position(word);
        position.map(Some).or_else(|e| self.wrong(e.to_string()))
    }

    fn target(&mut self, task: ArrayUpdate, hook: HookName) -> Result<Target> {
        let is_attention = hook.axes() == Axes::HeadDestSrc;
        let example = if is_attention { "[b_0,elt]" } else { "@elt" };
        let word = self.next(&format!("a target such as {example}"))?;
        let cell = word.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
        match (is_attention, cell, word.strip_prefix('@')) {
            (true, Some(cell), _) => {
                let Some((dest, src)) = cell.split_once(',') else {
                    return self.wrong(format!("'{}' is not [dest,src]", shown(word)));
                };
                Ok(Target::Cell {
                    dest: self.position(task, dest)?,
                    src: self.position(task, src)?,
                })
            }
            (false, _, Some("*")) => Ok(Target::Positions(None)),
            (false, _, Some(list)) => {
                let mut positions = Vec::new();
                for name in list.split(',') {
                    let position = task.position(name);
                    positions.push(position.or_else(|e| self.wrong(e.to_string()))?);
                }
                positions.sort_unstable();
                positions.dedup();
                Ok(Target::Positions(Some(positions)))
            }
            _ => self.wrong(format!(
                "'{}' is no target of {hook}; write it as {example}, * for all",
                shown(word)
            )),
        }
    }

    /// `head N`, if it stands here.
    fn head(&mut self, hook: HookName, config: &Config) -> Result<Option<usize>> {
        if self.words.get(self.at) != Some(&"head") {
            return Ok(None);
        }
        self.at += 1;
        if hook.axes() == Axes::Pos {
            return self.wrong(format!("{hook} has no heads"));
        }
        let word = self.next("a head")?;
        match word.parse() {
            Ok(head) if head < config.n_heads => Ok(Some(head)),
            _ => self.wrong(format!(
                "'{}' is no head in 0..={}",
                shown(word),
                config.n_heads - 1
            )),
        }
    }

    fn end(&mut self) -> Result<()> {
        match self.words.get(self.at) {
            None => Ok(()),
            Some(word) => {
                self.at += 1;
                self.wrong(format!(
                    "'{}' is one word too many; {}",
                    shown(word),
                    self.form
                ))
            }
        }
    }
}

/// Lines that are right so far and one word longer, for completion.
#[must_use]
pub fn completions(line: &str, task: ArrayUpdate, config: &Config) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let done = if line.ends_with(char::is_whitespace) {
        words.len()
    } else {
        words.len().saturating_sub(1)
    };
    let stem = words.get(done).copied().unwrap_or("");
    let before = &words[..done];
    let lead: String = before.iter().flat_map(|word| [word, " "]).collect();
    next_words(before, stem, task, config)
        .into_iter()
        .filter(|word| word.starts_with(stem) && word != stem)
        .map(|word| format!("{lead}{word}"))
        .collect()
}

/// What may stand behind these words.
fn next_words(before: &[&str], stem: &str, task: ArrayUpdate, config: &Config) -> Vec<String> {
    let hooks = || HookName::all(config.n_layers);
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let (verb, name, rest) = match *before {
        [] => return VERBS.map(|(verb, _)| verb.to_owned()).to_vec(),
        [verb] => {
            return hooks()
                .filter(|hook| verb != "knock" || hook.axes() == Axes::HeadDestSrc)
                .map(|hook| hook.to_string())
                .collect();
        }
        [verb, name, ref rest @ ..] => (verb, name, rest),
    };
    let Some(hook) = hooks().find(|hook| hook.to_string() == name) else {
        return Vec::new();
    };
    let tail = match verb {
        "patch" => "from",
        "scale" => "by",
        "set" => "=",
        _ => "",
    };
    match *rest {
        [] => next_targets(hook, stem, task),
        [_] if hook.axes() != Axes::Pos => owned(&[tail, "head"]),
        [_] | [_, "head", _] => owned(&[tail]),
        [_, "head"] => (0..config.n_heads).map(|head| head.to_string()).collect(),
        [.., "from"] => owned(&[RunName::Clean.name(), RunName::Corrupted.name()]),
        _ => Vec::new(),
    }
}

/// The targets of a hook that go on from what is typed of one.
fn next_targets(hook: HookName, stem: &str, task: ArrayUpdate) -> Vec<String> {
    let labels = task.labels();
    let all = std::iter::once("*".to_owned()).chain(labels);
    if hook.axes() != Axes::HeadDestSrc {
        let typed = stem.rfind(',').map_or("@", |comma| &stem[..=comma]);
        return all.map(|label| format!("{typed}{label}")).collect();
    }
    match stem.split_once(',') {
        Some((dest, _)) => all.map(|label| format!("{dest},{label}]")).collect(),
        None => all.map(|label| format!("[{label},")).collect(),
    }
}

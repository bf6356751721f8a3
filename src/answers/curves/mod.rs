//! Numbers of a model at each of its steps.
//!
//! ```text
//! curve loss, accuracy                         curve A1[b_0,elt], min margin over random:3:500
//! curve pred == truth until accuracy > 0.99    curve loss log xy
//! curve circuit ov.1 at 5 5                    curve attribution at head 1.0 b_0→b_1
//! ```
//!
//! `quantity.rs` reads and measures them, `walk.rs` goes from step to step.

mod quantity;
mod walk;

pub use quantity::{Condition, Tracked};
pub use walk::{AlongSteps, Measured, StepLine};

use crate::model::Config;
use crate::task::{Sample, Task, limits, shown};
use anyhow::{Context, Result, ensure};

/// At most so many numbers of each step.
const MOST: usize = 12;

/// Which axes of a chart are logarithmic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogAxes {
    /// The steps, from 1 on.
    pub x: bool,
    /// The numbers.
    pub y: bool,
}

impl LogAxes {
    /// `x`, `y`, `xy` or nothing.
    ///
    /// # Errors
    /// When it is another word.
    pub fn parse(word: &str) -> Result<Self> {
        let known = matches!(word, "x" | "y" | "xy" | "yx");
        ensure!(known, "'{}' is no axis; x, y or xy", shown(word));
        Ok(Self {
            x: word.contains('x'),
            y: word.contains('y'),
        })
    }

    /// Takes ` log AXES` off the end of a question, where it stands there.
    pub(in crate::answers) fn taken(text: &str) -> (&str, Self) {
        let parted = text.rsplit_once(" log ");
        let read = parted.and_then(|(before, axes)| Some((before, Self::parse(axes.trim()).ok()?)));
        read.unwrap_or((text, Self::default()))
    }

    /// What [`LogAxes::taken`] takes off.
    #[must_use]
    pub(in crate::answers) fn words(self) -> String {
        match self.name() {
            "" => String::new(),
            axes => format!(" log {axes}"),
        }
    }

    /// Its word; empty where both are as they are.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.x, self.y) {
            (false, false) => "",
            (true, false) => "x",
            (false, true) => "y",
            (true, true) => "xy",
        }
    }

    /// The next of the four.
    #[must_use]
    pub fn next(self) -> Self {
        match (self.x, self.y) {
            (false, false) => Self { x: false, y: true },
            (false, true) => Self { x: true, y: false },
            (true, false) => Self { x: true, y: true },
            (true, true) => Self::default(),
        }
    }
}

/// What is asked of each step. Quantities are kept as they were typed; they have been read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curves {
    /// The numbers.
    pub quantities: Vec<String>,
    /// When does this begin to hold?
    pub until: Option<String>,
    /// Of which inputs; all where these are few, else some.
    pub over: Option<Sample>,
    /// How they are drawn.
    pub log: LogAxes,
}

impl Curves {
    /// Reads what follows the verb.
    ///
    /// # Errors
    /// Says which quantity is none.
    pub fn parse(text: &str, task: Task, config: &Config) -> Result<Self> {
        limits::check_line(text)?;
        let (mut rest, log) = LogAxes::taken(text.trim());
        let mut until = None;
        if let Some((before, condition)) = rest.split_once(" until ") {
            (rest, until) = (before, Some(condition.trim().to_owned()));
        }
        let mut over = None;
        if let Some((before, sample)) = rest.rsplit_once(" over ")
            && (sample.starts_with("random:") || sample.starts_with("notebook:"))
        {
            (rest, over) = (before, Some(sample.trim().parse()?));
        }
        let quantities = apart(rest).filter(|one| !one.is_empty());
        let curves = Self {
            quantities: quantities.map(str::to_owned).collect(),
            until,
            over,
            log,
        };
        curves.read(task, config)?;
        Ok(curves)
    }

    /// The quantities and the condition as they are measured.
    ///
    /// # Errors
    /// Says which is none.
    pub fn read(&self, task: Task, config: &Config) -> Result<(Vec<Tracked>, Option<Condition>)> {
        let count = self.quantities.len();
        ensure!(
            count > 0,
            "a quantity is missing: loss, accuracy, margin .."
        );
        ensure!(count <= MOST, "{count} quantities; {MOST} are supported");
        let read = |text: &String| {
            let tracked = Tracked::parse(text, task, config);
            tracked.with_context(|| format!("in the quantity '{}'", shown(text)))
        };
        let all: Vec<Tracked> = self.quantities.iter().map(read).collect::<Result<_>>()?;
        let until = self.until.as_ref().map(|text| {
            let condition = Condition::parse(text, task, config);
            condition.with_context(|| format!("in the condition '{}'", shown(text)))
        });
        Ok((all, until.transpose()?))
    }

    /// The line that asks it.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("curve {}", self.quantities.join(", "));
        if let Some(over) = self.over {
            line += &format!(" over {over}");
        }
        if let Some(until) = &self.until {
            line += &format!(" until {until}");
        }
        line + &self.log.words()
    }

    /// Whether something of it depends on the prompt.
    #[must_use]
    pub fn is_about_run(&self) -> bool {
        let mut all = self.quantities.iter().chain(&self.until);
        all.any(|text| text.contains(" at "))
    }
}

/// Texts apart by commas that stand in no brackets, the empty ones as well.
pub(in crate::answers) fn apart(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let separates = move |c: char| {
        match c {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(separates).map(str::trim)
}

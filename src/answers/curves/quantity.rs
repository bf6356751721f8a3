//! What is told of each step: a loss, an accuracy, a number of claims, or a cell of an answer.

use super::walk::{AtStep, Measured, over_words};
use crate::answers::answering::{Inquest, answer};
use crate::answers::question::Question;
use crate::answers::standing::Standing;
use crate::answers::table::Table;
use crate::lens::{RunName, Shown};
use crate::model::Config;
use crate::sweep::{Claim, Tally, Verdict};
use crate::task::{Task, shown};
use anyhow::{Context, Result, bail, ensure};

/// The mean loss of the steps up to one, as they were taken.
const TRAIN_LOSS: &str = "train.loss";
/// The loss on inputs that no step takes.
const HELD_OUT_LOSS: &str = "held_out.loss";
/// How right it is on them.
const HELD_OUT_ACCURACY: &str = "held_out.accuracy";

/// A number of each step.
#[derive(Debug)]
pub struct Tracked {
    /// As it was typed.
    pub text: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Loss,
    Accuracy,
    /// What the training's record says.
    Recorded(&'static str),
    Claim(Box<Claim>),
    /// Something true or not, that is asked how often it is.
    Condition(Box<Claim>),
    /// A cell of an answer, or a number that belongs to all of it.
    Cell(Box<Question>, String),
}

impl Tracked {
    /// `loss`, `accuracy`, what a claim can name, or `QUESTION at ROW COLUMN`.
    ///
    /// # Errors
    /// Says which word is wrong.
    pub fn parse(text: &str, task: Task, config: &Config) -> Result<Self> {
        let text = text.trim();
        let what = match (text, text.rsplit_once(" at ")) {
            ("loss", _) => What::Loss,
            ("accuracy", _) => What::Accuracy,
            (TRAIN_LOSS, _) => What::Recorded(TRAIN_LOSS),
            (HELD_OUT_LOSS, _) => What::Recorded(HELD_OUT_LOSS),
            (HELD_OUT_ACCURACY, _) => What::Recorded(HELD_OUT_ACCURACY),
            (_, Some((question, cell))) => {
                let question = Question::parse(question, task, config)?;
                let nested = matches!(question, Question::Curves(_));
                ensure!(!nested, "a curve has no number of its own");
                What::Cell(Box::new(question), cell.trim().to_owned())
            }
            _ => {
                // a condition is asked how often it is true: its mean would be a condition of all inputs
                match Claim::parse(text, task, config) {
                    Ok(claim) if is_of_each(text) => What::Condition(Box::new(claim)),
                    Ok(claim) => What::Claim(Box::new(claim)),
                    Err(error) => {
                        let mean = Claim::parse(&format!("mean {text}"), task, config);
                        What::Claim(Box::new(mean.map_err(|_| error)?))
                    }
                }
            }
        };
        Ok(Self {
            text: text.to_owned(),
            what,
        })
    }

    /// Whether it is a number of the inputs that a sample or the space lists: else it is the weights', the
    /// prompt's, or says for itself which inputs it is of.
    #[must_use]
    pub fn is_over_inputs(&self) -> bool {
        match &self.what {
            What::Cell(question, _) => question.is_over_sample(),
            What::Recorded(_) => false,
            _ => true,
        }
    }

    /// The number at a step; nothing where it was not wanted any more.
    pub(super) fn at(
        &self,
        step: &mut AtStep<'_>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Measured>> {
        Ok(match &self.what {
            What::Loss | What::Accuracy => {
                let Some(tally) = step.tally(go_on)? else {
                    return Ok(None);
                };
                let right = tally.right();
                Some(Measured {
                    value: match self.what {
                        What::Loss => tally.mean_loss(),
                        _ => right.inputs_accuracy,
                    },
                    n: Some(right.inputs),
                    undefined: tally.undefined(),
                    over: over_words(step.over),
                })
            }
            What::Recorded(word) => {
                let point = step
                    .recorded
                    .context("the training's record does not say")?;
                let held_out = || {
                    point
                        .held_out
                        .context("no inputs were held out, or the record does not say")
                };
                Some(Measured {
                    value: match *word {
                        TRAIN_LOSS => point.loss,
                        HELD_OUT_LOSS => held_out()?.loss,
                        _ => held_out()?.accuracy,
                    },
                    n: None,
                    undefined: 0,
                    over: format!("the record at step {}", point.step),
                })
            }
            What::Claim(claim) | What::Condition(claim) => {
                let sweep = step.sweep()?;
                let verdict = sweep.check(step.over, claim, &mut |_, _| Ok(go_on()))?;
                verdict.map(|verdict| Measured {
                    value: told(&self.text, &verdict),
                    n: Some(verdict.total - verdict.undefined),
                    undefined: verdict.undefined,
                    over: over_words(step.over),
                })
            }
            What::Cell(question, cell) => {
                step.make_tools()?;
                let patched = !step.experiment.interventions.is_empty();
                let run = if patched {
                    RunName::Patched
                } else {
                    RunName::Clean
                };
                let table = answer(Inquest {
                    model: &step.model,
                    tools: step.tools()?,
                    other: None,
                    question,
                    experiment: step.experiment,
                    about: Shown::Run(run),
                })?;
                let Standing { n, over, .. } = Standing::of(question, &table, step.experiment, run);
                Some(Measured {
                    value: found(&table, cell)?,
                    n,
                    undefined: 0,
                    over,
                })
            }
        })
    }
}

/// Whether a claim is one of each input: not of their mean, least or largest.
fn is_of_each(text: &str) -> bool {
    !matches!(text.split_whitespace().next(), Some("mean" | "min" | "max"))
}

/// The number that a verdict is asked for: the least, the largest, the mean, or how often it is true.
fn told(quantity: &str, verdict: &Verdict) -> f64 {
    match quantity.split_whitespace().next() {
        Some("min") => verdict.min,
        Some("max") => verdict.max,
        _ if verdict.holds.is_none() => verdict.mean,
        _ => verdict.count as f64 / verdict.total as f64,
    }
}

/// What a table says at `ROW COLUMN`, or under the name of one of its notes.
fn found(table: &Table, name: &str) -> Result<f64> {
    if let Some((_, text)) = table.notes.iter().find(|(note, _)| note == name) {
        let number = text.split_whitespace().next().unwrap_or("");
        let number = number.trim_end_matches(['%', ',', ';']).parse();
        return number
            .with_context(|| format!("'{}' is '{}', no number", shown(name), shown(text)));
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let at = |names: &[String], name: &str| names.iter().position(|one| one == name);
    for split in (1..=words.len()).rev() {
        let (row, column) = words.split_at(split);
        let row = at(&table.rows, &row.join(" "));
        let column = match column {
            [] => Some(0).filter(|_| table.cols.len() == 1),
            words => at(&table.cols, &words.join(" ")),
        };
        if let (Some(row), Some(column)) = (row, column) {
            let value = table.values.get(&[row, column]);
            return value.map(f64::from).context("the cell has no number");
        }
    }
    let some = |names: &[String]| names.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
    let notes: Vec<String> = table.notes.iter().map(|(name, _)| name.clone()).collect();
    bail!(
        "no cell '{}' of '{}'; its rows are {} .., its columns {} .., its notes {}",
        shown(name),
        table.title,
        some(&table.rows),
        some(&table.cols),
        some(&notes)
    )
}

/// Something that a step's number has to be: `accuracy > 0.99`, `loss < 0.1`, `pred == truth`.
#[derive(Debug)]
pub struct Condition {
    /// As it was typed.
    pub text: String,
    /// Of what.
    pub of: Tracked,
    how: &'static str,
    than: f64,
}

/// What a number is compared by; longer ones first.
const SIGNS: [&str; 5] = [">=", "<=", "==", ">", "<"];

impl Condition {
    /// A quantity, a sign and a number, of the inputs behind `when` where it is said; a claim alone has to hold
    /// for all inputs.
    ///
    /// # Errors
    /// Says which word is wrong.
    pub fn parse(text: &str, task: Task, config: &Config) -> Result<Self> {
        let text = text.trim();
        let (bare, when) = match text.split_once(" when ") {
            Some((bare, when)) => (bare, format!(" when {when}")),
            None => (text, String::new()),
        };
        let places = SIGNS
            .iter()
            .filter_map(|sign| Some((bare.rfind(sign)?, *sign)));
        // of `>=` and `>` that which begins first
        let last = places.max_by_key(|(at, sign)| (at + sign.len(), sign.len()));
        let split = last.and_then(|(at, how)| {
            let than = bare[at + how.len()..].trim().parse::<f64>().ok();
            let quantity = format!("{}{when}", bare[..at].trim_end());
            Some((quantity, how, than.filter(|than| than.is_finite())?))
        });
        let alone = split.is_none();
        let (quantity, how, than) = split.unwrap_or_else(|| (text.to_owned(), ">=", 1.0));
        let of = Tracked::parse(&quantity, task, config)?;
        ensure!(
            !alone || matches!(of.what, What::Condition(_)),
            "'{}' is a number of each step; say what it has to be, as in '{} > 0.5'",
            shown(text),
            shown(text)
        );
        Ok(Self {
            text: text.to_owned(),
            of,
            how,
            than,
        })
    }

    /// Whether it holds of a number.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        let than = self.than;
        match self.how {
            ">=" => value >= than,
            "<=" => value <= than,
            "==" => value.total_cmp(&than).is_eq(),
            ">" => value > than,
            _ => value < than,
        }
    }
}

/// What a step's predictions come to.
pub(super) fn counted(step: &AtStep<'_>, go_on: &dyn Fn() -> bool) -> Result<Option<Tally>> {
    let tally = Tally::new(step.model.task());
    step.sweep()?
        .tally(step.over, tally, &mut |_, _| Ok(go_on()))
}

//! Claims about a cell of an answer: of one example, of a sample, of the weights, as the answer is.
//!
//! ```text
//! cell attribution target over sample: [attn_out 1, nl_1->b_0] = 20.717
//! cell grid strips: [k 1.0, elt] = 1.0136 within 0.001
//! cell attention pattern 1.0 over sample: [b_0, elt] is argmax
//! cell metrics: [logit_diff, clean] > [logit_diff, corrupted]
//! cell circuit ov.1: top1 = 1
//! ```
//!
//! A claim of [`crate::sweep`] is about every input there is; this one is about what a table says.

use super::answering::{Answering, Inquest};
use super::question::Question;
use super::standing::Standing;
use super::table::Table;
use super::tools::Tools;
use crate::lens::experiment::setup::Experiment;
use crate::lens::names::run::RunName;
use crate::model::{Config, HookedTransformer};
use crate::sweep::{Comparison, Conclusion};
use crate::task::number::significant;
use crate::task::text::listed;
use crate::task::{Task, limits, shown};
use anyhow::{Context as _, Result, bail, ensure};

/// The form, for errors and the palette.
const FORM: &str = "QUESTION: [ROW, COLUMN] = NUMBER within NUMBER";
/// Digits of the number that was found.
const DIGITS: usize = 7;
/// The word for the share of rows that are largest in the column of their own name.
const TOP1: &str = "top1";

/// A claim about an answer's cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellClaim {
    line: String,
    question: Question,
    says: CellSays,
}

/// What it says.
#[derive(Clone, Debug, PartialEq)]
enum CellSays {
    /// A number is so.
    Compared(CellName, Comparison, Against),
    /// A cell is the largest of its row, or is not.
    Largest(CellName, bool),
}

/// Which number of a table.
#[derive(Clone, Debug, PartialEq)]
enum CellName {
    /// By the names of row and column.
    At(String, String),
    /// The share of rows that are largest in the column of their own name.
    Top1,
}

/// With what it is compared; a number with how far off it may be.
#[derive(Clone, Debug, PartialEq)]
enum Against {
    Number(f64, f64),
    Cell(CellName),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellVerdict {
    /// Whether it holds; nothing where there is no such number.
    pub holds: Option<bool>,
    /// Whether the answer is of a sample, or of pairs of one.
    pub sampled: bool,
    /// Of which inputs the answer is; empty where there is none.
    pub over: String,
    /// What was found, or why nothing was.
    pub because: String,
}

impl CellVerdict {
    /// What became of it, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.conclusion().word()
    }

    /// What is known of it: the number was computed, or there is none. Of a sample it is true of these inputs and not
    /// of all.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        match self.holds {
            Some(true) if self.sampled => Conclusion::Supported,
            Some(true) => Conclusion::Proved,
            Some(false) => Conclusion::Refuted,
            None => Conclusion::Undecided,
        }
    }
}

impl CellClaim {
    /// The word that such a line begins with, and what follows it.
    pub const WORD: (&'static str, &'static str) = ("cell", FORM);

    /// Whether a line is one, rightly written or not.
    #[must_use]
    pub fn is(line: &str) -> bool {
        line.split_whitespace().next() == Some(Self::WORD.0)
    }

    /// A claim from its line.
    ///
    /// # Errors
    /// Says what is wrong and how it is written.
    pub fn parse(line: &str, task: Task, config: &Config) -> Result<Self> {
        limits::check_line(line)?;
        let words = line.trim();
        let rest = words.strip_prefix(Self::WORD.0).unwrap_or(words);
        let form = || format!("it is written {} {FORM}", Self::WORD.0);
        let (question, says) = rest.split_once(": ").with_context(form)?;
        Ok(Self {
            line: words.to_owned(),
            question: Question::parse(question.trim(), task, config)?,
            says: says_of(says).with_context(form)?,
        })
    }

    /// Its line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What is asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// What the table says to it.
    #[must_use]
    pub fn judge(&self, table: &Table, experiment: &Experiment) -> CellVerdict {
        let run = run_of(experiment);
        let standing = Standing::of(&self.question, table, experiment, run);
        match self.judged(table) {
            Ok((holds, because)) => CellVerdict {
                holds: Some(holds),
                because: format!("{because} ({})", standing.words()),
                sampled: standing.sampled,
                over: standing.words(),
            },
            Err(error) => CellVerdict {
                holds: None,
                because: format!("{error:#}"),
                sampled: standing.sampled,
                over: standing.words(),
            },
        }
    }

    fn judged(&self, table: &Table) -> Result<(bool, String)> {
        match &self.says {
            CellSays::Largest(cell, wanted) => {
                let (row, col) = cell.place(table)?;
                let best = largest(table, row).context("nothing in that row is defined")?;
                let [own, most] = [col, best].map(|col| number(table, row, col));
                let words = format!(
                    "the largest of {} is {} at {}; it is {}",
                    table.rows[row],
                    said(most),
                    table.cols[best],
                    said(own)
                );
                Ok(((best == col) == *wanted, words))
            }
            CellSays::Compared(cell, how, against) => {
                let value = cell.value(table)?;
                let (other, within) = match against {
                    Against::Number(other, within) => (*other, *within),
                    Against::Cell(cell) => (cell.value(table)?, 0.0),
                };
                let holds = match how {
                    Comparison::Equal => (value - other).abs() <= within,
                    how => how.holds(value, other),
                };
                let beside = match against {
                    Against::Number(..) => String::new(),
                    Against::Cell(_) => format!("; the other is {}", said(other)),
                };
                Ok((holds, format!("it is {}{beside}", said(value))))
            }
        }
    }
}

/// What came of several, in their order: each question is answered once. `None` when `go_on` says that
/// nobody waits any more.
///
/// # Errors
/// When the weights cannot be read off the device.
pub fn judge_cells(
    model: &HookedTransformer,
    experiment: &Experiment,
    claims: &[CellClaim],
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Vec<CellVerdict>>> {
    if claims.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let tools = Tools::new(model)?;
    let mut answers: Vec<(&Question, Result<Table, String>)> = Vec::new();
    let mut verdicts = Vec::new();
    for claim in claims {
        let known = answers.iter().position(|(one, _)| **one == claim.question);
        let at = match known {
            Some(at) => at,
            None => {
                let inquest = Inquest {
                    model,
                    tools: &tools,
                    other: None,
                    question: &claim.question,
                    experiment,
                    about: run_of(experiment).into(),
                };
                let table = match answered(inquest, go_on) {
                    Ok(None) => return Ok(None),
                    Ok(Some(table)) => Ok(table),
                    Err(error) => Err(format!("{error:#}")),
                };
                answers.push((&claim.question, table));
                answers.len() - 1
            }
        };
        verdicts.push(match &answers[at].1 {
            Ok(table) => claim.judge(table, experiment),
            Err(why) => CellVerdict {
                holds: None,
                sampled: false,
                over: String::new(),
                because: why.clone(),
            },
        });
    }
    Ok(Some(verdicts))
}

/// Of which run an answer is: the clean one, or under interventions the patched one.
fn run_of(experiment: &Experiment) -> RunName {
    match experiment.interventions.is_empty() {
        true => RunName::Clean,
        false => RunName::Patched,
    }
}

fn answered(inquest: Inquest<'_>, go_on: &dyn Fn() -> bool) -> Result<Option<Table>> {
    let mut answering = Answering::begin(inquest)?;
    while !answering.step(inquest.model)? {
        if !go_on() {
            return Ok(None);
        }
    }
    Ok(Some(answering.table(inquest.model)))
}

impl CellName {
    fn value(&self, table: &Table) -> Result<f64> {
        if *self == Self::Top1 {
            return top1(table);
        }
        let (row, col) = self.place(table)?;
        let value = number(table, row, col);
        ensure!(
            value.is_finite(),
            "there is no number at {}, {}",
            table.rows[row],
            table.cols[col]
        );
        Ok(f64::from(value))
    }

    fn place(&self, table: &Table) -> Result<(usize, usize)> {
        let Self::At(row, col) = self else {
            bail!("{TOP1} is no cell");
        };
        Ok((
            named(&table.rows, row, "row")?,
            named(&table.cols, col, "column")?,
        ))
    }
}

/// The place of a name; of a prediction it is enough to say where it is read, where that tells it apart.
fn named(names: &[String], name: &str, what: &str) -> Result<usize> {
    let whole = name.replace("->", "→");
    if let Some(at) = names.iter().position(|one| *one == whole) {
        return Ok(at);
    }
    let begun = format!("{whole}→");
    let mut begin = (0..names.len()).filter(|&at| names[at].starts_with(&begun));
    match (begin.next(), begin.next()) {
        (Some(at), None) => Ok(at),
        _ => bail!(
            "no {what} '{}'; there are {}",
            shown(name),
            listed(names, " ")
        ),
    }
}

fn number(table: &Table, row: usize, col: usize) -> f32 {
    table.values.get(&[row, col]).unwrap_or(f32::NAN)
}

fn said(value: impl Into<f64>) -> String {
    significant(value, DIGITS)
}

/// The column of a row's largest number; none where two are equally large.
fn largest(table: &Table, row: usize) -> Option<usize> {
    let values = (0..table.cols.len()).map(|col| number(table, row, col));
    let values = values.enumerate().filter(|(_, value)| value.is_finite());
    let (best, most) = values.clone().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let ties = values.filter(|(_, value)| *value == most).count();
    (ties == 1).then_some(best)
}

/// The share of rows that are largest in the column of their own name, of those that have one.
fn top1(table: &Table) -> Result<f64> {
    let own = |row: &String| table.cols.iter().position(|col| col == row);
    let rows = table.rows.iter().enumerate();
    let rows: Vec<(usize, usize)> = rows.filter_map(|(at, row)| Some((at, own(row)?))).collect();
    ensure!(!rows.is_empty(), "no row has a column of its own name");
    let right = rows
        .iter()
        .filter(|(row, col)| largest(table, *row) == Some(*col));
    Ok(right.count() as f64 / rows.len() as f64)
}

/// What stands behind the question.
fn says_of(text: &str) -> Result<CellSays> {
    let (cell, rest) = cell_name(text.trim())?;
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words[..] {
        ["is", "argmax"] => return Ok(CellSays::Largest(cell, true)),
        ["is", "not", "argmax"] => return Ok(CellSays::Largest(cell, false)),
        _ => {}
    }
    // that a rounded number is another one says nothing
    let signs = Comparison::SIGNS.iter();
    let mut signs = signs.filter(|(_, how)| *how != Comparison::Unequal);
    let sign = |(sign, how): &(&str, Comparison)| Some((rest.strip_prefix(sign)?.trim(), *how));
    let (other, how) = (signs.find_map(sign))
        .context("behind the cell stands < <= > >= =, 'is argmax' or 'is not argmax'")?;
    if other.starts_with('[') || other == TOP1 {
        let (other, rest) = cell_name(other)?;
        ensure!(
            rest.trim().is_empty(),
            "nothing can stand behind the second cell"
        );
        return Ok(CellSays::Compared(cell, how, Against::Cell(other)));
    }
    let (value, within) = match other.split_once("within") {
        Some((value, within)) => (value.trim(), parsed(within.trim())?),
        None => (other, half_a_unit(other)),
    };
    Ok(CellSays::Compared(
        cell,
        how,
        Against::Number(parsed(value)?, within),
    ))
}

/// The cell that a text begins with, and what stands behind it.
fn cell_name(text: &str) -> Result<(CellName, &str)> {
    if let Some(rest) = text.strip_prefix(TOP1) {
        return Ok((CellName::Top1, rest));
    }
    let inside = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (names, rest) = inside.with_context(|| format!("a cell is [ROW, COLUMN], or {TOP1}"))?;
    let (row, col) =
        (names.rsplit_once(',')).context("row and column stand with a comma between")?;
    let cell = CellName::At(row.trim().to_owned(), col.trim().to_owned());
    Ok((cell, rest))
}

fn parsed(text: &str) -> Result<f64> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.with_context(|| format!("'{}' is no number", shown(text)))
}

/// Half a unit of the last digit that was written: so far off a rounded number may be.
fn half_a_unit(text: &str) -> f64 {
    let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    0.5 * 0.1f64.powi(i32::try_from(decimals).unwrap_or(i32::MAX))
}

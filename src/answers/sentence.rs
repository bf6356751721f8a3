//! What a question asks, and what its answer says, in words for people.

use super::inputs::Many;
use super::kind::Kind;
use super::plan::Sheet;
use super::question::Question;
use super::table::{Alike, Table};
use super::variants::Variants;
use crate::lens::names::circuit::{CircuitName, Side};
use crate::lens::names::head::head_pairs;
use crate::lens::weights::circuit::Weight;
use crate::model::Config;
use crate::task::Task;
use crate::task::number::{fixed, significant};

/// The logit that a question is about.
fn logit(toward: &str) -> String {
    match (toward, toward.contains('-')) {
        ("target", _) => "the right answer's logit".to_owned(),
        (other, true) => format!("logits {}", other.replace('-', " - ")),
        (other, false) => format!("logit {other}"),
    }
}

impl Question {
    /// What is asked, in words: the title of its answer. Its line stands beside it.
    #[must_use]
    pub fn sentence(&self, task: Task, config: &Config) -> String {
        let mean = if self.is_mean() {
            ", mean over the sample"
        } else {
            ""
        };
        let logit = |toward: &crate::lens::experiment::toward::Toward| logit(&toward.line(task));
        match self {
            Self::Attribution { toward, .. } => {
                format!("what each part adds to {}{mean}", logit(toward))
            }
            Self::Paths { i, toward, .. } => format!(
                "what each path adds to {} at {}, by where it begins{mean}",
                logit(toward),
                task.prediction(*i)
            ),
            Self::Sources {
                i,
                toward,
                by_token,
                ..
            } => {
                let by = if *by_token { "token" } else { "position" };
                let (at, logit) = (task.prediction(*i), logit(toward));
                format!("what each head adds to {logit} at {at}, by the {by} it attends to{mean}")
            }
            Self::Neurons { layer, toward, .. } => {
                let logit = logit(toward);
                format!("what each neuron of layer {layer} adds to {logit}{mean}")
            }
            Self::Why {
                head,
                dest,
                src,
                minus,
                ..
            } => {
                let [dest, src] = [*dest, *src].map(|position| task.label(position));
                let rather = minus.map_or_else(String::new, |other| {
                    format!(" rather than to {}", task.label(other))
                });
                format!("why head {head} attends from {dest} to {src}{rather}")
            }
            Self::Attention { head, kind, .. } => {
                let what = match kind {
                    Kind::Pattern => "attention of head".to_owned(),
                    Kind::Scores => "attention scores of head".to_owned(),
                    Kind::Norm => "attention, times the norm handed over, of head".to_owned(),
                    Kind::Toward(toward) => {
                        format!("attention, times its share of {}, of head", logit(toward))
                    }
                    Kind::Argmax => "the largest of each row of attention, head".to_owned(),
                };
                format!("{what} {head}{mean}")
            }
            Self::Virtual { pair, .. } => match head_pairs(config).nth(*pair) {
                Some((earlier, later)) => {
                    format!("attention through head {earlier}, then {later}{mean}")
                }
                None => self.line(task, config),
            },
            Self::Circuit { name, .. } => {
                format!("{}: {}", name.text(config), circuit(name))
            }
            Self::Grid { sheet, pairs, .. } => {
                let over = pairs.map_or_else(String::new, |n| format!(", mean of {n} pairs"));
                let what = match sheet {
                    Sheet::Edges | Sheet::EdgesByPos => "each edge",
                    Sheet::Neurons(_) => "each neuron",
                    Sheet::PatternCells(_) => "each attention cell",
                    _ => "each activation",
                };
                format!("what the metric becomes when {what} is patched{over}")
            }
            Self::Metrics { .. } => "every measure of the metric, in the three runs".to_owned(),
            Self::Variants(Variants::Edges) => "the model without each edge".to_owned(),
            Self::Variants(Variants::Ranks(which, head)) => {
                let which = match which {
                    Weight::Ov => "OV",
                    Weight::Qk => "QK",
                };
                format!("the model with fewer directions of head {head}'s {which} circuit")
            }
            Self::ModelLogits => "both models' logits".to_owned(),
            Self::ModelAttention(head) => format!("both models' attention, head {head}"),
            Self::ModelNecessity => "both models without each edge".to_owned(),
            Self::Composition => "how much each pair of heads composes".to_owned(),
            Self::Many(Many::Partition { node, by, .. }) => {
                format!(
                    "which values of {} {node} tells apart",
                    task.slots[*by].name
                )
            }
            Self::Many(_) | Self::Curves(_) => predicted(&self.line(task, config), task),
            Self::Weights(_) => self.line(task, config),
        }
    }

    /// What the answer says about the column at hand, if there is one thing to say: its largest part, and how
    /// much of the whole that is.
    #[must_use]
    pub fn found(&self, table: &Table, (_, column): (usize, usize)) -> Option<String> {
        match self {
            Self::Attribution { .. } => attributed(table, column),
            Self::Why { .. } | Self::Sources { .. } | Self::Paths { .. } | Self::Neurons { .. } => {
                largest(table)
            }
            Self::Variants(Variants::Edges) => costliest(table),
            _ => None,
        }
    }
}

/// A line about what is predicted at positions, with the predictions by their whole names: `margin[b_0→b_1]`.
fn predicted(line: &str, task: Task) -> String {
    const WORDS: [&str; 9] = [
        "margin", "rank", "logp", "prob", "logit", "pred", "truth", "accuracy", "loss",
    ];
    let mut told = line.to_owned();
    for (i, answer) in task.answers.iter().enumerate().filter(|_| !task.one_output) {
        let at = task.label(answer.read_at);
        for (word, end) in WORDS.iter().flat_map(|word| [(word, "]"), (word, ",")]) {
            let whole = format!("{word}[{}{end}", task.prediction(i));
            told = told.replace(&format!("{word}[{at}{end}"), &whole);
        }
    }
    told
}

/// What a circuit's table says.
fn circuit(name: &CircuitName) -> &'static str {
    match name {
        CircuitName::Ov(chain) if chain.len() > 1 => {
            "what a token read by the first head does to the logits through them all"
        }
        CircuitName::Ov(_) => "what a token that is attended to does to the logits",
        CircuitName::Qk { query, key, .. } => match (query, key) {
            (Side::Via(_), _) | (_, Side::Via(_)) => {
                "how much a query wants a key that an earlier head wrote"
            }
            _ => "how much a query wants a key",
        },
        _ => "a product of weights",
    }
}

/// A part of a whole, in per cent, where that is a plain share.
fn share(part: f32, whole: f32) -> Option<String> {
    let share = part / whole;
    (whole != 0.0 && (0.0..=1.5).contains(&share))
        .then(|| format!("{} %", fixed(f64::from(share) * 100.0, 0)))
}

/// The part that writes most, and of a head the path through others that most of it comes by.
fn attributed(table: &Table, column: usize) -> Option<String> {
    let value = |row: usize| table.values.get(&[row, column]).filter(|v| v.is_finite());
    let rows = || table.rows.iter().enumerate();
    let most = |fits: &dyn Fn(&str) -> bool| {
        let parts = rows().filter(|(_, name)| fits(name));
        let parts = parts.filter_map(|(i, name)| Some((name.clone(), value(i)?)));
        parts.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    };
    let logit = rows().rev().find(|(_, name)| *name == "logit");
    let logit = logit.and_then(|(i, _)| value(i))?;
    let (part, writes) = most(&|name| name.starts_with("head ") || name.starts_with("mlp_out "))?;
    let at = table.cols.get(column)?;
    let of = share(writes, logit).map_or_else(
        || format!("{} of {}", significant(writes, 3), significant(logit, 3)),
        |share| format!("{share} of the logit"),
    );
    let through = part.strip_prefix("head ").and_then(|head| {
        let ends = format!(">{head}");
        let (path, brings) = most(&|name| name.starts_with("path ") && name.ends_with(&ends))?;
        let (before, _) = path.strip_prefix("path ")?.rsplit_once('>')?;
        // parts of both signs may be more than the whole
        let is_share = (0.0..=1.0).contains(&(brings / writes));
        let share = share(brings, writes).filter(|_| is_share)?;
        Some(format!("; {share} of that through {before}"))
    });
    let through = through.unwrap_or_default();
    Some(format!("{part} writes {of} at {at}{through}"))
}

/// The largest part of a table of parts, and how much of the whole it is.
fn largest(table: &Table) -> Option<String> {
    let (row, column) = table.hottest(Alike::All, (0, 0))?;
    let value = table.values.get(&[row, column])?;
    let note = |name: &str| {
        let found = table.notes.iter().find(|(one, _)| one == name)?;
        found.1.parse::<f32>().ok()
    };
    let sums = table.cols.iter().position(|name| name == "sum");
    let last = table
        .rows
        .iter()
        .position(|name| name == "sum" || name == "logit");
    let whole = note("score")
        .or_else(|| note("logit"))
        .or_else(|| table.values.get(&[last?, sums?]))
        .or_else(|| table.values.get(&[row, sums?]));
    let of = whole.and_then(|whole| share(value, whole));
    let of = of.map_or_else(String::new, |share| format!(", {share} of the whole"));
    Some(format!(
        "largest: {} by {}  {}{of}",
        table.rows.get(row)?,
        table.cols.get(column)?,
        significant(value, 4)
    ))
}

/// The variant that loses most accuracy.
fn costliest(table: &Table) -> Option<String> {
    let column = table.cols.iter().position(|name| name == "acc")?;
    let value = |row: usize| table.values.get(&[row, column]).filter(|v| v.is_finite());
    let rows = 1..table.rows.len();
    // while some are still to come nothing is known of the costliest
    if rows.clone().any(|row| value(row).is_none()) {
        return None;
    }
    let least = rows.clone().filter_map(|row| Some((row, value(row)?)));
    let (row, left) = least.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let name = |row: usize| table.rows.get(row);
    let of_accuracy = format!(
        "{} costs most accuracy: {} instead of {}",
        name(row)?,
        fixed(left, 3),
        fixed(value(0)?, 3)
    );
    let losses = table.cols.iter().position(|name| name == "loss");
    let loss = |row: usize| table.values.get(&[row, losses?]).filter(|v| v.is_finite());
    let most = rows.filter_map(|row| Some((row, loss(row)?)));
    let most = most.max_by(|a, b| a.1.total_cmp(&b.1));
    // what is less often right may be less wrong
    let of_loss = most.filter(|(at, _)| *at != row).and_then(|(at, most)| {
        let (name, most) = (name(at)?, significant(most, 3));
        Some(format!("; {name} most loss: {most}"))
    });
    Some(of_accuracy + &of_loss.unwrap_or_default())
}

//! What a question asks, in words for people.

use super::inputs::Many;
use super::kind::Kind;
use super::plan::Sheet;
use super::question::Question;
use super::variants::Variants;
use crate::lens::names::circuit::{CircuitName, Side};
use crate::lens::names::head::head_pairs;
use crate::lens::weights::circuit::Weight;
use crate::model::Config;
use crate::task::Task;

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

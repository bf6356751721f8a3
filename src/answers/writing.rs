//! Questions as the lines that they are read from.

use super::gather::Compare;
use super::question::Question;
use super::variants::Variants;
use super::words::over_line;
use crate::lens::experiment::metric::Reading;
use crate::lens::names::head::head_pairs;
use crate::lens::weights::circuit::Weight;
use crate::model::Config;
use crate::task::Task;

impl Question {
    /// The line that [`Question::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task, config: &Config) -> String {
        let over = |mean: &bool| if *mean { " over sample" } else { "" };
        let also = |beside: &bool| if *beside { " beside" } else { "" };
        match self {
            Self::Attribution { toward, mean } => {
                format!("attribution {}{}", toward.line(task), over(mean))
            }
            Self::Paths { i, toward, mean } => {
                let at = task.prediction(*i);
                format!("paths {at} {}{}", toward.line(task), over(mean))
            }
            Self::Why {
                head,
                dest,
                src,
                minus,
                summed,
            } => {
                let minus = minus.map(|p| format!(" minus {}", task.label(p)));
                let [dest, src] = [*dest, *src].map(|p| task.label(p));
                let (minus, summed) = (
                    minus.unwrap_or_default(),
                    if *summed { " summed" } else { "" },
                );
                format!("why {head} {dest} {src}{minus}{summed}")
            }
            Self::Attention {
                head,
                kind,
                mean,
                beside,
            } => {
                let (kind, other) = (kind.line(task), also(beside));
                format!("attention {kind} {head}{}{other}", over(mean))
            }
            Self::Virtual { pair, mean, beside } => {
                let found = head_pairs(config).nth(*pair);
                let pair = found.map(|(earlier, later)| format!("{earlier}>{later}"));
                let (pair, other) = (pair.unwrap_or_default(), also(beside));
                format!("attention virtual {pair}{}{other}", over(mean))
            }
            Self::Circuit {
                name,
                scaled,
                folded,
                beside,
            } => {
                let scaled = if *scaled { " scaled" } else { "" };
                let folded = if *folded { " folded" } else { "" };
                let beside = beside.as_ref();
                let beside = beside.map(|other| format!(" beside {}", other.text(config)));
                let name = name.text(config);
                format!(
                    "circuit {name}{scaled}{folded}{}",
                    beside.unwrap_or_default()
                )
            }
            Self::Sources {
                i,
                toward,
                by_token,
                mean,
            } => {
                let by = if *by_token { " by token" } else { "" };
                let at = task.prediction(*i);
                format!("sources {at} {}{by}{}", toward.line(task), over(mean))
            }
            Self::Neurons {
                layer,
                toward,
                mean,
            } => format!("neurons {layer} {}{}", toward.line(task), over(mean)),
            Self::Grid {
                sheet,
                compare,
                reading,
                pairs,
            } => {
                let compare = match compare {
                    Compare::Exact => String::new(),
                    other => format!(" {}", other.name()),
                };
                let reading = match reading {
                    Reading::Clean => String::new(),
                    other => format!(" as {}", other.name()),
                };
                let (sheet, over) = (sheet.line(), over_line(*pairs));
                format!("grid {sheet}{compare}{reading}{over}")
            }
            Self::Metrics { pairs } => format!("metrics{}", over_line(*pairs)),
            Self::Variants(Variants::Edges) => "necessity".into(),
            Self::ModelNecessity => "models necessity".into(),
            Self::Variants(Variants::Ranks(weight, head)) => {
                let weight = match weight {
                    Weight::Ov => "ov",
                    Weight::Qk => "qk",
                };
                format!("ranks {weight} {head}")
            }
            Self::ModelLogits => "models logits".into(),
            Self::ModelAttention(head) => format!("models attention {head}"),
            Self::Weights(geometry) => geometry.line(task, config),
            Self::Many(many) => many.line(task),
            Self::Curves(curves) => curves.line(),
            Self::Composition => "composition".into(),
        }
    }
}

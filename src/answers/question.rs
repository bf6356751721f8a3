//! Questions to a model, one line each; every answer is a table (`answer.rs`).
//!
//! ```text
//! attribution target            attribution 48-26 over sample       paths b_1 target
//! why 1.0 b_0 elt summed        why 1.0 b_0 elt minus a_1           circuit qk.1.k_comp scaled
//! attention scores 1.0          attention 48-26 1.0 over sample     attention virtual 0.0>1.0
//! pca W_E                       cosines W_U                         composition
//! map margin[b_0] by idx, elt   table accuracy by max(a)            fit margin[b_0] ~ a_0, elt
//! grid edges over 64 pairs      grid strips attribution             grid z as difference
//! sources b_1 by token          necessity                           ranks ov 1.0
//! models logits                 circuit ov.0 beside ov.1            metrics
//! ```

use super::curves::Curves;
use super::gather::Compare;
use super::geometry::Geometry;
use super::inputs::Many;
use super::kind::Kind;
use super::plan::Sheet;
use super::variants::Variants;
use super::words::{FORMS, grid, misfit, mlp_layer, over_pairs, prediction};
use crate::lens::LineError;
use crate::lens::experiment::metric::Reading;
use crate::lens::experiment::toward::Toward;
use crate::lens::names::circuit::CircuitName;
use crate::lens::names::head::HeadName;
use crate::lens::names::head::head_pairs;
use crate::lens::weights::circuit::Weight;
use crate::model::Config;
use crate::model::config::Normalization;
use crate::sweep::ClaimError;
use crate::task::{Task, limits, shown};
use anyhow::{Context, Result, anyhow, bail, ensure};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What each part of the model adds to a logit, at each prediction.
    Attribution {
        /// Which logit.
        toward: Toward,
        /// Averaged over the sample.
        mean: bool,
    },
    /// What each path adds to a logit at one prediction, by the position it started from.
    Paths {
        /// The prediction, `b_i`.
        i: usize,
        /// Which logit.
        toward: Toward,
        /// Averaged over the sample.
        mean: bool,
    },
    /// Why a position attends to another: a score by what query and key are made of.
    Why {
        /// The head.
        head: HeadName,
        /// The position that attends.
        dest: usize,
        /// The position that is attended to.
        src: usize,
        /// Another position, whose score is taken off.
        minus: Option<usize>,
        /// Each earlier head as one part, whatever positions it read.
        summed: bool,
    },
    /// A head's attention.
    Attention {
        /// The head.
        head: HeadName,
        /// What of it.
        kind: Kind,
        /// Averaged over the sample.
        mean: bool,
        /// The one beside the other: this run's and the mean.
        beside: bool,
    },
    /// Attention through two heads, the earlier first.
    Virtual {
        /// The pair's place in [`head_pairs`].
        pair: usize,
        /// Averaged over the sample.
        mean: bool,
        /// The one beside the other: this run's and the mean.
        beside: bool,
    },
    /// A table of the weights.
    Circuit {
        /// Which.
        name: CircuitName,
        /// Divided by `sqrt(d_head)`.
        scaled: bool,
        /// With its norms folded in, up to their scales.
        folded: bool,
        /// Another one of the same rows and columns, drawn beside it on one scale.
        beside: Option<CircuitName>,
    },
    /// What each head adds to a logit, by what it attends to.
    Sources {
        /// The prediction, `b_i`.
        i: usize,
        /// Which logit.
        toward: Toward,
        /// By the token attended to, instead of its position.
        by_token: bool,
        /// Averaged over the sample.
        mean: bool,
    },
    /// What each neuron of a layer adds to a logit, at each prediction.
    Neurons {
        /// The layer.
        layer: usize,
        /// Which logit.
        toward: Toward,
        /// Averaged over the sample.
        mean: bool,
    },
    /// A grid of interventions, each added to those that stand.
    Grid {
        /// Which.
        sheet: Sheet,
        /// What stands beside the exact values.
        compare: Compare,
        /// How a cell tells its metric.
        reading: Reading,
        /// Averaged over so many pairs of the sample; `None`: this pair.
        pairs: Option<usize>,
    },
    /// All measures of the metric in the three runs.
    Metrics {
        /// Averaged over so many pairs of the sample; `None`: this pair.
        pairs: Option<usize>,
    },
    /// Variants of the model: metric, predictions, accuracy.
    Variants(Variants),
    /// Two models' logits on this prompt.
    ModelLogits,
    /// Two models' attention on this prompt.
    ModelAttention(HeadName),
    /// Two models without each of their edges.
    ModelNecessity,
    /// Norms, angles, components and frequencies of the weights' own directions.
    Weights(Geometry),
    /// About many inputs: a map, groups, a fit.
    Many(Many),
    /// Numbers of the model at each of its steps.
    Curves(Curves),
    /// Composition scores of all pairs of heads, with a random baseline.
    Composition,
}

impl Question {
    /// A question from its line.
    ///
    /// # Errors
    /// Says which word is wrong and what it may be.
    pub fn parse(line: &str, task: Task, config: &Config) -> Result<Self> {
        limits::check_line(line)?;
        if let Some(found) = Self::parse_further(line, task, config)? {
            return Ok(found);
        }
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let attention = words.first() == Some(&"attention");
        let beside = attention && words.pop_if(|word| *word == "beside").is_some();
        let mean = words.ends_with(&["over", "sample"]);
        if mean {
            words.truncate(words.len() - 2);
        }
        let pairs = over_pairs(&mut words)?;
        let verb = words.first().copied().unwrap_or("");
        if !FORMS.iter().any(|(word, _)| *word == verb) {
            let known = FORMS.map(|(word, _)| word).join(", ");
            bail!("no question '{}'; the questions are {known}", shown(verb));
        }
        let question = Self::read(&words, (mean, beside), pairs, task, config);
        let question = question.map_err(|error| with_form(line, &error))?;
        let can_average = matches!(
            question,
            Self::Attribution { .. }
                | Self::Attention { .. }
                | Self::Virtual { .. }
                | Self::Paths { .. }
                | Self::Sources { .. }
                | Self::Neurons { .. }
        );
        ensure!(!mean || can_average, "{verb} is not averaged over a sample");
        let over_pairs = matches!(question, Self::Grid { .. } | Self::Metrics { .. });
        ensure!(
            pairs.is_none() || over_pairs,
            "{verb} is not averaged over pairs"
        );
        Ok(question)
    }

    /// The questions that have lines of their own.
    fn parse_further(line: &str, task: Task, config: &Config) -> Result<Option<Self>> {
        let verb = line.split_whitespace().next().unwrap_or("");
        if verb == "curve" {
            let text = line.trim_start().strip_prefix(verb).unwrap_or("");
            let curves = Curves::parse(text, task, config);
            let curves = curves.map_err(|error| with_form(line, &error))?;
            return Ok(Some(Self::Curves(curves)));
        }
        let found = match Many::parse(line, task, config) {
            Ok(None) => Geometry::parse(line, task, config).map(|found| found.map(Self::Weights)),
            found => found.map(|found| found.map(Self::Many)),
        };
        found.map_err(|error| with_form(line, &error))
    }

    fn read(
        words: &[&str],
        (mean, beside): (bool, bool),
        pairs: Option<usize>,
        task: Task,
        config: &Config,
    ) -> Result<Self> {
        let toward = |word: Option<&&str>| match word {
            Some(word) => Toward::parse(task, word),
            None => Ok(Toward::default()),
        };
        let head = |word: &str| HeadName::parse(word, config);
        match *words {
            ["attribution", ref rest @ ..] if rest.len() <= 1 => Ok(Self::Attribution {
                toward: toward(rest.first())?,
                mean,
            }),
            ["paths", b, ref rest @ ..] if rest.len() <= 1 => Ok(Self::Paths {
                i: prediction(task, b)?,
                toward: toward(rest.first())?,
                mean,
            }),
            ["sources", b, ref rest @ ..] => {
                let by_token = rest.ends_with(&["by", "token"]);
                let rest = &rest[..rest.len() - if by_token { 2 } else { 0 }];
                ensure!(rest.len() <= 1, "'{}' is too much", shown(&rest.join(" ")));
                Ok(Self::Sources {
                    i: prediction(task, b)?,
                    toward: toward(rest.first())?,
                    by_token,
                    mean,
                })
            }
            ["neurons", layer, ref rest @ ..] if rest.len() <= 1 => Ok(Self::Neurons {
                layer: mlp_layer(layer, config)?,
                toward: toward(rest.first())?,
                mean,
            }),
            ["grid", ref rest @ ..] if !rest.is_empty() => {
                grid(rest, config).map(|(sheet, compare, reading)| Self::Grid {
                    sheet,
                    compare,
                    reading,
                    pairs,
                })
            }
            ["metrics"] => Ok(Self::Metrics { pairs }),
            ["necessity"] => Ok(Self::Variants(Variants::Edges)),
            ["ranks", "ov", name] => Ok(Self::Variants(Variants::Ranks(Weight::Ov, head(name)?))),
            ["ranks", "qk", name] => Ok(Self::Variants(Variants::Ranks(Weight::Qk, head(name)?))),
            ["models", "logits"] => Ok(Self::ModelLogits),
            ["models", "necessity"] => Ok(Self::ModelNecessity),
            ["models", "attention", name] => Ok(Self::ModelAttention(head(name)?)),
            ["why", name, dest, src, ref rest @ ..] => {
                let (rest, summed) = match *rest {
                    [ref before @ .., "summed"] => (before, true),
                    _ => (rest, false),
                };
                let minus = match *rest {
                    [] => None,
                    ["minus", other] => Some(task.position(other)?),
                    _ => bail!("'{}' is not: minus SRC", shown(&rest.join(" "))),
                };
                let (dest, src) = (task.position(dest)?, task.position(src)?);
                let mut sources = [Some(src), minus].into_iter().flatten();
                let masked = sources.find(|&p| p > dest && config.is_causal());
                if let Some(masked) = masked {
                    let [dest, masked] = [dest, masked].map(|p| task.label(p));
                    bail!("{dest} cannot attend to {masked}, which comes after it");
                }
                Ok(Self::Why {
                    head: head(name)?,
                    dest,
                    src,
                    minus,
                    summed,
                })
            }
            ["attention", "virtual", pair] => {
                let names: Vec<String> = head_pairs(config)
                    .map(|(earlier, later)| format!("{earlier}>{later}"))
                    .collect();
                let at = names.iter().position(|name| name == pair);
                let pair = at.with_context(|| {
                    format!(
                        "no pair '{}'; the pairs are {}",
                        shown(pair),
                        names.join(" ")
                    )
                })?;
                Ok(Self::Virtual { pair, mean, beside })
            }
            ["attention", kind, name] => Ok(Self::Attention {
                head: head(name)?,
                kind: Kind::parse(task, kind)?,
                mean,
                beside,
            }),
            ["circuit", name, ref rest @ ..] => {
                let scaled = rest.first() == Some(&"scaled");
                let rest = &rest[usize::from(scaled)..];
                let folded = rest.first() == Some(&"folded");
                let normed = config.normalization != Normalization::None;
                ensure!(normed || !folded, "this model has no norms to fold in");
                let name = CircuitName::parse(name, config)?;
                let is_qk = matches!(name, CircuitName::Qk { .. });
                ensure!(is_qk || !scaled, "only QK circuits are scaled");
                let beside = match rest[usize::from(folded)..] {
                    [] => None,
                    ["beside", other] => Some(CircuitName::parse(other, config)?),
                    ref rest => bail!("'{}' is not: beside NAME", shown(&rest.join(" "))),
                };
                Ok(Self::Circuit {
                    name,
                    scaled,
                    folded,
                    beside,
                })
            }
            ["composition"] => Ok(Self::Composition),
            _ => bail!(misfit(words)),
        }
    }
}

/// What is wrong with a question, and the form of its verb.
fn with_form(line: &str, error: &anyhow::Error) -> anyhow::Error {
    let verb = line.split_whitespace().next().unwrap_or("");
    let form = FORMS.iter().find(|(word, _)| *word == verb);
    let form = form.map_or("", |(_, form)| form);
    let form = format!("{verb} {form}");
    let told = |problem: &str| format!("{problem}; the form is: {}", form.trim_end());
    match at_word(line, error) {
        // it still points at its word
        Some(at) => anyhow::Error::new(LineError {
            problem: told(&at.problem),
            ..at
        }),
        None => anyhow!(told(&format!("{error:#}"))),
    }
}

/// An error at the word of a line that is wrong, where that is known.
fn at_word(line: &str, error: &anyhow::Error) -> Option<LineError> {
    if let Some(at) = error.downcast_ref::<LineError>() {
        return Some(at.clone());
    }
    // a quantity is read as a line of its own
    let wrong = error.downcast_ref::<ClaimError>()?;
    let byte = line.find(&wrong.line)? + wrong.at;
    let is_at_word = line[byte..].starts_with(|c: char| !c.is_whitespace());
    is_at_word.then(|| LineError::at(line, byte, wrong.to_string()))
}

//! Questions to a model, one line each; every answer is a table (`answer.rs`).
//!
//! ```text
//! attribution target            attribution 48-26 over sample       paths b_1 target
//! why 1.0 b_0 elt               why 1.0 b_0 elt minus a_1           circuit qk.1.k_comp scaled
//! attention scores 1.0          attention argmax 1.0 over sample    attention virtual 0.0>1.0
//! pca tokens                    pca positions                       composition
//! ```

use super::circuit_name::CircuitName;
use super::matrices::HeadName;
use super::paths::PathTables;
use super::patterns::head_pairs;
use super::toward::Toward;
use crate::model::Config;
use crate::task::{ArrayUpdate, shown};
use anyhow::{Context, Result, bail, ensure};

/// What of the attention is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Probabilities.
    Pattern,
    /// Before the softmax.
    Scores,
    /// Probability times the norm of what is handed over.
    Norm,
    /// Probability times what is handed over toward the target.
    Target,
    /// How often a cell is its row's largest.
    Argmax,
}

impl Kind {
    const ALL: [(&str, Self); 5] = [
        ("pattern", Self::Pattern),
        ("scores", Self::Scores),
        ("norm", Self::Norm),
        ("target", Self::Target),
        ("argmax", Self::Argmax),
    ];

    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }
}

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
    },
    /// A head's attention.
    Attention {
        /// The head.
        head: HeadName,
        /// What of it.
        kind: Kind,
        /// Averaged over the sample.
        mean: bool,
    },
    /// Attention through two heads, the earlier first.
    Virtual {
        /// The pair's place in [`head_pairs`].
        pair: usize,
        /// Averaged over the sample.
        mean: bool,
    },
    /// A table of the weights.
    Circuit {
        /// Which.
        name: CircuitName,
        /// Divided by `sqrt(d_head)`.
        scaled: bool,
    },
    /// Principal components of an embedding.
    Pca {
        /// Of the positions' instead of the tokens'.
        positions: bool,
    },
    /// Composition scores of all pairs of heads, with a random baseline.
    Composition,
}

/// The words a question begins with, and what follows them.
pub const FORMS: [(&str, &str); 7] = [
    ("attribution", "[target|TOKEN|A-B] [over sample]"),
    ("paths", "b_I [target|TOKEN|A-B]"),
    ("why", "LAYER.HEAD DEST SRC [minus SRC]"),
    (
        "attention",
        "pattern|scores|norm|target|argmax LAYER.HEAD | virtual L.H>L.H [over sample]",
    ),
    ("circuit", "NAME [scaled]"),
    ("pca", "tokens|positions"),
    ("composition", ""),
];

impl Question {
    /// A question from its line.
    ///
    /// # Errors
    /// Says which word is wrong and what it may be.
    pub fn parse(line: &str, task: ArrayUpdate, config: &Config) -> Result<Self> {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let mean = words.ends_with(&["over", "sample"]);
        if mean {
            words.truncate(words.len() - 2);
        }
        let verb = words.first().copied().unwrap_or("");
        let form = FORMS.iter().find(|(word, _)| *word == verb);
        let Some((_, form)) = form else {
            let known = FORMS.map(|(word, _)| word).join(", ");
            bail!("no question '{}'; the questions are {known}", shown(verb));
        };
        let question = Self::read(&words, mean, task, config);
        let question = question.with_context(|| format!("the form is: {verb} {form}"))?;
        let can_average = matches!(
            question,
            Self::Attribution { .. } | Self::Attention { .. } | Self::Virtual { .. }
        );
        ensure!(!mean || can_average, "{verb} is not averaged over a sample");
        Ok(question)
    }

    fn read(words: &[&str], mean: bool, task: ArrayUpdate, config: &Config) -> Result<Self> {
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
            ["paths", b, ref rest @ ..] if rest.len() <= 1 => {
                let i = b.strip_prefix("b_").and_then(|i| i.parse().ok());
                let i = i.filter(|&i| i < task.list_len);
                let i = i.with_context(|| {
                    format!(
                        "no prediction '{}'; b_0 .. b_{}",
                        shown(b),
                        task.list_len - 1
                    )
                })?;
                Ok(Self::Paths {
                    i,
                    toward: toward(rest.first())?,
                })
            }
            ["why", name, dest, src, ref rest @ ..] => {
                let minus = match *rest {
                    [] => None,
                    ["minus", other] => Some(task.position(other)?),
                    _ => bail!("'{}' is not: minus SRC", shown(&rest.join(" "))),
                };
                let (dest, src) = (task.position(dest)?, task.position(src)?);
                let first_masked = [Some(src), minus].into_iter().flatten().find(|&p| p > dest);
                if let Some(masked) = first_masked {
                    let [dest, masked] = [dest, masked].map(|p| task.label(p));
                    bail!("{dest} cannot attend to {masked}, which comes after it");
                }
                Ok(Self::Why {
                    head: head(name)?,
                    dest,
                    src,
                    minus,
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
                Ok(Self::Virtual { pair, mean })
            }
            ["attention", kind, name] => {
                let found = Kind::ALL.iter().find(|(word, _)| *word == kind);
                let (_, kind) = found.with_context(|| format!("no kind '{}'", shown(kind)))?;
                Ok(Self::Attention {
                    head: head(name)?,
                    kind: *kind,
                    mean,
                })
            }
            ["circuit", name] | ["circuit", name, "scaled"] => {
                let scaled = words.len() == 3;
                let name = CircuitName::parse(name, config)?;
                let is_qk = matches!(name, CircuitName::Qk { .. });
                ensure!(is_qk || !scaled, "only QK circuits are scaled");
                Ok(Self::Circuit { name, scaled })
            }
            ["pca", "tokens"] => Ok(Self::Pca { positions: false }),
            ["pca", "positions"] => Ok(Self::Pca { positions: true }),
            ["composition"] => Ok(Self::Composition),
            _ => bail!("'{}' is not complete", shown(&words.join(" "))),
        }
    }

    /// The line that [`Question::parse`] reads.
    #[must_use]
    pub fn line(&self, task: ArrayUpdate, config: &Config) -> String {
        let over = |mean: &bool| if *mean { " over sample" } else { "" };
        match self {
            Self::Attribution { toward, mean } => {
                format!("attribution {}{}", toward.line(task), over(mean))
            }
            Self::Paths { i, toward } => format!("paths b_{i} {}", toward.line(task)),
            Self::Why {
                head,
                dest,
                src,
                minus,
            } => {
                let minus = minus.map(|p| format!(" minus {}", task.label(p)));
                let [dest, src] = [*dest, *src].map(|p| task.label(p));
                format!("why {head} {dest} {src}{}", minus.unwrap_or_default())
            }
            Self::Attention { head, kind, mean } => {
                format!("attention {} {head}{}", kind.name(), over(mean))
            }
            Self::Virtual { pair, mean } => {
                let found = head_pairs(config).nth(*pair);
                let pair = found.map(|(earlier, later)| format!("{earlier}>{later}"));
                format!(
                    "attention virtual {}{}",
                    pair.unwrap_or_default(),
                    over(mean)
                )
            }
            Self::Circuit { name, scaled } => {
                let scaled = if *scaled { " scaled" } else { "" };
                format!("circuit {}{scaled}", name.text(config))
            }
            Self::Pca { positions: false } => "pca tokens".into(),
            Self::Pca { positions: true } => "pca positions".into(),
            Self::Composition => "composition".into(),
        }
    }

    /// The next of its kind: another prediction, head, pair, circuit or embedding, counted round.
    #[must_use]
    pub fn next(&self, task: ArrayUpdate, config: &Config, by: isize) -> Self {
        let round = |at: usize, len: usize| (at as isize + by).rem_euclid(len as isize) as usize;
        let next_head = |head: &HeadName| {
            let all: Vec<HeadName> = HeadName::all(config).collect();
            let at = all.iter().position(|one| one == head).unwrap_or(0);
            all[round(at, all.len())]
        };
        let mut next = self.clone();
        match &mut next {
            Self::Paths { i, .. } => *i = round(*i, task.list_len),
            Self::Why { head, .. } | Self::Attention { head, .. } => *head = next_head(head),
            Self::Virtual { pair, .. } => *pair = round(*pair, head_pairs(config).count().max(1)),
            Self::Circuit { name, scaled } => {
                let all = CircuitName::all(config);
                let at = all.iter().position(|one| one == name).unwrap_or(0);
                *name = all[round(at, all.len())].clone();
                *scaled &= matches!(name, CircuitName::Qk { .. });
            }
            Self::Pca { positions } => *positions = !*positions,
            Self::Attribution { .. } | Self::Composition => {}
        }
        next
    }

    /// The same with the other choice it has: the sample's mean or this run, scaled or not.
    #[must_use]
    pub fn toggled(&self) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Attribution { mean, .. }
            | Self::Attention { mean, .. }
            | Self::Virtual { mean, .. } => *mean = !*mean,
            Self::Circuit {
                name: CircuitName::Qk { .. },
                scaled,
            } => *scaled = !*scaled,
            _ => {}
        }
        other
    }

    /// Whether the answer is about the weights alone, whatever the prompts.
    #[must_use]
    pub fn is_about_weights(&self) -> bool {
        matches!(
            self,
            Self::Circuit { .. } | Self::Pca { .. } | Self::Composition
        )
    }

    /// Whole lines that begin as this one, for completion.
    #[must_use]
    pub fn suggestions(line: &str, task: ArrayUpdate, config: &Config) -> Vec<String> {
        let heads: Vec<HeadName> = HeadName::all(config).collect();
        let mut all: Vec<String> = vec![
            "attribution target".into(),
            "attribution target over sample".into(),
        ];
        all.extend((0..task.list_len).map(|i| format!("paths b_{i} target")));
        for head in &heads {
            for (kind, _) in Kind::ALL {
                all.push(format!("attention {kind} {head}"));
                all.push(format!("attention {kind} {head} over sample"));
            }
        }
        all.extend(head_pairs(config).map(|(a, b)| format!("attention virtual {a}>{b}")));
        for head in &heads {
            for dest in (0..task.list_len).map(|i| task.predicts_at(i)) {
                let label = task.label(dest);
                let sources = (0..=dest).map(|src| task.label(src));
                all.extend(sources.map(|src| format!("why {head} {label} {src}")));
            }
        }
        let circuits = CircuitName::all(config).into_iter();
        all.extend(circuits.map(|name| format!("circuit {}", name.text(config))));
        all.extend(["pca tokens", "pca positions", "composition"].map(str::to_owned));
        all.retain(|one| one.starts_with(line) && one != line);
        all
    }
}

/// What questions are answered from: a model's weights in f64, made once a model.
pub struct Tools {
    pub(super) weights: super::matrices::Matrices,
    /// `None` where a model has too many paths to list.
    pub(super) paths: Option<PathTables>,
}

impl Tools {
    /// The tools for a model.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(model: &crate::model::HookedTransformer) -> Result<Self> {
        let weights = super::matrices::Matrices::new(model)?;
        let paths = PathTables::new(&weights).ok();
        Ok(Self { weights, paths })
    }
}

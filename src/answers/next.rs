//! What comes after a question: the next of its kind, its other choice, lines that begin as it.

use super::gather::Compare;
use super::geometry::Geometry;
use super::inputs::{Extent, Many};
use super::kind::Kind;
use super::plan::Sheet;
use super::question::Question;
use super::table::Alike;
use super::variants::Variants;
use crate::lens::names::circuit::CircuitName;
use crate::lens::names::head::HeadName;
use crate::lens::names::head::listed_pairs;
use crate::model::Config;
use crate::model::config::Normalization;
use crate::task::Task;

/// Pairs that a mean is taken over unless a number is typed.
const PAIRS: usize = 64;

impl Question {
    /// The next of its kind: another prediction, head, pair, circuit or embedding, counted round.
    #[must_use]
    pub fn next(&self, task: Task, config: &Config, by: isize) -> Self {
        // without a task there is no prediction, and a model may have no head
        let round = |at: usize, len: usize| match isize::try_from(len) {
            Ok(len @ 1..) => (at as isize + by).rem_euclid(len) as usize,
            _ => 0,
        };
        let next_head = |head: &HeadName| {
            let all: Vec<HeadName> = HeadName::all(config).collect();
            let at = all.iter().position(|one| one == head).unwrap_or(0);
            all.get(round(at, all.len())).copied().unwrap_or(*head)
        };
        let mut next = self.clone();
        match &mut next {
            Self::Neurons { layer, .. } => *layer = round(*layer, config.n_layers.max(1)),
            Self::Paths { i, .. } | Self::Sources { i, .. } => *i = round(*i, task.answers.len()),
            Self::Attention {
                kind: Kind::Pattern,
                mean,
                beside,
                ..
            }
            | Self::Virtual { mean, beside, .. } => {
                // head by head, then what two heads do one after the other
                let (mean, beside) = (*mean, *beside);
                let heads = HeadName::all(config).map(|head| Self::Attention {
                    head,
                    kind: Kind::Pattern,
                    mean,
                    beside,
                });
                let pairs = (0..listed_pairs(config).count()).map(|pair| Self::Virtual {
                    pair,
                    mean,
                    beside,
                });
                let all: Vec<Self> = heads.chain(pairs).collect();
                let at = all.iter().position(|one| one == self).unwrap_or(0);
                return all.get(round(at, all.len())).unwrap_or(self).clone();
            }
            Self::Why { head, .. }
            | Self::Attention { head, .. }
            | Self::Variants(Variants::Ranks(_, head)) => *head = next_head(head),
            Self::Grid { sheet, .. } => {
                let all = Sheet::all(config);
                let at = all.iter().position(|one| one == sheet).unwrap_or(0);
                *sheet = all.get(round(at, all.len())).copied().unwrap_or(*sheet);
            }
            Self::Circuit {
                name,
                scaled,
                beside,
                ..
            } => {
                let all = CircuitName::all(config);
                let at = all.iter().position(|one| one == name).unwrap_or(0);
                let next = all.get(round(at, all.len())).cloned();
                *name = next.unwrap_or_else(|| name.clone());
                // it may have other rows and columns than this one
                *beside = None;
                *scaled &= matches!(name, CircuitName::Qk { .. });
            }
            Self::Weights(geometry) => geometry.turn(task, config, by),
            Self::Many(many) => many.turn(task, config, by),
            Self::ModelLogits | Self::ModelAttention(_) | Self::ModelNecessity => {
                // the logits, then head by head, then edge by edge
                let heads = HeadName::all(config).map(Self::ModelAttention);
                let mut all: Vec<Self> = std::iter::once(Self::ModelLogits).chain(heads).collect();
                all.push(Self::ModelNecessity);
                let at = all.iter().position(|one| one == self).unwrap_or(0);
                return all.get(round(at, all.len())).unwrap_or(self).clone();
            }
            Self::Attribution { .. }
            | Self::Composition
            | Self::Curves(_)
            | Self::Metrics { .. }
            | Self::Variants(Variants::Edges) => {}
        }
        next
    }

    /// The same with the other choice it has: the sample's mean or this run, scaled or not, earlier
    /// heads whole or by position.
    #[must_use]
    pub fn toggled(&self) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Attribution { mean, .. }
            | Self::Attention { mean, .. }
            | Self::Sources { mean, .. }
            | Self::Neurons { mean, .. }
            | Self::Paths { mean, .. }
            | Self::Virtual { mean, .. } => *mean = !*mean,
            Self::Circuit {
                name: CircuitName::Qk { .. },
                scaled,
                ..
            } => *scaled = !*scaled,
            Self::Why { summed, .. } => *summed = !*summed,
            Self::Curves(curves) => curves.log = curves.log.next(),
            Self::Many(many) => many.toggle(),
            Self::Grid { pairs, .. } | Self::Metrics { pairs } => {
                *pairs = match pairs {
                    Some(_) => None,
                    None => Some(PAIRS),
                };
            }
            _ => {}
        }
        other
    }

    /// Whether rows and columns are each all of one kind: tokens by tokens, positions by positions.
    #[must_use]
    pub fn is_matrix(&self) -> bool {
        matches!(
            self,
            Self::Circuit { .. }
                | Self::Attention { .. }
                | Self::Virtual { .. }
                | Self::Grid {
                    sheet: Sheet::PatternCells(_) | Sheet::Neurons(_),
                    ..
                }
        )
    }

    /// The question about what a row of the answer is of, where there is one.
    #[must_use]
    pub fn of_row(&self, row: usize, config: &Config) -> Option<Self> {
        let (layer, at, over) = match self {
            Self::Many(Many::Neurons { layer, at, over }) => (*layer, *at, *over),
            Self::Neurons { layer, .. } => (*layer, None, Extent::default()),
            _ => return None,
        };
        // sums stand below the neurons
        let is_neuron = config.mlp.is_some_and(|mlp| row < mlp.d_mlp);
        is_neuron.then_some(Self::Many(Many::Neuron {
            layer,
            neuron: row,
            at,
            over,
        }))
    }

    /// Which numbers of the answer can be compared.
    #[must_use]
    pub fn alike(&self) -> Alike {
        match self {
            Self::Variants(_) | Self::ModelNecessity => Alike::Columns,
            Self::Metrics { .. } => Alike::Rows,
            Self::Curves(_) => Alike::Kinds,
            Self::Many(Many::Map { quantities, .. }) if quantities.len() > 1 => Alike::Kinds,
            Self::Many(Many::Spectrum { by, .. }) if by.len() == 1 => Alike::Kinds,
            Self::Many(
                Many::Groups { .. }
                | Many::Neurons { .. }
                | Many::Neuron { .. }
                | Many::Scatter { .. },
            )
            | Self::Weights(Geometry::Frequencies(_) | Geometry::Norms(_) | Geometry::Fan(_)) => {
                Alike::Kinds
            }
            Self::ModelLogits | Self::ModelAttention(_) => Alike::Layers,
            // a coefficient is large where its field is small
            Self::Many(Many::Fit { .. }) => Alike::Cells,
            _ => Alike::All,
        }
    }

    /// The same with the next way to tell a metric; `None` where there is but one.
    #[must_use]
    pub fn reread(&self) -> Option<Self> {
        let mut other = self.clone();
        let Self::Grid { reading, .. } = &mut other else {
            return None;
        };
        *reading = reading.next();
        Some(other)
    }

    /// Whether the answer is about the weights alone, whatever the prompts.
    #[must_use]
    pub fn is_about_weights(&self) -> bool {
        matches!(
            self,
            Self::Circuit { .. } | Self::Weights(_) | Self::Composition
        )
    }

    /// Whether another pair of prompts leaves the answer as it is, as long as nothing is taken from their runs.
    #[must_use]
    pub fn is_of_no_prompt(&self) -> bool {
        match self {
            Self::Curves(curves) => !curves.is_about_run(),
            Self::Many(many) => many.is_of_no_prompt(),
            _ => self.is_about_weights(),
        }
    }

    /// Whether the answer is about one run of the pair, the one on screen.
    #[must_use]
    pub fn is_about_run(&self) -> bool {
        let about_pair = matches!(
            self,
            Self::Grid { .. } | Self::Metrics { .. } | Self::Variants(_) | Self::ModelNecessity
        );
        let of_steps = matches!(self, Self::Curves(curves) if !curves.is_about_run());
        !self.is_about_weights() && !about_pair && !of_steps
    }

    /// Whether it is averaged over the examples of the sample.
    #[must_use]
    pub fn is_mean(&self) -> bool {
        match self {
            Self::Attribution { mean, .. }
            | Self::Attention { mean, .. }
            | Self::Virtual { mean, .. }
            | Self::Paths { mean, .. }
            | Self::Sources { mean, .. }
            | Self::Neurons { mean, .. } => *mean,
            _ => false,
        }
    }

    /// Whether the sample that is at hand decides its answer.
    #[must_use]
    pub fn is_over_sample(&self) -> bool {
        self.is_mean() || matches!(self, Self::Many(many) if many.is_over_sample())
    }

    /// A question about a sample put to one of its runs alone.
    #[must_use]
    pub(super) fn of_one_run(&self) -> Self {
        let mut single = self.toggled();
        if let Self::Attention { beside, .. } | Self::Virtual { beside, .. } = &mut single {
            *beside = false;
        }
        single
    }

    /// Whole lines that begin as this one, for completion.
    #[must_use]
    pub fn suggestions(line: &str, task: Task, config: &Config) -> Vec<String> {
        let heads: Vec<HeadName> = HeadName::all(config).collect();
        let first = line.split(' ').next().unwrap_or("");
        // what another word begins is not even made
        let begins = |verb: &str| verb.starts_with(first);
        let predictions = || (0..task.answers.len()).map(|i| task.prediction(i));
        let both = |line: String| [format!("{line} over sample"), line];
        let mut all: Vec<String> = Vec::new();
        if begins("attribution") {
            all.extend(both("attribution target".into()).into_iter().rev());
        }
        if begins("paths") {
            all.extend(predictions().flat_map(|at| both(format!("paths {at} target"))));
        }
        for head in heads.iter().filter(|_| begins("attention")) {
            for (kind, _) in Kind::ALL {
                let line = format!("attention {kind} {head}");
                all.extend(["", " over sample", " beside"].map(|more| format!("{line}{more}")));
            }
        }
        if begins("attention") {
            all.extend(listed_pairs(config).map(|(a, b)| format!("attention virtual {a}>{b}")));
        }
        for head in heads.iter().filter(|_| begins("why")) {
            for dest in (0..task.answers.len()).map(|i| task.predicts_at(i)) {
                let label = task.label(dest);
                let last = match config.is_causal() {
                    true => dest,
                    false => task.seq_len() - 1,
                };
                let sources = (0..=last).map(|src| task.label(src));
                all.extend(sources.map(|src| format!("why {head} {label} {src}")));
            }
        }
        for at in predictions().filter(|_| begins("sources")) {
            all.push(format!("sources {at} target"));
            all.push(format!("sources {at} target by token over sample"));
        }
        let layers = if config.mlp.is_some() && begins("neurons") {
            config.n_layers.max(1)
        } else {
            0
        };
        all.extend((0..layers).flat_map(|layer| both(format!("neurons {layer} target"))));
        for sheet in Sheet::all(config).into_iter().filter(|_| begins("grid")) {
            let line = format!("grid {}", sheet.line());
            all.extend(["", " attribution", " both"].map(|more| format!("{line}{more}")));
            all.push(format!("grid {} over {PAIRS} pairs", sheet.line()));
        }
        all.extend(
            ["metrics", "necessity", "models logits", "models necessity"].map(str::to_owned),
        );
        all.push(format!("metrics over {PAIRS} pairs"));
        for head in &heads {
            all.extend(["ov", "qk"].map(|weight| format!("ranks {weight} {head}")));
            all.push(format!("models attention {head}"));
        }
        let circuits = if begins("circuit") {
            CircuitName::all(config)
        } else {
            Vec::new()
        };
        for name in circuits {
            let line = format!("circuit {}", name.text(config));
            let normed = config.normalization != Normalization::None;
            all.extend(normed.then(|| format!("{line} folded")));
            all.push(line);
        }
        all.push("composition".to_owned());
        all.extend(Geometry::lines(task, config));
        all.extend(Many::lines(first, task, config));
        all.retain(|one| one.starts_with(line) && one != line);
        all
    }

    /// Lines that are right so far and one word longer, each once.
    #[must_use]
    pub fn completions(line: &str, task: Task, config: &Config) -> Vec<String> {
        let typed: Vec<&str> = line.split_whitespace().collect();
        let ended = line.is_empty() || line.ends_with(char::is_whitespace);
        let done = typed.len() - usize::from(!ended);
        let (before, stem) = (&typed[..done], typed.get(done).copied().unwrap_or(""));
        let lead: String = before.iter().flat_map(|word| [word, " "]).collect();
        let mut found: Vec<String> = Vec::new();
        // the first word may not be finished
        let first = typed.first().copied().unwrap_or("");
        for whole in Self::suggestions(first, task, config) {
            let words: Vec<&str> = whole.split_whitespace().collect();
            let next = words.get(done).filter(|_| words.starts_with(before));
            if let Some(next) = next.filter(|next| next.starts_with(stem) && **next != stem) {
                let longer = format!("{lead}{next}");
                if !found.contains(&longer) {
                    found.push(longer);
                }
            }
        }
        found
    }

    /// The same grid with the next thing beside it; a circuit with the next one of its own rows
    /// and columns beside it, and in the end alone again.
    #[must_use]
    pub fn compared(&self, config: &Config) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Grid { compare, .. } => {
                let all = Compare::ALL.map(|(_, one)| one);
                let at = all.iter().position(|one| one == compare).unwrap_or(0);
                *compare = all[(at + 1) % all.len()];
            }
            Self::Circuit { name, beside, .. } => {
                let all = CircuitName::all(config);
                let rest = all
                    .iter()
                    .filter(|one| *one != name && one.axes() == name.axes());
                let rest: Vec<&CircuitName> = rest.collect();
                let at = beside.as_ref();
                let at = at.and_then(|now| rest.iter().position(|one| *one == now));
                *beside = rest.get(at.map_or(0, |at| at + 1)).map(|&one| one.clone());
            }
            Self::Sources { by_token, .. } => *by_token = !*by_token,
            Self::Attention { beside, .. } | Self::Virtual { beside, .. } => *beside = !*beside,
            _ => {}
        }
        other
    }
}

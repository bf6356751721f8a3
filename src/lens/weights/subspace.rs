//! Subspaces of the residual stream: what named directions span, their principal components, what they are at
//! some frequencies.

use super::directions::{Directions, basis, centred};
use super::matrices::Matrices;
use crate::lens::numbers::algebra::Matrix;
use crate::lens::numbers::fourier;
use crate::model::Config;
use crate::task::shown;
use anyhow::{Result, ensure};

/// A subspace, by how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subspace {
    /// Of which directions of the residual stream; of the classes themselves, among logits, where there are
    /// none.
    pub of: Option<Directions>,
    /// What of them.
    pub part: Spanned,
}

/// What the classes themselves are called, along which logits have waves.
pub(crate) const CLASSES: &str = "classes";

/// What of some directions spans a subspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spanned {
    /// All of them.
    Span,
    /// So many principal components, the mean taken as the origin.
    Components(usize),
    /// The waves of these frequencies along the numbers that they belong to.
    Frequencies(Vec<usize>),
}

/// Singular values below so much of the largest are rounding of the weights.
const NO_DIRECTION: f64 = 1e-7;

/// What follows the target of a line.
pub(crate) const FORM: &str = "span NAME | pca NAME K | frequencies NAME K K ..";

impl Subspace {
    /// A subspace from its words: `pca W_U 2`, `frequencies W_E 44 17`, `span W_U`.
    ///
    /// # Errors
    /// The place of the wrong word among them, and what it may be.
    pub(crate) fn parse(
        words: &[&str],
        config: &Config,
        among_logits: bool,
    ) -> Result<Self, (usize, String)> {
        if among_logits {
            return Self::of_logits(words, config);
        }
        let missing = |at: usize, what: &str| (at, format!("{what} is missing; write {FORM}"));
        let kind = words.first().ok_or_else(|| missing(0, "what is kept"))?;
        let name = words.get(1).ok_or_else(|| missing(1, "a name such as W_U"));
        let of = |name: &str| Directions::parse(name, config).map_err(|e| (1, format!("{e:#}")));
        let numbers = || numbers(words);
        let part = match *kind {
            "span" => match words.get(2) {
                Some(more) => return Err((2, format!("'{}' is too much", shown(more)))),
                None => Spanned::Span,
            },
            "pca" => match numbers()?[..] {
                [k] if (1..=config.d_model).contains(&k) => Spanned::Components(k),
                [_] => return Err((2, format!("components are 1 to {}", config.d_model))),
                _ => return Err(missing(2, "one number of components")),
            },
            "frequencies" => match numbers()? {
                some if some.is_empty() => return Err(missing(2, "a frequency")),
                some => Spanned::Frequencies(some),
            },
            other => return Err((0, format!("'{}' is none of {FORM}", shown(other)))),
        };
        let of = of(name?)?;
        if let Spanned::Frequencies(some) = &part {
            if !of.has_waves(config) {
                return Err((1, format!("{} has no numbers in a row", of.name())));
            }
            bounded(some, of.counted_len(config))?;
        }
        Ok(Self { of: Some(of), part })
    }

    /// One of logits: `frequencies classes 44 17`.
    fn of_logits(words: &[&str], config: &Config) -> Result<Self, (usize, String)> {
        let form = format!("write frequencies {CLASSES} K K ..");
        match words {
            ["frequencies", CLASSES, ..] => {}
            ["frequencies", other, ..] => {
                let problem = format!("logits have waves along {CLASSES}, not '{}'", shown(other));
                return Err((1, problem));
            }
            ["frequencies"] => return Err((1, format!("{CLASSES} is missing; {form}"))),
            [other, ..] => return Err((0, format!("'{}' is none; {form}", shown(other)))),
            [] => return Err((0, format!("what is kept is missing; {form}"))),
        }
        let some = numbers(words)?;
        if some.is_empty() {
            return Err((2, format!("a frequency is missing; {form}")));
        }
        bounded(&some, config.d_vocab_out)?;
        Ok(Self {
            of: None,
            part: Spanned::Frequencies(some),
        })
    }

    /// The words that a line has for it.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.of.map_or_else(|| CLASSES.to_owned(), Directions::name);
        match &self.part {
            Spanned::Span => format!("span {name}"),
            Spanned::Components(k) => format!("pca {name} {k}"),
            Spanned::Frequencies(some) => {
                let some: Vec<String> = some.iter().map(ToString::to_string).collect();
                format!("frequencies {name} {}", some.join(" "))
            }
        }
    }

    /// The orthogonal projection onto it, `[d_model, d_model]`, among logits `[d_vocab_out, d_vocab_out]`:
    /// `x P` is the part of `x` in the subspace.
    ///
    /// # Errors
    /// When the directions are not there, or the singular values do not converge.
    pub(crate) fn projection(&self, weights: &Matrices) -> Result<Matrix> {
        let (rows, labels) = match self.of {
            Some(of) => (
                of.rows(weights)?,
                of.labels(weights.config(), weights.task()),
            ),
            None => {
                let size = weights.config().d_vocab_out;
                let labels = Directions::Classes.labels(weights.config(), weights.task());
                (Matrix::identity(size, size), labels)
            }
        };
        let (rows, most) = match &self.part {
            Spanned::Span => (rows, usize::MAX),
            Spanned::Components(k) => (centred(&rows), *k),
            Spanned::Frequencies(some) => {
                let range = Directions::counted(&labels);
                ensure!(range.len() >= 3, "{} has no numbers in a row", self.words());
                let table = rows.subrows(range.start, range.len()).to_owned();
                let waves = some.iter().flat_map(|&k| fourier::coefficients(&table, k));
                let waves: Vec<Vec<f64>> = waves.collect();
                let waves = Matrix::from_fn(waves.len(), table.ncols(), |i, j| waves[i][j]);
                (waves, usize::MAX)
            }
        };
        let basis = basis(&rows, NO_DIRECTION)?;
        let rank = basis.ncols().min(most);
        ensure!(rank > 0, "{} spans nothing", self.words());
        let basis = basis.subcols(0, rank).to_owned();
        Ok(&basis * basis.transpose())
    }
}

/// The whole numbers behind a kind and a name.
fn numbers(words: &[&str]) -> Result<Vec<usize>, (usize, String)> {
    let read = words.iter().enumerate().skip(2).map(|(at, word)| {
        let number = word.parse::<usize>().ok();
        number.ok_or_else(|| (at, format!("'{}' is no whole number", shown(word))))
    });
    read.collect()
}

/// Whether so many numbers in a row have waves of these frequencies.
fn bounded(some: &[usize], numbers: usize) -> Result<(), (usize, String)> {
    let most = numbers / 2;
    match some.iter().position(|&k| k > most) {
        Some(at) => Err((at + 2, format!("frequencies are 0 to {most}"))),
        None => Ok(()),
    }
}

impl Directions {
    /// Whether they belong to numbers along which there are waves.
    #[must_use]
    pub fn has_waves(self, config: &Config) -> bool {
        self.counted_len(config) >= 2
    }

    /// How many of them belong to numbers in a row, as far as sizes tell.
    fn counted_len(self, config: &Config) -> usize {
        match self {
            Self::Tokens | Self::Moved(_) => config.d_vocab,
            Self::Classes => config.d_vocab_out,
            Self::Positions => config.n_ctx,
            Self::NeuronsIn(_) | Self::NeuronsOut(_) => config.mlp.map_or(0, |mlp| mlp.d_mlp),
            Self::Reads(_) | Self::Writes(_) => config.d_head,
            // these are told apart by their strength, along which nothing goes round
            Self::Singular(..) => 0,
            Self::Output(_) => config.d_head * config.n_heads,
        }
    }
}

//! Questions about the weights' own directions: how long they are, at which angles, in which components and
//! frequencies.

use super::spectrum::{cosine_table, fan_table, norm_table, of_directions, overlap_table};
use super::table::Table;
use super::tools::Tools;
use super::weights::pca_table;
use crate::lens::Directions;
use crate::model::Config;
use anyhow::{Result, bail};

/// A question about directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// Their frequencies along the numbers that they belong to.
    Frequencies(Directions),
    /// The cosines of the ones with the others.
    Cosines(Directions, Directions),
    /// Their lengths.
    Norms(Directions),
    /// Principal components.
    Pca(Directions),
    /// Their angles in the plane that they span best.
    Fan(Directions),
    /// How much of what one head reads or writes lies in what others do.
    Overlap,
}

impl Geometry {
    /// A question from its line, where its verb is one of these.
    ///
    /// # Errors
    /// Says which word is wrong and what it may be.
    pub fn parse(line: &str, config: &Config) -> Result<Option<Self>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let directions = |name: &str| Directions::parse(name, config);
        let all = || {
            let names = Directions::all(config).into_iter().map(Directions::name);
            names.collect::<Vec<_>>().join(" ")
        };
        Ok(Some(match words[..] {
            ["frequencies", name] => Self::Frequencies(directions(name)?),
            ["cosines", name] => Self::Cosines(directions(name)?, directions(name)?),
            ["cosines", a, b] => Self::Cosines(directions(a)?, directions(b)?),
            ["norms", name] => Self::Norms(directions(name)?),
            ["pca", name] => Self::Pca(directions(name)?),
            ["fan", name] => Self::Fan(directions(name)?),
            ["overlap"] => Self::Overlap,
            ["frequencies" | "cosines" | "norms" | "pca" | "fan", ..] => {
                bail!("directions are missing or too many; there are {}", all())
            }
            ["overlap", ..] => bail!("nothing follows"),
            _ => return Ok(None),
        }))
    }

    /// The line that [`Geometry::parse`] reads.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Frequencies(of) => format!("frequencies {}", of.name()),
            Self::Cosines(a, b) if a == b => format!("cosines {}", a.name()),
            Self::Cosines(a, b) => format!("cosines {} {}", a.name(), b.name()),
            Self::Norms(of) => format!("norms {}", of.name()),
            Self::Pca(Directions::Tokens) => "pca tokens".into(),
            Self::Pca(Directions::Positions) => "pca positions".into(),
            Self::Pca(of) => format!("pca {}", of.name()),
            Self::Fan(of) => format!("fan {}", of.name()),
            Self::Overlap => "overlap".into(),
        }
    }

    /// The next directions of a model, counted round.
    pub(super) fn turn(&mut self, config: &Config, by: isize) {
        let all = Directions::all(config);
        let next = |of: &mut Directions| {
            let at = all.iter().position(|one| one == of).unwrap_or(0) as isize;
            *of = all[(at + by).rem_euclid(all.len() as isize) as usize];
        };
        match self {
            Self::Frequencies(of) | Self::Norms(of) | Self::Pca(of) | Self::Fan(of) => next(of),
            Self::Cosines(a, b) => {
                next(a);
                *b = *a;
            }
            Self::Overlap => {}
        }
    }

    /// The answer.
    ///
    /// # Errors
    /// When the directions are no numbers in a row, or the algebra does not converge.
    pub(super) fn table(self, tools: &Tools) -> Result<Table> {
        let weights = &tools.weights;
        let task = weights.task();
        match self {
            Self::Frequencies(of) => of_directions(weights, of, task),
            Self::Cosines(a, b) => cosine_table(weights, a, b, task),
            Self::Norms(of) => norm_table(weights, of, task),
            Self::Pca(of) => pca_table(tools, of),
            Self::Fan(of) => fan_table(weights, of, task),
            Self::Overlap => overlap_table(weights, weights.config()),
        }
    }

    /// Lines of all of them.
    pub(super) fn lines(config: &Config) -> Vec<String> {
        let mut all = Vec::new();
        for of in Directions::all(config) {
            let questions = [
                Self::Pca(of),
                Self::Fan(of),
                Self::Cosines(of, of),
                Self::Norms(of),
                Self::Frequencies(of),
            ];
            let asked = questions.into_iter().filter(|one| match one {
                Self::Frequencies(of) => of.has_waves(config),
                _ => true,
            });
            all.extend(asked.map(|one| one.line()));
        }
        all.push(Self::Overlap.line());
        all
    }
}

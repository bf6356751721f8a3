//! Questions about the weights' own directions: how long they are, at which angles, in which components and
//! frequencies.

use super::spectrum::{cosine_table, fan_table, norm_table, of_directions, overlap_table};
use super::table::Table;
use super::tools::Tools;
use super::weights::pca_table;
use crate::lens::{Chosen, Directions, LineError};
use crate::model::Config;
use crate::task::Task;
use anyhow::{Result, bail};

/// A question about directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// Their frequencies along the numbers that they belong to.
    Frequencies(Directions),
    /// The cosines of the ones with the others.
    Cosines(Chosen, Chosen),
    /// Their lengths.
    Norms(Chosen),
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
    /// A [`LineError`] where a word is wrong, which says what it may be.
    pub fn parse(line: &str, task: Task, config: &Config) -> Result<Option<Self>> {
        const VERBS: [&str; 5] = ["frequencies", "cosines", "norms", "pca", "fan"];
        let verb = line.split_whitespace().next().unwrap_or("");
        if verb == "overlap" {
            let alone = line.trim() == verb;
            return match alone {
                true => Ok(Some(Self::Overlap)),
                false => bail!("nothing follows"),
            };
        }
        if !VERBS.contains(&verb) {
            return Ok(None);
        }
        // read as a whole, so that a byte of it is one of the line
        let begins = line.len() - line.trim_start().len() + verb.len();
        let wrong = |(at, problem): (usize, String)| LineError::at(line, begins + at, problem);
        let chosen = Chosen::read(&line[begins..], config, task).map_err(wrong)?;
        let family = |chosen: Chosen| match chosen {
            Chosen::All(of) => Ok(of),
            one => {
                let name = one.name(config, task);
                let problem = format!("{verb} is of many directions, and {name} is one");
                let at = line[begins..].len() - line[begins..].trim_start().len();
                Err(wrong((at, problem)))
            }
        };
        Ok(Some(match (verb, &chosen[..]) {
            ("frequencies", &[of]) => Self::Frequencies(family(of)?),
            ("cosines", &[of]) => Self::Cosines(of, of),
            ("cosines", &[a, b]) => Self::Cosines(a, b),
            ("norms", &[of]) => Self::Norms(of),
            ("pca", &[of]) => Self::Pca(family(of)?),
            ("fan", &[of]) => Self::Fan(family(of)?),
            _ => {
                let names = Directions::all(config).into_iter().map(Directions::name);
                let all = names.collect::<Vec<_>>().join(" ");
                bail!("directions are missing or too many; there are {all}")
            }
        }))
    }

    /// The line that [`Geometry::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task, config: &Config) -> String {
        let name = |of: &Chosen| of.name(config, task);
        match self {
            Self::Frequencies(of) => format!("frequencies {}", of.name()),
            Self::Cosines(a, b) if a == b => format!("cosines {}", name(a)),
            Self::Cosines(a, b) => format!("cosines {} {}", name(a), name(b)),
            Self::Norms(of) => format!("norms {}", name(of)),
            Self::Pca(Directions::Tokens) => "pca tokens".into(),
            Self::Pca(Directions::Positions) => "pca positions".into(),
            Self::Pca(of) => format!("pca {}", of.name()),
            Self::Fan(of) => format!("fan {}", of.name()),
            Self::Overlap => "overlap".into(),
        }
    }

    /// The next directions of a model, counted round.
    pub(super) fn turn(&mut self, task: Task, config: &Config, by: isize) {
        match self {
            Self::Frequencies(of) | Self::Pca(of) | Self::Fan(of) => *of = of.turned(config, by),
            Self::Norms(of) => *of = of.turned(config, task, by),
            Self::Cosines(a, b) => {
                let with_itself = a == b;
                *a = a.turned(config, task, by);
                // a family is gone through with itself; one direction against what it was asked with
                if with_itself || matches!(a, Chosen::All(_)) {
                    *b = *a;
                }
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

    /// Lines of all of them, families as they are.
    pub(super) fn lines(task: Task, config: &Config) -> Vec<String> {
        let mut all = Vec::new();
        for of in Directions::all(config) {
            let questions = [
                Self::Pca(of),
                Self::Fan(of),
                Self::Cosines(Chosen::All(of), Chosen::All(of)),
                Self::Norms(Chosen::All(of)),
                Self::Frequencies(of),
            ];
            let asked = questions.into_iter().filter(|one| match one {
                Self::Frequencies(of) => of.has_waves(config),
                _ => true,
            });
            all.extend(asked.map(|one| one.line(task, config)));
        }
        all.push(Self::Overlap.line(task, config));
        all
    }
}

//! The runs of a pair by name, and which of them is patched.

use serde::{Deserialize, Serialize};

/// A run that activations can come from, or that a pane can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunName {
    /// The clean prompt, untouched.
    Clean,
    /// The corrupted prompt, untouched.
    Corrupted,
    /// The base run with the interventions.
    Patched,
}

impl RunName {
    /// Its name on screen and in intervention lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Corrupted => "corrupted",
            Self::Patched => "patched",
        }
    }
}

/// What panes and answers are about: a run, or what the interventions changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One run.
    Run(RunName),
    /// Patched minus base.
    Difference,
}

impl Shown {
    /// Its name on screen.
    #[must_use]
    pub fn name(self, direction: Direction) -> String {
        match self {
            Self::Run(run) => run.name().to_owned(),
            Self::Difference => match direction {
                Direction::Denoise => "patched - corr.".to_owned(),
                Direction::Noise => "patched - clean".to_owned(),
            },
        }
    }

    /// The run it is about.
    #[must_use]
    pub fn run(self) -> RunName {
        match self {
            Self::Run(run) => run,
            Self::Difference => RunName::Patched,
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Run(RunName::Clean) => Self::Run(RunName::Corrupted),
            Self::Run(RunName::Corrupted) => Self::Run(RunName::Patched),
            Self::Run(RunName::Patched) => Self::Difference,
            Self::Difference => Self::Run(RunName::Clean),
        }
    }
}

impl From<RunName> for Shown {
    fn from(run: RunName) -> Self {
        Self::Run(run)
    }
}

/// Which run is patched, and with what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Clean activations into the corrupted run: what is enough to restore the answer?
    #[default]
    Denoise,
    /// Corrupted activations into the clean run: what is needed for the answer?
    Noise,
}

impl Direction {
    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Denoise => "denoise",
            Self::Noise => "noise",
        }
    }

    /// The run that is patched.
    #[must_use]
    pub fn base(self) -> RunName {
        match self {
            Self::Denoise => RunName::Corrupted,
            Self::Noise => RunName::Clean,
        }
    }

    /// The run that activations are taken from.
    #[must_use]
    pub fn source(self) -> RunName {
        match self {
            Self::Denoise => RunName::Clean,
            Self::Noise => RunName::Corrupted,
        }
    }

    /// The other direction.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Self::Denoise => Self::Noise,
            Self::Noise => Self::Denoise,
        }
    }
}

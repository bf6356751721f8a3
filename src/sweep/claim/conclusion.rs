//! What a count says of a claim: proved, refuted, supported, or undecided, and how that is known.

use super::verdict::{NO_INPUT, Verdict};
use serde::{Deserialize, Serialize};

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Conclusion {
    /// True of every input there is that it is about: each was looked at.
    Proved,
    /// False, and an input shows it.
    Refuted,
    /// True of every input of a sample.
    Supported,
    /// Not known.
    Undecided,
}

impl Conclusion {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "PROVED",
            Self::Refuted => "REFUTED",
            Self::Supported => "SUPPORTED",
            Self::Undecided => "UNDECIDED",
        }
    }
}

/// What a verdict rests on, besides what was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether the inputs are a sample and not all there are.
    pub sampled: bool,
    /// Inputs that single precision cannot tell.
    pub close: u64,
    /// Those among them of which the claim is not true as it was counted.
    pub close_failing: u64,
    /// Whether these were looked at in double precision.
    pub settled: bool,
    /// Whether the claim is about one number of all inputs.
    pub of_all: bool,
    /// Whether one input is enough to refute it: all but claims of a mean, of a least number that is
    /// small or of a greatest that is great.
    pub by_one: bool,
    /// Whether that number is a mean.
    pub of_mean: bool,
}

impl Verdict {
    /// What is known of the claim; `None` where it only asks for a number.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        let holds = self.holds?;
        let evidence = &self.evidence;
        let failing = self.total - self.count;
        let unsettled = !evidence.settled && evidence.close > 0;
        Some(match (holds, evidence.sampled) {
            _ if self.total == 0 => Conclusion::Undecided,
            // what is not defined for an input does not hold for it
            (false, _) if self.undefined > 0 => Conclusion::Refuted,
            // those that fail may only seem to
            (false, _) if unsettled && !evidence.of_all && failing <= evidence.close_failing => {
                Conclusion::Undecided
            }
            (false, true) if !evidence.by_one => Conclusion::Undecided,
            (false, _) => Conclusion::Refuted,
            (true, _) if unsettled => Conclusion::Undecided,
            (true, true) if evidence.of_mean => Conclusion::Undecided,
            (true, true) => Conclusion::Supported,
            (true, false) => Conclusion::Proved,
        })
    }

    /// Why nothing is known.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        if self.conclusion() != Some(Conclusion::Undecided) {
            return None;
        }
        if self.total == 0 {
            return Some(NO_INPUT.to_owned());
        }
        if self.holds == Some(false) && self.evidence.sampled && !self.evidence.by_one {
            return Some("it fails over a sample, and over all inputs it may be otherwise".into());
        }
        if self.evidence.of_mean && self.evidence.sampled {
            return Some(
                "it is about a mean, and that of a sample is not that of all inputs".into(),
            );
        }
        Some(format!(
            "{} inputs are too close a call for the single precision of forward passes",
            self.evidence.close
        ))
    }

    /// Of a claim that a sample supports: what share of all inputs may fail at the most, so that 95
    /// of 100 such samples would show one that does. Where none of n fails that is `1 - 0.05^(1/n)`
    /// (Clopper and Pearson 1934). None where the claim is about a mean, or about one extreme only.
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        let one_by_one = !self.evidence.of_all || self.evidence.by_one;
        let supported = self.conclusion() == Some(Conclusion::Supported) && one_by_one;
        supported.then(|| -(0.05f64.ln() / self.total as f64).exp_m1())
    }

    /// With how many digits it was computed.
    #[must_use]
    pub fn precision(&self) -> &'static str {
        match self.evidence.settled {
            true => "single (32 bits), close calls in double (64 bits)",
            false => "single (32 bits)",
        }
    }

    /// How it was found out.
    #[must_use]
    pub fn method(&self) -> String {
        let inputs = match self.evidence.sampled {
            true => "a sample",
            false => "enumeration",
        };
        let how = match self.evidence.settled {
            true => "tables of the weights, close calls in double precision",
            false => "forward passes in single precision",
        };
        format!("{inputs}, by {how}")
    }
}

//! A measure's values as text: ranks are whole numbers, the others have a sign and decimals.

use super::metric::Measure;
use crate::task::number::{fixed, plus};

impl Measure {
    /// A value of it: `+18.96`, a rank of 14, a mean rank of 3.52.
    #[must_use]
    pub fn written(self, value: f32, decimals: usize) -> String {
        match self {
            Self::LogitDiff | Self::LogProb => plus(value, decimals),
            Self::Rank | Self::Accuracy if value.fract() == 0.0 => fixed(value, 0),
            _ => fixed(value, decimals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_whole() {
        assert_eq!(Measure::Rank.written(35.0, 2), "35");
        assert_eq!(Measure::Rank.written(3.515_6, 2), "3.52");
        assert_eq!(Measure::LogitDiff.written(18.964_7, 2), "+18.96");
        assert_eq!(Measure::Prob.written(1.0, 2), "1.00");
    }
}

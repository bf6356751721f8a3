//! Numbers as people write them: no sign before a zero, no power of ten where digits do, and what
//! was measured on a sample with how far another sample may be from it.

use serde::Serialize;
use std::fmt;

/// From here on a number is told by a power of ten: nobody counts its digits.
pub const LARGE: f64 = 1e10;

/// `value` with so many decimals; what rounds to zero has no minus sign, and what is [`LARGE`] has a power of ten and
/// one decimal at least: `1.2e24`.
#[must_use]
pub fn fixed(value: impl Into<f64>, decimals: usize) -> String {
    let value = value.into();
    if value.is_nan() {
        return "n/a".to_owned();
    }
    if value.is_finite() && value.abs() >= LARGE {
        let decimals = decimals.max(1);
        return format!("{value:.decimals$e}");
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        _ => text,
    }
}

/// What the standard library says of a text that is no number, as people say it.
const NO_NUMBERS: [(&str, &str); 8] = [
    ("invalid digit found in string", "it is no whole number"),
    ("number too large to fit in target type", "it is too large"),
    ("number too small to fit in target type", "it is too small"),
    ("invalid float literal", "it is no number"),
    (
        "cannot parse integer from empty string",
        "no number is there",
    ),
    ("cannot parse float from empty string", "no number is there"),
    ("number would be zero for non-zero type", "it is 0"),
    (
        "out of range integral type conversion attempted",
        "it is out of range",
    ),
];

/// An error's text with what is no number said in plain words.
#[must_use]
pub fn no_number(text: &str) -> String {
    let mut text = text.to_owned();
    for (raw, plain) in NO_NUMBERS {
        text = text.replace(raw, plain);
    }
    text
}

/// Whether a count is 0, so that a file need not say it.
pub fn is_zero<N: Default + PartialEq>(count: &N) -> bool {
    *count == N::default()
}

/// [`fixed`] with a plus sign before what is not below zero.
#[must_use]
pub fn plus(value: impl Into<f64>, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.starts_with(['-', 'n']) {
        text
    } else {
        format!("+{text}")
    }
}

/// `value` with so many significant digits: `1.71`, `-35`, `0.0027`, and a power of ten only where
/// that is shorter to read, `2.7e-5`.
#[must_use]
pub fn significant(value: impl Into<f64>, digits: usize) -> String {
    let value = value.into();
    let after_first = digits.max(1) - 1;
    if value == 0.0 || !value.is_finite() {
        return fixed(value, 0);
    }
    // rounded first: 9.99 in two digits is 10
    let text = format!("{value:.after_first$e}");
    let power = text
        .split_once('e')
        .and_then(|(_, power)| power.parse().ok());
    match power {
        Some(power @ -3..=6) => fixed(value, (after_first as i32 - power).max(0) as usize),
        _ => text,
    }
}

/// A mean over a sample, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the sample over the root of its size; not a number for one
    /// example alone.
    pub standard_error: f64,
    /// The sample's size.
    pub n: u64,
}

impl Estimate {
    /// Of `n` numbers, from their sum and the sum of their squares.
    #[must_use]
    pub fn of(n: u64, sum: f64, squares: f64) -> Self {
        let count = n as f64;
        let mean = sum / count.max(1.0);
        // what is left of two nearly equal sums may be just below zero
        let spread = (squares - count * mean * mean).max(0.0);
        Self {
            mean,
            standard_error: if n > 1 {
                (spread / (count - 1.0) / count).sqrt()
            } else {
                f64::NAN
            },
            n,
        }
    }

    /// The mean with so many decimals and its error with as many: `0.9300 ± 0.0200`.
    #[must_use]
    pub fn fixed(&self, decimals: usize) -> String {
        let [mean, error] = [self.mean, self.standard_error].map(|x| fixed(x, decimals));
        format!("{mean} ± {error}")
    }

    /// A share of a sample. Where all of it are, or none, the standard error says nothing of another sample: what
    /// stands in its place is the 95 % bound of the share among all, `1.0000 (95 %: ≥ 0.9884)`.
    #[must_use]
    pub fn share(&self, decimals: usize) -> String {
        match self.bound() {
            None => self.fixed(decimals),
            Some(bound) => {
                let sign = if self.mean > 0.5 { "≥" } else { "≤" };
                let bound = fixed(bound, decimals);
                format!("{} (95 %: {sign} {bound})", fixed(self.mean, decimals))
            }
        }
    }

    /// How large the share among all is at least, or at most, at 95 %, where it is all or nothing of the sample (the
    /// exact binomial bound).
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        let off = 1.0 - 0.05_f64.powf(1.0 / self.n.max(1) as f64);
        match self.mean {
            _ if self.n == 0 => None,
            1.0 => Some(1.0 - off),
            0.0 => Some(off),
            _ => None,
        }
    }

    /// The same with so many significant digits: `2.7e-5 ± 4.1e-6`.
    #[must_use]
    pub fn significant(&self, digits: usize) -> String {
        let [mean, error] = [self.mean, self.standard_error].map(|x| significant(x, digits));
        format!("{mean} ± {error}")
    }
}

impl fmt::Display for Estimate {
    /// `0.9300 ± 0.0200 (n = 256)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (n = {})", self.fixed(4), self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-0.006, 2), "-0.01");
        assert_eq!(plus(-1e-9, 4), "+0.0000");
        // digits that nobody counts
        assert_eq!(fixed(1.234e24, 2), "1.23e24");
        assert_eq!(fixed(-1.234e24, 0), "-1.2e24");
        assert_eq!(plus(1e12, 1), "+1.0e12");
        assert_eq!(fixed(18_750_000.0, 0), "18750000");
        assert_eq!(plus(f64::NAN, 4), "n/a");
        let cases = [
            (1.714, 3, "1.71"),
            (-35.2, 2, "-35"),
            (2.7e-5, 2, "2.7e-5"),
            (0.00271, 2, "0.0027"),
            (9.99, 2, "10"),
            (-0.0, 2, "0"),
            (12_345.6, 2, "12346"),
            (3e9, 2, "3.0e9"),
        ];
        for (value, digits, text) in cases {
            assert_eq!(significant(value, digits), text, "{value}");
        }
    }

    #[test]
    fn a_mean_has_its_standard_error() {
        // 1, 2, 3, 4: mean 2.5, deviation sqrt(5/3), over the root of 4
        let found = Estimate::of(4, 10.0, 30.0);
        assert_eq!(found.to_string(), "2.5000 ± 0.6455 (n = 4)");
        assert!(Estimate::of(1, 1.0, 1.0).standard_error.is_nan());
        assert_eq!(Estimate::of(3, 3.0, 3.0).standard_error, 0.0);
        // all of a sample may be all by chance
        let all = Estimate::of(256, 256.0, 256.0);
        assert_eq!(all.share(4), "1.0000 (95 %: ≥ 0.9884)");
        assert_eq!(
            Estimate::of(256, 0.0, 0.0).share(4),
            "0.0000 (95 %: ≤ 0.0116)"
        );
        assert_eq!(Estimate::of(2, 1.0, 1.0).share(4), "0.5000 ± 0.5000");
    }
}

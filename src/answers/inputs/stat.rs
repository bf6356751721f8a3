//! What is kept of the numbers of many inputs.

use crate::answers::moments::Moments;
use crate::sweep::Seen;

/// Numbers added up one after the other: mean and spread, least and largest with the inputs that reach them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    moments: Moments,
    /// Inputs whose number is not defined.
    pub undefined: u64,
    /// The least number, and its input's place in the space's order.
    pub min: (f64, u64),
    /// The largest.
    pub max: (f64, u64),
}

impl Default for Stat {
    fn default() -> Self {
        Self {
            moments: Moments::default(),
            undefined: 0,
            min: (f64::INFINITY, 0),
            max: (f64::NEG_INFINITY, 0),
        }
    }
}

impl Stat {
    /// Adds the number of an input.
    pub fn see(&mut self, value: f64, seen: &Seen<'_>) {
        self.add(value, || seen.number());
    }

    /// Adds a number; `number` is asked for its input where it stands out.
    pub fn add(&mut self, value: f64, number: impl Fn() -> u64) {
        if value.is_nan() {
            self.undefined += 1;
            return;
        }
        self.moments.add(value);
        if value < self.min.0 {
            self.min = (value, number());
        }
        if value > self.max.0 {
            self.max = (value, number());
        }
    }

    /// Adds another, of inputs that come later.
    pub fn join(&mut self, later: &Self) {
        self.undefined += later.undefined;
        self.moments.join(&later.moments);
        if later.min.0 < self.min.0 {
            self.min = later.min;
        }
        if later.max.0 > self.max.0 {
            self.max = later.max;
        }
    }

    /// Numbers that are defined.
    pub fn n(&self) -> u64 {
        self.moments.n
    }

    /// No number where there is none.
    pub fn mean(&self) -> f64 {
        self.moments.mean()
    }

    /// The standard deviation of the numbers themselves, as they are all there are.
    pub fn spread(&self) -> f64 {
        self.moments.spread()
    }

    /// How far the mean of all inputs may be from this sample's: its standard error.
    pub fn error(&self) -> f64 {
        self.moments.standard_error()
    }

    /// The least and the largest; no number where there is none.
    pub fn ends(&self) -> [f64; 2] {
        match self.n() {
            0 => [f64::NAN; 2],
            _ => [self.min.0, self.max.0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_joined_are_what_the_whole_is() {
        let all: Vec<f64> = (0..57)
            .map(|i| 1e6 + f64::from(i * i % 23) - f64::from(i) / 7.0)
            .collect();
        let of = |some: &[f64]| {
            let mut stat = Stat::default();
            some.iter().for_each(|&x| stat.add(x, || x as u64));
            stat
        };
        let (whole, mut parts) = (of(&all), of(&all[..13]));
        parts.join(&of(&[]));
        parts.join(&of(&all[13..14]));
        parts.join(&of(&all[14..]));
        let mean = all.iter().sum::<f64>() / 57.0;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 57.0;
        for stat in [whole, parts] {
            assert!((stat.mean() - mean).abs() < 1e-9);
            assert!((stat.spread() - variance.sqrt()).abs() < 1e-9);
            assert!((stat.error() - (variance / 56.0).sqrt()).abs() < 1e-9);
            assert_eq!(stat.ends(), whole.ends());
            assert_eq!((stat.min.1, stat.max.1), (whole.min.1, whole.max.1));
        }
        assert!(Stat::default().mean().is_nan());
    }
}

//! Many measurements in four numbers.

use serde::Serialize;

/// Percentiles of a measurement; no number where nothing was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of them are not above this.
    pub p50: f64,
    /// 95 of 100 are not above this.
    pub p95: f64,
    /// 99 of 100 are not above this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of these values: the smallest one that so many of them are not above.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * values.len() as f64).ceil() as usize;
            let value = values.get(place.saturating_sub(1));
            value.copied().unwrap_or(f64::NAN)
        };
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let spread = Spread::of((1..=200).rev().map(f64::from).collect());
        assert_eq!(
            (spread.p50, spread.p95, spread.p99, spread.max),
            (100.0, 190.0, 198.0, 200.0)
        );
        let one = Spread::of(vec![3.0]);
        assert_eq!((one.p50, one.max), (3.0, 3.0));
        assert!(Spread::of(Vec::new()).p50.is_nan());
    }
}

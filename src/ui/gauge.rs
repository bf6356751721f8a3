//! What lies along an axis of a chart: its ends, and the round numbers between them.

use crate::task::number::{fixed, significant};

/// A place on an axis and what is written there.
pub(super) type Tick = (f64, String);

/// Steps finer than this many powers of ten below what is seen are of no use.
const FINEST: i32 = 4;
/// How far beyond an end, in steps, a number may lie that is there as good as exactly.
const NEAR: f64 = 1e-3;
/// Digits of numbers that are too large or too small to be written out.
const DIGITS: usize = 3;

/// An axis. On a logarithmic one all places are powers of ten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauge {
    /// The least and the largest place.
    pub ends: (f64, f64),
    /// Whether it is logarithmic.
    pub log: bool,
    /// Whether there is nothing between whole numbers.
    pub whole: bool,
}

impl Gauge {
    /// Round numbers, so many at most where two are not more.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        let most = most.max(2);
        match self.log {
            true => self.decades(most),
            false => evenly(self.ends, most, self.whole),
        }
    }

    /// Powers of ten; where there is not even a pair of them, what lies between.
    fn decades(&self, most: usize) -> Vec<Tick> {
        let named = |at: f64| (at, significant(10_f64.powf(at), DIGITS));
        let whole = evenly(self.ends, most, true);
        if whole.len() > 1 {
            return whole.into_iter().map(|(at, _)| (at, power(at))).collect();
        }
        let (low, high) = self.ends;
        let powers = low.floor() as i32..=high.ceil() as i32;
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|one: f64| (power, one)));
        let all = all.map(|(power, one)| one.log10() + f64::from(power));
        let within: Vec<f64> = all.filter(|at| (low..=high).contains(at)).collect();
        match within.len() {
            0 | 1 => [low, high].map(named).to_vec(),
            _ => within.into_iter().map(|at| (at, power(at))).collect(),
        }
    }

    /// Where a place lies between the ends, from 0 to 1.
    pub fn share(&self, at: f64) -> f64 {
        (at - self.ends.0) / (self.ends.1 - self.ends.0)
    }

    /// The same, a little longer on both sides.
    pub fn padded(self, share: f64) -> Self {
        let more = (self.ends.1 - self.ends.0) * share;
        let ends = (self.ends.0 - more, self.ends.1 + more);
        Self { ends, ..self }
    }
}

/// The number at a place of a logarithmic axis, which is round.
fn power(at: f64) -> String {
    significant(10_f64.powf(at), 1)
}

/// Numbers in equal steps of 1, 2 or 5 times a power of ten.
fn evenly((low, high): (f64, f64), most: usize, whole: bool) -> Vec<Tick> {
    let range = high - low;
    if !range.is_finite() || range <= 0.0 {
        return vec![(low, significant(low, DIGITS))];
    }
    let top = range.log10().ceil() as i32;
    let steps = (top - FINEST..=top).rev();
    let steps = steps.flat_map(|power| [5.0, 2.0, 1.0].map(|one: f64| (one, power)));
    let mut found = Vec::new();
    for (one, power) in steps.filter(|(_, power)| !whole || *power >= 0) {
        let step = one * 10_f64.powi(power);
        // an end that is round but for its last digits has its number
        let (first, last) = ((low / step - NEAR).ceil(), (high / step + NEAR).floor());
        let count = (last - first + 1.0).max(0.0) as usize;
        if count > most && (found.len() > 1 || count > 2 * most) {
            break;
        }
        let at = (0..count).map(|i| (first + i as f64) * step);
        found = at
            .map(|at| (at, written(at, power, high.max(-low))))
            .collect();
    }
    found
}

/// A number among others that are this power of ten apart, up to `largest`.
fn written(value: f64, power: i32, largest: f64) -> String {
    let decimals = usize::try_from(-power).unwrap_or(0);
    match decimals > 4 || largest >= 1e6 {
        true if value.abs() < 1e-3 * 10_f64.powi(power) => "0".to_owned(),
        true => {
            let digits = value.abs().log10().floor() as i32 - power + 1;
            significant(value, digits.clamp(1, 6) as usize)
        }
        false => fixed(value, decimals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ends: (f64, f64), most: usize, [log, whole]: [bool; 2]) -> Vec<String> {
        let ticks = Gauge { ends, log, whole }.ticks(most);
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn numbers_along_an_axis_are_round() {
        let plain = [false, false];
        assert_eq!(told((9.63e-8, 0.999_99), 3, plain), ["0.0", "0.5", "1.0"]);
        assert_eq!(told((27.92, 30.41), 3, plain), ["28", "29", "30"]);
        assert_eq!(
            told((-0.1, 0.12), 6, plain),
            ["-0.10", "-0.05", "0.00", "0.05", "0.10"]
        );
        assert_eq!(told((0.0, 2.4e-7), 3, plain), ["0", "1e-7", "2e-7"]);
        assert_eq!(
            told((0.0, 3e6), 4, plain),
            ["0", "1000000", "2000000", "3000000"]
        );
        // no half frequencies, however much room there is
        let whole = [false, true];
        assert_eq!(told((0.0, 15.0), 4, whole), ["0", "5", "10", "15"]);
        assert_eq!(told((0.0, 2.0), 20, whole), ["0", "1", "2"]);
        let log = [true, false];
        assert_eq!(
            told((-4.0, 0.3), 5, log),
            ["1e-4", "0.001", "0.01", "0.1", "1"]
        );
        assert_eq!(told((0.1, 0.9), 5, log), ["2", "5"]);
    }

    #[test]
    fn there_are_two_numbers_at_least_where_two_are_round() {
        for tenths in 1..400 {
            let low = f64::from(tenths) * 0.37 - 60.0;
            for range in [0.03, 0.4, 1.0, 7.0, 99.0, 12_345.0] {
                let ends = (low, low + range);
                let ticks = Gauge {
                    ends,
                    log: false,
                    whole: false,
                }
                .ticks(3);
                assert!((2..=6).contains(&ticks.len()), "{ends:?} {ticks:?}");
                let texts: std::collections::BTreeSet<&String> =
                    ticks.iter().map(|one| &one.1).collect();
                assert_eq!(texts.len(), ticks.len(), "{ticks:?}");
            }
        }
    }
}

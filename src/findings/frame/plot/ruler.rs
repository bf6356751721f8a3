//! An axis of a plot: which numbers stand where, and which of them have a tick.

use anyhow::{Result, ensure};

/// An axis: from value to place.
pub(super) struct Ruler {
    log: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    pub ticks: Vec<f64>,
}

impl Ruler {
    pub fn new(
        values: impl Iterator<Item = f64>,
        log: bool,
        (from, to): (f64, f64),
    ) -> Result<Self> {
        let fits = |value: &f64| value.is_finite() && (!log || *value > 0.0);
        let (mut low, mut high, mut whole) = (f64::INFINITY, f64::NEG_INFINITY, true);
        for value in values.filter(fits) {
            (low, high) = (low.min(value), high.max(value));
            whole &= value.fract() == 0.0;
        }
        ensure!(
            low.is_finite(),
            "there is nothing to draw: no number{}",
            if log {
                " above zero for a logarithmic axis"
            } else {
                ""
            }
        );
        let (low, high) = match (low < high, log) {
            (true, _) => (low, high),
            (false, true) => (low / 2.0, high * 2.0),
            (false, false) => (low - 0.5, high + 0.5),
        };
        let mut ruler = Self {
            log,
            low,
            high,
            from,
            to,
            ticks: Vec::new(),
        };
        ruler.ticks = if log {
            ruler.decades()
        } else {
            ruler.round(whole)
        };
        Ok(ruler)
    }

    /// Round numbers in equal steps, about five; whole ones where there is nothing between.
    fn round(&mut self, whole: bool) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let step = match whole {
            true => round_step(rough.max(1.0)),
            false => round_step(rough),
        };
        let first = (self.low / step).floor() as i64;
        let last = (self.high / step - 1e-9).ceil() as i64;
        (self.low, self.high) = (first as f64 * step, last as f64 * step);
        (first..=last).map(|i| i as f64 * step).collect()
    }

    /// Powers of ten; where these are few, twice and five times them too.
    fn decades(&self) -> Vec<f64> {
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let decades = last - first;
        let within: &[f64] = if decades <= 3 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = (decades / 8).max(0) + 1;
        let all = (first..=last).filter(|power| (power - first) % every == 0);
        let all = all.flat_map(|power| within.iter().map(move |one| one * 10_f64.powi(power)));
        all.filter(|tick| (self.low..=self.high).contains(tick))
            .collect()
    }

    /// Makes one unit as long on both: the longer of the two scales gives way.
    pub fn as_one(x: &mut Self, y: &mut Self) {
        let unit = |ruler: &Self| (ruler.high - ruler.low) / (ruler.to - ruler.from).abs();
        let most = unit(x).max(unit(y));
        for ruler in [x, y] {
            let (middle, reach) = (
                f64::midpoint(ruler.low, ruler.high),
                most * (ruler.to - ruler.from).abs() / 2.0,
            );
            (ruler.low, ruler.high) = (middle - reach, middle + reach);
        }
    }

    pub fn place(&self, value: f64) -> Option<f64> {
        let part = match self.log {
            true if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            true => return None,
            false => (value - self.low) / (self.high - self.low),
        };
        let place = self.from + part * (self.to - self.from);
        place.is_finite().then_some(place)
    }
}

/// The least of 1, 2 and 5 times powers of ten that is no less.
pub(super) fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|one| one * power);
    // what rounding makes a little larger is as large
    let found = steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9));
    found.unwrap_or(10.0 * power)
}

/// Which names along an axis are written where each slot is so long: of whole numbers in equal steps those that are
/// round, all others. Names that would still meet are left out where they are drawn.
pub(super) fn written(names: &[&str], slot: f64, size: impl Fn(&str) -> f64) -> Vec<usize> {
    let number = |name: &&str| name.parse::<i64>().ok();
    let counted: Vec<i64> = names.iter().filter_map(number).collect();
    let gaps = counted.windows(2).map(|two| two[1].saturating_sub(two[0]));
    let mut gaps: Vec<i64> = gaps.collect();
    gaps.dedup();
    let gap = match gaps[..] {
        [gap] if gap > 0 => gap,
        _ => return (0..names.len()).collect(),
    };
    let widest = names.iter().map(|name| size(name)).fold(0.0, f64::max);
    let step = round_step((gap as f64 * widest / slot).max(1.0)) as i64;
    let is_written = |i: &usize| number(&names[*i]).is_none_or(|n| n.rem_euclid(step) == 0);
    (0..names.len()).filter(is_written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64]) -> Vec<f64> {
        let ruler = Ruler::new(values.iter().copied(), false, (0.0, 100.0));
        ruler.map(|ruler| ruler.ticks).unwrap_or_default()
    }

    #[test]
    fn ticks_are_one_two_or_five_times_powers_of_ten() {
        assert_eq!(ticks(&[0.0, 49.0]), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(&[0.0, 1.2, 0.3]), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(ticks(&[-1.0, 11.0, 0.5]), [-5.0, 0.0, 5.0, 10.0, 15.0]);
        // between whole numbers there is nothing
        assert_eq!(ticks(&[0.0, 1.0, 2.0]), [0.0, 1.0, 2.0]);
        assert_eq!(ticks(&[3.0]), [2.0, 3.0, 4.0]);
    }

    #[test]
    fn of_whole_numbers_the_round_ones_are_written() {
        let names: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = |names: &[&str], slot| written(names, slot, |_| 26.0);
        assert_eq!(at(&names, 11.0), (0..50).step_by(5).collect::<Vec<_>>());
        assert_eq!(at(&names, 26.0).len(), 50);
        names.push("=");
        assert_eq!(at(&names, 3.0), [0, 10, 20, 30, 40, 50]);
        assert_eq!(at(&["a", "b"], 1.0), [0, 1]);
        assert_eq!(at(&["-2", "0", "2", "4"], 8.0), [1]);
    }
}

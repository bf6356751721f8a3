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
        let (low, high) = values
            .filter(fits)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
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
        ruler.ticks = if log { ruler.decades() } else { ruler.round() };
        Ok(ruler)
    }

    /// Round numbers in equal steps, about five.
    fn round(&mut self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|one| one * power);
        let step = steps
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(power);
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

//! Two numbers of every input: a point each, and how much they go together.

use super::places::{Asked, defined, so_far, told, unfinished};
use super::{Extent, Stepwise};
use crate::answers::table::Table;
use crate::lens::Array;
use crate::sweep::{Gather, Gathering, Over, Progress, Quantity, Seen, gather};
use crate::task::number::significant;
use crate::task::{Sample, Values, grouped};
use anyhow::Result;

/// Points that are drawn, about: of more inputs some are, the same ones each time.
const POINTS: u64 = 1000;
/// Digits of what is told in words.
const DIGITS: usize = 6;

/// Points, and the moments of all inputs around their means.
#[derive(Default)]
struct Points {
    /// Inputs up to this hash have a point; all where there are few.
    below: u64,
    points: Vec<(Values, [f64; 2])>,
    n: u64,
    left_out: u64,
    means: [f64; 2],
    /// Of the squares of both, and of their product.
    moments: [f64; 3],
}

/// A number that looks drawn, the same for each input (the finaliser of splitmix64).
fn hash(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Points {
    /// For so many inputs.
    fn new(inputs: u64) -> Self {
        let below = match inputs {
            0..=POINTS => u64::MAX,
            _ => u64::MAX / inputs * POINTS,
        };
        Self {
            below,
            ..Self::default()
        }
    }

    /// Pearson's correlation; no number where one of the two is the same for all.
    fn correlation(&self) -> f64 {
        let [xx, yy, xy] = self.moments;
        xy / (xx * yy).sqrt()
    }
}

impl Gather for Points {
    fn empty(&self) -> Self {
        Self {
            below: self.below,
            ..Self::default()
        }
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let [x, y] = [seen.numbers[0], seen.numbers[1]];
        if !(x.is_finite() && y.is_finite()) {
            self.left_out += 1;
            return;
        }
        self.n += 1;
        let before = [x - self.means[0], y - self.means[1]];
        for (mean, off) in self.means.iter_mut().zip(before) {
            *mean += off / self.n as f64;
        }
        let after = [x - self.means[0], y - self.means[1]];
        self.moments[0] += before[0] * after[0];
        self.moments[1] += before[1] * after[1];
        self.moments[2] += before[0] * after[1];
        if hash(seen.number()) <= self.below {
            self.points.push((seen.values(), [x, y]));
        }
    }

    fn join(&mut self, later: Self) {
        self.left_out += later.left_out;
        self.points.extend(later.points);
        if later.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, later.n as f64);
        let off = [0, 1].map(|i| later.means[i] - self.means[i]);
        let of_means = [off[0] * off[0], off[1] * off[1], off[0] * off[1]];
        for ((own, later), mean) in self.moments.iter_mut().zip(later.moments).zip(of_means) {
            *own += later + mean * a * b / (a + b);
        }
        for (mean, off) in self.means.iter_mut().zip(off) {
            *mean += off * b / (a + b);
        }
        self.n += later.n;
    }
}

struct Scattered {
    gathering: Gathering<Points>,
    quantities: [String; 2],
    over: Over,
    progress: Option<Progress>,
}

pub(super) fn begin(
    asked: &Asked,
    quantities: &[String; 2],
    extent: Extent,
) -> Result<Box<dyn Stepwise>> {
    // where nothing is said, the sample at hand: it follows every key
    let over = match extent {
        Extent::Near => Over::Sample(asked.experiment.sample),
        other => asked.over(other),
    };
    let inputs = match over {
        Over::Space => u64::try_from(asked.task.input_space()).unwrap_or(u64::MAX),
        Over::Sample(Sample::Notebook { len, .. } | Sample::Random { len, .. }) => len as u64,
    };
    let read = quantities.iter().map(|one| asked.quantity(one));
    let read: Vec<Quantity> = read.collect::<Result<_>>()?;
    Ok(Box::new(Scattered {
        gathering: gather(&asked.sweep, over, &read, Points::new(inputs))?,
        quantities: quantities.clone(),
        over,
        progress: None,
    }))
}

impl Stepwise for Scattered {
    fn step(&mut self) -> Result<bool> {
        self.progress = unfinished(self.gathering.step()?);
        Ok(self.progress.is_none())
    }

    fn table(&self) -> Table {
        let found = self.gathering.gathered();
        let shown = found.points.len();
        let mut notes = vec![(
            "inputs".to_owned(),
            told(self.over, found.n + found.left_out),
        )];
        notes.extend(so_far(self.progress));
        notes.extend(defined(found.n, found.left_out));
        if found.n > 1 {
            // a sample's says how far off the whole's may be (Fisher)
            let r = found.correlation();
            let error = (1.0 - r * r) / (found.n as f64 - 1.0).sqrt();
            let words = match self.over {
                Over::Space => significant(r, DIGITS),
                Over::Sample(_) => {
                    format!("{} ± {}", significant(r, 3), significant(error, 2))
                }
            };
            notes.push(("correlation".to_owned(), words));
        }
        for (name, i) in self.quantities.iter().zip(0..2) {
            let spread = (found.moments[i] / found.n.max(1) as f64).sqrt();
            let words = format!(
                "mean {}, spread {}",
                significant(found.means[i], DIGITS),
                significant(spread, DIGITS)
            );
            notes.push((name.clone(), words));
        }
        if (shown as u64) < found.n {
            let words = format!("{} of the inputs, drawn once", grouped(shown as u128));
            notes.push(("points".to_owned(), words));
        }
        let values = found.points.iter().flat_map(|(_, both)| *both);
        let inputs = found.points.iter();
        Table {
            rows: inputs.clone().map(|(input, _)| input.to_string()).collect(),
            values: Array::from_values(vec![shown, 2], values.map(|x| x as f32).collect()),
            cols: self.quantities.to_vec(),
            signed: true,
            inputs: inputs
                .flat_map(|(input, _)| [Some(input.clone()), Some(input.clone())])
                .collect(),
            notes,
            ..Table::default()
        }
    }
}

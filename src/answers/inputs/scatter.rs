//! Two numbers of every input: a point each, and how much they go together.

use super::places::{Asked, DIGITS, defined, so_far, told, unfinished};
use super::together::Together;
use super::{Extent, INPUTS, Stepwise};
use crate::answers::table::Table;
use crate::lens::Array;
use crate::sweep::{Gather, Gathering, Over, Progress, Quantity, Seen, gather};
use crate::task::number::significant;
use crate::task::{Sample, Task, Values, grouped};
use anyhow::Result;

/// Points that are drawn, about: of more inputs some are, the same ones each time.
const POINTS: u64 = 1000;

/// Points, and both numbers of all inputs together.
struct Points {
    /// Inputs up to this hash have a point; all where there are few.
    below: u64,
    points: Vec<(Values, [f64; 2])>,
    left_out: u64,
    all: Together,
}

/// A number that looks drawn, the same for each input (the finaliser of splitmix64).
fn hash(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Points {
    /// Of inputs of which those up to this hash have a point.
    fn below(below: u64) -> Self {
        Self {
            below,
            points: Vec::new(),
            left_out: 0,
            all: Together::new(2),
        }
    }

    /// For so many inputs.
    fn new(inputs: u64) -> Self {
        Self::below(match inputs {
            0..=POINTS => u64::MAX,
            _ => u64::MAX / inputs * POINTS,
        })
    }

    /// Pearson's correlation; no number where one of the two is the same for all.
    fn correlation(&self) -> f64 {
        let of = |i, j| self.all.product(i, j);
        of(1, 0) / (of(0, 0) * of(1, 1)).sqrt()
    }
}

impl Gather for Points {
    fn empty(&self) -> Self {
        Self::below(self.below)
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let both = [seen.numbers[0], seen.numbers[1]];
        if !both.iter().all(|x| x.is_finite()) {
            self.left_out += 1;
            return;
        }
        self.all.add(&both);
        if hash(seen.number()) <= self.below {
            self.points.push((seen.values(), both));
        }
    }

    fn join(&mut self, later: Self) {
        self.left_out += later.left_out;
        self.points.extend(later.points);
        self.all.join(&later.all);
    }
}

struct Scattered {
    task: Task,
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
        task: asked.task,
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
        let (shown, n) = (found.points.len(), found.all.n);
        let mut notes = vec![(
            INPUTS.to_owned(),
            told(self.over, n + found.left_out, self.progress),
        )];
        notes.extend(so_far(self.progress));
        notes.extend(defined(n, found.left_out));
        if n > 1 && !found.correlation().is_finite() {
            let words = "not defined: one of the two is the same for all".to_owned();
            notes.push(("correlation".to_owned(), words));
        } else if n > 1 {
            // a sample's says how far off the whole's may be (Fisher)
            let r = found.correlation();
            let error = (1.0 - r * r) / (n as f64 - 1.0).sqrt();
            let words = match self.over {
                Over::Space => significant(r, DIGITS),
                Over::Sample(_) => {
                    format!("{} ± {}", significant(r, 3), significant(error, 2))
                }
            };
            notes.push(("correlation".to_owned(), words));
        }
        // of no input there is neither
        for (name, i) in self.quantities.iter().zip(0..2).filter(|_| n > 0) {
            let spread = (found.all.product(i, i) / n.max(1) as f64).sqrt();
            let words = format!(
                "mean {}, spread {}",
                significant(found.all.means[i], DIGITS),
                significant(spread, DIGITS)
            );
            notes.push((name.clone(), words));
        }
        if (shown as u64) < n {
            let words = format!("{} of the inputs, drawn once", grouped(shown as u128));
            notes.push(("points".to_owned(), words));
        }
        let values = found.points.iter().flat_map(|(_, both)| *both);
        let inputs = found.points.iter();
        let fields = self.task.fields().map(|field| field.to_string());
        Table {
            axes: vec![fields.collect::<Vec<_>>().join(" ")],
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

//! How a training went: what is shown while it runs, and kept in its record.

use crate::lens::Score;
use crate::model::series::{HeldOut, Recorded};
use crate::task::number::{fixed, significant};
use serde::{Deserialize, Serialize};

/// The mean loss that is shown is of about this many steps.
const SMOOTHING: f64 = 50.0;
/// A record has about so many points.
const POINTS: usize = 64;

/// How a training went so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Journal {
    /// Loss of the last step; none before the first.
    pub loss: Option<f64>,
    /// Mean loss of the last steps.
    pub mean_loss: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// The way there.
    pub points: Vec<Recorded>,
    /// Sum of the losses since the last point, and of how many steps.
    since: (f64, usize),
}

impl Journal {
    /// After how many steps there is a point, of so many in all.
    #[must_use]
    pub fn interval(steps: usize) -> usize {
        steps.div_ceil(POINTS).max(1)
    }

    /// A step's loss; the step is counted from 1.
    pub fn step(&mut self, step: usize, loss: f64) {
        let weight = (1.0 / SMOOTHING).max(1.0 / step as f64);
        let mean = self.mean_loss.unwrap_or(loss);
        self.mean_loss = Some(mean + weight * (loss - mean));
        self.loss = Some(loss);
        self.since = (self.since.0 + loss, self.since.1 + 1);
    }

    /// A point after this step.
    pub fn point(&mut self, step: usize, held_out: Option<&Score>) {
        let (sum, steps) = std::mem::take(&mut self.since);
        if steps == 0 {
            return;
        }
        self.points.push(Recorded {
            step: step as u64,
            loss: sum / steps as f64,
            held_out: held_out.map(|score| HeldOut {
                loss: score.loss,
                accuracy: score.accuracy(),
            }),
        });
    }

    /// The mean loss, not a number before the first step.
    #[must_use]
    pub fn smooth(&self) -> f64 {
        self.mean_loss.unwrap_or(f64::NAN)
    }

    /// What is shown beside the bar.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(loss) = self.loss else {
            return String::new();
        };
        let [loss, mean] = [loss, self.smooth()].map(|loss| significant(loss, 3));
        let held_out = self
            .points
            .iter()
            .rev()
            .find_map(|one| one.held_out.as_ref());
        let held_out = held_out.map(|one| format!(" held out {}", fixed(one.accuracy, 4)));
        format!("loss {loss} mean {mean}{}", held_out.unwrap_or_default())
    }
}

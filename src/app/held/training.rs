//! A training under way: how far it is, and the models that it has written so far.

use crate::model::series::Recorded;
use crate::training::Spoken;
use std::path::PathBuf;

/// What is to be done with a training.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainJob {
    /// One begins.
    Begin(Box<Spoken>),
    /// It waits after its next step, with the model written.
    Pause,
    /// It goes on.
    Go,
    /// It ends after its next step; what there is is kept.
    Stop,
    /// It ends, and its folder goes there.
    Keep(String),
}

/// What a training says.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainNews {
    /// Its folder was made, with the model as it is before the first step.
    Begun(PathBuf),
    /// How far it is.
    Far(TrainedSoFar),
    /// The model after a step was written; how right it is, in words.
    Saved {
        /// Steps taken.
        step: u64,
        /// How many inputs are right, of how many.
        right: String,
        /// How it went.
        recorded: Vec<Recorded>,
    },
    /// It waits.
    Paused,
    /// It goes on.
    Gone,
    /// It has ended after so many steps, and what it came to in words; or why it broke off.
    Ended(Result<String, String>),
    /// Its folder stands there now, or why not.
    Kept(Result<String, String>),
}

/// How far a training is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrainedSoFar {
    /// Steps taken.
    pub step: u64,
    /// Mean loss of the last steps, in nats per prediction.
    pub loss: Option<f64>,
    /// Steps a second, of late.
    pub rate: Option<f64>,
}

/// What a training does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainPhase {
    /// It takes steps.
    Running,
    /// It waits.
    Paused,
    /// No more steps are taken.
    Ended,
}

/// A training that was begun here.
#[derive(Clone, Debug)]
pub struct UnderWay {
    /// What was asked for.
    pub spoken: Spoken,
    /// Its folder, once there is one.
    pub place: Option<PathBuf>,
    /// How far it is.
    pub far: TrainedSoFar,
    /// The steps whose models were written.
    pub saved: Vec<u64>,
    /// How it went.
    pub recorded: Vec<Recorded>,
    /// How right the newest model is that was written.
    pub right: String,
    /// What it does.
    pub phase: TrainPhase,
}

impl UnderWay {
    /// One of which nothing was heard yet.
    #[must_use]
    pub fn new(spoken: Spoken) -> Self {
        Self {
            spoken,
            place: None,
            far: TrainedSoFar::default(),
            saved: Vec::new(),
            recorded: Vec::new(),
            right: String::new(),
            phase: TrainPhase::Running,
        }
    }

    /// Steps in all.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.spoken.recipe.steps as u64
    }

    /// Seconds that are left at the rate of late.
    #[must_use]
    pub fn seconds_left(&self) -> Option<f64> {
        let left = self.steps().saturating_sub(self.far.step) as f64;
        self.far
            .rate
            .filter(|rate| *rate > 0.0)
            .map(|rate| left / rate)
    }
}

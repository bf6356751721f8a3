//! A training and the files that it leaves, for the shell and the workbench alike: the same recipe and seed
//! make the same bytes in both.
//!
//! | file | what it does |
//! |---|---|
//! | `folder.rs` | the files: one model, or a series of them in a folder, and what is needed to go on |
//! | `place.rs` | where a training of the workbench lies |
//! | `record.rs` | how the model was made |
//! | `trainer.rs` | a training on a thread of its own, for the workbench |

mod folder;
mod place;
mod record;
mod trainer;

pub use folder::Outputs;
pub(super) use trainer::{TrainWish, Trainer};

use crate::lens::Score;
use crate::lens::slide::{Overall, overall};
use crate::model::device::Picked;
use crate::task::Sample;
use crate::training::{Journal, Recipe, Training};
use anyhow::Result;
use record::Record;
use std::path::PathBuf;
use std::time::Instant;

/// Seeds the inputs on which a trained model is judged; far from any training seed.
const JUDGE_SEED: u32 = 0x5eed;

/// How right a model is: on all inputs where there are at most so many, else on that many random ones.
///
/// # Errors
/// When the task's own function or the device fails.
pub fn judged(training: &Training, most: u32) -> Result<Overall> {
    let sample = Sample::Random {
        seed: JUDGE_SEED,
        len: most as usize,
    };
    overall(&training.model()?, most as usize, sample)
}

/// A training whose models are written.
pub struct TrainingRun {
    training: Training,
    journal: Journal,
    outputs: Outputs,
    /// What it computes on, in words.
    device: String,
}

/// What a training came to.
pub struct TrainedModel {
    /// Whether all steps were taken.
    pub finished: bool,
    /// Whether it can be gone on with.
    pub resumable: bool,
    /// Where the weights stand.
    pub weights: PathBuf,
    /// How right it is.
    pub overall: Overall,
    /// The same on what no step took.
    pub held_out: Option<Score>,
}

impl TrainingRun {
    /// A training from its first step, or with `go_on` from where its files say that it was stopped.
    ///
    /// # Errors
    /// When the files are in the way or cannot be written, there is nothing to go on with, or the device
    /// fails; nothing was trained then.
    pub fn begin(recipe: Recipe, outputs: Outputs, go_on: bool, picked: &Picked) -> Result<Self> {
        let begun = go_on.then(|| outputs.open_state(&recipe)).transpose()?;
        outputs.check()?;
        let device = picked.for_rows(recipe.batch);
        let (training, journal) = match begun {
            Some((state, steps, journal)) => {
                let training = Training::resumed(recipe, device, &state, steps)?;
                (training, journal)
            }
            None => (Training::new(recipe, device)?, Journal::default()),
        };
        if training.steps() == 0 && outputs.is_due(0) {
            outputs.save_model(&training.model()?, 0)?;
        }
        Ok(Self {
            training,
            journal,
            outputs,
            device: picked.name.clone(),
        })
    }

    /// Takes a step; whether the model was written after it.
    ///
    /// # Errors
    /// As [`Training::step`]; when a file cannot be written.
    pub fn step(&mut self) -> Result<bool> {
        let began = Instant::now();
        let loss = self.training.step()?;
        let (step, steps) = (self.steps(), self.training.recipe().steps);
        self.journal.step(step, loss);
        if step.is_multiple_of(Journal::interval(steps)) || step == steps {
            self.journal.point(step, self.training.held_out()?.as_ref());
        }
        self.journal.seconds += began.elapsed().as_secs_f64();
        let due = self.outputs.is_due(step) && step < steps;
        if due {
            self.save()?;
        }
        Ok(due)
    }

    /// Writes the model as it is now, with what is needed to go on.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn save(&self) -> Result<()> {
        self.outputs
            .save_model(&self.training.model()?, self.steps())?;
        self.outputs.save_state(&self.training, &self.journal)?;
        Ok(())
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.training.steps()
    }

    /// Whether all steps were taken.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.steps() >= self.training.recipe().steps
    }

    /// The training itself.
    #[must_use]
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// How it went so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Where the weights stand after so many steps.
    #[must_use]
    pub fn weights(&self, step: usize) -> PathBuf {
        self.outputs.weights(step)
    }

    /// Writes the last model and the record, be it over or stopped. It is judged on at most so many inputs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn end(&self, judge: u32, command: &str) -> Result<TrainedModel> {
        let finished = self.is_over();
        let mut resumable = true;
        // before judging, which may take as long again
        if finished && !self.outputs.keeps_state() {
            self.outputs.drop_state();
        } else {
            resumable = self.outputs.save_state(&self.training, &self.journal)?;
        }
        self.outputs
            .save_model(&self.training.model()?, self.steps())?;
        let overall = judged(&self.training, judge)?;
        let held_out = self.training.held_out()?;
        let scores = (&overall, held_out.as_ref());
        let record = Record::new(
            &self.training,
            &self.journal,
            scores,
            (command, &self.device),
        )?;
        self.outputs.save_record(&record)?;
        Ok(TrainedModel {
            finished,
            resumable,
            weights: self.outputs.weights(self.steps()),
            overall,
            held_out,
        })
    }
}

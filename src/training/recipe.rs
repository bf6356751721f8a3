//! Everything that decides what a training makes.

use crate::model::Config;
use crate::model::config::Sidecar;
use crate::model::weights::MAX_ELEMENTS;
use crate::task::{Task, grouped};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize, Serializer};

/// More inputs than this are too many for one step.
const MAX_BATCH: usize = 65_536;

/// How the learning rate changes over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same all the way, as in the notebook.
    Constant,
    /// Down to zero along a half cosine.
    Cosine,
}

/// Everything that decides what a training makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// The task to learn.
    pub task: Task,
    /// The model to train; none of it is assumed.
    #[serde(serialize_with = "described")]
    pub model: Config,
    /// Optimiser steps.
    pub steps: usize,
    /// Inputs in a step, where they are drawn.
    pub batch: usize,
    /// Every step takes this fraction of all inputs that there are, always the same ones; the others
    /// are held out. Without it every step draws its inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_batch: Option<f64>,
    /// Learning rate.
    pub lr: f64,
    /// How it changes.
    pub schedule: Schedule,
    /// AdamW's decay of the first moment.
    pub beta1: f64,
    /// AdamW's decay of the second moment.
    pub beta2: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// Whether biases are learnt; else they stay zero, as in the notebook.
    pub biases: bool,
    /// Seeds the initial weights and the data.
    pub seed: u32,
    /// The fields that the notebook draws once a batch are drawn so, instead of once an input.
    pub one_update_per_batch: bool,
}

fn described<S: Serializer>(config: &Config, serializer: S) -> Result<S::Ok, S::Error> {
    // the task stands beside it
    let nothing = Task::raw(config.n_ctx, config.d_vocab, config.d_vocab_out);
    Sidecar::describing(config, nothing).serialize(serializer)
}

impl Recipe {
    /// # Errors
    /// When a number makes no sense; says which. Nothing is computed for it.
    pub fn check(&self) -> Result<()> {
        let (task, model) = (self.task, &self.model);
        ensure!(
            task.is_judged(),
            "the task {task} has no right answers to learn; give its file a function that says them"
        );
        model.check_sizes()?;
        let weights = model.weights();
        ensure!(
            weights <= MAX_ELEMENTS,
            "a model of that size has {weights} weights; {MAX_ELEMENTS} are supported"
        );
        ensure!(
            (1..=MAX_BATCH).contains(&self.batch),
            "batch {} is not from 1 to {MAX_BATCH}",
            self.batch
        );
        for (name, value, end) in [
            ("lr", self.lr, 10.0),
            ("beta1", self.beta1, 1.0),
            ("beta2", self.beta2, 1.0),
            ("weight-decay", self.weight_decay, 10.0),
        ] {
            ensure!(
                (0.0..end).contains(&value),
                "{name} {value} is not in 0..{end}"
            );
        }
        match self.full_batch {
            Some(fraction) => self.check_full_batch(fraction),
            None => Ok(()),
        }
    }

    fn check_full_batch(&self, fraction: f64) -> Result<()> {
        ensure!(
            fraction > 0.0 && fraction <= 1.0,
            "full-batch {fraction} is no fraction of all inputs; give a number above 0, up to 1"
        );
        let space = self.task.input_space();
        ensure!(
            space <= MAX_BATCH as u128,
            "the task {} has {} inputs, and a full batch holds at most {MAX_BATCH}; leave out \
             --full-batch to draw --batch inputs a step",
            self.task,
            grouped(space)
        );
        Ok(())
    }

    /// The learning rate of a step, counted from 0.
    pub(super) fn learning_rate(&self, step: usize) -> f64 {
        match self.schedule {
            Schedule::Constant => self.lr,
            Schedule::Cosine => {
                let done = step as f64 / self.steps.max(1) as f64;
                self.lr * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::config::PositionalEmbedding;

    /// Lists of two numbers below five and a model of one small head.
    pub fn recipe() -> Recipe {
        let task = Task::array_update(2, 5).unwrap_or_default();
        let sizes = [task.d_vocab(), task.classes.len()];
        let shortformer = PositionalEmbedding::Shortformer;
        Recipe {
            task,
            model: Config::attention_only([1, 1], [8, 8], task.seq_len(), sizes, shortformer),
            steps: 200,
            batch: 40,
            full_batch: None,
            lr: 1e-2,
            schedule: Schedule::Cosine,
            beta1: 0.9,
            beta2: 0.98,
            weight_decay: 0.0,
            biases: false,
            seed: 3,
            one_update_per_batch: false,
        }
    }

    #[test]
    fn the_learning_rate_begins_whole_and_ends_at_nothing() {
        let recipe = recipe();
        assert_eq!(recipe.learning_rate(0), recipe.lr);
        assert!((recipe.learning_rate(100) - recipe.lr / 2.0).abs() < 1e-12);
        assert!((recipe.learning_rate(50) - recipe.lr * (2.0 + 2f64.sqrt()) / 4.0).abs() < 1e-12);
        assert!(recipe.learning_rate(200) < 1e-12);
        let constant = Recipe {
            schedule: Schedule::Constant,
            ..recipe
        };
        assert_eq!(constant.learning_rate(150), constant.lr);
    }
}

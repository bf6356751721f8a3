//! Training the task's model: candle-nn AdamW on generated data.
//!
//! The recipe follows the reference model's training notebook; where the defaults differ, the
//! field's doc says so and `models/README.md` says what was measured. Looks at
//! [`crate::task`] and
//! [`crate::model`].

use crate::model::config::{PositionalEmbedding, is_bias};
use crate::model::weights::MAX_ELEMENTS;
use crate::model::{Config, HookedTransformer, NoHooks, map_chunks};
use crate::task::{Field, Prompt, Target, Task, Token, Values, below};
use anyhow::{Result, ensure};
use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand_mt::Mt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// How the learning rate changes over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same all the way, as in the notebook.
    Constant,
    /// Down to zero along a half cosine.
    Cosine,
}

/// Everything that decides what a training run makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// The task to learn.
    pub task: Task,
    /// Attention blocks.
    pub n_layers: usize,
    /// Heads in a block.
    pub n_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Where positions enter.
    pub positions: PositionalEmbedding,
    /// Optimiser steps.
    pub steps: usize,
    /// Sequences in a step.
    pub batch: usize,
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
    /// Seeds the initial weights and the data.
    pub seed: u32,
    /// One (idx, elt) for a whole batch, as in the notebook, instead of one for each row.
    pub one_update_per_batch: bool,
}

impl Recipe {
    /// # Errors
    /// When a number makes no sense; says which.
    pub fn config(&self) -> Result<Config> {
        let task = self.task;
        let config = Config::attention_only(
            [self.n_layers, self.n_heads],
            [self.d_model, self.d_head],
            task.seq_len(),
            [task.d_vocab(), task.classes.len()],
            self.positions,
        );
        ensure!(self.n_layers > 0, "n_layers is 0; 1 to 64 is supported");
        config.check_sizes()?;
        let weights: usize = config
            .parameters()
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum();
        ensure!(
            weights <= MAX_ELEMENTS,
            "a model of that size has {weights} weights; {MAX_ELEMENTS} are supported"
        );
        ensure!(
            (1..=65_536).contains(&self.batch),
            "batch {} is not from 1 to 65536",
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
        Ok(config)
    }

    fn learning_rate(&self, step: usize) -> f64 {
        match self.schedule {
            Schedule::Constant => self.lr,
            Schedule::Cosine => {
                let done = step as f64 / self.steps.max(1) as f64;
                self.lr * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

/// Where a training run stands.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps taken.
    pub step: usize,
    /// Mean cross entropy of the step's batch, in nats per prediction.
    pub loss: f64,
}

/// What a training run made.
pub struct Trained {
    /// The model.
    pub model: HookedTransformer,
    /// Steps taken: fewer than asked for when it was stopped.
    pub steps: usize,
    /// Loss of the last step, NaN when there was none.
    pub loss: f64,
}

/// Trains a model. After every step `on_step` is told and may break off; what there is then is
/// returned.
///
/// # Errors
/// When the recipe makes no sense, the loss is not finite, or the device fails.
pub fn train(
    recipe: &Recipe,
    device: &Device,
    mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Trained> {
    let config = recipe.config()?;
    let mut rng = Mt::new(recipe.seed);
    let parameters = initial_parameters(&config, &mut rng, device)?;
    let learned = parameters.iter().filter(|(name, _)| !is_bias(name));
    // Biases stay zero, as in the notebook.
    let mut optimiser = AdamW::new(
        learned.map(|(_, var)| var.clone()).collect(),
        ParamsAdamW {
            lr: recipe.lr,
            beta1: recipe.beta1,
            beta2: recipe.beta2,
            eps: 1e-8,
            weight_decay: recipe.weight_decay,
        },
    )?;
    let mut last = Progress {
        step: 0,
        loss: f64::NAN,
    };
    for step in 0..recipe.steps {
        let batch = draw_batch(recipe, &mut rng)?;
        let model = assemble(&config, recipe.task, &parameters, device)?;
        let (loss, grads) = gradients(&model, &batch, &parameters)?;
        ensure!(
            loss.is_finite(),
            "the loss became {loss} at step {step}; a smaller --lr may help"
        );
        optimiser.set_learning_rate(recipe.learning_rate(step));
        optimiser.step(&grads)?;
        last = Progress {
            step: step + 1,
            loss,
        };
        if on_step(last).is_break() {
            break;
        }
    }
    Ok(Trained {
        model: assemble(&config, recipe.task, &parameters, device)?,
        steps: last.step,
        loss: last.loss,
    })
}

/// Weights drawn from N(0, 0.8/sqrt(d_model)), biases zero: TransformerLens's `gpt2` mode
/// (`HookedTransformer.init_weights`).
fn initial_parameters(
    config: &Config,
    rng: &mut Mt,
    device: &Device,
) -> Result<BTreeMap<String, Var>> {
    let std = 0.8 / (config.d_model as f64).sqrt();
    let draw = |(name, shape): (String, Vec<usize>)| {
        let len = shape.iter().product();
        let values: Vec<f32> = if is_bias(&name) {
            vec![0.0; len]
        } else {
            (0..len).map(|_| (normal(rng) * std) as f32).collect()
        };
        Ok((name, Var::from_vec(values, shape, device)?))
    };
    config.parameters().into_iter().map(draw).collect()
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut Mt) -> f64 {
    let mut uniform = || (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0;
    let radius = (-2.0 * uniform().ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform()).cos()
}

fn assemble(
    config: &Config,
    task: Task,
    parameters: &BTreeMap<String, Var>,
    device: &Device,
) -> Result<HookedTransformer> {
    let tensors = parameters.iter();
    let tensors = tensors
        .map(|(name, var)| (name.clone(), var.as_tensor().clone()))
        .collect();
    HookedTransformer::from_tensors(config.clone(), task, device, &tensors)
}

fn draw_batch(recipe: &Recipe, rng: &mut Mt) -> Result<Vec<Prompt>> {
    let task = recipe.task;
    let shared: Vec<(Field, Token)> = (task.once_a_batch.iter())
        .map(|&slot| Field::new(task, slot))
        .map(|field| {
            (
                field,
                field.values()[below(rng, field.size() as u32) as usize],
            )
        })
        .collect();
    let rows = (0..recipe.batch).map(|_| {
        if recipe.one_update_per_batch {
            task.drawn_with(&shared, rng)
        } else {
            task.drawn(rng)
        }
    });
    task.teacher_forced(&rows.collect::<Vec<_>>())
}

/// Mean loss of a batch and its gradient. Chunks run in parallel and are summed in their order,
/// so that the result does not depend on the number of threads.
fn gradients(
    model: &HookedTransformer,
    batch: &[Prompt],
    parameters: &BTreeMap<String, Var>,
) -> Result<(f64, GradStore)> {
    let parts = map_chunks(model.device(), batch, |chunk| {
        let share = chunk.len() as f64 / batch.len() as f64;
        let loss = (mean_loss(model, chunk)? * share)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        Ok((value, loss.backward()?))
    })?;
    let mut parts = parts.into_iter();
    let first = parts.next();
    let (mut loss, mut sum) = first.ok_or_else(|| anyhow::anyhow!("the batch is empty"))?;
    for (value, grads) in parts {
        loss += value;
        for var in parameters.values() {
            if let (Some(a), Some(b)) = (sum.get(var), grads.get(var)) {
                let total = (a + b)?;
                sum.insert(var, total);
            }
        }
    }
    Ok((loss, sum))
}

/// Mean cross entropy over the predictions that have a right answer, a scalar. Of several right answers
/// the first is learnt.
fn mean_loss(model: &HookedTransformer, prompts: &[Prompt]) -> Result<Tensor> {
    let task = model.task();
    // what stands behind the last position that is read does not reach the loss
    let sees_all = task.pad.is_some() || task.bidirectional == Some(true);
    let len = if sees_all {
        task.seq_len()
    } else {
        task.read_len()
    };
    let rows: Vec<Vec<Token>> = prompts
        .iter()
        .map(|prompt| task.tokens(prompt)[..len].to_vec())
        .collect();
    let logits = model.forward(&model.tokens(&rows)?, &mut NoHooks)?;
    let read = Tensor::new(task.read_positions(), model.device())?;
    let predictions = logits.index_select(&read, 1)?.flatten_to(1)?;
    let values: Vec<Values> = prompts.iter().map(|prompt| prompt.values.clone()).collect();
    let targets = task.targets(&values)?.concat();
    let asked = (0..)
        .zip(&targets)
        .filter(|(_, one)| **one != Target::Nothing);
    let (at, targets): (Vec<u32>, Vec<u32>) = asked
        .filter_map(|(at, one)| Some((at, one.token()?)))
        .unzip();
    ensure!(!at.is_empty(), "no input of the batch has a right answer");
    let predictions = if at.len() == predictions.dim(0)? {
        predictions
    } else {
        predictions.index_select(&Tensor::new(at, model.device())?, 0)?
    };
    let targets = Tensor::new(targets, model.device())?;
    Ok(candle_nn::loss::cross_entropy(&predictions, &targets)?)
}

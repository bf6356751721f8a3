//! A training that goes on step by step, and its state.

use super::Recipe;
use super::data::{self, Data};
use super::gradients::gradients;
use super::optimiser::AdamW;
use crate::lens::{Score, score};
use crate::model::config::is_bias;
use crate::model::weights::{RawTensor, StateDict};
use crate::model::{Config, HookedTransformer};
use crate::task::{shown, standard_normal};
use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor, Var};
use rand_mt::Mt;
use std::collections::BTreeMap;

/// What stands before a parameter's name in a state: itself, and its two running means.
const PARTS: [&str; 3] = ["weight/", "first_moment/", "second_moment/"];

/// A training on its way.
pub struct Training {
    recipe: Recipe,
    device: Device,
    parameters: BTreeMap<String, Var>,
    optimiser: AdamW,
    data: Data,
    rng: Mt,
}

impl Training {
    /// A training of which no step was taken.
    ///
    /// # Errors
    /// When the recipe makes no sense, or the device fails.
    pub fn new(recipe: Recipe, device: &Device) -> Result<Self> {
        recipe.check()?;
        let mut rng = Mt::new(recipe.seed);
        let parameters = initial_parameters(&recipe.model, &mut rng, device)?;
        let learnt = parameters
            .iter()
            .filter(|(name, _)| recipe.biases || !is_bias(name));
        Ok(Self {
            optimiser: AdamW::new(learnt)?,
            data: Data::of(&recipe)?,
            device: device.clone(),
            parameters,
            recipe,
            rng,
        })
    }

    /// A training that goes on from a state, to the very weights that it would have come to without a
    /// break.
    ///
    /// # Errors
    /// As [`Training::new`]; names a tensor that the state lacks.
    pub fn resumed(
        recipe: Recipe,
        device: &Device,
        state: &StateDict,
        steps: usize,
    ) -> Result<Self> {
        let mut training = Self::new(recipe, device)?;
        let kept = |part: &str, name: &str, shape: &[usize]| -> Result<Tensor> {
            let name = format!("{part}{name}");
            let raw = state.get(&name).filter(|raw| raw.shape == shape);
            let raw = raw.with_context(|| {
                format!(
                    "the state has no tensor {} of shape {shape:?}",
                    shown(&name)
                )
            })?;
            Ok(Tensor::from_slice(&raw.data, shape, device)?)
        };
        for (name, var) in &training.parameters {
            var.set(&kept(PARTS[0], name, var.dims())?)?;
        }
        for (name, moments) in &mut training.optimiser.moments {
            for (moment, part) in moments.iter_mut().zip(&PARTS[1..]) {
                *moment = kept(part, name, moment.dims())?;
            }
        }
        training.optimiser.steps = steps;
        if let Data::Drawn = training.data {
            // the generator stands where all these steps have left it
            for _ in 0..steps {
                data::inputs(&training.recipe, &mut training.rng);
            }
        }
        Ok(training)
    }

    /// What it is made by.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.optimiser.steps
    }

    /// Takes a step; the mean cross entropy of its batch before the step, in nats per prediction.
    ///
    /// # Errors
    /// When the loss is not finite, no input has a right answer, or the device fails.
    pub fn step(&mut self) -> Result<f64> {
        let mut model = self.model()?;
        if !self.recipe.biases {
            model = model.without_biases();
        }
        let (loss, grads) = match &self.data {
            Data::Whole { learnt, .. } => gradients(&model, learnt, &self.parameters)?,
            Data::Drawn => {
                let batch = data::drawn(&self.recipe, &mut self.rng)?;
                gradients(&model, &batch, &self.parameters)?
            }
        };
        let step = self.steps();
        ensure!(
            loss.is_finite(),
            "the loss became {loss} at step {step}; a smaller --lr may help"
        );
        self.optimiser
            .step(&self.parameters, &grads, &self.recipe)?;
        Ok(loss)
    }

    /// The model as it is now.
    ///
    /// # Errors
    /// When the device fails.
    pub fn model(&self) -> Result<HookedTransformer> {
        let tensors = self.parameters.iter();
        let tensors = tensors
            .map(|(name, var)| {
                let learnt = self.recipe.biases || !is_bias(name);
                let tensor = match learnt {
                    true => var.as_tensor().clone(),
                    // no gradient is made for what stays as it is
                    false => var.as_detached_tensor(),
                };
                (name.clone(), tensor)
            })
            .collect();
        let (config, task) = (self.recipe.model.clone(), self.recipe.task);
        HookedTransformer::from_tensors(config, task, &self.device, &tensors)
    }

    /// How many inputs a step takes, and how many are held out.
    #[must_use]
    pub fn inputs(&self) -> (usize, usize) {
        match &self.data {
            Data::Drawn => (self.recipe.batch, 0),
            Data::Whole { learnt, held_out } => (learnt.len(), held_out.len()),
        }
    }

    /// How right the model is on all inputs that are held out; `None` where none are.
    ///
    /// # Errors
    /// When the device fails.
    pub fn held_out(&self) -> Result<Option<Score>> {
        match &self.data {
            Data::Whole { held_out, .. } if !held_out.is_empty() => {
                score(&self.model()?, held_out).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// All that the training needs to go on: weights and running means, three times the model.
    ///
    /// # Errors
    /// When the device fails.
    pub fn state(&self) -> Result<StateDict> {
        let mut state = StateDict::new();
        let mut put = |part: &str, name: &str, tensor: &Tensor| -> Result<()> {
            let raw = RawTensor {
                shape: tensor.dims().to_vec(),
                data: tensor.flatten_all()?.to_vec1()?,
            };
            state.insert(format!("{part}{name}"), raw);
            Ok(())
        };
        for (name, var) in &self.parameters {
            put(PARTS[0], name, var.as_tensor())?;
        }
        for (name, moments) in &self.optimiser.moments {
            for (moment, part) in moments.iter().zip(&PARTS[1..]) {
                put(part, name, moment)?;
            }
        }
        Ok(state)
    }
}

/// Weights drawn from N(0, 0.8/sqrt(d_model)), biases zero: TransformerLens's `gpt2` mode
/// (`HookedTransformer.init_weights`). The weights of norms are one.
fn initial_parameters(
    config: &Config,
    rng: &mut Mt,
    device: &Device,
) -> Result<BTreeMap<String, Var>> {
    let std = 0.8 / (config.d_model as f64).sqrt();
    let draw = |(name, shape): (String, Vec<usize>)| {
        let len = shape.iter().product();
        let values: Vec<f32> = match () {
            () if is_bias(&name) => vec![0.0; len],
            () if name.ends_with(".w") => vec![1.0; len],
            () => (0..len)
                .map(|_| (standard_normal(rng) * std) as f32)
                .collect(),
        };
        Ok((name, Var::from_vec(values, shape, device)?))
    };
    config.parameters().into_iter().map(draw).collect()
}

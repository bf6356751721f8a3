//! AdamW as candle-nn computes it, operation by operation, with a state that can be kept.

use super::Recipe;
use anyhow::Result;
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Keeps the denominator from being zero.
const EPS: f64 = 1e-8;

/// The optimiser's state.
pub(super) struct AdamW {
    /// Of each parameter that is learnt, the running means of its gradient and of its square.
    pub moments: BTreeMap<String, [Tensor; 2]>,
    /// Steps taken.
    pub steps: usize,
}

impl AdamW {
    /// # Errors
    /// When the device fails.
    pub fn new<'a>(learnt: impl Iterator<Item = (&'a String, &'a Var)>) -> Result<Self> {
        let zeros = |(name, var): (&String, &Var)| {
            let zeros = var.zeros_like()?;
            Ok((name.clone(), [zeros.clone(), zeros]))
        };
        Ok(Self {
            moments: learnt.map(zeros).collect::<Result<_>>()?,
            steps: 0,
        })
    }

    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        parameters: &BTreeMap<String, Var>,
        grads: &GradStore,
        recipe: &Recipe,
    ) -> Result<()> {
        let lr = recipe.learning_rate(self.steps);
        self.steps += 1;
        let (beta1, beta2) = (recipe.beta1, recipe.beta2);
        let scale = |beta: f64| 1.0 / (1.0 - beta.powi(self.steps as i32));
        let (scale_m, scale_v) = (scale(beta1), scale(beta2));
        let change = |(name, [m, v]): (&String, &mut [Tensor; 2])| -> Result<()> {
            let Some(theta) = parameters.get(name) else {
                return Ok(());
            };
            let Some(g) = grads.get(theta) else {
                return Ok(());
            };
            // a gradient remembers all that it was made of, and would not be let go of again
            let g = &g.detach();
            *m = ((&*m * beta1)? + (g * (1.0 - beta1))?)?;
            *v = ((&*v * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
            let m_hat = (&*m * scale_m)?;
            let v_hat = (&*v * scale_v)?;
            let decayed = (theta.as_detached_tensor() * (1.0 - lr * recipe.weight_decay))?;
            let direction = (m_hat / (v_hat.sqrt()? + EPS)?)?;
            Ok(theta.set(&(decayed - (direction * lr)?)?)?)
        };
        // each parameter by itself, so that it does not matter which thread takes it
        if parameters.values().all(|var| var.device().is_cpu()) {
            self.moments.par_iter_mut().try_for_each(change)?;
        } else {
            self.moments.iter_mut().try_for_each(change)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::model::Config;
    use crate::task::Task;
    use crate::training::Schedule;
    use candle_core::{Device, Tensor};
    use candle_nn::{Optimizer, ParamsAdamW};

    /// The square of a sum: a loss with a gradient in every number.
    fn loss(vars: [&Var; 2]) -> Tensor {
        let sum = (vars[0].as_tensor() * vars[1].as_tensor()).unwrap();
        sum.sqr().unwrap().sum_all().unwrap()
    }

    #[test]
    fn it_is_candles_own_to_the_last_bit() {
        let recipe = Recipe {
            task: Task::default(),
            model: Config::default(),
            steps: 9,
            batch: 1,
            full_batch: None,
            lr: 3e-2,
            schedule: Schedule::Cosine,
            beta1: 0.9,
            beta2: 0.98,
            weight_decay: 0.1,
            biases: false,
            seed: 0,
            one_update_per_batch: false,
        };
        let make = |start: f32| {
            let values: Vec<f32> = (0..24).map(|i| (start + i as f32).sin()).collect();
            Var::from_vec(values, (4, 6), &Device::Cpu).unwrap()
        };
        let [ours, theirs] = [0, 1].map(|_| [make(0.3), make(1.7)]);
        let named = ["a", "b"].map(str::to_owned).into_iter().zip(ours.clone());
        let named: BTreeMap<String, Var> = named.collect();
        let mut mine = AdamW::new(named.iter()).unwrap();
        let settings = ParamsAdamW {
            lr: recipe.lr,
            beta1: recipe.beta1,
            beta2: recipe.beta2,
            eps: EPS,
            weight_decay: recipe.weight_decay,
        };
        let mut candles = candle_nn::AdamW::new(theirs.to_vec(), settings).unwrap();
        for step in 0..recipe.steps {
            let grads = loss([&ours[0], &ours[1]]).backward().unwrap();
            mine.step(&named, &grads, &recipe).unwrap();
            let grads = loss([&theirs[0], &theirs[1]]).backward().unwrap();
            candles.set_learning_rate(recipe.learning_rate(step));
            candles.step(&grads).unwrap();
            let values = |vars: &[Var; 2]| vars.each_ref().map(|var| var.to_vec2::<f32>().unwrap());
            assert_eq!(values(&ours), values(&theirs), "step {step}");
        }
    }
}

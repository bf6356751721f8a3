//! Attribution patching: what a patch would do to the metric if the model were linear.
//!
//! One pass forward and one back give the gradient at every hook point of the base run; a patch's
//! estimate is the gradient times what the patch would change. Source: Nanda, "Attribution
//! patching" (2023); for edges Syed et al., "Attribution patching outperforms automated circuit
//! discovery" (2023).

use super::base::Base;
use super::edit::{Editor, term};
use crate::lens::experiment::intervention::{Action, From, Intervention};
use crate::lens::experiment::metric::{Measure, MetricValues};
use crate::lens::numbers::array::Array;
use crate::model::{HookName, Hooks};
use crate::task::Token;
use anyhow::{Context, Result, bail, ensure};
use candle_core::{D, DType, Tensor, Var};
use std::collections::{BTreeMap, BTreeSet};

/// Adds a zero at each wanted hook point: the zero's gradient is that of the activation.
struct Probe<'a> {
    inner: &'a mut dyn Hooks,
    wanted: BTreeSet<HookName>,
    zeros: BTreeMap<HookName, Var>,
}

impl Hooks for Probe<'_> {
    fn at(&mut self, name: HookName, value: Tensor) -> Result<Tensor> {
        let value = self.inner.at(name, value)?;
        if !self.wanted.contains(&name) {
            return Ok(value);
        }
        let zero = Var::zeros(value.shape(), DType::F32, value.device())?;
        let value = (value + zero.as_tensor())?;
        self.zeros.insert(name, zero);
        Ok(value)
    }

    fn wants(&self, name: HookName) -> bool {
        self.wanted.contains(&name) || self.inner.wants(name)
    }
}

impl Base<'_> {
    /// The estimated normalised metric when one of these is added to the interventions, for each
    /// of them. `tokens` are the base run's.
    ///
    /// # Errors
    /// When the measure has no gradient, or something other than a patch or an exchanged edge is
    /// to be estimated.
    pub fn estimates(&self, tokens: &[Token], more: &[Intervention]) -> Result<Vec<f32>> {
        let MetricValues {
            measure,
            clean,
            corrupted,
            patched,
            ..
        } = *self.metric;
        ensure!(
            measure.has_gradient(),
            "{} changes in steps, so it has no gradient; logit_diff, log_prob, prob and kl have",
            measure.name()
        );
        let gradients = self.gradients(tokens, more)?;
        let mut products: Vec<(&Intervention, Array)> = Vec::new();
        let mut found = Vec::with_capacity(more.len());
        for one in more {
            let alike = |(other, _): &&(&Intervention, Array)| {
                other.hook == one.hook && other.action == one.action
            };
            let product = match products.iter().find(alike) {
                Some((_, product)) => product.clone(),
                None => {
                    let product = self.product(one, &gradients)?;
                    products.push((one, product.clone()));
                    product
                }
            };
            let delta = selected(one, &product);
            let span = f64::from(clean) - f64::from(corrupted);
            let share = (f64::from(patched) + delta - f64::from(corrupted)) / span;
            found.push(if span == 0.0 { f32::NAN } else { share as f32 });
        }
        Ok(found)
    }

    /// The metric's gradient at the hook points of the interventions, in the base run.
    fn gradients(
        &self,
        tokens: &[Token],
        more: &[Intervention],
    ) -> Result<BTreeMap<HookName, Tensor>> {
        let mut editor = Editor::new(self.interventions, self.sources)?;
        let mut probe = Probe {
            inner: &mut editor,
            wanted: more.iter().map(|one| one.hook).collect(),
            zeros: BTreeMap::new(),
        };
        let tokens = self.model.tokens(&[tokens.to_vec()])?;
        let logits = self.model.forward(&tokens, &mut probe)?;
        let at_metric = logits.get(0)?.get(self.metric.metric.position)?;
        let gradients = self.differentiable(&at_metric)?.backward()?;
        let at = |(name, zero): (HookName, Var)| {
            // what cannot reach the metric has no gradient
            let gradient = gradients.get(zero.as_tensor()).cloned();
            Ok((name, gradient.map_or_else(|| zero.zeros_like(), Ok)?))
        };
        probe.zeros.into_iter().map(at).collect()
    }

    /// The metric as a function of the logits `[d_vocab_out]`.
    fn differentiable(&self, logits: &Tensor) -> Result<Tensor> {
        let metric = self.metric.metric;
        let max = logits.max_keepdim(D::Minus1)?.detach();
        let shifted = logits.broadcast_sub(&max)?;
        let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let log_probs = shifted.broadcast_sub(&log_sum)?;
        let answer = log_probs.get(metric.answer as usize)?;
        Ok(match self.metric.measure {
            Measure::LogitDiff => {
                (logits.get(metric.answer as usize)? - logits.get(metric.other as usize)?)?
            }
            Measure::LogProb => answer,
            Measure::Prob => answer.exp()?,
            Measure::Kl => {
                let source = crate::lens::numbers::logits::log_softmax(self.source_logits);
                let source = Tensor::new(source, logits.device())?;
                (source.exp()? * (source - log_probs)?)?.sum_all()?
            }
            Measure::Rank | Measure::Accuracy => bail!("a step has no gradient"),
        })
    }

    /// Gradient times change, summed over the last axis but for attention and neurons: `[pos]`,
    /// `[pos, head]`, `[pos, neuron]` or `[head, dest, src]`.
    fn product(&self, one: &Intervention, gradients: &BTreeMap<HookName, Tensor>) -> Result<Array> {
        let gradient = gradients.get(&one.hook).context("no gradient there")?;
        let change = match &one.action {
            Action::Patch(From::Run(run)) => {
                (self.sources.get(*run, one.hook)? - self.cache.get(one.hook)?)?
            }
            Action::Edge(sender, Some(From::Run(run))) => {
                let hook = sender.hook();
                let term_of = |written: &Tensor| term(*sender, written, gradient);
                let (new, old) = (self.sources.get(*run, hook)?, self.cache.get(hook)?);
                (term_of(new)? - term_of(old)?)?
            }
            _ => bail!("only patches and exchanged edges can be estimated"),
        };
        let product = gradient.broadcast_mul(&change)?;
        let product = match one.hook.axes() {
            crate::model::Axes::HeadDestSrc => product,
            _ if one.hook.has_neurons() => product,
            _ => product.sum(D::Minus1)?,
        };
        Array::from_tensor(&product.squeeze(0)?)
    }
}

/// The sum over the part that an intervention changes.
fn selected(one: &Intervention, product: &Array) -> f64 {
    let cells = crate::lens::experiment::grid::indices(product.shape());
    let picked = cells
        .zip(product.values())
        .filter(|(index, _)| match **index {
            [head, dest, src] => one.selects(head, dest, src),
            [pos, head] => one.selects(head, pos, 0),
            [pos] => one.selects(0, pos, 0),
            _ => false,
        });
    picked.map(|(_, &value)| f64::from(value)).sum()
}

//! Loss and gradient of a batch.

use super::data::Example;
use crate::model::{HookedTransformer, NoHooks, map_chunks};
use crate::task::{Target, Token};
use anyhow::{Context, Result, ensure};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use std::collections::BTreeMap;

/// Mean loss of a batch, in nats per prediction, and its gradient. Chunks run in parallel and are
/// summed in their order, so that the result does not depend on the number of threads.
///
/// # Errors
/// When no example has a right answer, or the device fails.
pub(super) fn gradients(
    model: &HookedTransformer,
    batch: &[Example],
    parameters: &BTreeMap<String, Var>,
) -> Result<(f64, GradStore)> {
    let parts = map_chunks(model, batch, |chunk| {
        let share = chunk.len() as f64 / batch.len() as f64;
        let loss = (mean_loss(model, chunk)? * share)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        Ok((value, loss.backward()?))
    })?;
    let mut parts = parts.into_iter();
    let (mut loss, mut sum) = parts.next().context("the batch is empty")?;
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
fn mean_loss(model: &HookedTransformer, examples: &[Example]) -> Result<Tensor> {
    let rows: Vec<Vec<Token>> = examples.iter().map(|one| one.tokens.clone()).collect();
    let logits = model.forward(&model.tokens(&rows)?, &mut NoHooks)?;
    let read = Tensor::new(model.task().read_positions(), model.device())?;
    let predictions = logits.index_select(&read, 1)?.flatten_to(1)?;
    let targets = examples.iter().flat_map(|one| &one.targets);
    let asked = (0..)
        .zip(targets)
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

//! Loss and gradient of a batch.

use super::data::Example;
use crate::model::{HookedTransformer, map_chunks};
use crate::task::{Target, Token};
use anyhow::{Context, Result, ensure};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use rayon::prelude::*;
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
    let loss = parts.iter().map(|(loss, _)| loss).sum();
    let total = |var: &Var| -> Result<Option<Tensor>> {
        let mut grads = parts.iter().filter_map(|(_, grads)| grads.get(var));
        let Some(first) = grads.next() else {
            return Ok(None);
        };
        let sum = grads.try_fold(first.clone(), |sum, grad| sum + grad)?;
        Ok(Some(sum))
    };
    let learnt: Vec<&Var> = parameters.values().collect();
    let totals: Vec<Option<Tensor>> = if model.device().is_cpu() {
        learnt
            .par_iter()
            .map(|var| total(var))
            .collect::<Result<_>>()?
    } else {
        learnt.iter().map(|var| total(var)).collect::<Result<_>>()?
    };
    let mut parts = parts.into_iter();
    let (_, mut sum) = parts.next().context("the batch is empty")?;
    for (var, total) in learnt.into_iter().zip(totals) {
        if let Some(total) = total {
            sum.insert(var, total);
        }
    }
    Ok((loss, sum))
}

/// Mean cross entropy over the predictions that have a right answer, a scalar. Of several right answers
/// the first is learnt.
fn mean_loss(model: &HookedTransformer, examples: &[Example]) -> Result<Tensor> {
    let rows: Vec<Vec<Token>> = examples.iter().map(|one| one.tokens.clone()).collect();
    let tokens = model.tokens(&rows)?;
    let len = if model.config().is_bare() {
        1
    } else {
        tokens.dim(1)?
    };
    let read = model.task().read_positions();
    // what no answer is read at is left out of the last block
    let first = read.iter().copied().min().unwrap_or(0) as usize;
    let logits = model.last_logits(&tokens, len - first)?;
    let read: Vec<u32> = read.iter().map(|at| at - first as u32).collect();
    let all = read.iter().copied().eq(0..(len - first) as u32);
    let predictions = match all {
        true => logits,
        false => logits.index_select(&Tensor::new(read, model.device())?, 1)?,
    };
    let predictions = predictions.flatten_to(1)?;
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::Training;
    use super::super::data::drawn;
    use super::super::recipe::tests::recipe;
    use super::*;
    use candle_core::Device;
    use rand_mt::Mt;

    /// Every example counts the same, whatever chunk it is computed in.
    #[test]
    fn the_loss_of_a_batch_is_the_mean_of_its_examples() {
        let training = Training::new(recipe(), &Device::Cpu).unwrap();
        let model = training.model().unwrap();
        let batch = drawn(training.recipe(), &mut Mt::new(7)).unwrap();
        assert!(
            batch.len() > crate::model::CHUNK,
            "one chunk would show nothing"
        );
        let loss = |some: &[Example]| gradients(&model, some, &BTreeMap::new()).unwrap().0;
        let each: Vec<f64> = batch.chunks(1).map(loss).collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        assert!(
            (loss(&batch) - mean).abs() < 1e-5,
            "{} {mean}",
            loss(&batch)
        );
        let apart = each
            .iter()
            .map(|one| (one - mean).abs())
            .fold(0.0, f64::max);
        assert!(apart > 0.01, "equal examples would show nothing");
    }
}

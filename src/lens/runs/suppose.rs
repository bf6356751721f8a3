//! What rules put in place of activations, input by input.

use crate::lens::experiment::intervention::Target;
use crate::lens::experiment::rule::{Part, part};
use crate::model::{Axes, HookName, HookedTransformer};
use crate::task::{Expression, Given, Prompt, Values};
use anyhow::{Context, Result, anyhow};
use candle_core::Tensor;
use std::collections::HashMap;

/// What an expression says of these prompts at a part of a hook point, `[prompt, ...]` as the
/// activation there.
///
/// # Errors
/// When the expression has no value for an input, or one that nothing can be made of.
pub(super) fn said(
    model: &HookedTransformer,
    (hook, target): (HookName, &Target),
    expression: &Expression,
    prompts: &[Prompt],
) -> Result<Tensor> {
    let task = model.task();
    let inputs: Vec<Values> = prompts.iter().map(|prompt| prompt.values.clone()).collect();
    let values = expression.values(&inputs, &[])?;
    let mut known: HashMap<&Given, Vec<f32>> = HashMap::new();
    let shape = shape(model, hook);
    let mut all: Vec<f32> = Vec::with_capacity(inputs.len() * shape.iter().product::<usize>());
    for (input, value) in inputs.iter().zip(&values) {
        if !known.contains_key(value) {
            let part = part((task, model.config()), (hook, target), value)
                .map_err(|problem| anyhow!("{problem} (for {input})"))?;
            known.insert(value, filled(&shape, &part));
        }
        all.extend(known.get(value).context("it was just made")?);
    }
    let shape = [&[inputs.len()], &shape[..]].concat();
    Ok(Tensor::from_vec(all, shape, model.device())?)
}

/// The shape of an activation behind its batch.
fn shape(model: &HookedTransformer, hook: HookName) -> Vec<usize> {
    let (config, len) = (model.config(), model.task().seq_len());
    let len = match hook {
        HookName::Pre | HookName::Post => 1,
        HookName::Logits => config.outputs(len),
        _ => len,
    };
    match hook.axes() {
        Axes::Pos => vec![len, config.width(hook)],
        Axes::PosHead => vec![len, config.n_heads, config.width(hook)],
        Axes::HeadDestSrc => vec![config.n_heads, len, len],
    }
}

fn filled(shape: &[usize], part: &Part) -> Vec<f32> {
    let all = shape.iter().product();
    match part {
        Part::Number(number) => vec![*number as f32; all],
        Part::Row(row) => {
            let row: Vec<f32> = row.iter().map(|&number| number as f32).collect();
            row.iter().copied().cycle().take(all).collect()
        }
    }
}

//! Means over all inputs of a model or task that does not fold into tables: by batched forward passes.

use super::run::Progress;
use crate::model::{HookName, HookedTransformer, NoHooks, Recorder, map_chunks};
use crate::task::{Field, Token, Values};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};

/// More inputs than this would take too long.
const MAX_INPUTS: u128 = 1_000_000;
/// Inputs whose activations are held at once.
const BLOCK: u128 = 2048;

/// The most combinations of the given fields' values: those of an index and an element.
const MAX_KINDS: usize = 200;

/// How many means there are, of fields with so many values.
///
/// # Errors
/// When they are too many to keep.
pub(super) fn kinds_of(sizes: impl Iterator<Item = usize>) -> Result<usize> {
    let kinds = sizes.fold(1, usize::saturating_mul);
    ensure!(
        kinds <= MAX_KINDS,
        "{kinds} means would have to be kept; {MAX_KINDS} is the most"
    );
    Ok(kinds)
}

/// Sums of an activation by the given fields' values.
struct Sums {
    /// Of the activation, without an axis for the batch.
    shape: Vec<usize>,
    /// `[combination, ...]`
    values: Vec<f64>,
    /// Inputs of each combination.
    inputs: Vec<u64>,
}

impl Sums {
    fn add(&mut self, kind: usize, shape: &[usize], values: &[f32]) {
        if self.values.is_empty() {
            self.shape = shape.to_vec();
            self.values = vec![0.0; self.inputs.len() * values.len()];
        }
        let sums = &mut self.values[kind * values.len()..(kind + 1) * values.len()];
        sums.iter_mut()
            .zip(values)
            .for_each(|(sum, &value)| *sum += f64::from(value));
        self.inputs[kind] += 1;
    }

    fn means(&self) -> Result<Tensor> {
        let width = self.values.len() / self.inputs.len();
        let of = |(i, sum): (usize, &f64)| (sum / self.inputs[i / width.max(1)] as f64) as f32;
        let means: Vec<f32> = self.values.iter().enumerate().map(of).collect();
        let shape = [&[self.inputs.len()], &self.shape[..]].concat();
        Ok(Tensor::from_vec(means, shape, &Device::Cpu)?)
    }
}

/// The mean of a hook point over all inputs, `[combination, ...]`; `None` where `report` says to stop.
///
/// # Errors
/// When there are too many inputs, or the device fails.
pub(super) fn by_passes(
    model: &HookedTransformer,
    hook: HookName,
    given: &[Field],
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<Tensor>> {
    let task = model.task();
    let kinds = kinds_of(given.iter().map(|field| field.size()))?;
    let all = task.input_space();
    ensure!(
        all <= MAX_INPUTS,
        "{task} makes too many inputs for a mean by forward passes, which this model needs; up to \
         {MAX_INPUTS} are taken, or the mean over sample"
    );
    let model = model.for_rows(BLOCK as usize);
    let mut sums = Sums {
        shape: Vec::new(),
        values: Vec::new(),
        inputs: vec![0; kinds],
    };
    let mut done = 0;
    while done < all {
        let end = (done + BLOCK).min(all);
        let values = (done..end).map(|number| task.values_at(number));
        let values = task.that_exist(values.collect())?;
        add(model, hook, given, &values, &mut sums)?;
        done = end;
        let (done, total) = (done as u64, all as u64);
        if !report(Progress { done, total })? {
            return Ok(None);
        }
    }
    sums.means().map(Some)
}

/// Adds these inputs' activations in their order.
fn add(
    model: &HookedTransformer,
    hook: HookName,
    given: &[Field],
    inputs: &[Values],
    sums: &mut Sums,
) -> Result<()> {
    let task = model.task();
    let prompts = task.answered(inputs, &task.targets(inputs)?);
    let rows: Vec<Vec<Token>> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    let parts = map_chunks(model, &rows, |chunk| held(model, hook, chunk))?;
    let mut inputs = inputs.iter();
    for (shape, values) in parts {
        let width: usize = shape[1..].iter().product();
        for row in values.chunks(width.max(1)) {
            let input = inputs.next().context("more rows than inputs")?;
            let step = |at: usize, &field: &Field| {
                at * field.size() + field.place(input.get(field)).unwrap_or(0)
            };
            sums.add(given.iter().fold(0, step), &shape[1..], row);
        }
    }
    Ok(())
}

/// What untouched runs of these rows hold, `[row, ...]`, and its shape.
fn held(
    model: &HookedTransformer,
    hook: HookName,
    rows: &[Vec<Token>],
) -> Result<(Vec<usize>, Vec<f32>)> {
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).wanting([hook]);
    model.forward(&model.tokens(rows)?, &mut recorder)?;
    let cache = recorder.into_cache();
    let value = cache.get(hook)?;
    // positions are the same for every prompt
    let mut shape = value.dims().to_vec();
    shape[0] = rows.len();
    let value = value.broadcast_as(&shape[..])?.to_dtype(DType::F32)?;
    Ok((shape, value.contiguous()?.flatten_all()?.to_vec1()?))
}

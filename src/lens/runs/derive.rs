//! Activations that interventions take from elsewhere: means, examples, donors, directions.

use super::suppose::said;
use crate::lens::exact::rows::handed;
use crate::lens::experiment::intervention::{
    Action, Averaged, From, Intervention, StreamDirection,
};
use crate::lens::experiment::setup::Experiment;
use crate::lens::experiment::supposed::Supposed;
use crate::lens::names::path::PathName;
use crate::lens::numbers::algebra::{Matrix, array};
use crate::lens::weights::matrices::Matrices;
use crate::lens::weights::reduce::projection;
use crate::lens::weights::subspace::Subspace;
use crate::model::{HookName, HookedTransformer, NoHooks, Recorder, map_chunks};
use crate::task::{Agreement, Given, Prompt, Token, Values};
use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use std::collections::BTreeMap;

/// A mean is taken anew on each keystroke; over more examples than this the screen would lag.
const MAX_MEAN: usize = 4096;

/// Each intervention that needs one, and its activation, batch size 1.
#[derive(Default)]
pub struct Derived {
    found: Vec<(Intervention, Tensor)>,
}

impl Derived {
    /// All that the experiment's interventions need, for the given base prompt.
    ///
    /// # Errors
    /// When the sample has no such example, or none that agrees with the prompt.
    pub fn new(model: &HookedTransformer, experiment: &Experiment, base: &Prompt) -> Result<Self> {
        let mut found = Vec::new();
        for intervention in &experiment.interventions {
            let tensor = derive(model, experiment, base, intervention)
                .with_context(|| intervention.line(model.task()))?;
            found.extend(tensor.map(|tensor| (intervention.clone(), tensor)));
        }
        Ok(Self { found })
    }

    /// The same for a batch of base prompts: what depends on the prompt once for each of them.
    ///
    /// # Errors
    /// As [`Derived::new`].
    pub(crate) fn for_each(
        &self,
        model: &HookedTransformer,
        experiment: &Experiment,
        bases: &[Prompt],
    ) -> Result<Self> {
        let inputs: Vec<Values> = bases.iter().map(|base| base.values.clone()).collect();
        let one = |(intervention, shared): &(Intervention, Tensor)| {
            let given = match (&intervention.action, intervention.taken_from()) {
                (Action::Path(path), _) => {
                    return Ok((intervention.clone(), handed_over(model, path, bases)?));
                }
                (_, Some((From::Resample { keep, seed }, hook))) => {
                    let donors = donated(model, hook, bases, keep, *seed)?;
                    return Ok((intervention.clone(), donors));
                }
                (_, Some((From::Supposed(what), hook))) => {
                    let said = supposed(model, intervention, (hook, what), bases)?;
                    return Ok((intervention.clone(), said));
                }
                (_, Some((From::Mean(_, given), _))) if !given.is_in_nothing() => given,
                _ => return Ok((intervention.clone(), shared.clone())),
            };
            // once for all prompts that agree
            let mut known: BTreeMap<Given, Tensor> = BTreeMap::new();
            let each = bases.iter().zip(given.values(&inputs)?).map(|(base, key)| {
                if let Some(found) = known.get(&key) {
                    return Ok(found.clone());
                }
                let found = derive(model, experiment, base, intervention)?;
                let found = found.context("nothing was derived")?;
                known.insert(key, found.clone());
                Ok(found)
            });
            let each = each.collect::<Result<Vec<Tensor>>>()?;
            Ok((intervention.clone(), Tensor::cat(&each, 0)?))
        };
        let found = self.found.iter().map(one).collect::<Result<_>>()?;
        Ok(Self { found })
    }

    /// The activation of an intervention.
    ///
    /// # Errors
    /// When it was not among those that these were derived for.
    pub fn get(&self, intervention: &Intervention) -> Result<&Tensor> {
        let mut found = self.found.iter();
        found
            .find(|(one, _)| one == intervention)
            .map(|(_, tensor)| tensor)
            .context("nothing was derived for this intervention")
    }
}

fn derive(
    model: &HookedTransformer,
    experiment: &Experiment,
    base: &Prompt,
    intervention: &Intervention,
) -> Result<Option<Tensor>> {
    let task = model.task();
    if let Some((from, hook)) = intervention.taken_from() {
        return Ok(Some(match from {
            From::Run(_) => return Ok(None),
            From::Example(n) => {
                let prompts = experiment.sample.prompts(task);
                let prompt = n.checked_sub(1).and_then(|i| prompts.get(i));
                let len = prompts.len();
                let prompt = prompt.with_context(|| format!("the sample has examples 1 to {len}"));
                record(model, hook, &[task.tokens(prompt?)])?
            }
            From::Mean(Averaged::Sample, given) => mean(model, experiment, base, hook, given)?,
            From::Mean(Averaged::Space, given) => mean_of_all(model, base, hook, given)?,
            From::Resample { keep, seed } => {
                donated(model, hook, std::slice::from_ref(base), keep, *seed)?
            }
            From::Supposed(what) => supposed(
                model,
                intervention,
                (hook, what),
                std::slice::from_ref(base),
            )?,
        }));
    }
    Ok(match &intervention.action {
        Action::Rank(rank) => Some(projection(model, intervention.hook, *rank)?),
        Action::Project(subspace, keeps) => Some(stream_map(model, subspace, *keeps)?),
        Action::Add(direction, factor) => Some((vector(model, *direction)? * *factor)?),
        Action::Path(path) => Some(handed_over(model, path, std::slice::from_ref(base))?),
        _ => None,
    })
}

/// What a stream is multiplied with so that its part in a subspace is kept alone, or taken out, `[d_model,
/// d_model]`.
fn stream_map(model: &HookedTransformer, subspace: &Subspace, keeps: bool) -> Result<Tensor> {
    let inside = subspace.projection(&Matrices::new(model)?)?;
    let map = match keeps {
        true => inside,
        false => Matrix::identity(inside.nrows(), inside.ncols()) - inside,
    };
    let map = array(&map);
    Ok(Tensor::from_slice(
        map.values(),
        map.shape(),
        model.device(),
    )?)
}

/// What a path hands over from each position of some prompts, `[prompt, pos, d_model]`.
fn handed_over(model: &HookedTransformer, path: &PathName, prompts: &[Prompt]) -> Result<Tensor> {
    let weights = Matrices::new(model)?;
    let rows = prompts.iter().map(|prompt| {
        let handed = array(&handed(&weights, &model.task().tokens(prompt), path));
        Ok(Tensor::from_slice(
            handed.values(),
            handed.shape(),
            model.device(),
        )?)
    });
    Ok(Tensor::stack(&rows.collect::<Result<Vec<_>>>()?, 0)?)
}

/// What a rule puts at a hook point for each of some prompts, `[prompt, ...]`.
fn supposed(
    model: &HookedTransformer,
    one: &Intervention,
    (hook, what): (HookName, &Supposed),
    of: &[Prompt],
) -> Result<Tensor> {
    let as_if = match what {
        Supposed::Said(expression) => return said(model, (hook, &one.target), expression, of),
        Supposed::AsIf(as_if) => as_if,
    };
    let task = model.task();
    let inputs: Vec<Values> = of.iter().map(|prompt| prompt.values.clone()).collect();
    run_of(model, hook, &as_if.inputs(task, &inputs)?)
}

/// An activation of the untouched model for each of some inputs, their right answers fed back.
fn run_of(model: &HookedTransformer, hook: HookName, inputs: &[Values]) -> Result<Tensor> {
    let task = model.task();
    let prompts = task.teacher_forced(inputs)?;
    let rows: Vec<Vec<Token>> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
    record(model, hook, &rows)
}

/// The mean over all inputs that agree with the base prompt.
fn mean_of_all(
    model: &HookedTransformer,
    base: &Prompt,
    hook: HookName,
    given: &Agreement,
) -> Result<Tensor> {
    let fields = given.deciding();
    let of = |values: &Values| {
        let found = model.means().of(hook, &fields, values)?;
        found.context("the mean over all inputs has not been made yet")
    };
    let Agreement::Value(expression) = given else {
        return Ok(of(&base.values)?.to_device(model.device())?);
    };
    let alike = expression.alike(&base.values)?;
    let mut means = alike.iter().map(of);
    let first = means.next().context("no input agrees with itself")??;
    let sum = means.try_fold(first, |sum, mean| anyhow::Ok((sum + mean?)?))?;
    Ok((sum / alike.len() as f64)?.to_device(model.device())?)
}

/// The mean over the examples that agree with the base prompt.
fn mean(
    model: &HookedTransformer,
    experiment: &Experiment,
    base: &Prompt,
    hook: HookName,
    given: &Agreement,
) -> Result<Tensor> {
    let task = model.task();
    let prompts = experiment.sample.prompts(task);
    let inputs: Vec<Values> = prompts.iter().map(|prompt| prompt.values.clone()).collect();
    let values = given.values(&inputs)?;
    let value = given.values(std::slice::from_ref(&base.values))?;
    let rows: Vec<Vec<Token>> = prompts
        .iter()
        .zip(values)
        .filter(|(_, one)| value.contains(one))
        .map(|(prompt, _)| task.tokens(prompt))
        .collect();
    ensure!(
        !rows.is_empty(),
        "no example of {} agrees with the prompt in {given}",
        experiment.sample
    );
    ensure!(
        rows.len() <= MAX_MEAN,
        "the mean of {} examples would take too long on each keystroke; {MAX_MEAN} is the most",
        rows.len()
    );
    // chunks are summed in their order: the result does not depend on the number of threads
    let many = model.for_rows(rows.len());
    let sums = map_chunks(many, &rows, |chunk| sum_of(many, hook, chunk))?;
    let mut sums = sums.into_iter();
    let first = sums.next().context("no examples")?;
    let total = sums.try_fold(first, |total, sum| total + sum)?;
    Ok((total / rows.len() as f64)?.to_device(model.device())?)
}

/// An activation of untouched runs, `[row, ...]`; the positional embedding has one row for all.
fn record(model: &HookedTransformer, hook: HookName, rows: &[Vec<Token>]) -> Result<Tensor> {
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).wanting([hook]);
    model.forward(&model.tokens(rows)?, &mut recorder)?;
    Ok(recorder.into_cache().get(hook)?.clone())
}

/// The sum of an activation over rows of tokens, `[1, ...]`.
fn sum_of(model: &HookedTransformer, hook: HookName, rows: &[Vec<Token>]) -> Result<Tensor> {
    let value = record(model, hook, rows)?;
    let times = rows.len() / value.dim(0)?;
    Ok((value.sum_keepdim(0)? * times as f64)?)
}

/// An activation of each prompt's donor, `[prompt, ...]`.
fn donated(
    model: &HookedTransformer,
    hook: HookName,
    of: &[Prompt],
    keep: &Agreement,
    seed: u32,
) -> Result<Tensor> {
    let inputs: Vec<Values> = of.iter().map(|prompt| prompt.values.clone()).collect();
    run_of(model, hook, &keep.donors_of(model.task(), &inputs, seed)?)
}

/// A direction as `[d_model]`.
fn vector(model: &HookedTransformer, direction: StreamDirection) -> Result<Tensor> {
    Ok(match direction {
        StreamDirection::Embed(token) => model.w_e().get(token as usize)?,
        StreamDirection::Unembed(token) => model
            .w_u()
            .narrow(1, token as usize, 1)?
            .squeeze(1)?
            .contiguous()?,
        StreamDirection::Pos(position) => model
            .w_pos()
            .context("this model has no W_pos")?
            .get(position)?,
    })
}

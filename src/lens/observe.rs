//! One observation: the three runs of a pair, the metric, and all patching grids.

use super::array::Array;
use super::base::Base;
use super::changes::Changes;
use super::experiment::{Continuation, Experiment, RunName, Source};
use super::grid::{Cell, Grid, GridName};
use super::logits::{Judged, log_softmax};
use super::metric::{MetricValues, Reading};
use super::pair_runs::PairRuns;
use super::warning::undefined;
use crate::model::{ActivationCache, HookName, HookedTransformer, Hooks, NoHooks, Recorder, Site};
use crate::task::{Prompt, Target, Task, Token};
use anyhow::{Context, Result};
use candle_core::Tensor;
use serde::Serialize;

/// What one run showed.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// What was run, its continuation resolved.
    pub prompt: Prompt,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// `[pos, d_vocab_out]`
    pub logits: Array,
    /// `[layer, head, dest_pos, src_pos]`
    pub pattern: Array,
    /// `[layer, head, dest_pos, src_pos]`, minus infinity where masked.
    pub scores: Array,
    /// What was done to it.
    pub changes: Changes,
}

/// What a run says about one element of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The position whose logits these are.
    pub position: usize,
    /// What is predicted there: `b_0`.
    pub predicts: String,
    /// The prediction's name: `nl_1→b_0`.
    pub name: String,
    /// The right answer.
    pub target: Option<Token>,
    /// The likeliest token: of tied ones the first that is not the right answer; null where the logits
    /// are not defined.
    pub argmax: Option<Token>,
    /// Whether the right answer is likelier than every other token.
    pub correct: Option<bool>,
    /// How many other tokens are exactly as likely as the likeliest.
    pub tied: usize,
    /// Log probability of the right answer, in nats.
    pub log_prob: f32,
}

impl RunView {
    /// One row of a batch: its logits `[batch, pos, d_vocab_out]` and activations.
    pub(super) fn of_row(
        model: &HookedTransformer,
        prompt: Prompt,
        logits: &Tensor,
        cache: &ActivationCache,
        row: usize,
    ) -> Result<Self> {
        let by_layer = |site| -> Result<Array> {
            let layers = (0..model.config().n_layers).map(|layer| {
                Array::from_tensor(&cache.get(HookName::Block(layer, site))?.get(row)?)
            });
            Ok(Array::stack(&layers.collect::<Result<Vec<_>>>()?))
        };
        Ok(Self {
            tokens: model.task().tokens(&prompt),
            logits: Array::from_tensor(&logits.get(row)?)?,
            pattern: by_layer(Site::Pattern)?,
            scores: by_layer(Site::AttnScores)?,
            changes: Changes::default(),
            prompt,
        })
    }

    /// Log probabilities at a position, in nats.
    #[must_use]
    pub fn log_probs(&self, position: usize) -> Vec<f32> {
        log_softmax(self.logits.slice(&[position]))
    }

    /// Tokens at a position, likeliest first (ties in token order), with their probabilities.
    #[must_use]
    pub fn top(&self, position: usize, k: usize) -> Vec<(Token, f32)> {
        let probs = self.log_probs(position).into_iter().map(f32::exp);
        let mut ranked: Vec<(Token, f32)> = (0..).zip(probs).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(k);
        ranked
    }

    /// One prediction for each element of the answer.
    #[must_use]
    pub fn predictions(&self, task: Task) -> Vec<Prediction> {
        let truth = self.prompt.values.truth();
        let one = |(i, target): (usize, &Target)| {
            let position = task.predicts_at(i);
            let judged = Judged::of(self.logits.slice(&[position]), target);
            Prediction {
                position,
                predicts: task.answers[i].name.clone(),
                name: task.prediction(i),
                target: target.token(),
                argmax: judged.said,
                correct: judged.asked.then(|| judged.is_right()),
                tied: judged.tied,
                log_prob: judged.log_prob,
            }
        };
        truth.iter().enumerate().map(one).collect()
    }

    /// Mean cross entropy of the right answers, in nats per prediction that has one.
    #[must_use]
    pub fn loss(&self, task: Task) -> f64 {
        self.loss_of(task, &self.prompt.values.truth())
    }

    /// The same of other answers than this prompt's own.
    #[must_use]
    pub fn loss_of(&self, task: Task, answers: &[Target]) -> f64 {
        let one = |(i, target): (usize, &Target)| {
            let logits = self.logits.slice(&[task.predicts_at(i)]);
            -f64::from(Judged::of(logits, target).log_prob)
        };
        let asked = answers.iter().enumerate();
        let asked = asked.filter(|(_, target)| **target != Target::Nothing);
        let losses: Vec<f64> = asked.map(one).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    }
}

/// Everything that an experiment shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What was asked.
    pub experiment: Experiment,
    /// The clean run, untouched.
    pub clean: RunView,
    /// The corrupted run, untouched.
    pub corrupted: RunView,
    /// The base run under the interventions.
    pub patched: RunView,
    /// The metric in the three runs; `None` when the pair suggests none and none was chosen.
    pub metric: Option<MetricValues>,
    /// Where the patched run stops being defined, in words.
    pub undefined: Option<String>,
    /// For each intervention, whether it changed any number.
    pub changed: Vec<bool>,
    /// All grids of [`GridName::all`]; empty without a metric.
    pub grids: Vec<Grid>,
}

impl Observation {
    /// One of the runs.
    #[must_use]
    pub fn run(&self, name: RunName) -> &RunView {
        match name {
            RunName::Clean => &self.clean,
            RunName::Corrupted => &self.corrupted,
            RunName::Patched => &self.patched,
        }
    }

    /// The run that is patched, as it is without interventions.
    #[must_use]
    pub fn base(&self) -> &RunView {
        self.run(self.experiment.direction.base())
    }

    /// One of the grids.
    #[must_use]
    pub fn grid(&self, name: GridName) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.name == name)
    }

    /// A grid's number, told that way; `None` where there is none.
    #[must_use]
    pub fn told(&self, reading: Reading, grid: GridName, cell: Cell) -> Option<f32> {
        let share = self.grid(grid)?.values.get(&grid.index(cell))?;
        Some(self.metric.as_ref()?.read(reading, share))
    }
}

/// Observes an experiment. `cancelled` is asked between steps; when it says yes, nothing comes
/// back.
///
/// # Errors
/// When an intervention names an activation the runs do not hold, or the device fails.
pub fn observe(
    model: &HookedTransformer,
    experiment: &Experiment,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Observation>> {
    let Some(runs) = PairRuns::new(model, experiment, &[], cancelled)? else {
        return Ok(None);
    };
    let metric = runs.metric(model.task(), experiment);
    let grids = match &metric {
        None => Vec::new(),
        Some(metric) => {
            let base = Base::new(model, experiment, &runs, metric)?;
            let Some(grids) = base.grids(&GridName::all(model.config()), cancelled)? else {
                return Ok(None);
            };
            grids
        }
    };
    Ok(Some(Observation {
        experiment: experiment.clone(),
        undefined: undefined(model.task(), &runs.patched.0),
        changed: runs.changed,
        clean: runs.clean.0,
        corrupted: runs.corrupted.0,
        patched: runs.patched.0,
        metric,
        grids,
    }))
}

/// Some of an experiment's patching grids, without anything else of it.
///
/// # Errors
/// As [`observe`]; when there is no metric.
pub fn patching_grids(
    model: &HookedTransformer,
    experiment: &Experiment,
    names: &[GridName],
) -> Result<Vec<Grid>> {
    let runs = PairRuns::new(model, experiment, &[], &|| false)?.context("the run broke off")?;
    let metric = runs.metric(model.task(), experiment);
    let metric = metric.context("clean and corrupted suggest no metric; name one")?;
    let base = Base::new(model, experiment, &runs, &metric)?;
    let grids = base.grids(names, &|| false)?;
    grids.context("the grids broke off")
}

/// One of an experiment's runs, without grids.
///
/// # Errors
/// As [`observe`].
pub fn observe_one(
    model: &HookedTransformer,
    experiment: &Experiment,
    name: RunName,
) -> Result<RunView> {
    match name {
        RunName::Clean => observe_run(model, &experiment.clean),
        RunName::Corrupted => observe_run(model, &experiment.corrupted),
        RunName::Patched => Ok(PairRuns::new(model, experiment, &[], &|| false)?
            .context("the run broke off")?
            .patched
            .0),
    }
}

/// One untouched run.
///
/// # Errors
/// When the device fails.
pub fn observe_run(model: &HookedTransformer, source: &Source) -> Result<RunView> {
    let prompt = resolve(model, source)?;
    Ok(run_prompt(model, prompt, &mut NoHooks, &[])?.0)
}

/// One untouched run with every activation, `hook_result` included.
///
/// # Errors
/// When the device fails.
pub fn observe_cache(
    model: &HookedTransformer,
    source: &Source,
) -> Result<(RunView, ActivationCache)> {
    let results = (0..model.config().n_layers).map(|layer| HookName::Block(layer, Site::Result));
    observe_hooks(model, source, &results.collect::<Vec<_>>())
}

/// One untouched run with its activations, those at `wanted` included where a pass computes them
/// on demand only.
///
/// # Errors
/// When the device fails.
pub fn observe_hooks(
    model: &HookedTransformer,
    source: &Source,
    wanted: &[HookName],
) -> Result<(RunView, ActivationCache)> {
    run_prompt(model, resolve(model, source)?, &mut NoHooks, wanted)
}

/// The prompt with its continuation filled in; the model's own is predicted one by one.
pub(super) fn resolve(model: &HookedTransformer, source: &Source) -> Result<Prompt> {
    let mut prompt = source.prompt();
    if source.continuation == Continuation::Model {
        let task = model.task();
        let answers = task.get().answers.iter();
        for (i, answer) in answers.filter(|one| one.fed_back.is_some()).enumerate() {
            let tokens = model.tokens(&[task.tokens(&prompt)])?;
            let logits = model.forward(&tokens, &mut NoHooks)?;
            let at = logits.get(0)?.get(answer.read_at)?;
            let class = at.argmax(0)?.to_scalar::<u32>()?;
            // a class that is no token cannot be fed back
            if let Some(token) = task.token_of_class(class) {
                prompt.continuation[i] = token;
            }
        }
    }
    Ok(prompt)
}

pub(super) fn run_prompt(
    model: &HookedTransformer,
    prompt: Prompt,
    hooks: &mut dyn Hooks,
    wanted: &[HookName],
) -> Result<(RunView, ActivationCache)> {
    let tokens = model.task().tokens(&prompt);
    let mut recorder = Recorder::new(hooks).wanting(wanted.iter().copied());
    let logits = model.forward(&model.tokens(&[tokens])?, &mut recorder)?;
    let cache = recorder.into_cache();
    let view = RunView::of_row(model, prompt, &logits, &cache, 0)?;
    Ok((view, cache))
}

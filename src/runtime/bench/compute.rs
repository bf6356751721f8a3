//! What the numbers cost, without a screen.

use super::peak::peak_gflops;
use super::{Effort, Spread};
use crate::answers::{Inquest, Question, Tools, answer};
use crate::lens::{Experiment, GridName, Matrices, RunName, observe_run, patching_grids, score};
use crate::model::{HookedTransformer, NoHooks, Recorder};
use crate::sweep::{Over, Sweep, Tally};
use crate::task::Sample;
use crate::training::{Recipe, Schedule, Training};
use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Repetitions before the first that counts.
const WARM_UP: usize = 3;
/// Sequences scored by forward passes, to compare the sweep with.
const SCORED: usize = 1 << 15;
/// What is swept where there are too many inputs.
const SAMPLE: Sample = Sample::Random {
    seed: 0,
    len: 100_000,
};
/// Side of the matrices that say what the processor can do at best.
const SQUARE: usize = 256;
/// Sequences in a training step, as in the recipe of the embedded model.
const BATCH: usize = 256;

/// What the numbers cost.
#[derive(Clone, Debug, Serialize)]
pub struct Compute {
    /// One prompt, tokens to logits, in microseconds; the median.
    pub forward_1_us: f64,
    /// The same with every activation kept.
    pub forward_cache_us: f64,
    /// The strips of residual stream, block outputs, z, q, k and v, both runs included, in
    /// milliseconds; the median.
    pub grids_132_ms: f64,
    /// All 13 patching grids, both runs included, in milliseconds; the median.
    pub grids_406_ms: f64,
    /// How many cells they have: 132 and 406 with the shape of the embedded model.
    pub patches: [usize; 2],
    /// A map of a margin by the first two fields, all else as in the prompt, in milliseconds; the median. None
    /// where the task has no two fields, or judges nothing.
    pub map_ms: Option<f64>,
    /// How many cells it has: 2,500 with the task of the embedded model.
    pub map_cells: usize,
    /// Inputs that the sweep judges in a second.
    pub sweep_inputs_per_s: f64,
    /// The sample of which these are, where there are too many inputs to sweep.
    pub sweep_sample: Option<String>,
    /// Why it needs forward passes, where it does.
    pub sweep_reason: Option<String>,
    /// Multiply-adds that it has for an input, exponentials left out; none by forward passes.
    pub sweep_multiply_adds: Option<f64>,
    /// What these make, of all that the processor's threads could do at best.
    pub sweep_share_of_peak: Option<f64>,
    /// Inputs that batched forward passes judge in a second.
    pub forward_inputs_per_s: f64,
    /// The first over the second.
    pub sweep_times_forward: f64,
    /// Training steps (batches of 256) in a second.
    pub train_steps_per_s: f64,
    /// Products of 256 x 256 matrices on one thread, in 10^9 operations a second.
    pub matmul_gflops: f64,
    /// Multiply-adds in registers on all threads, in 10^9 operations a second: what this processor
    /// can do at best.
    pub peak_gflops: f64,
}

/// Measures; `tell` hears what comes next.
///
/// # Errors
/// When the device fails.
pub fn compute(
    model: &HookedTransformer,
    experiment: &Experiment,
    effort: Effort,
    tell: &dyn Fn(&str),
) -> Result<Compute> {
    let median = |work: &dyn Fn() -> Result<()>| median(effort.once, work);
    tell("one forward pass");
    let tokens = observe_run(model, &experiment.clean)?.tokens;
    let one = || -> Result<()> {
        let logits = model.forward(&model.tokens(std::slice::from_ref(&tokens))?, &mut NoHooks)?;
        logits.flatten_all()?.to_vec1::<f32>()?;
        Ok(())
    };
    let forward = median(&one)?;
    let with_cache = median(&|| {
        let mut nothing = NoHooks;
        let mut recorder = Recorder::new(&mut nothing);
        model.forward(&model.tokens(std::slice::from_ref(&tokens))?, &mut recorder)?;
        drop(recorder.into_cache());
        Ok(())
    })?;
    tell("patching grids");
    let without_pattern: Vec<GridName> = GridName::strips(model.config())
        .into_iter()
        .filter(|grid| *grid != GridName::Pattern)
        .collect();
    let grids = |names: &[GridName]| -> Result<(f64, usize)> {
        let grids = patching_grids(model, experiment, names)?;
        let cells = grids.iter().map(|grid| grid.values.values().len()).sum();
        Ok((
            median(&|| patching_grids(model, experiment, names).map(drop))?,
            cells,
        ))
    };
    let (few, few_cells) = grids(&without_pattern)?;
    let (all, all_cells) = grids(&GridName::all(model.config()))?;
    tell("a map of two fields");
    let mapped = map(model, experiment, effort.once)?;
    tell("forward passes in batches");
    let forward_rate = forward_rate(model, effort.rate)?;
    tell("the sweep");
    let sweep = Sweep::new(model, Matrices::where_folded(model)?.as_ref(), experiment)?;
    let over = if sweep.space().can_be_swept() {
        Over::Space
    } else {
        Over::Sample(SAMPLE)
    };
    let sweep_rate = sweep_rate(&sweep, over, effort.rate)?;
    let peak = peak_gflops();
    let multiply_adds = sweep.multiply_adds();
    tell("training");
    Ok(Compute {
        forward_1_us: forward * 1e6,
        forward_cache_us: with_cache * 1e6,
        grids_132_ms: few * 1e3,
        grids_406_ms: all * 1e3,
        patches: [few_cells, all_cells],
        map_ms: mapped.map(|(_, seconds)| seconds * 1e3),
        map_cells: mapped.map_or(0, |(cells, _)| cells),
        sweep_inputs_per_s: sweep_rate,
        sweep_sample: (over != Over::Space).then(|| SAMPLE.to_string()),
        sweep_reason: sweep.reason().map(str::to_owned),
        sweep_multiply_adds: multiply_adds,
        sweep_share_of_peak: multiply_adds.map(|each| 2.0 * each * sweep_rate / 1e9 / peak),
        forward_inputs_per_s: forward_rate,
        sweep_times_forward: sweep_rate / forward_rate,
        train_steps_per_s: train_rate(model, effort.rate)?,
        matmul_gflops: matmul(effort.once)?,
        peak_gflops: peak,
    })
}

/// Seconds that work takes; the median.
fn median(long_enough: Duration, work: &dyn Fn() -> Result<()>) -> Result<f64> {
    for _ in 0..WARM_UP {
        work()?;
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < long_enough {
        let now = Instant::now();
        work()?;
        times.push(now.elapsed().as_secs_f64());
    }
    Ok(Spread::of(times).p50)
}

/// How many cells a map by the first two fields has, and the seconds that it takes.
fn map(
    model: &HookedTransformer,
    experiment: &Experiment,
    long_enough: Duration,
) -> Result<Option<(usize, f64)>> {
    let task = model.task();
    let fields: Vec<String> = task
        .fields()
        .take(2)
        .map(|field| field.to_string())
        .collect();
    let (true, [rows, cols], Some(first)) = (task.is_judged(), &fields[..], task.answers.first())
    else {
        return Ok(None);
    };
    let line = format!(
        "map margin[{}] by {rows}, {cols}",
        task.label(first.read_at)
    );
    let question = Question::parse(&line, task, model.config())?;
    let tools = Tools::new(model)?;
    let ask = || {
        answer(Inquest {
            model,
            tools: &tools,
            other: None,
            question: &question,
            experiment,
            about: RunName::Clean.into(),
        })
    };
    let cells = ask()?.values.values().len();
    Ok(Some((cells, median(long_enough, &|| ask().map(drop))?)))
}

/// Inputs a second.
fn forward_rate(model: &HookedTransformer, long_enough: Duration) -> Result<f64> {
    let sample = Sample::Random {
        seed: 0,
        len: SCORED,
    };
    let prompts = sample.prompts(model.task());
    let (mut done, began) = (0, Instant::now());
    for chunk in prompts.chunks(1 << 10) {
        score(model, chunk)?;
        done += chunk.len();
        if began.elapsed() > long_enough {
            break;
        }
    }
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

/// Inputs a second, of as many as there is time for.
fn sweep_rate(sweep: &Sweep, over: Over, long_enough: Duration) -> Result<f64> {
    let (began, mut inputs) = (Instant::now(), 0);
    // a small space is over before it is timed, and is swept again
    while began.elapsed() < long_enough {
        let before = inputs;
        sweep.tally(over, Tally::new(sweep.space().task), &mut |_, progress| {
            inputs = before + progress.done;
            Ok(began.elapsed() < long_enough)
        })?;
    }
    Ok(inputs as f64 / began.elapsed().as_secs_f64())
}

/// Steps a second, of a model of this shape.
fn train_rate(model: &HookedTransformer, long_enough: Duration) -> Result<f64> {
    let recipe = Recipe {
        task: model.task(),
        model: model.config().clone(),
        steps: usize::MAX,
        batch: BATCH,
        full_batch: None,
        lr: 1e-3,
        schedule: Schedule::Constant,
        beta1: 0.9,
        beta2: 0.98,
        weight_decay: 1e-2,
        biases: false,
        seed: 0,
        one_update_per_batch: false,
    };
    let mut training = Training::new(recipe, model.device())?;
    // the first step meets cold caches
    training.step()?;
    let (began, before) = (Instant::now(), training.steps());
    while began.elapsed() < long_enough {
        training.step()?;
    }
    let steps = training.steps() - before;
    Ok(steps as f64 / began.elapsed().as_secs_f64())
}

fn matmul(long_enough: Duration) -> Result<f64> {
    let square = || Tensor::rand(-1f32, 1f32, (SQUARE, SQUARE), &Device::Cpu);
    let (a, b) = (square()?, square()?);
    let seconds = median(long_enough, &|| Ok(a.matmul(&b).map(drop)?))?;
    Ok(2.0 * (SQUARE as f64).powi(3) / seconds / 1e9)
}

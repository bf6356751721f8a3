//! Attribution patching against central finite differences: runs with a little more and a little
//! less of the patch, no gradient taken.

use super::sheets::ask;
use super::{models, pair, seen};
use candle_core::{Device, Tensor};
use circuitscope::lens::{
    Direction, Experiment, Intervention, Measure, MetricValues, RunView, observe_cache,
};
use circuitscope::model::{ActivationCache, Axes, HookName, HookedTransformer, Hooks};

/// How much of the patch is put in and taken out. Rounding grows as it shrinks, curvature as it
/// grows.
const STEP: f64 = 1.0 / 64.0;

/// Of the slope, or of the metric where that is larger: what rounding and curvature leave at that
/// step.
const TOLERANCE: f64 = 1e-3;

/// Adds something at one hook point.
struct Nudge {
    hook: HookName,
    by: Tensor,
}

impl Hooks for Nudge {
    fn at(&mut self, name: HookName, value: Tensor) -> anyhow::Result<Tensor> {
        Ok(match name == self.hook {
            true => (value + &self.by)?,
            false => value,
        })
    }
}

/// 1 where the patch changes the activation, 0 elsewhere; laid out as the activation is.
fn mask(patch: &Intervention, like: &Tensor) -> Tensor {
    let dims = like.dims();
    let shape = match patch.hook.axes() {
        Axes::HeadDestSrc => dims.to_vec(),
        Axes::PosHead => vec![1, dims[1], dims[2], 1],
        _ => vec![1, dims[1], 1],
    };
    let chosen = |index: &[usize]| match patch.hook.axes() {
        Axes::HeadDestSrc => patch.selects(index[1], index[2], index[3]),
        Axes::PosHead => patch.selects(index[2], index[1], 0),
        _ => patch.selects(0, index[1], 0),
    };
    let cells = (0..shape.iter().product()).map(|mut flat: usize| {
        let mut index = vec![0; shape.len()];
        for (place, size) in index.iter_mut().zip(&shape).rev() {
            *place = flat % size;
            flat /= size;
        }
        f32::from(u8::from(chosen(&index)))
    });
    Tensor::from_vec(cells.collect(), shape.clone(), &Device::Cpu).unwrap()
}

/// A pair's runs, from which the metric's slope is taken.
struct Slopes<'a> {
    model: &'a HookedTransformer,
    values: MetricValues,
    source: (RunView, ActivationCache),
    base: (RunView, ActivationCache),
}

impl<'a> Slopes<'a> {
    fn new(model: &'a HookedTransformer, experiment: &Experiment) -> Self {
        Self {
            model,
            values: seen(model, experiment).metric.unwrap(),
            source: observe_cache(model, &experiment.clean).unwrap(),
            base: observe_cache(model, &experiment.corrupted).unwrap(),
        }
    }

    /// Along a patch, in the metric's own units.
    fn along(&self, patch: &Intervention) -> f64 {
        let [new, old] = [&self.source, &self.base].map(|run| run.1.get(patch.hook).unwrap());
        let change = (new - old).unwrap();
        let change = change.broadcast_mul(&mask(patch, &change)).unwrap();
        let tokens = self
            .model
            .tokens(std::slice::from_ref(&self.base.0.tokens))
            .unwrap();
        let MetricValues {
            metric, measure, ..
        } = self.values;
        let with = |step: f64| {
            let mut nudge = Nudge {
                hook: patch.hook,
                by: (&change * step).unwrap(),
            };
            let logits = self.model.forward(&tokens, &mut nudge).unwrap();
            let logits = logits.get(0).unwrap().get(metric.position).unwrap();
            let source = self.source.0.logits.slice(&[metric.position]);
            f64::from(metric.value(measure, &logits.to_vec1::<f32>().unwrap(), source))
        };
        (with(STEP) - with(-STEP)) / (2.0 * STEP)
    }
}

#[test]
fn gradients_are_the_slopes_of_runs() {
    use Measure::{Kl, LogProb, LogitDiff, Prob};
    for measure in [LogitDiff, LogProb, Prob, Kl] {
        let mut moved = 0;
        // rounding hides the slopes of the embedded model: its attention is all but hard
        for (name, model) in models().into_iter().skip(1) {
            let mut experiment = pair(Direction::Denoise);
            experiment.measure = measure;
            let slopes = Slopes::new(&model, &experiment);
            let [clean, corrupted, patched] = [
                slopes.values.clean,
                slopes.values.corrupted,
                slopes.values.patched,
            ]
            .map(f64::from);
            let scale = (clean - corrupted).abs().max(patched.abs());
            for line in ["attn_out", "q", "k", "v", "strips", "pattern_cells 0.0"] {
                let table = ask(&model, &experiment, &format!("grid {line} attribution"));
                for (row, column) in cells(table.rows.len(), table.cols.len()) {
                    let Some(patch) = table.intervention(row, column) else {
                        continue;
                    };
                    let share = table.beside[0].values.get(&[row, column]).unwrap();
                    let estimate = corrupted + f64::from(share) * (clean - corrupted) - patched;
                    let slope = slopes.along(patch);
                    let near = (estimate - slope).abs() <= TOLERANCE * slope.abs().max(scale);
                    assert!(
                        near,
                        "{name} {measure:?} {line} {row} {column}: {estimate}, {slope}"
                    );
                    moved += usize::from(slope.abs() > 10.0 * TOLERANCE * scale);
                }
            }
        }
        assert!(moved > 100, "{measure:?}: {moved} cells move it");
    }
}

fn cells(rows: usize, cols: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..cols).map(move |column| (row, column)))
}

//! What each neuron of a layer adds to a logit: what it held times what it writes.

use super::attribution::direction;
use crate::lens::exact::rows::Label;
use crate::lens::exact::trace::Trace;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::toward::Toward;
use crate::lens::numbers::algebra::Matrix;
use crate::lens::numbers::array::Array;
use crate::lens::runs::many::{Examples, Of, Sum, fold_runs};
use crate::lens::weights::matrices::Matrices;
use crate::model::HookedTransformer;
use anyhow::{Context, Result};

/// The neurons' shares, in one run or on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Neurons {
    /// One run, or a mean.
    pub of: Of,
    /// `[neuron, prediction]`, in logits.
    pub values: Array,
    /// What the MLP's bias adds, `[prediction]`.
    pub bias: Array,
    /// How far the neurons are from what the MLP adds, at most: rounding.
    pub remainder: f64,
}

/// Sums over runs.
struct Tally {
    values: Sum,
    bias: Sum,
    remainder: f64,
}

impl Tally {
    fn new(weights: &Matrices, layer: usize) -> Result<Self> {
        let mlp = weights.mlps.get(layer).context("there is no such MLP")?;
        let predictions = weights.task().answers.len();
        Ok(Self {
            values: Sum::zeros(&[mlp.w_in.ncols(), predictions]),
            bias: Sum::zeros(&[predictions]),
            remainder: 0.0,
        })
    }

    fn add(
        &mut self,
        weights: &Matrices,
        run: &RunView,
        layer: usize,
        toward: Toward,
    ) -> Result<()> {
        let task = weights.task();
        let trace = Trace::new(weights, run, None)?;
        for i in 0..task.answers.len() {
            let pair = toward.tokens(task, &run.prompt, i);
            let direction = direction(weights, pair);
            let direction = Matrix::from_fn(direction.len(), 1, |j, _| direction[j]);
            let norm = weights.norm.as_ref();
            let read = norm.map_or_else(|| direction.clone(), |norm| norm.before(&direction));
            let mlp = &weights.mlps[layer];
            let written = mlp
                .w_out
                .as_ref()
                .map_or_else(|| read.clone(), |w| w * &read);
            let bias = (&mlp.b_out * &read)[(0, 0)];
            let dest = task.predicts_at(i);
            for (family, weights) in trace.last()?.iter() {
                // what became of the MLP's output there: its norm's scale, interventions
                let left = (0..weights.ncols()).map(|src| (src, weights[(dest, src)]));
                match trace.label(family) {
                    Label::Mlp(one) if *one == layer => {
                        let mut rest = (trace.rows(family).sum(weights) * &direction)[(dest, 0)];
                        for (src, left) in left {
                            let post = run.post.slice(&[layer, src]);
                            for (neuron, &post) in post.iter().enumerate() {
                                let share = left * f64::from(post) * written[(neuron, 0)];
                                self.values.add(&[neuron, i], share);
                                rest -= share;
                            }
                        }
                        self.remainder = self.remainder.max(rest.abs());
                    }
                    Label::Path(path) if path.is_mlp_bias(layer) => {
                        self.bias.add(&[i], left.map(|(_, left)| left * bias).sum());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn mean(&self, n: usize, of: Of) -> Neurons {
        Neurons {
            of,
            values: self.values.mean(n),
            bias: self.bias.mean(n),
            remainder: self.remainder,
        }
    }
}

/// What each neuron of a layer adds to a logit at each prediction of a run; with the bias they are
/// what the MLP adds.
///
/// # Errors
/// When there is no such MLP, or the run is not one of this model.
pub fn neurons(weights: &Matrices, run: &RunView, layer: usize, toward: Toward) -> Result<Neurons> {
    let mut tally = Tally::new(weights, layer)?;
    tally.add(weights, run, layer, toward)?;
    Ok(tally.mean(1, Of::Single))
}

/// The same over examples that may be under interventions.
pub(crate) fn neurons_of_examples(
    model: &HookedTransformer,
    weights: &Matrices,
    examples: Examples<'_>,
    layer: usize,
    toward: Toward,
) -> Result<Neurons> {
    let mut all = Tally::new(weights, layer)?;
    let part = |runs: &[RunView]| {
        let mut tally = Tally::new(weights, layer)?;
        for run in runs {
            tally.add(weights, run, layer, toward)?;
        }
        Ok(tally)
    };
    fold_runs(model, examples, part, |tally| {
        all.values.merge(&tally.values);
        all.bias.merge(&tally.bias);
        all.remainder = all.remainder.max(tally.remainder);
    })?;
    Ok(all.mean(examples.len(), Of::Mean(examples.len())))
}

//! Attention, as it is and as one would read it: averaged, before the softmax, weighted by what it
//! carries, through two heads at once, and how often a cell is the largest of its row.

use super::attribution::{direction, dot};
use crate::lens::exact::rows::{Label, Vectors};
use crate::lens::exact::terms::Terms;
use crate::lens::exact::trace::{Trace, patterns};
use crate::lens::exact::view::RunView;
use crate::lens::experiment::toward::Toward;
use crate::lens::names::head::HeadName;
use crate::lens::names::head::head_pairs;
use crate::lens::numbers::algebra::Matrix;
use crate::lens::numbers::array::Array;
use crate::lens::runs::many::{Examples, Of, Sum, fold_runs};
use crate::lens::weights::matrices::Matrices;
use crate::model::HookedTransformer;
use crate::task::Prompt;
use anyhow::{Result, ensure};
use serde::Serialize;

/// What is shown of the attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionKind {
    /// Probabilities.
    Pattern,
    /// Scores after `1/sqrt(d_head)`, minus infinity where masked.
    Scores,
    /// Probability times the norm of what is handed over, `|(x W_V + b_V) W_O|`; what an
    /// intervention put in place of it comes from no position and is not in it.
    Norm,
    /// Probability times what is handed over toward a logit; their sum over a row is the head's
    /// share of that logit, whatever interventions left of it. No number (NaN) in rows that predict
    /// nothing where the logit differs by prediction (`target`).
    Toward(Toward),
    /// Through an earlier head, then a later one: `A_later A_earlier`, for every pair.
    Virtual,
    /// 1 where a cell is the largest of its row (the first of equals), else 0; as a mean, the
    /// fraction of runs.
    Argmax,
}

impl AttentionKind {
    /// Its name in numbers that leave the program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Scores => "scores",
            Self::Norm => "weighted by norm",
            Self::Toward(_) => "weighted toward a logit",
            Self::Virtual => "virtual",
            Self::Argmax => "argmax",
        }
    }
}

/// One matrix for each head, or for each pair of heads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttentionMaps {
    /// One run, or a mean.
    pub of: Of,
    /// Heads as `1.0`, pairs as `0.0>1.0` (earlier first).
    pub heads: Vec<String>,
    /// `[head or pair, dest_pos, src_pos]`
    pub values: Array,
}

fn names(weights: &Matrices, kind: AttentionKind) -> Result<Vec<String>> {
    let config = weights.config();
    if kind != AttentionKind::Virtual {
        return Ok(HeadName::all(config).map(|name| name.to_string()).collect());
    }
    ensure!(
        config.n_layers > 1,
        "virtual attention goes through heads of two layers, and this model has one"
    );
    Ok(head_pairs(config)
        .map(|(earlier, later)| format!("{earlier}>{later}"))
        .collect())
}

/// Adds a run's matrices to a sum `[head or pair, dest_pos, src_pos]`.
fn add(weights: &Matrices, kind: AttentionKind, run: &RunView, sum: &mut Sum) -> Result<()> {
    let len = run.tokens.len();
    let mut put = |i: usize, value: &dyn Fn(usize, usize) -> f64| {
        for dest in 0..len {
            for src in 0..len {
                sum.add(&[i, dest, src], value(dest, src));
            }
        }
    };
    let config = weights.config();
    match kind {
        AttentionKind::Pattern | AttentionKind::Argmax => {
            for (i, pattern) in patterns(weights, run)?.iter().enumerate() {
                let row = |dest: usize| (0..len).map(move |src| pattern[(dest, src)]);
                let largest: Vec<Option<usize>> =
                    (0..len).map(|dest| first_largest(row(dest))).collect();
                if kind == AttentionKind::Pattern {
                    put(i, &|dest, src| pattern[(dest, src)]);
                } else {
                    put(i, &|dest, src| match largest[dest] {
                        Some(most) => f64::from(most == src),
                        // a query with no key left
                        None => f64::NAN,
                    });
                }
            }
        }
        AttentionKind::Scores => {
            for (i, HeadName { layer, head }) in HeadName::all(config).enumerate() {
                let score = |index: &[usize]| run.scores.get(index).map_or(f64::NAN, f64::from);
                put(i, &|dest, src| score(&[layer, head, dest, src]));
            }
        }
        AttentionKind::Virtual => {
            let patterns = patterns(weights, run)?;
            let pattern = |name: HeadName| &patterns[name.layer * config.n_heads + name.head];
            for (i, (earlier, later)) in head_pairs(config).enumerate() {
                let through = pattern(later) * pattern(earlier);
                put(i, &|dest, src| through[(dest, src)]);
            }
        }
        AttentionKind::Norm => {
            let trace = Trace::new(weights, run, None)?;
            for (i, name) in HeadName::all(config).enumerate() {
                let Some(written) = trace.written(name) else {
                    continue;
                };
                // what a head wrote is one family
                for (weights, rows) in of_head(&trace, written, name) {
                    let norm = |src: usize| rows.all().row(src).norm_l2();
                    let norms: Vec<f64> = (0..len).map(norm).collect();
                    put(i, &|dest, src| weights[(dest, src)] * norms[src]);
                }
            }
        }
        AttentionKind::Toward(toward) => {
            let trace = Trace::new(weights, run, None)?;
            let directions: Vec<_> = (0..len)
                .map(|dest| row_direction(weights, run, toward, dest))
                .collect();
            for (i, name) in HeadName::all(config).enumerate() {
                let parts: Vec<_> = of_head(&trace, trace.last()?, name).collect();
                put(i, &|dest, src| match &directions[dest] {
                    Some(toward) => {
                        let shares = parts.iter();
                        let share = |(weights, rows): &(&Matrix, Vectors<'_>)| {
                            weights[(dest, src)] * dot(rows.all(), src, toward)
                        };
                        shares.map(share).fold(0.0, |sum, one| sum + one)
                    }
                    None => f64::NAN,
                });
            }
        }
    }
    Ok(())
}

/// What of a head is in a sum: how much of each vector is where, and the vectors.
fn of_head<'t>(
    trace: &'t Trace<'_>,
    terms: &'t Terms,
    head: HeadName,
) -> impl Iterator<Item = (&'t Matrix, Vectors<'t>)> {
    let is_its =
        move |family: usize| matches!(trace.label(family), Label::Head(one) if *one == head);
    let found = terms.iter().filter(move |(family, _)| is_its(*family));
    found.map(|(family, weights)| (weights, trace.rows(family)))
}

/// The direction of the logit at a destination, where it is known there.
fn row_direction(
    weights: &Matrices,
    run: &RunView,
    toward: Toward,
    dest: usize,
) -> Option<Vec<f64>> {
    let task = weights.task();
    let i = match task.predicted_at(dest) {
        Some(i) => i,
        None if toward.depends_on_prediction() => return None,
        None => 0,
    };
    Some(direction(weights, toward.tokens(task, &run.prompt, i)))
}

fn first_largest(row: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, value) in row.enumerate() {
        if !value.is_nan() && best.is_none_or(|(_, most)| value > most) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

/// The attention of one run.
///
/// # Errors
/// When the run is not one of this model, or the model has no pairs of heads.
pub fn attention_of_run(
    weights: &Matrices,
    run: &RunView,
    kind: AttentionKind,
) -> Result<AttentionMaps> {
    let heads = names(weights, kind)?;
    let len = run.tokens.len();
    let mut sum = Sum::zeros(&[heads.len(), len, len]);
    add(weights, kind, run, &mut sum)?;
    Ok(AttentionMaps {
        of: Of::Single,
        heads,
        values: sum.mean(1),
    })
}

/// The mean of [`attention_of_run`] over some prompts, on all threads. `model` is the one that
/// `weights` was made from.
///
/// # Errors
/// When the device fails, or the model has no pairs of heads.
pub fn attention_of_sample(
    model: &HookedTransformer,
    weights: &Matrices,
    prompts: &[Prompt],
    kind: AttentionKind,
) -> Result<AttentionMaps> {
    attention_of_examples(model, weights, Examples::Untouched(prompts), kind)
}

/// The same over examples that may be under interventions.
pub(crate) fn attention_of_examples(
    model: &HookedTransformer,
    weights: &Matrices,
    examples: Examples<'_>,
    kind: AttentionKind,
) -> Result<AttentionMaps> {
    let heads = names(weights, kind)?;
    let len = weights.task().seq_len();
    let empty = Sum::zeros(&[heads.len(), len, len]);
    let mut all = empty.clone();
    let part = |runs: &[RunView]| {
        let mut sum = empty.clone();
        for run in runs {
            add(weights, kind, run, &mut sum)?;
        }
        Ok(sum)
    };
    fold_runs(model, examples, part, |sum| all.merge(&sum))?;
    Ok(AttentionMaps {
        of: Of::Mean(examples.len()),
        heads,
        values: all.mean(examples.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_weights_the_first_is_the_largest() {
        for (row, largest) in [
            (&[0.25, 0.25, 0.25, 0.25][..], 0),
            (&[0.1, 0.4, 0.4, 0.1], 1),
            (&[0.0, 0.0, 1.0], 2),
        ] {
            assert_eq!(first_largest(row.iter().copied()), Some(largest), "{row:?}");
        }
        // of a query with no key left none is
        assert_eq!(first_largest([f64::NAN; 2].into_iter()), None);
    }
}

//! Attention, as it is and as one would read it: averaged, before the softmax, weighted by what it
//! carries, through two heads at once, and how often a cell is the largest of its row.

use super::array::Array;
use super::attribution::{direction, dot};
use super::matrices::{HeadName, Matrices};
use super::observe::RunView;
use super::replay::{Replay, patterns};
use super::runs::{Of, Sum, fold_runs};
use super::toward::Toward;
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
    /// Probability times the norm of what is handed over, `|(x W_V + b_V) W_O|`.
    Norm,
    /// Probability times what is handed over toward a logit; their sum over a row is the head's
    /// share of that logit. No number (NaN) in rows that predict nothing where the logit differs
    /// by prediction (`target`).
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

/// The pairs of heads of different layers, earlier first.
pub fn head_pairs(config: &crate::model::Config) -> impl Iterator<Item = (HeadName, HeadName)> {
    HeadName::all(config).flat_map(|later| {
        HeadName::all(config)
            .filter(move |earlier| earlier.layer < later.layer)
            .map(move |earlier| (earlier, later))
    })
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
                let largest: Vec<usize> = (0..len).map(|dest| first_largest(row(dest))).collect();
                if kind == AttentionKind::Pattern {
                    put(i, &|dest, src| pattern[(dest, src)]);
                } else {
                    put(i, &|dest, src| f64::from(largest[dest] == src));
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
            let replay = Replay::new(weights, run)?;
            for (i, (earlier, later)) in head_pairs(config).enumerate() {
                let through = replay.pattern(later) * replay.pattern(earlier);
                put(i, &|dest, src| through[(dest, src)]);
            }
        }
        AttentionKind::Norm => {
            let replay = Replay::new(weights, run)?;
            for (i, name) in HeadName::all(config).enumerate() {
                let given = replay.given(name);
                let norms: Vec<f64> = (0..len).map(|src| given.row(src).norm_l2()).collect();
                put(i, &|dest, src| {
                    replay.pattern(name)[(dest, src)] * norms[src]
                });
            }
        }
        AttentionKind::Toward(toward) => {
            let replay = Replay::new(weights, run)?;
            let directions: Vec<_> = (0..len)
                .map(|dest| row_direction(weights, run, toward, dest))
                .collect();
            for (i, name) in HeadName::all(config).enumerate() {
                let (pattern, given) = (replay.pattern(name), replay.given(name));
                put(i, &|dest, src| match &directions[dest] {
                    Some(toward) => pattern[(dest, src)] * dot(given, src, toward),
                    None => f64::NAN,
                });
            }
        }
    }
    Ok(())
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

fn first_largest(row: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, value) in row.enumerate() {
        if value > best.1 {
            best = (i, value);
        }
    }
    best.0
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
    fold_runs(model, prompts, part, |sum| all.merge(&sum))?;
    Ok(AttentionMaps {
        of: Of::Mean(prompts.len()),
        heads,
        values: all.mean(prompts.len()),
    })
}

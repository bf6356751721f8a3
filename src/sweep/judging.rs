//! What a row of logits says: the right answer's margin, what is said else, the loss.

use super::lanes::Lanes;

/// What is wanted of a prediction.
#[derive(Clone, Copy)]
pub(super) struct Told<V> {
    pub losses: bool,
    /// More than anything where no input stands.
    pub beyond: V,
}

/// What the logits say of a prediction.
pub(super) struct Standing<V> {
    pub margin: V,
    pub other: V,
    pub loss: V,
}

/// The same right answer for all inputs.
#[inline(always)]
pub(super) fn judge<L: Lanes>(
    lanes: L,
    logits: &[L::V],
    target: usize,
    told: Told<L::V>,
) -> Standing<L::V> {
    let (before, right, behind) = (&logits[..target], logits[target], &logits[target + 1..]);
    let best = lanes.max(largest(lanes, before), largest(lanes, behind));
    let margin = lanes.sub(right, best);
    Standing {
        margin,
        loss: if told.losses {
            let most = lanes.max(right, best);
            let rest = lanes.add(
                sum_of_exp(lanes, before, most),
                sum_of_exp(lanes, behind, most),
            );
            loss(lanes, right, most, rest)
        } else {
            lanes.zero()
        },
        other: if lanes.all_above(lanes.max(margin, told.beyond), L::number(0.0)) {
            lanes.zero()
        } else {
            let first = which(lanes, before, best, 0);
            let later = which(lanes, behind, best, target + 1);
            lanes.if_greater(first, lanes.splat(L::number(-1.0)), first, later)
        },
    }
}

/// The right answer is the element, another one for each input.
#[inline(always)]
pub(super) fn judge_element<L: Lanes>(
    lanes: L,
    logits: &mut [L::V],
    e0: usize,
    told: Told<L::V>,
) -> Standing<L::V> {
    let none = lanes.splat(L::number(f64::NEG_INFINITY));
    let mut right = none;
    let end = (e0 + L::WIDTH).min(logits.len());
    for (lane, logit) in logits[e0.min(end)..end].iter_mut().enumerate() {
        right = lanes.with_lane(right, lane, *logit);
        *logit = lanes.with_lane(*logit, lane, none);
    }
    let best = largest(lanes, logits);
    let margin = lanes.sub(right, best);
    Standing {
        margin,
        loss: if told.losses {
            let most = lanes.max(right, best);
            loss(lanes, right, most, sum_of_exp(lanes, logits, most))
        } else {
            lanes.zero()
        },
        other: if lanes.all_above(lanes.max(margin, told.beyond), L::number(0.0)) {
            lanes.zero()
        } else {
            which(lanes, logits, best, 0)
        },
    }
}

/// The largest logit; four at a time, because each comparison waits for the one before.
#[inline(always)]
fn largest<L: Lanes>(lanes: L, logits: &[L::V]) -> L::V {
    let none = lanes.splat(L::number(f64::NEG_INFINITY));
    let mut most = [none; 4];
    let quads = logits.chunks_exact(4);
    for &last in quads.remainder() {
        most[0] = lanes.max(most[0], last);
    }
    for quad in quads {
        for (most, &logit) in most.iter_mut().zip(quad) {
            *most = lanes.max(*most, logit);
        }
    }
    lanes.max(lanes.max(most[0], most[1]), lanes.max(most[2], most[3]))
}

/// The sum of `e^(logit - most)`.
#[inline(always)]
fn sum_of_exp<L: Lanes>(lanes: L, logits: &[L::V], most: L::V) -> L::V {
    let mut sum = lanes.zero();
    for &logit in logits {
        sum = lanes.add(sum, lanes.exp_about(lanes.sub(logit, most)));
    }
    sum
}

/// The first token with this logit, or -1; tokens count from `first`.
#[inline(always)]
fn which<L: Lanes>(lanes: L, logits: &[L::V], logit: L::V, first: usize) -> L::V {
    let mut found = lanes.splat(L::number(-1.0));
    for (i, &one) in logits.iter().enumerate().rev() {
        let token = lanes.splat(L::number((first + i) as f64));
        found = lanes.if_greater(logit, one, found, token);
    }
    found
}

/// Cross entropy; `rest` is the sum over the others of `e^(logit - most)`.
#[inline(always)]
fn loss<L: Lanes>(lanes: L, right: L::V, most: L::V, rest: L::V) -> L::V {
    let one = lanes.splat(L::number(1.0));
    // exactly 0 where the right answer is the largest, so that a loss of 1e-11 keeps its digits
    let right_less_one = lanes.sub(lanes.exp(lanes.sub(right, most)), one);
    let sum_less_one = lanes.max(lanes.add(rest, right_less_one), lanes.zero());
    lanes.add(lanes.sub(most, right), lanes.ln_1p(sum_less_one))
}

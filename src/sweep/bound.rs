//! How large the numbers of a walk can become: single precision must hold all of them, because what
//! overflows there could pass for a number.

use super::prepared::Prepared;
use super::program::Sum;
use crate::task::number::significant;
use anyhow::{Result, ensure};

/// Single precision ends at 3.4e38.
const MOST: f64 = 1e36;

/// Refuses what might overflow: scores and logits are sums of table entries, times what can be
/// carried along a path, times constant amounts.
///
/// # Errors
/// When they might.
pub(super) fn check(prepared: &Prepared<f64>) -> Result<()> {
    let (program, tables) = (&prepared.program, &prepared.tables);
    let largest = |values: &[f64]| values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let heads = tables.heads.iter().map(|head| largest(&head.qk));
    let entry = heads.fold(largest(&tables.out.out), f64::max);
    let sums = program.heads.iter();
    let sums = sums.flat_map(|head| [&head.q, &head.k, &head.v]);
    let sums = sums.chain([&program.out]).flatten();
    let amount = sums.map(largest_amount).fold(1.0, f64::max);
    let numbers = program.numbers.iter().flat_map(|number| &number.values);
    // what is cut off is minus infinity, and no more than that
    let put = numbers.filter(|x| **x != f64::NEG_INFINITY);
    let put = put.fold(1.0, |most: f64, x| most.max(x.abs()));
    let cells = program.heads.iter();
    let cells = cells.flat_map(|head| head.scores.values().chain(head.pattern.values()));
    let scale = cells.flat_map(|cell| {
        let plus = cell.plus.iter().map(|(_, by)| by.abs());
        std::iter::once(cell.scale.abs()).chain(plus)
    });
    let scale = scale.fold(1.0, f64::max);
    let along = (program.positions as f64 * put * scale * amount).powi(program.layers as i32);
    let read = prepared.elements.all.len() as f64 * along * amount;
    let bound = entry * read * read * put * scale;
    ensure!(
        bound <= MOST,
        "numbers up to {} are too large for tables in single precision",
        significant(bound, 1)
    );
    Ok(())
}

fn largest_amount(sum: &Sum) -> f64 {
    let amounts = sum.fixed.values().chain(sum.paths.values());
    amounts.fold(0.0, |most, by| most.max(by.abs()))
}

//! Who is right without any logits: at least by how much the right answer leads.
//!
//! Logits are sums of rows of a table, and where no amount of a row is below 0 the right answer leads by
//! at least the sum of what it leads by in each row. That is one product for each row in place of one for
//! each row and token, and mostly enough: what it leaves open is computed in full.

use super::lanes::{Lanes, SLACK};
use super::local::Coefficients;
use super::plan::Extra;
use super::prepared::Prepared;
use super::program::{HeadProgram, Number, Program, Sum};

/// By which an answer leads for sure when rounding is put aside: ten times what is a close call.
const CLEAR: f64 = 1e-2;
/// Of the largest sum, what rounding can make at most: single precision's step, for each of many terms.
const ROUNDING: f64 = 1e-5;

/// By row and token: the row's number for the token less its largest for another.
pub(super) struct Leads<T> {
    /// `[row, token]`
    of: Vec<T>,
    /// `[token, row]`, rows `stride` apart.
    across: Vec<T>,
    /// By row: for the token that has the row's place in its family.
    own: Vec<T>,
    bias: Vec<T>,
    stride: usize,
    /// Above this an answer is right, whatever rounding does.
    pub sure: T,
}

impl<T: Copy + PartialOrd + Into<f64>> Leads<T> {
    /// Of the table of logits; `None` where an amount may be below 0, rounding weighs too much, or what is
    /// right is no copy of a field.
    pub fn new<L: Lanes<T = T>>(prepared: &Prepared<T>) -> Option<Self> {
        let (program, tables) = (&*prepared.program, &prepared.tables.out);
        if program.form.is_of_each {
            return None;
        }
        let (width, height) = (tables.d_vocab_out, tables.basis.height);
        let largest =
            (tables.out.iter().chain(&tables.bias)).fold(0f64, |most, &x| most.max(x.into().abs()));
        let sure = CLEAR + ROUNDING * largest * (1.0 + most_read(program));
        let serves = prepared.plans.extra.iter().all(is_positive)
            && (program.heads.iter()).all(|head| is_positive_head(head, &program.numbers))
            && sure < 1.0
            && width > 1
            && has_own_rows(prepared);
        if !serves {
            return None;
        }
        let lead = |row: &[T]| -> Vec<T> {
            let row: Vec<f64> = row.iter().map(|&x| x.into()).collect();
            let others = |t: usize| row[..t].iter().chain(&row[t + 1..]);
            let best = |t| others(t).fold(f64::NEG_INFINITY, |most, &x| most.max(x));
            (0..width).map(|t| L::number(row[t] - best(t))).collect()
        };
        let of: Vec<Vec<T>> = (0..height)
            .map(|row| lead(&tables.out[row * width..][..width]))
            .collect();
        let zero = L::number(0.0);
        let mut across = vec![zero; tables.stride * width + SLACK];
        for (row, leads) in of.iter().enumerate() {
            for (token, &lead) in leads.iter().enumerate() {
                across[token * tables.stride + row] = lead;
            }
        }
        let place = |row: usize| {
            let first = tables.basis.first_row.iter().filter(|&&first| first <= row);
            row - first.max().copied().unwrap_or(0)
        };
        let own = (0..height).map(|row| of[row].get(place(row)).copied().unwrap_or(zero));
        let padded = |numbers: Vec<T>| [numbers, vec![zero; SLACK]].concat();
        Some(Self {
            own: padded(own.collect()),
            of: padded(of.concat()),
            across,
            bias: padded(lead(&tables.bias[..width])),
            stride: tables.stride,
            sure: L::number(sure),
        })
    }

    /// At least by how much each input's right answer leads, a token; what is read names rows.
    #[inline(always)]
    pub fn of_token<L: Lanes<T = T>>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        e0: usize,
        token: usize,
    ) -> L::V {
        let mut sum = lanes.splat(self.bias[token]);
        for (row, &coefficient) in read.each() {
            sum = lanes.fma(coefficient, lanes.splat(self.of[row + token]), sum);
        }
        let across = &self.across[token * self.stride + e0..];
        for (row, &coefficient) in read.wide() {
            sum = lanes.fma(coefficient, lanes.load(&across[*row..]), sum);
        }
        sum
    }

    /// The same where the right answer is the element.
    #[inline(always)]
    pub fn of_element<L: Lanes<T = T>>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        e0: usize,
    ) -> L::V {
        let mut sum = lanes.load(&self.bias[e0..]);
        for (row, &coefficient) in read.each() {
            sum = lanes.fma(coefficient, lanes.load(&self.of[row + e0..]), sum);
        }
        for (row, &coefficient) in read.wide() {
            sum = lanes.fma(coefficient, lanes.load(&self.own[row + e0..]), sum);
        }
        sum
    }
}

fn is_positive<T: Copy + Into<f64>>(extra: &Extra<T>) -> bool {
    match extra {
        Extra::Constant(x) | Extra::Scaled(_, x) => (*x).into() >= 0.0,
    }
}

/// Whether a head's attention is nowhere below 0.
fn is_positive_head(head: &HeadProgram, numbers: &[Number]) -> bool {
    head.pattern.values().all(|cell| {
        let mut plus = cell.plus.iter();
        cell.scale >= 0.0
            && plus.all(|&(number, by)| numbers[number].values.iter().all(|x| x * by >= 0.0))
    })
}

/// What the amounts that a position's logits read come to at most.
fn most_read(program: &Program) -> f64 {
    let mut along: Vec<f64> = Vec::new();
    let fixed = |sum: &Sum| sum.fixed.values().map(|by| by.abs()).sum::<f64>();
    for path in &program.paths {
        let head = &program.heads[program.number(path.head)];
        let read = head.v.iter().map(|sum| match path.parent {
            None => fixed(sum),
            Some(parent) => along[parent] * sum.paths.get(&parent).map_or(0.0, |by| by.abs()),
        });
        along.push(read.fold(0.0, f64::max) * most_attention(head, &program.numbers));
    }
    let read = program.out.iter().map(|sum| {
        let carried = sum.paths.iter().map(|(&path, by)| by.abs() * along[path]);
        fixed(sum) + carried.sum::<f64>()
    });
    read.fold(0.0, f64::max)
}

/// What a row of a head's attention sums to at most.
fn most_attention(head: &HeadProgram, numbers: &[Number]) -> f64 {
    let cells = head.pattern.values();
    let scale = cells
        .clone()
        .fold(1.0, |most: f64, cell| most.max(cell.scale.abs()));
    let plus = cells.flat_map(|cell| &cell.plus).map(|&(number, by)| {
        let values = numbers[number].values.iter();
        by.abs() * values.fold(0.0, |most: f64, x| most.max(x.abs()))
    });
    scale + plus.sum::<f64>()
}

/// Whether every row that the element decides is the one at its place in its family.
fn has_own_rows<T>(prepared: &Prepared<T>) -> bool {
    let (program, basis) = (&prepared.program, &prepared.tables.out.basis);
    let slots = basis
        .elements
        .iter()
        .map(|&element| prepared.elements.all[element].0);
    let mut selects = slots.map(|slot| &program.slots[slot].select);
    selects.all(|select| {
        let others = &select.strides[..select.strides.len() - 1];
        !select.by_elt() || select.base == 0 && others.iter().all(|&stride| stride == 0)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::block::Wanted;
    use super::super::engine::TokenBasis;
    use super::super::engine::tests::experiment;
    use crate::lens::Matrices;
    use crate::model::Model;
    use candle_core::Device;

    /// Of some inputs under interventions: whether each prediction is right and what is said else, in full
    /// and by leads alone; and of how many predictions the leads were enough.
    fn both(lines: &[&str]) -> (bool, usize, usize) {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let weights = Matrices::new(&model).unwrap();
        let with = experiment(&model, lines);
        let engine = TokenBasis::new(&model, &weights, &with).unwrap();
        let form = model.task().form().unwrap();
        let mut wanted = Wanted::default();
        let mut found = [(); 2].map(|()| {
            let (mut signs, mut margins) = (Vec::new(), Vec::new());
            for first in [0, 31_250, 62_400, 124_900] {
                engine.blocks(first..first + 90, &wanted, &|_| true, &mut |_, block, _| {
                    for at in 0..block.margins.len() {
                        if at % block.pad < form.lanes() {
                            let margin = block.margins[at];
                            let said = if margin > 0.0 { -1.0 } else { block.others[at] };
                            signs.push(said);
                            margins.push(margin);
                        }
                    }
                });
            }
            wanted.signs = true;
            (signs, margins)
        });
        let (by_leads, full) = (found[1].clone(), std::mem::take(&mut found[0]));
        let pairs = full.1.iter().zip(&by_leads.1);
        assert!(pairs.clone().all(|(margin, lead)| *lead <= margin + 1e-3));
        let enough = pairs.filter(|(margin, lead)| margin != lead).count();
        (full.0 == by_leads.0, enough, full.0.len())
    }

    #[test]
    fn leads_say_who_is_right_as_all_logits_do() {
        // amounts below 0 say nothing of who leads
        for (lines, serves) in [
            (&[][..], true),
            (&["scale blocks.0.attn.hook_z @* by 0.5"], true),
            (&["knock blocks.1.attn.hook_pattern [b_0,elt]"], true),
            (&["scale blocks.0.attn.hook_z @elt by -1"], false),
            (&["set blocks.1.attn.hook_pattern [b_0,elt] = -0.5"], false),
        ] {
            let (same, enough, all) = both(lines);
            assert!(same, "{lines:?}");
            assert_eq!(enough > all / 4, serves, "{lines:?}: {enough} of {all}");
        }
    }
}

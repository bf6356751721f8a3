//! What a walk has to multiply, counted from its plans.

use super::plan::{HeadPlan, Plan};
use super::prepared::Prepared;
use crate::lens::Matrices;
use anyhow::{Result, ensure};

/// So many products take no time, one by one or not.
const FEW_PRODUCTS: f64 = 3e4;
/// Products of a forward pass in the time of one of a walk, which has one input and no rows to share.
const AT_ONCE: f64 = 10.0;

/// Entries of the heads' tables that an input picks, which each thread keeps: 32 MB.
const MOST_AT_HAND: usize = 8 << 20;

/// Products of one input's forward pass.
fn of_passes(weights: &Matrices, positions: usize) -> f64 {
    let config = weights.config();
    let head = 4 * config.d_model * config.d_head;
    let each = config.n_layers * config.n_heads * head + config.d_model * config.d_vocab_out;
    (positions * each) as f64
}

impl<T> Prepared<T> {
    /// Products and sums of the plans for one input, in the mean: queries against keys, scores,
    /// what heads carry, logits. Exponentials are not among them.
    pub fn multiply_adds(&self) -> f64 {
        let lanes = self.program.form.lanes();
        let per_block = self.plans.of.iter().enumerate().map(|(idx, plan)| {
            // what the index does not decide is known from the index before
            let first = if idx == 0 {
                0
            } else {
                self.first_by[self.program.form.switch()]
            };
            let at = |position| self.at_position(plan, position) as f64;
            let once: f64 = (first.min(self.first_wide)..self.first_wide).map(at).sum();
            let each: f64 = (self.first_wide..self.program.positions).map(at).sum();
            once / lanes as f64 + each
        });
        per_block.sum::<f64>() / self.plans.of.len() as f64
    }

    /// Whether inputs that are walked one by one are so faster than by forward passes, or nearly.
    ///
    /// # Errors
    /// When they are not.
    pub fn check_worth(&self, weights: &Matrices) -> Result<()> {
        let (walked, passed) = (
            self.multiply_adds(),
            of_passes(weights, self.program.positions),
        );
        if !self.program.form.is_of_each {
            return Ok(());
        }
        ensure!(
            walked <= FEW_PRODUCTS.max(passed / AT_ONCE),
            "{walked:.0} products would be walked for an input, and a forward pass of {passed:.0} is faster"
        );
        let heads = self.tables.heads.iter().map(|head| head.basis.len().pow(2));
        let entries: usize = heads.sum();
        ensure!(
            entries <= MOST_AT_HAND,
            "every thread would have {entries} entries of the tables at hand; {MOST_AT_HAND} are the most"
        );
        Ok(())
    }

    /// Whether the new element decides what an element of the tables is.
    fn by_elt(&self, element: usize) -> bool {
        let (slot, _) = self.elements.all[element];
        self.program.slots[slot].select.by_elt()
    }

    fn at_position(&self, plan: &Plan<T>, position: usize) -> usize {
        let predicts = self.program.predicts[position].is_some();
        let last = self.program.layers - 1;
        let heads = plan.heads.iter().enumerate();
        // of the last block only what predicts is asked
        let asked = heads.filter(|(number, _)| predicts || self.layer_of(*number) != last);
        let heads: usize = asked
            .map(|(number, head)| {
                let basis = &self.tables.heads[number].basis;
                // keys that the element decides are met for each input: see `against_keys`
                let wide = basis
                    .elements
                    .iter()
                    .filter(|&&one| self.by_elt(one))
                    .count();
                head.q[position].len() * (head.keys[position].len() + wide)
                    + of_head(head, position)
            })
            .sum();
        let logits = if predicts {
            plan.out[position].len() * self.tables.out.d_vocab_out
        } else {
            0
        };
        heads + logits
    }
}

/// Scores, and what is carried to the position.
fn of_head<T>(head: &HeadPlan<T>, position: usize) -> usize {
    let reads = head.k.iter().zip(&head.v).take(position + 1);
    reads.map(|(key, value)| key.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::block::Wanted;
    use super::super::constants::Constants;
    use super::super::doubles::{DOUBLE, Double};
    use super::super::fold::fold;
    use super::super::lanes::Lanes;
    use super::super::local::{LocalHead, LocalOut};
    use super::super::tables::Elements;
    use super::super::walk::{At, Work};
    use super::*;
    use crate::lens::{Direction, Experiment, Matrices, Measure, Source};
    use crate::model::Model;
    use crate::task::Sample;
    use candle_core::Device;
    use std::cell::Cell;
    use std::sync::Arc;

    /// Double precision that counts its multiply-adds.
    #[derive(Clone, Copy)]
    struct Counting<'a>(&'a Cell<usize>);

    macro_rules! as_double {
        ($($name:ident($($x:ident: $t:ty),*) -> $out:ty;)*) => {
            $(fn $name(self, $($x: $t),*) -> $out { DOUBLE.$name($($x),*) })*
        };
    }

    type One = [f64; 1];

    impl Lanes for Counting<'_> {
        type T = f64;
        type V = One;
        const WIDTH: usize = 1;
        const COLUMNS: usize = 8;

        fn number(x: f64) -> f64 {
            x
        }
        fn fma(self, a: One, b: One, c: One) -> One {
            self.0.set(self.0.get() + 1);
            DOUBLE.fma(a, b, c)
        }
        as_double! {
            splat(x: f64) -> One;
            load(from: &[f64]) -> One;
            store(x: One, to: &mut [f64]) -> ();
            add(a: One, b: One) -> One;
            sub(a: One, b: One) -> One;
            mul(a: One, b: One) -> One;
            div(a: One, b: One) -> One;
            max(a: One, b: One) -> One;
            if_greater(a: One, b: One, then: One, other: One) -> One;
            all_above(x: One, bound: f64) -> bool;
            with_lane(x: One, lane: usize, from: One) -> One;
            exp(x: One) -> One;
            exp_about(x: One) -> One;
            ln_1p(x: One) -> One;
        }
    }

    #[test]
    fn a_walk_multiplies_what_its_plan_says() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let task = model.task();
        let source = |text| Source::from(task.parse_prompt(text).unwrap());
        let experiment = Experiment {
            clean: source("14 26 35 1 48"),
            corrupted: source("14 26 35 2 48"),
            direction: Direction::Denoise,
            metric: None,
            measure: Measure::default(),
            interventions: Vec::new(),
            sample: Sample::default(),
        };
        let weights = Matrices::new(&model).unwrap();
        let constants = Constants::new(&model, &experiment).unwrap();
        let program = Arc::new(fold(&weights, &constants, task.seq_len() - 1).unwrap());
        let elements = Arc::new(Elements::new(&program));
        let prepared = Prepared::new::<Double>(&weights, &program, &elements).unwrap();
        let tables = &prepared.tables;
        let fields = [3, 14, 15, 1, 0];
        let mut heads: Vec<_> = (tables.heads.iter())
            .map(|head| LocalHead::new(&prepared, head, 0.0))
            .collect();
        for (local, tables) in heads.iter_mut().zip(&tables.heads) {
            local.fetch(&prepared, tables, &fields);
        }
        let mut out = LocalOut::new(&prepared, &tables.out.basis);
        out.fetch(&prepared, &tables.out, &fields);
        let at = At {
            prepared: &prepared,
            heads: &heads,
            out: &out,
            fields: &fields,
            e0: 9,
        };
        let count = Cell::new(0);
        let lanes = Counting(&count);
        let wanted = Wanted::default();
        let mut work = Work::new(lanes, &prepared);
        let mut block = prepared.block(0.0, &wanted);
        let plan = &prepared.plans.of[1];
        for position in 0..program.positions {
            count.set(0);
            work.step(lanes, at, position, &wanted, &mut block);
            assert_eq!(
                count.get(),
                prepared.at_position(plan, position),
                "{position}"
            );
        }
        assert!(prepared.multiply_adds() > 1000.0);
    }
}

//! What a walk has to multiply, counted from its plans.

use super::plan::{HeadPlan, Plan};
use super::prepared::Prepared;

impl<T> Prepared<T> {
    /// Products and sums of the plans for one input, in the mean: queries against keys, scores,
    /// what heads carry, logits. Exponentials are not among them.
    pub fn multiply_adds(&self) -> f64 {
        let task = self.program.task;
        let per_block = self.plans.of.iter().enumerate().map(|(idx, plan)| {
            // what the index does not decide is known from the index before
            let first = if idx == 0 { 0 } else { self.first_by_idx };
            let at = |position| self.at_position(plan, position) as f64;
            let once: f64 = (first.min(self.first_wide)..self.first_wide).map(at).sum();
            let each: f64 = (self.first_wide..self.program.positions()).map(at).sum();
            once / f64::from(task.max_num) + each
        });
        per_block.sum::<f64>() / self.plans.of.len() as f64
    }

    fn at_position(&self, plan: &Plan<T>, position: usize) -> usize {
        let predicts = self.program.task.predicted_at(position).is_some();
        let last = self.program.layers - 1;
        let heads = plan.heads.iter().enumerate();
        // of the last block only what predicts is asked
        let asked = heads.filter(|(number, _)| predicts || self.layer_of(*number) != last);
        let heads: usize = asked
            .map(|(number, head)| {
                let keys = self.tables.heads[number].basis.len();
                head.q[position].len() * keys + of_head(head, position)
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

//! Inputs one after the other, in tables: of tasks whose answers are no copies of fields. Of what an
//! input has in common with the one before it, nothing is walked again.

use super::block::{Block, Wanted};
use super::engine::{Local, TokenBasis, seek, sought};
use super::exact::Exact;
use super::lanes::ONE;
use super::walk::Work;
use crate::task::Target;
use anyhow::Result;
use pulp::{Arch, Simd, WithSimd};

/// An input as tables see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Laid {
    /// What its slots hold: the fields, and behind them what else the form has.
    pub slots: Vec<usize>,
    /// What is right at each answer; nothing where the form says it.
    pub targets: Vec<Target>,
}

impl Laid {
    /// Where its numbers stand in a block.
    pub fn at(&self) -> usize {
        self.slots.last().copied().unwrap_or(0)
    }

    /// What is right, by element of a block that has one of them.
    pub fn told(&self) -> Vec<Vec<Target>> {
        match self.targets.is_empty() {
            true => Vec::new(),
            false => vec![self.targets.clone()],
        }
    }
}

/// Is shown an input by its number among those that are walked, and can ask for it in double precision.
pub(super) type SeeOne<'a> = dyn FnMut(usize, &Block<f32>, &mut Exact<'_>) + 'a;

impl TokenBasis {
    /// Whether all inputs are walked one by one, because no form has them side by side.
    pub fn is_of_each(&self) -> bool {
        self.prepared().program.form.is_of_each
    }

    /// These inputs as the tables see them.
    ///
    /// # Errors
    /// When the task's own function fails.
    pub fn laid(&self, inputs: &[Vec<usize>]) -> Result<Vec<Laid>> {
        let bare = |fields: &Vec<usize>| Laid {
            slots: fields.clone(),
            targets: Vec::new(),
        };
        if !self.is_of_each() {
            return Ok(inputs.iter().map(bare).collect());
        }
        let (task, form) = (self.space.task, self.prepared().program.form);
        let values: Vec<_> = inputs.iter().map(|one| self.space.values(one)).collect();
        let targets = task.targets(&values)?;
        let prompts = task.answered(&values, &targets);
        let laid = prompts.iter().zip(targets).map(|(prompt, targets)| Laid {
            slots: form.held(&task.tokens(prompt)),
            targets,
        });
        Ok(laid.collect())
    }

    /// These inputs, one after the other.
    pub fn in_turn(&self, inputs: &[Laid], wanted: &Wanted, see: &mut SeeOne<'_>) {
        Arch::new().dispatch(InTurn {
            engine: self,
            inputs,
            wanted,
            see,
        });
    }
}

/// Inputs one after the other, as work for the processor's own instructions.
struct InTurn<'a> {
    engine: &'a TokenBasis,
    inputs: &'a [Laid],
    wanted: &'a Wanted,
    see: &'a mut SeeOne<'a>,
}

impl WithSimd for InTurn<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (engine, wanted) = (self.engine, self.wanted);
        let prepared = engine.prepared();
        let program = &prepared.program;
        let mut local = Local::new(prepared, 0.0);
        let mut work = Work::new(ONE, prepared);
        let mut block = prepared.block(0.0, wanted);
        let mut exact = Exact::new(engine, wanted);
        let sought = sought(prepared, wanted);
        let nothing = Laid::default();
        let mut before = &nothing;
        for (number, laid) in self.inputs.iter().enumerate() {
            local.fetch(prepared, &laid.slots);
            let first = match number {
                0 => 0,
                _ => prepared.first_change(&before.slots, &laid.slots),
            };
            // what is right may be another thing where the prompt so far is the same
            let told = (0..program.positions).find(|&position| {
                let answer = program.predicts[position];
                answer.is_some_and(|j| before.targets.get(j) != laid.targets.get(j))
            });
            block.targets = laid.told();
            for position in first.min(told.unwrap_or(first))..program.positions {
                let at = local.at(prepared, &laid.slots, 0);
                work.step(ONE, at, position, wanted, &mut block);
            }
            seek(prepared, &sought, &laid.slots, wanted, &mut block);
            exact.judge_by(&block.targets);
            engine.settle(&laid.slots, &mut block, &mut exact);
            (self.see)(number, &block, &mut exact);
            before = laid;
        }
    }
}

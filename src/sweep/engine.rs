//! The token-basis engine: a model under interventions, folded into tables, and every input of the
//! space from small sums over them.

use super::block::{Block, Wanted};
use super::constants::Constants;
use super::fold::fold;
use super::lanes::{Double, FEW, MANY, ONE, One, Single, at_once};
use super::local::{LocalHead, LocalOut};
use super::prepared::Prepared;
use super::space::Space;
use super::tables::Elements;
use super::walk::{At, Work};
use crate::lens::{Experiment, Matrices};
use crate::model::HookedTransformer;
use anyhow::Result;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;
use std::sync::Arc;

/// A smaller margin than this is decided again in double precision.
const CLOSE: f32 = 1e-3;

/// A model under interventions, ready to be asked about any input.
pub(super) struct TokenBasis {
    single: Prepared<f32>,
    double: Prepared<f64>,
    space: Space,
}

impl TokenBasis {
    /// Folds the model and the experiment's interventions.
    ///
    /// # Errors
    /// Says what cannot be folded.
    pub fn new(
        model: &HookedTransformer,
        weights: &Matrices,
        experiment: &Experiment,
    ) -> Result<Self> {
        let constants = Constants::new(model, experiment)?;
        let program = Arc::new(fold(weights, &constants)?);
        let elements = Arc::new(Elements::new(&program));
        Ok(Self {
            single: Prepared::new::<One>(weights, &program, &elements)?,
            double: Prepared::new::<Double>(weights, &program, &elements)?,
            space: Space::new(weights.task()),
        })
    }

    /// Products and sums for one input, in the mean.
    pub fn multiply_adds(&self) -> f64 {
        self.single.multiply_adds()
    }

    /// Memory for the numbers of one block.
    fn block<T: Copy>(&self, prepared: &Prepared<T>, zero: T, wanted: &Wanted) -> Block<T> {
        let predictions = self.space.task.list_len;
        let d_vocab_out = prepared.tables.out.d_vocab_out;
        Block::new(zero, prepared.pad(), predictions, d_vocab_out, wanted)
    }

    /// Every input whose list is among these, block by block in the space's order; close calls
    /// are decided in double precision.
    pub fn blocks(
        &self,
        lists: Range<usize>,
        wanted: &Wanted,
        see: &mut dyn FnMut(&[usize], &Block<f32>),
    ) {
        Arch::new().dispatch(Blocks {
            engine: self,
            lists,
            wanted,
            see,
        });
    }

    /// One input in double precision. Its numbers stand at its own element.
    pub fn exactly(&self, fields: &[usize], wanted: &Wanted) -> Block<f64> {
        let prepared = &self.double;
        let mut block = self.block(prepared, 0.0, wanted);
        let mut local = Local::new(prepared, 0.0);
        let elt = fields[fields.len() - 1];
        let base = [&fields[..fields.len() - 1], &[0]].concat();
        local.fetch(prepared, &base);
        let at = local.at(prepared, &base, elt);
        let mut work = Work::new(Double, prepared);
        for position in 0..prepared.program.positions() {
            work.step(Double, at, position, wanted, &mut block);
        }
        block
    }

    /// Decides again what single precision leaves open.
    fn settle(&self, fields: &mut [usize], wanted: &Wanted, block: &mut Block<f32>) {
        let (elts, predictions) = (self.space.task.max_num as usize, self.space.task.list_len);
        let last = fields.len() - 1;
        for elt in 0..elts {
            let margin = |j: usize| block.margins[j * block.pad + elt];
            let open = (0..predictions).any(|j| margin(j).abs() < CLOSE || margin(j).is_nan());
            if open {
                fields[last] = elt;
                let exact = self.exactly(fields, wanted);
                block.replace(elt, &exact);
            }
        }
        fields[last] = 0;
    }
}

/// The table entries of one block.
struct Local<T> {
    heads: Vec<LocalHead<T>>,
    out: LocalOut,
}

impl<T: Copy> Local<T> {
    fn new(prepared: &Prepared<T>, zero: T) -> Self {
        let heads = prepared.tables.heads.iter();
        Self {
            heads: heads
                .map(|head| LocalHead::new(prepared, head, zero))
                .collect(),
            out: LocalOut::new(prepared, &prepared.tables.out.basis),
        }
    }

    fn fetch(&mut self, prepared: &Prepared<T>, fields: &[usize]) {
        for (local, tables) in self.heads.iter_mut().zip(&prepared.tables.heads) {
            local.fetch(prepared, tables, fields);
        }
        self.out.fetch(prepared, &prepared.tables.out, fields);
    }

    fn at<'a>(&'a self, prepared: &'a Prepared<T>, fields: &'a [usize], e0: usize) -> At<'a, T> {
        At {
            prepared,
            heads: &self.heads,
            out: &self.out,
            fields,
            e0,
        }
    }
}

/// The blocks of some lists, as work for whatever registers the processor has.
struct Blocks<'a> {
    engine: &'a TokenBasis,
    lists: Range<usize>,
    wanted: &'a Wanted,
    see: &'a mut dyn FnMut(&[usize], &Block<f32>),
}

impl WithSimd for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (engine, wanted) = (self.engine, self.wanted);
        let prepared = &engine.single;
        let mut local = Local::new(prepared, 0.0);
        let mut shared = Work::new(ONE, prepared);
        let (many, few) = (Single::<S, MANY>(simd), Single::<S, FEW>(simd));
        let mut by_many = Work::new(many, prepared);
        let mut by_few = Work::new(few, prepared);
        let mut block = engine.block(prepared, 0.0, wanted);
        let (first_wide, positions) = (prepared.first_wide, prepared.program.positions());
        let elts = engine.space.task.max_num as usize;
        for list in self.lists {
            for idx in 0..engine.space.task.list_len {
                let mut fields = engine.space.fields(list, idx);
                local.fetch(prepared, &fields);
                // what the index does not decide is known from the index before
                let from = if idx == 0 { 0 } else { prepared.first_by_idx };
                for position in from.min(first_wide)..first_wide {
                    let at = local.at(prepared, &fields, 0);
                    shared.step(ONE, at, position, wanted, &mut block);
                }
                by_many.share(many, ONE, &shared, prepared);
                by_few.share(few, ONE, &shared, prepared);
                let mut e0 = 0;
                while e0 < elts {
                    let at = local.at(prepared, &fields, e0);
                    let registers = at_once(elts - e0, S::F32_LANES);
                    for position in first_wide..positions {
                        if registers == MANY {
                            by_many.step(many, at, position, wanted, &mut block);
                        } else {
                            by_few.step(few, at, position, wanted, &mut block);
                        }
                    }
                    e0 += registers * S::F32_LANES;
                }
                engine.settle(&mut fields, wanted, &mut block);
                (self.see)(&fields, &block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::lens::{Direction, Intervention, Source};
    use crate::model::Model;
    use crate::task::{Sample, Update};
    use candle_core::Device;

    pub(crate) fn experiment(model: &HookedTransformer, lines: &[&str]) -> Experiment {
        let task = model.task();
        let update = |text: &str| Source::from(task.parse_prompt(text).unwrap());
        let lines = lines.iter();
        Experiment {
            clean: update("14 26 35 1 48"),
            corrupted: update("14 26 35 2 48"),
            direction: Direction::Denoise,
            metric: None,
            measure: crate::lens::Measure::default(),
            interventions: lines
                .map(|line| Intervention::parse(line, task, model.config()).unwrap())
                .collect(),
            sample: Sample::default(),
        }
    }

    #[test]
    fn agrees_with_candle_on_the_embedded_model() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let weights = Matrices::new(&model).unwrap();
        let engine = TokenBasis::new(&model, &weights, &experiment(&model, &[])).unwrap();
        let task = model.task();
        let wanted = Wanted {
            rows: vec![(0, 6), (1, 8)],
            logits: true,
            paths: Vec::new(),
        };
        let mut worst = [0.0f32; 3];
        let mut seen = 0;
        engine.blocks(1234..1236, &wanted, &mut |fields, block| {
            for elt in 0..task.max_num {
                let mut fields = fields.to_vec();
                fields[task.list_len + 1] = elt as usize;
                let update: Update = engine.space.update(&fields);
                let run = crate::lens::observe_run(&model, &Source::new(update)).unwrap();
                for j in 0..task.list_len {
                    let exact = run.logits.slice(&[task.predicts_at(j)]);
                    for (token, x) in exact.iter().enumerate() {
                        let at = (j * 50 + token) * block.pad + elt as usize;
                        worst[0] = worst[0].max((block.logits[at] - x).abs());
                    }
                    let loss =
                        -run.log_probs(task.predicts_at(j))[run.prompt.update.truth()[j] as usize];
                    let found = block.losses[j * block.pad + elt as usize];
                    worst[1] = worst[1].max((loss - found).abs());
                }
                for (row, (head, dest)) in [(0, (0, 6)), (7, (1, 8))] {
                    for src in 0..=dest {
                        let exact = run.pattern.slice(&[head, 0, dest])[src];
                        let found = block.pattern[(row + src) * block.pad + elt as usize];
                        worst[2] = worst[2].max((exact - found).abs());
                    }
                }
                seen += 1;
            }
        });
        assert_eq!(seen, 300);
        assert!(worst.iter().all(|&w| w < 1e-3), "{worst:?}");
    }
}

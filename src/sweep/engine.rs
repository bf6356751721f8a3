//! The token-basis engine: a model under interventions, folded into tables, and every input of the
//! space from small sums over them.

use super::block::{Block, Wanted};
use super::bound;
use super::constants::Constants;
use super::doubles::Double;
use super::entry::Sought;
use super::exact::Exact;
use super::fold::fold;
use super::in_turn::Laid;
use super::lanes::{FEW, MANY, ONE, One, Single, at_once, used};
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

/// Is shown a block of inputs, and can ask for any of them in double precision.
pub(super) type See<'a> = dyn FnMut(&[usize], &Block<f32>, &mut Exact<'_>) + 'a;

/// A smaller margin than this is decided again in double precision.
const CLOSE: f32 = 1e-3;

/// A model under interventions, ready to be asked about any input.
pub(super) struct TokenBasis {
    single: Prepared<f32>,
    pub double: Prepared<f64>,
    pub space: Space,
}

impl TokenBasis {
    /// Folds the model and the experiment's interventions, for as many positions as decide the
    /// predictions.
    ///
    /// # Errors
    /// Says what cannot be folded.
    pub fn new(
        model: &HookedTransformer,
        weights: &Matrices,
        experiment: &Experiment,
    ) -> Result<Self> {
        Self::up_to(
            model.task().read_len(),
            weights,
            &Constants::new(model, experiment)?,
        )
    }

    /// Folds the model and these interventions, for the first so many positions.
    ///
    /// # Errors
    /// Says what cannot be folded.
    pub fn up_to(positions: usize, weights: &Matrices, constants: &Constants<'_>) -> Result<Self> {
        let program = Arc::new(fold(weights, constants, positions)?);
        let elements = Arc::new(Elements::new(&program));
        let double = Prepared::new::<Double>(weights, &program, &elements)?;
        bound::check(&double)?;
        let mut single = Prepared::new::<One>(weights, &program, &elements)?.with_leads::<One>();
        single.level = double.tables.out.is_level();
        single.check_worth(weights)?;
        Ok(Self {
            single,
            double,
            space: Space::new(weights.task()),
        })
    }

    /// The folded model in single precision.
    pub fn prepared(&self) -> &Prepared<f32> {
        &self.single
    }

    /// Products and sums for one input, in the mean.
    pub fn multiply_adds(&self) -> f64 {
        self.single.multiply_adds()
    }

    /// Every input whose list is among these, block by block in the space's order, without the
    /// blocks that do not concern anybody; close calls are decided in double precision.
    pub fn blocks(
        &self,
        lists: Range<usize>,
        wanted: &Wanted,
        concerns: &dyn Fn(&[usize]) -> bool,
        see: &mut See<'_>,
    ) {
        Arch::new().dispatch(Blocks {
            engine: self,
            lists,
            wanted,
            concerns,
            see,
        });
    }

    /// One input in double precision. Its numbers stand at its own element.
    pub fn exactly(&self, laid: &Laid, wanted: &Wanted) -> Block<f64> {
        let mut exact = Exact::new(self, wanted);
        exact.judge_by(&laid.told());
        exact.input(&laid.slots);
        exact.into_block()
    }

    /// Decides again what single precision leaves open.
    pub fn settle(&self, fields: &[usize], block: &mut Block<f32>, exact: &mut Exact<'_>) {
        let program = &self.single.program;
        let (elts, predictions) = (program.form.lanes(), program.predictions);
        let last = fields.len() - 1;
        for elt in 0..elts {
            let margin = |j: usize| block.margins[j * block.pad + elt];
            // of equal logits no number can tell more, nor of what is undefined by an intervention
            let close = |margin: f32| match margin.is_nan() {
                true => !block.undefined,
                false => !block.level && margin.abs() < CLOSE,
            };
            let open = (0..predictions).any(|j| close(margin(j)));
            if open {
                let mut one = fields.to_vec();
                one[last] = elt;
                block.replace(elt, exact.input(&one));
            }
        }
    }
}

pub(super) fn sought<T: Copy + Into<f64>>(prepared: &Prepared<T>, wanted: &Wanted) -> Vec<Sought> {
    let entries = wanted.entries.iter();
    entries.map(|entry| Sought::new(entry, prepared)).collect()
}

/// What the wanted entries do in an input that has been walked.
pub(super) fn seek<T: Copy + Into<f64>>(
    prepared: &Prepared<T>,
    sought: &[Sought],
    fields: &[usize],
    wanted: &Wanted,
    block: &mut Block<T>,
) {
    for (number, one) in sought.iter().enumerate() {
        let at = number * block.pad + fields[fields.len() - 1];
        block.done[at] = one.does(prepared, fields, wanted, block);
    }
}

/// The table entries of one block.
pub(super) struct Local<T> {
    heads: Vec<LocalHead<T>>,
    out: LocalOut,
}

impl<T: Copy> Local<T> {
    pub fn new(prepared: &Prepared<T>, zero: T) -> Self {
        let heads = prepared.tables.heads.iter();
        Self {
            heads: heads
                .map(|head| LocalHead::new(prepared, head, zero))
                .collect(),
            out: LocalOut::new(prepared, &prepared.tables.out.basis),
        }
    }

    pub fn fetch(&mut self, prepared: &Prepared<T>, fields: &[usize]) {
        for (local, tables) in self.heads.iter_mut().zip(&prepared.tables.heads) {
            local.fetch(prepared, tables, fields);
        }
        self.out.fetch(prepared, &prepared.tables.out, fields);
    }

    pub fn at<'a>(
        &'a self,
        prepared: &'a Prepared<T>,
        fields: &'a [usize],
        e0: usize,
    ) -> At<'a, T> {
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
    concerns: &'a dyn Fn(&[usize]) -> bool,
    see: &'a mut See<'a>,
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
        let mut block = prepared.block(0.0, wanted);
        let mut exact = Exact::new(engine, wanted);
        let (first_wide, positions) = (prepared.first_wide, prepared.program.positions);
        let form = prepared.program.form;
        let elts = form.lanes();
        let used = used(elts, S::F32_LANES);
        let sought = sought(prepared, wanted);
        for list in self.lists {
            let mut from = 0;
            for idx in 0..form.switches() {
                let mut fields = engine.space.fields(form, list, idx);
                if !(self.concerns)(&fields) {
                    continue;
                }
                local.fetch(prepared, &fields);
                for position in from.min(first_wide)..first_wide {
                    let at = local.at(prepared, &fields, 0);
                    shared.step(ONE, at, position, wanted, &mut block);
                }
                // what the index does not decide is known when the next one comes
                from = prepared.first_by[form.switch()];
                if used.many {
                    by_many.share(many, ONE, &shared, prepared);
                }
                if used.few {
                    by_few.share(few, ONE, &shared, prepared);
                }
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
                if !sought.is_empty() {
                    let last = fields.len() - 1;
                    for elt in 0..elts {
                        fields[last] = elt;
                        seek(prepared, &sought, &fields, wanted, &mut block);
                    }
                    fields[last] = 0;
                }
                engine.settle(&fields, &mut block, &mut exact);
                (self.see)(&fields, &block, &mut exact);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::by_candle::ByCandle;
    use super::*;
    use crate::lens::{Direction, Intervention, Source};
    use crate::model::Model;
    use crate::task::{Sample, below};
    use candle_core::Device;
    use rand_mt::Mt;
    use rayon::prelude::*;

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

    /// Lists that are compared: with three indices and fifty elements each, 100,050 inputs. As many
    /// again with interventions, a quarter with each set of them.
    const LISTS: usize = 667;

    /// How far a block is from the same by forward passes: logits, losses, attention.
    fn off(a: &Block<f32>, b: &Block<f32>, elements: usize) -> [f32; 3] {
        let furthest = |a: &[f32], b: &[f32]| {
            let rows = a.chunks(a.len() / (b.len() / elements));
            let pairs = rows
                .zip(b.chunks(elements))
                .flat_map(|(a, b)| a.iter().zip(b));
            pairs.fold(0f32, |worst, (a, b)| match (a - b).abs() {
                // no number agrees with nothing
                difference if difference.is_nan() => f32::INFINITY,
                difference => worst.max(difference),
            })
        };
        [
            furthest(&a.logits, &b.logits),
            furthest(&a.losses, &b.losses),
            furthest(&a.pattern, &b.pattern),
        ]
    }

    /// Bits of all that some lists come to in registers of one kind.
    fn bits_in(simd: impl Simd, engine: &TokenBasis, wanted: &Wanted) -> Vec<u32> {
        let (mut bits, elements) = (Vec::new(), engine.single.program.form.lanes());
        let blocks = Blocks {
            engine,
            lists: 70_000..70_006,
            wanted,
            concerns: &|_| true,
            see: &mut |_, block, _| {
                // a margin by leads is only a sign: wider registers have other inputs beside each
                let margin = |x: f32| if wanted.signs { x.signum() } else { x };
                let margins = block.margins.iter().map(|&x| margin(x)).collect();
                for rows in [&margins, &block.losses, &block.pattern] {
                    let rows = rows.chunks(block.pad).flat_map(|row| &row[..elements]);
                    bits.extend(rows.map(|x| x.to_bits()));
                }
            },
        };
        blocks.with_simd(simd);
        bits
    }

    #[test]
    fn a_sweep_is_the_same_bits_in_registers_of_every_width() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let weights = Matrices::new(&model).unwrap();
        let with = experiment(&model, &["scale blocks.1.hook_attn_out @* by 0.5"]);
        let engine = TokenBasis::new(&model, &weights, &with).unwrap();
        for signs in [false, true] {
            let wanted = Wanted {
                rows: vec![(0, 6), (1, 8)],
                losses: !signs,
                signs,
                ..Wanted::default()
            };
            let one = bits_in(pulp::Scalar, &engine, &wanted);
            assert!(one == bits_in(pulp::Scalar128b, &engine, &wanted));
            assert!(one == bits_in(pulp::Scalar256b, &engine, &wanted));
            assert!(one == bits_in(pulp::Scalar512b, &engine, &wanted));
            struct Widest<'a>(&'a TokenBasis, &'a Wanted);
            impl WithSimd for Widest<'_> {
                type Output = Vec<u32>;
                fn with_simd<S: Simd>(self, simd: S) -> Vec<u32> {
                    bits_in(simd, self.0, self.1)
                }
            }
            assert!(one == Arch::new().dispatch(Widest(&engine, &wanted)));
        }
    }

    #[test]
    fn agrees_with_candle_on_100_000_random_inputs() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let weights = Matrices::new(&model).unwrap();
        let task = model.task();
        let wanted = Wanted {
            rows: vec![(0, 6), (1, 8)],
            logits: true,
            losses: true,
            ..Wanted::default()
        };
        let mut rng = Mt::new(2026);
        for lines in [
            &[][..],
            &[
                "patch blocks.0.attn.hook_pattern [*,*] from clean",
                "edge L0->V1 off",
            ],
            &[
                "zero blocks.0.attn.hook_z @elt",
                "scale blocks.1.hook_attn_out @* by 1.5",
            ],
            &[
                "mean blocks.0.hook_attn_out @* over sample",
                "knock blocks.1.attn.hook_pattern [b_1,a_1]",
            ],
            &[
                "patch blocks.0.attn.hook_v @idx from example 3",
                "add blocks.0.hook_resid_post @b_0 W_U[7] by 2",
            ],
        ] {
            let with = experiment(&model, lines);
            let engine = TokenBasis::new(&model, &weights, &with).unwrap();
            let candle = ByCandle::new(&model, &with).unwrap();
            let form = task.form().unwrap();
            let all = form.lists().unwrap() as u32;
            let count = if lines.is_empty() {
                LISTS
            } else {
                LISTS.div_ceil(4)
            };
            let lists: Vec<usize> = (0..count).map(|_| below(&mut rng, all) as usize).collect();
            let one = |&list: &usize| {
                let mut worst = [0f32; 3];
                let elements = form.lanes();
                engine.blocks(
                    list..list + 1,
                    &wanted,
                    &|_| true,
                    &mut |fields, block, _| {
                        let before = &fields[..fields.len() - 1];
                        let inputs = (0..elements).map(|elt| [before, &[elt]].concat());
                        let inputs: Vec<Vec<usize>> = inputs.collect();
                        let exact = candle.block(&inputs, &wanted).unwrap();
                        for (worst, one) in worst.iter_mut().zip(off(block, &exact, elements)) {
                            *worst = worst.max(one);
                        }
                    },
                );
                worst
            };
            let all: Vec<[f32; 3]> = lists.par_iter().map(one).collect();
            for worst in all {
                assert!(worst.iter().all(|&w| w < 1e-3), "{lines:?}: {worst:?}");
            }
        }
    }
}

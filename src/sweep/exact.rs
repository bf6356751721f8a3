//! Close calls in double precision: the inputs of one block, as far as they are asked for.

use super::block::{Block, Wanted};
use super::doubles::{DOUBLE, Double, Doubles, WIDE};
use super::engine::{Local, TokenBasis, seek, sought};
use super::entry::Sought;
use super::lanes::Lanes;
use super::walk::Work;
use crate::task::Target;
use pulp::{Arch, Simd, WithSimd};

/// Close calls of one block that are walked one by one; where there are more, all of it is.
const ONE_BY_ONE: usize = 1;

/// Inputs of one block after the other in double precision, as far as they are asked for.
pub(super) struct Exact<'a> {
    engine: &'a TokenBasis,
    wanted: &'a Wanted,
    sought: Vec<Sought>,
    local: Local<f64>,
    one: Work<Double>,
    block: Block<f64>,
    /// The list and index of the block at hand.
    base: Vec<usize>,
    /// Its elements that are known.
    known: Vec<usize>,
}

impl<'a> Exact<'a> {
    pub fn new(engine: &'a TokenBasis, wanted: &'a Wanted) -> Self {
        let prepared = &engine.double;
        Self {
            engine,
            wanted,
            sought: sought(prepared, wanted),
            local: Local::new(prepared, 0.0),
            one: Work::new(DOUBLE, prepared),
            block: prepared.block(0.0, wanted),
            base: Vec::new(),
            known: Vec::new(),
        }
    }

    /// What is right in the inputs that are asked for next, by element; nothing where the form says it.
    pub fn judge_by(&mut self, told: &[Vec<Target>]) {
        if self.block.targets != told {
            self.block.targets = told.to_vec();
            self.known.clear();
        }
    }

    /// The numbers of an input, at its own element.
    pub fn input(&mut self, fields: &[usize]) -> &Block<f64> {
        let last = fields.len() - 1;
        let elt = fields[last];
        if self.base.get(..last) != Some(&fields[..last]) {
            self.base = [&fields[..last], &[0]].concat();
            self.local.fetch(&self.engine.double, &self.base);
            self.known.clear();
        }
        if self.known.contains(&elt) {
            return &self.block;
        }
        let elements = self.engine.prepared().program.form.lanes();
        let found = if self.known.len() < ONE_BY_ONE {
            Arch::new().dispatch(Alone(self, elt));
            elt..elt + 1
        } else {
            Arch::new().dispatch(Whole(self));
            0..elements
        };
        let mut fields = fields.to_vec();
        for elt in found.clone() {
            fields[last] = elt;
            let prepared = &self.engine.double;
            seek(
                prepared,
                &self.sought,
                &fields,
                self.wanted,
                &mut self.block,
            );
        }
        self.known.extend(found);
        &self.block
    }

    /// What is known of the block at hand.
    pub fn into_block(self) -> Block<f64> {
        self.block
    }
}

/// One element of the block at hand.
struct Alone<'a, 'b>(&'a mut Exact<'b>, usize);

impl WithSimd for Alone<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self(exact, elt) = self;
        let prepared = &exact.engine.double;
        let at = exact.local.at(prepared, &exact.base, elt);
        for position in 0..prepared.program.positions {
            exact
                .one
                .step(DOUBLE, at, position, exact.wanted, &mut exact.block);
        }
    }
}

/// All elements of the block at hand, as work for whatever registers the processor has.
struct Whole<'a, 'b>(&'a mut Exact<'b>);

impl WithSimd for Whole<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let wide = Doubles::<S, WIDE>(simd);
        let exact = self.0;
        let prepared = &exact.engine.double;
        let elements = exact.engine.prepared().program.form.lanes();
        let first_wide = prepared.first_wide;
        let shared = exact.local.at(prepared, &exact.base, 0);
        for position in 0..first_wide {
            exact
                .one
                .step(DOUBLE, shared, position, exact.wanted, &mut exact.block);
        }
        let mut many = Work::new(wide, prepared);
        many.share(wide, DOUBLE, &exact.one, prepared);
        for e0 in (0..elements).step_by(Doubles::<S, WIDE>::WIDTH) {
            let at = exact.local.at(prepared, &exact.base, e0);
            for position in first_wide..prepared.program.positions {
                many.step(wide, at, position, exact.wanted, &mut exact.block);
            }
        }
    }
}

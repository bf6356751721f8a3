//! Double precision: what decides close calls. Nothing is fused, because without the instruction that is a call
//! for each number; so each number is the same bits whatever the width of the register.

use super::lanes::Lanes;
use super::powers::{exp_f64, select_f64};
use pulp::{Simd, bytemuck};

/// Double precision, in `N` registers of the processor at once.
#[derive(Clone, Copy)]
pub(super) struct Doubles<S: Simd, const N: usize>(pub S);

/// One number in double precision.
pub(super) type Double = Doubles<pulp::Scalar, 1>;

/// The only one there is.
pub(super) const DOUBLE: Double = Doubles(pulp::Scalar);

/// Registers that a whole block of close calls is worked on in. Rows are padded to as many numbers: see
/// [`super::lanes::padded`].
pub(super) const WIDE: usize = 2;

/// The lanes' numbers.
const LANES: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
/// Numbers in the widest registers.
const MOST: usize = 8 * WIDE;

/// One operation in each register.
macro_rules! each {
    ($i:ident => $op:expr) => {{
        let mut out = [bytemuck::Zeroable::zeroed(); N];
        for ($i, out) in out.iter_mut().enumerate() {
            *out = $op;
        }
        out
    }};
}

impl<S: Simd, const N: usize> Lanes for Doubles<S, N> {
    type T = f64;
    type V = [S::f64s; N];
    const WIDTH: usize = S::F64_LANES * N;
    // AVX-512 has 32 registers, all others 16; single numbers have one each
    const COLUMNS: usize = match (S::F64_LANES, N) {
        (_, 1) => 8,
        (8, _) => 8,
        _ => 4,
    };

    #[inline(always)]
    fn number(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn splat(self, x: f64) -> Self::V {
        [self.0.splat_f64s(x); N]
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> Self::V {
        let from = &S::as_simd_f64s(from).0[..N];
        each!(i => from[i])
    }
    #[inline(always)]
    fn store(self, x: Self::V, to: &mut [f64]) {
        let to = &mut S::as_mut_simd_f64s(to).0[..N];
        for (to, x) in to.iter_mut().zip(x) {
            *to = x;
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.add_f64s(a[i], b[i]))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.sub_f64s(a[i], b[i]))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.mul_f64s(a[i], b[i]))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.div_f64s(a[i], b[i]))
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each!(i => self.0.add_f64s(self.0.mul_f64s(a[i], b[i]), c[i]))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // the processor's own and the library's differ in what is no number
        self.if_greater(a, b, a, b)
    }
    #[inline(always)]
    fn if_greater(self, a: Self::V, b: Self::V, then: Self::V, other: Self::V) -> Self::V {
        each!(i => select_f64(self.0, self.0.greater_than_f64s(a[i], b[i]), then[i], other[i]))
    }
    #[inline(always)]
    fn all_above(self, x: Self::V, bound: f64) -> bool {
        let mut least = self.0.splat_f64s(1.0);
        for x in x {
            let above = self.0.greater_than_f64s(x, self.0.splat_f64s(bound));
            least = select_f64(self.0, above, least, self.0.splat_f64s(0.0));
        }
        self.0.reduce_min_f64s(least) > 0.0
    }
    #[inline(always)]
    fn with_lane(self, mut x: Self::V, lane: usize, from: Self::V) -> Self::V {
        let (register, lane) = (lane / S::F64_LANES, lane % S::F64_LANES);
        let lanes = S::as_simd_f64s(&LANES).0[0];
        let here = self.0.equal_f64s(lanes, self.0.splat_f64s(lane as f64));
        x[register] = select_f64(self.0, here, from[register], x[register]);
        x
    }
    #[inline(always)]
    fn exp(self, x: Self::V) -> Self::V {
        each!(i => exp_f64::<S, true>(self.0, x[i]))
    }
    #[inline(always)]
    fn exp_about(self, x: Self::V) -> Self::V {
        each!(i => exp_f64::<S, false>(self.0, x[i]))
    }
    #[inline(always)]
    fn ln_1p(self, x: Self::V) -> Self::V {
        // a few for each input: the library's will do
        let mut all = [0.0; MOST];
        self.store(x, &mut all);
        for one in &mut all[..Self::WIDTH] {
            *one = one.ln_1p();
        }
        self.load(&all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Scalar512b;

    #[test]
    fn exp_is_the_library_s_and_the_same_at_every_width() {
        let wide = Doubles::<_, WIDE>(Scalar512b);
        for step in 0..70_000 {
            let x = -f64::from(step) / 100.0;
            let (found, exact) = (DOUBLE.exp([x])[0], x.exp());
            let error = if exact == 0.0 {
                found
            } else {
                (found / exact - 1.0).abs()
            };
            assert!(error < 1e-15, "exp({x}) is {found}, not {exact}");
            let mut all = [0.0; MOST];
            wide.store(wide.exp(wide.splat(x)), &mut all);
            assert!(all.iter().all(|one| one.to_bits() == found.to_bits()));
        }
        for (x, exact) in [(0.0, 1.0), (-800.0, 0.0), (f64::NEG_INFINITY, 0.0)] {
            assert_eq!(DOUBLE.exp([x])[0], exact);
        }
    }

    /// What is no number, and which of two equal ones, is the same too.
    #[test]
    fn the_processor_s_own_registers_agree_with_single_numbers() {
        struct All;
        impl pulp::WithSimd for All {
            type Output = Vec<u64>;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Vec<u64> {
                let lanes = Doubles::<S, WIDE>(simd);
                let mut x: Vec<f64> = (0..64).map(|i| -f64::from(i) * 0.77).collect();
                (x[3], x[17], x[40]) = (f64::NAN, f64::NEG_INFINITY, -1e9);
                let y: Vec<f64> = (0..64).map(|i| f64::from((i * 37) % 64) - 50.0).collect();
                let mut out = vec![0.0; 64];
                let mut bits = Vec::new();
                for op in 0..6 {
                    for from in (0..64).step_by(Doubles::<S, WIDE>::WIDTH) {
                        let (a, b) = (lanes.load(&x[from..]), lanes.load(&y[from..]));
                        let found = match op {
                            0 => lanes.exp(a),
                            1 => lanes.exp_about(a),
                            2 => lanes.max(a, b),
                            3 => lanes.max(b, a),
                            4 => lanes.fma(a, b, lanes.if_greater(a, b, b, a)),
                            _ => lanes.ln_1p(lanes.exp(a)),
                        };
                        lanes.store(found, &mut out[from..]);
                    }
                    bits.extend(out.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }));
                }
                bits
            }
        }
        let own = pulp::Arch::new().dispatch(All);
        assert_eq!(own, pulp::WithSimd::with_simd(All, pulp::Scalar));
    }
}

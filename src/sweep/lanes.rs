//! Arithmetic written once, for one number and for a register full of them.
//!
//! Lanes are never mixed and every product-and-sum is fused, so each input's numbers are the same
//! bits whatever the width of the register: one input, AVX2, AVX-512 or none of them.

use super::powers::{exp, exp_about, ln_1p, select};
use crate::lens::Precision;
use pulp::{Simd, bytemuck};

/// A way to compute: with single numbers, or with as many as a register holds.
pub(super) trait Lanes: Copy {
    /// One number.
    type T: Precision + Send + Sync + 'static;
    /// `WIDTH` of them.
    type V: Copy;
    /// Numbers side by side.
    const WIDTH: usize;
    /// Sums of so many that the registers have room for at once.
    const COLUMNS: usize;

    /// The nearest number.
    fn number(x: f64) -> Self::T;
    /// The same number everywhere.
    fn splat(self, x: Self::T) -> Self::V;
    /// The first numbers of a slice, which has enough.
    fn load(self, from: &[Self::T]) -> Self::V;
    /// Into the first places of a slice, which has enough.
    fn store(self, x: Self::V, to: &mut [Self::T]);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// Where `a > b` the third, else the fourth.
    fn if_greater(self, a: Self::V, b: Self::V, then: Self::V, other: Self::V) -> Self::V;
    /// Whether every lane is greater than this number; not where one is no number.
    fn all_above(self, x: Self::V, bound: Self::T) -> bool;
    /// `x` with one lane taken from another.
    fn with_lane(self, x: Self::V, lane: usize, from: Self::V) -> Self::V;
    /// `e^x` for `x <= 0`.
    fn exp(self, x: Self::V) -> Self::V;
    /// `e^x` for `x <= 0`, wrong by at most a hundred-thousandth of itself; never quite 0.
    fn exp_about(self, x: Self::V) -> Self::V;
    /// `ln(1 + x)` for `x >= 0`, with all its digits where `x` is small.
    fn ln_1p(self, x: Self::V) -> Self::V;

    /// Zero everywhere.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(Self::number(0.0))
    }
}

/// Registers that are worked on at once, so that what is the same for all inputs is fetched once for
/// many of them and sums need not wait for each other: 50 elements are 7 of AVX2,
pub(super) const MANY: usize = 7;
/// and 4 of AVX-512.
pub(super) const FEW: usize = 4;
/// Numbers that the widest registers may hold behind the last element.
pub(super) const SLACK: usize = FEW * 16;

/// How many registers, `lanes` wide, to work on next.
pub(super) fn at_once(left: usize, lanes: usize) -> usize {
    if left > FEW * lanes { MANY } else { FEW }
}

/// Which numbers of registers are worked with.
pub(super) struct Used {
    pub many: bool,
    pub few: bool,
}

/// What so many inputs need of registers `lanes` wide.
pub(super) fn used(inputs: usize, lanes: usize) -> Used {
    let (mut first, mut used) = (
        0,
        Used {
            many: false,
            few: false,
        },
    );
    while first < inputs {
        let registers = at_once(inputs - first, lanes);
        used.many |= registers == MANY;
        used.few |= registers == FEW;
        first += registers * lanes;
    }
    used
}

/// How many numbers registers of any width hold when so many inputs are in them.
pub(super) fn padded(inputs: usize) -> usize {
    let padded = |lanes: usize| {
        let mut first = 0;
        while first < inputs {
            first += at_once(inputs - first, lanes) * lanes;
        }
        first
    };
    [1, 2, 4, 8, 16].map(padded).into_iter().fold(0, usize::max)
}

/// Single precision, in `N` registers of the processor at once.
#[derive(Clone, Copy)]
pub(super) struct Single<S: Simd, const N: usize>(pub S);

/// One number in single precision.
pub(super) type One = Single<pulp::Scalar, 1>;

/// The only one there is.
pub(super) const ONE: One = Single(pulp::Scalar);

/// The lanes' numbers.
const LANES: [f32; 16] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0,
];
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

impl<S: Simd, const N: usize> Lanes for Single<S, N> {
    type T = f32;
    type V = [S::f32s; N];
    const WIDTH: usize = S::F32_LANES * N;
    // AVX-512 has 32 registers, all others 16; single numbers have one each
    const COLUMNS: usize = match (S::F32_LANES, N) {
        (_, 1) => 8,
        (16, FEW) => 6,
        (_, FEW) => 2,
        _ => 1,
    };

    #[inline(always)]
    fn number(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [self.0.splat_f32s(x); N]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        let from = &S::as_simd_f32s(from).0[..N];
        each!(i => from[i])
    }
    #[inline(always)]
    fn store(self, x: Self::V, to: &mut [f32]) {
        let to = &mut S::as_mut_simd_f32s(to).0[..N];
        for (to, x) in to.iter_mut().zip(x) {
            *to = x;
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.add_f32s(a[i], b[i]))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.sub_f32s(a[i], b[i]))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.mul_f32s(a[i], b[i]))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.div_f32s(a[i], b[i]))
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each!(i => self.0.mul_add_f32s(a[i], b[i], c[i]))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each!(i => self.0.max_f32s(a[i], b[i]))
    }
    #[inline(always)]
    fn if_greater(self, a: Self::V, b: Self::V, then: Self::V, other: Self::V) -> Self::V {
        each!(i => select(self.0, self.0.greater_than_f32s(a[i], b[i]), then[i], other[i]))
    }
    #[inline(always)]
    fn all_above(self, x: Self::V, bound: f32) -> bool {
        let mut least = self.0.splat_f32s(1.0);
        for x in x {
            let above = self.0.greater_than_f32s(x, self.0.splat_f32s(bound));
            least = select(self.0, above, least, self.0.splat_f32s(0.0));
        }
        self.0.reduce_min_f32s(least) > 0.0
    }
    #[inline(always)]
    fn with_lane(self, mut x: Self::V, lane: usize, from: Self::V) -> Self::V {
        let (register, lane) = (lane / S::F32_LANES, lane % S::F32_LANES);
        let lanes = S::as_simd_f32s(&LANES).0[0];
        let here = self.0.equal_f32s(lanes, self.0.splat_f32s(lane as f32));
        x[register] = select(self.0, here, from[register], x[register]);
        x
    }
    #[inline(always)]
    fn exp(self, x: Self::V) -> Self::V {
        each!(i => exp(self.0, x[i]))
    }
    #[inline(always)]
    fn exp_about(self, x: Self::V) -> Self::V {
        each!(i => exp_about(self.0, x[i]))
    }
    #[inline(always)]
    fn ln_1p(self, x: Self::V) -> Self::V {
        each!(i => ln_1p(self.0, x[i]))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use pulp::Scalar256b;

    #[test]
    fn exp_is_near_the_library_s_and_the_same_at_every_width() {
        let (one, eight) = (ONE, Single::<_, 1>(Scalar256b));
        for step in 0..40_000 {
            let x = -(step as f32) / 1000.0;
            let found = one.exp([x])[0];
            let error = (f64::from(found) / f64::from(x).exp() - 1.0).abs();
            assert!(error < 3e-7, "exp({x}) is {found}");
            let mut wide = [0.0; 8];
            eight.store(eight.exp(eight.splat(x)), &mut wide);
            assert!(wide.iter().all(|w| w.to_bits() == found.to_bits()));
        }
        assert_eq!(one.exp([-40.1])[0], 0.0);
        assert_eq!(one.exp([f32::NEG_INFINITY])[0], 0.0);
    }

    #[test]
    fn exp_about_is_within_a_hundred_thousandth_and_the_same_at_every_width() {
        let (one, eight) = (ONE, Single::<_, 1>(Scalar256b));
        for step in 0..80_000 {
            let x = -(step as f32) / 1000.0;
            let found = one.exp_about([x])[0];
            let error = (f64::from(found) / f64::from(x).exp() - 1.0).abs();
            assert!(error < 1e-5, "exp({x}) is {found}");
            let mut wide = [0.0; 8];
            eight.store(eight.exp_about(eight.splat(x)), &mut wide);
            assert!(wide.iter().all(|w| w.to_bits() == found.to_bits()));
        }
        for x in [-1e9, f32::NEG_INFINITY] {
            let found = one.exp_about([x])[0];
            assert!((0.0..1e-36).contains(&found), "exp({x}) is {found}");
        }
    }

    #[test]
    fn ln_1p_keeps_its_digits() {
        let one = |x: f32| ONE.ln_1p([x])[0];
        for step in 0..40_000 {
            let x = 1e-12 * 1.0009_f32.powi(step);
            if x > 1e3 {
                break;
            }
            let (found, exact) = (f64::from(one(x)), f64::from(x).ln_1p());
            assert!((found / exact - 1.0).abs() < 4e-7, "ln(1 + {x}) is {found}");
        }
        assert_eq!(one(0.0), 0.0);
    }

    #[test]
    fn the_processor_s_own_registers_agree_with_single_numbers() {
        struct Sum;
        impl pulp::WithSimd for Sum {
            type Output = Vec<f32>;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
                let lanes = Single::<S, 2>(simd);
                let x: Vec<f32> = (0..64).map(|i| -(i as f32) * 0.77).collect();
                let mut out = vec![0.0; 64];
                for from in (0..64).step_by(Single::<S, 2>::WIDTH) {
                    let v = lanes.load(&x[from..]);
                    let v = lanes.fma(lanes.exp(v), lanes.splat(3.3), v);
                    lanes.store(v, &mut out[from..]);
                }
                out
            }
        }
        let wide = pulp::Arch::new().dispatch(Sum);
        let one = pulp::WithSimd::with_simd(Sum, pulp::Scalar);
        let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&wide), bits(&one));
        assert!(wide.iter().copied().reduce(f32::max).unwrap() > 3.0);
    }
}

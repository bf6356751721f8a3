//! Powers and logarithms in registers, and the choice between two numbers.

use pulp::{Simd, bytemuck};

/// `e^f - 1 - f` over `f^2` for `|f| <= ln 2 / 2`, largest power first: Cephes' `expf`.
const EXP: [f32; 6] = [
    1.987_569_1e-4,
    1.398_2e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    5e-1,
];
/// `2^f` for `|f| <= 1/2` within 3e-6 of itself, largest power first: a least-maximum fit.
const EXP_ABOUT: [f32; 5] = [
    9.570_101e-3,
    5.591_786e-2,
    2.402_474_4e-1,
    6.931_218e-1,
    9.999_993e-1,
];
/// Added to a number it leaves the nearest whole one in the lowest bits: 1.5 * 2^23.
const TO_WHOLE: f32 = 12_582_912.0;
/// ln 2 in two parts; a small whole number times the first is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// `(ln(1 + f) - f + f^2 / 2) / f^3` for `1 + f` between the roots of 1/2 and 2: Cephes' `logf`.
const LN: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_7e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    0.333_333_3,
];
/// Below this `e^x` counts as 0: beside 1 it is far less than single precision can see, and products
/// of smaller numbers leave the normal range, where a processor is slow.
const LEAST: f32 = -40.0;
/// The least power of two that [`exp_about`] comes to.
const LEAST_ABOUT: f32 = -120.0;

// pulp's own functions of these names are not always inlined, and a call costs more than they do

#[inline(always)]
fn bits_of<S: Simd>(x: S::f32s) -> S::u32s {
    bytemuck::cast(x)
}

#[inline(always)]
fn of_bits<S: Simd>(x: S::u32s) -> S::f32s {
    bytemuck::cast(x)
}

#[inline(always)]
pub(super) fn select<S: Simd>(simd: S, mask: S::m32s, then: S::f32s, other: S::f32s) -> S::f32s {
    let (then, other) = (bits_of::<S>(then), bits_of::<S>(other));
    of_bits::<S>(simd.select_u32s(mask, then, other))
}

#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let at = |x: f32| simd.splat_f32s(x);
    let counts = simd.greater_than_f32s(x, at(LEAST));
    let x = simd.max_f32s(x, at(LEAST));
    let shifted = simd.mul_add_f32s(x, at(std::f32::consts::LOG2_E), at(TO_WHOLE));
    let whole = simd.sub_f32s(shifted, at(TO_WHOLE));
    let rest = simd.mul_add_f32s(whole, at(-LN_2[0]), x);
    let rest = simd.mul_add_f32s(whole, at(-LN_2[1]), rest);
    let mut sum = at(EXP[0]);
    for c in &EXP[1..] {
        sum = simd.mul_add_f32s(sum, rest, at(*c));
    }
    let above_one = simd.add_f32s(rest, at(1.0));
    let power = simd.mul_add_f32s(simd.mul_f32s(rest, rest), sum, above_one);
    let power = times_power_of_two(simd, power, shifted);
    select(simd, counts, power, at(0.0))
}

/// Times 2 to the whole number that stands in the lowest bits of `shifted`: it is added to the
/// exponent's bits.
#[inline(always)]
fn times_power_of_two<S: Simd>(simd: S, x: S::f32s, shifted: S::f32s) -> S::f32s {
    let exponent = simd.wrapping_dyn_shl_u32s(bits_of::<S>(shifted), simd.splat_u32s(23));
    of_bits::<S>(simd.add_u32s(bits_of::<S>(x), exponent))
}

#[inline(always)]
pub(super) fn exp_about<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let at = |x: f32| simd.splat_f32s(x);
    let x = simd.mul_f32s(x, at(std::f32::consts::LOG2_E));
    let x = simd.max_f32s(x, at(LEAST_ABOUT));
    let shifted = simd.add_f32s(x, at(TO_WHOLE));
    let rest = simd.sub_f32s(x, simd.sub_f32s(shifted, at(TO_WHOLE)));
    let mut sum = at(EXP_ABOUT[0]);
    for c in &EXP_ABOUT[1..] {
        sum = simd.mul_add_f32s(sum, rest, at(*c));
    }
    times_power_of_two(simd, sum, shifted)
}

#[inline(always)]
pub(super) fn ln_1p<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let at = |x: f32| simd.splat_f32s(x);
    let bits = |x: u32| simd.splat_u32s(x);
    let y = simd.add_f32s(x, at(1.0));
    // y = m * 2^e; the exponent's bits below those of 2^23 are that number plus e
    let word = bits_of::<S>(y);
    let e = simd.wrapping_dyn_shr_u32s(word, bits(23));
    let e = of_bits::<S>(simd.or_u32s(e, bits(0x4b00_0000)));
    let e = simd.sub_f32s(e, at(8_388_608.0 + 127.0));
    let m = simd.and_u32s(word, bits(0x007f_ffff));
    let m = of_bits::<S>(simd.or_u32s(m, bits(0x3f80_0000)));
    let large = simd.greater_than_f32s(m, at(std::f32::consts::SQRT_2));
    let e = select(simd, large, simd.add_f32s(e, at(1.0)), e);
    let m = select(simd, large, simd.mul_f32s(m, at(0.5)), m);
    let f = simd.sub_f32s(m, at(1.0));
    let mut sum = at(LN[0]);
    for c in &LN[1..] {
        sum = simd.mul_add_f32s(sum, f, at(*c));
    }
    let square = simd.mul_f32s(f, f);
    let cube = simd.mul_f32s(simd.mul_f32s(sum, f), square);
    let tail = simd.mul_add_f32s(e, at(LN_2[1]), cube);
    let tail = simd.mul_add_f32s(square, at(-0.5), tail);
    let ln = simd.mul_add_f32s(e, at(LN_2[0]), simd.add_f32s(f, tail));
    // what 1 + x lost in rounding
    let lost = simd.sub_f32s(x, simd.sub_f32s(y, at(1.0)));
    simd.add_f32s(ln, simd.div_f32s(lost, y))
}

/// Below this `e^x` counts as 0 in double precision: smaller numbers leave the normal range.
const LEAST_F64: f64 = -700.0;
/// ln 2 in two parts; a whole number below 2^11 times the first is exact.
const LN_2_F64: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
/// Added to a number it leaves the nearest whole one in the lowest bits: 1.5 * 2^52.
const TO_WHOLE_F64: f64 = 6_755_399_441_055_744.0;

/// `1 / k!`, largest `k` first, down to 0.
const FACTORIALS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

#[inline(always)]
pub(super) fn select_f64<S: Simd>(
    simd: S,
    mask: S::m64s,
    then: S::f64s,
    other: S::f64s,
) -> S::f64s {
    let (then, other) = (bytemuck::cast(then), bytemuck::cast(other));
    bytemuck::cast(simd.select_u64s(mask, then, other))
}

/// `e^x` for `x <= 0` in double precision; where it need not be exact, within 6e-9 of itself. A Taylor series over
/// `|f| <= ln 2 / 2`, whose first term left out is 4e-18.
#[inline(always)]
pub(super) fn exp_f64<S: Simd, const EXACT: bool>(simd: S, x: S::f64s) -> S::f64s {
    let at = |x: f64| simd.splat_f64s(x);
    let inside = simd.greater_than_f64s(x, at(LEAST_F64));
    let x = select_f64(simd, inside, x, at(LEAST_F64));
    let shifted = simd.add_f64s(
        simd.mul_f64s(x, at(std::f64::consts::LOG2_E)),
        at(TO_WHOLE_F64),
    );
    let whole = simd.sub_f64s(shifted, at(TO_WHOLE_F64));
    let rest = simd.sub_f64s(x, simd.mul_f64s(whole, at(LN_2_F64[0])));
    let rest = simd.sub_f64s(rest, simd.mul_f64s(whole, at(LN_2_F64[1])));
    let series = if EXACT {
        &FACTORIALS[..]
    } else {
        &FACTORIALS[6..]
    };
    let mut sum = at(0.0);
    for &term in series {
        sum = simd.add_f64s(simd.mul_f64s(sum, rest), at(term));
    }
    // the whole number is in the lowest bits of what was shifted: added to the exponent's, 52 places up
    let up = simd.mul_u64s(bytemuck::cast(shifted), simd.splat_u64s(1 << 52));
    let scaled = simd.add_u64s(bytemuck::cast(sum), up);
    select_f64(simd, inside, bytemuck::cast(scaled), at(0.0))
}

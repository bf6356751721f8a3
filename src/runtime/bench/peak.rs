//! What the processor can do at best: multiply-adds in registers, nothing fetched, nothing waited for.

use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;
use std::time::Instant;

/// Sums that do not wait for each other: a multiply-add takes 4 or 5 steps, and two begin in each.
const SUMS: usize = 12;
/// Multiply-adds to each: some milliseconds.
const ROUNDS: usize = 1 << 21;
/// The best of so many counts: nothing makes a processor faster than it is, much makes it slower.
const TRIES: usize = 8;

/// Single precision multiply-adds on all threads of the pool at once, in 10^9 operations a second;
/// a multiply-add is two.
pub(super) fn peak_gflops() -> f64 {
    let once = || {
        let began = Instant::now();
        let done: usize = rayon::broadcast(|_| Arch::new().dispatch(MultiplyAdds))
            .iter()
            .sum();
        2.0 * done as f64 / began.elapsed().as_secs_f64() / 1e9
    };
    (0..TRIES).map(|_| once()).fold(0.0, f64::max)
}

/// The loop, in whatever registers the processor has; how many multiply-adds it did.
struct MultiplyAdds;

impl WithSimd for MultiplyAdds {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let at = |x: f32| simd.splat_f32s(black_box(x));
        // the sums stay near 1: numbers outside the normal range would be slow
        let (factor, term) = (at(0.5), at(0.5));
        let mut sums = [at(1.0); SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, term);
            }
        }
        for sum in sums {
            black_box(simd.reduce_sum_f32s(sum));
        }
        SUMS * ROUNDS * S::F32_LANES
    }
}

//! What a share of a sample says of the share among all.

/// How large the share among all is at least, at 95 %, where `k` of `n` that were drawn are so: the share of which as many
/// or more would be drawn in one sample of twenty (Clopper and Pearson 1934).
#[must_use]
pub fn least_share(k: u64, n: u64) -> f64 {
    if k == 0 || n == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, k.min(n) as f64 / n as f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        match at_least(k.min(n), n, middle) < 0.05 {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// How likely `k` of `n` or more are drawn where the share among all is `p`, which is not above `k / n`.
fn at_least(k: u64, n: u64, p: f64) -> f64 {
    let (of, all) = (k as f64, n as f64);
    if p <= 0.0 {
        return 0.0;
    }
    let choose = ln_gamma(all + 1.0) - ln_gamma(of + 1.0) - ln_gamma(all - of + 1.0);
    let mut term = (choose + of * p.ln() + (all - of) * (-p).ln_1p()).exp();
    let mut sum = 0.0;
    for i in k..=n {
        sum += term;
        let i = i as f64;
        term *= (all - i) / (i + 1.0) * p / (1.0 - p);
        // from here on the terms only shrink
        if term < 1e-16 * sum {
            break;
        }
    }
    sum
}

/// The logarithm of the gamma function of a number from 1 on, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut x = x;
    while x < 16.0 {
        shift += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tables of the exact interval.
    #[test]
    fn a_share_of_a_sample_bounds_the_share_among_all() {
        for (k, n, bound) in [
            (0, 10, 0.0),
            (1, 1, 0.05),
            (10, 10, 0.741_134),
            (94, 94, 0.968_633),
            (1, 19, 0.002_696),
            (5, 10, 0.222_441),
            (95, 100, 0.897_747),
            (999_000, 1_000_000, 0.998_946),
        ] {
            let found = least_share(k, n);
            assert!((found - bound).abs() < 2e-6, "{k} of {n}: {found}");
        }
    }
}

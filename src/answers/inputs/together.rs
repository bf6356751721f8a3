//! Several numbers of each input together: their means and the products around these, as inputs come in (Welford).

/// What is kept of the inputs so far.
#[derive(Clone)]
pub(super) struct Together {
    /// How many inputs.
    pub n: u64,
    pub means: Vec<f64>,
    /// Row-major.
    products: Vec<f64>,
    /// How far the last input was from the means before it, kept for its room.
    off: Vec<f64>,
}

impl Together {
    /// Of so many numbers.
    pub fn new(width: usize) -> Self {
        Self {
            n: 0,
            means: vec![0.0; width],
            products: vec![0.0; width * width],
            off: vec![0.0; width],
        }
    }

    /// The sum of the products of two of the numbers, each less its mean.
    pub fn product(&self, i: usize, j: usize) -> f64 {
        self.products[i * self.means.len() + j]
    }

    /// Adds an input's numbers.
    pub fn add(&mut self, row: &[f64]) {
        self.n += 1;
        let n = self.n as f64;
        for ((off, mean), x) in self.off.iter_mut().zip(&mut self.means).zip(row) {
            *off = x - *mean;
            *mean += *off / n;
        }
        let after = row.iter().zip(&self.means).map(|(x, mean)| x - mean);
        for (after, products) in after.zip(self.products.chunks_exact_mut(row.len())) {
            for (product, off) in products.iter_mut().zip(&self.off) {
                *product += after * off;
            }
        }
    }

    /// Adds others, of inputs that come later.
    pub fn join(&mut self, later: &Self) {
        if later.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, later.n as f64);
        let pairs = later.means.iter().zip(&self.means);
        let off: Vec<f64> = pairs.map(|(later, own)| later - own).collect();
        let width = off.len();
        for i in 0..width {
            for j in 0..width {
                let at = i * width + j;
                self.products[at] += later.products[at] + off[i] * off[j] * a * b / (a + b);
            }
        }
        for (mean, off) in self.means.iter_mut().zip(&off) {
            *mean += off * b / (a + b);
        }
        self.n += later.n;
    }
}

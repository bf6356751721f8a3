//! Mean and spread of one number, as its values come in (Welford), without loss of digits.

/// What is kept of the values so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    /// Values that are numbers.
    pub n: u64,
    mean: f64,
    /// The sum of squares around the mean.
    squares: f64,
}

impl Moments {
    /// Adds a value; one that is no number does not count.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value - self.mean);
    }

    /// Adds others, which came later.
    pub fn join(&mut self, later: &Self) {
        if later.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, later.n as f64);
        let off = later.mean - self.mean;
        self.n += later.n;
        self.mean += off * b / (a + b);
        self.squares += later.squares + off * off * a * b / (a + b);
    }

    /// No number where there is none.
    pub fn mean(&self) -> f64 {
        if self.n == 0 { f64::NAN } else { self.mean }
    }

    /// The standard deviation of the values themselves, as they are all there are.
    pub fn spread(&self) -> f64 {
        (self.squares / self.n as f64).sqrt()
    }

    /// The standard deviation that a sample tells of all there are; no number of fewer than two.
    pub fn std(&self) -> f64 {
        match self.n {
            0 | 1 => f64::NAN,
            n => (self.squares / (n as f64 - 1.0)).sqrt(),
        }
    }

    /// How far the mean of others may be from this sample's.
    pub fn standard_error(&self) -> f64 {
        self.std() / (self.n as f64).sqrt()
    }
}

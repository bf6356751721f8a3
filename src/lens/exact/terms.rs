//! Sums of labelled vectors, position by position: what a trace of a run is made of.

use crate::lens::numbers::algebra::Matrix;
use std::collections::BTreeMap;

/// For each family of vectors (by its number in the trace) how much of each of them stands where,
/// `[pos, vector]`. A family has as many vectors as there are positions.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    all: BTreeMap<usize, Matrix>,
}

impl Terms {
    /// One family.
    pub fn of(family: usize, weights: Matrix) -> Self {
        Self {
            all: BTreeMap::from([(family, weights)]),
        }
    }

    /// The families and their weights.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Matrix)> {
        self.all.iter().map(|(&family, weights)| (family, weights))
    }

    /// Adds so much of a family.
    pub fn push(&mut self, family: usize, weights: Matrix) {
        match self.all.get_mut(&family) {
            Some(sum) => *sum += weights,
            None => {
                self.all.insert(family, weights);
            }
        }
    }

    /// Adds all of another sum.
    pub fn add(&mut self, other: &Self) {
        for (family, weights) in other.iter() {
            self.push(family, weights.clone());
        }
    }

    /// Adds a multiple of another sum at one position.
    pub fn add_at(&mut self, pos: usize, other: &Self, factor: f64) {
        for (family, weights) in other.iter() {
            let empty = || Matrix::zeros(weights.nrows(), weights.ncols());
            let sum = self.all.entry(family).or_insert_with(empty);
            for j in 0..weights.ncols() {
                sum[(pos, j)] += weights[(pos, j)] * factor;
            }
        }
    }

    /// Multiplies everything at one position.
    pub fn scale_at(&mut self, pos: usize, factor: f64) {
        for weights in self.all.values_mut() {
            for j in 0..weights.ncols() {
                weights[(pos, j)] *= factor;
            }
        }
    }

    /// Puts another sum in the place of what stands at one position.
    pub fn replace_at(&mut self, pos: usize, other: &Self) {
        self.clear_at(pos);
        self.add_at(pos, other, 1.0);
    }

    /// Takes everything away at one position, even what is no number.
    pub fn clear_at(&mut self, pos: usize) {
        for weights in self.all.values_mut() {
            for j in 0..weights.ncols() {
                weights[(pos, j)] = 0.0;
            }
        }
    }

    /// What stands at these positions, taken out.
    pub fn split_off(&mut self, positions: &[usize]) -> Self {
        let mut out = Self::default();
        for &pos in positions {
            out.add_at(pos, self, 1.0);
        }
        for &pos in positions {
            self.clear_at(pos);
        }
        out
    }
}

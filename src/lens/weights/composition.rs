//! How much heads compose: how well what one writes fits what another reads.

use super::circuit::{Weight, weight_factors};
use super::matrices::Matrices;
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{Matrix, product_norm};
use crate::task::standard_normal;
use anyhow::{Result, ensure};
use rand_mt::Mt;
use serde::Serialize;

/// Composition scores of two heads, `|A B| / (|A| |B|)` in Frobenius norms (Elhage et al. 2021).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Composition {
    /// The earlier head's output as the later head's query.
    #[serde(rename = "Q")]
    pub q: f64,
    /// As its key.
    #[serde(rename = "K")]
    pub k: f64,
    /// As its value.
    #[serde(rename = "V")]
    pub v: f64,
}

/// How much random weights compose: draws of two heads with standard normal entries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// Seeds the draws.
    pub seed: u32,
    /// How many.
    pub draws: usize,
    /// The mean score over the draws.
    pub mean: f64,
    /// Their standard deviation.
    pub std: f64,
}

/// `|a b c d| / (|a b| |c d|)` for factors of the inner size.
fn composed([a, b, c, d]: [&Matrix; 4]) -> f64 {
    let one = Matrix::identity(b.nrows(), b.nrows());
    product_norm(a, &(b * c), d) / (product_norm(a, &one, b) * product_norm(c, &one, d))
}

/// The composition scores of an earlier and a later head.
///
/// # Errors
/// When the heads are not of increasing layers.
pub fn composition(weights: &Matrices, earlier: HeadName, later: HeadName) -> Result<Composition> {
    ensure!(
        earlier.layer < later.layer,
        "head {earlier} is not in a layer before {later}"
    );
    let (v, o) = weight_factors(weights, earlier, Weight::Ov);
    let (query, key) = weight_factors(weights, later, Weight::Qk);
    let (value, output) = weight_factors(weights, later, Weight::Ov);
    let (key_t, query_t) = (key.transpose().to_owned(), query.transpose().to_owned());
    Ok(Composition {
        q: composed([&v, &o, &query, &key]),
        k: composed([&v, &o, &key_t, &query_t]),
        v: composed([&v, &o, &value, &output]),
    })
}

/// The composition score of random heads of the model's shape: what no composition looks like.
#[must_use]
pub fn composition_baseline(weights: &Matrices, seed: u32, draws: usize) -> Baseline {
    let (d, e) = (weights.config().d_model, weights.config().d_head);
    let mut rng = Mt::new(seed);
    let mut normal = |rows, cols| Matrix::from_fn(rows, cols, |_, _| standard_normal(&mut rng));
    let scores: Vec<f64> = (0..draws.max(1))
        .map(|_| {
            let [a, b, c, d] = [normal(d, e), normal(e, d), normal(d, e), normal(e, d)];
            composed([&a, &b, &c, &d])
        })
        .collect();
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    Baseline {
        seed,
        draws: scores.len(),
        mean,
        std: variance.sqrt(),
    }
}

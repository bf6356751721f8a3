//! What of a block is no head: norms and MLPs, in f64.

use super::named::Named;
use crate::lens::numbers::algebra::Matrix;
use crate::model::Config;
use crate::model::config::Normalization;
use anyhow::Result;

/// A norm: what it makes of a row is linear but for the number that it divides by.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    kind: Normalization,
    eps: f64,
    /// `[1, d_model]`
    w: Option<Matrix>,
    /// `[1, d_model]`
    pub b: Option<Matrix>,
}

impl Norm {
    pub(crate) fn new(
        named: &Named<'_>,
        name: &str,
        kind: Normalization,
        config: &Config,
    ) -> Result<Option<Self>> {
        if kind == Normalization::None || config.is_bare() {
            return Ok(None);
        }
        Ok(Some(Self {
            kind,
            eps: config.eps,
            w: named.find(&format!("{name}.w"))?,
            b: named.find(&format!("{name}.b"))?,
        }))
    }

    /// Whether it takes the mean away first; its hook point then stands behind its weight.
    pub fn centres(&self) -> bool {
        self.kind.centres()
    }

    /// What each row of a stream `[pos, d_model]` is divided by.
    pub fn scale(&self, x: &Matrix) -> Vec<f64> {
        let x = self.centred(x);
        let width = x.ncols() as f64;
        let variance = |pos: usize| x.row(pos).squared_norm_l2() / width;
        (0..x.nrows())
            .map(|pos| (variance(pos) + self.eps).sqrt())
            .collect()
    }

    /// Rows without their mean, where it is taken away.
    pub fn centred(&self, rows: &Matrix) -> Matrix {
        if !self.centres() {
            return rows.clone();
        }
        let width = rows.ncols() as f64;
        let mean = |i: usize| (0..rows.ncols()).map(|j| rows[(i, j)]).sum::<f64>() / width;
        let means: Vec<f64> = (0..rows.nrows()).map(mean).collect();
        Matrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - means[i])
    }

    /// Rows times its weight.
    pub fn weighted(&self, rows: Matrix) -> Matrix {
        match &self.w {
            Some(w) => Matrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] * w[(0, j)]),
            None => rows,
        }
    }

    /// All that it does to rows but for its scale and its bias.
    pub fn folded(&self, rows: &Matrix) -> Matrix {
        self.weighted(self.centred(rows))
    }

    /// What reads behind it, `[d_model, ..]`, as it reads the stream before it, but for its scale.
    pub fn before(&self, reader: &Matrix) -> Matrix {
        let (rows, columns) = (reader.nrows(), reader.ncols());
        let weight = |i: usize| self.w.as_ref().map_or(1.0, |w| w[(0, i)]);
        let read = Matrix::from_fn(rows, columns, |i, j| weight(i) * reader[(i, j)]);
        // taking the mean away is the same from either side
        self.centred(&read.transpose().to_owned())
            .transpose()
            .to_owned()
    }
}

/// A block's MLP; of the bare model all there is.
#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    /// The norm before it.
    pub norm: Option<Norm>,
    /// `[d_model, d_mlp]`
    pub w_in: Matrix,
    /// `[d_model, d_mlp]`: what is activated, where that is not `w_in`.
    pub w_gate: Option<Matrix>,
    /// `[1, d_mlp]`
    pub b_in: Matrix,
    /// `[d_mlp, d_model]`; of the bare model, whose neurons are what it unembeds, `None`.
    pub w_out: Option<Matrix>,
    /// `[1, d_model]`
    pub b_out: Matrix,
}

impl Mlp {
    pub(crate) fn all(named: &Named<'_>, config: &Config) -> Result<Vec<Self>> {
        let Some(mlp) = config.mlp else {
            return Ok(Vec::new());
        };
        if config.is_bare() {
            return Ok(vec![Self {
                norm: None,
                w_in: named.whole("W_in")?,
                w_gate: None,
                b_in: Matrix::zeros(1, mlp.d_mlp),
                w_out: None,
                b_out: Matrix::zeros(1, mlp.d_mlp),
            }]);
        }
        let of_layer = |layer: usize| {
            let part = |name: &str| format!("blocks.{layer}.mlp.{name}");
            let norm = format!("blocks.{layer}.ln2");
            Ok(Self {
                norm: Norm::new(named, &norm, config.normalization, config)?,
                w_in: named.whole(&part("W_in"))?,
                w_gate: named.find(&part("W_gate"))?,
                b_in: named.whole(&part("b_in"))?,
                w_out: Some(named.whole(&part("W_out"))?),
                b_out: named.whole(&part("b_out"))?,
            })
        };
        (0..config.n_layers).map(of_layer).collect()
    }
}

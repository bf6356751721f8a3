//! Named directions of the residual stream: rows and columns of the weights that read or write it.

use super::matrices::Matrices;
use crate::lens::names::head::HeadName;
use crate::lens::numbers::algebra::{Matrix, product_svd};
use crate::model::Config;
use crate::task::{Task, shown};
use anyhow::{Result, bail, ensure};
use std::ops::Range;

/// A family of directions, `d_model` long each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directions {
    /// `W_E`: the embeddings of tokens.
    Tokens,
    /// `W_pos`: the embeddings of positions.
    Positions,
    /// `W_U`: what each class's logit reads.
    Classes,
    /// `W_in.L`: what each neuron of a layer reads.
    NeuronsIn(usize),
    /// `W_out.L`: what each neuron of a layer writes.
    NeuronsOut(usize),
    /// `W_V.L.H`: what a head reads for its values.
    Reads(HeadName),
    /// `W_O.L.H`: what a head writes.
    Writes(HeadName),
    /// `W_O.L`: what all heads of a layer write.
    Output(usize),
    /// `ov.L.H`: what a head makes of each token that it looks at, `W_E W_V W_O`.
    Moved(HeadName),
    /// `OV.L.H.U` and the like: singular vectors of a head's circuit, by falling singular value.
    Singular(HeadName, Singular),
}

/// Singular vectors of `W_V W_O` or of `W_Q W_K^T`, as TransformerLens's `OV` and `QK` have them; each may
/// stand the other way round, both sides together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singular {
    /// `OV.L.H.U`: what its values read.
    OvReads,
    /// `OV.L.H.V`: what is written for it.
    OvWrites,
    /// `QK.L.H.U`: what its queries read.
    QkQueries,
    /// `QK.L.H.V`: what its keys read.
    QkKeys,
}

impl Singular {
    const ALL: [Self; 4] = [Self::OvReads, Self::OvWrites, Self::QkQueries, Self::QkKeys];

    fn name(self, HeadName { layer, head }: HeadName) -> String {
        let (circuit, side) = match self {
            Self::OvReads => ("OV", "U"),
            Self::OvWrites => ("OV", "V"),
            Self::QkQueries => ("QK", "U"),
            Self::QkKeys => ("QK", "V"),
        };
        format!("{circuit}.{layer}.{head}.{side}")
    }

    /// One a row, `[d_head, d_model]`, or fewer where the head has no more.
    fn rows(self, weights: &Matrices, head: HeadName) -> Result<Matrix> {
        let head = weights.head(head);
        let across = |m: &Matrix| m.transpose().to_owned();
        let found = match self {
            Self::OvReads => product_svd(&head.w_v, &head.w_o),
            Self::OvWrites => product_svd(&across(&head.w_o), &across(&head.w_v)),
            Self::QkQueries => product_svd(&head.w_q, &across(&head.w_k)),
            Self::QkKeys => product_svd(&head.w_k, &across(&head.w_q)),
        };
        Ok(across(&found?.u))
    }
}

impl Directions {
    /// All that a model has.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let mut all = vec![Self::Tokens];
        all.extend(config.has_w_pos().then_some(Self::Positions));
        let wide = !config.is_bare();
        all.extend(wide.then_some(Self::Classes));
        for layer in (0..config.n_layers.max(1)).filter(|_| config.mlp.is_some()) {
            all.push(Self::NeuronsIn(layer));
            all.extend(wide.then_some(Self::NeuronsOut(layer)));
        }
        all.extend(
            (0..config.n_layers)
                .filter(|_| config.n_heads > 1)
                .map(Self::Output),
        );
        for head in HeadName::all(config) {
            all.extend([Self::Reads(head), Self::Writes(head), Self::Moved(head)]);
            all.extend(Singular::ALL.map(|side| Self::Singular(head, side)));
        }
        all
    }

    /// Its name: `W_E`, `W_out.0`, `ov.1.0`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Tokens => "W_E".into(),
            Self::Positions => "W_pos".into(),
            Self::Classes => "W_U".into(),
            Self::NeuronsIn(layer) => format!("W_in.{layer}"),
            Self::NeuronsOut(layer) => format!("W_out.{layer}"),
            Self::Reads(head) => format!("W_V.{}.{}", head.layer, head.head),
            Self::Writes(head) => format!("W_O.{}.{}", head.layer, head.head),
            Self::Output(layer) => format!("W_O.{layer}"),
            Self::Moved(head) => format!("ov.{}.{}", head.layer, head.head),
            Self::Singular(head, side) => side.name(head),
        }
    }

    /// The directions of this name.
    ///
    /// # Errors
    /// Lists the names that a model has.
    pub fn parse(name: &str, config: &Config) -> Result<Self> {
        let all = Self::all(config);
        let wanted = match name {
            "tokens" => "W_E",
            "positions" => "W_pos",
            other => other,
        };
        if let Some(found) = all.iter().find(|one| one.name() == wanted) {
            return Ok(*found);
        }
        let names: Vec<String> = all.iter().map(|one| one.name()).collect();
        if wanted == "W_pos" {
            bail!("this model has no W_pos; there are {}", names.join(" "));
        }
        bail!(
            "no directions '{}'; there are {}",
            shown(name),
            names.join(" ")
        )
    }

    /// The next family of a model, counted round.
    #[must_use]
    pub fn turned(self, config: &Config, by: isize) -> Self {
        let all = Self::all(config);
        let at = all.iter().position(|one| *one == self).unwrap_or(0) as isize;
        all[(at + by).rem_euclid(all.len() as isize) as usize]
    }

    /// Which row a word names that is not its label: as tokens, classes and positions are named elsewhere.
    #[must_use]
    pub fn other_name(self, word: &str, task: Task) -> Option<usize> {
        match self {
            Self::Tokens | Self::Moved(_) => task.vocabulary.named(word).map(|one| one as usize),
            Self::Classes => task.parse_class("token", word).ok().map(|one| one as usize),
            Self::Positions => task.position(word).ok(),
            _ => None,
        }
    }

    /// The directions' names, one a row.
    #[must_use]
    pub fn labels(self, config: &Config, task: Task) -> Vec<String> {
        let counted = |n: usize| (0..n).map(|i| i.to_string()).collect();
        match self {
            Self::Tokens | Self::Moved(_) => (0..config.d_vocab)
                .map(|token| task.token_name(token as u32))
                .collect(),
            Self::Classes => (0..config.d_vocab_out)
                .map(|class| task.class_name(class as u32))
                .collect(),
            // positions past the task's are never trained
            Self::Positions => task.labels(),
            Self::NeuronsIn(_) | Self::NeuronsOut(_) => {
                counted(config.mlp.map_or(0, |mlp| mlp.d_mlp))
            }
            Self::Reads(_) | Self::Writes(_) => counted(config.d_head),
            Self::Singular(..) => counted(config.d_head.min(config.d_model)),
            Self::Output(_) => counted(config.d_head * config.n_heads),
        }
    }

    /// The directions, one a row: `[directions, d_model]`.
    ///
    /// # Errors
    /// When the model has none of them.
    pub fn rows(self, weights: &Matrices) -> Result<Matrix> {
        let across = |m: &Matrix| m.transpose().to_owned();
        let mlp = |layer: usize| {
            let found = weights.mlps.get(layer);
            found.ok_or_else(|| anyhow::anyhow!("there is no MLP {layer}"))
        };
        Ok(match self {
            Self::Tokens => weights.w_e().clone(),
            Self::Positions => {
                let len = weights.task().seq_len();
                let all = weights.w_pos();
                ensure!(all.nrows() >= len, "this model has no W_pos");
                all.subrows(0, len).to_owned()
            }
            Self::Classes => across(weights.w_u()),
            Self::NeuronsIn(layer) => across(&mlp(layer)?.w_in),
            Self::NeuronsOut(layer) => match &mlp(layer)?.w_out {
                Some(w_out) => w_out.clone(),
                None => bail!("the neurons of this model write no stream"),
            },
            Self::Reads(head) => across(&weights.head(head).w_v),
            Self::Writes(head) => weights.head(head).w_o.clone(),
            Self::Output(layer) => {
                let config = weights.config();
                let d_head = config.d_head;
                let of = |head: usize| &weights.head(HeadName { layer, head }).w_o;
                Matrix::from_fn(d_head * config.n_heads, config.d_model, |i, j| {
                    of(i / d_head)[(i % d_head, j)]
                })
            }
            Self::Moved(head) => {
                let head = weights.head(head);
                &(weights.w_e() * &head.w_v) * &head.w_o
            }
            Self::Singular(head, side) => side.rows(weights, head)?,
        })
    }

    /// The longest run of rows whose names are whole numbers, each one more than the one before: along these
    /// there are frequencies.
    #[must_use]
    pub fn counted(labels: &[String]) -> Range<usize> {
        let numbers: Vec<Option<i64>> = labels.iter().map(|name| name.parse().ok()).collect();
        let mut best = 0..0;
        let mut start = 0;
        for i in 0..numbers.len() {
            let goes_on = i > start && numbers[i].is_some() && {
                let before = numbers[i - 1];
                before.is_some_and(|before| numbers[i] == before.checked_add(1))
            };
            if !goes_on {
                start = i;
            }
            if numbers[i].is_some() && i + 1 - start > best.len() {
                best = start..i + 1;
            }
        }
        best
    }
}

/// The cosine of each direction with each other one, `[a, b]`; no number where one is 0.
#[must_use]
pub fn cosines(a: &Matrix, b: &Matrix) -> Matrix {
    let norms = |m: &Matrix| -> Vec<f64> { (0..m.nrows()).map(|i| m.row(i).norm_l2()).collect() };
    let (of_a, of_b) = (norms(a), norms(b));
    let products = a * b.transpose();
    Matrix::from_fn(a.nrows(), b.nrows(), |i, j| {
        let size = of_a[i] * of_b[j];
        if size > 0.0 {
            (products[(i, j)] / size).clamp(-1.0, 1.0)
        } else {
            f64::NAN
        }
    })
}

/// Directions in the plane that they span best: where each ends in it, and how much of it lies there.
#[derive(Clone, Debug, PartialEq)]
pub struct Fan {
    /// `[direction, 2]`, along the plane's two axes, the one that more of them lies along first.
    pub ends: Matrix,
    /// Of each direction, how much of its squared length lies in the plane; no number where it is 0.
    pub inside: Vec<f64>,
    /// The same of all squared lengths together.
    pub share: f64,
}

/// Directions, `[n, d]`, in the plane through 0 that holds most of their squared lengths.
///
/// # Errors
/// When the singular values do not converge, or they span no plane.
pub fn fan(rows: &Matrix) -> Result<Fan> {
    let plane = basis(rows, 1e-9)?;
    ensure!(
        plane.ncols() >= 2,
        "they span {} dimensions, which is no plane",
        plane.ncols()
    );
    let mut ends = rows * plane.subcols(0, 2);
    // an axis may point either way: more of them lie along it than against it
    for axis in 0..2 {
        let along: f64 = (0..ends.nrows()).map(|i| ends[(i, axis)]).sum();
        if along < 0.0 {
            (0..ends.nrows()).for_each(|i| ends[(i, axis)] *= -1.0);
        }
    }
    let squared = |m: &Matrix, i: usize| m.row(i).squared_norm_l2();
    let inside = (0..rows.nrows()).map(|i| squared(&ends, i) / squared(rows, i));
    Ok(Fan {
        inside: inside.collect(),
        share: ends.squared_norm_l2() / rows.squared_norm_l2(),
        ends,
    })
}

/// How much of one subspace lies in another: the squared cosines of the angles between what two families span,
/// over the smaller dimension; 1 where one contains the other, 0 where they are at right angles.
///
/// # Errors
/// When the singular values do not converge.
pub fn overlap(a: &Matrix, b: &Matrix) -> Result<f64> {
    let (a, b) = (basis(a, 1e-9)?, basis(b, 1e-9)?);
    let least = a.ncols().min(b.ncols());
    if least == 0 {
        return Ok(f64::NAN);
    }
    let products = a.transpose() * &b;
    Ok(products.squared_norm_l2() / least as f64)
}

/// Rows without their mean.
pub(crate) fn centred(rows: &Matrix) -> Matrix {
    let n = rows.nrows() as f64;
    let mean = |j: usize| (0..rows.nrows()).map(|i| rows[(i, j)]).sum::<f64>() / n;
    let means: Vec<f64> = (0..rows.ncols()).map(mean).collect();
    Matrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - means[j])
}

/// An orthonormal basis of what rows span, as columns, the largest directions first: those whose singular value is
/// more than `least` of the largest.
pub(crate) fn basis(rows: &Matrix, least: f64) -> Result<Matrix> {
    let across = rows.transpose().to_owned();
    let one = Matrix::identity(across.ncols(), across.ncols());
    let svd = product_svd(&across, &one)?;
    let most = svd.s.first().copied().unwrap_or(0.0);
    let real = svd.s.iter().take_while(|&&s| s > most * least && s > 0.0);
    let rank = real.count();
    Ok(svd.u.subcols(0, rank).to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_found() {
        let names =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(Directions::counted(&names("0 1 2 3 = +")), 0..4);
        assert_eq!(Directions::counted(&names("BOS 5 6 7 9 10")), 1..4);
        assert_eq!(Directions::counted(&names("a b")), 0..0);
        assert_eq!(Directions::counted(&names("-2 -1 0 1 SEP")), 0..4);
    }

    #[test]
    fn subspaces_overlap_as_far_as_they_share_directions() {
        let rows = |picks: &[usize]| {
            Matrix::from_fn(picks.len(), 5, |i, j| f64::from(u8::from(picks[i] == j)))
        };
        let at = |a: &[usize], b: &[usize]| overlap(&rows(a), &rows(b)).unwrap_or(f64::NAN);
        assert!((at(&[0, 1], &[0, 1]) - 1.0).abs() < 1e-12);
        assert!((at(&[0, 1], &[1, 2]) - 0.5).abs() < 1e-12);
        assert!(at(&[0], &[1, 2]).abs() < 1e-12);
        let cosines = cosines(&rows(&[0, 1]), &rows(&[0, 0]));
        assert_eq!((cosines[(0, 0)], cosines[(1, 0)]), (1.0, 0.0));
    }

    #[test]
    fn directions_in_a_plane_are_all_there_and_others_in_part() {
        // an even fan in the second and fourth dimension, and one direction half outside
        let angle = |i: usize| std::f64::consts::TAU * i as f64 / 6.0;
        let rows = Matrix::from_fn(7, 5, |i, j| match (i, j) {
            (6, 0) => 0.1,
            (6, 1) => 0.1,
            (6, _) => 0.0,
            (_, 1) => 3.0 * angle(i).cos(),
            (_, 3) => 2.0 * angle(i).sin(),
            _ => 0.0,
        });
        let found = fan(&rows).unwrap();
        for i in 0..6 {
            let [x, y] = [found.ends[(i, 0)].abs(), found.ends[(i, 1)].abs()];
            assert!((x - 3.0 * angle(i).cos().abs()).abs() < 1e-3, "{i}: {x}");
            assert!((y - 2.0 * angle(i).sin().abs()).abs() < 1e-3, "{i}: {y}");
            assert!(found.inside[i] > 0.999);
        }
        assert!((found.inside[6] - 0.5).abs() < 1e-3, "{:?}", found.inside);
        assert!(found.share > 0.999 && found.share < 1.0);
        let line = Matrix::from_fn(3, 4, |i, j| if j == 2 { i as f64 } else { 0.0 });
        assert!(fan(&line).is_err());
    }
}
